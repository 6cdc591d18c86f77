/* The output of a step, kept in order of arrival and replayed.
 *
 * Format of the bytes (also what the cache keeps): chunks, each a head of 5 bytes
 * (one byte stream: 1 stdout, 2 stderr; four bytes size, little-endian) and the
 * bytes. Neighbours of one stream are merged while in memory. */
#ifndef EXEC_CAPTURE_H
#define EXEC_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

struct capture;

/* Returns the folder for long outputs: a borrowed fd; -1: there is none. */
typedef int capture_spool(void *ctx);

/* Holds 1 MiB in memory, the rest in a private unlinked file in the folder of `spool`, which is asked when it is needed;
 * about `most` bytes in all. */
struct capture *capture_new(capture_spool *spool, void *ctx, uint64_t most);
void capture_free(struct capture *c);
bool capture_is_full(const struct capture *c);         /* was `most` reached? */
/* -1: the spool failed, or `most` is reached; what it took before stays, everything later is lost. */
int capture_add(struct capture *c, int stream, const void *data, size_t size);
/* All of it, in the format above. *ret_mapped: from a file; its pages may be given back. Borrowed until the next call on c. -1: the spool failed. */
int capture_bytes(struct capture *c, struct bytes *ret, bool *ret_mapped);
/* After capture_add failed: keeps these bytes too, in memory, for capture_replay alone; 1 MiB at most, once. */
void capture_add_last(struct capture *c, int stream, const void *data, size_t size);
/* Forgets what it has, and takes `most` bytes again. */
void capture_restart(struct capture *c);

/* Bytes in the format above, on their way to be shown. */
struct replay {
	const unsigned char *at, *end;         /* the bytes that are not shown yet */
	const unsigned char *held;             /* pages from here on are in memory */
	bool mapped;                           /* from a file; pages that were shown are given back */
	struct bytes more;                     /* comes behind end, from memory */
	int stream;                            /* of the chunk that was begun */
	uint32_t left;                         /* bytes of it that are left */
};

/* The bytes stay until the end. -1: they are damaged, and nothing is to be shown. */
int replay_begin(struct replay *p, struct bytes bytes, bool mapped);
/* Of everything that was added before the spool failed, if it did, and what capture_add_last kept. Stays until the next call on c. */
void capture_replay(struct capture *c, struct replay *ret);
/* The next piece, 64 KiB at most. false: that was all. */
bool replay_next(struct replay *p, int *ret_stream, struct bytes *ret);
#endif
