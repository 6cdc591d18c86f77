#include "config.h"

#include "report/summary.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/texts.h"
#include "plan/step.h"
#include "report/screen.h"
#include "report/tail.h"
#include "report/words.h"
#include "text/shown.h"
#include "workspace/workspace.h"

#define PROGRAM "vt"
enum {
	SUMMARY_FOLDER = 8,            /* of a folder with more inputs or outputs only their number is shown */
	SUMMARY_FAILING = 8            /* how many tasks that still fail are named */
};

#define HINT "`" PROGRAM " run --last-details`"

/* ---- gathering ---- */

struct summary *summary_new(bool lists)
{
	struct arena *a = arena_new();
	struct summary *s = arena_alloc(a, sizeof *s);

	s->arena = a;
	s->lists = lists;
	return s;
}

void summary_free(struct summary *s)
{
	if (s)
		arena_free(s->arena);
}

static const char *copy(struct arena *a, const char *s)
{
	return s ? arena_str(a, s) : NULL;
}

static struct texts copy_texts(struct arena *a, struct texts t)
{
	struct texts r = { arena_array(a, t.n ? t.n : 1, sizeof *r.at), t.n };
	uint32_t i;

	for (i = 0; i < t.n; i++)
		r.at[i] = arena_str(a, t.at[i]);
	return r;
}

static const char *reason_text(struct arena *a, const struct outcome *o)
{
	struct buf b;
	const char *r;

	if (o->status != START_MISS)
		return NULL;
	if (o->because)
		return arena_str(a, o->because);
	buf_init(&b, SIZE_MAX / 2);
	words_details(&o->why, &b);
	r = arena_str(a, buf_str(&b));
	buf_free(&b);
	return r;
}

void summary_step_of(struct arena *a, const struct step *step, const struct outcome *o, bool lists, struct summary_step *ret)
{
	*ret = (struct summary_step){
		.label = arena_str(a, step->task->label),
		.command = arena_concat(a, words_home(step->cwd), step->cwd, "$ ", step->shown, NULL),
		.result = o->result,
		.status = o->status,
		.exit_code = o->exit_code,
		.ms = o->ms,
		.saved_ms = o->saved_ms,
		.reason = reason_text(a, o),
		.not_cached = copy(a, o->not_cached ? o->not_cached : step->uncached),
		.not_shared = copy(a, o->not_shared),
		.trouble = copy(a, o->trouble),
		.notice = o->notice,
		.read_and_wrote = o->read_and_wrote,
		.failed = o->failed,
		.cancelled = o->cancelled,
		.missing = o->missing,
		.package = step->task->package ? arena_str(a, step->task->package->path) : "",
		.origin = copy(a, o->origin),
		.cwd = arena_str(a, step->cwd),
		.line = arena_str(a, step->shown),
		.attempts = o->attempts_n ? arena_copy(a, o->attempts, o->attempts_n * sizeof *o->attempts) : NULL,
		.attempts_n = o->attempts_n,
		.began_ns = o->began_ns,
		.ended_ns = o->ended_ns,
	};
	if (lists) {
		ret->inputs = copy_texts(a, o->inputs);
		ret->outputs = copy_texts(a, o->outputs);
		ret->effects = copy_texts(a, o->effects);
	}
}

static void add_step(struct summary *s, const struct event *e)
{
	s->at = arena_grow(s->arena, s->at, s->n, sizeof *s->at);
	summary_step_of(s->arena, e->step, e->outcome, s->lists, &s->at[s->n++]);
}

static void on_event(void *self, const struct event *e)
{
	struct summary *s = self;

	if (e->kind == EVENT_FINISHED)
		add_step(s, e);
	if (e->kind == EVENT_STILL_FAILING)
		texts_add(s->arena, &s->still_failing, arena_str(s->arena, e->step->task->label));
	if (e->kind == EVENT_RUN_FINISHED) {
		s->exit_code = e->exit_code;
		s->not_run = e->not_run;
	}
}

struct listener summary_listener(struct summary *s)
{
	return (struct listener){ on_event, s };
}

/* ---- counting ---- */

struct summary_counts summary_count(const struct summary *s)
{
	struct summary_counts c = { .tasks = s->n, .not_run = s->not_run };
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		const struct summary_step *t = &s->at[i];

		c.failed += t->failed;
		c.cancelled += t->cancelled;
		if (t->result == END_HIT) {
			c.hits++;
			c.saved_ms += t->saved_ms;
		} else if (t->result == END_BUILTIN || t->status == START_DISABLED) {
			c.disabled++;
		} else {
			c.misses++;
		}
	}
	c.rate = s->n ? (unsigned)((uint64_t)c.hits * 100 / s->n) : 0;
	return c;
}

