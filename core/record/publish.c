#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wait.h"
#include "os/loop.h"           /* for os_now_ns */
#include "plug/stores.h"
#include "record/blob_inside.h"

/* Publishes what was taken: blobs first, then the result, then the entry; on a thread, behind the run. */

enum { BLOB_GROUP = 64, BLOB_GROUP_SIZE = 1 << 20 };   /* batches that are published together: how many, and about how many bytes */

#define BLOB_GATHER_NS INT64_C(10000000)       /* time that a batch from a far store waits for others, at most */

void publish_used(struct blobs *b)
{
	vt_id *used;
	uint32_t n;

	pthread_mutex_lock(&b->lock);
	used = b->used;
	n = b->used_n;
	b->used = NULL;
	b->used_n = b->used_room = 0;
	pthread_mutex_unlock(&b->lock);
	if (n)
		stores_used(b->plug, used, n);
	free(used);
}

/* Batches that are published together. */
struct group {
	struct batch *at[BLOB_GROUP];
	struct pending *entries[BLOB_GROUP];   /* held; NULL: there is none */
	struct pending now[BLOB_GROUP];        /* copies: another step may change an entry while this one is published */
	uint32_t n;
};

/* Lists what is put, and returns how many objects there are. */
static uint32_t list_blobs(const struct group *g, vt_put_item *items, struct offering *from)
{
	uint32_t i, k, n = 0;

	for (i = 0; i < g->n; i++) {
		for (k = 0; k < g->at[i]->n; k++, n++) {
			from[n] = offering_of(g->at[i]->at[k]);
			items[n].from = &from[n].source;
			memcpy(&items[n].name, g->at[i]->at[k]->name + 1, sizeof items[n].name);
		}
	}
	return n;
}

/* The same for entries of batches whose blobs a store took; `blobs`: these, with their status. */
static uint32_t list_entries(const struct group *g, const vt_put_item *blobs, vt_put_item *items, struct offering *from)
{
	uint32_t i, k, n = 0;

	for (i = 0; i < g->n; i++) {
		bool kept = g->entries[i] != NULL;

		for (k = 0; k < g->at[i]->n; k++, blobs++)
			kept = kept && blobs->status == VT_OK;
		if (!kept)
			continue;
		from[n] = offering_of(&g->now[i]);
		items[n].from = &from[n].source;
		memcpy(&items[n++].name, g->now[i].name + 1, sizeof items->name);
	}
	return n;
}

/* Puts the blobs of a group, then its entries. A store that failed is given nothing more, so an entry never reaches a store that
 * lacks one of its blobs. */
static void publish(struct blobs *b, const struct group *g)
{
	vt_put_item *blobs, entries[BLOB_GROUP] = { { .status = VT_OK } };
	struct offering *from;
	uint32_t i, n = BLOB_GROUP;

	for (i = 0; i < g->n; i++)
		n += g->at[i]->n;
	blobs = xcalloc(n, sizeof *blobs);
	from = xcalloc(n, sizeof *from);
	n = list_blobs(g, blobs, from);
	if (n)
		stores_put_many(b->plug, VT_SPACE_BLOB, blobs, n, NULL);
	n = list_entries(g, blobs, entries, from);
	if (n)
		stores_put_many(b->plug, VT_SPACE_ENTRY, entries, n, NULL);
	for (i = 0; i < g->n; i++)
		if (b->kept && g->at[i]->n && !g->at[i]->arrived)
			b->kept(b->kept_ctx, &g->at[i]->result);
	free(blobs);
	free(from);
}

/* Takes the first batch out of the queue. The caller has the lock. Returns how many bytes it has. */
static size_t group_add(struct blobs *b, struct group *g)
{
	struct batch *t = g->at[g->n] = b->first;
	struct pending *entry = g->entries[g->n] = pending_find(b, VT_SPACE_ENTRY, t->key.byte), *now = &g->now[g->n];
	size_t ret = 0;
	uint32_t k;

	g->n++;
	b->queued--;
	b->urgent -= !t->arrived;
	b->first = t->next;
	if (!b->first)
		b->last = &b->first;
	for (k = 0; k < t->n; k++)
		ret += t->at[k]->size;
	if (!entry)
		return ret;
	*now = *entry;
	now->data = xmalloc(entry->size);
	memcpy(now->data, entry->data, entry->size);
	return ret;
}

/* Frees the batches of a group that was published. The caller has the lock. */
static void group_end(struct blobs *b, struct group *g)
{
	uint32_t i, k;

	for (i = 0; i < g->n; i++) {
		struct batch *t = g->at[i];

		if (g->entries[i]) {
			free(g->now[i].data);
			pending_release(b, g->entries[i]);
			pending_release(b, g->entries[i]);     /* held since entry_change */
		}
		for (k = 0; k < t->n; k++)
			pending_release(b, t->at[k]);
		free(t->at);
		free(t);
	}
}

