#include "config.h"

#include "text/shown.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "text/utf8.h"

enum { ESCAPE_MAX = 4 * 4 + 1 };           /* bytes of "\xc2\x9b" for one character, NUL included */

size_t shown_next(const char *data, size_t size, bool *ret_safe)
{
	uint32_t c;
	size_t n = utf8_next(data, size, &c);

	*ret_safe = n && c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !utf8_turns_around(c);
	return n ? n : 1;
}

/* Leading bytes that may be shown as they are. */
static size_t safe_bytes(const char *data, size_t size)
{
	size_t at = 0, n;
	bool safe;

	while (at < size) {
		if (data[at] >= 0x20 && data[at] < 0x7f) {
			at++;
			continue;
		}
		n = shown_next(data + at, size - at, &safe);
		if (!safe)
			break;
		at += n;
	}
	return at;
}

/* How a character of n bytes is written that must not be shown. A C1 control is named by its number. */
static void escape(const char *data, size_t n, char ret[ESCAPE_MAX])
{
	static const char letters[] = "\nn\tt\rr";
	const char *l;
	uint32_t c = 0;

	for (l = letters; *l && *l != *data; l += 2)
		;
	if (*l)
		snprintf(ret, ESCAPE_MAX, "\\%c", l[1]);
	else if (n > 2 && utf8_next(data, n, &c) == n)
		snprintf(ret, ESCAPE_MAX, "\\u%04x", (unsigned)c & 0xffff);
	else
		snprintf(ret, ESCAPE_MAX, "\\x%02x", (unsigned char)data[n - 1]);
}

void shown_add(struct buf *b, const void *data, size_t size)
{
	const char *at = data, *end = at + size;
	char escaped[ESCAPE_MAX];
	size_t n;
	bool safe;

	for (;;) {
		n = safe_bytes(at, (size_t)(end - at));
		buf_add(b, at, n);
		at += n;
		if (at == end)
			return;
		n = shown_next(at, (size_t)(end - at), &safe);
		escape(at, n, escaped);
		buf_text(b, escaped);
		at += n;
	}
}

void shown_text(struct buf *b, const char *text)
{
	shown_add(b, text, strlen(text));
}

void shown_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	shown_text(b, text);
	free(text);
}

void shown_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	shown_vprintf(b, fmt, ap);
	va_end(ap);
}

void shown_cut(char *ret, size_t room, const void *data, size_t size)
{
	const char *at = data, *end = at + size;
	char escaped[ESCAPE_MAX];
	const char *piece;
	size_t n, used = 0, length;
	bool safe;

	for (; at < end; at += n, used += length) {
		n = shown_next(at, (size_t)(end - at), &safe);
		if (!safe)
			escape(at, n, escaped);
		piece = safe ? at : escaped;
		length = safe ? n : strlen(escaped);
		if (length >= room - used)
			break;
		memcpy(ret + used, piece, length);
	}
	ret[used] = '\0';
}

const char *shown_in(struct arena *a, const char *text)
{
	size_t size = strlen(text);
	const char *ret = text;
	struct buf b;

	if (safe_bytes(text, size) == size)
		return text;
	buf_init(&b, SIZE_MAX / 2);
	shown_add(&b, text, size);
	ret = arena_strn(a, buf_str(&b), b.size);
	buf_free(&b);
	return ret;
}

void shown_json(struct buf *b, const char *json)
{
	const char *at = json, *end = at + strlen(at);
	size_t n;
	uint32_t c = 0;
	bool safe;

	for (; at < end; at += n) {
		n = shown_next(at, (size_t)(end - at), &safe);
		if (safe)
			buf_add(b, at, n);
		else if ((unsigned char)*at >= 0x7f)
			buf_printf(b, "\\u%04x", utf8_next(at, n, &c) == n ? (unsigned)c & 0xffff : 0xfffd);
		else
			buf_add(b, at, n);     /* layout; JSON has no other control */
	}
}
