#include "config.h"

#include "paper.h"

#include <stdio.h>
#include <string.h>

#include "plan/command.h"
#include "plan/spawn_env.h"

static struct plan *planned(struct world *w, const char *cwd, const char *words)
{
	struct plan *plan;
	const char *why = world_plan(w, cwd, words, &plan);

	if (*why)
		fail_msg("%s: %s", words, why);
	return plan;
}

/* Commands. */

static const char *actions(struct arena *a, const char *command, const char *extra)
{
	static const char *const kinds[] = { "", "shell:", "echo:", "cd:", "run:", "refused:" };
	struct texts text = { &command, 1 }, more = { &extra, extra ? 1 : 0 };
	struct actions all;
	const char *ret = "";
	uint32_t i, k;

	command_read(&text, &more, a, &all);
	for (i = 0; i < all.n; i++) {
		ret = arena_printf(a, "%s%s%s", ret, i ? " ; " : "", kinds[all.at[i].kind]);
		for (k = 0; k < all.at[i].argv.n; k++)
			ret = arena_printf(a, "%s[%s]", ret, all.at[i].argv.at[k]);
		if (all.at[i].never_cached)
			ret = arena_printf(a, "%s!", ret);
		if (all.at[i].runner_command)
			ret = arena_printf(a, "%s(%s)", ret, all.at[i].runner_command);
	}
	return ret;
}

static void commands_become_actions(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(actions(a, "a b && c", NULL), "[a][b] ; [c]");
	assert_string_equal(actions(a, "a | b && c", NULL), "shell:[sh][-c][a | b && c]");
	assert_string_equal(actions(a, "cd src && echo hi", NULL), "cd:[cd][src] ; echo:[echo][hi]");
	assert_string_equal(actions(a, "vt run build", NULL), "run:[vt][run][build]");
	assert_string_equal(actions(a, "'vp' run -r build", NULL), "run:[vp][run][-r][build]");
	assert_string_equal(actions(a, "vpr build", NULL), "run:[vpr][build]");
	assert_string_equal(actions(a, "npx vt run build", NULL), "[npx][vt][run][build]");
	assert_string_equal(actions(a, "vt run", NULL), "[vt][run]!");
	assert_string_equal(actions(a, "vt run --last-details", NULL), "[vt][run][--last-details]!");
	assert_string_equal(actions(a, "vt run --dry-run build", NULL), "[vt][run][--dry-run][build]!");
	assert_string_equal(actions(a, "vpr", NULL), "[vpr]!");
	assert_string_equal(actions(a, "vt cache clean", NULL), "[vt][cache][clean](cache)");
	assert_string_equal(actions(a, "vt plugins list", NULL), "[vt][plugins][list](plugins)");
	assert_string_equal(actions(a, "vt client get-env X", NULL), "[vt][client][get-env][X](client)");
	assert_string_equal(actions(a, "vt run --log=no build", NULL), "refused:[vt][run][--log=no][build]");
	arena_free(a);
}

