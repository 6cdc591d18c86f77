/* What a list of things seen makes of inputs. Each case: records in, facts out. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auto-input/classify.h"

enum { R = VT_SEEN_READ, W = VT_SEEN_WRITE, P = VT_SEEN_PROBE, L = VT_SEEN_LIST, MV = VT_SEEN_RENAME, X = VT_SEEN_EXEC };
enum { RM = VT_SEEN_REMOVED, DIR = VT_SEEN_DIRECTORY, OUT = VT_SEEN_OUTPUT };

struct record { uint16_t op, flags; const char *name, *other; };

/* What was found, one line each, sorted as it was found: "FILE a\n". */
struct found {
	vt_findings service;
	char text[4096];
};

static void found_add(struct found *f, const char *what, vt_bytes name, vt_bytes detail)
{
	size_t n = strlen(f->text);
	size_t i;

	snprintf(f->text + n, sizeof f->text - n, "%s%s%.*s", n ? "; " : "", what, (int)name.size, (const char *)name.data);
	for (i = 0; i < detail.size; i += strlen((const char *)detail.data + i) + 1) {
		n = strlen(f->text);
		snprintf(f->text + n, sizeof f->text - n, " -%s", (const char *)detail.data + i);
	}
}

static vt_status add(vt_findings *service, vt_call *call, uint32_t fact, vt_bytes name, vt_bytes detail)
{
	static const char *const words[] = { "?", "env ", "", "", "file ", "type ", "list ", "program ", "", "probe " };

	(void)call;
	found_add((struct found *)service, words[fact], name, detail);
	return VT_OK;
}

static vt_status refuse(vt_findings *service, vt_call *call, uint32_t why, vt_bytes name)
{
	(void)call;
	assert_int_equal(why, VT_REFUSE_READ_AND_WROTE);
	found_add((struct found *)service, "read and wrote ", name, (vt_bytes){ NULL, 0 });
	return VT_OK;
}

static void check(const char *want, const struct record *records, uint32_t n)
{
	struct found f = { .service = { .struct_size = sizeof f.service, .add = add, .refuse = refuse } };
	vt_seen *seen = calloc(n + 1, sizeof *seen);
	uint32_t i;

	for (i = 0; i < n; i++) {
		const char *other = records[i].other ? records[i].other : "";

		seen[i] = (vt_seen){
			.op = records[i].op, .flags = records[i].flags,
			.name = { records[i].name, strlen(records[i].name) }, .other = { other, strlen(other) },
		};
	}
	assert_int_equal(classify(seen, n, NULL, &f.service), VT_OK);
	assert_string_equal(f.text, want);
	free(seen);
}
#define CHECK(want, ...) \
	do { \
		static const struct record records[] = { __VA_ARGS__ }; \
		check(want, records, sizeof records / sizeof *records); \
	} while (0)

static void a_file_that_was_read_is_an_input(void **state)
{
	(void)state;
	CHECK("file src/a.ts", { R, 0, "src/a.ts", 0 });
	CHECK("file src/a.ts", { P, 0, "src/a.ts", 0 }, { R, 0, "src/a.ts", 0 }, { P, 0, "src/a.ts", 0 });
	CHECK("probe src/b.ts", { P, 0, "src/b.ts", 0 });
	CHECK("list src", { L, DIR, "src", 0 });
	CHECK("list ", { L, DIR, "", 0 });
	CHECK("file run.sh", { X, 0, "run.sh", 0 });
	CHECK("program /usr/bin/node", { X, 0, "/usr/bin/node", 0 });
}

static void a_file_that_was_read_and_then_written_is_an_input(void **state)
{
	(void)state;
	CHECK("file b; file a", { R, 0, "b", 0 }, { R, 0, "a", 0 }, { W, 0, "a", 0 });
	/* O_RDWR, O_APPEND */
	CHECK("file log", { R, 0, "log", 0 }, { W, 0, "log", 0 });
	/* edited in place by way of a temporary file */
	CHECK("file a", { R, 0, "a", 0 }, { W, 0, "a.tmp", 0 }, { MV, 0, "a.tmp", "a" });
	/* removed and made again */
	CHECK("file a", { R, 0, "a", 0 }, { W, RM, "a", 0 }, { W, 0, "a", 0 });
	/* an output glob does not change that */
	CHECK("file a", { R, OUT, "a", 0 }, { W, OUT, "a", 0 });
}

static void a_file_that_was_written_first_is_a_product(void **state)
{
	(void)state;
	CHECK("", { W, 0, "dist/a", 0 }, { R, 0, "dist/a", 0 }, { P, 0, "dist/a", 0 });
	CHECK("", { W, 0, "dist/a", 0 }, { W, 0, "dist/a", 0 }, { X, 0, "dist/a", 0 });
	/* a file that the task wrote, read and wrote again */
	CHECK("", { W, 0, "a", 0 }, { R, 0, "a", 0 }, { W, 0, "a", 0 });
}

