#include "config.h"

#include "exec/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "exec/schedule_inside.h"

/* ---- the heap of a level ---- */

static bool comes_before(const struct place *a, const struct place *b)
{
	const uint32_t first = a->level->rotation;

	if (a->weight != b->weight)
		return a->weight > b->weight;
	if ((a->node < first) != (b->node < first))
		return b->node < first;
	return a->node < b->node;
}

static void push(struct level *l, struct place *p)
{
	uint32_t i = l->ready_n++;

	for (; i > 0 && comes_before(p, l->ready[(i - 1) / 2]); i = (i - 1) / 2)
		l->ready[i] = l->ready[(i - 1) / 2];
	l->ready[i] = p;
}

static struct place *pop(struct level *l)
{
	struct place *top = l->ready[0], *last = l->ready[--l->ready_n];
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < l->ready_n) {
		if (child + 1 < l->ready_n && comes_before(l->ready[child + 1], l->ready[child]))
			child++;
		if (!comes_before(l->ready[child], last))
			break;
		l->ready[i] = l->ready[child];
		i = child;
	}
	if (l->ready_n > 0)
		l->ready[i] = last;
	return top;
}

/* ---- levels ---- */

static uint64_t longest(const struct schedule *s, const struct plan *plan, uint64_t *reach);

/* One that is short, or of which nothing is known, still counts for one. */
static uint64_t node_cost(const struct schedule *s, const struct plan_node *node)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_PLAN)
			sum += longest(s, item->plan, NULL);
		else if (s->costs)
			sum += s->costs[item->step->ordinal];
	}
	return sum ? sum : 1;
}

/* What the longest chain costs; and from each node on, if `reach` (zeroed) is given: from the
 * nodes that no node waits for back to those that wait for none. */
static uint64_t longest(const struct schedule *s, const struct plan *plan, uint64_t *reach)
{
	uint32_t *waiters = arena_array(s->arena, plan->n ? plan->n : 1, sizeof *waiters);
	uint32_t *queue = arena_array(s->arena, plan->n ? plan->n : 1, sizeof *queue);
	uint32_t i, j, n = 0;
	uint64_t most = 0;

	if (!reach)
		reach = arena_array(s->arena, plan->n ? plan->n : 1, sizeof *reach);
	for (i = 0; i < plan->n; i++)
		for (j = 0; j < plan->nodes[i].waits_n; j++)
			waiters[plan->nodes[i].waits_for[j]]++;
	for (i = 0; i < plan->n; i++)
		if (waiters[i] == 0)
			queue[n++] = i;
	for (i = 0; i < n; i++) {
		const struct plan_node *node = &plan->nodes[queue[i]];
		uint64_t here = reach[queue[i]] += node_cost(s, node);

		if (here > most)
			most = here;
		for (j = 0; j < node->waits_n; j++) {
			uint32_t on = node->waits_for[j];

			if (reach[on] < here)
				reach[on] = here;
			if (--waiters[on] == 0)
				queue[n++] = on;
		}
	}
	return most;
}

static void node_complete(struct schedule *s, struct place *p, bool failed);

/* A persistent step needs no slot, and so is taken at once. */
void schedule_queue(struct place *p)
{
	struct level *l = p->level;
	const struct item *item = place_item(p);

	if (item && item->kind == ITEM_STEP && item->step->persistent)
		l->going[l->going_n++] = p;
	else
		push(l, p);
}

/* The place's turn has come. */
static void turn(struct schedule *s, struct place *p)
{
	if (p->lazy && !p->asked)
		node_complete(s, p, false);
	else
		schedule_queue(p);
}

/* Lists the nodes that wait for each node. */
static void link_waiters(struct level *l, struct arena *a)
{
	const struct plan *plan = l->plan;
	uint32_t i, j, sum = 0, *fill;

	l->first = arena_array(a, (size_t)plan->n + 1, sizeof *l->first);
	for (i = 0; i < plan->n; i++)
		for (j = 0; j < plan->nodes[i].waits_n; j++)
			l->first[plan->nodes[i].waits_for[j] + 1]++;
	for (i = 0; i < plan->n; i++) {
		sum += l->first[i + 1];
		l->first[i + 1] = sum;
	}
	l->waiters = arena_array(a, sum ? sum : 1, sizeof *l->waiters);
	fill = arena_array(a, plan->n ? plan->n : 1, sizeof *fill);
	for (i = 0; i < plan->n; i++) {
		for (j = 0; j < plan->nodes[i].waits_n; j++) {
			uint32_t on = plan->nodes[i].waits_for[j];

			l->waiters[l->first[on] + fill[on]++] = i;
		}
	}
}

