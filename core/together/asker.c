/* asker: the thread that takes leases, renews them, and looks for notices of awaited tasks. */
#include "config.h"

#include <stdlib.h>

#include "together/link_inside.h"

enum { TRY_MS = 1 };                   /* life of a lease that is taken only to see whether another runner has it */

/* Does another runner have the lease? A lease that was free is free afterwards. -1: the store fails. */
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

/* Does the runner live, or did it a moment ago? The failure of a runner that ended long ago belongs to an earlier attempt at the
 * run. */
static int is_alive(struct link *l, const vt_id *owner)
{
	vt_id name;

	notice_runner(l->setup.keys, &l->setup.run, owner, &name);
	return link_same(owner, &l->owner) ? 1 : is_leased(l, &name);
}

/* ---- leases ---------------------------------------------------------------------------- */

void link_hold(struct link *l, const vt_id *name)
{
	pthread_mutex_lock(&l->lock);
	l->held = xrealloc(l->held, l->held_n + 1, sizeof *l->held);
	l->held[l->held_n++] = (struct held){ *name, os_now_ms() + LINK_TTL_MS / 3 };
	pthread_mutex_unlock(&l->lock);
}

void link_let_go(struct link *l, const vt_id *name)
{
	uint32_t i;

	pthread_mutex_lock(&l->lock);
	for (i = 0; i < l->held_n; i++)
		if (link_same(&l->held[i].name, name))
			l->held[i--] = l->held[--l->held_n];
	pthread_mutex_unlock(&l->lock);
	far_store_release(l->store, name, &l->owner);
}

/* Called once this runner has the lease. Answers whether the task must still run. */
static void look_after_taking(struct link *l, const struct ask *q, struct arena *a)
{
	struct notice r, mine = { .state = NOTICE_STARTED, .owner = l->owner, .runner = l->setup.runner, .label = q->label };
	int alive = 1;

	if (link_get_notices(l, &q->name, 1, a, &r) < 0) {
		link_trouble(l, "does not answer");
		return;
	}
	if (r.state == NOTICE_FAILED && (alive = is_alive(l, &r.owner)) < 0) {
		link_trouble(l, "does not answer");
		return;
	}
	if (r.state == NOTICE_DONE || (r.state == NOTICE_FAILED && alive)) {
		link_let_go(l, &q->name);
		link_post(l, LINK_OVER, q->task, &r, NULL);
	} else if (r.state == NOTICE_STARTED && q->once && !link_same(&r.owner, &l->owner)) {
		link_let_go(l, &q->name);
		link_post(l, LINK_DIED, q->task, &r, NULL);
	} else if (q->once && link_put_notice(l, &q->name, &mine) < 0) {
		link_trouble(l, "takes nothing");
	} else {
		link_post(l, LINK_MINE, q->task, NULL, NULL);
	}
}

static void take(struct link *l, const struct ask *q)
{
	struct arena *a = arena_new();
	struct notice r = { .code = 0 };
	vt_status status = far_store_lease(l->store, &q->name, &l->owner, LINK_TTL_MS, &r.owner);
	int alive;

	if (status == VT_OK) {
		link_hold(l, &q->name);
		look_after_taking(l, q, a);
	} else if (status == VT_NONE) {
		alive = is_alive(l, &r.owner);
		if (alive < 0)
			link_trouble(l, "does not answer");
		else
			link_post(l, alive ? LINK_THEIRS : LINK_NOBODYS, q->task, &r, NULL);
	} else {
		link_trouble(l, status == VT_UNSUPPORTED ? "gives no leases" : "does not answer");
	}
	arena_free(a);
}

bool link_renew(struct link *l)
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
		link_trouble(l, status == VT_UNSUPPORTED ? "gives no leases" : "does not answer");
	pthread_mutex_lock(&l->lock);
	return true;
}

/* ---- the look for notices ----------------------------------------------------------------- */

/* Answers that another runner had a failure which ends the whole run. */
static void check_failure(struct link *l, const struct notice *r)
{
	int alive;

	if (r->state != NOTICE_FAILED || link_same(&r->owner, &l->owner) || (l->failed_before && link_same(&r->owner, &l->ignored)))
		return;
	alive = is_alive(l, &r->owner);
	if (alive > 0)
		link_post(l, LINK_OVER, NULL, r, NULL);
	l->failed_before = true;               /* answered once, or of an earlier attempt */
	l->ignored = r->owner;
}

static bool check_awaited(struct link *l, const struct awaited *w, const struct notice *r)
{
	if (r->state != NOTICE_DONE && (r->state != NOTICE_FAILED || is_alive(l, &r->owner) <= 0))
		return false;
	link_post(l, LINK_OVER, w->task, r, NULL);
	return true;
}

/* Looks once for the notices of all awaited tasks. With the lock, which is free during the calls. */
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
	if (link_get_notices(l, names, n + 1, a, r) < 0) {
		link_trouble(l, "does not answer");
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

/* ---- the thread, and what it is asked --------------------------------------------- */

void link_ask_free(struct ask *q)
{
	free(q->label);
	free(q);
}

/* With the lock. When the next lease is renewed, or the next look is due. */
static int64_t next_ms(const struct link *l)
{
	int64_t ret = l->poll_ms;
	uint32_t i;

	for (i = 0; i < l->held_n; i++)
		if (l->held[i].renew_ms < ret)
			ret = l->held[i].renew_ms;
	return ret;
}

void *link_ask_all(void *ctx)
{
	struct link *l = ctx;
	struct ask *q;

	pthread_mutex_lock(&l->lock);
	link_renew(l);                      /* takes this runner's own lease first: others look for it when they hear of this runner */
	while (!l->quiet) {
		q = l->broken ? NULL : l->first;
		if (q && !(l->first = q->next))
			l->last = &l->first;
		if (q) {
			pthread_mutex_unlock(&l->lock);
			take(l, q);
			link_ask_free(q);
			pthread_mutex_lock(&l->lock);
		} else if (l->broken) {
			link_wait(l, os_now_ms() + LINK_POLL_MOST_MS);
		} else if (link_renew(l)) {
			continue;
		} else if (l->poll_ms <= os_now_ms()) {
			poll_notices(l);
		} else {
			link_wait(l, next_ms(l));
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
	/* another runner has just begun the task: an immediate look would find nothing */
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
