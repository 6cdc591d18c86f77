/* ledger_file: reads and writes the ledger's file. */
#include "config.h"

#include "effect/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/checksum.h"
#include "base/cursor.h"
#include "effect/ledger_inside.h"
#include "os/file.h"

/* Pieces, each added by one run.
 *
 *   "vtL2" size[4] check[8] | clock[8] steps[4] lines[4] | steps: task[32] step[32] runs[4]
 *   | lines: step[4] maker[4] clock[8] run[4] path size[2] state size[2] path state
 *
 * Numbers are this machine's, for the file never leaves it. `size` is of all behind
 * `check`, which covers it. step and maker count the piece's steps from 1; 0: no step. */
enum {
	LEDGER_MAX = 256 << 20,    /* bytes of the file: a larger one is forgotten */
	LEDGER_LINES = 1000000,    /* lines; when the file is written anew the oldest beyond them are left out */
	LEDGER_LOOSE = 64 << 10,   /* useless bytes after which the file is written anew */
	PIECE_HEAD = 16, PIECE_COUNTS = 16, PIECE_STEP = 2 * DIGEST_SIZE + 4, PIECE_LINE = 24
};

static const char magic[4] = "vtL2";

size_t ledger_line_size(const struct left *left)
{
	return PIECE_LINE + left->path.size + left->state.size;
}

/* ---- reading -------------------------------------------------------------- */

/* Reads a line, which points into the piece. */
static bool get_line(struct ledger *l, struct cursor *c, const ledger_who *whos, uint32_t whos_n)
{
	struct left left = { 0 };
	const uint32_t step = cursor_u32(c), maker = cursor_u32(c);
	uint32_t run, known;

	left.clock = cursor_u64(c);
	run = cursor_u32(c);
	left.path.size = cursor_u16(c);
	left.state.size = cursor_u16(c);
	left.path.data = cursor_take(c, left.path.size);
	left.state.data = cursor_take(c, left.state.size);
	if (c->bad || !step || step > whos_n || maker > whos_n || !left.path.size)
		return false;
	known = l->dirty ? ledger_find(l, left.path) : 0;
	if (known && line_is_dirty(l, known - 1))
		return true;           /* this process has a newer line, not written yet */
	left.step = whos[step];
	left.maker = whos[maker];
	ledger_set(l, &left, left.path.data, run);
	return true;
}

static ledger_who get_step(struct ledger *l, struct cursor *c)
{
	const void *p = cursor_take(c, sizeof(struct ledger_step));
	const uint32_t runs = cursor_u32(c);
	struct ledger_step name;
	ledger_who ret;

	if (c->bad)
		return 0;
	memcpy(&name, p, sizeof name);
	ret = ledger_number(l, &name);
	if (runs > l->who[ret].runs)
		l->who[ret].runs = runs;
	return ret;
}

/* One piece. 0: taken; -1: it is not whole, and nothing behind it is read. */
static int get_piece(struct ledger *l, struct cursor *c)
{
	const char *head = cursor_take(c, sizeof magic);
	const uint32_t size = cursor_u32(c);
	const uint64_t check = cursor_u64(c);
	const struct bytes piece = { cursor_take(c, size), size };
	struct cursor in;
	uint32_t steps_n, lines_n, i;
	uint64_t clock;
	ledger_who *whos;
	bool good = true;

	if (c->bad || memcmp(head, magic, sizeof magic) != 0 || checksum(piece.data, size, 0) != check)
		return -1;
	in = cursor_of(piece);
	clock = cursor_u64(&in);
	steps_n = cursor_u32(&in);
	lines_n = cursor_u32(&in);
	if (in.bad || steps_n > size / PIECE_STEP || lines_n > size / PIECE_LINE)
		return -1;
	if (clock > l->clock)
		l->clock = clock;
	whos = xcalloc(steps_n + 1, sizeof *whos);
	for (i = 1; i <= steps_n; i++)
		whos[i] = get_step(l, &in);
	if (!in.bad && l->lines_n == 0)
		ledger_reserve(l, lines_n);
	for (i = 0; i < lines_n && good; i++)
		good = get_line(l, &in, whos, steps_n);
	free(whos);
	return good && !in.bad ? 0 : -1;
}

