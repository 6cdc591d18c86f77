#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "os/loop.h"
#include "plan/step.h"
#include "report/last.h"
#include "report/live.h"
#include "report/screen.h"
#include "report/summary.h"
#include "report/warnings.h"
#include "report/words.h"
#include "text/strip.h"
#include "workspace/workspace.h"

/* ---- words ---- */

static void durations_have_two_digits_from_a_second_on(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "0ns" }, { 1, "1ms" }, { 999, "999ms" }, { 1000, "1s" }, { 1005, "1s" }, { 1015, "1.02s" },
		{ 1500, "1.50s" }, { 1985, "1.98s" }, { 1995, "2s" }, { 61234, "61.23s" }, { 3600000, "3600s" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 64);
	for (i = 0; i < COUNT(rows); i++) {
		buf_clear(&b);
		words_duration(rows[i].ms, &b);
		assert_string_equal(buf_str(&b), rows[i].text);
	}
	buf_free(&b);
}

#define NAMED(text) { text, sizeof text - 1 }

static void every_change_has_its_words(void **state)
{
	static const struct {
		struct change change;
		const char *inline_text, *detail, *json;
	} rows[] = {
		{ { CHANGE_CHANGED, FACT_ENV, NAMED("A"), false, { 0 }, { 0 } }, "env 'A' changed", "env 'A' changed",
		  "{\"kind\":\"env\",\"name\":\"A\",\"change\":\"changed\"}" },
		{ { CHANGE_ADDED, FACT_ENV, NAMED("A"), false, { 0 }, { 0 } }, "env 'A' changed", "env 'A' added",
		  "{\"kind\":\"env\",\"name\":\"A\",\"change\":\"added\"}" },
		{ { CHANGE_REMOVED, FACT_ENV, NAMED("A"), true, { 0 }, { 0 } }, "env 'A' changed", "env 'A' removed",
		  "{\"kind\":\"env\",\"name\":\"A\",\"change\":\"removed\"}" },
		{ { CHANGE_ADDED, FACT_ENV_GLOB, NAMED("VITE_X"), true, { 0 }, { 0 } }, "env 'VITE_X' changed", "env 'VITE_X' added",
		  "{\"kind\":\"env\",\"name\":\"VITE_X\",\"change\":\"added\"}" },
		{ { CHANGE_ADDED, FACT_UNTRACKED, NAMED("CI_*"), false, { 0 }, { 0 } }, "untracked env config changed",
		  "untracked env 'CI_*' added", "{\"kind\":\"config\",\"setting\":\"untrackedEnv\"}" },
		{ { CHANGE_CHANGED, FACT_PROGRAM_NAME, { 0 }, false, NAMED("node"), NAMED("bun") }, "program changed",
		  "program changed", "{\"kind\":\"program\",\"from\":\"node\",\"to\":\"bun\"}" },
		{ { CHANGE_CHANGED, FACT_ARGS, { 0 }, false, NAMED("a"), NAMED("b \"c\"") }, "args changed", "args changed",
		  "{\"kind\":\"args\",\"from\":\"a\",\"to\":\"b \\\"c\\\"\"}" },
		{ { CHANGE_CHANGED, FACT_CWD, { 0 }, false, NAMED(""), NAMED("sub") }, "working directory changed",
		  "working directory changed", "{\"kind\":\"cwd\",\"from\":\"\",\"to\":\"sub\"}" },
		{ { CHANGE_CHANGED, FACT_INPUT_CONFIG, { 0 }, false, { 0 }, { 0 } }, "input configuration changed",
		  "input configuration changed", "{\"kind\":\"config\",\"setting\":\"input\"}" },
		{ { CHANGE_CHANGED, FACT_OUTPUT_CONFIG, { 0 }, false, { 0 }, { 0 } }, "output configuration changed",
		  "input configuration changed", "{\"kind\":\"config\",\"setting\":\"output\"}" },
		{ { CHANGE_CHANGED, FACT_COMPONENT, NAMED("auto-input"), false, { 0 }, { 0 } }, "plugin 'auto-input' changed",
		  "plugin 'auto-input' changed", "{\"kind\":\"config\",\"setting\":\"auto-input\"}" },
		{ { CHANGE_CHANGED, FACT_FILE, NAMED("src/main.ts"), false, { 0 }, { 0 } }, "'src/main.ts' modified",
		  "'src/main.ts' modified", "{\"kind\":\"file\",\"path\":\"src/main.ts\",\"change\":\"changed\"}" },
		{ { CHANGE_ADDED, FACT_GLOBBED, NAMED("new.txt"), false, { 0 }, { 0 } }, "'new.txt' added in workspace root",
		  "'new.txt' added in workspace root", "{\"kind\":\"file\",\"path\":\"new.txt\",\"change\":\"added\"}" },
		{ { CHANGE_ADDED, FACT_LIST, NAMED("packages/a/nope.txt"), false, { 0 }, { 0 } },
		  "'nope.txt' added in 'packages/a'", "'nope.txt' added in 'packages/a'",
		  "{\"kind\":\"file\",\"path\":\"packages/a/nope.txt\",\"change\":\"added\"}" },
		{ { CHANGE_REMOVED, FACT_FILE, NAMED("test.txt"), false, { 0 }, { 0 } }, "'test.txt' removed from workspace root",
		  "'test.txt' removed from workspace root", "{\"kind\":\"file\",\"path\":\"test.txt\",\"change\":\"removed\"}" },
		{ { CHANGE_CHANGED, FACT_TYPE, NAMED("a/b"), false, { 0 }, { 0 } }, "'b' added in 'a'", "'b' added in 'a'",
		  "{\"kind\":\"file\",\"path\":\"a/b\",\"change\":\"changed\"}" },
		{ { CHANGE_CHANGED, FACT_PROGRAM, NAMED("/usr/bin/node"), false, { 0 }, { 0 } }, "program 'node' changed",
		  "program 'node' changed", "{\"kind\":\"file\",\"path\":\"/usr/bin/node\",\"change\":\"changed\"}" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < COUNT(rows); i++) {
		struct change c = rows[i].change;
		struct changes why = { &c, 1, false };

		buf_clear(&b);
		words_reason(&why, &b);
		assert_string_equal(buf_str(&b), rows[i].inline_text);
		buf_clear(&b);
		words_details(&why, &b);
		assert_string_equal(buf_str(&b), rows[i].detail);
		buf_clear(&b);
		words_json(&why, &b);
		assert_string_equal(buf_str(&b), rows[i].json);
	}
	buf_free(&b);
}

static void declared_variables_are_all_named_and_hide_the_rest(void **state)
{
	struct change at[] = {
		{ CHANGE_CHANGED, FACT_ENV, NAMED("A"), false, { 0 }, { 0 } },
		{ CHANGE_REMOVED, FACT_ENV, NAMED("B"), false, { 0 }, { 0 } },
		{ CHANGE_CHANGED, FACT_ARGS, { 0 }, false, NAMED("x"), NAMED("y") },
		{ CHANGE_CHANGED, FACT_FILE, NAMED("in.txt"), false, { 0 }, { 0 } },
		{ CHANGE_CHANGED, FACT_FILE, NAMED("rd.js"), false, { 0 }, { 0 } },
	};
	struct changes why = { at, COUNT(at), false };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	words_reason(&why, &b);
	assert_string_equal(buf_str(&b), "envs 'A', 'B' changed");
	buf_clear(&b);
	words_details(&why, &b);
	assert_string_equal(buf_str(&b), "env 'A' changed; env 'B' removed; args changed\n'in.txt' modified\n'rd.js' modified");
	buf_free(&b);
}

static void of_tracked_variables_only_the_first_is_named(void **state)
{
	struct change at[] = {
		{ CHANGE_CHANGED, FACT_ENV, NAMED("A"), true, { 0 }, { 0 } },
		{ CHANGE_CHANGED, FACT_ENV, NAMED("B"), true, { 0 }, { 0 } },
	};
	struct changes why = { at, COUNT(at), false };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	words_reason(&why, &b);
	assert_string_equal(buf_str(&b), "env 'A' changed");
	buf_free(&b);
}

static void a_difference_without_a_name_is_a_changed_configuration(void **state)
{
	struct changes why = { NULL, 0, false };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	words_reason(&why, &b);
	assert_string_equal(buf_str(&b), "configuration changed");
	buf_clear(&b);
	words_details(&why, &b);
	assert_string_equal(buf_str(&b), "configuration changed");
	buf_free(&b);
}

/* ---- strip ---- */

static const char sequences[] =
	"a\033[31mred\033[0m b\033]8;;http://x/\033\\link\033]8;;\007 \033[38;5;12mc\033[K\033(Bd\033M e\033[?25l\xc3\xa9\n";

static void sequences_are_taken_out(void **state)
{
	struct strip s = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	strip_add(&s, sequences, sizeof sequences - 1, &b);
	assert_string_equal(buf_str(&b), "ared blink cd e\xc3\xa9\n");
	buf_free(&b);
}

static void sequences_may_be_split_anywhere(void **state)
{
	size_t cut, size = sizeof sequences - 1;

	(void)state;
	for (cut = 0; cut <= size; cut++) {
		struct strip s = { 0 };
		struct buf b;

		buf_init(&b, 4096);
		strip_add(&s, sequences, cut, &b);
		strip_add(&s, sequences + cut, size - cut, &b);
		assert_string_equal(buf_str(&b), "ared blink cd e\xc3\xa9\n");
		buf_free(&b);
	}
}

static void a_broken_sequence_ends_with_its_line(void **state)
{
	static const char text[] = "one\033[31\ntwo\n";
	struct strip s = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	strip_add(&s, text, sizeof text - 1, &b);
	assert_string_equal(buf_str(&b), "one\ntwo\n");
	buf_free(&b);
}

/* ---- colours ---- */

static void the_environment_decides_about_colours(void **state)
{
	static const struct {
		const char *entries[4];
		bool tty, coloured;
	} rows[] = {
		{ { "FORCE_COLOR=1" }, false, true },       { { "FORCE_COLOR=3" }, false, true },
		{ { "FORCE_COLOR=" }, false, true },        { { "FORCE_COLOR=true" }, false, true },
		{ { "FORCE_COLOR=0" }, false, false },      { { "FORCE_COLOR=0", "TERM=xterm" }, true, true },
		{ { "CLICOLOR_FORCE=1" }, false, true },    { { "CLICOLOR_FORCE=0" }, false, false },
		{ { "NO_COLOR=", "TERM=xterm" }, true, false }, { { "NO_COLOR=0", "TERM=xterm" }, true, true },
		{ { "FORCE_COLOR=1", "NO_COLOR=1" }, false, true }, { { "TERM=dumb" }, true, false },
		{ { "CLICOLOR=0", "TERM=xterm" }, true, true }, { { "TERM=xterm" }, false, false },
		{ { "TERM=xterm" }, true, true },
	};
	struct arena *a = arena_new();
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_int_equal(screen_has_colours(env_from(a, (char *const *)(uintptr_t)rows[i].entries), rows[i].tty), rows[i].coloured);
	arena_free(a);
}

/* ---- summary ---- */

static const struct task task_a = { .name = "ok", .label = "@t/a#ok" }, task_b = { .name = "ok", .label = "@t/b#ok" };
static struct step step_a = { .task = &task_a, .shown = "node ok.js", .cwd = "packages/a" };
static struct step step_b = { .task = &task_b, .shown = "node ../a/ok.js", .cwd = "packages/b" };
static struct step step_root = { .task = &task_b, .shown = "echo hi", .cwd = "" };

static void finish(struct summary *s, const struct step *step, struct outcome o)
{
	struct listener l = summary_listener(s);

	l.on_event(l.self, &(struct event){ .kind = EVENT_FINISHED, .step = step, .outcome = &o });
}

static char *plain(struct buf *b)
{
	struct strip s = { 0 };
	struct buf r;

	buf_init(&r, SIZE_MAX / 2);
	strip_add(&s, b->data, b->size, &r);
	buf_free(b);
	return r.data ? r.data : strdup("");
}

static void assert_compact(const struct summary *s, const char *text)
{
	struct buf b;
	char *got;

	buf_init(&b, SIZE_MAX / 2);
	summary_compact(s, &b);
	got = plain(&b);
	assert_string_equal(got, text);
	free(got);
}

static void nothing_and_a_single_miss_have_no_summary(void **state)
{
	struct summary *s = summary_new(false);

	(void)state;
	assert_compact(s, "");
	finish(s, &step_a, (struct outcome){ .result = END_DONE, .status = START_FIRST, .exit_code = 42, .failed = true });
	assert_compact(s, "");
	summary_free(s);
}

static void a_single_hit_tells_what_it_saved(void **state)
{
	struct summary *s = summary_new(false);

	(void)state;
	finish(s, &step_a, (struct outcome){ .result = END_HIT, .status = START_HIT, .saved_ms = 1500 });
	assert_compact(s, "---\nvt run: cache hit, 1.50s saved.\n");
	summary_free(s);
}

static void several_tasks_are_counted(void **state)
{
	struct summary *s = summary_new(false);

	(void)state;
	finish(s, &step_a, (struct outcome){ .result = END_DONE, .status = START_FIRST });
	finish(s, &step_b, (struct outcome){ .result = END_BUILTIN, .status = START_DISABLED });
	assert_compact(s, "---\nvt run: 0/2 cache hit (0%). (Run `vt run --last-details` for full details)\n");
	finish(s, &step_a, (struct outcome){ .result = END_HIT, .status = START_HIT, .saved_ms = 54 });
	finish(s, &step_b, (struct outcome){ .result = END_DONE, .status = START_DISABLED, .exit_code = 137, .failed = true });
	assert_compact(s, "---\nvt run: 1/4 cache hit (25%), 54ms saved, 1 failed. (Run `vt run --last-details` for full details)\n");
	finish(s, &step_a, (struct outcome){ .result = END_DONE, .status = START_DISABLED, .exit_code = 137, .cancelled = true });
	assert_compact(s, "---\nvt run: 1/5 cache hit (20%), 54ms saved, 1 failed, 1 cancelled. (Run `vt run --last-details` for full details)\n");
	summary_free(s);
}

static void what_was_not_cached_is_noticed(void **state)
{
	struct outcome wrote = { .result = END_DONE, .status = START_FIRST, .not_cached = "read and wrote 'x'",
				 .notice = true, .read_and_wrote = true };
	struct outcome changed = { .result = END_DONE, .status = START_FIRST, .not_cached = "'y' changed while the task ran",
				   .notice = true };
	struct summary *s = summary_new(false);

	(void)state;
	finish(s, &step_a, wrote);
	assert_compact(s, "---\nvt run: @t/a#ok not cached because it modified its input. (Run `vt run --last-details` for full details)\n");
	finish(s, &step_b, wrote);
	assert_compact(s, "---\nvt run: 0/2 cache hit (0%). @t/a#ok (and 1 more) not cached because they modified their inputs. "
			  "(Run `vt run --last-details` for full details)\n");
	finish(s, &step_b, changed);
	assert_compact(s, "---\nvt run: 0/3 cache hit (0%). @t/a#ok (and 1 more) not cached because they modified their inputs. "
			  "@t/b#ok not cached because 'y' changed while the task ran. (Run `vt run --last-details` for full details)\n");
	summary_free(s);
}

#define HEAVY "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n"
#define THIN "────────────────────────────────────────────────\n"
#define DOTS "  ·······················································\n"

static const char full_text[] =
	"\n" HEAVY "    vt Task Runner • Execution Summary\n" HEAVY "\n"
	"Statistics:   4 tasks • 1 cache hit • 2 cache misses • 1 cache disabled • 2 failed\n"
	"Performance:  25% cache hit rate, 93ms saved in total\n"
	"\n"
	"Task Details:\n" THIN
	"  [1] @t/a#ok: ~/packages/a$ node ok.js ✓\n"
	"      → Cache hit - output replayed - 93ms saved\n" DOTS
	"  [2] @t/b#ok: ~/packages/b$ node ../a/ok.js ✗ (exit code: 4)\n"
	"      → Cache miss: 'in.txt' modified\n"
	"                    'rd.js' modified\n" DOTS
	"  [3] @t/b#ok: $ echo hi ✓\n"
	"      → Cache disabled for built-in command\n" DOTS
	"  [4] @t/a#ok: ~/packages/a$ node ok.js\n"
	"      → Cache miss: no previous cache entry found\n"
	"      ✗ Error: Failed to spawn process: x\n" HEAVY;

static struct summary *full_summary(void)
{
	struct change at[] = {
		{ CHANGE_CHANGED, FACT_FILE, NAMED("in.txt"), false, { 0 }, { 0 } },
		{ CHANGE_CHANGED, FACT_FILE, NAMED("rd.js"), false, { 0 }, { 0 } },
	};
	struct summary *s = summary_new(false);

	finish(s, &step_a, (struct outcome){ .result = END_HIT, .status = START_HIT, .saved_ms = 93 });
	finish(s, &step_b, (struct outcome){ .result = END_DONE, .status = START_MISS, .exit_code = 4, .failed = true,
					     .why = { at, 2, false } });
	finish(s, &step_root, (struct outcome){ .result = END_BUILTIN, .status = START_DISABLED });
	finish(s, &step_a, (struct outcome){ .result = END_NOT_STARTED, .status = START_FIRST, .exit_code = 1, .failed = true,
					     .trouble = "Failed to spawn process: x" });
	s->exit_code = 1;
	return s;
}

static void assert_full(const struct summary *s, const char *text)
{
	struct buf b;
	char *got;

	buf_init(&b, SIZE_MAX / 2);
	summary_full(s, false, &b);
	got = plain(&b);
	assert_string_equal(got, text);
	free(got);
}

static void the_full_summary_tells_everything(void **state)
{
	struct summary *s = full_summary();

	(void)state;
	assert_full(s, full_text);
	summary_free(s);
}

static void one_task_is_singular(void **state)
{
	struct summary *s = summary_new(false);

	(void)state;
	finish(s, &step_a, (struct outcome){ .result = END_DONE, .status = START_FIRST, .not_cached = "the task opted out of caching" });
	assert_full(s, "\n" HEAVY "    vt Task Runner • Execution Summary\n" HEAVY "\n"
		       "Statistics:   1 task • 0 cache hits • 1 cache miss\n"
		       "Performance:  0% cache hit rate\n"
		       "\n"
		       "Task Details:\n" THIN
		       "  [1] @t/a#ok: ~/packages/a$ node ok.js ✓\n"
		       "      → Not cached: the task opted out of caching\n" HEAVY);
	summary_free(s);
}

static void colours_are_those_of_the_specification(void **state)
{
	struct summary *s = summary_new(false);
	struct buf b;

	(void)state;
	finish(s, &step_a, (struct outcome){ .result = END_HIT, .status = START_HIT, .saved_ms = 5 });
	finish(s, &step_b, (struct outcome){ .result = END_DONE, .status = START_DISABLED, .exit_code = 2, .failed = true });
	buf_init(&b, SIZE_MAX / 2);
	summary_compact(s, &b);
	assert_string_equal(buf_str(&b),
			    "\033[90m---\033[0m\n\033[34;1mvt run:\033[0m 1/2 cache hit (50%), \033[32;1m5ms\033[0m saved, "
			    "\033[31m1\033[0m failed. \033[90m(Run \033[0m\033[34m`vt run --last-details`\033[0m"
			    "\033[90m for full details)\033[0m\n");
	buf_free(&b);
	summary_free(s);
}

static void lists_stand_below_their_task(void **state)
{
	const char *in[] = { "package.json", "src/a.ts" }, *out[] = { "dist/a.js" };
	struct summary *s = summary_new(true);
	struct buf b;
	char *got;

	(void)state;
	finish(s, &step_a, (struct outcome){ .result = END_HIT, .status = START_HIT, .inputs = { in, 2 }, .outputs = { out, 1 } });
	buf_init(&b, SIZE_MAX / 2);
	summary_full(s, true, &b);
	got = plain(&b);
	assert_non_null(strstr(got, "saved\n      Inputs:\n        'package.json'\n        'src/a.ts'\n      Outputs:\n        'dist/a.js'\n"));
	free(got);
	summary_free(s);
}

/* ---- last ---- */

static void the_last_summary_comes_back_as_it_was(void **state)
{
	char dir[] = "/tmp/vt-test-XXXXXX", path[64];
	struct summary *s = full_summary(), *back = NULL;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(last_read(fd, &back), LAST_NONE);
	last_save(s, fd);
	assert_int_equal(last_read(fd, &back), LAST_READ);
	close(fd);
	assert_full(back, full_text);
	assert_int_equal(back->exit_code, 1);
	summary_free(back);
	summary_free(s);
	snprintf(path, sizeof path, "%s/last-summary", dir);
	unlink(path);
	rmdir(dir);
}

static void a_summary_of_another_version_is_not_read(void **state)
{
	static const char *const texts[] = { "{\"version\":99,\"exitCode\":0,\"steps\":[]}", "{", "[]", "",
					     "{\"version\":1,\"exitCode\":0,\"steps\":[{}]}" };
	char dir[] = "/tmp/vt-test-XXXXXX", path[64];
	struct summary *back = NULL;
	size_t i;
	FILE *f;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof path, "%s/last-summary", dir);
	for (i = 0; i < COUNT(texts); i++) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(texts[i], f);
		fclose(f);
		assert_int_equal(last_read(fd, &back), LAST_OTHER);
	}
	close(fd);
	unlink(path);
	rmdir(dir);
}

