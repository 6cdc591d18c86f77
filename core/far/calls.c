/* calls: makes the calls of a far store on threads of its own, bounds their time, and judges the store by their outcome. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/wait.h"
#include "far/store_inside.h"
#include "os/file.h"
#include "os/loop.h"           /* for os_now_ns */

/* ---- what the plugin gets ----------------------------------------------------------- */

/* The time that a call has to end once it was asked to; the run has the same time to go on without the call. */
static int64_t grace_of(const struct far_store *s)
{
	return s->timeout_ns / 8 < GRACE_NS ? s->timeout_ns / 8 : GRACE_NS;
}

/* The moment at which the plugin is asked to end a call that is lost at lost_ns. */
static int64_t asked_at(const struct far_store *s, int64_t lost_ns)
{
	return lost_ns - grace_of(s);
}

/* The moment at which a call is lost that began at since_ns and has moved `bytes`. With the grace behind it that is the timeout. */
static int64_t lost_at(const struct far_store *s, int64_t since_ns, uint64_t bytes)
{
	int64_t ret = since_ns + s->timeout_ns - grace_of(s) + (int64_t)(bytes * 1000 / PACE) * MS;

	return ret < s->end_ns ? ret : s->end_ns;
}

/* Notes that bytes of an item moved, and puts the deadline off. Each item has its own time, from the end of the one before it. */
static void moved(struct object *o, uint64_t bytes)
{
	struct far_call *c = o->call;
	int64_t now = os_now_ns(), until;

	if (c->moving != o) {
		c->since_ns = c->moved_ns;
		c->moving = o;
	}
	c->moved_ns = now;
	until = lost_at(c->store, c->since_ns, bytes);
	if (until <= c->lost_ns)
		return;
	c->lost_ns = until;
	c->plug->deadline_ns = asked_at(c->store, until);
}

