#include "config.h"

#include "ask/asking.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/texts.h"
#include "cmd/run.h"
#include "plan/plan.h"
#include "report/screen.h"
#include "report/warnings.h"
#include "text/strip.h"
#include "workspace/workspace.h"

int asking_open(struct asking *k, const struct session *s, struct err *err)
{
	uint32_t i;

	*k = (struct asking){ .session = s, .arena = arena_new() };
	backend_init(&k->backend, s, true);
	k->backend.explains = true;
	if (workspace_load(s->cwd, &k->workspace, err) < 0)
		return -1;
	k->backend.workspace = k->workspace;
	for (i = 0; i < k->workspace->warnings.n; i++)
		warnings_add(s->warnings, k->workspace->warnings.at[i]);
	return 0;
}

static void collect_items(struct asking *k, const struct plan_node *node, uint32_t top, bool requested);

static void collect_plan(struct asking *k, const struct plan *plan, uint32_t top, bool requested)
{
	uint32_t i;

	for (i = 0; i < plan->n; i++)
		collect_items(k, &plan->nodes[i], top, requested);
}

static void collect_items(struct asking *k, const struct plan_node *node, uint32_t top, bool requested)
{
	uint32_t i;

	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_PLAN) {
			collect_plan(k, item->plan, top, requested);
		} else if (item->kind == ITEM_STEP) {
			k->steps[k->steps_n] = (struct asked_step){ item->step, top, requested };
			k->all[k->steps_n++] = item->step;
		}
	}
}

int asking_plan(struct asking *k, struct query_options *options, bool cache, struct err *err)
{
	uint32_t i;

	/* as `vt run --dry-run`, so that nothing differs from it */
	options->dry_run = true;
	if (run_make_plan(&k->backend, options, k->arena, &k->plan, err) < 0)
		return -1;
	k->steps = arena_array(k->arena, k->plan->steps + 1, sizeof *k->steps);
	k->all = arena_array(k->arena, k->plan->steps + 1, sizeof *k->all);
	for (i = 0; i < k->plan->n; i++)
		collect_items(k, &k->plan->nodes[i], i, k->plan->nodes[i].requested);
	return cache ? backend_cache(&k->backend, err) : 0;
}

void asking_close(struct asking *k)
{
	backend_close(&k->backend);
	if (k->workspace)
		workspace_free(k->workspace);
	arena_free(k->arena);
}

int asking_words(const struct command_line *line, struct query_options *ret, struct err *err)
{
	uint32_t i;

	if (line->words_n == 0)
		return args_wrong(&line->args, err, "the following required arguments were not provided:\n  <TASK>");
	*ret = (struct query_options){ .task = line->words[0] };
	texts_add(line->arena, &ret->tasks, line->words[0]);
	for (i = 1; i < line->words_n; i++)
		texts_add(line->arena, &ret->extra, line->words[i]);
	return 0;
}

void asking_choose(const struct command_line *line, const struct asking_options *at, struct query_options *ret)
{
	ret->recursive = command_line_has(line, (uint32_t)at->recursive);
	if (line->values[at->filter])
		texts_add(line->arena, &ret->filters, line->values[at->filter]);
	if (at->cache >= 0 && command_line_has(line, (uint32_t)at->cache))
		ret->cache = OPTION_CACHE_ON;
}

const char *asking_time(struct arena *a, int64_t real_ns)
{
	time_t seconds = (time_t)(real_ns / 1000000000);
	struct tm tm = { 0 };
	char text[64] = "?";

	if (localtime_r(&seconds, &tm))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	return arena_str(a, text);
}

int asking_print(const struct session *s, struct buf *b)
{
	struct strip strip = { 0 };
	struct err err = { 0 };
	struct buf plain;

	buf_init(&plain, SIZE_MAX / 2);
	if (screen_has_colours(s->env, s->stdout_tty))
		buf_add(&plain, buf_str(b), b->size);
	else
		strip_add(&strip, buf_str(b), b->size, &plain);
	if (fwrite(buf_str(&plain), 1, plain.size, stdout) != plain.size || fflush(stdout) != 0)
		err_errno(&err, errno, "Cannot write to standard output");
	buf_free(&plain);
	buf_free(b);
	return err.n ? cmd_fail(s, &err) : 0;
}