/* ---- live ---- */

/* fds 1 and 2 are files while events are told. */
struct showing {
	struct loop *loop;
	struct screen *screen;
	struct live *live;
	struct listener l;
	int saved[2], file[2];
	char text[2][4096];
};

static void show_begin(struct showing *s, enum log_mode mode, bool coloured)
{
	int i;

	fflush(stdout);
	for (i = 0; i < 2; i++) {
		char name[] = "/tmp/vt-test-XXXXXX";

		s->file[i] = mkstemp(name);
		assert_true(s->file[i] >= 0);
		unlink(name);
		s->saved[i] = dup(i + 1);
		dup2(s->file[i], i + 1);
	}
	loop_new(&s->loop, NULL);
	s->screen = screen_open(s->loop, coloured, coloured);
	s->live = live_new(&(struct live_setup){ .mode = mode, .screen = s->screen });
	s->l = live_listener(s->live);
}

static void show_end(struct showing *s)
{
	int i;

	live_free(s->live);
	screen_close(s->screen);
	loop_free(s->loop);
	for (i = 0; i < 2; i++) {
		ssize_t n = pread(s->file[i], s->text[i], sizeof s->text[i] - 1, 0);

		s->text[i][n > 0 ? n : 0] = '\0';
		dup2(s->saved[i], i + 1);
		close(s->saved[i]);
		close(s->file[i]);
	}
}

