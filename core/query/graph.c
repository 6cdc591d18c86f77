#include "config.h"

#include "query/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "query/cycles.h"
#include "query/options.h"
#include "query/runners.h"
#include "workspace/workspace.h"

enum { ABSENT = UINT32_MAX };

struct graphing {
	const struct query_world *world;
	const struct workspace *w;
	const struct selection *sel;
	struct arena *a;
	struct task_graph g;               /* its waits are made last */
	struct waits *waits;               /* per node */
	uint32_t *place;                   /* per task of the workspace: its node, or ABSENT */
	const struct task **of;            /* per package: its task of that name when selected, else NULL */
};

static int by_task(const void *a, const void *b)
{
	uint32_t x = ((const struct graph_node *)a)->task->index, y = ((const struct graph_node *)b)->task->index;

	return x < y ? -1 : x > y;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* By the node waited for; of two for one node the derived one is last, and then that of package order. */
static int by_wait(const void *a, const void *b)
{
	const struct wait *x = a, *y = b;

	if (x->on != y->on)
		return x->on < y->on ? -1 : 1;
	return x->derived != y->derived ? x->derived - y->derived : x->order - y->order;
}

static void tidy(struct graph_node *node)
{
	uint32_t i, kept = 0;

	if (node->waits_n > 1)
		qsort(node->waits_for, node->waits_n, sizeof *node->waits_for, by_number);
	for (i = 0; i < node->waits_n; i++)
		if (!kept || node->waits_for[kept - 1] != node->waits_for[i])
			node->waits_for[kept++] = node->waits_for[i];
	node->waits_n = kept;
}

static void wait_for(struct graphing *q, uint32_t node, uint32_t on, bool derived, bool order)
{
	struct waits *waits = &q->waits[node];

	waits->at = arena_grow(q->a, waits->at, waits->n, sizeof *waits->at);
	waits->at[waits->n++] = (struct wait){ on, derived, order };
}

static uint32_t add(struct graphing *q, const struct task *task, bool requested)
{
	uint32_t place = q->place[task->index];

	if (place != ABSENT)
		return place;
	q->g.nodes = arena_grow(q->a, q->g.nodes, q->g.n, sizeof *q->g.nodes);
	memset(&q->g.nodes[q->g.n], 0, sizeof *q->g.nodes);
	q->g.nodes[q->g.n].task = task;
	q->g.nodes[q->g.n].requested = requested;
	q->waits = arena_grow(q->a, q->waits, q->g.n, sizeof *q->waits);
	memset(&q->waits[q->g.n], 0, sizeof *q->waits);
	return q->place[task->index] = q->g.n++;
}

/* Orders the nodes from `from` on as their packages depend on each other. A package without the task is bridged: its dependents
 * wait for its dependencies. */
static void package_order(struct graphing *q, uint32_t from)
{
	const struct workspace *w = q->w;
	uint32_t *todo = arena_array(q->a, w->packages_n, sizeof *todo), *mark = arena_array(q->a, w->packages_n, sizeof *mark);
	uint32_t node, n, i;

	for (node = from; node < q->g.n; node++) {
		uint32_t self = q->g.nodes[node].task->package->index;

		n = 0;
		todo[n++] = self;
		mark[self] = node + 1;
		while (n) {
			const struct package *p = &w->packages[todo[--n]];

			for (i = 0; i < p->needs_n; i++) {
				uint32_t to = p->needs[i].to->index;

				if (!q->sel->in[to] || mark[to] == node + 1)
					continue;
				mark[to] = node + 1;
				if (q->of[to])
					wait_for(q, node, q->place[q->of[to]->index], true, true);
				else
					todo[n++] = to;
			}
		}
	}
}

/* "^name": waits for the task in the nearest dependencies that have it, through packages that lack it. `mark`: per package;
 * `turn` if it was reached. */
static void wait_for_above(struct graphing *q, uint32_t node, const char *name, uint32_t *todo, uint32_t *mark, uint32_t turn)
{
	const struct workspace *w = q->w;
	uint32_t self = q->g.nodes[node].task->package->index, n = 0, i;

	todo[n++] = self;
	mark[self] = turn;
	while (n) {
		const struct package *p = &w->packages[todo[--n]];

		for (i = 0; i < p->needs_n; i++) {
			uint32_t to = p->needs[i].to->index;
			const struct task *task;

			if (mark[to] == turn)
				continue;
			mark[to] = turn;
			task = workspace_task(&w->packages[to], name);
			if (task)
				wait_for(q, node, add(q, task, false), true, false);
			else
				todo[n++] = to;
		}
	}
}

static void depends_on(struct graphing *q)
{
	uint32_t *todo = NULL, *mark = NULL, turn = 0, node, i;

	for (node = 0; node < q->g.n; node++) {            /* grows while we walk */
		const struct task *task = q->g.nodes[node].task;

		for (i = 0; i < task->needs_n; i++)
			wait_for(q, node, add(q, task->needs[i].task, false), task->needs[i].derived, false);
		if (task->above.n && !todo) {
			todo = arena_array(q->a, q->w->packages_n, sizeof *todo);
			mark = arena_array(q->a, q->w->packages_n, sizeof *mark);
		}
		for (i = 0; i < task->above.n; i++)
			wait_for_above(q, node, task->above.at[i], todo, mark, ++turn);
	}
}

/* Into package order, then task order; each node's waits, too, and each once. */
static void arrange(struct graphing *q)
{
	uint32_t *from = arena_array(q->a, q->g.n, sizeof *from), i, k, kept;
	struct waits *waits = arena_array(q->a, q->g.n, sizeof *waits);

	for (i = 0; i < q->g.n; i++)
		from[i] = q->g.nodes[i].task->index;
	if (q->g.n > 1)
		qsort(q->g.nodes, q->g.n, sizeof *q->g.nodes, by_task);
	for (i = 0; i < q->g.n; i++) {
		waits[i] = q->waits[q->place[q->g.nodes[i].task->index]];
		for (k = 0; k < waits[i].n; k++)
			waits[i].at[k].on = from[waits[i].at[k].on];
	}
	for (i = 0; i < q->g.n; i++)
		q->place[q->g.nodes[i].task->index] = i;
	for (i = 0; i < q->g.n; i++) {
		struct waits *w = &waits[i];

		for (k = 0; k < w->n; k++)
			w->at[k].on = q->place[w->at[k].on];
		if (w->n > 1)
			qsort(w->at, w->n, sizeof *w->at, by_wait);
		for (k = kept = 0; k < w->n; k++)
			if (!kept || w->at[kept - 1].on != w->at[k].on)
				w->at[kept++] = w->at[k];
		w->n = kept;
	}
	q->waits = waits;
}

/* Fills the graph from the waits. */
static void fill(struct graphing *q)
{
	uint32_t i, k;

	for (i = 0; i < q->g.n; i++) {
		struct graph_node *node = &q->g.nodes[i];

		node->waits_for = arena_array(q->a, q->waits[i].n, sizeof *node->waits_for);
		node->order = arena_array(q->a, q->waits[i].n, sizeof *node->order);
		node->waits_n = q->waits[i].n;
		for (k = 0; k < node->waits_n; k++) {
			node->waits_for[k] = q->waits[i].at[k].on;
			node->order[k] = q->waits[i].at[k].order;
		}
	}
}

/* "warning: ... a -> b -> a ...", in packages: two tasks of one in a row are told once. */
static void tell_cycle(void *ctx, const uint32_t *path, uint32_t n)
{
	const struct graphing *q = ctx;
	const struct package *before = NULL;
	struct buf b;
	uint32_t i;

	buf_init(&b, 1 << 20);
	buf_text(&b, "warning: packages depend on each other in a cycle: ");
	for (i = 0; i <= n; i++) {
		const struct package *p = q->g.nodes[path[i % n]].task->package;

		if (p != before || i == n)
			buf_printf(&b, "%s%s", i ? " -> " : "", p->name[0] ? p->name : p->path[0] ? p->path : ".");
		before = p;
	}
	buf_text(&b, "; the order of their tasks is kept as far as it can be");
	q->world->warn(q->world->ctx, buf_str(&b));
	buf_free(&b);
}

static void tell_nobody(void *ctx, const uint32_t *path, uint32_t n)
{
	(void)ctx, (void)path, (void)n;
}

/* Packages may depend on each other in a cycle, and all of them run; tasks may not. */
static int finish(struct graphing *q, struct err *err)
{
	fill(q);
	if (graph_check(&q->g, q->a, NULL) == 0)
		return 0;
	cycles_cut(q->waits, q->g.n, q->a, q->world->warn ? tell_cycle : tell_nobody, q);
	fill(q);
	return graph_check(&q->g, q->a, err);
}

/* Does any package have the task? A changed package may be without it; a misspelt task is in none. */
static bool anyone_has(const struct workspace *w, const char *task)
{
	uint32_t i = 0;

	while (i < w->packages_n && !workspace_task(&w->packages[i], task))
		i++;
	return i < w->packages_n;
}

/* The root's task that runs the same task in the packages by another runner is left out of a run in
 * all packages that have it: they would run twice. */
static bool is_left_out(struct graphing *q, const struct query_options *o, const struct task *task)
{
	const char *words;
	uint32_t i, others = 0;

	for (i = 0; i < q->w->packages_n; i++)
		others += q->of[i] && q->of[i] != task;
	if (!task || !others || o->filters.n || o->workspace_root || !(o->recursive || o->affected))
		return false;
	words = runners_everywhere(&task->command, task->name, q->a);
	if (words && q->world->warn)
		q->world->warn(q->world->ctx, arena_printf(q->a, "The root's task \"%s\" is left out: its command runs \"%s\" in the packages itself, by `%s`; -w runs it",
							   task->name, task->name, words));
	return words;
}

/* The packages that were asked for, by the name of each task. */
struct asking {
	struct selection *at;              /* one for each name */
	uint32_t n;
};

static void add_selection(struct graphing *q, struct asking *all, const struct selection *sel)
{
	uint32_t i, k;

	q->g.same = q->g.same ? arena_printf(q->a, "%s\n%s", q->g.same, sel->same) : sel->same;
	for (i = 0; i < all->n; i++) {
		if (strcmp(all->at[i].task, sel->task) != 0)
			continue;
		for (k = 0; k < q->w->packages_n; k++)
			all->at[i].in[k] |= sel->in[k];
		all->at[i].n += sel->n;
		all->at[i].moving |= sel->moving;
		return;
	}
	all->at = arena_grow(q->a, all->at, all->n, sizeof *all->at);
	all->at[all->n++] = *sel;
}

static int select_all(struct graphing *q, const struct query_options *options, struct asking *ret, struct err *err)
{
	struct query_options one = *options;
	struct selection sel;
	uint32_t i;
	int r;

	for (i = 0; i < options->tasks.n; i++) {
		one.task = options->tasks.at[i];
		r = select_packages(q->world, &one, q->a, &sel, err);
		if (r != 0)
			return r;
		add_selection(q, ret, &sel);
	}
	return 0;
}

/* Adds the nodes of one task name, in order. Returns how many. */
static uint32_t add_requested(struct graphing *q, const struct query_options *o, const struct selection *sel)
{
	const struct workspace *w = q->w;
	const struct task **root;
	uint32_t i, from = q->g.n;

	q->sel = sel;
	q->of = arena_array(q->a, w->packages_n, sizeof *q->of);
	for (i = 0; i < w->packages_n; i++)
		if (sel->in[i])
			q->of[i] = workspace_task(&w->packages[i], sel->task);
	root = &q->of[w->root_package->index];
	if (is_left_out(q, o, *root))
		*root = NULL;
	for (i = 0; i < w->packages_n; i++)
		if (q->of[i])
			add(q, q->of[i], true);
	package_order(q, from);
	return q->g.n - from;
}

int graph_make(const struct query_world *world, const struct query_options *options, struct arena *a,
	       struct task_graph *ret, struct err *err)
{
	const struct workspace *w = world->workspace;
	struct graphing q = { .world = world, .w = w, .a = a };
	struct asking all = { NULL, 0 };
	const char *missing = NULL;
	uint32_t i;
	int r;

	if (options_mistaken(options, w))
		return options_unexpected_inside(options, err);
	r = select_all(&q, options, &all, err);
	if (r != 0)
		return r;
	q.place = arena_array(a, w->tasks_n, sizeof *q.place);
	memset(q.place, 0xff, w->tasks_n * sizeof *q.place);
	for (i = 0; i < all.n; i++) {
		const struct selection *sel = &all.at[i];

		/* of several tasks not every package must have each */
		if (add_requested(&q, options, sel) || !sel->n || (sel->moving && anyone_has(w, sel->task)))
			continue;
		if (all.n == 1 || !anyone_has(w, sel->task))
			return err_set(err, ERR_USER, "Task \"%s\" not found", all.n == 1 ? options->task : sel->task);
		missing = missing ? missing : sel->task;
	}
	if (!q.g.n && missing)
		return err_set(err, ERR_USER, "Task \"%s\" not found", missing);
	if (!options->ignore_depends_on)
		depends_on(&q);
	arrange(&q);
	for (i = 0; options->parallel && i < q.g.n; i++)
		q.waits[i].n = 0;
	if (finish(&q, err) < 0)
		return -1;
	*ret = q.g;
	return 0;
}

/* Does a node wait for this one by package order alone? What it waits for through another node counts as such
 * where one of the two does. */
static bool is_order(const struct graph_node *node, const struct graph_node *through, uint32_t through_index, uint32_t on)
{
	bool order = false;
	uint32_t i;

	for (i = 0; i < node->waits_n; i++) {
		if (node->waits_for[i] == on)
			return node->order[i];
		if (node->waits_for[i] == through_index)
			order = node->order[i];
	}
	for (i = 0; i < through->waits_n; i++)
		if (through->waits_for[i] == on)
			return order || through->order[i];
	return order;
}

void graph_remove(struct task_graph *g, uint32_t gone, struct arena *a)
{
	struct graph_node *nodes = g->nodes, it = nodes[gone];
	uint32_t i, k, n;

	for (i = 0; i < g->n; i++) {
		struct graph_node *node = &nodes[i], was = *node;
		uint32_t *waits = arena_array(a, node->waits_n + it.waits_n, sizeof *waits);

		if (i == gone)
			continue;
		for (k = n = 0; k < node->waits_n; k++)
			if (node->waits_for[k] != gone)
				waits[n++] = node->waits_for[k];
		if (n != node->waits_n)
			for (k = 0; k < it.waits_n; k++)
				if (it.waits_for[k] != i && it.waits_for[k] != gone)
					waits[n++] = it.waits_for[k];
		node->waits_for = waits;
		node->waits_n = n;
		tidy(node);
		node->order = arena_array(a, node->waits_n, sizeof *node->order);
		for (k = 0; k < node->waits_n; k++) {
			node->order[k] = is_order(&was, &it, gone, waits[k]);
			waits[k] -= waits[k] > gone;
		}
	}
	memmove(nodes + gone, nodes + gone + 1, (g->n - gone - 1) * sizeof *nodes);
	g->n--;
}

static int cycle(const struct task_graph *g, const uint32_t *path, uint32_t from, uint32_t to, struct err *err)
{
	struct buf b;
	uint32_t i;
	int r;

	buf_init(&b, 1 << 20);
	for (i = from; i < to; i++)
		buf_printf(&b, "%s -> ", g->nodes[path[i]].task->label);
	r = err_set(err, ERR_USER, "Cycle dependency detected: %s%s", buf_str(&b), g->nodes[path[from]].task->label);
	buf_free(&b);
	return r;
}

int graph_check(const struct task_graph *g, struct arena *a, struct err *err)
{
	enum { NEW, OPEN, DONE };
	char *state = arena_array(a, g->n, sizeof *state);
	uint32_t *path = arena_array(a, g->n, sizeof *path), *next = arena_array(a, g->n, sizeof *next);
	uint32_t start, depth, i;

	for (start = 0; start < g->n; start++) {
		if (state[start] != NEW)
			continue;
		depth = 0;
		path[depth++] = start;
		state[start] = OPEN;
		while (depth) {
			uint32_t at = path[depth - 1], to;

			if (next[at] == g->nodes[at].waits_n) {
				state[at] = DONE;
				depth--;
				continue;
			}
			to = g->nodes[at].waits_for[next[at]++];
			if (state[to] == OPEN) {
				for (i = 0; path[i] != to; )
					i++;
				return cycle(g, path, i, depth, err);
			}
			if (state[to] == NEW) {
				state[to] = OPEN;
				path[depth++] = to;
			}
		}
	}
	return 0;
}
