#include "config.h"

#include "plug/stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "os/loop.h"           /* for os_now_ns */
#include "plug/inside.h"
#include "plug/store_call.h"

enum { FAILURES_MAX = 3 };

#define PROBE_NS INT64_C(5000000000)

/* ---- which --------------------------------------------------------------------- */

/* Loading a store may take longer than a run of hits: beside the local store others come alive when that has no answer. */
static bool is_late(const struct component *c)
{
	return c->plug->has_local && atomic_load(&c->state) == COMPONENT_NEW && strcmp(c->choice.name, "store-local") != 0;
}

/* Has the user set options of it that cannot be taken? Then the store is wanted here, also where it is optional. */
static bool is_mistaken(const struct component *c)
{
	uint32_t i;

	for (i = 0; i < c->choice.options_n && !c->choice.options[i].from_user; i++)
		;
	return c->why_has_place && i < c->choice.options_n;
}

static bool is_usable(struct component *c)
{
	if (atomic_load(&c->given_up))
		return false;
	if (component_start(c))
		return true;
	if (!c->choice.store.optional || is_mistaken(c))
		plug_warn_unusable(c);
	atomic_store(&c->given_up, 1);
	return false;
}

static bool is_near(struct component *c)
{
	return is_usable(c) && !(c->wants.flags & VT_WANTS_FAR);
}

uint32_t stores_far(struct plug *p, struct component **ret, uint32_t room)
{
	struct component **stores;
	uint32_t n = plug_chosen_stores(p, &stores), i, k = 0;

	for (i = 0; i < n && k < room; i++)
		if (is_usable(stores[i]) && (stores[i]->wants.flags & VT_WANTS_FAR))
			ret[k++] = stores[i];
	return k;
}

/* Sets *what, with a warning the first time. */
static void give_up(struct component *c, _Atomic int *what, const char *text, const char *then)
{
	char line[700];

	if (atomic_exchange(what, 1))
		return;
	snprintf(line, sizeof line, "%s; %s in this run", text, then);
	plug_warn_about(c, line);
}

static void get_failed(struct component *c, const char *text)
{
	if (atomic_fetch_add(&c->failures, 1) + 1 >= FAILURES_MAX)
		give_up(c, &c->given_up, text, "it is not used any more");
	else
		plug_warn_about(c, text);
}

/* A store that takes nothing more is still read. */
static bool takes_more(struct component *c)
{
	return !atomic_load(&c->full) && is_near(c) && (c->choice.store.mode & STORE_WRITE) && !(c->wants.flags & VT_WANTS_NO_PUT);
}

/* Gives a store up that takes no more. */
static void judge_put(struct component *c, vt_status status, const char *text)
{
	if (status == VT_DOWN)
		give_up(c, &c->given_up, text, "it is not used any more");
	else if (status == VT_FAILED || status == VT_UNSUPPORTED)
		give_up(c, &c->full, text[0] ? text : "it takes nothing", "nothing more is kept there");
}

static vt_status put_one(struct component *c, uint32_t space, const vt_id *name, vt_source *from, const volatile int *stop)
{
	const struct store_request r = { .operation = STORE_PUT, .space = space, .names = name, .n = 1, .from = from, .stop = stop, .behind = true };
	char text[STORE_CALL_TEXT];
	vt_status status = store_call(c, &r, text);

	judge_put(c, status, text);
	return status;
}

/* Each item gets its status. */
static void put_several(struct component *c, uint32_t space, vt_put_item *items, uint32_t n, const volatile int *stop)
{
	const struct store_request r = { .operation = STORE_PUT_MANY, .space = space, .puts = items, .n = n, .stop = stop, .behind = true };
	char text[STORE_CALL_TEXT];
	vt_status status = VT_OK;
	uint32_t i;

	if (store_takes_many(c))
		status = store_call(c, &r, text);
	for (i = 0; i < n; i++) {
		if (!store_takes_many(c))
			items[i].status = takes_more(c) ? put_one(c, space, &items[i].name, items[i].from, stop) : VT_FAILED;
		else if (status != VT_OK)
			items[i].status = status;
		if (store_takes_many(c))
			judge_put(c, items[i].status, text);
	}
}

static void drop_one(struct component *c, uint32_t space, const vt_id *name, uint32_t why)
{
	const struct store_request r = { .operation = STORE_DROP, .space = space, .names = name, .n = 1, .why = why };

	if (c->made->ops.store.drop)
		store_call(c, &r, NULL);
}