static void a_command_that_a_shell_would_change_goes_to_the_shell(void **state)
{
	static const char *const rows[][2] = {
		{ "rm -rf dist/*", "shell:[sh][-c][rm -rf dist/*]" },
		{ "a && cp src/*.json out && b # copies", "shell:[sh][-c][a && cp src/*.json out && b # copies]" },
		{ "H=~ a", "shell:[sh][-c][H=~ a]" },
		{ "cd ~ && a", "shell:[sh][-c][cd ~ && a]" },
		{ "cd -", "shell:[sh][-c][cd -]" },
		{ "exit 0", "shell:[sh][-c][exit 0]" },
		{ "a && 'exit' 3", "shell:[sh][-c][a && 'exit' 3]" },
		{ ":", "shell:[sh][-c][:]" },
		{ "X=1 exec a", "shell:[sh][-c][X=1 exec a]" },
		{ "echo 'a\\nb'", "shell:[sh][-c][echo 'a\\nb']" },
		{ "echo '*' && a '?'", "echo:[echo][*] ; [a][?]" },
		/* nested runs stay expanded, with their patterns */
		{ "vt run -F ./packages/* build", "run:[vt][run][-F][./packages/*][build]" },
		{ "vt run a && rm dist/*", "run:[vt][run][a] ; shell:[sh][-c][rm dist/*]" },
		{ "rm x/* && b && vpr a && c && cp d/* e && vp run -F x[ab] f && g",
		  "shell:[sh][-c][rm x/* && b] ; run:[vpr][a] ; shell:[sh][-c][c && cp d/* e] ; run:[vp][run][-F][x[ab]][f] ; [g]" },
		{ "cd x && vt run a && rm *", "cd:[cd][x] ; run:[vt][run][a] ; shell:[sh][-c][rm *]" },
		{ ": && vt run a", "shell:[sh][-c][:] ; run:[vt][run][a]" },
		/* except where a shell must act before them */
		{ "cd ~/x && vt run a", "shell:[sh][-c][cd ~/x && vt run a]" },
		{ "cd x && rm * && vt run a", "shell:[sh][-c][cd x && rm * && vt run a]" },
		{ "umask 77 && vt run a", "shell:[sh][-c][umask 77 && vt run a]" },
		{ "D=~ vt run a", "shell:[sh][-c][D=~ vt run a]" },
	};
	struct arena *a = arena_new();
	struct actions all;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		if (strcmp(actions(a, rows[i][0], NULL), rows[i][1]) != 0)
			fail_msg("`%s` comes to %s, not to %s", rows[i][0], actions(a, rows[i][0], NULL), rows[i][1]);
	assert_string_equal(actions(a, "vt run a && rm dist/*", "b c"), "run:[vt][run][a] ; shell:[sh][-c][rm dist/* 'b c']");
	assert_string_equal(actions(a, "a && b;", "c"), "shell:[sh][-c][a && b; c]");
	assert_string_equal(actions(a, "a && b # d", "c"), "shell:[sh][-c][a && b # d c]");
	assert_string_equal(actions(a, "a && b ", "c"), "[a] ; [b][c]");
	command_read(&(struct texts){ (const char *[]){ "a && vt run b && c && rm d/*" }, 1 }, &(struct texts){ NULL, 0 }, a, &all);
	assert_int_equal(all.at[2].piece, 2);
	assert_string_equal(all.at[2].shown, "c && rm d/*");
	arena_free(a);
}

static void extra_arguments_reach_the_last_piece_only(void **state)
{
	struct arena *a = arena_new();
	const char *at[] = { "a", "b c" };
	struct texts extra = { at, 2 }, command;
	const char *elements[] = { "x && y", "printf %s" };
	struct actions all;

	(void)state;
	assert_string_equal(actions(a, "x && y", "b c"), "[x] ; [y][b c]");
	assert_string_equal(actions(a, "x | y", "it's"), "shell:[sh][-c][x | y 'it'\\''s']");
	assert_string_equal(actions(a, "x && vt run y", "z"), "[x] ; run:[vt][run][y][z]");
	command.at = elements;
	command.n = 2;
	command_read(&command, &extra, a, &all);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.at[2].shown, "printf %s a 'b c'");
	assert_int_equal(all.at[2].extra.n, 2);
	assert_int_equal(all.at[1].extra.n, 0);
	assert_int_equal(all.at[1].element, 0);
	assert_int_equal(all.at[1].piece, 1);
	assert_int_equal(all.at[2].element, 1);
	command.at[0] = "x | y";
	command.n = 1;
	command_read(&command, &extra, a, &all);
	assert_string_equal(all.at[0].shown, "x | y");
	arena_free(a);
}

static const char *echoed(struct arena *a, const char *one, const char *two, const char *three)
{
	const char *at[] = { "echo", one, two, three };
	struct texts argv = { at, 1u + (one != NULL) + (two != NULL) + (three != NULL) };

	return command_echo(&argv, a);
}

static void echo_knows_one_flag_once(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(echoed(a, NULL, NULL, NULL), "\n");
	assert_string_equal(echoed(a, "a", "b", NULL), "a b\n");
	assert_string_equal(echoed(a, "-n", "a", NULL), "a");
	assert_string_equal(echoed(a, "-n", "-n", "a"), "-n a");
	assert_string_equal(echoed(a, "-e", "a", NULL), "-e a\n");
	assert_string_equal(echoed(a, "-n", NULL, NULL), "");
	arena_free(a);
}

/* Plans. */

