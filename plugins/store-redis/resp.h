/* RESP 2, the protocol of Redis: commands as arrays of bulk strings, replies of five kinds.
 * Source: the page "Redis serialization protocol specification" of the Redis documentation. [work] */
#ifndef RESP_H
#define RESP_H

#include <stdint.h>

#include "net.h"

enum reply_kind {
	REPLY_STATUS,              /* +OK */
	REPLY_ERROR,               /* -ERR text */
	REPLY_NUMBER,              /* :1 */
	REPLY_BULK,                /* $3 and its bytes, which are still to be read */
	REPLY_NOTHING,             /* $-1 or *-1 */
	REPLY_ARRAY                /* *2: so many replies follow */
};

struct reply {
	enum reply_kind kind;
	int64_t number;            /* NUMBER: the number; BULK: its bytes; ARRAY: its items */
	char text[256];            /* STATUS, ERROR: cut where it is longer */
};

/* A connection with its buffers. */
struct resp {
	struct net *net;
	char in[32 << 10];         /* received: from in_at to in_end not yet read */
	size_t in_at, in_end;
	char out[32 << 10];        /* to be sent */
	size_t out_n;
};

/* Each returns -1 for trouble; the connection is of no use then. */
int resp_command(struct resp *r, vt_call *call, uint32_t words, struct trouble *t);                    /* of so many words */
int resp_word(struct resp *r, vt_call *call, const void *data, size_t size, struct trouble *t);
int resp_text(struct resp *r, vt_call *call, const char *text, struct trouble *t);
int resp_number(struct resp *r, vt_call *call, uint64_t number, struct trouble *t);
int resp_source(struct resp *r, vt_call *call, vt_source *from, struct trouble *t);                    /* adds the whole word */
int resp_flush(struct resp *r, vt_call *call, struct trouble *t);
/* Flushes first. */
int resp_reply(struct resp *r, vt_call *call, struct reply *ret, struct trouble *t);
/* Reads all bytes of a BULK; NULL, or a sink that takes no more: the bytes are skipped. *ret: the sink's answer. */
int resp_bulk(struct resp *r, vt_call *call, int64_t size, vt_sink *into, vt_status *ret, struct trouble *t);
/* Reads the bytes of a BULK of exactly this size; another size is trouble. */
int resp_bytes(struct resp *r, vt_call *call, const struct reply *reply, void *to, size_t size, struct trouble *t);
#endif
