#include "config.h"

#include "exec/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "exec/child.h"
#include "exec/inside.h"
#include "exec/stop.h"
#include "ipc/endpoint.h"
#include "ipc/outer.h"
#include "os/file.h"
#include "os/loop.h"
#include "os/process.h"
#include "plan/step.h"
#include "report/screen.h"

enum {
	RUN_CHUNK = 16,            /* steps that one worker looks up in one go */
	RUN_AHEAD = 64,            /* how many more than there are slots, at most */
	RUN_WAITING = 1 << 20      /* bytes for the screen above which nothing more is read */
};

/* Steps that one worker looks up, and then puts back the outputs of. Chunks are gone
 * through in the order of their making, so that the order of steps is the plan's. */
struct chunk {
	struct chunk *next;
	struct run *run;
	struct job *jobs[RUN_CHUNK];
	uint32_t n;
	uint32_t missing;          /* early looks that are not over */
	bool done;                 /* looked up; waits for those before it */
};

/* ---- telling ---- */

void run_tell(struct run *r, const struct event *e)
{
	uint32_t i;

	for (i = 0; i < r->setup->listeners_n; i++)
		r->setup->listeners[i].on_event(r->setup->listeners[i].self, e);
}

int run_flush(struct run *r)
{
	return r->setup->screen ? screen_flush(r->setup->screen) : 0;
}

static void pause_all(struct run *r, bool pause)
{
	struct job *j;

	r->paused = pause;
	for (j = r->jobs; j; j = j->next)
		if (j->child)
			child_pause(j->child, pause);
}

static void on_drained(void *ctx)
{
	struct run *r = ctx;

	if (r->paused && screen_waiting(r->setup->screen) <= RUN_WAITING / 2)
		pause_all(r, false);
}

void run_check_waiting(struct run *r)
{
	if (r->setup->screen && !r->paused && screen_waiting(r->setup->screen) > RUN_WAITING)
		pause_all(r, true);
}

void run_changes(struct run *r)
{
	r->changes++;
}

/* ---- stopping ---- */

void run_stop(struct run *r, enum stopped why)
{
	struct job *j;

	if (r->stopped == STOPPED_NOT || why == STOPPED_LOST)
		r->stopped = why;
	for (j = r->jobs; j; j = j->next)
		job_stop(j);
}

void run_kill(struct run *r)
{
	if (r->processes)
		processes_signal(r->processes, SIGKILL);
}

void run_failed(struct run *r, int code, bool infrastructure)
{
	if (r->failed++ == 0)
		r->first_code = code;
	r->infrastructure = r->infrastructure || infrastructure;
	if (r->stopped == STOPPED_NOT) {
		run_stop(r, STOPPED_FAILED);
		run_kill(r);
	}
}

static void on_death(void *ctx)
{
	struct run *r = ctx;

	run_stop(r, STOPPED_LOST);
	run_pump(r);
}

struct processes *run_processes(struct run *r)
{
	if (!r->processes)
		r->processes = processes_new(r->setup->loop, r->setup->places->supervisor, on_death, r);
	return r->processes;
}

/* ---- steps that are over at once ---- */

static void show_echo(struct run *r, const struct step *step)
{
	struct step_start start = { .status = START_DISABLED };
	struct outcome o = { .result = END_BUILTIN, .status = START_DISABLED };

	r->started++;
	run_tell(r, &(struct event){ .kind = EVENT_STARTED, .step = step, .start = &start });
	run_tell(r, &(struct event){ .kind = EVENT_OUTPUT, .step = step, .stream = 1,
				     .output = { step->echo, strlen(step->echo) } });
	run_tell(r, &(struct event){ .kind = EVENT_FINISHED, .step = step, .outcome = &o });
}

static void leave_looking(struct job *j)
{
	if (j->counted)
		j->place->level->looking--;
	j->counted = false;
}

static void drop(struct job *j)
{
	leave_looking(j);
	job_free(j);
}

/* It cannot go on now: looked at again later, as if for the first time. */
static void put_back(struct job *j)
{
	struct place *p = j->place;

	drop(j);
	schedule_back(p);
}

static void hit(struct job *j)
{
	struct run *r = j->run;
	struct place *p = j->place;

	leave_looking(j);
	if (!schedule_hold(p)) {
		put_back(j);
		return;
	}
	r->started++;
	job_show_hit(j);
	job_free(j);
	schedule_done(&r->schedule, p);
}

static void miss(struct job *j)
{
	leave_looking(j);
	if (schedule_hold(j->place))
		job_start(j);
	else
		put_back(j);
}

/* ---- chunks ---- */

