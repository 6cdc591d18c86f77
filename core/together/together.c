#include "config.h"

#include "together/together.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache.h"
#include "exec/sharer.h"
#include "far/far.h"
#include "os/loop.h"
#include "record/entry.h"
#include "report/words.h"
#include "text/shown.h"
#include "together/link.h"
#include "together/run_id.h"
#include "together/unit.h"
#include "workspace/workspace.h"

enum {
	RETRY_MS = 3000,               /* how often the lease of a task that another runner has is asked for: it may have run out */
	NOBODYS_MS = LINK_TTL_MS + 5000,       /* a lease whose owner does not take part in the run; that of a dead runner ends earlier */
	TICK_MS = 1000,
	SETTLE_MS = 10000              /* at the end of a run, until all is told */
};

/* ---- telling -------------------------------------------------------------------------- */

static void tell(struct together *t, bool warning, const char *text)
{
	(warning ? t->setup.warn : t->setup.note)(t->setup.ctx, text);
}

static void __attribute__((format(printf, 3, 4))) tellf(struct together *t, bool warning, const char *fmt, ...)
{
	struct arena *a = arena_new();
	va_list ap;

	va_start(ap, fmt);
	tell(t, warning, shown_in(a, arena_vprintf(a, fmt, ap)));
	va_end(ap);
	arena_free(a);
}

/* Adds why a result was no hit: what the look-up says, or else the difference of the keys. */
static void difference(const struct unit *u, const struct found *found, struct buf *ret)
{
	struct arena *a = arena_new();
	const struct facts *now = found ? cache_key(found) : NULL;
	struct changes c = { 0 };
	struct facts then;

	if (found && found->state == FOUND_MISS && found->why.n)
		words_reason(&found->why, ret);
	else if (found && found->because)
		buf_text(ret, found->because);
	else if (now && u->key.size && facts_decode((struct bytes){ u->key.data, u->key.size }, a, &then) == 0)
		change_list(&then, now, CHANGES_TOLD, a, &c);
	if (c.n)
		words_reason(&c, ret);
	arena_free(a);
}

/* Counts a result of another runner that is no hit here. */
static void count_miss(struct unit *u, const struct found *found)
{
	struct together *t = u->of;
	struct buf b;

	if (!u->who || ++u->who->misses != MISSES_MAX)
		return;
	buf_init(&b, 2048);
	difference(u, found, &b);
	tellf(t, true, "--together: %d results of the runner %s do not fit here, it is not waited for any more; the last: %s, %s", MISSES_MAX,
	      u->who->name ? u->who->name : "?", u->label, b.size ? buf_str(&b) : "something that it depends on is different");
	buf_free(&b);
}

/* ---- laid aside, and back -------------------------------------------------------------------------- */

static void again(struct unit *u, enum unit_state state)
{
	u->state = state;
	if (u->of->run)
		share_again(u->of->run, u->place);
}

static void ask(struct unit *u)
{
	struct together *t = u->of;

	u->state = UNIT_ASKING;
	link_take(t->link, u, &u->name, u->label, !u->travels);
}

static void wait_for(struct unit *u, struct runner *who)
{
	struct together *t = u->of;

	u->who = who;
	if (!runner_is_waited_for(who)) {
		again(u, UNIT_FREE);
		return;
	}
	u->state = UNIT_THEIRS;
	u->retry_ms = os_now_ms() + RETRY_MS;
	link_await(t->link, u, &u->name);
	share_wait(t->run, u->place);
}

/* Waits for a lease whose owner is outside of the run, and then does without it. Every writer of the store may take leases and keep
 * them for ever, but only the team can prove that a runner is alive. */
static void leave_to_nobody(struct unit *u)
{
	if (!u->nobodys_ms)
		u->nobodys_ms = os_now_ms();
	/* a task whose files cannot be sent may still run on a runner that has just died: it must not run twice */
	if (os_now_ms() - u->nobodys_ms < NOBODYS_MS && !(u->of->strangers && u->travels)) {
		wait_for(u, NULL);
		return;
	}
	u->of->strangers = true;
	tellf(u->of, true, "the lease of %s belongs to nobody who takes part in this run: it is run here", u->label);
	again(u, UNIT_FREE);
}

/* Asks again for the lease, which may have run out. */
static void retry(void *ctx)
{
	struct together *t = ctx;
	struct unit *u;

	t->tick = timer_start(t->setup.loop, TICK_MS, retry, t);
	for (u = t->first; u && !t->alone; u = u->next) {
		if (u->state != UNIT_THEIRS || u->retry_ms > os_now_ms() || !share_retake(u->place))
			continue;
		link_await_no_more(t->link, u);
		ask(u);
	}
}

static void leave_elsewhere(struct unit *u)
{
	u->state = UNIT_ELSEWHERE;
	share_elsewhere(u->of->run, u->place);
}

static void get(void *ctx)
{
	struct unit *u = ctx;

	cache_get_again(u->of->setup.cache, unit_node(u->place));
	pthread_mutex_lock(&u->of->lock);
	u->of->getting--;
	pthread_cond_signal(&u->of->less);
	pthread_mutex_unlock(&u->of->lock);
}

