#include "config.h"

#include "record/history.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cursor.h"
#include "base/map.h"
#include "os/file.h"
#include "record/entry.h"

/* Keys share most of their facts (the platform, the untracked patterns): the file holds each
 * different fact once, and for each step a row of fact numbers.
 *
 *   "vtH1" check[32] | facts n, each: size bytes | steps n, each:
 *   step[32] key[32] day flags count numbers...                     (u32, this machine's order) */
struct known {
	struct digest step, key;
	uint32_t day, flags;
	uint32_t *facts;               /* indices, in order */
	uint32_t n;
};

/* flags. The bits from KNOWN_TIME on hold a number: how many binary digits the duration has, in
 * eighths of a second. */
enum { KNOWN_SETUID = 1, KNOWN_KEY = 2, KNOWN_REASON = 4, KNOWN_TIME = 8, KNOWN_LOW = (1 << KNOWN_TIME) - 1, KNOWN_TIME_MAX = 40 };

enum { HISTORY_MAX = 512 << 20, HISTORY_DAYS = 90 };

struct history {
	pthread_mutex_t lock;          /* guards the members below */
	int dir;                       /* the file's folder; borrowed */
	char *file;                    /* its name there */
	struct arena *arena;
	bool loaded, changed;
	struct map facts;              /* encoded fact -> index + 1; in order of insertion */
	struct map steps;              /* digest -> struct known */
};

static const char magic[4] = "vtH1";

static uint32_t fact_number(struct history *h, const void *data, size_t size)
{
	void *at = map_get(&h->facts, data, size), **place;

	if (at)
		return (uint32_t)(uintptr_t)at - 1;
	place = map_put(&h->facts, arena_copy(h->arena, data, size), size);
	*place = (void *)(uintptr_t)h->facts.n;
	return h->facts.n - 1;
}

static struct known *known_of(struct history *h, const struct digest *step)
{
	struct known *k = map_get(&h->steps, step->byte, sizeof step->byte);

	if (k)
		return k;
	k = arena_alloc(h->arena, sizeof *k);
	k->step = *step;
	*map_put(&h->steps, k->step.byte, sizeof k->step.byte) = k;
	return k;
}

static void parse_step(struct history *h, struct cursor *c, uint32_t facts_n, uint32_t today)
{
	const void *step = cursor_take(c, DIGEST_SIZE), *key = cursor_take(c, DIGEST_SIZE);
	struct known k = { .day = cursor_u32(c), .flags = cursor_u32(c), .n = cursor_u32(c) }, *to;
	const void *numbers = cursor_take(c, (size_t)k.n * sizeof *k.facts);
	uint32_t i;

	if (c->bad)
		return;
	memcpy(&k.step, step, DIGEST_SIZE);
	memcpy(&k.key, key, DIGEST_SIZE);
	if (k.day + HISTORY_DAYS < today)
		return;
	k.facts = arena_copy(h->arena, numbers, (size_t)k.n * sizeof *k.facts);
	for (i = 0; i < k.n; i++)
		if (k.facts[i] >= facts_n)
			return;
	to = known_of(h, &k.step);
	*to = k;
}

static void parse(struct history *h, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const void *head = cursor_take(&c, sizeof magic), *check = cursor_take(&c, DIGEST_SIZE), *p;
	struct digest is;
	uint32_t n, i, size, today = (uint32_t)(time(NULL) / 86400);

	if (c.bad || memcmp(head, magic, sizeof magic) != 0)
		return;
	/* a checksum would do against a torn write; the digest is at hand, and fast enough for some hundred KiB */
	digest_of(c.at, cursor_left(&c), &is);
	if (memcmp(is.byte, check, DIGEST_SIZE) != 0)
		return;
	for (n = cursor_u32(&c), i = 0; i < n && !c.bad; i++) {
		size = cursor_u32(&c);
		p = cursor_take(&c, size);
		if (p)
			fact_number(h, p, size);
	}
	for (n = cursor_u32(&c), i = 0; i < n && !c.bad; i++)
		parse_step(h, &c, h->facts.n, today);
}

static void load(struct history *h)
{
	struct arena *a;
	struct bytes b;

	if (h->loaded)
		return;
	h->loaded = true;
	a = arena_new();
	if (file_read_at(h->dir, h->file, HISTORY_MAX, a, &b, NULL) == 0)
		parse(h, b);
	arena_free(a);
}

void history_load(struct history *h)
{
	pthread_mutex_lock(&h->lock);
	load(h);
	pthread_mutex_unlock(&h->lock);
}

