#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "text/semver.h"

struct row {
	const char *range, *version;
	bool yes;
};

static const struct row rows[] = {
	/* any */
	{ "", "1.0.0", true }, { "*", "1.2.3", true }, { "x", "0.0.1", true }, { "X", "9.9.9", true },
	{ "*", "1.0.0-beta", false },
	/* exact */
	{ "1.2.3", "1.2.3", true }, { "1.2.3", "1.2.4", false }, { "=1.2.3", "1.2.3", true }, { "= 1.2.3", "1.2.3", true },
	{ "v1.2.3", "1.2.3", true }, { "1.2.3", "v1.2.3", true }, { "1.2.3+build", "1.2.3", true }, { "1.2.3", "1.2.3+b.7", true },
	{ "1.2.3-beta.1", "1.2.3-beta.1", true }, { "1.2.3-beta.1", "1.2.3-beta.2", false },
	/* caret */
	{ "^1.2.3", "1.2.3", true }, { "^1.2.3", "1.9.0", true }, { "^1.2.3", "1.2.2", false }, { "^1.2.3", "2.0.0", false },
	{ "^1.2.3", "2.0.0-alpha", false }, { "^0.2.3", "0.2.9", true }, { "^0.2.3", "0.3.0", false }, { "^0.0.3", "0.0.3", true },
	{ "^0.0.3", "0.0.4", false }, { "^1", "1.99.0", true }, { "^1.x", "1.5.0", true }, { "^1.2", "1.2.0", true },
	{ "^1.2", "1.1.9", false }, { "^0.x", "0.9.9", true }, { "^0.x", "1.0.0", false }, { "^0.0", "0.0.7", true },
	{ "^0.0", "0.1.0", false }, { "^0.0.x", "0.0.7", true }, { "^0", "0.5.0", true }, { "^*", "7.0.0", true },
	{ "^ 1.2.3", "1.5.0", true }, { "^1.2.3-beta.2", "1.2.3-beta.4", true }, { "^1.2.3-beta.2", "1.2.3-beta.1", false },
	{ "^1.2.3-beta.2", "1.2.4-beta.2", false }, { "^1.2.3-beta.2", "1.2.4", true }, { "^0.0.1-beta", "0.0.1-beta.1", true },
	{ "^1.2.3", "1.3.0-beta", false },
	/* tilde */
	{ "~1.2.3", "1.2.9", true }, { "~1.2.3", "1.3.0", false }, { "~1.2", "1.2.0", true }, { "~1.2", "1.3.0", false },
	{ "~1", "1.9.9", true }, { "~1", "2.0.0", false }, { "~0.2.3", "0.2.5", true }, { "~>1.2.3", "1.2.4", true },
	{ "~ 1.2", "1.2.4", true }, { "~1.2.3-beta.2", "1.2.3-beta.4", true }, { "~1.2.3-beta.2", "1.2.4-beta.2", false },
	/* x-ranges */
	{ "1", "1.0.0", true }, { "1", "2.0.0", false }, { "1.2", "1.2.7", true }, { "1.2", "1.3.0", false }, { "1.x", "1.7.2", true },
	{ "1.2.x", "1.2.4", true }, { "1.2.*", "1.3.0", false }, { "1.x.3", "1.9.0", true }, { "=1.2", "1.2.9", true },
	{ "1", "2.0.0-rc", false }, { "1.2.x", "1.2.3-beta", false },
	/* comparators */
	{ ">1.2.3", "1.2.4", true }, { ">1.2.3", "1.2.3", false }, { ">=1.2.3", "1.2.3", true }, { "<2.0.0", "1.9.9", true },
	{ "<2.0.0", "2.0.0", false }, { "<=2.0.0", "2.0.0", true }, { ">= 1.0.0 < 2.0.0", "1.5.0", true },
	{ ">=1.0.0 <2.0.0", "2.0.0", false }, { ">1", "1.5.0", false }, { ">1", "2.0.0", true }, { ">1.2", "1.2.9", false },
	{ ">1.2", "1.3.0", true }, { "<=1", "1.9.9", true }, { "<=1.2", "1.2.9", true }, { "<=1.2", "1.3.0", false },
	{ "<1", "0.9.9", true }, { "<1", "1.0.0", false }, { ">=1", "1.0.0", true }, { ">=1.2", "1.1.9", false },
	{ ">*", "1.0.0", false }, { "<*", "1.0.0", false }, { ">=*", "1.0.0", true }, { "<=*", "1.0.0", true },
	/* prereleases need one of the same numbers in the range */
	{ ">1.2.3-alpha.3", "1.2.3-alpha.7", true }, { ">1.2.3-alpha.3", "3.4.5-alpha.9", false }, { ">1.2.3-alpha.3", "3.4.5", true },
	{ ">=1.0.0-rc.1 <2.0.0", "1.0.0-rc.2", true }, { "1.2.3", "1.2.3-beta", false }, { "<1.2.3", "1.2.3-beta", false },
	/* hyphens */
	{ "1.2.3 - 2.3.4", "1.2.3", true }, { "1.2.3 - 2.3.4", "2.3.4", true }, { "1.2.3 - 2.3.4", "2.3.5", false },
	{ "1.2 - 2.3.4", "1.2.0", true }, { "1.2.3 - 2.3", "2.3.9", true }, { "1.2.3 - 2.3", "2.4.0", false }, { "1.2.3 - 2", "2.9.9", true },
	{ "1.2.3 - 2", "3.0.0", false }, { "1.0.0 - *", "99.0.0", true }, { "* - 1.0.0", "0.1.0", true },
	{ "1.0.0 - 2.0.0 || 5", "5.1.0", true },
	/* alternatives */
	{ "1.2.7 || >=1.2.9 <2.0.0", "1.2.7", true }, { "1.2.7 || >=1.2.9 <2.0.0", "1.2.8", false }, { "1.2.7 || >=1.2.9 <2.0.0", "1.4.6", true },
	{ "^1||^2", "2.5.0", true }, { "^1 || ^2", "3.0.0", false }, { "1 ||", "7.0.0", true }, { "||", "1.0.0", true },
	/* order of prereleases */
	{ ">1.0.0-alpha", "1.0.0-alpha.1", true }, { ">1.0.0-alpha.1", "1.0.0-alpha.beta", true }, { ">1.0.0-beta.2", "1.0.0-beta.11", true },
	{ ">1.0.0-rc.1", "1.0.0", true }, { ">1.0.0-1", "1.0.0-a", true }, { "<1.0.0-beta", "1.0.0-alpha", true },
	/* not versions or ranges */
	{ "latest", "1.0.0", false }, { "^1.2.3foo", "1.2.3", false }, { "1.2.3.4", "1.2.3", false }, { "1.2.3", "1.2", false },
	{ "*", "", false }, { "*", "abc", false }, { "1.2.3 |", "1.2.3", false }, { "^", "1.0.0", false }, { ">", "1.0.0", false },
	{ "99999999999999999999.0.0", "1.0.0", false }, { "1.2.3-", "1.2.3", false }, { "1.2.3-a..b", "1.2.3", false },
	{ "git+ssh://x", "1.0.0", false }, { "npm:b@1", "1.0.0", false },
};

static void versions_satisfy_ranges_as_npm_has_it(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		if (semver_satisfies(rows[i].version, rows[i].range) != rows[i].yes)
			fail_msg("'%s' %s '%s'", rows[i].version, rows[i].yes ? "should satisfy" : "should not satisfy", rows[i].range);
}

static void ranges_are_told_from_tags_and_paths(void **state)
{
	(void)state;
	assert_true(semver_is_range("^1.0.0"));
	assert_true(semver_is_range(""));
	assert_true(semver_is_range("1 - 2 || 5.x"));
	assert_false(semver_is_range("latest"));
	assert_false(semver_is_range("file:../b"));
	assert_false(semver_is_range("user/repo"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_satisfy_ranges_as_npm_has_it),
		cmocka_unit_test(ranges_are_told_from_tags_and_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