static void a_file_that_was_made_and_removed_leaves_nothing(void **state)
{
	(void)state;
	CHECK("", { W, 0, "tmp", 0 }, { R, 0, "tmp", 0 }, { W, RM, "tmp", 0 }, { P, 0, "tmp", 0 });
}

static void a_folder_that_was_made_and_removed_was_not_there(void **state)
{
	(void)state;
	/* with something in it the listing, and the removal, would have been others */
	CHECK("list t", { W, DIR, "t", 0 }, { W, 0, "t/a", 0 }, { L, DIR, "t", 0 }, { W, RM, "t/a", 0 }, { W, RM | DIR, "t", 0 });
	CHECK("list t", { W, DIR, "t", 0 }, { W, DIR, "t/in", 0 }, { W, RM | DIR, "t/in", 0 }, { W, RM | DIR, "t", 0 });
	CHECK("list t/in", { W, DIR, "t", 0 }, { W, DIR, "t/in", 0 }, { W, RM | DIR, "t/in", 0 });
	CHECK("list t", { W, DIR, "t", 0 }, { MV, 0, "t", "dist" });
}

static void a_file_that_was_looked_for_before_it_was_written(void **state)
{
	(void)state;
	/* O_CREAT|O_EXCL is the same */
	CHECK("type out", { P, 0, "out", 0 }, { W, 0, "out", 0 });
	CHECK("type out", { P, 0, "out", 0 }, { W, 0, "out", 0 }, { R, 0, "out", 0 });
	CHECK("type lock", { P, 0, "lock", 0 }, { W, 0, "lock", 0 }, { W, RM, "lock", 0 });
	/* absent at the end */
	CHECK("file a", { R, 0, "a", 0 }, { W, 0, "a", 0 }, { W, RM, "a", 0 });
	CHECK("type out", { P, OUT, "out", 0 }, { W, OUT, "out", 0 });
}

static void a_file_that_was_removed_and_asked_for_again(void **state)
{
	(void)state;
	/* the removal may have failed; the state after the run tells */
	CHECK("file a", { MV, 0, "a", "/elsewhere" }, { R, 0, "a", 0 });
	/* whether it could be taken away is something the task finds out, too */
	CHECK("type lock", { W, RM, "lock", 0 });
	CHECK("type todo", { MV, 0, "todo", "done" });
	CHECK("type lock", { W, RM | OUT, "lock", 0 });
	CHECK("type dist", { W, RM, "dist", 0 }, { W, DIR, "dist", 0 }, { W, 0, "dist/a", 0 });
	CHECK("type dist/a", { P, 0, "dist/a", 0 }, { W, RM, "dist/a", 0 }, { W, 0, "dist/a", 0 });
}

static void a_listing_is_a_listing_whatever_was_made_in_it(void **state)
{
	(void)state;
	CHECK("list src", { L, DIR, "src", 0 }, { W, 0, "src/z.gen", 0 });
	CHECK("list src", { W, 0, "src/z.gen", 0 }, { W, DIR, "src/b", 0 }, { L, DIR, "src", 0 });
	/* ... that were removed later */
	CHECK("list src", { W, 0, "src/t", 0 }, { L, DIR, "src", 0 }, { W, RM, "src/t", 0 });
	/* made below, not in it */
	CHECK("list src", { L, DIR, "src", 0 }, { W, 0, "src/a/b", 0 });
	/* a directory opened like a file */
	CHECK("file src", { R, 0, "src", 0 }, { W, 0, "src/z", 0 });
	/* mkdir -p of what is there already */
	CHECK("list src", { R, 0, "src", 0 }, { W, DIR, "src", 0 }, { W, 0, "src/x", 0 });
	CHECK("list src", { W, DIR, "src", 0 }, { L, DIR, "src", 0 });
}

static void an_emptied_output_directory_settles(void **state)
{
	(void)state;
	/* looks, lists, tries each entry as a directory, removes it, writes it anew */
	CHECK("list dist; list dist/index.html; list dist/assets; type dist/assets/a.js",
	      { P, 0, "dist", 0 }, { L, DIR, "dist", 0 }, { L, DIR, "dist/index.html", 0 }, { W, RM, "dist/index.html", 0 },
	      { L, DIR, "dist/assets", 0 }, { W, RM, "dist/assets/a.js", 0 }, { W, RM | DIR, "dist/assets", 0 },
	      { W, DIR, "dist", 0 }, { W, DIR, "dist/assets", 0 }, { W, 0, "dist/index.html", 0 }, { W, 0, "dist/assets/a.js", 0 });
}

static void a_file_published_by_rename_is_a_product(void **state)
{
	(void)state;
	CHECK("", { W, 0, "out.tmp", 0 }, { MV, 0, "out.tmp", "out" }, { R, 0, "out", 0 });
	CHECK("type out", { P, 0, "out", 0 }, { W, 0, "out.tmp", 0 }, { MV, 0, "out.tmp", "out" });
	CHECK("list ", { L, DIR, "", 0 }, { W, 0, "out.tmp", 0 }, { MV, 0, "out.tmp", "out" });
}