static void directories_follow_cd_and_only_inside_a_command(void **state)
{
	struct world *w = world_new();
	struct package *a = world_package(w, "packages/a", "a"), *root = world_package(w, "", "");
	struct plan *plan;

	(void)state;
	world_task(w, a, "x", "p && cd src && q && cd ../.. && r");
	world_task(w, a, "home", "cd && p");
	world_task(w, root, "cd-a", "cd packages/a && vt run x");
	world_script(w, root, "out", "cd /tmp && p");
	world_task(w, root, "out-cached", "cd .. && p");
	world_task(w, root, "many", "cd a b");
	world_done(w);
	plan = planned(w, "packages/a", "x");
	assert_string_equal(world_step(plan, 0)->cwd, "packages/a");
	assert_string_equal(world_step(plan, 1)->cwd, "packages/a/src");
	assert_string_equal(world_step(plan, 1)->dir, "/w/packages/a/src");
	assert_string_equal(world_step(plan, 2)->cwd, "packages/a/src/../..");
	assert_string_equal(world_step(plan, 2)->dir, "/w/packages");
	assert_int_equal(world_step(plan, 2)->piece, 4);
	assert_string_equal(world_step(planned(w, "", "cd-a"), 0)->dir, "/w/packages/a");
	assert_string_equal(world_step(planned(w, "", "out"), 0)->dir, "/tmp");
	plan = planned(w, "", "out-cached");
	assert_null(world_step(plan, 0)->rules);
	assert_string_equal(world_step(plan, 0)->uncached, "it runs outside of the workspace, in /");
	assert_string_equal(world_show(w, "", "many"), "Failed to execute 'cd' command * Too many args for 'cd' command");
	assert_string_equal(world_step(planned(w, "packages/a", "home"), 0)->uncached, "it runs outside of the workspace, in /home/me");
	w->env[1] = "NOHOME=1";
	assert_string_equal(world_show(w, "packages/a", "home"),
			    "Failed to execute 'cd' command * No home directory found for 'cd' command with no arguments");
	world_free(w);
}

static void a_missing_program_does_not_fail_the_plan(void **state)
{
	struct world *w = world_new();
	struct package *root = world_package(w, "", "root");

	(void)state;
	world_task(w, root, "x", "nosuchprog a");
	world_task(w, root, "own", "PATH=/tools tool");
	world_task(w, root, "in", "./tools/t");
	world_done(w);
	w->missing = "nosuchprog";
	assert_null(world_step(planned(w, "", "x"), 0)->program);
	assert_string_equal(world_step(planned(w, "", "x"), 0)->path, "/w/node_modules/.bin:/bin");
	assert_string_equal(world_step(planned(w, "", "own"), 0)->path, "/tools");
	assert_string_equal(world_step(planned(w, "", "own"), 0)->program, "/tools/tool");
	assert_string_equal(world_step(planned(w, "", "in"), 0)->program, "/w/tools/t");
	world_free(w);
}

static void nested_runs_are_expanded_skipped_and_pruned(void **state)
{
	struct world *w = world_new();
	struct package *a = world_package(w, "packages/a", "a"), *b = world_package(w, "packages/b", "b");
	struct package *root = world_package(w, "", "root");

	(void)state;
	world_need(w, b, a);
	world_task(w, a, "build", "pa");
	world_task(w, b, "build", "pb");
	world_task(w, root, "build", "echo pre && vt run -r build");
	world_task(w, root, "test", "vt run -r --ignore-depends-on test");
	world_task(w, root, "deploy", "cd packages/a && vt run deploy");
	world_task(w, a, "deploy", "echo d");
	world_task(w, root, "none", "vt run -F nosuch build && echo after");
	world_done(w);
	assert_string_equal(world_show(w, "", "-r build"),
			    "packages/a#build: pa | packages/b#build<packages/a#build: pb | #build: echo pre");
	assert_string_equal(world_show(w, "", "build"),
			    "#build: echo pre; {packages/a#build: pa | packages/b#build<packages/a#build: pb}");
	assert_string_equal(world_show(w, "", "-r build x"),
			    "packages/a#build: pa x | packages/b#build<packages/a#build: pb x | #build: echo pre");
	assert_string_equal(world_show(w, "", "build x"),
			    "#build: echo pre; {packages/a#build: pa x | packages/b#build<packages/a#build: pb x}");
	assert_string_equal(world_show(w, "", "test"), "#test: {}");
	assert_string_equal(world_show(w, "", "deploy"), "#deploy: {packages/a#deploy: echo d}");
	assert_string_equal(world_show(w, "", "none"), "#none: {}; echo after");
	assert_string_equal(w->warned, "No packages matched the filter: nosuch\n");
	world_free(w);
}

