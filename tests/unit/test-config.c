#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cjson/cJSON.h>

#include "workspace-help.h"

/* One member, packages/app, called app; the root is called root. */
static int begin_workspace(void **state)
{
	int r = begin(state);

	file("package.json", "{\"name\": \"root\", \"workspaces\": [\"packages/*\"]}");
	file("packages/app/package.json", "{\"name\": \"app\"}");
	return r;
}

static void root(const char *text)
{
	file("vite-task.json", text);
}

/* The innermost line for each root configuration; what is around it is the same for all. */
static void refused(const char *text, const char *message)
{
	const char *want = arena_printf(a, "Failed to load task graph\n* Failed to load task config file for package at <w>/\n* <w>/vite-task.json:%s", message);

	root(text);
	if (strcmp(failure(""), want) != 0)
		fail_msg("%s\n gives %s\nnot   %s", text, failure(""), want);
}

static void task_refused(const char *text, const char *message)
{
	refused(arena_printf(a, "{\"tasks\":{\"x\":\n%s}}", text), message);
}

static void without_files_everything_is_default(void **state)
{
	(void)state;
	load("");
	assert_false(w->cache_scripts);
	assert_true(w->cache_tasks);
	assert_true(w->hooks);
	assert_null(w->plugins);
	assert_null(w->config_file);
}

static void the_root_sets_cache_hooks_and_plugins(void **state)
{
	static const struct { const char *text; bool scripts, tasks, hooks; } rows[] = {
		{ "{}", false, true, true }, { "{\"cache\": true}", true, true, true }, { "{\"cache\": false}", false, false, true },
		{ "{\"cache\": {\"scripts\": true}}", true, true, true }, { "{\"cache\": {\"tasks\": false}}", false, false, true },
		{ "{\"cache\": {}}", false, true, true }, { "{\"cache\": {\"scripts\": null}}", false, true, true },
		{ "{\"enablePrePostScripts\": false}", false, true, false }, { "{\"cache\": null, \"enablePrePostScripts\": null, \"plugins\": null}", false, true, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		root(rows[i].text);
		load("");
		assert_int_equal(w->cache_scripts, rows[i].scripts);
		assert_int_equal(w->cache_tasks, rows[i].tasks);
		assert_int_equal(w->hooks, rows[i].hooks);
		assert_null(w->plugins);
	}
	root("{ // comments\n \"plugins\": {\"auto-input\": {\"x\": [1,],},}, /* and commas */ }");
	load("");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(w->plugins, "auto-input")->string, "auto-input");
	assert_string_equal(w->config_file, in("vite-task.json"));
}

static void mistakes_in_the_file_are_told(void **state)
{
	(void)state;
	refused("{\"$schema\": 5}", "1:13: invalid type: integer `5`, expected a string");
	refused("{\n  \"unknown\": 1\n}", "2:3: unknown field `unknown`, expected one of `cache`, `tasks`, `enablePrePostScripts`, `plugins`, `trustedSockets`, `toolCaches`, `frameworkEnv`, `env`, `untrackedEnv`, `taskDefaults`");
	refused("{\"cache\": 1}", "1:11: invalid type: integer `1`, expected a boolean or a map of `scripts` and `tasks`");
	refused("{\"cache\": {\"foo\": true}}", "1:12: unknown field `foo`, expected one of `scripts`, `tasks`");
	refused("{\"cache\": {\"tasks\": 1}}", "1:21: invalid type: integer `1`, expected a boolean");
	refused("{\"enablePrePostScripts\": \"x\"}", "1:26: invalid type: string \"x\", expected a boolean");
	refused("{\"tasks\": []}", "1:11: invalid type: sequence, expected a map");
	refused("{\"plugins\": []}", "1:13: invalid type: sequence, expected a map");
	refused("", "1:1: invalid type: null, expected a map of `tasks` and other keys");
	refused("// only a comment\n", "2:1: invalid type: null, expected a map of `tasks` and other keys");
	refused("[]", "1:1: invalid type: sequence, expected a map of `tasks` and other keys");
	refused("{\"tasks\": {", "1:12: found the end of the file, expected a name in double quotes or `}`");
	refused("{tasks: {}}", "1:2: found `t`, expected a name in double quotes or `}`");
}

