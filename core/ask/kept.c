#include "config.h"

#include "ask/kept.h"

#include <stdlib.h>
#include <string.h>

#include "ask/asking.h"
#include "base/buf.h"
#include "cache/asked.h"
#include "plan/step.h"
#include "report/live.h"
#include "report/screen.h"
#include "report/words.h"
#include "text/json.h"
#include "text/shown.h"
#include "workspace/workspace.h"

static void key(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, "\"%s\":", name);
	json_quote(b, text, strlen(text));
}

/* ---- ls ----------------------------------------------------------------------------- */

struct listing {
	struct arena *arena;
	struct last_run *at;
	uint32_t n;
};

static bool take(void *ctx, const struct digest *step, const struct last_run *run)
{
	struct listing *l = ctx;

	(void)step;
	l->at = arena_grow(l->arena, l->at, l->n, sizeof *l->at);
	l->at[l->n++] = *run;
	return true;
}

/* The last that ran comes first. */
static int by_time(const void *x, const void *y)
{
	const struct last_run *a = x, *b = y;

	if (a->started_ns != b->started_ns)
		return a->started_ns > b->started_ns ? -1 : 1;
	return strcmp(a->command, b->command);
}

static const char *fate(const struct last_run *run)
{
	return run->kept ? "kept" : run->cancelled ? "cancelled" : run->exit_code ? "failed" : "not kept";
}

static void list_text(struct arena *a, const struct last_run *run, struct buf *b)
{
	struct buf took;

	buf_init(&took, 64);
	words_duration(run->ms, &took);
	shown_printf(b, "%s  %-9s  %8s  ", asking_time(a, run->started_ns), fate(run), buf_str(&took));
	screen_style(b, "1", run->label);
	shown_printf(b, "  %s", run->command);
	buf_byte(b, '\n');
	buf_free(&took);
}

static void list_json(const struct last_run *run, struct buf *b)
{
	buf_byte(b, '{');
	key(b, "task", run->label);
	buf_byte(b, ',');
	key(b, "command", run->command);
	buf_byte(b, ',');
	key(b, "fate", run->kept ? "kept" : run->cancelled ? "cancelled" : run->exit_code ? "failed" : "notKept");
	if (run->why_not[0]) {
		buf_byte(b, ',');
		key(b, run->kept ? "notShared" : "reason", run->why_not);
	}
	buf_printf(b, ",\"startedMs\":%lld,\"durationMs\":%lld}", (long long)(run->started_ns / 1000000), (long long)run->ms);
}

static int by_label(const void *x, const void *y)
{
	return strcmp(((const struct last_run *)x)->label, ((const struct last_run *)y)->label);
}

uint32_t kept_tasks(int inner, struct arena *a, struct kept_task **ret)
{
	struct listing l = { .arena = a };
	uint32_t i, n = 0;

	if (inner >= 0)
		last_run_each(inner, a, take, &l);
	if (l.n)
		qsort(l.at, l.n, sizeof *l.at, by_label);
	*ret = arena_array(a, (size_t)l.n + 1, sizeof **ret);
	for (i = 0; i < l.n; i++) {
		if (n == 0 || strcmp((*ret)[n - 1].label, l.at[i].label) != 0)
			(*ret)[n++].label = l.at[i].label;
		(*ret)[n - 1].ms += l.at[i].cancelled ? 0 : l.at[i].ms;
	}
	return n;
}

int kept_list(const struct session *s, bool json)
{
	struct asking k;
	struct listing l = { 0 };
	struct err err = { 0 };
	struct buf b;
	uint32_t i;
	int code;

	if (asking_open(&k, s, &err) < 0 || backend_cache(&k.backend, &err) < 0) {
		code = cmd_fail(s, &err);
		asking_close(&k);
		return code;
	}
	l.arena = k.arena;
	if (k.backend.cache)
		cache_each_run(k.backend.cache, k.arena, take, &l);
	if (l.n)
		qsort(l.at, l.n, sizeof *l.at, by_time);
	buf_init(&b, SIZE_MAX / 2);
	buf_text(&b, json ? "{\"version\":1,\"steps\":[" : "");
	for (i = 0; i < l.n; i++) {
		if (json) {
			buf_text(&b, i ? ",\n" : "\n");
			list_json(&l.at[i], &b);
		} else {
			list_text(k.arena, &l.at[i], &b);
		}
	}
	buf_text(&b, json ? "]}\n" : l.n ? "" : "No cached command has run here yet.\n");
	code = asking_print(s, &b);
	asking_close(&k);
	return code;
}

/* ---- show ----------------------------------------------------------------------------- */

