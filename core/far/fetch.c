/* fetch: gets results that fit from their store, and keeps them near. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "far/bundle.h"
#include "far/inside.h"
#include "record/entry.h"

enum { WAVE = 64 };                    /* how many bundles are got together */

static void note_origin(struct far *f, const vt_id *body, uint32_t store)
{
	void *key;

	pthread_mutex_lock(&f->lock);
	if (!map_get(&f->origins, body->byte, sizeof body->byte)) {
		key = arena_copy(f->arena, body->byte, sizeof body->byte);
		*map_put(&f->origins, key, sizeof body->byte) = (void *)(uintptr_t)(store + 1);
	}
	pthread_mutex_unlock(&f->lock);
}

static uint32_t store_of(struct far *f, const vt_id *body)
{
	uint32_t ret;

	pthread_mutex_lock(&f->lock);
	ret = (uint32_t)(uintptr_t)map_get(&f->origins, body->byte, sizeof body->byte);
	pthread_mutex_unlock(&f->lock);
	return ret;
}

const char *far_origin(struct far *f, const vt_id *body)
{
	uint32_t store = store_of(f, body);

	return store ? far_store_label(f->stores[store - 1]) : NULL;
}

void far_count_hit(struct far *f, const vt_id *body)
{
	uint32_t store = store_of(f, body);

	pthread_mutex_lock(&f->lock);
	if (store)
		far_store_figures(f->stores[store - 1])->hits++;
	pthread_mutex_unlock(&f->lock);
}

static uint32_t blobs_of(const struct result *r, vt_id *ret)
{
	uint32_t n = 0;

	if (r->output_size)
		ret[n++] = r->output;
	if (r->blobs_n)
		memcpy(ret + n, r->blobs, r->blobs_n * sizeof *ret);
	return n + r->blobs_n;
}

/* The blobs to fetch: each once, although many results may name it. */
struct fetched {
	struct far_get *items;
	uint32_t n;
	struct map index;              /* name -> its item, or `near` */
};

static char near;                      /* stands for a blob that is near already */

static void want_blob(struct far *f, struct fetched *all, const vt_id *name)
{
	struct far_get *item;

	if (map_get(&all->index, name->byte, sizeof name->byte))
		return;
	if (blob_is_near(f->setup.blobs, name)) {
		*map_put(&all->index, name->byte, sizeof name->byte) = &near;
		return;
	}
	item = &all->items[all->n++];
	*item = (struct far_get){ .space = VT_SPACE_BLOB, .name = *name, .most = UINT64_MAX };
	*map_put(&all->index, name->byte, sizeof name->byte) = item;
}

static void copy_body(const struct far_candidate *c, struct blob_bytes *ret)
{
	*ret = (struct blob_bytes){ .fd = -1, .data = xmalloc(c->bytes.size + 1), .size = c->bytes.size };
	memcpy(ret->data, c->bytes.data, c->bytes.size);
}

/* Keeps a result in the near stores, its body last, if all its blobs came. A result with a blob that the store has lost, or has
 * dropped as damaged, is noted: its blobs are sent again when the task has run. */
static void keep(struct far *f, uint32_t store, struct far_wanted *w, struct fetched *all, const vt_id *names, uint32_t n)
{
	struct blob_bytes body;
	struct batch *t;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct far_get *item = map_get(&all->index, names[i].byte, sizeof names[i].byte);

		if ((char *)item == &near || item->status == VT_OK)
			continue;
		if (item->status == VT_NONE || item->damaged)
			far_note_lacking(f, &w->candidate->result);
		return;
	}
	t = batch_new(f->setup.blobs);
	for (i = 0; i < n; i++) {
		struct far_get *item = map_get(&all->index, names[i].byte, sizeof names[i].byte);

		if ((char *)item == &near || item->most == 0)
			continue;
		batch_take_bytes(t, &item->name, &item->bytes);
		item->most = 0;                /* it is near now */
	}
	copy_body(w->candidate, &body);
	batch_take_bytes(t, &w->candidate->body, &body);
	note_origin(f, &w->candidate->body, store);
	batch_publish(t, &w->step->key, &w->candidate->body, NULL);
	w->kept = true;
}

/* ---- bundles ------------------------------------------------------------------------------ */

/* Takes the blobs that a body names out of the bundle. -1: the bundle is damaged. */
static int take_blobs(struct far *f, const struct bundle *from, const struct result *r, struct batch *t)
{
	vt_id *names = xcalloc(r->blobs_n + 1, sizeof *names);
	uint32_t n = blobs_of(r, names), i, k;
	struct blob_bytes bytes;
	int ret = 0;

	for (i = 0; i < n && ret == 0; i++) {
		if (blob_is_near(f->setup.blobs, &names[i]))
			continue;
		for (k = 1; k < from->n && memcmp(from->blobs[k].name.byte, names[i].byte, sizeof names[i].byte) != 0; k++)
			;
		if (k == from->n || bundle_take(f->setup.blobs, from, k, BUNDLE_IN_MEMORY, &bytes) < 0)
			ret = -1;
		else
			batch_take_bytes(t, &names[i], &bytes);
	}
	free(names);
	return ret;
}