static void recursion_and_bad_nested_words_are_told_with_the_chain_of_tasks(void **state)
{
	struct world *w = world_new();
	struct package *root = world_package(w, "", "root");

	(void)state;
	world_task(w, root, "rec", "vt run rec2");
	world_task(w, root, "rec2", "vp run rec");
	world_task(w, root, "bad", "vt run nosuch");
	world_task(w, root, "flags", "vt run -r -t x");
	world_task(w, root, "value", "vt run --log=x y");
	world_task(w, root, "outside", "cd .. && vt run x");
	world_task(w, root, "prefix", "VP_RUN_CONCURRENCY_LIMIT=abc vt run rec");
	world_done(w);
	assert_string_equal(world_show(w, "", "rec"), "Failed to plan tasks from `vt run rec2` in task root#rec * "
			    "Failed to plan tasks from `vp run rec` in task root#rec2 * "
			    "Detected a recursion in task call stack: the last frame calls the 1th frame");
	assert_string_equal(world_show(w, "", "bad"), "Failed to plan tasks from `vt run nosuch` in task root#bad * Task \"nosuch\" not found");
	assert_string_equal(world_show(w, "", "flags"), "Failed to plan tasks from `vt run -r -t x` in task root#flags * "
			    "--recursive and --transitive cannot be used together");
	assert_string_equal(world_show(w, "", "value"), "Failed to plan tasks from `vt run --log=x y` in task root#value * "
			    "invalid value 'x' for '--log <LOG>'");
	assert_string_equal(world_show(w, "", "outside"), "Failed to plan tasks from `vt run x` in task root#outside * "
			    "Package not found in workspace: `/`");
	assert_non_null(strstr(world_show(w, "", "prefix"), "* Invalid value for VP_RUN_CONCURRENCY_LIMIT: \"abc\""));
	world_free(w);
}

static void a_limit_counts_for_one_level(void **state)
{
	struct world *w = world_new();
	struct package *root = world_package(w, "", "root");
	struct plan *plan;

	(void)state;
	world_task(w, root, "all", "vt run x && vt run --concurrency-limit 2 x && VP_RUN_CONCURRENCY_LIMIT=9 vt run x");
	world_task(w, root, "x", "p");
	world_done(w);
	plan = planned(w, "", "--concurrency-limit 5 all");
	assert_int_equal(plan->limit, 5);
	assert_int_equal(plan->nodes[0].items[0].plan->limit, 4);
	assert_int_equal(plan->nodes[0].items[1].plan->limit, 2);
	assert_int_equal(plan->nodes[0].items[2].plan->limit, 9);
	assert_int_equal(planned(w, "", "--parallel x")->limit, UINT32_MAX);
	assert_int_equal(planned(w, "", "--parallel --concurrency-limit 3 x")->limit, 3);
	w->env[3] = "VP_RUN_CONCURRENCY_LIMIT=0";
	plan = planned(w, "", "all");
	assert_int_equal(plan->limit, 1);
	assert_int_equal(plan->nodes[0].items[0].plan->limit, 1);
	assert_int_equal(planned(w, "", "--parallel x")->limit, UINT32_MAX);
	w->env[3] = "VP_RUN_CONCURRENCY_LIMIT=abc";
	assert_string_equal(world_show(w, "", "x"), "Invalid value for VP_RUN_CONCURRENCY_LIMIT: \"abc\"");
	w->env[3] = NULL;
	world_free(w);
}

static void hooks_stand_around_scripts_only(void **state)
{
	struct world *w = world_new();
	struct package *root = world_package(w, "", "");

	(void)state;
	world_script(w, root, "prepretest", "echo prepretest");
	world_script(w, root, "pretest", "echo pretest");
	world_script(w, root, "test", "echo test");
	world_script(w, root, "posttest", "echo posttest");
	world_task(w, root, "prebuild", "echo no");
	world_script(w, root, "build", "echo build");
	world_task(w, root, "lint", "echo lint");
	world_script(w, root, "prelint", "echo no");
	world_script(w, root, "preouter", "vt run test");
	world_script(w, root, "outer", "echo outer");
	world_script(w, root, "preself", "vt run -r self");
	world_script(w, root, "self", "echo self");
	world_done(w);
	assert_string_equal(world_show(w, "", "test --coverage"),
			    "#test: pretest: echo pretest; echo test --coverage; posttest: echo posttest");
	assert_string_equal(world_show(w, "", "pretest"), "#pretest: prepretest: echo prepretest; echo pretest");
	assert_string_equal(world_show(w, "", "build"), "#build: echo build");
	assert_string_equal(world_show(w, "", "lint"), "#lint: echo lint");
	assert_string_equal(world_show(w, "", "outer"),
			    "#outer: {#test: pretest: echo pretest; echo test; posttest: echo posttest}; echo outer");
	assert_string_equal(world_show(w, "", "self"), "Failed to plan tasks from `vt run -r self` in task preself * "
			    "Detected a recursion in task call stack: the last frame calls the 1th frame");
	w->w.hooks = false;
	assert_string_equal(world_show(w, "", "test"), "#test: echo test");
	world_free(w);
}

