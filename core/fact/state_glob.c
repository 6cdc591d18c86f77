#include "config.h"

#include "fact/state.h"

#include <limits.h>
#include <string.h>

#include "base/texts.h"
#include "fact/state_inside.h"
#include "os/tree.h"
#include "text/glob.h"
#include "text/path.h"
#include "workspace/workspace.h"

struct matching {
	struct filling fill;
	struct arena *arena;
	const struct globs *globs;     /* borrowed */
	const char *here;              /* the base being walked */
	const char *own;               /* the cache, root-relative, or NULL */
	bool contents;                 /* facts with states; else names only */
	struct facts facts;
	struct stamp *stamps;          /* beside facts */
	struct texts names;
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
	if (!m->contents) {
		texts_add(m->arena, &m->names, arena_strn(m->arena, path, n));
		return;
	}
	m->stamps = arena_grow(m->arena, m->stamps, m->facts.n, sizeof *m->stamps);
	stamp_of(st, &m->stamps[m->facts.n]);
	m->facts.at = arena_grow(m->arena, m->facts.at, m->facts.n, sizeof *m->facts.at);
	m->facts.at[m->facts.n++] = (struct fact){
		.kind = FACT_GLOBBED,
		.name = { arena_strn(m->arena, path, n), n },
		.detail = { "", 0 },
		.state = { "", 0 },
	};
}

/* Each base once, each with its own patterns: a base behind a link is walked although its neighbours' walk stops there. */
static int matching_walk(struct matching *m, unsigned flags, struct err *err)
{
	const struct tree_visitor visitor = { .enter = enter, .want = want, .found = found, .ctx = m };
	const struct file_patterns *yes = &m->globs->yes;
	uint32_t i, k;

	for (i = 0; i < yes->n; i++) {
		for (k = 0; k < i && strcmp(yes->at[k].base, yes->at[i].base) != 0; k++)
			;
		if (k < i)
			continue;
		m->here = yes->at[i].base;
		if (tree_walk(m->fill.w->root_fd, m->here, flags, &visitor, err) < 0)
			return -1;
	}
	return 0;
}

static void matching_begin(struct matching *m, const struct state_world *w, const struct globs *globs, struct arena *a)
{
	*m = (struct matching){ .arena = a, .globs = globs, .own = path_below(w->root, w->cache_dir) };
	m->fill = (struct filling){ .w = w, .arena = a };
	if (m->own && !m->own[0])
		m->own = NULL;
}

/* What was stat'ed travels in the (still empty) state while the list is sorted. */
static void sort_found(struct matching *m)
{
	uint32_t i;

	for (i = 0; i < m->facts.n; i++)
		m->facts.at[i].state = (struct bytes){ &m->stamps[i], 0 };
	facts_sort(&m->facts);
}

int state_globbed(const struct state_world *w, const struct globs *globs, struct arena *a, struct facts *ret, struct err *err)
{
	struct matching m;
	uint32_t i;

	*ret = (struct facts){ 0 };
	if (!globs->yes.n)
		return 0;
	matching_begin(&m, w, globs, a);
	m.contents = true;
	if (matching_walk(&m, TREE_FOLLOW_BASE, err) < 0)
		return -1;
	sort_found(&m);
	for (i = 0; i < m.facts.n; i++) {
		struct fact *fact = &m.facts.at[i];
		const struct stamp *stamp = fact->state.data;

		fact->state = (struct bytes){ "", 0 };
		/* of what is declared only the content counts */
		filling_want(&m.fill, &fact->state, (struct bytes){ "", 0 }, fact->name, false, stamp, false);
	}
	if (filling_digest(&m.fill, err) < 0)
		return -1;
	*ret = m.facts;
	return 0;
}

int state_matches(const struct state_world *w, const struct globs *globs, struct arena *a, struct texts *ret, struct err *err)
{
	struct matching m;

	*ret = (struct texts){ 0 };
	if (!globs->yes.n)
		return 0;
	matching_begin(&m, w, globs, a);
	if (matching_walk(&m, TREE_LINKS | TREE_EMPTY, err) < 0)
		return -1;
	texts_sort(&m.names);
	*ret = m.names;
	return 0;
}