/* Both streams are one file, as on a terminal: its text is text[0]. */
static void show_begin_on_one(struct showing *s, enum log_mode mode)
{
	show_begin(s, mode, false);
	dup2(s->file[0], 2);
}

static void tell_warning(struct showing *s, const char *line)
{
	s->l.on_event(s->l.self, &(struct event){ .kind = EVENT_WARNING, .text = line });
}

static void tell_start(struct showing *s, const struct step *step, enum start_status status)
{
	struct change c = { CHANGE_CHANGED, FACT_ARGS, { 0 }, false, { 0 }, { 0 } };
	struct changes why = { &c, 1, false };
	struct step_start start = { .status = status, .why = &why };

	s->l.on_event(s->l.self, &(struct event){ .kind = EVENT_STARTED, .step = step, .start = &start });
}

static void tell_output(struct showing *s, const struct step *step, int stream, const char *text)
{
	s->l.on_event(s->l.self, &(struct event){ .kind = EVENT_OUTPUT, .step = step, .stream = stream,
						  .output = { text, strlen(text) } });
}

static void tell_finish(struct showing *s, const struct step *step, const char *trouble)
{
	struct outcome o = { .result = END_DONE, .trouble = trouble };

	s->l.on_event(s->l.self, &(struct event){ .kind = EVENT_FINISHED, .step = step, .outcome = &o });
}

