#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "text/glob_inside.h"

enum { GLOB_DEPTH = 24 };

struct parse {
	struct arena *a;               /* for the tree */
	struct arena *keep;            /* the glob's own: for classes */
	const char *p;
	enum glob_kind kind;
	int depth;
};

static struct node *node_new(struct parse *s, enum kind kind)
{
	struct node *n = arena_alloc(s->a, sizeof *n);

	n->kind = kind;
	return n;
}

static void node_add(struct parse *s, struct node *to, struct node *item)
{
	to->items = arena_grow(s->a, to->items, to->n, sizeof *to->items);
	to->items[to->n++] = item;
}

static struct node *node_char(struct parse *s, uint32_t c)
{
	struct node *n = node_new(s, NODE_CHAR);

	n->c = c;
	return n;
}

static struct node *node_repeat(struct parse *s, struct node *what, uint32_t min, uint32_t max)
{
	struct node *n = node_new(s, NODE_REPEAT);

	node_add(s, n, what);
	n->min = min;
	n->max = max;
	return n;
}

static uint32_t pattern_char(struct parse *s)
{
	return glob_next_char(&s->p, strnlen(s->p, 4), s->kind != GLOB_NAME);
}

static struct node *parse_class(struct parse *s)
{
	struct node *n = node_new(s, NODE_CLASS);
	struct class *c = arena_alloc(s->keep, sizeof *c);
	bool first = true;

	s->p++;
	c->slash = s->kind == GLOB_NAME;
	if (*s->p == '!' || (*s->p == '^' && s->kind == GLOB_MEMBER)) {
		c->not = true;
		s->p++;
	}
	for (; *s->p != ']' || first; first = false) {
		struct range r;

		if (*s->p == ']' && s->p[1] == '\0')
			return NULL;
		if (*s->p == '\\')
			s->p++;
		if (!*s->p)
			return NULL;
		r.from = r.to = pattern_char(s);
		if (*s->p == '-' && s->p[1] != ']' && s->p[1]) {
			s->p++;
			if (*s->p == '\\' && !*++s->p)
				return NULL;
			r.to = pattern_char(s);
			if (r.to < r.from)
				return NULL;
		}
		c->at = arena_grow(s->keep, c->at, c->n, sizeof *c->at);
		c->at[c->n++] = r;
	}
	s->p++;
	n->class = c;
	return n;
}

static struct node *parse_list(struct parse *s, const char *stops);

static struct node *parse_braces(struct parse *s)
{
	struct node *n = node_new(s, NODE_OR), *item;

	do {
		s->p++;
		item = parse_list(s, ",}");
		if (!item)
			return NULL;
		node_add(s, n, item);
		n->tree |= item->tree;
	} while (*s->p == ',');
	if (*s->p != '}')
		return NULL;
	s->p++;
	return n;
}

/* @(a|b): one of them; ?(a|b): or none; +(a|b): several; *(a|b): any number */
static struct node *parse_choice(struct parse *s)
{
	struct node *n = node_new(s, NODE_OR), *item;
	char how = *s->p++;

	do {
		s->p++;
		item = parse_list(s, "|)");
		if (!item || item->tree)
			return NULL;
		node_add(s, n, item);
	} while (*s->p == '|');
	if (*s->p != ')')
		return NULL;
	s->p++;
	if (how == '@')
		return n;
	return node_repeat(s, n, how == '+', how == '?' ? 1 : UINT32_MAX);
}

static int parse_count(struct parse *s, uint32_t *ret)
{
	char *end;
	unsigned long v;

	if (*s->p < '0' || *s->p > '9')
		return 0;
	v = strtoul(s->p, &end, 10);
	if (end - s->p > 6)
		return -1;
	s->p = end;
	*ret = (uint32_t)v;
	return 1;
}

/* <x>: any number; <x:2>: two; <x:1,>, <x:,3>, <x:1,3> */
static struct node *parse_repeat(struct parse *s)
{
	uint32_t min = 0, max = UINT32_MAX;
	struct node *item;
	int got;

	s->p++;
	item = parse_list(s, ":>");
	if (!item)
		return NULL;
	if (*s->p == ':') {
		s->p++;
		got = parse_count(s, &min);
		if (got < 0)
			return NULL;
		if (*s->p == ',') {
			s->p++;
			if (parse_count(s, &max) < 0)
				return NULL;
		} else if (got) {
			max = min;
		}
	}
	if (*s->p != '>' || max < min || max == 0)
		return NULL;
	s->p++;
	return node_repeat(s, item, min, max);
}

