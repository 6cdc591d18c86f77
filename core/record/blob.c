#include "config.h"

#include "record/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/wait.h"
#include "os/file.h"
#include "os/loop.h"           /* for os_now_ns */
#include "plug/stores.h"
#include "record/blob_inside.h"
#include "record/directory.h"

enum { BLOB_WAITING = 64 << 20 };              /* bytes in memory that may wait for the publisher */
enum { BLOB_GROUP = 64, BLOB_GROUP_SIZE = 1 << 20 };   /* batches that are published together: how many, and about how many bytes */

#define BLOB_GATHER_NS INT64_C(10000000)       /* time that a batch from a far store waits for others, at most */
#define BLOB_SETTLE_NS INT64_C(2000000000)     /* time that the stores get at the end for compacting and collecting */

struct batch {
	struct blobs *blobs;
	struct pending **at;                   /* in the order of taking */
	uint32_t n;
	struct digest key;                     /* once published */
	vt_id result;                          /* once published */
	bool arrived;                          /* it came from a far store: `kept` is not called */
	struct batch *next;                    /* in the queue */
};

struct blobs *blobs_new(struct plug *plug, struct directory *dir, void (*warn)(void *ctx, const char *text), void *ctx)
{
	struct blobs *b = xcalloc(1, sizeof *b);

	b->plug = plug;
	b->dir = dir;
	b->warn = warn;
	b->ctx = ctx;
	pthread_mutex_init(&b->lock, NULL);
	wait_init(&b->more);
	pthread_cond_init(&b->less, NULL);
	map_init(&b->pending);
	b->last = &b->first;
	return b;
}

struct offering offering_of(const struct pending *p)
{
	return (struct offering){ .source = { .struct_size = sizeof(vt_source), .read = pending_offer, .size = p->size }, .from = p };
}

vt_status pending_offer(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct offering *o = (struct offering *)source;
	size_t left = at < o->from->size ? o->from->size - (size_t)at : 0;
	ssize_t n;

	if (call)              /* vt itself may read it, too */
		call_check(call, 1, "vt_source.read");
	if (size > left)
		size = left;
	if (o->from->data) {
		memcpy(buffer, (const char *)o->from->data + (o->from->size - left), size);
	} else if (size) {
		n = pread(o->from->fd, buffer, size, (off_t)at);
		if (n <= 0)
			return VT_FAILED;
		size = (size_t)n;
	}
	*ret = size;
	return VT_OK;
}

/* ---- pending bytes -------------------------------------------------------- */

static void name_of(uint8_t ret[1 + sizeof(vt_id)], uint32_t space, const void *id)
{
	ret[0] = (uint8_t)space;
	memcpy(ret + 1, id, sizeof(vt_id));
}

struct pending *pending_find(struct blobs *b, uint32_t space, const void *id)
{
	uint8_t name[1 + sizeof(vt_id)];
	struct pending *p;

	name_of(name, space, id);
	p = map_get(&b->pending, name, sizeof name);
	if (!p || !p->refs)
		return NULL;
	p->refs++;
	return p;
}

void pending_release(struct blobs *b, struct pending *p)
{
	if (--p->refs)
		return;
	if (p->data)
		b->waiting -= p->size;
	free(p->data);
	if (p->fd >= 0)
		close(p->fd);
	p->data = NULL;
	p->fd = -1;
	pthread_cond_broadcast(&b->less);
}

/* Adds bytes and holds them; takes over data or fd. A blob that is pending already keeps its
 * bytes; an entry is replaced. The caller has the lock. */
static struct pending *pending_add(struct blobs *b, uint32_t space, const void *id, void *data, size_t size, int fd)
{
	uint8_t name[1 + sizeof(vt_id)];
	struct pending *p;

	name_of(name, space, id);
	p = map_get(&b->pending, name, sizeof name);
	if (!p) {
		p = xcalloc(1, sizeof *p);
		p->fd = -1;
		memcpy(p->name, name, sizeof name);
		*map_put(&b->pending, p->name, sizeof p->name) = p;
	}
	if (p->refs && space == VT_SPACE_BLOB) {
		free(data);
		if (fd >= 0)
			close(fd);
	} else {
		if (p->data)
			b->waiting -= p->size;
		free(p->data);
		p->data = data;
		p->fd = fd;
		p->size = size;
		if (data)
			b->waiting += size;
	}
	p->refs++;
	return p;
}

