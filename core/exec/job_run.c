#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "exec/capture.h"
#include "exec/child.h"
#include "exec/inside.h"
#include "exec/sharer.h"
#include "exec/watcher.h"
#include "ipc/endpoint.h"
#include "ipc/outer_runner.h"
#include "os/file.h"
#include "os/installation.h"
#include "os/loop.h"
#include "plan/step.h"
#include "plug/setup.h"
#include "report/screen.h"
#include "report/words.h"
#include "text/path.h"
#include "text/shown.h"
#include "vt-plugin.h"
#include "workspace/workspace.h"

enum { TIMED_OUT = 124 };              /* the exit status, as timeout(1) has it */

/* ---- the end of a step ---- */

static void job_over(struct job *j, struct outcome *o)
{
	struct run *r = j->run;
	struct place *p = j->place;

	job_note(j, o);
	r->running--;
	r->files -= j->files;
	r->crowded = false;
	r->changes++;
	if (r->setup->cache)
		cache_something_ran(r->setup->cache, j->kept.known);
	job_tell_finished(j, o);
	if (r->setup->sharer && !o->failed && !o->cancelled)
		r->setup->sharer->ran(r->setup->sharer->ctx, p, j->answer ? &j->kept : NULL, j->answer ? &j->answer->found : NULL);
	job_drop(j);
	run_done(r, p, o->failed);
	run_pump(r);
}

/* The exit status that its command has for others. */
static int exit_code(const struct job *j)
{
	return j->timed_out ? TIMED_OUT : child_end(j->child)->exit_code;
}

static const char *not_kept_text(const struct job *j)
{
	if (j->kept.text || j->not_kept)
		return j->kept.text ? j->kept.text : j->not_kept;
	switch (j->kept.why) {
	case KEPT_STORED:
	case KEPT_CANCELLED:
	case KEPT_EXIT_CODE:
		return NULL;
	default:
		return j->cancelled ? NULL : j->answer->before.not_kept;
	}
}

/* Did vt end it, or the terminal, because the run was stopped? Then that it failed is not its own doing. */
static bool was_ended(const struct job *j)
{
	enum stopped stopped = j->run->stopped;

	return j->cancelled && j->trouble == NULL && (stopped == STOPPED_FAILED || stopped == STOPPED_SIGNAL);
}

static void finish(struct job *j)
{
	const struct child_end *end = child_end(j->child);
	enum kept_why why = j->kept.why;
	int code = exit_code(j);
	struct outcome o = {
		.result = END_DONE,
		.exit_code = code,
		.ms = end->ms,
		.failed = j->trouble || (code != 0 && !was_ended(j)),
		.cancelled = code != 0 && was_ended(j),
		.attempts = j->attempts,
		.attempts_n = j->attempt ? j->attempts_n : 0,
	};

	if (j->answer) {
		o.not_cached = not_kept_text(j);
		o.not_shared = j->kept.not_shared;
		o.read_and_wrote = o.not_cached && why == KEPT_READ_AND_WROTE;
		o.notice = o.not_cached && why != KEPT_OPTED_OUT && !o.failed;
	}
	job_over(j, &o);
}

static void save(void *ctx)
{
	struct job *j = ctx;

	j->work = (struct span){ SPAN_STORE, run_clock(j->run), 0 };
	cache_save(j->run->setup->cache, j->step, &j->answer->found, &j->ran, &j->kept);
	j->work.ended_ns = run_clock(j->run);
}

static void saved(void *ctx)
{
	struct job *j = ctx;

	if (job_waits(j, saved))
		return;
	job_tell_span(j, j->step, &j->work);
	finish(j);
}

