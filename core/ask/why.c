/* vt why: would a task hit or miss now, and because of what; and what its last run here did. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ask/asking.h"
#include "base/buf.h"
#include "base/texts.h"
#include "cache/asked.h"
#include "cmd/dry.h"
#include "plan/plan.h"
#include "report/live.h"
#include "report/screen.h"
#include "report/words.h"
#include "text/json.h"
#include "text/shown.h"
#include "workspace/workspace.h"

enum { HELP, JSON, RECURSIVE, FILTER, CACHE };

enum {
	WHY_CHANGES = 50,              /* changes of a step that the text shows */
	WHY_FIRST = 10                 /* steps before it that the text shows */
};

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
	[JSON] = { .name = "json" },
	[RECURSIVE] = { .name = "recursive", .letter = 'r' },
	[FILTER] = { .name = "filter", .letter = 'F', .value = "FILTER" },
	[CACHE] = { .name = "cache" },
};

static int run(const struct session *s, int argc, char **argv);

const struct command command_why = {
	.name = "why", .summary = "Tell why a task would run again, and what its last run did",
	.usage = "vt why [OPTIONS] <TASK> [-- ADDITIONAL_ARGS...]", .run = run,
	.options = options, .options_n = COUNT(options), .flags = COMMAND_NEVER_CACHED,
	.help = "Arguments:\n"
		"  <TASK>                 `task` or `package#task`\n"
		"  [ADDITIONAL_ARGS]...   What `vt run` would hand to its last command\n"
		"\n"
		"Options:\n"
		"      --json             Print JSON\n"
		"  -r, --recursive        In all packages\n"
		"  -F, --filter <FILTER>  In matching packages, as `vt run`\n"
		"      --cache            As for `vt run --cache`\n"
		"  -h, --help             Print help\n",
};

/* One answer on its way. */
struct answering {
	struct asking *k;
	struct dry_run dry;            /* of the whole plan */
	struct buf b;
};

/* ---- steps before it --------------------------------------------------------- */

/* Marks the nodes that `node` waits for, directly or not. */
static void mark_before(const struct plan *plan, uint32_t node, bool *marked)
{
	uint32_t *stack = xcalloc(plan->n + 1, sizeof *stack), n = 0, i;

	stack[n++] = node;
	while (n) {
		const struct plan_node *at = &plan->nodes[stack[--n]];

		for (i = 0; i < at->waits_n; i++)
			if (!marked[at->waits_for[i]]) {
				marked[at->waits_for[i]] = true;
				stack[n++] = at->waits_for[i];
			}
	}
	free(stack);
}

/* Would the step run, as far as is known? */
static bool would_run(const struct dry_step *d)
{
	return d->status == DRY_CHANGED || d->status == DRY_NO_BASELINE || d->status == DRY_ERROR || d->status == DRY_DISABLED;
}

/* The steps that certainly run before this one, in plan order; in the arena. */
static uint32_t steps_before(const struct answering *w, uint32_t which, const struct dry_step ***ret)
{
	const struct asking *k = w->k;
	bool *marked = xcalloc(k->plan->n + 1, sizeof *marked);
	uint32_t i, n = 0;

	*ret = arena_array(k->arena, k->steps_n + 1, sizeof **ret);
	mark_before(k->plan, k->steps[which].node, marked);
	for (i = 0; i < k->steps_n; i++) {
		const struct dry_step *d = &w->dry.at[k->steps[i].step->ordinal];
		bool before = marked[k->steps[i].node] || (k->steps[i].node == k->steps[which].node && i < which);

		if (before && would_run(d))
			(*ret)[n++] = d;
	}
	free(marked);
	return n;
}

/* ---- what changed, and by whom ------------------------------------------------------ */

static bool is_path(uint16_t kind)
{
	return kind == FACT_GLOBBED || (kind >= FACT_FILE && kind <= FACT_LIST) || kind == FACT_LEFT;
}

/* The step that left a changed path as it is now. */
static bool find_leaver(const struct answering *w, const struct change *c, struct leaver *ret)
{
	return is_path(c->kind) && w->k->backend.cache &&
	       cache_leaver(w->k->backend.cache, c->name, w->k->all, w->k->steps_n, w->k->arena, ret) && (ret->step || ret->label);
}

static const char *label_of(const struct leaver *l)
{
	return l->step ? l->step->task->label : l->label;
}

static const char *command_of(const struct leaver *l)
{
	return l->step ? l->step->shown : l->command;
}