/* Caching: the table of precedence. */

static bool cached(struct world *w, const char *words)
{
	return world_step(planned(w, "", words), 0)->rules != NULL;
}

static void flags_and_settings_decide_about_caching_in_order(void **state)
{
	struct world *w = world_new();
	struct package *root = world_package(w, "", "");

	(void)state;
	world_task(w, root, "build", "p");
	world_task(w, root, "deploy", "p")->rules.on = false;
	world_script(w, root, "test", "p");
	world_script(w, root, "inherit", "vt run test");
	world_script(w, root, "on", "vt run --cache test");
	world_script(w, root, "off", "vt run --no-cache build");
	world_task(w, root, "parent", "vt run build")->rules.on = false;
	world_task(w, root, "clean", "vt cache clean");
	world_done(w);
	assert_true(cached(w, "build"));
	assert_false(cached(w, "deploy"));
	assert_false(cached(w, "test"));
	assert_true(cached(w, "--cache test"));
	assert_false(cached(w, "--cache deploy"));
	assert_false(cached(w, "--no-cache build"));
	assert_false(cached(w, "inherit"));
	assert_true(cached(w, "--cache inherit"));
	assert_true(cached(w, "on"));
	assert_true(cached(w, "--no-cache on"));
	assert_false(cached(w, "off"));
	assert_false(cached(w, "--cache off"));
	assert_true(cached(w, "parent"));
	assert_false(cached(w, "clean"));
	w->w.cache_tasks = false;
	assert_false(cached(w, "build"));
	assert_true(cached(w, "--cache build"));
	w->w.cache_scripts = true;
	assert_true(cached(w, "test"));
	world_free(w);
}

/* Environments. */

static struct step *cached_step(struct world *w, const char *const *env, const char *const *untracked, const char *command)
{
	struct package *root = world_package(w, "", "");
	struct task *task = world_task(w, root, "x", command);

	for (; env && env[task->rules.env.n]; task->rules.env.n++)
		;
	for (; untracked && untracked[task->rules.untracked.n]; task->rules.untracked.n++)
		;
	task->rules.env.at = (const char **)env;
	task->rules.untracked.at = (const char **)untracked;
	world_done(w);
	return (struct step *)world_step(planned(w, "", "x"), 0);
}

static const char *declared(struct world *w, const struct step *step)
{
	const char *ret = "";
	uint32_t i;

	for (i = 0; i < step->declared.n; i++)
		ret = arena_printf(w->a, "%s%s%s", ret, i ? " " : "", step->declared.at[i]);
	return ret;
}

static const char *child(struct world *w, const struct step *step)
{
	char **e = env_entries(step->spawn_env, w->a);
	const char *ret = "";
	uint32_t i;

	for (i = 0; e[i]; i++)
		ret = arena_printf(w->a, "%s%s%s", ret, i ? " " : "", e[i]);
	return ret;
}

static void session(struct world *w, const char *const *env)
{
	uint32_t n = 0;

	for (; env[n]; n++)
		w->env[n] = env[n];
	w->env[n] = NULL;
}

static void cached_children_see_what_the_patterns_let_through(void **state)
{
	static const char *const vars[] = { "U_A=1", "U_NO=1", "K_A=1", "K_NO=1", "FORCE_COLOR=3", "NO_COLOR=1", "OTHER=1", "PATH=/bin",
					    "GITHUB_X=1", "MY_TOKEN=1", "ProgramFiles(x86)=1", "TMPDIR=/t", NULL };
	static const char *const env[] = { "K_*", "!K_NO", NULL }, *const untracked[] = { "U_*", "!U_NO", "FORCE_COLOR", NULL };
	struct world *w = world_new();
	const struct step *step;

	(void)state;
	session(w, vars);
	step = cached_step(w, env, untracked, "p");
	assert_string_equal(child(w, step), "FORCE_COLOR=3 GITHUB_X=1 K_A=1 MY_TOKEN=1 PATH=/w/node_modules/.bin:/bin PWD=/w "
			    "ProgramFiles(x86)=1 U_A=1 VP_RUN=1");
	assert_string_equal(declared(w, step), "K_A");
	assert_int_equal(step->untracked.n, 53 + 3);
	assert_string_equal(step->untracked.at[0], "!U_NO");
	assert_string_equal(env_get(step->full_env, "OTHER"), "1");
	world_free(w);
}

