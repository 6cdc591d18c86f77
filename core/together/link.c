#include "config.h"

#include "together/link_inside.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- answers ---------------------------------------------------------------------- */

static void deliver(void *ctx)
{
	struct link *l = ctx;
	struct answer *a;
	bool quiet;

	for (;;) {
		pthread_mutex_lock(&l->lock);
		l->posted = false;
		a = l->answers;
		if (a && !(l->answers = a->next))
			l->answers_end = &l->answers;
		quiet = l->quiet;
		pthread_mutex_unlock(&l->lock);
		if (!a)
			return;
		if (!quiet)
			l->setup.on_answer(l->setup.ctx, &a->is);
		arena_free(a->arena);
		free(a);
	}
}

void link_post(struct link *l, enum link_what what, void *task, const struct notice *r, const char *text)
{
	struct answer *a = xcalloc(1, sizeof *a);
	bool post;

	a->arena = arena_new();
	a->is = (struct link_answer){ .what = what, .task = task };
	if (r) {
		a->is.notice = *r;
		a->is.notice.runner = r->runner ? arena_str(a->arena, r->runner) : "";
		a->is.notice.label = r->label ? arena_str(a->arena, r->label) : "";
		a->is.notice.key = (struct bytes){ r->key.size ? arena_copy(a->arena, r->key.data, r->key.size) : "", r->key.size };
	}
	a->is.text = text ? arena_str(a->arena, text) : NULL;
	pthread_mutex_lock(&l->lock);
	*l->answers_end = a;
	l->answers_end = &a->next;
	post = !l->posted && !l->quiet;
	l->posted = l->posted || post;
	pthread_mutex_unlock(&l->lock);
	if (post)
		loop_post(l->setup.loop, deliver, l);
}

void link_trouble(struct link *l, const char *what)
{
	char text[300];
	bool first;

	/* a call that was abandoned because the run ends is no failure */
	if (__atomic_load_n(l->setup.stop, __ATOMIC_RELAXED))
		return;
	pthread_mutex_lock(&l->lock);
	first = !l->broken;
	l->broken = true;
	pthread_mutex_unlock(&l->lock);
	if (!first)
		return;
	snprintf(text, sizeof text, "the store '%.100s' %s", far_store_label(l->store), what);
	link_post(l, LINK_TROUBLE, NULL, NULL, text);
}

/* ---- notices ------------------------------------------------------------------------ */

int link_get_notices(struct link *l, const vt_id *names, uint32_t n, struct arena *a, struct notice *ret)
{
	struct far_get *items = xcalloc(n, sizeof *items);
	uint32_t i;
	int r = 0;

	for (i = 0; i < n; i++)
		items[i] = (struct far_get){ .space = VT_SPACE_ENTRY, .name = names[i], .most = NOTICE_MAX, .in_memory = true };
	far_store_get(l->store, items, n);
	for (i = 0; i < n; i++) {
		struct bytes b = { NULL, 0 };

		ret[i] = (struct notice){ .code = 0 };
		if (items[i].status != VT_OK) {
			r = items[i].status == VT_NONE ? r : -1;
			continue;
		}
		b = (struct bytes){ arena_copy(a, items[i].bytes.data ? items[i].bytes.data : "", (size_t)items[i].bytes.size), (size_t)items[i].bytes.size };
		blob_bytes_clear(&items[i].bytes);
		if (notice_decode(l->setup.keys, far_store_unsealed(l->store), &names[i], b, a, &ret[i]) < 0)
			ret[i] = (struct notice){ .code = 0 };
	}
	free(items);
	return r;
}

int link_put_notice(struct link *l, const vt_id *name, const struct notice *r)
{
	struct far_put item = { .space = VT_SPACE_ENTRY, .name = *name, .bytes = { .fd = -1 } };
	struct buf b;

	buf_init(&b, NOTICE_MAX + 1024);
	notice_encode(l->setup.keys, name, r, &b);
	item.bytes.data = xmalloc(b.size + 1);
	memcpy(item.bytes.data, b.data, b.size);
	item.bytes.size = b.size;
	buf_free(&b);
	far_store_put(l->store, &item, 1);
	return item.status == VT_OK ? 0 : -1;
}

