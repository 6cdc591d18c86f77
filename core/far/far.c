#include "config.h"

#include "far/far.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wait.h"
#include "far/bundle.h"
#include "far/inside.h"
#include "os/loop.h"           /* for os_now_ns */
#include "plug/inside.h"
#include "plug/stores.h"
#include "record/entry.h"

enum { PROGRESS_MS = 1000 };

#define MS INT64_C(1000000)

const struct far_step far_no_step;

/* ---- life ----------------------------------------------------------------------------- */

struct far *far_open(const struct far_setup *setup)
{
	struct component *stores[FAR_STORES];
	uint32_t n = stores_far(setup->plug, stores, FAR_STORES), i;
	struct far *f;

	if (!n)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->setup = *setup;
	pthread_mutex_init(&f->lock, NULL);
	wait_init(&f->changed);
	map_init(&f->known);
	map_init(&f->origins);
	map_init(&f->lacking);
	f->arena = arena_new();
	f->stores_n = n;
	for (i = 0; i < n; i++) {
		if (!setup->keys->keyed && !setup->keys->signs && !setup->keys->trust_n && !stores[i]->choice.store.unsealed)
			plug_warn_about(stores[i], "results are neither sealed nor signed here, so nothing is shared; see `sharing` in vt-config(5)");
		f->stores[i] = far_store_new(stores[i], setup->plug, setup->blobs, setup->stop);
		f->senders[i] = (struct far_sender){ .far = f, .store = i, .arena = arena_new(), .arena_sent = arena_new() };
		map_init(&f->senders[i].there);
		map_init(&f->senders[i].small);
		map_init(&f->senders[i].steps);
		map_init(&f->senders[i].sent);
	}
	return f;
}

/* With the lock. The number of results that a sender has not sent yet. */
static uint32_t left_of(const struct far_sender *s)
{
	return s->runs && !s->complete ? s->n - s->taken + s->busy : 0;
}

/* With the lock. */
static bool wait_for_senders(struct far *f, int64_t until_ns)
{
	uint32_t i;

	for (i = 0; i < f->stores_n; i++)
		if (f->senders[i].runs && !f->senders[i].complete)
			return wait_until(&f->changed, &f->lock, until_ns) != 0 || true;
	return false;
}

static void tell_progress(struct far *f, int64_t end_ns)
{
	char text[300];
	uint32_t i, left;

	for (i = 0; i < f->stores_n; i++) {
		left = left_of(&f->senders[i]);
		if (!left || !f->setup.progress)
			continue;
		snprintf(text, sizeof text, "sending results to '%.100s': %u of %u left, at most %d s more", far_store_label(f->stores[i]), left,
			 f->senders[i].n, (int)((end_ns - os_now_ns()) / (1000 * MS)) + 1);
		f->setup.progress(f->setup.ctx, text);
	}
}

static void end_senders(struct far *f)
{
	int64_t now = os_now_ns(), last = now, next = now + PROGRESS_MS * MS;
	uint64_t put[FAR_STORES];
	uint32_t i;

	for (i = 0; i < f->stores_n; i++) {
		int64_t end = now + far_store_budget_ms(f->stores[i]) * MS;

		far_store_end(f->stores[i], end);
		last = end > last ? end : last;
		put[i] = __atomic_load_n(&far_store_figures(f->stores[i])->put_bytes, __ATOMIC_RELAXED);
	}
	pthread_mutex_lock(&f->lock);
	f->ending = true;
	pthread_cond_broadcast(&f->changed);
	while (wait_for_senders(f, os_now_ns() + 100 * MS)) {
		for (i = 0; i < f->stores_n; i++)
			if (__atomic_load_n(&far_store_figures(f->stores[i])->put_bytes, __ATOMIC_RELAXED) - put[i] > far_store_budget_bytes(f->stores[i]))
				far_store_end(f->stores[i], os_now_ns());
		if (os_now_ns() < next)
			continue;
		next += PROGRESS_MS * MS;
		tell_progress(f, last);
	}
	pthread_mutex_unlock(&f->lock);
	for (i = 0; i < f->stores_n; i++)
		if (f->senders[i].runs)
			pthread_join(f->senders[i].thread, NULL);
}

static void tell_unsent(struct far *f)
{
	char text[200];
	uint32_t i;

	for (i = 0; i < f->stores_n; i++) {
		/* a warning has told that a store rests */
		if (!f->senders[i].failed || !f->setup.progress || far_store_rests(f->stores[i]))
			continue;
		snprintf(text, sizeof text, "%u of %u results were not sent to '%.100s'; `vt cache push` sends them", f->senders[i].failed,
			 f->senders[i].n, far_store_label(f->stores[i]));
		f->setup.progress(f->setup.ctx, text);
	}
}

