#include "config.h"

#include "text/glob.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

/* A pattern becomes a tree, the tree a list of instructions, and those a set of
 * positions (the instructions that consume a character), each with the set of
 * positions that may follow. Matching keeps the set of positions it may be at
 * (Glushkov's automaton run as bits), so no pattern can make it go back. */
enum op { OP_CHAR, OP_ONE, OP_ANY, OP_CLASS, OP_SPLIT, OP_JUMP, OP_END };

struct range {
	uint32_t from, to;
};

struct class {
	bool not;
	bool slash;                    /* may it match '/'? only GLOB_NAME */
	uint32_t n;
	struct range *at;
};

struct inst {
	enum op op;
	uint32_t c;                    /* OP_CHAR */
	uint32_t x, y;                 /* OP_SPLIT both, OP_JUMP x: where to */
	const struct class *class;     /* OP_CLASS */
};

enum { GLOB_INSTS = 4000, GLOB_POSITIONS = 960, GLOB_WORDS = (GLOB_POSITIONS + 64) / 64, GLOB_DEPTH = 24 };

struct position {
	enum op op;                    /* OP_CHAR, OP_ONE, OP_ANY, OP_CLASS */
	uint32_t c;
	const struct class *class;
};

struct glob {
	bool characters;               /* reads UTF-8; else bytes */
	/* quick answers: the match begins and ends with these bytes */
	const char *prefix, *suffix;
	uint32_t prefix_n, suffix_n;
	bool literal;                  /* matches the prefix and nothing else */
	bool tree;                     /* matches the prefix and all below it: "src" + slash, two stars */
	uint32_t n, words;             /* positions; 64-bit words of a set. Bit n: the end */
	struct position *at;
	uint64_t *follow;              /* n sets */
	uint64_t *start;
};

enum kind { NODE_CHAR, NODE_ONE, NODE_ANY, NODE_CLASS, NODE_CAT, NODE_OR, NODE_REPEAT };

struct node {
	enum kind kind;
	uint32_t c;                    /* NODE_CHAR */
	const struct class *class;
	struct node **items;           /* NODE_CAT, NODE_OR; NODE_REPEAT: one */
	uint32_t n;
	uint32_t min, max;             /* NODE_REPEAT; max UINT32_MAX: no limit */
};

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

/* One character of the pattern; never past its end. Bytes that are not UTF-8 get
 * numbers of their own, as they do in the text that is matched. */
static uint32_t next_char(const char **p, size_t left, bool characters)
{
	uint32_t c;
	size_t len = characters ? utf8_next(*p, left, &c) : 0;

	if (!len) {
		c = (unsigned char)**p;
		if (characters)
			c += 0x110000;
		len = 1;
	}
	*p += len;
	return c;
}

static uint32_t pattern_char(struct parse *s)
{
	return next_char(&s->p, strnlen(s->p, 4), s->kind == GLOB_PATH);
}

static struct node *parse_class(struct parse *s)
{
	struct node *n = node_new(s, NODE_CLASS);
	struct class *c = arena_alloc(s->keep, sizeof *c);
	bool first = true;

	s->p++;
	c->slash = s->kind == GLOB_NAME;
	if (*s->p == '!') {
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
	} while (*s->p == ',');
	if (*s->p != '}')
		return NULL;
	s->p++;
	return n;
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

/* `**`, whose slash in front (if any) is the last item of `list`:
 *     a / ** / b    a / (.* /)? b        ** / b    (.* /)? b
 *     a / **        a (/ .*)?            **        .*          */
static int parse_tree(struct parse *s, struct node *list, const char *stops)
{
	bool slash_before = list->n && list->items[list->n - 1]->kind == NODE_CHAR && list->items[list->n - 1]->c == '/';
	struct node *n, *slash;

	if (list->n && !slash_before)
		return -1;
	s->p += 2;
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
		return 0;
	}
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
	bool path = s->kind == GLOB_PATH;

