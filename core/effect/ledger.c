#include "config.h"

#include "effect/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/checksum.h"
#include "base/map.h"
#include "os/file.h"

/* The file: pieces, each added by one run.
 *
 *   "vtL1" size[4] check[8] | clock[8] steps[4] lines[4] | steps: task[32] step[32]
 *   | lines: step[4] maker[4] clock[8] path size[4] state size[4] path state
 *
 * Numbers are this machine's, for the file never leaves it. `size` is of all behind
 * `check`, which covers it. step and maker count the piece's steps from 1; 0: nobody. */
enum {
	LEDGER_MAX = 256 << 20,    /* bytes of the file: a larger one is forgotten */
	LEDGER_LINES = 1000000,    /* past it the oldest lines are left out when the file is written anew */
	LEDGER_LOOSE = 64 << 10,   /* bytes that may be of no use before that is done */
	PIECE_HEAD = 16, PIECE_COUNTS = 16, PIECE_STEP = 2 * DIGEST_SIZE, PIECE_LINE = 24
};

static const char magic[4] = "vtL1";

struct line {
	struct left left;
	struct line *next, **link; /* of the same task */
	bool dirty;                /* the file does not have it yet */
};

struct who {
	struct ledger_step name;
	uint32_t task;             /* index into tasks */
	uint32_t piece;            /* its number in the piece being written; 0: none yet */
};

struct ledger {
	pthread_rwlock_t lock;     /* all below */
	int dir;                   /* the file's folder; borrowed */
	char *file;                /* its name there */
	struct arena *arena;
	struct map lines;          /* path -> struct line, oldest first */
	struct map folders;        /* every folder above a line */
	struct bytes folder;       /* of the newest line */
	struct map whos;           /* struct ledger_step -> number */
	struct map tasks;          /* digest -> index + 1 */
	struct who *who;           /* from 1 */
	struct line **of;          /* by task: its lines */
	uint32_t who_n, who_room, tasks_n, tasks_room;
	uint64_t clock, file_clock;
	uint64_t read_to;          /* bytes of the file that are known */
	uint64_t used;             /* bytes that the lines of now would take */
	bool loaded, torn, some_dirty;
	bool told;                 /* the file has a clock of this run */
};

struct ledger *ledger_new(int dir, const char *name)
{
	struct ledger *l = xcalloc(1, sizeof *l);

	pthread_rwlock_init(&l->lock, NULL);
	l->dir = dir;
	l->file = xstrdup(name);
	l->arena = arena_new();
	map_init(&l->lines);
	map_init(&l->folders);
	map_init(&l->whos);
	map_init(&l->tasks);
	l->who_n = 1;
	return l;
}

/* ---- steps ---------------------------------------------------------------- */

static uint32_t task_number(struct ledger *l, const struct digest *task)
{
	void **at = map_put(&l->tasks, task->byte, sizeof task->byte);

	if (*at)
		return (uint32_t)(uintptr_t)*at - 1;
	if (l->tasks_n == l->tasks_room) {
		l->tasks_room = l->tasks_room ? l->tasks_room * 2 : 64;
		l->of = xrealloc(l->of, l->tasks_room, sizeof *l->of);
	}
	l->of[l->tasks_n++] = NULL;
	*at = (void *)(uintptr_t)l->tasks_n;
	return l->tasks_n - 1;
}

static ledger_who number_of(struct ledger *l, const struct ledger_step *step)
{
	void *known = map_get(&l->whos, step, sizeof *step), **at;
	struct ledger_step *name;
	uint32_t i;

	if (known)
		return (ledger_who)(uintptr_t)known;
	name = arena_copy(l->arena, step, sizeof *step);
	if (l->who_n >= l->who_room) {
		l->who_room = l->who_room ? l->who_room * 2 : 64;
		l->who = xrealloc(l->who, l->who_room, sizeof *l->who);
	}
	i = l->who_n++;
	l->who[i] = (struct who){ .name = *name };
	/* the lines' links point into `of`: found anew when it moves */
	l->who[i].task = task_number(l, &name->task);
	at = map_put(&l->whos, name, sizeof *name);
	*at = (void *)(uintptr_t)i;
	return i;
}

ledger_who ledger_step(struct ledger *l, const struct ledger_step *step)
{
	ledger_who ret;

	pthread_rwlock_wrlock(&l->lock);
	ret = number_of(l, step);
	pthread_rwlock_unlock(&l->lock);
	return ret;
}

void ledger_name(struct ledger *l, ledger_who who, struct ledger_step *ret)
{
	pthread_rwlock_rdlock(&l->lock);
	*ret = l->who[who].name;
	pthread_rwlock_unlock(&l->lock);
}

/* ---- lines ---------------------------------------------------------------- */

static void unlink_line(struct ledger *l, struct line *line)
{
	struct line **at = &l->of[l->who[line->left.step].task];

	if (line->link)
		*line->link = line->next;
	else
		*at = line->next;
	if (line->next)
		line->next->link = line->link;
}