static void free_step(const struct far_step *step)
{
	if (step != &far_no_step)
		free((void *)(uintptr_t)step);
}

static void known_free(struct far_known *k)
{
	uint32_t i;

	for (i = 0; i < k->n; i++) {
		free((void *)(uintptr_t)k->at[i]->bytes.data);
		blob_bytes_clear(&k->at[i]->bundle);
		free(k->at[i]);
	}
	for (i = 0; i < FAR_STORES; i++) {
		free_step(k->step[i]);
		free(k->step_bytes[i]);
	}
	free(k);
}

void far_close(struct far *f)
{
	uint32_t i;

	if (!f)
		return;
	end_senders(f);
	tell_unsent(f);
	for (i = 0; i < f->stores_n; i++)
		far_store_free(f->stores[i]);
	for (i = 0; i < f->known.n; i++)
		known_free(f->known.at[i].value);
	for (i = 0; i < f->stores_n; i++)
		sender_clear(&f->senders[i]);
	for (i = 0; i < f->forgotten_n; i++)
		free(f->forgotten[i]);
	free(f->forgotten);
	map_free(&f->known);
	map_free(&f->origins);
	map_free(&f->lacking);
	arena_free(f->arena);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->changed);
	free(f);
}

uint32_t far_stores(const struct far *f)
{
	return f->stores_n;
}

struct far_store *far_store_at(const struct far *f, uint32_t i)
{
	return f->stores[i];
}

struct far_known *far_known_of(struct far *f, const struct digest *key)
{
	struct far_known *k;
	uint32_t i;

	pthread_mutex_lock(&f->lock);
	k = map_get(&f->known, key->byte, sizeof key->byte);
	if (!k) {
		k = xcalloc(1, sizeof *k);
		k->key = *key;
		for (i = 0; i < FAR_STORES; i++)
			k->step[i] = &far_no_step;
		far_step_name(f->setup.keys, key, &k->name);
		*map_put(&f->known, k->key.byte, sizeof k->key.byte) = k;
	}
	pthread_mutex_unlock(&f->lock);
	return k;
}

/* ---- asking ------------------------------------------------------------------------------ */

bool far_take_step(struct far *f, uint32_t store, struct far_known *k, const struct far_get *item)
{
	struct far_step *step;

	if (item->status != VT_OK)
		return false;
	k->step_bytes[store] = item->bytes.data;
	step = xmalloc(sizeof *step);
	if (far_step_decode(f->setup.keys, &k->name, (struct bytes){ item->bytes.data, (size_t)item->bytes.size }, step) == 0) {
		k->step[store] = step;
		return true;
	}
	free(step);
	far_store_tell(f->stores[store], f->setup.keys->keyed ? "something there is damaged, or not sealed by the team's key: it is left aside"
							     : "something there is damaged: it is left aside");
	return false;
}

static void tell_unproven(struct far *f, uint32_t store)
{
	far_store_tell(f->stores[store], f->setup.keys->keyed ? "a result there is damaged, or not sealed by the team's key: it is left aside"
				       : "a result there is not signed by anybody whom `sharing.trust` names: it is left aside");
}

/* Is the received RESULT whole and proven? */
static bool is_proven(struct far *f, uint32_t store, const vt_id *name, const struct far_get *item, vt_id *ret_body)
{
	if (item->status != VT_OK)
		return false;
	if (far_result_decode(f->setup.keys, far_store_unsealed(f->stores[store]), name,
			      (struct bytes){ item->bytes.data, (size_t)item->bytes.size }, ret_body) == 0)
		return true;
	tell_unproven(f, store);
	return false;
}

/* A result to get, and the step that wants it. */
struct pair {
	struct far_known *step;
	struct far_hint hint;
	bool proven;                   /* hint.body is known, and proven */
};

static bool is_candidate(const struct far_known *k, const vt_id *result)
{
	uint32_t i;

	for (i = 0; i < k->n; i++)
		if (memcmp(k->at[i]->result.byte, result->byte, sizeof result->byte) == 0)
			return true;
	return false;
}

bool far_body_is(const struct far *f, const struct far_known *k, const vt_id *result, struct bytes body, struct arena *a, struct result *ret)
{
	vt_id name;

	if (result_decode(body, &k->key, a, ret) < 0 || far_refusal(f->setup.keys, &ret->after, a))
		return false;
	/* the proof covers the name, and the name covers these facts */
	far_result_name(f->setup.keys, &k->key, &ret->before, &ret->after, &name);
	return memcmp(name.byte, result->byte, sizeof name.byte) == 0;
}

