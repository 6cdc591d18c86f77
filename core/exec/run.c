#include "config.h"

#include "exec/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/child.h"
#include "exec/inside.h"
#include "exec/services.h"
#include "exec/sharer.h"
#include "exec/watcher.h"
#include "ipc/endpoint.h"
#include "ipc/outer_runner.h"
#include "os/file.h"
#include "os/installation.h"
#include "os/loop.h"
#include "os/signals.h"
#include "os/terminal.h"
#include "plan/step.h"
#include "plug/setup.h"
#include "process/process.h"
#include "process/start.h"
#include "report/screen.h"

enum {
	RUN_WAITING = 1 << 20,     /* bytes for the screen above which nothing more is read */
	RUN_FILES_OWN = 64,        /* descriptors kept for the cache, plugins and workers */
	RUN_FILES_FREE = 16        /* descriptors that must be free before another step starts */
};

/* ---- telling ---- */

void run_tell(struct run *r, const struct event *e)
{
	uint32_t i;

	for (i = 0; i < r->setup->listeners_n; i++)
		r->setup->listeners[i].on_event(r->setup->listeners[i].self, e);
}

int64_t run_clock(const struct run *r)
{
	return r->setup->timed ? os_now_ns() : 0;
}

bool run_inherits(const struct run *r, bool cached)
{
	return !cached && r->setup->mode == LOG_INTERLEAVED && !r->setup->piped;
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
			child_pause(j->child, pause || j->block);
	services_pause(r->services, pause);
}

static void on_drained(void *ctx)
{
	struct run *r = ctx;

	if (screen_waiting(r->setup->screen) > RUN_WAITING / 2)
		return;
	if (r->paused)
		pause_all(r, false);
	if (r->telling)
		job_tell_more(r);
}

bool run_is_ahead(const struct run *r)
{
	return r->setup->screen && screen_waiting(r->setup->screen) > RUN_WAITING;
}

