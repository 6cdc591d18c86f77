#include "config.h"

#include "record/blob.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/file.h"
#include "plug/stores.h"
#include "record/blob_inside.h"
#include "record/directory.h"

enum { BLOB_PIECE = 64 << 10 };        /* bytes that are pushed at once */

/* ---- sinks ----------------------------------------------------------------- */

/* Collects in memory, up to a maximum, and verifies: a blob by its name, an entry by its key. */
struct collecting {
	struct stores_into into;       /* first */
	char *data;
	size_t size, room, max;        /* bytes collected, allocated, allowed */
	const vt_id *name;             /* of a blob; else NULL */
	const struct digest *key;      /* of an entry; else NULL */
	struct entry *entry;           /* where the entry goes */
	struct again {
		vt_source source;
		const char *data;
	} bytes;                       /* the collected bytes once more, for nearer stores */
};

static vt_status collect(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct collecting *c = (struct collecting *)sink;
	char *more;

	call_check(call, 1, "vt_sink.write");
	if (size > c->max - c->size)
		return sink_is_full(sink, call);
	if (size > c->room - c->size) {
		size_t room = c->size + size > c->room * 2 ? c->size + size : c->room * 2;

		more = realloc(c->data, room);
		if (!more)
			return VT_FAILED;
		c->data = more;
		c->room = room;
	}
	if (size)
		memcpy(c->data + c->size, data, size);
	c->size += size;
	sink->got = c->size;
	return VT_OK;
}

static vt_status collect_restart(vt_sink *sink, vt_call *call)
{
	if (call)
		call_check(call, 1, "vt_sink.restart");
	((struct collecting *)sink)->size = 0;
	sink->got = 0;
	return VT_OK;
}

static bool is_named(const void *data, size_t size, const vt_id *id)
{
	struct digest d;

	digest_of(data, size, &d);
	return memcmp(d.byte, id->byte, sizeof d.byte) == 0;
}

static bool collected_is_good(struct stores_into *into)
{
	struct collecting *c = (struct collecting *)into;

	if (c->entry)
		return entry_decode((struct bytes){ c->data, c->size }, c->key, c->entry) == 0;
	return is_named(c->data, c->size, c->name);
}

static vt_status read_again(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct again *a = (struct again *)source;
	size_t left = at < source->size ? (size_t)(source->size - at) : 0;

	call_check(call, 1, "vt_source.read");
	if (size > left)
		size = left;
	if (size)
		memcpy(buffer, a->data + at, size);
	*ret = size;
	return VT_OK;
}

static vt_source *collected_bytes(struct stores_into *into)
{
	struct collecting *c = (struct collecting *)into;

	c->bytes = (struct again){ .source = { .struct_size = sizeof(vt_source), .read = read_again, .size = c->size }, .data = c->data };
	return &c->bytes.source;
}

static struct collecting collecting_begin(const struct blobs *b, size_t max)
{
	return (struct collecting){
		.into = { .sink = { .struct_size = sizeof(vt_sink), .write = collect, .restart = collect_restart, .most = max },
			  .alive_only = b->dir->dry, .check = collected_is_good, .reopen = b->dir->dry ? NULL : collected_bytes },
		.max = max,
	};
}

/* Hashes bytes on their way to a part. Bytes that the part has got cannot be taken back. */
struct hashing {
	struct stores_into into;       /* first */
	vt_sink *to;
	vt_call *call;                 /* the part's, for `to` */
	const vt_id *name;
	struct digest_state state;
	bool spoiled;                  /* bytes went to the part that are wrong, or the part refused them */
};

static vt_status hash_on(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct hashing *h = (struct hashing *)sink;

	call_check(call, 1, "vt_sink.write");
	if (h->spoiled)
		return VT_FAILED;
	digest_add(&h->state, data, size);
	if (h->to->write(h->to, h->call, data, size) != VT_OK)
		h->spoiled = h->into.refused = true;
	else
		sink->got += size;
	return h->spoiled ? VT_FAILED : VT_OK;
}