static void add_changes(struct answering *w, const struct changes *why)
{
	uint32_t i;

	for (i = 0; i < why->n && i < WHY_CHANGES; i++) {
		const struct changes one = { &why->at[i], 1, false };
		struct leaver leaver;

		buf_text(&w->b, "    ");
		words_details(&one, &w->b);
		if (find_leaver(w, &why->at[i], &leaver)) {
			buf_text(&w->b, ", left by ");
			screen_style(&w->b, "1", label_of(&leaver));
			shown_printf(&w->b, " (%s)", command_of(&leaver));
		}
		buf_byte(&w->b, '\n');
	}
	if (why->n > i)
		buf_printf(&w->b, "    and %u more\n", why->n - i);
}

/* ---- the verdict -------------------------------------------------------------------- */

static void add_verdict_head(struct answering *w, const char *codes, const char *text)
{
	buf_text(&w->b, "  ");
	screen_style(&w->b, codes, text);
}

static void add_miss(struct answering *w, const struct found *found)
{
	add_verdict_head(w, "33", "would miss");
	if (found->because) {
		buf_text(&w->b, ": ");
		shown_text(&w->b, found->because);
		buf_byte(&w->b, '\n');
		return;
	}
	buf_printf(&w->b, ": %u %s not as in the nearest run that is known\n", found->why.n, found->why.n == 1 ? "thing is" : "things are");
	add_changes(w, &found->why);
}

static void add_before(struct answering *w, uint32_t which)
{
	const struct dry_step **before;
	uint32_t n = steps_before(w, which, &before), i;

	if (!n)
		return;
	buf_printf(&w->b, "  that may change, for %s before it:\n", n == 1 ? "one step runs" : "steps run");
	for (i = 0; i < n && i < WHY_FIRST; i++) {
		buf_text(&w->b, "    ");
		screen_style(&w->b, "1", before[i]->step->task->label);
		shown_printf(&w->b, " (%s)", before[i]->step->shown);
		if (before[i]->reason)
			shown_printf(&w->b, ": %s", before[i]->reason);
		else
			buf_text(&w->b, before[i]->status == DRY_NO_BASELINE ? ": it never ran before" : ": it is not cached");
		buf_byte(&w->b, '\n');
	}
	if (n > i)
		buf_printf(&w->b, "    and %u more\n", n - i);
}

static void add_verdict(struct answering *w, const struct step *step, const struct found *found)
{
	const struct dry_step *d = &w->dry.at[step->ordinal];

	if (!step->rules) {
		add_verdict_head(w, "90", "is not cached");
		shown_printf(&w->b, ": %s", step->uncached ? step->uncached : "caching is off for it, and its files are not watched");
		buf_byte(&w->b, '\n');
	} else if (d->no_program) {
		add_verdict_head(w, "33", "would run");
		shown_printf(&w->b, ": its program '%s' is not there yet", step->argv.at[0]);
		buf_byte(&w->b, '\n');
	} else if (!found) {
		add_verdict_head(w, "33", "would run");
		buf_text(&w->b, ": there is no cache yet, or it cannot be used\n");
	} else if (found->state == FOUND_HIT) {
		add_verdict_head(w, "32", "would hit");
		buf_text(&w->b, ": ");
		words_duration(found->saved_ms, &w->b);
		buf_text(&w->b, " saved\n");
		if (found->missing)
			buf_printf(&w->b, "    %u of the files that it made %s, and %s not put back: `output` does not name %s\n", found->missing,
				   found->missing == 1 ? "is gone" : "are gone", found->missing == 1 ? "is" : "are", found->missing == 1 ? "it" : "them");
	} else if (found->state == FOUND_MISS) {
		add_miss(w, found);
	} else if (found->state == FOUND_NOTHING) {
		add_verdict_head(w, "33", "would run");
		buf_text(&w->b, ": no result of it is known\n");
	} else {
		add_verdict_head(w, "31", "would run");
		shown_printf(&w->b, ": %s", found->trouble ? found->trouble : "the cache cannot be used");
		buf_byte(&w->b, '\n');
	}
}

/* ---- the last run ---------------------------------------------------------------------- */

/* The names of one sort, in the arena. */
static struct texts names_of(struct arena *a, const struct last_run *run, unsigned how)
{
	struct texts t = { 0 };
	uint32_t i;

	for (i = 0; i < run->n; i++)
		if (run->at[i].how & how)
			texts_add(a, &t, arena_strn(a, run->at[i].name.data, run->at[i].name.size));
	return t;
}

static uint32_t count_of(const struct last_run *run, unsigned how, unsigned without)
{
	uint32_t i, n = 0;

	for (i = 0; i < run->n; i++)
		n += (run->at[i].how & how) && !(run->at[i].how & without);
	return n;
}

static uint32_t reads_of(const struct last_run *run)
{
	return count_of(run, TOUCHED_READ | TOUCHED_DECLARED, TOUCHED_OWN);
}

