#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "exec/capture.h"
#include "exec/child.h"
#include "exec/inside.h"
#include "exec/services.h"
#include "exec/sharer.h"
#include "exec/watcher.h"
#include "ipc/outer_runner.h"
#include "os/loop.h"
#include "report/words.h"
#include "workspace/workspace.h"

/* ---- making ---- */

bool run_looks_up(const void *ctx, const struct step *step)
{
	const struct run *r = ctx;

	return step->rules && r->setup->cache;
}

uint32_t job_length(const struct run *r, const struct place *p)
{
	const struct plan_node *node = &p->level->plan->nodes[p->node];
	uint32_t i, end = p->item;
	bool any = false;

	for (i = p->item; i < node->items_n; i++) {
		if (node->items[i].kind == ITEM_STEP && run_looks_up(r, node->items[i].step))
			any = true;
		else if (node->items[i].kind == ITEM_PLAN || !is_builtin(node->items[i].step))
			break;
		end = i + 1;
	}
	return any ? end - p->item : 0;
}

struct job *job_new(struct run *r, struct place *p)
{
	uint32_t n = job_length(r, p), i;
	struct job *j = xcalloc(1, sizeof *j + n * sizeof j->answers[0]);

	j->run = r;
	j->place = p;
	j->step = place_item(p)->step;
	j->look = (struct look){ .cache = r->setup->cache, .clock = run_clock, .run = r, .at = j->answers, .n = n };
	for (i = 0; i < n; i++)
		j->answers[i].step = place_item(p)[i].step;
	j->answer = n ? j->answers : NULL;
	j->status = START_DISABLED;
	j->link = &r->jobs;
	j->next = r->jobs;
	if (j->next)
		j->next->link = &j->next;
	r->jobs = j;
	if (hold_take(j))
		j->state = JOB_LOOKED;
	return j;
}

void job_drop(struct job *j)
{
	*j->link = j->next;
	if (j->next)
		j->next->link = j->link;
	look_forget(&j->look);
	seen_free(&j->seen);
	seen_free(&j->wrote);
	if (j->arena)
		arena_free(j->arena);
	free(j->attempts);
	timer_stop(j->timer);
	capture_free(j->capture);
	if (j->child)
		child_free(j->child);
	free(j);
}

/* ---- looking ---- */

void job_ask(struct job *j)
{
	j->state = JOB_LOOKING;
	j->changes = j->run->changes;
}

/* Why its first step is no hit, whatever it reads; or NULL. */
static const char *must_run(const struct job *j, const struct step *last)
{
	if (j->must_run)
		return j->must_run;
	if (j->place->must_run && last)
		return "what it left elsewhere is needed here";
	return last && last->forced && !j->place->got ? WORDS_FORCED : NULL;
}

/* All of the chain, as far as it hits; what its hits leave is decided together. */
void job_look(struct job *j)
{
	const struct step *last = NULL;
	uint32_t i;

	for (i = 0; i < j->look.n; i++)
		if (!is_builtin(j->answers[i].step))
			last = j->answers[i].step;
	look_up(&j->look, last && !last->followed, must_run(j, last));
}

void job_answered(struct job *j)
{
	uint32_t i;

	j->state = JOB_LOOKED;
	for (i = 0; i < j->look.n && j->run->setup->timed; i++)
		job_tell_span(j, j->answers[i].step, &j->answers[i].look);
}

void job_forget(struct job *j)
{
	look_forget(&j->look);
	j->early = false;
	j->state = JOB_WAITING;
}

bool job_is_stale(const struct job *j)
{
	return j->early && j->changes != j->run->changes;
}

bool job_is_all_hits(const struct job *j)
{
	uint32_t n = look_hits(&j->look);

	return n == j->look.n || !j->answers[n].known;
}

/* ---- telling ---- */

void job_tell_started(struct job *j)
{
	struct step_start start = {
		.status = j->status,
		.why = j->answer ? &j->answer->found.why : NULL,
		.because = j->answer ? j->answer->restore_why : NULL,
		.origin = j->answer ? j->answer->found.origin : NULL,
		.inherits = run_inherits(j->run, j->answer != NULL),
	};

	j->began_ns = run_clock(j->run);
	run_tell(j->run, &(struct event){ .kind = EVENT_STARTED, .step = j->step, .start = &start });
}

