/* file: whole files, private folders, rename, PATH. */
#ifndef OS_FILE_H
#define OS_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"

/* Reads a regular file of at most `max` bytes; NUL-terminated in `a`. 0; 1: there is none (ENOENT, ENOTDIR); -1: err. */
int file_read(const char *path, size_t max, struct arena *a, struct bytes *ret, struct err *err);
/* The same of the file `name` below the folder `dir`; messages call it `path`. */
int file_read_below(int dir, const char *name, const char *path, size_t max, struct arena *a, struct bytes *ret, struct err *err);
/* The same of the file `name` in the folder `dir`, through no link. */
int file_read_at(int dir, const char *name, size_t max, struct arena *a, struct bytes *ret, struct err *err);
/* Writes a temporary file beside `path` and renames it. */
int file_write(const char *path, const void *data, size_t size, mode_t mode, struct err *err);
/* The same in the folder `dir`; the temporary name is `name`, a dot and eight digits. A link at `name` is replaced. */
int file_write_at(int dir, const char *name, const void *data, size_t size, mode_t mode, struct err *err);
/* Writes over the file of that name if there is one with no other name: a new file costs three times as much. Not whole at each
 * moment: for files with a check, whose loss costs nothing. 0; -1: err. */
int file_overwrite_at(int dir, const char *name, const void *data, size_t size, mode_t mode, struct err *err);
/* Reads to the end of an fd; `expected`: how many bytes it may have. NUL-terminated in `a`. Returns the size, or -1 with errno (EFBIG:
 * more than `max` bytes). */
ssize_t file_read_all(int fd, size_t expected, size_t max, struct arena *a, char **ret);
/* Writes everything to a blocking fd. -1 with errno. */
int file_write_all(int fd, const void *data, size_t size);
/* Opens a new, empty file without a name in the folder `dir`, for reading and writing. -1 with errno. */
int file_open_unnamed(int dir);
/* Makes the directory and its parents. */
int file_mkdirs(const char *path, mode_t mode, struct err *err);
/* Removes a tree, following no link. */
int file_remove_tree(const char *path, struct err *err);
int file_remove_tree_at(int dir, const char *name, struct err *err);
bool file_is_executable(const char *path);               /* a regular file this user may execute */
/* Remembers which files on PATH are executable, and the stat of programs, so that a run does not ask the
 * same folders for every step. [any] */
struct file_memo;
struct file_memo *file_memo_new(void);
/* Opens the absolute folder `dir`, which most paths lie below: they are shorter from there. Before other threads use m. */
void file_memo_near(struct file_memo *m, const char *dir);
void file_memo_free(struct file_memo *m);                /* NULL is fine */
void file_memo_forget(struct file_memo *m);              /* forgets all: a task may have changed them */
bool file_memo_executable(struct file_memo *m, const char *path);    /* file_is_executable, remembered; m NULL: asked anew */
/* stat, remembered where it succeeds; false: it failed; m NULL: asked anew. */
bool file_memo_stat(struct file_memo *m, const char *path, struct stat *ret);
/* The one walk along PATH: the first folder in which this user may execute a regular file called `name` (without a
 * slash). Folders that are empty or relative are meant from `dir`, which is absolute. false: none, or no PATH. */
bool file_on_path(const char *name, const char *dir, const char *path, struct file_memo *memo, char place[PATH_MAX]);
/* Absolute path of the program that a command calls `name`: one with a slash is meant from dir. NULL: none. */
const char *file_find_program(const char *name, const char *dir, const char *path, struct file_memo *memo, struct arena *a);
const char *file_real(const char *path, struct arena *a);        /* realpath; NULL with errno */
bool file_real_in(const char *path, char real[PATH_MAX]);        /* the same, into the caller's room; false with errno */
/* Gives back the memory of pages of a mapped, unchanged file that were read: all that begin in the bytes. [any] */
void file_forget_pages(const void *data, size_t size);
#endif
