#include "config.h"

#include "far/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/digest.h"
#include "os/file.h"

enum { PIECE = 64 << 10 };             /* bytes that are copied at a time */

static const char magic[4] = "vtB1";

/* Copies bytes of a bundle. 0; -1: the bundle ends before them, or cannot be read. */
static int read_at(const struct blob_bytes *b, uint64_t at, void *to, size_t size)
{
	ssize_t n;

	if (at > b->size || size > b->size - at)
		return -1;
	if (b->fd < 0) {
		if (size)
			memcpy(to, (const char *)b->data + at, size);
		return 0;
	}
	while (size) {
		n = pread(b->fd, to, size, (off_t)at);
		if (n <= 0)
			return -1;
		to = (char *)to + n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

/* ---- making ------------------------------------------------------------------------- */

/* Makes room for `size` bytes: in memory up to in_memory, else in a file. */
static int begin(struct blobs *b, uint64_t size, uint64_t in_memory, struct blob_bytes *ret)
{
	*ret = (struct blob_bytes){ .fd = -1 };
	if (size <= in_memory)
		ret->data = malloc((size_t)size + 1);
	else
		ret->fd = blobs_private_file(b);
	return ret->data || ret->fd >= 0 ? 0 : -1;
}

static int add(struct blob_bytes *to, const void *data, size_t size)
{
	if (to->fd >= 0 && file_write_all(to->fd, data, size) < 0)
		return -1;
	if (to->fd < 0 && size)
		memcpy((char *)to->data + to->size, data, size);
	to->size += size;
	return 0;
}

static int add_all(struct blob_bytes *to, const struct blob_bytes *from, uint64_t at, uint64_t size, struct digest_state *digest)
{
	uint8_t piece[PIECE];
	size_t n;

	for (; size; at += n, size -= n) {
		n = size < sizeof piece ? (size_t)size : sizeof piece;
		if (read_at(from, at, piece, n) < 0 || add(to, piece, n) < 0)
			return -1;
		if (digest)
			digest_add(digest, piece, n);
	}
	return 0;
}

static int head_of(const struct far_keys *k, const vt_id *name, const vt_id *body, uint64_t body_size, const vt_id *names,
		   const struct blob_bytes *blobs, uint32_t n, struct buf *ret)
{
	struct buf record;
	uint32_t i;

	buf_init(ret, BUNDLE_HEAD_MAX);
	buf_init(&record, FAR_RESULT_MAX);
	far_result_encode(k, name, body, &record);
	buf_sized(ret, (struct bytes){ record.data, record.size });
	buf_free(&record);
	buf_num(ret, n + 1);
	buf_add(ret, body->byte, sizeof body->byte);
	buf_num(ret, body_size);
	for (i = 0; i < n; i++) {
		buf_add(ret, names[i].byte, sizeof names[i].byte);
		buf_num(ret, blobs[i].size);
	}
	return ret->full ? -1 : 0;
}

static int write_all(struct blobs *b, const struct buf *head, struct bytes body, const struct blob_bytes *blobs, uint32_t n, uint64_t most,
		     struct blob_bytes *ret)
{
	uint8_t size[4] = { (uint8_t)head->size, (uint8_t)(head->size >> 8), (uint8_t)(head->size >> 16), (uint8_t)(head->size >> 24) };
	uint64_t all = sizeof magic + sizeof size + head->size + body.size;
	uint32_t i;

	for (i = 0; i < n; i++)
		all += blobs[i].size;
	if (all > most)
		return 2;
	if (begin(b, all, BUNDLE_IN_MEMORY, ret) < 0 || add(ret, magic, sizeof magic) < 0 || add(ret, size, sizeof size) < 0 ||
	    add(ret, head->data, head->size) < 0 || add(ret, body.data, body.size) < 0)
		return 1;
	for (i = 0; i < n; i++)
		if (add_all(ret, &blobs[i], 0, blobs[i].size, NULL) < 0)
			return 1;
	return 0;
}

int bundle_join(struct blobs *b, const struct far_keys *k, const vt_id *name, const vt_id *body, struct bytes body_bytes, const vt_id *blobs,
		const struct blob_bytes *bytes, uint32_t n, uint64_t most, struct blob_bytes *ret)
{
	struct buf head;
	int r;

	*ret = (struct blob_bytes){ .fd = -1 };
	r = head_of(k, name, body, body_bytes.size, blobs, bytes, n, &head) < 0 ? 2 : write_all(b, &head, body_bytes, bytes, n, most, ret);
	buf_free(&head);
	if (r)
		blob_bytes_clear(ret);
	return r;
}

int bundle_make(struct blobs *b, const struct far_keys *k, const vt_id *name, const vt_id *body, struct bytes body_bytes, const vt_id *blobs,
		uint32_t n, uint64_t most, struct blob_bytes *ret)
{
	struct blob_bytes *bytes = xcalloc(n ? n : 1, sizeof *bytes);
	uint32_t i, had;
	int r = 0;

	*ret = (struct blob_bytes){ .fd = -1 };
	for (had = 0; had < n && r == 0; had++)
		r = blob_read(b, &blobs[had], &bytes[had]);
	had -= r != 0;
	if (r == 0)
		r = bundle_join(b, k, name, body, body_bytes, blobs, bytes, n, most, ret);
	for (i = 0; i < had; i++)
		blob_bytes_clear(&bytes[i]);
	free(bytes);
	return r;
}

/* ---- reading ------------------------------------------------------------------------- */

/* The size of the head, from the first bytes of a bundle. */
static size_t head_size(const uint8_t first[8])
{
	return first[4] | (size_t)first[5] << 8 | (size_t)first[6] << 16 | (size_t)first[7] << 24;
}

bool bundle_around(const struct blob_bytes *bundle, size_t body_size, struct bytes *ret_before, struct bytes *ret_after)
{
	const uint8_t *data = bundle->data;
	size_t before, size = (size_t)bundle->size;

	if (!data || size < 8)
		return false;
	before = 8 + head_size(data);
	if (before > size || body_size > size - before)
		return false;
	*ret_before = (struct bytes){ data, before };
	*ret_after = (struct bytes){ data + before + body_size, size - before - body_size };
	return true;
}

static int read_head(const struct far_keys *k, bool unsealed, const vt_id *name, struct bytes head, struct arena *a, struct bundle *ret)
{
	struct cursor c = cursor_of(head);
	struct bytes record = cursor_sized(&c);
	uint64_t at = sizeof magic + 4 + head.size, size = ret->bytes->size;
	const void *id;
	vt_id body;
	uint32_t i;

	if (c.bad || far_result_decode(k, unsealed, name, record, &body) < 0)
		return -1;
	ret->n = cursor_count(&c, BUNDLE_HEAD_MAX / (uint32_t)sizeof(vt_id));
	ret->blobs = arena_array(a, ret->n + 1, sizeof *ret->blobs);
	for (i = 0; i < ret->n && (id = cursor_take(&c, sizeof(vt_id))); i++) {
		memcpy(&ret->blobs[i].name, id, sizeof(vt_id));
		ret->blobs[i].at = at;
		ret->blobs[i].size = cursor_num(&c);
		if (c.bad || ret->blobs[i].size > size - at)
			return -1;
		at += ret->blobs[i].size;
	}
	return c.bad || c.at != c.end || at != size || !ret->n || memcmp(ret->blobs[0].name.byte, body.byte, sizeof body.byte) != 0 ? -1 : 0;
}

int bundle_open(const struct far_keys *k, bool unsealed, const vt_id *name, const struct blob_bytes *bytes, struct arena *a, struct bundle *ret)
{
	uint8_t first[8];
	size_t size;
	void *head;
	int r;

	*ret = (struct bundle){ .bytes = bytes };
	if (read_at(bytes, 0, first, sizeof first) < 0 || memcmp(first, magic, sizeof magic) != 0)
		return -1;
	size = head_size(first);
	if (size > BUNDLE_HEAD_MAX || size > bytes->size - sizeof first)
		return -1;
	head = xmalloc(size + 1);
	r = read_at(bytes, sizeof first, head, size);
	if (r == 0)
		r = read_head(k, unsealed, name, (struct bytes){ head, size }, a, ret);
	free(head);
	return r;
}

int bundle_take(struct blobs *b, const struct bundle *from, uint32_t i, uint64_t in_memory, struct blob_bytes *ret)
{
	const struct bundle_blob *blob = &from->blobs[i];
	struct digest_state state;
	struct digest d;

	digest_begin(&state, NULL);
	if (begin(b, blob->size, in_memory, ret) == 0 && add_all(ret, from->bytes, blob->at, blob->size, &state) == 0) {
		digest_end(&state, &d);
		if (memcmp(d.byte, blob->name.byte, sizeof d.byte) == 0)
			return 0;
	}
	blob_bytes_clear(ret);
	return -1;
}
