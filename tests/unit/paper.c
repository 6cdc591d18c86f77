#include "config.h"

#include "paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct world *world_new(void)
{
	static const char *const env[] = { "FOO=1", "HOME=/home/me", "PATH=/bin" };
	struct world *w = calloc(1, sizeof *w);

	w->a = arena_new();
	memcpy(w->env, env, sizeof env);
	w->w.root = "/w";
	w->w.cache_tasks = true;
	w->w.hooks = true;
	w->w.arena = w->a;
	return w;
}

void world_free(struct world *w)
{
	arena_free(w->a);
	free(w);
}

struct package *world_package(struct world *w, const char *path, const char *name)
{
	struct package *p = &w->packages[w->w.packages_n];

	p->index = w->w.packages_n++;
	p->name = name;
	p->path = path;
	p->dir = *path ? arena_printf(w->a, "/w/%s", path) : "/w";
	p->tasks = (const struct task **)w->tasks[p->index];
	p->needs = w->edges[p->index];
	return p;
}

void world_need(struct world *w, struct package *from, const struct package *to)
{
	(void)w;
	from->needs[from->needs_n].to = to;
	from->needs[from->needs_n++].types = EDGE_NORMAL;
}

struct task *world_task(struct world *w, struct package *p, const char *name, const char *command)
{
	struct task *t = arena_alloc(w->a, sizeof *t);

	t->package = p;
	t->name = name;
	t->label = *p->name ? arena_printf(w->a, "%s#%s", p->name, name) : name;
	t->cwd = p->path;
	t->command.at = arena_array(w->a, 1, sizeof *t->command.at);
	t->command.at[0] = command;
	t->command.n = 1;
	t->rules.on = true;
	t->rules.input.automatic = true;
	t->source = TASK_FROM_CONFIG;
	w->tasks[p->index][p->tasks_n++] = t;
	return t;
}

struct task *world_script(struct world *w, struct package *p, const char *name, const char *command)
{
	struct task *t = world_task(w, p, name, command);

	t->source = TASK_FROM_SCRIPT;
	return t;
}

void world_after(struct world *w, struct task *task, const struct task *on)
{
	task->needs = arena_grow(w->a, task->needs, task->needs_n, sizeof *task->needs);
	task->needs[task->needs_n].derived = false;
	task->needs[task->needs_n++].task = on;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct task *const *)a)->name, (*(struct task *const *)b)->name);
}

/* The root comes last, as in a workspace that was read. */
void world_done(struct world *w)
{
	uint32_t i, k;

	w->w.packages = w->packages;
	w->w.tasks = arena_array(w->a, WORLD_PACKAGES * 4, sizeof *w->w.tasks);
	for (i = 0; i < w->w.packages_n; i++) {
		struct package *p = &w->packages[i];

		qsort(p->tasks, p->tasks_n, sizeof *p->tasks, by_name);
		for (k = 0; k < p->tasks_n; k++) {
			w->tasks[i][k]->index = w->w.tasks_n;
			w->w.tasks[w->w.tasks_n++] = p->tasks[k];
		}
		if (!*p->path)
			w->w.root_package = p;
	}
}

struct query_options world_options(struct world *w, const char *words)
{
	struct query_options o;
	struct err err = { 0 };
	const char *argv[32];
	char *copy = arena_str(w->a, words), *word, *next = copy;
	uint32_t n = 0;

	while ((word = strtok_r(next, " ", &next)))
		argv[n++] = word;
	if (options_parse(n, argv, false, w->a, &o, &err) < 0)
		fail_msg("%s: %s", words, err.text[0]);
	return o;
}

static const char *find(void *ctx, const char *name, const char *dir, const char *path, struct arena *a)
{
	struct world *w = ctx;

	if (w->missing && strcmp(w->missing, name) == 0)
		return NULL;
	if (strchr(name, '/'))
		return arena_printf(a, "%s/%s", dir, name);
	/* every program is in the first folder that is not a package's own */
	while (path && strncmp(path, "/w", 2) == 0)
		path = strchr(path, ':') ? strchr(path, ':') + 1 : NULL;
	return path ? arena_printf(a, "%.*s/%s", (int)strcspn(path, ":"), path, name) : NULL;
}

