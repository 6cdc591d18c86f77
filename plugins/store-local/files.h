/* files: large blobs, one file each, named by their content and renamed into place when complete. */
#ifndef STORE_LOCAL_FILES_H
#define STORE_LOCAL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vt-plugin.h"

/* A large blob on its way. */
struct files_put {
	vt_call *call;
	vt_source *from;
	const void *first;             /* the bytes read so far */
	size_t first_size;
	bool (*again)(void *ctx);      /* something failed with errno: try again? leaves errno unchanged */
	void *ctx;
	uint64_t size;                 /* out */
};

/* `dir` is the store's folder. All return -1 with errno. */
int files_put(int dir, const vt_id *id, struct files_put *p);
int files_open(int dir, const vt_id *id, uint64_t *ret_size);   /* an fd */
void files_remove(int dir, const vt_id *id);
/* Bytes in the folder that the store of the format before left beside this one; 0: there is none. */
uint64_t files_old_bytes(int dir);
/* Removes files that the log does not know and that are older than an hour. */
void files_sweep(int dir, int (*known)(void *ctx, const vt_id *id), void *ctx);
#endif
