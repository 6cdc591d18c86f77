#include "config.h"

#include "paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "query/cycles.h"
#include "query/filter.h"
#include "query/graph.h"

/* The words of `vt run`. */

static const char *wrong(uint32_t n, const char *const *argv, enum err_code *code)
{
	static char first[512];
	struct arena *a = arena_new();
	struct query_options o;
	struct err err = { 0 };

	first[0] = '\0';
	*code = ERR_NONE;
	if (options_parse(n, argv, false, a, &o, &err) < 0) {
		snprintf(first, sizeof first, "%s", err.text[0]);
		*code = err.code;
		err_clear(&err);
	}
	arena_free(a);
	return first;
}

#define WRONG(text, ...) do { \
	const char *const argv_[] = { __VA_ARGS__ }; \
	enum err_code code_; \
	const char *got_ = wrong((uint32_t)COUNT(argv_), argv_, &code_); \
	assert_int_equal(strncmp(got_, text, strlen(text)), 0); \
	assert_int_equal(code_, ERR_USAGE); \
} while (0)

static void options_stand_before_the_task_and_end_there(void **state)
{
	struct world *w = world_new();
	struct query_options o = world_options(w, "-rv --filter=a -F b --log labeled build -v --foo -- x");

	(void)state;
	assert_true(o.recursive);
	assert_int_equal(o.verbose, 1);
	assert_int_equal(o.filters.n, 2);
	assert_string_equal(o.filters.at[1], "b");
	assert_int_equal(o.log, OPTION_LOG_LABELED);
	assert_string_equal(o.task, "build");
	assert_int_equal(o.extra.n, 4);
	assert_string_equal(o.extra.at[2], "--");
	o = world_options(w, "-- -r x");
	assert_string_equal(o.task, "-r");
	assert_false(o.recursive);
	assert_false(o.unknown);
	o = world_options(w, "--nope build");
	assert_string_equal(o.task, "--nope");
	assert_true(o.unknown);
	o = world_options(w, "-rx");
	assert_string_equal(o.task, "-rx");
	assert_true(o.unknown);
	assert_false(o.recursive);
	o = world_options(w, "-vvrFa/b x");
	assert_int_equal(o.verbose, 2);
	assert_string_equal(o.filters.at[0], "a/b");
	o = world_options(w, "-F=a build --help");
	assert_string_equal(o.filters.at[0], "a");
	assert_false(o.help);
	assert_true(world_options(w, "-r -h build").help);
	assert_string_equal(world_options(w, "--affected build").affected, "");
	assert_string_equal(world_options(w, "--affected=main build").affected, "main");
	world_free(w);
}

static void limits_are_numbers_and_at_least_one(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(world_options(w, "--concurrency-limit 0 x").limit.n, 1);
	assert_int_equal(world_options(w, "--concurrency-limit=7 x").limit.n, 7);
	assert_int_equal(world_options(w, "--concurrency-limit=99999999999 x").limit.n, UINT32_MAX - 1);
	WRONG("invalid value 'x' for '--concurrency-limit <CONCURRENCY_LIMIT>': invalid digit found in string\n", "--concurrency-limit", "x");
	WRONG("invalid value '' for '--concurrency-limit <CONCURRENCY_LIMIT>': cannot parse integer from empty string\n", "--concurrency-limit=");
	WRONG("invalid value '99999999999999999999' for '--concurrency-limit <CONCURRENCY_LIMIT>': number too large",
	      "--concurrency-limit=99999999999999999999");
	world_free(w);
}

