#include "config.h"

#include "cache/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "cache/inside.h"

enum {
	BLOB_STORES = 8,
	BLOB_WAITING = 64 << 20,       /* bytes in memory that may wait for the publisher */
	BLOB_PIECE = 64 << 10,
	BLOB_ENTRY_MAX = 4096,
};

/* Taken and not yet published everywhere. */
struct pending {
	uint8_t name[1 + sizeof(vt_id)];       /* space, id: the map's key */
	uint32_t refs;                         /* batches and jobs that want it; 0: empty, may be filled again */
	void *data;                            /* owned; NULL when it is in a file */
	size_t size;
	int fd;                                /* of the unnamed private file, or -1 */
	char file[64];                         /* its path below /proc, for reflinks: not used yet */
};

struct batch {
	struct blobs *blobs;
	struct pending **at;                   /* in order of taking */
	uint32_t n;
	struct digest key;                     /* once published */
	vt_id result;
	bool front_only;                       /* nothing but the entry's order changed */
	struct batch *next;                    /* in the queue */
};

struct blobs {
	struct cache *cache;
	struct component *const *stores;       /* local first */
	uint32_t stores_n;
	pthread_mutex_t lock;                  /* all below; held for no call of a store */
	pthread_cond_t more, less;             /* the queue got longer; it got shorter */
	bool failed[BLOB_STORES];
	struct map pending;                    /* name -> struct pending */
	struct batch *first, **last;           /* the queue */
	size_t waiting;                        /* bytes of data in pending */
	bool ending, running;
	pthread_t publisher;
	vt_id *used;
	uint32_t used_n, used_room;
};

/* ---- stores --------------------------------------------------------------- */

struct blobs *blobs_new(struct cache *c)
{
	struct blobs *b = xcalloc(1, sizeof *b);

	b->cache = c;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->more, NULL);
	pthread_cond_init(&b->less, NULL);
	map_init(&b->pending);
	b->last = &b->first;
	return b;
}

void blobs_start(struct blobs *b)
{
	b->stores_n = plug_stores(b->cache->setup.plug, &b->stores);
	if (b->stores_n > BLOB_STORES)
		b->stores_n = BLOB_STORES;
}

static bool store_works(struct blobs *b, uint32_t i)
{
	bool ret;

	pthread_mutex_lock(&b->lock);
	ret = !b->failed[i];
	pthread_mutex_unlock(&b->lock);
	return ret;
}

bool blobs_work(const struct blobs *b)
{
	uint32_t i;

	for (i = 0; i < b->stores_n; i++)
		if (store_works((struct blobs *)(uintptr_t)b, i))
			return true;
	return false;
}

/* A store that failed is not asked again in this run. */
static void store_failed(struct blobs *b, uint32_t i, const struct plug_call *call)
{
	bool first;

	pthread_mutex_lock(&b->lock);
	first = !b->failed[i];
	b->failed[i] = true;
	pthread_mutex_unlock(&b->lock);
	if (first)
		cache_warn(b->cache, "%s: %s; not used for the rest of this run", component_name(b->stores[i]), call->text);
}

static vt_status store_get(struct blobs *b, uint32_t i, uint32_t space, const vt_id *id, vt_sink *into)
{
	const vt_store_ops *ops = component_ops(b->stores[i]);
	struct plug_call call;
	vt_status status;

	if (!ops->get || !store_works(b, i))
		return VT_NONE;
	call_begin(&call, b->stores[i], "get");
	status = call_end(&call, ops->get(component_self(b->stores[i]), &call.call, space, id, into));
	if (status == VT_FAILED && strcmp(call.code, "corrupt") == 0) {
		cache_warn(b->cache, "%s: %s", component_name(b->stores[i]), call.text);
		return VT_NONE;
	}
	if (status != VT_OK && status != VT_NONE && strcmp(call.code, "sink") != 0)
		store_failed(b, i, &call);
	return status;
}

