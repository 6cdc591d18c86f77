#include "config.h"

#include "cache/ahead.h"

#include <stdlib.h>
#include <string.h>

#include "cache/inside.h"
#include "far/far.h"
#include "plan/step.h"
#include "record/entry.h"

enum { ROUNDS = 12 };                  /* of questions to one store in one pass, at most */

/* One cached step of the plan, in the order of the pass. */
struct ahead_step {
	const struct step *step;
	struct far_known *known;       /* NULL: its key cannot be made */
	struct found found;            /* of the present round */
	struct ahead_look look;
	bool tainted;                  /* something before it must run: what it finds then is not known */
	bool hit;
};

struct ahead {
	struct cache *cache;
	const struct plan *part;       /* what is walked instead of the cache's plan; NULL: that */
	pthread_mutex_t lock;          /* one pass at a time; over all below */
	bool walked;                   /* steps is filled; the first pass was made */
	struct ahead_step *steps;
	uint32_t n, room;
	uint32_t at;                   /* of the walk */
	struct cache_chain *chain;     /* of the present round */
	struct arena *arena;           /* of the present pass; NULL: none is under way */
};

struct ahead *ahead_new(struct cache *c)
{
	struct ahead *a = xcalloc(1, sizeof *a);

	a->cache = c;
	pthread_mutex_init(&a->lock, NULL);
	return a;
}

static void forget_round(struct ahead *a)
{
	uint32_t i;

	for (i = 0; i < a->n; i++) {
		if (a->steps[i].found.arena)
			found_free(&a->steps[i].found);
		a->steps[i].found = (struct found){ 0 };
	}
	cache_chain_free(a->chain);
	a->chain = NULL;
}

static void forget_pass(struct ahead *a)
{
	uint32_t i;

	forget_round(a);
	for (i = 0; i < a->n; i++)
		a->steps[i].look.seen = NULL;
	arena_free(a->arena);
	a->arena = NULL;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	forget_pass(a);
	free(a->steps);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static bool is_stopping(const struct ahead *a)
{
	return __atomic_load_n(plug_stopping(a->cache->setup.plug), __ATOMIC_RELAXED) != 0;
}

/* ---- the walk -------------------------------------------------------------------------- */

static void look_at(struct ahead *a, struct ahead_step *s, bool *taint)
{
	s->tainted = *taint;
	s->hit = false;
	s->look.fit = NULL;
	s->look.names_n = 0;
	if (*taint || !s->known)
		return;
	s->look.known = s->known;
	s->look.keys = a->cache->setup.keys;
	s->look.arena = a->arena;
	lookup_ahead(a->cache, s->step, a->chain, &s->look, &s->found);
	s->hit = s->found.state == FOUND_HIT;
	*taint = !s->hit;
}

static void add_step(struct ahead *a, const struct step *step)
{
	struct digest key;

	if (a->n == a->room) {
		a->room = a->room ? 2 * a->room : 256;
		a->steps = xrealloc(a->steps, a->room, sizeof *a->steps);
	}
	a->steps[a->n] = (struct ahead_step){ .step = step };
	if (lookup_key(a->cache, step, &key) == 0)
		a->steps[a->n].known = far_known_of(a->cache->far, &key);
	a->n++;
}

static bool walk(struct ahead *a, const struct plan *plan, bool taint);

static bool walk_node(struct ahead *a, const struct plan_node *node, bool taint)
{
	uint32_t i;

	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_PLAN) {
			taint = walk(a, item->plan, taint);
		} else if (item->step->rules) {
			if (!a->walked)
				add_step(a, item->step);
			look_at(a, &a->steps[a->at++], &taint);
		} else if (!item->step->echo && !item->step->enters) {
			taint = true;  /* whatever it does */
		}
	}
	return taint;
}

/* Each node after those that it waits for. Returns whether something must run. */
static bool walk(struct ahead *a, const struct plan *plan, bool taint)
{
	bool *done = xcalloc(plan->n ? plan->n : 1, sizeof *done), *tainted = xcalloc(plan->n ? plan->n : 1, sizeof *tainted);
	uint32_t i, k, left = plan->n, before;
	bool any = taint;

	do {
		before = left;
		for (i = 0; i < plan->n; i++) {
			bool ready = !done[i], its = taint;

			for (k = 0; ready && k < plan->nodes[i].waits_n; k++) {
				ready = done[plan->nodes[i].waits_for[k]];
				its = its || tainted[plan->nodes[i].waits_for[k]];
			}
			if (!ready)
				continue;
			tainted[i] = walk_node(a, &plan->nodes[i], its);
			any = any || tainted[i];
			done[i] = true;
			left--;
		}
	} while (left && left < before);
	free(done);
	free(tainted);
	return any;
}

