#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "text/args.h"

static const struct args_option table[] = {
	{ .name = "recursive", .letter = 'r' },
	{ .name = "filter", .letter = 'F', .value = "FILTERS", .often = true },
	{ .name = "affected", .value = "REF", .may = true },
	{ .name = "log", .value = "LOG", .possible = "a, b" },
};

/* "option[=value]" or the word in brackets, one after the other; an error by its first line. */
static const char *reading(const char *const *argv, uint32_t argc)
{
	static char text[512];
	struct args args = { .options = table, .options_n = COUNT(table), .usage = "x", .argc = argc, .argv = argv };
	struct err err = { 0 };
	size_t n = 0;
	int which;

	text[0] = '\0';
	while ((which = args_next(&args, &err)) != ARGS_END) {
		n = strlen(text);
		if (which >= 0)
			snprintf(text + n, sizeof text - n, "%s%s%s ", table[which].name, args.value ? "=" : "", args.value ? args.value : "");
		else if (which == ARGS_WRONG)
			snprintf(text + n, sizeof text - n, "error: %.*s", (int)strcspn(err.text[0], "\n"), err.text[0]);
		else
			snprintf(text + n, sizeof text - n, which == ARGS_WORD ? "(%s) " : "<%s> ", args.value);
		if (which == ARGS_WRONG)
			break;
	}
	err_clear(&err);
	return text;
}

#define READS(want, ...) do { \
	const char *const argv_[] = { __VA_ARGS__ }; \
	assert_string_equal(reading(argv_, (uint32_t)COUNT(argv_)), want); \
} while (0)

static void options_and_words_come_in_order(void **state)
{
	(void)state;
	READS("recursive (a) filter=x ", "-r", "a", "--filter", "x");
	READS("recursive filter=x ", "-rFx");
	READS("recursive filter=x ", "-rF=x");
	READS("recursive filter=x (y) ", "-rF", "x", "y");
	READS("filter= ", "--filter=");
	READS("affected=y (x) ", "--affected=y", "x");
	READS("affected (x) ", "--affected", "x");
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	READS("recursive (-r) (--) (--filter) ", "-r", "--", "-r", "--", "--filter");
	READS("(-) ", "-");
	READS("", "--");
}

static void an_unknown_option_is_returned_whole(void **state)
{
	(void)state;
	READS("<--nope> ", "--nope");
	READS("<-rx> ", "-rx");
	READS("<--nope=1> recursive ", "--nope=1", "-r");
}

static void an_option_used_wrongly_is_an_error(void **state)
{
	(void)state;
	READS("recursive error: the argument '--recursive' cannot be used multiple times", "-rr");
	READS("error: unexpected value '1' for '--recursive' found; no more were expected", "--recursive=1");
	READS("error: a value is required for '--log <LOG>' but none was supplied", "--log");
	READS("error: a value is required for '--filter <FILTERS>' but none was supplied", "-F", "-r");
	READS("error: a value is required for '--affected[=<REF>]' but none was supplied", "--affected=");
}

static void the_nearest_option_is_found(void **state)
{
	(void)state;
	assert_string_equal(args_nearest(table, COUNT(table), "--recursve"), "recursive");
	assert_string_equal(args_nearest(table, COUNT(table), "-recursive="), "recursive");
	assert_string_equal(args_nearest(table, COUNT(table), "--rec"), "recursive");
	assert_string_equal(args_nearest(table, COUNT(table), "--fitler=x"), "filter");
	assert_null(args_nearest(table, COUNT(table), "--log"));
	assert_null(args_nearest(table, COUNT(table), "--nope"));
	assert_null(args_nearest(table, COUNT(table), "-x"));
	assert_null(args_nearest(table, COUNT(table), "--a-word-that-is-longer-than-any-option-could-be-and-so-is-near-to-none"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_words_come_in_order),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(an_unknown_option_is_returned_whole),
		cmocka_unit_test(an_option_used_wrongly_is_an_error),
		cmocka_unit_test(the_nearest_option_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
