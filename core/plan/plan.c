#include "config.h"

#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "plan/chain.h"
#include "plan/planner.h"
#include "query/graph.h"
#include "query/options.h"
#include "text/path.h"
#include "workspace/workspace.h"

enum {
	LIMIT_DEFAULT = 4,
	DEEPEST = 256,             /* nested runs */
	LINE_MAX = 64,             /* tasks in a row that are known to be one */
	STEPS_MAX = 1 << 20,       /* all of a plan */
	NESTED_MAX = 1 << 16       /* tasks of nested runs in a plan: doubling commands end here */
};

/* One query, and the settings that nested queries inherit. */
struct level {
	const struct query_options *options;
	const char *cwd;                   /* absolute */
	struct view *view;
	bool cache_scripts, cache_tasks;
	bool forced;
	bool continue_given;               /* here or above: the outermost holds */
	enum option_continue on_failure;
	const struct call *by;
	const char *same;                  /* struct selection's; set by graph_make */
};

static int plan_level(struct planner *p, struct level *l, const struct level *above, struct plan **ret);

static uint32_t slots(const struct planner *p, const struct option_limit *limit)
{
	uint64_t n = limit->n;

	if (limit->percent)
		n = n * (p->world->cpus ? p->world->cpus : 1) / 100;
	return n == 0 ? 1 : n >= UINT32_MAX ? UINT32_MAX - 1 : (uint32_t)n;
}

static int read_limit(struct planner *p, const struct level *l, uint32_t *ret)
{
	const char *text = view_get(l->view, "VP_RUN_CONCURRENCY_LIMIT");
	struct option_limit limit = { .n = LIMIT_DEFAULT };

	if (l->options->limited)
		limit = l->options->limit;
	else if (!l->options->parallel && text && options_read_limit(text, &limit))
		return err_set(p->err, ERR_USER, "Invalid value for VP_RUN_CONCURRENCY_LIMIT: \"%s\"", text);
	*ret = l->options->parallel && !l->options->limited ? UINT32_MAX : slots(p, &limit);
	return 0;
}

static struct item *add_item(struct planner *p, struct plan_node *node)
{
	node->items = arena_grow(p->a, node->items, node->items_n, sizeof *node->items);
	memset(&node->items[node->items_n], 0, sizeof *node->items);
	return &node->items[node->items_n++];
}

static int refused(struct planner *p, const struct working *w, const struct action *action)
{
	err_set(p->err, ERR_USER, "%s", action->refused);
	return err_wrap(p->err, "Failed to plan tasks from `%s` in task %s", action->shown, w->task->label);
}

static int nested(struct planner *p, const struct working *w, const struct action *action,
		  const struct level *above, const struct call *by, struct plan_node *node)
{
	struct level l = {
		.options = action->nested,
		.cwd = step_dir(p, w->cwd),
		.cache_scripts = above->cache_scripts,
		.cache_tasks = above->cache_tasks,
		.forced = above->forced,
		.continue_given = above->continue_given,
		.on_failure = above->on_failure,
		.by = by,
	};
	struct plan *plan = NULL;
	struct item *item;
	int r;

	if (l.options->dir)
		l.cwd = path_clean(p->a, path_join(p->a, l.cwd, l.options->dir));
	l.view = view_with(w->view, action->assignments, action->assignments_n, view_package_path(w->env));
	r = plan_level(p, &l, above, &plan);
	view_free(l.view, w->view);
	if (r < 0)
		return err_wrap(p->err, "Failed to plan tasks from `%s` in task %s", action->shown, w->task->label);
	if (!plan) {                       /* the query of this very level again */
		p->itself = w->task;
		return 0;
	}
	item = add_item(p, node);
	item->kind = ITEM_PLAN;
	item->plan = plan;
	item->expanded_from = action->shown;
	item->hook = w->hook;
	return 0;
}

/* A thousand packages have a handful of commands: each is read once. */
static const struct actions *actions_of(struct planner *p, const struct texts *command, const struct texts *extra)
{
	bool shared = command->n == 1 && !extra->n;
	void **place = shared ? map_puts(&p->commands, command->at[0]) : NULL;
	struct actions *ret = place ? *place : NULL;

	if (ret)
		return ret;
	ret = arena_alloc(p->a, sizeof *ret);
	command_read(command, extra, p->a, ret);
	if (place)
		*place = ret;
	return ret;
}

