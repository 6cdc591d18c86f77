#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "workspace-help.h"

static void pnpm_wins_beside_npm_in_the_same_folder(void **state)
{
	(void)state;
	file("pnpm-workspace.yaml", "packages: [packages/*]\n");
	file("package.json", "{\"workspaces\": [\"other/*\"]}");
	file("packages/a/package.json", "{}");
	file("other/b/package.json", "{}");
	load("packages/a");
	assert_string_equal(w->root, dir);
	assert_string_equal(members(), "packages/a .");
}

static void npm_yarn_and_bun_list_members_as_array_or_object(void **state)
{
	(void)state;
	file("package.json", "{\"workspaces\": [\"packages/*\"]}");
	file("packages/a/package.json", "{\"name\": \"a\"}");
	load("");
	assert_string_equal(members(), "packages/a .");
	file("package.json", "{\"workspaces\": {\"packages\": [\"packages/*\"], \"nohoist\": [1]}}");
	load("packages");
	assert_string_equal(members(), "packages/a .");
	assert_string_equal(w->packages[0].name, "a");
	assert_string_equal(w->packages[0].dir, in("packages/a"));
	assert_ptr_equal(w->root_package, &w->packages[1]);
}

static void wrong_shapes_of_workspaces_are_told(void **state)
{
	(void)state;
	file("package.json", "{\"workspaces\": null}");
	fails("Failed to load task graph\n* Failed to load package graph\n* Failed to parse JSON file at <w>/package.json\n"
	      "* <w>/package.json:1:16: invalid type: null, expected a sequence of patterns or a map with `packages`");
	file("package.json", "{\"workspaces\": {\"nohoist\": []}}");
	fails("Failed to load task graph\n* Failed to load package graph\n* Failed to parse JSON file at <w>/package.json\n"
	      "* <w>/package.json:1:16: missing field `packages`, expected a sequence of patterns");
	file("package.json", "{\"workspaces\": {\"packages\": 1}}");
	fails("Failed to load task graph\n* Failed to load package graph\n* Failed to parse JSON file at <w>/package.json\n"
	      "* <w>/package.json:1:29: invalid type: integer `1`, expected a sequence of patterns");
	file("package.json", "{\"workspaces\": [1]}");
	fails("Failed to load task graph\n* Failed to load package graph\n* Failed to parse JSON file at <w>/package.json\n"
	      "* <w>/package.json:1:17: invalid type: integer `1`, expected a string");
	file("package.json", "{\"workspaces\": [\"a[b\"]}");
	fails("Failed to load task graph\n* Failed to load package graph\n* invalid glob pattern 'a[b'\n* failed to parse glob expression");
	file("pnpm-workspace.yaml", "packages: 5");
	fails("Failed to load task graph\n* Failed to load package graph\n* Failed to parse YAML file at <w>/pnpm-workspace.yaml\n"
	      "* <w>/pnpm-workspace.yaml:1:11: packages: invalid type: integer `5`, expected a sequence");
}

static void the_innermost_workspace_wins(void **state)
{
	(void)state;
	file("package.json", "{\"workspaces\": [\"inner\"]}");
	file("inner/package.json", "{\"workspaces\": []}");
	file("inner/deep/x", "");
	load("inner/deep");
	assert_string_equal(w->root, in("inner"));
	assert_string_equal(members(), ".");
}

static void a_single_package_is_its_own_workspace(void **state)
{
	(void)state;
	file("package.json", "{\"name\": \"outer\"}");
	file("inner/package.json", "{\"name\": \"inner\"}");
	file("inner/src/x", "");
	load("inner/src");
	assert_string_equal(w->root, in("inner"));
	assert_string_equal(w->root_package->name, "inner");
	assert_string_equal(members(), ".");
}

static void without_any_package_there_is_no_workspace(void **state)
{
	(void)state;
	file("x", "");
	fails("Package not found in workspace: `<w>`");
}

static void a_broken_ancestor_is_told_at_once(void **state)
{
	(void)state;
	file("package.json", "{\n");
	file("inner/package.json", "{}");
	assert_string_equal(failure("inner"), "Failed to parse JSON file at <w>/package.json\n"
			    "* <w>/package.json:2:1: found the end of the file, expected a name in double quotes or `}`");
}