static void warn(void *ctx, const char *text)
{
	struct world *w = ctx;
	size_t n = strlen(w->warned);

	snprintf(w->warned + n, sizeof w->warned - n, "%s\n", text);
}

static int changed_since(void *ctx, const char *reference, struct arena *a, struct texts *ret, struct err *err)
{
	struct world *w = ctx;

	w->asked = arena_str(a, reference);
	if (strncmp(reference, "nosuch", 6) == 0)
		return err_set(err, ERR_USER, "no such reference");
	*ret = w->changed;
	return 0;
}

static bool never_cached(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "cache") == 0;
}

const char *world_plan(struct world *w, const char *cwd, const char *words, struct plan **ret)
{
	struct plan_world world = { .workspace = &w->w, .find_program = find, .never_cached = never_cached, .ctx = w, .warn = warn };
	struct query_options o = world_options(w, words);
	struct err err = { 0 };
	const char *text = "";
	int i;

	w->warned[0] = '\0';
	world.cwd = *cwd ? arena_printf(w->a, "/w/%s", cwd) : "/w";
	world.env = env_from(w->a, (char *const *)w->env);
	world.changed_since = w->changed.n ? changed_since : NULL;
	if (plan_make(&world, &o, w->a, ret, &err) == 0)
		return text;
	for (i = 0; i < err.n; i++)
		text = arena_printf(w->a, "%s%s%s", text, i ? " * " : "", err.text[i]);
	err_clear(&err);
	return text;
}

static void show_name(struct buf *b, const struct task *task)
{
	buf_printf(b, "%s#%s", task->package->path, task->name);
}

static void show_plan(struct buf *b, const struct plan *plan, bool items);

static void show_item(struct buf *b, const struct item *item)
{
	uint32_t i;

	if (item->kind == ITEM_PLAN) {
		buf_byte(b, '{');
		show_plan(b, item->plan, true);
		buf_byte(b, '}');
		return;
	}
	if (item->step->hook)
		buf_printf(b, "%s: ", item->step->task->name);
	for (i = 0; i < item->step->argv.n; i++)
		buf_printf(b, i ? " %s" : "%s", item->step->argv.at[i]);
	if (item->kind == ITEM_STEP && !item->step->rules)
		buf_text(b, " (uncached)");
}

static void show_plan(struct buf *b, const struct plan *plan, bool items)
{
	uint32_t i, k;

	for (i = 0; i < plan->n; i++) {
		const struct plan_node *node = &plan->nodes[i];
		bool any = false;

		if (i)
			buf_text(b, items ? " | " : " ");
		show_name(b, node->task);
		for (k = 0; k < node->waits_n; k++) {
			buf_byte(b, k ? ',' : '<');
			show_name(b, plan->nodes[node->waits_for[k]].task);
		}
		for (k = 0; items && k < node->items_n; k++) {
			if (node->items[k].kind == ITEM_CD)
				continue;
			buf_text(b, any ? "; " : ": ");
			show_item(b, &node->items[k]);
			any = true;
		}
	}
}

static const char *show(struct world *w, const char *cwd, const char *words, bool items)
{
	struct plan *plan;
	const char *text = world_plan(w, cwd, words, &plan);
	struct buf b;

	if (*text)
		return text;
	buf_init(&b, 1 << 20);
	show_plan(&b, plan, items);
	text = arena_str(w->a, buf_str(&b));
	buf_free(&b);
	return text;
}

const char *world_show(struct world *w, const char *cwd, const char *words)
{
	return show(w, cwd, words, true);
}

const char *world_edges(struct world *w, const char *cwd, const char *words)
{
	return show(w, cwd, words, false);
}

static const struct step *nth(const struct plan *plan, uint32_t *n)
{
	uint32_t i, k;

	for (i = 0; i < plan->n; i++)
		for (k = 0; k < plan->nodes[i].items_n; k++) {
			const struct item *item = &plan->nodes[i].items[k];
			const struct step *found = NULL;

			if (item->kind == ITEM_PLAN)
				found = nth(item->plan, n);
			else if (item->kind != ITEM_CD && (*n)-- == 0)
				found = item->step;
			if (found)
				return found;
		}
	return NULL;
}

const struct step *world_step(const struct plan *plan, uint32_t n)
{
	const struct step *step = nth(plan, &n);

	assert_non_null(step);
	return step;
}