/* Asks one store. */
static vt_status get_one(struct component *c, uint32_t space, const vt_id *name, struct stores_into *into, const volatile int *stop)
{
	const struct store_request r = { .operation = STORE_GET, .space = space, .names = name, .n = 1, .into = &into->sink, .stop = stop };
	char text[STORE_CALL_TEXT];
	vt_status status;

	into->sink.restart(&into->sink, NULL);
	status = store_call(c, &r, text);
	if (into->refused)
		return VT_FAILED;
	if (status == VT_DOWN)
		give_up(c, &c->given_up, text, "it is not used any more");
	else if (status == VT_FAILED)
		get_failed(c, text);
	if (status == VT_OK && into->check && !into->check(into)) {
		plug_warn_about(c, space == VT_SPACE_BLOB ? "a damaged blob was dropped" : "a damaged entry was dropped");
		drop_one(c, space, name, VT_DROP_DAMAGED);
		status = VT_NONE;
	}
	return status;
}

/* Asks the stores that are alive, or with `late` the others. */
static vt_status get_from(struct plug *p, bool late, uint32_t space, const vt_id *name, struct stores_into *into, const volatile int *stop)
{
	struct component **stores;
	uint32_t n = plug_chosen_stores(p, &stores);
	bool failed = false;
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		vt_status status;

		if (is_late(stores[i]) != late || !is_near(stores[i]) || !(stores[i]->choice.store.mode & STORE_READ))
			continue;
		status = get_one(stores[i], space, name, into, stop);
		if (into->refused || (status == VT_CANCELLED && !atomic_load(&stores[i]->abandoned)))
			return status;
		failed = failed || status == VT_CANCELLED || status == VT_FAILED || status == VT_DOWN;
		if (status != VT_OK)
			continue;
		for (k = 0; into->reopen && k < i; k++) {
			vt_source *bytes = !is_late(stores[k]) && takes_more(stores[k]) ? into->reopen(into) : NULL;

			if (bytes)
				put_one(stores[k], space, name, bytes, stop);
		}
		return VT_OK;
	}
	return failed ? VT_FAILED : VT_NONE;
}

vt_status stores_get(struct plug *p, uint32_t space, const vt_id *name, struct stores_into *into, const volatile int *stop)
{
	vt_status status = get_from(p, false, space, name, into, stop), late;

	if (status == VT_OK || status == VT_CANCELLED || into->refused || into->alive_only)
		return status;
	late = get_from(p, true, space, name, into, stop);
	return late == VT_NONE ? status : late;
}

void stores_put_many(struct plug *p, uint32_t space, vt_put_item *items, uint32_t n, const volatile int *stop)
{
	vt_status *best = xcalloc(n + 1, sizeof *best);
	struct component **stores;
	uint32_t stores_n = plug_chosen_stores(p, &stores), i, k;

	for (k = 0; k < n; k++)
		best[k] = VT_FAILED;
	for (i = 0; i < stores_n; i++) {
		if (!takes_more(stores[i]))
			continue;
		put_several(stores[i], space, items, n, stop);
		for (k = 0; k < n; k++)
			if (items[k].status == VT_OK || (items[k].status == VT_NONE && best[k] != VT_OK))
				best[k] = items[k].status;
	}
	for (k = 0; k < n; k++)
		items[k].status = best[k];
	free(best);
}

void stores_drop(struct plug *p, uint32_t space, const vt_id *name, uint32_t why)
{
	struct component **stores;
	uint32_t n = plug_chosen_stores(p, &stores), i;

	for (i = 0; i < n; i++)
		if (!is_late(stores[i]) && takes_more(stores[i]))
			drop_one(stores[i], space, name, why);
}

void stores_used(struct plug *p, const vt_id *blobs, uint32_t count)
{
	struct component **stores;
	uint32_t n = plug_chosen_stores(p, &stores), i;

	for (i = 0; i < n && count; i++) {
		const struct store_request r = { .operation = STORE_USED, .names = blobs, .n = count };

		if (!is_late(stores[i]) && is_near(stores[i]) && stores[i]->made->ops.store.used)
			store_call(stores[i], &r, NULL);
	}
}

/* Collects names. */
struct names_sink {
	vt_sink sink;                  /* first */
	struct buf names;
};