static void wrong_words_are_told_as_usage(void **state)
{
	(void)state;
	WRONG("the argument '--cache' cannot be used with '--no-cache'\n\n"
	      "Usage: vt run --cache <TASK_SPECIFIER> [ADDITIONAL_ARGS]...\n\nFor more information, try '--help'.", "--cache", "--no-cache", "x");
	WRONG("the argument '--no-cache' cannot be used with '--cache'\n\nUsage: vt run --no-cache", "--no-cache", "--cache");
	WRONG("the argument '--recursive' cannot be used multiple times\n", "-r", "--recursive");
	WRONG("the argument '--log <LOG>' cannot be used multiple times\n", "--log=labeled", "--log=labeled");
	WRONG("invalid value 'foo' for '--log <LOG>'\n  [possible values: interleaved, labeled, grouped]\n", "--log", "foo");
	WRONG("a value is required for '--filter <FILTERS>' but none was supplied\n", "--filter");
	WRONG("a value is required for '--filter <FILTERS>' but none was supplied\n", "-F", "-r", "x");
	WRONG("unexpected value 'yes' for '--recursive' found; no more were expected\n", "--recursive=yes");
	WRONG("the argument '--last-details' cannot be used with one or more of the other specified arguments\n", "--last-details", "x");
	WRONG("the argument '--last-details' cannot be used with one or more of the other specified arguments\n", "-v", "--last-details");
	WRONG("a value is required for '--affected[=<REF>]' but none was supplied\n", "--affected=", "x");
	WRONG("the argument '--affected[=<REF>]' cannot be used multiple times\n", "--affected", "--affected=x");
	WRONG("the argument '--json' with a task needs '--dry-run'", "--json", "x");
}

/* The grammar of filters. */

static struct filter one(struct arena *a, const char *text)
{
	struct texts values = { &text, 1 };
	struct filters f;
	struct err err = { 0 };

	if (filters_parse(&values, a, &f, &err) < 0)
		fail_msg("%s: %s", text, err.text[0]);
	assert_int_equal(f.n, 1);
	return f.at[0];
}

static void filters_name_packages_directories_and_references(void **state)
{
	struct arena *a = arena_new();
	struct filter f = one(a, "@test/app");

	(void)state;
	assert_string_equal(f.name, "@test/app");
	assert_null(f.name_glob);
	f = one(a, "@test/*{./packages/lib}");
	assert_string_equal(f.name, "@test/*");
	assert_non_null(f.name_glob);
	assert_string_equal(f.dir, "./packages/lib");
	f = one(a, "{packages/*}...");
	assert_null(f.name);
	assert_string_equal(f.dir, "packages/*");
	assert_true(f.dependencies);
	f = one(a, "...[origin/main]");
	assert_string_equal(f.reference, "origin/main");
	assert_true(f.dependents);
	assert_null(f.name);
	f = one(a, "app{./x}[v1]^...");
	assert_string_equal(f.name, "app");
	assert_string_equal(f.dir, "./x");
	assert_string_equal(f.reference, "v1");
	assert_true(f.without_self && f.dependencies && !f.dependents);
	arena_free(a);
}

static void dots_before_and_after_a_name_walk_but_not_around_a_path(void **state)
{
	struct arena *a = arena_new();
	struct filter f = one(a, "...^app...");

	(void)state;
	assert_true(f.dependents && f.dependencies && f.without_self);
	assert_string_equal(f.name, "app");
	f = one(a, "!...app");
	assert_true(f.exclude && f.dependents && !f.dependencies);
	f = one(a, "./packages/app...");
	assert_string_equal(f.dir, "./packages/app");
	assert_false(f.dependencies);
	assert_string_equal(one(a, "....").dir, ".");
	assert_string_equal(one(a, ".....").dir, "..");
	assert_true(one(a, "{./p}...").dependencies);
	arena_free(a);
}

static void filters_split_at_blanks_and_must_say_something(void **state)
{
	static const char *const empty[] = { "!", "...", "!...", "...^" };
	struct arena *a = arena_new();
	const char *text = " a  !b\tc ";
	struct texts values = { &text, 1 };
	struct filters f;
	struct err err = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(filters_parse(&values, a, &f, &err), 0);
	assert_int_equal(f.n, 3);
	assert_string_equal(f.at[1].text, "!b");
	for (i = 0; i < COUNT(empty); i++) {
		text = empty[i];
		assert_int_equal(filters_parse(&values, a, &f, &err), -1);
		assert_string_equal(err.text[0], "invalid --filter expression");
		assert_string_equal(err.text[1], "Empty filter selector");
		err_clear(&err);
	}
	text = "a[b";
	assert_int_equal(filters_parse(&values, a, &f, &err), -1);
	assert_string_equal(err.text[1], "Invalid glob pattern: failed to parse glob expression");
	err_clear(&err);
	arena_free(a);
}

/* Which packages: the workspace of the specification's table. */

