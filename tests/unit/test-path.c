#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/path.h"
#include "arena.h"

static void joining_keeps_what_is_absolute_and_empty(void **state)
{
	(void)state;
	assert_string_equal(path_join(a, "/w", "a/b"), "/w/a/b");
	assert_string_equal(path_join(a, "/", "a"), "/a");
	assert_string_equal(path_join(a, "a/", "b"), "a/b");
	assert_string_equal(path_join(a, "a", "/b"), "/b");
	assert_string_equal(path_join(a, "", "b"), "b");
	assert_string_equal(path_join(a, "a", ""), "a");
	assert_string_equal(path_join(a, "packages", ".."), "packages/..");
}

static void cleaning_takes_dots_and_parents_away(void **state)
{
	static const char *const table[][2] = {
		{ "", "" }, { ".", "" }, { "/", "/" }, { "//", "/" }, { "a", "a" }, { "a/", "a" }, { "./a", "a" },
		{ "a//b", "a/b" }, { "a/./b", "a/b" }, { "a/../b", "b" }, { "a/..", "" }, { "..", ".." },
		{ "../a", "../a" }, { "../../a", "../../a" }, { "a/../../b", "../b" }, { "../a/..", ".." },
		{ "../a/../b", "../b" }, { "/..", "/" }, { "/../a", "/a" }, { "/a/../..", "/" }, { "/a/b/../../c", "/c" },
		{ "a/...", "a/..." }, { "..a", "..a" }, { "/a/b/c/../../..", "/" }, { "a/b/../../..", ".." },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		assert_string_equal(path_clean(a, table[i][0]), table[i][1]);
}

static void below_is_told_by_components(void **state)
{
	(void)state;
	assert_string_equal(path_below("/w", "/w/a/b"), "a/b");
	assert_string_equal(path_below("/w", "/w"), "");
	assert_null(path_below("/w", "/wa"));
	assert_null(path_below("/w", "/"));
	assert_string_equal(path_below("/", "/a"), "a");
	assert_string_equal(path_below("/", "/"), "");
}

static void the_last_component_and_what_is_before_it(void **state)
{
	(void)state;
	assert_string_equal(path_base("a/b"), "b");
	assert_string_equal(path_base("b"), "b");
	assert_string_equal(path_base("/"), "");
	assert_string_equal(path_dir(a, "a/b"), "a");
	assert_string_equal(path_dir(a, "b"), "");
	assert_string_equal(path_dir(a, "/b"), "/");
	assert_string_equal(path_dir(a, "/"), "/");
}

static void unsafe_names_are_refused(void **state)
{
	static const char *const bad[] = { "", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a/." };
	static const char *const good[] = { "a", "a/b", "...", "a/..b", ".a" };
	char longest[300];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_false(path_is_safe(bad[i], strlen(bad[i])));
	for (i = 0; i < COUNT(good); i++)
		assert_true(path_is_safe(good[i], strlen(good[i])));
	assert_false(path_is_safe("a\0b", 3));
	memset(longest, 'x', sizeof longest);
	assert_true(path_is_safe(longest, 255));
	assert_false(path_is_safe(longest, 256));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joining_keeps_what_is_absolute_and_empty),
		cmocka_unit_test(cleaning_takes_dots_and_parents_away),
		cmocka_unit_test(below_is_told_by_components),
		cmocka_unit_test(the_last_component_and_what_is_before_it),
		cmocka_unit_test(unsafe_names_are_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
