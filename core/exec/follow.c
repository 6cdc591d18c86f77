/* follow: walks the schedule as if every step from some places on were a hit. */
#include "config.h"

#include "exec/schedule.h"

#include "base/mem.h"

enum reached {
	REACHED_NOT,               /* the place waits for others, too */
	REACHED_PASSED,            /* all its steps are among those that follow */
	REACHED_STOPPED            /* a process starts there, or in a place that it waits for */
};

struct walk {
	struct schedule *schedule;
	schedule_looked_up *looked_up;
	const void *ctx;
	struct arena *arena;
	struct following *ret;
	bool any;                  /* other places that something waits for do not count */
	struct turn {
		struct place *place;
		uint32_t item;
	} *turns;                  /* places to go on with, in order */
	uint32_t turns_n;
	struct place **waiting;    /* reached, and not passed yet */
	uint32_t waiting_n;
	struct level **levels;     /* nested ones in which a node was passed */
	uint32_t levels_n;
};

static void add_turn(struct walk *w, struct place *p, uint32_t item)
{
	w->turns = arena_grow(w->arena, w->turns, w->turns_n, sizeof *w->turns);
	w->turns[w->turns_n++] = (struct turn){ p, item };
}

static void add_step(struct walk *w, const struct step *step)
{
	struct following *f = w->ret;

	f->steps = arena_grow(w->arena, f->steps, f->n, sizeof *f->steps);
	f->steps[f->n++] = step;
}

static enum reached reached(const struct walk *w, const struct place *p)
{
	return p->mark == w->schedule->mark ? (enum reached)p->reached : REACHED_NOT;
}

/* True the first time in this walk. */
static bool reach(struct walk *w, struct place *p, enum reached how)
{
	bool first = p->mark != w->schedule->mark;

	p->mark = w->schedule->mark;
	p->reached = (uint8_t)how;
	return first;
}

static bool walk_plan(struct walk *w, const struct plan *plan);

/* The items of a node from one on. False: a process starts there. */
static bool walk_items(struct walk *w, const struct plan_node *node, uint32_t from)
{
	uint32_t i;

	for (i = from; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_PLAN) {
			if (!walk_plan(w, item->plan))
				return false;
			continue;
		}
		if (item->kind == ITEM_STEP && !w->looked_up(w->ctx, item->step)) {
			w->ret->starts = true;
			return false;
		}
		add_step(w, item->step);
	}
	return true;
}

/* A plan that has no level yet: its nodes after those they wait for. False: a process starts there. */
static bool walk_plan(struct walk *w, const struct plan *plan)
{
	enum { NODE_WAITS, NODE_PASSED, NODE_STOPPED };
	char *state = arena_array(w->arena, plan->n + 1, sizeof *state);
	bool again = true, all = true;
	uint32_t i, k;

	while (again) {
		again = false;
		for (i = 0; i < plan->n; i++) {
			const struct plan_node *node = &plan->nodes[i];

			for (k = 0; state[i] == NODE_WAITS && k < node->waits_n && state[node->waits_for[k]] == NODE_PASSED; k++)
				;
			if (state[i] != NODE_WAITS || k < node->waits_n)
				continue;
			state[i] = walk_items(w, node, 0) ? NODE_PASSED : NODE_STOPPED;
			again = true;
		}
	}
	for (i = 0; i < plan->n; i++)
		all = all && state[i] == NODE_PASSED;
	return all;
}

/* A process starts at this place: what waits for it does not follow. */
static void stop(struct walk *w, struct place *p)
{
	struct place **stack = NULL;
	uint32_t n = 0, i;

	stack = arena_grow(w->arena, stack, n, sizeof(struct place *));
	stack[n++] = p;
	while (n) {
		struct place *at = stack[--n];
		struct level *l = at->level;

		if (reached(w, at) == REACHED_STOPPED)
			continue;
		reach(w, at, REACHED_STOPPED);
		for (i = l->first[at->node]; i < l->first[at->node + 1]; i++) {
			stack = arena_grow(w->arena, stack, n, sizeof(struct place *));
			stack[n++] = &l->places[l->waiters[i]];
		}
		if (l->parent) {
			stack = arena_grow(w->arena, stack, n, sizeof(struct place *));
			stack[n++] = l->parent;
		}
	}
}

