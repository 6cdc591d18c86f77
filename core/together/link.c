#include "config.h"

#include "together/link.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cache/cache.h"
#include "far/far.h"
#include "os/loop.h"

enum { TRY_MS = 1 };                   /* of a lease that is taken to see whether somebody has it */

/* A lease that is to be taken. */
struct ask {
	struct ask *next;
	void *task;
	vt_id name;
	char *label;
	bool once;
};

/* A lease that this runner has. */
struct held {
	vt_id name;
	int64_t renew_ms;              /* when */
};

struct awaited {
	void *task;
	vt_id name;
};

/* An answer on its way to the loop. */
struct answer {
	struct answer *next;
	struct link_answer is;
	struct arena *arena;           /* its texts */
};

/* A task that is to be told. */
struct telling {
	struct telling *next;
	struct link_done is;
	struct arena *arena;
};

struct link {
	struct link_setup setup;
	struct far_store *store;
	vt_id owner;
	vt_id failure, alive;          /* names: of failures that end the run, and of this runner's own lease */
	pthread_t asker, publisher;
	bool asks, publishes;          /* they were started */
	pthread_mutex_t lock;          /* over all below */
	pthread_cond_t changed;
	struct ask *first, **last;
	struct held *held;
	uint32_t held_n;
	struct awaited *awaited;
	uint32_t awaited_n;
	int64_t poll_ms, pace_ms;      /* when is the next look for notices, and how long between two */
	struct answer *answers, **answers_end;
	bool posted;                   /* the loop was told that there are answers */
	struct telling *todo, **todo_end;
	bool busy;                     /* the publisher tells one */
	bool broken;                   /* the store failed */
	bool quiet, ending;            /* the asker is to end; both are */
	volatile int give_up;          /* nothing more is waited for */
	bool failed_before;            /* `ignored` is set */
	vt_id ignored;                 /* who told of a failure, and was gone before this run began */
};

#define MS INT64_C(1000000)

static bool same(const vt_id *a, const vt_id *b)
{
	return memcmp(a->byte, b->byte, sizeof a->byte) == 0;
}

/* With the lock. */
static void wait_until(struct link *l, int64_t ms)
{
	struct timespec until = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MS };

	pthread_cond_timedwait(&l->changed, &l->lock, &until);
}

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

/* The notice's texts are copied. */
static void answer(struct link *l, enum link_what what, void *task, const struct notice *r, const char *text)
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

static void trouble(struct link *l, const char *what)
{
	char text[300];
	bool first;

	/* an abandoned call because the run ends is none */
	if (__atomic_load_n(l->setup.stop, __ATOMIC_RELAXED))
		return;
	pthread_mutex_lock(&l->lock);
	first = !l->broken;
	l->broken = true;
	pthread_mutex_unlock(&l->lock);
	if (!first)
		return;
	snprintf(text, sizeof text, "the store '%.100s' %s", far_store_label(l->store), what);
	answer(l, LINK_TROUBLE, NULL, NULL, text);
}

/* ---- notices ------------------------------------------------------------------------ */

/* Reads n notices. Those that are not there, damaged or not proven have state 0. -1: the store fails. */
static int get_notices(struct link *l, const vt_id *names, uint32_t n, struct arena *a, struct notice *ret)
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

static int put_notice(struct link *l, const vt_id *name, const struct notice *r)
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

/* Does somebody have the lease? Where not, it is free again after this. -1: the store fails. */
static int is_leased(struct link *l, const vt_id *name)
{
	vt_id who;
	vt_status status = far_store_lease(l->store, name, &l->owner, TRY_MS, &who);

	if (status == VT_NONE)
		return 1;
	if (status != VT_OK)
		return -1;
	far_store_release(l->store, name, &l->owner);
	return 0;
}

/* Is the runner there, or was a moment ago? A failure of one that is long gone is of an earlier attempt at the run. */
static int is_alive(struct link *l, const vt_id *owner)
{
	vt_id name;

	notice_runner(l->setup.keys, &l->setup.run, owner, &name);
	return same(owner, &l->owner) ? 1 : is_leased(l, &name);
}