static void mistakes_in_a_task_are_told(void **state)
{
	(void)state;
	task_refused("{\"command\": 1}", "2:13: invalid type: integer `1`, expected a string or a sequence of strings");
	task_refused("{\"command\": [\"a\", 1]}", "2:19: invalid type: integer `1`, expected a string");
	task_refused("1", "2:1: invalid type: integer `1`, expected a map, a string or a sequence of strings");
	task_refused("null", "2:1: invalid type: null, expected a map, a string or a sequence of strings");
	task_refused("[1]", "2:2: invalid type: integer `1`, expected a string");
	task_refused("{\"command\": \"a\", \"foo\": 1}",
		     "2:18: unknown field `foo`, expected one of `command`, `group`, `cwd`, `dependsOn`, `description`, `timeout`, `retries`, `weight`, `persistent`, `ready`, `cache`, `env`, `untrackedEnv`, `input`, `output`, `trustedSockets`");
	task_refused("{\"command\": \"a\", \"cwd\": []}", "2:25: invalid type: sequence, expected a string");
	task_refused("{\"command\": \"a\", \"env\": \"y\"}", "2:25: invalid type: string \"y\", expected a sequence");
	task_refused("{\"command\": \"a\", \"untrackedEnv\": [1]}", "2:35: invalid type: integer `1`, expected a string");
	task_refused("{\"command\": \"a\", \"dependsOn\": \"b\"}", "2:31: invalid type: string \"b\", expected a sequence");
	task_refused("{\"command\": \"a\", \"dependsOn\": [1]}", "2:32: invalid type: integer `1`, expected a task or `{ \"task\", \"from\" }`");
	task_refused("{\"command\": \"a\", \"cache\": \"yes\"}", "2:27: invalid type: string \"yes\", expected a boolean or an object of cache settings");
}

static void mistakes_in_depends_objects_are_told(void **state)
{
	static const char expected[] = "expected `dependencies`, `devDependencies`, `peerDependencies` or a sequence of these";

	(void)state;
	task_refused("{\"command\":\"a\",\"dependsOn\":[{\"task\":\"b\"}]}", "2:29: missing field `from`, expected `task` and `from`");
	task_refused("{\"command\":\"a\",\"dependsOn\":[{\"from\":\"dependencies\"}]}", "2:29: missing field `task`, expected `task` and `from`");
	task_refused("{\"command\":\"a\",\"dependsOn\":[{\"task\":\"b\",\"from\":[]}]}", arena_printf(a, "2:48: found an empty sequence, %s", expected));
	task_refused("{\"command\":\"a\",\"dependsOn\":[{\"task\":\"b\",\"from\":\"x\"}]}", arena_printf(a, "2:48: found string \"x\", %s", expected));
	task_refused("{\"command\":\"a\",\"dependsOn\":[{\"task\":\"b\",\"from\":[1]}]}", arena_printf(a, "2:49: invalid type: integer `1`, %s", expected));
	task_refused("{\"command\":\"a\",\"dependsOn\":[{\"task\":1,\"from\":\"dependencies\"}]}", "2:37: invalid type: integer `1`, expected a string");
	task_refused("{\"command\":\"a\",\"dependsOn\":[{\"task\":\"b\",\"form\":1}]}", "2:41: unknown field `form`, expected one of `task`, `from`");
}

static void mistakes_in_globs_are_told(void **state)
{
	(void)state;
	task_refused("{\"command\":\"a\",\"input\":\"x\"}", "2:24: invalid type: string \"x\", expected a sequence");
	task_refused("{\"command\":\"a\",\"input\":[1]}", "2:25: invalid type: integer `1`, expected a glob, `{ \"pattern\", \"base\" }` or `{ \"auto\" }`");
	task_refused("{\"command\":\"a\",\"input\":[{\"pattern\":\"x\"}]}", "2:25: missing field `base`, expected `pattern` and `base`, or `auto`");
	task_refused("{\"command\":\"a\",\"input\":[{}]}", "2:25: missing field `pattern`, expected `pattern` and `base`, or `auto`");
	task_refused("{\"command\":\"a\",\"input\":[{\"pattern\":\"x\",\"base\":\"y\"}]}", "2:47: found string \"y\", expected \"package\" or \"workspace\"");
	task_refused("{\"command\":\"a\",\"input\":[{\"pattern\":\"x\",\"base\":1}]}", "2:47: invalid type: integer `1`, expected a string");
	task_refused("{\"command\":\"a\",\"input\":[{\"auto\":1}]}", "2:33: invalid type: integer `1`, expected a boolean");
	task_refused("{\"command\":\"a\",\"input\":[{\"auto\":true,\"base\":\"package\"}]}", "2:26: found `auto` beside `base`, expected it alone");
	task_refused("{\"command\":\"a\",\"input\":[{\"glob\":\"x\"}]}", "2:26: unknown field `glob`, expected one of `pattern`, `base`, `auto`");
	task_refused("{\"command\":\"a\",\"output\":[{\"auto\":true}]}",
		     "2:27: found `{ \"auto\": true }` in `output`, expected globs: outputs are not tracked automatically in this release (the plugin auto-output is a stub)");
	task_refused("{\"command\":\"a\",\"cache\":{\"output\":[{\"auto\":true}]}}",
		     "2:36: found `{ \"auto\": true }` in `output`, expected globs: outputs are not tracked automatically in this release (the plugin auto-output is a stub)");
}