void job_tell_output(void *ctx, int stream, struct bytes data)
{
	struct job *j = ctx;

	run_tell(j->run, &(struct event){ .kind = EVENT_OUTPUT, .step = j->step, .stream = stream, .output = data });
}

void job_tell_finished(struct job *j, struct outcome *o)
{
	o->status = j->status;
	o->trouble = j->trouble;
	o->began_ns = j->began_ns;
	o->ended_ns = run_clock(j->run);
	if (j->answer) {
		o->why = j->answer->found.why;
		o->inputs = j->answer->found.inputs;
		o->outputs = j->answer->found.outputs;
		o->effects = j->answer->found.effects;
		o->because = j->answer->restore_why;
		o->origin = o->result == END_HIT ? j->answer->found.origin : NULL;
	}
	run_tell(j->run, &(struct event){ .kind = EVENT_FINISHED, .step = j->step, .outcome = o });
}

void job_tell_span(struct job *j, const struct step *step, const struct span *span)
{
	if (span->ended_ns)
		run_tell(j->run, &(struct event){ .kind = EVENT_SPAN, .step = step, .span = span });
}

/* ---- inside another vt's task ---- */

/* What decides here has to decide there: the outer step may hit only while this one would do the same. */
void job_tell_outer(struct job *j)
{
	struct outer_runner *outer = j->run->outer;

	outer_runner_patterns(outer, &j->step->rules->env);
	if (is_hit(j->answer))
		outer_runner_facts(outer, &j->answer->found.asked);
}

/* ---- repeated runs ---- */

/* Notes the step's writing, as far as it is known: that of earlier attempts, and of an ended step's last moments, is not. */
static void note_writing(const struct job *j, const struct outcome *o, struct step_trail *trail)
{
	const struct seen *seen = j->wrote.arena ? &j->wrote : j->seen.arena && j->answer && j->answer->before.trace ? &j->seen : NULL;

	if (o->result == END_NOT_STARTED)
		return;
	trail->wrote = seen;
	trail->blind = !seen || seen->untraced || j->cancelled || j->attempt > 0;
}

/* The exit code of a command that failed or timed out; 0: it succeeded, vt ended it otherwise, or it never ran. */
static int failed_code(const struct job *j, const struct outcome *o)
{
	return o->result == END_DONE && o->failed && !j->cancelled && (!j->trouble || j->timed_out) ? o->exit_code : 0;
}

void job_note(const struct job *j, const struct outcome *o)
{
	const struct exec_watcher *w = j->run->setup->watcher;
	const struct answer *a = j->answer;
	struct step_trail trail = { .cached = a != NULL, .ran = true, .kept = a && j->kept.why == KEPT_STORED };

	if (!w)
		return;
	if (a)
		cache_trail(&a->found, &trail.result);
	if (a && !trail.kept)
		trail.seen = j->seen.arena ? &j->seen : NULL;
	trail.good = o->exit_code == 0 && !o->failed && !o->cancelled;
	trail.exit_code = failed_code(j, o);
	note_writing(j, o, &trail);
	/* its own writing is told apart from an edit by the watcher */
	trail.changed = a && j->kept.why == KEPT_CHANGED && (trail.blind || !j->wrote.arena);
	w->note(w->ctx, j->step, &trail);
}

/* Tells the watcher of a hit, once. Returns whether its result is the one that was seen last; false without a watcher. */
static bool note_hit(const struct job *j, struct answer *a)
{
	const struct exec_watcher *w = j->run->setup->watcher;
	struct step_trail trail = { .cached = true, .kept = true, .good = true, .restored = j->settled };

	if (w && !a->noted) {
		cache_trail(&a->found, &trail.result);
		a->same = w->note(w->ctx, a->step, &trail);
		a->noted = true;
	}
	return a->same;
}