/* Does the bundle hold the very body of the candidate? That one was verified when it came. */
static bool has_body_of(const struct bundle *bundle, const struct far_candidate *c)
{
	const struct bundle_blob *body = &bundle->blobs[0];

	return bundle->bytes->data && body->size == c->bytes.size && memcmp(body->name.byte, c->body.byte, sizeof body->name.byte) == 0 &&
	       memcmp((const char *)bundle->bytes->data + body->at, c->bytes.data, c->bytes.size) == 0;
}

/* Takes the body out of the bundle, and decodes it into the arena. It may differ from that of the hint, if another run made it, but
 * must belong to the same RESULT. -1: the bundle is damaged. */
static int take_body(struct far *f, const struct far_wanted *w, const struct bundle *bundle, struct arena *a, struct blob_bytes *ret,
		     struct result *ret_result)
{
	if (has_body_of(bundle, w->candidate)) {
		copy_body(w->candidate, ret);
		*ret_result = *w->result;
		return 0;
	}
	return bundle->blobs[0].size <= FAR_BODY_MAX && bundle_take(f->setup.blobs, bundle, 0, FAR_BODY_MAX, ret) == 0 &&
	       far_body_is(f, w->step, &w->candidate->result, (struct bytes){ ret->data, (size_t)ret->size }, a, ret_result) ? 0 : -1;
}

/* Keeps the result of a bundle. false: the bundle is damaged. */
static bool keep_bundle(struct far *f, uint32_t store, struct far_wanted *w, const struct blob_bytes *bytes)
{
	struct batch *t = batch_new(f->setup.blobs);
	struct blob_bytes body = { .fd = -1 };
	struct arena *a = arena_new();
	struct bundle bundle;
	struct result r;

	if (bundle_open(f->setup.keys, far_store_unsealed(f->stores[store]), &w->candidate->result, bytes, a, &bundle) < 0 ||
	    take_body(f, w, &bundle, a, &body, &r) < 0 || take_blobs(f, &bundle, &r, t) < 0) {
		batch_give_up(t);
	} else {
		/* the decoded facts point into the body */
		batch_take_bytes(t, &bundle.blobs[0].name, &body);
		note_origin(f, &bundle.blobs[0].name, store);
		batch_publish(t, &w->step->key, &bundle.blobs[0].name, NULL);
		w->kept = true;
	}
	blob_bytes_clear(&body);
	arena_free(a);
	return w->kept;
}

bool far_take(struct far *f, uint32_t store, struct far_wanted *w)
{
	return w->candidate->bundle.data && keep_bundle(f, store, w, &w->candidate->bundle);
}

/* Fetches bundles, as many at a time as memory may hold. */
static void fetch_bundles(struct far *f, uint32_t store, struct far_wanted *wanted, uint32_t n)
{
	struct far_get items[WAVE];
	uint32_t whose[WAVE], i, k, at = 0;

	while (at < n) {
		for (k = 0; at < n && k < WAVE; at++) {
			if (far_take(f, store, &wanted[at]))
				continue;
			items[k] = (struct far_get){ .space = VT_SPACE_RESULT, .name = wanted[at].candidate->result,
						     .most = far_store_below(f->stores[store]) };
			whose[k++] = at;
		}
		far_store_get(f->stores[store], items, k);
		for (i = 0; i < k; i++) {
			if (items[i].status == VT_NONE)
				far_note_lacking(f, &wanted[whose[i]].candidate->result);
			if (items[i].status != VT_OK)
				continue;
			if (!keep_bundle(f, store, &wanted[whose[i]], &items[i].bytes))
				far_note_damaged(f, store, &wanted[whose[i]].candidate->result);
			blob_bytes_clear(&items[i].bytes);
		}
	}
}

void far_fetch(struct far *f, uint32_t store, struct far_wanted *wanted, uint32_t n)
{
	struct fetched all = { 0 };
	uint32_t i, k, count = 1;
	vt_id *names;

	if (far_holds_bundles(f, store)) {
		fetch_bundles(f, store, wanted, n);
		return;
	}
	for (i = 0; i < n; i++)
		count += 1 + wanted[i].result->blobs_n;
	names = xcalloc(count, sizeof *names);
	all.items = xcalloc(count, sizeof *all.items);
	map_init(&all.index);
	for (i = 0, count = 0; i < n; i++) {
		uint32_t its = blobs_of(wanted[i].result, names + count);

		if (far_take(f, store, &wanted[i]))
			its = 0;
		for (k = 0; k < its; k++)
			want_blob(f, &all, &names[count + k]);
		count += its;
	}
	far_store_get(f->stores[store], all.items, all.n);
	for (i = 0, count = 0; i < n; i++) {
		uint32_t its = wanted[i].result->blobs_n + (wanted[i].result->output_size > 0);

		if (wanted[i].kept)
			continue;
		keep(f, store, &wanted[i], &all, names + count, its);
		count += its;
	}
	for (i = 0; i < all.n; i++)
		if (all.items[i].status == VT_OK && all.items[i].most)
			blob_bytes_clear(&all.items[i].bytes);
	map_free(&all.index);
	free(all.items);
	free(names);
}
