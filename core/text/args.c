#include "config.h"

#include "text/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64 };          /* bytes; a longer word resembles no option */

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

const char *args_shown_value(const struct args_option *o, char *ret, size_t room)
{
	ret[0] = '\0';
	if (o->value)
		snprintf(ret, room, o->may ? "[=<%s>]" : " <%s>", o->value);
	return ret;
}

int args_wrong(const struct args *a, struct err *err, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return err_set(err, ERR_SYSTEM, "out of memory");
	err_set(err, ERR_USAGE, "%s\n\nUsage: %s\n\nFor more information, try '--help'.", text, a->usage);
	free(text);
	return -1;
}

/* ---- the nearest option ----------------------------------------------------- */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, taken out, changed or swapped with the next to make b of
 * the first a_n of a. */
static uint32_t distance(const char *a, size_t a_n, const char *b)
{
	uint32_t rows[3][NAME_MAX_BYTES + 1], *before = rows[0], *last = rows[1], *now = rows[2], *spare, i, k;
	uint32_t n = (uint32_t)strlen(b), m = (uint32_t)a_n;

	if (n > NAME_MAX_BYTES || a_n > NAME_MAX_BYTES)
		return UINT32_MAX;
	for (k = 0; k <= n; k++)
		last[k] = k;
	for (i = 1; i <= m; i++) {
		now[0] = i;
		for (k = 1; k <= n; k++) {
			now[k] = least(least(last[k], now[k - 1]) + 1, last[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				now[k] = least(now[k], before[k - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[n];
}

/* Do the first n letters of `typed` resemble `name` more than *best? A third of the letters may be
 * wrong, or the end may be missing. */
static bool is_nearer(const char *typed, size_t n, const char *name, uint32_t *best)
{
	uint32_t d = distance(typed, n, name);

	if (d >= *best || (d > n / 3 && !(n >= 3 && strncmp(name, typed, n) == 0)))
		return false;
	*best = d;
	return true;
}

const char *args_nearest(const struct args_option *options, uint32_t n, const char *word)
{
	const char *typed = word + strspn(word, "-"), *ret = NULL;
	uint32_t i, best = UINT32_MAX;

	for (i = 0; i < n && best; i++)
		if (is_nearer(typed, strcspn(typed, "="), options[i].name, &best))
			ret = options[i].name;
	/* do not suggest the word that was typed */
	return best == 0 && word[1] == '-' ? NULL : ret;
}

const char *args_nearest_name(const char *const *names, const char *word)
{
	const char *ret = NULL;
	uint32_t best = UINT32_MAX;

	for (; *names; names++)
		if (is_nearer(word, strlen(word), *names, &best))
			ret = *names;
	return ret;
}

int args_unexpected(const struct args *a, const char *word, struct err *err)
{
	const char *near = is_option(word) ? args_nearest(a->options, a->options_n, word) : NULL;

	if (near)
		return args_wrong(a, err, "unexpected argument '%s' found\n\n  tip: a similar argument exists: '--%s'", word, near);
	return args_wrong(a, err, "unexpected argument '%s' found", word);
}

/* ---- reading ---------------------------------------------------------------- */

static int value_missing(const struct args_option *o, struct err *err)
{
	char shown[64];

	err_set(err, ERR_USAGE, "a value is required for '--%s%s' but none was supplied%s%s%s\n\nFor more information, try '--help'.",
		o->name, args_shown_value(o, shown, sizeof shown), o->possible ? "\n  [possible values: " : "",
		o->possible ? o->possible : "", o->possible ? "]" : "");
	return ARGS_WRONG;
}

/* The option is complete, its value set. */
static int take(struct args *a, uint32_t which, struct err *err)
{
	const struct args_option *o = &a->options[which];
	char shown[64];

	if (a->seen & UINT64_C(1) << which && !o->often) {
		args_wrong(a, err, "the argument '--%s%s' cannot be used multiple times", o->name, args_shown_value(o, shown, sizeof shown));
		return ARGS_WRONG;
	}
	a->seen |= UINT64_C(1) << which;
	return (int)which;
}

/* Takes the next word as the value, unless it looks like an option. */
static int take_next(struct args *a, uint32_t which, struct err *err)
{
	if (a->at >= a->argc || is_option(a->argv[a->at]))
		return value_missing(&a->options[which], err);
	a->value = a->argv[a->at++];
	return take(a, which, err);
}

static uint32_t by_letter(const struct args *a, char c)
{
	uint32_t i = 0;

	while (i < a->options_n && a->options[i].letter != c)
		i++;
	return i;
}

static uint32_t by_name(const struct args *a, const char *name, size_t n)
{
	uint32_t i = 0;

	while (i < a->options_n && (strlen(a->options[i].name) != n || strncmp(a->options[i].name, name, n) != 0))
		i++;
	return i;
}

/* --name, --name=value, --name value */
static int read_long(struct args *a, const char *word, struct err *err)
{
	const char *name = word + 2, *eq = strchr(name, '=');
	uint32_t which = by_name(a, name, eq ? (size_t)(eq - name) : strlen(name));
	const struct args_option *o = &a->options[which];

	if (which == a->options_n) {
		a->value = word;
		return ARGS_UNKNOWN;
	}
	if (eq && !o->value) {
		args_wrong(a, err, "unexpected value '%s' for '--%s' found; no more were expected", eq + 1, o->name);
		return ARGS_WRONG;
	}
	if (eq && o->may && !eq[1])
		return value_missing(o, err);
	if (!eq && o->value && !o->may)
		return take_next(a, which, err);
	a->value = eq ? eq + 1 : NULL;
	return take(a, which, err);
}

/* Is every letter an option, up to one that takes the rest as its value? */
static bool letters_are_known(const struct args *a, const char *letters)
{
	for (; *letters; letters++) {
		uint32_t which = by_letter(a, *letters);

		if (which == a->options_n)
			return false;
		if (a->options[which].value)
			break;
	}
	return true;
}

/* The next of -rv, -Fname, -F=name, -F name */
static int read_letter(struct args *a, struct err *err)
{
	uint32_t which = by_letter(a, *a->letters);
	const char *rest = a->letters + 1;

	a->letters = NULL;
	if (!a->options[which].value) {
		a->letters = *rest ? rest : NULL;
		return take(a, which, err);
	}
	if (!*rest)
		return take_next(a, which, err);
	a->value = rest + (*rest == '=');
	return take(a, which, err);
}

int args_next(struct args *a, struct err *err)
{
	const char *word;

	a->value = NULL;
	if (a->letters)
		return read_letter(a, err);
	if (!a->ended && a->at < a->argc && strcmp(a->argv[a->at], "--") == 0) {
		a->ended = true;
		a->at++;
	}
	if (a->at >= a->argc)
		return ARGS_END;
	word = a->argv[a->at++];
	if (!a->ended && strncmp(word, "--", 2) == 0)
		return read_long(a, word, err);
	if (!a->ended && is_option(word) && letters_are_known(a, word + 1)) {
		a->letters = word + 1;
		return read_letter(a, err);
	}
	a->value = word;
	return !a->ended && is_option(word) ? ARGS_UNKNOWN : ARGS_WORD;
}