/* Are all its hits the results that were seen last? Then nothing of them is told. */
static bool is_known(struct job *j)
{
	struct answer *a, *end = j->answers + j->look.n;
	bool known = j->run->setup->watcher && !j->place->ran;

	for (a = j->answer; known && a < end; a++)
		if (!a->known || !is_hit(a) || !a->in_place)
			return false;
	for (a = j->answer; known && a < end; a++)
		if (!is_builtin(a->step))
			known = note_hit(j, a) && known;
	return known;
}

/* ---- hits ---- */

static void restore(void *ctx)
{
	struct job *j = ctx;

	j->work = (struct span){ SPAN_RESTORE, run_clock(j->run), 0 };
	look_restore(&j->look);
	j->work.ended_ns = run_clock(j->run);
}

static void job_restored(void *ctx)
{
	struct job *j = ctx;
	struct run *r = j->run;

	r->restoring--;
	r->changes++;
	j->state = JOB_LOOKED;
	job_tell_span(j, j->step, &j->work);
	job_decide(j);
	run_pump(r);
}

static void job_restore(struct job *j)
{
	struct run *r = j->run;

	j->state = JOB_RESTORING;
	j->settled = true;
	r->restoring++;
	r->changes++;
	loop_work(r->setup->loop, restore, job_restored, j);
}

static void tell_hit_finished(struct job *j)
{
	const struct found *found = &j->answer->found;
	struct outcome o = { .result = END_HIT, .saved_ms = found->saved_ms, .missing = found->missing };

	job_tell_finished(j, &o);
}

/* Shows what is left of an output, no faster than it is read. false: job_tell_more goes on. */
static bool show_rest(struct job *j)
{
	struct run *r = j->run;
	struct bytes data;
	int stream;

	while (replay_next(&j->replay, &stream, &data)) {
		job_tell_output(j, stream, data);
		if (run_is_ahead(r)) {
			r->telling = j;
			services_pause(r->services, true);
			return false;
		}
	}
	r->telling = NULL;
	services_pause(r->services, r->paused);
	return true;
}

/* The same of a hit. */
static bool tell_rest(struct job *j)
{
	if (!show_rest(j)) {
		j->state = JOB_TELLING;
		return false;
	}
	j->state = JOB_LOOKED;
	tell_hit_finished(j);
	return true;
}

static bool job_tell_hit(struct job *j)
{
	struct run *r = j->run;
	const struct found *found = &j->answer->found;

	if (j->step->echo) {
		run_tell_echo(r, j->step);
		return true;
	}
	r->started++;
	if (!note_hit(j, j->answer))
		j->place->ran = true;      /* another result than before: for those behind it, as if it had run */
	j->status = START_HIT;
	cache_count(r->setup->cache, found);
	if (r->setup->sharer)
		r->setup->sharer->hit(r->setup->sharer->ctx, j->place, found->origin != NULL);
	job_tell_outer(j);
	job_tell_started(j);
	(void)replay_begin(&j->replay, (struct bytes){ found->output, found->output_size }, found->output_mapped);
	return tell_rest(j);
}

static void job_all_told(struct job *j)
{
	struct run *r = j->run;
	struct place *p = j->place;

	job_drop(j);
	run_done(r, p, false);
}

/* Looked up again later, as if for the first time. */
static void put_back(struct job *j)
{
	struct place *p = j->place;

	hold_return(j);
	job_drop(j);
	schedule_back(p);
}

/* Its step was told; the next one is looked at, if there is one. */
static bool go_on(struct job *j)
{
	if (j->answer + 1 == j->answers + j->look.n)
		return false;
	schedule_go_on(j->place);
	j->answer++;
	j->step = j->answer->step;
	return true;
}

/* Before the first hit is told all of them are put in place: where one cannot be, those before it may have to run. */
static bool must_restore(const struct job *j)
{
	const struct answer *a, *end = j->answers + j->look.n;

	for (a = j->answer; a && a < end && a->known && is_hit(a); a++)
		if (!a->in_place)
			return true;
	return false;
}

/* Did another machine, of those that share the run, leave something that its result lacks, and that may be needed here? */
static bool lacks_something(const struct job *j)
{
	const struct answer *a, *end = j->answers + j->look.n;

	if (!j->run->setup->sharer || j->place->must_run || !schedule_is_followed(j->place))
		return false;
	for (a = j->answer; a && a < end && a->known && is_hit(a); a++)
		if (!is_builtin(a->step) && a->found.origin && !cache_is_whole(&a->found))
			return true;
	return false;
}