	switch (*s->p) {
	case '*':
		s->p++;
		return node_repeat(s, node_new(s, path ? NODE_ONE : NODE_ANY), 0, UINT32_MAX);
	case '$':
		if (!path)
			break;
		s->p++;
		return node_repeat(s, node_new(s, NODE_ONE), 0, UINT32_MAX);
	case '?':
		s->p++;
		return node_new(s, path ? NODE_ONE : NODE_ANY);
	case '[':
		return parse_class(s);
	case '{':
		return parse_braces(s);
	case '<':
		if (!path)
			break;
		return parse_repeat(s);
	case '>':
		if (!path)
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
		if (s->kind == GLOB_PATH && s->p[0] == '*' && s->p[1] == '*') {
			if (parse_tree(s, list, stops))
				return NULL;
			continue;
		}
		item = parse_item(s);
		if (!item)
			return NULL;
		node_add(s, list, item);
	}
	s->depth--;
	return list;
}

struct program {
	struct inst *at;
	uint32_t n, room;
	bool full;                     /* more than GLOB_INSTS */
};

static uint32_t put(struct program *p, enum op op)
{
	if (p->n == GLOB_INSTS) {
		p->full = true;
		return 0;
	}
	if (p->n == p->room) {
		p->room = p->room ? p->room * 2 : 32;
		p->at = xrealloc(p->at, p->room, sizeof *p->at);
	}
	memset(&p->at[p->n], 0, sizeof p->at[0]);
	p->at[p->n].op = op;
	return p->n++;
}

static void compile(struct program *p, const struct node *n);

static void compile_or(struct program *p, const struct node *n)
{
	uint32_t i, split, jump, next, last = UINT32_MAX;

	/* split 1, 2; 1: ... jump; 2: split ... ; the jumps are chained through x until the end is known */
	for (i = 0; i + 1 < n->n && !p->full; i++) {
		split = put(p, OP_SPLIT);
		p->at[split].x = p->n;
		compile(p, n->items[i]);
		jump = put(p, OP_JUMP);
		p->at[jump].x = last;
		last = jump;
		p->at[split].y = p->n;
	}
	compile(p, n->items[n->n - 1]);
	while (last != UINT32_MAX && !p->full) {
		next = p->at[last].x;
		p->at[last].x = p->n;
		last = next;
	}
}

static void compile_repeat(struct program *p, const struct node *n)
{
	uint32_t i, split, first, last = UINT32_MAX, next, before;

	for (i = 0; i < n->min && !p->full; i++) {
		before = p->n;
		compile(p, n->items[0]);
		if (p->n == before)        /* it stands for nothing: once is as often as a million times */
			return;
	}
	if (n->max == UINT32_MAX) {
		first = put(p, OP_SPLIT);
		p->at[first].x = p->n;
		compile(p, n->items[0]);
		next = put(p, OP_JUMP);    /* may move p->at */
		p->at[next].x = first;
		p->at[first].y = p->n;
		return;
	}
	for (; i < n->max && !p->full; i++) {
		split = put(p, OP_SPLIT);
		p->at[split].x = p->n;
		p->at[split].y = last;
		last = split;
		compile(p, n->items[0]);
	}
	/* the splits are chained through y until the end is known */
	while (last != UINT32_MAX && !p->full) {
		next = p->at[last].y;
		p->at[last].y = p->n;
		last = next;
	}
}

static void compile(struct program *p, const struct node *n)
{
	uint32_t i;

	if (p->full)
		return;
	switch (n->kind) {
	case NODE_CHAR:
		i = put(p, OP_CHAR);
		p->at[i].c = n->c;
		break;
	case NODE_ONE:
		put(p, OP_ONE);
		break;
	case NODE_ANY:
		put(p, OP_ANY);
		break;
	case NODE_CLASS:
		i = put(p, OP_CLASS);
		p->at[i].class = n->class;
		break;
	case NODE_CAT:
		for (i = 0; i < n->n; i++)
			compile(p, n->items[i]);
		break;
	case NODE_OR:
		compile_or(p, n);
		break;
	case NODE_REPEAT:
		compile_repeat(p, n);
		break;
	}
}