/* Drops lines that many runs of their step neither left nor carried. */
static void drop_old(struct ledger *l)
{
	uint32_t i;

	for (i = 0; i < l->lines_n; i++) {
		const struct line *line = &l->lines[i];

		if (line->step && !line_is_dirty(l, i) && l->who[line->step].runs > line->run + LEDGER_RUNS)
			ledger_drop(l, i + 1);
	}
}

/* Reads what the open file has behind `read_to`. */
static void read_more(struct ledger *l, int fd)
{
	struct stat st;
	struct cursor c;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > LEDGER_MAX || (uint64_t)st.st_size < l->read_to) {
		l->torn = true;
		return;
	}
	if ((uint64_t)st.st_size == l->read_to)
		return;
	text = arena_alloc(l->arena, (size_t)st.st_size - l->read_to);     /* lines point into it */
	n = pread(fd, text, (size_t)st.st_size - l->read_to, (off_t)l->read_to);
	c = cursor_of((struct bytes){ text, n > 0 ? (size_t)n : 0 });
	while (c.at < c.end) {
		const uint8_t *before = c.at;

		if (get_piece(l, &c) < 0) {
			l->torn = true;
			break;
		}
		l->read_to += (uint64_t)(c.at - before);
	}
	l->file_clock = l->clock;
	drop_old(l);
}

void ledger_load(struct ledger *l)
{
	int fd;

	pthread_rwlock_wrlock(&l->lock);
	if (!l->loaded) {
		l->loaded = true;
		fd = openat(l->dir, l->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0) {
			read_more(l, fd);
			close(fd);
		}
	}
	pthread_rwlock_unlock(&l->lock);
}

/* ---- writing -------------------------------------------------------------- */

static void put32(struct buf *b, uint32_t n)
{
	buf_add(b, &n, sizeof n);
}

static void put16(struct buf *b, size_t n)
{
	const uint16_t small = (uint16_t)n;

	buf_add(b, &small, sizeof small);
}

static void put64(struct buf *b, uint64_t n)
{
	buf_add(b, &n, sizeof n);
}

static uint32_t piece_number(struct ledger *l, ledger_who who, struct buf *steps, uint32_t *n)
{
	struct who *w = &l->who[who];

	if (!who)
		return 0;
	if (!w->piece) {
		w->piece = ++*n;
		buf_add(steps, &w->name, sizeof w->name);
		put32(steps, w->runs);
	}
	return w->piece;
}

/* The next piece, while it is made. */
struct piece {
	struct buf steps, lines;
	uint32_t steps_n, lines_n;
};

static void piece_begin(struct ledger *l, struct piece *p)
{
	uint32_t i;

	*p = (struct piece){ .steps_n = 0 };
	buf_init(&p->steps, LEDGER_MAX);
	buf_init(&p->lines, LEDGER_MAX);
	for (i = 1; i < l->who_n; i++)
		l->who[i].piece = 0;
}

static void piece_add(struct ledger *l, struct piece *p, const struct left *left, uint32_t run)
{
	put32(&p->lines, piece_number(l, left->step, &p->steps, &p->steps_n));
	put32(&p->lines, piece_number(l, left->maker, &p->steps, &p->steps_n));
	put64(&p->lines, left->clock);
	put32(&p->lines, run);
	put16(&p->lines, left->path.size);
	put16(&p->lines, left->state.size);
	buf_add(&p->lines, left->path.data, left->path.size);
	buf_add(&p->lines, left->state.data, left->state.size);
	p->lines_n++;
}

/* Its bytes; to be freed. False: too much. */
static bool piece_end(struct ledger *l, struct piece *p, struct buf *ret)
{
	bool whole = p->lines.full == 0 && p->steps.full == 0;
	uint64_t check;

	buf_init(ret, LEDGER_MAX);
	buf_add(ret, magic, sizeof magic);
	put32(ret, (uint32_t)(PIECE_COUNTS + p->steps.size + p->lines.size));
	put64(ret, 0);
	put64(ret, l->clock);
	put32(ret, p->steps_n);
	put32(ret, p->lines_n);
	buf_add(ret, buf_str(&p->steps), p->steps.size);
	buf_add(ret, buf_str(&p->lines), p->lines.size);
	if (!ret->full) {
		check = checksum(ret->data + PIECE_HEAD, ret->size - PIECE_HEAD, 0);
		memcpy(ret->data + PIECE_HEAD - sizeof check, &check, sizeof check);
	}
	buf_free(&p->steps);
	buf_free(&p->lines);
	return !ret->full && whole;
}