static void interleaved_output_is_passed_on_as_it_is(void **state)
{
	struct showing s;

	(void)state;
	show_begin(&s, LOG_INTERLEAVED, false);
	tell_start(&s, &step_a, START_MISS);
	tell_output(&s, &step_a, 1, "foo");
	tell_output(&s, &step_a, 2, "\033[31mbad\033[0m\n");
	tell_finish(&s, &step_a, NULL);
	tell_start(&s, &step_root, START_DISABLED);
	tell_finish(&s, &step_root, "Failed to spawn process: x");
	show_end(&s);
	assert_string_equal(s.text[0], "~/packages/a$ node ok.js ○ cache miss: args changed, executing\nfoo\n"
				       "$ echo hi ⊘ cache disabled\n✗ Failed to spawn process: x\n\n");
	assert_string_equal(s.text[1], "bad\n");
}

static void labeled_output_is_made_of_whole_lines(void **state)
{
	struct showing s;

	(void)state;
	show_begin(&s, LOG_LABELED, false);
	tell_start(&s, &step_a, START_FIRST);
	tell_start(&s, &step_b, START_HIT);
	tell_output(&s, &step_a, 1, "one\ntw");
	tell_output(&s, &step_b, 1, "\r\n\nx\ry");
	tell_output(&s, &step_a, 2, "err\n");
	tell_output(&s, &step_a, 1, "o\nrest");
	tell_finish(&s, &step_a, NULL);
	tell_finish(&s, &step_b, NULL);
	show_end(&s);
	assert_string_equal(s.text[0], "[@t/a#ok] ~/packages/a$ node ok.js\n"
				       "[@t/b#ok] ~/packages/b$ node ../a/ok.js ◉ cache hit, replaying\n"
				       "[@t/a#ok] one\n[@t/b#ok] \r\n[@t/b#ok] \n[@t/a#ok] two\n[@t/a#ok] rest\n"
				       "[@t/b#ok] x\ry\n");
	assert_string_equal(s.text[1], "[@t/a#ok] err\n");
}

