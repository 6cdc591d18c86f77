#include "config.h"

#include "far/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wait.h"
#include "far/store_inside.h"
#include "os/loop.h"           /* for os_now_ns */

static const vt_store_ops *ops_of(const struct far_store *s)
{
	return component_ops(s->component);
}

/* ---- the doors -------------------------------------------------------------------------------------------- */

static void count(uint64_t *what, uint64_t n)
{
	__atomic_fetch_add(what, n, __ATOMIC_RELAXED);
}

/* Takes the answers of a call, and frees it. */
static void take_gets(struct far_store *s, struct far_call *c, struct far_get *items)
{
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		items[i].status = call_answer(c, &c->objects[i]);
		items[i].damaged = c->objects[i].damaged;
		if (items[i].status != VT_OK)
			continue;
		items[i].bytes = c->objects[i].bytes;
		c->objects[i].bytes = (struct blob_bytes){ .fd = -1 };
		count(&s->figures.got, 1);
		count(&s->figures.got_bytes, items[i].bytes.size);
	}
	call_free(c);
}

/* Items of one call. Where a store says how many calls it takes at once, a few items are spread over all of them. */
uint32_t far_store_batch(const struct far_store *s, uint32_t n)
{
	uint32_t even = s->component->wants.parallel ? (n + s->parallel - 1) / s->parallel : n;

	even = even > BATCH_LEAST ? even : BATCH_LEAST;
	return even < s->batch ? even : s->batch;
}

static struct far_call *begin_call(struct far_store *s, struct far_get *items, uint32_t n)
{
	struct far_call *c = call_new(s, CALL_GET, items[0].space, n);
	uint32_t i;

	for (i = 0; i < n; i++) {
		items[i].status = VT_CANCELLED;
		items[i].damaged = false;
		items[i].bytes = (struct blob_bytes){ .fd = -1 };
		call_object_to_get(&c->objects[i], &items[i]);
	}
	call_queue(s, c);
	return c;
}

static void end_call(struct far_store *s, struct far_call *c, struct far_get *items)
{
	if (call_await(s, c))
		take_gets(s, c, items);
}

/* Gets items by calls of one space each. */
static void get_once(struct far_store *s, struct far_get *items, uint32_t n)
{
	struct far_call **calls = xcalloc(n ? n : 1, sizeof *calls);
	uint32_t i, k, calls_n = 0, batch = far_store_batch(s, n);

	for (i = 0; i < n; i += k) {
		for (k = 1; k < batch && i + k < n && items[i + k].space == items[i].space; k++)
			;
		calls[calls_n++] = begin_call(s, items + i, k);
	}
	for (i = 0, k = 0; k < calls_n; k++) {
		uint32_t size = calls[k]->n;

		end_call(s, calls[k], items + i);
		i += size;
	}
	free(calls);
}

/* Gets a damaged item once more: damage on the way differs from damage in the store. */
static void get_again(struct far_store *s, struct far_get *item)
{
	get_once(s, item, 1);
	if (!item->damaged)
		return;
	plug_warn_about(s->component, "a damaged object was left aside");
	far_store_drop(s, item->space, &item->name, VT_DROP_DAMAGED);
}

static void get_damaged_again(struct far_store *s, struct far_get *items, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (items[i].damaged && store_is_asked(s))
			get_again(s, &items[i]);
}

void far_store_get(struct far_store *s, struct far_get *items, uint32_t n)
{
	get_once(s, items, n);
	get_damaged_again(s, items, n);
}

struct far_call *far_store_get_begin(struct far_store *s, struct far_get *items, uint32_t n)
{
	return begin_call(s, items, n);
}

void far_store_get_end(struct far_store *s, struct far_call *call, struct far_get *items, uint32_t n)
{
	end_call(s, call, items);
	get_damaged_again(s, items, n);
}

static void take_puts(struct far_store *s, struct far_call *c, struct far_put *items)
{
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		items[i].status = call_answer(c, &c->objects[i]);
		if (items[i].status == VT_OK) {
			count(&s->figures.put, 1);
			count(&s->figures.put_bytes, c->objects[i].bytes.size);
		}
	}
	call_free(c);
}

