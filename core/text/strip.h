/* strip: removes colours and other terminal sequences from a stream of bytes, even if a sequence is
 * split between two calls. Pure. */
#ifndef TEXT_STRIP_H
#define TEXT_STRIP_H

#include <stdint.h>

#include "base/buf.h"

/* Zeroed at the start of a stream. */
struct strip {
	uint8_t state;             /* enum strip_state of strip.c */
	uint32_t length;           /* bytes of the current sequence, to end a broken one */
};

/* Adds data without its sequences to b. */
void strip_add(struct strip *s, const void *data, size_t size, struct buf *b);
#endif
