#include "config.h"

#include "fact/fact.h"

#include <stdlib.h>
#include <string.h>

struct bytes bytes_join(struct arena *a, struct bytes x, const void *data, size_t size)
{
	char *p;

	if (!x.size && size <= 1)
		return (struct bytes){ size ? arena_copy(a, data, size) : "", size };
	p = arena_alloc(a, x.size + size);
	if (x.size)
		memcpy(p, x.data, x.size);
	memcpy(p + x.size, data, size);
	return (struct bytes){ p, x.size + size };
}

struct bytes bytes_text(const char *s)
{
	return (struct bytes){ s, strlen(s) };
}

int bytes_order(struct bytes a, struct bytes b)
{
	size_t n = a.size < b.size ? a.size : b.size;
	int d = n ? memcmp(a.data, b.data, n) : 0;

	if (d)
		return d;
	return a.size < b.size ? -1 : a.size > b.size;
}

int fact_order(const struct fact *a, const struct fact *b)
{
	int d;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	d = bytes_order(a->name, b->name);
	return d ? d : bytes_order(a->detail, b->detail);
}

static struct bytes kept(struct arena *a, struct bytes b)
{
	if (!b.size)
		return (struct bytes){ "", 0 };
	return (struct bytes){ arena_copy(a, b.data, b.size), b.size };
}

void facts_add(struct facts *f, struct arena *a, const struct fact *fact)
{
	f->at = arena_grow(a, f->at, f->n, sizeof *f->at);
	f->at[f->n++] = (struct fact){
		.kind = fact->kind,
		.name = kept(a, fact->name),
		.detail = kept(a, fact->detail),
		.state = kept(a, fact->state),
	};
}

void facts_lend(struct facts *f, struct arena *a, enum fact_kind kind, struct bytes name, struct bytes state)
{
	f->at = arena_grow(a, f->at, f->n, sizeof *f->at);
	f->at[f->n++] = (struct fact){ .kind = (uint16_t)kind, .name = name, .detail = { "", 0 }, .state = state };
}

struct fact *facts_name(struct facts *f, struct arena *a, enum fact_kind kind, const char *name, size_t size)
{
	facts_add(f, a, &(struct fact){ .kind = (uint16_t)kind, .name = { name, size } });
	return &f->at[f->n - 1];
}

/* A merge sort is stable: of two equal facts the first added comes first. */
static void sort(struct fact *at, struct fact *spare, uint32_t n)
{
	uint32_t half = n / 2, i = 0, k = half, o = 0;

	if (n < 2)
		return;
	sort(at, spare, half);
	sort(at + half, spare, n - half);
	if (fact_order(&at[half - 1], &at[half]) <= 0)
		return;
	memcpy(spare, at, half * sizeof *at);
	while (i < half && k < n)
		at[o++] = fact_order(&spare[i], &at[k]) <= 0 ? spare[i++] : at[k++];
	while (i < half)
		at[o++] = spare[i++];
}

void facts_sort(struct facts *f)
{
	struct fact *spare;
	uint32_t i, o = 0;

	if (f->n < 2)
		return;
	spare = xmalloc((f->n / 2 + 1) * sizeof *spare);
	sort(f->at, spare, f->n);
	free(spare);
	for (i = 1; i < f->n; i++)
		if (fact_order(&f->at[o], &f->at[i]) != 0)
			f->at[++o] = f->at[i];
	f->n = o + 1;
}

const struct fact *facts_find(const struct facts *f, enum fact_kind kind, struct bytes name, struct bytes detail)
{
	const struct fact want = { .kind = (uint16_t)kind, .name = name, .detail = detail };
	uint32_t low = 0, high = f->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int d = fact_order(&f->at[mid], &want);

		if (d == 0)
			return &f->at[mid];
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct fact *facts_find_next(const struct facts *f, uint32_t *at, enum fact_kind kind, struct bytes name, struct bytes detail)
{
	const struct fact want = { .kind = (uint16_t)kind, .name = name, .detail = detail };
	const struct fact *found;

	if (*at < f->n && fact_order(&f->at[*at], &want) == 0)
		return &f->at[(*at)++];
	found = facts_find(f, kind, name, detail);
	if (found)
		*at = (uint32_t)(found - f->at) + 1;
	return found;
}

/* Collects small pieces for the digest: each call of digest_add has its price. */
struct feeding {
	struct digest_state digest;
	size_t n;
	uint8_t bytes[1024];
};

static void feed(struct feeding *f, const void *data, size_t size)
{
	if (size > sizeof f->bytes - f->n) {
		digest_add(&f->digest, f->bytes, f->n);
		f->n = 0;
	}
	if (size > sizeof f->bytes) {
		digest_add(&f->digest, data, size);
	} else if (size) {
		memcpy(f->bytes + f->n, data, size);
		f->n += size;
	}
}

static void feed_sized(struct feeding *f, struct bytes b)
{
	uint64_t size = b.size;
	uint8_t head[8];
	int i;

	for (i = 0; i < 8; i++)
		head[i] = (uint8_t)(size >> (8 * i));
	feed(f, head, sizeof head);
	feed(f, b.data, b.size);
}

void facts_digest(const struct facts *f, struct digest *ret)
{
	struct feeding to;
	uint32_t i;

	to.n = 0;
	digest_begin(&to.digest, NULL);
	for (i = 0; i < f->n; i++) {
		const uint8_t kind[2] = { (uint8_t)f->at[i].kind, (uint8_t)(f->at[i].kind >> 8) };

		feed(&to, kind, sizeof kind);
		feed_sized(&to, f->at[i].name);
		feed_sized(&to, f->at[i].detail);
		feed_sized(&to, f->at[i].state);
	}
	digest_add(&to.digest, to.bytes, to.n);
	digest_end(&to.digest, ret);
}
