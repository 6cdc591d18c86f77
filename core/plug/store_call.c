#include "config.h"

#include "plug/store_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wait.h"
#include "os/loop.h"           /* for os_now_ns */
#include "plug/inside.h"

#define MS INT64_C(1000000)            /* nanoseconds */

enum {
	LOOK_MS = 100,                 /* how often a waiting caller looks at the call */
	STOP_MS = 1000,                /* time that a call has to end in, once vt was told to end */
	LATE_MS = 250                  /* ... once its deadline is over */
};

enum errand_state { ERRAND_QUEUED, ERRAND_RUNS, ERRAND_WANTS, ERRAND_DONE };
enum errand_want { WANT_WRITE, WANT_RESTART, WANT_READ };

/* A call on its way. Owned by the caller; once it is `gone`, by the thread that runs it. */
struct errand {
	struct errand *next;           /* in the queue */
	struct component *component;
	struct store_request request;  /* its names are owned; its sink and source are the caller's */
	vt_sink sink;                  /* what the plugin gets */
	vt_source source;
	pthread_cond_t changed;        /* `state` did; under component->errands.lock, as all below */
	enum errand_state state;
	bool gone;                     /* the caller does not wait any more */
	volatile int ends;             /* vt was told to end: the plugin is asked to */
	/* WANTS: what the caller is to do with its sink or source */
	enum errand_want want;
	const void *data;
	void *buffer;
	size_t size;
	uint64_t at;
	/* ... and its answer */
	vt_status answer;
	size_t got;
	char code[32], said[STORE_CALL_TEXT];  /* what vt itself reported */
	struct plug_call call;         /* RUNS: the plugin's */
	vt_status status;              /* DONE */
	char text[STORE_CALL_TEXT];    /* DONE: what was reported */
	/* the caller's alone */
	uint32_t signs_then, quiet_ms; /* without a sign of life */
	int64_t asked_ns;              /* when it was asked to end */
};

static const char *const names[] = { "get", "put", "put_many", "drop", "used", "list", "settle" };

static vt_status perform(struct component *c, const struct store_request *r, vt_call *call, vt_sink *into, vt_source *from)
{
	const vt_store_ops *ops = &c->made->ops.store;

	switch (r->operation) {
	case STORE_GET:
		return ops->get(c->self, call, r->space, r->names, into);
	case STORE_PUT:
		return ops->put(c->self, call, r->space, r->names, from);
	case STORE_PUT_MANY:
		return ops->put_many(c->self, call, r->space, r->puts, r->n);
	case STORE_DROP:
		return ops->drop(c->self, call, r->space, r->names, r->why);
	case STORE_USED:
		return ops->used(c->self, call, r->names, r->n);
	case STORE_LIST:
		return ops->list(c->self, call, r->space, r->since_s, into);
	default:
		return ops->settle(c->self, call);
	}
}

static void prepare(struct plug_call *call, const struct store_request *r, const volatile int *stop)
{
	call->stop = stop;
	call->deadline_ns = r->deadline_ns ? r->deadline_ns : INT64_MAX;
	call->scene.behind = r->behind;
}

static vt_status call_here(struct component *c, const struct store_request *r, char *ret_text)
{
	struct plug_call call;
	vt_status status;

	call_begin(&call, c, names[r->operation]);
	prepare(&call, r, r->stop ? r->stop : plug_stopping(c->plug));
	status = call_end(&call, perform(c, r, &call.call, r->into, r->from));
	if (ret_text)
		memcpy(ret_text, call.text, STORE_CALL_TEXT);
	return status;
}

/* ---- on the component's thread ------------------------------------------------------------ */

static struct errand *of_sink(vt_sink *sink)
{
	return (struct errand *)((char *)sink - offsetof(struct errand, sink));
}

static struct errand *of_source(vt_source *source)
{
	return (struct errand *)((char *)source - offsetof(struct errand, source));
}

/* Lets the caller do what `want` and its fields say. */
static vt_status have_done(struct errand *e, vt_call *call)
{
	pthread_mutex_t *lock = &e->component->errands.lock;
	vt_status ret;

	e->said[0] = '\0';
	e->state = ERRAND_WANTS;
	pthread_cond_broadcast(&e->changed);
	while (e->state == ERRAND_WANTS && !e->gone)
		pthread_cond_wait(&e->changed, lock);
	ret = e->gone ? VT_CANCELLED : e->answer;
	if (!e->gone && e->request.into)
		e->sink.got = e->request.into->got;
	pthread_mutex_unlock(lock);
	if (call && ret != VT_CANCELLED && e->said[0])
		call->report(call, VT_REPORT_ERROR, e->code, (vt_bytes){ e->said, strlen(e->said) });
	return ret;
}

