#include "config.h"

#include "cache/ahead.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cache/inside.h"
#include "far/far.h"
#include "os/loop.h"           /* for os_cpus */
#include "plan/step.h"
#include "record/entry.h"

enum {
	ROUNDS = 12,                   /* of questions to one store in one pass, at most */
	BESIDE_LEAST = 64              /* steps of a pass that are worth a thread beside it */
};

/* One cached step of the plan, in the order of the pass. */
struct ahead_step {
	const struct step *step;
	struct far_known *known;       /* NULL: not looked at yet, or its key cannot be made */
	struct found found;            /* of the present round */
	struct ahead_look look;
	bool tainted;                  /* something before it must run: what it finds then is not known */
	bool hit;
	bool taken;                    /* what fits has been kept near in this pass */
	bool first;                    /* it waits for no other step */
	_Atomic bool claimed;          /* the walk, or the thread beside it, looks at its key and inputs in this pass */
};

enum ahead_round { ROUND_LIST, ROUND_NEAR, ROUND_STREAM, ROUND_AGAIN };

struct ahead {
	struct cache *cache;
	struct ahead *whole;           /* of a part of the plan: the ahead whose lock counts; NULL: this is it */
	const struct plan *part;       /* the plan to walk; NULL: the cache's */
	pthread_mutex_t lock;          /* guards `busy`, and `kept` and `none` of each step */
	pthread_cond_t changed;        /* one of these changed */
	pthread_t thread;              /* makes a pass for steps that missed; the lock guards it, too */
	bool threaded;                 /* the thread was started, and not joined */
	_Atomic bool ending;           /* no step waits any more: a pass ends soon */
	bool busy;                     /* a pass is under way: all below is its thread's */
	enum ahead_round round;        /* LIST: lists the steps; NEAR: asks for steps that miss; STREAM: takes their answers; AGAIN: all
	                                  answers are here */
	struct far_stream *stream;     /* NEAR, STREAM */
	uint32_t store;                /* of the present pass */
	uint32_t kept;                 /* results that came near in it */
	bool walked;                   /* steps is filled; the first pass was made, or is under way */
	struct ahead_step *steps;
	uint32_t n, room;
	uint32_t at;                   /* of the walk */
	struct cache_chain *chain;     /* of the present round */
	struct arena *arena;           /* of the present pass; NULL: none is under way */
	struct arena *found;           /* of the present round: what was found for all steps, in few large blocks */
	pthread_t beside;              /* NEAR: looks at keys and inputs, from the last step on */
	bool has_beside;               /* it was started, and not joined */
	struct arena *beside_arena;    /* its arena, for the present pass; NULL: it was not needed */
};

struct ahead *ahead_new(struct cache *c)
{
	struct ahead *a = xcalloc(1, sizeof *a);

	a->cache = c;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	return a;
}

/* Begins a pass, once no other is under way. */
static void begin(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	while (a->busy)
		pthread_cond_wait(&a->changed, &a->lock);
	a->busy = true;
	pthread_mutex_unlock(&a->lock);
}

