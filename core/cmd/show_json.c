#include "config.h"

#include "cmd/show.h"

#include <string.h>

#include "base/buf.h"
#include "cmd/dry.h"
#include "plan/plan.h"
#include "text/json.h"
#include "text/path.h"
#include "workspace/workspace.h"


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

/* Adds a package's path; "." for the root. */
static void path(struct buf *b, const char *rel)
{
	quote(b, *rel ? rel : ".");
}

/* Adds a task's id: "packages/app#build", or "build" in the root package. */
static void id(struct buf *b, const struct task *task, struct arena *a)
{
	quote(b, *task->package->path ? arena_printf(a, "%s#%s", task->package->path, task->name) : task->name);
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
	if (task->description) {
		buf_text(b, ",\"description\":");
		quote(b, task->description);
	}
	buf_byte(b, '}');
}

int show_graph(const struct session *s, const struct workspace *w)
{
	struct arena *a = arena_new();
	struct buf b;
	uint32_t i;

	buf_init(&b, SHOW_MAX);
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
	arena_free(a);
	return show_print(s, &b);
}

/* A dry run on its way to JSON. */
struct showing {
	const struct workspace *w;
	const struct dry_run *dry;
	struct buf b;
	struct arena *a;
};

static void cache_json(struct showing *d, const struct dry_step *at)
{
	static const char *const words[] = { "hit", "changed", "unknown", "noBaseline", "disabled", "error" };
	bool known = at->status == DRY_HIT || at->status == DRY_CHANGED;
	const char *message = at->no_program ? "not found yet" : at->status == DRY_ERROR ? dry_trouble(at)
			    : at->status == DRY_DISABLED && at->step ? at->step->uncached : NULL;

	buf_printf(&d->b, ",\"cache\":{\"status\":\"%s\"", words[at->status]);
	if (known && at->saved_ms > 0)
		buf_printf(&d->b, ",\"baseline\":{\"durationMs\":%lld}", (long long)at->saved_ms);
	if (at->status == DRY_CHANGED) {
		buf_text(&d->b, ",\"changes\":[");
		buf_text(&d->b, at->changes);
		buf_text(&d->b, at->partial ? "],\"changesPartial\":true" : "]");
	}
	if (message) {
		buf_text(&d->b, ",\"message\":");
		quote(&d->b, message);
	}
	buf_byte(&d->b, '}');
}

static void step_json(struct showing *d, const struct step *step)
{
	const char *below = step->program ? path_below(d->w->root, step->program) : NULL;
	const char *cwd = path_clean(d->a, step->cwd);

	key(&d->b, "program");
	quote(&d->b, below && *below ? below : step->program ? step->program : step->argv.at[0]);
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
	bool any = false;
	uint32_t i;

	id(&d->b, node->task, d->a);
	buf_text(&d->b, ":{\"package\":");
	path(&d->b, node->task->package->path);
	buf_text(&d->b, ",\"name\":");
	quote(&d->b, node->task->name);
	if (node->task->persistent)
		buf_text(&d->b, ",\"persistent\":true");
	for (i = 0; i < node->waits_n; i++) {
		buf_text(&d->b, i ? "," : ",\"dependsOn\":[");
		id(&d->b, plan->nodes[node->waits_for[i]].task, d->a);
	}
	buf_text(&d->b, node->waits_n ? "],\"steps\":[" : ",\"steps\":[");
	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_CD)
			continue;
		buf_text(&d->b, any ? ",{" : "{");
		any = true;
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

void show_dry_json(const struct workspace *w, const struct plan *plan, const struct dry_run *dry, struct buf *ret)
{
	struct showing d = { .w = w, .dry = dry, .a = arena_new() };

	buf_init(&d.b, SHOW_MAX);
	start(&d.b, w);
	plan_json(&d, plan);
	buf_byte(&d.b, '}');
	arena_free(d.a);
	*ret = d.b;
}
