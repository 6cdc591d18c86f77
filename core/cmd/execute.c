#include "config.h"

#include "cmd/run.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "cmd/backend.h"
#include "exec/run.h"
#include "os/loop.h"
#include "plan/step.h"
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

/* Everything a run stands on; opened in this order, closed backwards. */
struct ground {
	struct backend *backend;       /* its cache NULL: no step of the plan asks for it, or it cannot be used */
	struct loop *loop;
	struct screen *screen;
	struct live *live;
	struct summary *summary;
	struct tail *tail;             /* what the first that failed printed last */
	pthread_t saver;               /* writes the summary while the rest is closed */
	bool saving;                   /* it was not waited for */
};

enum { SAVED_APART = 256 };            /* steps whose summary is worth a thread */

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

static int open_ground(struct ground *g, const struct plan *plan, const struct query_options *o, struct err *err)
{
	const struct session *s = g->backend->session;

	if (loop_new(&g->loop, err) < 0 || backend_plugins(g->backend, err) < 0 ||
	    (wants_cache(plan) && backend_cache(g->backend, err) < 0))
		return -1;
	g->screen = screen_open(g->loop, screen_has_colours(s->env, s->stdout_tty), screen_has_colours(s->env, s->stderr_tty));
	g->live = live_new((enum log_mode)o->log, g->screen);
	warnings_attach(s->warnings, g->loop, live_listener(g->live));
	g->summary = summary_new(o->verbose > 1);
	g->summary->tail = g->tail = tail_new();
	return 0;
}

/* That output was lost is why the run was stopped, unless its reader has gone: then it was meant. */
static int close_ground(struct ground *g, int code)
{
	const struct session *s = g->backend->session;
	int lost;

	warnings_detach(s->warnings);
	live_free(g->live);
	lost = g->screen ? screen_close(g->screen) : 0;
	/* What is still being published is waited for after the last line has been shown. */
	backend_close_cache(g->backend);
	warnings_flush(s->warnings);
	if (g->loop)
		loop_free(g->loop);
	if (g->saving)
		pthread_join(g->saver, NULL);
	summary_free(g->summary);
	tail_free(g->tail);
	if (lost && lost != EPIPE && code) {
		struct err err = { 0 };

		err_errno(&err, lost, "Cannot write to standard output");
		return cmd_fail(s, &err);
	}
	return code;
}

static void show_summary(struct ground *g, const struct query_options *o)
{
	struct buf b;

	if (g->summary->n == 0)
		return;
	buf_init(&b, SIZE_MAX / 2);
	if (o->verbose)
		summary_full(g->summary, o->verbose > 1, &b);
	else
		summary_compact(g->summary, &b);
	screen_write(g->screen, 1, b.data, b.size);
	screen_flush(g->screen);
	buf_free(&b);
}

static void *save_summary(void *ctx)
{
	const struct ground *g = ctx;

	if (directory_make(g->backend->cache_dir, NULL) == 0)
		last_save(g->summary, g->backend->cache_dir);
	return NULL;
}

static int execute(struct ground *g, const struct plan *plan, const struct query_options *o)
{
	const struct session *s = g->backend->session;
	struct listener listeners[] = { live_listener(g->live), summary_listener(g->summary), tail_listener(g->tail) };
	struct exec_setup setup = {
		.loop = g->loop,
		.workspace = g->backend->workspace,
		.plan = plan,
		.cache = g->backend->cache,
		.cache_dir = g->backend->cache_dir,
		.plug = g->backend->plug,
		.env = s->env,
		.places = &g->backend->places,
		.mode = (enum log_mode)o->log,
		.listeners = listeners,
		.listeners_n = COUNT(listeners),
		.screen = g->screen,
		.spool_dir = g->backend->cache ? g->backend->cache_dir : env_get(s->env, "TMPDIR"),
		.warn = warnings_add,
		.ctx = s->warnings,
	};
	struct err err = { 0 };
	int code = exec_run(&setup, &err);

	g->backend->code = code;
	show_summary(g, o);
	if (err.n > 0)
		cmd_fail(s, &err);
	g->saving = g->summary->n >= SAVED_APART && pthread_create(&g->saver, NULL, save_summary, g) == 0;
	if (!g->saving)
		save_summary(g);
	return code;
}

int run_plan(struct backend *b, const struct plan *plan, const struct query_options *options)
{
	struct ground g = { .backend = b };
	const struct session *s = b->session;
	struct err err = { 0 };
	int code;

	if (open_ground(&g, plan, options, &err) < 0)
		code = cmd_fail(s, &err);
	else
		code = execute(&g, plan, options);
	return close_ground(&g, code);
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
	const char *dir;
	int code;

	if (directory_place(s->env, root, s->arena, &dir, &err) < 0)
		return cmd_fail(s, &err);
	switch (last_read(dir, &last)) {
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
