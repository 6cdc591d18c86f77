#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "text/path.h"
#include "text/semver.h"
#include "workspace/load.h"

/* Edges in the making, for one package. */
struct edge_list {
	struct edge *at;
	uint32_t n;
};

static void index_names(struct loading *l)
{
	uint32_t i;

	l->next_same = arena_array(l->w.arena, l->members_n, sizeof *l->next_same);
	/* backwards, so that the chain of one name runs in package order */
	for (i = l->members_n; i-- > 0;) {
		void **first;

		if (!l->packages[i].name[0])
			continue;
		first = map_puts(&l->names, l->packages[i].name);
		l->next_same[i] = (uint32_t)(uintptr_t)*first;
		*first = (void *)(uintptr_t)(i + 1);
	}
}

/* Do npm, yarn and bun link the value to a member? They do if its version satisfies the range, and for "*". */
static bool range_fits(const char *range, const struct package *to)
{
	while (*range == ' ')
		range++;
	if (!*range || strcmp(range, "*") == 0)
		return true;
	return to->version && semver_satisfies(to->version, range);
}

/* The package called `name` (whose version fits `range`, if given). 1: none, -1: more than one */
static int find_named(const struct loading *l, const char *name, const char *range, const struct package **ret, struct err *err)
{
	uint32_t i = (uint32_t)(uintptr_t)map_gets(&l->names, name);
	const struct package *found = NULL, *p;

	for (; i; i = l->next_same[i - 1]) {
		p = &l->packages[i - 1];
		if (range && !range_fits(range, p))
			continue;
		if (found)
			return err_set(err, ERR_USER, "Duplicate package name `%s` found at `%s` and `%s`", name,
				       found->path[0] ? found->path : ".", p->path[0] ? p->path : ".");
		found = p;
	}
	if (!found)
		return 1;
	*ret = found;
	return 0;
}

/* The member at a path, as seen from a folder. 1: none */
static int find_at(const struct loading *l, const char *from, const char *path, const struct package **ret)
{
	struct arena *a = l->scratch;
	const char *below = path_below(l->w.root, path_clean(a, path_join(a, from, path)));

	*ret = below ? workspace_package(&l->w, below) : NULL;
	return *ret ? 0 : 1;
}

/* file:, link: and plain paths, seen from the package that names them. */
static int find_path(const struct loading *l, const struct package *from, const char *path, const struct package **ret)
{
	if (strncmp(path, "//", 2) == 0)
		path += 2;
	return find_at(l, from->dir, path, ret);
}

/* `workspace:` values: "../path" (for yarn seen from the root), "other@range", which names another
 * package, or any range, which is not looked at. */
static int find_workspace(const struct loading *l, const struct package *from, const struct dependency *d, const struct package **ret, struct err *err)
{
	const char *value = d->value + strlen("workspace:"), *at = strrchr(value, '@'), *name = d->name;

	if (value[0] == '.' || value[0] == '/' || (!at && strchr(value, '/')))
		return find_at(l, from->dir, value, ret) && find_at(l, l->w.root, value, ret);
	if (at)
		name = arena_strn(l->scratch, value, (size_t)(at - value));
	return name[0] ? find_named(l, name, NULL, ret, err) : 1;
}

const char *edges_path_value(const char *value)
{
	static const char *const protocols[] = { "file:", "link:", "portal:" };
	size_t i;

	/* nearly all values are ranges: their first byte tells */
	if (value[0] != 'f' && value[0] != 'l' && value[0] != 'p' && value[0] != '.' && value[0] != '/')
		return NULL;
	for (i = 0; i < COUNT(protocols); i++)
		if (strncmp(value, protocols[i], strlen(protocols[i])) == 0)
			return value + strlen(protocols[i]);
	if (value[0] == '/' || (value[0] == '.' && (value[1] == '/' || (value[1] == '.' && (value[2] == '/' || !value[2])))))
		return value;
	return NULL;
}

/* yarn's "npm:^1.0.0" is the range; "npm:other@1" is a package of the registry. */
static const char *range_of(const char *value)
{
	return strncmp(value, "npm:", 4) == 0 && semver_is_range(value + 4) ? value + 4 : value;
}

/* Which package an entry means. 0, 1: none of ours, -1 */
static int find(const struct loading *l, const struct package *from, const struct dependency *d, const struct package **ret, struct err *err)
{
	const char *path;

	if (d->value[0] == 'w' && strncmp(d->value, "workspace:", strlen("workspace:")) == 0)
		return find_workspace(l, from, d, ret, err);
	path = edges_path_value(d->value);
	if (path)
		return find_path(l, from, path, ret);
	return l->root.ranges && d->name[0] ? find_named(l, d->name, range_of(d->value), ret, err) : 1;
}

static void add_edge(struct loading *l, struct edge_list *list, const struct package *to, unsigned type)
{
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (list->at[i].to == to) {
			list->at[i].types |= type;
			return;
		}
	list->at = arena_grow(l->w.arena, list->at, list->n, sizeof *list->at);
	list->at[list->n].to = to;
	list->at[list->n++].types = type;
}

static int compare_edges(const void *a, const void *b)
{
	const struct package *p = ((const struct edge *)a)->to, *q = ((const struct edge *)b)->to;

	return (p->index > q->index) - (p->index < q->index);
}

static int edges_of(struct loading *l, uint32_t i, struct err *err)
{
	const struct manifest *m = l->members[i].manifest;
	struct package *from = &l->packages[i];
	struct edge_list list = { 0 };
	const struct package *to;
	uint32_t k;
	int r;

	for (k = 0; k < m->dependencies_n; k++) {
		r = find(l, from, &m->dependencies[k], &to, err);
		if (r < 0)
			return -1;
		if (r == 0 && to != from)
			add_edge(l, &list, to, m->dependencies[k].type);
	}
	if (list.n > 1)
		qsort(list.at, list.n, sizeof *list.at, compare_edges);
	from->needs = list.at;
	from->needs_n = list.n;
	return 0;
}

int edges_make(struct loading *l, struct err *err)
{
	uint32_t i;

	index_names(l);
	for (i = 0; i < l->members_n; i++)
		if (edges_of(l, i, err))
			return -1;
	return 0;
}