/* ---- leases ---------------------------------------------------------------------------- */

static void hold(struct link *l, const vt_id *name)
{
	pthread_mutex_lock(&l->lock);
	l->held = xrealloc(l->held, l->held_n + 1, sizeof *l->held);
	l->held[l->held_n++] = (struct held){ *name, os_now_ms() + LINK_TTL_MS / 3 };
	pthread_mutex_unlock(&l->lock);
}

static void let_go(struct link *l, const vt_id *name)
{
	uint32_t i;

	pthread_mutex_lock(&l->lock);
	for (i = 0; i < l->held_n; i++)
		if (same(&l->held[i].name, name))
			l->held[i--] = l->held[--l->held_n];
	pthread_mutex_unlock(&l->lock);
	far_store_release(l->store, name, &l->owner);
}

/* The lease is this runner's: is there still something to do? */
static void look_after_taking(struct link *l, const struct ask *q, struct arena *a)
{
	struct notice r, mine = { .state = NOTICE_STARTED, .owner = l->owner, .runner = l->setup.runner, .label = q->label };
	int alive = 1;

	if (get_notices(l, &q->name, 1, a, &r) < 0) {
		trouble(l, "does not answer");
		return;
	}
	if (r.state == NOTICE_FAILED && (alive = is_alive(l, &r.owner)) < 0) {
		trouble(l, "does not answer");
		return;
	}
	if (r.state == NOTICE_DONE || (r.state == NOTICE_FAILED && alive)) {
		let_go(l, &q->name);
		answer(l, LINK_OVER, q->task, &r, NULL);
	} else if (r.state == NOTICE_STARTED && q->once && !same(&r.owner, &l->owner)) {
		let_go(l, &q->name);
		answer(l, LINK_DIED, q->task, &r, NULL);
	} else if (q->once && put_notice(l, &q->name, &mine) < 0) {
		trouble(l, "takes nothing");
	} else {
		answer(l, LINK_MINE, q->task, NULL, NULL);
	}
}

static void take(struct link *l, const struct ask *q)
{
	struct arena *a = arena_new();
	struct notice r = { .code = 0 };
	vt_status status = far_store_lease(l->store, &q->name, &l->owner, LINK_TTL_MS, &r.owner);

	if (status == VT_OK) {
		hold(l, &q->name);
		look_after_taking(l, q, a);
	} else if (status == VT_NONE) {
		answer(l, LINK_THEIRS, q->task, &r, NULL);
	} else {
		trouble(l, status == VT_UNSUPPORTED ? "gives no leases" : "does not answer");
	}
	arena_free(a);
}

/* With the lock, which is free during the call: the first lease whose time has come. */
static bool renew(struct link *l)
{
	int64_t now = os_now_ms();
	uint32_t i;
	vt_id name, who;
	vt_status status;

	for (i = 0; i < l->held_n && l->held[i].renew_ms > now; i++)
		;
	if (i == l->held_n)
		return false;
	l->held[i].renew_ms = now + LINK_TTL_MS / 3;
	name = l->held[i].name;
	pthread_mutex_unlock(&l->lock);
	status = far_store_lease(l->store, &name, &l->owner, LINK_TTL_MS, &who);
	if (status < 0)
		trouble(l, status == VT_UNSUPPORTED ? "gives no leases" : "does not answer");
	pthread_mutex_lock(&l->lock);
	return true;
}

/* ---- the look for notices ----------------------------------------------------------------- */

/* A failure that ends the run for all. */
static void check_failure(struct link *l, const struct notice *r)
{
	int alive;

	if (r->state != NOTICE_FAILED || same(&r->owner, &l->owner) || (l->failed_before && same(&r->owner, &l->ignored)))
		return;
	alive = is_alive(l, &r->owner);
	if (alive > 0)
		answer(l, LINK_OVER, NULL, r, NULL);
	l->failed_before = true;               /* told once, or of an earlier attempt */
	l->ignored = r->owner;
}

static bool check_awaited(struct link *l, const struct awaited *w, const struct notice *r)
{
	if (r->state != NOTICE_DONE && (r->state != NOTICE_FAILED || is_alive(l, &r->owner) <= 0))
		return false;
	answer(l, LINK_OVER, w->task, r, NULL);
	return true;
}