/* A part that cannot begin again is given no second store's bytes behind a first one's. */
static vt_status hash_restart(vt_sink *sink, vt_call *call)
{
	struct hashing *h = (struct hashing *)sink;

	if (call)
		call_check(call, 1, "vt_sink.restart");
	if (sink->got && (!VT_HAS(h->to, restart) || h->to->restart(h->to, h->call) != VT_OK)) {
		if (call)
			return VT_UNSUPPORTED;
		h->spoiled = true;
	}
	sink->got = 0;
	digest_begin(&h->state, NULL);
	return VT_OK;
}

static bool hash_is_good(struct stores_into *into)
{
	struct hashing *h = (struct hashing *)into;
	struct digest_state copy = h->state;
	struct digest d;

	digest_end(&copy, &d);
	return memcmp(d.byte, h->name->byte, sizeof d.byte) == 0;
}

/* ---- getting --------------------------------------------------------------- */

static int pending_copy(struct blobs *b, struct pending *p, size_t max, void **ret, size_t *ret_size)
{
	char *data = p->size <= max ? malloc(p->size + 1) : NULL;
	struct offering from = offering_of(p);
	size_t size = p->size, at = 0, n = 1;

	while (data && n && pending_offer(&from.source, NULL, at, data + at, size - at, &n) == VT_OK)
		at += n;
	pthread_mutex_lock(&b->lock);
	pending_release(b, p);
	pthread_mutex_unlock(&b->lock);
	if (!data || at != size) {
		free(data);
		return 1;
	}
	*ret = data;
	*ret_size = size;
	return 0;
}

int blob_get(struct blobs *b, const vt_id *id, size_t max, void **ret, size_t *ret_size)
{
	struct collecting c = collecting_begin(b, max);
	struct pending *p;

	pthread_mutex_lock(&b->lock);
	p = pending_find(b, VT_SPACE_BLOB, id);
	pthread_mutex_unlock(&b->lock);
	if (p)
		return pending_copy(b, p, max, ret, ret_size);
	c.name = id;
	if (stores_get(b->plug, VT_SPACE_BLOB, id, &c.into, NULL) != VT_OK) {
		free(c.data);
		return 1;
	}
	*ret = c.data ? c.data : xmalloc(1);
	*ret_size = c.size;
	return 0;
}

static vt_status pending_push(struct blobs *b, struct pending *p, vt_call *call, vt_sink *into)
{
	char *piece = malloc(BLOB_PIECE);
	struct offering from = offering_of(p);
	vt_status status = piece ? VT_OK : VT_FAILED;
	size_t at = 0, n = 1;

	while (status == VT_OK && n) {
		status = pending_offer(&from.source, call, at, piece, BLOB_PIECE, &n);
		if (status == VT_OK && n)
			status = into->write(into, call, piece, n);
		at += n;
	}
	free(piece);
	pthread_mutex_lock(&b->lock);
	pending_release(b, p);
	pthread_mutex_unlock(&b->lock);
	return status;
}

vt_status blob_fetch(struct blobs *b, vt_call *call, const vt_id *id, vt_sink *into)
{
	struct hashing h = {
		.into = { .sink = { .struct_size = sizeof(vt_sink), .write = hash_on, .restart = hash_restart, .most = UINT64_MAX }, .check = hash_is_good },
		.to = into, .call = call, .name = id,
	};
	struct pending *p;

	pthread_mutex_lock(&b->lock);
	p = pending_find(b, VT_SPACE_BLOB, id);
	pthread_mutex_unlock(&b->lock);
	if (p)
		return pending_push(b, p, call, into);
	digest_begin(&h.state, NULL);
	return stores_get(b->plug, VT_SPACE_BLOB, id, &h.into, NULL);
}

