#include "config.h"

#include "cmd/run.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "choose/trust.h"
#include "cmd/backend.h"
#include "cmd/places.h"
#include "exec/run.h"
#include "exec/services.h"
#include "os/crash.h"
#include "os/file.h"
#include "os/installation.h"
#include "os/loop.h"
#include "plan/plan.h"
#include "plug/setup.h"
#include "process/process.h"
#include "query/options.h"
#include "record/directory.h"
#include "report/account.h"
#include "report/ci.h"
#include "report/events.h"
#include "report/last.h"
#include "report/live.h"
#include "report/profile.h"
#include "report/progress.h"
#include "report/screen.h"
#include "report/sink.h"
#include "report/summary.h"
#include "report/tail.h"
#include "report/warnings.h"
#include "text/path.h"
#include "text/strip.h"
#include "together/together.h"
#include "watch/watch.h"
#include "workspace/workspace.h"

/* The reports of a run besides the shown text; each is NULL if it is not asked for. */
struct reports {
	struct account_start start;
	struct sink *summary_file, *profile_file, *events_file, *ci_page;
	struct profile *profile;
	struct events *events;
};

enum { LISTENERS_MAX = 7 };

/* All that a run needs; opened in this order, closed in reverse. */
struct execution {
	struct backend *backend;       /* its cache is NULL if no step wants one or it cannot be used */
	struct loop *loop;
	struct reports reports;
	struct screen *screen;
	enum log_mode mode;
	enum ci ci;
	struct live *live;
	struct progress *progress;     /* NULL: not on a terminal */
	struct summary *summary;
	struct tail *tail;             /* the last lines of the steps that failed */
	struct together *together;     /* parts the work with other machines; NULL: all runs here */
	pid_t supervisor;              /* a supervisor that is ending; 0: none was started */
	pthread_t saver;               /* writes the summary while the rest is closed */
	bool saving;                   /* saver runs and is not joined */
};

enum { SAVED_APART = 256 };            /* steps of a summary that is saved on a thread of its own */

static bool wants_cache(const struct plan *plan)
{
	uint32_t i, j;

	for (i = 0; i < plan->n; i++) {
		for (j = 0; j < plan->nodes[i].items_n; j++) {
			const struct item *item = &plan->nodes[i].items[j];

			if (item->kind == ITEM_PLAN ? wants_cache(item->plan) : item->step->rules != NULL)
				return true;
		}
	}
	return false;
}

static int open_cache(struct backend *b, const struct plan *plan, struct err *err)
{
	if (backend_cache(b, err) < 0)
		return -1;
	if (b->cache)
		cache_plan(b->cache, plan);
	return 0;
}

/* Labels lines if the output is a file: otherwise a reader cannot tell from which task a line came. */
static enum log_mode log_mode(const struct session *s, const struct plan *plan, const struct query_options *o)
{
	if (!o->log_given && !s->stdout_tty && plan_is_parallel(plan))
		return LOG_LABELED;
	return (enum log_mode)o->log;
}

/* -1: err: another user may have changed the supervisor's program. */
static int check_supervisor(const struct installation *i, struct err *err)
{
	char *reason = NULL;
	int r = i->prefix ? trust_part(i->supervisor, i->executable, i->prefix, &reason) : 0;

	if (r)
		err_set(err, ERR_SYSTEM, "'%s' is not started: %s; install vt again, or give it the owner and the modes of '%s'",
			i->supervisor, reason ? reason : "out of memory", i->executable);
	free(reason);
	return r ? -1 : 0;
}

/* Does the path lie in the workspace, and yet lead out of it, or nowhere? A repository may hold links to files of the user's. */
static bool leads_astray(const struct session *s, const char *root, const char *path)
{
	const char *whole = path_clean(s->arena, path_join(s->arena, s->cwd, path)), *real;
	struct stat st;

	if (!path_below(root, whole))
		return false;
	real = file_real(path_dir(s->arena, whole), s->arena);
	if (real && path_below(root, real) && (lstat(whole, &st) < 0 || !S_ISLNK(st.st_mode)))
		return false;
	if (real && path_below(root, real))
		real = file_real(whole, s->arena);
	return !real ? lstat(whole, &st) == 0 : !path_below(root, real);
}