/* With the lock, which is free during the calls. */
static void poll_notices(struct link *l)
{
	uint32_t n = l->awaited_n, i;
	struct awaited *w = xcalloc(n + 1, sizeof *w);
	struct notice *r = xcalloc(n + 1, sizeof *r);
	vt_id *names = xcalloc(n + 1, sizeof *names);
	struct arena *a = arena_new();
	bool news = false;

	if (n)
		memcpy(w, l->awaited, n * sizeof *w);
	pthread_mutex_unlock(&l->lock);
	for (i = 0; i < n; i++)
		names[i] = w[i].name;
	names[n] = l->failure;
	if (get_notices(l, names, n + 1, a, r) < 0) {
		trouble(l, "does not answer");
	} else {
		check_failure(l, &r[n]);
		for (i = 0; i < n; i++)
			news = check_awaited(l, &w[i], &r[i]) || news;
	}
	arena_free(a);
	free(names);
	free(r);
	free(w);
	pthread_mutex_lock(&l->lock);
	l->pace_ms = news ? LINK_POLL_MS : l->pace_ms * 5 / 4;
	if (l->pace_ms > LINK_POLL_MOST_MS)
		l->pace_ms = LINK_POLL_MOST_MS;
	l->poll_ms = os_now_ms() + l->pace_ms;
}

/* ---- the asker ------------------------------------------------------------------------------ */

static void ask_free(struct ask *q)
{
	free(q->label);
	free(q);
}

/* With the lock: when is there something to do next? */
static int64_t next_ms(const struct link *l)
{
	int64_t ret = l->poll_ms;
	uint32_t i;

	for (i = 0; i < l->held_n; i++)
		if (l->held[i].renew_ms < ret)
			ret = l->held[i].renew_ms;
	return ret;
}