/* Keeps the bytes that come: in memory, and beyond BLOB_MEMORY in a private file. */
struct keeping {
	vt_sink sink;                  /* first */
	struct blobs *blobs;
	struct blob_bytes bytes;
	size_t room;                   /* of bytes.data */
};

static bool keep_in_file(struct keeping *k)
{
	if (k->bytes.fd >= 0)
		return true;
	k->bytes.fd = blob_spool(k->blobs->dir);
	if (k->bytes.fd < 0 || file_write_all(k->bytes.fd, k->bytes.data, k->bytes.size) < 0)
		return false;
	free(k->bytes.data);
	k->bytes.data = NULL;
	return true;
}

static vt_status keep(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct keeping *k = (struct keeping *)sink;
	size_t want = (size_t)k->bytes.size + size;
	char *more;

	(void)call;
	if (want > BLOB_MEMORY || k->bytes.fd >= 0) {
		if (!keep_in_file(k) || file_write_all(k->bytes.fd, data, size) < 0)
			return VT_FAILED;
	} else {
		if (want > k->room) {
			k->room = want > 2 * k->room ? want : 2 * k->room;
			more = realloc(k->bytes.data, k->room);
			if (!more)
				return VT_FAILED;
			k->bytes.data = more;
		}
		if (size)
			memcpy((char *)k->bytes.data + k->bytes.size, data, size);
	}
	k->bytes.size += size;
	sink->got += size;
	return VT_OK;
}

void blob_bytes_clear(struct blob_bytes *b)
{
	free(b->data);
	if (b->fd >= 0)
		close(b->fd);
	*b = (struct blob_bytes){ .fd = -1 };
}

int blob_read(struct blobs *b, const vt_id *id, struct blob_bytes *ret)
{
	struct keeping k = {
		.sink = { .struct_size = sizeof(vt_sink), .write = keep, .most = UINT64_MAX }, .blobs = b, .bytes = { .fd = -1 },
	};

	if (blob_fetch(b, NULL, id, &k.sink) != VT_OK) {
		blob_bytes_clear(&k.bytes);
		return 1;
	}
	*ret = k.bytes;
	return 0;
}

static vt_status look_only(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	(void)call;
	(void)data;
	sink->got += size;
	return VT_OK;
}

bool blob_is_near(struct blobs *b, const vt_id *id)
{
	vt_sink sink = { .struct_size = sizeof sink, .write = look_only, .most = UINT64_MAX };

	return blob_fetch(b, NULL, id, &sink) == VT_OK;
}

/* Writes the bytes that come into a file. */
struct filing {
	vt_sink sink;                  /* first */
	int fd;
	size_t left;                   /* bytes that may still come */
};

static vt_status file_away(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct filing *f = (struct filing *)sink;

	(void)call;
	if (size > f->left || file_write_all(f->fd, data, size) < 0)
		return VT_FAILED;
	f->left -= size;
	return VT_OK;
}

void *blob_map(struct blobs *b, const vt_id *id, size_t size)
{
	struct filing f = { .sink = { .struct_size = sizeof(vt_sink), .write = file_away, .most = size }, .fd = blob_spool(b->dir), .left = size };
	void *map = MAP_FAILED;

	if (f.fd < 0)
		return NULL;
	if (blob_fetch(b, NULL, id, &f.sink) == VT_OK && f.left == 0)
		map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, f.fd, 0);
	close(f.fd);
	return map == MAP_FAILED ? NULL : map;
}

int blob_entry_from_stores(struct blobs *b, const struct digest *key, struct entry *ret)
{
	struct collecting c = collecting_begin(b, BLOB_ENTRY_MAX);
	vt_status status;
	vt_id id;

	memcpy(&id, key->byte, sizeof id);
	c.key = key;
	c.entry = ret;
	status = stores_get(b->plug, VT_SPACE_ENTRY, &id, &c.into, NULL);
	free(c.data);
	return status == VT_OK ? 0 : 1;
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
	return r == 0 ? 0 : blob_entry_from_stores(b, key, ret);
}
