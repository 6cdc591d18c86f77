#include "config.h"

#include "together/unit.h"

#include <string.h>

#include "exec/sharer.h"
#include "together/notice.h"
#include "workspace/workspace.h"

const struct plan_node *unit_node(const struct place *p)
{
	return &p->level->plan->nodes[p->node];
}

/* Will the results of all its steps be kept, as far as the plan can tell? */
static bool node_travels(const struct plan_node *node)
{
	uint32_t i;

	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_STEP && (!item->step->rules || item->step->persistent))
			return false;
	}
	return true;
}

static char *path_of(struct together *t, const struct place *p)
{
	const char *label = unit_node(p)->task->label;

	if (!p->level->parent)
		return arena_str(t->arena, label);
	return arena_printf(t->arena, "%s %u > %s", path_of(t, p->level->parent), p->level->parent->item, label);
}

struct unit *unit_of(struct together *t, struct place *p)
{
	struct unit *u = map_get(&t->units, &p, sizeof p);

	if (u)
		return u;
	u = arena_alloc(t->arena, sizeof *u);
	u->of = t;
	u->place = p;
	u->label = path_of(t, p);
	u->travels = node_travels(unit_node(p));
	buf_init(&u->key, NOTICE_KEY_MAX);
	notice_task(t->setup.keys, &t->run_name, u->label, &u->name);
	*map_put(&t->units, arena_copy(t->arena, &p, sizeof p), sizeof p) = u;
	u->next = t->first;
	t->first = u;
	return u;
}

bool unit_starts_others(const struct place *p)
{
	const struct plan_node *node = unit_node(p);
	uint32_t i;

	for (i = p->item; i < node->items_n; i++)
		if (node->items[i].kind == ITEM_PLAN)
			return true;
	return false;
}

bool unit_is_needed(const struct unit *u)
{
	return u->of->setup.index == 0 || schedule_is_followed(u->place);
}

struct runner *runner_of(struct together *t, const vt_id *id, const char *name)
{
	struct runner *r;
	uint32_t i;

	for (i = 0; i < t->runners_n; i++)
		if (memcmp(t->runners[i]->id.byte, id->byte, sizeof id->byte) == 0)
			break;
	if (i == COUNT(t->runners))
		return NULL;
	if (i == t->runners_n) {
		r = t->runners[t->runners_n++] = arena_alloc(t->arena, sizeof *r);
		r->id = *id;
	}
	r = t->runners[i];
	if (!r->name && name && *name)
		r->name = arena_str(t->arena, name);
	return r;
}

bool runner_is_waited_for(const struct runner *r)
{
	return !r || r->misses < MISSES_MAX;
}
