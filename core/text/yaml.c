#include "config.h"

#include "text/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/map.h"

enum { YAML_DEPTH = 100 };         /* values inside each other */

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;        /* the current one */
	const char *file;
	struct arena *a;
	struct map anchors;        /* name -> struct yaml_value */
	int depth;
	struct err *err;
};

static int broken(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *what = p->problem ? p->problem : "something that cannot be read";

	return err_set(r->err, ERR_USER, "%s:%zu:%zu: %s, expected YAML", r->file, p->problem_mark.line + 1, p->problem_mark.column + 1, what);
}

static int next(struct reader *r)
{
	yaml_event_delete(&r->event);
	return yaml_parser_parse(&r->parser, &r->event) ? 0 : broken(r);
}

static int complain(struct reader *r, const char *what)
{
	const yaml_mark_t *m = &r->event.start_mark;

	return err_set(r->err, ERR_USER, "%s:%zu:%zu: %s", r->file, m->line + 1, m->column + 1, what);
}

/* --- from events to a tree --- */

static struct yaml_value *new_value(struct reader *r, enum yaml_shape shape, const yaml_char_t *anchor)
{
	struct yaml_value *v = arena_alloc(r->a, sizeof *v);

	v->shape = shape;
	v->line = (uint32_t)r->event.start_mark.line + 1;
	v->column = (uint32_t)r->event.start_mark.column + 1;
	if (anchor)
		*map_puts(&r->anchors, arena_str(r->a, (const char *)anchor)) = v;
	return v;
}

static int read_value(struct reader *r, const struct yaml_value **ret);

static int read_items(struct reader *r, struct yaml_value *v, yaml_event_type_t end)
{
	for (;;) {
		struct yaml_item item = { NULL, NULL };

		if (next(r))
			return -1;
		if (r->event.type == end)
			return 0;
		if (v->shape == YAML_SHAPE_MAP && (read_value(r, &item.key) || next(r)))
			return -1;
		if (read_value(r, &item.value))
			return -1;
		v->items = arena_grow(r->a, v->items, v->n, sizeof *v->items);
		v->items[v->n++] = item;
	}
}

static int read_alias(struct reader *r, const struct yaml_value **ret)
{
	*ret = map_gets(&r->anchors, (const char *)r->event.data.alias.anchor);
	return *ret ? 0 : complain(r, "found undefined alias, expected YAML");
}

/* Reads the value that begins with the current event; afterwards its last event is the current one. */
static int read_value(struct reader *r, const struct yaml_value **ret)
{
	const yaml_event_t *e = &r->event;
	struct yaml_value *v;
	int result;

	if (e->type == YAML_ALIAS_EVENT)
		return read_alias(r, ret);
	if (e->type == YAML_SCALAR_EVENT) {
		v = new_value(r, YAML_SHAPE_SCALAR, e->data.scalar.anchor);
		v->text = arena_strn(r->a, (const char *)e->data.scalar.value, e->data.scalar.length);
		v->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !e->data.scalar.tag;
		*ret = v;
		return 0;
	}
	if (++r->depth > YAML_DEPTH)
		return complain(r, "values are nested too deeply");
	if (e->type == YAML_MAPPING_START_EVENT) {
		v = new_value(r, YAML_SHAPE_MAP, e->data.mapping_start.anchor);
		result = read_items(r, v, YAML_MAPPING_END_EVENT);
	} else {
		v = new_value(r, YAML_SHAPE_LIST, e->data.sequence_start.anchor);
		result = read_items(r, v, YAML_SEQUENCE_END_EVENT);
	}
	r->depth--;
	*ret = v;
	return result;
}

static int read_document(struct reader *r, const struct yaml_value **ret)
{
	*ret = NULL;
	if (next(r) || next(r))            /* the stream, the document */
		return -1;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return 0;
	return next(r) || read_value(r, ret) ? -1 : 0;
}