static vt_status add_names(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct names_sink *s = (struct names_sink *)sink;

	call_check(call, 1, "vt_sink.write");
	if (buf_add(&s->names, data, size) < 0)
		return VT_FAILED;
	sink->got += size;
	return VT_OK;
}

static vt_status list_one(struct component *c, uint32_t space, int64_t since_s, struct buf *ret)
{
	struct names_sink s = { .sink = { .struct_size = sizeof(vt_sink), .write = add_names, .most = UINT64_MAX } };
	const struct store_request r = { .operation = STORE_LIST, .space = space, .since_s = since_s, .into = &s.sink };
	vt_status status;

	buf_init(&s.names, SIZE_MAX / 2);
	status = store_call(c, &r, NULL);
	*ret = s.names;
	return status;
}

vt_status stores_list(struct plug *p, uint32_t space, int64_t since_s, vt_id **ret, size_t *ret_n)
{
	struct component **stores;
	uint32_t n = plug_chosen_stores(p, &stores), i;
	struct buf names;

	for (i = 0; i < n; i++) {
		if (is_late(stores[i]) || !is_near(stores[i]) || !stores[i]->made->ops.store.list)
			continue;
		if (list_one(stores[i], space, since_s, &names) == VT_OK) {
			*ret_n = names.size / sizeof **ret;
			*ret = xcalloc(*ret_n + 1, sizeof **ret);
			memcpy(*ret, buf_str(&names), *ret_n * sizeof **ret);
			buf_free(&names);
			return VT_OK;
		}
		buf_free(&names);
	}
	return VT_UNSUPPORTED;
}

static vt_status take_anything(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	call_check(call, 1, "vt_sink.write");
	(void)data;
	sink->got += size;
	return VT_OK;
}

static void probe_one(struct component *c, struct store_probe *ret)
{
	static const vt_id nobody = { { 0xff, 0xd0, 0xc7 } };
	vt_sink sink = { .struct_size = sizeof sink, .write = take_anything, .most = 4096 };
	int64_t began = os_now_ns();
	const struct store_request r = { .operation = STORE_GET, .space = VT_SPACE_BLOB, .names = &nobody, .n = 1, .into = &sink, .deadline_ns = began + PROBE_NS };
	char text[STORE_CALL_TEXT];
	vt_status status;

	snprintf(ret->label, sizeof ret->label, "%s", component_label(c));
	ret->named = c->choice.named;
	ret->optional = c->choice.store.optional;
	if (!component_start(c)) {
		snprintf(ret->why, sizeof ret->why, "%s", c->why ? c->why : "it cannot be used");
		return;
	}
	ret->far = c->wants.flags & VT_WANTS_FAR;
	status = store_call(c, &r, text);
	ret->ns = os_now_ns() - began;
	ret->answered = status == VT_OK || status == VT_NONE;
	if (!ret->answered)
		snprintf(ret->why, sizeof ret->why, "%s", text[0] ? text : "it does not answer");
}

uint32_t stores_probe(struct plug *p, struct store_probe *ret, uint32_t room)
{
	struct component **stores;
	uint32_t n = plug_chosen_stores(p, &stores), i;

	for (i = 0; i < n && i < room; i++) {
		ret[i] = (struct store_probe){ .answered = false };
		probe_one(stores[i], &ret[i]);
	}
	return i;
}

void stores_settle(struct plug *p, int64_t deadline_ns)
{
	struct component **stores;
	uint32_t n = plug_chosen_stores(p, &stores), i;

	for (i = 0; i < n; i++) {
		const struct store_request r = { .operation = STORE_SETTLE, .deadline_ns = deadline_ns, .behind = true };
		struct component *c = stores[i];
		char text[STORE_CALL_TEXT];

		if (atomic_load(&c->state) != COMPONENT_READY || atomic_load(&c->abandoned) || !c->made->ops.store.settle)
			continue;
		if (store_call(c, &r, text) == VT_FAILED)
			plug_warn_about(c, text);
	}
}

bool stores_any(struct plug *p)
{
	struct component **stores;
	uint32_t n = plug_chosen_stores(p, &stores), i;

	for (i = 0; i < n; i++)
		if (!is_late(stores[i]) && is_near(stores[i]))
			return true;
	for (i = 0; i < n; i++)
		if (is_near(stores[i]))
			return true;
	return false;
}