static void add_duration(struct buf *b, int64_t ms)
{
	struct buf text;

	buf_init(&text, 64);
	words_duration(ms, &text);
	screen_style(b, "32;1", buf_str(&text));
	buf_free(&text);
}

/* Names a step that failed, with its last lines if those are out of view. */
static void add_failure(const struct summary *s, const struct summary_step *t, uint32_t which, struct buf *b)
{
	bool repeats = !s->names_only && tail_is_passed(s->tail, which);
	struct bytes lines = repeats ? tail_lines(s->tail, which) : (struct bytes){ "", 0 };

	screen_style(b, "31;1", "✗");
	buf_byte(b, ' ');
	screen_style(b, "1", t->label);
	buf_text(b, which ? " failed" : " failed first");
	buf_printf(b, " (exit code: %d)", t->exit_code);
	buf_text(b, lines.size ? "; it printed last:\n" : "\n");
	buf_add(b, lines.data, lines.size);
	if (lines.size)
		buf_text(b, ((const char *)lines.data)[lines.size - 1] == '\n' ? "\033[0m" : "\033[0m\n");
}

static void add_failures(const struct summary *s, struct buf *b)
{
	uint32_t i, which = 0;

	for (i = 0; s->tail && i < s->n; i++) {
		if (s->at[i].failed && which < TAIL_STEPS)
			add_failure(s, &s->at[i], which, b);
		which += s->at[i].failed;
	}
	if (which > TAIL_STEPS)
		buf_printf(b, "… and %u more failed\n", which - TAIL_STEPS);
}

/* ---- compact ---- */

/* Adds "a#b (and 2 more) not cached because ...", a line for each sort. false: there are none. */
static bool add_notice(const struct summary *s, bool read_and_wrote, struct buf *b)
{
	const struct summary_step *first = NULL;
	uint32_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		if (!s->at[i].notice || s->at[i].read_and_wrote != read_and_wrote)
			continue;
		if (!first)
			first = &s->at[i];
		n++;
	}
	if (!first)
		return false;
	buf_byte(b, ' ');
	screen_style(b, "1", first->label);
	if (n > 1)
		buf_printf(b, " (and %u more)", n - 1);
	buf_text(b, " not cached because ");
	if (read_and_wrote) {
		buf_text(b, n > 1 ? "they modified their inputs." : "it modified its input.");
	} else {
		const char *text = first->not_cached ? first->not_cached : "";
		size_t size = strlen(text);

		shown_add(b, text, size);
		if (size == 0 || text[size - 1] != '.')
			buf_byte(b, '.');
	}
	return true;
}

/* Adds the missing files of hits: those of the first task, and the number of other tasks. */
static void add_missing(const struct summary *s, struct buf *b)
{
	const char *first = NULL, *last = NULL;
	uint32_t i, files = 0, more = 0;

	for (i = 0; i < s->n; i++) {
		if (!s->at[i].missing)
			continue;
		if (!first)
			first = s->at[i].label;
		if (strcmp(s->at[i].label, first) == 0)
			files += s->at[i].missing;
		else if (!last || strcmp(s->at[i].label, last) != 0)
			more++;
		last = s->at[i].label;
	}
	if (!first)
		return;
	screen_style(b, "1", first);
	buf_printf(b, ": %u %s missing; declare \"output\" to have %s put back", files,
		   files == 1 ? "file it made is" : "files it made are", files == 1 ? "it" : "them");
	if (more)
		buf_printf(b, " … and %u more task%s", more, words_s(more));
	buf_byte(b, '\n');
}

/* "still failing: a#test, b#test (and 3 more)" */
static void add_still_failing(const struct summary *s, struct buf *b)
{
	uint32_t i, n = s->still_failing.n;

	if (n == 0)
		return;
	screen_style(b, "31;1", "✗");
	buf_text(b, " still failing:");
	for (i = 0; i < n && i < SUMMARY_FAILING; i++) {
		buf_text(b, i ? ", " : " ");
		screen_style(b, "1", s->still_failing.at[i]);
	}
	if (n > i)
		buf_printf(b, " (and %u more)", n - i);
	buf_byte(b, '\n');
}

static void add_head(struct buf *b)
{
	screen_style(b, "90", "---");
	buf_byte(b, '\n');
	screen_style(b, "34;1", PROGRAM " run:");
}

static void add_hint(struct buf *b)
{
	buf_byte(b, ' ');
	screen_style(b, "90", "(Run ");
	screen_style(b, "34", HINT);
	screen_style(b, "90", " for full details)");
	buf_byte(b, '\n');
}

