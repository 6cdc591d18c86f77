#include "config.h"

#include "record/last_run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "os/file.h"
#include "os/tree.h"

/*   "vtT1" check[32] | numbers and texts | touched n, each: how, bytes shared with the name before, the rest   */
static const char magic[4] = "vtT1";
static const char folder[] = "last";

enum { LAST_RUN_DAYS = 90 };

enum { FLAG_CANCELLED = 1, FLAG_KEPT = 2, FLAG_TRACED = 4, FLAG_PARTIAL = 8 };

/* ---- encoding ----------------------------------------------------------------- */

static void put_text(struct buf *b, const char *text)
{
	buf_sized(b, (struct bytes){ text ? text : "", text ? strlen(text) : 0 });
}

static size_t shared(struct bytes a, struct bytes b)
{
	const char *x = a.data, *y = b.data;
	size_t n = 0, most = a.size < b.size ? a.size : b.size;

	while (n < most && x[n] == y[n])
		n++;
	return n;
}

static void put_touched(struct buf *b, const struct last_run *run)
{
	struct bytes before = { "", 0 };
	uint32_t i;

	buf_num(b, run->n);
	for (i = 0; i < run->n; i++) {
		const struct touched *t = &run->at[i];
		size_t same = shared(before, t->name);

		buf_num(b, t->how);
		buf_num(b, same);
		buf_sized(b, (struct bytes){ (const char *)t->name.data + same, t->name.size - same });
		before = t->name;
	}
}

static void encode(const struct last_run *run, struct buf *b)
{
	buf_num(b, (run->cancelled ? FLAG_CANCELLED : 0u) | (run->kept ? FLAG_KEPT : 0u) | (run->traced ? FLAG_TRACED : 0u) |
			   (run->partial ? FLAG_PARTIAL : 0u));
	buf_num(b, run->started_ns > 0 ? (uint64_t)run->started_ns : 0);
	buf_num(b, run->ms > 0 ? (uint64_t)run->ms : 0);
	buf_num(b, (uint64_t)run->exit_code & 0xffff);
	put_text(b, run->label);
	put_text(b, run->command);
	put_text(b, run->why_not);
	put_text(b, run->user);
	put_text(b, run->host);
	buf_add(b, run->task.byte, DIGEST_SIZE);
	buf_add(b, run->who.byte, DIGEST_SIZE);
	put_touched(b, run);
}

/* ---- decoding ----------------------------------------------------------------- */

static const char *get_text(struct cursor *c, struct arena *a)
{
	struct bytes b = cursor_sized(c);

	return arena_strn(a, b.data, b.size);
}

static void get_digest(struct cursor *c, struct digest *ret)
{
	const void *p = cursor_take(c, DIGEST_SIZE);

	if (p)
		memcpy(ret->byte, p, DIGEST_SIZE);
}

static void get_touched(struct cursor *c, struct arena *a, struct last_run *ret)
{
	uint32_t n = cursor_count(c, LAST_RUN_TOUCHED);
	struct bytes before = { "", 0 };

	ret->at = arena_array(a, n + 1, sizeof *ret->at);
	while (ret->n < n && !c->bad) {
		struct touched *t = &ret->at[ret->n];
		uint64_t same;
		struct bytes rest;
		char *name;

		t->how = (unsigned)cursor_num(c);
		same = cursor_num(c);
		rest = cursor_sized(c);
		if (same > before.size || same + rest.size > LAST_RUN_NAME)
			c->bad = true;
		if (c->bad)
			return;
		name = arena_alloc(a, (size_t)same + rest.size + 1);
		memcpy(name, before.data, (size_t)same);
		memcpy(name + same, rest.data, rest.size);
		t->name = before = (struct bytes){ name, (size_t)same + rest.size };
		ret->n++;
	}
}