static void grouped_output_is_a_block_on_stdout(void **state)
{
	struct showing s;

	(void)state;
	show_begin(&s, LOG_GROUPED, false);
	tell_start(&s, &step_a, START_FIRST);
	tell_start(&s, &step_b, START_FIRST);
	tell_finish(&s, &step_b, NULL);
	tell_output(&s, &step_a, 1, "out\n");
	tell_output(&s, &step_a, 2, "err");
	tell_finish(&s, &step_a, NULL);
	show_end(&s);
	assert_string_equal(s.text[0], "[@t/a#ok] ~/packages/a$ node ok.js\n[@t/b#ok] ~/packages/b$ node ../a/ok.js\n\n"
				       "── [@t/a#ok] ──\nout\nerr\n");
	assert_string_equal(s.text[1], "");
}

static void the_command_line_has_its_colours(void **state)
{
	struct showing s;

	(void)state;
	show_begin(&s, LOG_INTERLEAVED, true);
	tell_start(&s, &step_a, START_HIT);
	show_end(&s);
	assert_string_equal(s.text[0], "\033[34m~/packages/a$ node ok.js\033[0m \033[32m◉\033[0m \033[90mcache hit, replaying\033[0m\n");
}

static void a_warning_waits_for_the_end_of_a_line(void **state)
{
	struct showing s;

	(void)state;
	show_begin_on_one(&s, LOG_INTERLEAVED);
	tell_start(&s, &step_a, START_FIRST);
	tell_warning(&s, "warning: at once\n");
	tell_output(&s, &step_a, 1, "foo");
	tell_warning(&s, "warning: one\n");
	tell_warning(&s, "warning: two\n");
	tell_output(&s, &step_a, 1, " bar");
	tell_output(&s, &step_a, 1, " end\nnext");
	tell_output(&s, &step_a, 2, "err");
	tell_warning(&s, "warning: three\n");
	tell_output(&s, &step_a, 1, "\n");
	tell_output(&s, &step_a, 2, "or\033[0m\n\033[0m");
	tell_finish(&s, &step_a, NULL);
	show_end(&s);
	assert_string_equal(s.text[0], "~/packages/a$ node ok.js\nwarning: at once\nfoo bar end\nwarning: one\nwarning: two\n"
				       "nexterr\nor\nwarning: three\n\n");
}

