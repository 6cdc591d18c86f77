/* vt graph: the packages, or the tasks of a run, and what waits for what. */
#include "config.h"

#include <string.h>

#include "ask/asking.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/texts.h"
#include "plan/plan.h"
#include "report/screen.h"
#include "text/json.h"
#include "text/shown.h"
#include "workspace/workspace.h"

enum { HELP, FORMAT, RECURSIVE, FILTER };

#define FORMATS "text, dot, json"

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
	[FORMAT] = { .name = "format", .value = "FORMAT", .possible = FORMATS },
	[RECURSIVE] = { .name = "recursive", .letter = 'r' },
	[FILTER] = { .name = "filter", .letter = 'F', .value = "FILTER" },
};

static int run(const struct session *s, int argc, char **argv);

const struct command command_graph = {
	.name = "graph", .summary = "Show what waits for what", .usage = "vt graph [OPTIONS] [TASK]", .run = run,
	.options = options, .options_n = COUNT(options), .flags = COMMAND_NEVER_CACHED,
	.help = "Arguments:\n"
		"  [TASK]                 `task` or `package#task`: the tasks that `vt run` would run; without it\n"
		"                         the packages and their dependencies\n"
		"\n"
		"Options:\n"
		"      --format <FORMAT>  How it is printed [possible values: " FORMATS "; default: text]\n"
		"  -r, --recursive        The task in all packages\n"
		"  -F, --filter <FILTER>  The task in matching packages, as `vt run`\n"
		"  -h, --help             Print help\n",
};

/* ---- the graph --------------------------------------------------------------------- */

/* A package, or a task of the run. */
struct vertex {
	const char *id;                /* of JSON: the package's path, "path#task" */
	const char *label;             /* the text shown: a package's name, "pkg#task" */
	const struct package *package;
	const struct task *task;       /* NULL: a package */
	uint32_t *after;               /* the nodes that it depends on, or waits for */
	uint32_t after_n;
	uint32_t *runs;                /* tasks that it runs as a part of itself: pre and post scripts, a `vt run` in its command */
	uint32_t runs_n;
	bool requested;
};

struct graph {
	struct arena *arena;
	struct vertex *at;
	uint32_t n;
	struct map by_task;            /* struct task * -> index + 1 */
};

static void add_index(struct arena *a, uint32_t **list, uint32_t *n, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < *n; i++)
		if ((*list)[i] == index)
			return;
	*list = arena_grow(a, *list, *n, sizeof **list);
	(*list)[(*n)++] = index;
}

static const char *package_label(const struct package *p)
{
	return *p->name ? p->name : *p->path ? p->path : ".";
}

static void graph_packages(struct graph *g, const struct workspace *w)
{
	uint32_t i, j;

	g->at = arena_array(g->arena, w->packages_n + 1, sizeof *g->at);
	g->n = w->packages_n;
	for (i = 0; i < w->packages_n; i++) {
		const struct package *p = &w->packages[i];
		struct vertex *v = &g->at[i];

		*v = (struct vertex){ .id = *p->path ? p->path : ".", .label = package_label(p), .package = p };
		for (j = 0; j < p->needs_n; j++)
			add_index(g->arena, &v->after, &v->after_n, p->needs[j].to->index);
	}
}

/* The index of a task, which may be in several plans. */
static uint32_t vertex_of(struct graph *g, const struct task *task)
{
	const struct task **key = arena_copy(g->arena, &task, sizeof task);
	void **at = map_put(&g->by_task, key, sizeof *key);

	if (*at)
		return (uint32_t)(uintptr_t)*at - 1;
	g->at = arena_grow(g->arena, g->at, g->n, sizeof *g->at);
	g->at[g->n] = (struct vertex){
		.id = *task->package->path ? arena_printf(g->arena, "%s#%s", task->package->path, task->name) : task->name,
		.label = task->label, .package = task->package, .task = task,
	};
	*at = (void *)(uintptr_t)++g->n;
	return g->n - 1;
}

static void graph_plan(struct graph *g, const struct plan *plan, bool top)
{
	uint32_t i, j, v, other;

	for (i = 0; i < plan->n; i++)
		vertex_of(g, plan->nodes[i].task);
	for (i = 0; i < plan->n; i++) {
		const struct plan_node *node = &plan->nodes[i];

		v = vertex_of(g, node->task);
		g->at[v].requested |= top && node->requested;
		for (j = 0; j < node->waits_n; j++) {
			other = vertex_of(g, plan->nodes[node->waits_for[j]].task);
			add_index(g->arena, &g->at[v].after, &g->at[v].after_n, other);
		}
		for (j = 0; j < node->items_n; j++) {
			const struct plan *nested = node->items[j].kind == ITEM_PLAN ? node->items[j].plan : NULL;
			uint32_t k;

			if (node->items[j].kind == ITEM_STEP && node->items[j].step->hook) {
				other = vertex_of(g, node->items[j].step->task);
				add_index(g->arena, &g->at[v].runs, &g->at[v].runs_n, other);
			}
			if (!nested)
				continue;
			graph_plan(g, nested, false);
			for (k = 0; k < nested->n; k++) {
				other = vertex_of(g, nested->nodes[k].task);
				add_index(g->arena, &g->at[v].runs, &g->at[v].runs_n, other);
			}
		}
	}
}

/* ---- the formats --------------------------------------------------------------------- */

static void text_list(struct buf *b, const struct graph *g, const char *title, const uint32_t *list, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		buf_text(b, i ? ", " : title);
		shown_text(b, g->at[list[i]].label);
	}
}

