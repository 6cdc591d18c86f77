#include "config.h"

#include "text/yaml.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;        /* the current one */
	const char *file;
	const char *key;
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

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

/* What a plain scalar means by YAML's core rules; "string" when nothing else. */
static const char *scalar_kind(const yaml_event_t *e)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const booleans[] = { "true", "True", "TRUE", "false", "False", "FALSE", NULL };
	const char *s = (const char *)e->data.scalar.value, *p = s;
	bool point = false;

	if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || e->data.scalar.tag)
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

static int wrong(struct reader *r, const char *where, const char *expected)
{
	const yaml_mark_t *m = &r->event.start_mark;
	char found[120];

	if (r->event.type == YAML_SCALAR_EVENT) {
		const char *kind = scalar_kind(&r->event), *value = (const char *)r->event.data.scalar.value;

		if (strcmp(kind, "null") == 0)
			snprintf(found, sizeof found, "null");
		else if (strcmp(kind, "string") == 0)
			snprintf(found, sizeof found, "string \"%.60s\"", value);
		else
			snprintf(found, sizeof found, "%s `%.60s`", kind, value);
	} else {
		snprintf(found, sizeof found, "%s", r->event.type == YAML_SEQUENCE_START_EVENT ? "sequence"
			 : r->event.type == YAML_MAPPING_START_EVENT ? "map" : "alias");
	}
	return err_set(r->err, ERR_USER, "%s:%zu:%zu: %sinvalid type: %s, expected %s", r->file, m->line + 1, m->column + 1, where, found, expected);
}

/* Passes over the node that begins with the current event. */
static int skip_node(struct reader *r)
{
	int depth = 0;

	for (;;) {
		switch (r->event.type) {
		case YAML_SEQUENCE_START_EVENT:
		case YAML_MAPPING_START_EVENT:
			depth++;
			break;
		case YAML_SEQUENCE_END_EVENT:
		case YAML_MAPPING_END_EVENT:
			depth--;
			break;
		default:
			break;
		}
		if (depth <= 0)
			return 0;
		if (next(r))
			return -1;
	}
}

static int read_list(struct reader *r, struct arena *a, struct texts *ret)
{
	char where[64];

	ret->n = 0;
	snprintf(where, sizeof where, "%s: ", r->key);
	if (r->event.type == YAML_SCALAR_EVENT && strcmp(scalar_kind(&r->event), "null") == 0)
		return 0;
	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return wrong(r, where, "a sequence");
	for (;;) {
		if (next(r))
			return -1;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (r->event.type != YAML_SCALAR_EVENT || strcmp(scalar_kind(&r->event), "string") != 0) {
			snprintf(where, sizeof where, "%s[%u]: ", r->key, ret->n);
			return wrong(r, where, "a string");
		}
		ret->at = arena_grow(a, ret->at, ret->n, sizeof *ret->at);
		ret->at[ret->n++] = arena_strn(a, (const char *)r->event.data.scalar.value, r->event.data.scalar.length);
	}
}

static int read_document(struct reader *r, struct arena *a, struct texts *ret)
{
	bool wanted;

	if (next(r) || next(r))
		return -1;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return 0;
	if (next(r))
		return -1;
	if (r->event.type == YAML_SCALAR_EVENT && strcmp(scalar_kind(&r->event), "null") == 0)
		return 0;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return wrong(r, "", "a map");
	for (;;) {
		if (next(r))
			return -1;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return 0;
		wanted = r->event.type == YAML_SCALAR_EVENT && strcmp((const char *)r->event.data.scalar.value, r->key) == 0;
		if (skip_node(r) || next(r) || (wanted ? read_list(r, a, ret) : skip_node(r)))
			return -1;
	}
}

int yaml_texts(const char *file, const char *text, size_t size, const char *key, struct arena *a, struct texts *ret, struct err *err)
{
	struct reader r = { .file = file, .key = key, .err = err };
	struct texts list = { 0 };
	int result;

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		size -= 3;
	}
	if (!yaml_parser_initialize(&r.parser))
		return err_set(err, ERR_SYSTEM, "out of memory");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, size);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	result = read_document(&r, a, &list);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (result == 0)
		*ret = list;
	return result;
}