int yaml_read(const char *file, const char *text, size_t size, struct arena *a, const struct yaml_value **ret, struct err *err)
{
	struct reader r = { .file = file, .a = a, .err = err };
	int result;

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		size -= 3;
	}
	if (!yaml_parser_initialize(&r.parser))
		return err_set(err, ERR_SYSTEM, "out of memory");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, size);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	map_init(&r.anchors);
	result = read_document(&r, ret);
	map_free(&r.anchors);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return result;
}

/* --- the type of a value --- */

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

/* Returns the type of a plain scalar by YAML's core schema; "string" for all others. */
static const char *scalar_kind(const struct yaml_value *v)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const booleans[] = { "true", "True", "TRUE", "false", "False", "FALSE", NULL };
	const char *s = v->text, *p = s;
	bool point = false;

	if (!v->plain)
		return "string";
	if (is_one_of(s, nulls))
		return "null";
	if (is_one_of(s, booleans))
		return "boolean";
	if (*p == '-' || *p == '+')
		p++;
	if (!*p || strspn(p, "0123456789.") != strlen(p) || !strpbrk(p, "0123456789"))
		return "string";
	for (; *p; p++)
		if (*p == '.') {
			if (point)
				return "string";
			point = true;
		}
	return point ? "floating point" : "integer";
}

static bool is_null(const struct yaml_value *v)
{
	return v->shape == YAML_SHAPE_SCALAR && strcmp(scalar_kind(v), "null") == 0;
}

const char *yaml_text(const struct yaml_value *v)
{
	return v && v->shape == YAML_SHAPE_SCALAR && !is_null(v) ? v->text : NULL;
}

static const struct yaml_value *own(const struct yaml_value *map, const char *key)
{
	uint32_t i;

	for (i = 0; map && map->shape == YAML_SHAPE_MAP && i < map->n; i++)
		if (map->items[i].key->text && strcmp(map->items[i].key->text, key) == 0)
			return map->items[i].value;
	return NULL;
}

const struct yaml_value *yaml_get(const struct yaml_value *map, const char *key)
{
	const struct yaml_value *found = own(map, key), *merged;
	uint32_t i;

	if (found || !(merged = own(map, "<<")))
		return found;
	if (merged->shape == YAML_SHAPE_MAP)
		return own(merged, key);
	for (i = 0; i < merged->n && !found; i++)
		found = own(merged->items[i].value, key);
	return found;
}

static int wrong(const char *file, const struct yaml_value *v, const char *where, const char *expected, struct err *err)
{
	char found[120];

	if (v->shape != YAML_SHAPE_SCALAR)
		snprintf(found, sizeof found, "%s", v->shape == YAML_SHAPE_LIST ? "sequence" : "map");
	else if (is_null(v))
		snprintf(found, sizeof found, "null");
	else if (strcmp(scalar_kind(v), "string") == 0)
		snprintf(found, sizeof found, "string \"%.60s\"", v->text);
	else
		snprintf(found, sizeof found, "%s `%.60s`", scalar_kind(v), v->text);
	return err_set(err, ERR_USER, "%s:%u:%u: %sinvalid type: %s, expected %s", file, v->line, v->column, where, found, expected);
}

int yaml_texts(const char *file, const struct yaml_value *root, const char *key, struct arena *a, struct texts *ret, struct err *err)
{
	const struct yaml_value *list;
	struct texts texts = { NULL, 0 };
	char where[80];

	if (root && !is_null(root) && root->shape != YAML_SHAPE_MAP)
		return wrong(file, root, "", "a map", err);
	list = yaml_get(root, key);
	snprintf(where, sizeof where, "%s: ", key);
	if (list && !is_null(list) && list->shape != YAML_SHAPE_LIST)
		return wrong(file, list, where, "a sequence", err);
	for (; list && texts.n < list->n; texts.n++) {
		const struct yaml_value *item = list->items[texts.n].value;

		if (item->shape != YAML_SHAPE_SCALAR || strcmp(scalar_kind(item), "string") != 0) {
			snprintf(where, sizeof where, "%s[%u]: ", key, texts.n);
			return wrong(file, item, where, "a string", err);
		}
		texts.at = arena_grow(a, texts.at, texts.n, sizeof *texts.at);
		texts.at[texts.n] = item->text;
	}
	*ret = texts;
	return 0;
}