static void round_of(struct ahead *a)
{
	forget_round(a);
	if (!a->arena)
		a->arena = arena_new();
	a->chain = cache_chain_new(a->cache);
	a->at = 0;
	walk(a, a->part ? a->part : a->cache->plan, false);
	a->walked = true;
}

/* ---- questions ---------------------------------------------------------------------------- */

static bool is_open(const struct ahead_step *s)
{
	return s->known && (s->tainted || !s->hit);
}

/* STEPs of all that did not hit, or that wait for such; then the newest hints of those that are new. */
static uint32_t ask_first(struct ahead *a, uint32_t store)
{
	struct far_known **ask = xcalloc(a->n ? a->n : 1, sizeof *ask);
	uint32_t i, n = 0, ret = 0;

	for (i = 0; i < a->n; i++)
		if (is_open(&a->steps[i]) && !a->steps[i].known->asked[store])
			ask[n++] = a->steps[i].known;
	if (n && far_ask_steps(a->cache->far, store, ask, n))
		ret = far_ask_hints(a->cache->far, store, ask, n);
	free(ask);
	return ret;
}

static bool has_hints(const struct ahead_step *s, uint32_t store)
{
	return s->known->hints_asked[store] < s->known->step[store].hints_n;
}

static bool has_sets(const struct ahead_step *s, uint32_t store)
{
	return s->known->sets_asked[store] < s->known->step[store].sets_n && s->known->sets_asked[store] < AHEAD_SETS;
}

/* The next hints of steps whose hints did not fit, and for which nothing has to run first. */
static uint32_t ask_hints(struct ahead *a, uint32_t store)
{
	struct far_known **ask = xcalloc(a->n ? a->n : 1, sizeof *ask);
	uint32_t i, n = 0, ret;

	for (i = 0; i < a->n; i++)
		if (is_open(&a->steps[i]) && !a->steps[i].tainted && has_hints(&a->steps[i], store))
			ask[n++] = a->steps[i].known;
	ret = n ? far_ask_hints(a->cache->far, store, ask, n) : 0;
	free(ask);
	return ret;
}

/* Name sets of steps whose hints are all followed: the next round makes names of them. */
static bool load_sets(struct ahead *a, uint32_t store)
{
	struct far_wanted_set *wanted = xcalloc(a->n * AHEAD_SETS + 1, sizeof *wanted);
	struct ahead_step **whose = xcalloc(a->n * AHEAD_SETS + 1, sizeof *whose);
	uint32_t i, n = 0;
	bool ret = false;

	for (i = 0; i < a->n; i++) {
		struct ahead_step *s = &a->steps[i];

		s->look.sets_n = 0;
		if (!is_open(s) || s->tainted || has_hints(s, store))
			continue;
		while (has_sets(s, store)) {
			whose[n] = s;
			wanted[n++] = (struct far_wanted_set){ .step = s->known, .number = s->known->sets_asked[store]++ };
		}
	}
	far_name_sets(a->cache->far, store, wanted, n, a->arena);
	for (i = 0; i < n; i++) {
		if (!wanted[i].set)
			continue;
		whose[i]->look.sets[whose[i]->look.sets_n++] = wanted[i].set;
		ret = true;
	}
	free(wanted);
	free(whose);
	return ret;
}

static uint32_t ask_names(struct ahead *a, uint32_t store)
{
	struct far_known **ask = xcalloc(a->n * AHEAD_SETS + 1, sizeof *ask);
	vt_id *names = xcalloc(a->n * AHEAD_SETS + 1, sizeof *names);
	uint32_t i, k, n = 0, ret;

	for (i = 0; i < a->n; i++) {
		struct ahead_step *s = &a->steps[i];

		for (k = 0; k < s->look.names_n; k++) {
			ask[n] = s->known;
			names[n++] = s->look.names[k];
		}
		s->look.sets_n = s->look.names_n = 0;
	}
	ret = n ? far_ask_named(a->cache->far, store, ask, names, n) : 0;
	free(ask);
	free(names);
	return ret;
}

