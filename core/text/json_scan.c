#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "text/json_inside.h"
#include "text/utf8.h"

enum { FEW_MEMBERS = 8 };              /* as many are compared with each other; more are hashed */

/* One member of an object that is being read. */
struct member {
	const char *name;          /* between the quotes, in the text, or decoded */
	size_t size;
	char *decoded;             /* owned; NULL: there is no escape in it */
	uint32_t start, comma;     /* offsets: of its key; of the comma behind it, once that was met */
	uint32_t first, end;       /* its places: of its value and of all within */
	bool again;                /* a later member has the same name */
};

struct scan {
	struct json_doc *d;
	size_t at;
	size_t comma;              /* the comma that separator() met last */
	int depth;
	bool comments;
	struct member *members;    /* of all objects that are open, the innermost last */
	uint32_t members_n, room;
	struct err *err;
};

static int bad(struct scan *s, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int bad(struct scan *s, size_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	json_fail_at(s->d, at, s->err, fmt, ap);
	va_end(ap);
	return -1;
}

static int peek(const struct scan *s)
{
	return s->at < s->d->size ? (unsigned char)s->d->text[s->at] : -1;
}

static int unexpected(struct scan *s, const char *expected)
{
	int c = peek(s);

	if (c < 0)
		return bad(s, s->at, "found the end of the file, expected %s", expected);
	if (c < 0x20 || c == 0x7f)
		return bad(s, s->at, "found the control character 0x%02x, expected %s", c, expected);
	if (c < 0x80)
		return bad(s, s->at, "found `%c`, expected %s", c, expected);
	return bad(s, s->at, "found a character that is not ASCII, expected %s", expected);
}

/* Blanks text for cJSON; its lines and columns still count. */
static void blank_out(struct json_doc *d, size_t start, size_t end)
{
	size_t i;

	for (i = start; i < end; i++)
		if (d->text[i] != '\n')
			d->text[i] = ((unsigned char)d->text[i] & 0xc0) == 0x80 || d->text[i] == CONTINUED ? CONTINUED : ' ';
}

static int comment(struct scan *s)
{
	char *t = s->d->text;
	size_t start = s->at, end;
	bool block = t[start + 1] == '*';
	const char *close;

	if (block) {
		close = memmem(t + start + 2, s->d->size - start - 2, "*/", 2);
		if (!close)
			return bad(s, start, "found a comment that is not closed, expected `*/`");
		end = (size_t)(close - t) + 2;
	} else {
		close = memchr(t + start, '\n', s->d->size - start);
		end = close ? (size_t)(close - t) : s->d->size;
	}
	blank_out(s->d, start, end);
	s->at = end;
	return 0;
}

static int blanks(struct scan *s)
{
	for (;;) {
		int c = peek(s);

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			s->at++;
		} else if (s->comments && c == '/' && s->at + 1 < s->d->size
			   && (s->d->text[s->at + 1] == '/' || s->d->text[s->at + 1] == '*')) {
			if (comment(s))
				return -1;
		} else {
			return 0;
		}
	}
}

static int hex4(const struct scan *s, size_t at, unsigned *ret)
{
	unsigned v = 0, i;

	for (i = 0; i < 4; i++) {
		int c = at + i < s->d->size ? (unsigned char)s->d->text[at + i] : -1;

		if (c >= '0' && c <= '9')
			v = v << 4 | (unsigned)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v << 4 | (unsigned)((c | 32) - 'a' + 10);
		else
			return -1;
	}
	*ret = v;
	return 0;
}