static void colours_are_forced_unless_the_task_gets_the_users_variable(void **state)
{
	static const char *const vars[] = { "FORCE_COLOR=0", "NO_COLOR=1", "PATH=/bin", NULL };
	static const char *const env[] = { "FORCE_*", NULL };
	struct world *w = world_new();
	const struct step *step;

	(void)state;
	session(w, vars);
	step = cached_step(w, NULL, NULL, "p");
	assert_string_equal(child(w, step), "FORCE_COLOR=1 PATH=/w/node_modules/.bin:/bin PWD=/w VP_RUN=1");
	world_free(w);

	w = world_new();
	step = cached_step(w, env, NULL, "p");
	assert_string_equal(declared(w, step), "FORCE_COLOR");
	assert_string_equal(env_get(step->spawn_env, "FORCE_COLOR"), "1");
	assert_string_equal(env_get(step->full_env, "FORCE_COLOR"), "1");
	world_free(w);

	w = world_new();
	session(w, vars);
	step = cached_step(w, env, NULL, "p");
	assert_string_equal(env_get(step->spawn_env, "FORCE_COLOR"), "0");
	world_free(w);

	w = world_new();
	step = cached_step(w, NULL, NULL, "FORCE_COLOR=2 p");
	assert_string_equal(env_get(step->spawn_env, "FORCE_COLOR"), "2");
	assert_string_equal(declared(w, step), "FORCE_COLOR");
	world_free(w);
}

static void prefix_assignments_are_always_in_the_key_and_come_last(void **state)
{
	static const char *const vars[] = { "B=old", "A=old", "PATH=/bin", NULL };
	static const char *const untracked[] = { "A", "!PATH", NULL };
	struct world *w = world_new();
	const struct step *step;

	(void)state;
	session(w, vars);
	step = cached_step(w, NULL, untracked, "B=1 A=2 B=3 p");
	assert_string_equal(child(w, step), "A=2 B=3 FORCE_COLOR=1 PWD=/w VP_RUN=1");
	assert_string_equal(declared(w, step), "A B");
	assert_string_equal(env_get(step->full_env, "B"), "3");
	world_free(w);
}

static void the_runners_own_names_are_in_no_answer_and_no_key(void **state)
{
	static const char *const vars[] = { "VP_RUN=7", "VP_RUN_IPC_NAME=x", "VT_CACHE_DIR=/c", "VITE_CACHE_PATH=/c", "VP_OTHER=1", "PATH=/bin", NULL };
	static const char *const env[] = { "*", NULL };
	struct world *w = world_new();
	const struct step *step;

	(void)state;
	session(w, vars);
	step = cached_step(w, env, NULL, "p");
	assert_string_equal(declared(w, step), "FORCE_COLOR PATH PWD VP_OTHER");
	assert_null(env_get(step->full_env, "VP_RUN"));
	assert_null(env_get(step->full_env, "VP_RUN_IPC_NAME"));
	assert_null(env_get(step->full_env, "VT_CACHE_DIR"));
	assert_null(env_get(step->full_env, "VITE_CACHE_PATH"));
	assert_string_equal(env_get(step->spawn_env, "VP_RUN"), "1");
	world_free(w);

	w = world_new();
	session(w, vars);
	step = cached_step(w, NULL, NULL, "p");
	assert_string_equal(env_get(step->spawn_env, "VT_CACHE_DIR"), "/c");
	assert_null(env_get(step->spawn_env, "VITE_CACHE_PATH"));
	assert_string_equal(declared(w, step), "");
	world_free(w);
}

