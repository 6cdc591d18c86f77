/* Whether threads of the task take turns at the tracer. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace-linux/turns.h"

enum { LONG = 20 * TURNS_WINDOW };

static void one_thread_takes_no_turns(void **state)
{
	struct turns t = { 0 };
	int i;

	(void)state;
	for (i = 0; i < LONG; i++) {
		turns_count(&t, 7);
		assert_false(t.mixed);
	}
}

/* sh -c 'a; b; c': the shell comes back, its children do not */
static void a_shell_and_its_children_take_no_turns(void **state)
{
	struct turns t = { 0 };
	uint32_t child;

	(void)state;
	for (child = 100; child < 100 + LONG; child++) {
		turns_count(&t, 7);
		turns_count(&t, child);
		assert_false(t.mixed);
	}
}

static void two_threads_take_turns_from_the_first_window_on(void **state)
{
	struct turns t = { 0 };
	uint32_t i;

	(void)state;
	for (i = 1; i < TURNS_WINDOW; i++) {
		turns_count(&t, 7 + i / 2 % 2);
		assert_false(t.mixed);
	}
	for (i = 0; i < LONG; i++) {
		turns_count(&t, 8 - i % 2);
		assert_true(t.mixed);
	}
}

static void threads_that_stop_taking_turns_are_one_after_a_while(void **state)
{
	struct turns t = { 0 };
	uint32_t i, windows;

	(void)state;
	for (i = 0; i < TURNS_WINDOW; i++)
		turns_count(&t, 7 + i % 2);
	assert_true(t.mixed);
	for (windows = 0; t.mixed; windows += t.calls == 0) {
		turns_count(&t, 7);
		assert_true(windows < 100);
	}
	assert_true(windows > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_takes_no_turns),
		cmocka_unit_test(a_shell_and_its_children_take_no_turns),
		cmocka_unit_test(two_threads_take_turns_from_the_first_window_on),
		cmocka_unit_test(threads_that_stop_taking_turns_are_one_after_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