/* ---- life ------------------------------------------------------------------------------------------ */

static struct far_store *who_leases(struct far *f, uint32_t *ret)
{
	uint32_t i;

	for (i = 0; i < far_stores(f); i++)
		if (far_store_leases(far_store_at(f, i))) {
			*ret = i;
			return far_store_at(f, i);
		}
	return NULL;
}

struct link *link_new(const struct link_setup *setup)
{
	uint32_t which = 0;
	struct far_store *store = who_leases(setup->far, &which);
	struct link *l;

	if (!store)
		return NULL;
	l = xcalloc(1, sizeof *l);
	l->setup = *setup;
	l->store = store;
	digest_random(l->owner.byte, sizeof l->owner.byte);
	notice_failure(setup->keys, &setup->run, &l->failure);
	notice_runner(setup->keys, &setup->run, &l->owner, &l->alive);
	pthread_mutex_init(&l->lock, NULL);
	wait_init(&l->changed);
	l->last = &l->first;
	l->answers_end = &l->answers;
	l->todo_end = &l->todo;
	l->pace_ms = LINK_POLL_MS;
	l->poll_ms = os_now_ms() + l->pace_ms;
	/* its own lease is taken first, as if it were to be renewed */
	link_hold(l, &l->alive);
	l->held[0].renew_ms = 0;
	l->asks = pthread_create(&l->asker, NULL, link_ask_all, l) == 0;
	l->publishes = l->asks && pthread_create(&l->publisher, NULL, link_tell_all, l) == 0;
	if (l->publishes)
		return l;
	link_quiet(l);
	link_free(l);
	return NULL;
}

void link_quiet(struct link *l)
{
	bool waits;

	pthread_mutex_lock(&l->lock);
	l->quiet = true;
	waits = l->asks;
	l->asks = false;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	if (waits)
		pthread_join(l->asker, NULL);
}

/* Renews a lease, or waits a little for the publisher. With the lock, which is free during the calls. */
static void settle_once(struct link *l, int64_t until_ms)
{
	int64_t next = os_now_ms() + 100;

	if (!l->broken && link_renew(l))
		return;
	link_wait(l, next < until_ms ? next : until_ms);
}

void link_settle(struct link *l, int64_t most_ms)
{
	int64_t until = os_now_ms() + most_ms;
	vt_id who;
	uint32_t i;
	struct held *left;

	link_quiet(l);
	pthread_mutex_lock(&l->lock);
	while ((l->todo || l->busy) && os_now_ms() < until && !__atomic_load_n(l->setup.stop, __ATOMIC_RELAXED))
		settle_once(l, until);
	__atomic_store_n(&l->give_up, 1, __ATOMIC_RELAXED);
	while (l->busy)
		link_wait(l, os_now_ms() + 100);
	left = l->held;
	l->held = NULL;
	pthread_mutex_unlock(&l->lock);
	/* unfinished tasks become free for other runners; the lease of this runner itself lingers */
	for (i = 0; i < l->held_n && !l->broken; i++)
		if (!link_same(&left[i].name, &l->alive))
			far_store_release(l->store, &left[i].name, &l->owner);
	l->held_n = 0;
	if (!l->broken)
		far_store_lease(l->store, &l->alive, &l->owner, LINK_LINGER_MS, &who);
	free(left);
}

void link_free(struct link *l)
{
	struct telling *t;
	struct answer *a;
	struct ask *q;

	if (!l)
		return;
	link_quiet(l);
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	__atomic_store_n(&l->give_up, 1, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	if (l->publishes)
		pthread_join(l->publisher, NULL);
	while ((q = l->first) != NULL) {
		l->first = q->next;
		link_ask_free(q);
	}
	while ((a = l->answers) != NULL) {
		l->answers = a->next;
		arena_free(a->arena);
		free(a);
	}
	while ((t = l->todo) != NULL) {
		l->todo = t->next;
		link_telling_free(t);
	}
	free(l->held);
	free(l->awaited);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->changed);
	free(l);
}
