#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text/glob.h"
#include "arena.h"

struct row {
	const char *pattern, *text;
	bool yes;
};

static void check(const struct row *rows, size_t n, enum glob_kind kind)
{
	const struct glob *g;
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < n; i++) {
		if (glob_make(a, rows[i].pattern, kind, &g, &e))
			fail_msg("'%s' should be a pattern", rows[i].pattern);
		if (glob_match(g, rows[i].text, strlen(rows[i].text)) != rows[i].yes)
			fail_msg("'%s' %s '%s'", rows[i].pattern, rows[i].yes ? "should match" : "should not match", rows[i].text);
	}
}

static void paths_match_by_components(void **state)
{
	static const struct row rows[] = {
		{ "a", "a", true }, { "a", "b", false }, { "a", "ab", false }, { "", "", true }, { "", "a", false },
		{ "*", "a", true }, { "*", "", true }, { "*", "a/b", false }, { "*", ".a", true }, { "a*", "a", true }, { "a*b", "axxb", true },
		{ "a*b", "ab", true }, { "a*a", "a", false }, { "a*b", "a/b", false }, { "*.ts", "x.ts", true }, { "*.ts", "x.tsx", false },
		{ "*.ts", ".ts", true }, { "src/*.ts", "src/a.ts", true }, { "src/*.ts", "src/a/b.ts", false }, { "src/*", "src", false },
		{ "?", "a", true }, { "?", "", false }, { "?", "/", false }, { "a?b", "axb", true }, { "a?b", "ab", false },
		{ "?", "\xc3\xa9", true }, { "??", "\xc3\xa9", false }, { "[\xc3\xa9\xc3\xa0]", "\xc3\xa0", true },
		{ "[a-c]", "b", true }, { "[a-c]", "d", false }, { "[!a-c]", "d", true }, { "[!a-c]", "b", false }, { "[!a]", "/", false },
		{ "[]]", "]", true }, { "[a-]", "-", true }, { "[\\]]", "]", true }, { "[*]", "*", true }, { "[*]", "x", false },
		{ "{a,b}", "a", true }, { "{a,b}", "b", true }, { "{a,b}", "c", false }, { "{a,b}c", "bc", true }, { "x{,y}", "x", true },
		{ "x{,y}", "xy", true }, { "{a,{b,c}d}", "cd", true }, { "{a/b,c}/*", "a/b/x", true }, { "{}", "", true },
		{ "*.{js,ts}", "m.ts", true }, { "*.{js,ts}", "m.css", false },
		{ "\\*", "*", true }, { "\\*", "a", false }, { "a\\{b", "a{b", true }, { "\\\\", "\\", true }, { "a,b:c", "a,b:c", true },
		{ "<a:3>", "aaa", true }, { "<a:3>", "aa", false }, { "<a>", "", true }, { "<a>", "aaaa", true }, { "<a:1,>", "", false },
		{ "<a:1,>", "aa", true }, { "<a:,2>", "aa", true }, { "<a:,2>", "aaa", false }, { "<a:1,2>b", "aab", true },
		{ "<[0-9]:4>-*", "2026-x", true }, { "<*/:0,2>x", "a/b/x", true }, { "<*/:0,2>x", "a/b/c/x", false },
		{ "$.ts", "a.ts", true }, { "a$", "abc", true }, { "$", "a/b", false },
	};

	(void)state;
	check(rows, COUNT(rows), GLOB_PATH);
}

