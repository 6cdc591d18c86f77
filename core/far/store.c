#include "config.h"

#include "far/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "os/file.h"
#include "os/loop.h"           /* for os_now_ns */
#include "plug/inside.h"
#include "record/blob.h"

enum {
	THREADS_MAX = 64, PARALLEL_MANY = 4, PARALLEL_SINGLE = 16,     /* calls at once: of a store that takes batches, and of one that does not */
	BATCH = 256,                   /* items in one call */
	BATCH_BYTES = 8 << 20,         /* bytes of one put */
	IN_MEMORY = 1 << 20,           /* bytes that come; more of them go into a file */
	FAILURES_MAX = 3,              /* in a row, then it rests */
	PACE = 64 << 10,               /* bytes per second, at least */
	TIMEOUT_MS = 2000, BUDGET_MS = 10000, REST_MS = 30000,
	LOOK_MS = 50,                  /* how often a waiting thread looks at the calls */
};

#define MS INT64_C(1000000)            /* nanoseconds */
#define GRACE_NS (250 * MS)            /* that calls have to end in, at the end of a run, once they were asked to */

enum call_state { CALL_QUEUED, CALL_RUNNING, CALL_DONE, CALL_ABANDONED };
enum call_kind { CALL_GET, CALL_PUT, CALL_HAS, CALL_DROP };

/* An object of a call. It begins with what the plugin gets. */
struct object {
	union {
		vt_sink sink;
		vt_source source;
	} is;
	struct far_call *call;
	vt_id name;
	vt_status status;
	struct blob_bytes bytes;
	size_t room;                   /* of bytes.data */
	bool in_memory, damaged;       /* damaged: what came is not what the name says */
	struct digest_state digest;    /* of what came */
};

/* Owned by whoever waits for it; once abandoned, by its thread. */
struct far_call {
	struct far_call *next;         /* in the queue */
	struct far_store *store;
	enum call_kind kind;
	enum call_state state;         /* under the store's lock */
	_Atomic int gone;              /* nobody waits for it: nothing is taken or given any more */
	uint32_t thread;               /* RUNNING: which */
	uint32_t space, why;           /* why: of a drop */
	vt_status status;              /* of the call as a whole */
	char text[sizeof ((struct plug_call *)0)->text];       /* its report */
	_Atomic int64_t deadline_ns;   /* when it is asked to end */
	struct plug_call *plug;        /* RUNNING: to put its deadline off; on the thread of the call only */
	const struct object *moving;   /* the object whose bytes moved last, and when it began; same thread */
	int64_t since_ns;
	int64_t asked_ns;              /* when it was asked to end before its time; 0: it was not; under the store's lock */
	uint8_t *has;                  /* of CALL_HAS; n bytes */
	uint32_t n;
	struct object objects[];
};

struct worker {
	struct far_store *store;
	pthread_t thread;
	uint32_t number;
	bool runs;                     /* it was started */
	bool lost;                     /* inside of a call that nobody waits for any more */
};

struct far_store {
	struct component *component;
	struct plug *plug;
	struct blobs *blobs;           /* for private files */
	const volatile int *stop;      /* *stop != 0: the run is ending */
	volatile int asked;            /* calls are to end: what the plugin is told */
	uint32_t parallel, batch;
	uint64_t batch_bytes;
	int64_t timeout_ns;
	pthread_mutex_t lock;          /* over all below */
	pthread_cond_t more;           /* a call was queued, or `ending` */
	pthread_cond_t done;           /* a call was answered */
	struct far_call *first, **last;
	struct worker workers[THREADS_MAX];
	uint32_t workers_n, idle;
	uint32_t lost;                 /* of the workers */
	bool ending;
	int64_t end_ns;                /* no call goes on after it */
	bool down, takes_nothing;      /* for the rest of the run */
	uint32_t failures, failures_in_row, requests;
	int64_t rest_until_ns, rest_ms;
	bool trying;                   /* after a rest, one call is under way */
	char text[sizeof ((struct plug_call *)0)->text];       /* of the first failure */
	struct far_figures figures;
};

/* ---- what the plugin gets ----------------------------------------------------------- */

/* Bytes move: the call has the time of an item that began when its first byte did. */
static void moved(struct object *o, uint64_t bytes)
{
	struct far_call *c = o->call;
	int64_t now = os_now_ns(), until;

	if (c->moving != o) {
		c->moving = o;
		c->since_ns = now;
	}
	until = c->since_ns + c->store->timeout_ns + (int64_t)(bytes * 1000 / PACE) * MS;
	if (until > c->store->end_ns)
		until = c->store->end_ns;
	if (until > c->deadline_ns)
		c->deadline_ns = c->plug->deadline_ns = until;
}

