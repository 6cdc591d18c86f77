/* The ledger as a file, whole, torn and shared; which step owns a path; what a layer hides. */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "effect/layer.h"
#include "effect/ledger.h"
#include "os/file.h"

static char dir[] = "/tmp/vt-effect-XXXXXX";
static char ledger_file[64];

static const struct ledger_step first = { { { 1 } }, { { 1 } } }, second = { { { 1 } }, { { 2 } } }, other = { { { 2 } }, { { 1 } } };

static struct ledger *open_ledger(void)
{
	struct ledger *l = ledger_new(AT_FDCWD, ledger_file);

	ledger_load(l);
	return l;
}

static void put(struct ledger *l, const char *path, const char *state, const struct ledger_step *step, const struct ledger_step *maker)
{
	ledger_put(l, &(struct left){ .path = bytes_text(path), .state = bytes_text(state), .step = ledger_step(l, step),
				      .maker = maker ? ledger_step(l, maker) : 0 });
}

static bool has(struct ledger *l, const char *path, const char *state)
{
	struct left left;

	return ledger_get(l, bytes_text(path), &left) && bytes_order(left.state, bytes_text(state)) == 0;
}

static int clear(void **state)
{
	(void)state;
	unlink(ledger_file);
	return 0;
}

static void lines_come_back_in_the_next_run(void **state)
{
	struct ledger *l = open_ledger();
	struct arena *a = arena_new();
	struct left left, *all;

	(void)state;
	put(l, "dist/a", "c1", &first, &first);
	put(l, "dist/b", "c2", &second, &first);
	put(l, "gen/c", "c3", &other, NULL);
	put(l, "dist/gone", "", &first, &first);
	ledger_close(l, true);
	l = open_ledger();
	assert_true(ledger_get(l, bytes_text("dist/b"), &left));
	assert_int_equal(left.step, ledger_step(l, &second));
	assert_int_equal(left.maker, ledger_step(l, &first));
	assert_true(ledger_get(l, bytes_text("gen/c"), &left));
	assert_int_equal(left.maker, 0);
	assert_true(ledger_get(l, bytes_text("dist/gone"), &left));
	assert_int_equal(left.state.size, 0);
	assert_false(ledger_get(l, bytes_text("dist"), &left));
	assert_true(ledger_below(l, bytes_text("dist")));
	assert_true(ledger_below(l, bytes_text("")));
	assert_false(ledger_below(l, bytes_text("dis")));
	assert_int_equal(ledger_of_task(l, ledger_step(l, &first), a, &all), 3);
	assert_int_equal(ledger_of_task(l, ledger_step(l, &other), a, &all), 1);
	/* a path that another task leaves changes hands */
	put(l, "dist/a", "c9", &other, &other);
	assert_int_equal(ledger_of_task(l, ledger_step(l, &first), a, &all), 2);
	assert_int_equal(ledger_of_task(l, ledger_step(l, &other), a, &all), 2);
	ledger_close(l, true);
	l = open_ledger();
	assert_true(has(l, "dist/a", "c9"));
	ledger_close(l, false);
	arena_free(a);
}

static void a_torn_end_is_left_out_and_written_over(void **state)
{
	struct ledger *l = open_ledger();
	struct stat st;
	off_t size;

	(void)state;
	put(l, "a", "c1", &first, &first);
	ledger_close(l, true);
	assert_int_equal(stat(ledger_file, &st), 0);
	size = st.st_size;
	l = open_ledger();
	put(l, "b", "c2", &first, &first);
	ledger_close(l, true);
	assert_int_equal(truncate(ledger_file, size + 30), 0);
	l = open_ledger();
	assert_true(has(l, "a", "c1"));
	assert_false(has(l, "b", "c2"));
	put(l, "c", "c3", &first, &first);
	ledger_close(l, true);
	l = open_ledger();
	assert_true(has(l, "a", "c1"));
	assert_true(has(l, "c", "c3"));
	ledger_close(l, false);
}

static void any_rotten_byte_is_noticed(void **state)
{
	struct ledger *l = open_ledger();
	struct arena *a = arena_new();
	struct bytes whole;
	size_t i;

	(void)state;
	put(l, "dist/a", "c1", &first, &first);
	ledger_close(l, true);
	assert_int_equal(file_read(ledger_file, 1 << 20, a, &whole, NULL), 0);
	for (i = 0; i < whole.size; i++) {
		char *bad = arena_copy(a, whole.data, whole.size);

		bad[i] ^= 0x20;
		assert_int_equal(file_write(ledger_file, bad, whole.size, 0600, NULL), 0);
		l = open_ledger();
		assert_false(has(l, "dist/a", "c1"));
		ledger_close(l, false);
	}
	arena_free(a);
}