static int command(struct planner *p, const struct level *l, struct working *w, const struct texts *extra,
		   const struct call *by, struct plan_node *node)
{
	const struct actions *actions = actions_of(p, &w->task->command, extra);
	uint32_t i;
	int r = 0;

	for (i = 0; i < actions->n && r == 0; i++) {
		const struct action *action = &actions->at[i];

		if (p->ordinal >= STEPS_MAX)
			return err_set(p->err, ERR_USER, "The plan has more than %d steps; is a `vt run` inside a command too wide?", STEPS_MAX);
		switch (action->kind) {
		case ACTION_CD:
			r = step_cd(p, w, action, add_item(p, node));
			break;
		case ACTION_REFUSED:
			r = refused(p, w, action);
			break;
		case ACTION_RUN:
			r = nested(p, w, action, l, by, node);
			break;
		default:
			r = chain_check_scripts(p, w, action);
			if (r == 0)
				r = step_make(p, w, action, add_item(p, node));
		}
	}
	return r;
}

static int recursion(struct planner *p, const struct task *task, const struct call *by)
{
	const struct call *c;

	for (c = by; c; c = c->by)
		if (c->task == task)
			return err_set(p->err, ERR_USER, "Detected a recursion in task call stack: the last frame calls the %uth frame", c->depth);
	if (by && by->depth >= DEEPEST)
		return err_set(p->err, ERR_USER, "Detected a task call stack deeper than %d", DEEPEST);
	return chain_check(p, task);
}

/* All items of one task, its hooks around it. */
static int task_items(struct planner *p, const struct level *l, const struct task *task, const char *hook,
		      const struct texts *extra, const struct call *by, struct plan_node *node);

static int hook_items(struct planner *p, const struct level *l, const struct task *of, const char *hook,
		      const struct call *by, struct plan_node *node)
{
	static const struct texts none = { NULL, 0 };
	const struct task *task = workspace_task(of->package, arena_printf(p->a, "%s%s", hook, of->name));

	if (!task || task->source != TASK_FROM_SCRIPT)
		return 0;
	return task_items(p, l, task, hook, &none, by, node);
}

/* By its settings and the flags of this level. A script that has settings of the cache is cached as a task is. */
static bool is_cached(const struct level *l, const struct task *task)
{
	if (!task->rules.on)
		return false;
	if (task->source == TASK_FROM_SCRIPT && !task->asks_for_cache)
		return l->cache_scripts;
	return task->source == TASK_FROM_SCRIPT ? l->cache_scripts || l->cache_tasks : l->cache_tasks;
}

static int task_items(struct planner *p, const struct level *l, const struct task *task, const char *hook,
		      const struct texts *extra, const struct call *by, struct plan_node *node)
{
	const struct call call = { task, by, by ? by->depth + 1 : 1 };
	struct working w = { .task = task, .call = arena_copy(p->a, &call, sizeof call), .hook = hook, .view = l->view, .cwd = task->cwd };
	bool hooked = !hook && task->source == TASK_FROM_SCRIPT && p->world->workspace->hooks;

	if (recursion(p, task, by) < 0)
		return -1;
	w.env = view_package(l->view, task->package);
	w.cached = is_cached(l, task);
	w.forced = l->forced;
	if (hooked && hook_items(p, l, task, "pre", w.call, node) < 0)
		return -1;
	if (command(p, l, &w, extra, w.call, node) < 0)
		return -1;
	if (task->persistent && persistent_mark(p, task, node) < 0)
		return -1;
	return hooked ? hook_items(p, l, task, "post", w.call, node) : 0;
}

static void level_flags(struct level *l)
{
	l->forced = l->forced || l->options->force;
	if (l->options->continue_given && !l->continue_given) {
		l->continue_given = true;
		l->on_failure = l->options->on_failure;
	}
	if (l->options->cache != OPTION_CACHE_DEFAULT)
		l->cache_scripts = l->cache_tasks = l->options->cache == OPTION_CACHE_ON;
}

/* The tasks of a level. */
static int level_graph(struct planner *p, struct level *l, struct task_graph *ret)
{
	const struct plan_world *world = p->world;
	struct query_world q = { world->workspace, l->cwd, world->changed_since, world->relocked, world->warn, world->ctx };

	return graph_make(&q, l->options, p->a, ret, p->err) == 0 ? 0 : -1;
}

