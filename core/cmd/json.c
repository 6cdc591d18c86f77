#include "config.h"

#include "cmd/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cmd/backend.h"
#include "cmd/dry.h"
#include "exec/schedule.h"
#include "plan/plan.h"
#include "query/options.h"
#include "report/live.h"
#include "report/screen.h"
#include "report/strip.h"
#include "text/json.h"
#include "text/path.h"
#include "workspace/workspace.h"

enum { JSON_MAX = 1 << 30 };

static void quote(struct buf *b, const char *s)
{
	json_quote(b, s, strlen(s));
}

static void texts(struct buf *b, const char *const *at, uint32_t n)
{
	uint32_t i;

	buf_byte(b, '[');
	for (i = 0; i < n; i++) {
		if (i)
			buf_byte(b, ',');
		quote(b, at[i]);
	}
	buf_byte(b, ']');
}

static void key(struct buf *b, const char *name)
{
	buf_printf(b, "\"%s\":", name);
}

/* A package's path; the root is ".". */
static void path(struct buf *b, const char *rel)
{
	quote(b, *rel ? rel : ".");
}

/* "packages/app#build", or just "build" in the root package. */
static void id(struct buf *b, const struct task *task, struct arena *a)
{
	quote(b, *task->package->path ? arena_printf(a, "%s#%s", task->package->path, task->name) : task->name);
}

static int done(const struct session *s, struct buf *b, struct arena *a)
{
	struct err err = { 0 };

	buf_byte(b, '\n');
	if (b->full)
		err_set(&err, ERR_SYSTEM, "This is too large to be printed");
	else if (fwrite(b->data, 1, b->size, stdout) != b->size || fflush(stdout) != 0)
		err_errno(&err, errno, "Cannot write to standard output");
	buf_free(b);
	arena_free(a);
	return err.n ? cmd_fail(s, &err) : 0;
}

static void start(struct buf *b, const struct workspace *w)
{
	buf_text(b, "{\"version\":1,\"workspaceRoot\":");
	quote(b, w->root);
	buf_byte(b, ',');
}

static void graph_package(struct buf *b, const struct package *p)
{
	uint32_t i;

	path(b, p->path);
	buf_text(b, ":{\"name\":");
	quote(b, p->name);
	for (i = 0; i < p->needs_n; i++) {
		buf_text(b, i ? "," : ",\"dependencies\":[");
		path(b, p->needs[i].to->path);
	}
	buf_text(b, p->needs_n ? "]}" : "}");
}

static void graph_task(struct buf *b, const struct task *task, struct arena *a)
{
	id(b, task, a);
	buf_text(b, ":{\"package\":");
	path(b, task->package->path);
	buf_text(b, ",\"name\":");
	quote(b, task->name);
	buf_text(b, ",\"command\":");
	if (task->command_is_array)
		texts(b, task->command.at, task->command.n);
	else
		quote(b, task->command.n ? task->command.at[0] : "");
	buf_byte(b, '}');
}

int json_graph(const struct session *s, const struct workspace *w)
{
	struct arena *a = arena_new();
	struct buf b;
	uint32_t i;

	(void)s;
	buf_init(&b, JSON_MAX);
	start(&b, w);
	key(&b, "packages");
	buf_byte(&b, '{');
	for (i = 0; i < w->packages_n; i++) {
		if (i)
			buf_byte(&b, ',');
		graph_package(&b, &w->packages[i]);
	}
	buf_text(&b, "},\"tasks\":{");
	for (i = 0; i < w->tasks_n; i++) {
		if (i)
			buf_byte(&b, ',');
		graph_task(&b, w->tasks[i], a);
	}
	buf_text(&b, "}}");
	return done(s, &b, a);
}

/* A dry run on its way to stdout. */
struct showing {
	const struct workspace *w;
	const struct dry_run *dry;
	struct buf b;
	struct arena *a;
	enum option_log log;
};

static const char *trouble(const struct dry_step *at)
{
	return at->reason ? at->reason : "the cache cannot be used";
}

static void cache_json(struct showing *d, const struct dry_step *at)
{
	static const char *const words[] = { "hit", "changed", "unknown", "noBaseline", "disabled", "error" };
	bool known = at->status == DRY_HIT || at->status == DRY_CHANGED;

	buf_printf(&d->b, ",\"cache\":{\"status\":\"%s\"", words[at->status]);
	if (known && at->saved_ms > 0)
		buf_printf(&d->b, ",\"baseline\":{\"durationMs\":%lld}", (long long)at->saved_ms);
	if (at->status == DRY_CHANGED) {
		buf_text(&d->b, ",\"changes\":[");
		buf_text(&d->b, at->changes);
		buf_text(&d->b, at->partial ? "],\"changesPartial\":true" : "]");
	}
	if (at->status == DRY_ERROR) {
		buf_text(&d->b, ",\"message\":");
		quote(&d->b, trouble(at));
	}
	buf_byte(&d->b, '}');
}