void far_store_put(struct far_store *s, struct far_put *items, uint32_t n)
{
	const uint32_t batch = ops_of(s)->put_many ? s->batch : 1;
	struct far_call **calls = xcalloc(n ? n : 1, sizeof *calls);
	uint32_t i, k, calls_n = 0;

	for (i = 0; i < n; i += k) {
		uint64_t bytes = items[i].bytes.size;
		struct far_call *c;
		uint32_t j;

		for (k = 1; k < batch && i + k < n && items[i + k].space == items[i].space && (bytes += items[i + k].bytes.size) <= s->batch_bytes; k++)
			;
		c = calls[calls_n++] = call_new(s, CALL_PUT, items[i].space, k);
		for (j = 0; j < k; j++)
			call_object_to_put(&c->objects[j], &items[i + j]);
		call_queue(s, c);
	}
	for (i = 0, k = 0; k < calls_n; k++) {
		uint32_t size = calls[k]->n;

		if (call_await(s, calls[k]))
			take_puts(s, calls[k], items + i);
		i += size;
	}
	free(calls);
}

vt_status far_store_has(struct far_store *s, uint32_t space, const vt_id *names, uint32_t n, uint8_t *ret)
{
	vt_status status = VT_OK;
	uint32_t i, j, k;

	memset(ret, 0, n);
	if (!ops_of(s)->has)
		return VT_UNSUPPORTED;
	for (i = 0; i < n && status == VT_OK; i += k) {
		struct far_call *c;

		k = n - i < s->batch ? n - i : s->batch;
		c = call_new(s, CALL_HAS, space, k);
		c->has = xcalloc(k, 1);
		for (j = 0; j < k; j++)
			c->objects[j].name = names[i + j];
		call_queue(s, c);
		if (!call_await(s, c))
			return VT_CANCELLED;
		status = c->status;
		if (status == VT_OK)
			memcpy(ret + i, c->has, k);
		call_free(c);
	}
	return status;
}

bool far_store_leases(const struct far_store *s)
{
	const vt_store_ops *ops = ops_of(s);

	return VT_HAS(ops, lease) && VT_HAS(ops, release) && (s->component->choice.store.mode & STORE_READ) && far_store_takes(s);
}

vt_status far_store_lease(struct far_store *s, const vt_id *name, const vt_id *owner, uint32_t ttl_ms, vt_id *ret_owner)
{
	struct far_call *c = call_new(s, CALL_LEASE, VT_SPACE_ENTRY, 1);
	vt_status status;

	c->objects[0].name = *name;
	c->owner = *owner;
	c->ttl_ms = ttl_ms;
	call_queue(s, c);
	if (!call_await(s, c))
		return VT_CANCELLED;
	status = c->status;
	*ret_owner = c->owner;
	call_free(c);
	return status;
}

void far_store_release(struct far_store *s, const vt_id *name, const vt_id *owner)
{
	struct far_call *c = call_new(s, CALL_RELEASE, VT_SPACE_ENTRY, 1);

	c->objects[0].name = *name;
	c->owner = *owner;
	call_queue(s, c);
	if (call_await(s, c))
		call_free(c);
}

void far_store_drop(struct far_store *s, uint32_t space, const vt_id *name, uint32_t why)
{
	struct far_call *c;

	if (!ops_of(s)->drop || !far_store_writes(s))
		return;
	c = call_new(s, CALL_DROP, space, 1);
	c->objects[0].name = *name;
	c->why = why;
	call_queue(s, c);
	if (call_await(s, c))
		call_free(c);
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

struct far_store *far_store_new(struct component *c, struct plug *plug, struct blobs *blobs, const volatile int *stop)
{
	const vt_store_ops *ops = component_ops(c);
	const struct store_rules *rules = &c->choice.store;
	struct far_store *s = xcalloc(1, sizeof *s);

	s->component = c;
	s->plug = plug;
	s->blobs = blobs;
	s->stop = stop;
	s->parallel = c->serial ? 1 : c->wants.parallel ? c->wants.parallel : ops->get_many ? PARALLEL_MANY : PARALLEL_SINGLE;
	if (s->parallel > THREADS_MAX)
		s->parallel = THREADS_MAX;
	s->batch = !ops->get_many ? 1 : c->wants.batch ? c->wants.batch : BATCH;
	s->batch_bytes = c->wants.batch_bytes ? c->wants.batch_bytes : BATCH_BYTES;
	s->timeout_ns = (int64_t)(rules->timeout_ms ? rules->timeout_ms : TIMEOUT_MS) * MS;
	s->end_ns = INT64_MAX;
	s->last = &s->first;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->more, NULL);
	wait_init(&s->done);
	return s;
}

