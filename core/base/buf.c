#include "config.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof *b);
	b->max = max;
}

void buf_free(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
	b->size = 0;
	b->full = 0;
	if (b->data)
		b->data[0] = '\0';
}

int buf_add(struct buf *b, const void *data, size_t size)
{
	size_t need, room = b->room ? b->room : 64;

	if (b->full || size > b->max - b->size) {
		b->full = 1;
		return -1;
	}
	need = b->size + size + 1;
	if (need > b->room) {
		while (room < need)
			room = room > SIZE_MAX / 2 ? need : room * 2;
		b->data = xrealloc(b->data, room, 1);
		b->room = room;
	}
	if (size)
		memcpy(b->data + b->size, data, size);
	b->size += size;
	b->data[b->size] = '\0';
	return 0;
}

int buf_text(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_byte(struct buf *b, int c)
{
	char byte = (char)c;

	return buf_add(b, &byte, 1);
}

int buf_num(struct buf *b, uint64_t n)
{
	unsigned char bytes[10];
	size_t size = 0;

	for (; n >= 0x80; n >>= 7)
		bytes[size++] = (unsigned char)(n | 0x80);
	bytes[size++] = (unsigned char)n;
	return buf_add(b, bytes, size);
}

int buf_sized(struct buf *b, struct bytes s)
{
	return buf_num(b, s.size) < 0 ? -1 : buf_add(b, s.data, s.size);
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	_clean_(free_p) char *text = NULL;
	char short_one[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(short_one, sizeof short_one, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof short_one)
		return buf_add(b, short_one, (size_t)n);
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		b->full = 1;
		return -1;
	}
	return buf_add(b, text, (size_t)n);
}

void buf_drop(struct buf *b, size_t n)
{
	if (n >= b->size) {
		b->size = 0;
	} else {
		memmove(b->data, b->data + n, b->size - n);
		b->size -= n;
	}
	if (b->data)
		b->data[b->size] = '\0';
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}