static struct world *filter_workspace(void)
{
	struct world *w = world_new();
	struct package *app = world_package(w, "packages/app", "@test/app"), *cli = world_package(w, "packages/cli", "@test/cli");
	struct package *core = world_package(w, "packages/core", "@test/core"), *lib = world_package(w, "packages/lib", "@test/lib");
	struct package *utils = world_package(w, "packages/utils", "@test/utils"), *root = world_package(w, "", "root");
	static const struct { int at; const char *task; } tasks[] = {
		{ 0, "build" }, { 0, "check" }, { 0, "test" }, { 1, "build" }, { 1, "test" }, { 2, "build" }, { 2, "check" }, { 2, "test" },
		{ 3, "build" }, { 3, "test" }, { 4, "build" }, { 5, "check" },
	};
	struct package *all[] = { app, cli, core, lib, utils, root };
	size_t i;

	world_need(w, root, core);
	world_need(w, app, lib);
	world_need(w, app, utils);
	world_need(w, lib, core);
	world_need(w, cli, core);
	for (i = 0; i < COUNT(tasks); i++)
		world_task(w, all[tasks[i].at], tasks[i].task, "x");
	world_task(w, app, "deploy", "vt run --filter .... build");
	world_done(w);
	return w;
}

/* "app<lib,utils core" for the edges of a query */
static void gives(struct world *w, const char *cwd, const char *words, const char *want)
{
	char got[1024];
	const char *s = world_edges(w, cwd, words);
	size_t n = 0;

	for (; *s && n + 1 < sizeof got; ) {
		if (strncmp(s, "packages/", 9) == 0)
			s += 9;
		else if (*s == '#')
			s += strcspn(s, " ,<");
		else
			got[n++] = *s++;
	}
	got[n] = '\0';
	if (strcmp(got, want) != 0)
		fail_msg("%s: got '%s', want '%s'", words, got, want);
}

#define ALL "app<lib,utils cli<core core lib<core utils"

static void filters_select_what_the_table_says(void **state)
{
	struct world *w = filter_workspace();

	(void)state;
	gives(w, "", "--filter @test/app build", "app");
	gives(w, "", "--filter {./packages/app} build", "app");
	gives(w, "", "--filter ./packages/app build", "app");
	gives(w, "", "--filter ./packages/app... build", "app");
	gives(w, "packages/app", "--filter .... build", "app");
	gives(w, "packages/app/src", "--filter ..... build", "app");
	gives(w, "", "--filter @test/* build", ALL);
	gives(w, "", "--filter @test/app... build", "app<lib,utils core lib<core utils");
	gives(w, "packages/app", "-t build", "app<lib,utils core lib<core utils");
	gives(w, "packages/app/src/components", "-t build", "app<lib,utils core lib<core utils");
	gives(w, "", "-t @test/app#build", "app<lib,utils core lib<core utils");
	gives(w, "", "--filter {./packages/app}... build", "app<lib,utils core lib<core utils");
	gives(w, "", "--filter @test/app^... build", "core lib<core utils");
	gives(w, "", "--filter ...@test/core build", "app<lib cli<core core lib<core");
	gives(w, "", "--filter ...{./packages/core} build", "app<lib cli<core core lib<core");
	gives(w, "", "--filter ...^@test/core build", "app<lib cli lib");
	gives(w, "", "--filter ...@test/lib... build", "app<lib,utils core lib<core utils");
	gives(w, "", "--filter @test/app --filter @test/lib build", "app<lib lib");
	gives(w, "", "--filter @test/app --filter @test/cli build", "app cli");
	gives(w, "", "--filter @test/app... --filter !@test/utils build", "app<lib core lib<core");
	gives(w, "", "--filter !@test/core build", "app<lib,utils cli lib utils");
	gives(w, "", "--filter !@test/app --filter !@test/core build", "cli lib utils");
	gives(w, "", "--filter !nonexistent build", ALL);
	assert_string_equal(w->warned, "");
	gives(w, "", "--filter ./packages/* build", ALL);
	gives(w, "", "--filter ./packages/** build", ALL);
	gives(w, "packages", "--filter ./* build", ALL);
	gives(w, "", "--filter @test/lib... --filter @test/cli build", "cli<core core lib<core");
	gives(w, "", "--filter @test/app... test", "app<lib core lib<core");
	gives(w, "", "--filter @test/*{./packages/lib} build", "lib");
	gives(w, "", "-r build", ALL);
	gives(w, "", "-w check", "");
	gives(w, "", "-r check", "app<core core <core");
	gives(w, "", "-w --filter @test/app check", "app ");
	gives(w, "", "-w -r check", "app<core core <core");
	gives(w, "", "-w -t check", "core <core");
	gives(w, "packages/core", "-w check", "");
	assert_string_equal(world_show(w, "", "--filter @test/app deploy"), "packages/app#deploy: {packages/app#build: x}");
	world_free(w);
}