/* Adds the body as a candidate, if it belongs to the step and its files may come from afar. Takes over the bytes, and the small
 * bundle around them. */
static bool add_candidate(struct far *f, uint32_t store, struct far_known *k, const struct far_hint *hint, struct blob_bytes *bytes,
			  struct blob_bytes *bundle)
{
	struct arena *a = arena_new();
	struct result r;
	bool good = k->n < FAR_CANDIDATES && !is_candidate(k, &hint->result) &&
		    far_body_is(f, k, &hint->result, (struct bytes){ bytes->data, (size_t)bytes->size }, a, &r);

	if (good) {
		struct far_candidate *c = k->at[k->n++] = xmalloc(sizeof *c);

		*c = (struct far_candidate){ .result = hint->result, .body = hint->body, .store = store,
					     .bytes = { bytes->data, (size_t)bytes->size }, .bundle = { .fd = -1 } };
		*bytes = (struct blob_bytes){ .fd = -1 };
		if (bundle && bundle->data && bundle->size <= BLOB_MEMORY) {
			c->bundle = *bundle;
			*bundle = (struct blob_bytes){ .fd = -1 };
		}
	}
	blob_bytes_clear(bytes);
	arena_free(a);
	return good;
}

/* ---- bundles ------------------------------------------------------------------------------ */

bool far_holds_bundles(const struct far *f, uint32_t store)
{
	return far_store_wants(f->stores[store])->flags & VT_WANTS_BUNDLES;
}

void far_note_lacking(struct far *f, const vt_id *result)
{
	pthread_mutex_lock(&f->lock);
	if (!map_get(&f->lacking, result->byte, sizeof result->byte))
		*map_put(&f->lacking, arena_copy(f->arena, result->byte, sizeof result->byte), sizeof result->byte) = f;
	pthread_mutex_unlock(&f->lock);
}

void far_note_damaged(struct far *f, uint32_t store, const vt_id *result)
{
	far_store_tell(f->stores[store], "a damaged object was left aside");
	far_note_lacking(f, result);
}

bool far_is_lacking(struct far *f, const vt_id *result)
{
	bool ret;

	pthread_mutex_lock(&f->lock);
	ret = map_get(&f->lacking, result->byte, sizeof result->byte) != NULL;
	pthread_mutex_unlock(&f->lock);
	return ret;
}

/* Adds a received bundle, if it is the wanted result. Takes over the bytes. */
static uint32_t take_bundle(struct far *f, uint32_t store, struct pair *p, struct blob_bytes *bytes)
{
	struct blob_bytes body = { .fd = -1 };
	struct arena *a = arena_new();
	struct bundle bundle;
	uint32_t ret = 0;

	if (bundle_open(f->setup.keys, far_store_unsealed(f->stores[store]), &p->hint.result, bytes, a, &bundle) < 0 ||
	    bundle.blobs[0].size > FAR_BODY_MAX || bundle_take(f->setup.blobs, &bundle, 0, FAR_BODY_MAX, &body) < 0) {
		far_note_damaged(f, store, &p->hint.result);
	} else {
		p->hint.body = bundle.blobs[0].name;
		ret = add_candidate(f, store, p->step, &p->hint, &body, bytes);
	}
	blob_bytes_clear(&body);
	blob_bytes_clear(bytes);
	arena_free(a);
	return ret;
}

static void copy_piece(struct blob_bytes *to, struct bytes piece)
{
	if (piece.size)
		memcpy((char *)to->data + to->size, piece.data, piece.size);
	to->size += piece.size;
}

/* Adds a body that the STEP itself holds, with its bundle if the STEP holds that. */
static bool take_from_step(struct far *f, uint32_t store, struct pair *p)
{
	const struct far_hint *hint = &p->hint;
	struct blob_bytes body = { .fd = -1, .data = xmalloc(hint->bytes.size + 1) }, bundle = { .fd = -1 };
	bool ret;

	copy_piece(&body, hint->bytes);
	if (hint->before.size) {
		bundle.data = xmalloc(hint->before.size + hint->bytes.size + hint->after.size);
		copy_piece(&bundle, hint->before);
		copy_piece(&bundle, hint->bytes);
		copy_piece(&bundle, hint->after);
	}
	ret = add_candidate(f, store, p->step, hint, &body, &bundle);
	blob_bytes_clear(&bundle);
	return ret;
}