static vt_status sink_write(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct errand *e = of_sink(sink);

	call_check(call, 1, "vt_sink.write");
	pthread_mutex_lock(&e->component->errands.lock);
	e->want = WANT_WRITE;
	e->data = data;
	e->size = size;
	return have_done(e, call);
}

static vt_status sink_restart(vt_sink *sink, vt_call *call)
{
	struct errand *e = of_sink(sink);

	call_check(call, 1, "vt_sink.restart");
	pthread_mutex_lock(&e->component->errands.lock);
	e->want = WANT_RESTART;
	return have_done(e, call);
}

static vt_status source_read(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct errand *e = of_source(source);
	vt_status status;

	call_check(call, 1, "vt_source.read");
	pthread_mutex_lock(&e->component->errands.lock);
	e->want = WANT_READ;
	e->at = at;
	e->buffer = buffer;
	e->size = size;
	status = have_done(e, call);
	if (status == VT_OK)
		*ret = e->got;
	return status;
}

static void errand_free(struct errand *e)
{
	pthread_cond_destroy(&e->changed);
	free((void *)(uintptr_t)e->request.names);
	free(e);
}

/* With the lock, which is free meanwhile. */
static void run_errand(struct errand *e)
{
	struct component *c = e->component;
	vt_status status = VT_CANCELLED;
	bool goes;

	pthread_mutex_unlock(&c->errands.lock);
	call_begin_unwatched(&e->call, c, names[e->request.operation]);
	prepare(&e->call, &e->request, &e->ends);
	pthread_mutex_lock(&c->errands.lock);
	goes = !e->gone;               /* the call may have waited for another one of a store that takes one at a time */
	e->state = ERRAND_RUNS;
	pthread_mutex_unlock(&c->errands.lock);
	if (goes)
		status = perform(c, &e->request, &e->call.call, &e->sink, &e->source);
	status = call_end(&e->call, status);
	pthread_mutex_lock(&c->errands.lock);
	if (e->gone) {
		c->errands.lost--;
		errand_free(e);
		return;
	}
	e->status = status;
	memcpy(e->text, e->call.text, sizeof e->text);
	e->state = ERRAND_DONE;
	pthread_cond_broadcast(&e->changed);
}