static void *ask_all(void *ctx)
{
	struct link *l = ctx;
	struct ask *q;

	pthread_mutex_lock(&l->lock);
	renew(l);                      /* before others hear of it, its own lease says that it is there */
	while (!l->quiet) {
		q = l->broken ? NULL : l->first;
		if (q && !(l->first = q->next))
			l->last = &l->first;
		if (q) {
			pthread_mutex_unlock(&l->lock);
			take(l, q);
			ask_free(q);
			pthread_mutex_lock(&l->lock);
		} else if (l->broken) {
			wait_until(l, os_now_ms() + LINK_POLL_MOST_MS);
		} else if (renew(l)) {
			continue;
		} else if (l->poll_ms <= os_now_ms()) {
			poll_notices(l);
		} else {
			wait_until(l, next_ms(l));
		}
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

void link_take(struct link *l, void *task, const vt_id *name, const char *label, bool once)
{
	struct ask *q = xcalloc(1, sizeof *q);

	*q = (struct ask){ .task = task, .name = *name, .label = xstrdup(label), .once = once };
	pthread_mutex_lock(&l->lock);
	*l->last = q;
	l->last = &q->next;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

void link_await(struct link *l, void *task, const vt_id *name)
{
	pthread_mutex_lock(&l->lock);
	l->awaited = xrealloc(l->awaited, l->awaited_n + 1, sizeof *l->awaited);
	l->awaited[l->awaited_n++] = (struct awaited){ task, *name };
	/* somebody has just begun with it: a look at once would find nothing */
	l->pace_ms = LINK_POLL_MS;
	if (l->poll_ms > os_now_ms() + l->pace_ms)
		l->poll_ms = os_now_ms() + l->pace_ms;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

void link_await_no_more(struct link *l, void *task)
{
	uint32_t i;

	pthread_mutex_lock(&l->lock);
	for (i = 0; i < l->awaited_n; i++)
		if (l->awaited[i].task == task)
			l->awaited[i--] = l->awaited[--l->awaited_n];
	pthread_mutex_unlock(&l->lock);
}

/* ---- the publisher ----------------------------------------------------------------------------- */

/* Is the result in one of the stores? */
static bool is_sent(struct link *l, const struct digest *result)
{
	uint32_t i;
	vt_id body;

	memcpy(body.byte, result->byte, sizeof body.byte);
	for (i = 0; i < far_stores(l->setup.far); i++)
		if (far_await_sent(l->setup.far, i, &body, &l->give_up))
			return true;
	return false;
}

static void tell(struct link *l, struct telling *t)
{
	struct notice r = { .state = t->is.code ? NOTICE_FAILED : NOTICE_DONE, .code = t->is.code, .kept = t->is.kept && !t->is.code,
			    .owner = l->owner, .runner = l->setup.runner, .label = t->is.label, .key = t->is.key };
	uint32_t i;

	if (r.kept)
		cache_flush(l->setup.cache);
	for (i = 0; i < t->is.results_n && r.kept; i++)
		r.kept = is_sent(l, &t->is.results[i]);
	if (t->is.ends && put_notice(l, &l->failure, &r) < 0)
		trouble(l, "takes nothing");
	if (put_notice(l, &t->is.name, &r) < 0)
		trouble(l, "takes nothing");
	let_go(l, &t->is.name);
}

static void telling_free(struct telling *t)
{
	arena_free(t->arena);
	free(t);
}

static void *tell_all(void *ctx)
{
	struct link *l = ctx;
	struct telling *t;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		t = l->todo;
		if (!t && l->ending)
			break;
		if (!t) {
			pthread_cond_wait(&l->changed, &l->lock);
			continue;
		}
		if (!(l->todo = t->next))
			l->todo_end = &l->todo;
		l->busy = true;
		pthread_mutex_unlock(&l->lock);
		if (!l->give_up)
			tell(l, t);
		telling_free(t);
		pthread_mutex_lock(&l->lock);
		l->busy = false;
		pthread_cond_broadcast(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

void link_tell(struct link *l, const struct link_done *done)
{
	struct telling *t = xcalloc(1, sizeof *t), **at;

	t->arena = arena_new();
	t->is = *done;
	t->is.label = arena_str(t->arena, done->label);
	t->is.results = arena_copy(t->arena, done->results_n ? (const void *)done->results : "", done->results_n * sizeof *done->results);
	t->is.key = (struct bytes){ arena_copy(t->arena, done->key.size ? done->key.data : "", done->key.size), done->key.size };
	pthread_mutex_lock(&l->lock);
	/* a failure overtakes results that are still being sent */
	at = done->code ? &l->todo : l->todo_end;
	t->next = *at;
	*at = t;
	if (!t->next)
		l->todo_end = &t->next;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
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
	pthread_condattr_t attr;
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
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &attr);
	pthread_condattr_destroy(&attr);
	l->last = &l->first;
	l->answers_end = &l->answers;
	l->todo_end = &l->todo;
	l->pace_ms = LINK_POLL_MS;
	l->poll_ms = os_now_ms() + l->pace_ms;
	/* its own lease is taken first, as if it were to be renewed */
	hold(l, &l->alive);
	l->held[0].renew_ms = 0;
	l->asks = pthread_create(&l->asker, NULL, ask_all, l) == 0;
	l->publishes = l->asks && pthread_create(&l->publisher, NULL, tell_all, l) == 0;
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

/* With the lock, which is free during the calls: leases are renewed while results are sent. */
static void settle_once(struct link *l, int64_t until_ms)
{
	int64_t next = os_now_ms() + 100;

	if (!l->broken && renew(l))
		return;
	wait_until(l, next < until_ms ? next : until_ms);
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
		wait_until(l, os_now_ms() + 100);
	left = l->held;
	l->held = NULL;
	pthread_mutex_unlock(&l->lock);
	/* what it did not come to the end of is free for others; that it was here is known a little longer */
	for (i = 0; i < l->held_n && !l->broken; i++)
		if (!same(&left[i].name, &l->alive))
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
		ask_free(q);
	}
	while ((a = l->answers) != NULL) {
		l->answers = a->next;
		arena_free(a->arena);
		free(a);
	}
	while ((t = l->todo) != NULL) {
		l->todo = t->next;
		telling_free(t);
	}
	free(l->held);
	free(l->awaited);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->changed);
	free(l);
}