static void show_text(const struct step *step, const struct kept_result *r, uint32_t n, struct buf *b)
{
	char name[9];
	uint32_t i, j;

	screen_stylef(b, "1", "%s", step->task->label);
	buf_text(b, "  ");
	live_command(step, b);
	if (!step->rules)
		buf_text(b, "\n  is not cached\n");
	else if (!n)
		buf_text(b, "\n  nothing is kept under its present key\n");
	else
		buf_printf(b, "\n  %u result%s, the last used first\n", n, words_s(n));
	for (i = 0; i < n; i++) {
		for (j = 0; j < 4; j++)
			snprintf(name + 2 * j, 3, "%02x", r[i].id.byte[j]);
		buf_printf(b, "  %s  ", name);
		words_duration(r[i].ms, b);
		buf_printf(b, ", printed %llu byte%s; depends on %u file%s and %u variable%s; keeps %u file%s, left %u more\n",
			   (unsigned long long)r[i].printed, words_s(r[i].printed), r[i].inputs, words_s(r[i].inputs),
			   r[i].variables, words_s(r[i].variables), r[i].outputs, words_s(r[i].outputs), r[i].left);
		for (j = 0; j < r[i].files.n; j++) {
			buf_text(b, "            ");
			shown_text(b, r[i].files.at[j]);
			buf_byte(b, '\n');
		}
	}
}

static void show_json(const struct step *step, const struct kept_result *r, uint32_t n, struct buf *b)
{
	char name[2 * sizeof(vt_id) + 1];
	uint32_t i, j;

	buf_byte(b, '{');
	key(b, "task", step->task->label);
	buf_byte(b, ',');
	key(b, "command", step->shown);
	buf_printf(b, ",\"cached\":%s,\"results\":[", step->rules ? "true" : "false");
	for (i = 0; i < n; i++) {
		for (j = 0; j < sizeof(vt_id); j++)
			snprintf(name + 2 * j, 3, "%02x", r[i].id.byte[j]);
		buf_text(b, i ? ",{" : "{");
		key(b, "id", name);
		buf_printf(b, ",\"durationMs\":%lld,\"printed\":%llu,\"inputs\":%u,\"variables\":%u,\"left\":%u,\"outputs\":[", (long long)r[i].ms,
			   (unsigned long long)r[i].printed, r[i].inputs, r[i].variables, r[i].left);
		for (j = 0; j < r[i].files.n; j++) {
			buf_text(b, j ? "," : "");
			json_quote(b, r[i].files.at[j], strlen(r[i].files.at[j]));
		}
		buf_text(b, "]}");
	}
	buf_text(b, "]}");
}

static int show(struct asking *k, bool json, struct buf *b, struct err *err)
{
	bool any = false;
	uint32_t i, n;

	buf_text(b, json ? "{\"version\":1,\"steps\":[" : "");
	for (i = 0; i < k->steps_n; i++) {
		const struct step *step = k->steps[i].step;
		struct kept_result *results = NULL;

		if (!k->steps[i].requested)
			continue;
		n = step->rules && k->backend.cache ? cache_results_of(k->backend.cache, step, k->arena, &results, err) : 0;
		if (n == UINT32_MAX)
			return -1;
		if (any)
			buf_text(b, json ? ",\n" : "\n");
		any = true;
		(json ? show_json : show_text)(step, results, n, b);
	}
	buf_text(b, json ? "]}\n" : "");
	return 0;
}

int kept_show(const struct session *s, const struct command_line *line, bool json)
{
	struct command_line words = *line;
	struct query_options o;
	struct asking k;
	struct err err = { 0 };
	struct buf b;
	int code;

	words.words++;                 /* behind `show` */
	words.words_n--;
	if (asking_words(&words, &o, &err) < 0)
		return cmd_fail(s, &err);
	buf_init(&b, SIZE_MAX / 2);
	if (asking_open(&k, s, &err) < 0 || asking_plan(&k, &o, true, &err) < 0 || show(&k, json, &b, &err) < 0) {
		buf_free(&b);
		code = cmd_fail(s, &err);
	} else {
		code = asking_print(s, &b);
	}
	asking_close(&k);
	return code;
}

/* ---- verify ----------------------------------------------------------------------------- */

static void verified(const struct cache_verified *v, bool json, struct buf *b)
{
	if (json)
		buf_printf(b, "{\"version\":1,\"entries\":%llu,\"results\":%llu,\"blobs\":%llu,\"bytes\":%llu,\"damaged\":%llu,\"missing\":%llu}\n",
			   (unsigned long long)v->entries, (unsigned long long)v->results, (unsigned long long)v->blobs,
			   (unsigned long long)v->bytes, (unsigned long long)v->damaged, (unsigned long long)v->missing);
	else
		buf_printf(b, "good     %llu %s, %llu result%s, %llu blob%s of %llu byte%s\ndamaged  %llu\nmissing  %llu\n",
			   (unsigned long long)v->entries, v->entries == 1 ? "entry" : "entries", (unsigned long long)v->results, words_s(v->results),
			   (unsigned long long)v->blobs, words_s(v->blobs), (unsigned long long)v->bytes, words_s(v->bytes),
			   (unsigned long long)v->damaged, (unsigned long long)v->missing);
}

int kept_verify(const struct session *s, bool json)
{
	struct cache_verified v = { 0 };
	struct asking k;
	struct err err = { 0 };
	struct buf b;
	int code;

	if (asking_open(&k, s, &err) < 0 || backend_cache(&k.backend, &err) < 0 ||
	    (k.backend.cache && cache_verify(k.backend.cache, &v, &err) < 0)) {
		code = cmd_fail(s, &err);
	} else {
		buf_init(&b, SIZE_MAX / 2);
		verified(&v, json, &b);
		code = asking_print(s, &b);
		if (code == 0 && (v.damaged || v.missing))
			code = 1;
	}
	asking_close(&k);
	return code;
}