/* The first of a list has no link: the list's head may move. */
static void link_line(struct ledger *l, struct line *line)
{
	struct line **at = &l->of[l->who[line->left.step].task];

	line->next = *at;
	line->link = NULL;
	if (line->next)
		line->next->link = &line->next;
	*at = line;
}

static void note_folders(struct ledger *l, struct bytes path)
{
	const char *slash = memrchr(path.data, '/', path.size);
	size_t size = slash ? (size_t)(slash - (const char *)path.data) : 0;
	void **at;

	if (l->folder.data && size == l->folder.size && memcmp(path.data, l->folder.data, size) == 0)
		return;                /* the line before is of the same */
	l->folder = (struct bytes){ path.data, size };
	while (path.size) {
		slash = memrchr(path.data, '/', path.size);
		path.size = slash ? (size_t)(slash - (const char *)path.data) : 0;
		at = map_put(&l->folders, path.data, path.size);
		if (*at)
			return;
		*at = l;
	}
}

static size_t line_size(const struct left *left)
{
	return PIECE_LINE + left->path.size + left->state.size;
}

/* The line of a path, which is kept as it is when the line is new; `fresh` is used then. */
static struct line *line_at(struct ledger *l, struct bytes path, struct line *fresh)
{
	void **at = map_put(&l->lines, path.data, path.size);
	struct line *line = *at;

	if (line) {
		unlink_line(l, line);
		l->used -= line_size(&line->left);
		return line;
	}
	*at = fresh;
	fresh->left.path = path;
	note_folders(l, path);
	return fresh;
}

/* The state's bytes are kept. */
static void fill_line(struct ledger *l, struct line *line, const struct left *left)
{
	const struct bytes path = line->left.path;

	line->left = *left;
	line->left.path = path;
	l->used += line_size(&line->left);
	link_line(l, line);
}

/* path and state are borrowed. */
static struct line *set_line(struct ledger *l, const struct left *left)
{
	struct line *line = map_get(&l->lines, left->path.data, left->path.size);
	struct left now = *left;

	now.state.data = arena_copy(l->arena, left->state.size ? left->state.data : "", left->state.size);
	if (line)
		line = line_at(l, line->left.path, NULL);
	else
		line = line_at(l, (struct bytes){ arena_copy(l->arena, left->path.data, left->path.size), left->path.size },
			       arena_alloc(l->arena, sizeof *line));
	fill_line(l, line, &now);
	return line;
}

void ledger_put(struct ledger *l, const struct left *left)
{
	struct left now = *left;

	pthread_rwlock_wrlock(&l->lock);
	now.clock = l->clock;
	set_line(l, &now)->dirty = true;
	l->some_dirty = true;
	pthread_rwlock_unlock(&l->lock);
}

bool ledger_get(struct ledger *l, struct bytes path, struct left *ret)
{
	const struct line *line;

	pthread_rwlock_rdlock(&l->lock);
	line = map_get(&l->lines, path.data, path.size);
	if (line)
		*ret = line->left;
	pthread_rwlock_unlock(&l->lock);
	return line != NULL;
}

bool ledger_below(struct ledger *l, struct bytes folder)
{
	bool ret;

	pthread_rwlock_rdlock(&l->lock);
	ret = map_get(&l->folders, folder.data, folder.size) != NULL;
	pthread_rwlock_unlock(&l->lock);
	return ret;
}

uint32_t ledger_of_task(struct ledger *l, ledger_who step, struct arena *a, struct left **ret)
{
	const struct line *line;
	uint32_t n = 0, i = 0;

	pthread_rwlock_rdlock(&l->lock);
	for (line = l->of[l->who[step].task]; line; line = line->next)
		n++;
	*ret = arena_array(a, n + 1, sizeof **ret);
	for (line = l->of[l->who[step].task]; line; line = line->next)
		(*ret)[i++] = line->left;
	pthread_rwlock_unlock(&l->lock);
	return n;
}

/* ---- reading -------------------------------------------------------------- */

struct cursor {
	const char *at, *end;
	bool bad;
};

static const void *get(struct cursor *c, size_t size)
{
	const void *ret = c->at;

	if (c->bad || (size_t)(c->end - c->at) < size) {
		c->bad = true;
		return NULL;
	}
	c->at += size;
	return ret;
}

static uint32_t get32(struct cursor *c)
{
	uint32_t n = 0;
	const void *p = get(c, sizeof n);

	if (p)
		memcpy(&n, p, sizeof n);
	return n;
}

static uint64_t get64(struct cursor *c)
{
	uint64_t n = 0;
	const void *p = get(c, sizeof n);

	if (p)
		memcpy(&n, p, sizeof n);
	return n;
}

/* Points into the piece. */
static bool get_line(struct ledger *l, struct cursor *c, const ledger_who *whos, uint32_t whos_n, struct line *fresh)
{
	struct left left = { 0 };
	const uint32_t step = get32(c), maker = get32(c);
	struct line *known;

	left.clock = get64(c);
	left.path.size = get32(c);
	left.state.size = get32(c);
	left.path.data = get(c, left.path.size);
	left.state.data = get(c, left.state.size);
	if (c->bad || !step || step > whos_n || maker > whos_n || !left.path.size)
		return false;
	known = l->some_dirty ? map_get(&l->lines, left.path.data, left.path.size) : NULL;
	if (known && known->dirty)
		return true;           /* ours is newer: it is not in the file yet */
	left.step = whos[step];
	left.maker = whos[maker];
	fill_line(l, line_at(l, left.path, fresh), &left);
	return true;
}

