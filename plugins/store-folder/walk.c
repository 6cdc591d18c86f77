#include "walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WALK_MOST = 4000000 };      /* objects that one collection knows; further ones are left to the next collection */

void walk_path(uint32_t space, const vt_id *name, char ret[96])
{
	int n = snprintf(ret, 32, "%u/%02x/", space, name->byte[0]), i;

	for (i = 0; i < 32; i++)
		n += snprintf(ret + n, 3, "%02x", name->byte[i]);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 64 hexadecimal digits. */
static bool read_name(const char *text, vt_id *ret)
{
	size_t i;

	if (strlen(text) != 64)
		return false;
	for (i = 0; i < 32; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret->byte[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static DIR *open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static bool walk_files(DIR *d, uint32_t space, vt_call *call, bool (*visit)(void *, const struct object *), void *ctx)
{
	struct object o = { .space = space, .folder = dirfd(d) };
	const struct dirent *e;
	struct stat st;

	while ((e = readdir(d))) {
		if (call->stopping(call))
			return false;
		if (!read_name(e->d_name, &o.name) || fstatat(o.folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		memcpy(o.file, e->d_name, 65);
		o.used_s = st.st_mtime;
		o.size = (uint64_t)st.st_blocks * 512;
		if (!visit(ctx, &o))
			return false;
	}
	return true;
}

static bool walk_space(int dir, const char *name, uint32_t space, vt_call *call, bool (*visit)(void *, const struct object *), void *ctx)
{
	DIR *d = open_folder(dir, name), *files;
	const struct dirent *e;
	bool on = true;

	while (on && d && (e = readdir(d)))
		if (strlen(e->d_name) == 2 && (files = open_folder(dirfd(d), e->d_name))) {
			on = walk_files(files, space, call, visit, ctx);
			closedir(files);
		}
	if (d)
		closedir(d);
	return on;
}

bool walk(int dir, vt_call *call, bool (*visit)(void *ctx, const struct object *object), void *ctx)
{
	DIR *d = open_folder(dir, ".");
	const struct dirent *e;
	bool on = true;

	while (on && d && (e = readdir(d))) {
		char *end;
		unsigned long space = strtoul(e->d_name, &end, 10);

		if (!*end && space > 0 && space <= UINT32_MAX)
			on = walk_space(dir, e->d_name, (uint32_t)space, call, visit, ctx);
	}
	if (d)
		closedir(d);
	return on;
}

/* ---- collecting -------------------------------------------------------------------- */

struct kept {
	int64_t used_s;
	uint64_t size;
	vt_id name;
	uint32_t space;
};

struct collecting {
	int64_t oldest_s;          /* objects that were used before are removed */
	struct kept *at;
	size_t n, room;
	uint64_t bytes;            /* bytes of all objects that stay */
};

static bool collect_one(void *ctx, const struct object *o)
{
	struct collecting *c = ctx;
	struct kept *more;

	if (o->used_s < c->oldest_s) {
		(void)unlinkat(o->folder, o->file, 0);
		return true;
	}
	if (c->n == c->room) {
		more = realloc(c->at, (c->room ? c->room * 2 : 1024) * sizeof *more);
		if (!more)
			return false;
		c->at = more;
		c->room = c->room ? c->room * 2 : 1024;
	}
	c->at[c->n++] = (struct kept){ o->used_s, o->size, o->name, o->space };
	c->bytes += o->size;
	return c->n < WALK_MOST;
}

static int by_use(const void *a, const void *b)
{
	int64_t x = ((const struct kept *)a)->used_s, y = ((const struct kept *)b)->used_s;

	return x < y ? -1 : x > y;
}

void walk_collect(int dir, vt_call *call, int64_t now_s, int64_t age_s, uint64_t size)
{
	struct collecting c = { .oldest_s = age_s ? now_s - age_s : INT64_MIN };
	char path[96];
	size_t i;

	(void)walk(dir, call, collect_one, &c);
	if (c.n && c.bytes > size) {
		qsort(c.at, c.n, sizeof *c.at, by_use);
		size -= size / 10;     /* removes a tenth more than it must, so that not every run removes some */
	}
	for (i = 0; i < c.n && c.bytes > size && !call->stopping(call); i++) {
		walk_path(c.at[i].space, &c.at[i].name, path);
		if (unlinkat(dir, path, 0) == 0)
			c.bytes -= c.at[i].size;
	}
	free(c.at);
}