static void restore_chunk(void *ctx)
{
	struct chunk *c = ctx;
	uint32_t i;

	for (i = 0; i < c->n; i++)
		job_restore(c->jobs[i]);
}

static void restored_chunk(void *ctx)
{
	struct chunk *c = ctx;
	struct run *r = c->run;
	uint32_t i;

	r->restoring--;
	run_changes(r);
	for (i = 0; i < c->n; i++) {
		if (r->stopped != STOPPED_NOT)
			drop(c->jobs[i]);
		else if (job_is_hit(c->jobs[i]))
			hit(c->jobs[i]);
		else
			miss(c->jobs[i]);
	}
	free(c);
	run_pump(r);
}

/* Hits are shown, misses start, both in order; what must be put back first comes later. */
static void go_through(struct chunk *c)
{
	struct run *r = c->run;
	struct chunk *restore = NULL;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		struct job *j = c->jobs[i];

		if (r->stopped != STOPPED_NOT) {
			drop(j);
		} else if (!job_is_hit(j)) {
			r->ahead = 0;
			miss(j);
		} else if (j->restored) {
			hit(j);
		} else {
			if (!restore) {
				restore = xcalloc(1, sizeof *restore);
				restore->run = r;
			}
			restore->jobs[restore->n++] = j;
		}
	}
	if (restore) {
		r->restoring++;
		run_changes(r);
		loop_work(r->setup->loop, restore_chunk, restored_chunk, restore);
	}
}

static void look_chunk(void *ctx)
{
	struct chunk *c = ctx;
	uint32_t i;

	for (i = 0; i < c->n; i++)
		if (!c->jobs[i]->looked)
			job_look(c->jobs[i]);
}

static bool all_hits(const struct chunk *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		if (!job_is_hit(c->jobs[i]))
			return false;
	return true;
}

/* What was looked up is gone through, in order. false: there is nothing that can be. */
static bool go_on(struct run *r)
{
	struct chunk *c;
	bool any = false;

	for (; (c = r->chunks) && c->done; any = true) {
		if (all_hits(c) && r->ahead < RUN_AHEAD)
			r->ahead = r->ahead ? r->ahead * 2 : 4;
		r->chunks = c->next;
		if (!r->chunks)
			r->chunks_end = &r->chunks;
		go_through(c);
		free(c);
	}
	return any;
}

static void looked_chunk(void *ctx)
{
	struct chunk *c = ctx;
	struct run *r = c->run;

	c->done = true;
	go_on(r);
	run_pump(r);
}

static bool is_early(const struct job *j)
{
	return j->in_flight || j->looked;
}

/* To a worker, unless all in it is known already. */
static void chunk_send(struct chunk *c)
{
	uint32_t i;

	if (c->missing)
		return;
	for (i = 0; i < c->n && c->jobs[i]->looked; i++)
		;
	c->done = i == c->n;
	if (!c->done)
		loop_work(c->run->setup->loop, look_chunk, looked_chunk, c);
}

void run_looked(struct run *r, struct job *j)
{
	struct chunk *c = j->chunk;

	(void)r;
	j->chunk = NULL;
	if (!early_is_good(j))
		job_forget(j);
	c->missing--;
	chunk_send(c);
}

/* A few: one each, on as many workers. Many: in handfuls. What was looked up early
 * and what was not stay apart: nobody waits for a worker without need. */
static void send_batch(struct run *r, struct job **batch, uint32_t n)
{
	uint32_t workers = os_cpus() < 4 ? 4 : os_cpus();
	uint32_t each = (n + workers - 1) / workers, i;
	struct chunk *c = NULL;

	if (each > RUN_CHUNK)
		each = RUN_CHUNK;
	for (i = 0; i < n; i++) {
		struct job *j = batch[i];

		if (!c) {
			c = xcalloc(1, sizeof *c);
			c->run = r;
			*r->chunks_end = c;
			r->chunks_end = &c->next;
		}
		c->jobs[c->n++] = j;
		if (j->in_flight) {
			j->chunk = c;
			c->missing++;
		}
		if (c->n == each || i + 1 == n || is_early(j) != is_early(batch[i + 1])) {
			chunk_send(c);
			c = NULL;
		}
	}
}

/* ---- what can go on now ---- */

struct batch {
	struct job **at;
	uint32_t n, room;
};

static void look_later(struct run *r, struct place *p, struct batch *b)
{
	struct job *j = early_take(r->early, p);

	if (!j)
		j = job_new(r, p);
	if (!p->holds) {
		j->counted = true;
		p->level->looking++;
	}
	if (b->n == b->room) {
		b->room = b->room ? b->room * 2 : 16;
		b->at = xrealloc(b->at, b->room, sizeof *b->at);
	}
	b->at[b->n++] = j;
}