/* One piece. 0: taken; -1: it is not whole, and nothing behind it is read. */
static int get_piece(struct ledger *l, struct cursor *c)
{
	const char *head = get(c, sizeof magic);
	const uint32_t size = get32(c);
	const uint64_t check = get64(c);
	struct cursor in = { .at = get(c, size) };
	struct ledger_step name;
	uint32_t steps_n, lines_n, i;
	uint64_t clock;
	struct line *fresh;
	ledger_who *whos;
	bool good = true;

	if (c->bad || memcmp(head, magic, sizeof magic) != 0 || checksum(in.at, size, 0) != check)
		return -1;
	in.end = in.at + size;
	clock = get64(&in);
	steps_n = get32(&in);
	lines_n = get32(&in);
	if (in.bad || steps_n > size / PIECE_STEP)
		return -1;
	if (clock > l->clock)
		l->clock = clock;
	if (in.bad || lines_n > size / PIECE_LINE)
		return -1;
	whos = xcalloc(steps_n + 1, sizeof *whos);
	fresh = arena_array(l->arena, lines_n + 1, sizeof *fresh);
	for (i = 1; i <= steps_n && !in.bad; i++) {
		const void *p = get(&in, sizeof name);

		if (p) {
			memcpy(&name, p, sizeof name);
			whos[i] = number_of(l, &name);
		}
	}
	for (i = 0; i < lines_n && good; i++)
		good = get_line(l, &in, whos, steps_n, &fresh[i]);
	free(whos);
	return good && !in.bad ? 0 : -1;
}

/* What the open file has behind `read_to`. */
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
	c = (struct cursor){ .at = text, .end = text + (n > 0 ? n : 0) };
	while (c.at < c.end) {
		const char *before = c.at;

		if (get_piece(l, &c) < 0) {
			l->torn = true;
			break;
		}
		l->read_to += (uint64_t)(c.at - before);
	}
	l->file_clock = l->clock;
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
	}
	return w->piece;
}

/* What the next piece will hold. */
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

static void piece_add(struct ledger *l, struct piece *p, const struct left *left, uint64_t clock)
{
	put32(&p->lines, piece_number(l, left->step, &p->steps, &p->steps_n));
	put32(&p->lines, piece_number(l, left->maker, &p->steps, &p->steps_n));
	put64(&p->lines, clock);
	put32(&p->lines, (uint32_t)left->path.size);
	put32(&p->lines, (uint32_t)left->state.size);
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
	for (i = all && l->lines.n > LEDGER_LINES ? l->lines.n - LEDGER_LINES : 0; i < l->lines.n; i++) {
		const struct line *line = l->lines.at[i].value;

		if (all || line->dirty)
			piece_add(l, &p, &line->left, line->left.clock);
	}
	return piece_end(l, &p, ret);
}

/* Opened and locked, and still the file of that name. */
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

static bool is_dirty(const struct ledger *l)
{
	uint32_t i;

	if (l->clock != l->file_clock)
		return true;
	for (i = 0; i < l->lines.n; i++)
		if (((const struct line *)l->lines.at[i].value)->dirty)
			return true;
	return false;
}

static void save(struct ledger *l)
{
	struct stat st;
	struct buf piece;
	uint32_t i;
	int fd;
	bool anew;

	if (!is_dirty(l))
		return;
	fd = lock_file(l->dir, l->file);
	if (fd < 0)
		return;
	/* what others added, or wrote anew, since it was read */
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size < l->read_to) {
		l->read_to = 0;
		l->torn = false;
	}
	read_more(l, fd);
	anew = l->torn || l->read_to > 2 * l->used + LEDGER_LOOSE || l->lines.n > LEDGER_LINES + LEDGER_LINES / 8;
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
	for (i = 0; i < l->lines.n; i++)
		((struct line *)l->lines.at[i].value)->dirty = false;
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
		for (i = 0; i < n; i++)
			piece_add(l, &p, &left[i], l->clock);
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
		save(l);
	}
	pthread_rwlock_unlock(&l->lock);
}

uint64_t ledger_clock(struct ledger *l)
{
	uint64_t ret;

	pthread_rwlock_rdlock(&l->lock);
	ret = l->clock;
	pthread_rwlock_unlock(&l->lock);
	return ret;
}

void ledger_close(struct ledger *l, bool and_save)
{
	if (!l)
		return;
	if (and_save && l->loaded)
		save(l);
	map_free(&l->lines);
	map_free(&l->folders);
	map_free(&l->whos);
	map_free(&l->tasks);
	free(l->who);
	free(l->of);
	arena_free(l->arena);
	pthread_rwlock_destroy(&l->lock);
	free(l->file);
	free(l);
}