/* The last LEDGER_LINES lines, or of all the ones that the file lacks. False: too much. */
static bool make_piece(struct ledger *l, bool all, struct buf *ret)
{
	struct piece p;
	uint32_t i;

	piece_begin(l, &p);
	for (i = all && l->lines_n > LEDGER_LINES ? l->lines_n - LEDGER_LINES : 0; i < l->lines_n; i++) {
		const struct left left = line_left(&l->lines[i]);

		if (left.step && (all || line_is_dirty(l, i)))
			piece_add(l, &p, &left, l->lines[i].run);
	}
	return piece_end(l, &p, ret);
}

/* Opens and locks the file, and makes sure that it still has its name. */
static int lock_file(int dir, const char *name)
{
	struct stat here, there;
	int fd, tries;

	for (tries = 0; tries < 10; tries++) {
		fd = openat(dir, name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
		if (fd < 0 && errno != ELOOP && errno != ENXIO)
			return -1;
		/* a link, a socket, a pipe: no ledger */
		if (fd < 0 || fstat(fd, &here) < 0 || !S_ISREG(here.st_mode)) {
			(void)unlinkat(dir, name, 0);
			if (fd >= 0)
				close(fd);
			continue;
		}
		if (flock(fd, LOCK_EX) == 0 && fstat(fd, &here) == 0 && fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		    here.st_ino == there.st_ino && here.st_dev == there.st_dev)
			return fd;
		close(fd);
	}
	return -1;
}

void ledger_save(struct ledger *l)
{
	struct stat st;
	struct buf piece;
	int fd;
	bool anew;

	if (!l->dirty && l->clock == l->file_clock)
		return;
	fd = lock_file(l->dir, l->file);
	if (fd < 0)
		return;
	/* other processes may have added pieces since, or written the file anew */
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size < l->read_to) {
		l->read_to = 0;
		l->torn = false;
	}
	read_more(l, fd);
	anew = l->torn || l->read_to > 2 * l->used + LEDGER_LOOSE || l->lines_n > LEDGER_LINES + LEDGER_LINES / 8;
	if (make_piece(l, anew, &piece)) {
		if (anew)
			(void)file_write_at(l->dir, l->file, piece.data, piece.size, 0600, NULL);
		else if (file_write_all(fd, piece.data, piece.size) < 0 && ftruncate(fd, (off_t)l->read_to) < 0)
			(void)unlinkat(l->dir, l->file, 0);
		else
			l->read_to += piece.size;
	}
	buf_free(&piece);
	l->file_clock = l->clock;
	free(l->dirty);
	l->dirty = NULL;
	close(fd);
}

void ledger_announce(struct ledger *l, const struct left *left, uint32_t n)
{
	struct stat st;
	struct piece p;
	struct buf bytes;
	uint32_t i;
	int fd;

	pthread_rwlock_wrlock(&l->lock);
	fd = n > 0 && l->loaded && !l->torn ? lock_file(l->dir, l->file) : -1;
	if (fd >= 0 && fstat(fd, &st) == 0) {
		piece_begin(l, &p);
		for (i = 0; i < n; i++) {
			struct left now = left[i];

			now.clock = l->clock;
			piece_add(l, &p, &now, l->who[now.step].runs);
		}
		if (piece_end(l, &p, &bytes) && file_write_all(fd, bytes.data, bytes.size) < 0 && ftruncate(fd, st.st_size) < 0)
			(void)unlinkat(l->dir, l->file, 0);
		buf_free(&bytes);
	}
	if (fd >= 0)
		close(fd);
	pthread_rwlock_unlock(&l->lock);
}

void ledger_unknown(struct ledger *l)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_REALTIME, &now);
	ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	pthread_rwlock_wrlock(&l->lock);
	l->clock = ns > l->clock ? ns : l->clock + 1;
	if (l->loaded && !l->told) {
		l->told = true;
		ledger_save(l);
	}
	pthread_rwlock_unlock(&l->lock);
}
