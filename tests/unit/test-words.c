#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/words.h"
#include "arena.h"

/* The pieces as one line: assignments in front, words in <>, pieces apart by " && ". In front of a piece that a shell
 * may expand: `*` for its words, `~` for its assignments. */
static const char *parsed(const char *command)
{
	struct words w;
	const char *out = "";
	uint32_t i, k;

	if (!words_parse(command, a, &w))
		return "shell";
	for (i = 0; i < w.n; i++) {
		out = arena_printf(a, "%s%s%s%s", out, i ? " && " : "", w.at[i].words_expand ? "*" : "", w.at[i].assignments_expand ? "~" : "");
		for (k = 0; k < w.at[i].assignments_n; k++)
			out = arena_printf(a, "%s%s=(%s)", out, w.at[i].assignments[k].name, w.at[i].assignments[k].value);
		for (k = 0; k < w.at[i].argv.n; k++)
			out = arena_printf(a, "%s<%s>", out, w.at[i].argv.at[k]);
	}
	return out;
}

static void what_is_static_runs_natively(void **state)
{
	static const char *const rows[][2] = {
		{ "a && b", "<a> && <b>" },
		{ "a && b ;", "<a> && <b>" },
		{ "a && b;", "<a> && <b>" },
		{ "a &&\nb", "<a> && <b>" },
		{ "a && # why\n b", "<a> && <b>" },
		{ "a&&b", "<a> && <b>" },
		{ "a;\n", "<a>" },
		{ "FOO=1 BAR='x y' cmd", "FOO=(1)BAR=(x y)<cmd>" },
		{ "FOO= cmd", "FOO=()<cmd>" },
		{ "FOO=a=b cmd", "FOO=(a=b)<cmd>" },
		{ "FOO=\"a\"'b'c cmd x", "FOO=(abc)<cmd><x>" },
		{ "a && X=1 b", "<a> && X=(1)<b>" },
		{ "'ls' -a", "<ls><-a>" },
		{ "l\"s\"", "<ls>" },
		{ "\"it's\"", "<it's>" },
		{ "e 'a \"b\"'", "<e><a \"b\">" },
		{ "e a\\ b", "<e><a b>" },
		{ "e \"a\\\"b\"", "<e><a\"b>" },
		{ "e \"a\\$b\\\\\"", "<e><a$b\\>" },
		{ "e \"\\`\"", "<e><`>" },
		{ "e \"\\n\"", "<e><\\n>" },
		{ "e \"a\\\nb\"", "<e><ab>" },
		{ "e 'a\\\nb'", "<e><a\\\nb>" },
		{ "ls a\\\nb", "<ls><ab>" },
		{ "ls \\\n  b", "<ls><b>" },
		{ "e !x ! % a#b $ \"$\" $% $/x \"$'\"", "<e><!x><!><%><a#b><$><$><$%><$/x><$'>" },
		{ "e a$ b", "<e><a$><b>" },
		{ "ls # c && ls", "<ls>" },
		{ "echo a # c", "<echo><a>" },
		{ "# first\nls", "<ls>" },
		{ "ls a#b # c", "<ls><a#b>" },
		{ "ls a\\\n#b", "<ls><a#b>" },
		{ "time ls", "<time><ls>" },
		{ "[ -f x ]", "<[><-f><x><]>" },
		{ "true", "<true>" },
		{ "coproc", "<coproc>" },
		{ "exit 1", "<exit><1>" },
		{ "source x", "<source><x>" },
		{ "  \t ls  \t ", "<ls>" },
		{ "\n ls \n", "<ls>" },
		{ "e ''", "<e><>" },
		{ "e if then { }", "<e><if><then><{><}>" },
		{ "'if' x", "<if><x>" },
		{ "i\\f x", "<if><x>" },
		{ "e --foo=bar ./a=b a-b=c 1a=b =x", "<e><--foo=bar><./a=b><a-b=c><1a=b><=x>" },
		{ "e \"a=b\" a\\=b \"a\"=b", "<e><a=b><a=b><a=b>" },
		{ "e \xff\xfe\x01", "<e><\xff\xfe\x01>" },
		{ "e b] a[", "<e><b]><a[>" },
		{ "e a\rb", "<e><a\rb>" },
		{ "cd ..", "<cd><..>" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		if (strcmp(parsed(rows[i][0]), rows[i][1]) != 0)
			fail_msg("`%s` is read as %s, not as %s", rows[i][0], parsed(rows[i][0]), rows[i][1]);
}

static void what_a_shell_would_expand_is_noted(void **state)
{
	static const char *const rows[][2] = {
		{ "e *.json", "*<e><*.json>" },
		{ "e a?b && f", "*<e><a?b> && <f>" },
		{ "e && f src/[a-c].js", "<e> && *<f><src/[a-c].js>" },
		{ "e a[0]", "*<e><a[0]>" },
		{ "e a[ ]", "<e><a[><]>" },
		{ "e []", "*<e><[]>" },
		{ "e {a,b}", "*<e><{a,b}>" },
		{ "e x{1..3}y", "*<e><x{1..3}y>" },
		{ "{a,b}", "*<{a,b}>" },
		{ "e {a b} {a} {a.b} a,b} {} {,", "<e><{a><b}><{a}><{a.b}><a,b}><{}><{,>" },
		{ "e ~", "*<e><~>" },
		{ "e ~/x", "*<e><~/x>" },
		{ "e ~user/x", "*<e><~user/x>" },
		{ "e a~ a~b --x=~ a:~", "<e><a~><a~b><--x=~><a:~>" },
		{ "e \\\n~", "*<e><~>" },
		{ "~/bin/e", "*<~/bin/e>" },
		{ "F=~ cmd", "~F=(~)<cmd>" },
		{ "F=/a:~/b cmd", "~F=(/a:~/b)<cmd>" },
		{ "F=a~ G=a/~ cmd", "F=(a~)G=(a/~)<cmd>" },
		{ "F=*.js G=[a] H={a,b} I=? cmd", "F=(*.js)G=([a])H=({a,b})I=(?)<cmd>" },
		{ "e '*' \"?\" \\* \\[a] '['a] \"{a,b}\" \\{a,b} '~' \\~ \"~\"/x '*.'js", "<e><*><?><*><[a]><[a]><{a,b}><{a,b}><~><~><~/x><*.js>" },
		{ "e 'a'*", "*<e><a*>" },
		{ "e \"src\"/*.js", "*<e><src/*.js>" },
		{ "e {a','b}", "<e><{a,b}>" },
		{ "e {'a',b}", "*<e><{a,b}>" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		if (strcmp(parsed(rows[i][0]), rows[i][1]) != 0)
			fail_msg("`%s` is read as %s, not as %s", rows[i][0], parsed(rows[i][0]), rows[i][1]);
}

static void everything_else_goes_to_a_shell(void **state)
{
	static const char *const rows[] = {
		"a | b", "a || b", "a ; b", "a; b;", "a;;", ";", "a\nb", "a # c\nb", "a &", "a & b", "a |& b", "a > f", "a 2>&1", "a <f", "a &> f",
		"a << E\nE", "a >> f", "! a", "!a", "a && ! b", "(a)", "( a )", "{ a; }", "{ a", "if a; then b; fi", "for x in a; do b; done",
		"while a; do b; done", "until a; do b; done", "case a in b) c;; esac", "f() { a; }", "a()", "function f", "[[ -f x ]]", "select x",
		"e $VAR", "e ${VAR}", "e $(a)", "e `a`", "e $((1+1))", "e \"$VAR\"", "e \"${VAR}\"", "e \"$(a)\"", "e \"`a`\"", "e \"$((1))\"",
		"e $1", "e $@", "e $*", "e $#", "e $?", "e $-", "e $$", "e $!", "e $[1]", "e $_", "e $\"x\"", "e $'a\\tb'", "e $'a'", "e $\\\nVAR", "FOO=$X cmd", "FOO=$(x) cmd",
		"cd $DIR", "cd $DIR && ls", "FOO=1", "FOO=1 && ls", "ls && FOO=1", "FOO+=1 cmd", "a[0]=1 cmd", "a[0]+=1 cmd", "A=(1 2)", "export A=1 && ls",
		"ls a=b", "ls a+=b", "ls a[1]=b", "e 'a", "e \"a", "e $'a", "e \"a\\", "e a\\", "a &&", "&& a", "a && && b", "a && ;", "a ;; b", "& a", "| a",
		"", " ", "\n", "# only", "\\\n", ")", "a )", "a(", "then", "do", "done", "fi", "esac", "}", "'' x", "\"\"", "X=1 if",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		if (strcmp(parsed(rows[i]), "shell") != 0)
			fail_msg("`%s` is read as %s, not left to a shell", rows[i], parsed(rows[i]));
}

static void the_source_of_a_piece_is_its_slice_without_comments(void **state)
{
	struct words w;

	(void)state;
	assert_true(words_parse("  FOO='1 2'  echo \"a\"  b   && \n ls -l ; # all", a, &w));
	assert_int_equal(w.n, 2);
	assert_string_equal(w.at[0].source, "FOO='1 2'  echo \"a\"  b");
	assert_string_equal(w.at[1].source, "ls -l");
	assert_true(words_parse("echo a # c", a, &w));
	assert_string_equal(w.at[0].source, "echo a");
	assert_true(words_parse("echo a\\\n  b\\\nc", a, &w));
	assert_string_equal(w.at[0].source, "echo a\\\n  b\\\nc");
}

static void arguments_are_quoted_when_they_must_be(void **state)
{
	static const char *const rows[][2] = {
		{ "a", "a" }, { "b c", "'b c'" }, { "", "''" }, { "--x=y/z.w,v+u_1", "--x=y/z.w,v+u_1" }, { "it's", "'it'\\''s'" },
		{ "wow!", "'wow'\\!''" }, { "$X", "'$X'" }, { "a:b", "'a:b'" }, { "@", "'@'" }, { "\xff", "'\xff'" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_string_equal(words_quote(rows[i][0], a), rows[i][1]);
}

static void long_commands_take_linear_time(void **state)
{
	enum { N = 400000 };
	char *text = arena_alloc(a, N + 1);
	struct words w;
	int i;

	(void)state;
	for (i = 0; i < N; i++)
		text[i] = "a && "[i % 5];
	text[N - 4] = '\0';
	assert_true(words_parse(text, a, &w));
	assert_int_equal(w.n, N / 5);
	memset(text, '=', N);
	memcpy(text, "e x", 3);
	assert_false(words_parse(text, a, &w));
	memset(text, '"', N);
	assert_false(words_parse(text, a, &w));
	memset(text, '\\', N);
	words_parse(text, a, &w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_static_runs_natively),
		cmocka_unit_test(what_a_shell_would_expand_is_noted),
		cmocka_unit_test(everything_else_goes_to_a_shell),
		cmocka_unit_test(the_source_of_a_piece_is_its_slice_without_comments),
		cmocka_unit_test(arguments_are_quoted_when_they_must_be),
		cmocka_unit_test(long_commands_take_linear_time),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