static void store_drop(struct blobs *b, uint32_t i, uint32_t space, const vt_id *id)
{
	const vt_store_ops *ops = component_ops(b->stores[i]);
	struct plug_call call;

	if (!ops->drop || !store_works(b, i) || b->cache->setup.dry)
		return;
	call_begin(&call, b->stores[i], "drop");
	(void)call_end(&call, ops->drop(component_self(b->stores[i]), &call.call, space, id));
}

/* ---- sinks and sources ----------------------------------------------------- */

/* Collects in memory, up to a maximum. */
struct collecting {
	vt_sink sink;
	char *data;
	size_t size, room, max;
};

static vt_status collect(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct collecting *c = (struct collecting *)sink;
	char *more;

	(void)call;
	if (size > c->max - c->size)
		return VT_FAILED;
	if (size > c->room - c->size) {
		size_t room = c->size + size > c->room * 2 ? c->size + size : c->room * 2;

		more = realloc(c->data, room);
		if (!more)
			return VT_FAILED;
		c->data = more;
		c->room = room;
	}
	memcpy(c->data + c->size, data, size);
	c->size += size;
	return VT_OK;
}

/* Hashes what passes. */
struct hashing {
	vt_sink sink;
	vt_sink *into;
	vt_call *call;                 /* the part's, for `into` */
	struct digest_state state;
	bool refused;                  /* `into` did not want it: not the store's fault */
};

static vt_status hash_on(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct hashing *h = (struct hashing *)sink;
	vt_status status;

	(void)call;
	digest_add(&h->state, data, size);
	status = h->into->write(h->into, h->call, data, size);
	h->refused |= status != VT_OK;
	return status;
}

struct offering {
	vt_source source;
	const struct pending *from;
	size_t at;
};

static vt_status offer(vt_source *source, vt_call *call, void *buffer, size_t size, size_t *ret)
{
	struct offering *o = (struct offering *)source;
	size_t left = o->from->size - o->at;
	ssize_t n;

	(void)call;
	if (size > left)
		size = left;
	if (o->from->data) {
		memcpy(buffer, (const char *)o->from->data + o->at, size);
	} else if (size) {
		n = pread(o->from->fd, buffer, size, (off_t)o->at);
		if (n <= 0)
			return VT_FAILED;
		size = (size_t)n;
	}
	o->at += size;
	*ret = size;
	return VT_OK;
}

/* ---- what is pending ------------------------------------------------------- */

static void name_of(uint8_t ret[1 + sizeof(vt_id)], uint32_t space, const void *id)
{
	ret[0] = (uint8_t)space;
	memcpy(ret + 1, id, sizeof(vt_id));
}

/* With the lock; its refs is raised. NULL: not pending. */
static struct pending *pending_find(struct blobs *b, uint32_t space, const void *id)
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

/* With the lock. */
static void pending_release(struct blobs *b, struct pending *p)
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

/* With the lock. Takes over data or fd. What is there already stays (blobs), or gives way (entries). */
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

/* ---- getting --------------------------------------------------------------- */

static int pending_copy(struct blobs *b, struct pending *p, size_t max, void **ret, size_t *ret_size)
{
	char *data = p->size <= max ? malloc(p->size + 1) : NULL;
	struct offering from = { .from = p };
	size_t n = 1;

	while (data && n && offer(&from.source, NULL, data + from.at, p->size - from.at, &n) == VT_OK)
		;
	pthread_mutex_lock(&b->lock);
	if (data && from.at == p->size) {
		*ret = data;
		*ret_size = p->size;
		data = NULL;
		n = 1;
	} else {
		n = 0;
	}
	pending_release(b, p);
	pthread_mutex_unlock(&b->lock);
	free(data);
	return n ? 0 : 1;
}

static bool is_named(const void *data, size_t size, const vt_id *id)
{
	struct digest d;

	digest_of(data, size, &d);
	return memcmp(d.byte, id->byte, sizeof d.byte) == 0;
}

