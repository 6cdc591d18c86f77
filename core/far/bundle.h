/* bundle: a whole result as one object, for stores that want few of them: its RESULT, its body, and the blobs that the
 * body names.
 *
 *     "vtB1"  size of the head, 4 bytes, little-endian
 *     head: the RESULT; how many blobs; the name and the size of each, the body first
 *     the bytes of each, one after the other
 *
 * A bundle has the name of its RESULT. Bundles of several writers under one name are worth the same. */
#ifndef FAR_BUNDLE_H
#define FAR_BUNDLE_H

#include "far/format.h"
#include "record/blob.h"

enum {
	BUNDLE_HEAD_MAX = 8 << 20,     /* bytes of a head */
	BUNDLE_IN_MEMORY = 1 << 20     /* bytes of a bundle in memory; a larger one is a file */
};

struct bundle_blob {
	vt_id name;
	uint64_t at, size;             /* place of its bytes in the bundle */
};

/* A bundle that was read; its bytes belong to the caller. */
struct bundle {
	const struct blob_bytes *bytes;
	struct bundle_blob *blobs;     /* in the arena; the body first */
	uint32_t n;
};

/* Makes the bundle of a result of the near stores. 0; 1: a blob is gone, or there is no room; 2: it is larger than `most`. */
int bundle_make(struct blobs *b, const struct far_keys *k, const vt_id *name, const vt_id *body, struct bytes body_bytes, const vt_id *blobs,
		uint32_t n, uint64_t most, struct blob_bytes *ret);
/* The same from bytes that the caller has, and keeps. */
int bundle_join(struct blobs *b, const struct far_keys *k, const vt_id *name, const vt_id *body, struct bytes body_bytes, const vt_id *blobs,
		const struct blob_bytes *bytes, uint32_t n, uint64_t most, struct blob_bytes *ret);
/* The bytes of a bundle before and behind its body, borrowed from it. false: the bundle is not in memory. */
bool bundle_around(const struct blob_bytes *bundle, size_t body_size, struct bytes *ret_before, struct bytes *ret_after);
/* Reads a bundle. -1: the bytes are no bundle, not whole, not of this name, or not proven. */
int bundle_open(const struct far_keys *k, bool unsealed, const vt_id *name, const struct blob_bytes *bytes, struct arena *a, struct bundle *ret);
/* Copies a blob out: into memory up to in_memory bytes, else into a file. -1: its bytes do not match its name, or there is no
 * room. */
int bundle_take(struct blobs *b, const struct bundle *from, uint32_t i, uint64_t in_memory, struct blob_bytes *ret);
#endif
