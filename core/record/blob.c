#include "config.h"

#include "record/blob.h"

#include <errno.h>
#include <fcntl.h>
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

#define BLOB_SETTLE_NS INT64_C(2000000000)     /* time that the stores get at the end for compacting and collecting */

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

struct pending *pending_add(struct blobs *b, uint32_t space, const void *id, void *data, size_t size, int fd)
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

/* ---- taking ---------------------------------------------------------------- */

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

void batch_publish(struct batch *t, const struct digest *key, const vt_id *result, const struct result_tags *tags)
{
	publish_result(t->blobs, t, key, result, tags);
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
		publish_used(b);
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
