/* cursor: reads numbers and bytes from memory that the caller owns, and never past its end.
 *
 * The first read that does not fit, and any read after it, makes the cursor bad: it then yields
 * zeros and NULL. So a reader may read many fields and ask once, at the end. */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct cursor {
	const uint8_t *at, *end;
	bool bad;                      /* stays */
};

static inline struct cursor cursor_of(struct bytes b)
{
	return (struct cursor){ .at = b.data, .end = (const uint8_t *)b.data + b.size };
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* The next `size` bytes, in place; NULL: fewer are left. */
static inline const void *cursor_take(struct cursor *c, uint64_t size)
{
	const void *ret = c->at;

	if (c->bad || size > cursor_left(c)) {
		c->bad = true;
		return NULL;
	}
	c->at += size;
	return ret;
}

/* The next `size` bytes to *ret, which stays as it is if fewer are left. */
static inline void cursor_copy(struct cursor *c, void *ret, size_t size)
{
	const void *p = cursor_take(c, size);

	if (p)
		memcpy(ret, p, size);
}

/* A number in this machine's order. */
static inline uint16_t cursor_u16(struct cursor *c)
{
	uint16_t n = 0;

	cursor_copy(c, &n, sizeof n);
	return n;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	uint32_t n = 0;

	cursor_copy(c, &n, sizeof n);
	return n;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	uint64_t n = 0;

	cursor_copy(c, &n, sizeof n);
	return n;
}

/* A number of up to 63 bits as buf_num writes it: seven bits a byte, the lowest first. */
static inline uint64_t cursor_num(struct cursor *c)
{
	uint64_t n = 0;
	int shift;

	for (shift = 0; shift < 63 && !c->bad && c->at < c->end; shift += 7) {
		n |= (uint64_t)(*c->at & 0x7f) << shift;
		if (!(*c->at++ & 0x80))
			return n;
	}
	c->bad = true;
	return 0;
}

/* A length, as buf_num writes it, and the bytes. */
static inline struct bytes cursor_sized(struct cursor *c)
{
	uint64_t size = cursor_num(c);
	const void *p = cursor_take(c, size);

	return (struct bytes){ p ? p : "", p ? (size_t)size : 0 };
}

/* How many things follow, at most `most`, each of at least one byte. */
static inline uint32_t cursor_count(struct cursor *c, uint32_t most)
{
	uint64_t n = cursor_num(c);

	if (n <= most && n <= cursor_left(c))
		return (uint32_t)n;
	c->bad = true;
	return 0;
}
#endif