static void got(void *ctx)
{
	struct unit *u = ctx;

	if (!u->of->run)
		return;                        /* the place is gone */
	u->place->got = true;
	again(u, UNIT_GOT);
}

/* Another runner has finished the task. */
static void over(struct unit *u, const struct notice *r)
{
	struct together *t = u->of;

	link_await_no_more(t->link, u);
	u->who = runner_of(t, &r->owner, r->runner);
	if (r->state == NOTICE_FAILED) {
		tellf(t, false, "vt run: %s failed on the runner %s (exit code: %d)", u->label, r->runner, r->code);
		u->state = UNIT_ELSEWHERE;
		u->told = true;
		share_failed(t->run, u->place, r->code);
		return;
	}
	buf_clear(&u->key);
	if (r->key.size)
		buf_add(&u->key, r->key.data, r->key.size);
	if (!runner_is_waited_for(u->who)) {
		again(u, UNIT_FREE);
	} else if (!r->kept) {
		u->place->must_run = schedule_is_followed(u->place);
		if (u->place->must_run)
			again(u, UNIT_FREE);
		else
			leave_elsewhere(u);
	} else if (!unit_is_needed(u)) {
		leave_elsewhere(u);
	} else {
		u->state = UNIT_GETTING;
		pthread_mutex_lock(&t->lock);
		t->getting++;
		pthread_mutex_unlock(&t->lock);
		loop_work(t->setup.loop, get, got, u);
		share_wait(t->run, u->place);
	}
}

static void go_on_alone(struct together *t, const char *why)
{
	struct unit *u;

	if (t->alone)
		return;
	t->alone = true;
	tellf(t, true, "--together: this runner works alone: %s", why);
	for (u = t->first; u && t->run; u = u->next)
		if (u->state == UNIT_ASKING || u->state == UNIT_THEIRS) {
			link_await_no_more(t->link, u);
			again(u, UNIT_FREE);
		}
}

static void fail_for_all(struct together *t, const struct notice *r)
{
	tellf(t, false, "vt run: %s failed on the runner %s (exit code: %d)", r->label, r->runner, r->code);
	share_failed(t->run, NULL, r->code);
}

static void on_answer(void *ctx, const struct link_answer *a)
{
	struct together *t = ctx;
	struct unit *u = a->task;

	if (!t->run)
		return;
	if (a->what == LINK_TROUBLE) {
		go_on_alone(t, a->text);
		return;
	}
	if (!u) {
		fail_for_all(t, &a->notice);
		return;
	}
	/* drops a late answer to an earlier question */
	if (u->state != UNIT_ASKING && (u->state != UNIT_THEIRS || a->what != LINK_OVER))
		return;
	switch (a->what) {
	case LINK_MINE:
		u->kept = u->travels;
		again(u, UNIT_MINE);
		break;
	case LINK_NOBODYS:
		leave_to_nobody(u);
		break;
	case LINK_THEIRS:
		u->nobodys_ms = 0;
		wait_for(u, runner_of(t, &a->notice.owner, NULL));
		break;
	case LINK_OVER:
		over(u, &a->notice);
		break;
	case LINK_DIED:
		tellf(t, false, "vt run: the runner %s was lost while it ran %s, which is not run twice: what it leaves stays where it runs", a->notice.runner, u->label);
		u->state = UNIT_ELSEWHERE;
		share_failed(t->run, u->place, 1);
		break;
	case LINK_TROUBLE:
		break;
	}
}

/* ---- what exec asks and tells ---------------------------------------------------------------------------- */

static void begins(void *ctx, struct run *r)
{
	struct together *t = ctx;

	t->run = r;
	if (!t->alone)
		t->tick = timer_start(t->setup.loop, TICK_MS, retry, t);
}

static bool may_run(void *ctx, struct place *p, const struct found *found)
{
	struct together *t = ctx;
	struct unit *u = unit_of(t, p);

	if (unit_starts_others(p)) {
		u->ran = true;
		return true;
	}
	if (u->state == UNIT_GOT) {
		count_miss(u, found);
		u->state = UNIT_FREE;
	}
	if (u->state == UNIT_NEW && !t->alone && (u->travels || !schedule_is_followed(p))) {
		ask(u);
		return false;
	}
	if (u->state == UNIT_NEW)
		u->state = UNIT_FREE;
	u->ran = true;
	return true;
}

static void hit(void *ctx, const struct place *p, bool far)
{
	struct together *t = ctx;
	struct unit *u = unit_of(t, (struct place *)(uintptr_t)p);

	u->far_hit = u->far_hit || far;
}

static void ran(void *ctx, struct place *p, const struct kept *kept, const struct found *found)
{
	struct together *t = ctx;
	struct unit *u = unit_of(t, p);
	const struct facts *key = found ? cache_key(found) : NULL;

	if (u->state != UNIT_MINE)
		return;
	u->kept = u->kept && kept && kept->why == KEPT_STORED && kept->whole;
	if (!u->kept)
		return;
	u->results = arena_grow(t->arena, u->results, u->results_n, sizeof *u->results);
	u->results[u->results_n++] = kept->result;
	/* other runners can compare the states of variables only with the same secret */
	if (!u->key.size && key && t->setup.keys->keyed && facts_encode(key, &u->key) < 0)
		buf_clear(&u->key);
}

