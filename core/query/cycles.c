#include "config.h"

#include "query/cycles.h"

#include <string.h>

enum { NONE = UINT32_MAX };

/* Tarjan's algorithm, without recursion: nodes that reach each other get one group. */
struct grouping {
	const struct waits *of;
	uint32_t *number;                  /* the order in which it was reached, from 1; 0: not yet */
	uint32_t *low;                     /* the lowest number it reaches */
	uint32_t *group;                   /* the answer; NONE while it is open */
	uint32_t *next;                    /* the next of its waits that the search follows */
	uint32_t *path, path_n;            /* from the beginning of the search to the present node */
	uint32_t *open, open_n;            /* reached, and without a group */
	uint32_t count, groups;
};

static void come_to(struct grouping *g, uint32_t node)
{
	g->number[node] = g->low[node] = ++g->count;
	g->path[g->path_n++] = node;
	g->open[g->open_n++] = node;
}

static void leave(struct grouping *g)
{
	uint32_t node = g->path[--g->path_n], one;

	if (g->path_n && g->low[g->path[g->path_n - 1]] > g->low[node])
		g->low[g->path[g->path_n - 1]] = g->low[node];
	if (g->low[node] != g->number[node])
		return;
	do {
		one = g->open[--g->open_n];
		g->group[one] = g->groups;
	} while (one != node);
	g->groups++;
}

static void search_from(struct grouping *g, uint32_t start)
{
	come_to(g, start);
	while (g->path_n) {
		uint32_t node = g->path[g->path_n - 1], to;

		if (g->next[node] == g->of[node].n) {
			leave(g);
			continue;
		}
		to = g->of[node].at[g->next[node]++].on;
		if (!g->number[to])
			come_to(g, to);
		else if (g->group[to] == NONE && g->low[node] > g->number[to])
			g->low[node] = g->number[to];
	}
}

/* Per node: the group of nodes that reach each other to which it belongs. */
static uint32_t *make_groups(const struct waits *of, uint32_t n, struct arena *a)
{
	struct grouping g = { .of = of };
	uint32_t i;

	g.number = arena_array(a, n, sizeof *g.number);
	g.low = arena_array(a, n, sizeof *g.low);
	g.group = arena_array(a, n, sizeof *g.group);
	g.next = arena_array(a, n, sizeof *g.next);
	g.path = arena_array(a, n, sizeof *g.path);
	g.open = arena_array(a, n, sizeof *g.open);
	memset(g.group, 0xff, n * sizeof *g.group);
	for (i = 0; i < n; i++)
		if (!g.number[i])
			search_from(&g, i);
	return g.group;
}

/* The shortest way from a node back to itself within its group. */
static uint32_t closed_path(const struct waits *of, const uint32_t *group, uint32_t from, uint32_t n, struct arena *a, uint32_t **ret)
{
	uint32_t *came = arena_array(a, n, sizeof *came), *todo = arena_array(a, n, sizeof *todo), *path;
	uint32_t done, todo_n = 0, i, length = 1, at;

	memset(came, 0xff, n * sizeof *came);
	todo[todo_n++] = from;
	for (done = 0; done < todo_n && came[from] == NONE; done++)
		for (i = 0; i < of[todo[done]].n; i++) {
			uint32_t to = of[todo[done]].at[i].on;

			if (group[to] != group[from] || came[to] != NONE)
				continue;
			came[to] = todo[done];
			if (to == from)
				break;
			todo[todo_n++] = to;
		}
	for (at = came[from]; at != from; at = came[at])
		length++;
	path = arena_array(a, length, sizeof *path);
	for (at = came[from], i = length; at != from; at = came[at])
		path[--i] = at;
	path[0] = from;
	*ret = path;
	return length;
}

/* Removes a node's derived waits within its group. */
static void cut(struct waits *waits, const uint32_t *group, uint32_t node)
{
	uint32_t i, kept = 0;

	for (i = 0; i < waits->n; i++)
		if (!waits->at[i].derived || group[waits->at[i].on] != group[node])
			waits->at[kept++] = waits->at[i];
	waits->n = kept;
}

/* Per group: its last node with a derived wait inside; NONE: there is none. */
static uint32_t *find_last(const struct waits *of, const uint32_t *group, uint32_t n, struct arena *a)
{
	uint32_t *last = arena_array(a, n, sizeof *last), i, k;

	memset(last, 0xff, n * sizeof *last);
	for (i = 0; i < n; i++)
		for (k = 0; k < of[i].n; k++)
			if (of[i].at[k].derived && of[i].at[k].on != i && group[of[i].at[k].on] == group[i])
				last[group[i]] = i;
	return last;
}

/* Tells a closed path of each group that will be cut, from its first node. */
static void tell_all(const struct waits *of, const uint32_t *group, const uint32_t *last, uint32_t n, struct arena *a,
		     void (*tell)(void *ctx, const uint32_t *path, uint32_t n), void *ctx)
{
	bool *told = arena_array(a, n, sizeof *told);
	uint32_t i, length, *path;

	for (i = 0; i < n; i++) {
		if (last[group[i]] == NONE || told[group[i]])
			continue;
		told[group[i]] = true;
		length = closed_path(of, group, i, n, a, &path);
		tell(ctx, path, length);
	}
}

void cycles_cut(struct waits *of, uint32_t n, struct arena *a,
		void (*tell)(void *ctx, const uint32_t *path, uint32_t n), void *ctx)
{
	uint32_t *group = make_groups(of, n, a), *last = find_last(of, group, n, a), i;
	bool more;

	tell_all(of, group, last, n, a, tell, ctx);
	do {
		struct arena *work = arena_new();

		more = false;
		group = make_groups(of, n, work);
		last = find_last(of, group, n, work);
		for (i = 0; i < n; i++)
			if (last[group[i]] == i) {
				cut(&of[i], group, i);
				more = true;
			}
		arena_free(work);
	} while (more);
}