static void two_filters_in_one_value_are_two_filters(void **state)
{
	struct world *w = filter_workspace();
	struct query_options o = world_options(w, "build");
	const char *value = "@test/app @test/cli";
	struct query_world q = { .workspace = &w->w, .cwd = "/w" };
	struct task_graph g;
	struct err err = { 0 };

	(void)state;
	o.filters.at = &value;
	o.filters.n = 1;
	assert_int_equal(graph_make(&q, &o, w->a, &g, &err), 0);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.nodes[0].waits_n + g.nodes[1].waits_n, 0);
	world_free(w);
}

static void filters_that_match_nothing_are_told_and_may_fail(void **state)
{
	struct world *w = filter_workspace();

	(void)state;
	gives(w, "", "--filter @test/app --filter nope1 --filter nope2 build", "app");
	assert_string_equal(w->warned, "No packages matched the filter: nope1\nNo packages matched the filter: nope2\n");
	gives(w, "packages/core", "--filter {.}^... build", "");
	assert_string_equal(w->warned, "No packages matched the filter: {.}^...\n");
	gives(w, "", "--filter @nope/* --filter ./packages/nope build", "");
	assert_string_equal(world_show(w, "", "--fail-if-no-match --filter @test/app --filter nope1 --filter nope2 build"),
			    "No packages matched the filter: nope1, nope2");
	assert_string_equal(w->warned, "");
	world_free(w);
}

static void references_keep_what_changed(void **state)
{
	static const char *paths[] = { "packages/lib/src/a.ts", "packages/libx", "README.md" };
	struct world *w = filter_workspace();

	(void)state;
	assert_non_null(strstr(world_show(w, "", "--filter [main] build"), "--filter '[main]': nothing here can tell what has changed"));
	w->changed.at = paths;
	w->changed.n = COUNT(paths);
	gives(w, "", "--filter [main] build", "lib");
	gives(w, "", "--filter ...[main] build", "app<lib lib");
	gives(w, "", "--filter @test/*[main]... build", "core lib<core");
	gives(w, "", "--filter [main] check", "");
	assert_string_equal(world_show(w, "", "--filter [nosuch] build"), "--filter '[nosuch]': no such reference");
	assert_string_equal(w->asked, "nosuch");
	world_free(w);
}

static void affected_is_what_changed_and_all_that_depends_on_it(void **state)
{
	static const char *lib[] = { "packages/lib/src/a.ts" }, *docs[] = { "README.md" };
	struct world *w = filter_workspace();

	(void)state;
	w->changed.at = lib;
	w->changed.n = COUNT(lib);
	gives(w, "", "--affected build", "app<lib lib");
	assert_string_equal(w->asked, "...");
	gives(w, "packages/core", "--affected=v1 build", "app<lib lib");
	assert_string_equal(w->asked, "v1...");
	gives(w, "", "--affected --filter @test/lib build", "lib");
	gives(w, "", "--affected --filter !@test/lib build", "app");
	gives(w, "", "--affected --filter ./packages/* test", "app<lib lib");
	gives(w, "", "--affected -w check", "");
	assert_string_equal(w->warned, "No packages are affected by changes since the default branch\n");
	gives(w, "", "--affected=v1 --filter @test/core --fail-if-no-match build", "");
	assert_string_equal(w->warned, "No packages are affected by changes since v1\n");
	assert_string_equal(world_show(w, "", "--affected=nosuch build"), "--affected=nosuch: no such reference");
	assert_string_equal(world_show(w, "", "--affected -r build"), "--affected and --recursive cannot be used together");
	assert_string_equal(world_show(w, "", "--affected -t build"), "--affected and --transitive cannot be used together");
	assert_string_equal(world_show(w, "", "--affected @test/app#build"), "cannot specify package name with --affected");
	w->changed.at = docs;
	w->changed.n = COUNT(docs);
	gives(w, "", "--affected check", "");
	gives(w, "", "--affected build", "");
	assert_string_equal(world_show(w, "", "--affected biuld"), "Task \"biuld\" not found");
	world_free(w);
}

