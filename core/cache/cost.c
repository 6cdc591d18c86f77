#include "config.h"

#include "cache/cache.h"

#include "cache/history.h"
#include "cache/inside.h"
#include "cache/key.h"
#include "plan/step.h"

static void cost_of(struct cache *c, const struct plan *plan, uint64_t *ret)
{
	uint32_t i, j;

	for (i = 0; i < plan->n; i++) {
		for (j = 0; j < plan->nodes[i].items_n; j++) {
			const struct item *item = &plan->nodes[i].items[j];
			struct digest id;

			if (item->kind == ITEM_PLAN) {
				cost_of(c, item->plan, ret);
			} else if (item->step->rules) {
				key_step(c, item->step, &id);
				ret[item->step->ordinal] = history_cost(c->history, &id);
			}
		}
	}
}

void cache_costs(struct cache *c, const struct plan *plan, uint64_t *ret)
{
	if (cache_ready(c))
		cost_of(c, plan, ret);
}
