#include "config.h"

#include <string.h>

#include "base/texts.h"
#include "text/glob_inside.h"

/* Names without magic are looked up; the others stand in lists by their first
 * byte (256: it may be any). */
struct side {
	struct texts names;            /* sorted */
	const struct glob **globs[257];
	uint32_t globs_n[257];
};

struct glob_set {
	struct side yes, no;
	bool any_no;
};

static int side_add(struct arena *a, struct side *s, const char *pattern, enum glob_kind kind, struct err *err)
{
	const struct glob *g;
	unsigned i;

	if (glob_make(a, pattern, kind, &g, err))
		return err_wrap(err, "invalid glob pattern '%s'", pattern);
	if (glob_only(g)) {
		texts_add(a, &s->names, glob_only(g));
		return 0;
	}
	i = glob_first_byte(g) < 0 ? 256 : (unsigned)glob_first_byte(g);
	s->globs[i] = arena_grow(a, s->globs[i], s->globs_n[i], sizeof *s->globs[i]);
	s->globs[i][s->globs_n[i]++] = g;
	return 0;
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
	uint32_t low = 0, high = s->names.n, middle;
	int c;

	while (low < high) {
		middle = low + (high - low) / 2;
		c = strncmp(s->names.at[middle], name, n);
		if (c == 0)
			c = s->names.at[middle][n] ? 1 : 0;
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
	texts_sort(&s->yes.names);
	texts_sort(&s->no.names);
	*ret = s;
	return 0;
}

bool glob_set_match(const struct glob_set *s, const char *name, size_t n)
{
	return side_match(&s->yes, name, n) && !(s->any_no && side_match(&s->no, name, n));
}
