/* files: large blobs, one file each, named by their content; put in place whole. */
#ifndef STORE_LOCAL_FILES_H
#define STORE_LOCAL_FILES_H

#include <stdint.h>

#include "vt-plugin.h"

/* `dir` is the store's folder. All: -1 with errno. */
int files_put(int dir, const vt_id *id, vt_call *call, vt_source *from, const void *first, size_t first_size, uint64_t *ret_size);
int files_open(int dir, const vt_id *id, uint64_t *ret_size);   /* an fd */
void files_remove(int dir, const vt_id *id);
/* Removes what nobody knows of any more and is older than an hour. */
void files_sweep(int dir, int (*known)(void *ctx, const vt_id *id), void *ctx);
#endif