/* Sets one place going. false: the level must wait for a slot. */
static bool advance(struct run *r, struct place *p, struct batch *b)
{
	const struct item *item = place_item(p);
	struct level *l = p->level;

	if (item && item->kind == ITEM_STEP && item->step->rules && r->setup->cache) {
		look_later(r, p, b);
		return true;
	}
	early_skip(r->early, p);
	/* Those being looked at came first. */
	if (!p->holds && (schedule_free_slots(l) <= l->looking || !schedule_hold(p))) {
		schedule_back(p);
		return false;
	}
	if (!item) {
		schedule_done(&r->schedule, p);
	} else if (item->kind == ITEM_PLAN) {
		schedule_enter(&r->schedule, p);
	} else if (item->kind == ITEM_ECHO) {
		show_echo(r, item->step);
		schedule_done(&r->schedule, p);
	} else {
		job_start(job_new(r, p));
	}
	return true;
}

static bool may_take(const struct run *r, const struct level *l)
{
	uint32_t slots = schedule_free_slots(l);

	if (l->going_n > 0)
		return true;
	return l->ready_n > 0 && slots > 0 && l->looking < (uint64_t)slots + r->ahead;
}

static bool pump_level(struct run *r, struct level *l, struct batch *b)
{
	bool any = false;

	while (r->stopped == STOPPED_NOT && may_take(r, l)) {
		if (!advance(r, schedule_take(l), b))
			break;
		any = true;
	}
	return any;
}

static bool is_over(const struct run *r)
{
	return !r->jobs && (r->stopped != STOPPED_NOT || schedule_complete(&r->schedule));
}

void run_pump(struct run *r)
{
	struct batch b = { 0 };
	struct level *l;
	bool any;

	r->pump_again = true;
	if (r->pumping)
		return;
	r->pumping = true;
	while (r->pump_again) {
		r->pump_again = false;
		any = false;
		for (l = r->schedule.levels; l; l = l->next)
			any |= pump_level(r, l, &b);
		/* A nested level that was complete at once may have made its parent ready. */
		r->pump_again |= any;
		if (!r->pump_again) {
			send_batch(r, b.at, b.n);
			b.n = 0;
			r->pump_again |= go_on(r);
		}
	}
	r->pumping = false;
	free(b.at);
	if (r->stopped == STOPPED_NOT)
		early_send(r->early);
	else
		early_drop(r->early);
	if (is_over(r))
		loop_stop(r->setup->loop);
}

/* ---- the whole ---- */

static int exit_code(const struct run *r)
{
	if (r->stopped == STOPPED_LOST)
		return 1;
	if (r->signum == SIGTERM || r->signum == SIGHUP)
		return 128 + r->signum;
	if (r->signum && (r->grace_over || r->started == 0))
		return 130;
	if (r->infrastructure || r->failed > 1)
		return 1;
	if (r->failed == 0)
		return 0;
	return r->first_code < 1 ? 1 : r->first_code > 255 ? 255 : r->first_code;
}

int exec_run(const struct exec_setup *setup, struct err *err)
{
	struct run r = { .setup = setup };
	uint64_t *costs = NULL;
	int code;

	r.chunks_end = &r.chunks;
	r.outer = outer_new(setup->env);
	if (setup->cache && setup->plan->steps > 1) {
		costs = xcalloc(setup->plan->steps, sizeof *costs);
		cache_durations(setup->cache, setup->plan, costs);
	}
	schedule_init(&r.schedule, setup->plan, costs);
	r.early = early_new(&r);
	if (setup->screen)
		screen_on_drained(setup->screen, on_drained, &r);
	r.stop = stop_begin(&r);
	run_pump(&r);
	while (!is_over(&r))
		loop_run(setup->loop);
	stop_end(r.stop);
	if (setup->screen)
		screen_on_drained(setup->screen, NULL, NULL);
	if (r.processes)
		processes_free(r.processes);
	if (r.endpoint)
		endpoint_free(r.endpoint);
	outer_free(r.outer);
	early_free(r.early);
	schedule_free(&r.schedule);
	free(costs);
	code = exit_code(&r);
	if (r.stopped == STOPPED_LOST)
		err_set(err, ERR_SYSTEM, "the supervisor of the tasks died; the tasks that were running have been ended");
	run_tell(&r, &(struct event){ .kind = EVENT_RUN_FINISHED, .exit_code = code });
	return code;
}
