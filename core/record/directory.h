/* directory: the cache's directory (`.vt`): where it is, whether vt may use it, its marks, and
 * the private folder of this process in it for unfinished files. [any] */
#ifndef RECORD_DIRECTORY_H
#define RECORD_DIRECTORY_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

struct arena;
struct env;

/* Version of everything that the core keeps in the cache: folder v1, and a fact of every key. */
#define CACHE_FORMAT "1"

extern const char directory_tag[];                 /* what CACHEDIR.TAG begins with */
/* Every name that vt, its stores and its plugins make in the directory. Ends with NULL. */
extern const char *const directory_names[];

struct directory {
	char *path;                    /* absolute */
	char *inner;                   /* path/v1: the core's own files */
	bool usable;                   /* it is there and ours; set by the caller after directory_check */
	bool dry;                      /* nothing is made or changed on disk */
	pthread_mutex_t lock;          /* the members below */
	int tmp_fd, tmp_parent;        /* this process's folder below inner/tmp, locked; -1: not made yet */
	char tmp_name[24];             /* the folder's name */
};

/* Finds the path: VT_CACHE_DIR, VITE_CACHE_PATH, else <root>/.vt. -1: a relative value. */
int directory_place(const struct env *env, const char *root, struct arena *a, const char **ret, struct err *err);
/* Makes the directory with its marks (.gitignore, CACHEDIR.TAG), unless it is there.
 * -1: it cannot be made, or vt did not make it, or vt may not trust it. */
int directory_make(const char *path, struct err *err);
/* The same, but makes nothing when `dry`. */
int directory_check(const char *path, bool dry, struct err *err);
/* `vt cache clean`: removes what vt made, in a directory that carries vt's tag. */
int directory_clean(const char *path, struct err *err);

void directory_init(struct directory *d, const char *path, bool dry);
/* Removes this process's own folder, if it was made, and frees the members. */
void directory_free(struct directory *d);
/* Returns this process's own folder for unfinished files, made at the first call: a borrowed fd, or -1. */
int directory_tmp(struct directory *d);
/* Removes the folders of processes that have ended: their folders are not locked. */
void directory_sweep(const struct directory *d);
/* Removes temporary files in `path` that a killed process never renamed, an hour old and more. */
void directory_sweep_unfinished(const char *path);
char *path_new(const char *dir, const char *name); /* dir/name, malloc'ed */
#endif
