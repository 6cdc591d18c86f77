/* buf: bytes that grow up to a maximum, set when the buffer is made. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/mem.h"

struct buf {
	char *data;                /* owned; always NUL-terminated once something was added */
	size_t size;               /* bytes used, without that NUL */
	size_t room;               /* bytes allocated */
	size_t max;                /* size never exceeds it */
	int full;                  /* an addition did not fit; stays set until buf_clear */
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);                                     /* may be used again */
void buf_clear(struct buf *b);                                    /* keeps the memory */
int buf_add(struct buf *b, const void *data, size_t size);        /* 0; -1: it would pass max, and nothing is added */
int buf_text(struct buf *b, const char *s);
int buf_byte(struct buf *b, int c);
int buf_num(struct buf *b, uint64_t n);                          /* for cursor_num */
int buf_sized(struct buf *b, struct bytes s);                     /* for cursor_sized */
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *b, size_t n);                           /* forgets the first n bytes */
const char *buf_str(const struct buf *b);                         /* never NULL */
#endif