static void step_json(struct showing *d, const struct step *step)
{
	const char *below = step->program ? path_below(d->w->root, step->program) : NULL;
	const char *cwd = path_clean(d->a, step->cwd);

	key(&d->b, "program");
	quote(&d->b, below && *below ? below : step->program ? step->program : "echo");
	if (step->argv.n > 1) {
		buf_text(&d->b, ",\"args\":");
		texts(&d->b, step->argv.at + 1, step->argv.n - 1);
	}
	if (strcmp(cwd, step->task->package->path) != 0) {
		buf_text(&d->b, ",\"cwd\":");
		path(&d->b, cwd);
	}
	if (step->hook) {
		buf_text(&d->b, ",\"hook\":");
		quote(&d->b, step->hook);
	}
	if (!step->echo)
		cache_json(d, &d->dry->at[step->ordinal]);
}

static void plan_json(struct showing *d, const struct plan *plan);

static void node_json(struct showing *d, const struct plan *plan, const struct plan_node *node)
{
	uint32_t i;

	id(&d->b, node->task, d->a);
	buf_text(&d->b, ":{\"package\":");
	path(&d->b, node->task->package->path);
	buf_text(&d->b, ",\"name\":");
	quote(&d->b, node->task->name);
	for (i = 0; i < node->waits_n; i++) {
		buf_text(&d->b, i ? "," : ",\"dependsOn\":[");
		id(&d->b, plan->nodes[node->waits_for[i]].task, d->a);
	}
	buf_text(&d->b, node->waits_n ? "],\"steps\":[" : ",\"steps\":[");
	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		buf_text(&d->b, i ? ",{" : "{");
		if (item->kind == ITEM_PLAN) {
			key(&d->b, "expandedFrom");
			quote(&d->b, item->expanded_from);
			if (item->hook)
				buf_printf(&d->b, ",\"hook\":\"%s\"", item->hook);
			buf_byte(&d->b, ',');
			plan_json(d, item->plan);
		} else {
			step_json(d, item->step);
		}
		buf_byte(&d->b, '}');
	}
	buf_text(&d->b, "]}");
}

static void plan_json(struct showing *d, const struct plan *plan)
{
	uint32_t i;

	buf_text(&d->b, "\"plan\":{");
	for (i = 0; i < plan->n; i++) {
		if (i)
			buf_byte(&d->b, ',');
		node_json(d, plan, &plan->nodes[i]);
	}
	buf_byte(&d->b, '}');
}

static void step_text(struct showing *d, const struct step *step)
{
	static const enum start_status shown[] = { START_HIT, START_MISS, START_MISS, START_FIRST, START_DISABLED, START_MISS };
	const struct dry_step *at = &d->dry->at[step->ordinal];
	struct step_start start = { .status = step->echo ? START_DISABLED : shown[at->status], .because = at->reason };

	if (at->status == DRY_ERROR)
		start.because = trouble(at);
	if (d->log != OPTION_LOG_INTERLEAVED) {
		screen_stylef(&d->b, "90", "[%s]", step->task->label);
		buf_byte(&d->b, ' ');
	}
	live_command(step, &d->b);
	if (at->status == DRY_UNKNOWN)
		screen_style(&d->b, "90", " ○ cache status not known before earlier steps have run");
	else
		live_status(&start, false, &d->b);
	buf_byte(&d->b, '\n');
}

/* A level as it would run if one step ran at a time. */
static void level_text(struct showing *d, struct schedule *s, struct level *l)
{
	struct place *p;

	while (l->left && (p = schedule_take(l)) != NULL) {
		const struct item *item = place_item(p);
		struct level **nested = s->end;

		schedule_hold(p);
		if (item && item->kind == ITEM_PLAN) {
			schedule_enter(s, p);
			level_text(d, s, *nested);
			continue;
		}
		if (item)
			step_text(d, item->step);
		schedule_done(s, p);
	}
}

static void plan_text(struct showing *d, const struct plan *plan)
{
	struct schedule s;

	schedule_init(&s, plan, d->dry->costs);
	level_text(d, &s, s.levels);
	schedule_free(&s);
}

static void end_text(struct showing *d)
{
	const struct dry_run *dry = d->dry;

	screen_style(&d->b, "34;1", "vt run:");
	buf_printf(&d->b, " %u/%u cache hit (%u%%), nothing was run.", dry->hits, dry->leaves,
		   dry->leaves ? (uint32_t)((uint64_t)dry->hits * 100 / dry->leaves) : 0);
}

static void without_colours(struct buf *b)
{
	struct strip strip = { 0 };
	struct buf plain;

	buf_init(&plain, JSON_MAX);
	strip_add(&strip, b->data, b->size, &plain);
	buf_free(b);
	*b = plain;
}

static int show(const struct session *s, const struct workspace *w, const struct plan *plan,
		const struct query_options *options, const struct dry_run *dry)
{
	struct showing d = { .w = w, .dry = dry, .a = arena_new(), .log = options->log };

	buf_init(&d.b, JSON_MAX);
	if (options->json) {
		start(&d.b, w);
		plan_json(&d, plan);
		buf_byte(&d.b, '}');
	} else {
		plan_text(&d, plan);
		end_text(&d);
		if (!screen_has_colours(s->env, s->stdout_tty))
			without_colours(&d.b);
	}
	return done(s, &d.b, d.a);
}

int json_dry_run(struct backend *b, const struct plan *plan, const struct query_options *options)
{
	struct dry_run dry = { 0 };
	struct err err = { 0 };
	int code;

	if (dry_look(b, plan, &dry, &err) < 0)
		code = cmd_fail(b->session, &err);
	else
		code = show(b->session, b->workspace, plan, options, &dry);
	dry_free(&dry);
	return code;
}