/* Hands the child's output and accesses to the cache, which decides. */
static void settle_cached(struct job *j)
{
	const struct child_end *end = child_end(j->child);
	struct bytes output;
	bool mapped;

	if (j->trouble)
		j->cancelled = true;
	j->kept.why = KEPT_OTHER;
	if (j->attempt > 0) {
		if (!j->cancelled && end->exit_code == 0)
			j->not_kept = arena_printf(j->arena, "it succeeded at attempt %u", j->attempt + 1);
		finish(j);
		return;
	}
	if (j->answer->found.state == FOUND_ERROR) {
		j->not_kept = j->answer->found.trouble;
		finish(j);
		return;
	}
	if (j->wrote.setuid) {
		j->not_kept = "it starts a set-uid program, which tracing breaks";
		finish(j);
		return;
	}
	if (capture_bytes(j->capture, &output, &mapped) < 0) {
		if (!j->cancelled && end->exit_code == 0)
			j->not_kept = capture_is_full(j->capture) ? "it printed more than 1 GiB" : "what the task printed could not be kept";
		finish(j);
		return;
	}
	j->ran = (struct ran){
		.exit_code = end->exit_code,
		.cancelled = j->cancelled,
		.pipe_held = end->pipe_held,
		.started_ns = end->started_ns,
		.ended_ns = j->gone_ns ? j->gone_ns : cache_moment(j->run->setup->cache),
		.ms = end->ms,
		.seen = &j->seen,
		.output = output.data,
		.output_size = output.size,
		.output_mapped = mapped && output.size,
	};
	j->state = JOB_SAVING;
	loop_work(j->run->setup->loop, save, saved, j);
}

/* The exit status that a shell has for a program that cannot be executed: 127 when there is none, 126 when there
 * is one. 0: it was not the program. */
int run_refused_code(const struct child_end *end)
{
	if (!end->refused)
		return 0;
	switch (end->error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return 127;
	case ENOMEM:
	case EAGAIN:
		return 0;
	default:
		return 126;
	}
}

static const char *not_found(const struct run *r, const struct step *step, struct arena *a)
{
	const char *root = r->setup->workspace->root;
	bool outside = step->cwd[0] == '/', pnp = access(path_join(a, root, ".pnp.cjs"), F_OK) == 0;

	return arena_printf(a, "Failed to find executable %s under cwd %s%s%s with PATH: %s%s%s%s", step->argv.at[0], outside ? "" : root,
			    outside || strcmp(root, "/") == 0 ? "" : "/", step->cwd, step->path,
			    pnp ? "\nYarn's Plug'n'Play keeps the programs of packages in no folder: write `yarn " : "", pnp ? step->argv.at[0] : "",
			    pnp ? "`, or set `nodeLinker: node-modules` in .yarnrc.yml" : "");
}

const char *run_start_trouble(const struct run *r, const struct step *step, const char *program, const struct child_end *end, struct arena *a)
{
	const char *dir = step->dir;

	if (end->trouble)
		return arena_printf(a, "Failed to spawn process: %s", end->trouble);
	if (access(dir, X_OK) < 0 && (end->error == ENOENT || end->error == ENOTDIR || end->error == EACCES))
		return arena_printf(a, "Failed to spawn process: cannot enter the working directory '%s': %s", dir, strerror(end->error));
	if (!program || (end->error == ENOENT && access(program, F_OK) < 0))
		return not_found(r, step, a);
	if (end->error == ENOENT)
		return arena_printf(a, "Failed to spawn process: the interpreter of '%s' was not found", program);
	return arena_printf(a, "Failed to spawn process: cannot execute '%s': %s", program, strerror(end->error));
}

static void run_again(struct job *j);

static void on_settled(void *ctx)
{
	struct job *j = ctx;
	const struct child_end *end = child_end(j->child);
	struct outcome o = { .result = END_NOT_STARTED, .failed = true };
	int code;

	if (job_waits(j, on_settled))
		return;
	if (end->error || end->trouble) {
		j->trouble = run_start_trouble(j->run, j->step, j->program, end, j->arena);
		code = run_refused_code(end);
		o.exit_code = code ? code : 1;
		if (j->run->stopped != STOPPED_LOST)
			run_failed(j->run, j->place, o.exit_code);
		job_over(j, &o);
		return;
	}
	if (j->again)
		run_again(j);
	else if (j->answer)
		settle_cached(j);
	else
		finish(j);
}

static const char *timeout_text(struct job *j)
{
	struct buf b;
	const char *ret;

	buf_init(&b, 256);
	buf_text(&b, "timed out after ");
	words_duration(j->step->task->timeout_ms, &b);
	ret = arena_str(j->arena, buf_str(&b));
	buf_free(&b);
	return ret;
}

