#include "config.h"

#include "together/shard.h"

#include <stdlib.h>
#include <string.h>

#include "os/file.h"
#include "plan/plan.h"
#include "text/json.h"
#include "workspace/workspace.h"

/* ---- durations ---------------------------------------------------------------- */

static void add_time(struct arena *a, struct shard_times *t, const char *label, double ms)
{
	uint64_t **at = (uint64_t **)map_puts(&t->ms, label);

	if (!*at) {
		*at = arena_alloc(a, sizeof **at);
		t->ms.at[t->ms.n - 1].key.data = arena_str(a, label);
	}
	if (ms > 0 && ms < 1e12)
		**at += (uint64_t)ms;
}

/* One command of a summary, or one task of `vt cache stat`. -1: it is neither. */
static int read_entry(const struct json_doc *d, const cJSON *entry, struct arena *a, struct shard_times *t, struct err *err)
{
	const cJSON *task = cJSON_GetObjectItemCaseSensitive(entry, "task");
	const cJSON *saved = cJSON_GetObjectItemCaseSensitive(entry, "savedMs");
	const cJSON *ms = saved ? saved : cJSON_GetObjectItemCaseSensitive(entry, "durationMs");

	if (!cJSON_IsString(task) || !cJSON_IsNumber(ms))
		return json_fail(d, entry, err, "an entry without `task` and `durationMs`, expected one as `vt run --summary-file` or `vt cache stat --json` writes it");
	add_time(a, t, task->valuestring, ms->valuedouble);
	return 0;
}

int shard_times_read(const char *path, struct arena *a, struct shard_times *ret, struct err *err)
{
	struct json_doc *d = NULL;
	const cJSON *list, *entry;
	struct bytes text;
	int r = file_read(path, SHARD_TIMES_MAX, a, &text, err);

	map_init(&ret->ms);
	if (r > 0)
		return err_set(err, ERR_USER, "The file of --shard-times '%s' is not there", path);
	if (r < 0 || json_read(path, text.data, text.size, JSON_STRICT, &d, err) < 0)
		return err_wrap(err, "Failed to read the durations of --shard-times");
	list = cJSON_GetObjectItemCaseSensitive(json_root(d), "steps");
	if (!cJSON_IsArray(list))
		list = cJSON_GetObjectItemCaseSensitive(json_root(d), "tasks");
	if (!cJSON_IsArray(list))
		r = json_fail(d, json_root(d), err, "neither `steps` nor `tasks`, expected a file as `vt run --summary-file` or `vt cache stat --json` writes it");
	else
		cJSON_ArrayForEach(entry, list)
			if ((r = read_entry(d, entry, a, ret, err)) < 0)
				break;
	json_free(d);
	return r < 0 ? err_wrap(err, "Failed to read the durations of --shard-times") : 0;
}

void shard_times_free(struct shard_times *t)
{
	map_free(&t->ms);
}

/* ---- what a node costs ---------------------------------------------------------- */

/* Adds the durations of the tasks whose commands the node runs: its own, its hooks', those of plans within it. */
static uint64_t known_ms(const struct plan_node *node, const struct shard_times *times, bool *ret_known)
{
	const struct task *last = NULL;
	uint64_t sum = 0, *ms;
	uint32_t i, k;

	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_PLAN) {
			for (k = 0; k < item->plan->n; k++)
				sum += known_ms(&item->plan->nodes[k], times, ret_known);
			continue;
		}
		if (item->step->task == last)
			continue;
		last = item->step->task;
		if ((ms = map_gets(&times->ms, last->label)) != NULL) {
			*ret_known = true;
			sum += *ms;
		}
	}
	return sum;
}

/* The cost of each node in milliseconds; a node without a known duration gets the average of the others. */
static uint64_t *costs_of(const struct plan *plan, const struct shard_times *times, struct arena *a)
{
	uint64_t *ret = arena_array(a, (size_t)plan->n + 1, sizeof *ret), sum = 0, usual = 1;
	bool *known = arena_array(a, (size_t)plan->n + 1, sizeof *known);
	uint32_t i, n = 0;

	for (i = 0; times && i < plan->n; i++) {
		ret[i] = known_ms(&plan->nodes[i], times, &known[i]);
		sum += ret[i];
		n += known[i];
	}
	if (n && sum / n > 1)
		usual = sum / n;
	for (i = 0; i < plan->n; i++)
		if (!known[i] || ret[i] == 0)
			ret[i] = known[i] ? 1 : usual;
	return ret;
}

