#include "config.h"

#include "cmd/run.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "choose/trust.h"
#include "cmd/backend.h"
#include "exec/run.h"
#include "os/installation.h"
#include "os/loop.h"
#include "plan/plan.h"
#include "query/options.h"
#include "record/directory.h"
#include "report/last.h"
#include "report/live.h"
#include "report/screen.h"
#include "report/strip.h"
#include "report/summary.h"
#include "report/tail.h"
#include "report/warnings.h"
#include "workspace/workspace.h"

/* All that a run needs; opened in this order, closed in reverse. */
struct execution {
	struct backend *backend;       /* its cache is NULL if no step wants one or it cannot be used */
	struct loop *loop;
	struct screen *screen;
	enum log_mode mode;
	struct live *live;
	struct summary *summary;
	struct tail *tail;             /* the last lines of the step that failed first */
	pthread_t saver;               /* writes the summary while the rest is closed */
	bool saving;                   /* saver runs and is not joined */
};

enum { SAVED_APART = 256 };            /* a summary of so many steps is saved on a thread */

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

/* In a file nobody saw which line came from which task. */
static enum log_mode log_mode(const struct session *s, const struct plan *plan, const struct query_options *o)
{
	if (!o->log_given && !s->stdout_tty && plan_is_parallel(plan))
		return LOG_LABELED;
	return (enum log_mode)o->log;
}

/* -1: the supervisor may be somebody else's program. */
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

static int execution_open(struct execution *x, const struct plan *plan, const struct query_options *o, struct err *err)
{
	const struct session *s = x->backend->session;

	if (loop_new(&x->loop, err) < 0 || backend_plugins(x->backend, err) < 0 ||
	    check_supervisor(&x->backend->installation, err) < 0 ||
	    (wants_cache(plan) && backend_cache(x->backend, err) < 0))
		return -1;
	x->screen = screen_open(x->loop, screen_has_colours(s->env, s->stdout_tty), screen_has_colours(s->env, s->stderr_tty));
	x->mode = log_mode(s, plan, o);
	x->live = live_new(x->mode, x->screen);
	warnings_attach(s->warnings, x->loop, live_listener(x->live));
	x->summary = summary_new(o->verbose > 1);
	x->summary->tail = x->tail = tail_new();
	return 0;
}

/* Closes all and returns the exit code. Lost output is an error, unless its reader closed the pipe. */
static int execution_close(struct execution *x, int code)
{
	const struct session *s = x->backend->session;
	int lost;

	warnings_detach(s->warnings);
	live_free(x->live);
	lost = x->screen ? screen_close(x->screen) : 0;
	/* waits for the publisher: after the last line has been shown */
	backend_close_cache(x->backend);
	warnings_flush(s->warnings);
	if (x->loop)
		loop_free(x->loop);
	if (x->saving)
		pthread_join(x->saver, NULL);
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

	if (x->summary->n == 0)
		return;
	buf_init(&b, SIZE_MAX / 2);
	if (o->verbose)
		summary_full(x->summary, o->verbose > 1, &b);
	else
		summary_compact(x->summary, &b);
	screen_write(x->screen, 1, b.data, b.size);
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

static int execute(struct execution *x, const struct plan *plan, const struct query_options *o)
{
	const struct session *s = x->backend->session;
	struct listener listeners[] = { live_listener(x->live), summary_listener(x->summary), tail_listener(x->tail) };
	struct exec_setup setup = {
		.loop = x->loop,
		.workspace = x->backend->workspace,
		.plan = plan,
		.cache = x->backend->cache,
		.cache_dir = x->backend->cache_dir,
		.plug = x->backend->plug,
		.env = s->env,
		.installation = &x->backend->installation,
		.mode = x->mode,
		.listeners = listeners,
		.listeners_n = COUNT(listeners),
		.screen = x->screen,
		.spool_dir = x->backend->cache ? x->backend->cache_dir : env_get(s->env, "TMPDIR"),
		.warn = warnings_add,
		.ctx = s->warnings,
	};
	struct err err = { 0 };
	int code;

	if (!setup.cache)
		cache_not_watched(setup.cache_dir, setup.workspace->root);
	code = exec_run(&setup, &err);

	x->backend->code = code;
	show_summary(x, o);
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
