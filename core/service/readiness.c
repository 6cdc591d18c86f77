#include "config.h"

#include "service/readiness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "os/loop.h"
#include "service/probe.h"
#include "text/strip.h"
#include "workspace/workspace.h"

enum {
	READINESS_FIRST_MS = 10,   /* between the first looks; each pause is half as long again */
	READINESS_MOST_MS = 250,
	READINESS_PIECE = 64 * 1024    /* printed bytes that are searched at a time */
};

/* Finds a text in what is printed, colours and links left out. */
struct finder {
	struct strip strip;
	struct buf have;           /* the last printed bytes, fewer than the text has */
};

struct readiness {
	struct loop *loop;
	struct ready ready;        /* an own copy: a worker may still look after readiness_free */
	char *text;                /* owned; the text of ready */
	struct readiness_events events;
	void *ctx;
	struct probe_file before;  /* FILE: before the start */
	struct finder finder[2];   /* OUTPUT: of stdout and stderr */
	struct timer *timer;       /* to the next look, or of OUTPUT to the end of the time; NULL: none */
	int64_t started_ms;        /* monotonic */
	int64_t pause_ms;
	bool looking;              /* a worker is looking */
	bool answer;               /* the worker's answer */
	bool taken;                /* another process listened before the start */
	bool freed;                /* readiness_free was called: freed when the worker returns */
};

static void look_again(void *ctx);

static void drop(struct readiness *r)
{
	timer_stop(r->timer);
	free(r->text);
	buf_free(&r->finder[0].have);
	buf_free(&r->finder[1].have);
	free(r);
}

static void late(void *ctx)
{
	struct readiness *r = ctx;

	r->timer = NULL;
	r->events.over(r->ctx, false);
}

/* ---- before the start ---- */

static void check(void *ctx)
{
	struct readiness *r = ctx;

	r->answer = probe_taken(&r->ready);
	if (r->ready.kind == READY_FILE)
		probe_file(r->ready.text, &r->before);
}

static void checked(void *ctx)
{
	struct readiness *r = ctx;

	r->looking = false;
	if (r->freed) {
		drop(r);
	} else if (r->answer) {
		r->taken = true;
		r->events.over(r->ctx, false);
	} else {
		r->events.start(r->ctx);
	}
}

struct readiness *readiness_new(struct loop *l, const struct ready *ready, const struct readiness_events *events, void *ctx)
{
	struct readiness *r = xcalloc(1, sizeof *r);
	size_t i;

	*r = (struct readiness){ .loop = l, .ready = *ready, .events = *events, .ctx = ctx, .pause_ms = READINESS_FIRST_MS, .looking = true };
	r->ready.text = r->text = ready->text ? xstrdup(ready->text) : NULL;
	for (i = 0; i < COUNT(r->finder) && ready->kind == READY_OUTPUT; i++)
		buf_init(&r->finder[i].have, strlen(ready->text) + READINESS_PIECE);
	loop_work(l, check, checked, r);
	return r;
}

/* ---- after it ---- */

static void look(void *ctx)
{
	struct readiness *r = ctx;

	r->answer = probe_look(&r->ready, &r->before, r->started_ms + r->ready.timeout_ms);
}

static void looked(void *ctx)
{
	struct readiness *r = ctx;
	int64_t left = r->started_ms + r->ready.timeout_ms - os_now_ms();

	r->looking = false;
	if (r->freed) {
		drop(r);
		return;
	}
	if (r->answer || left <= 0) {
		r->events.over(r->ctx, r->answer);
		return;
	}
	r->timer = timer_start(r->loop, r->pause_ms < left ? r->pause_ms : left, look_again, r);
	r->pause_ms += r->pause_ms / 2;
	if (r->pause_ms > READINESS_MOST_MS)
		r->pause_ms = READINESS_MOST_MS;
}

static void look_again(void *ctx)
{
	struct readiness *r = ctx;

	r->timer = NULL;
	r->looking = true;
	loop_work(r->loop, look, looked, r);
}

void readiness_started(struct readiness *r)
{
	r->started_ms = os_now_ms();
	if (r->ready.kind == READY_OUTPUT)
		r->timer = timer_start(r->loop, r->ready.timeout_ms, late, r);
	else
		r->timer = timer_start(r->loop, READINESS_FIRST_MS, look_again, r);
}

/* ---- what it prints ---- */

static bool finds(struct finder *f, const char *text, struct bytes data)
{
	const char *at = data.data, *end = at + data.size;
	size_t n = strlen(text), piece;

	for (; at < end; at += piece) {
		piece = (size_t)(end - at) < READINESS_PIECE ? (size_t)(end - at) : READINESS_PIECE;
		strip_add(&f->strip, at, piece, &f->have);
		if (memmem(buf_str(&f->have), f->have.size, text, n))
			return true;
		if (f->have.size >= n)
			buf_drop(&f->have, f->have.size - n + 1);
	}
	return false;
}

void readiness_output(struct readiness *r, int stream, struct bytes data)
{
	if (r->ready.kind == READY_OUTPUT && finds(&r->finder[stream == 2], r->ready.text, data)) {
		timer_stop(r->timer);
		r->timer = NULL;
		r->events.over(r->ctx, true);
	}
}

/* ---- why not ---- */

static const char *awaited(const struct ready *ready, struct arena *a)
{
	switch (ready->kind) {
	case READY_OUTPUT:
		return arena_printf(a, "it has not printed '%s'", ready->text);
	case READY_PORT:
		return arena_printf(a, "nothing listens on port %u", ready->port);
	case READY_HTTP:
		return arena_printf(a, "%s does not answer", ready->text);
	case READY_FILE:
		break;
	}
	return arena_printf(a, "it has not made the file '%s'", ready->text);
}

const char *readiness_why(const struct readiness *r, struct arena *a)
{
	uint32_t ms = r->ready.timeout_ms;

	if (r->taken && r->ready.kind == READY_PORT)
		return arena_printf(a, "It was not started: another process listens on port %u already; end that one, or choose another port", r->ready.port);
	if (r->taken)
		return arena_printf(a, "It was not started: another process listens at %s already; end that one, or choose another port", r->ready.text);
	if (ms % 1000)
		return arena_printf(a, "It was not ready after %u ms: %s", ms, awaited(&r->ready, a));
	return arena_printf(a, "It was not ready after %u s: %s", ms / 1000, awaited(&r->ready, a));
}

void readiness_free(struct readiness *r)
{
	if (!r)
		return;
	r->freed = true;
	if (r->looking)
		return;
	drop(r);
}
