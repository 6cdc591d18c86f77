#include "config.h"

#include "text/json.h"

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "text/utf8.h"

/* The text is checked by a scanner of our own, which knows positions and says
 * what it expected; comments and trailing commas are blanked in place, so that
 * offsets stay what they are in the file. Then cJSON builds the tree, whose
 * nodes stand in the order in which the scanner met them. */
struct place {
	uint32_t value, key;       /* offsets into text; key: 0 where there is none (no key is at 0) */
};

struct json_doc {
	struct arena *arena;       /* the tree's memory */
	char *file;                /* for messages */
	char *text;                /* the text, blanked; NUL-terminated */
	size_t size;
	cJSON *root;
	struct place *places;      /* of every value, in the order of the text */
	uint32_t places_n, room;
	struct map moved;          /* node -> its place + 1; filled only when duplicate keys were dropped */
};

struct scan {
	struct json_doc *d;
	size_t at;
	int depth;
	bool comments;
	struct err *err;
};

/* In a blanked comment this stands for the later bytes of a character: blank to
 * cJSON, no column of its own. */
enum { CONTINUED = '\1' };

/* A tree is hundreds of small pieces with one life: while one is being built by
 * this thread, cJSON's memory comes from its arena and is not given back. All
 * other use of cJSON goes to malloc as ever. */
static _Thread_local struct arena *building;

static void *tree_alloc(size_t size)
{
	return building ? arena_alloc(building, size) : malloc(size);
}

static void tree_free(void *p)
{
	if (!building)
		free(p);
}

static void set_hooks(void)
{
	cJSON_Hooks hooks = { tree_alloc, tree_free };

	cJSON_InitHooks(&hooks);
}

static void position(const struct json_doc *d, size_t at, int *ret_line, int *ret_column)
{
	size_t i, line = 1, column = 1;

	for (i = 0; i < at && i < d->size; i++) {
		if (d->text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)d->text[i] & 0xc0) != 0x80 && d->text[i] != CONTINUED) {
			column++;
		}
	}
	*ret_line = (int)line;
	*ret_column = (int)column;
}

static int fail_at(const struct json_doc *d, size_t at, struct err *err, const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));
static int fail_at(const struct json_doc *d, size_t at, struct err *err, const char *fmt, va_list ap)
{
	int line, column;
	char *text;

	position(d, at, &line, &column);
	if (vasprintf(&text, fmt, ap) < 0)
		return err_set(err, ERR_USER, "%s:%d:%d", d->file, line, column);
	err_set(err, ERR_USER, "%s:%d:%d: %s", d->file, line, column, text);
	free(text);
	return -1;
}

