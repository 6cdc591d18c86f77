/* Results, entries and history as bytes, whole and damaged. */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/file.h"
#include "record/entry.h"
#include "record/history.h"

static const struct digest key = { { 1, 2, 3 } }, other_key = { { 9 } };

static void fact(struct arena *a, struct facts *f, unsigned kind, const char *name, const char *state)
{
	facts_add(f, a, &(struct fact){ .kind = (uint16_t)kind, .name = bytes_text(name), .state = bytes_text(state) });
}

static struct result some_result(struct arena *a)
{
	static struct section section = { .part = { "output-restore", 14 }, .bytes = { "manifest", 8 } };
	static vt_id blobs[2] = { { { 4 } }, { { 5 } } };
	struct result r = { .key = key, .ms = 1234, .output = { { 7 } }, .output_size = 99, .sections = &section, .sections_n = 1,
			    .blobs = blobs, .blobs_n = 2 };

	fact(a, &r.before, FACT_GLOBBED, "src/a.ts", "c123");
	fact(a, &r.before, FACT_GLOBBED, "src/b.ts", "c456");
	fact(a, &r.after, FACT_FILE, "package.json", "c789");
	fact(a, &r.after, FACT_LIST, "", "da");
	fact(a, &r.outputs, FACT_FILE, "dist/x", "c1");
	return r;
}

static void a_result_comes_back_as_it_went(void **state)
{
	struct arena *a = arena_new();
	struct result r = some_result(a), back;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	assert_int_equal(result_encode(&r, &b), 0);
	assert_int_equal(result_decode((struct bytes){ b.data, b.size }, &key, a, &back), 0);
	assert_int_equal(back.ms, 1234);
	assert_int_equal(back.output_size, 99);
	assert_int_equal(back.before.n, 2);
	assert_int_equal(bytes_order(back.before.at[1].name, bytes_text("src/b.ts")), 0);
	assert_int_equal(bytes_order(back.after.at[0].state, bytes_text("c789")), 0);
	assert_int_equal(back.sections_n, 1);
	assert_int_equal(bytes_order(back.sections[0].bytes, bytes_text("manifest")), 0);
	assert_int_equal(back.blobs_n, 2);
	assert_int_equal(back.blobs[1].byte[0], 5);
	/* under another key the result is refused */
	assert_int_equal(result_decode((struct bytes){ b.data, b.size }, &other_key, a, &back), -1);
	buf_free(&b);
	arena_free(a);
}

/* Store and core check hashes first; if a hash matches damaged bytes, decoding still stays within them. */
static void a_damaged_result_is_refused_or_harmless(void **state)
{
	struct arena *a = arena_new();
	struct result r = some_result(a), back;
	struct buf b;
	size_t i;
	int bit;

	(void)state;
	buf_init(&b, 1 << 20);
	assert_int_equal(result_encode(&r, &b), 0);
	for (i = 0; i < b.size; i++) {
		char *cut = malloc(i ? i : 1);         /* an exact size: checkers catch a read past the end */

		memcpy(cut, b.data, i);
		assert_int_equal(result_decode((struct bytes){ cut, i }, &key, a, &back), -1);
		free(cut);
	}
	for (i = 0; i < b.size; i++)
		for (bit = 0; bit < 8; bit++) {
			char *flipped = malloc(b.size);

			memcpy(flipped, b.data, b.size);
			flipped[i] ^= (char)(1 << bit);
			(void)result_decode((struct bytes){ flipped, b.size }, &key, a, &back);
			free(flipped);
		}
	buf_free(&b);
	arena_free(a);
}

static void a_path_that_leaves_the_workspace_is_damage(void **state)
{
	static const char *const bad[] = { "../x", "/etc/passwd", "a/../../x", "a//b", "./x" };
	struct arena *a = arena_new();
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		struct result r = { .key = key }, back;
		struct buf b;

		buf_init(&b, 1 << 20);
		fact(a, &r.outputs, FACT_FILE, bad[i], "c");
		assert_int_equal(result_encode(&r, &b), 0);
		assert_int_equal(result_decode((struct bytes){ b.data, b.size }, &key, a, &back), -1);
		buf_free(&b);
	}
	arena_free(a);
}