static void put_nearer(struct blobs *b, uint32_t found_in, const vt_id *id, void *data, size_t size);

int blob_get(struct blobs *b, const vt_id *id, size_t max, void **ret, size_t *ret_size)
{
	struct pending *p;
	uint32_t i;

	pthread_mutex_lock(&b->lock);
	p = pending_find(b, VT_SPACE_BLOB, id);
	pthread_mutex_unlock(&b->lock);
	if (p)
		return pending_copy(b, p, max, ret, ret_size);
	for (i = 0; i < b->stores_n; i++) {
		struct collecting into = { .sink = { collect }, .max = max };
		vt_status status = store_get(b, i, VT_SPACE_BLOB, id, &into.sink);

		if (status == VT_OK && is_named(into.data, into.size, id)) {
			put_nearer(b, i, id, into.data, into.size);
			*ret = into.data ? into.data : xmalloc(1);
			*ret_size = into.size;
			return 0;
		}
		free(into.data);
		if (status == VT_OK) {
			cache_warn(b->cache, "%s: a damaged record was dropped", component_name(b->stores[i]));
			store_drop(b, i, VT_SPACE_BLOB, id);
		}
	}
	return 1;
}

static vt_status pending_push(struct blobs *b, struct pending *p, vt_call *call, vt_sink *into)
{
	char *piece = malloc(BLOB_PIECE);
	struct offering from = { .from = p };
	vt_status status = piece ? VT_OK : VT_FAILED;
	size_t n = 1;

	while (status == VT_OK && n) {
		status = offer(&from.source, call, piece, BLOB_PIECE, &n);
		if (status == VT_OK && n)
			status = into->write(into, call, piece, n);
	}
	free(piece);
	pthread_mutex_lock(&b->lock);
	pending_release(b, p);
	pthread_mutex_unlock(&b->lock);
	return status;
}

vt_status blob_fetch(struct blobs *b, vt_call *call, const vt_id *id, vt_sink *into)
{
	struct hashing h = { .sink = { hash_on }, .into = into, .call = call };
	struct digest d;
	struct pending *p;
	uint32_t i;

	pthread_mutex_lock(&b->lock);
	p = pending_find(b, VT_SPACE_BLOB, id);
	pthread_mutex_unlock(&b->lock);
	if (p)
		return pending_push(b, p, call, into);
	for (i = 0; i < b->stores_n; i++) {
		vt_status status;

		digest_begin(&h.state, NULL);
		status = store_get(b, i, VT_SPACE_BLOB, id, &h.sink);
		if (status == VT_NONE)
			continue;
		if (status != VT_OK || h.refused)
			return VT_FAILED;
		digest_end(&h.state, &d);
		if (memcmp(d.byte, id->byte, sizeof d.byte) == 0)
			return VT_OK;
		cache_warn(b->cache, "%s: a damaged record was dropped", component_name(b->stores[i]));
		store_drop(b, i, VT_SPACE_BLOB, id);
		return VT_FAILED;              /* part of it has gone down the sink */
	}
	return VT_NONE;
}