static int bad(struct scan *s, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int bad(struct scan *s, size_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_at(s->d, at, s->err, fmt, ap);
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

static int comment(struct scan *s)
{
	char *t = s->d->text;
	size_t start = s->at, end, i;
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
	for (i = start; i < end; i++)
		if (t[i] != '\n')
			t[i] = ((unsigned char)t[i] & 0xc0) == 0x80 ? CONTINUED : ' ';
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

static int object(struct scan *s)
{
	size_t key;
	int more;

	s->at++;
	if (blanks(s))
		return -1;
	if (peek(s) == '}') {
		s->at++;
		return 0;
	}
	do {
		if (peek(s) != '"')
			return unexpected(s, "a name in double quotes or `}`");
		key = s->at;
		if (string(s) || blanks(s))
			return -1;
		if (peek(s) != ':')
			return unexpected(s, "`:`");
		s->at++;
		if (blanks(s) || value(s, key))
			return -1;
		more = separator(s, '}', "`,` or `}`");
	} while (more > 0);
	return more;
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

static int check(struct json_doc *d, int flags, bool *ret_empty, struct err *err)
{
	struct scan s = { .d = d, .comments = flags & JSON_COMMENTS, .err = err };

	if (blanks(&s))
		return -1;
	*ret_empty = s.at == d->size && s.comments;
	if (*ret_empty) {
		note(&s, 0);
		return 0;
	}
	if (value(&s, 0) || blanks(&s))
		return -1;
	if (s.at < d->size)
		return unexpected(&s, "the end of the file");
	return 0;
}

/* The node that follows in the order of the text; NULL at the end. `stack` holds
 * the way down, as cJSON nodes know no parent. */
struct walk {
	const cJSON *stack[JSON_DEPTH + 2];
	int n;
};

static const cJSON *walk_next(struct walk *w)
{
	const cJSON *node = w->stack[w->n - 1];

	if (node->child) {
		w->stack[w->n++] = node->child;
		return node->child;
	}
	while (w->n > 1 && !w->stack[w->n - 1]->next)
		w->n--;
	if (w->n <= 1)
		return NULL;
	w->stack[w->n - 1] = w->stack[w->n - 1]->next;
	return w->stack[w->n - 1];
}

static const struct place *place_of(const struct json_doc *d, const cJSON *node)
{
	struct walk w = { .n = 1 };
	const cJSON *at;
	uint32_t i = 0;

	if (d->moved.n) {
		i = (uint32_t)(uintptr_t)map_get(&d->moved, &node, sizeof node);
		return i ? &d->places[i - 1] : NULL;
	}
	w.stack[0] = d->root;
	for (at = d->root; at && i < d->places_n; at = walk_next(&w), i++)
		if (at == node)
			return &d->places[i];
	return NULL;
}

/* Remembers every node's place by its address, before nodes go. The keys are
 * kept in one block behind the places. */
static void remember_places(struct json_doc *d)
{
	struct walk w = { .n = 1 };
	const cJSON *at, **keys;
	uint32_t i = 0;

	d->places = xrealloc(d->places, d->places_n, sizeof *d->places + sizeof *keys);
	keys = (const cJSON **)(void *)(d->places + d->places_n);
	w.stack[0] = d->root;
	for (at = d->root; at && i < d->places_n; at = walk_next(&w), i++) {
		keys[i] = at;
		*map_put(&d->moved, &keys[i], sizeof keys[i]) = (void *)(uintptr_t)(i + 1);
	}
}

static void drop(struct json_doc *d, cJSON *parent, cJSON *child)
{
	if (!d->moved.n)
		remember_places(d);
	cJSON_Delete(cJSON_DetachItemViaPointer(parent, child));
}

/* Of members with the same name only the last stays, in the place of the last. */
static void drop_duplicates(struct json_doc *d, cJSON *node)
{
	cJSON *child, *next, **before;
	struct map names;
	int n = 0;

	for (child = node->child; child; child = child->next, n++)
		if (child->child)
			drop_duplicates(d, child);
	if ((node->type & 0xff) != cJSON_Object || n < 2)
		return;
	if (n <= 8) {
		for (child = node->child; child; child = next) {
			cJSON *later;

			next = child->next;
			for (later = next; later; later = later->next)
				if (strcmp(later->string, child->string) == 0)
					break;
			if (later)
				drop(d, node, child);
		}
		return;
	}
	map_init(&names);
	for (child = node->child; child; child = child->next) {
		before = (cJSON **)(void *)map_puts(&names, child->string);
		if (*before) {
			/* the key borrowed from the dropped one must live on: drop afterwards */
			(*before)->type |= cJSON_StringIsConst << 1;
		}
		*before = child;
	}
	map_free(&names);
	for (child = node->child; child; child = next) {
		next = child->next;
		if (child->type & (cJSON_StringIsConst << 1)) {
			child->type &= ~(cJSON_StringIsConst << 1);
			drop(d, node, child);
		}
	}
}

static void build(struct json_doc *d, bool empty)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, set_hooks);
	d->arena = arena_new();
	building = d->arena;
	d->root = empty ? cJSON_CreateNull() : cJSON_ParseWithLength(d->text, d->size);
	if (d->root)
		drop_duplicates(d, d->root);
	building = NULL;
}

int json_read(const char *file, const char *text, size_t size, int flags, struct json_doc **ret, struct err *err)
{
	struct json_doc *d = xcalloc(1, sizeof *d);
	bool empty;

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		size -= 3;
	}
	d->file = xstrdup(file);
	d->text = xmalloc(size + 1);
	if (size)
		memcpy(d->text, text, size);
	d->text[size] = '\0';
	d->size = size;
	if (size > INT32_MAX) {
		err_set(err, ERR_USER, "%s:1:1: found %zu bytes, expected fewer", file, size);
		goto failed;
	}
	if (check(d, flags, &empty, err))
		goto failed;
	build(d, empty);
	if (!d->root) {
		err_set(err, ERR_USER, "%s:1:1: found something that cannot be read, expected JSON", file);
		goto failed;
	}
	*ret = d;
	return 0;
failed:
	json_free(d);
	return -1;
}

void json_free(struct json_doc *d)
{
	if (!d)
		return;
	arena_free(d->arena);
	map_free(&d->moved);
	free(d->places);
	free(d->text);
	free(d->file);
	free(d);
}

const cJSON *json_root(const struct json_doc *d)
{
	return d->root;
}

void json_where(const struct json_doc *d, const cJSON *node, int *ret_line, int *ret_column)
{
	const struct place *p = place_of(d, node);

	position(d, p ? p->value : 0, ret_line, ret_column);
}

int json_fail(const struct json_doc *d, const cJSON *node, struct err *err, const char *fmt, ...)
{
	const struct place *p = place_of(d, node);
	va_list ap;

	va_start(ap, fmt);
	fail_at(d, p ? p->value : 0, err, fmt, ap);
	va_end(ap);
	return -1;
}

int json_fail_key(const struct json_doc *d, const cJSON *node, struct err *err, const char *fmt, ...)
{
	const struct place *p = place_of(d, node);
	va_list ap;

	va_start(ap, fmt);
	fail_at(d, !p ? 0 : p->key ? p->key : p->value, err, fmt, ap);
	va_end(ap);
	return -1;
}

int json_fail_type(const struct json_doc *d, const cJSON *node, struct err *err, const char *expected)
{
	return json_fail(d, node, err, "invalid type: %s, expected %s", json_kind(node), expected);
}

const char *json_kind(const cJSON *node)
{
	static _Thread_local char text[120];
	const char *s;
	double v;

	switch (node->type & 0xff) {
	case cJSON_False:
		return "boolean `false`";
	case cJSON_True:
		return "boolean `true`";
	case cJSON_Number:
		v = node->valuedouble;
		if (v == trunc(v) && fabs(v) < 1e15)
			snprintf(text, sizeof text, "integer `%.0f`", v);
		else
			snprintf(text, sizeof text, "floating point `%g`", v);
		return text;
	case cJSON_String:
		s = node->valuestring;
		if (strlen(s) > 80) {
			size_t n = 80;

			while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
				n--;
			snprintf(text, sizeof text, "string \"%.*s...\"", (int)n, s);
		} else {
			snprintf(text, sizeof text, "string \"%s\"", s);
		}
		return text;
	case cJSON_Array:
		return "sequence";
	case cJSON_Object:
		return "map";
	default:
		return "null";
	}
}

int json_quote(struct buf *b, const char *s, size_t n)
{
	static const char short_escapes[] = "b\bf\fn\nr\rt\t\"\"\\\\";
	const char *e;
	uint32_t c;
	size_t len;

	buf_byte(b, '"');
	for (; n; s += len, n -= len) {
		len = utf8_next(s, n, &c);
		if (!len) {
			len = 1;
			buf_text(b, "\xef\xbf\xbd");
			continue;
		}
		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
			buf_add(b, s, len);
			continue;
		}
		for (e = short_escapes; *e && (uint32_t)e[1] != c; e += 2)
			;
		if (*e)
			buf_printf(b, "\\%c", *e);
		else
			buf_printf(b, "\\u%04x", c);
	}
	buf_byte(b, '"');
	return b->full ? -1 : 0;
}