static void a_line_without_an_end_keeps_a_warning_until_its_task_has_ended(void **state)
{
	struct showing s;

	(void)state;
	show_begin(&s, LOG_INTERLEAVED, false);
	tell_start(&s, &step_a, START_FIRST);
	tell_output(&s, &step_a, 2, "no end");
	tell_warning(&s, "warning: x\n");
	tell_finish(&s, &step_a, NULL);
	show_end(&s);
	assert_string_equal(s.text[1], "no end\nwarning: x\n");
}

static void a_task_that_has_the_terminal_is_not_interrupted(void **state)
{
	struct step_start start = { .status = START_DISABLED, .inherits = true };
	struct showing s;

	(void)state;
	show_begin_on_one(&s, LOG_INTERLEAVED);
	s.l.on_event(s.l.self, &(struct event){ .kind = EVENT_STARTED, .step = &step_a, .start = &start });
	tell_warning(&s, "warning: x\n");
	screen_flush(s.screen);
	assert_int_equal(write(2, "printed by the task itself\n", 27), 27);
	tell_finish(&s, &step_a, NULL);
	show_end(&s);
	assert_string_equal(s.text[0], "~/packages/a$ node ok.js ⊘ cache disabled\nprinted by the task itself\n\nwarning: x\n");
}

static void a_warning_stands_between_labeled_lines(void **state)
{
	struct showing s;

	(void)state;
	show_begin_on_one(&s, LOG_LABELED);
	tell_start(&s, &step_a, START_FIRST);
	tell_output(&s, &step_a, 1, "one\ntw");
	tell_warning(&s, "warning: x\n");
	tell_output(&s, &step_a, 1, "o\n");
	tell_finish(&s, &step_a, NULL);
	show_end(&s);
	assert_string_equal(s.text[0], "[@t/a#ok] ~/packages/a$ node ok.js\n[@t/a#ok] one\nwarning: x\n[@t/a#ok] two\n\n");
}