static void a_renamed_directory_takes_its_products_along(void **state)
{
	(void)state;
	CHECK("list t; list dist; list dist/sub", { W, DIR, "t", 0 }, { W, 0, "t/a", 0 }, { W, DIR, "t/sub", 0 },
	      { W, 0, "t/sub/b", 0 }, { MV, 0, "t", "dist" }, { L, DIR, "dist", 0 }, { R, 0, "dist/a", 0 },
	      { R, 0, "dist/sub/b", 0 }, { L, DIR, "dist/sub", 0 });
	/* what came along unseen was there before */
	CHECK("type t; file dist/x/y", { MV, 0, "t", "dist" }, { R, 0, "dist/x/y", 0 });
	/* a rename over a file that was read before */
	CHECK("file dist/a; type t", { R, 0, "dist/a", 0 }, { W, 0, "t/a", 0 }, { MV, 0, "t", "dist" });
	/* ... by a directory that was there before the run */
	CHECK("type dist; file dist/a; type t", { R, 0, "dist/a", 0 }, { MV, 0, "dist", "old" }, { MV, 0, "t", "dist" });
	CHECK("type dist; file dist/a; list t; type dist/gone", { P, 0, "dist", 0 }, { R, 0, "dist/a", 0 }, { W, DIR, "t", 0 },
	      { P, 0, "dist/gone", 0 }, { W, RM, "dist/gone", 0 }, { W, RM, "dist/a", 0 }, { W, RM | DIR, "dist", 0 }, { MV, 0, "t", "dist" });
	/* twice, with the same names */
	CHECK("list a; list c", { W, DIR, "a", 0 }, { W, 0, "a/x", 0 }, { MV, 0, "a", "b" }, { W, DIR, "a", 0 }, { W, 0, "a/x", 0 },
	      { MV, 0, "a", "c" }, { L, DIR, "c", 0 });
}

static void a_rename_that_must_fail_moves_nothing(void **state)
{
	(void)state;
	CHECK("", { W, 0, "a/b", 0 }, { MV, 0, "a", "a/b/c" });
	CHECK("", { W, 0, "a/b", 0 }, { MV, 0, "a/b", "a" });
	CHECK("file a", { MV, 0, "a", "a" }, { R, 0, "a", 0 });
}

static void attributes_of_a_directory_are_no_content(void **state)
{
	(void)state;
	CHECK("list src", { R, 0, "src", 0 }, { W, 0, "src", 0 }, { W, 0, "src/x", 0 });
	CHECK("file a.sh", { R, 0, "a.sh", 0 }, { W, 0, "a.sh", 0 });
}

static void thousands_of_paths_stay_quick(void **state)
{
	enum { N = 50000 };
	struct found f = { .service = { .struct_size = sizeof f.service, .add = add, .refuse = refuse } };
	vt_seen *seen = calloc(2 * N, sizeof *seen);
	char (*name)[32] = calloc(2 * N, sizeof *name), want[sizeof f.text] = "";
	int i;

	(void)state;
	for (i = 0; i < N; i++) {
		snprintf(name[i], 32, "d%d/f%d", i % 300, i);
		snprintf(name[N + i], 32, "d%d", i % 300);
		seen[i] = (vt_seen){ .op = W, .name = { name[i], strlen(name[i]) } };
		if (i < 300)
			seen[i] = (vt_seen){ .op = W, .flags = DIR, .name = { name[N + i], strlen(name[N + i]) } };
		seen[N + i] = (vt_seen){ .op = MV, .name = { name[N + i], strlen(name[N + i]) }, .other = { "end", 3 } };
	}
	assert_int_equal(classify(seen, 2 * N, NULL, &f.service), VT_OK);
	for (i = 0; i < 300; i++)
		snprintf(want + strlen(want), sizeof want - strlen(want), "%slist d%d", i ? "; " : "", i);
	assert_string_equal(f.text, want);
	free(seen);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_was_read_is_an_input),
		cmocka_unit_test(a_file_that_was_read_and_then_written_is_an_input),
		cmocka_unit_test(a_file_that_was_written_first_is_a_product),
		cmocka_unit_test(a_file_that_was_made_and_removed_leaves_nothing),
		cmocka_unit_test(a_folder_that_was_made_and_removed_was_not_there),
		cmocka_unit_test(a_file_that_was_looked_for_before_it_was_written),
		cmocka_unit_test(a_file_that_was_removed_and_asked_for_again),
		cmocka_unit_test(a_listing_is_a_listing_whatever_was_made_in_it),
		cmocka_unit_test(an_emptied_output_directory_settles),
		cmocka_unit_test(a_file_published_by_rename_is_a_product),
		cmocka_unit_test(a_renamed_directory_takes_its_products_along),
		cmocka_unit_test(a_rename_that_must_fail_moves_nothing),
		cmocka_unit_test(attributes_of_a_directory_are_no_content),
		cmocka_unit_test(thousands_of_paths_stay_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