static void two_stars_are_any_number_of_components(void **state)
{
	static const struct row rows[] = {
		{ "**", "", true }, { "**", "a", true }, { "**", "a/b/c", true }, { "**/*.ts", "a.ts", true }, { "**/*.ts", "a/b/c.ts", true },
		{ "**/*.ts", "a/b/c.js", false }, { "src/**", "src", true }, { "src/**", "src/a", true }, { "src/**", "src/a/b", true },
		{ "src/**", "srcs", false }, { "src/**", "srcs/a", false }, { "a/**/b", "a/b", true }, { "a/**/b", "a/x/b", true },
		{ "a/**/b", "a/x/y/b", true }, { "a/**/b", "ab", false }, { "a/**/b", "a/xb", false }, { "**/b", "b", true },
		{ "**/b", "a/b", true }, { "**/b", "ab", false }, { "**/node_modules/**", "a/node_modules/x", true },
		{ "**/node_modules/**", "node_modules", true }, { "**/node_modules/**", "my_node_modules/x", false }, { "**/**", "a/b", true },
		{ "a/**/**/b", "a/b", true }, { "{src/**,lib}/x", "src/x", true }, { "{src/**,lib}/x", "src/a/b/x", true },
		{ "{src/**,lib}/x", "lib/x", true }, { "{**/a,b}", "x/a", true }, { "{**/a,b}", "b", true }, { "**/{a,b}/**", "x/b/y", true },
		/* in braces as if each choice stood there alone */
		{ "a/{**,b}/c", "a/c", true }, { "a/{**,b}/c", "a/b/c", true }, { "a/{**,b}/c", "a/x/y/c", true }, { "a/{**,b}/c", "ac", false },
		{ "a/{b,**}", "a", true }, { "a/{b,**}", "a/x/y", true }, { "a/{b,**}", "ab", false }, { "{**,a}/b", "b", true },
		{ "{**,a}/b", "x/b", true }, { "{**,a}/b", "xb", false }, { "{**,a}", "", true }, { "{**,a}", "x/y", true },
		{ "a/{x,{b,**}}/c", "a/c", true }, { "a/{{**,b},x}/c", "a/q/c", true }, { "a/{x/{**,b},y}/c", "a/x/c", true },
		{ "a/{x/{**,b},y}/c", "a/c", false }, { "a/{x/{**,b},y}/c", "a/y/c", true }, { "**/{**,b}/c", "c", true },
		{ "a/{**,b}/**/c", "a/c", true }, { "a/**/{**,b}", "a", true }, { "a/**/{**,b}", "a/x", true }, { "{**/,x/}y", "y", true },
		{ "src{,/**}", "src", true }, { "src{,/**}", "src/a/b", true }, { "src{,/**}", "srcs", false },
	};

	(void)state;
	check(rows, COUNT(rows), GLOB_PATH);
}

static void names_are_flat(void **state)
{
	static const struct row rows[] = {
		{ "NODE_ENV", "NODE_ENV", true }, { "NODE_ENV", "node_env", false }, { "VITE_*", "VITE_A", true }, { "VITE_*", "VITE_", true },
		{ "VITE_*", "XVITE_A", false }, { "*_TOKEN", "A_TOKEN", true }, { "*", "", true }, { "*", "a/b", true }, { "**", "a/b", true },
		{ "A?", "AB", true }, { "A?", "A", false }, { "?", "/", true }, { "ProgramFiles[(]x86[)]", "ProgramFiles(x86)", true },
		{ "{A,B}_C", "B_C", true }, { "A$", "A$", true }, { "<", "<", true }, { "[!a]", "/", true }, { "\xff?", "\xff\xfe", true },
	};

	(void)state;
	check(rows, COUNT(rows), GLOB_NAME);
}

static void members_are_chosen_as_npm_and_pnpm_choose(void **state)
{
	static const struct row rows[] = {
		{ "packages/*", "packages/a", true }, { "packages/*", "packages/a/b", false }, { "**", "a/b", true }, { "src/**", "src/a", true },
		{ "@(a|b)", "a", true }, { "@(a|b)", "b", true }, { "@(a|b)", "", false }, { "@(a|b)", "ab", false }, { "@(a|b)", "@(a|b)", false },
		{ "?(a|b)", "", true }, { "?(a|b)", "b", true }, { "?(a|b)", "ab", false }, { "+(a|b)", "abba", true }, { "+(a|b)", "", false },
		{ "*(a|b)", "", true }, { "*(a|b)", "ba", true }, { "*(a|b)", "c", false }, { "p/+([0-9])-x", "p/12-x", true }, { "p/+([0-9])-x", "p/-x", false },
		{ "@(a*|b?)", "axy", true }, { "@(a*|b?)", "bx", true }, { "@(a*|b?)", "b", false }, { "@(a|@(b|c))d", "cd", true },
		{ "{@(a|b),c}/x", "b/x", true }, { "@(a,b|c)", "a,b", true }, { "@(a/b|c)/x", "a/b/x", true }, { "x@(a)y", "xay", true },
		{ "\\@(a)", "@(a)", true }, { "(a)", "(a)", true }, { "a(b|c)", "a(b|c)", true }, { "!(a)", "!(a)", true },
		{ "[^a]", "b", true }, { "[^a]", "a", false }, { "<a>", "<a>", true }, { "$x", "$x", true }, { "a>b", "a>b", true },
	};
	const struct glob *g;
	struct err e = { 0 };

	(void)state;
	check(rows, COUNT(rows), GLOB_MEMBER);
	assert_int_equal(glob_make(a, "@(a|b", GLOB_MEMBER, &g, &e), -1);
	err_clear(&e);
	/* elsewhere these characters mean themselves */
	assert_int_equal(glob_make(a, "@(a|b)", GLOB_PATH, &g, &e), 0);
	assert_true(glob_match(g, "@(a|b)", 6));
}