void blob_drop(struct blobs *b, const vt_id *id)
{
	uint32_t i;

	for (i = 0; i < b->stores_n; i++)
		store_drop(b, i, VT_SPACE_BLOB, id);
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

static int entry_from_stores(struct blobs *b, const struct digest *key, struct entry *ret)
{
	const vt_id *id = (const vt_id *)(const void *)key->byte;
	uint32_t i;

	for (i = 0; i < b->stores_n; i++) {
		struct collecting into = { .sink = { collect }, .max = BLOB_ENTRY_MAX };
		vt_status status = store_get(b, i, VT_SPACE_ENTRY, id, &into.sink);
		bool good = status == VT_OK && entry_decode((struct bytes){ into.data, into.size }, key, ret) == 0;

		free(into.data);
		if (good)
			return 0;
		if (status == VT_OK) {
			cache_warn(b->cache, "%s: a damaged record was dropped", component_name(b->stores[i]));
			store_drop(b, i, VT_SPACE_ENTRY, id);
		}
	}
	return 1;
}

int blob_entry(struct blobs *b, const struct digest *key, struct entry *ret)
{
	struct pending *p;
	int r = 1;

	pthread_mutex_lock(&b->lock);
	p = pending_find(b, VT_SPACE_ENTRY, key->byte);
	if (p) {
		r = entry_decode((struct bytes){ p->data, p->size }, key, ret) == 0 ? 0 : 1;
		pending_release(b, p);
	}
	pthread_mutex_unlock(&b->lock);
	return r == 0 ? 0 : entry_from_stores(b, key, ret);
}

/* ---- publishing ------------------------------------------------------------- */

static vt_status store_put(struct blobs *b, uint32_t i, const struct pending *p)
{
	const vt_store_ops *ops = component_ops(b->stores[i]);
	struct offering from = { .source = { .read = offer, .size = p->size }, .from = p };
	struct plug_call call;
	vt_status status;
	vt_id id;

	if (!ops->put || !store_works(b, i))
		return VT_NONE;
	memcpy(&id, p->name + 1, sizeof id);
	call_begin(&call, b->stores[i], "put");
	status = call_end(&call, ops->put(component_self(b->stores[i]), &call.call, p->name[0], &id, &from.source));
	if (status != VT_OK && status != VT_NONE)
		store_failed(b, i, &call);
	return status;
}

/* What was found far away is kept nearer. */
static void put_nearer(struct blobs *b, uint32_t found_in, const vt_id *id, void *data, size_t size)
{
	struct pending p = { .data = data, .size = size, .fd = -1 };
	uint32_t i;

	if (b->cache->setup.dry)
		return;
	name_of(p.name, VT_SPACE_BLOB, id);
	for (i = 0; i < found_in; i++)
		store_put(b, i, &p);
}

static void publish(struct blobs *b, struct batch *t, struct pending *entry)
{
	uint32_t i, k;

	for (i = 0; i < b->stores_n; i++) {
		vt_status status = VT_OK;

		for (k = 0; k < t->n && status == VT_OK; k++)
			status = store_put(b, i, t->at[k]);
		if (status == VT_OK)
			store_put(b, i, entry);
	}
}

static void *publisher(void *ctx)
{
	struct blobs *b = ctx;
	struct batch *t;
	struct pending *entry;
	uint32_t k;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (!b->first && !b->ending)
			pthread_cond_wait(&b->more, &b->lock);
		t = b->first;
		if (!t)
			break;
		b->first = t->next;
		if (!b->first)
			b->last = &b->first;
		entry = pending_find(b, VT_SPACE_ENTRY, t->key.byte);
		if (entry) {
			/* a later step may change the entry meanwhile: publish what it is now */
			struct pending now = *entry;

			now.data = xmalloc(entry->size);
			memcpy(now.data, entry->data, entry->size);
			pthread_mutex_unlock(&b->lock);
			publish(b, t, &now);
			free(now.data);
			pthread_mutex_lock(&b->lock);
			pending_release(b, entry);
			pending_release(b, entry);     /* the job's own */
		}
		for (k = 0; k < t->n; k++)
			pending_release(b, t->at[k]);
		free(t->at);
		free(t);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* With the lock. */
static void enqueue(struct blobs *b, struct batch *t)
{
	t->next = NULL;
	*b->last = t;
	b->last = &t->next;
	if (!b->running)
		b->running = pthread_create(&b->publisher, NULL, publisher, b) == 0;
	pthread_cond_signal(&b->more);
}

/* With the lock: the entry with this result in front becomes pending. false: it is so already. */
static bool entry_change(struct blobs *b, struct entry *e, const vt_id *result)
{
	struct buf bytes;
	void *data;

	if (!entry_front(e, result))
		return false;
	buf_init(&bytes, BLOB_ENTRY_MAX);
	entry_encode(e, &bytes);
	data = xmalloc(bytes.size);
	memcpy(data, bytes.data, bytes.size);
	pending_add(b, VT_SPACE_ENTRY, e->key.byte, data, bytes.size, -1);
	buf_free(&bytes);
	return true;
}

/* Makes `result` the first of its key and leaves the rest to the publisher. Takes over t. */
static void front_and_enqueue(struct blobs *b, struct batch *t, const struct digest *key, const vt_id *result)
{
	struct entry e = { .key = *key }, now;
	struct pending *p;
	uint32_t k;

	if (entry_from_stores(b, key, &e) != 0)
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
	if (entry_change(b, &e, result)) {
		enqueue(b, t);
	} else {
		/* the same result is in front already: it was stored meanwhile, by this run or another */
		for (k = 0; k < t->n; k++)
			pending_release(b, t->at[k]);
		free(t->at);
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
	/* memory is bounded by waiting for the publisher, never for long */
	while (b->waiting > BLOB_WAITING && b->first)
		pthread_cond_wait(&b->less, &b->lock);
	batch_add(t, pending_add(b, VT_SPACE_BLOB, ret, copy, size, -1));
	pthread_mutex_unlock(&b->lock);
	return 0;
}

/* A private file without a name, for what is too large for memory. */
static int spool_open(struct cache *c)
{
	int dir = cache_tmp(c), fd;
	char name[32];
	uint64_t unique;

	if (dir < 0)
		return -1;
	fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	digest_random(&unique, sizeof unique);
	snprintf(name, sizeof name, "s%016llx", (unsigned long long)unique);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlinkat(dir, name, 0);
	return fd;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int batch_take_source(struct batch *t, vt_call *call, vt_source *from, vt_id *ret, uint64_t *ret_size, struct err *err)
{
	struct blobs *b = t->blobs;
	struct digest_state state;
	struct digest d;
	char *data = malloc(BLOB_MEMORY);
	size_t size = 0, n = 0;                /* in data; of this read */
	uint64_t total = 0;
	int fd = -1, r = data ? 0 : err_set(err, ERR_SYSTEM, "out of memory");

	digest_begin(&state, NULL);
	while (r == 0) {
		if (size == BLOB_MEMORY) {
			if (fd < 0)
				fd = spool_open(b->cache);
			if (fd < 0 || write_all(fd, data, size) < 0)
				r = err_errno(err, errno, "cannot write to '%s'", b->cache->inner);
			size = 0;
			continue;
		}
		if (from->read(from, call, data + size, BLOB_MEMORY - size, &n) != VT_OK || n > BLOB_MEMORY - size)
			r = err_set(err, ERR_SYSTEM, "an output could not be read");
		if (r < 0 || n == 0)
			break;
		digest_add(&state, data + size, n);
		size += n;
		total += n;
	}
	if (r == 0 && fd >= 0 && write_all(fd, data, size) < 0)
		r = err_errno(err, errno, "cannot write to '%s'", b->cache->inner);
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

static void settle_stores(struct blobs *b)
{
	uint32_t i;

	for (i = 0; i < b->stores_n; i++) {
		const vt_store_ops *ops = component_ops(b->stores[i]);
		struct plug_call call;

		if (ops->used && b->used_n && store_works(b, i)) {
			call_begin(&call, b->stores[i], "used");
			(void)call_end(&call, ops->used(component_self(b->stores[i]), &call.call, b->used, b->used_n));
		}
		if (ops->settle && store_works(b, i)) {
			call_begin(&call, b->stores[i], "settle");
			(void)call_end(&call, ops->settle(component_self(b->stores[i]), &call.call));
		}
	}
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
	if (settle)
		settle_stores(b);
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
