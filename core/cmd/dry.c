#include "config.h"

#include "cmd/dry.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/backend.h"
#include "plan/step.h"
#include "report/words.h"

enum { THREADS_MAX = 8, TEXT_MAX = 1 << 26 };

/* A few threads share the look-ups, because each one blocks. */
struct looking {
	struct cache *cache;
	struct dry_run *d;
	atomic_uint next;
};

/* Notes the steps of a plan. `followed`: another step comes after the whole plan. */
static void collect(const struct plan *plan, bool followed, struct dry_run *d)
{
	bool *awaited = xcalloc(plan->n ? plan->n : 1, sizeof *awaited);
	uint32_t i, k;

	for (i = 0; i < plan->n; i++)
		for (k = 0; k < plan->nodes[i].waits_n; k++)
			awaited[plan->nodes[i].waits_for[k]] = true;
	for (i = 0; i < plan->n; i++)
		for (k = 0; k < plan->nodes[i].items_n; k++) {
			const struct item *item = &plan->nodes[i].items[k];
			bool here = followed || awaited[i] || k + 1 < plan->nodes[i].items_n;

			if (item->kind == ITEM_PLAN) {
				collect(item->plan, here, d);
				continue;
			}
			if (item->kind == ITEM_CD)
				continue;
			d->at[item->step->ordinal].step = item->step;
			d->at[item->step->ordinal].followed = here;
			d->leaves++;
		}
	free(awaited);
}

/* Is the reason in the key, which no earlier step can change? */
static bool is_certain(const struct found *found)
{
	uint32_t i;

	for (i = 0; i < found->why.n; i++)
		if (found->why.at[i].kind < FACT_GLOBBED && !found->why.at[i].tracked)
			return true;
	return false;
}

static char *worded(const struct changes *why, void (*words)(const struct changes *, struct buf *))
{
	struct buf b;
	char *ret;

	buf_init(&b, TEXT_MAX);
	words(why, &b);
	ret = xstrdup(buf_str(&b));
	buf_free(&b);
	return ret;
}

/* Copies what the dry run needs of a finding, which itself is large. */
static void keep(struct dry_step *at, const struct found *found, struct cache *cache)
{
	bool forced = found->state == FOUND_HIT && at->step->forced;

	at->looked = true;
	at->contested = cache_found_is_contested(found);
	at->state = forced ? FOUND_MISS : found->state;
	at->saved_ms = found->saved_ms;
	if (forced) {
		at->certain = true;
		at->reason = xstrdup(WORDS_FORCED);
		at->changes = xstrdup("");
	} else if (found->state == FOUND_HIT)
		at->in_place = !at->followed || !cache_would_change(cache, found);
	if (found->state == FOUND_MISS) {
		at->certain = is_certain(found);
		at->partial = found->why.partial;
		at->reason = found->because ? xstrdup(found->because) : worded(&found->why, words_reason);
		at->changes = worded(&found->why, words_json);
	}
	if (found->state == FOUND_ERROR && found->trouble)
		at->reason = xstrdup(found->trouble);
}

static void *look(void *ctx)
{
	struct looking *l = ctx;
	uint32_t i;

	while ((i = atomic_fetch_add(&l->next, 1)) < l->d->n) {
		struct dry_step *at = &l->d->at[i];
		struct found found;

		if (!at->step || !at->step->rules || !at->step->program)
			continue;
		cache_lookup(l->cache, at->step, true, NULL, &found);
		keep(at, &found, l->cache);
		found_free(&found);
	}
	return NULL;
}

static void look_all(struct cache *cache, struct dry_run *d)
{
	struct looking l = { .cache = cache, .d = d };
	pthread_t threads[THREADS_MAX];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t n = 0, most = cpus < 1 ? 1 : cpus > THREADS_MAX ? THREADS_MAX : (uint32_t)cpus;

	while (n + 1 < most && n + 1 < d->n && pthread_create(&threads[n], NULL, look, &l) == 0)
		n++;
	look(&l);
	while (n)
		pthread_join(threads[--n], NULL);
}

/* ---- all as one chain ---- */

struct together {
	struct cache *cache;
	struct dry_run *d;
	struct cache_chain *chain;
	struct found *found;           /* of the hits, n of them */
	struct dry_step **at;
	uint32_t n;
	bool more;                     /* something comes after the hits */
};

/* False: no hit, or none that the cache answers for. */
static bool look_at_item(struct together *t, const struct item *item);

static bool look_at_plan(struct together *t, const struct plan *plan)
{
	bool *done = xcalloc(plan->n ? plan->n : 1, sizeof *done), again = true, good = true;
	uint32_t i, k;

	while (again && good) {
		again = false;
		for (i = 0; i < plan->n && good; i++) {
			const struct plan_node *node = &plan->nodes[i];

			for (k = 0; k < node->waits_n && done[node->waits_for[k]]; k++)
				;
			if (done[i] || k < node->waits_n)
				continue;
			for (k = 0; k < node->items_n && good; k++)
				good = look_at_item(t, &node->items[k]);
			done[i] = again = true;
		}
	}
	free(done);
	return good;
}

static bool look_at_item(struct together *t, const struct item *item)
{
	struct found *found;

	if (item->kind == ITEM_PLAN)
		return look_at_plan(t, item->plan);
	if (item->kind != ITEM_STEP)
		return true;
	if (!item->step->rules || !item->step->program || item->step->forced)
		return false;
	found = &t->found[t->n];
	cache_lookup(t->cache, item->step, true, t->chain, found);
	if (found->state != FOUND_HIT) {
		found_free(found);
		return false;
	}
	t->at[t->n++] = &t->d->at[item->step->ordinal];
	return true;
}

