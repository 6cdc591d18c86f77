#include "manifest.h"

#include <stdlib.h>
#include <string.h>

/* "vtO1" packs (id, raw)... items: type mode mtime path, then of a link its target, of
 * a file its size and 0 pack offset, or 1 id. Numbers are seven bits a byte. */
static const char magic[4] = "vtO1";

enum { MANIFEST_ITEMS = 4000000, MANIFEST_PACKS = 1000000 };

void out_add(struct bytes_out *b, const void *data, size_t size)
{
	char *more;

	if (b->failed)
		return;
	if (size > b->room - b->size) {
		size_t room = b->room * 2 > b->size + size ? b->room * 2 : b->size + size + 256;

		more = realloc(b->data, room);
		if (!more) {
			b->failed = true;
			return;
		}
		b->data = more;
		b->room = room;
	}
	if (size)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

void out_num(struct bytes_out *b, uint64_t n)
{
	uint8_t byte;

	do {
		byte = (uint8_t)(n & 0x7f);
		n >>= 7;
		if (n)
			byte |= 0x80;
		out_add(b, &byte, 1);
	} while (n);
}

static void out_bytes(struct bytes_out *b, vt_bytes s)
{
	out_num(b, s.size);
	out_add(b, s.data, s.size);
}

void manifest_item(struct bytes_out *b, const struct item *i)
{
	out_num(b, i->meta.type);
	out_num(b, i->meta.mode);
	out_num(b, (uint64_t)i->meta.mtime_ns);
	out_bytes(b, i->path);
	if (i->meta.type == VT_META_LINK)
		out_bytes(b, i->target);
	if (i->meta.type != VT_META_FILE)
		return;
	out_num(b, i->size);
	out_num(b, i->packed ? 0 : 1);
	if (i->packed) {
		out_num(b, i->pack);
		out_num(b, i->at);
	} else {
		out_add(b, i->blob.byte, sizeof i->blob.byte);
	}
}

void manifest_whole(struct bytes_out *ret, const struct pack *packs, uint32_t packs_n, uint32_t items_n, const struct bytes_out *items)
{
	uint32_t i;

	out_add(ret, magic, sizeof magic);
	out_num(ret, packs_n);
	for (i = 0; i < packs_n; i++) {
		out_add(ret, packs[i].id.byte, sizeof packs[i].id.byte);
		out_num(ret, packs[i].raw);
	}
	out_num(ret, items_n);
	out_add(ret, items->data, items->size);
	ret->failed |= items->failed;
}

/* ---- reading -------------------------------------------------------------- */

static int get_num(struct manifest *m, uint64_t *ret)
{
	int shift;

	*ret = 0;
	for (shift = 0; shift < 64 && m->at < m->end; shift += 7) {
		*ret |= (uint64_t)(*m->at & 0x7f) << shift;
		if (!(*m->at++ & 0x80))
			return 0;
	}
	return -1;
}

static int get_small(struct manifest *m, uint32_t most, uint32_t *ret)
{
	uint64_t n;

	if (get_num(m, &n) < 0 || n > most)
		return -1;
	*ret = (uint32_t)n;
	return 0;
}

static int get_raw(struct manifest *m, void *ret, size_t size)
{
	if ((size_t)(m->end - m->at) < size)
		return -1;
	memcpy(ret, m->at, size);
	m->at += size;
	return 0;
}

static int get_bytes(struct manifest *m, vt_bytes *ret)
{
	uint64_t size;

	if (get_num(m, &size) < 0 || size > (uint64_t)(m->end - m->at))
		return -1;
	*ret = (vt_bytes){ m->at, (size_t)size };
	m->at += size;
	return 0;
}

int manifest_open(vt_bytes section, struct manifest *ret)
{
	char head[sizeof magic];
	uint32_t i;

	*ret = (struct manifest){ .at = section.data, .end = (const uint8_t *)section.data + section.size };
	if (get_raw(ret, head, sizeof head) < 0 || memcmp(head, magic, sizeof magic) != 0 ||
	    get_small(ret, MANIFEST_PACKS, &ret->packs_n) < 0 || ret->packs_n > (size_t)(ret->end - ret->at) / sizeof(vt_id))
		return -1;
	ret->packs = calloc(ret->packs_n + 1, sizeof *ret->packs);
	if (!ret->packs)
		return -1;
	for (i = 0; i < ret->packs_n; i++)
		if (get_raw(ret, ret->packs[i].id.byte, sizeof(vt_id)) < 0 ||
		    get_small(ret, MANIFEST_PACK_RAW + MANIFEST_SMALL, &ret->packs[i].raw) < 0)
			goto damaged;
	if (get_small(ret, MANIFEST_ITEMS, &ret->items_n) == 0)
		return 0;
damaged:
	manifest_close(ret);
	return -1;
}

int manifest_next(struct manifest *m, struct item *i)
{
	uint64_t mtime;
	uint32_t where;

	memset(i, 0, sizeof *i);
	if (get_small(m, VT_META_DIR, &i->meta.type) < 0 || get_small(m, 0777, &i->meta.mode) < 0 || get_num(m, &mtime) < 0 ||
	    get_bytes(m, &i->path) < 0)
		return -1;
	i->meta.mtime_ns = (int64_t)mtime;
	if (i->meta.type == VT_META_LINK)
		return get_bytes(m, &i->target);
	if (i->meta.type != VT_META_FILE)
		return 0;
	if (get_num(m, &i->size) < 0 || get_small(m, 1, &where) < 0)
		return -1;
	i->packed = where == 0;
	if (!i->packed)
		return get_raw(m, i->blob.byte, sizeof i->blob.byte);
	if (get_small(m, UINT32_MAX, &i->pack) < 0 || get_small(m, UINT32_MAX, &i->at) < 0)
		return -1;
	if (i->size == 0)      /* an empty file needs no pack */
		return 0;
	return i->pack >= m->packs_n || i->size > m->packs[i->pack].raw || i->at > m->packs[i->pack].raw - i->size ? -1 : 0;
}

void manifest_close(struct manifest *m)
{
	free(m->packs);
	m->packs = NULL;
}
