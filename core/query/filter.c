#include "config.h"

#include "query/filter.h"

#include <string.h>

#include "text/glob.h"

static bool starts(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(s, with, strlen(with)) == 0;
}

static bool ends(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(s + n - strlen(with), with, strlen(with)) == 0;
}

static int bad(struct err *err, const char *why)
{
	err_set(err, ERR_USER, "%s", why);
	return err_wrap(err, "invalid --filter expression");
}

/* Cuts a trailing "[reference]" off the core. */
static size_t read_reference(const char *core, size_t n, struct arena *a, struct filter *f)
{
	size_t open = n;

	if (n < 3 || core[n - 1] != ']' || core[n - 2] == '\\')
		return n;
	while (open > 0 && core[open - 1] != '[')
		open--;
	if (!open || open - 1 + 2 >= n)
		return n;
	f->reference = arena_strn(a, core + open, n - open - 1);
	if (core[0] == '.')
		f->with_reference = arena_strn(a, core, n);
	return open - 1;
}

static int read_name(const char *s, size_t n, struct arena *a, struct filter *f, struct err *err)
{
	char *name = arena_strn(a, s, n);

	f->name = name;
	if (!glob_has_magic(name))
		return 0;
	if (glob_make(a, name, GLOB_PATH, &f->name_glob, err) < 0) {
		err_wrap(err, "Invalid glob pattern: failed to parse glob expression");
		return err_wrap(err, "invalid --filter expression");
	}
	return 0;
}

static int read_dir(const char *s, size_t n, struct arena *a, struct filter *f, struct err *err)
{
	const struct glob *unused;
	char *dir = arena_strn(a, s, n);

	f->dir = dir;
	if (glob_has_magic(dir) && glob_make(a, dir, GLOB_PATH, &unused, err) < 0) {
		err_wrap(err, "Invalid glob pattern: failed to parse glob expression");
		return err_wrap(err, "invalid --filter expression");
	}
	return 0;
}

/* Where the brace stands that the last byte closes; n: nowhere. */
static size_t opening(const char *s, size_t n)
{
	size_t depth = 0, i;

	for (i = n; i-- > 0;) {
		depth += s[i] == '}';
		if (s[i] == '{' && --depth == 0)
			return i;
	}
	return n;
}

static int read_core(const char *s, size_t n, struct arena *a, struct filter *f, struct err *err)
{
	size_t open;

	n = read_reference(s, n, a, f);
	if (!n)
		return f->reference ? 0 : bad(err, "Empty filter selector");
	if (s[0] == '.') {
		f->dependencies = f->dependents = f->without_self = false;
		return read_dir(s, n, a, f, err);
	}
	if (s[n - 1] == '}') {
		open = opening(s, n);
		if (open < n) {
			if (open > 0 && read_name(s, open, a, f, err) < 0)
				return -1;
			return read_dir(s + open + 1, n - open - 2, a, f, err);
		}
	}
	return read_name(s, n, a, f, err);
}

static int read_token(const char *s, size_t n, struct arena *a, struct filter *f, struct err *err)
{
	f->text = arena_strn(a, s, n);
	if (starts(s, n, "!")) {
		f->exclude = true;
		s++, n--;
	}
	if (ends(s, n, "...")) {
		f->dependencies = true;
		n -= 3;
		if (ends(s, n, "^")) {
			f->without_self = true;
			n--;
		}
	}
	if (starts(s, n, "...")) {
		f->dependents = true;
		s += 3, n -= 3;
		if (starts(s, n, "^")) {
			f->without_self = true;
			s++, n--;
		}
	}
	return read_core(s, n, a, f, err);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

int filters_parse(const struct texts *values, struct arena *a, struct filters *ret, struct err *err)
{
	struct filters all = { NULL, 0 };
	uint32_t i;

	for (i = 0; i < values->n; i++) {
		const char *s = values->at[i];
		uint32_t before = all.n;

		while (*s) {
			const char *start;

			while (blank(*s))
				s++;
			for (start = s; *s && !blank(*s); )
				s++;
			if (s == start)
				break;
			all.at = arena_grow(a, all.at, all.n, sizeof *all.at);
			memset(&all.at[all.n], 0, sizeof *all.at);
			if (read_token(start, (size_t)(s - start), a, &all.at[all.n++], err) < 0)
				return -1;
		}
		if (all.n == before)
			return err_set(err, ERR_USER, "--filter value is empty");
	}
	*ret = all;
	return 0;
}