static void flags_that_contradict_each_other_are_refused(void **state)
{
	static const struct { const char *words, *why; } table[] = {
		{ "-r -t build", "--recursive and --transitive cannot be used together" },
		{ "-r a#build", "cannot specify package name with --recursive" },
		{ "-t -F a build", "--filter and --transitive cannot be used together" },
		{ "-F a a#build", "cannot specify package name with --filter" },
		{ "-w a#build", "cannot specify package name with --workspace-root" },
		{ "-r -t -F= build", "--filter value is empty" },
		{ "-F ... build", "invalid --filter expression * Empty filter selector" },
	};
	struct world *w = filter_workspace();
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		assert_string_equal(world_show(w, "", table[i].words), table[i].why);
	world_free(w);
}

static void packages_are_named_exactly_or_by_the_end_of_a_scoped_name(void **state)
{
	struct world *w = world_new();
	struct package *a = world_package(w, "packages/a", "@s/a"), *b = world_package(w, "packages/b", "@s/b");
	struct package *c = world_package(w, "packages/c", "@t/b"), *d = world_package(w, "packages/d", "dup");
	struct package *e = world_package(w, "packages/e", "dup"), *root = world_package(w, "", "");

	(void)state;
	world_task(w, a, "build", "x");
	world_task(w, b, "build", "x");
	world_task(w, c, "build", "x");
	world_task(w, d, "build", "x");
	world_task(w, e, "build", "x");
	world_task(w, root, "build", "x");
	world_done(w);
	gives(w, "", "a#build", "a");
	gives(w, "", "-F a build", "a");
	gives(w, "packages/a", "#build", "");
	assert_string_equal(world_show(w, "", "b#build"), "Package 'b' not found in the workspace; did you mean '@s/b' or '@t/b'?");
	assert_string_equal(world_show(w, "", "nosuch#build"), "Package 'nosuch' not found in the workspace");
	assert_string_equal(world_show(w, "", "dup#build"),
			    "Package name 'dup' is ambiguous; found in multiple locations: /w/packages/d, /w/packages/e");
	gives(w, "", "-F dup build", "d e");
	gives(w, "", "-F b build", "");
	assert_string_equal(world_show(w, "", "@s/a#nope"), "Task \"@s/a#nope\" not found");
	world_free(w);
}

/* Which tasks, after which. */

static void packages_without_the_task_are_bridged(void **state)
{
	struct world *w = world_new();
	struct package *bottom = world_package(w, "packages/bottom", "bottom"), *m1 = world_package(w, "packages/m1", "m1");
	struct package *m2 = world_package(w, "packages/m2", "m2"), *top = world_package(w, "packages/top", "top");

	(void)state;
	world_package(w, "", "");
	world_need(w, top, m1);
	world_need(w, m1, m2);
	world_need(w, m2, bottom);
	world_need(w, m2, top);            /* a circle of packages, broken by those without the task */
	world_task(w, top, "build", "x");
	world_task(w, bottom, "build", "x");
	world_done(w);
	gives(w, "", "--filter top... build", "bottom top<bottom");
	gives(w, "packages/top", "-t build", "bottom top<bottom");
	gives(w, "", "--filter m1... --filter !top build", "bottom");
	gives(w, "", "--filter top --filter bottom build", "bottom top");
	world_free(w);
}

static void depends_on_pulls_tasks_in_from_anywhere(void **state)
{
	struct world *w = world_new();
	struct package *a = world_package(w, "packages/a", "a"), *b = world_package(w, "packages/b", "b");
	struct task *build, *gen, *lint, *deploy;

	(void)state;
	world_package(w, "", "");
	world_need(w, a, b);
	build = world_task(w, a, "build", "x");
	gen = world_task(w, a, "gen", "x");
	lint = world_task(w, b, "lint", "x");
	deploy = world_task(w, b, "build", "x");
	world_after(w, build, gen);
	world_after(w, build, deploy);
	world_after(w, gen, lint);
	world_done(w);
	assert_string_equal(world_edges(w, "packages/a", "build"),
			    "packages/a#build<packages/a#gen,packages/b#build packages/a#gen<packages/b#lint packages/b#build packages/b#lint");
	assert_string_equal(world_edges(w, "", "-r build"),
			    "packages/a#build<packages/a#gen,packages/b#build packages/a#gen<packages/b#lint packages/b#build packages/b#lint");
	assert_string_equal(world_edges(w, "", "-r --ignore-depends-on build"), "packages/a#build<packages/b#build packages/b#build");
	assert_string_equal(world_edges(w, "", "-r --parallel build"), "packages/a#build packages/a#gen packages/b#build packages/b#lint");
	world_free(w);
}