static void the_root_is_always_a_member_and_stands_last(void **state)
{
	(void)state;
	file("pnpm-workspace.yaml", "# nothing listed\n");
	file("package.json", "{\"name\": \"root\"}");
	load("");
	assert_string_equal(members(), ".");
	file("pnpm-workspace.yaml", "packages: ['z', '.']\n");
	file("z/package.json", "{}");
	load("");
	assert_string_equal(members(), ". z");
	assert_ptr_equal(w->root_package, &w->packages[0]);
	assert_ptr_equal(workspace_package(w, "z"), &w->packages[1]);
}

static void a_root_without_package_json_is_nameless_but_configured(void **state)
{
	(void)state;
	file("pnpm-workspace.yaml", "packages: []\n");
	file("vite-task.json", "{\"tasks\": {\"deploy\": \"echo\"}}");
	load("");
	assert_string_equal(w->root_package->name, "");
	assert_string_equal(task("", "deploy")->label, "deploy");
	assert_string_equal(w->config_file, in("vite-task.json"));
}

static void members_are_sorted_once_each_and_without_node_modules(void **state)
{
	(void)state;
	file("package.json", "{\"workspaces\": [\"b/*\", \"./b/x\", \"/a/*\", \"b/*/\", \"**/leaf\", \"lit\"]}");
	file("b/y/package.json", "{}");
	file("b/x/package.json", "{}");
	file("b/x-1/package.json", "{}");
	file("a/z/package.json", "{}");
	file("a/empty/file", "");
	file("node_modules/leaf/package.json", "{}");
	file("a/z/node_modules/leaf/package.json", "{}");
	file("deep/er/leaf/package.json", "{}");
	file("lit/package.json", "{}");
	file("b/.hidden/package.json", "{}");
	file("b/folder/package.json/x", "");
	load("");
	assert_string_equal(members(), "a/z b/.hidden b/x b/x-1 b/y deep/er/leaf lit .");
}

static void of_exclusions_the_last_match_decides(void **state)
{
	(void)state;
	file("packages/a/package.json", "{}");
	file("packages/excluded/a/package.json", "{}");
	file("packages/excluded/b/package.json", "{}");
	file("package.json", "{\"workspaces\": [\"packages/**\", \"!packages/excluded/**\", \"packages/excluded/a\"]}");
	load("");
	assert_string_equal(members(), "packages/a packages/excluded/a .");
	file("package.json", "{\"workspaces\": [\"packages/**\", \"!!packages/excluded/**\"]}");
	load("");
	assert_string_equal(members(), "packages/a packages/excluded/a packages/excluded/b .");
	file("package.json", "{\"workspaces\": [\"!./packages/excluded/*\", \"packages/*\"]}");
	load("");
	assert_string_equal(members(), "packages/a .");
}

static void a_pattern_that_leads_outside_finds_nothing_and_is_told(void **state)
{
	(void)state;
	file("out/side/package.json", "{}");
	file("w/package.json", "{\"workspaces\": [\"../out/*\", \"packages/*\"]}");
	file("w/packages/a/package.json", "{}");
	load("w");
	assert_string_equal(members(), "packages/a .");
	assert_string_equal(texts(&w->warnings), "the pattern '../out/*' of the workspace's packages leads out of the workspace; what it matches there is left out");
}

static void a_link_is_the_package_it_leads_to(void **state)
{
	const struct package *p;

	(void)state;
	file("out/side/package.json", "{\"name\": \"side\"}");
	file("w/ext/b/package.json", "{\"name\": \"b\"}");
	file("w/packages/a/package.json", "{\"name\": \"a\"}");
	file("w/node_modules/m/package.json", "{}");
	assert_int_equal(symlink(in("out/side"), in("w/packages/out")), 0);
	assert_int_equal(symlink("../ext/b", in("w/packages/b")), 0);
	assert_int_equal(symlink("a", in("w/packages/a-again")), 0);
	assert_int_equal(symlink("../ext/b", in("w/packages/b-again")), 0);
	assert_int_equal(symlink("../node_modules/m", in("w/packages/m")), 0);
	assert_int_equal(symlink("..", in("w/packages/root")), 0);
	assert_int_equal(symlink("nowhere", in("w/packages/nowhere")), 0);
	assert_int_equal(symlink("a/package.json", in("w/packages/file")), 0);
	file("w/package.json", "{\"workspaces\": [\"packages/*\"]}");
	load("w");
	assert_string_equal(members(), "ext/b packages/a packages/out .");
	p = workspace_package(w, "ext/b");
	assert_string_equal(p->link, "packages/b");
	assert_null(p->outside);
	p = workspace_package(w, "packages/out");
	assert_null(p->link);
	assert_string_equal(p->outside, in("out/side"));
	assert_string_equal(p->dir, in("w/packages/out"));
	assert_null(workspace_package(w, "packages/a")->link);
}