static void *work(void *ctx)
{
	struct component *c = ctx;
	struct errands *all = &c->errands;
	struct errand *e;

	pthread_mutex_lock(&all->lock);
	for (;;) {
		while (!all->first && !all->ending) {
			all->idle++;
			pthread_cond_wait(&all->more, &all->lock);
			all->idle--;
		}
		e = all->first;
		if (!e)
			break;
		all->first = e->next;
		run_errand(e);
	}
	all->threads--;
	pthread_cond_broadcast(&all->more);
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

/* ---- on the caller's thread --------------------------------------------------------------------- */

/* With the lock, which is free meanwhile. */
static void serve(struct errand *e)
{
	const struct store_request *r = &e->request;
	struct plug_call call;         /* the caller's own: vt's sinks and sources look at the thread */
	size_t got = 0;
	vt_status answer;

	pthread_mutex_unlock(&e->component->errands.lock);
	call_init(&call, e->component, names[r->operation]);
	if (e->want == WANT_WRITE)
		answer = r->into->write(r->into, &call.call, e->data, e->size);
	else if (e->want == WANT_RESTART)
		answer = r->into->restart(r->into, &call.call);
	else
		answer = r->from->read(r->from, &call.call, e->at, e->buffer, e->size, &got);
	pthread_mutex_lock(&e->component->errands.lock);
	e->answer = answer;
	e->got = got;
	memcpy(e->code, call.code, sizeof e->code);
	memcpy(e->said, call.text, sizeof e->said);
	e->state = ERRAND_RUNS;
	e->quiet_ms = 0;
	pthread_cond_broadcast(&e->changed);
}

/* With the lock. Has the plugin given no sign of life for too long? `silent`: LOOK_MS passed without news. */
static bool is_quiet(struct errand *e, bool silent, uint32_t limit)
{
	uint32_t signs = atomic_load_explicit(&e->call.signs, memory_order_relaxed);

	if (signs != e->signs_then)
		e->quiet_ms = 0;
	else if (silent)
		e->quiet_ms += LOOK_MS;
	e->signs_then = signs;
	return e->quiet_ms >= limit * 1000;
}

/* With the lock. Why is it not waited for any longer? NULL: it is. "": another call is why. */
static const char *given_up(struct errand *e, bool silent, char *room, size_t size)
{
	const volatile int *stop = e->request.stop ? e->request.stop : plug_stopping(e->component->plug);
	const uint32_t limit = watchdog_limit(e->component->plug);
	const int64_t now = os_now_ns();

	if (__atomic_load_n(stop, __ATOMIC_RELAXED) && !e->ends) {
		__atomic_store_n(&e->ends, 1, __ATOMIC_RELAXED);
		e->asked_ns = now;
	}
	if (e->state == ERRAND_QUEUED)
		return atomic_load(&e->component->abandoned) ? "" : NULL;
	if (e->ends && now > e->asked_ns + STOP_MS * MS)
		snprintf(room, size, "%s has not returned since vt was told to end", names[e->request.operation]);
	else if (e->request.deadline_ns && now > e->request.deadline_ns + LATE_MS * MS)
		snprintf(room, size, "%s has not returned in its time; it is not waited for", names[e->request.operation]);
	else if (is_quiet(e, silent, limit))
		snprintf(room, size, "%s has neither returned nor asked for anything for %u s; it is not used any more in this run",
			 names[e->request.operation], limit);
	else
		return NULL;
	return room;
}

/* With the lock. Gives up an errand whose caller waits no longer, and warns of the first one. */
static void give_up(struct errand *e, const char *why)
{
	struct component *c = e->component;
	struct errand **at = &c->errands.first;

	atomic_store(&c->abandoned, 1);
	if (!atomic_exchange(&c->given_up, 1) && *why)
		plug_warn_about(c, why);
	while (*at && *at != e)
		at = &(*at)->next;
	if (*at) {
		*at = e->next;
		errand_free(e);
		return;
	}
	e->gone = true;
	c->errands.lost++;
	pthread_cond_broadcast(&e->changed);
}

static bool wait_a_little(struct errand *e)
{
	return wait_until(&e->changed, &e->component->errands.lock, os_now_ns() + LOOK_MS * INT64_C(1000000)) == 0;
}

/* With the lock. false: it was given up, and is no longer the caller's. */
static bool await(struct errand *e)
{
	char room[200];
	const char *why;
	bool silent;

	while (e->state != ERRAND_DONE) {
		silent = e->state != ERRAND_WANTS && !wait_a_little(e);
		if (e->state == ERRAND_WANTS)
			serve(e);
		why = e->state == ERRAND_DONE ? NULL : given_up(e, silent, room, sizeof room);
		if (!why)
			continue;
		give_up(e, why);
		return false;
	}
	return true;
}

static struct errand *errand_new(struct component *c, const struct store_request *r)
{
	struct errand *e = xcalloc(1, sizeof *e);
	vt_id *own = xcalloc(r->n + 1, sizeof *own);

	e->component = c;
	e->request = *r;
	if (r->n)
		memcpy(own, r->names, r->n * sizeof *own);
	e->request.names = own;
	if (r->into)
		e->sink = (vt_sink){ .struct_size = sizeof e->sink, .write = sink_write, .restart = r->into->restart ? sink_restart : NULL,
				      .most = r->into->most, .got = r->into->got };
	if (r->from)
		e->source = (vt_source){ .struct_size = sizeof e->source, .read = source_read, .size = r->from->size };
	wait_init(&e->changed);
	return e;
}

/* With the lock. false: there is no thread, and none can be made. */
static bool enqueue(struct component *c, struct errand *e)
{
	struct errand **last = &c->errands.first;
	pthread_t thread;

	if (c->errands.idle == 0) {
		if (pthread_create(&thread, NULL, work, c) == 0) {
			pthread_detach(thread);
			c->errands.threads++;
		} else if (c->errands.threads == c->errands.lost) {
			return false;
		}
	}
	while (*last)
		last = &(*last)->next;
	*last = e;
	pthread_cond_signal(&c->errands.more);
	return true;
}

static vt_status call_away(struct component *c, const struct store_request *r, char *ret_text)
{
	struct errand *e = errand_new(c, r);
	vt_status ret = VT_CANCELLED;

	pthread_mutex_lock(&c->errands.lock);
	if (!enqueue(c, e)) {
		pthread_mutex_unlock(&c->errands.lock);
		errand_free(e);
		return call_here(c, r, ret_text);
	}
	if (await(e)) {
		ret = e->status;
		if (ret_text)
			memcpy(ret_text, e->text, STORE_CALL_TEXT);
		errand_free(e);
	}
	pthread_mutex_unlock(&c->errands.lock);
	return ret;
}

/* vt's own store is trusted to come back. */
static bool is_called_here(const struct component *c)
{
	return strcmp(c->choice.name, "store-local") == 0;
}

bool store_takes_many(const struct component *c)
{
	return is_called_here(c) && c->made->ops.store.put_many;
}

vt_status store_call(struct component *c, const struct store_request *r, char *ret_text)
{
	if (ret_text)
		ret_text[0] = '\0';
	return is_called_here(c) ? call_here(c, r, ret_text) : call_away(c, r, ret_text);
}

void store_calls_end(struct component *c)
{
	pthread_mutex_lock(&c->errands.lock);
	c->errands.ending = true;
	pthread_cond_broadcast(&c->errands.more);
	while (c->errands.threads > c->errands.lost)
		pthread_cond_wait(&c->errands.more, &c->errands.lock);
	pthread_mutex_unlock(&c->errands.lock);
}