static void an_entry_keeps_sixteen_the_last_used_first(void **state)
{
	struct entry e = { .key = key }, back;
	vt_id id = { { 0 } };
	struct buf b;
	int i;

	(void)state;
	for (i = 1; i <= 20; i++) {
		id.byte[0] = (uint8_t)i;
		assert_true(entry_front(&e, &id, NULL));
	}
	assert_int_equal(e.n, ENTRY_MOST);
	assert_int_equal(e.results[0].byte[0], 20);
	assert_int_equal(e.results[15].byte[0], 5);
	assert_false(entry_front(&e, &id, NULL));
	id.byte[0] = 10;
	assert_true(entry_front(&e, &id, NULL));
	assert_int_equal(e.n, ENTRY_MOST);
	assert_int_equal(e.results[0].byte[0], 10);
	assert_int_equal(e.results[1].byte[0], 20);
	assert_int_equal(e.results[15].byte[0], 5);
	buf_init(&b, 4096);
	entry_encode(&e, &b);
	assert_int_equal(entry_decode((struct bytes){ b.data, b.size }, &key, &back), 0);
	assert_memory_equal(back.results, e.results, sizeof e.results);
	assert_int_equal(entry_decode((struct bytes){ b.data, b.size }, &other_key, &back), -1);
	for (i = 0; i < (int)b.size; i++) {
		b.data[i] ^= 4;
		assert_int_equal(entry_decode((struct bytes){ b.data, b.size }, &key, &back), -1);
		b.data[i] ^= 4;
		assert_int_equal(entry_decode((struct bytes){ b.data, (size_t)i }, &key, &back), -1);
	}
	buf_free(&b);
}

static void an_entry_keeps_the_tags_of_its_results(void **state)
{
	const struct result_tags first = { 1, { 2 }, { [ENTRY_GROUPS - 1] = UINT32_MAX } }, second = { 0x0102030405060708, { 0 }, { 7 } };
	struct entry e = { .key = key }, back;
	vt_id id = { { 1 } }, other = { { 2 } };
	struct digest check;
	struct buf b, old;

	(void)state;
	assert_true(entry_front(&e, &id, &first));
	assert_true(entry_front(&e, &other, &second));
	assert_true(entry_front(&e, &id, NULL));
	buf_init(&b, 4096);
	entry_encode(&e, &b);
	assert_int_equal(entry_decode((struct bytes){ b.data, b.size }, &key, &back), 0);
	assert_memory_equal(&back.tags[0], &first, sizeof first);
	assert_memory_equal(&back.tags[1], &second, sizeof second);
	/* an entry of the format before has none */
	buf_init(&old, 4096);
	buf_add(&old, "vtE1", 4);
	buf_add(&old, b.data + 4, DIGEST_SIZE + 1 + 2 * sizeof id);
	digest_of(old.data, old.size, &check);
	buf_add(&old, check.byte, sizeof check.byte);
	assert_int_equal(entry_decode((struct bytes){ old.data, old.size }, &key, &back), 0);
	assert_int_equal(back.n, 2);
	assert_memory_equal(back.results, e.results, 2 * sizeof id);
	assert_false(result_tags_known(&back.tags[0]) || result_tags_known(&back.tags[1]));
	assert_true(entry_front(&back, &other, NULL));
	assert_false(result_tags_known(&back.tags[0]));
	assert_true(result_tags_known(&first));
	buf_free(&b);
	buf_free(&old);
}

static void a_tag_tells_names_from_states(void **state)
{
	struct arena *a = arena_new();
	struct facts x = { 0 }, y = { 0 }, z = { 0 }, v = { 0 }, w = { 0 };
	struct result_tags of_x = { 0 }, of_y = { 0 }, of_z = { 0 }, of_v = { 0 }, of_w = { 0 };

	(void)state;
	fact(a, &x, FACT_FILE, "a", "c1");
	fact(a, &y, FACT_FILE, "a", "c2");
	fact(a, &z, FACT_FILE, "b", "c1");
	fact(a, &v, FACT_VALUE, "a", "c1");
	fact(a, &w, FACT_VALUE, "a", "c2");
	result_tags_after(&x, &of_x);
	result_tags_after(&y, &of_y);
	result_tags_after(&z, &of_z);
	result_tags_after(&v, &of_v);
	result_tags_after(&w, &of_w);
	assert_memory_equal(of_x.names, of_y.names, sizeof of_x.names);
	assert_true(result_tags_differ_after(&of_x, &of_y));
	assert_memory_not_equal(of_x.names, of_z.names, sizeof of_x.names);
	assert_false(result_tags_differ_after(&of_x, &of_z));
	/* a part's own value stands as it was recorded: it never rules a result out */
	assert_memory_equal(&of_v, &of_w, sizeof of_v);
	result_tags_before(&x, &of_x);
	result_tags_before(&y, &of_y);
	result_tags_before(&z, &of_z);
	assert_true(of_x.before != of_y.before && of_x.before != of_z.before);
	arena_free(a);
}