/* The positions reachable from instruction i without a character. */
static void reach(const struct program *p, uint32_t i, const uint32_t *number, uint8_t *been, uint64_t *set)
{
	uint32_t stack[GLOB_INSTS], n = 0;

	memset(been, 0, p->n);
	stack[n++] = i;
	been[i] = 1;
	while (n) {
		const struct inst *in = &p->at[i = stack[--n]];

		if (in->op == OP_JUMP || in->op == OP_SPLIT) {
			if (!been[in->x]) {
				been[in->x] = 1;
				stack[n++] = in->x;
			}
			if (in->op == OP_SPLIT && !been[in->y]) {
				been[in->y] = 1;
				stack[n++] = in->y;
			}
		} else {
			set[number[i] / 64] |= (uint64_t)1 << number[i] % 64;
		}
	}
}

/* The bytes the tree certainly begins (or ends) with. */
static uint32_t fixed_bytes(struct arena *a, const struct node *list, bool from_end, bool characters, const char **ret)
{
	char *s = arena_alloc(a, (size_t)list->n * 4 + 1);
	uint32_t i, n = 0, first, c;

	for (i = 0; i < list->n; i++)
		if (list->items[from_end ? list->n - 1 - i : i]->kind != NODE_CHAR)
			break;
	first = from_end ? list->n - i : 0;
	for (i += first; first < i; first++) {
		c = list->items[first]->c;
		if (!characters || c < 0x80 || c >= 0x110000) {
			s[n++] = (char)(c >= 0x110000 ? c - 0x110000 : c);
		} else if (c < 0x800) {
			s[n++] = (char)(0xc0 | c >> 6);
			s[n++] = (char)(0x80 | (c & 0x3f));
		} else if (c < 0x10000) {
			s[n++] = (char)(0xe0 | c >> 12);
			s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
			s[n++] = (char)(0x80 | (c & 0x3f));
		} else {
			s[n++] = (char)(0xf0 | c >> 18);
			s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
			s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
			s[n++] = (char)(0x80 | (c & 0x3f));
		}
	}
	*ret = s;
	return n;
}

static int build(struct arena *a, struct glob *g, struct program *p)
{
	uint32_t i, n = 0, *number = arena_array(a, p->n, sizeof *number);
	uint8_t *been = arena_alloc(a, p->n);

	for (i = 0; i < p->n; i++)
		if (p->at[i].op < OP_SPLIT)
			number[i] = n++;
		else if (p->at[i].op == OP_END)
			number[i] = n;     /* it is the last instruction */
	if (n > GLOB_POSITIONS)
		return -1;
	g->n = n;
	g->words = n / 64 + 1;
	g->at = arena_array(a, n ? n : 1, sizeof *g->at);
	g->follow = arena_array(a, (size_t)(n ? n : 1) * g->words, sizeof *g->follow);
	g->start = arena_array(a, g->words, sizeof *g->start);
	reach(p, 0, number, been, g->start);
	for (i = 0; i < p->n; i++)
		if (p->at[i].op < OP_SPLIT) {
			struct position *at = &g->at[number[i]];

			at->op = p->at[i].op;
			at->c = p->at[i].c;
			at->class = p->at[i].class;
			reach(p, i + 1, number, been, g->follow + (size_t)number[i] * g->words);
		}
	return 0;
}

static int make_automaton(struct arena *a, const char *pattern, enum glob_kind kind, struct glob *g, struct err *err)
{
	struct arena *work = arena_new();
	struct parse s = { .a = work, .keep = a, .p = pattern, .kind = kind };
	struct program p = { 0 };
	struct node *list = parse_list(&s, "");
	int r = -1;

	if (!list || *s.p)
		goto out;
	g->characters = kind == GLOB_PATH;
	g->prefix_n = fixed_bytes(a, list, false, g->characters, &g->prefix);
	g->literal = true;             /* with escapes */
	for (uint32_t i = 0; g->literal && i < list->n; i++)
		g->literal = list->items[i]->kind == NODE_CHAR;
	g->suffix_n = fixed_bytes(a, list, true, g->characters, &g->suffix);
	if (g->literal) {
		r = 0;
		goto out;
	}
	compile(&p, list);
	put(&p, OP_END);
	if (!p.full)
		r = build(a, g, &p);
out:
	free(p.at);
	arena_free(work);
	if (r)
		return err_set(err, ERR_USER, "failed to parse glob expression");
	return 0;
}

/* Nine patterns of ten are a plain path, or a plain path and all below it: those need
 * no automaton. Comparing bytes is the same there: behind the prefix comes a slash or
 * the end, so no character is cut in two. */