static vt_status refuse(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "vt", (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

/* Moves the received bytes from memory to a file, unless they must stay in memory. */
static bool to_file(struct object *o)
{
	if (o->in_memory || o->bytes.fd >= 0)
		return true;
	o->bytes.fd = blobs_private_file(o->call->store->blobs);
	if (o->bytes.fd < 0 || file_write_all(o->bytes.fd, o->bytes.data, o->bytes.size) < 0)
		return false;
	free(o->bytes.data);
	o->bytes.data = NULL;
	o->room = 0;
	return true;
}

static bool to_memory(struct object *o, const void *data, size_t size)
{
	size_t want = o->bytes.size + size;
	char *more;

	if (want > o->room) {
		want = want > o->room * 2 ? want : o->room * 2;
		more = realloc(o->bytes.data, want);
		if (!more)
			return false;
		o->bytes.data = more;
		o->room = want;
	}
	if (size)
		memcpy((char *)o->bytes.data + o->bytes.size, data, size);
	return true;
}

static vt_status take(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct object *o = (struct object *)sink;

	call_check(call, 1, "vt_sink.write");
	if (o->call->gone)
		return VT_CANCELLED;
	if (size > sink->most - sink->got)
		return sink_is_full(sink, call);
	if ((o->bytes.size + size > IN_MEMORY && !to_file(o)) ||
	    (o->bytes.fd >= 0 ? file_write_all(o->bytes.fd, data, size) < 0 : !to_memory(o, data, size)))
		return refuse(call, "what comes cannot be kept here");
	o->bytes.size += size;
	sink->got += size;
	digest_add(&o->digest, data, size);
	moved(o, sink->got);
	return VT_OK;
}

static vt_status take_anew(vt_sink *sink, vt_call *call)
{
	struct object *o = (struct object *)sink;

	if (call)
		call_check(call, 1, "vt_sink.restart");
	if (o->bytes.fd >= 0 && (ftruncate(o->bytes.fd, 0) < 0 || lseek(o->bytes.fd, 0, SEEK_SET) < 0))
		return VT_UNSUPPORTED;
	sink->got = o->bytes.size = 0;
	digest_begin(&o->digest, NULL);
	return VT_OK;
}

static vt_status give(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct object *o = (struct object *)source;
	uint64_t left = at < o->bytes.size ? o->bytes.size - at : 0;
	ssize_t n;

	call_check(call, 1, "vt_source.read");
	if (o->call->gone)
		return VT_CANCELLED;
	if (size > left)
		size = (size_t)left;
	if (o->bytes.fd < 0) {
		if (size)
			memcpy(buffer, (const char *)o->bytes.data + at, size);
	} else if (size) {
		n = pread(o->bytes.fd, buffer, size, (off_t)at);
		if (n <= 0)
			return refuse(call, "what is to be sent cannot be read");
		size = (size_t)n;
	}
	*ret = size;
	moved(o, at + size);
	return VT_OK;
}

/* ---- one call, on a thread of the store ------------------------------------------------ */

static const vt_store_ops *ops_of(const struct far_store *s)
{
	return component_ops(s->component);
}

/* Gets the items of a call. The plugin gets names and sinks that the call owns, because the caller may abandon the call. */
static vt_status get_items(struct far_call *c, struct plug_call *call)
{
	const vt_store_ops *ops = ops_of(c->store);
	void *self = component_self(c->store->component);
	vt_get_item *items;
	vt_status status;
	uint32_t i;

	if (!ops->get_many)
		return c->objects[0].status = ops->get(self, &call->call, c->space, &c->objects[0].name, &c->objects[0].is.sink);
	items = xcalloc(c->n, sizeof *items);
	for (i = 0; i < c->n; i++)
		items[i] = (vt_get_item){ .name = c->objects[i].name, .into = &c->objects[i].is.sink, .status = VT_CANCELLED };
	status = ops->get_many(self, &call->call, c->space, items, c->n);
	for (i = 0; i < c->n; i++)
		c->objects[i].status = items[i].status;
	free(items);
	return status;
}

static vt_status put_items(struct far_call *c, struct plug_call *call)
{
	const vt_store_ops *ops = ops_of(c->store);
	void *self = component_self(c->store->component);
	vt_put_item *items;
	vt_status status;
	uint32_t i;

	if (!ops->put_many)
		return c->objects[0].status = ops->put(self, &call->call, c->space, &c->objects[0].name, &c->objects[0].is.source);
	items = xcalloc(c->n, sizeof *items);
	for (i = 0; i < c->n; i++)
		items[i] = (vt_put_item){ .name = c->objects[i].name, .from = &c->objects[i].is.source, .status = VT_CANCELLED };
	status = ops->put_many(self, &call->call, c->space, items, c->n);
	for (i = 0; i < c->n; i++)
		c->objects[i].status = items[i].status;
	free(items);
	return status;
}

static vt_status has_items(struct far_call *c, struct plug_call *call)
{
	vt_id *names = xcalloc(c->n, sizeof *names);
	vt_status status;
	uint32_t i;

	for (i = 0; i < c->n; i++)
		names[i] = c->objects[i].name;
	status = ops_of(c->store)->has(component_self(c->store->component), &call->call, c->space, names, c->n, c->has);
	free(names);
	return status;
}

static vt_status take_lease(struct far_call *c, struct plug_call *call)
{
	vt_id has = { { 0 } };
	vt_status status = ops_of(c->store)->lease(component_self(c->store->component), &call->call, &c->objects[0].name, &c->owner, c->ttl_ms, &has);

	if (status == VT_NONE)
		c->owner = has;
	return status;
}

static vt_status ask(struct far_call *c, struct plug_call *call)
{
	switch (c->kind) {
	case CALL_GET:
		return get_items(c, call);
	case CALL_PUT:
		return put_items(c, call);
	case CALL_HAS:
		return has_items(c, call);
	case CALL_LEASE:
		return take_lease(c, call);
	case CALL_RELEASE:
		return ops_of(c->store)->release(component_self(c->store->component), &call->call, &c->objects[0].name, &c->owner);
	default:
		return ops_of(c->store)->drop(component_self(c->store->component), &call->call, c->space, &c->objects[0].name, c->why);
	}
}

static void run_call(struct far_call *c)
{
	static const char *const names[] = { "get", "put", "has", "drop", "lease", "release" };
	struct plug_call call;

	call_begin_unwatched(&call, c->store->component, names[c->kind]);
	call.stop = &c->store->asked;
	call.deadline_ns = asked_at(c->store, c->lost_ns);
	c->plug = &call;
	c->status = call_end(&call, ask(c, &call));
	c->plug = NULL;
	snprintf(c->text, sizeof c->text, "%s", call.level >= VT_REPORT_WARNING ? call.text : "");
}

/* Marks blobs whose bytes do not match their names. */
static void check_objects(struct far_call *c)
{
	struct digest d;
	uint32_t i;

	for (i = 0; i < c->n && c->kind == CALL_GET; i++) {
		struct object *o = &c->objects[i];

		if (o->status != VT_OK || (c->space & VT_SPACE_UNNAMED))
			continue;
		digest_end(&o->digest, &d);
		o->damaged = memcmp(d.byte, o->name.byte, sizeof d.byte) != 0;
		if (o->damaged)
			o->status = VT_FAILED;
	}
}

/* ---- whether to ask at all ------------------------------------------------------------------ */

static bool is_over(const struct far_store *s)
{
	return (s->stop && __atomic_load_n(s->stop, __ATOMIC_RELAXED)) || s->ending || os_now_ns() >= s->end_ns;
}

static bool rests(const struct far_store *s)
{
	return s->down || os_now_ns() < s->rest_until_ns;
}

/* With the lock. May a call begin now? After a rest one call tries alone. */
static bool may_ask(struct far_store *s)
{
	if (rests(s) || is_over(s))
		return false;
	if (s->rest_until_ns && s->trying)
		return false;
	s->trying = s->rest_until_ns != 0;
	return true;
}

bool store_is_asked(const struct far_store *s)
{
	struct far_store *mine = (struct far_store *)(uintptr_t)s;
	bool ret;

	pthread_mutex_lock(&mine->lock);
	ret = !rests(s) && !is_over(s);
	pthread_mutex_unlock(&mine->lock);
	return ret;
}

static void tell(struct far_store *s, const char *text, const char *then)
{
	char line[700];

	snprintf(line, sizeof line, "%s; %s", text[0] ? text : "it gives no answer", then);
	plug_warn_about(s->component, line);
}

/* With the lock. Answers all queued calls as cancelled. */
static void empty_queue(struct far_store *s)
{
	struct far_call *c;

	while ((c = s->first) != NULL) {
		s->first = c->next;
		c->state = CALL_DONE;
	}
	s->last = &s->first;
	pthread_cond_broadcast(&s->done);
}

/* With the lock. */
static void rest(struct far_store *s, const char *text)
{
	char then[64];

	s->rest_ms = s->rest_ms ? s->rest_ms * 2 : REST_MS;
	s->rested_ns = os_now_ns();
	s->rest_until_ns = s->rested_ns + s->rest_ms * MS;
	s->failures_in_row = 0;
	empty_queue(s);
	snprintf(then, sizeof then, "it is not asked for %d s", (int)(s->rest_ms / 1000));
	tell(s, text, then);
}

/* With the lock. Judges the store by the outcome of a call: well, resting or down. A call that was under way when the store began
 * to rest changes nothing. */
static void judge(struct far_store *s, const struct far_call *c)
{
	const bool old = c->began_ns < s->rested_ns;
	bool of_objects = c->status == VT_OK && (c->kind == CALL_GET || c->kind == CALL_PUT);
	bool answered = c->status >= 0 && !of_objects, failed = false;
	uint32_t i;

	for (i = 0; i < c->n && of_objects; i++) {
		failed = failed || (c->objects[i].status < 0 && c->objects[i].status != VT_CANCELLED);
		answered = answered || c->objects[i].status >= 0;
	}
	s->trying = s->trying && old;
	s->requests++;
	s->figures.requests++;
	if (c->status == VT_DOWN) {
		if (!s->down)
			tell(s, c->text, "it is not used any more in this run");
		s->down = true;
		empty_queue(s);
		return;
	}
	if (c->kind == CALL_PUT && c->status == VT_UNSUPPORTED)
		s->takes_nothing = true;
	if (c->status == VT_UNSUPPORTED || (c->status == VT_CANCELLED && is_over(s)))
		return;
	if (failed || c->status < 0) {
		s->failures++;
		if (!s->text[0])
			snprintf(s->text, sizeof s->text, "%s", c->text[0] ? c->text : "some answers were wrong");
	}
	if (old)
		return;
	if (answered) {
		s->failures_in_row = 0;
		s->rest_until_ns = s->rest_ms = 0;
	} else if (++s->failures_in_row >= FAILURES_MAX || c->status == VT_CANCELLED) {
		rest(s, c->text[0] ? c->text : c->status == VT_CANCELLED ? "it is too slow" : "");
	}
}

/* ---- the threads --------------------------------------------------------------------------------- */

void call_free(struct far_call *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		blob_bytes_clear(&c->objects[i].bytes);
	free(c->has);
	free(c);
}

/* With the lock. Callers wait for one call after the other, so an answer wakes only the caller that waits for this call. */
static void answer(struct far_store *s, struct far_call *c)
{
	c->state = CALL_DONE;
	if (c->awaited)
		pthread_cond_broadcast(&s->done);
}

/* Makes a call on the worker's thread. With the lock, which is free during the call. */
static void serve(struct worker *w, struct far_call *c)
{
	struct far_store *s = w->store;

	c->state = CALL_RUNNING;
	c->thread = w->number;
	c->began_ns = c->moved_ns = os_now_ns();
	c->lost_ns = lost_at(s, c->began_ns, 0);
	w->call = c;
	pthread_mutex_unlock(&s->lock);
	run_call(c);
	check_objects(c);
	pthread_mutex_lock(&s->lock);
	w->call = NULL;
	if (c->state == CALL_ABANDONED) {
		call_free(c);
		w->lost = false;
		s->lost--;
		return;
	}
	judge(s, c);
	answer(s, c);
}

static void *work(void *ctx)
{
	struct worker *w = ctx;
	struct far_store *s = w->store;
	struct far_call *c;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		c = s->first;
		if (!c && s->ending)
			break;
		if (!c) {
			s->idle++;
			pthread_cond_wait(&s->more, &s->lock);
			s->idle--;
			continue;
		}
		s->first = c->next;
		if (!s->first)
			s->last = &s->first;
		if (may_ask(s)) {
			serve(w, c);
			continue;
		}
		answer(s, c);                  /* the call was not made: cancelled */
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* With the lock. */
static void start_worker(struct far_store *s)
{
	struct worker *w;

	if (s->idle || s->workers_n - s->lost == s->parallel || s->workers_n == THREADS_MAX)
		return;
	w = &s->workers[s->workers_n];
	*w = (struct worker){ .store = s, .number = s->workers_n };
	w->runs = pthread_create(&w->thread, NULL, work, w) == 0;
	s->workers_n += w->runs;
}

/* ---- waiting for answers ------------------------------------------------------------------------------ */

void call_queue(struct far_store *s, struct far_call *c)
{
	pthread_mutex_lock(&s->lock);
	if (rests(s)) {
		c->state = CALL_DONE;
		pthread_mutex_unlock(&s->lock);
		return;
	}
	*s->last = c;
	s->last = &c->next;
	start_worker(s);
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

/* With the lock. Shortens the time of the other calls, because one call did not end. A call that moves bytes puts it off again. */
static void hurry_others(struct far_store *s)
{
	int64_t soon = os_now_ns() + grace_of(s);
	uint32_t i;

	for (i = 0; i < s->workers_n; i++) {
		struct far_call *c = s->workers[i].call;

		if (c && c->state == CALL_RUNNING && c->lost_ns > soon)
			c->lost_ns = soon;
	}
}

/* With the lock. Leaves a call to its thread, which stays in the plugin until that returns. */
static void abandon(struct far_store *s, struct far_call *c)
{
	const bool old = c->began_ns < s->rested_ns;

	c->state = CALL_ABANDONED;
	c->gone = 1;
	s->workers[c->thread].lost = true;
	s->lost++;
	if (old || is_over(s))
		return;
	s->trying = false;
	rest(s, "it does not answer");
	hurry_others(s);
}

/* With the lock. Takes a call out of the queue. */
static void unqueue(struct far_store *s, struct far_call *c)
{
	struct far_call **at = &s->first;

	while (*at && *at != c)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = c->next;
	if (!*at)
		s->last = at;
	c->state = CALL_DONE;
}

/* With the lock. Waits until an answer came or the call is lost, LOOK_MS at most. */
static void wait_a_little(struct far_store *s, const struct far_call *c)
{
	int64_t until_ns = os_now_ns() + LOOK_MS * MS;

	if (c->state == CALL_RUNNING && c->lost_ns < until_ns)
		until_ns = c->lost_ns;
	wait_until(&s->done, &s->lock, until_ns);
}

/* With the lock. Has the call used up its time, or not ended in time when it was asked to? */
static bool is_lost(struct far_store *s, struct far_call *c)
{
	int64_t now = os_now_ns();

	if (is_over(s)) {
		__atomic_store_n(&s->asked, 1, __ATOMIC_RELAXED);
		if (!c->asked_ns)
			c->asked_ns = now;
	}
	return now >= c->lost_ns || (c->asked_ns && now > c->asked_ns + GRACE_NS);
}

/* Waits until the call is answered, given up or abandoned. */
bool call_await(struct far_store *s, struct far_call *c)
{
	bool answered;

	pthread_mutex_lock(&s->lock);
	c->awaited = true;
	while (c->state == CALL_QUEUED || c->state == CALL_RUNNING) {
		if (c->state == CALL_QUEUED && (rests(s) || is_over(s) || s->workers_n == s->lost))
			unqueue(s, c);
		else if (c->state == CALL_RUNNING && is_lost(s, c))
			abandon(s, c);
		else
			wait_a_little(s, c);
	}
	answered = c->state == CALL_DONE;
	pthread_mutex_unlock(&s->lock);
	return answered;
}

struct far_call *call_new(struct far_store *s, enum call_kind kind, uint32_t space, uint32_t n)
{
	struct far_call *c = xcalloc(1, sizeof *c + n * sizeof c->objects[0]);
	uint32_t i;

	c->store = s;
	c->kind = kind;
	c->space = space;
	c->n = n;
	c->status = VT_CANCELLED;
	for (i = 0; i < n; i++) {
		c->objects[i].call = c;
		c->objects[i].status = VT_CANCELLED;
		c->objects[i].bytes.fd = -1;
	}
	return c;
}

vt_status call_answer(const struct far_call *c, const struct object *o)
{
	return c->status < 0 && o->status != VT_OK ? c->status : o->status;
}

void call_object_to_get(struct object *o, const struct far_get *g)
{
	o->name = g->name;
	o->in_memory = g->in_memory;
	o->is.sink = (vt_sink){ .struct_size = sizeof(vt_sink), .write = take, .restart = take_anew, .most = g->most };
	digest_begin(&o->digest, NULL);
}

void call_object_to_put(struct object *o, struct far_put *p)
{
	o->name = p->name;
	o->bytes = p->bytes;
	o->is.source = (vt_source){ .struct_size = sizeof(vt_source), .read = give, .size = o->bytes.size };
	p->bytes = (struct blob_bytes){ .fd = -1 };
	p->status = VT_CANCELLED;
}