struct history *history_new(int dir, const char *name)
{
	struct history *h = xcalloc(1, sizeof *h);

	pthread_mutex_init(&h->lock, NULL);
	h->dir = dir;
	h->file = xstrdup(name);
	h->arena = arena_new();
	map_init(&h->facts);
	map_init(&h->steps);
	return h;
}

/* Encodes a list of one fact. */
static void encode_one(const struct fact *f, struct buf *ret)
{
	const struct facts one = { (struct fact *)(uintptr_t)f, 1 };

	buf_clear(ret);
	facts_encode(&one, ret);
}

static void decode_all(const struct history *h, const struct known *k, struct arena *a, struct facts *ret)
{
	uint32_t i;

	*ret = (struct facts){ .at = arena_array(a, k->n + 1, sizeof *ret->at) };
	for (i = 0; i < k->n; i++) {
		const struct map_item *item = &h->facts.at[k->facts[i]];
		const struct bytes b = { arena_copy(a, item->key.data, item->key.size), item->key.size };
		struct facts one;

		if (facts_decode(b, a, &one) == 0 && one.n == 1)
			ret->at[ret->n++] = one.at[0];
	}
}

bool history_get(struct history *h, const struct digest *step, struct arena *a, struct digest *ret_key, struct facts *ret)
{
	struct known *k;
	bool known;

	pthread_mutex_lock(&h->lock);
	load(h);
	k = map_get(&h->steps, step->byte, sizeof step->byte);
	known = k && (k->flags & KNOWN_KEY);
	if (known) {
		*ret_key = k->key;
		decode_all(h, k, a, ret);
	}
	pthread_mutex_unlock(&h->lock);
	return known;
}

static uint32_t time_flags(int64_t ms)
{
	uint32_t digits = 0;

	for (ms /= 128; ms > 0 && digits < KNOWN_TIME_MAX; ms /= 2)
		digits++;
	return digits << KNOWN_TIME;
}

void history_put(struct history *h, const struct digest *step, const struct digest *key, const struct facts *facts, int64_t ms)
{
	uint32_t today = (uint32_t)(time(NULL) / 86400), took = time_flags(ms), i;
	struct known *k;
	struct buf b;

	buf_init(&b, HISTORY_MAX / 8);
	pthread_mutex_lock(&h->lock);
	load(h);
	k = known_of(h, step);
	if ((k->flags & KNOWN_KEY) && digest_equal(&k->key, key)) {
		if (k->day + 14 <= today) {
			k->day = today;
			h->changed = true;
		}
	} else {
		k->key = *key;
		k->day = today;
		k->flags |= KNOWN_KEY;
		k->facts = arena_array(h->arena, facts->n + 1, sizeof *k->facts);
		k->n = facts->n;
		for (i = 0; i < facts->n; i++) {
			encode_one(&facts->at[i], &b);
			k->facts[i] = fact_number(h, b.data, b.size);
		}
		h->changed = true;
	}
	if ((k->flags & ~KNOWN_LOW) != took) {
		k->flags = (k->flags & KNOWN_LOW) | took;
		h->changed = true;
	}
	pthread_mutex_unlock(&h->lock);
	buf_free(&b);
}

void history_set_setuid(struct history *h, const struct digest *step)
{
	struct known *k;

	pthread_mutex_lock(&h->lock);
	load(h);
	k = known_of(h, step);
	if (!(k->flags & KNOWN_SETUID)) {
		k->flags |= KNOWN_SETUID;
		k->day = (uint32_t)(time(NULL) / 86400);
		h->changed = true;
	}
	pthread_mutex_unlock(&h->lock);
}

bool history_is_setuid(struct history *h, const struct digest *step)
{
	const struct known *k;
	bool ret;

	pthread_mutex_lock(&h->lock);
	load(h);
	k = map_get(&h->steps, step->byte, sizeof step->byte);
	ret = k && (k->flags & KNOWN_SETUID);
	pthread_mutex_unlock(&h->lock);
	return ret;
}

uint64_t history_duration(struct history *h, const struct digest *step)
{
	const struct known *k;
	uint32_t digits;

	pthread_mutex_lock(&h->lock);
	load(h);
	k = map_get(&h->steps, step->byte, sizeof step->byte);
	digits = k ? k->flags >> KNOWN_TIME : 0;
	pthread_mutex_unlock(&h->lock);
	return digits && digits <= KNOWN_TIME_MAX ? (uint64_t)1 << digits : 0;
}

