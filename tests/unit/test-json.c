#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/json.h"

static void refused(const char *text, int flags, const char *message)
{
	struct json_doc *d;
	struct err e = { 0 };

	if (json_read("f", text, strlen(text), flags, &d, &e) == 0)
		fail_msg("%s should be refused", text);
	assert_int_equal(e.n, 1);
	assert_string_equal(e.text[0], message);
	err_clear(&e);
}

static struct json_doc *accepted(const char *text, int flags)
{
	struct json_doc *d = NULL;
	struct err e = { 0 };

	if (json_read("f", text, strlen(text), flags, &d, &e))
		fail_msg("%s should be read, but: %s", text, e.text[0]);
	return d;
}

static void what_is_broken_is_told_with_its_place(void **state)
{
	(void)state;
	refused("", JSON_STRICT, "f:1:1: found the end of the file, expected a value");
	refused("{\"a\":1\n", JSON_STRICT, "f:2:1: found the end of the file, expected `,` or `}`");
	refused("{\n  \"a\": x\n}", JSON_STRICT, "f:2:8: found `x`, expected a value");
	refused("{\"a\" 1}", JSON_STRICT, "f:1:6: found `1`, expected `:`");
	refused("{a: 1}", JSON_STRICT, "f:1:2: found `a`, expected a name in double quotes or `}`");
	refused("[1 2]", JSON_STRICT, "f:1:4: found `2`, expected `,` or `]`");
	refused("[1,]", JSON_STRICT, "f:1:3: found a trailing comma, expected none before `]`");
	refused("[1] x", JSON_STRICT, "f:1:5: found `x`, expected the end of the file");
	refused("{} // c", JSON_STRICT, "f:1:4: found `/`, expected the end of the file");
	refused("[,]", JSON_COMMENTS, "f:1:2: found `,`, expected a value");
	refused("[1,,]", JSON_COMMENTS, "f:1:4: found `,`, expected a value");
	refused("/* x", JSON_COMMENTS, "f:1:1: found a comment that is not closed, expected `*/`");
	refused("\"a", JSON_STRICT, "f:1:1: found a string that is not closed, expected `\"`");
	refused("\"a\nb\"", JSON_STRICT, "f:1:3: found the control character 0x0a in a string, expected it written as an escape");
	refused("\"\\q\"", JSON_STRICT, "f:1:2: found an unknown escape in a string, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
	refused("\"\\u12\"", JSON_STRICT, "f:1:2: found an incomplete escape in a string, expected \\u and four hexadecimal digits");
	refused("\"\\u0000\"", JSON_STRICT, "f:1:2: found \\u0000 in a string, expected a character other than NUL");
	refused("\"\\ud800\"", JSON_STRICT, "f:1:2: found half of a surrogate pair in a string, expected both halves");
	refused("\"\\udc00\"", JSON_STRICT, "f:1:2: found half of a surrogate pair in a string, expected both halves");
	refused("\"\xff\"", JSON_STRICT, "f:1:2: found the byte 0xff, expected UTF-8");
	refused("\xc3\xa9", JSON_STRICT, "f:1:1: found a character that is not ASCII, expected a value");
	refused("01", JSON_STRICT, "f:1:1: found a number with a leading zero, expected it without");
	refused("1.", JSON_STRICT, "f:1:3: found the end of the file, expected a digit");
	refused("-", JSON_STRICT, "f:1:2: found the end of the file, expected a digit");
	refused("1e", JSON_STRICT, "f:1:3: found the end of the file, expected a digit");
	refused("nul", JSON_STRICT, "f:1:1: found `n`, expected a value");
	refused("\"\xc3\xa9\" x", JSON_STRICT, "f:1:5: found `x`, expected the end of the file");
	refused("/* \xc3\xa9 */ x", JSON_COMMENTS, "f:1:9: found `x`, expected a value");
}

static void zero_bytes_and_depth_are_refused(void **state)
{
	struct json_doc *d;
	struct err e = { 0 };
	char deep[5000];

	(void)state;
	assert_int_equal(json_read("f", "{}\0", 3, JSON_STRICT, &d, &e), -1);
	assert_string_equal(e.text[0], "f:1:3: found the control character 0x00, expected the end of the file");
	memset(deep, '[', sizeof deep);
	assert_int_equal(json_read("f", deep, sizeof deep, JSON_STRICT, &d, &e), -1);
	assert_string_equal(e.text[0], "f:1:201: found more than 200 levels of nesting, expected fewer");
	err_clear(&e);
	memset(deep + 200, ']', 200);
	assert_int_equal(json_read("f", deep, 400, JSON_STRICT, &d, &e), 0);
	json_free(d);
}

static const cJSON *member(const cJSON *node, const char *name)
{
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(node, name);

	assert_non_null(m);
	return m;
}

static void is_at(const struct json_doc *d, const cJSON *node, int line, int column)
{
	int got_line, got_column;

	json_where(d, node, &got_line, &got_column);
	assert_int_equal(got_line, line);
	assert_int_equal(got_column, column);
}

static void comments_and_trailing_commas_leave_positions_alone(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf// head\n"
		"{\n"
		"  /* \xc3\xa9 */ \"a\": [1, 2, /* , */ ], // tail, \"x\": 1\n"
		"  \"b\": { \"c\": \"// no /* comment */\", },\n"
		"}\n";
	struct json_doc *d = accepted(text, JSON_COMMENTS);
	const cJSON *root = json_root(d);

	(void)state;
	is_at(d, root, 2, 1);
	is_at(d, member(root, "a"), 3, 16);
	is_at(d, member(root, "a")->child->next, 3, 20);
	assert_int_equal(cJSON_GetArraySize(member(root, "a")), 2);
	is_at(d, member(member(root, "b"), "c"), 4, 15);
	assert_string_equal(member(member(root, "b"), "c")->valuestring, "// no /* comment */");
	json_free(d);
}

static void an_empty_text_with_comments_is_null(void **state)
{
	struct json_doc *d = accepted(" // nothing\n", JSON_COMMENTS);
	struct err e = { 0 };

	(void)state;
	assert_true(cJSON_IsNull(json_root(d)));
	json_fail_type(d, json_root(d), &e, "a map");
	assert_string_equal(e.text[0], "f:2:1: invalid type: null, expected a map");
	err_clear(&e);
	json_free(d);
}

static void of_equal_names_the_last_wins_and_keeps_its_place(void **state)
{
	struct json_doc *d = accepted("{\"a\": 1,\n \"b\": [{\"x\":1}],\n \"a\": {\"y\": 2, \"y\": 3}}", JSON_STRICT);
	const cJSON *root = json_root(d);

	(void)state;
	assert_int_equal(cJSON_GetArraySize(root), 2);
	is_at(d, member(root, "a"), 3, 7);
	is_at(d, member(member(root, "a"), "y"), 3, 21);
	is_at(d, member(root, "b")->child, 2, 8);
	json_free(d);
	/* names are compared as they read, not as they are written */
	d = accepted("{\"\\u0061\\\"\": {\"x\": 1, \"x\": [2]}, \"a\\\"\": 2, \"a\": 3}", JSON_STRICT);
	root = json_root(d);
	assert_int_equal(cJSON_GetArraySize(root), 2);
	assert_int_equal((int)member(root, "a\"")->valuedouble, 2);
	is_at(d, member(root, "a\""), 1, 41);
	is_at(d, member(root, "a"), 1, 49);
	json_free(d);
	/* removed text counts as lines and columns; a comment does not end it */
	d = accepted("{\"\xc3\xa9\": \"\xc3\xa9\" /* , */\n , \"b\": [\"\xc3\xa9\", {\"b\": 1}], \"\xc3\xa9\": 3, \"b\": {\"c\": 4},}", JSON_COMMENTS);
	root = json_root(d);
	assert_int_equal(cJSON_GetArraySize(root), 2);
	is_at(d, member(root, "\xc3\xa9"), 2, 31);
	is_at(d, member(member(root, "b"), "c"), 2, 45);
	json_free(d);
	/* many members: found by a map */
	d = accepted("{\"k0\":0,\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,\"k0\":9,\"k0\":10}", JSON_STRICT);
	assert_int_equal(cJSON_GetArraySize(json_root(d)), 9);
	assert_int_equal((int)member(json_root(d), "k0")->valuedouble, 10);
	json_free(d);
}

static void messages_name_kinds_and_keys(void **state)
{
	struct json_doc *d = accepted("{\"i\":-12,\"f\":1.5,\"s\":\"x\",\"n\":null,\"l\":[],\"m\":{},\"t\":true,\"u\":\"\\u00e9\\ud83d\\ude00\"}", JSON_STRICT);
	const cJSON *root = json_root(d);
	struct err e = { 0 };

	(void)state;
	assert_string_equal(json_kind(member(root, "i")), "integer `-12`");
	assert_string_equal(json_kind(member(root, "f")), "floating point `1.5`");
	assert_string_equal(json_kind(member(root, "s")), "string \"x\"");
	assert_string_equal(json_kind(member(root, "n")), "null");
	assert_string_equal(json_kind(member(root, "l")), "sequence");
	assert_string_equal(json_kind(member(root, "m")), "map");
	assert_string_equal(json_kind(member(root, "t")), "boolean `true`");
	assert_string_equal(member(root, "u")->valuestring, "\xc3\xa9\xf0\x9f\x98\x80");
	json_fail_key(d, member(root, "f"), &e, "unknown field `%s`", "f");
	assert_string_equal(e.text[0], "f:1:10: unknown field `f`");
	err_clear(&e);
	json_free(d);
}

static void strings_are_written_escaped_and_as_utf8(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(json_quote(&b, "a\"\\\n\t\1\x7f/\xc3\xa9\xff", 11), 0);
	assert_string_equal(buf_str(&b), "\"a\\\"\\\\\\n\\t\\u0001\\u007f/\xc3\xa9\xef\xbf\xbd\"");
	buf_clear(&b);
	assert_int_equal(json_quote(&b, "a\0b", 3), 0);
	assert_string_equal(buf_str(&b), "\"a\\u0000b\"");
	buf_free(&b);
	buf_init(&b, 4);
	assert_int_equal(json_quote(&b, "long text", 9), -1);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_broken_is_told_with_its_place),
		cmocka_unit_test(zero_bytes_and_depth_are_refused),
		cmocka_unit_test(comments_and_trailing_commas_leave_positions_alone),
		cmocka_unit_test(an_empty_text_with_comments_is_null),
		cmocka_unit_test(of_equal_names_the_last_wins_and_keeps_its_place),
		cmocka_unit_test(messages_name_kinds_and_keys),
		cmocka_unit_test(strings_are_written_escaped_and_as_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