static void links_are_entered_but_not_by_two_stars(void **state)
{
	(void)state;
	file("ext/b/package.json", "{}");
	file("packages/a/package.json", "{}");
	assert_int_equal(symlink("../ext", in("packages/ext")), 0);
	assert_int_equal(symlink("..", in("packages/loop")), 0);
	assert_int_equal(symlink("packages", in("all")), 0);
	file("package.json", "{\"workspaces\": [\"packages/*/*\"]}");
	load("");
	assert_string_equal(members(), "ext/b .");
	file("package.json", "{\"workspaces\": [\"all/*\"]}");
	load("");
	assert_string_equal(members(), "packages/a .");
	file("package.json", "{\"workspaces\": [\"all/a\"]}");
	load("");
	assert_string_equal(members(), "packages/a .");
	file("package.json", "{\"workspaces\": [\"packages/**\"]}");
	load("");
	assert_string_equal(members(), "packages/a .");
}

static void choices_and_negations_are_understood(void **state)
{
	static const char *const rows[][2] = {
		{ "packages/!(no)", "packages/a packages/ab packages/b ." }, { "packages/!(no|a)", "packages/ab packages/b ." },
		{ "packages/@(a|b)", "packages/a packages/b ." }, { "packages/+(a|b)", "packages/a packages/ab packages/b ." },
		{ "packages/!(a)*", "packages/b packages/no ." }, { "!(apps|packages)/*", "tools/t ." },
		{ "!(apps|tools)/!(a|ab)", "packages/b packages/no ." }, { "**/!(no)", ". packages/a packages/ab packages/b tools/t" },
	};
	size_t i;

	(void)state;
	file("packages/a/package.json", "{}");
	file("packages/ab/package.json", "{}");
	file("packages/b/package.json", "{}");
	file("packages/no/package.json", "{}");
	file("tools/t/package.json", "{}");
	for (i = 0; i < COUNT(rows); i++) {
		file("package.json", arena_printf(a, "{\"workspaces\": [\"%s\"]}", rows[i][0]));
		load("");
		if (strcmp(members(), rows[i][1]) != 0)
			fail_msg("'%s' gives '%s'", rows[i][0], members());
		assert_int_equal(w->warnings.n, 0);
	}
	file("package.json", "{\"workspaces\": [\"*/*\", \"!packages/!(a)\"]}");
	load("");
	assert_string_equal(members(), "packages/a tools/t .");
	assert_true(workspace_would_hold(w, "packages/a"));
	assert_false(workspace_would_hold(w, "packages/new"));
}