/* Steps that hit only with those that come after them, as the run would hold them. */
static void look_together(struct cache *cache, const struct plan *plan, struct dry_run *d)
{
	struct together t = { .cache = cache, .d = d };
	uint32_t i, hits;

	for (i = 0; i < d->n && !d->at[i].contested; i++)
		;
	if (i == d->n)
		return;
	t.chain = cache_chain_new(cache);
	t.found = xcalloc(d->n, sizeof *t.found);
	t.at = xcalloc(d->n, sizeof(struct dry_step *));
	t.more = !look_at_plan(&t, plan);
	hits = cache_chain_decide(t.chain, UINT32_MAX, !t.more);
	for (i = 0; i < hits; i++) {
		free(t.at[i]->reason);
		free(t.at[i]->changes);
		t.at[i]->reason = t.at[i]->changes = NULL;
		keep(t.at[i], &t.found[i], cache);
	}
	for (i = 0; i < t.n; i++)
		found_free(&t.found[i]);
	cache_chain_free(t.chain);
	free(t.found);
	free(t.at);
}

struct judging {
	struct dry_run *d;
	bool fresh;                    /* the cache's folder does not exist yet */
};

/* Decides the status of a step. `written`: an earlier step may have written files. Returns whether
 * this one may write files. */
static bool judge(const struct judging *j, struct dry_step *at, bool written)
{
	if (at->step->echo)
		return false;
	if (!at->step->program) {
		at->no_program = true;
		at->status = DRY_UNKNOWN;
		return true;
	}
	if (!at->looked) {
		at->status = !at->step->rules ? DRY_DISABLED : j->fresh ? DRY_NO_BASELINE : DRY_ERROR;
		return true;
	}
	switch (at->state) {
	case FOUND_HIT:
		at->status = written ? DRY_UNKNOWN : DRY_HIT;
		return written || !at->in_place;
	case FOUND_MISS:
		at->status = written && !at->certain ? DRY_UNKNOWN : DRY_CHANGED;
		return true;
	case FOUND_NOTHING:
		at->status = DRY_NO_BASELINE;
		return true;
	default:
		at->status = DRY_ERROR;
		return true;
	}
}

static bool judge_plan(const struct judging *j, const struct plan *plan, bool written);

static bool judge_node(const struct judging *j, const struct plan_node *node, bool written)
{
	uint32_t i;

	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_PLAN)
			written |= judge_plan(j, item->plan, written);
		else if (item->kind != ITEM_CD)
			written |= judge(j, &j->d->at[item->step->ordinal], written);
	}
	return written;
}

/* Judges each node after those it waits for. The stack is on the heap: chains may be long. */
static bool judge_plan(const struct judging *j, const struct plan *plan, bool written)
{
	enum { NEW, OPEN, CLEAN, WRITTEN };
	struct arena *a = arena_new();
	char *state = arena_array(a, plan->n, sizeof *state);
	uint32_t *stack = arena_array(a, plan->n, sizeof *stack), depth, start, i;
	bool any = false;

	for (start = 0; start < plan->n; start++) {
		depth = 0;
		if (state[start] == NEW)
			stack[depth++] = start;
		while (depth) {
			uint32_t at = stack[depth - 1];
			const struct plan_node *node = &plan->nodes[at];
			bool before = written;

			state[at] = OPEN;
			for (i = 0; i < node->waits_n && state[node->waits_for[i]] != NEW; i++)
				before |= state[node->waits_for[i]] == WRITTEN;
			if (i < node->waits_n) {
				stack[depth++] = node->waits_for[i];
				continue;
			}
			state[at] = judge_node(j, node, before) ? WRITTEN : CLEAN;
			any |= state[at] == WRITTEN;
			depth--;
		}
	}
	arena_free(a);
	return any;
}

static bool wants_cache(const struct dry_run *d)
{
	uint32_t i = 0;

	while (i < d->n && !(d->at[i].step && d->at[i].step->rules))
		i++;
	return i < d->n;
}

int dry_look(struct backend *b, const struct plan *plan, struct dry_run *ret, struct err *err)
{
	struct judging j = { ret, false };
	uint32_t i;

	ret->n = plan->steps;
	ret->leaves = ret->hits = 0;
	ret->at = xcalloc(ret->n ? ret->n : 1, sizeof *ret->at);
	ret->costs = xcalloc(ret->n ? ret->n : 1, sizeof *ret->costs);
	collect(plan, false, ret);
	if (wants_cache(ret)) {
		if (backend_cache(b, err) < 0)
			return -1;
		if (b->cache) {
			cache_durations(b->cache, plan, ret->costs);
			look_all(b->cache, ret);
			look_together(b->cache, plan, ret);
		} else {
			j.fresh = access(b->cache_dir, F_OK) < 0 && errno == ENOENT;
		}
	}
	judge_plan(&j, plan, false);
	for (i = 0; i < ret->n; i++)
		ret->hits += ret->at[i].step && ret->at[i].status == DRY_HIT && ret->at[i].looked;
	return 0;
}

void dry_free(struct dry_run *d)
{
	uint32_t i;

	for (i = 0; i < d->n; i++) {
		free(d->at[i].reason);
		free(d->at[i].changes);
	}
	free(d->at);
	free(d->costs);
}

const char *dry_trouble(const struct dry_step *at)
{
	return at->reason ? at->reason : "the cache cannot be used";
}