/* Publishes the first batches of the queue and frees them. The caller has the lock, which is free meanwhile. */
static void publish_first(struct blobs *b)
{
	struct group g;
	size_t size = 0;

	g.n = 0;
	while (b->first && g.n < BLOB_GROUP && size < BLOB_GROUP_SIZE)
		size += group_add(b, &g);
	pthread_mutex_unlock(&b->lock);
	publish_used(b);
	publish(b, &g);
	pthread_mutex_lock(&b->lock);
	group_end(b, &g);
}

/* May more batches come soon? All in the queue came from a far store, then: they come in quick succession, nobody waits until they
 * are near, and a write of many costs little more than one of one. The caller has the lock. */
static bool is_to_gather(const struct blobs *b)
{
	return b->queued < BLOB_GROUP && !b->urgent && b->waiting < BLOB_GROUP_SIZE && !b->ending && !b->flushing;
}

/* Waits a moment for more batches. The caller has the lock. */
static void gather(struct blobs *b)
{
	const int64_t until_ns = os_now_ns() + BLOB_GATHER_NS;

	b->gathering = true;
	while (is_to_gather(b) && wait_until(&b->more, &b->lock, until_ns) == 0)
		;
	b->gathering = false;
}

static void *publisher(void *ctx)
{
	struct blobs *b = ctx;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (!b->first && !b->ending)
			pthread_cond_wait(&b->more, &b->lock);
		if (!b->first)
			break;
		b->busy = true;
		gather(b);
		publish_first(b);
		b->busy = false;
		pthread_cond_broadcast(&b->less);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* Starts the publisher, once. The caller has the lock. */
static void start_publisher(struct blobs *b)
{
	char text[160];
	int failed;

	if (b->running || b->threadless)
		return;
	failed = pthread_create(&b->publisher, NULL, publisher, b);
	b->running = failed == 0;
	b->threadless = failed != 0;
	if (failed == 0)
		return;
	snprintf(text, sizeof text, "no thread can be made (%s): steps wait until their results are kept", strerror(failed));
	if (b->warn)
		b->warn(b->ctx, text);
}

/* The caller has the lock. Without a publisher one caller at a time empties the queue, so that an
 * older entry never replaces a newer one. */
static void enqueue(struct blobs *b, struct batch *t)
{
	t->next = NULL;
	*b->last = t;
	b->last = &t->next;
	b->queued++;
	b->urgent += !t->arrived;
	start_publisher(b);
	if (!b->gathering || !is_to_gather(b))
		pthread_cond_signal(&b->more);
	if (!b->threadless || b->publishing)
		return;
	b->publishing = true;
	while (b->first)
		publish_first(b);
	b->publishing = false;
}

/* Puts `result` in front of the entry and makes the entry pending. false: the result was in
 * front already; with `always` the entry is pending all the same, because its blobs may have
 * been lost. The caller has the lock. */
static bool entry_change(struct blobs *b, struct entry *e, const vt_id *result, const struct result_tags *tags, bool always)
{
	struct buf bytes;
	void *data;

	if (!entry_front(e, result, tags) && !always)
		return false;
	buf_init(&bytes, BLOB_ENTRY_MAX);
	entry_encode(e, &bytes);
	data = xmalloc(bytes.size);
	memcpy(data, bytes.data, bytes.size);
	pending_add(b, VT_SPACE_ENTRY, e->key.byte, data, bytes.size, -1);
	buf_free(&bytes);
	return true;
}

void publish_result(struct blobs *b, struct batch *t, const struct digest *key, const vt_id *result, const struct result_tags *tags)
{
	struct entry e = { .key = *key }, now;
	struct pending *p;

	if (blob_entry_from_stores(b, key, &e) != 0)
		e = (struct entry){ .key = *key };
	t->key = *key;
	t->result = *result;
	pthread_mutex_lock(&b->lock);
	p = pending_find(b, VT_SPACE_ENTRY, key->byte);
	if (p) {
		if (entry_decode((struct bytes){ p->data, p->size }, key, &now) == 0)
			e = now;
		pending_release(b, p);
	}
	if (entry_change(b, &e, result, tags, t->n > 0)) {
		enqueue(b, t);
	} else {
		free(t);
	}
	pthread_mutex_unlock(&b->lock);
}

void blob_entry_front(struct blobs *b, const struct digest *key, const vt_id *result)
{
	publish_result(b, batch_new(b), key, result, NULL);
}

void blobs_flush(struct blobs *b)
{
	pthread_mutex_lock(&b->lock);
	b->flushing++;
	pthread_cond_signal(&b->more);
	while (b->first || b->busy)
		pthread_cond_wait(&b->less, &b->lock);
	b->flushing--;
	pthread_mutex_unlock(&b->lock);
}