/* Grouped: shows what it printed so far, no faster than it is read. */
static void show_captured(struct job *j)
{
	if (j->block)
		return;
	capture_replay(j->capture, &j->replay);
	job_tell_block(j);
	if (!j->block && j->state == JOB_RUNNING)
		job_block_over(j);
}

static void lose_output(struct job *j)
{
	j->trouble = arena_printf(j->arena, "Failed to write the output: %s", strerror(run_flush(j->run)));
}

void job_block_over(struct job *j)
{
	bool counted = j->trouble || (!j->again && child_end(j->child)->exit_code != 0);

	/* it goes on printing, and that is kept until it ends */
	if (j->state == JOB_RUNNING) {
		capture_restart(j->capture);
		child_pause(j->child, j->run->paused);
		return;
	}
	if (j->trouble || !run_flush(j->run))
		return;
	lose_output(j);
	j->again = false;
	if (!counted)
		run_failed(j->run, j->place, 1);
}

static void note_attempt(struct job *j)
{
	if (!j->step->task->retries)
		return;
	j->attempts = xrealloc(j->attempts, j->attempts_n + 1, sizeof *j->attempts);
	j->attempts[j->attempts_n++] = (struct attempt){ exit_code(j), child_end(j->child)->ms, j->timed_out };
}

/* Its exit code is known, its output is complete. What a failed attempt printed counts as a failure's only if it was the last. */
static void job_ended(void *ctx)
{
	struct job *j = ctx;
	struct run *r = j->run;
	int code = exit_code(j);

	timer_stop(j->timer);
	j->timer = NULL;
	stop_look(r->stop);            /* what ended it may have been meant for vt, too */
	j->state = JOB_SETTLING;
	if (r->stopped != STOPPED_NOT)
		j->cancelled = true;
	note_attempt(j);
	atomic_store(&j->in_vain, code != 0 || j->cancelled || j->trouble);
	j->again = code != 0 && !j->cancelled && !j->trouble && j->attempt < j->step->task->retries;
	if (r->setup->mode == LOG_GROUPED && j->capture) {
		bool failed = !j->again && (j->trouble || (code != 0 && !was_ended(j)));

		run_tell(r, &(struct event){ .kind = EVENT_ENDED, .step = j->step, .failed = failed });
		show_captured(j);
	}
	if (j->printed && run_flush(r) && !j->trouble)
		lose_output(j);
	if (r->signum && code == 128 + SIGKILL)
		r->grace_over = true;      /* it does not matter who sent it */
	j->again = j->again && !j->trouble;
	if (j->timed_out && !j->again && !j->trouble)
		j->trouble = timeout_text(j);
	if (j->again)
		return;
	if (j->trouble)
		run_failed(r, j->place, j->timed_out ? code : 1);
	else if (code != 0 && !was_ended(j))
		run_failed(r, j->place, code);
	else if (r->interrupted_code == 0)
		r->interrupted_code = code;
}

/* ---- output ---- */

/* Grouped output that cannot be kept until the end is shown in parts; the task waits meanwhile. */
static void lose_capture(struct job *j, int stream, struct bytes data)
{
	j->capture_lost = true;
	if (j->run->setup->mode != LOG_GROUPED)
		return;
	capture_add_last(j->capture, stream, data.data, data.size);
	child_pause(j->child, true);
	show_captured(j);
}

static void on_output(void *ctx, int stream, struct bytes data)
{
	struct job *j = ctx;
	struct run *r = j->run;
	bool grouped = r->setup->mode == LOG_GROUPED && j->capture;

	j->printed = true;
	if (j->capture && (grouped || !j->capture_lost) && capture_add(j->capture, stream, data.data, data.size) < 0)
		lose_capture(j, stream, data);
	if (grouped)
		return;
	job_tell_output(j, stream, data);
	if (run_flush(r) && !j->trouble) {
		lose_output(j);
		run_stop(r, STOPPED_FAILED);
		run_kill(r);
	}
	run_check_waiting(r);
}

/* ---- between its last process and its exit ---- */