static void two_runs_at_once_both_add(void **state)
{
	struct ledger *x = open_ledger(), *y = open_ledger();

	(void)state;
	put(x, "x", "c1", &first, &first);
	put(y, "y", "c2", &other, &other);
	put(x, "both", "c1", &first, &first);
	put(y, "both", "c2", &other, &other);
	ledger_close(x, true);
	ledger_close(y, true);
	x = open_ledger();
	assert_true(has(x, "x", "c1"));
	assert_true(has(x, "y", "c2"));
	assert_true(has(x, "both", "c2"));
	ledger_close(x, false);
}

static void the_clock_goes_on_and_is_told_at_once(void **state)
{
	struct ledger *l = open_ledger(), *later;
	uint64_t before;
	struct left left;

	(void)state;
	put(l, "a", "c1", &first, &first);
	before = ledger_clock(l);
	ledger_unknown(l);
	assert_true(ledger_clock(l) > before);
	assert_true(ledger_get(l, bytes_text("a"), &left));
	assert_true(left.clock == before);
	later = open_ledger();
	assert_true(ledger_clock(later) == ledger_clock(l));
	ledger_close(later, false);
	ledger_close(l, false);
}

static void much_that_is_of_no_use_is_thrown_away(void **state)
{
	struct stat st;
	char text[32];
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		struct ledger *l = open_ledger();

		snprintf(text, sizeof text, "c%d", i);
		put(l, "some/path/that/changes/in/each/run", text, &first, &first);
		ledger_close(l, true);
	}
	assert_int_equal(stat(ledger_file, &st), 0);
	assert_true(st.st_size < 128 << 10);
}

static struct bytes text_of(struct arena *a, const char *before, int n)
{
	return bytes_text(arena_printf(a, "%s%d.js", before, n));
}

/* One run that leaves a name of its own, the folders above it, and a file that stays. */
static void run_with_new_name(int n)
{
	struct ledger *l = open_ledger();
	struct arena *a = arena_new();
	struct facts left = { 0 };
	const ledger_who step = ledger_step(l, &first);

	ledger_put(l, &(struct left){ .path = text_of(a, "dist/new/", n), .state = bytes_text("c1"), .step = step, .maker = step });
	if (n == 0) {
		put(l, "dist", "d", &first, &first);
		put(l, "dist/new", "d", &first, &first);
		put(l, "dist/stays", "c1", &first, &first);
		put(l, "dist/others", "c1", &second, &second);
	}
	facts_name(&left, a, FACT_LEFT, "dist/stays", 10);
	left.at[0].state = bytes_text("c1");
	facts_add(&left, a, &(struct fact){ .kind = FACT_LEFT, .name = text_of(a, "dist/new/", n), .state = bytes_text("c1") });
	facts_sort(&left);
	ledger_ran(l, step, &left);
	ledger_close(l, true);
	arena_free(a);
}

static void a_line_goes_with_the_last_run_that_has_its_path(void **state)
{
	enum { RUNS = 400, KEPT = 32 };
	struct arena *a = arena_new();
	struct left left, *all;
	struct ledger *l;
	struct stat st;
	int i;

	(void)state;
	for (i = 0; i < RUNS; i++)
		run_with_new_name(i);
	l = open_ledger();
	for (i = 0; i < RUNS; i++)
		assert_int_equal(ledger_get(l, text_of(a, "dist/new/", i), &left), i >= RUNS - KEPT);
	/* the paths that every run leaves, their folders, and another step's path stay */
	assert_true(has(l, "dist/stays", "c1"));
	assert_true(has(l, "dist/new", "d"));
	assert_true(has(l, "dist", "d"));
	assert_true(has(l, "dist/others", "c1"));
	assert_int_equal(ledger_of_task(l, ledger_step(l, &first), a, &all), KEPT + 4);
	/* a path that was forgotten can be left again */
	put(l, "dist/new/0.js", "c2", &other, &other);
	assert_true(has(l, "dist/new/0.js", "c2"));
	ledger_close(l, true);
	assert_int_equal(stat(ledger_file, &st), 0);
	assert_true(st.st_size < 128 << 10);
	arena_free(a);
}