static bool make_plain(struct arena *a, const char *pattern, enum glob_kind kind, struct glob *g)
{
	size_t n = strcspn(pattern, "*?$[]{}<>\\");

	g->literal = !pattern[n];
	g->tree = kind == GLOB_PATH && n >= 2 && pattern[n - 1] == '/' && strcmp(pattern + n, "**") == 0;
	if (!g->literal && !g->tree)
		return false;
	n -= g->tree;
	g->prefix = arena_strn(a, pattern, n);
	g->prefix_n = (uint32_t)n;
	return true;
}

int glob_make(struct arena *a, const char *pattern, enum glob_kind kind, const struct glob **ret, struct err *err)
{
	struct glob *g = arena_alloc(a, sizeof *g);

	*ret = g;
	return make_plain(a, pattern, kind, g) ? 0 : make_automaton(a, pattern, kind, g, err);
}

static bool class_has(const struct class *k, uint32_t c)
{
	uint32_t i;

	if (c == '/' && !k->slash)
		return false;
	for (i = 0; i < k->n; i++)
		if (c >= k->at[i].from && c <= k->at[i].to)
			return !k->not;
	return k->not;
}

static bool position_takes(const struct position *at, uint32_t c)
{
	switch (at->op) {
	case OP_CHAR:
		return c == at->c;
	case OP_ONE:
		return c != '/';
	case OP_ANY:
		return true;
	default:
		return class_has(at->class, c);
	}
}

/* Moves the set one character on; false: nowhere left. */
static bool step(const struct glob *g, uint64_t *set, uint32_t c)
{
	uint64_t next[GLOB_WORDS], bits, any = 0;
	uint32_t w, v, i;

	for (w = 0; w < g->words; w++)
		next[w] = 0;
	for (w = 0; w < g->words; w++)
		for (bits = set[w]; bits; bits &= bits - 1) {
			i = w * 64 + (uint32_t)__builtin_ctzll(bits);
			if (i < g->n && position_takes(&g->at[i], c))
				for (v = 0; v < g->words; v++)
					next[v] |= g->follow[(size_t)i * g->words + v];
		}
	for (w = 0; w < g->words; w++)
		any |= set[w] = next[w];
	return any;
}

static bool run(const struct glob *g, uint64_t *set, const char *s, size_t n)
{
	const char *end = s + n;

	memcpy(set, g->start, g->words * sizeof *set);
	while (s < end)
		if (!step(g, set, next_char(&s, (size_t)(end - s), g->characters)))
			return false;
	return true;
}

bool glob_match(const struct glob *g, const char *s, size_t n)
{
	uint64_t set[GLOB_WORDS];

	if (n < g->prefix_n || memcmp(s, g->prefix, g->prefix_n) != 0)
		return false;
	if (g->literal || g->tree)
		return n == g->prefix_n || (g->tree && s[g->prefix_n] == '/');
	if (n < g->suffix_n || memcmp(s + n - g->suffix_n, g->suffix, g->suffix_n) != 0)
		return false;
	return run(g, set, s, n) && (set[g->n / 64] >> g->n % 64 & 1);
}

/* Is one of the two the other, or a directory above it? */
static bool on_one_path(const char *a, size_t n, const char *b, size_t m)
{
	size_t shorter = n < m ? n : m;

	return memcmp(a, b, shorter) == 0 && (n == m || (n < m ? b : a)[shorter] == '/');
}

bool glob_may_enter(const struct glob *g, const char *dir, size_t n)
{
	uint64_t set[GLOB_WORDS], rest = 0;
	uint32_t w;

	if (g->tree) {
		if (n <= 1 && (!n || dir[0] == '/'))
			return !n || g->prefix[0] == '/';
		return on_one_path(dir, dir[n - 1] == '/' ? n - 1 : n, g->prefix, g->prefix_n);
	}
	if (g->literal)
		return g->prefix_n > n && memcmp(g->prefix, dir, n) == 0
			&& (n == 0 || dir[n - 1] == '/' || (g->prefix[n] == '/' && g->prefix_n > n + 1));
	if (!run(g, set, dir, n) || (n && dir[n - 1] != '/' && !step(g, set, '/')))
		return false;
	/* something must follow: the end alone does not count */
	set[g->n / 64] &= ~((uint64_t)1 << g->n % 64);
	for (w = 0; w < g->words; w++)
		rest |= set[w];
	return rest;
}

