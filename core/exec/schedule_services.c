/* schedule_services: persistent nodes of a level: which nodes use them, and how long they are needed. */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "exec/schedule_inside.h"

/* Marks in row `uses` all nodes that wait for this one, directly or through others. */
static void mark_users(const struct level *l, uint32_t node, bool *uses)
{
	uint32_t i;

	for (i = l->first[node]; i < l->first[node + 1]; i++)
		if (!uses[l->waiters[i]]) {
			uses[l->waiters[i]] = true;
			mark_users(l, l->waiters[i], uses);
		}
}

void schedule_list_services(struct level *l, struct arena *a)
{
	uint32_t i, n = l->plan->n;

	for (i = 0; i < n; i++)
		l->services_n += l->plan->nodes[i].persistent;
	l->services = arena_array(a, l->services_n, sizeof *l->services);
	l->uses = arena_array(a, (size_t)l->services_n * n, sizeof *l->uses);
	l->unserved = arena_array(a, n, sizeof *l->unserved);
	l->services_n = 0;
	for (i = 0; i < n; i++)
		if (l->plan->nodes[i].persistent) {
			mark_users(l, i, l->uses + (size_t)l->services_n * n);
			l->services[l->services_n++] = &l->places[i];
		}
}

static bool uses(const struct level *l, uint32_t service, const struct place *p)
{
	return l->uses[(size_t)service * l->plan->n + p->node];
}

static bool all_up(const struct place *p)
{
	const struct level *l = p->level;
	uint32_t i;

	for (i = 0; i < l->services_n; i++)
		if (uses(l, i, p) && !l->services[i]->up)
			return false;
	return true;
}

bool schedule_served(struct schedule *s, struct place *p)
{
	struct level *l = p->level;
	uint32_t i;

	(void)s;
	if (all_up(p))
		return true;
	schedule_leave(p);
	l->unserved[l->unserved_n++] = p;
	for (i = 0; i < l->services_n; i++) {
		struct place *service = l->services[i];

		if (!uses(l, i, p) || !service->lazy || service->asked)
			continue;
		service->asked = true;
		schedule_queue(service);
	}
	return false;
}

bool schedule_up(struct schedule *s, struct place *p)
{
	struct level *l = p->level;
	uint32_t i, kept = 0;

	p->up = true;
	for (i = 0; i < l->unserved_n; i++) {
		if (all_up(l->unserved[i]))
			schedule_queue(l->unserved[i]);
		else
			l->unserved[kept++] = l->unserved[i];
	}
	l->unserved_n = kept;
	return p->lazy || schedule_done(s, p, false);
}

static bool is_inside(const struct level *l, const struct place *p)
{
	for (; l; l = l->parent ? l->parent->level : NULL)
		if (l->parent == p)
			return true;
	return false;
}

/* Does the node run, or may it still? A node that does not end by itself: while a service in it runs. */
static bool is_alive(const struct schedule *s, const struct place *p)
{
	const struct plan_node *node = &p->level->plan->nodes[p->node];
	const struct level *l;
	uint32_t i;

	if (p->lazy || node->persistent)
		return p->running || (p->lazy && p->asked && !p->up) || !p->complete;
	if (!p->complete || !node->lasts)
		return !p->complete;
	for (l = s->levels; l; l = l->next)
		for (i = 0; i < l->services_n; i++)
			if (l->services[i]->running && is_inside(l, p))
				return true;
	return false;
}

static uint32_t number_of(const struct place *p)
{
	uint32_t i = 0;

	while (p->level->services[i] != p)
		i++;
	return i;
}

/* Is a node alive that waits for this one, directly or through others? */
static bool has_users(const struct schedule *s, const struct place *p, const bool *users)
{
	const struct level *l = p->level;
	uint32_t i;

	for (i = 0; i < l->plan->n; i++)
		if (users[i] && is_alive(s, &l->places[i]))
			return true;
	return false;
}

bool schedule_is_used(const struct schedule *s, const struct place *p)
{
	const struct level *l = p->level;

	return has_users(s, p, l->uses + (size_t)number_of(p) * l->plan->n);
}

/* Is the node still wanted? A requested node: as long as the node whose command asked for its level; others: as long as nodes use it. */
static bool is_wanted(const struct schedule *s, const struct place *p)
{
	const struct level *l = p->level;
	bool *users, ret;

	if (l->plan->nodes[p->node].requested)
		return !l->parent || is_wanted(s, l->parent);
	users = xcalloc(l->plan->n, sizeof *users);
	mark_users(l, p->node, users);
	ret = has_users(s, p, users);
	free(users);
	return ret;
}

bool schedule_needs(const struct schedule *s, const struct place *p)
{
	if (p->level->plan->nodes[p->node].requested && is_wanted(s, p))
		return true;
	return schedule_is_used(s, p);
}