static void cache_settings_stand_in_one_place(void **state)
{
	(void)state;
	task_refused("{\"command\":\"a\",\"cache\":false,\"env\":[]}", "2:30: found `env` beside `\"cache\": false`, expected only one of them");
	task_refused("{\"command\":\"a\",\"output\":[],\"cache\":false}", "2:16: found `output` beside `\"cache\": false`, expected only one of them");
	task_refused("{\"command\":\"a\",\"env\":[],\"cache\":{\"env\":[]}}", "2:34: found `env` both on the task and under `cache`, expected it once");
	task_refused("{\"command\":\"a\",\"cache\":{\"foo\":[]}}", "2:25: unknown field `foo`, expected one of `env`, `untrackedEnv`, `input`, `output`, `trustedSockets`, `heedOptOut`");
	task_refused("{\"command\":\"a\",\"cache\":{\"heedOptOut\":1}}", "2:38: invalid type: integer `1`, expected a boolean");
	root("{\"tasks\": {\"x\": {\"command\": \"a\", \"cache\": {\"env\": [\"A\"], \"input\": [\"i\"]}, \"untrackedEnv\": [\"U\"], \"output\": [\"o\"]},"
	     "\"y\": {\"command\": \"a\", \"cache\": true, \"env\": [\"B\"]}, \"z\": {\"command\": \"a\", \"cache\": false, \"env\": null}}}");
	load("");
	assert_string_equal(texts(&task("", "x")->rules.env), "A NODE_ENV VERCEL_ENV VERCEL_TARGET_ENV");
	assert_string_equal(texts(&task("", "x")->rules.untracked), "U");
	assert_string_equal(patterns(&task("", "x")->rules.input.yes), "i");
	assert_string_equal(patterns(&task("", "x")->rules.output.yes), "o o/**");
	assert_string_equal(texts(&task("", "y")->rules.env), "B NODE_ENV VERCEL_ENV VERCEL_TARGET_ENV");
	assert_true(task("", "y")->rules.on);
	assert_false(task("", "z")->rules.on);
}

static void root_only_keys_are_refused_elsewhere(void **state)
{
	static const char *const rows[][2] = {
		{ "{\"cache\": true}", "cache" }, { "{\"enablePrePostScripts\": true}", "enablePrePostScripts" }, { "{\"plugins\": {}}", "plugins" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		file("packages/app/vite-task.json", rows[i][0]);
		fails(arena_printf(a, "Failed to load task graph\n* `%s` can only be set in the workspace root config, but found in <w>/packages/app", rows[i][1]));
	}
	file("packages/app/vite-task.json", "{\"$schema\": \"./vite-task.schema.json\", \"cache\": null, \"tasks\": {\"t\": \"echo\"}}");
	root("{\"$schema\": \"./vite-task.schema.json\"}");
	load("");
	file("packages/app/vite-task.json", "{\"x\": 1}");
	fails("Failed to load task graph\n* Failed to load task config file for package at <w>/packages/app\n"
	      "* <w>/packages/app/vite-task.json:1:2: unknown field `x`, expected one of `cache`, `tasks`, `enablePrePostScripts`, `plugins`, `trustedSockets`, `toolCaches`, `frameworkEnv`, `env`, `untrackedEnv`, `taskDefaults`");
}

static void of_equal_names_the_last_task_wins(void **state)
{
	(void)state;
	root("{\"tasks\": {\"x\": 5, \"x\": \"second\"}}");
	load("");
	assert_string_equal(task("", "x")->command.at[0], "second");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define story(name) cmocka_unit_test_setup_teardown(name, begin_workspace, end)
		story(without_files_everything_is_default),
		story(the_root_sets_cache_hooks_and_plugins),
		story(mistakes_in_the_file_are_told),
		story(mistakes_in_a_task_are_told),
		story(mistakes_in_depends_objects_are_told),
		story(mistakes_in_globs_are_told),
		story(cache_settings_stand_in_one_place),
		story(root_only_keys_are_refused_elsewhere),
		story(of_equal_names_the_last_task_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