static bool on_gone(void *ctx)
{
	struct job *j = ctx;

	stop_look(j->run->stop);       /* what ended it may have been meant for vt, too */
	j->gone_ns = cache_gone_moment(j->run->setup->cache);
	return j->run->stopped == STOPPED_NOT;
}

/* [work] */
static void on_traced(void *ctx)
{
	struct job *j = ctx;

	if (j->attempt == 0 && j->answer->found.state != FOUND_ERROR)
		cache_look_early(j->run->setup->cache, j->step, &j->answer->found, &j->seen, &j->in_vain);
}

/* ---- the start ---- */

/* The run's private folder is made for the first step that needs it. NULL: it cannot be made. */
static struct endpoint *endpoint_of(struct run *r, struct err *err)
{
	if (!r->endpoint && !r->no_channel && endpoint_new(r->setup->env, r->setup->installation->addon, &r->endpoint, err) < 0)
		r->endpoint = NULL;
	return r->endpoint;
}

static struct endpoint *channel_of(struct job *j)
{
	struct run *r = j->run;
	struct err err = { 0 };

	if (endpoint_of(r, &err))
		return r->endpoint;
	if (!r->no_channel) {
		_clean_(free_p) char *cause = err_join(&err);
		struct buf text;

		buf_init(&text, 4096);
		buf_printf(&text, "Failed to set up task communication: %s", cause);
		r->setup->warn(r->setup->ctx, buf_str(&text));
		buf_free(&text);
		err_clear(&err);
	}
	r->no_channel = true;
	j->seen.broken = "it could not be set up";
	return NULL;
}

static enum start_status status_of(const struct job *j)
{
	if (!j->answer)
		return START_DISABLED;
	return j->answer->found.state == FOUND_MISS || j->answer->restore_why ? START_MISS : START_FIRST;
}

static void prepare_cached(struct job *j, struct child_setup *child)
{
	struct run *r = j->run;
	const struct cache_rules *rules = j->step->rules;

	seen_init(&j->seen, r->setup->workspace->root, r->setup->cache_dir, &rules->input, &rules->output);
	child->seen = child->traced = &j->seen;
	child->endpoint = channel_of(j);
	child->outer = r->outer;
	job_tell_outer(j);
	if (!j->answer->before.trace)
		return;
	child->tracer = plug_tracer(r->setup->plug);
	child->on_gone = on_gone;
	child->on_traced = on_traced;
	if (!child->tracer)
		j->seen.untraced = "there is no tracer";
}

/* Describes the step to a tracer that follows only its writing. NULL: it runs outside of the workspace. */
static const vt_step *describe_writer(const struct job *j)
{
	const char *root = j->run->setup->workspace->root, *cwd = path_below(root, j->step->dir);
	vt_step *ret = arena_alloc(j->arena, sizeof *ret);

	*ret = (vt_step){
		.struct_size = sizeof *ret,
		.task = { j->step->task->label, strlen(j->step->task->label) },
		.root = { root, strlen(root) },
		.cwd = { cwd, cwd ? strlen(cwd) : 0 },
	};
	return cwd ? ret : NULL;
}

/* Tells the watcher of the step, and has a tracer follow the writing of a step that is not traced otherwise: repeated runs must know it. */
static void prepare_writer(struct job *j, struct child_setup *child)
{
	struct run *r = j->run;
	const struct exec_watcher *w = r->setup->watcher;
	struct err err = { 0 };

	if (w)
		w->begins(w->ctx, j->step, r->setup->workspace);
	if (!w || child->tracer || !w->may_trace(w->ctx, j->step))
		return;
	child->described = describe_writer(j);
	child->tracer = child->described ? plug_tracer(r->setup->plug) : NULL;
	if (!child->tracer)
		return;
	seen_init(&j->wrote, r->setup->workspace->root, r->setup->cache_dir, NULL, NULL);
	child->traced = &j->wrote;
	if (!child->endpoint)
		child->endpoint = endpoint_of(r, &err);
	err_clear(&err);
}

