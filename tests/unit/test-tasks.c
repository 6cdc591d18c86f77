#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "workspace-help.h"

static int begin_workspace(void **state)
{
	int r = begin(state);

	file("pnpm-workspace.yaml", "packages: ['packages/*']");
	file("package.json", "{\"name\": \"root\"}");
	file("packages/a/package.json", "{\"name\": \"a\", \"scripts\": {\"test\": \"run tests\", \"build\": \"make\"}}");
	return r;
}

static const char *needs_of(const struct task *t)
{
	const char *out = "";
	uint32_t i;

	for (i = 0; i < t->needs_n; i++)
		out = arena_printf(a, "%s%s%s", out, i ? " " : "", t->needs[i].task->label);
	return out;
}

static void scripts_are_tasks_with_all_defaults(void **state)
{
	const struct task *t;

	(void)state;
	load("");
	t = task("packages/a", "test");
	assert_string_equal(t->label, "a#test");
	assert_string_equal(t->cwd, "packages/a");
	assert_string_equal(texts(&t->command), "run tests");
	assert_int_equal(t->source, TASK_FROM_SCRIPT);
	assert_true(t->rules.on && t->rules.input.automatic && !t->rules.input.given && !t->rules.output.given);
	assert_int_equal(w->tasks_n, 2);
	assert_string_equal(w->tasks[0]->label, "a#build");
	assert_int_equal(w->tasks[1]->index, 1);
}

static void commands_may_be_texts_lists_or_objects(void **state)
{
	(void)state;
	file("vite-task.json", "{\"tasks\": {\"s\": \"one\", \"l\": [\"one\", \"two\"], \"o\": {\"command\": [\"x\"]}, \"e\": [], \"b#c\": \"\"}}");
	load("");
	assert_string_equal(texts(&task("", "s")->command), "one");
	assert_false(task("", "s")->command_is_array);
	assert_string_equal(texts(&task("", "l")->command), "one two");
	assert_true(task("", "l")->command_is_array);
	assert_true(task("", "o")->command_is_array);
	assert_int_equal(task("", "e")->command.n, 0);
	assert_string_equal(task("", "b#c")->label, "root#b#c");
	assert_int_equal(task("", "s")->source, TASK_FROM_CONFIG);
}

static void a_task_and_a_script_of_one_name_conflict(void **state)
{
	(void)state;
	file("packages/a/vite-task.json", "{\"tasks\": {\"test\": \"x\"}}");
	fails("Failed to load task graph\n* Task a#test conflicts with a package.json script of the same name. Remove the script from package.json or rename the task");
}

