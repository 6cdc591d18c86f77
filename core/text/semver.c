#include "config.h"

#include "text/semver.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A version, or a partial one as ranges have them: n numbers are given. */
struct version {
	uint64_t v[3];
	int n;                     /* 0: "*"; a number that is not given is 0 in v */
	const char *pre;           /* after the '-', not terminated */
	size_t pre_n;              /* 0: no prerelease */
};

enum op { OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ };

/* One alternative of a range, tested while it is read. */
struct test {
	const struct version *version;
	bool ok;                   /* no comparator failed so far */
	bool pre;                  /* a comparator names a prerelease of the same numbers */
};

static const uint64_t VERSION_MAX = 9007199254740991;      /* npm's: 2^53 - 1 */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_identifier(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static const char *blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p;
}

/* 1: a number, 0: x, X or *, -1: neither */
static int number(const char **p, uint64_t *ret)
{
	uint64_t v = 0;

	if (**p == 'x' || **p == 'X' || **p == '*') {
		++*p;
		return 0;
	}
	if (!is_digit(**p))
		return -1;
	for (; is_digit(**p); ++*p) {
		v = v * 10 + (uint64_t)(**p - '0');
		if (v > VERSION_MAX)
			return -1;
	}
	*ret = v;
	return 1;
}

/* "beta.1": identifiers between single dots */
static bool identifiers(const char **p)
{
	do {
		if (!is_identifier(**p))
			return false;
		while (is_identifier(**p))
			++*p;
	} while (**p == '.' && (++*p, true));
	return true;
}

/* Reads a (partial) version and moves *p behind it. */
static bool read_version(const char **p, struct version *ret)
{
	int i, r;
	bool open = true;          /* no x so far */

	memset(ret, 0, sizeof *ret);
	while (**p == 'v' || **p == 'V' || **p == '=')
		*p = blanks(*p + 1);
	for (i = 0; i < 3; i++) {
		uint64_t v = 0;

		r = number(p, &v);
		if (r < 0)
			return false;
		open = open && r;
		if (open) {
			ret->v[i] = v;
			ret->n = i + 1;
		}
		if (i == 2 || **p != '.')
			break;
		++*p;
	}
	if (i == 2 && **p == '-') {
		ret->pre = ++*p;
		if (!identifiers(p))
			return false;
		ret->pre_n = ret->n == 3 ? (size_t)(*p - ret->pre) : 0;
	}
	if (**p == '+') {
		++*p;
		if (!identifiers(p))
			return false;
	}
	return true;
}

static bool is_numeric(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_digit(s[i]))
			return false;
	return true;
}

static int compare_bytes(const char *a, size_t an, const char *b, size_t bn)
{
	int c = memcmp(a, b, an < bn ? an : bn);

	return c ? c : (an > bn) - (an < bn);
}

static int compare_identifier(const char *a, size_t an, const char *b, size_t bn)
{
	bool a_numeric = is_numeric(a, an), b_numeric = is_numeric(b, bn);

	if (a_numeric != b_numeric)
		return a_numeric ? -1 : 1;
	if (!a_numeric)
		return compare_bytes(a, an, b, bn);
	for (; an > 1 && *a == '0'; a++, an--)
		;
	for (; bn > 1 && *b == '0'; b++, bn--)
		;
	return an != bn ? (an > bn) - (an < bn) : memcmp(a, b, an);
}

static int compare_pre(const struct version *a, const struct version *b)
{
	const char *p = a->pre, *q = b->pre, *p_end, *q_end;

	if (!a->pre_n || !b->pre_n)
		return !a->pre_n - !b->pre_n;
	p_end = p + a->pre_n;
	q_end = q + b->pre_n;
	for (;;) {
		const char *p_dot = memchr(p, '.', (size_t)(p_end - p)), *q_dot = memchr(q, '.', (size_t)(q_end - q));
		const char *p_to = p_dot ? p_dot : p_end, *q_to = q_dot ? q_dot : q_end;
		int c = compare_identifier(p, (size_t)(p_to - p), q, (size_t)(q_to - q));

		if (c)
			return c;
		if (!p_dot || !q_dot)
			return !!p_dot - !!q_dot;
		p = p_dot + 1;
		q = q_dot + 1;
	}
}

static int compare(const struct version *a, const struct version *b)
{
	int i;

	for (i = 0; i < 3; i++)
		if (a->v[i] != b->v[i])
			return a->v[i] < b->v[i] ? -1 : 1;
	return compare_pre(a, b);
}