static bool is_magic(char c)
{
	return c && strchr("*?$[]{}<>", c);
}

bool glob_has_magic(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '\\' && pattern[1])
			pattern++;
		else if (is_magic(*pattern))
			return true;
	}
	return false;
}

char *glob_escape(struct arena *a, const char *literal)
{
	char *out = arena_alloc(a, strlen(literal) * 2 + 1), *p = out;

	if (*literal == '!')
		*p++ = '\\';
	for (; *literal; literal++) {
		if (is_magic(*literal) || *literal == '\\')
			*p++ = '\\';
		*p++ = *literal;
	}
	return out;
}

const char *glob_rest(const char *pattern)
{
	const char *rest = pattern, *p;

	for (p = pattern; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (is_magic(*p))
			return rest;
		else if (*p == '/')
			rest = p + 1;
	}
	return p;
}

char *glob_base(struct arena *a, const char *pattern)
{
	const char *end = glob_rest(pattern), *p;
	char *out = arena_alloc(a, (size_t)(end - pattern) + 1), *q = out;

	for (p = pattern; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		*q++ = *p;
	}
	/* without the slash before the rest, but "/" stays */
	if (*end && q > out + 1)
		q--;
	*q = '\0';
	return out;
}

/* Names without magic are looked up; the others stand in lists by their first
 * byte (256: it may be any). */
struct side {
	const char **names;
	uint32_t names_n;
	const struct glob **globs[257];
	uint32_t globs_n[257];
};

struct glob_set {
	struct side yes, no;
	bool any_no;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int side_add(struct arena *a, struct side *s, const char *pattern, enum glob_kind kind, struct err *err)
{
	const struct glob *g;
	unsigned i;

	if (glob_make(a, pattern, kind, &g, err))
		return err_wrap(err, "invalid glob pattern '%s'", pattern);
	if (g->literal) {
		s->names = arena_grow(a, s->names, s->names_n, sizeof *s->names);
		s->names[s->names_n++] = arena_strn(a, g->prefix, g->prefix_n);
		return 0;
	}
	i = g->prefix_n ? (unsigned char)g->prefix[0] : 256;
	s->globs[i] = arena_grow(a, s->globs[i], s->globs_n[i], sizeof *s->globs[i]);
	s->globs[i][s->globs_n[i]++] = g;
	return 0;
}

static void side_sort(struct side *s)
{
	if (s->names_n > 1)
		qsort(s->names, s->names_n, sizeof *s->names, compare_names);
}

static bool list_match(const struct side *s, unsigned list, const char *name, size_t n)
{
	uint32_t i;

	for (i = 0; i < s->globs_n[list]; i++)
		if (glob_match(s->globs[list][i], name, n))
			return true;
	return false;
}

static bool side_match(const struct side *s, const char *name, size_t n)
{
	uint32_t low = 0, high = s->names_n, middle;
	int c;

	while (low < high) {
		middle = low + (high - low) / 2;
		c = strncmp(s->names[middle], name, n);
		if (c == 0)
			c = s->names[middle][n] ? 1 : 0;
		if (c == 0)
			return true;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return (n && list_match(s, (unsigned char)name[0], name, n)) || list_match(s, 256, name, n);
}

int glob_set_make(struct arena *a, const struct texts *patterns, enum glob_kind kind, const struct glob_set **ret, struct err *err)
{
	struct glob_set *s = arena_alloc(a, sizeof *s);
	uint32_t i;

	for (i = 0; i < patterns->n; i++) {
		bool no = patterns->at[i][0] == '!';

		if (side_add(a, no ? &s->no : &s->yes, patterns->at[i] + no, kind, err))
			return -1;
		s->any_no |= no;
	}
	side_sort(&s->yes);
	side_sort(&s->no);
	*ret = s;
	return 0;
}

bool glob_set_match(const struct glob_set *s, const char *name, size_t n)
{
	return side_match(&s->yes, name, n) && !(s->any_no && side_match(&s->no, name, n));
}