/* The program that the step starts now. What ran before may have made it, or another that comes before it. */
const char *run_program(const struct run *r, const struct step *step, struct arena *a)
{
	const char *name = step->argv.at[0], *found;

	if (step->shell || (step->program && (strchr(name, '/') || r->changes == 0)))
		return step->program;
	found = file_find_program(name, step->dir, step->path, NULL, a);
	if (!found && strchr(name, '/')) {
		found = path_join(a, step->dir, name);
		return access(found, F_OK) == 0 ? found : NULL;        /* the kernel says why not */
	}
	return found;
}

/* Its time is over: all its processes are to end, and are killed if they do not. */
static void on_timeout(void *ctx)
{
	struct job *j = ctx;

	j->timer = NULL;
	j->timed_out = true;
	child_signal(j->child, SIGTERM);
}

/* The folder for long outputs. */
static int spool_of(void *ctx)
{
	struct run *r = ctx;
	int fd = r->setup->cache ? cache_tmp(r->setup->cache) : -1;

	if (fd >= 0)
		return fd;
	if (r->spool < 0)
		r->spool = open(r->setup->spool_dir ? r->setup->spool_dir : "/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->spool;
}

/* Starts the process of its step. */
static void launch(struct job *j)
{
	struct run *r = j->run;
	struct child_setup child = {
		.loop = r->setup->loop,
		.workspace = r->setup->workspace,
		.step = j->step,
		.piped = !run_inherits(r, j->answer != NULL),
		.on_output = on_output,
		.on_ended = job_ended,
		.on_settled = on_settled,
		.ctx = j,
	};

	child.arena = j->arena;
	child.program = j->program = run_program(r, j->step, j->arena);
	if (!child.piped)
		run_flush(r);      /* the child writes to the same terminal from here on */
	child.processes = run_processes(r);
	if (j->answer)
		prepare_cached(j, &child);
	prepare_writer(j, &child);
	if (child.piped && (j->answer || r->setup->mode == LOG_GROUPED))
		j->capture = capture_new(spool_of, r, CACHE_TERMINAL_MAX);
	j->child = child_start(&child);
	if (j->answer && j->seen.broken)
		outer_runner_opt_out(r->outer);       /* its tools cannot be heard, so the outer step must not be stored */
	if (r->paused)
		child_pause(j->child, true);
	if (j->step->task->timeout_ms)
		j->timer = timer_start(r->setup->loop, j->step->task->timeout_ms, on_timeout, j);
}

void job_start(struct job *j)
{
	struct run *r = j->run;

	j->state = JOB_RUNNING;
	j->place->ran = true;
	j->arena = arena_new();
	j->status = status_of(j);
	if (j->answer) {
		r->queue.extra = 0;
		cache_count(r->setup->cache, &j->answer->found);
		cache_starts(r->setup->cache, j->step, &j->answer->found);
	}
	r->changes++;
	r->started++;
	r->running++;
	j->files = j->answer ? RUN_FILES_CACHED : RUN_FILES_UNCACHED;
	r->files += j->files;
	job_tell_started(j);
	launch(j);
}

/* What is left of a run of its step that failed. */
static void forget_run(struct job *j)
{
	child_free(j->child);
	j->child = NULL;
	capture_free(j->capture);
	j->capture = NULL;
	seen_free(&j->seen);
	seen_free(&j->wrote);
	arena_free(j->arena);
	j->arena = arena_new();
	j->timed_out = j->capture_lost = j->again = false;
	atomic_store(&j->in_vain, false);
	j->gone_ns = 0;
}

static void run_again(struct job *j)
{
	struct run *r = j->run;
	struct buf text;

	if (r->stopped != STOPPED_NOT) {
		/* it had failed before the run was stopped */
		run_failed(r, j->place, exit_code(j));
		finish(j);
		return;
	}
	buf_init(&text, 4096);
	shown_printf(&text, "%s: attempt %u of %u failed (exit code: %d%s%s), it is run again", j->step->task->label, j->attempt + 1,
		   j->step->task->retries + 1, exit_code(j), j->timed_out ? ", " : "", j->timed_out ? timeout_text(j) : "");
	r->setup->warn(r->setup->ctx, buf_str(&text));
	buf_free(&text);
	if (r->setup->cache)
		cache_something_ran(r->setup->cache, false);
	forget_run(j);
	r->changes++;
	j->attempt++;
	j->state = JOB_RUNNING;
	launch(j);
}