static void circles_are_told_with_their_whole_path(void **state)
{
	struct world *w = world_new();
	struct package *root = world_package(w, "", "root");
	struct task *x, *y, *self;

	(void)state;
	x = world_task(w, root, "x", "x");
	y = world_task(w, root, "y", "x");
	self = world_task(w, root, "self", "x");
	world_after(w, x, y);
	world_after(w, y, x);
	world_after(w, self, self);
	world_done(w);
	assert_string_equal(world_show(w, "", "x"), "Cycle dependency detected: root#x -> root#y -> root#x");
	assert_string_equal(world_show(w, "", "self"), "Cycle dependency detected: root#self -> root#self");
	assert_string_equal(world_edges(w, "", "--parallel x"), "#x #y");
	assert_string_equal(world_edges(w, "", "--ignore-depends-on x"), "#x");
	world_free(w);
}

static void packages_in_a_cycle_all_run(void **state)
{
	struct world *w = world_new();
	struct package *a = world_package(w, "packages/a", "a"), *b = world_package(w, "packages/b", "b"), *c = world_package(w, "packages/c", "c");
	struct package *d = world_package(w, "packages/d", ""), *e = world_package(w, "packages/e", "e");
	struct task *build, *gen;

	(void)state;
	world_package(w, "", "");
	world_need(w, a, b);
	world_need(w, b, c);
	world_need(w, c, a);
	world_need(w, c, d);
	world_need(w, d, c);
	world_need(w, e, a);               /* has no part in it */
	world_task(w, a, "x", "x");
	world_task(w, b, "x", "x");
	world_task(w, c, "x", "x");
	world_task(w, d, "x", "x");
	world_task(w, e, "x", "x");
	build = world_task(w, a, "build", "x");
	gen = world_task(w, c, "gen", "x");
	world_after(w, build, gen);
	world_after(w, gen, build);
	gen->needs[0].derived = true;      /* of a package it depends on */
	world_done(w);
	/* d's last, then c's */
	assert_string_equal(world_edges(w, "", "-r x"), "packages/a#x<packages/b#x packages/b#x<packages/c#x packages/c#x<packages/d#x packages/d#x packages/e#x<packages/a#x");
	assert_string_equal(w->warned, "warning: packages depend on each other in a cycle: a -> b -> c -> a; the order of their tasks is kept as far as it can be\n");
	w->warned[0] = '\0';
	assert_string_equal(world_edges(w, "", "-F c -F {./packages/d} x"), "packages/c#x<packages/d#x packages/d#x");
	assert_string_equal(w->warned, "warning: packages depend on each other in a cycle: c -> packages/d -> c; the order of their tasks is kept as far as it can be\n");
	w->warned[0] = '\0';
	assert_string_equal(world_edges(w, "", "-F a build"), "packages/a#build<packages/c#gen packages/c#gen");
	assert_string_equal(w->warned, "warning: packages depend on each other in a cycle: a -> c -> a; the order of their tasks is kept as far as it can be\n");
	w->warned[0] = '\0';
	assert_string_equal(world_edges(w, "", "-r --parallel x"), "packages/a#x packages/b#x packages/c#x packages/d#x packages/e#x");
	assert_string_equal(w->warned, "");
	world_free(w);
}

/* Checks the report on random graphs: no derived wait is left in a cycle, and none outside is removed. */
static void nobody(void *ctx, const uint32_t *path, uint32_t n)
{
	const struct waits *before = ctx;
	uint32_t i, k;

	for (i = 0; i < n; i++) {          /* the path is one of the graph as it was */
		for (k = 0; k < before[path[i]].n && before[path[i]].at[k].on != path[(i + 1) % n]; )
			k++;
		assert_true(k < before[path[i]].n);
	}
}