static vt_status refuse(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "vt", (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

/* From memory to a file, as soon as there is more than memory shall hold. */
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

/* Both begin with the name: what is handed over is of the call's own. */
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

static vt_status ask(struct far_call *c, struct plug_call *call)
{
	switch (c->kind) {
	case CALL_GET:
		return get_items(c, call);
	case CALL_PUT:
		return put_items(c, call);
	case CALL_HAS:
		return has_items(c, call);
	default:
		return ops_of(c->store)->drop(component_self(c->store->component), &call->call, c->space, &c->objects[0].name, c->why);
	}
}

static void run_call(struct far_call *c)
{
	static const char *const names[] = { "get", "put", "has", "drop" };
	struct plug_call call;

	call_begin(&call, c->store->component, names[c->kind]);
	call.stop = &c->store->asked;
	call.deadline_ns = c->deadline_ns;
	c->plug = &call;
	c->status = call_end(&call, ask(c, &call));
	c->plug = NULL;
	snprintf(c->text, sizeof c->text, "%s", call.level >= VT_REPORT_WARNING ? call.text : "");
}

/* Is each blob what its name says? */
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
	return (s->stop && *s->stop) || s->ending || os_now_ns() >= s->end_ns;
}

/* With the lock. After a rest one call goes first. */
static bool may_ask(struct far_store *s)
{
	if (s->down || is_over(s) || os_now_ns() < s->rest_until_ns)
		return false;
	if (s->rest_until_ns && s->trying)
		return false;
	s->trying = s->rest_until_ns != 0;
	return true;
}

static bool is_asked(const struct far_store *s)
{
	struct far_store *mine = (struct far_store *)(uintptr_t)s;
	bool ret;

	pthread_mutex_lock(&mine->lock);
	ret = !s->down && !is_over(s) && os_now_ns() >= s->rest_until_ns;
	pthread_mutex_unlock(&mine->lock);
	return ret;
}

static void tell(struct far_store *s, const char *text, const char *then)
{
	char line[700];

	snprintf(line, sizeof line, "%s; %s", text[0] ? text : "it gives no answer", then);
	plug_warn_about(s->component, line);
}

/* With the lock. */
static void rest(struct far_store *s, const char *text)
{
	char then[64];

	s->rest_ms = s->rest_ms ? s->rest_ms * 2 : REST_MS;
	s->rest_until_ns = os_now_ns() + s->rest_ms * MS;
	s->failures_in_row = 0;
	snprintf(then, sizeof then, "it is not asked for %d s", (int)(s->rest_ms / 1000));
	tell(s, text, then);
}

/* With the lock: what the outcome of a call says of the store. */
static void judge(struct far_store *s, const struct far_call *c)
{
	bool of_objects = c->status == VT_OK && (c->kind == CALL_GET || c->kind == CALL_PUT);
	bool answered = c->status >= 0 && !of_objects, failed = false;
	uint32_t i;

	for (i = 0; i < c->n && of_objects; i++) {
		failed = failed || c->objects[i].status < 0;
		answered = answered || c->objects[i].status >= 0;
	}
	s->trying = false;
	s->requests++;
	s->figures.requests++;
	if (c->status == VT_DOWN) {
		s->down = true;
		tell(s, c->text, "it is not used any more in this run");
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
	if (answered) {
		s->failures_in_row = 0;
		s->rest_until_ns = s->rest_ms = 0;
	} else if (++s->failures_in_row >= FAILURES_MAX || c->status == VT_CANCELLED) {
		rest(s, c->text[0] ? c->text : c->status == VT_CANCELLED ? "it is too slow" : "");
	}
}

/* ---- the threads --------------------------------------------------------------------------------- */

static void free_call(struct far_call *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		blob_bytes_clear(&c->objects[i].bytes);
	free(c->has);
	free(c);
}

/* With the lock, which is free during the call. */
static void serve(struct worker *w, struct far_call *c)
{
	struct far_store *s = w->store;
	int64_t limit = os_now_ns() + s->timeout_ns;

	c->state = CALL_RUNNING;
	c->thread = w->number;
	c->deadline_ns = limit < s->end_ns ? limit : s->end_ns;
	pthread_mutex_unlock(&s->lock);
	run_call(c);
	check_objects(c);
	pthread_mutex_lock(&s->lock);
	if (c->state == CALL_ABANDONED) {
		free_call(c);
		w->lost = false;
		s->lost--;
		pthread_cond_broadcast(&s->done);
		return;
	}
	judge(s, c);
	c->state = CALL_DONE;
	pthread_cond_broadcast(&s->done);
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
		c->state = CALL_DONE;          /* as cancelled */
		pthread_cond_broadcast(&s->done);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* With the lock. */
static void start_worker(struct far_store *s)
{
	struct worker *w;

	if (s->idle || s->workers_n == s->parallel)
		return;
	w = &s->workers[s->workers_n];
	*w = (struct worker){ .store = s, .number = s->workers_n };
	w->runs = pthread_create(&w->thread, NULL, work, w) == 0;
	s->workers_n += w->runs;
}

/* ---- waiting for answers ------------------------------------------------------------------------------ */

static void queue(struct far_store *s, struct far_call *c)
{
	pthread_mutex_lock(&s->lock);
	*s->last = c;
	s->last = &c->next;
	start_worker(s);
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

/* With the lock: nobody waits for it any more. Its thread stays in the plugin until that returns. */
static void abandon(struct far_store *s, struct far_call *c)
{
	c->state = CALL_ABANDONED;
	c->gone = 1;
	s->workers[c->thread].lost = true;
	s->lost++;
	s->trying = false;
	if (!is_over(s))
		rest(s, "it does not answer");
}

/* With the lock: takes a call out of the queue. */
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

static void wait_a_little(struct far_store *s)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&s->done, &s->lock, &until);
}

/* With the lock: has it had all the time that it is given, or was it asked to end and did not? */
static bool is_lost(struct far_store *s, struct far_call *c)
{
	int64_t now = os_now_ns();

	if (is_over(s)) {
		s->asked = 1;
		if (!c->asked_ns)
			c->asked_ns = now;
	}
	return now > c->deadline_ns || (c->asked_ns && now > c->asked_ns + GRACE_NS);
}

/* Until the call is answered, given up or abandoned. */
static void await(struct far_store *s, struct far_call *c)
{
	pthread_mutex_lock(&s->lock);
	while (c->state == CALL_QUEUED || c->state == CALL_RUNNING) {
		if (c->state == CALL_QUEUED && (s->down || is_over(s) || !s->workers_n))
			unqueue(s, c);
		else if (c->state == CALL_RUNNING && is_lost(s, c))
			abandon(s, c);
		else
			wait_a_little(s);
	}
	pthread_mutex_unlock(&s->lock);
}

static struct far_call *call_new(struct far_store *s, enum call_kind kind, uint32_t space, uint32_t n)
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

static vt_status answer_of(const struct far_call *c, const struct object *o)
{
	return c->status < 0 && o->status != VT_OK ? c->status : o->status;
}

/* ---- the doors -------------------------------------------------------------------------------------------- */

static void object_to_get(struct object *o, const struct far_get *g)
{
	o->name = g->name;
	o->in_memory = g->in_memory;
	o->is.sink = (vt_sink){ .struct_size = sizeof(vt_sink), .write = take, .restart = take_anew, .most = g->most };
	digest_begin(&o->digest, NULL);
}

/* Takes the answers of a call; false: it was abandoned. */
static void take_gets(struct far_store *s, struct far_call *c, struct far_get *items)
{
	uint32_t i;

	if (c->state == CALL_ABANDONED)
		return;
	for (i = 0; i < c->n; i++) {
		items[i].status = answer_of(c, &c->objects[i]);
		items[i].damaged = c->objects[i].damaged;
		if (items[i].status != VT_OK)
			continue;
		items[i].bytes = c->objects[i].bytes;
		c->objects[i].bytes = (struct blob_bytes){ .fd = -1 };
		s->figures.got++;
		s->figures.got_bytes += items[i].bytes.size;
	}
	free_call(c);
}

/* The items are of one space, or a batch ends where another begins. */
static void get_once(struct far_store *s, struct far_get *items, uint32_t n)
{
	struct far_call **calls = xcalloc(n ? n : 1, sizeof *calls);
	uint32_t i, k, calls_n = 0;

	for (i = 0; i < n; i++) {
		items[i].status = VT_CANCELLED;
		items[i].damaged = false;
		items[i].bytes = (struct blob_bytes){ .fd = -1 };
	}
	for (i = 0; i < n; i += k) {
		struct far_call *c;
		uint32_t j;

		for (k = 1; k < s->batch && i + k < n && items[i + k].space == items[i].space; k++)
			;
		c = calls[calls_n++] = call_new(s, CALL_GET, items[i].space, k);
		for (j = 0; j < k; j++)
			object_to_get(&c->objects[j], &items[i + j]);
		queue(s, c);
	}
	for (i = 0, k = 0; k < calls_n; k++) {
		uint32_t size = calls[k]->n;

		await(s, calls[k]);
		take_gets(s, calls[k], items + i);
		i += size;
	}
	free(calls);
}

/* The wire may have been bad: only what is wrong twice is wrong there. */
static void get_again(struct far_store *s, struct far_get *item)
{
	get_once(s, item, 1);
	if (!item->damaged)
		return;
	plug_warn_about(s->component, "a damaged object was left aside");
	far_store_drop(s, item->space, &item->name, VT_DROP_DAMAGED);
}

void far_store_get(struct far_store *s, struct far_get *items, uint32_t n)
{
	uint32_t i;

	get_once(s, items, n);
	for (i = 0; i < n; i++)
		if (items[i].damaged && is_asked(s))
			get_again(s, &items[i]);
}

static void take_puts(struct far_store *s, struct far_call *c, struct far_put *items)
{
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		if (c->state == CALL_ABANDONED)
			continue;
		items[i].status = answer_of(c, &c->objects[i]);
		if (items[i].status == VT_OK) {
			s->figures.put++;
			s->figures.put_bytes += c->objects[i].bytes.size;
		}
	}
	if (c->state != CALL_ABANDONED)
		free_call(c);
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
		for (j = 0; j < k; j++) {
			struct object *o = &c->objects[j];

			o->name = items[i + j].name;
			o->bytes = items[i + j].bytes;
			items[i + j].bytes = (struct blob_bytes){ .fd = -1 };
			items[i + j].status = VT_CANCELLED;
			o->is.source = (vt_source){ .struct_size = sizeof(vt_source), .read = give, .size = o->bytes.size };
		}
		queue(s, c);
	}
	for (i = 0, k = 0; k < calls_n; k++) {
		uint32_t size = calls[k]->n;

		await(s, calls[k]);
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
		queue(s, c);
		await(s, c);
		if (c->state == CALL_ABANDONED)
			return VT_CANCELLED;
		status = c->status;
		if (status == VT_OK)
			memcpy(ret + i, c->has, k);
		free_call(c);
	}
	return status;
}