static void a_construct_that_is_not_known_is_told(void **state)
{
	static const char *const rows[][2] = {
		{ "packages/{1..3}", "{1..3}" }, { "packages/[[:alpha:]]*", "[[:alpha:]]" }, { "packages/!(a|!(b))", "!(a|!(b))" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		file("package.json", arena_printf(a, "{\"workspaces\": [\"%s\"]}", rows[i][0]));
		load("");
		assert_string_equal(texts(&w->warnings), arena_printf(a, "the pattern '%s' of the workspace's packages has '%s', which vt does not know; "
								      "write the folders out, or some packages are left out", rows[i][0], rows[i][1]));
	}
	file("package.json", "{\"workspaces\": [\"packages/{a,..}\", \"p/{a..,b}\"]}");
	load("");
	assert_int_equal(w->warnings.n, 0);
}

static void a_package_that_no_pattern_means_is_known(void **state)
{
	(void)state;
	file("package.json", "{\"workspaces\": [\"packages/*\"]}");
	file("packages/a/package.json", "{}");
	file("tools/x/package.json", "{}");
	file("tools/x/src/f", "");
	load("tools/x/src");
	assert_string_equal(w->stray, in("tools/x"));
	load("tools");
	assert_null(w->stray);
	load("packages/a");
	assert_null(w->stray);
	load("");
	assert_null(w->stray);
}

static void a_directory_belongs_to_the_nearest_known_package(void **state)
{
	(void)state;
	file("package.json", "{\"workspaces\": [\"packages/*\"]}");
	file("packages/a/package.json", "{}");
	file("packages/a/sub/package.json", "{}");
	load("");
	assert_string_equal(workspace_package_at(w, in("packages/a/sub/x"))->path, "packages/a");
	assert_string_equal(workspace_package_at(w, in("packages/a"))->path, "packages/a");
	assert_string_equal(workspace_package_at(w, in("packages/a/../b"))->path, "");
	assert_string_equal(workspace_package_at(w, dir)->path, "");
	assert_null(workspace_package_at(w, "/"));
	assert_null(workspace_package(w, "packages"));
}

static void the_root_is_found_without_loading(void **state)
{
	const char *root;
	struct err e = { 0 };

	(void)state;
	file("package.json", "{\"workspaces\": [\"nonsense[\"]}");
	file("packages/a/package.json", "{}");
	assert_int_equal(workspace_find(in("packages/a"), a, &root, &e), 0);
	assert_string_equal(root, dir);
	assert_int_equal(workspace_find(in("nowhere"), a, &root, &e), -1);
	err_clear(&e);
}

static void a_byte_order_mark_is_no_part_of_the_text(void **state)
{
	(void)state;
	file("pnpm-workspace.yaml", "\xef\xbb\xbfpackages: [a]");
	file("a/package.json", "\xef\xbb\xbf{\"name\": \"a\"}");
	load("");
	assert_string_equal(w->packages[0].name, "a");
}

static void wrong_types_in_a_package_json_are_errors(void **state)
{
	static const char *const rows[][2] = {
		{ "{\"scripts\": {\"x\": 1}}", "1:19: invalid type: integer `1`, expected a string" },
		{ "{\"scripts\": null}", "1:13: invalid type: null, expected a map" },
		{ "{\"name\": 5}", "1:10: invalid type: integer `5`, expected a string" },
		{ "{\"dependencies\": []}", "1:18: invalid type: sequence, expected a map" },
		{ "{\"devDependencies\": {\"a\": {}}}", "1:27: invalid type: map, expected a string" },
		{ "{\"peerDependencies\": {\"a\": true}}", "1:28: invalid type: boolean `true`, expected a string" },
		{ "{\"optionalDependencies\": 5}", "1:26: invalid type: integer `5`, expected a map" },
		{ "[]", "1:1: invalid type: sequence, expected a map" },
		{ "{\"a\": 1\n", "2:1: found the end of the file, expected `,` or `}`" },
		{ "{\"a\": 1} // no comments", "1:10: found `/`, expected the end of the file" },
	};
	size_t i;

	(void)state;
	file("package.json", "{\"workspaces\": [\"d\"]}");
	for (i = 0; i < COUNT(rows); i++) {
		file("d/package.json", rows[i][0]);
		fails(arena_printf(a, "Failed to load task graph\n* Failed to load package graph\n* Failed to parse JSON file at <w>/d/package.json\n"
				   "* <w>/d/package.json:%s", rows[i][1]));
	}
	file("d/package.json", "{\"version\": 1, \"bundledDependencies\": true, \"resolutions\": 1}");
	load("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define story(name) cmocka_unit_test_setup_teardown(name, begin, end)
		story(pnpm_wins_beside_npm_in_the_same_folder),
		story(npm_yarn_and_bun_list_members_as_array_or_object),
		story(wrong_shapes_of_workspaces_are_told),
		story(the_innermost_workspace_wins),
		story(a_single_package_is_its_own_workspace),
		story(without_any_package_there_is_no_workspace),
		story(a_broken_ancestor_is_told_at_once),
		story(the_root_is_always_a_member_and_stands_last),
		story(a_root_without_package_json_is_nameless_but_configured),
		story(members_are_sorted_once_each_and_without_node_modules),
		story(of_exclusions_the_last_match_decides),
		story(a_pattern_that_leads_outside_finds_nothing_and_is_told),
		story(a_link_is_the_package_it_leads_to),
		story(links_are_entered_but_not_by_two_stars),
		story(choices_and_negations_are_understood),
		story(a_construct_that_is_not_known_is_told),
		story(a_package_that_no_pattern_means_is_known),
		story(a_directory_belongs_to_the_nearest_known_package),
		story(the_root_is_found_without_loading),
		story(a_byte_order_mark_is_no_part_of_the_text),
		story(wrong_types_in_a_package_json_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
