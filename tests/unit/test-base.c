#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "base/env.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/texts.h"

static void arena_pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena *a = arena_new();
	char *p = arena_alloc(a, 3), *q = arena_alloc(a, 100000), *r = arena_alloc(a, 1);

	(void)state;
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
	assert_int_equal(q[99999], 0);
	memset(p, 1, 3);
	memset(q, 2, 100000);
	assert_int_equal(r[0], 0);
	assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	assert_string_equal(arena_strn(a, "abcdef", 3), "abc");
	arena_free(a);
}

static void texts_are_added_sorted_and_found(void **state)
{
	static const char *const given[] = { "b", "a/b", "", "b", "a", "a/b", "c", "b", "a.b" };
	struct arena *a = arena_new();
	struct texts t = { 0 };
	char all[100] = "";
	uint32_t i, round;

	(void)state;
	texts_sort(&t);
	assert_false(texts_has(&t, "a"));
	for (round = 0; round < 3; round++) {          /* a sorted list takes further texts */
		for (i = 0; i < COUNT(given); i++)
			texts_add(a, &t, given[i]);
		texts_sort(&t);
	}
	for (i = 0; i < t.n; i++)
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s,", t.at[i]);
	assert_string_equal(all, ",a,a.b,a/b,b,c,");
	assert_true(texts_has(&t, ""));
	assert_true(texts_has(&t, "a.b"));
	assert_false(texts_has(&t, "a."));
	arena_free(a);
}

static void a_cursor_reads_what_was_written_and_never_past_the_end(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 127, 128, 300, UINT32_MAX, INT64_MAX };
	struct buf b;
	struct cursor c;
	size_t cut, i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < COUNT(numbers); i++)
		buf_num(&b, numbers[i]);
	buf_sized(&b, (struct bytes){ "text", 4 });
	buf_add(&b, &(uint32_t){ 77 }, 4);
	buf_add(&b, &(uint64_t){ 78 }, 8);
	for (cut = 0; cut <= b.size; cut++) {
		char *exactly = xmalloc(cut);           /* an exact size, so that valgrind sees a byte too many */
		struct bytes text;
		uint32_t four;
		uint64_t eight;

		if (cut)
			memcpy(exactly, b.data, cut);
		c = cursor_of((struct bytes){ exactly, cut });
		for (i = 0; i < COUNT(numbers); i++) {
			uint64_t n = cursor_num(&c);

			assert_true(n == (c.bad ? 0 : numbers[i]));
		}
		text = cursor_sized(&c);
		assert_int_equal(text.size, c.bad ? 0 : 4);
		four = cursor_u32(&c);
		assert_int_equal(four, c.bad ? 0 : 77);
		eight = cursor_u64(&c);
		assert_int_equal(eight, c.bad ? 0 : 78);
		assert_int_equal(c.bad, cut < b.size);
		assert_int_equal(cursor_left(&c) == 0 && !c.bad, cut == b.size);
		free(exactly);
	}
	buf_clear(&b);
	buf_num(&b, 3);
	buf_add(&b, "ab", 2);
	c = cursor_of((struct bytes){ b.data, b.size });
	assert_int_equal(cursor_count(&c, 100), 0);    /* a count of three cannot fit in two bytes */
	assert_true(c.bad);
	c = cursor_of((struct bytes){ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 });
	assert_int_equal(cursor_num(&c), 0);           /* more than 63 bits */
	assert_true(c.bad);
	buf_free(&b);
}

static void arena_lists_grow_and_keep_their_items(void **state)
{
	struct arena *a = arena_new();
	uint32_t *at = NULL, i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		at = arena_grow(a, at, i, sizeof *at);
		at[i] = i;
	}
	for (i = 0; i < 1000; i++)
		assert_int_equal(at[i], i);
	arena_free(a);
}

static void buffers_keep_their_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_text(&b, "12345"), 0);
	assert_int_equal(buf_printf(&b, "%d", 67890), 0);
	assert_int_equal(buf_byte(&b, 'x'), -1);
	assert_string_equal(buf_str(&b), "1234567890");
	assert_true(b.full);
	buf_drop(&b, 4);
	assert_string_equal(buf_str(&b), "567890");
	buf_free(&b);
}

