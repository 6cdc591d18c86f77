#include "config.h"

#include "fact/state.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "fact/content.h"
#include "os/tree.h"
#include "text/glob.h"
#include "text/path.h"
#include "workspace/workspace.h"

struct match {
	struct bytes name;             /* root-relative, with a NUL behind it */
	struct stamp stamp;            /* when it was looked at */
};

struct matching {
	struct arena *arena;
	const struct state_world *w;
	const struct globs *globs;     /* borrowed */
	const char *here;              /* the base being walked */
	const char *own;               /* the cache, root-relative, or NULL */
	struct match *at;              /* n of them, in the arena */
	uint32_t n;
};

static bool is_below(const char *path, size_t n, const char *dir)
{
	size_t size = strlen(dir);

	return n >= size && memcmp(path, dir, size) == 0 && (n == size || path[size] == '/');
}

static bool enter(void *ctx, const char *path, size_t n)
{
	const struct matching *m = ctx;
	const struct file_patterns *yes = &m->globs->yes;
	char probe[PATH_MAX + 4];
	uint32_t i;

	if (m->own && is_below(path, n, m->own))
		return false;
	if (n && n + 3 < sizeof probe) {
		memcpy(probe, path, n);
		memcpy(probe + n, "/\001\001", 4);
		for (i = 0; i < m->globs->no.n; i++)
			if (m->globs->no.at[i].all_below && glob_match(m->globs->no.at[i].glob, probe, n + 3))
				return false;
	}
	for (i = 0; i < yes->n; i++)
		if (strcmp(yes->at[i].base, m->here) == 0 && glob_may_enter(yes->at[i].glob, path, n))
			return true;
	return false;
}

static bool want(void *ctx, const char *path, size_t n)
{
	const struct matching *m = ctx;
	const struct file_patterns *yes = &m->globs->yes;
	uint32_t i;

	if (file_patterns_match(&m->globs->no, path, n))
		return false;
	for (i = 0; i < yes->n; i++)
		if (strcmp(yes->at[i].base, m->here) == 0 && glob_match(yes->at[i].glob, path, n))
			return true;
	return false;
}

static void found(void *ctx, const char *path, size_t n, const struct stat *st)
{
	struct matching *m = ctx;

	if (m->own && is_below(path, n, m->own))
		return;
	m->at = arena_grow(m->arena, m->at, m->n, sizeof *m->at);
	m->at[m->n].name = (struct bytes){ arena_strn(m->arena, path, n), n };
	stamp_of(st, &m->at[m->n++].stamp);
}

/* Walks each base once, with the patterns of that base alone: the walk of another base may stop
 * at a link on the way to this one. */
static int matching_walk(struct matching *m, unsigned flags, struct err *err)
{
	const struct tree_visitor visitor = { .enter = enter, .want = want, .found = found, .ctx = m };
	const struct file_patterns *yes = &m->globs->yes;
	uint32_t i, k;
	unsigned its;

	for (i = 0; i < yes->n; i++) {
		for (k = 0; k < i && strcmp(yes->at[k].base, yes->at[i].base) != 0; k++)
			;
		if (k < i)
			continue;
		m->here = yes->at[i].base;
		/* a pattern without magic mostly names a file */
		its = strcmp(yes->at[i].text, m->here) == 0 ? flags | TREE_FILE : flags;
		if (tree_walk(m->w->root_fd, m->here, its, &visitor, err) < 0)
			return -1;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct match *p = a, *q = b;

	return bytes_order(p->name, q->name);
}

/* Finds what the globs match, sorted, each path once. */
static int match_all(struct matching *m, const struct state_world *w, const struct globs *globs, unsigned flags,
		     struct arena *a, struct err *err)
{
	uint32_t i, n = 0;

	*m = (struct matching){ .arena = a, .w = w, .globs = globs, .own = path_below(w->root, w->cache_dir) };
	if (m->own && !m->own[0])
		m->own = NULL;
	if (matching_walk(m, flags, err) < 0)
		return -1;
	if (m->n > 1)
		qsort(m->at, m->n, sizeof *m->at, by_name);
	for (i = 0; i < m->n; i++)
		if (!n || bytes_order(m->at[n - 1].name, m->at[i].name) != 0)
			m->at[n++] = m->at[i];
	m->n = n;
	return 0;
}

int state_globbed(const struct state_world *w, const struct globs *globs, struct arena *a, struct facts *ret, struct err *err)
{
	struct contents contents = { .w = w, .arena = a };
	struct facts all = { 0 };
	struct matching m;
	uint32_t i;

	if (match_all(&m, w, globs, TREE_FOLLOW_BASE, a, err) < 0)
		return -1;
	all.at = arena_array(a, m.n, sizeof *all.at);
	for (i = 0; i < m.n; i++) {
		struct fact *fact = &all.at[all.n++];

		*fact = (struct fact){ .kind = FACT_GLOBBED, .name = m.at[i].name, .detail = { "", 0 }, .state = { "", 0 } };
		/* only the content of a declared input counts, not whether it may be executed */
		content_want(&contents, &(struct wanted){ .state = &fact->state, .before = { "", 0 }, .path = fact->name, .stamp = m.at[i].stamp });
	}
	if (content_find(&contents, err) < 0)
		return -1;
	*ret = all;
	return 0;
}

int state_matches(const struct state_world *w, const struct globs *globs, struct arena *a, struct texts *ret, struct err *err)
{
	struct texts all = { 0 };
	struct matching m;
	uint32_t i;

	if (match_all(&m, w, globs, TREE_LINKS | TREE_EMPTY, a, err) < 0)
		return -1;
	for (i = 0; i < m.n; i++)
		texts_add(a, &all, m.at[i].name.data);
	*ret = all;
	return 0;
}
