#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/yaml.h"
#include "arena.h"

/* The list, joined by '|', or the message. */
static const char *list(const char *text)
{
	const struct yaml_value *root;
	struct texts t = { 0 };
	struct err e = { 0 };
	const char *out = "";
	uint32_t i;

	if (yaml_read("f", text, strlen(text), a, &root, &e) || yaml_texts("f", root, "packages", a, &t, &e)) {
		out = arena_str(a, e.text[0]);
		err_clear(&e);
		return out;
	}
	for (i = 0; i < t.n; i++)
		out = arena_printf(a, "%s%s%s", out, i ? "|" : "", t.at[i]);
	return out;
}

static void lists_are_read_in_every_style(void **state)
{
	(void)state;
	assert_string_equal(list("packages:\n  - packages/*\n  - '!**/test/**'\n  - \"apps/*\"\n"), "packages/*|!**/test/**|apps/*");
	assert_string_equal(list("packages: [a, 'b', \"c\"]"), "a|b|c");
	assert_string_equal(list("packages: ['1', \"true\", '']"), "1|true|");
	assert_string_equal(list("\xef\xbb\xbfpackages: [a]"), "a");
	assert_string_equal(list("catalog:\n  react: ^18\n  deep: [{x: [1]}]\npackages: [a]\nother: &x {y: 1}\nz: *x\n"), "a");
}

static void nothing_is_an_empty_list(void **state)
{
	(void)state;
	assert_string_equal(list(""), "");
	assert_string_equal(list("# only a comment\n"), "");
	assert_string_equal(list("---\n"), "");
	assert_string_equal(list("catalog: {}\n"), "");
	assert_string_equal(list("packages:\n"), "");
	assert_string_equal(list("packages: []\n"), "");
}

static void an_alias_is_what_its_anchor_names(void **state)
{
	(void)state;
	assert_string_equal(list("x: &a [b, c]\npackages: *a"), "b|c");
	assert_string_equal(list("x: &one packages/*\npackages: [*one, &two 'apps/*', *two]"), "packages/*|apps/*|apps/*");
	assert_string_equal(list("x: &a b\ny: &a c\npackages: [*a]"), "c");
	assert_string_equal(list("x: &k packages\n*k : [b]"), "b");
	assert_string_equal(list("x: &m {packages: [b]}\n<<: *m"), "b");
	assert_string_equal(list("x: &m {packages: [b]}\n<<: [{y: 1}, *m]"), "b");
	assert_string_equal(list("x: &m {packages: [b]}\n<<: *m\npackages: [c]"), "c");
}

static void values_may_lie_only_so_deep(void **state)
{
	char text[700] = "x: ";

	(void)state;
	memset(text + 3, '[', 300);
	memset(text + 303, ']', 300);
	assert_non_null(strstr(list(text), "values are nested too deeply"));
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
	(void)state;
	assert_string_equal(list("packages: 5"), "f:1:11: packages: invalid type: integer `5`, expected a sequence");
	assert_string_equal(list("packages: a"), "f:1:11: packages: invalid type: string \"a\", expected a sequence");
	assert_string_equal(list("packages: true"), "f:1:11: packages: invalid type: boolean `true`, expected a sequence");
	assert_string_equal(list("packages: {a: 1}"), "f:1:11: packages: invalid type: map, expected a sequence");
	assert_string_equal(list("x: &a {b: c}\npackages: *a"), "f:1:4: packages: invalid type: map, expected a sequence");
	assert_string_equal(list("packages: *a"), "f:1:11: found undefined alias, expected YAML");
	assert_string_equal(list("packages: &a [b, *a]"), "f:1:11: packages[1]: invalid type: sequence, expected a string");
	assert_string_equal(list("packages:\n  - a\n  - 1.5\n"), "f:3:5: packages[1]: invalid type: floating point `1.5`, expected a string");
	assert_string_equal(list("packages:\n  - a\n  - [b]\n"), "f:3:5: packages[1]: invalid type: sequence, expected a string");
	assert_string_equal(list("packages:\n  -\n"), "f:2:4: packages[0]: invalid type: null, expected a string");
	assert_string_equal(list("- a\n"), "f:1:1: invalid type: sequence, expected a map");
	assert_string_equal(list("packages: [a"), "f:2:1: did not find expected ',' or ']', expected YAML");
	assert_non_null(strstr(list("packages: [\"\xff\"]"), "expected YAML"));
	assert_non_null(strstr(list("a: b: c"), "f:1:5: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_in_every_style),
		cmocka_unit_test(nothing_is_an_empty_list),
		cmocka_unit_test(an_alias_is_what_its_anchor_names),
		cmocka_unit_test(values_may_lie_only_so_deep),
		cmocka_unit_test(what_is_wrong_is_told_with_its_place),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
