#include "config.h"

#include <stdlib.h>

#include "exec/inside.h"
#include "os/loop.h"

enum {
	QUEUE_SLICE = 32,          /* jobs that one worker looks up in one go, at most */
	QUEUE_SLICE_DUE = 16,      /* the same for jobs whose turn has come: smaller, so that the first is known sooner */
	QUEUE_EXTRA = 64,          /* chains beyond the free slots, at most */
	QUEUE_LOOKAHEADS = 64      /* jobs before their turn, at most */
};

/* Jobs that one worker looks up. */
struct slice {
	struct run *run;
	bool lookahead;            /* sent before their turn */
	struct job *jobs[QUEUE_SLICE];
	uint32_t n;
};

/* ---- to the workers and back ---- */

static void look_slice(void *ctx)
{
	struct slice *s = ctx;
	uint32_t i;

	for (i = 0; i < s->n; i++)
		job_look(s->jobs[i]);
}

static void end_lookahead(struct job *j)
{
	j->place->lookahead = NULL;
	j->run->queue.lookaheads--;
}

/* Drops a stale answer: the job is looked up again, at once if its turn has come. */
static void take_answer(struct job *j)
{
	job_answered(j);
	if (j->run->stopped != STOPPED_NOT) {
		job_drop(j);
	} else if (j->place->doomed) {
		end_lookahead(j);
		job_drop(j);
	} else if (!job_is_stale(j)) {
		j->early = j->early && !j->due;
	} else if (j->due) {
		job_forget(j);
	} else {
		end_lookahead(j);
		job_drop(j);
	}
}

static void grow(struct queue *q)
{
	q->extra = q->extra == 0 ? 4 : q->extra * 2;
	if (q->extra > QUEUE_EXTRA)
		q->extra = QUEUE_EXTRA;
}

static void looked_slice(void *ctx)
{
	struct slice *s = ctx;
	struct run *r = s->run;
	bool hits = true;
	uint32_t i;

	if (s->lookahead)
		r->queue.lookahead_slices--;
	for (i = 0; i < s->n; i++)
		hits = hits && job_is_all_hits(s->jobs[i]);
	if (hits)
		grow(&r->queue);
	for (i = 0; i < s->n; i++)
		take_answer(s->jobs[i]);
	free(s);
	run_pump(r);
}

static struct slice *slice_new(struct run *r, bool lookahead)
{
	struct slice *s = xcalloc(1, sizeof *s);

	s->run = r;
	s->lookahead = lookahead;
	return s;
}

static void slice_add(struct slice *s, struct job *j)
{
	j->early = s->lookahead;
	job_ask(j);
	s->jobs[s->n++] = j;
}

static void slice_send(struct slice *s)
{
	if (s->lookahead)
		s->run->queue.lookahead_slices++;
	loop_work(s->run->setup->loop, look_slice, looked_slice, s);
}

/* ---- jobs whose turn has come ---- */

void queue_add(struct run *r, struct place *p)
{
	struct queue *q = &r->queue;
	struct job *j = p->lookahead;

	if (j) {
		end_lookahead(j);
		if (j->state == JOB_LOOKED && job_is_stale(j))
			job_forget(j);
		else if (j->state == JOB_LOOKED)
			j->early = false;
	} else {
		j = job_new(r, p);
	}
	j->due = true;
	*q->end = j;
	q->end = &j->behind;
}

/* Few jobs are spread over the workers, many are sent in slices that a worker takes one after another. */
static uint32_t slice_size(uint32_t n)
{
	uint32_t workers = os_cpus() < 4 ? 4 : os_cpus();
	uint32_t each = (n + workers - 1) / workers;

	return each > QUEUE_SLICE_DUE ? QUEUE_SLICE_DUE : each;
}

void queue_send(struct run *r)
{
	struct slice *s = NULL;
	struct job *j;
	uint32_t n = 0, each;

	for (j = r->queue.first; j; j = j->behind)
		n += j->state == JOB_WAITING;
	each = slice_size(n);
	for (j = r->queue.first; j && n > 0; j = j->behind) {
		if (j->state != JOB_WAITING)
			continue;
		if (!s)
			s = slice_new(r, false);
		slice_add(s, j);
		if (--n == 0 || s->n == each) {
			slice_send(s);
			s = NULL;
		}
	}
}

void queue_decide(struct run *r)
{
	struct queue *q = &r->queue;
	struct job *j;

	while (r->stopped == STOPPED_NOT && !r->telling && (j = q->first) && j->state == JOB_LOOKED) {
		q->first = j->behind;
		if (!q->first)
			q->end = &q->first;
		job_decide(j);
	}
}

/* ---- before their turn ---- */

void queue_send_lookaheads(struct run *r)
{
	struct queue *q = &r->queue;
	struct place *p;
	struct slice *s;
	int code;

	/* While a step runs any answer may become stale, and the look would have to be repeated. */
	while (q->extra > 0 && r->running == 0 && r->restoring == 0 && q->lookahead_slices < os_cpus() &&
	       q->lookaheads + QUEUE_SLICE <= QUEUE_LOOKAHEADS) {
		s = slice_new(r, true);
		while (s->n < QUEUE_SLICE && (p = schedule_upcoming(&r->schedule))) {
			if (job_length(r, p) == 0 || run_is_current(r, p, &code))
				continue;
			p->lookahead = job_new(r, p);
			q->lookaheads++;
			if (p->lookahead->state == JOB_WAITING)
				slice_add(s, p->lookahead);
		}
		if (s->n == 0) {
			free(s);
			return;
		}
		slice_send(s);
	}
}

void queue_drop(struct run *r)
{
	struct job *j, *next;

	r->queue.first = NULL;
	r->queue.end = &r->queue.first;
	for (j = r->jobs; j; j = next) {
		next = j->next;
		if (j->state == JOB_TELLING)
			job_cut(j);
		else if (j->state == JOB_WAITING || j->state == JOB_LOOKED)
			job_drop(j);
	}
}

void queue_drop_doomed(struct run *r)
{
	struct job *j, *next;

	for (j = r->jobs; j; j = next) {
		next = j->next;
		if (j->place->doomed && (j->state == JOB_LOOKED || (j->state == JOB_TELLING && r->telling != j))) {
			end_lookahead(j);
			job_drop(j);
		}
	}
}