/* Its steps, from the present one on. */
static void decide_from_here(struct job *j)
{
	struct run *r = j->run;

	if (r->telling) {
		j->state = JOB_TELLING;
		return;
	}
	do {
		if (r->stopped != STOPPED_NOT) {
			job_drop(j);
			return;
		}
		if (lacks_something(j)) {
			j->place->must_run = true;
			put_back(j);
			return;
		}
		if (must_restore(j)) {
			job_restore(j);
			return;
		}
		if (is_known(j)) {
			while (go_on(j))
				;
			break;
		}
		if (j->answer->known && !is_hit(j->answer) && !schedule_served(&r->schedule, j->place)) {
			hold_return(j);
			job_drop(j);
			return;
		}
		if (!j->answer->known || !schedule_hold(j->place)) {
			put_back(j);
			return;
		}
		if (!is_hit(j->answer) && !run_has_files(r, RUN_FILES_CACHED)) {
			put_back(j);
			return;
		}
		if (!is_hit(j->answer) && !run_may_start(r, j->place, &j->answer->found)) {
			hold_return(j);
			job_drop(j);
			return;
		}
		if (!is_hit(j->answer)) {
			job_start(j);
			return;
		}
		if (j->step->enters) {
			if (!j->answer->entered && !run_enter(r, j->place, j->step)) {
				struct place *p = j->place;

				job_drop(j);
				run_done(r, p, true);
				return;
			}
			continue;
		}
		if (!job_tell_hit(j))
			return;
	} while (go_on(j));
	job_all_told(j);
}

void job_decide(struct job *j)
{
	if (hold_granted(j))
		put_back(j);
	else if (hold_wants(j))
		hold_job(j);
	else
		decide_from_here(j);
}

/* ---- one output after the other ---- */

void job_tell_block(struct job *j)
{
	j->block = j->run->telling || !show_rest(j);
}

bool job_waits(struct job *j, void (*then)(void *ctx))
{
	/* lines of several tasks may mix, blocks may not */
	if (!j->block && (!j->run->telling || j->run->setup->mode != LOG_GROUPED))
		return false;
	j->then = then;
	return true;
}

/* The one that has waited longest for another's output. */
static struct job *next_telling(struct run *r)
{
	struct job *j, *ret = NULL;

	for (j = r->jobs; j; j = j->next)
		if (j->state == JOB_TELLING || j->block || j->then)
			ret = j;
	return ret;
}

/* Takes the turn that the job waits for: shows its block, or goes on. */
static void take_turn(struct job *j)
{
	void (*then)(void *ctx) = j->then;

	if (j->state == JOB_TELLING) {
		j->state = JOB_LOOKED;
		decide_from_here(j);
		return;
	}
	if (j->block) {
		if (!show_rest(j))
			return;
		j->block = false;
		job_block_over(j);
	}
	j->then = NULL;
	if (then)
		then(j);
}

void job_tell_more(struct run *r)
{
	struct job *j = r->telling;

	if (j->block) {
		take_turn(j);
	} else {
		if (!tell_rest(j))
			return;
		if (go_on(j))
			decide_from_here(j);
		else
			job_all_told(j);
	}
	job_next_turns(r);
	run_pump(r);
}

void job_next_turns(struct run *r)
{
	struct job *j;

	while (!r->telling && (j = next_telling(r)) != NULL)
		take_turn(j);
}

void job_cut_blocks(struct run *r)
{
	struct job *j;

	for (j = r->jobs; j; j = j->next) {
		if (!j->block)
			continue;
		j->block = false;
		if (r->telling == j)
			r->telling = NULL;
		if (j->state == JOB_RUNNING)
			job_block_over(j);
	}
}

void job_cut(struct job *j)
{
	if (j->run->telling == j) {
		j->run->telling = NULL;
		tell_hit_finished(j);
	}
	job_drop(j);
}

void job_stop(struct job *j)
{
	if (j->state > JOB_RUNNING)
		return;
	j->cancelled = true;
	if (j->child)
		child_cancel(j->child);
}
