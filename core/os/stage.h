/* stage: puts files in place, all or none. New files wait in a private folder until stage_commit
 * renames them. Never goes through a link or out of the root. */
#ifndef OS_STAGE_H
#define OS_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

struct stage;

/* root: a directory fd. tmp: one for unfinished files, or -1: they wait beside their
 * places, as they do where tmp is on another file system. Both borrowed. */
struct stage *stage_new(int root, int tmp);
/* A regular file; *ret_fd is to be written to, and borrowed until the next call. Paths: path_is_safe. */
int stage_file(struct stage *s, const char *path, mode_t mode, int64_t mtime_ns, int *ret_fd, struct err *err);
int stage_link(struct stage *s, const char *path, const char *target, int64_t mtime_ns, struct err *err);
int stage_dir(struct stage *s, const char *path, mode_t mode, int64_t mtime_ns, struct err *err);
/* Sets mode and time of a file whose content is right already. */
int stage_meta(struct stage *s, const char *path, mode_t mode, int64_t mtime_ns, struct err *err);
/* A file, a link, or a folder that is empty by then. */
int stage_remove(struct stage *s, const char *path, struct err *err);
/* Renames all. -1: an error; foreseeable ones are found before the first rename. */
int stage_commit(struct stage *s, struct err *err);
void stage_free(struct stage *s);      /* removes everything not committed */
/* Has the path the name of a file that waits beside its place? A killed process leaves it; the next one that puts
 * something into the folder removes it after an hour. */
bool stage_is_unfinished(const char *path, size_t size);
#endif