void far_store_drop(struct far_store *s, uint32_t space, const vt_id *name, uint32_t why)
{
	struct far_call *c;

	if (!ops_of(s)->drop || !far_store_writes(s))
		return;
	c = call_new(s, CALL_DROP, space, 1);
	c->objects[0].name = *name;
	c->why = why;
	queue(s, c);
	await(s, c);
	if (c->state != CALL_ABANDONED)
		free_call(c);
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

struct far_store *far_store_new(struct component *c, struct plug *plug, struct blobs *blobs, const volatile int *stop)
{
	const vt_store_ops *ops = component_ops(c);
	const struct store_rules *rules = &c->choice.store;
	struct far_store *s = xcalloc(1, sizeof *s);
	pthread_condattr_t attr;

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
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->more, NULL);
	pthread_cond_init(&s->done, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

/* With the lock: calls that nobody waits for may end by themselves. */
static void wait_for_lost(struct far_store *s)
{
	int64_t until = os_now_ns() + GRACE_NS;

	s->asked = 1;
	while (s->lost && os_now_ns() < until)
		wait_a_little(s);
}

bool far_store_free(struct far_store *s)
{
	bool stuck;
	char line[700];
	uint32_t i;

	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_cond_broadcast(&s->more);
	wait_for_lost(s);
	stuck = s->lost > 0;
	if (stuck)
		atomic_store(&s->component->abandoned, 1);
	if (s->failures && !s->rest_until_ns && !s->down) {
		snprintf(line, sizeof line, "%u of %u requests failed: %s", s->failures, s->requests, s->text);
		plug_warn_about(s->component, line);
	}
	pthread_mutex_unlock(&s->lock);
	for (i = 0; i < s->workers_n; i++)
		if (stuck && s->workers[i].lost)
			pthread_detach(s->workers[i].thread);
		else
			pthread_join(s->workers[i].thread, NULL);
	if (stuck)
		return false;
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->more);
	pthread_cond_destroy(&s->done);
	free(s);
	return true;
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
	return (s->component->choice.store.mode & STORE_READ) && is_asked(s);
}

bool far_store_takes(const struct far_store *s)
{
	return (s->component->choice.store.mode & STORE_WRITE) && !(s->component->wants.flags & VT_WANTS_NO_PUT);
}

bool far_store_writes(const struct far_store *s)
{
	return far_store_takes(s) && !s->takes_nothing && is_asked(s);
}

bool far_store_is_well(const struct far_store *s)
{
	return is_asked(s);
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