/* A node that is heavier than the whole limit runs alone. */
static uint32_t slots_of(const struct plan *plan, uint32_t node)
{
	uint32_t limit = plan->limit ? plan->limit : 1, weight = plan->nodes[node].weight;

	if (weight <= 1 || limit == UINT32_MAX)
		return 1;
	return weight < limit ? weight : limit;
}

static struct level *add_level(struct schedule *s, const struct plan *plan, struct place *parent)
{
	struct arena *a = s->arena;
	struct level *l = arena_alloc(a, sizeof *l);
	size_t room = plan->n ? plan->n : 1;
	uint64_t *reach = arena_array(a, room, sizeof *reach);
	uint32_t i;

	longest(s, plan, reach);
	l->plan = plan;
	l->parent = parent;
	l->places = arena_array(a, room, sizeof *l->places);
	l->ready = arena_array(a, room, sizeof *l->ready);
	l->going = arena_array(a, room, sizeof *l->going);
	l->left = plan->n;
	l->rotation = plan->n ? s->rotation % plan->n : 0;
	link_waiters(l, a);
	for (i = 0; i < plan->n; i++) {
		l->places[i] = (struct place){ .level = l, .node = i, .waits = plan->nodes[i].waits_n,
					       .weight = reach[i], .slots = slots_of(plan, i) };
		l->places[i].behind = parent && (parent->behind || parent->ran);
		l->places[i].dirty = parent && (parent->dirty || parent->ran);
		l->places[i].lazy = plan->nodes[i].persistent && !plan->nodes[i].requested;
	}
	if (plan->serves)
		schedule_list_services(l, a);
	*s->end = l;
	s->end = &l->next;
	if (!s->upcoming)
		s->upcoming = l;
	s->left++;
	for (i = 0; i < plan->n; i++)
		if (plan->nodes[i].waits_n == 0)
			turn(s, &l->places[i]);
	return l;
}

void schedule_init_rotated(struct schedule *s, const struct plan *plan, const uint64_t *costs, uint32_t rotation)
{
	*s = (struct schedule){ .arena = arena_new(), .costs = costs, .rotation = rotation };
	s->end = &s->levels;
	add_level(s, plan, NULL);
	if (plan->n == 0)
		s->left--;
}

void schedule_init(struct schedule *s, const struct plan *plan, const uint64_t *costs)
{
	schedule_init_rotated(s, plan, costs, 0);
}

void schedule_free(struct schedule *s)
{
	arena_free(s->arena);
}

bool schedule_complete(const struct schedule *s)
{
	return s->left == 0;
}

/* ---- places ---- */

const struct item *place_item(const struct place *p)
{
	const struct plan_node *node = &p->level->plan->nodes[p->node];

	return p->item < node->items_n ? &node->items[p->item] : NULL;
}

struct place *schedule_take(struct level *l)
{
	struct place *p;

	if (l->going_n > 0) {
		p = l->going[0];
		memmove(l->going, l->going + 1, --l->going_n * sizeof *l->going);
		return p;
	}
	if (l->ready_n == 0)
		return NULL;
	p = pop(l);
	p->in_hand = p->announced = true;
	l->in_hand += p->slots;
	return p;
}

static void out_of_hand(struct place *p)
{
	if (p->in_hand)
		p->level->in_hand -= p->slots;
	p->in_hand = false;
}

void schedule_park(struct place *p)
{
	out_of_hand(p);
	p->parked = true;
}

void schedule_back(struct place *p)
{
	out_of_hand(p);
	p->parked = false;
	if (p->holds)
		p->level->going[p->level->going_n++] = p;
	else
		schedule_queue(p);
}

uint32_t schedule_free_slots(const struct level *l)
{
	uint32_t limit = l->plan->limit ? l->plan->limit : 1;

	return limit > l->used ? limit - l->used : 0;
}

bool schedule_hold(struct place *p)
{
	if (!p->holds) {
		if (schedule_free_slots(p->level) < p->slots)
			return false;
		out_of_hand(p);
		p->level->used += p->slots;
		p->holds = true;
	}
	return true;
}

void schedule_enter(struct schedule *s, struct place *p)
{
	struct level *l = add_level(s, place_item(p)->plan, p);

	if (l->plan->n == 0) {
		s->left--;
		schedule_done(s, p, false);
	}
}