/* "3 of 40 here, 37 elsewhere" */
static void add_shared(const struct summary *s, struct buf *b)
{
	if (!s->is_shared)
		return;
	screen_style(b, "34;1", PROGRAM " run:");
	buf_printf(b, " %u of %u here, %u elsewhere\n", s->shared.here, s->shared.tasks, s->shared.elsewhere);
}

void summary_compact(const struct summary *s, struct buf *b)
{
	struct summary_counts c = summary_count(s);
	struct buf notice;

	if (s->n == 0) {
		add_shared(s, b);
		return;
	}
	buf_init(&notice, SIZE_MAX / 2);
	add_notice(s, true, &notice);
	add_notice(s, false, &notice);
	if (s->n == 1 && c.hits == 1 && !c.not_run) {
		add_head(b);
		buf_text(b, " cache hit, ");
		add_duration(b, c.saved_ms);
		buf_text(b, " saved.\n");
	} else if (s->n == 1 && !c.not_run) {
		if (notice.size > 0) {
			add_head(b);
			buf_add(b, notice.data, notice.size);
			add_hint(b);
		}
	} else {
		add_head(b);
		buf_printf(b, " %u/%u cache hit (%u%%)", c.hits, c.tasks, c.rate);
		if (c.saved_ms > 0) {
			buf_text(b, ", ");
			add_duration(b, c.saved_ms);
			buf_text(b, " saved");
		}
		if (c.failed) {
			buf_text(b, ", ");
			screen_stylef(b, "31", "%u", c.failed);
			buf_text(b, " failed");
		}
		if (c.cancelled)
			buf_printf(b, ", %u cancelled", c.cancelled);
		if (c.not_run)
			buf_printf(b, ", %u not run", c.not_run);
		buf_byte(b, '.');
		buf_add(b, notice.data, notice.size);
		add_hint(b);
		add_failures(s, b);
	}
	add_still_failing(s, b);
	add_missing(s, b);
	add_shared(s, b);
	buf_free(&notice);
}

/* ---- full ---- */

static void add_rule(struct buf *b, const char *piece, int n)
{
	buf_text(b, "\033[90m");
	while (n--)
		buf_text(b, piece);
	buf_text(b, "\033[0m\n");
}

/* Adds " • 2 cache hits", in the singular or plural. */
static void add_count(struct buf *b, const char *codes, uint32_t n, const char *one, const char *many)
{
	buf_text(b, " • ");
	screen_stylef(b, codes, "%u %s", n, n == 1 ? one : many);
}

static void add_statistics(const struct summary_counts *c, struct buf *b)
{
	screen_style(b, "1", "Statistics:");
	buf_text(b, "  ");
	screen_stylef(b, "97", " %u task%s", c->tasks, words_s(c->tasks));
	add_count(b, "32", c->hits, "cache hit", "cache hits");
	add_count(b, "90", c->misses, "cache miss", "cache misses");
	if (c->disabled)
		add_count(b, "90", c->disabled, "cache disabled", "cache disabled");
	if (c->failed)
		add_count(b, "31", c->failed, "failed", "failed");
	if (c->cancelled)
		add_count(b, "90", c->cancelled, "cancelled", "cancelled");
	if (c->not_run)
		add_count(b, "90", c->not_run, "not run", "not run");
	buf_byte(b, '\n');
	screen_style(b, "1", "Performance:");
	buf_text(b, "  ");
	screen_stylef(b, c->rate >= 75 ? "32;1" : c->rate >= 50 ? "90" : "31", "%u%%", c->rate);
	buf_text(b, " cache hit rate");
	if (c->saved_ms > 0) {
		buf_text(b, ", ");
		add_duration(b, c->saved_ms);
		buf_text(b, " saved in total");
	}
	buf_byte(b, '\n');
}

/* Adds "      → first line" and the other lines below it, aligned with its text. */
static void add_detail(struct buf *b, const char *codes, const char *head, const char *text)
{
	const char *nl;

	buf_printf(b, "      \033[%sm→ %s", codes, head);
	while ((nl = strchr(text, '\n'))) {
		shown_add(b, text, (size_t)(nl - text));
		buf_printf(b, "\033[0m\n%20s\033[%sm", "", codes);
		text = nl + 1;
	}
	shown_text(b, text);
	buf_text(b, "\033[0m\n");
}

static void add_details(const struct summary_step *t, struct buf *b)
{
	struct buf text;

	if (t->result == END_HIT) {
		buf_init(&text, 256);
		buf_text(&text, "Cache hit - output replayed - ");
		words_duration(t->saved_ms, &text);
		buf_text(&text, " saved");
		add_detail(b, "32", buf_str(&text), "");
		buf_free(&text);
	} else if (t->result == END_BUILTIN) {
		add_detail(b, "90", "Cache disabled for built-in command", "");
	} else if (t->status == START_DISABLED && !t->not_cached) {
		add_detail(b, "90", "Cache disabled in task configuration", "");
	} else if (t->not_cached) {
		add_detail(b, "90", "Not cached: ", t->not_cached);
	} else {
		add_detail(b, "90", "Cache miss: ", t->reason ? t->reason : "no previous cache entry found");
	}
	if (t->not_shared)
		add_detail(b, "90", "Not shared: ", t->not_shared);
}

