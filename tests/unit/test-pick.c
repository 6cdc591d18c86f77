#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "cmd/pick.h"

static void letters_must_come_in_order(void **state)
{
	(void)state;
	assert_true(pick_score("buid", "build") > 0);
	assert_true(pick_score("ind2", "ind") < 0);
	assert_true(pick_score("lib#", "lib#test") > 0);
	assert_true(pick_score("lib#", "lib") < 0);
	assert_true(pick_score("BUILD", "app#build") > 0);
	assert_true(pick_score("app bld", "app#build") > 0);
	assert_true(pick_score("app xyz", "app#build") < 0);
	assert_int_equal(pick_score("", "anything"), 0);
	assert_int_equal(pick_score("  ", ""), 0);
	assert_true(pick_score("a", "") < 0);
}

static void runs_and_starts_of_words_are_better(void **state)
{
	(void)state;
	assert_true(pick_score("t", "test") > pick_score("t", "lint"));
	assert_int_equal(pick_score("t", "test"), pick_score("t", "typecheck"));
	assert_true(pick_score("bu", "app#build") > pick_score("bu", "a-b-cu"));
	assert_true(pick_score("build", "build") > pick_score("build", "prebuild"));
	assert_true(pick_score("b", "app#build") > pick_score("b", "lib"));
	assert_true(pick_score("tb", "testBuild") > pick_score("tb", "testable"));
	assert_true(pick_score("ab", "ab") > pick_score("ab", "axxxb"));
}

static void long_names_are_bounded(void **state)
{
	char label[2000], query[1000];

	(void)state;
	memset(label, 'x', sizeof label - 1);
	memset(query, 'x', sizeof query - 1);
	label[sizeof label - 1] = query[sizeof query - 1] = '\0';
	assert_true(pick_score("xxx", label) > 0);
	assert_true(pick_score(query, label) < 0);     /* letters past the bound are not looked at */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_must_come_in_order),
		cmocka_unit_test(runs_and_starts_of_words_are_better),
		cmocka_unit_test(long_names_are_bounded),
	};

	return cmocka_run_group_tests_name("pick", tests, NULL, NULL);
}
