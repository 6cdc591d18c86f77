/* blob: bytes named by their content, and the entries that lead to them.
 *
 * What a step stores is hashed and copied at once, and published to the stores in the
 * background: blobs first, then the result, then the entry. Until it is published, reads find
 * the copy here, so a second step with the same key hits in the same run. Every read is
 * verified. Where no thread can be made, the caller publishes, and one line says so. [any] */
#ifndef RECORD_BLOB_H
#define RECORD_BLOB_H

#include <stdbool.h>

#include "base/err.h"
#include "record/entry.h"
#include "vt-plugin.h"

struct blobs;
struct directory;
struct plug;

enum { BLOB_MEMORY = 256 << 10 };              /* bytes; a larger blob waits in a private file */

/* All borrowed. warn: [any] gets one line; may be NULL. */
struct blobs *blobs_new(struct plug *plug, struct directory *dir, void (*warn)(void *ctx, const char *text), void *ctx);
void blobs_flush(struct blobs *b);             /* waits until all that was published is in the stores */
void blobs_free(struct blobs *b, bool settle); /* waits for the publisher, then settles the stores */

/* Reads a blob of at most `max` bytes; *ret is malloc'ed. 0; 1: no store has it, or it is damaged
 * (then it is told and dropped). */
int blob_get(struct blobs *b, const vt_id *id, size_t max, void **ret, size_t *ret_size);
/* Reads a blob of this size, page by page, from a private file. NULL: as blob_get, or the file cannot be had. To be
 * unmapped by the caller. */
void *blob_map(struct blobs *b, const vt_id *id, size_t size);
/* Bytes of a blob: in memory, or, if there are many, in a private file. */
struct blob_bytes {
	void *data;                            /* owned; NULL: in fd, or there are none */
	int fd;                                /* owned, or -1 */
	uint64_t size;
};
void blob_bytes_clear(struct blob_bytes *b);
/* Reads a blob of any size. 0; 1: as blob_get. */
int blob_read(struct blobs *b, const vt_id *id, struct blob_bytes *ret);
bool blob_is_near(struct blobs *b, const vt_id *id);   /* pending, or in a store; its bytes are read and verified */
int blobs_private_file(struct blobs *b);               /* an fd of a file without a name; -1 with errno */
/* Pushes a blob into a sink. It is verified at the end: after VT_FAILED the pushed bytes are wrong. */
vt_status blob_fetch(struct blobs *b, vt_call *call, const vt_id *id, vt_sink *into);
/* Notes blobs that a hit relies on without reading them; the stores are told at the end. */
void blob_used(struct blobs *b, const vt_id *ids, uint32_t n);
void blob_drop(struct blobs *b, const vt_id *id);

/* Is told of each result that was published near: its key and its blob; [work] or the publisher's thread. */
void blobs_on_kept(struct blobs *b, void (*kept)(void *ctx, const vt_id *result), void *ctx);
int blob_entry(struct blobs *b, const struct digest *key, struct entry *ret);   /* 0; 1: none */
/* Moves a result to the front of its key's entry, in the background. */
void blob_entry_front(struct blobs *b, const struct digest *key, const vt_id *result);

/* The blobs of one step: taken one after the other, then published or given up. */
struct batch;
struct batch *batch_new(struct blobs *b);
int batch_take(struct batch *t, const void *data, size_t size, vt_id *ret, struct err *err);
int batch_take_source(struct batch *t, vt_call *call, vt_source *from, vt_id *ret, uint64_t *ret_size, struct err *err);
/* Takes over bytes whose SHA-256 is `id`, as the caller has checked. */
void batch_take_bytes(struct batch *t, const vt_id *id, struct blob_bytes *bytes);
/* Puts the result in front of the key's entry, with its tags; NULL: unknown. Frees t. */
void batch_publish(struct batch *t, const struct digest *key, const vt_id *result, const struct result_tags *tags);
void batch_give_up(struct batch *t);                                                    /* frees t; NULL is fine */
#endif