static void comparator(struct test *t, enum op op, const struct version *bound)
{
	int c = compare(t->version, bound);

	t->ok &= op == OP_LT ? c < 0 : op == OP_LE ? c <= 0 : op == OP_GT ? c > 0 : op == OP_GE ? c >= 0 : c == 0;
	t->pre |= bound->pre_n && memcmp(bound->v, t->version->v, sizeof bound->v) == 0;
}

/* Below the first version whose number at `i` is one more than v's: "<1.3.0-0" for 1.2.x, i 1. */
static void below_next(struct test *t, const struct version *v, int i)
{
	struct version bound = { .n = 3, .pre = "0", .pre_n = 1 };

	memcpy(bound.v, v->v, (size_t)(i + 1) * sizeof bound.v[0]);
	bound.v[i]++;
	comparator(t, OP_LT, &bound);
}

static void caret(struct test *t, const struct version *v)
{
	int i = 0;

	if (!v->n)
		return;
	comparator(t, OP_GE, v);
	/* keeps the first number that is not 0, or the last given one */
	while (i < v->n - 1 && v->v[i] == 0)
		i++;
	below_next(t, v, i);
}

static void tilde(struct test *t, const struct version *v)
{
	if (!v->n)
		return;
	comparator(t, OP_GE, v);
	below_next(t, v, v->n > 1 ? 1 : 0);
}

static void equal(struct test *t, const struct version *v)
{
	if (v->n == 3) {
		comparator(t, OP_EQ, v);
	} else if (v->n) {
		comparator(t, OP_GE, v);
		below_next(t, v, v->n - 1);
	}
}

static void primitive(struct test *t, enum op op, const struct version *v)
{
	struct version bound = *v;

	if (!v->n) {
		t->ok &= op == OP_LE || op == OP_GE;       /* nothing is above or below everything */
	} else if (v->n == 3 || op == OP_GE) {
		comparator(t, op, v);
	} else if (op == OP_LE) {
		below_next(t, v, v->n - 1);
	} else if (op == OP_LT) {
		bound.pre = "0";
		bound.pre_n = 1;
		comparator(t, OP_LT, &bound);
	} else {
		bound.v[v->n - 1]++;
		comparator(t, OP_GE, &bound);
	}
}

/* 1: `from - to` was read, 0: it is none, -1: it is broken */
static int hyphen(struct test *t, const char **p)
{
	struct version from, to;
	const char *q = *p;

	if (!read_version(&q, &from) || blanks(q) == q)
		return 0;
	q = blanks(q);
	if (*q != '-' || blanks(q + 1) == q + 1)
		return 0;
	q = blanks(q + 1);
	if (!read_version(&q, &to))
		return -1;
	if (from.n)
		comparator(t, OP_GE, &from);
	primitive(t, OP_LE, &to);
	*p = blanks(q);
	return 1;
}

static bool simple(struct test *t, const char **p)
{
	struct version v;
	char c = **p;

	if (c == '^' || c == '~') {
		*p += c == '~' && (*p)[1] == '>' ? 2 : 1;
		*p = blanks(*p);
		if (!read_version(p, &v))
			return false;
		(c == '^' ? caret : tilde)(t, &v);
		return true;
	}
	if (c == '<' || c == '>') {
		bool or_equal = (*p)[1] == '=';

		*p = blanks(*p + 1 + or_equal);
		if (!read_version(p, &v))
			return false;
		primitive(t, c == '<' ? (or_equal ? OP_LE : OP_LT) : (or_equal ? OP_GE : OP_GT), &v);
		return true;
	}
	if (!read_version(p, &v))
		return false;
	equal(t, &v);
	return true;
}

/* Reads one alternative up to `||` or the end. */
static bool alternative(struct test *t, const char **p)
{
	int r;

	*p = blanks(*p);
	r = hyphen(t, p);
	if (r)
		return r > 0 && (!**p || **p == '|');
	while (**p && **p != '|') {
		if (!simple(t, p))
			return false;
		if (**p && **p != '|' && blanks(*p) == *p)
			return false;      /* "1.2.3foo" */
		*p = blanks(*p);
	}
	return true;
}

static bool range(const char *p, const struct version *version, bool *ret)
{
	for (*ret = false;; p += 2) {
		struct test t = { .version = version, .ok = true };

		if (!alternative(&t, &p))
			return false;
		*ret |= t.ok && (!version->pre_n || t.pre);
		if (!*p)
			return true;
		if (p[0] != '|' || p[1] != '|')
			return false;
	}
}

bool semver_satisfies(const char *version, const char *text)
{
	struct version v;
	const char *p = blanks(version);
	bool yes;

	return read_version(&p, &v) && v.n == 3 && !*blanks(p) && range(text, &v, &yes) && yes;
}

bool semver_is_range(const char *text)
{
	const struct version zero = { .n = 3 };
	bool yes;

	return range(text, &zero, &yes);
}