/* A query inside a task's command leaves the task out; also one that its process asks, if there
 * are others. */
static void prune(struct planner *p, struct task_graph *g, const struct call *by)
{
	uint32_t i;

	for (i = 0; i < g->n; i++)
		if (by ? g->nodes[i].task == by->task : g->n > 1 && chain_asks(p, g->nodes[i].task)) {
			graph_remove(g, i, p->a);
			return;
		}
}

/* *ret stays NULL when the level has the same query as the level above it. */
static int plan_level(struct planner *p, struct level *l, const struct level *above, struct plan **ret)
{
	static const struct texts none = { NULL, 0 };
	struct task_graph g;
	struct plan *plan = arena_alloc(p->a, sizeof *plan);
	uint32_t i, before = p->ordinal;
	int r = level_graph(p, l, &g);

	if (r < 0)
		return r;
	l->same = g.same;
	if (above && strcmp(l->same, above->same) == 0)
		return 0;
	prune(p, &g, l->by);
	if (above && (p->nested += g.n) > NESTED_MAX)
		return err_set(p->err, ERR_USER, "The plan has more than %d tasks in nested runs; is a `vt run` inside a command too wide?", NESTED_MAX);
	level_flags(l);
	if (read_limit(p, l, &plan->limit) < 0)
		return -1;
	plan->on_failure = (enum plan_continue)l->on_failure;
	plan->n = g.n;
	plan->nodes = arena_array(p->a, g.n, sizeof *plan->nodes);
	for (i = 0; i < g.n; i++) {
		struct plan_node *node = &plan->nodes[i];

		node->task = g.nodes[i].task;
		node->requested = g.nodes[i].requested;
		node->weight = node->task->weight;
		if (node->task->group && node->requested && l->options->extra.n && !l->options->many)
			return err_set(p->err, ERR_USER, "The group \"%s\" has no command that '%s' could be handed to", node->task->name, l->options->extra.at[0]);
		node->waits_for = g.nodes[i].waits_for;
		node->waits_n = g.nodes[i].waits_n;
		if (task_items(p, l, node->task, NULL, node->requested ? &l->options->extra : &none, l->by, node) < 0 ||
		    persistent_find(p, node->task, node) < 0)
			return -1;
	}
	if (persistent_waits(p, plan, &g) < 0)
		return -1;
	plan->steps = p->ordinal - before;
	*ret = plan;
	return 0;
}

/* All cached steps of a plan, in front of `list`. */
static const struct step_list *steps_before(const struct plan *plan, const struct step_list *list, struct arena *a)
{
	uint32_t i, k;

	for (i = plan->n; i-- > 0; )
		for (k = plan->nodes[i].items_n; k-- > 0; ) {
			const struct item *item = &plan->nodes[i].items[k];
			struct step_list *first;

			if (item->kind == ITEM_PLAN)
				list = steps_before(item->plan, list, a);
			if (item->kind != ITEM_STEP || !item->step->rules)
				continue;
			first = arena_alloc(a, sizeof *first);
			*first = (struct step_list){ item->step, list };
			list = first;
		}
	return list;
}

/* Tells each step which steps come after it: the cached steps of its chain (`after`: behind the whole plan),
 * and whether anything does (`followed`: behind the whole plan). */
static void link_chains(struct plan *plan, const struct step_list *after, bool followed, struct arena *a)
{
	bool *awaited = arena_array(a, plan->n + 1, sizeof *awaited);
	uint32_t i, k;

	for (i = 0; i < plan->n; i++)
		for (k = 0; k < plan->nodes[i].waits_n; k++)
			awaited[plan->nodes[i].waits_for[k]] = true;

	for (i = 0; i < plan->n; i++) {
		const struct step_list *list = after;
		bool more = followed || awaited[i];

		for (k = plan->nodes[i].items_n; k-- > 0; ) {
			struct item *item = &plan->nodes[i].items[k];
			struct step_list *first;

			if (item->kind == ITEM_PLAN) {
				link_chains(item->plan, list, more, a);
				list = steps_before(item->plan, list, a);
			} else if (item->kind == ITEM_STEP && item->step->rules) {
				item->step->later = list;
				item->step->followed = more;
				first = arena_alloc(a, sizeof *first);
				*first = (struct step_list){ item->step, list };
				list = first;
			}
			more = more || item->kind == ITEM_PLAN || item->kind == ITEM_STEP;
		}
	}
}