/* Opens FILE, if it is given. */
static int open_sink(const struct execution *x, const char *path, bool append, struct sink **ret, struct err *err)
{
	const struct session *s = x->backend->session;

	if (path && leads_astray(s, x->backend->workspace->root, path))
		return err_set(err, ERR_USER, "Cannot write the file '%s': a symbolic link in the workspace leads out of it, or nowhere; name the file itself", path);
	return path ? sink_open(s->cwd, path, append, ret, err) : 0;
}

/* The page of a GitHub job is a file that its steps add to. */
static int open_ci_page(struct execution *x, const struct query_options *o, struct err *err)
{
	const struct session *s = x->backend->session;
	const char *path = o->ci_summary ? env_get(s->env, "GITHUB_STEP_SUMMARY") : NULL;

	if (o->ci_summary && (!path || !*path)) {
		warnings_add(s->warnings, "--ci-summary has nowhere to write to: GITHUB_STEP_SUMMARY is not set");
		return 0;
	}
	return open_sink(x, path, true, &x->reports.ci_page, err);
}

/* 0, or -1 where two are the same file: the one would be written over the other. NULL is fine. */
static int check_apart(const struct sink *a, const struct sink *b, struct err *err)
{
	if (!a || !b || !sink_is_file(a) || strcmp(sink_path(a), sink_path(b)) != 0)
		return 0;
	err_set(err, ERR_USER, "Two reports cannot be written to one file: '%s'", sink_path(a));
	return -1;
}

static int reports_open(struct execution *x, const struct plan *plan, const struct query_options *o, struct err *err)
{
	struct reports *r = &x->reports;
	const struct session *s = x->backend->session;
	struct events_setup events = { .start = &r->start, .summary = x->summary, .total = plan->steps, .temporary = env_get(places_env(s), "TMPDIR") };

	r->start = (struct account_start){ os_real_ns(), os_now_ns(), x->backend->workspace->root };
	if (open_sink(x, o->summary_file, false, &r->summary_file, err) < 0 || open_sink(x, o->profile, false, &r->profile_file, err) < 0 ||
	    open_sink(x, o->events, false, &r->events_file, err) < 0 || open_ci_page(x, o, err) < 0)
		return -1;
	if (check_apart(r->summary_file, r->profile_file, err) < 0 || check_apart(r->summary_file, r->events_file, err) < 0 ||
	    check_apart(r->profile_file, r->events_file, err) < 0)
		return -1;
	if (r->profile_file)
		r->profile = profile_new(plan, r->start.zero_ns);
	events.sink = r->events_file;
	return r->events_file ? events_new(&events, &r->events, err) : 0;
}

/* Writes what is written at the end. */
static void reports_write(struct execution *x)
{
	struct reports *r = &x->reports;
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	if (r->summary_file) {
		account_run(x->summary, &r->start, os_now_ns(), &b);
		sink_write(r->summary_file, b.data, b.size);
	}
	buf_clear(&b);
	if (r->profile_file) {
		profile_write(r->profile, &b);
		sink_write(r->profile_file, b.data, b.size);
	}
	buf_clear(&b);
	if (r->ci_page && x->summary->n > 0) {
		ci_table(x->summary, &b);
		sink_write(r->ci_page, b.data, b.size);
	}
	buf_free(&b);
}

/* Closes all. Returns the exit code: 1 instead of 0 where something of them was lost. */
static int reports_close(struct execution *x, int code)
{
	struct reports *r = &x->reports;
	struct sink *sinks[] = { r->summary_file, r->profile_file, r->events_file, r->ci_page };
	size_t i;

	for (i = 0; i <= COUNT(sinks); i++) {
		struct err err = { 0 };

		if ((i ? sink_close(sinks[i - 1], &err) : events_free(r->events, &err)) < 0 && cmd_fail(x->backend->session, &err) && code == 0)
			code = 1;
	}
	profile_free(r->profile);
	return code;
}