/* ---- warnings ---- */

enum { ADDERS = 4, ADDED = 500 };

struct collected {
	struct loop *loop;
	pthread_t thread;          /* the loop's */
	uint32_t n, wrong;         /* told; not on the loop's thread */
	uint32_t want;             /* stops the loop */
};

static void collect(void *self, const struct event *e)
{
	struct collected *c = self;

	c->wrong += e->kind != EVENT_WARNING || !pthread_equal(c->thread, pthread_self());
	if (++c->n == c->want)
		loop_stop(c->loop);
}

static void *add_many(void *ctx)
{
	char text[32];
	int i;

	for (i = 0; i < ADDED; i++) {
		snprintf(text, sizeof text, "%d", i);
		warnings_add(ctx, text);
	}
	return NULL;
}

static void too_late(void *ctx)
{
	loop_stop(((struct collected *)ctx)->loop);
}

static void warnings_of_any_thread_are_told_once_by_the_loop(void **state)
{
	struct warnings *w = warnings_new();
	struct collected c = { .thread = pthread_self(), .want = ADDED + 1 };
	struct timer *limit;
	pthread_t threads[ADDERS];
	int i;

	(void)state;
	loop_new(&c.loop, NULL);
	warnings_attach(w, c.loop, (struct listener){ collect, &c });
	warnings_note(w, "of the main thread");
	for (i = 0; i < ADDERS; i++)
		pthread_create(&threads[i], NULL, add_many, w);
	limit = timer_start(c.loop, 60000, too_late, &c);
	loop_run(c.loop);
	timer_stop(limit);
	for (i = 0; i < ADDERS; i++)
		pthread_join(threads[i], NULL);
	warnings_detach(w);
	assert_int_equal(c.n, ADDED + 1);
	assert_int_equal(c.wrong, 0);
	loop_free(c.loop);
	warnings_free(w);
}

