#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "workspace-help.h"

/* Packages a, b, ... under packages/, of one kind of workspace. */
static void pnpm(void)
{
	file("pnpm-workspace.yaml", "packages: ['packages/*']");
}

static void npm(void)
{
	file("package.json", "{\"workspaces\": [\"packages/*\"]}");
}

static void package(const char *folder, const char *text)
{
	file(arena_printf(a, "packages/%s/package.json", folder), text);
}

static void workspace_values_name_a_member_whatever_follows(void **state)
{
	static const char *const values[] = { "*", "^", "~", "1.2.3", "", "^9.9.9" };
	size_t i;

	(void)state;
	pnpm();
	package("b", "{\"name\": \"b\", \"version\": \"1.0.0\"}");
	for (i = 0; i < COUNT(values); i++) {
		package("a", arena_printf(a, "{\"name\": \"a\", \"dependencies\": {\"b\": \"workspace:%s\"}}", values[i]));
		load("");
		assert_string_equal(needs("packages/a"), "packages/b:1");
	}
}

static void aliases_name_what_is_before_the_last_at_sign(void **state)
{
	(void)state;
	pnpm();
	package("d", "{\"name\": \"d\"}");
	package("e", "{\"name\": \"@s/e\"}");
	package("x", "{\"name\": \"x\"}");
	package("a", "{\"dependencies\": {\"x\": \"workspace:d@*\", \"y\": \"workspace:@s/e@^1\", \"z\": \"workspace:@1\", \"v\": \"workspace:none@*\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/d:1 packages/e:1");
}

static void workspace_paths_name_the_member_that_stands_there(void **state)
{
	(void)state;
	pnpm();
	package("zlib", "{\"name\": \"zlib\"}");
	package("other", "{\"name\": \"other\"}");
	package("a", "{\"dependencies\": {\"other\": \"workspace:../zlib\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/zlib:1");
	package("a", "{\"dependencies\": {\"free\": \"workspace:../zlib/\", \"other\": \"workspace:../none\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/zlib:1");
	/* yarn's are seen from the root */
	package("a", "{\"dependencies\": {\"free\": \"workspace:packages/zlib\", \"more\": \"workspace:./packages/other\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/other:1 packages/zlib:1");
}