/* ---- parting ---------------------------------------------------------------------- */

/* A node that is to be put into a part. */
struct turn {
	uint64_t cost;
	const char *label;
	uint32_t node;
};

static int by_turn(const void *x, const void *y)
{
	const struct turn *a = x, *b = y;
	int r;

	if (a->cost != b->cost)
		return a->cost > b->cost ? -1 : 1;
	r = strcmp(a->label, b->label);
	return r ? r : (a->node > b->node) - (a->node < b->node);
}

/* The node, and all that it waits for, directly or through others; each once, in `list` (plan->n long). */
static uint32_t needs_of(const struct plan *plan, uint32_t node, uint32_t *mark, uint32_t *list)
{
	uint32_t n = 0, i, k;

	list[n++] = node;
	mark[node] = node + 1;
	for (i = 0; i < n; i++)
		for (k = 0; k < plan->nodes[list[i]].waits_n; k++) {
			uint32_t on = plan->nodes[list[i]].waits_for[k];

			if (mark[on] == node + 1)
				continue;
			mark[on] = node + 1;
			list[n++] = on;
		}
	return n;
}

static uint32_t requested(const struct plan *plan, const uint64_t *costs, struct turn *ret)
{
	uint32_t i, n = 0;

	for (i = 0; i < plan->n; i++)
		if (plan->nodes[i].requested)
			ret[n++] = (struct turn){ costs[i], plan->nodes[i].task->label, i };
	qsort(ret, n, sizeof *ret, by_turn);
	return n;
}

uint32_t *shard_assign(const struct plan *plan, uint32_t parts, const struct shard_times *times, struct arena *a)
{
	uint64_t *costs = costs_of(plan, times, a), *load = arena_array(a, parts, sizeof *load);
	struct turn *turns = arena_array(a, (size_t)plan->n + 1, sizeof *turns);
	bool *in = arena_array(a, (size_t)plan->n * parts + 1, sizeof *in);           /* is node i in part k? in[k * plan->n + i] */
	uint32_t *ret = arena_array(a, (size_t)plan->n + 1, sizeof *ret);
	uint32_t *mark = arena_array(a, (size_t)plan->n + 1, sizeof *mark), *list = arena_array(a, (size_t)plan->n + 1, sizeof *list);
	uint32_t i, j, k, needs, n = requested(plan, costs, turns);

	memset(ret, 0xff, plan->n * sizeof *ret);
	for (i = 0; i < n; i++) {
		uint64_t least = UINT64_MAX, with;
		uint32_t best = 0;

		needs = needs_of(plan, turns[i].node, mark, list);
		for (k = 0; k < parts; k++) {
			for (j = 0, with = load[k]; j < needs; j++)
				with += in[(size_t)k * plan->n + list[j]] ? 0 : costs[list[j]];
			if (with < least) {
				least = with;
				best = k;
			}
		}
		for (j = 0; j < needs; j++)
			in[(size_t)best * plan->n + list[j]] = true;
		load[best] = least;
		ret[turns[i].node] = best;
	}
	return ret;
}

uint32_t shard_cut(struct plan *plan, uint32_t part, uint32_t parts, const struct shard_times *times, struct arena *a)
{
	uint32_t *of = shard_assign(plan, parts, times, a);
	uint32_t *mark = arena_array(a, (size_t)plan->n + 1, sizeof *mark), *list = arena_array(a, (size_t)plan->n + 1, sizeof *list);
	bool *keep = arena_array(a, (size_t)plan->n + 1, sizeof *keep);
	uint32_t i, k, needs, n = 0;

	for (i = 0; i < plan->n; i++) {
		if (of[i] != part)
			continue;
		n++;
		needs = needs_of(plan, i, mark, list);
		for (k = 0; k < needs; k++)
			keep[list[k]] = true;
	}
	for (i = 0; i < plan->n; i++)
		plan->nodes[i].requested = of[i] == part;
	plan_keep(plan, keep, a);
	return n;
}
