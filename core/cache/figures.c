/* What `vt cache stat` shows. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache.h"
#include "cache/inside.h"
#include "os/file.h"
#include "os/tree.h"
#include "record/directory.h"
#include "record/history.h"

static void add_size(void *ctx, const char *path, size_t size, const struct stat *st)
{
	uint64_t *bytes = ctx;

	(void)path;
	(void)size;
	*bytes += (uint64_t)st->st_size;
}

/* Reads the "name value" lines that the local store writes. */
static void read_about(const char *dir, struct cache_figures *ret)
{
	char *file = path_new(dir, "store-1/about");
	struct arena *a = arena_new();
	struct bytes b;
	const char *line;

	if (file_read(file, 4096, a, &b, NULL) == 0) {
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
	free(file);
}

int cache_figures(const char *dir, struct cache_figures *ret, struct err *err)
{
	const struct tree_visitor sizes = { .found = add_size, .ctx = &ret->bytes };
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r, count;
	uint64_t n[2] = { 0, 0 };
	struct history *h;
	char *inner;

	*ret = (struct cache_figures){ 0 };
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, errno, "cannot open '%s'", dir);
	ret->there = true;
	r = tree_walk(fd, "", 0, &sizes, err);
	count = openat(fd, "v" CACHE_FORMAT "/counts", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (count >= 0 && pread(count, n, sizeof n, 0) == (ssize_t)sizeof n) {
		ret->hits = n[0];
		ret->misses = n[1];
	}
	if (count >= 0)
		close(count);
	close(fd);
	inner = path_new(dir, "v" CACHE_FORMAT "/history");
	h = history_new(inner);
	ret->steps = history_steps(h);
	history_free(h, false);
	free(inner);
	read_about(dir, ret);
	return r;
}