static void the_working_directory_keeps_its_parents_for_display(void **state)
{
	static const char *const rows[][2] = {
		{ "", "packages/a" }, { ".", "packages/a" }, { "./", "packages/a" }, { "src", "packages/a/src" }, { "./src/", "packages/a/src" },
		{ "..", "packages/a/.." }, { "../..", "packages/a/../.." }, { "/outside", "/outside" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		file("packages/a/vite-task.json", arena_printf(a, "{\"tasks\": {\"t\": {\"command\": \"x\", \"cwd\": \"%s\"}}}", rows[i][0]));
		load("");
		assert_string_equal(task("packages/a", "t")->cwd, rows[i][1]);
	}
	file("packages/a/vite-task.json", arena_printf(a, "{\"tasks\": {\"t\": {\"command\": \"x\", \"cwd\": \"%s/b\"}}}", dir));
	load("");
	assert_string_equal(task("packages/a", "t")->cwd, "b");
}

/* "yes | no" of the globs that `list` comes to in packages/a. */
static const char *globs(const char *list)
{
	const struct globs *g;

	file("packages/a/vite-task.json", arena_printf(a, "{\"tasks\": {\"t\": {\"command\": \"x\", \"input\": %s}}}", list));
	load("");
	g = &task("packages/a", "t")->rules.input;
	return arena_printf(a, "%s%s | %s", g->automatic ? "auto " : "", patterns(&g->yes), patterns(&g->no));
}

static void globs_are_seen_from_the_root(void **state)
{
	(void)state;
	assert_string_equal(globs("null"), "auto  | ");
	assert_string_equal(globs("[]"), " | ");
	assert_string_equal(globs("[{\"auto\": true}]"), "auto  | ");
	assert_string_equal(globs("[{\"auto\": false}]"), " | ");
	assert_string_equal(globs("[\"src/\", \"!dist/\"]"), "packages/a/src/** | packages/a/dist/**");
	assert_string_equal(globs("[\"b\", \"a\", \"b\", \"./a\"]"), "packages/a/a packages/a/b | ");
	assert_string_equal(globs("[\"!*.md\", {\"auto\": true}]"), "auto  | packages/a/*.md");
	assert_string_equal(globs("[\"../../x/*\", \"../b/./c.ts\"]"), "packages/b/c.ts x/* | ");
	assert_string_equal(globs("[\"../..\"]"), "** | ");
	assert_string_equal(globs("[\"../../\"]"), "** | ");
	assert_string_equal(globs("[\".\"]"), "packages/a | ");
	assert_string_equal(globs("[{\"pattern\": \"configs/tsconfig.json\", \"base\": \"workspace\"}, {\"pattern\": \"!dist/**\", \"base\": \"workspace\"}]"),
			    "configs/tsconfig.json | dist/**");
	assert_string_equal(globs("[{\"pattern\": \"x\", \"base\": \"package\"}]"), "packages/a/x | ");
	assert_string_equal(globs("[\"a\\\\*b/*\"]"), "packages/a/a\\*b/* | ");
}

static void metacharacters_of_the_package_path_are_escaped(void **state)
{
	(void)state;
	file("packages/[x]{y}/package.json", "{\"name\": \"odd\"}");
	file("packages/[x]{y}/vite-task.json", "{\"tasks\": {\"t\": {\"command\": \"x\", \"input\": [\"src/*\", \"lit\"]}}}");
	load("");
	assert_string_equal(patterns(&task("packages/[x]{y}", "t")->rules.input.yes), "packages/\\[x\\]\\{y\\}/lit packages/\\[x\\]\\{y\\}/src/*");
}

static void globs_that_lead_outside_or_are_none_are_refused(void **state)
{
	(void)state;
	file("vite-task.json", "{\"tasks\": {\"x\": {\"command\": \"x\", \"input\": [\"../out/**\"]}}}");
	fails("Failed to load task graph\n* Failed to resolve task config for task root#x\n* glob pattern '../out/**' resolves outside the workspace root");
	file("vite-task.json", "{\"tasks\": {\"x\": {\"command\": \"x\", \"output\": [\"!a[b\"]}}}");
	fails("Failed to load task graph\n* Failed to resolve task config for task root#x\n* invalid glob pattern '!a[b'\n* failed to parse glob expression");
	file("vite-task.json", "{\"tasks\": {\"x\": {\"command\": \"x\", \"env\": [\"!{\"]}}}");
	fails("Failed to load task graph\n* Failed to resolve task config for task root#x\n* invalid glob pattern '!{'\n* failed to parse glob expression");
}

static void depends_on_names_tasks_and_scripts(void **state)
{
	(void)state;
	file("vite-task.json", "{\"tasks\": {\"x\": {\"command\": \"x\", \"dependsOn\": [\"y\", \"a#build\", \"y\", \"@s/b#c#d\"]}, \"y\": \"y\"}}");
	file("packages/b/package.json", "{\"name\": \"@s/b\", \"scripts\": {\"c#d\": \"wrong\"}}");
	file("packages/c/package.json", "{\"name\": \"@s/b#c\", \"scripts\": {\"d\": \"right\"}}");
	load("");
	assert_string_equal(needs_of(task("", "x")), "root#y a#build @s/b#c#d");
	assert_string_equal(task("", "x")->needs[2].task->command.at[0], "right");
}

static void depends_on_what_is_not_there_is_an_error(void **state)
{
	static const char *const rows[][2] = {
		{ "nope#y", "Package 'nope' not found" }, { "y", "Task 'y' not found in package root" }, { "a#y", "Task 'y' not found in package a" },
		{ "d#y", "Package 'd' is ambiguous among multiple packages: [\"<w>/packages/d1\", \"<w>/packages/d2\"]" },
	};
	size_t i;

	(void)state;
	file("packages/d1/package.json", "{\"name\": \"d\"}");
	file("packages/d2/package.json", "{\"name\": \"d\"}");
	file("packages/s/package.json", "{\"name\": \"@s/short\", \"scripts\": {\"y\": \"\"}}");
	for (i = 0; i < COUNT(rows); i++) {
		file("vite-task.json", arena_printf(a, "{\"tasks\": {\"x\": {\"command\": \"x\", \"dependsOn\": [\"%s\"]}}}", rows[i][0]));
		fails(arena_printf(a, "Failed to load task graph\n* Failed to lookup dependency '%s' for task root#x\n* %s", rows[i][0], rows[i][1]));
	}
	file("vite-task.json", "{\"tasks\": {\"x\": {\"command\": \"x\", \"dependsOn\": [\"short#y\"]}}}");
	fails("Failed to load task graph\n* Failed to lookup dependency 'short#y' for task root#x\n* Package 'short' not found");
}

static void depends_on_may_follow_the_kinds_of_dependencies(void **state)
{
	static const char *const rows[][2] = {
		{ "\"dependencies\"", "n#build np#build" }, { "\"devDependencies\"", "d#build" }, { "\"peerDependencies\"", "np#build" },
		{ "[\"devDependencies\", \"dependencies\", \"peerDependencies\"]", "d#build n#build np#build" },
	};
	size_t i;

	(void)state;
	file("packages/d/package.json", "{\"name\": \"d\", \"scripts\": {\"build\": \"\"}}");
	file("packages/n/package.json", "{\"name\": \"n\", \"scripts\": {\"build\": \"\"}, \"dependencies\": {\"deep\": \"workspace:*\"}}");
	file("packages/np/package.json", "{\"name\": \"np\", \"scripts\": {\"build\": \"\"}}");
	file("packages/deep/package.json", "{\"name\": \"deep\", \"scripts\": {\"build\": \"\"}}");
	file("packages/lacks/package.json", "{\"name\": \"lacks\"}");
	file("packages/x/package.json", "{\"name\": \"x\", \"dependencies\": {\"n\": \"workspace:*\", \"np\": \"workspace:*\", \"lacks\": \"workspace:*\"},"
	     "\"devDependencies\": {\"d\": \"workspace:*\"}, \"peerDependencies\": {\"np\": \"workspace:*\"}}");
	for (i = 0; i < COUNT(rows); i++) {
		file("packages/x/vite-task.json", arena_printf(a, "{\"tasks\": {\"t\": {\"command\": \"x\", \"dependsOn\": [{\"task\": \"build\", \"from\": %s}]}}}", rows[i][0]));
		load("");
		assert_string_equal(needs_of(task("packages/x", "t")), rows[i][1]);
	}
}

static void nameless_packages_have_their_own_tasks(void **state)
{
	(void)state;
	file("package.json", "{}");
	file("packages/n/package.json", "{\"scripts\": {\"b\": \"n\"}}");
	file("packages/n/vite-task.json", "{\"tasks\": {\"t\": {\"command\": \"x\", \"dependsOn\": [\"b\"]}}}");
	file("packages/o/package.json", "{\"scripts\": {\"b\": \"o\"}}");
	file("packages/o/vite-task.json", "{\"tasks\": {\"t\": {\"command\": \"x\", \"dependsOn\": [\"b\"]}}}");
	load("");
	assert_string_equal(task("packages/n", "t")->label, "t");
	assert_string_equal(task("packages/n", "t")->needs[0].task->command.at[0], "n");
	assert_string_equal(task("packages/o", "t")->needs[0].task->command.at[0], "o");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define story(name) cmocka_unit_test_setup_teardown(name, begin_workspace, end)
		story(scripts_are_tasks_with_all_defaults),
		story(commands_may_be_texts_lists_or_objects),
		story(a_task_and_a_script_of_one_name_conflict),
		story(the_working_directory_keeps_its_parents_for_display),
		story(globs_are_seen_from_the_root),
		story(metacharacters_of_the_package_path_are_escaped),
		story(globs_that_lead_outside_or_are_none_are_refused),
		story(depends_on_names_tasks_and_scripts),
		story(depends_on_what_is_not_there_is_an_error),
		story(depends_on_may_follow_the_kinds_of_dependencies),
		story(nameless_packages_have_their_own_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