void far_store_free(struct far_store *s)
{
	bool stuck;
	char line[700];
	uint32_t i;

	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_cond_broadcast(&s->more);
	/* each call was asked to end, and had its time */
	__atomic_store_n(&s->asked, 1, __ATOMIC_RELAXED);
	stuck = s->lost > 0;
	for (i = 0; i < s->workers_n; i++)
		s->workers[i].left = s->workers[i].lost;
	if (stuck)
		atomic_store(&s->component->abandoned, 1);
	if (s->failures && !s->rest_until_ns && !s->down) {
		snprintf(line, sizeof line, "%u of %u requests failed: %s", s->failures, s->requests, s->text);
		plug_warn_about(s->component, line);
	}
	pthread_mutex_unlock(&s->lock);
	for (i = 0; i < s->workers_n; i++)
		if (s->workers[i].left)
			pthread_detach(s->workers[i].thread);
		else
			pthread_join(s->workers[i].thread, NULL);
	if (stuck)
		return;                /* the stuck call still uses the rest */
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->more);
	pthread_cond_destroy(&s->done);
	free(s);
}

const char *far_store_label(const struct far_store *s)
{
	return component_label(s->component);
}

const vt_wants *far_store_wants(const struct far_store *s)
{
	return &s->component->wants;
}

bool far_store_reads(const struct far_store *s)
{
	return (s->component->choice.store.mode & STORE_READ) && store_is_asked(s);
}

bool far_store_takes(const struct far_store *s)
{
	return (s->component->choice.store.mode & STORE_WRITE) && !(s->component->wants.flags & VT_WANTS_NO_PUT);
}

bool far_store_writes(const struct far_store *s)
{
	return far_store_takes(s) && !s->takes_nothing && store_is_asked(s);
}

bool far_store_is_well(const struct far_store *s)
{
	return store_is_asked(s);
}

bool far_store_rests(const struct far_store *s)
{
	struct far_store *mine = (struct far_store *)(uintptr_t)s;
	bool ret;

	pthread_mutex_lock(&mine->lock);
	ret = s->down || os_now_ns() < s->rest_until_ns;
	pthread_mutex_unlock(&mine->lock);
	return ret;
}

void far_store_tell(struct far_store *s, const char *text)
{
	plug_warn_about(s->component, text);
}

bool far_store_unsealed(const struct far_store *s)
{
	return s->component->choice.store.unsealed;
}

uint64_t far_store_below(const struct far_store *s)
{
	uint64_t below = s->component->choice.store.below, most = s->component->wants.most;

	return below && (!most || below < most) ? below : most ? most : UINT64_MAX;
}

int64_t far_store_budget_ms(const struct far_store *s)
{
	const struct store_rules *r = &s->component->choice.store;

	return r->budget_ms ? (int64_t)r->budget_ms : r->budget_bytes ? INT64_MAX / (2 * MS) : BUDGET_MS;
}

uint64_t far_store_budget_bytes(const struct far_store *s)
{
	uint64_t bytes = s->component->choice.store.budget_bytes;

	return bytes ? bytes : UINT64_MAX;
}

struct far_figures *far_store_figures(struct far_store *s)
{
	return &s->figures;
}

struct component *far_store_component(const struct far_store *s)
{
	return s->component;
}

void far_store_end(struct far_store *s, int64_t when_ns)
{
	pthread_mutex_lock(&s->lock);
	s->end_ns = when_ns;
	pthread_mutex_unlock(&s->lock);
}