static void as_text(const struct graph *g, struct buf *b)
{
	uint32_t i;

	for (i = 0; i < g->n; i++) {
		const struct vertex *v = &g->at[i];

		screen_style(b, v->requested ? "1" : "0", v->label);
		text_list(b, g, v->task ? "  after " : "  needs ", v->after, v->after_n);
		text_list(b, g, "  runs ", v->runs, v->runs_n);
		buf_byte(b, '\n');
	}
}

/* A name in DOT: quoted, with '"' and '\' escaped. */
static void dot_name(struct buf *b, const char *name)
{
	buf_byte(b, '"');
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			buf_byte(b, '\\');
		buf_byte(b, (unsigned char)*name < ' ' ? ' ' : *name);
	}
	buf_byte(b, '"');
}

static void dot_edges(struct buf *b, const struct graph *g, const struct vertex *v, const uint32_t *list, uint32_t n, const char *style)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		buf_text(b, "  ");
		dot_name(b, v->id);
		buf_text(b, " -> ");
		dot_name(b, g->at[list[i]].id);
		buf_text(b, style);
		buf_text(b, ";\n");
	}
}

static void as_dot(const struct graph *g, struct buf *b)
{
	uint32_t i;

	buf_text(b, "digraph vt {\n  rankdir=LR;\n  node [shape=box];\n");
	for (i = 0; i < g->n; i++) {
		buf_text(b, "  ");
		dot_name(b, g->at[i].id);
		buf_text(b, " [label=");
		dot_name(b, g->at[i].label);
		buf_text(b, g->at[i].requested ? ", style=bold];\n" : "];\n");
	}
	for (i = 0; i < g->n; i++) {
		dot_edges(b, g, &g->at[i], g->at[i].after, g->at[i].after_n, "");
		dot_edges(b, g, &g->at[i], g->at[i].runs, g->at[i].runs_n, " [style=dashed, label=runs]");
	}
	buf_text(b, "}\n");
}

static void json_list(struct buf *b, const struct graph *g, const char *key, const uint32_t *list, uint32_t n)
{
	uint32_t i;

	if (!n)
		return;
	buf_printf(b, ",\"%s\":[", key);
	for (i = 0; i < n; i++) {
		buf_text(b, i ? "," : "");
		json_quote(b, g->at[list[i]].id, strlen(g->at[list[i]].id));
	}
	buf_byte(b, ']');
}

static void as_json(const struct graph *g, const struct workspace *w, bool tasks, struct buf *b)
{
	uint32_t i;

	buf_text(b, "{\"version\":1,\"workspaceRoot\":");
	json_quote(b, w->root, strlen(w->root));
	buf_printf(b, ",\"%s\":{", tasks ? "tasks" : "packages");
	for (i = 0; i < g->n; i++) {
		const struct vertex *v = &g->at[i];
		const char *path = *v->package->path ? v->package->path : ".";

		buf_text(b, i ? ",\n" : "\n");
		json_quote(b, v->id, strlen(v->id));
		buf_text(b, v->task ? ":{\"package\":" : ":{\"name\":");
		if (v->task)
			json_quote(b, path, strlen(path));
		else
			json_quote(b, v->package->name, strlen(v->package->name));
		if (v->task) {
			buf_text(b, ",\"name\":");
			json_quote(b, v->task->name, strlen(v->task->name));
			buf_text(b, v->requested ? ",\"requested\":true" : "");
		}
		json_list(b, g, v->task ? "dependsOn" : "dependencies", v->after, v->after_n);
		json_list(b, g, "runs", v->runs, v->runs_n);
		buf_byte(b, '}');
	}
	buf_text(b, "}}\n");
}

/* ---- the command ----------------------------------------------------------------------- */

static int show(const struct asking *k, const char *format)
{
	struct graph g = { .arena = k->arena };
	struct buf b;

	map_init(&g.by_task);
	if (k->plan)
		graph_plan(&g, k->plan, true);
	else
		graph_packages(&g, k->workspace);
	buf_init(&b, SIZE_MAX / 2);
	if (strcmp(format, "dot") == 0)
		as_dot(&g, &b);
	else if (strcmp(format, "json") == 0)
		as_json(&g, k->workspace, k->plan != NULL, &b);
	else
		as_text(&g, &b);
	map_free(&g.by_task);
	return asking_print(k->session, &b);
}

static int run(const struct session *s, int argc, char **argv)
{
	struct command_line line;
	struct query_options o = { 0 };
	struct asking k;
	struct err err = { 0 };
	const char *format;
	int code = command_read_line(&command_graph, s, argc, argv, &line);

	if (code >= 0)
		return code;
	format = line.values[FORMAT] ? line.values[FORMAT] : "text";
	if (strcmp(format, "text") != 0 && strcmp(format, "dot") != 0 && strcmp(format, "json") != 0)
		args_wrong(&line.args, &err, "invalid value '%s' for '--format <FORMAT>'\n  [possible values: " FORMATS "]", format);
	else if (line.words_n > 1)
		args_unexpected(&line.args, line.words[1], &err);
	else if (line.words_n == 0 && (command_line_has(&line, RECURSIVE) || line.values[FILTER]))
		args_wrong(&line.args, &err, "the following required arguments were not provided:\n  <TASK>");
	else if (line.words_n)
		asking_words(&line, &o, &err);
	if (err.n)
		return cmd_fail(s, &err);
	asking_choose(&line, &(struct asking_options){ RECURSIVE, FILTER, -1 }, &o);
	if (asking_open(&k, s, &err) < 0 || (o.task && asking_plan(&k, &o, false, &err) < 0))
		code = cmd_fail(s, &err);
	else
		code = show(&k, format);
	asking_close(&k);
	return code;
}