void run_check_waiting(struct run *r)
{
	if (!r->paused && run_is_ahead(r))
		pause_all(r, true);
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

static void end_others(struct run *r)
{
	if (r->stopped != STOPPED_NOT)
		return;
	run_stop(r, STOPPED_FAILED);
	run_kill(r);
}

void run_failed(struct run *r, struct place *p, int code)
{
	const struct exec_sharer *sharer = r->setup->sharer;

	if (sharer && p)
		sharer->failed(sharer->ctx, p, code);
	if (r->failed++ == 0)
		r->first_code = code;
	if (!p || p->level->plan->on_failure == PLAN_STOPS)
		end_others(r);
}

void run_done(struct run *r, struct place *p, bool failed)
{
	if (r->stopped != STOPPED_NOT)
		return;
	if (!schedule_done(&r->schedule, p, failed))
		end_others(r);
	else if (failed)
		queue_drop_doomed(r);
	if (r->setup->sharer)
		r->setup->sharer->moved(r->setup->sharer->ctx);
}

void run_up(struct run *r, struct place *p)
{
	if (r->stopped == STOPPED_NOT && !schedule_up(&r->schedule, p))
		end_others(r);
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
		r->processes = processes_new(r->setup->loop, r->setup->installation->supervisor, on_death, r);
	return r->processes;
}

void run_tell_echo(struct run *r, const struct step *step)
{
	struct step_start start = { .status = START_DISABLED };
	struct outcome o = { .result = END_BUILTIN, .status = START_DISABLED };

	o.began_ns = o.ended_ns = run_clock(r);
	r->started++;
	run_tell(r, &(struct event){ .kind = EVENT_STARTED, .step = step, .start = &start });
	run_tell(r, &(struct event){ .kind = EVENT_OUTPUT, .step = step, .stream = 1,
				     .output = { step->echo, strlen(step->echo) } });
	run_tell(r, &(struct event){ .kind = EVENT_FINISHED, .step = step, .outcome = &o });
}

bool run_enter(struct run *r, struct place *p, const struct step *step)
{
	struct step_start start = { .status = START_DISABLED };
	struct outcome o = { .result = END_BUILTIN, .status = START_DISABLED, .exit_code = 1, .failed = true };
	_clean_(free_p) char *trouble = NULL;
	struct stat st;
	int error = stat(step->dir, &st) < 0 ? errno : !S_ISDIR(st.st_mode) ? ENOTDIR : access(step->dir, X_OK) < 0 ? errno : 0;

	if (error == 0)
		return true;
	if (asprintf(&trouble, "cannot enter the folder '%s': %s", step->argv.n > 1 ? step->argv.at[1] : step->dir, strerror(error)) >= 0)
		o.trouble = trouble;
	o.began_ns = o.ended_ns = run_clock(r);
	r->started++;
	run_tell(r, &(struct event){ .kind = EVENT_STARTED, .step = step, .start = &start });
	run_tell(r, &(struct event){ .kind = EVENT_FINISHED, .step = step, .outcome = &o });
	run_failed(r, p, 1);
	return false;
}

/* ---- signals ---- */

enum { STOP_GRACE_MS = 5000 };

/* Passes INT, TERM and HUP on to the tasks, waits 5 s and kills what is left. Keeps the terminal's settings. */
struct stop {
	struct run *run;
	struct signals *signals;
	struct timer *grace;           /* NULL: no signal came, or the 5 s are over */
};

static void grace_is_over(void *ctx)
{
	struct stop *s = ctx;

	s->grace = NULL;
	s->run->grace_over = true;
	run_kill(s->run);
	services_kill(s->run->services);
}

static void signalled(void *ctx, int signum, bool typed)
{
	struct stop *s = ctx;
	struct run *r = s->run;

	if (r->signum) {
		timer_stop(s->grace);
		grace_is_over(s);
		return;
	}
	r->signum = signum;
	r->cut_short = r->running == 0 && services_count(r->services) == 0;
	if (r->stopped != STOPPED_NOT)
		return;
	run_stop(r, STOPPED_SIGNAL);
	/* A Ctrl-C has reached the whole foreground group already. */
	if (r->processes && typed && signum == SIGINT)
		processes_typed(r->processes, signum);
	else if (r->processes)
		processes_signal(r->processes, signum);
	services_signal(r->services, signum, typed && signum == SIGINT);
	s->grace = timer_start(r->setup->loop, STOP_GRACE_MS, grace_is_over, s);
	run_pump(r);
}

static struct stop *stop_begin(struct run *r)
{
	struct stop *s = xcalloc(1, sizeof *s);

	s->run = r;
	terminal_keep();
	s->signals = signals_catch(r->setup->loop, signalled, s, r->setup->plug ? plug_stopping(r->setup->plug) : NULL);
	return s;
}

void stop_look(struct stop *s)
{
	signals_look(s->signals);
}

static void stop_end(struct stop *s)
{
	signals_release(s->signals);
	timer_stop(s->grace);
	terminal_restore();
	free(s);
}

/* ---- what can start now ---- */

static enum watched watched(const struct run *r, const struct place *p, const struct item *item, int *ret_code)
{
	const struct exec_watcher *w = r->setup->watcher;

	if (item->kind == ITEM_PLAN || item->step->persistent)
		return WATCHED_CHANGED;
	if (item->kind != ITEM_STEP)
		return WATCHED_GOOD;
	if (run_looks_up(r, item->step) ? p->dirty : p->behind)
		return WATCHED_CHANGED;
	return w->look(w->ctx, item->step, ret_code);
}

/* Has the node only echos and cds? Those need no watcher. */
static bool is_all_builtin(const struct plan_node *node)
{
	uint32_t i;

	for (i = 0; i < node->items_n; i++)
		if (node->items[i].kind == ITEM_STEP || node->items[i].kind == ITEM_PLAN)
			return false;
	return node->items_n > 0;
}

/* All that is left of the node, or its item alone. */
bool run_is_current(struct run *r, struct place *p, int *ret_code)
{
	const struct plan_node *node = &p->level->plan->nodes[p->node];
	enum watched now = WATCHED_GOOD;
	uint32_t i;

	*ret_code = 0;
	if (!r->setup->watcher || p->ran || (is_all_builtin(node) && (p->behind || p->dirty || r->setup->watcher->anew)))
		return false;
	for (i = p->item; i < node->items_n && now == WATCHED_GOOD; i++)
		now = watched(r, p, &node->items[i], ret_code);
	if (now == WATCHED_GOOD || (now == WATCHED_FAILED && i == p->item + 1))
		return true;
	*ret_code = 0;
	return i > p->item + 1 && node->items[p->item].kind == ITEM_STEP;
}

/* The task failed in an earlier run, and nothing has changed for it: it would fail again. */
static void pass_failed(struct run *r, struct place *p, int code)
{
	run_tell(r, &(struct event){ .kind = EVENT_STILL_FAILING, .step = place_item(p)->step, .exit_code = code });
	schedule_leave(p);
	run_failed(r, p, code);
	run_done(r, p, true);
}

/* Starts or queues the place's item. false: the level must wait. */
static bool advance(struct run *r, struct place *p)
{
	const struct item *item = place_item(p);
	int code;

	if (run_is_current(r, p, &code)) {
		if (code)
			pass_failed(r, p, code);
		else
			schedule_pass(&r->schedule, p);
		return true;
	}
	if (job_length(r, p) > 0) {
		queue_add(r, p);
		return true;
	}
	if (item && (item->kind == ITEM_STEP || item->kind == ITEM_PLAN) && !schedule_served(&r->schedule, p))
		return true;
	if (item && item->kind == ITEM_STEP && !run_has_files(r, RUN_FILES_UNCACHED)) {
		schedule_back(p);
		return false;
	}
	if (item && item->kind == ITEM_STEP && item->step->persistent) {
		services_start(r->services, p);
		return true;
	}
	/* The free slots are promised to the places in hand. */
	if (!p->holds && (schedule_free_slots(p->level) < p->level->in_hand || !schedule_hold(p))) {
		schedule_back(p);
		return false;
	}
	if (!item) {
		run_done(r, p, false);
	} else if (item->kind == ITEM_PLAN) {
		schedule_enter(&r->schedule, p);
	} else if (item->kind == ITEM_ECHO) {
		run_tell_echo(r, item->step);
		run_done(r, p, false);
	} else if (item->kind == ITEM_CD) {
		run_done(r, p, !run_enter(r, p, item->step));
	} else if (run_may_start(r, p, NULL)) {
		job_start(job_new(r, p));
	}
	return true;
}

bool run_has_files(struct run *r, uint32_t n)
{
	if (r->running == 0 || (r->files + n <= r->files_most && start_has_files(RUN_FILES_FREE)))
		return true;
	r->crowded = true;
	return false;
}

/* How many more steps the limit of descriptors allows. */
static uint64_t steps_for_files(const struct run *r)
{
	uint64_t left = r->files < r->files_most ? r->files_most - r->files : 0;

	return left < RUN_FILES_CACHED && r->running == 0 ? 1 : left / RUN_FILES_CACHED;
}

static bool may_take(const struct run *r, const struct level *l)
{
	uint64_t slots = schedule_free_slots(l), most = steps_for_files(r);

	/* the first line of another task would stand in the middle of a block */
	if (r->crowded || (r->telling && r->setup->mode == LOG_GROUPED))
		return false;
	if (l->going_n > 0)
		return true;
	if (slots < schedule_needed(l))
		return false;
	if (slots > most)
		slots = most;
	return l->ready_n > 0 && slots > 0 && l->in_hand < slots + r->queue.extra;
}

static bool advance_level(struct run *r, struct level *l)
{
	bool any = false;

	while (r->stopped == STOPPED_NOT && may_take(r, l)) {
		if (!advance(r, schedule_take(l)))
			break;
		any = true;
	}
	return any;
}

/* false: nothing more can be set going. A nested level that was complete at once may have
 * made its parent ready: true asks for another round. */
static bool advance_all(struct run *r)
{
	struct level *l;
	bool any = false;

	for (l = r->schedule.levels; l; l = l->next)
		any |= advance_level(r, l);
	return any;
}

static bool is_over(const struct run *r)
{
	if (r->jobs || hold_is_busy(r) ||
	    (services_count(r->services) > 0 && (!r->keeps || r->stopped == STOPPED_SIGNAL || r->stopped == STOPPED_LOST)))
		return false;
	/* A stopped run fails, and the outer step with it: nothing need be told. */
	return r->stopped != STOPPED_NOT || (schedule_complete(&r->schedule) && !outer_runner_is_busy(r->outer));
}

static void end_services(struct run *r)
{
	if (r->stopped == STOPPED_LOST || (r->stopped == STOPPED_FAILED && !r->keeps))
		services_end(r->services);
	else if (r->stopped == STOPPED_NOT && !r->keeps)
		services_end_unneeded(r->services);
}

/* The run was stopped: nothing waits for a turn any more, and after a signal nothing for its reader. */
static void drop_waiting(struct run *r)
{
	queue_drop(r);
	if (r->stopped != STOPPED_FAILED)
		job_cut_blocks(r);
	job_next_turns(r);
}

void run_pump(struct run *r)
{
	r->pump_again = true;
	if (r->pumping)
		return;
	r->pumping = true;
	while (r->pump_again) {
		r->pump_again = false;
		queue_decide(r);
		r->pump_again |= advance_all(r);
		queue_send(r);
		end_services(r);
	}
	r->pumping = false;
	hold_settle(r);
	if (r->stopped == STOPPED_NOT)
		queue_send_lookaheads(r);
	else
		drop_waiting(r);
	if (is_over(r))
		loop_stop(r->setup->loop);
}

/* ---- with other machines ---- */

bool run_may_start(struct run *r, struct place *p, const struct found *found)
{
	const struct exec_sharer *sharer = r->setup->sharer;

	if (!sharer || sharer->may_run(sharer->ctx, p, found))
		return true;
	schedule_park(p);
	return false;
}

void share_again(struct run *r, struct place *p)
{
	schedule_back(p);
	run_pump(r);
}

void share_wait(struct run *r, struct place *p)
{
	schedule_leave(p);
	run_pump(r);
}

bool share_retake(struct place *p)
{
	return schedule_hold(p);
}

void share_elsewhere(struct run *r, struct place *p)
{
	schedule_skip(&r->schedule, p);
	r->setup->sharer->moved(r->setup->sharer->ctx);
	run_pump(r);
}

void share_failed(struct run *r, struct place *p, int code)
{
	if (r->stopped != STOPPED_NOT)
		return;
	if (p) {
		schedule_leave(p);
		p->parked = false;
	}
	run_failed(r, p, code);
	if (p)
		run_done(r, p, true);
	run_pump(r);
}

static void on_outer_idle(void *ctx)
{
	run_pump(ctx);
}

/* ---- the whole ---- */

static int exit_code(const struct run *r)
{
	if (r->stopped == STOPPED_LOST)
		return 1;
	if (r->signum == SIGTERM || r->signum == SIGHUP)
		return 128 + r->signum;
	if (r->signum && (r->grace_over || r->started == 0 || (r->cut_short && !schedule_complete(&r->schedule))))
		return 130;
	if (r->failed == 0)
		return r->interrupted_code;
	return r->first_code < 1 ? 1 : r->first_code > 255 ? 255 : r->first_code;
}

int exec_run(const struct exec_setup *setup, struct err *err)
{
	struct run r = { .setup = setup };
	uint64_t *costs = NULL;
	uint32_t not_run;
	int code;

	r.queue.end = &r.queue.first;
	r.spool = -1;
	r.files_most = start_files();
	r.files_most = r.files_most > RUN_FILES_OWN ? r.files_most - RUN_FILES_OWN : 0;
	r.outer = outer_runner_new(setup->loop, setup->env, on_outer_idle, &r);
	if (setup->cache && setup->plan->steps > 1) {
		costs = xcalloc(setup->plan->steps, sizeof *costs);
		cache_durations(setup->cache, setup->plan, costs);
	}
	schedule_init_rotated(&r.schedule, setup->plan, costs, setup->sharer ? setup->sharer->rotation : 0);
	if (setup->screen)
		screen_on_drained(setup->screen, on_drained, &r);
	r.keeps = setup->services != NULL;
	r.services = r.keeps ? setup->services : services_new(setup->loop, setup->installation->supervisor);
	services_attach(r.services, &r);
	r.stop = stop_begin(&r);
	if (setup->sharer)
		setup->sharer->begins(setup->sharer->ctx, &r);
	run_pump(&r);
	while (!is_over(&r))
		loop_run(setup->loop);
	if (setup->sharer)
		setup->sharer->ends(setup->sharer->ctx);
	stop_end(r.stop);
	if (setup->screen)
		screen_on_drained(setup->screen, NULL, NULL);
	services_detach(r.services);
	if (!r.keeps)
		services_free(r.services);
	if (r.processes)
		*setup->ret_ending = processes_end(r.processes);
	if (r.endpoint)
		endpoint_free(r.endpoint);
	if (r.spool >= 0)
		close(r.spool);
	outer_runner_free(r.outer);
	hold_free(&r);
	not_run = r.schedule.dropped;
	schedule_free(&r.schedule);
	free(costs);
	code = exit_code(&r);
	if (setup->ret_signum && r.signum)
		*setup->ret_signum = r.signum;
	if (r.stopped == STOPPED_LOST)
		err_set(err, ERR_SYSTEM, "the supervisor of the tasks died; the tasks that were running have been ended");
	run_tell(&r, &(struct event){ .kind = EVENT_RUN_FINISHED, .exit_code = code, .not_run = r.stopped == STOPPED_NOT ? not_run : 0 });
	return code;
}