/* Is there a terminal, for a person? The log of a CI job may be one, and keeps each drawing. */
static bool wants_progress(const struct session *s, const struct query_options *o)
{
	const char *ci = env_get(s->env, "CI"), *term = env_get(s->env, "TERM");

	return (s->stdout_tty || s->stderr_tty) && !o->quiet && (!ci || !*ci || strcmp(ci, "false") == 0) && term && strcmp(term, "dumb") != 0;
}

static void new_screen(struct execution *x, const struct plan *plan, const struct query_options *o)
{
	const struct session *s = x->backend->session;

	x->screen = screen_open(x->loop, screen_has_colours(s->env, s->stdout_tty), screen_has_colours(s->env, s->stderr_tty));
	x->mode = log_mode(s, plan, o);
	x->live = live_new(&(struct live_setup){ x->mode, (enum shown)o->shown, x->ci, x->screen });
	if (wants_progress(s, o))
		screen_foot_on(x->screen, s->stdout_tty, s->stderr_tty);
}

static void screen_up(struct execution *x, const struct plan *plan, const struct query_options *o)
{
	const struct session *s = x->backend->session;
	struct repeated *again = x->backend->repeated;

	x->ci = ci_of(s->env);
	if (again && again->screen) {
		x->screen = again->screen;
		x->mode = again->mode;
		x->live = again->live;
	} else {
		new_screen(x, plan, o);
	}
	if (again && !again->screen) {
		again->screen = x->screen;
		again->mode = x->mode;
		again->live = x->live;
		again->listener = live_listener(x->live);
		again->services = services_new(x->loop, x->backend->installation.supervisor);
	}
	warnings_attach(s->warnings, x->loop, live_listener(x->live));
	if (wants_progress(s, o))
		x->progress = progress_new(x->loop, x->screen, plan->steps);
}

/* Joins the other runners of the run. */
static int join_others(struct execution *x, const struct plan *plan, const struct query_options *o, struct err *err)
{
	const struct backend *b = x->backend;
	const struct together_setup setup = {
		.loop = x->loop, .env = b->session->env, .workspace = b->workspace, .plan = plan, .cache = b->cache, .keys = &b->keys,
		.id = o->together, .index = o->together_index, .stop = plug_stopping(b->plug),
		.warn = warnings_add, .note = warnings_note, .ctx = b->session->warnings,
	};

	return together_new(&setup, &x->together, err);
}

static int execution_open(struct execution *x, const struct plan *plan, const struct query_options *o, struct err *err)
{
	crash_done(-1);
	x->summary = summary_new(o->verbose > 1);
	x->summary->tail = x->tail = tail_new(o->shown == OPTION_SHOWN_ERRORS);
	x->summary->names_only = o->shown == OPTION_SHOWN_NONE;
	if (x->backend->repeated)
		x->loop = x->backend->repeated->loop;
	if ((!x->loop && loop_new(&x->loop, err) < 0) || backend_plugins(x->backend, err) < 0 ||
	    check_supervisor(&x->backend->installation, err) < 0 ||
	    ((wants_cache(plan) || o->together) && open_cache(x->backend, plan, err) < 0) ||
	    (o->together && join_others(x, plan, o, err) < 0) || reports_open(x, plan, o, err) < 0)
		return -1;
	screen_up(x, plan, o);
	return 0;
}

/* ---- the end ---- */

/* What the handler below sets: the flag that calls of plugins look at. */
static volatile int *volatile ending;

/* The tasks are done: what far stores are still sent is not worth their exit status. A second signal ends vt. */
static void on_signal_at_end(int signum)
{
	const int e = errno;

	if (ending && !__atomic_load_n(ending, __ATOMIC_RELAXED))
		__atomic_store_n(ending, signum, __ATOMIC_RELAXED);
	else
		signal(signum, SIG_DFL), raise(signum);
	errno = e;
}