static void tell_over(struct unit *u, int code, bool ends)
{
	struct together *t = u->of;
	const struct link_done done = {
		.name = u->name, .label = u->label, .code = code, .ends = ends, .kept = u->kept, .results = u->results, .results_n = u->results_n,
		.key = { u->key.data, u->key.size },
	};

	u->told = true;
	if (t->link && !t->alone)
		link_tell(t->link, &done);
}

static void failed(void *ctx, struct place *p, int code)
{
	struct together *t = ctx;
	struct unit *u = unit_of(t, p);

	if (u->told || !t->run)
		return;
	u->kept = false;
	tell_over(u, code < 1 || code > 255 ? 1 : code, p->level->plan->on_failure == PLAN_STOPS);
}

static void moved(void *ctx)
{
	struct together *t = ctx;
	struct unit *u;

	for (u = t->first; u; u = u->next)
		if (u->state == UNIT_MINE && !u->told && u->place->complete && !u->place->doomed)
			tell_over(u, 0, false);
}

static uint32_t tasks_of(const struct plan *plan)
{
	uint32_t ret = 0, i, k;

	for (i = 0; i < plan->n; i++) {
		bool own = false;

		for (k = 0; k < plan->nodes[i].items_n; k++) {
			const struct item *item = &plan->nodes[i].items[k];

			if (item->kind == ITEM_PLAN)
				ret += tasks_of(item->plan);
			else
				own = own || item->kind == ITEM_STEP;
		}
		ret += own;
	}
	return ret;
}

static void ends(void *ctx)
{
	struct together *t = ctx;
	struct unit *u;

	t->run = NULL;
	timer_stop(t->tick);
	t->tick = NULL;
	if (t->link)
		link_quiet(t->link);
	/* each fetch is bounded as every call of a far store is, and ends at once when a signal stops the run */
	pthread_mutex_lock(&t->lock);
	while (t->getting)
		pthread_cond_wait(&t->less, &t->lock);
	pthread_mutex_unlock(&t->lock);
	t->counts.tasks = tasks_of(t->setup.plan);
	t->counts.runners = t->runners_n;
	for (u = t->first; u; u = u->next) {
		t->counts.here += u->ran;
		t->counts.elsewhere += !u->ran && (u->far_hit || u->state == UNIT_ELSEWHERE);
	}
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void connect(struct together *t, const char *id)
{
	struct link_setup link = { .loop = t->setup.loop, .cache = t->setup.cache, .keys = t->setup.keys, .stop = t->setup.stop, .on_answer = on_answer, .ctx = t };
	struct digest plan, order;
	const struct package *root = t->setup.workspace->root_package;
	char host[256] = "";

	link.far = t->setup.cache ? cache_far_stores(t->setup.cache) : NULL;
	notice_plan(t->setup.plan, &plan);
	notice_run(t->setup.keys, id, root ? root->name : "", &plan, &t->run_name);
	link.run = t->run_name;
	if (gethostname(host, sizeof host - 1) < 0)
		host[0] = '\0';
	link.runner = run_id_runner(t->setup.env, host, (long)getpid(), t->arena);
	digest_random(&order, sizeof order);
	memcpy(&t->sharer.rotation, order.byte, sizeof t->sharer.rotation);
	t->link = link.far ? link_new(&link) : NULL;
	t->alone = !t->link;
	if (t->alone)
		tellf(t, true, "--together: this runner works alone: %s", link.far ? "no store of the configuration gives leases" : "no far store can be used");
}

int together_new(const struct together_setup *setup, struct together **ret, struct err *err)
{
	struct together *t = xcalloc(1, sizeof *t);
	const char *id;

	t->setup = *setup;
	t->arena = arena_new();
	map_init(&t->units);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->less, NULL);
	t->sharer = (struct exec_sharer){ .begins = begins, .may_run = may_run, .hit = hit, .ran = ran, .failed = failed, .moved = moved, .ends = ends, .ctx = t };
	id = *setup->id ? setup->id : run_id_of_ci(setup->env, t->arena);
	if (!id) {
		together_free(t);
		return err_set(err, ERR_USER, "--together does not know which run this is: no variable of a CI system says it; give the same name on all runners, such as --together=nightly-42");
	}
	connect(t, id);
	*ret = t;
	return 0;
}

const struct exec_sharer *together_sharer(const struct together *t)
{
	return &t->sharer;
}

struct together_counts together_count(const struct together *t)
{
	return t->counts;
}

void together_settle(struct together *t)
{
	if (t->link)
		link_settle(t->link, SETTLE_MS);
}

void together_free(struct together *t)
{
	struct unit *u;

	if (!t)
		return;
	link_free(t->link);
	for (u = t->first; u; u = u->next)
		buf_free(&u->key);
	map_free(&t->units);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->less);
	arena_free(t->arena);
	free(t);
}
