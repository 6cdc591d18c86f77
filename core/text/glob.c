#include "config.h"

#include "text/glob.h"

#include <stdlib.h>
#include <string.h>

#include "text/glob_inside.h"

/* A pattern becomes a tree, the tree a list of instructions, and those a set of
 * positions (the instructions that consume a character), each with the set of
 * positions that may follow. Matching keeps the set of positions it may be at
 * (Glushkov's automaton run as bits), so no pattern can make it go back. */
enum op { OP_CHAR, OP_ONE, OP_ANY, OP_CLASS, OP_SPLIT, OP_JUMP, OP_END };

struct inst {
	enum op op;
	uint32_t c;                    /* OP_CHAR */
	uint32_t x, y;                 /* OP_SPLIT both, OP_JUMP x: where to */
	const struct class *class;     /* OP_CLASS */
};

enum { GLOB_INSTS = 4000, GLOB_POSITIONS = 960, GLOB_WORDS = (GLOB_POSITIONS + 64) / 64 };

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
		if (p->n == before)        /* the item is empty: repeating it changes nothing */
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

/* Collects the positions reachable from instruction i without reading a character. */
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

/* Finds the bytes that every match begins (or ends) with. */
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
	struct program p = { 0 };
	struct node *list = glob_parse(work, a, pattern, kind);
	int r = -1;
	uint32_t i;

	if (!list)
		goto out;
	g->characters = kind != GLOB_NAME;
	g->prefix_n = fixed_bytes(a, list, false, g->characters, &g->prefix);
	g->literal = true;             /* with escapes */
	for (i = 0; g->literal && i < list->n; i++)
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

/* Recognizes a plain path, or a plain path and all below it, as nine patterns of ten are: comparing
 * bytes does what the automaton would. A slash or the end follows the prefix, so no character
 * is cut in two. */
static bool make_plain(struct arena *a, const char *pattern, enum glob_kind kind, struct glob *g)
{
	size_t n = strcspn(pattern, kind == GLOB_MEMBER ? "*?([]{}\\" : "*?$[]{}<>\\");

	g->literal = !pattern[n];
	g->tree = kind != GLOB_NAME && n >= 2 && pattern[n - 1] == '/' && strcmp(pattern + n, "**") == 0;
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

/* Moves the set one character on. false: no position is left. */
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
		if (!step(g, set, glob_next_char(&s, (size_t)(end - s), g->characters)))
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

/* Are the two equal, or is one a directory above the other? */
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
	/* something must follow: reaching the end does not count */
	set[g->n / 64] &= ~((uint64_t)1 << g->n % 64);
	for (w = 0; w < g->words; w++)
		rest |= set[w];
	return rest;
}

const char *glob_only(const struct glob *g)
{
	return g->literal ? g->prefix : NULL;
}

int glob_first_byte(const struct glob *g)
{
	return g->prefix_n ? (unsigned char)g->prefix[0] : -1;
}