/* ---- telling the stores ------------------------------------------------------ */

void blob_drop(struct blobs *b, const vt_id *id)
{
	if (!b->dir->dry)
		stores_drop(b->plug, VT_SPACE_BLOB, id, VT_DROP_USELESS);
}

void blob_used(struct blobs *b, const vt_id *ids, uint32_t n)
{
	if (!n)
		return;
	pthread_mutex_lock(&b->lock);
	if (b->used_n + n > b->used_room) {
		b->used_room = b->used_n + n + 64;
		b->used = xrealloc(b->used, b->used_room, sizeof *b->used);
	}
	memcpy(b->used + b->used_n, ids, n * sizeof *ids);
	b->used_n += n;
	pthread_mutex_unlock(&b->lock);
}

/* ---- publishing ------------------------------------------------------------- */

/* Tells the stores which blobs hits rely on, before a put may make a store drop blobs. */
static void tell_used(struct blobs *b)
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
	tell_used(b);
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
static bool entry_change(struct blobs *b, struct entry *e, const vt_id *result, bool always)
{
	struct buf bytes;
	void *data;

	if (!entry_front(e, result) && !always)
		return false;
	buf_init(&bytes, BLOB_ENTRY_MAX);
	entry_encode(e, &bytes);
	data = xmalloc(bytes.size);
	memcpy(data, bytes.data, bytes.size);
	pending_add(b, VT_SPACE_ENTRY, e->key.byte, data, bytes.size, -1);
	buf_free(&bytes);
	return true;
}

/* Puts `result` in front of the key's entry and gives the batch to the publisher. Takes over t. */
static void front_and_enqueue(struct blobs *b, struct batch *t, const struct digest *key, const vt_id *result)
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
	if (entry_change(b, &e, result, t->n > 0)) {
		enqueue(b, t);
	} else {
		free(t);
	}
	pthread_mutex_unlock(&b->lock);
}

void blob_entry_front(struct blobs *b, const struct digest *key, const vt_id *result)
{
	front_and_enqueue(b, batch_new(b), key, result);
}

struct batch *batch_new(struct blobs *b)
{
	struct batch *t = xcalloc(1, sizeof *t);

	t->blobs = b;
	return t;
}

static void batch_add(struct batch *t, struct pending *p)
{
	t->at = xrealloc(t->at, t->n + 1, sizeof *t->at);
	t->at[t->n++] = p;
}

int batch_take(struct batch *t, const void *data, size_t size, vt_id *ret, struct err *err)
{
	struct blobs *b = t->blobs;
	struct digest d;
	void *copy = malloc(size ? size : 1);

	if (!copy)
		return err_set(err, ERR_SYSTEM, "out of memory");
	memcpy(copy, data, size);
	digest_of(data, size, &d);
	memcpy(ret, d.byte, sizeof *ret);
	pthread_mutex_lock(&b->lock);
	/* the publisher frees memory */
	while (b->waiting > BLOB_WAITING && b->first)
		pthread_cond_wait(&b->less, &b->lock);
	batch_add(t, pending_add(b, VT_SPACE_BLOB, ret, copy, size, -1));
	pthread_mutex_unlock(&b->lock);
	return 0;
}

int blob_spool(struct directory *d)
{
	int dir = directory_tmp(d);

	return dir < 0 ? -1 : file_open_unnamed(dir);
}

