#include "config.h"

#include "report/tail.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { TAIL_BYTES = 16 << 10 };        /* bytes kept of a step, at least; at most twice as many */

/* The last output of a running step. Few run at a time, so a list will do. */
struct printed {
	struct printed *next;
	const struct step *step;
	struct buf text;
	bool ended;                /* EVENT_ENDED came: its output was held back until then */
	bool passed;               /* the step failed, and other text was shown after its output */
};

struct tail {
	struct printed *running;
	struct printed *failed[TAIL_STEPS];    /* of the steps that failed, in that order */
	uint32_t failed_n;
	const struct step *last;       /* the step of the last event */
	bool only_failed;
};

struct tail *tail_new(bool only_failed)
{
	struct tail *t = xcalloc(1, sizeof *t);

	t->only_failed = only_failed;
	return t;
}

static void printed_free(struct printed *p)
{
	buf_free(&p->text);
	free(p);
}

void tail_free(struct tail *t)
{
	struct printed *p;

	if (!t)
		return;
	while ((p = t->running)) {
		t->running = p->next;
		printed_free(p);
	}
	while (t->failed_n)
		printed_free(t->failed[--t->failed_n]);
	free(t);
}

static struct printed **find(struct tail *t, const struct step *step)
{
	struct printed **at = &t->running;

	while (*at && (*at)->step != step)
		at = &(*at)->next;
	return at;
}

static void started(struct tail *t, const struct step *step)
{
	struct printed *p = xcalloc(1, sizeof *p);

	p->step = step;
	buf_init(&p->text, SIZE_MAX / 2);
	p->next = t->running;
	t->running = p;
}

static void add(struct printed *p, struct bytes data)
{
	size_t skipped = data.size > TAIL_BYTES ? data.size - TAIL_BYTES : 0;

	if (p->text.size > TAIL_BYTES)
		buf_drop(&p->text, p->text.size - TAIL_BYTES);
	buf_add(&p->text, (const char *)data.data + skipped, data.size - skipped);
}

static void finished(struct tail *t, const struct event *e)
{
	struct printed **at = find(t, e->step), *p = *at;

	if (!p)
		return;
	*at = p->next;
	if (!e->outcome->failed || t->failed_n == TAIL_STEPS) {
		printed_free(p);
		return;
	}
	p->passed = t->only_failed ? !p->ended : t->last != e->step;
	t->failed[t->failed_n++] = p;
}

static void on_event(void *self, const struct event *e)
{
	struct tail *t = self;
	uint32_t i;

	if (e->kind == EVENT_RUN_FINISHED || e->kind == EVENT_SPAN || e->kind == EVENT_STILL_FAILING)
		return;
	if (e->kind == EVENT_ENDED) {
		if (*find(t, e->step))
			(*find(t, e->step))->ended = true;
		return;
	}
	if (e->kind == EVENT_STARTED)
		started(t, e->step);
	if (e->kind == EVENT_OUTPUT && *find(t, e->step))
		add(*find(t, e->step), e->output);
	/* A step that only ends shows no more than an empty line. */
	if (e->kind != EVENT_FINISHED || e->outcome->trouble) {
		for (i = 0; i < t->failed_n && !t->only_failed; i++)
			t->failed[i]->passed = true;
		t->last = e->step;
	}
	if (e->kind == EVENT_FINISHED)
		finished(t, e);
}

struct listener tail_listener(struct tail *t)
{
	return (struct listener){ on_event, t };
}

bool tail_is_passed(const struct tail *t, uint32_t which)
{
	return which < t->failed_n && t->failed[which]->passed;
}

struct bytes tail_lines(const struct tail *t, uint32_t which)
{
	const char *start, *end, *from;
	uint32_t n = 0;

	if (which >= t->failed_n || t->failed[which]->text.size == 0)
		return (struct bytes){ "", 0 };
	start = t->failed[which]->text.data;
	end = from = start + t->failed[which]->text.size;
	for (; from > start; from--)
		if (from[-1] == '\n' && from != end && ++n == TAIL_LINES)
			break;
	return (struct bytes){ from, (size_t)(end - from) };
}