static void uncached_children_see_everything(void **state)
{
	static const char *const vars[] = { "ANY=1", "VT_X=1", "VP_RUN=0", "PATH=/bin:/w/node_modules/.bin:/x", NULL };
	struct world *w = world_new();
	struct package *a = world_package(w, "packages/a", "a"), *root = world_package(w, "", "");
	struct plan *plan;

	(void)state;
	world_script(w, a, "x", "p && Q=1 VP_RUN=5 p");
	world_script(w, root, "all", "FOO=9 PATH=/other:/bin vt run -r x");
	world_done(w);
	session(w, vars);
	plan = planned(w, "packages/a", "x");
	assert_string_equal(child(w, world_step(plan, 0)),
			    "ANY=1 INIT_CWD=/w/packages/a PATH=/w/packages/a/node_modules/.bin:/w/packages/node_modules/.bin:/w/node_modules/.bin:/bin:/x "
			    "PWD=/w/packages/a VP_RUN=1 VT_X=1 npm_lifecycle_event=x npm_lifecycle_script=p && Q=1 VP_RUN=5 p "
			    "npm_package_json=/w/packages/a/package.json");
	assert_ptr_equal(world_step(plan, 0)->spawn_env, world_step(plan, 0)->full_env);
	assert_string_equal(env_get(world_step(plan, 1)->spawn_env, "VP_RUN"), "5");
	plan = planned(w, "", "all");
	assert_string_equal(child(w, world_step(plan, 0)),
			    "ANY=1 FOO=9 INIT_CWD=/w PATH=/w/packages/a/node_modules/.bin:/w/packages/node_modules/.bin:/w/node_modules/.bin:/other:/bin "
			    "PWD=/w/packages/a VP_RUN=1 VT_X=1 npm_lifecycle_event=x npm_lifecycle_script=p && Q=1 VP_RUN=5 p "
			    "npm_package_json=/w/packages/a/package.json");
	world_free(w);
}

/* What a script of one package gets by a npm run around vt is not another's. */
static void npms_variables_are_those_of_the_package(void **state)
{
	static const char *const vars[] = { "OLDPWD=/o", "PATH=/bin", "PWD=/x", "npm_config_registry=r", "npm_lifecycle_event=ci", "npm_package_config_port=1",
					    "npm_package_json=/w/package.json", "npm_package_name=root", NULL };
	static const char *const env[] = { "npm_*", NULL };
	static const struct env_pair variables[] = { { "npm_package_name", "a" }, { "npm_package_version", "1.2.3" } };
	struct world *w = world_new();
	struct package *a = world_package(w, "packages/a", "a"), *root = world_package(w, "", "root");
	const struct step *step;
	struct task *t;

	(void)state;
	a->variables = variables;
	a->variables_n = COUNT(variables);
	world_script(w, a, "script", "p && cd src && p");
	world_script(w, a, "ordered", "run-s x:*");
	t = world_task(w, a, "task", "p");
	t->rules.on = false;
	t = world_task(w, root, "of-root", "p");
	t->rules.on = false;
	t = world_task(w, root, "declared", "p");
	t->rules.env.at = (const char **)(uintptr_t)env;
	t->rules.env.n = 1;
	world_done(w);
	session(w, vars);
	step = world_step(planned(w, "packages/a", "script"), 0);
	assert_string_equal(env_get(step->spawn_env, "npm_package_name"), "a");
	assert_string_equal(env_get(step->spawn_env, "npm_package_version"), "1.2.3");
	assert_string_equal(env_get(step->spawn_env, "npm_lifecycle_event"), "script");
	assert_string_equal(env_get(step->spawn_env, "npm_config_registry"), "r");
	assert_null(env_get(step->spawn_env, "npm_package_config_port"));
	assert_null(env_get(step->spawn_env, "OLDPWD"));
	assert_string_equal(env_get(world_step(planned(w, "packages/a", "script"), 1)->spawn_env, "PWD"), "/w/packages/a/src");
	assert_string_equal(child(w, world_step(planned(w, "packages/a", "task"), 0)),
			    "PATH=/w/packages/a/node_modules/.bin:/w/packages/node_modules/.bin:/w/node_modules/.bin:/bin PWD=/w/packages/a VP_RUN=1 "
			    "npm_config_registry=r");
	assert_string_equal(env_get(world_step(planned(w, "", "of-root"), 0)->spawn_env, "npm_package_config_port"), "1");
	step = world_step(planned(w, "", "declared"), 0);
	assert_string_equal(declared(w, step), "npm_config_registry");
	assert_null(env_get(step->spawn_env, "npm_package_name"));

	/* cached scripts: what the package says counts, the script's name where it decides */
	step = world_step(planned(w, "packages/a", "--cache script"), 0);
	assert_string_equal(env_get(step->spawn_env, "npm_package_version"), "1.2.3");
	assert_string_equal(env_get(step->spawn_env, "INIT_CWD"), "/w");
	assert_null(env_get(step->spawn_env, "npm_lifecycle_event"));
	assert_int_equal(step->declared.n, 0);
	assert_int_equal(step->given.n, 2);
	assert_string_equal(step->given.at[1], "npm_package_version");
	step = world_step(planned(w, "packages/a", "--cache ordered"), 0);
	assert_string_equal(env_get(step->spawn_env, "npm_lifecycle_event"), "ordered");
	assert_int_equal(step->given.n, 4);
	world_free(w);
}