static void whose_a_path_is(void **state)
{
	static const ledger_who later[] = { 2, 3 };
	const struct eyes e = { .own = 1, .later = later, .later_n = 2 };
	const struct { ledger_who step, maker; enum whose want; uint32_t place; } cases[] = {
		{ 1, 1, WHOSE_OWN, 0 },          /* made and left by the step */
		{ 2, 1, WHOSE_OWN, 1 },          /* made by it, changed in place by a later one */
		{ 3, 3, WHOSE_LATER, 2 },
		{ 1, 3, WHOSE_LATER, 0 },
		{ 1, 0, WHOSE_OTHER, 0 },        /* the user's, changed in place */
		{ 4, 1, WHOSE_OTHER, 0 },        /* left by another task; below, made by one */
		{ 1, 4, WHOSE_OTHER, 0 },
	};
	uint32_t place;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		const struct left left = { .state = bytes_text("c1"), .step = cases[i].step, .maker = cases[i].maker };

		assert_int_equal(eyes_whose(&e, &left, &place), cases[i].want);
		if (cases[i].want != WHOSE_OTHER)
			assert_int_equal(place, cases[i].place);
	}
	/* a path that was taken away belongs to no step */
	assert_int_equal(eyes_whose(&e, &(struct left){ .state = { "", 0 }, .step = 1, .maker = 1 }, &place), WHOSE_OTHER);
}

/* A layer over a folder that has dist/old, dist/user and src/a. */
static void a_layer_hides_what_is_not_there_yet(void **state)
{
	struct ledger *l = open_ledger();
	struct arena *a = arena_new();
	struct state_world w = { .root = dir, .cache_dir = "/nowhere" };
	const ledger_who later[] = { ledger_step(l, &second) };
	const struct eyes e = { .own = ledger_step(l, &first), .later = later, .later_n = 1 };
	struct layer v;
	struct bytes is;
	struct facts f = { 0 };
	uint32_t leaned = 0;

	(void)state;
	w.root_fd = open(dir, O_RDONLY | O_DIRECTORY);
	mkdirat(w.root_fd, "dist", 0755);
	mkdirat(w.root_fd, "dist/sub", 0755);
	layer_init(&v, &w, l, a);
	/* a folder that is taken away hides all below it; what is put there makes its folders anew */
	layer_set(&v, bytes_text("dist"), (struct bytes){ "", 0 });
	assert_int_equal(layer_state(&v, bytes_text("dist/sub"), &is, NULL), 0);
	assert_int_equal(is.size, 0);
	layer_set_left(&v, &(struct left){ .path = bytes_text("dist/new/x"), .state = bytes_text("c1"), .step = later[0], .maker = later[0] });
	assert_int_equal(layer_state(&v, bytes_text("dist/new"), &is, NULL), 0);
	assert_memory_equal(is.data, "d", 1);
	assert_int_equal(layer_state(&v, bytes_text("dist/sub"), &is, NULL), 0);
	assert_int_equal(is.size, 0);
	/* all files there are a later step's: the folder is not there yet */
	facts_add(&f, a, &(struct fact){ .kind = FACT_TYPE, .name = bytes_text("dist"), .detail = { "", 0 }, .state = bytes_text("d") });
	assert_int_equal(layer_amend(&v, &e, &f, &leaned, NULL), 0);
	assert_int_equal(f.at[0].state.size, 0);
	assert_int_equal(leaned, 1);
	/* with one file of the user's the folder is there */
	layer_set(&v, bytes_text("dist/user"), bytes_text("c2"));
	f.at[0] = (struct fact){ .kind = FACT_LIST, .name = bytes_text("dist"), .detail = { "", 0 }, .state = bytes_text("d") };
	assert_int_equal(layer_amend(&v, &e, &f, &leaned, NULL), 0);
	assert_int_equal(bytes_order(f.at[0].state, (struct bytes){ "duser\0f", 7 }), 0);
	layer_free(&v);
	close(w.root_fd);
	arena_free(a);
	ledger_close(l, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_come_back_in_the_next_run, clear),
		cmocka_unit_test_setup(a_torn_end_is_left_out_and_written_over, clear),
		cmocka_unit_test_setup(any_rotten_byte_is_noticed, clear),
		cmocka_unit_test_setup(two_runs_at_once_both_add, clear),
		cmocka_unit_test_setup(the_clock_goes_on_and_is_told_at_once, clear),
		cmocka_unit_test_setup(much_that_is_of_no_use_is_thrown_away, clear),
		cmocka_unit_test_setup(a_line_goes_with_the_last_run_that_has_its_path, clear),
		cmocka_unit_test(whose_a_path_is),
		cmocka_unit_test_setup(a_layer_hides_what_is_not_there_yet, clear),
	};
	int failed;

	if (!mkdtemp(dir))
		return 99;
	snprintf(ledger_file, sizeof ledger_file, "%s/ledger", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	file_remove_tree(dir, NULL);
	return failed;
}
