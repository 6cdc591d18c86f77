#include "config.h"

#include "record/entry.h"

#include <string.h>

#include "base/checksum.h"
#include "base/cursor.h"
#include "fact/state.h"
#include "text/path.h"

enum { ENTRY_FACTS = 8000000, ENTRY_SECTIONS = 64, ENTRY_BLOBS = 4000000 };

/* An entry: magic, key, n, n ids, n tags, check. One with the magic "vtE1" has no tags. */
static const char entry_magic[4] = "vtE2", entry_magic_1[4] = "vtE1", result_magic[4] = "vtR2";

/* ---- writing -------------------------------------------------------------- */

static void put_facts(struct buf *b, const struct facts *f)
{
	uint32_t i;

	buf_num(b, f->n);
	for (i = 0; i < f->n; i++) {
		buf_num(b, f->at[i].kind);
		buf_sized(b, f->at[i].name);
		buf_sized(b, f->at[i].detail);
		buf_sized(b, f->at[i].state);
	}
}

/* ---- reading -------------------------------------------------------------- */

static bool fact_is_good(const struct fact *f)
{
	if (f->kind == 0 || f->kind >= FACT_KINDS)
		return false;
	if (state_is_path_kind(f->kind))
		return !f->name.size || path_is_safe(f->name.data, f->name.size);
	return true;
}

static void get_facts(struct cursor *r, struct arena *a, struct facts *ret)
{
	uint32_t n = cursor_count(r, ENTRY_FACTS), i;

	ret->n = 0;
	ret->at = arena_array(a, n + 1, sizeof *ret->at);
	for (i = 0; i < n && !r->bad; i++) {
		struct fact *f = &ret->at[i];
		uint64_t kind = cursor_num(r);

		f->kind = kind < FACT_KINDS ? (uint16_t)kind : 0;
		f->name = cursor_sized(r);
		f->detail = cursor_sized(r);
		f->state = cursor_sized(r);
		if (!fact_is_good(f) || (i && fact_order(f - 1, f) >= 0))
			r->bad = true;
		else
			ret->n++;
	}
}

/* A number of `size` bytes, the lowest first. */
static void set_fixed(uint8_t *p, uint64_t n, int size)
{
	int i;

	for (i = 0; i < size; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

static uint64_t get_fixed(const uint8_t *p, int size)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < size; i++)
		n |= (uint64_t)p[i] << (8 * i);
	return n;
}

/* ---- entries -------------------------------------------------------------- */

enum { TAGS_SIZE = 8 + ENTRY_GROUPS * 2 * 4 };

static void put_tags(const struct result_tags *t, struct buf *ret)
{
	uint8_t bytes[TAGS_SIZE], *p = bytes + 8;
	uint32_t i;

	set_fixed(bytes, t->before, 8);
	for (i = 0; i < ENTRY_GROUPS; i++, p += 8) {
		set_fixed(p, t->names[i], 4);
		set_fixed(p + 4, t->states[i], 4);
	}
	buf_add(ret, bytes, sizeof bytes);
}

static void get_tags(const uint8_t *p, struct result_tags *ret)
{
	uint32_t i;

	ret->before = get_fixed(p, 8);
	for (i = 0, p += 8; i < ENTRY_GROUPS; i++, p += 8) {
		ret->names[i] = (uint32_t)get_fixed(p, 4);
		ret->states[i] = (uint32_t)get_fixed(p + 4, 4);
	}
}

void entry_encode(const struct entry *e, struct buf *ret)
{
	struct digest check;
	uint32_t i;

	buf_add(ret, entry_magic, sizeof entry_magic);
	buf_add(ret, e->key.byte, sizeof e->key.byte);
	buf_byte(ret, (int)e->n);
	buf_add(ret, e->results, e->n * sizeof e->results[0]);
	for (i = 0; i < e->n; i++)
		put_tags(&e->tags[i], ret);
	digest_of(ret->data, ret->size, &check);
	buf_add(ret, check.byte, sizeof check.byte);
}

