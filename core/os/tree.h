/* tree: stat, list and walk below a directory, with directory fds. Links are
 * followed only where it says so. */
#ifndef OS_TREE_H
#define OS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"

/* Opens a directory below `root` (O_RDONLY | O_DIRECTORY), "" for root itself,
 * through no link and not leaving it. -1 with errno (ELOOP: a link is in the way). */
int tree_open(int root, const char *path);
/* Opens the parent of `path` in the same way; *ret_name: the last component, in `path`. */
int tree_open_parent(int root, const char *path, const char **ret_name);

struct tree_name {
	const char *name;          /* in the arena */
	char type;                 /* 'f' (also sockets and the like), 'd', 'l' */
};

/* Names and types, sorted. 0; -1 with errno. */
int tree_list(int root, const char *path, struct arena *a, struct tree_name **ret, uint32_t *ret_n);

enum {
	TREE_FOLLOW_BASE = 1,      /* links in `base` itself are followed */
	TREE_LINKS = 2,            /* report links as well as files */
	TREE_EMPTY = 4,            /* report directories that hold nothing */
	TREE_FILE = 8,             /* `base` is mostly a file: spares the attempt to open a directory */
};

/* Paths are as `base`: relative to root, clean, NUL-terminated, borrowed. */
struct tree_visitor {
	bool (*enter)(void *ctx, const char *path, size_t size);         /* NULL: all */
	bool (*want)(void *ctx, const char *path, size_t size);          /* asked before the stat; NULL: all */
	void (*found)(void *ctx, const char *path, size_t size, const struct stat *st);
	void *ctx;
};

/* Walks everything below base, in no order; base may be a file. Missing files are no error. -1: something
 * could not be read (err names it). */
int tree_walk(int root, const char *base, unsigned flags, const struct tree_visitor *v, struct err *err);
#endif
