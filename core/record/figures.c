#include "config.h"

#include "record/figures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"
#include "os/tree.h"
#include "record/directory.h"
#include "record/history.h"
#include "record/last_run.h"

static void add_size(void *ctx, const char *path, size_t size, const struct stat *st)
{
	uint64_t *bytes = ctx;

	(void)path;
	(void)size;
	*bytes += (uint64_t)st->st_size;
}

/* Reads the "name value" lines that the local store writes. */
static void read_about(int dir, struct cache_figures *ret)
{
	int store = tree_open(dir, "store-2");
	struct arena *a = arena_new();
	struct bytes b;
	const char *line;

	if (store >= 0 && file_read_at(store, "about", 4096, a, &b, NULL) == 0) {
		for (line = b.data; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
			unsigned long long n;

			if (sscanf(line, "entries %llu", &n) == 1)
				ret->entries = n;
			else if (sscanf(line, "blobs %llu", &n) == 1)
				ret->blobs = n;
			else if (sscanf(line, "bound %llu", &n) == 1)
				ret->bound = n;
			else if (sscanf(line, "oldest %llu", &n) == 1)
				ret->oldest = (int64_t)n;
		}
	}
	arena_free(a);
	if (store >= 0)
		close(store);
}

static void read_counts(int inner, struct cache_figures *ret)
{
	uint64_t n[3] = { 0, 0, 0 };
	int fd = openat(inner, "counts", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && pread(fd, n, sizeof n, 0) == (ssize_t)sizeof n) {
		ret->hits = n[0];
		ret->misses = n[1];
		ret->far_hits = n[2];
	}
	if (fd >= 0)
		close(fd);
}

static bool count_not_shared(void *ctx, const struct digest *step, const struct last_run *run)
{
	uint64_t *n = ctx;

	(void)step;
	*n += run->kept && run->why_not[0];
	return true;
}

int cache_figures(const char *dir, const char *root, struct cache_figures *ret, struct err *err)
{
	const struct tree_visitor sizes = { .found = add_size, .ctx = &ret->bytes };
	struct directory d;
	struct stat st;
	struct history *h;
	struct arena *a;
	int r;

	*ret = (struct cache_figures){ 0 };
	if (lstat(dir, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	directory_init(&d, dir, root, true);
	r = directory_open_top(&d, err);
	if (r >= 0) {
		d.fd = r;
		ret->there = true;
		r = tree_walk(d.fd, "", 0, &sizes, err);
		d.inner_fd = tree_open(d.fd, "v" CACHE_FORMAT);
		read_about(d.fd, ret);
	}
	if (d.inner_fd >= 0) {
		read_counts(d.inner_fd, ret);
		a = arena_new();
		last_run_each(d.inner_fd, a, count_not_shared, &ret->not_shared);
		arena_free(a);
		h = history_new(d.inner_fd, "history");
		ret->steps = history_steps(h);
		history_free(h, false);
	}
	directory_free(&d);
	return r;
}