static void ranges_are_the_registrys_under_pnpm(void **state)
{
	(void)state;
	pnpm();
	package("b", "{\"name\": \"b\", \"version\": \"1.0.0\"}");
	package("a", "{\"dependencies\": {\"b\": \"^1.0.0\"}, \"devDependencies\": {\"b\": \"*\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "");
}

static void pnpm_may_link_ranges(void **state)
{
	static const struct { const char *yaml, *npmrc, *needs; } rows[] = {
		{ "linkWorkspacePackages: true", "", "packages/b:1" },
		{ "linkWorkspacePackages: deep", "", "packages/b:1" },
		{ "x: &y true\nlinkWorkspacePackages: *y", "", "packages/b:1" },
		{ "linkWorkspacePackages: false", "link-workspace-packages=true", "" },
		{ "", "link-workspace-packages=true", "packages/b:1" },
		{ "", "# c\r\nlink-workspace-packages = \"deep\" ; c\r\n", "packages/b:1" },
		{ "", "link-workspace-packages=true\nlink-workspace-packages=false\n", "" },
		{ "", "link-workspace-packages-not=true\n; link-workspace-packages=true", "" },
	};
	size_t i;

	(void)state;
	package("b", "{\"name\": \"b\", \"version\": \"1.0.0\"}");
	package("c", "{\"name\": \"c\", \"version\": \"2.0.0\"}");
	package("a", "{\"dependencies\": {\"b\": \"^1.0.0\", \"c\": \"^1.0.0\"}}");
	for (i = 0; i < COUNT(rows); i++) {
		file("pnpm-workspace.yaml", arena_printf(a, "packages: ['packages/*']\n%s\n", rows[i].yaml));
		file(".npmrc", rows[i].npmrc);
		load("");
		if (strcmp(needs("packages/a"), rows[i].needs) != 0)
			fail_msg("'%s' and '%s' give '%s'", rows[i].yaml, rows[i].npmrc, needs("packages/a"));
	}
}

static void optional_dependencies_are_dependencies(void **state)
{
	(void)state;
	pnpm();
	package("b", "{\"name\": \"b\"}");
	package("a", "{\"optionalDependencies\": {\"b\": \"workspace:*\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/b:1");
	unlink(in("pnpm-workspace.yaml"));
	npm();
	package("a", "{\"optionalDependencies\": {\"b\": \"*\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/b:1");
}

static void parallel_edges_are_one_with_all_types(void **state)
{
	(void)state;
	pnpm();
	package("b", "{\"name\": \"b\"}");
	package("a", "{\"dependencies\": {\"b\": \"workspace:*\"}, \"devDependencies\": {\"b\": \"workspace:*\"}, \"peerDependencies\": {\"b\": \"workspace:*\"}}");
	package("c", "{\"dependencies\": {\"a\": \"workspace:*\"}, \"peerDependencies\": {\"b\": \"workspace:*\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/b:7");
	assert_string_equal(needs("packages/c"), "packages/b:4");
}

static void a_package_does_not_need_itself(void **state)
{
	(void)state;
	pnpm();
	package("a", "{\"name\": \"a\", \"dependencies\": {\"a\": \"workspace:*\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "");
}

static void cycles_between_packages_are_fine(void **state)
{
	(void)state;
	pnpm();
	package("a", "{\"name\": \"a\", \"dependencies\": {\"b\": \"workspace:*\"}}");
	package("b", "{\"name\": \"b\", \"dependencies\": {\"a\": \"workspace:*\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/b:1");
	assert_string_equal(needs("packages/b"), "packages/a:1");
}

static void duplicate_names_matter_only_to_those_who_need_them(void **state)
{
	(void)state;
	pnpm();
	package("b", "{\"name\": \"b\"}");
	package("d", "{\"name\": \"b\"}");
	load("");
	package("a", "{\"name\": \"a\", \"dependencies\": {\"b\": \"workspace:*\"}}");
	fails("Failed to load task graph\n* Failed to load package graph\n* Duplicate package name `b` found at `packages/b` and `packages/d`");
}

static void nameless_packages_are_never_needed(void **state)
{
	(void)state;
	pnpm();
	package("b", "{}");
	package("c", "{}");
	package("a", "{\"dependencies\": {\"\": \"workspace:*\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "");
}

static void npm_ranges_link_the_members_they_fit(void **state)
{
	static const char *const rows[][2] = {
		{ "^1.0.0", "packages/b:1" }, { "1.x", "packages/b:1" }, { "1.0.0 - 1.5.0", "packages/b:1" }, { "^2 || ~1.2", "packages/b:1" },
		{ "*", "packages/b:1" }, { "", "packages/b:1" }, { "workspace:^", "packages/b:1" }, { "^2.0.0", "" }, { "latest", "" },
		{ "1.2.3-beta", "" }, { "npm:b@1", "" }, { "npm:^1.0.0", "packages/b:1" }, { "npm:1.2.3", "packages/b:1" }, { "npm:^2", "" }, { "npm:latest", "" }, { "git+https://x/b.git", "" }, { "user/b", "" },
	};
	size_t i;

	(void)state;
	npm();
	package("b", "{\"name\": \"b\", \"version\": \"1.2.3\"}");
	for (i = 0; i < COUNT(rows); i++) {
		package("a", arena_printf(a, "{\"name\": \"a\", \"dependencies\": {\"b\": \"%s\"}}", rows[i][0]));
		load("");
		if (strcmp(needs("packages/a"), rows[i][1]) != 0)
			fail_msg("'%s' gives '%s'", rows[i][0], needs("packages/a"));
	}
	/* without a version only what fits everything */
	package("b", "{\"name\": \"b\"}");
	package("a", "{\"dependencies\": {\"b\": \"^1.0.0\"}, \"devDependencies\": {\"b\": \"*\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/b:2");
	/* a prerelease fits what names one, and "*" */
	package("b", "{\"name\": \"b\", \"version\": \"1.0.0-rc.1\"}");
	package("a", "{\"dependencies\": {\"b\": \"^1.0.0\"}, \"devDependencies\": {\"b\": \"*\"}, \"peerDependencies\": {\"b\": \"^1.0.0-rc\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/b:6");
}

static void of_two_with_one_name_the_range_may_choose(void **state)
{
	(void)state;
	npm();
	package("b1", "{\"name\": \"b\", \"version\": \"1.0.0\"}");
	package("b2", "{\"name\": \"b\", \"version\": \"2.0.0\"}");
	package("a", "{\"dependencies\": {\"b\": \"^2.0.0\"}}");
	load("");
	assert_string_equal(needs("packages/a"), "packages/b2:1");
	package("a", "{\"dependencies\": {\"b\": \">=1\"}}");
	fails("Failed to load task graph\n* Failed to load package graph\n* Duplicate package name `b` found at `packages/b1` and `packages/b2`");
}

static void paths_link_the_member_that_stands_there(void **state)
{
	int i;

	(void)state;
	package("b", "{\"name\": \"b\"}");
	package("c", "{\"name\": \"c\"}");
	package("d", "{\"name\": \"d\"}");
	package("e", "{\"name\": \"e\"}");
	package("a", "{\"dependencies\": {\"x\": \"file:../b\", \"y\": \"link:../c/\", \"z\": \"../d\", \"p\": \"portal:../e\", \"n\": \"file:../none\", \"o\": \"file:../../../out\"}}");
	for (i = 0; i < 2; i++) {
		if (i)
			pnpm();
		else
			npm();
		load("");
		assert_string_equal(needs("packages/a"), "packages/b:1 packages/c:1 packages/d:1 packages/e:1");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define story(name) cmocka_unit_test_setup_teardown(name, begin, end)
		story(workspace_values_name_a_member_whatever_follows),
		story(aliases_name_what_is_before_the_last_at_sign),
		story(workspace_paths_name_the_member_that_stands_there),
		story(ranges_are_the_registrys_under_pnpm),
		story(pnpm_may_link_ranges),
		story(optional_dependencies_are_dependencies),
		story(parallel_edges_are_one_with_all_types),
		story(a_package_does_not_need_itself),
		story(cycles_between_packages_are_fine),
		story(duplicate_names_matter_only_to_those_who_need_them),
		story(nameless_packages_are_never_needed),
		story(npm_ranges_link_the_members_they_fit),
		story(of_two_with_one_name_the_range_may_choose),
		story(paths_link_the_member_that_stands_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