static void maps_keep_the_order_of_insertion(void **state)
{
	struct map m;
	char keys[1000][16];
	int i;

	(void)state;
	map_init(&m);
	assert_null(map_gets(&m, "none"));
	for (i = 0; i < 1000; i++) {
		snprintf(keys[i], sizeof keys[i], "k%d", i);
		*map_puts(&m, keys[i]) = keys[i];
	}
	assert_int_equal(m.n, 1000);
	for (i = 0; i < 1000; i++) {
		assert_ptr_equal(map_gets(&m, keys[i]), keys[i]);
		assert_ptr_equal(m.at[i].value, keys[i]);
	}
	*map_puts(&m, "k5") = NULL;
	assert_int_equal(m.n, 1000);
	map_free(&m);
}

static void errors_are_told_from_the_outside_in(void **state)
{
	struct err e = { 0 };
	char *text;
	int i;

	(void)state;
	assert_int_equal(err_set(&e, ERR_USER, "inner %d", 1), -1);
	err_wrap(&e, "outer");
	text = err_join(&e);
	assert_string_equal(text, "outer: inner 1");
	free(text);
	for (i = 0; i < 20; i++)
		err_wrap(&e, "layer %d", i);
	assert_int_equal(e.n, ERR_DEPTH);
	assert_string_equal(e.text[0], "layer 19");
	assert_string_equal(e.text[ERR_DEPTH - 1], "inner 1");
	err_clear(&e);
}

static void environments_layer_and_flatten(void **state)
{
	struct arena *a = arena_new();
	char *entries[] = { (char *)"B=2", (char *)"A=1", (char *)"nothing", (char *)"=x", (char *)"A=later", (char *)"C=", NULL };
	const struct env *base = env_from(a, entries), *e;
	struct env_pair set[] = { { "D", "4" }, { "A", "9" } }, unset[] = { { "B", NULL } };
	struct env_list list;
	int i;

	(void)state;
	assert_string_equal(env_get(base, "A"), "1");
	assert_string_equal(env_get(base, "C"), "");
	assert_null(env_get(base, "nothing"));
	assert_ptr_equal(env_with(a, base, NULL, 0), base);
	e = env_with(a, env_with(a, base, set, 2), unset, 1);
	assert_string_equal(env_get(e, "A"), "9");
	assert_null(env_get(e, "B"));
	list = env_list(e, a);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.at[0].name, "A");
	assert_string_equal(list.at[1].name, "C");
	assert_string_equal(list.at[2].name, "D");
	for (i = 0; i < 20; i++) {
		char value[16];
		struct env_pair one = { "A", value };

		snprintf(value, sizeof value, "v%d", i);
		e = env_with(a, e, &one, 1);
		assert_string_equal(env_get(e, "A"), value);
		assert_string_equal(env_get(e, "D"), "4");
		assert_null(env_get(e, "B"));
	}
	arena_free(a);
}

static void digests_are_sha256_and_macs_are_keyed(void **state)
{
	struct digest d, e;
	struct digest_state s;
	char hex[DIGEST_HEX_SIZE];
	uint8_t key[DIGEST_KEY_SIZE] = { 1 };

	(void)state;
	assert_int_equal(digest_init(), 0);
	digest_of("abc", 3, &d);
	digest_hex(&d, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_begin(&s, NULL);
	digest_add(&s, "a", 1);
	digest_add(&s, "bc", 2);
	digest_end(&s, &e);
	assert_true(digest_equal(&d, &e));
	digest_begin(&s, key);
	digest_add(&s, "abc", 3);
	digest_end(&s, &e);
	digest_hex(&e, hex);
	assert_string_equal(hex, "aff23cb7b99a4cfd7ae685ea03c9464f972ffa27916912e9e42cead9162f8091");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(texts_are_added_sorted_and_found),
		cmocka_unit_test(a_cursor_reads_what_was_written_and_never_past_the_end),
		cmocka_unit_test(arena_lists_grow_and_keep_their_items),
		cmocka_unit_test(buffers_keep_their_maximum),
		cmocka_unit_test(maps_keep_the_order_of_insertion),
		cmocka_unit_test(errors_are_told_from_the_outside_in),
		cmocka_unit_test(environments_layer_and_flatten),
		cmocka_unit_test(digests_are_sha256_and_macs_are_keyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
