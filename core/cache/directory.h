/* The cache's directory: its marks, whether it may be trusted, what is unfinished in it.
 * cache_place, cache_make, cache_clean and cache_tmp are here, too. */
#ifndef CACHE_DIRECTORY_H
#define CACHE_DIRECTORY_H

#include <stdbool.h>

#include "base/err.h"

struct cache;

extern const char directory_tag[];                 /* what CACHEDIR.TAG begins with */
/* What vt makes in there: its own, the stores', the plugins'. Ends with NULL. */
extern const char *const directory_names[];

/* Is it there, ours and nobody else's? Makes it unless `dry`. -1: it is not used. */
int directory_open(const char *dir, bool dry, struct err *err);
/* Removes unfinished files of processes that are no more: their folders are not locked. */
void directory_sweep(struct cache *c);
/* Removes what file_write or mac_load would have renamed, an hour and more ago. */
void directory_sweep_unfinished(const char *dir);
void directory_drop_tmp(struct cache *c);          /* this process's own folder, if it was made */
char *path_new(const char *dir, const char *name); /* dir/name, malloc'ed */
#endif