static void give_back(struct place *p)
{
	if (p->holds)
		p->level->used -= p->slots;
	p->holds = false;
}

void schedule_leave(struct place *p)
{
	out_of_hand(p);
	give_back(p);
}

/* Skips the nodes that wait for one that failed, directly or through others. */
static void doom_waiters(struct schedule *s, struct place *p)
{
	struct level *l = p->level;
	uint32_t *todo = arena_array(s->arena, (size_t)l->plan->n + 1, sizeof *todo), n = 0, i;

	todo[n++] = p->node;
	while (n) {
		uint32_t node = todo[--n];

		for (i = l->first[node]; i < l->first[node + 1]; i++) {
			struct place *w = &l->places[l->waiters[i]];

			if (w->doomed)
				continue;
			w->doomed = w->complete = w->announced = true;
			s->dropped++;
			l->left--;
			todo[n++] = w->node;
		}
	}
}

static void node_complete(struct schedule *s, struct place *p, bool failed)
{
	struct level *l = p->level;
	uint32_t i;

	schedule_leave(p);         /* a place that was passed over is still in hand */
	p->complete = true;
	l->left--;
	if (failed && l->plan->on_failure != PLAN_RUNS_ALL) {
		doom_waiters(s, p);
		return;
	}
	for (i = l->first[p->node]; i < l->first[p->node + 1]; i++) {
		struct place *w = &l->places[l->waiters[i]];

		w->behind = w->behind || p->ran;
		w->dirty = w->dirty || p->ran || p->dirty;
		if (!w->doomed && --w->waits == 0)
			turn(s, w);
	}
}

void schedule_go_on(struct place *p)
{
	p->item++;
}

void schedule_pass(struct schedule *s, struct place *p)
{
	schedule_leave(p);
	schedule_done(s, p, false);
}

void schedule_skip(struct schedule *s, struct place *p)
{
	const struct plan_node *node = &p->level->plan->nodes[p->node];

	schedule_leave(p);
	p->parked = false;
	p->item = node->items_n ? node->items_n - 1 : 0;
	schedule_done(s, p, false);
}

bool schedule_is_followed(const struct place *p)
{
	const struct level *l = p->level;
	const struct place *parent = l->parent;

	if (l->first[p->node + 1] > l->first[p->node])
		return true;
	return parent && (parent->item + 1 < parent->level->plan->nodes[parent->node].items_n || schedule_is_followed(parent));
}

bool schedule_done(struct schedule *s, struct place *p, bool failed)
{
	/* the end of a nested level is the end of its parent's item, and so on upwards */
	while (p) {
		struct level *l = p->level;

		if (failed && l->plan->on_failure == PLAN_STOPS)
			return false;
		l->failed |= failed;
		if (!failed) {
			schedule_go_on(p);
			if (place_item(p)) {
				schedule_back(p);
				return true;
			}
		}
		node_complete(s, p, failed);
		if (l->parent)
			l->parent->ran = l->parent->ran || p->ran;
		if (l->left > 0)
			return true;
		s->left--;
		failed = l->failed;
		p = l->parent;
	}
	return true;
}

uint32_t schedule_needed(const struct level *l)
{
	return l->going_n > 0 || l->ready_n == 0 ? 0 : l->ready[0]->slots;
}

/* ---- the next step ---- */

static int by_turn(const void *a, const void *b)
{
	const struct place *x = *(struct place *const *)a, *y = *(struct place *const *)b;

	return comes_before(x, y) ? -1 : comes_before(y, x);
}

static void put_in_order(struct schedule *s, struct level *l)
{
	uint32_t i;

	l->order = arena_array(s->arena, l->plan->n, sizeof *l->order);
	for (i = 0; i < l->plan->n; i++)
		l->order[i] = &l->places[i];
	qsort(l->order, l->plan->n, sizeof *l->order, by_turn);
}

struct place *schedule_upcoming(struct schedule *s)
{
	struct level *l;

	for (;;) {
		l = s->upcoming;
		if (!l->order && l->plan->n > 0)
			put_in_order(s, l);
		while (l->upcoming < l->plan->n) {
			struct place *p = l->order[l->upcoming++];

			if (!p->announced) {
				p->announced = true;
				return p;
			}
		}
		if (!l->next)
			return NULL;
		s->upcoming = l->next;
	}
}