static size_t folder_size(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

/* How many of the paths lie in each folder itself. */
static void count_folders(const struct texts *paths, struct map *ret)
{
	uint32_t i;

	map_init(ret);
	for (i = 0; i < paths->n; i++) {
		void **at = map_put(ret, paths->at[i], folder_size(paths->at[i]));

		*at = (void *)((uintptr_t)*at + 1);
	}
}

/* Adds a path; or, once for a folder with many, the folder and their number. */
static void add_path(const char *path, struct map *folders, struct buf *b)
{
	static const char removed[] = " (removed)";
	size_t n = folder_size(path), size = strlen(path), end = sizeof removed - 1;
	void **at = map_put(folders, path, n);
	uintptr_t count = (uintptr_t)*at;

	if (!count)
		return;
	buf_text(b, "        ");
	if (count > SUMMARY_FOLDER) {
		screen_stylef(b, "90", "%zu files in '%.*s'", (size_t)count, n ? (int)n : 1, n ? path : ".");
		*at = NULL;
	} else if (size > end && strcmp(path + size - end, removed) == 0) {
		screen_stylef(b, "90", "'%.*s'%s", (int)(size - end), path, removed);
	} else {
		screen_stylef(b, "90", "'%s'", path);
	}
	buf_byte(b, '\n');
}

/* Adds the names in order, each once: a file may be an input in several ways. */
static void add_list(const char *title, struct texts t, struct buf *b)
{
	struct texts sorted = { NULL, t.n };
	struct map folders;
	uint32_t i;

	if (t.n == 0)
		return;
	sorted.at = xcalloc(t.n, sizeof *sorted.at);
	memcpy(sorted.at, t.at, t.n * sizeof *sorted.at);
	texts_sort(&sorted);
	count_folders(&sorted, &folders);
	buf_text(b, "      ");
	screen_style(b, "90", title);
	buf_byte(b, '\n');
	for (i = 0; i < sorted.n; i++)
		add_path(sorted.at[i], &folders, b);
	map_free(&folders);
	free(sorted.at);
}

static void add_step_lines(const struct summary_step *t, uint32_t number, bool lists, struct buf *b)
{
	buf_text(b, "  ");
	screen_stylef(b, "90", "[%u]", number);
	buf_byte(b, ' ');
	screen_style(b, "97;1", t->label);
	buf_text(b, ": ");
	screen_style(b, "34", t->command);
	if (t->result != END_NOT_STARTED) {
		buf_byte(b, ' ');
		screen_style(b, t->exit_code ? "31;1" : "32;1", t->exit_code ? "✗" : "✓");
		if (t->exit_code) {
			buf_byte(b, ' ');
			screen_stylef(b, "31", "(exit code: %d)", t->exit_code);
			buf_text(b, t->cancelled ? ", cancelled" : "");
		}
	}
	buf_byte(b, '\n');
	add_details(t, b);
	if (lists) {
		add_list("Inputs:", t->inputs, b);
		add_list("Outputs:", t->outputs, b);
		add_list("Left, and not kept:", t->effects, b);
	}
	if (t->trouble) {
		buf_text(b, "      ");
		screen_style(b, "31;1", "✗ Error:");
		buf_byte(b, ' ');
		screen_style(b, "31", t->trouble);
		buf_byte(b, '\n');
	}
}

void summary_full(const struct summary *s, bool lists, struct buf *b)
{
	struct summary_counts c = summary_count(s);
	uint32_t i;

	buf_byte(b, '\n');
	add_rule(b, "━", 47);
	buf_text(b, "    ");
	screen_style(b, "97;1", PROGRAM " Task Runner • Execution Summary");
	buf_byte(b, '\n');
	add_rule(b, "━", 47);
	buf_byte(b, '\n');
	add_statistics(&c, b);
	buf_byte(b, '\n');
	screen_style(b, "1", "Task Details:");
	buf_byte(b, '\n');
	add_rule(b, "─", 48);
	for (i = 0; i < s->n; i++) {
		if (i > 0) {
			buf_text(b, "  ");
			add_rule(b, "·", 55);
		}
		add_step_lines(&s->at[i], i + 1, lists, b);
	}
	add_rule(b, "━", 47);
	if (s->n > 1)
		add_failures(s, b);
	add_still_failing(s, b);
	add_missing(s, b);
}