int entry_decode(struct bytes b, const struct digest *key, struct entry *ret)
{
	const uint8_t *p = b.data;
	const size_t head = sizeof entry_magic + DIGEST_SIZE + 1;
	const uint8_t *tags;
	struct digest check;
	uint32_t n, i;
	bool tagged;

	if (b.size < head + DIGEST_SIZE || memcmp(p + sizeof entry_magic, key->byte, DIGEST_SIZE) != 0)
		return -1;
	tagged = memcmp(p, entry_magic, sizeof entry_magic) == 0;
	if (!tagged && memcmp(p, entry_magic_1, sizeof entry_magic_1) != 0)
		return -1;
	n = p[head - 1];
	if (n > ENTRY_MOST || b.size != head + n * (sizeof(vt_id) + (tagged ? TAGS_SIZE : 0u)) + DIGEST_SIZE)
		return -1;
	digest_of(p, b.size - DIGEST_SIZE, &check);
	if (memcmp(check.byte, p + b.size - DIGEST_SIZE, DIGEST_SIZE) != 0)
		return -1;
	*ret = (struct entry){ .key = *key, .n = n };
	memcpy(ret->results, p + head, n * sizeof(vt_id));
	tags = p + head + n * sizeof(vt_id);
	for (i = 0; tagged && i < n; i++, tags += TAGS_SIZE)
		get_tags(tags, &ret->tags[i]);
	return 0;
}

bool entry_front(struct entry *e, const vt_id *id, const struct result_tags *tags)
{
	struct result_tags its = { 0 };
	uint32_t i;

	for (i = 0; i < e->n && memcmp(&e->results[i], id, sizeof *id) != 0; i++)
		;
	if (i == 0 && e->n)
		return false;
	if (tags)
		its = *tags;
	else if (i < e->n)
		its = e->tags[i];
	if (i == e->n && e->n < ENTRY_MOST)
		e->n++;
	if (i == ENTRY_MOST)
		i--;
	memmove(&e->results[1], &e->results[0], i * sizeof *id);
	memmove(&e->tags[1], &e->tags[0], i * sizeof its);
	e->results[0] = *id;
	e->tags[0] = its;
	return true;
}

/* ---- tags ----------------------------------------------------------------- */

static uint64_t of_bytes(struct bytes b, uint64_t so_far)
{
	return checksum(b.data, b.size, so_far + b.size);
}

static uint64_t of_name(const struct fact *f, uint64_t so_far)
{
	return of_bytes(f->detail, of_bytes(f->name, so_far + f->kind));
}

void result_tags_before(const struct facts *before, struct result_tags *ret)
{
	uint32_t i;

	ret->before = before->n;
	for (i = 0; i < before->n; i++)
		ret->before = of_bytes(before->at[i].state, of_name(&before->at[i], ret->before));
}

void result_tags_after(const struct facts *after, struct result_tags *ret)
{
	uint64_t names[ENTRY_GROUPS] = { 0 }, states[ENTRY_GROUPS] = { 0 }, name;
	uint32_t i, group;

	for (i = 0; i < after->n; i++) {
		name = of_name(&after->at[i], 0);
		group = (uint32_t)(name % ENTRY_GROUPS);
		names[group] = checksum(&name, sizeof name, names[group]);
		if (after->at[i].kind != FACT_VALUE)
			states[group] = of_bytes(after->at[i].state, states[group]);
	}
	for (i = 0; i < ENTRY_GROUPS; i++) {
		ret->names[i] = (uint32_t)names[i];
		ret->states[i] = (uint32_t)states[i];
	}
}

bool result_tags_known(const struct result_tags *t)
{
	static const struct result_tags unknown;

	return memcmp(t, &unknown, sizeof unknown) != 0;
}

bool result_tags_differ_after(const struct result_tags *a, const struct result_tags *b)
{
	uint32_t i;

	for (i = 0; i < ENTRY_GROUPS; i++)
		if (a->names[i] == b->names[i] && a->states[i] != b->states[i])
			return true;
	return false;
}

/* ---- results -------------------------------------------------------------- */

