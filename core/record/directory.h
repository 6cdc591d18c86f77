/* directory: the cache's directory (`.vt`): where it is, whether vt may use it, its marks, and
 * the private folder of this process in it for unfinished files (sweep.c removes what is left of others). [any] */
#ifndef RECORD_DIRECTORY_H
#define RECORD_DIRECTORY_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

struct arena;
struct env;

/* Version of everything that the core keeps in the cache: folder v2, and a fact of every key. */
#define CACHE_FORMAT "2"

extern const char directory_tag[];                 /* what CACHEDIR.TAG begins with */
/* Every name that vt, its stores and its plugins make in the directory. Ends with NULL. */
extern const char *const directory_names[];

/* Everything in the directory is reached by these descriptors, through no link: a repository can bring any
 * file below `.vt`, and another process can swap one at any time. */
struct directory {
	char *path;                    /* absolute */
	char *inner;                   /* path/v2: the core's own files; for messages */
	bool given;                    /* the user named the place: not the workspace's own `.vt` */
	bool usable;                   /* the directory is there and ours; set by the caller after directory_open */
	bool dry;                      /* nothing is made or changed on disk */
	int fd, inner_fd;              /* of path and inner; -1: not open */
	pthread_mutex_t lock;          /* the members below */
	int tmp_fd, tmp_parent;        /* this process's folder below inner/tmp, locked; -1: not made yet */
	char tmp_name[24];             /* the folder's name */
};

/* Finds the path: VT_CACHE_DIR, VITE_CACHE_PATH, else <root>/.vt. -1: a relative value. */
int directory_place(const struct env *env, const char *root, struct arena *a, const char **ret, struct err *err);
/* `root`: the workspace's. Opens nothing. */
void directory_init(struct directory *d, const char *path, const char *root, bool dry);
/* Opens the directory and v2. Makes them, and the marks (.gitignore, CACHEDIR.TAG) whenever they are missing,
 * unless `dry`. Each level must be a folder that is reached through no link, of this user's, and closed to others;
 * where the user named the place: of this user's or root's, and not writable by others.
 * 0; 1: there is none, and it is not to be made; -1: it cannot be opened or made, vt did not make it, or vt may not
 * trust it; err says what to do. */
int directory_open(struct directory *d, struct err *err);
/* Where modes tell nothing, because git makes folders that are closed to others here (umask 077): did the directory come
 * with the repository? `root_fd`: the workspace's. Main thread, before others make files. 0; -1: it did; err says what to do. */
int directory_check_tracked(const struct directory *d, int root_fd, struct err *err);
/* Opens path alone, and makes it with its marks where it is missing. Returns an fd, or -1. */
int directory_open_top(const struct directory *d, struct err *err);
/* `vt cache clean`: removes what vt made, in a directory that carries vt's tag. Beside runs that start meanwhile it
 * leaves a directory with its marks. */
int directory_clean(const char *path, const char *root, struct err *err);

/* Removes this process's own folder, if it was made, and frees the members. */
void directory_free(struct directory *d);
/* Returns this process's own folder for unfinished files, made at the first call: a borrowed fd, or -1. */
int directory_tmp(struct directory *d);
/* Removes the folders of processes that have ended: their folders are not locked. `quick`: skips the look where the
 * file system says by its number of links that there is none; not all say the truth. */
void directory_sweep(const struct directory *d, bool quick);
/* Removes what vt of the format before left in the directory `fd`, once no file was written there for 30 days. */
void directory_sweep_old(int fd);
/* Is it one of directory_names, or a temporary name of one of those files? */
bool directory_is_own(const char *name);
/* Is it a temporary name of file_write_at or mac_load? */
bool directory_is_unfinished(const char *name);
/* Removes temporary files in the folder `fd` that a killed process never renamed, an hour old and more. */
void directory_sweep_unfinished(int fd);
/* Does the folder hold files of other programs, and no tag of vt? Then it was named as the cache by mistake. */
bool directory_is_foreign(int fd);
/* Puts the marks back that are missing. -1 with errno. */
int directory_put_marks(int fd);
char *path_new(const char *dir, const char *name); /* dir/name, malloc'ed */
#endif