/* Adds bodies of STEPs, and gets the others by their bundles. */
static void get_bundles(struct far *f, uint32_t store, struct pair *pairs, uint32_t n, uint32_t *ret)
{
	struct far_get *items = xcalloc(n ? n : 1, sizeof *items);
	uint32_t *whose = xcalloc(n ? n : 1, sizeof *whose), i, k = 0;

	for (i = 0; i < n; i++) {
		if (pairs[i].proven && pairs[i].hint.bytes.size) {
			*ret += take_from_step(f, store, &pairs[i]);
			continue;
		}
		items[k] = (struct far_get){ .space = VT_SPACE_RESULT, .name = pairs[i].hint.result, .most = far_store_below(f->stores[store]) };
		whose[k++] = i;
	}
	far_store_get(f->stores[store], items, k);
	for (i = 0; i < k; i++)
		if (items[i].status == VT_OK)
			*ret += take_bundle(f, store, &pairs[whose[i]], &items[i].bytes);
		else if (items[i].status == VT_NONE && pairs[whose[i]].proven)
			far_note_lacking(f, &pairs[whose[i]].hint.result);
	free(items);
	free(whose);
}

/* ---- RESULTs and bodies ----------------------------------------------------------------------- */

/* Gets the bodies of pairs. results: their received RESULTs; NULL: the pairs are proven by hints. */
static void get_bodies(struct far *f, uint32_t store, struct pair *pairs, const struct far_get *results, uint32_t n, uint32_t *ret)
{
	struct far_get *bodies = xcalloc(n ? n : 1, sizeof *bodies);
	uint32_t *whose = xcalloc(n ? n : 1, sizeof *whose), i, k = 0;

	for (i = 0; i < n; i++) {
		if (pairs[i].proven && pairs[i].hint.bytes.size) {
			*ret += take_from_step(f, store, &pairs[i]);
			continue;
		}
		if (!pairs[i].proven && !is_proven(f, store, &pairs[i].hint.result, &results[i], &pairs[i].hint.body))
			continue;
		bodies[k] = (struct far_get){ .space = VT_SPACE_BLOB, .name = pairs[i].hint.body, .most = FAR_BODY_MAX, .in_memory = true };
		whose[k++] = i;
	}
	far_store_get(f->stores[store], bodies, k);
	for (i = 0; i < k; i++)
		if (bodies[i].status == VT_OK)
			*ret += add_candidate(f, store, pairs[whose[i]].step, &pairs[whose[i]].hint, &bodies[i].bytes, NULL);
	free(bodies);
	free(whose);
}

/* Gets the RESULTs of names that were made from the present states, then their bodies. */
static uint32_t ask_named(struct far *f, uint32_t store, struct pair *pairs, uint32_t n)
{
	struct far_get *items = xcalloc(n ? n : 1, sizeof *items);
	uint32_t i, ret = 0;

	if (far_holds_bundles(f, store)) {
		get_bundles(f, store, pairs, n, &ret);
		free(items);
		return ret;
	}
	for (i = 0; i < n; i++)
		items[i] = (struct far_get){ .space = VT_SPACE_RESULT, .name = pairs[i].hint.result, .most = FAR_RESULT_MAX, .in_memory = true };
	far_store_get(f->stores[store], items, n);
	get_bodies(f, store, pairs, items, n, &ret);
	for (i = 0; i < n; i++)
		if (items[i].status == VT_OK)
			blob_bytes_clear(&items[i].bytes);
	free(items);
	return ret;
}

/* The next hint that is proven and no candidate yet. */
static bool next_hint(struct far *f, uint32_t store, struct far_known *s, struct far_hint *ret)
{
	const struct far_step *step = s->step[store];

	while (s->hints_asked[store] < step->hints_n) {
		const struct far_hint *hint = &step->hints[s->hints_asked[store]++];

		if (is_candidate(s, &hint->result))
			continue;
		if (far_hint_is_proven(f->setup.keys, far_store_unsealed(f->stores[store]), hint)) {
			*ret = *hint;
			return true;
		}
		tell_unproven(f, store);
	}
	return false;
}

bool far_take_hint_at_hand(struct far *f, uint32_t store, struct far_known *k)
{
	const uint32_t followed = k->hints_asked[store];
	struct pair p = { .step = k, .proven = true };

	if (!next_hint(f, store, k, &p.hint))
		return false;
	if (p.hint.bytes.size)
		return take_from_step(f, store, &p);
	k->hints_asked[store] = followed;
	return false;
}