static void add_names(struct answering *w, const char *title, struct texts t)
{
	uint32_t i;

	if (!t.n)
		return;
	buf_printf(&w->b, "    %s ", title);
	for (i = 0; i < t.n; i++) {
		buf_text(&w->b, i ? ", " : "");
		shown_text(&w->b, t.at[i]);
	}
	buf_byte(&w->b, '\n');
}

static void add_last_run(struct answering *w, const struct step *step)
{
	struct arena *a = w->k->arena;
	struct last_run run;
	uint32_t reads;

	if (!w->k->backend.cache || !step->rules)
		return;
	if (!cache_last_run(w->k->backend.cache, step, a, &run)) {
		buf_text(&w->b, "  its last run here is not known\n");
		return;
	}
	shown_printf(&w->b, "  last ran %s by %s on %s: ", asking_time(a, run.started_ns), run.user, run.host);
	words_duration(run.ms, &w->b);
	buf_printf(&w->b, ", exit code %d%s\n", run.exit_code, run.cancelled ? ", cancelled" : "");
	if (strcmp(run.command, step->shown) != 0)
		shown_printf(&w->b, "    its command was: %s", run.command);
	if (strcmp(run.command, step->shown) != 0)
		buf_byte(&w->b, '\n');
	if (!run.kept || run.why_not[0]) {
		shown_printf(&w->b, "    its result was not %s: %s", run.kept ? "shared" : "kept",
			     run.why_not[0] ? run.why_not : run.cancelled ? "it was cancelled" : "it failed");
		buf_byte(&w->b, '\n');
	}
	reads = reads_of(&run);
	buf_printf(&w->b, "    it read %u %s and left %u%s\n", reads, reads == 1 ? "file" : "files", count_of(&run, TOUCHED_WROTE, TOUCHED_REMOVED),
		   run.traced ? "" : "; its files were not watched");
	add_names(w, "it asked for env", names_of(a, &run, TOUCHED_ENV));
	add_names(w, "it talked to", names_of(a, &run, TOUCHED_NET));
}