static bool at_stop(const char *p, const char *stops)
{
	return !*p || strchr(stops, *p);
}

static struct node *any_path(struct parse *s)
{
	return node_repeat(s, node_new(s, NODE_ANY), 0, UINT32_MAX);
}

/* Behind `**`, whose slash in front (if any) is the last item of `list`:
 *     a / ** / b    a / (.* /)? b        ** / b    (.* /)? b
 *     a / **        a (/ .*)?            **        .*
 * The same behind braces with `**` among their choices: whatever stands beside it there, if it
 * is a component or several, `**` matches, too. */
static int parse_tree(struct parse *s, struct node *list, const char *stops)
{
	const struct node *before;
	struct node *n, *slash;
	bool slash_before;

	if (list->n && list->items[list->n - 1]->open)
		list->n--;             /* two of them in a row are one */
	before = list->n ? list->items[list->n - 1] : NULL;
	slash_before = before && before->kind == NODE_CHAR && before->c == '/';
	if (before && !slash_before)
		return -1;
	while (s->p[0] == '/' && s->p[1] == '*' && s->p[2] == '*' && (s->p[3] == '/' || at_stop(s->p + 3, stops)))
		s->p += 3;
	if (*s->p != '/' && !at_stop(s->p, stops))
		return -1;
	if (*s->p == '/') {
		s->p++;
		n = node_new(s, NODE_CAT);
		node_add(s, n, any_path(s));
		node_add(s, n, node_char(s, '/'));
		node_add(s, list, node_repeat(s, n, 0, 1));
		list->items[list->n - 1]->open = true;
		return 0;
	}
	list->tree = !before;
	if (!slash_before) {
		node_add(s, list, any_path(s));
		return 0;
	}
	slash = list->items[--list->n];
	n = node_new(s, NODE_CAT);
	node_add(s, n, slash);
	node_add(s, n, any_path(s));
	node_add(s, list, node_repeat(s, n, 0, 1));
	return 0;
}

static struct node *parse_item(struct parse *s)
{
	bool name = s->kind == GLOB_NAME, repeats = s->kind == GLOB_PATH;

	if (s->kind == GLOB_MEMBER && strchr("?*+@", *s->p) && s->p[1] == '(')
		return parse_choice(s);
	switch (*s->p) {
	case '*':
		s->p++;
		return node_repeat(s, node_new(s, name ? NODE_ANY : NODE_ONE), 0, UINT32_MAX);
	case '$':
		if (!repeats)
			break;
		s->p++;
		return node_repeat(s, node_new(s, NODE_ONE), 0, UINT32_MAX);
	case '?':
		s->p++;
		return node_new(s, name ? NODE_ANY : NODE_ONE);
	case '[':
		return parse_class(s);
	case '{':
		return parse_braces(s);
	case '<':
		if (!repeats)
			break;
		return parse_repeat(s);
	case '>':
		if (!repeats)
			break;
		return NULL;
	case '}':
		return NULL;
	case '\\':
		if (!*++s->p)
			return NULL;
		break;
	default:
		break;
	}
	return node_char(s, pattern_char(s));
}

static struct node *parse_list(struct parse *s, const char *stops)
{
	struct node *list = node_new(s, NODE_CAT), *item;

	if (++s->depth > GLOB_DEPTH)
		return NULL;
	while (!at_stop(s->p, stops)) {
		if (s->kind != GLOB_NAME && s->p[0] == '*' && s->p[1] == '*') {
			s->p += 2;
			if (parse_tree(s, list, stops))
				return NULL;
			continue;
		}
		item = parse_item(s);
		if (!item || (item->tree && parse_tree(s, list, stops)))
			return NULL;
		if (!item->tree)
			node_add(s, list, item);
	}
	s->depth--;
	return list;
}

struct node *glob_parse(struct arena *work, struct arena *keep, const char *pattern, enum glob_kind kind)
{
	struct parse s = { .a = work, .keep = keep, .p = pattern, .kind = kind };
	struct node *list = parse_list(&s, "");

	return list && !*s.p ? list : NULL;
}