static void *add_one(void *ctx)
{
	warnings_add(ctx, "of another thread");
	return NULL;
}

static void without_a_loop_the_main_thread_writes_them(void **state)
{
	struct warnings *w = warnings_new();
	struct showing s;
	pthread_t thread;

	(void)state;
	show_begin(&s, LOG_INTERLEAVED, false);
	warnings_add(w, "first");
	warnings_note(w, "a note");
	warnings_add(w, "first");
	pthread_create(&thread, NULL, add_one, w);
	pthread_join(thread, NULL);
	assert_int_equal(lseek(s.file[1], 0, SEEK_CUR), (off_t)strlen("warning: first\na note\n"));
	warnings_flush(w);
	warnings_last(w, "the end\n");
	show_end(&s);
	assert_string_equal(s.text[1], "warning: first\na note\nwarning: of another thread\nthe end\n");
	warnings_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_two_digits_from_a_second_on),
		cmocka_unit_test(every_change_has_its_words),
		cmocka_unit_test(declared_variables_are_all_named_and_hide_the_rest),
		cmocka_unit_test(of_tracked_variables_only_the_first_is_named),
		cmocka_unit_test(a_difference_without_a_name_is_a_changed_configuration),
		cmocka_unit_test(sequences_are_taken_out),
		cmocka_unit_test(sequences_may_be_split_anywhere),
		cmocka_unit_test(a_broken_sequence_ends_with_its_line),
		cmocka_unit_test(the_environment_decides_about_colours),
		cmocka_unit_test(nothing_and_a_single_miss_have_no_summary),
		cmocka_unit_test(a_single_hit_tells_what_it_saved),
		cmocka_unit_test(several_tasks_are_counted),
		cmocka_unit_test(what_was_not_cached_is_noticed),
		cmocka_unit_test(the_full_summary_tells_everything),
		cmocka_unit_test(one_task_is_singular),
		cmocka_unit_test(colours_are_those_of_the_specification),
		cmocka_unit_test(lists_stand_below_their_task),
		cmocka_unit_test(the_last_summary_comes_back_as_it_was),
		cmocka_unit_test(a_summary_of_another_version_is_not_read),
		cmocka_unit_test(interleaved_output_is_passed_on_as_it_is),
		cmocka_unit_test(labeled_output_is_made_of_whole_lines),
		cmocka_unit_test(grouped_output_is_a_block_on_stdout),
		cmocka_unit_test(the_command_line_has_its_colours),
		cmocka_unit_test(a_warning_waits_for_the_end_of_a_line),
		cmocka_unit_test(a_line_without_an_end_keeps_a_warning_until_its_task_has_ended),
		cmocka_unit_test(a_task_that_has_the_terminal_is_not_interrupted),
		cmocka_unit_test(a_warning_stands_between_labeled_lines),
		cmocka_unit_test(warnings_of_any_thread_are_told_once_by_the_loop),
		cmocka_unit_test(without_a_loop_the_main_thread_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
