/* Takes colours and other terminal sequences out of a stream of bytes, also when a
 * sequence is split between two calls. Pure. */
#ifndef REPORT_STRIP_H
#define REPORT_STRIP_H

#include <stdint.h>

#include "base/buf.h"

/* Zeroed: at the start of a stream. */
struct strip {
	uint8_t state;             /* enum strip_state of strip.c */
	uint32_t length;           /* bytes of the present sequence, so that a broken one ends */
};

/* Appends what is left of data to b. */
void strip_add(struct strip *s, const void *data, size_t size, struct buf *b);
#endif