/* ---- what fits ------------------------------------------------------------------------------- */

static uint32_t fetch(struct ahead *a, uint32_t store)
{
	struct far_wanted *wanted = xcalloc(a->n ? a->n : 1, sizeof *wanted);
	uint32_t i, n = 0, ret = 0;

	for (i = 0; i < a->n; i++) {
		struct ahead_step *s = &a->steps[i];

		if (s->hit && s->look.fit && s->look.fit->store == store)
			wanted[n++] = (struct far_wanted){ .step = s->known, .candidate = s->look.fit, .result = s->found.inside->hit };
	}
	if (n)
		far_fetch(a->cache->far, store, wanted, n);
	for (i = 0; i < n; i++)
		ret += wanted[i].kept;
	free(wanted);
	return ret;
}

static uint32_t pass_over(struct ahead *a, uint32_t store)
{
	uint32_t rounds;

	round_of(a);
	if (ask_first(a, store))
		round_of(a);
	for (rounds = 0; rounds < ROUNDS && !is_stopping(a); rounds++) {
		uint32_t more = ask_hints(a, store);

		if (!more && load_sets(a, store)) {
			round_of(a);
			more = ask_names(a, store);
		}
		if (!more)
			break;
		round_of(a);
	}
	return fetch(a, store);
}

static uint32_t pass(struct ahead *a)
{
	uint32_t store, ret = 0;

	for (store = 0; store < far_stores(a->cache->far) && !is_stopping(a); store++)
		if (far_store_reads(far_store_at(a->cache->far, store)))
			ret += pass_over(a, store);
	forget_pass(a);
	return ret;
}

/* Has a far store something for the step that was not compared with the present, or may fit now? */
static bool has_hope(struct ahead *a, const struct far_known *k)
{
	uint32_t store;

	if (k->n)
		return true;
	for (store = 0; store < far_stores(a->cache->far); store++)
		if (!k->asked[store] || k->hints_asked[store] < k->step[store].hints_n ||
		    (k->sets_asked[store] < k->step[store].sets_n && k->sets_asked[store] < AHEAD_SETS))
			return true;
	return false;
}

bool ahead_missed(struct ahead *a, const struct digest *key)
{
	struct far_known *k = far_known_of(a->cache->far, key);
	bool ret = false;

	pthread_mutex_lock(&a->lock);
	if (!is_stopping(a) && (!a->walked || has_hope(a, k))) {
		pass(a);
		ret = true;
	}
	pthread_mutex_unlock(&a->lock);
	return ret;
}

struct far_known *ahead_known(struct ahead *a, const struct digest *key, struct arena *arena)
{
	struct far_known *ret;

	pthread_mutex_lock(&a->lock);
	ret = arena_copy(arena, far_known_of(a->cache->far, key), sizeof *ret);
	pthread_mutex_unlock(&a->lock);
	return ret;
}

/* Other machines may have written since: what was found for these steps counts no more. */
static void forget_found(struct ahead *a, const struct plan *plan)
{
	struct digest key;
	uint32_t i, k;

	for (i = 0; i < plan->n; i++)
		for (k = 0; k < plan->nodes[i].items_n; k++) {
			const struct item *item = &plan->nodes[i].items[k];

			if (item->kind == ITEM_PLAN)
				forget_found(a, item->plan);
			else if (item->step->rules && lookup_key(a->cache, item->step, &key) == 0)
				far_forget(a->cache->far, far_known_of(a->cache->far, &key));
		}
}

void ahead_again(struct ahead *a, const struct plan_node *node)
{
	struct plan_node alone = *node;
	struct plan part = { .nodes = &alone, .n = 1 };
	struct ahead one = { .cache = a->cache, .part = &part };

	alone.waits_n = 0;
	pthread_mutex_lock(&a->lock);
	forget_found(a, &part);
	if (!is_stopping(a))
		pass(&one);
	pthread_mutex_unlock(&a->lock);
	free(one.steps);
}

uint32_t ahead_pull(struct ahead *a, uint32_t *ret_steps, uint32_t *ret_near)
{
	uint32_t ret, i;

	pthread_mutex_lock(&a->lock);
	*ret_near = 0;
	round_of(a);
	*ret_steps = a->n;
	for (i = 0; i < a->n; i++)
		*ret_near += a->steps[i].hit;
	ret = pass(a);
	pthread_mutex_unlock(&a->lock);
	return ret;
}