/* A reason stands beside the steps, under a name of its own, as one fact. */
static void name_of_reason(const struct digest *step, struct digest *ret)
{
	static const char what[] = "not stored";
	struct digest_state s;

	digest_begin(&s, NULL);
	digest_add(&s, what, sizeof what);
	digest_add(&s, step->byte, sizeof step->byte);
	digest_end(&s, ret);
}

void history_put_reason(struct history *h, const struct digest *step, const struct digest *key, const char *reason)
{
	struct fact fact = { .kind = FACT_VALUE, .name = { "", 0 }, .detail = { "", 0 }, .state = bytes_text(reason) };
	const struct facts one = { &fact, 1 };
	struct digest name;
	struct known *k;
	struct buf b;

	name_of_reason(step, &name);
	buf_init(&b, HISTORY_MAX / 8);
	facts_encode(&one, &b);
	pthread_mutex_lock(&h->lock);
	load(h);
	k = known_of(h, &name);
	*k = (struct known){ .step = k->step, .key = *key, .day = (uint32_t)(time(NULL) / 86400), .flags = KNOWN_KEY | KNOWN_REASON, .n = 1 };
	k->facts = arena_array(h->arena, 1, sizeof *k->facts);
	k->facts[0] = fact_number(h, b.data, b.size);
	h->changed = true;
	pthread_mutex_unlock(&h->lock);
	buf_free(&b);
}

const char *history_reason(struct history *h, const struct digest *step, const struct digest *key, struct arena *a)
{
	struct digest name, of;
	struct facts facts;

	name_of_reason(step, &name);
	if (!history_get(h, &name, a, &of, &facts) || !digest_equal(&of, key) || facts.n != 1)
		return NULL;
	return arena_strn(a, facts.at[0].state.data, facts.at[0].state.size);
}

uint64_t history_steps(struct history *h)
{
	uint64_t n = 0;
	uint32_t i;

	pthread_mutex_lock(&h->lock);
	load(h);
	for (i = 0; i < h->steps.n; i++)
		n += !(((const struct known *)h->steps.at[i].value)->flags & KNOWN_REASON);
	pthread_mutex_unlock(&h->lock);
	return n;
}

static void put32(struct buf *b, size_t n)
{
	uint32_t n32 = (uint32_t)n;

	buf_add(b, &n32, sizeof n32);
}

/* Writes only facts that a step still has, numbered anew. */
static void write_file(struct history *h)
{
	uint32_t *renumber = xcalloc(h->facts.n + 1, sizeof *renumber), i, j, n = 0;
	struct digest check;
	struct buf b;

	buf_init(&b, HISTORY_MAX);
	for (i = 0; i < h->steps.n; i++) {
		const struct known *k = h->steps.at[i].value;

		for (j = 0; j < k->n; j++)
			renumber[k->facts[j]] = 1;
	}
	for (i = 0; i < h->facts.n; i++)
		n += renumber[i] != 0;
	put32(&b, n);
	for (i = 0, n = 0; i < h->facts.n; i++) {
		if (!renumber[i])
			continue;
		renumber[i] = n++;
		put32(&b, h->facts.at[i].key.size);
		buf_add(&b, h->facts.at[i].key.data, h->facts.at[i].key.size);
	}
	put32(&b, h->steps.n);
	for (i = 0; i < h->steps.n; i++) {
		const struct known *k = h->steps.at[i].value;

		buf_add(&b, k->step.byte, DIGEST_SIZE);
		buf_add(&b, k->key.byte, DIGEST_SIZE);
		put32(&b, k->day);
		put32(&b, k->flags);
		put32(&b, k->n);
		for (j = 0; j < k->n; j++)
			put32(&b, renumber[k->facts[j]]);
	}
	digest_of(b.data, b.size, &check);
	if (!b.full) {
		struct buf whole;

		buf_init(&whole, HISTORY_MAX + 64);
		buf_add(&whole, magic, sizeof magic);
		buf_add(&whole, check.byte, sizeof check.byte);
		buf_add(&whole, b.data, b.size);
		(void)file_write_at(h->dir, h->file, whole.data, whole.size, 0600, NULL);   /* without it a miss is not explained */
		buf_free(&whole);
	}
	buf_free(&b);
	free(renumber);
}

void history_free(struct history *h, bool save)
{
	if (!h)
		return;
	if (save && h->changed)
		write_file(h);
	map_free(&h->facts);
	map_free(&h->steps);
	arena_free(h->arena);
	pthread_mutex_destroy(&h->lock);
	free(h->file);
	free(h);
}