int batch_take_source(struct batch *t, vt_call *call, vt_source *from, vt_id *ret, uint64_t *ret_size, struct err *err)
{
	struct blobs *b = t->blobs;
	struct digest_state state;
	struct digest d;
	char *data = malloc(BLOB_MEMORY);
	size_t size = 0, n = 0;                /* bytes in data; bytes of this read */
	uint64_t total = 0;
	int fd = -1, r = data ? 0 : err_set(err, ERR_SYSTEM, "out of memory");

	digest_begin(&state, NULL);
	while (r == 0) {
		if (size == BLOB_MEMORY) {
			if (fd < 0)
				fd = blob_spool(b->dir);
			if (fd < 0 || file_write_all(fd, data, size) < 0)
				r = err_errno(err, errno, "cannot write to '%s'", b->dir->inner);
			size = 0;
			continue;
		}
		if (from->read(from, call, total, data + size, BLOB_MEMORY - size, &n) != VT_OK || n > BLOB_MEMORY - size)
			r = err_set(err, ERR_SYSTEM, "an output could not be read");
		if (r < 0 || n == 0)
			break;
		digest_add(&state, data + size, n);
		size += n;
		total += n;
	}
	if (r == 0 && fd >= 0 && file_write_all(fd, data, size) < 0)
		r = err_errno(err, errno, "cannot write to '%s'", b->dir->inner);
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		free(data);
		return r;
	}
	digest_end(&state, &d);
	memcpy(ret, d.byte, sizeof *ret);
	if (ret_size)
		*ret_size = total;
	if (fd >= 0) {
		free(data);
		data = NULL;
	} else {
		data = xrealloc(data, size ? size : 1, 1);
	}
	pthread_mutex_lock(&b->lock);
	while (b->waiting > BLOB_WAITING && b->first)
		pthread_cond_wait(&b->less, &b->lock);
	batch_add(t, pending_add(b, VT_SPACE_BLOB, ret, data, (size_t)total, fd));
	pthread_mutex_unlock(&b->lock);
	return 0;
}

void batch_take_bytes(struct batch *t, const vt_id *id, struct blob_bytes *bytes)
{
	struct blobs *b = t->blobs;

	t->arrived = true;
	pthread_mutex_lock(&b->lock);
	while (b->waiting > BLOB_WAITING && b->first)
		pthread_cond_wait(&b->less, &b->lock);
	if (!bytes->data && bytes->fd < 0)
		bytes->data = xmalloc(1);
	batch_add(t, pending_add(b, VT_SPACE_BLOB, id, bytes->data, (size_t)bytes->size, bytes->fd));
	pthread_mutex_unlock(&b->lock);
	*bytes = (struct blob_bytes){ .fd = -1 };
}

void blobs_on_kept(struct blobs *b, void (*kept)(void *ctx, const vt_id *result), void *ctx)
{
	pthread_mutex_lock(&b->lock);
	b->kept = kept;
	b->kept_ctx = ctx;
	pthread_mutex_unlock(&b->lock);
}

int blobs_private_file(struct blobs *b)
{
	return blob_spool(b->dir);
}

void batch_publish(struct batch *t, const struct digest *key, const vt_id *result)
{
	front_and_enqueue(t->blobs, t, key, result);
}

void batch_give_up(struct batch *t)
{
	uint32_t k;

	if (!t)
		return;
	pthread_mutex_lock(&t->blobs->lock);
	for (k = 0; k < t->n; k++)
		pending_release(t->blobs, t->at[k]);
	pthread_mutex_unlock(&t->blobs->lock);
	free(t->at);
	free(t);
}

/* ---- the end ----------------------------------------------------------------- */

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

void blobs_free(struct blobs *b, bool settle)
{
	uint32_t i;

	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->ending = true;
	pthread_cond_signal(&b->more);
	pthread_mutex_unlock(&b->lock);
	if (b->running)
		pthread_join(b->publisher, NULL);
	if (settle) {
		tell_used(b);
		stores_settle(b->plug, os_now_ns() + BLOB_SETTLE_NS);
	}
	for (i = 0; i < b->pending.n; i++) {
		struct pending *p = b->pending.at[i].value;

		free(p->data);
		if (p->fd >= 0)
			close(p->fd);
		free(p);
	}
	map_free(&b->pending);
	pthread_cond_destroy(&b->more);
	pthread_cond_destroy(&b->less);
	pthread_mutex_destroy(&b->lock);
	free(b->used);
	free(b);
}