static void broken_patterns_are_refused_in_one_sentence(void **state)
{
	static const char *const bad[] = {
		"a[b", "[", "[]", "[!]", "[b-a]", "{a", "{a,{b}", "a}", "<a", "<a:", "<a:x>", "<a:2,1>", "<a:0>", "<a:0,0>", ">", "\\", "a\\", "a**",
		"**a", "a/**b", "***", "a{**,b}", "{**,b}a", "a/{**,b}c", "<a:9999999>", "<<<<a:999>:999>:999>:999>", "[a", "[a-", "[\\",
	};
	const struct glob *g;
	struct err e = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (!glob_make(a, bad[i], GLOB_PATH, &g, &e))
			fail_msg("'%s' should be refused", bad[i]);
		assert_int_equal(e.n, 1);
		assert_string_equal(e.text[0], "failed to parse glob expression");
		err_clear(&e);
	}
}

static void hostile_patterns_take_no_longer_than_others(void **state)
{
	struct timespec from, to;
	const struct glob *g;
	struct err e = { 0 };
	char text[5000];

	(void)state;
	memset(text, 'a', sizeof text);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_int_equal(glob_make(a, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", GLOB_PATH, &g, &e), 0);
	assert_false(glob_match(g, text, sizeof text));
	assert_int_equal(glob_make(a, "<{a,aa,*}:1,50>c*", GLOB_PATH, &g, &e), 0);
	assert_false(glob_match(g, text, sizeof text));
	/* an empty pattern, repeated a million times a million times */
	assert_int_equal(glob_make(a, "<<<<<:999999>:999999>:999999>:999999>:999999>", GLOB_PATH, &g, &e), 0);
	assert_true(glob_match(g, "", 0));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_true(to.tv_sec - from.tv_sec < 10);
}

static void nesting_has_an_end(void **state)
{
	char deep[4000];
	const struct glob *g;
	struct err e = { 0 };

	(void)state;
	memset(deep, '{', sizeof deep);
	deep[sizeof deep - 1] = '\0';
	assert_int_equal(glob_make(a, deep, GLOB_PATH, &g, &e), -1);
	err_clear(&e);
	memset(deep, '<', sizeof deep - 1);
	assert_int_equal(glob_make(a, deep, GLOB_PATH, &g, &e), -1);
	err_clear(&e);
}

static void walkers_enter_only_where_something_may_match(void **state)
{
	static const struct row rows[] = {
		{ "packages/*", "", true }, { "packages/*", "packages", true }, { "packages/*", "packages/a", false }, { "packages/*", "other", false },
		{ "packages/*/src/**", "packages/a", true }, { "packages/*/src/**", "packages/a/lib", false }, { "src/**", "src", true },
		{ "src/**", "src/a/b", true }, { "src/**", "lib", false }, { "**/*.ts", "any/where", true }, { "a/b/c", "a", true },
		{ "a/b/c", "a/b", true }, { "a/b/c", "a/b/c", false }, { "a/b/c", "a/x", false }, { "a/b/c", "", true }, { "a", "a", false },
		{ "{a,b/c}", "b", true }, { "{a,b/c}", "a", false }, { "**", "", true }, { "", "", false },
	};
	const struct glob *g;
	struct err e = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(glob_make(a, rows[i].pattern, GLOB_PATH, &g, &e), 0);
		if (glob_may_enter(g, rows[i].text, strlen(rows[i].text)) != rows[i].yes)
			fail_msg("'%s' %s '%s'", rows[i].pattern, rows[i].yes ? "should enter" : "should not enter", rows[i].text);
	}
}

static void a_plain_folder_is_matched_as_the_automaton_would(void **state)
{
	static const char *const names[] = { "src", "a/b", "/abs", "a/", "\xc3\xa4", "x,y" };
	static const char *const texts[] = {
		"", "/", "src", "src/", "src/x", "src/x/y", "srcx", "sr", "a", "a/", "a/b", "a/b/", "a/b/c", "a/bc", "a//x", "b", "/abs", "/abs/x",
		"abs", "\xc3\xa4", "\xc3\xa4/x", "\xc3", "\xc3\xa4\xa4", "x,y/z", "x",
	};
	const struct glob *plain, *automaton;
	struct err e = { 0 };
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		assert_int_equal(glob_make(a, arena_printf(a, "%s/**", names[i]), GLOB_PATH, &plain, &e), 0);
		assert_int_equal(glob_make(a, arena_printf(a, "%s<:0,1>/**", names[i]), GLOB_PATH, &automaton, &e), 0);
		for (k = 0; k < COUNT(texts); k++) {
			size_t n = strlen(texts[k]);

			if (glob_match(plain, texts[k], n) != glob_match(automaton, texts[k], n))
				fail_msg("'%s/**' and '%s'", names[i], texts[k]);
			if (glob_may_enter(plain, texts[k], n) != glob_may_enter(automaton, texts[k], n))
				fail_msg("'%s/**' and a walk in '%s'", names[i], texts[k]);
		}
	}
}

