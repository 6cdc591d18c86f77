#include "config.h"

#include "text/strip.h"

#include <stdbool.h>
#include <string.h>

/* ECMA-48: ESC [ parameters final; ESC ] or P, X, ^, _ text, ended by BEL or ESC \;
 * ESC intermediates final. */
enum strip_state { PLAIN, ESCAPE, SEQUENCE, STRING, STRING_ESCAPE };

enum { ESC = 0x1b, BEL = 7, CAN = 0x18, SUB = 0x1a, STRIP_LONGEST = 64 * 1024 };

static uint8_t after_escape(unsigned char c)
{
	if (c == '[')
		return SEQUENCE;
	if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_')
		return STRING;
	if (c == ESC || (c >= 0x20 && c <= 0x2f))
		return ESCAPE;
	return PLAIN;
}

static uint8_t step(uint8_t state, unsigned char c)
{
	switch (state) {
	case ESCAPE:
		return after_escape(c);
	case SEQUENCE:
		return c == ESC ? ESCAPE : c >= 0x20 && c <= 0x3f ? SEQUENCE : PLAIN;
	case STRING:
		return c == ESC ? STRING_ESCAPE : c == BEL || c == CAN || c == SUB ? PLAIN : STRING;
	case STRING_ESCAPE:
		return c == '\\' ? PLAIN : after_escape(c);
	}
	return PLAIN;
}

/* A newline ends a broken sequence and stays. */
static bool breaks(uint8_t state, unsigned char c)
{
	return c == '\n' && state != STRING && state != STRING_ESCAPE;
}

void strip_add(struct strip *s, const void *data, size_t size, struct buf *b)
{
	const unsigned char *at = data, *end = at + size, *esc;

	while (at < end) {
		if (s->state == PLAIN) {
			esc = memchr(at, ESC, (size_t)(end - at));
			buf_add(b, at, (size_t)((esc ? esc : end) - at));
			if (!esc)
				return;
			at = esc + 1;
			s->state = ESCAPE;
			s->length = 0;
			continue;
		}
		if (breaks(s->state, *at) || ++s->length > STRIP_LONGEST) {
			s->state = PLAIN;
			continue;
		}
		s->state = step(s->state, *at++);
	}
}