static bool decode(struct bytes b, struct arena *a, struct last_run *ret)
{
	struct cursor c = cursor_of(b);
	const void *head = cursor_take(&c, sizeof magic), *check = cursor_take(&c, DIGEST_SIZE);
	struct digest is;
	uint64_t flags;

	if (c.bad || memcmp(head, magic, sizeof magic) != 0)
		return false;
	digest_of(c.at, cursor_left(&c), &is);
	if (memcmp(is.byte, check, DIGEST_SIZE) != 0)
		return false;
	flags = cursor_num(&c);
	*ret = (struct last_run){
		.cancelled = flags & FLAG_CANCELLED, .kept = flags & FLAG_KEPT, .traced = flags & FLAG_TRACED, .partial = flags & FLAG_PARTIAL,
	};
	ret->started_ns = (int64_t)cursor_num(&c);
	ret->ms = (int64_t)cursor_num(&c);
	ret->exit_code = (int)cursor_num(&c);
	ret->label = get_text(&c, a);
	ret->command = get_text(&c, a);
	ret->why_not = get_text(&c, a);
	ret->user = get_text(&c, a);
	ret->host = get_text(&c, a);
	get_digest(&c, &ret->task);
	get_digest(&c, &ret->who);
	get_touched(&c, a, ret);
	return !c.bad && c.at == c.end;
}

/* ---- files -------------------------------------------------------------------- */

void last_run_put(int inner, const struct digest *step, const struct last_run *run)
{
	char name[DIGEST_HEX_SIZE];
	struct digest check;
	struct buf b, whole;
	int fd;

	if (mkdirat(inner, folder, 0700) < 0 && errno != EEXIST)
		return;
	fd = tree_open(inner, folder);
	buf_init(&b, LAST_RUN_MAX - 64);
	buf_init(&whole, LAST_RUN_MAX);
	encode(run, &b);
	if (fd >= 0 && !b.full) {
		digest_of(b.data, b.size, &check);
		buf_add(&whole, magic, sizeof magic);
		buf_add(&whole, check.byte, sizeof check.byte);
		buf_add(&whole, b.data, b.size);
		digest_hex(step, name);
		(void)file_overwrite_at(fd, name, whole.data, whole.size, 0600, NULL);     /* without it `vt why` has nothing to tell */
	}
	buf_free(&whole);
	buf_free(&b);
	if (fd >= 0)
		close(fd);
}

static bool get(int fd, const char *name, struct arena *a, struct last_run *ret)
{
	struct bytes b;

	return file_read_at(fd, name, LAST_RUN_MAX, a, &b, NULL) == 0 && decode(b, a, ret);
}

bool last_run_get(int inner, const struct digest *step, struct arena *a, struct last_run *ret)
{
	char name[DIGEST_HEX_SIZE];
	int fd = tree_open(inner, folder);
	bool known;

	if (fd < 0)
		return false;
	digest_hex(step, name);
	known = get(fd, name, a, ret);
	close(fd);
	return known;
}

/* Opens the folder for readdir. *ret_fd: the same, for openat. NULL: there is none. */
static DIR *open_folder(int inner, int *ret_fd)
{
	int fd = tree_open(inner, folder);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (!d && fd >= 0)
		close(fd);
	*ret_fd = fd;
	return d;
}

void last_run_each(int inner, struct arena *a, bool (*fn)(void *ctx, const struct digest *step, const struct last_run *run), void *ctx)
{
	struct digest step;
	struct last_run run;
	struct dirent *e;
	int fd;
	DIR *d = open_folder(inner, &fd);

	while (d && (e = readdir(d)))
		if (digest_unhex(e->d_name, &step) == 0 && get(fd, e->d_name, a, &run) && !fn(ctx, &step, &run))
			break;
	if (d)
		closedir(d);
}

void last_run_sweep(int inner)
{
	time_t old = time(NULL) - (time_t)LAST_RUN_DAYS * 86400;
	struct dirent *e;
	struct stat st;
	int fd;
	DIR *d = open_folder(inner, &fd);

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime < old)
			unlinkat(fd, e->d_name, 0);
	if (d)
		closedir(d);
}