static void add_step(struct answering *w, uint32_t which)
{
	const struct step *step = w->k->steps[which].step;
	struct found found;
	bool looked = step->rules && w->k->backend.cache;

	if (looked)
		cache_lookup(w->k->backend.cache, step, true, NULL, &found);
	screen_stylef(&w->b, "1", "%s", step->task->label);
	buf_text(&w->b, "  ");
	live_command(step, &w->b);
	buf_byte(&w->b, '\n');
	add_verdict(w, step, looked ? &found : NULL);
	if (step->rules)
		add_before(w, which);
	add_last_run(w, step);
	if (looked)
		found_free(&found);
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void quote(struct buf *b, const char *text)
{
	json_quote(b, text, strlen(text));
}

static void add_key(struct buf *b, const char *key, const char *text)
{
	buf_printf(b, ",\"%s\":", key);
	quote(b, text);
}

static void json_texts(struct buf *b, const char *key, struct texts t)
{
	uint32_t i;

	buf_printf(b, ",\"%s\":[", key);
	for (i = 0; i < t.n; i++) {
		if (i)
			buf_byte(b, ',');
		quote(b, t.at[i]);
	}
	buf_byte(b, ']');
}

static void json_changes(struct answering *w, const struct changes *why)
{
	uint32_t i;

	buf_text(&w->b, ",\"changes\":[");
	for (i = 0; i < why->n; i++) {
		const struct changes one = { &why->at[i], 1, false };
		struct leaver leaver;

		if (i)
			buf_byte(&w->b, ',');
		words_json(&one, &w->b);
		if (!find_leaver(w, &why->at[i], &leaver))
			continue;
		w->b.size--;           /* the brace */
		buf_text(&w->b, ",\"leftBy\":{\"task\":");
		quote(&w->b, label_of(&leaver));
		add_key(&w->b, "command", command_of(&leaver));
		buf_text(&w->b, "}}");
	}
	buf_byte(&w->b, ']');
}

static void json_verdict(struct answering *w, const struct step *step, const struct found *found)
{
	static const char *const words[] = { [FOUND_HIT] = "hit", [FOUND_MISS] = "miss", [FOUND_NOTHING] = "new", [FOUND_ERROR] = "error" };

	if (!step->rules || !found) {
		add_key(&w->b, "verdict", step->rules ? "new" : "disabled");
		if (step->uncached)
			add_key(&w->b, "reason", step->uncached);
		return;
	}
	add_key(&w->b, "verdict", words[found->state]);
	if (found->state == FOUND_HIT)
		buf_printf(&w->b, ",\"savedMs\":%lld,\"missingFiles\":%u", (long long)found->saved_ms, found->missing);
	if (found->because || (found->state == FOUND_ERROR && found->trouble))
		add_key(&w->b, "reason", found->because ? found->because : found->trouble);
	if (found->state == FOUND_MISS && !found->because)
		json_changes(w, &found->why);
}

static void json_before(struct answering *w, uint32_t which)
{
	const struct dry_step **before;
	uint32_t n = steps_before(w, which, &before), i;

	buf_text(&w->b, ",\"before\":[");
	for (i = 0; i < n; i++) {
		buf_text(&w->b, i ? ",{\"task\":" : "{\"task\":");
		quote(&w->b, before[i]->step->task->label);
		add_key(&w->b, "command", before[i]->step->shown);
		if (before[i]->reason)
			add_key(&w->b, "reason", before[i]->reason);
		buf_byte(&w->b, '}');
	}
	buf_byte(&w->b, ']');
}

static void json_last_run(struct answering *w, const struct step *step)
{
	struct arena *a = w->k->arena;
	struct last_run run;

	if (!w->k->backend.cache || !step->rules || !cache_last_run(w->k->backend.cache, step, a, &run)) {
		buf_text(&w->b, ",\"lastRun\":null");
		return;
	}
	buf_printf(&w->b, ",\"lastRun\":{\"startedMs\":%lld,\"durationMs\":%lld,\"exitCode\":%d,\"cancelled\":%s,\"kept\":%s,\"watched\":%s",
		   (long long)(run.started_ns / 1000000), (long long)run.ms, run.exit_code, run.cancelled ? "true" : "false",
		   run.kept ? "true" : "false", run.traced ? "true" : "false");
	if (run.why_not[0])
		add_key(&w->b, run.kept ? "notShared" : "notKept", run.why_not);
	add_key(&w->b, "command", run.command);
	add_key(&w->b, "user", run.user);
	add_key(&w->b, "host", run.host);
	buf_printf(&w->b, ",\"filesRead\":%u,\"filesLeft\":%u", reads_of(&run), count_of(&run, TOUCHED_WROTE, TOUCHED_REMOVED));
	json_texts(&w->b, "env", names_of(a, &run, TOUCHED_ENV));
	json_texts(&w->b, "network", names_of(a, &run, TOUCHED_NET));
	buf_byte(&w->b, '}');
}

static void json_step(struct answering *w, uint32_t which)
{
	const struct step *step = w->k->steps[which].step;
	const char *package = step->task->package->path;
	bool looked = step->rules && w->k->backend.cache;
	struct found found;

	if (looked)
		cache_lookup(w->k->backend.cache, step, true, NULL, &found);
	buf_text(&w->b, "{\"task\":");
	quote(&w->b, step->task->label);
	add_key(&w->b, "package", *package ? package : ".");
	add_key(&w->b, "command", step->shown);
	json_verdict(w, step, looked ? &found : NULL);
	json_before(w, which);
	json_last_run(w, step);
	buf_byte(&w->b, '}');
	if (looked)
		found_free(&found);
}

/* ---- the command -------------------------------------------------------------------------- */

static int answer(struct asking *k, bool json, struct err *err)
{
	struct answering w = { .k = k };
	bool any = false;
	uint32_t i;

	buf_init(&w.b, SIZE_MAX / 2);
	if (dry_look(&k->backend, k->plan, &w.dry, err) < 0) {
		dry_free(&w.dry);
		buf_free(&w.b);
		return -1;
	}
	if (json) {
		buf_text(&w.b, "{\"version\":1,\"workspaceRoot\":");
		quote(&w.b, k->workspace->root);
		buf_text(&w.b, ",\"steps\":[");
	}
	for (i = 0; i < k->steps_n; i++) {
		if (!k->steps[i].requested)
			continue;
		if (any)
			buf_text(&w.b, json ? ",\n" : "\n");
		any = true;
		if (json)
			json_step(&w, i);
		else
			add_step(&w, i);
	}
	if (json)
		buf_text(&w.b, "]}\n");
	else if (!any)
		buf_text(&w.b, "No command of it is run by vt: there is nothing to tell.\n");
	dry_free(&w.dry);
	return asking_print(k->session, &w.b);
}

static int run(const struct session *s, int argc, char **argv)
{
	struct command_line line;
	struct query_options o;
	struct asking k;
	struct err err = { 0 };
	int code = command_read_line(&command_why, s, argc, argv, &line);

	if (code >= 0)
		return code;
	if (asking_words(&line, &o, &err) < 0)
		return cmd_fail(s, &err);
	asking_choose(&line, &(struct asking_options){ RECURSIVE, FILTER, CACHE }, &o);
	if (asking_open(&k, s, &err) < 0 || asking_plan(&k, &o, true, &err) < 0 ||
	    (code = answer(&k, command_line_has(&line, JSON), &err)) < 0)
		code = cmd_fail(s, &err);
	asking_close(&k);
	return code;
}