static bool may_go(const struct walk *w, const struct place *p)
{
	const struct plan_node *node = &p->level->plan->nodes[p->node];
	uint32_t i;

	for (i = 0; !w->any && i < node->waits_n; i++) {
		const struct place *before = &p->level->places[node->waits_for[i]];

		if (!before->complete && reached(w, before) != REACHED_PASSED)
			return false;
	}
	return true;
}

static void pass(struct walk *w, struct place *p)
{
	struct level *l = p->level;
	uint32_t i;

	reach(w, p, REACHED_PASSED);
	if (l->mark != w->schedule->mark) {
		l->mark = w->schedule->mark;
		l->passed = 0;
		w->levels = arena_grow(w->arena, w->levels, w->levels_n, sizeof *w->levels);
		w->levels[w->levels_n++] = l;
	}
	l->passed++;
	for (i = l->first[p->node]; i < l->first[p->node + 1]; i++) {
		struct place *next = &l->places[l->waiters[i]];

		if (next->doomed || reached(w, next) == REACHED_STOPPED)
			continue;
		if (may_go(w, next)) {
			add_turn(w, next, next->item);
		} else if (reach(w, next, REACHED_NOT)) {
			w->waiting = arena_grow(w->arena, w->waiting, w->waiting_n, sizeof(struct place *));
			w->waiting[w->waiting_n++] = next;
		}
	}
	if (l->parent && (w->any || l->passed == l->left))
		add_turn(w, l->parent, l->parent->item + 1);
}

static void must_join(struct walk *w, struct place *p)
{
	struct following *f = w->ret;
	uint32_t i;

	for (i = 0; i < f->parked_n; i++)
		if (f->parked[i] == p)
			return;
	f->parked = arena_grow(w->arena, f->parked, f->parked_n, sizeof(struct place *));
	f->parked[f->parked_n++] = p;
}

/* Something that follows waits for this place, too. */
static void other(struct walk *w, struct place *p)
{
	if (p->complete || p->mark == w->schedule->mark)
		return;
	if (p->parked)
		must_join(w, p);
	else
		w->ret->open = true;
}

static void find_others(struct walk *w)
{
	uint32_t i, k;

	for (i = 0; i < w->waiting_n; i++) {
		const struct place *p = w->waiting[i];
		const struct plan_node *node = &p->level->plan->nodes[p->node];

		for (k = 0; reached(w, p) == REACHED_NOT && k < node->waits_n; k++)
			other(w, &p->level->places[node->waits_for[k]]);
	}
	for (i = 0; i < w->levels_n; i++) {
		struct level *l = w->levels[i];

		for (k = 0; l->parent && l->passed < l->left && k < l->plan->n; k++)
			other(w, &l->places[k]);
	}
}

static void walk(struct walk *w)
{
	uint32_t i;

	for (i = 0; i < w->turns_n; i++) {
		struct place *p = w->turns[i].place;

		if (reached(w, p) == REACHED_STOPPED || reached(w, p) == REACHED_PASSED)
			continue;
		if (walk_items(w, &p->level->plan->nodes[p->node], w->turns[i].item))
			pass(w, p);
		else
			stop(w, p);
	}
}

void schedule_follow(struct schedule *s, struct place *const *from, uint32_t n, schedule_looked_up *looked_up, const void *ctx,
		     struct arena *a, struct following *ret)
{
	struct walk w = { .schedule = s, .looked_up = looked_up, .ctx = ctx, .arena = a, .ret = ret };
	uint32_t i;

	*ret = (struct following){ 0 };
	s->mark++;
	for (i = 0; i < n; i++)
		add_turn(&w, from[i], from[i]->item);
	walk(&w);
	find_others(&w);
}

void schedule_all_after(struct schedule *s, struct place *from, uint32_t first, schedule_looked_up *looked_up, const void *ctx,
			struct arena *a, struct following *ret)
{
	struct walk w = { .schedule = s, .looked_up = looked_up, .ctx = ctx, .arena = a, .ret = ret, .any = true };

	*ret = (struct following){ 0 };
	s->mark++;
	add_turn(&w, from, from->item + first);
	walk(&w);
}