static int escape(struct scan *s)
{
	const char *t = s->d->text;
	unsigned v, low;
	int c;

	s->at++;
	c = peek(s);
	if (c >= 0 && strchr("\"\\/bfnrt", c) && c) {
		s->at++;
		return 0;
	}
	if (c != 'u')
		return bad(s, s->at - 1, "found an unknown escape in a string, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
	if (hex4(s, s->at + 1, &v))
		return bad(s, s->at - 1, "found an incomplete escape in a string, expected \\u and four hexadecimal digits");
	if (v == 0)
		return bad(s, s->at - 1, "found \\u0000 in a string, expected a character other than NUL");
	s->at += 5;
	if (v < 0xd800 || v > 0xdfff)
		return 0;
	if (v <= 0xdbff && s->at + 1 < s->d->size && t[s->at] == '\\' && t[s->at + 1] == 'u'
	    && hex4(s, s->at + 2, &low) == 0 && low >= 0xdc00 && low <= 0xdfff) {
		s->at += 6;
		return 0;
	}
	return bad(s, s->at - 6, "found half of a surrogate pair in a string, expected both halves");
}

static int string(struct scan *s)
{
	size_t start = s->at, len;
	uint32_t ignored;

	s->at++;
	for (;;) {
		int c = peek(s);

		if (c < 0)
			return bad(s, start, "found a string that is not closed, expected `\"`");
		if (c == '"') {
			s->at++;
			return 0;
		}
		if (c < 0x20)
			return bad(s, s->at, "found the control character 0x%02x in a string, expected it written as an escape", c);
		if (c == '\\') {
			if (escape(s))
				return -1;
			continue;
		}
		len = c < 0x80 ? 1 : utf8_next(s->d->text + s->at, s->d->size - s->at, &ignored);
		if (!len)
			return bad(s, s->at, "found the byte 0x%02x, expected UTF-8", c);
		s->at += len;
	}
}

static void digits(struct scan *s)
{
	while (peek(s) >= '0' && peek(s) <= '9')
		s->at++;
}

static int number(struct scan *s)
{
	size_t start = s->at, before;

	if (peek(s) == '-')
		s->at++;
	before = s->at;
	digits(s);
	if (s->at == before)
		return unexpected(s, "a digit");
	if (s->d->text[before] == '0' && s->at > before + 1)
		return bad(s, start, "found a number with a leading zero, expected it without");
	if (peek(s) == '.') {
		before = ++s->at;
		digits(s);
		if (s->at == before)
			return unexpected(s, "a digit");
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		before = s->at;
		digits(s);
		if (s->at == before)
			return unexpected(s, "a digit");
	}
	if (s->at - start > 60)            /* cJSON reads no more of it */
		return bad(s, start, "found a number of more than 60 characters, expected a shorter one");
	return 0;
}

static int word(struct scan *s, const char *w)
{
	size_t n = strlen(w);

	if (s->d->size - s->at < n || memcmp(s->d->text + s->at, w, n) != 0)
		return unexpected(s, "a value");
	s->at += n;
	return 0;
}

static void note(struct scan *s, size_t key)
{
	struct json_doc *d = s->d;

	if (d->places_n == d->room) {
		d->room = d->room ? d->room * 2 : 64;
		d->places = xrealloc(d->places, d->room, sizeof *d->places);
	}
	d->places[d->places_n].value = (uint32_t)s->at;
	d->places[d->places_n++].key = (uint32_t)key;
}

static int value(struct scan *s, size_t key);

/* After an item: 1: another follows, 0: closed, -1. A trailing comma is blanked. */
static int separator(struct scan *s, int close, const char *expected)
{
	size_t comma;

	if (blanks(s))
		return -1;
	if (peek(s) == close) {
		s->at++;
		return 0;
	}
	if (peek(s) != ',')
		return unexpected(s, expected);
	comma = s->at++;
	if (blanks(s))
		return -1;
	s->comma = comma;
	if (peek(s) != close)
		return 1;
	if (!s->comments)
		return bad(s, comma, "found a trailing comma, expected none before `%c`", close);
	s->d->text[comma] = ' ';
	s->at++;
	return 0;
}

static int array(struct scan *s)
{
	int more;

	s->at++;
	if (blanks(s))
		return -1;
	if (peek(s) == ']') {
		s->at++;
		return 0;
	}
	do {
		if (value(s, 0))
			return -1;
		more = separator(s, ']', "`,` or `]`");
	} while (more > 0);
	return more;
}

/* ---- members of the same name ---- */

/* The key whose closing quote was just read. */
static void member_begin(struct scan *s, size_t key)
{
	struct member *m;
	cJSON *text;

	if (s->members_n == s->room) {
		s->room = s->room ? s->room * 2 : 32;
		s->members = xrealloc(s->members, s->room, sizeof *s->members);
	}
	m = &s->members[s->members_n++];
	*m = (struct member){ .name = s->d->text + key + 1, .size = s->at - key - 2, .start = (uint32_t)key, .first = s->d->places_n };
	if (!memchr(m->name, '\\', m->size))
		return;
	text = cJSON_ParseWithLength(s->d->text + key, s->at - key);
	m->decoded = xstrdup(text ? text->valuestring : "");
	m->name = m->decoded;
	m->size = strlen(m->decoded);
	cJSON_Delete(text);
}

/* Takes the member out of the text and its values out of the places. */
static void member_drop(struct json_doc *d, const struct member *m)
{
	blank_out(d, m->start, m->comma + 1);
	memmove(d->places + m->first, d->places + m->end, (d->places_n - m->end) * sizeof *d->places);
	d->places_n -= m->end - m->first;
}

/* Of members with the same name the last counts: the ones before go, from the last on, so that
 * the places of those before them stay where they are. */
static void keep_last(struct scan *s, uint32_t from)
{
	uint32_t i, k, n = s->members_n - from;
	struct member *m = s->members + from;
	struct map seen;

	map_init(&seen);
	for (i = n; i-- > 0;) {
		bool again = false;

		if (n > FEW_MEMBERS) {
			void **place = map_put(&seen, m[i].name, m[i].size);

			again = *place != NULL;
			*place = &m[i];
		}
		for (k = i + 1; n <= FEW_MEMBERS && k < n && !again; k++)
			again = m[i].size == m[k].size && memcmp(m[i].name, m[k].name, m[i].size) == 0;
		m[i].again = again;
	}
	map_free(&seen);
	for (i = n; i-- > 0;)
		if (m[i].again)
			member_drop(s->d, &m[i]);
}

/* Forgets the members of an object that was read, or in which something is wrong. */
static void members_end(struct scan *s, uint32_t from)
{
	while (s->members_n > from)
		free(s->members[--s->members_n].decoded);
}

static int members(struct scan *s)
{
	size_t key;
	uint32_t i;
	int more;

	do {
		if (peek(s) != '"')
			return unexpected(s, "a name in double quotes or `}`");
		key = s->at;
		if (string(s))
			return -1;
		i = s->members_n;
		member_begin(s, key);
		if (blanks(s))
			return -1;
		if (peek(s) != ':')
			return unexpected(s, "`:`");
		s->at++;
		if (blanks(s) || value(s, key))
			return -1;
		s->members[i].end = s->d->places_n;
		more = separator(s, '}', "`,` or `}`");
		s->members[i].comma = (uint32_t)s->comma;
	} while (more > 0);
	return more;
}

static int object(struct scan *s)
{
	uint32_t from = s->members_n;
	int r;

	s->at++;
	if (blanks(s))
		return -1;
	if (peek(s) == '}') {
		s->at++;
		return 0;
	}
	r = members(s);
	if (r == 0)
		keep_last(s, from);
	members_end(s, from);
	return r;
}

static int value(struct scan *s, size_t key)
{
	int c = peek(s), r;

	note(s, key);
	switch (c) {
	case '{':
	case '[':
		if (++s->depth > JSON_DEPTH)
			return bad(s, s->at, "found more than %d levels of nesting, expected fewer", JSON_DEPTH);
		r = c == '{' ? object(s) : array(s);
		s->depth--;
		return r;
	case '"':
		return string(s);
	case 't':
		return word(s, "true");
	case 'f':
		return word(s, "false");
	case 'n':
		return word(s, "null");
	default:
		if (c == '-' || (c >= '0' && c <= '9'))
			return number(s);
		return unexpected(s, "a value");
	}
}

static int scan_all(struct scan *s, bool *ret_empty)
{
	if (blanks(s))
		return -1;
	*ret_empty = s->at == s->d->size && s->comments;
	if (*ret_empty) {
		note(s, 0);
		return 0;
	}
	if (value(s, 0) || blanks(s))
		return -1;
	if (s->at < s->d->size)
		return unexpected(s, "the end of the file");
	return 0;
}

int json_scan(struct json_doc *d, int flags, bool *ret_empty, struct err *err)
{
	struct scan s = { .d = d, .comments = flags & JSON_COMMENTS, .err = err };
	int r = scan_all(&s, ret_empty);

	free(s.members);
	return r;
}