/* Numbers the steps anew, in the plan's order. Returns how many there are. */
static uint32_t number_steps(struct plan *plan, uint32_t *next)
{
	uint32_t i, k, before = *next;

	for (i = 0; i < plan->n; i++)
		for (k = 0; k < plan->nodes[i].items_n; k++) {
			struct item *item = &plan->nodes[i].items[k];

			if (item->kind == ITEM_PLAN)
				number_steps(item->plan, next);
			else
				item->step->ordinal = (*next)++;
		}
	return plan->steps = *next - before;
}

void plan_keep(struct plan *plan, const bool *keep, struct arena *a)
{
	uint32_t *now = arena_array(a, (size_t)plan->n + 1, sizeof *now), i, k, n = 0, next = 0;

	for (i = 0; i < plan->n; i++) {
		now[i] = n;
		n += keep[i];
	}
	plan->serves = plan->lasts = plan->unready = false;
	for (i = n = 0; i < plan->n; i++) {
		struct plan_node *node = &plan->nodes[i];
		uint32_t *waits = arena_array(a, (size_t)node->waits_n + 1, sizeof *waits);

		if (!keep[i])
			continue;
		for (k = 0; k < node->waits_n; k++)
			waits[k] = now[node->waits_for[k]];
		node->waits_for = waits;
		plan->serves = plan->serves || node->persistent;
		plan->lasts = plan->lasts || (node->requested && node->lasts);
		plan->unready = plan->unready || (node->requested && node->unready);
		plan->nodes[n++] = *node;
	}
	plan->n = n;
	number_steps(plan, &next);
	link_chains(plan, NULL, false, a);
}

int plan_make(const struct plan_world *world, const struct query_options *options, struct arena *a,
	      struct plan **ret, struct err *err)
{
	const struct workspace *w = world->workspace;
	struct planner p = { .world = world, .a = a, .err = err };
	struct level l = {
		.options = options, .cwd = world->cwd,
		.cache_scripts = w->cache_scripts, .cache_tasks = w->cache_tasks,
	};
	int r;

	map_init(&p.commands);
	map_init(&p.programs);
	l.view = view_new(&(struct view_ground){ world->env, w->root, world->cwd, world->above, world->node_options, world->npm, world->ctx }, a);
	r = plan_level(&p, &l, NULL, ret);
	view_free(l.view, NULL);
	map_free(&p.commands);
	map_free(&p.programs);
	if (r == 0 && p.itself && !p.ordinal)
		r = err_set(err, ERR_USER, "The task %s does nothing but run itself: %s -> %s", p.itself->label, p.itself->label, p.itself->label);
	if (r < 0)
		return -1;
	link_chains(*ret, NULL, false, a);
	return 0;
}

/* Are all nodes that this one waits for done? */
static bool is_ready(const struct plan_node *node, const bool *done)
{
	uint32_t i;

	for (i = 0; i < node->waits_n; i++)
		if (!done[node->waits_for[i]])
			return false;
	return true;
}

/* Do all nodes wait for one another, so that only one at a time is ever ready? */
static bool is_line(const struct plan *plan)
{
	bool done[LINE_MAX] = { false };
	uint32_t turn, i, ready, found;

	if (plan->n > LINE_MAX)
		return false;
	for (turn = 0; turn < plan->n; turn++) {
		for (i = found = ready = 0; i < plan->n; i++)
			if (!done[i] && is_ready(&plan->nodes[i], done)) {
				ready = i;
				found++;
			}
		if (found != 1)
			return false;
		done[ready] = true;
	}
	return true;
}

bool plan_is_parallel(const struct plan *plan)
{
	uint32_t i, k;

	if ((plan->limit > 1 && !is_line(plan)) || (plan->serves && plan->n > 1))
		return true;
	for (i = 0; i < plan->n; i++)
		for (k = 0; k < plan->nodes[i].items_n; k++)
			if (plan->nodes[i].items[k].kind == ITEM_PLAN && plan_is_parallel(plan->nodes[i].items[k].plan))
				return true;
	return false;
}