uint32_t far_ask_hints(struct far *f, uint32_t store, struct far_known *const *steps, uint32_t n)
{
	struct pair *pairs = xcalloc(n ? n : 1, sizeof *pairs);
	uint32_t i, k = 0, ret = 0;

	for (i = 0; i < n; i++) {
		pairs[k] = (struct pair){ .step = steps[i], .proven = true };
		k += next_hint(f, store, steps[i], &pairs[k].hint);
	}
	if (far_store_reads(f->stores[store]) && far_holds_bundles(f, store))
		get_bundles(f, store, pairs, k, &ret);
	else if (far_store_reads(f->stores[store]))
		get_bodies(f, store, pairs, NULL, k, &ret);
	free(pairs);
	return ret;
}

uint32_t far_ask_named(struct far *f, uint32_t store, struct far_known *const *steps, const vt_id *names, uint32_t n)
{
	struct pair *pairs = xcalloc(n ? n : 1, sizeof *pairs);
	uint32_t i, k = 0, ret;

	for (i = 0; i < n; i++)
		if (!is_candidate(steps[i], &names[i]))
			pairs[k++] = (struct pair){ .step = steps[i], .hint = { .result = names[i] } };
	ret = far_store_reads(f->stores[store]) ? ask_named(f, store, pairs, k) : 0;
	free(pairs);
	return ret;
}

/* Decodes a copy of the bytes, because facts point into them. */
static struct facts *decode_set(struct bytes bytes, struct arena *a)
{
	struct facts *ret = arena_alloc(a, sizeof *ret);
	const struct bytes kept = { arena_copy(a, bytes.size ? bytes.data : "", bytes.size), bytes.size };

	return far_set_decode(kept, a, ret) == 0 ? ret : NULL;
}

/* The name set of a body, made from its facts: a STEP that holds the body does not hold its set. */
static struct facts *set_of_body(struct bytes body, const struct far_known *k, struct arena *a)
{
	struct facts *ret = NULL;
	struct result r;
	struct buf set;

	if (!body.size || result_decode(body, &k->key, a, &r) < 0)
		return NULL;
	buf_init(&set, FAR_BODY_MAX);
	if (far_set_encode(&r.after, &set) == 0)
		ret = decode_set((struct bytes){ set.data, set.size }, a);
	buf_free(&set);
	return ret;
}

/* Finds name sets: the newest in its STEP, where that holds it; the others as blobs. */
void far_name_sets(struct far *f, uint32_t store, struct far_wanted_set *wanted, uint32_t n, struct arena *a)
{
	struct far_get *items = xcalloc(n ? n : 1, sizeof *items);
	uint32_t *whose = xcalloc(n ? n : 1, sizeof *whose), i, k = 0;

	for (i = 0; i < n; i++) {
		const struct far_step *s = wanted[i].step->step[store];

		wanted[i].set = NULL;
		if (wanted[i].number == 0 && s->newest.size) {
			wanted[i].set = decode_set(s->newest, a);
			continue;
		}
		/* the hint and the name set of one result have the same number */
		if (far_holds_bundles(f, store) || (wanted[i].number == 0 && s->hints_n && s->hints[0].bytes.size)) {
			if (wanted[i].number < s->hints_n)
				wanted[i].set = set_of_body(s->hints[wanted[i].number].bytes, wanted[i].step, a);
			continue;
		}
		items[k] = (struct far_get){ .space = VT_SPACE_BLOB, .name = s->sets[wanted[i].number], .most = FAR_BODY_MAX, .in_memory = true };
		whose[k++] = i;
	}
	k = far_store_reads(f->stores[store]) ? k : 0;
	far_store_get(f->stores[store], items, k);
	for (i = 0; i < k; i++) {
		if (items[i].status != VT_OK)
			continue;
		wanted[whose[i]].set = decode_set((struct bytes){ items[i].bytes.data, (size_t)items[i].bytes.size }, a);
		blob_bytes_clear(&items[i].bytes);
	}
	free(items);
	free(whose);
}

/* Frees something at the end: a sender may still look at it. */
static void free_later(struct far *f, const void *what)
{
	if (!what)
		return;
	pthread_mutex_lock(&f->lock);
	f->forgotten = xrealloc(f->forgotten, f->forgotten_n + 1, sizeof *f->forgotten);
	f->forgotten[f->forgotten_n++] = (void *)(uintptr_t)what;
	pthread_mutex_unlock(&f->lock);
}

void far_forget(struct far *f, struct far_known *k)
{
	uint32_t i;

	for (i = 0; i < FAR_STORES; i++) {
		free_later(f, k->step_bytes[i]);
		free_later(f, k->step[i] == &far_no_step ? NULL : k->step[i]);
		k->step_bytes[i] = NULL;
		k->step[i] = &far_no_step;
		k->asked[i] = false;
		k->hints_asked[i] = k->sets_asked[i] = 0;
	}
	k->kept = k->none = false;
	k->compared = 0;
}
