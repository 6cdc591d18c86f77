#include "config.h"

#include "text/json.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/json_inside.h"
#include "text/utf8.h"

/* While this thread builds a tree, cJSON allocates from the tree's arena and frees nothing: hundreds
 * of small pieces have one life. All other use of cJSON goes to malloc. */
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

int json_fail_at(const struct json_doc *d, size_t at, struct err *err, const char *fmt, va_list ap)
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

/* Returns the next node in the order of the text; NULL at the end. `stack` holds the parents, which
 * cJSON nodes do not know. */
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

	w.stack[0] = d->root;
	for (at = d->root; at && i < d->places_n; at = walk_next(&w), i++)
		if (at == node)
			return &d->places[i];
	return NULL;
}

static void build(struct json_doc *d, bool empty)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, set_hooks);
	d->arena = arena_new();
	building = d->arena;
	d->root = empty ? cJSON_CreateNull() : cJSON_ParseWithLength(d->text, d->size);
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
	if (json_scan(d, flags, &empty, err))
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
	json_fail_at(d, p ? p->value : 0, err, fmt, ap);
	va_end(ap);
	return -1;
}

int json_fail_key(const struct json_doc *d, const cJSON *node, struct err *err, const char *fmt, ...)
{
	const struct place *p = place_of(d, node);
	va_list ap;

	va_start(ap, fmt);
	json_fail_at(d, !p ? 0 : p->key ? p->key : p->value, err, fmt, ap);
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

/* Counts the leading bytes that need no escape: most text is nothing else. */
static size_t plain(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\'; i++)
		;
	return i;
}

int json_quote(struct buf *b, const char *s, size_t n)
{
	static const char short_escapes[] = "b\bf\fn\nr\rt\t\"\"\\\\";
	const char *e;
	uint32_t c;
	size_t len;

	buf_byte(b, '"');
	for (; n; s += len, n -= len) {
		len = plain(s, n);
		if (len) {
			buf_add(b, s, len);
			continue;
		}
		len = utf8_next(s, n, &c);
		if (!len) {
			len = 1;
			buf_text(b, "\xef\xbf\xbd");
			continue;
		}
		if (c >= 0x20 && c != '"' && c != '\\' && !(c >= 0x7f && c < 0xa0) && !utf8_turns_around(c)) {
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