static bool reaches(const struct waits *of, uint32_t n, uint32_t from, uint32_t to, struct arena *a)
{
	bool *been = arena_array(a, n, sizeof *been);
	uint32_t *todo = arena_array(a, n + 1, sizeof *todo), todo_n = 0, k;

	for (todo[todo_n++] = from; todo_n; ) {
		uint32_t at = todo[--todo_n];

		if (at == to)
			return true;
		for (k = 0; k < of[at].n; k++)
			if (!been[of[at].at[k].on]) {
				been[of[at].at[k].on] = true;
				todo[todo_n++] = of[at].at[k].on;
			}
	}
	return false;
}

static void only_waits_in_cycles_are_cut(void **state)
{
	unsigned seed = (unsigned)time(NULL), round;

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (round = 0; round < 300; round++) {
		struct arena *a = arena_new();
		uint32_t n = 1 + (uint32_t)rand() % 12, i, k, m;
		struct waits *before = arena_array(a, n, sizeof *before), *after = arena_array(a, n, sizeof *after);

		for (i = 0; i < n; i++) {
			m = (uint32_t)rand() % 4;
			before[i].at = arena_array(a, m, sizeof *before[i].at);
			after[i].at = arena_array(a, m, sizeof *after[i].at);
			for (k = 0; k < m; k++) {
				uint32_t on = (uint32_t)rand() % n;

				if (on != i)
					before[i].at[before[i].n++] = (struct wait){ .on = on, .derived = rand() % 4 != 0 };
			}
			after[i].n = before[i].n;
			memcpy(after[i].at, before[i].at, before[i].n * sizeof *after[i].at);
		}
		cycles_cut(after, n, a, nobody, before);
		for (i = 0; i < n; i++) {
			for (k = 0; k < after[i].n; k++)
				assert_false(after[i].at[k].derived && reaches(after, n, after[i].at[k].on, i, a));
			for (k = m = 0; k < before[i].n; k++) {
				bool kept = m < after[i].n && after[i].at[m].on == before[i].at[k].on && after[i].at[m].derived == before[i].at[k].derived;

				m += kept;
				assert_true(kept || (before[i].at[k].derived && reaches(before, n, before[i].at[k].on, i, a)));
			}
			assert_int_equal(m, after[i].n);
		}
		arena_free(a);
	}
}

static void a_node_taken_out_leaves_its_order_behind(void **state)
{
	struct world *w = world_new();
	struct package *p = world_package(w, "", "");
	struct task *a = world_task(w, p, "a", "x"), *b = world_task(w, p, "b", "x"), *c = world_task(w, p, "c", "x");
	struct query_options o = world_options(w, "a");
	struct query_world q = { .workspace = &w->w, .cwd = "/w" };
	struct task_graph g;
	struct err err = { 0 };

	(void)state;
	world_after(w, a, b);
	world_after(w, b, c);
	world_done(w);
	assert_int_equal(graph_make(&q, &o, w->a, &g, &err), 0);
	assert_int_equal(g.n, 3);
	graph_remove(&g, 1, w->a);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.nodes[0].waits_n, 1);
	assert_int_equal(g.nodes[0].waits_for[0], 1);
	assert_ptr_equal(g.nodes[1].task, c);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_before_the_task_and_end_there),
		cmocka_unit_test(limits_are_numbers_and_at_least_one),
		cmocka_unit_test(wrong_words_are_told_as_usage),
		cmocka_unit_test(filters_name_packages_directories_and_references),
		cmocka_unit_test(dots_before_and_after_a_name_walk_but_not_around_a_path),
		cmocka_unit_test(filters_split_at_blanks_and_must_say_something),
		cmocka_unit_test(filters_select_what_the_table_says),
		cmocka_unit_test(two_filters_in_one_value_are_two_filters),
		cmocka_unit_test(filters_that_match_nothing_are_told_and_may_fail),
		cmocka_unit_test(references_keep_what_changed),
		cmocka_unit_test(affected_is_what_changed_and_all_that_depends_on_it),
		cmocka_unit_test(flags_that_contradict_each_other_are_refused),
		cmocka_unit_test(packages_are_named_exactly_or_by_the_end_of_a_scoped_name),
		cmocka_unit_test(packages_without_the_task_are_bridged),
		cmocka_unit_test(depends_on_pulls_tasks_in_from_anywhere),
		cmocka_unit_test(circles_are_told_with_their_whole_path),
		cmocka_unit_test(packages_in_a_cycle_all_run),
		cmocka_unit_test(only_waits_in_cycles_are_cut),
		cmocka_unit_test(a_node_taken_out_leaves_its_order_behind),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