int result_encode(const struct result *r, struct buf *ret)
{
	uint32_t i;

	buf_add(ret, result_magic, sizeof result_magic);
	buf_add(ret, r->key.byte, sizeof r->key.byte);
	buf_num(ret, r->ms > 0 ? (uint64_t)r->ms : 0);
	buf_add(ret, r->output.byte, sizeof r->output.byte);
	buf_num(ret, r->output_size);
	buf_num(ret, r->known);
	put_facts(ret, &r->before);
	put_facts(ret, &r->after);
	put_facts(ret, &r->outputs);
	put_facts(ret, &r->effects);
	buf_num(ret, r->sections_n);
	for (i = 0; i < r->sections_n; i++) {
		buf_sized(ret, r->sections[i].part);
		buf_sized(ret, r->sections[i].bytes);
	}
	buf_num(ret, r->blobs_n);
	buf_add(ret, r->blobs, r->blobs_n * sizeof *r->blobs);
	return ret->full ? -1 : 0;
}

int result_decode(struct bytes b, const struct digest *key, struct arena *a, struct result *ret)
{
	struct cursor r = cursor_of(b);
	const void *magic = cursor_take(&r, sizeof result_magic), *whose = cursor_take(&r, DIGEST_SIZE), *id;
	uint32_t i;

	if (r.bad || memcmp(magic, result_magic, sizeof result_magic) != 0 || (key && memcmp(whose, key->byte, DIGEST_SIZE) != 0))
		return -1;
	*ret = (struct result){ 0 };
	memcpy(ret->key.byte, whose, DIGEST_SIZE);
	ret->ms = (int64_t)cursor_num(&r);
	id = cursor_take(&r, sizeof ret->output);
	if (id)
		memcpy(&ret->output, id, sizeof ret->output);
	ret->output_size = cursor_num(&r);
	ret->known = cursor_num(&r) == 1;
	get_facts(&r, a, &ret->before);
	get_facts(&r, a, &ret->after);
	get_facts(&r, a, &ret->outputs);
	get_facts(&r, a, &ret->effects);
	ret->sections_n = cursor_count(&r, ENTRY_SECTIONS);
	ret->sections = arena_array(a, ret->sections_n + 1, sizeof *ret->sections);
	for (i = 0; i < ret->sections_n; i++) {
		ret->sections[i].part = cursor_sized(&r);
		ret->sections[i].bytes = cursor_sized(&r);
	}
	ret->blobs_n = cursor_count(&r, ENTRY_BLOBS);
	id = cursor_take(&r, (uint64_t)ret->blobs_n * sizeof(vt_id));
	if (r.bad || r.at != r.end)
		return -1;
	ret->blobs = arena_copy(a, id, ret->blobs_n * sizeof(vt_id));
	return 0;
}

int facts_encode(const struct facts *f, struct buf *ret)
{
	put_facts(ret, f);
	return ret->full ? -1 : 0;
}

int facts_decode(struct bytes b, struct arena *a, struct facts *ret)
{
	struct cursor r = cursor_of(b);

	get_facts(&r, a, ret);
	return r.bad || r.at != r.end ? -1 : 0;
}

enum { META_SIZE = 4 + 8 + 1 };

struct bytes output_meta_encode(struct arena *a, const struct output_meta *meta)
{
	uint8_t *p = arena_alloc(a, META_SIZE);

	set_fixed(p, meta->mode, 4);
	set_fixed(p + 4, (uint64_t)meta->mtime_ns, 8);
	p[12] = meta->made;
	return (struct bytes){ p, META_SIZE };
}

int output_meta_decode(struct bytes detail, struct output_meta *ret)
{
	const uint8_t *p = detail.data;

	if (detail.size != META_SIZE)
		return -1;
	*ret = (struct output_meta){ .mode = (uint32_t)get_fixed(p, 4), .mtime_ns = (int64_t)get_fixed(p + 4, 8), .made = p[12] != 0 };
	return 0;
}

const struct fact *output_find(const struct facts *outputs, struct bytes path)
{
	uint32_t low = 0, high = outputs->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int d = bytes_order(outputs->at[mid].name, path);

		if (d == 0)
			return &outputs->at[mid];
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}