/* What environments cost. */

struct cost {
	uint64_t copies;
	size_t bytes;
};

static struct cost cost(uint32_t variables, uint32_t tasks, const char *command, bool script)
{
	struct world *w = world_new();
	struct cost before = { 0 }, after;
	struct plan *plan;
	uint32_t i;

	for (i = 0; i < variables; i++)
		w->env[i] = arena_printf(w->a, "VARIABLE_%u=%064u", i, i);
	w->env[i++] = "PATH=/bin";
	w->env[i] = NULL;
	for (i = 0; i < tasks; i++) {
		struct package *p = world_package(w, arena_printf(w->a, "packages/p%03u", i), arena_printf(w->a, "p%03u", i));

		if (script)
			world_script(w, p, "x", command);
		else
			world_task(w, p, "x", command);
	}
	world_package(w, "", "");
	world_done(w);
	before.copies = env_copies();
	before.bytes = arena_size(w->a);
	plan = planned(w, "", "-r x");
	assert_int_equal(plan->n, tasks);
	after.copies = env_copies() - before.copies;
	after.bytes = arena_size(w->a) - before.bytes;
	world_free(w);
	return after;
}

static void environments_cost_nothing_per_command(void **state)
{
	struct cost none = cost(0, 50, "a && b && c", false), many = cost(300, 50, "a && b && c", false);
	struct cost one = cost(300, 1, "a", false), script = cost(300, 50, "a && b && c", true);
	struct cost prefixed = cost(300, 50, "A=1 a && B=1 b && C=1 c", false);
	size_t map = 300 * (sizeof(struct env_pair) + 12 + 64 + 2 * 8 + 8);

	(void)state;
	printf("# 50 tasks x 3 commands: %zu bytes and %u copies without variables, %zu and %u with 300; one task %zu and %u; "
	       "scripts %zu and %u; with prefixes %zu and %u\n", none.bytes, (unsigned)none.copies, many.bytes, (unsigned)many.copies,
	       one.bytes, (unsigned)one.copies, script.bytes, (unsigned)script.copies, prefixed.bytes, (unsigned)prefixed.copies);
	assert_int_equal(many.copies, one.copies);
	assert_int_equal(prefixed.copies, one.copies);
	assert_true(many.bytes - none.bytes < 3 * map);
	assert_true(script.copies <= one.copies);
}

static void steps_are_numbered_in_order(void **state)
{
	struct world *w = world_new();
	struct package *a = world_package(w, "packages/a", "a"), *b = world_package(w, "packages/b", "b"), *root = world_package(w, "", "");
	struct plan *plan;

	(void)state;
	world_need(w, a, b);
	world_task(w, a, "build", "p && q");
	world_task(w, b, "build", "r && s");
	world_task(w, root, "all", "vt run -r build && echo done");
	world_done(w);
	plan = planned(w, "", "all");
	assert_int_equal(plan->steps, 5);
	assert_int_equal(world_step(plan, 0)->ordinal, 0);
	assert_int_equal(world_step(plan, 4)->ordinal, 4);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_become_actions),
		cmocka_unit_test(a_command_that_a_shell_would_change_goes_to_the_shell),
		cmocka_unit_test(extra_arguments_reach_the_last_piece_only),
		cmocka_unit_test(echo_knows_one_flag_once),
		cmocka_unit_test(directories_follow_cd_and_only_inside_a_command),
		cmocka_unit_test(a_missing_program_does_not_fail_the_plan),
		cmocka_unit_test(nested_runs_are_expanded_skipped_and_pruned),
		cmocka_unit_test(recursion_and_bad_nested_words_are_told_with_the_chain_of_tasks),
		cmocka_unit_test(a_limit_counts_for_one_level),
		cmocka_unit_test(hooks_stand_around_scripts_only),
		cmocka_unit_test(flags_and_settings_decide_about_caching_in_order),
		cmocka_unit_test(cached_children_see_what_the_patterns_let_through),
		cmocka_unit_test(colours_are_forced_unless_the_task_gets_the_users_variable),
		cmocka_unit_test(prefix_assignments_are_always_in_the_key_and_come_last),
		cmocka_unit_test(the_runners_own_names_are_in_no_answer_and_no_key),
		cmocka_unit_test(uncached_children_see_everything),
		cmocka_unit_test(npms_variables_are_those_of_the_package),
		cmocka_unit_test(environments_cost_nothing_per_command),
		cmocka_unit_test(steps_are_numbered_in_order),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
