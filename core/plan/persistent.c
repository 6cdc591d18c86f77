#include "config.h"

#include "plan/planner.h"
#include "query/graph.h"
#include "workspace/workspace.h"

int persistent_find(struct planner *p, const struct task *task, struct plan_node *node)
{
	uint32_t i;

	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];
		bool lasts = item->kind == ITEM_PLAN ? item->plan->lasts : item->step->persistent;

		if (lasts && i + 1 < node->items_n)
			return err_set(p->err, ERR_USER, "Task %s goes on behind `%s`, which is persistent: only the last element of a command may be",
				       task->label, item->kind == ITEM_PLAN ? item->expanded_from : item->step->shown);
		node->lasts = lasts;
		node->persistent = item->kind == ITEM_STEP && lasts;
		node->unready = lasts && (item->kind == ITEM_PLAN ? item->plan->unready : !item->step->task->ready);
	}
	return 0;
}

int persistent_mark(struct planner *p, const struct task *task, struct plan_node *node)
{
	struct item *last = node->items_n ? &node->items[node->items_n - 1] : NULL;

	if (!last || last->kind != ITEM_STEP || last->step->task != task)
		return err_set(p->err, ERR_USER, "The persistent task %s must end with a program that goes on running", task->label);
	last->step->persistent = true;
	return 0;
}

int persistent_waits(struct planner *p, struct plan *plan, const struct task_graph *g)
{
	uint32_t i, k, n;

	for (i = 0; i < plan->n; i++) {
		struct plan_node *node = &plan->nodes[i];
		uint32_t *kept = arena_array(p->a, node->waits_n, sizeof *kept);

		for (k = n = 0; k < node->waits_n; k++) {
			const struct plan_node *on = &plan->nodes[node->waits_for[k]];

			if (on->unready && !g->nodes[i].order[k])
				return err_set(p->err, ERR_USER, "Task %s depends on %s, which runs a persistent task that does not say when it is ready: "
					       "give that one `ready`", node->task->label, on->task->label);
			if (!on->unready)
				kept[n++] = node->waits_for[k];
		}
		node->waits_for = kept;
		node->waits_n = n;
		plan->serves = plan->serves || node->persistent;
		plan->lasts = plan->lasts || (node->lasts && node->requested);
		plan->unready = plan->unready || (node->unready && node->requested);
	}
	return 0;
}