static void end(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->busy = false;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* Sets `kept` or `none` of a step, and wakes threads that wait for the step: they need not wait for the rest of the pass. */
static void tell(struct ahead *a, bool *what)
{
	struct ahead *whole = a->whole ? a->whole : a;

	pthread_mutex_lock(&whole->lock);
	*what = true;
	pthread_cond_broadcast(&whole->changed);
	pthread_mutex_unlock(&whole->lock);
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
	arena_free(a->found);
	a->chain = NULL;
	a->found = NULL;
}

static void forget_pass(struct ahead *a)
{
	uint32_t i;

	forget_round(a);
	for (i = 0; i < a->n; i++) {
		a->steps[i].look = (struct ahead_look){ 0 };
		a->steps[i].taken = false;
		a->steps[i].claimed = false;
	}
	arena_free(a->arena);
	arena_free(a->beside_arena);
	a->arena = a->beside_arena = NULL;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	a->ending = true;
	if (a->threaded)
		pthread_join(a->thread, NULL);
	forget_pass(a);
	free(a->steps);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
	free(a);
}

static bool is_stopping(const struct ahead *a)
{
	return a->ending || __atomic_load_n(plug_stopping(a->cache->setup.plug), __ATOMIC_RELAXED) != 0;
}

/* ---- the thread beside the walk -------------------------------------------------------------- */

/* Looks at steps that wait for none, from the last on, until it meets the walk. */
static void *look_beside(void *ctx)
{
	struct ahead *a = ctx;
	uint32_t i;

	for (i = a->n; i-- > 0 && !is_stopping(a);) {
		if (!a->steps[i].first)
			continue;
		if (atomic_exchange(&a->steps[i].claimed, true))
			break;
		lookup_early(a->cache, a->steps[i].step, a->beside_arena, &a->steps[i].look);
	}
	return NULL;
}

static void start_beside(struct ahead *a)
{
	if (a->n < BESIDE_LEAST || a->beside_arena || os_cpus() < 2)
		return;
	a->beside_arena = arena_new();
	a->has_beside = pthread_create(&a->beside, NULL, look_beside, a) == 0;
}

static void join_beside(struct ahead *a)
{
	if (a->has_beside)
		pthread_join(a->beside, NULL);
	a->has_beside = false;
}

/* ---- the walk -------------------------------------------------------------------------- */

/* The answers for a step that is not looked up, because a step before it must run. */
static struct far_known *known_of(struct ahead *a, const struct step *step)
{
	struct digest key;

	return lookup_key(a->cache, step, &key) == 0 ? far_known_of(a->cache->far, &key) : NULL;
}

static bool is_open(const struct ahead_step *s)
{
	return s->known && (s->tainted || !s->hit);
}

/* Is a result that fits wanted from this store? */
static bool is_wanted(const struct ahead *a, const struct ahead_step *s)
{
	return s->hit && s->look.fit && s->look.fit->store == a->store && !s->taken;
}

static struct far_wanted wanted_of(const struct ahead_step *s)
{
	return (struct far_wanted){ .step = s->known, .candidate = s->look.fit, .result = s->found.inside->hit };
}

static void note_kept(struct ahead *a, struct ahead_step *s)
{
	s->taken = true;
	a->kept++;
	tell(a, &s->known->kept);
}

static void look_over(struct ahead *a, struct ahead_step *s, bool *taint)
{
	s->tainted = *taint;
	s->hit = false;
	s->look.fit = NULL;
	s->look.names_n = 0;
	if (*taint) {
		if (!s->known)
			s->known = known_of(a, s->step);
		if (s->known)
			s->known->compared = 0;
		return;
	}
	if (a->has_beside && s->first && atomic_exchange(&s->claimed, true))
		join_beside(a);                /* they have met: it ends with this step */
	s->look.known = s->known;
	s->look.keys = a->cache->setup.keys;
	s->look.arena = a->arena;
	s->look.round = a->found;
	lookup_ahead(a->cache, s->step, a->chain, &s->look, &s->found);
	s->known = s->look.known;
	if (s->known)
		s->known->compared = s->known->n;
	s->hit = s->found.state == FOUND_HIT;
	*taint = !s->hit;
	if (!s->hit)
		found_free(&s->found);
}

/* Looks up a step. NEAR: asks for it if it misses, while the next are looked up. STREAM: compares its answer, and keeps a result
 * that fits, while others come. */
static void look_at(struct ahead *a, struct ahead_step *s, bool *taint)
{
	struct far_wanted wanted;

	if (a->round == ROUND_STREAM && s->known)
		far_stream_await(a->stream, s->known);
	look_over(a, s, taint);
	if (a->round == ROUND_NEAR && a->stream && is_open(s))
		far_stream_add(a->stream, s->known);
	if (!is_wanted(a, s))
		return;
	wanted = wanted_of(s);
	if (far_take(a->cache->far, a->store, &wanted))
		note_kept(a, s);
}

static void add_step(struct ahead *a, const struct step *step, bool first)
{
	if (a->n == a->room) {
		a->room = a->room ? 2 * a->room : 256;
		a->steps = xrealloc(a->steps, a->room, sizeof *a->steps);
	}
	a->steps[a->n++] = (struct ahead_step){ .step = step, .first = first };
}

static bool walk(struct ahead *a, const struct plan *plan, bool taint);

static bool walk_node(struct ahead *a, const struct plan_node *node, bool taint)
{
	uint32_t i;

	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_PLAN) {
			taint = walk(a, item->plan, taint);
		} else if (item->step->rules && a->round == ROUND_LIST) {
			add_step(a, item->step, !taint);
			taint = true;
		} else if (item->step->rules) {
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

static const struct plan *plan_of(const struct ahead *a)
{
	return a->part ? a->part : a->cache->plan;
}

static void round_of(struct ahead *a)
{
	forget_round(a);
	if (!a->arena)
		a->arena = arena_new();
	a->found = arena_new();
	a->chain = cache_chain_new(a->cache);
	a->at = 0;
	walk(a, plan_of(a), false);
}

static void list_steps(struct ahead *a)
{
	if (a->walked)
		return;
	a->round = ROUND_LIST;
	walk(a, plan_of(a), false);
	a->walked = true;
}

/* ---- questions ---------------------------------------------------------------------------- */

static bool has_hints(const struct ahead_step *s, uint32_t store)
{
	return s->known->hints_asked[store] < s->known->step[store]->hints_n;
}

static bool has_sets(const struct ahead_step *s, uint32_t store)
{
	return s->known->sets_asked[store] < s->known->step[store]->sets_n && s->known->sets_asked[store] < AHEAD_SETS;
}

/* Asks for the newest hints of all steps that did not hit or wait for such a step (`first`); else for the next hints of steps whose
 * hints did not fit, if no step must run before them. */
static uint32_t ask_hints(struct ahead *a, uint32_t store, bool first)
{
	struct far_known **ask = xcalloc(a->n ? a->n : 1, sizeof *ask);
	uint32_t i, n = 0, ret;

	for (i = 0; i < a->n; i++)
		if (is_open(&a->steps[i]) && has_hints(&a->steps[i], store) &&
		    (first ? !a->steps[i].known->hints_asked[store] : !a->steps[i].tainted))
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

static void fetch(struct ahead *a)
{
	struct far_wanted *wanted = xcalloc(a->n ? a->n : 1, sizeof *wanted);
	struct ahead_step **whose = xcalloc(a->n ? a->n : 1, sizeof *whose);
	uint32_t i, n = 0;

	for (i = 0; i < a->n; i++) {
		if (!is_wanted(a, &a->steps[i]))
			continue;
		wanted[n] = wanted_of(&a->steps[i]);
		whose[n++] = &a->steps[i];
	}
	if (n)
		far_fetch(a->cache->far, a->store, wanted, n);
	for (i = 0; i < n; i++)
		if (wanted[i].kept)
			note_kept(a, whose[i]);
	free(wanted);
	free(whose);
}

/* Notes that a store does not know the step. If it is the only store, no thread need wait for the step. */
static void note_nothing(void *ctx, struct far_known *k)
{
	struct ahead *a = ctx;

	if (far_stores(a->cache->far) == 1)
		tell(a, &k->none);
}

static uint32_t pass_over(struct ahead *a, uint32_t store)
{
	uint32_t rounds;
	bool any;

	list_steps(a);
	a->store = store;
	a->kept = 0;
	a->stream = far_stream_new(a->cache->far, store, a->n, note_nothing, a);
	a->round = ROUND_NEAR;
	start_beside(a);
	round_of(a);
	join_beside(a);
	any = far_stream_finds(a->stream);
	a->round = ROUND_STREAM;
	if (any)
		round_of(a);
	far_stream_free(a->stream);
	a->stream = NULL;
	a->round = ROUND_AGAIN;
	if (!is_stopping(a) && ask_hints(a, store, true))
		round_of(a);
	for (rounds = 0; rounds < ROUNDS && !is_stopping(a); rounds++) {
		uint32_t more = ask_hints(a, store, false);

		if (!more && load_sets(a, store)) {
			round_of(a);
			more = ask_names(a, store);
		}
		if (!more)
			break;
		round_of(a);
	}
	fetch(a);
	return a->kept;
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

/* Has a store more of the step than was asked for? */
static bool has_more(const struct far_known *k, uint32_t store)
{
	return !k->asked[store] || k->hints_asked[store] < k->step[store]->hints_n ||
	       (k->sets_asked[store] < k->step[store]->sets_n && k->sets_asked[store] < AHEAD_SETS);
}

/* Have far stores something for the step that was not compared with the present, or may fit now? */
static bool has_hope(struct ahead *a, const struct far_known *k)
{
	uint32_t store;
	bool ret = k->n > k->compared;

	for (store = 0; store < far_stores(a->cache->far) && !ret; store++)
		ret = far_store_reads(far_store_at(a->cache->far, store)) && has_more(k, store);
	return ret;
}

static void *pass_on_thread(void *ctx)
{
	struct ahead *a = ctx;

	pass(a);
	end(a);
	return NULL;
}

/* With the lock, which is free during a pass on this thread. The pass has a thread of its own, so that steps go on as soon as
 * their results came, and not when the last came. */
static void start_pass(struct ahead *a)
{
	if (a->threaded)
		pthread_join(a->thread, NULL); /* its pass is over */
	a->busy = true;
	a->threaded = pthread_create(&a->thread, NULL, pass_on_thread, a) == 0;
	if (a->threaded)
		return;
	pthread_mutex_unlock(&a->lock);
	pass_on_thread(a);
	pthread_mutex_lock(&a->lock);
}

/* With the lock. Waits until it is known what far stores have for the step, or no pass is under way. Returns whether a result that
 * fits came near: once, for a step that misses all the same is looked for again. */
static bool await_step(struct ahead *a, struct far_known *k)
{
	bool ret;

	while (a->busy && !k->kept && !k->none)
		pthread_cond_wait(&a->changed, &a->lock);
	ret = k->kept;
	k->kept = false;
	return ret;
}

bool ahead_missed(struct ahead *a, const struct digest *key)
{
	struct far_known *k = far_known_of(a->cache->far, key);
	bool ret;

	pthread_mutex_lock(&a->lock);
	ret = await_step(a, k);
	if (!ret && !a->busy && !is_stopping(a) && (!a->walked || has_hope(a, k))) {
		start_pass(a);
		await_step(a, k);
		ret = true;
	}
	pthread_mutex_unlock(&a->lock);
	return ret;
}

struct far_known *ahead_known(struct ahead *a, const struct digest *key, struct arena *arena)
{
	struct far_known *ret;

	begin(a);
	ret = arena_copy(arena, far_known_of(a->cache->far, key), sizeof *ret);
	end(a);
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
	struct ahead *one = ahead_new(a->cache);

	one->whole = a;
	one->part = &part;
	alone.waits_n = 0;
	begin(a);
	forget_found(a, &part);
	if (!is_stopping(a))
		pass(one);
	end(a);
	ahead_free(one);
}

uint32_t ahead_pull(struct ahead *a, uint32_t *ret_steps, uint32_t *ret_near)
{
	uint32_t ret, i;

	begin(a);
	*ret_near = 0;
	list_steps(a);
	a->round = ROUND_NEAR;
	round_of(a);
	*ret_steps = a->n;
	for (i = 0; i < a->n; i++)
		*ret_near += a->steps[i].hit;
	ret = pass(a);
	end(a);
	return ret;
}