/* Waits for the publisher, and within bounds for far stores: after the last line has been shown. */
static void close_cache(struct execution *x)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal_at_end }, before[COUNT(signals)];
	size_t i;

	ending = x->backend->plug ? plug_stopping(x->backend->plug) : NULL;
	for (i = 0; i < COUNT(signals); i++) {
		sigaction(signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	if (x->together)
		together_settle(x->together);
	if (x->backend->cache)
		cache_close(x->backend->cache);
	x->backend->cache = NULL;
	for (i = 0; i < COUNT(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	/* a run that is repeated ends with the signal that came here */
	if (x->backend->repeated && ending && *ending && !x->backend->repeated->signum)
		x->backend->repeated->signum = abs(*ending);
	ending = NULL;                 /* the flag goes with the plugins */
	backend_close_cache(x->backend);
}

/* Closes all and returns the exit code. Lost output is an error, unless its reader closed the pipe. */
static int execution_close(struct execution *x, int code)
{
	const struct session *s = x->backend->session;
	int lost;

	warnings_detach(s->warnings);
	progress_free(x->progress);
	if (x->backend->repeated) {
		lost = x->screen ? screen_flush(x->screen) : 0;
	} else {
		live_free(x->live);
		lost = x->screen ? screen_close(x->screen) : 0;
	}
	crash_done(x->backend->code);
	close_cache(x);
	process_reap(x->supervisor);
	warnings_flush(s->warnings);
	if (x->loop && !x->backend->repeated)
		loop_free(x->loop);
	together_free(x->together);
	if (x->saving)
		pthread_join(x->saver, NULL);
	code = reports_close(x, code);
	summary_free(x->summary);
	tail_free(x->tail);
	if (lost && lost != EPIPE && code) {
		struct err err = { 0 };

		err_errno(&err, lost, "Cannot write to standard output");
		return cmd_fail(s, &err);
	}
	return code;
}

static void show_summary(struct execution *x, const struct query_options *o)
{
	struct buf b;

	if (x->backend->repeated)
		x->backend->repeated->shown |= x->summary->n > 0;
	if ((x->summary->n == 0 && !x->summary->is_shared) || (o->quiet && x->summary->exit_code == 0))
		return;
	buf_init(&b, SIZE_MAX / 2);
	if (o->verbose)
		summary_full(x->summary, o->verbose > 1, &b);
	else
		summary_compact(x->summary, &b);
	screen_write(x->screen, 1, b.data, b.size);
	buf_clear(&b);
	ci_annotate(x->ci, x->summary, &b);
	screen_mark(x->screen, 1, b.data, b.size);
	screen_flush(x->screen);
	buf_free(&b);
}

static void *save_summary(void *ctx)
{
	const struct execution *x = ctx;
	struct directory d;
	int fd;

	directory_init(&d, x->backend->cache_dir, x->backend->workspace->root, false);
	fd = directory_open_top(&d, NULL);
	if (fd >= 0) {
		last_save(x->summary, fd);
		close(fd);
	}
	directory_free(&d);
	return NULL;
}

/* Says what a repeated run is for, above the first line of it. */
static void tell_reason(void *self, const struct event *e)
{
	const struct execution *x = self;
	struct repeated *again = x->backend->repeated;
	struct buf b;

	if (e->kind != EVENT_STARTED || !again->reason)
		return;
	buf_init(&b, 1 << 16);
	screen_stylef(&b, "90", "vt run: %s", again->reason);
	buf_byte(&b, '\n');
	screen_write(x->screen, 1, b.data, b.size);
	buf_free(&b);
	again->reason = NULL;
}

static uint32_t list_listeners(struct execution *x, struct listener ret[LISTENERS_MAX])
{
	uint32_t n = 0;

	if (x->backend->repeated)
		ret[n++] = (struct listener){ tell_reason, x };
	ret[n++] = live_listener(x->live);
	ret[n++] = summary_listener(x->summary);
	ret[n++] = tail_listener(x->tail);
	if (x->progress)
		ret[n++] = progress_listener(x->progress);
	if (x->reports.events)
		ret[n++] = events_listener(x->reports.events);
	if (x->reports.profile)
		ret[n++] = profile_listener(x->reports.profile);
	return n;
}

static void note_shared(struct execution *x)
{
	struct together_counts c;

	if (!x->together)
		return;
	c = together_count(x->together);
	x->summary->is_shared = true;
	x->summary->shared = (struct summary_shared){ c.tasks, c.here, c.elsewhere };
}

static int execute(struct execution *x, const struct plan *plan, const struct query_options *o)
{
	const struct session *s = x->backend->session;
	struct listener listeners[LISTENERS_MAX];
	struct exec_setup setup = {
		.loop = x->loop,
		.workspace = x->backend->workspace,
		.plan = plan,
		.cache = x->backend->cache,
		.cache_dir = x->backend->cache_dir,
		.plug = x->backend->plug,
		.env = places_env(s),
		.installation = &x->backend->installation,
		.mode = o->shown == OPTION_SHOWN_ERRORS ? LOG_GROUPED : x->mode,
		.piped = x->reports.events || o->shown == OPTION_SHOWN_NONE,
		.timed = x->reports.events || x->reports.profile || x->reports.summary_file,
		.listeners = listeners,
		.listeners_n = list_listeners(x, listeners),
		.screen = x->screen,
		.sharer = x->together ? together_sharer(x->together) : NULL,
		.spool_dir = env_get(places_env(s), "TMPDIR"),
		.warn = warnings_add,
		.ctx = s->warnings,
		.ret_ending = &x->supervisor,
	};
	struct repeated *again = x->backend->repeated;
	struct err err = { 0 };
	int code;

	if (again) {
		setup.services = again->services;
		setup.watcher = watch_watcher(again->watch);
		setup.ret_signum = &again->signum;
	}
	if (!setup.cache)
		cache_not_watched(setup.cache_dir, setup.workspace->root);
	code = exec_run(&setup, &err);
	note_shared(x);
	if (again)
		services_listen(again->services, &again->listener, 1);

	x->backend->code = code;
	show_summary(x, o);
	reports_write(x);
	if (err.n > 0)
		cmd_fail(s, &err);
	x->saving = x->summary->n >= SAVED_APART && pthread_create(&x->saver, NULL, save_summary, x) == 0;
	if (!x->saving)
		save_summary(x);
	return code;
}

int run_plan(struct backend *b, const struct plan *plan, const struct query_options *options)
{
	struct execution x = { .backend = b };
	const struct session *s = b->session;
	struct err err = { 0 };
	int code;

	if (execution_open(&x, plan, options, &err) < 0)
		code = cmd_fail(s, &err);
	else
		code = execute(&x, plan, options);
	return execution_close(&x, code);
}

static void print_last(const struct session *s, const struct summary *last)
{
	struct buf b, plain;

	buf_init(&b, SIZE_MAX / 2);
	buf_init(&plain, SIZE_MAX / 2);
	summary_full(last, true, &b);
	if (screen_has_colours(s->env, s->stdout_tty)) {
		fwrite(b.data, 1, b.size, stdout);
	} else {
		struct strip strip = { 0 };

		strip_add(&strip, b.data, b.size, &plain);
		fwrite(plain.data, 1, plain.size, stdout);
	}
	buf_free(&plain);
	buf_free(&b);
}

int run_last_details(const struct session *s, const char *root)
{
	struct summary *last = NULL;
	struct err err = { 0 };
	struct directory d;
	enum last_state state;
	const char *dir;
	int code, fd;

	if (directory_place(s->env, root, s->arena, &dir, &err) < 0)
		return cmd_fail(s, &err);
	directory_init(&d, dir, root, true);
	fd = directory_open_top(&d, NULL);
	state = fd < 0 ? LAST_NONE : last_read(fd, &last);
	if (fd >= 0)
		close(fd);
	directory_free(&d);
	switch (state) {
	case LAST_NONE:
		fputs("No previous run summary found. Run a task first to generate a summary.\n", stderr);
		return 1;
	case LAST_OTHER:
		fputs("Summary data was saved by a different version of vt and cannot be read. Run a task to generate a new summary.\n", stderr);
		return 1;
	case LAST_READ:
		break;
	}
	print_last(s, last);
	code = last->exit_code;
	summary_free(last);
	return code;
}