static void the_literal_front_is_split_off(void **state)
{
	static const char *const rows[][3] = {
		{ "src/*.ts", "src", "*.ts" }, { "src/a.ts", "src/a.ts", "" }, { "*.ts", "", "*.ts" }, { "a/b/**/c", "a/b", "**/c" },
		{ "a/b*/c", "a", "b*/c" }, { "a\\*b/c/*", "a*b/c", "*" }, { "../x/*", "../x", "*" }, { "/a/*", "/a", "*" }, { "/*", "/", "*" }, { "", "", "" },
		{ "a/", "a/", "" }, { "{a,b}/c", "", "{a,b}/c" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_string_equal(glob_base(a, rows[i][0]), rows[i][1]);
		assert_string_equal(glob_rest(rows[i][0]), rows[i][2]);
		assert_int_equal(glob_has_magic(rows[i][0]), rows[i][2][0] != 0);
	}
}

static void escaped_literals_match_themselves_only(void **state)
{
	static const char *const texts[] = { "a", "[a]", "a*b?", "{x,y}", "<a:1>", "$x", "a\\b", "!x", "(app)/[slug]" };
	const struct glob *g;
	struct err e = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		char *escaped = glob_escape(a, texts[i]);

		assert_false(glob_has_magic(escaped));
		assert_int_equal(glob_make(a, escaped, GLOB_PATH, &g, &e), 0);
		assert_true(glob_match(g, texts[i], strlen(texts[i])));
		assert_string_equal(glob_base(a, escaped), texts[i]);
	}
}

static void a_set_takes_away_what_an_exclusion_names(void **state)
{
	const char *list[] = { "U_*", "!U_NO", "FORCE_COLOR", "*_TOKEN", "PATH", "P*X" };
	struct texts texts = { list, COUNT(list) };
	const struct glob_set *s;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(glob_set_make(a, &texts, GLOB_NAME, &s, &e), 0);
	assert_true(glob_set_match(s, "U_A", 3));
	assert_false(glob_set_match(s, "U_NO", 4));
	assert_true(glob_set_match(s, "U_NOT", 5));
	assert_true(glob_set_match(s, "FORCE_COLOR", 11));
	assert_false(glob_set_match(s, "FORCE_COLORS", 12));
	assert_false(glob_set_match(s, "FORCE", 5));
	assert_true(glob_set_match(s, "A_TOKEN", 7));
	assert_true(glob_set_match(s, "PATH", 4));
	assert_true(glob_set_match(s, "PATHX", 5));
	assert_false(glob_set_match(s, "PAT", 3));
	assert_false(glob_set_match(s, "", 0));
	list[0] = "a[b";
	assert_int_equal(glob_set_make(a, &texts, GLOB_NAME, &s, &e), -1);
	assert_string_equal(e.text[0], "invalid glob pattern 'a[b'");
	assert_string_equal(e.text[1], "failed to parse glob expression");
	err_clear(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_match_by_components),
		cmocka_unit_test(two_stars_are_any_number_of_components),
		cmocka_unit_test(names_are_flat),
		cmocka_unit_test(members_are_chosen_as_npm_and_pnpm_choose),
		cmocka_unit_test(broken_patterns_are_refused_in_one_sentence),
		cmocka_unit_test(hostile_patterns_take_no_longer_than_others),
		cmocka_unit_test(nesting_has_an_end),
		cmocka_unit_test(walkers_enter_only_where_something_may_match),
		cmocka_unit_test(a_plain_folder_is_matched_as_the_automaton_would),
		cmocka_unit_test(the_literal_front_is_split_off),
		cmocka_unit_test(escaped_literals_match_themselves_only),
		cmocka_unit_test(a_set_takes_away_what_an_exclusion_names),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