/* What a result names besides rules nothing out, and hides a difference only where it comes into the same group. */
static void other_names_do_not_hide_a_difference(void **state)
{
	struct arena *a = arena_new();
	struct result_tags then = { 0 }, now = { 0 }, same = { 0 };
	int i, hidden = 0;

	(void)state;
	for (i = 0; i < 1000; i++) {
		struct facts x = { 0 }, y = { 0 }, z = { 0 };

		fact(a, &x, FACT_FILE, "a", "c1");
		fact(a, &y, FACT_FILE, "a", "c2");
		fact(a, &z, FACT_FILE, "a", "c1");
		fact(a, &x, FACT_FILE, arena_printf(a, "dist-%d.js", i), "c1");
		fact(a, &y, FACT_FILE, arena_printf(a, "dist-%d.js", i + 1), "c1");
		fact(a, &z, FACT_FILE, arena_printf(a, "dist-%d.js", i + 1), "c1");
		result_tags_after(&x, &then);
		result_tags_after(&y, &now);
		result_tags_after(&z, &same);
		hidden += !result_tags_differ_after(&then, &now);
		assert_false(result_tags_differ_after(&then, &same));
	}
	/* two of sixteen groups differ in their names: 121 of 1000 to be expected */
	assert_true(hidden > 60 && hidden < 200);
	arena_free(a);
}

static void an_outputs_detail_comes_back(void **state)
{
	struct arena *a = arena_new();
	struct output_meta m = { .mode = 0755, .mtime_ns = -5, .made = true }, back;

	(void)state;
	assert_int_equal(output_meta_decode(output_meta_encode(a, &m), &back), 0);
	assert_int_equal(back.mode, 0755);
	assert_true(back.mtime_ns == -5 && back.made);
	assert_int_equal(output_meta_decode((struct bytes){ "x", 1 }, &back), -1);
	arena_free(a);
}

static void history_explains_in_the_next_run_and_survives_damage(void **state)
{
	char folder[] = "/tmp/vt-history-XXXXXX", file[64];
	struct arena *a = arena_new();
	const struct digest step = { { 1 } }, setuid = { { 2 } };
	struct facts f = { 0 }, back;
	struct digest k;
	struct history *h;
	struct stat st;
	int fd;
	off_t i;

	(void)state;
	assert_non_null(mkdtemp(folder));
	strcpy(file, folder);
	strcat(file, "/history");
	fact(a, &f, FACT_ARGS, "", "x");
	fact(a, &f, FACT_CWD, "", "packages/a");
	h = history_new(AT_FDCWD, file);
	assert_false(history_get(h, &step, a, &k, &back));
	history_put(h, &step, &key, &f, 3000);
	history_set_setuid(h, &setuid);
	history_free(h, true);
	h = history_new(AT_FDCWD, file);
	assert_true(history_get(h, &step, a, &k, &back));
	assert_true(digest_equal(&k, &key));
	assert_int_equal(back.n, 2);
	assert_int_equal(bytes_order(back.at[1].state, bytes_text("packages/a")), 0);
	assert_true(history_is_setuid(h, &setuid));
	assert_false(history_is_setuid(h, &step));
	assert_false(history_get(h, &setuid, a, &k, &back));
	assert_int_equal(history_steps(h), 2);
	history_free(h, true);
	assert_int_equal(stat(file, &st), 0);
	for (i = 0; i < st.st_size; i += 3) {
		char byte;

		fd = open(file, O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, i), 1);
		byte ^= 16;
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
		h = history_new(AT_FDCWD, file);
		assert_false(history_get(h, &step, a, &k, &back));
		history_free(h, false);
		byte ^= 16;
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
		close(fd);
	}
	assert_int_equal(file_remove_tree(folder, NULL), 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_comes_back_as_it_went),
		cmocka_unit_test(a_damaged_result_is_refused_or_harmless),
		cmocka_unit_test(a_path_that_leaves_the_workspace_is_damage),
		cmocka_unit_test(an_entry_keeps_sixteen_the_last_used_first),
		cmocka_unit_test(an_entry_keeps_the_tags_of_its_results),
		cmocka_unit_test(a_tag_tells_names_from_states),
		cmocka_unit_test(other_names_do_not_hide_a_difference),
		cmocka_unit_test(an_outputs_detail_comes_back),
		cmocka_unit_test(history_explains_in_the_next_run_and_survives_damage),
	};

	if (digest_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
