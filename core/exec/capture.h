/* What a step printed, kept in order of arrival and replayed.
 *
 * Format of the bytes (also what the cache keeps): chunks, each a head of 5 bytes
 * (one byte stream: 1 stdout, 2 stderr; four bytes size, little-endian) and the
 * bytes. Neighbours of one stream are merged while in memory. */
#ifndef EXEC_CAPTURE_H
#define EXEC_CAPTURE_H

#include <stdbool.h>

#include "base/mem.h"

struct capture;

struct capture *capture_new(const char *spool_dir);    /* memory to 1 MiB, then a private unlinked file below spool_dir (NULL: the system's temporary folder) */
void capture_free(struct capture *c);
/* -1: the spool failed; what it took before stays, everything later is lost. */
int capture_add(struct capture *c, int stream, const void *data, size_t size);
/* All of it, in the format above. *ret_mapped: from a file; its pages may be given back. Borrowed until the next call on c. -1: the spool failed. */
int capture_bytes(struct capture *c, struct bytes *ret, bool *ret_mapped);
/* Everything that was added before the spool failed, if it did. */
void capture_emit(struct capture *c, void (*on_chunk)(void *ctx, int stream, struct bytes data), void *ctx);
/* Walks chunks of such bytes; of mapped ones each page is given back. -1: they are damaged, nothing was told. */
int capture_replay(struct bytes bytes, bool mapped, void (*on_chunk)(void *ctx, int stream, struct bytes data), void *ctx);
#endif
