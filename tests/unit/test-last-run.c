/* What a step's last run did, as bytes: it comes back whole, and never from damaged bytes. */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "os/file.h"
#include "record/last_run.h"

static const struct digest step = { { 1, 2, 3 } };

struct place {
	char folder[64];
	int fd;
	char file[200];                /* of `step` */
	struct arena *arena;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	char hex[DIGEST_HEX_SIZE];

	strcpy(p->folder, "/tmp/vt-last-run-XXXXXX");
	if (!mkdtemp(p->folder))
		return -1;
	p->fd = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	digest_hex(&step, hex);
	snprintf(p->file, sizeof p->file, "%s/last/%s", p->folder, hex);
	p->arena = arena_new();
	*state = p;
	return p->fd < 0;
}

static int take_down(void **state)
{
	struct place *p = *state;

	close(p->fd);
	file_remove_tree(p->folder, NULL);
	arena_free(p->arena);
	free(p);
	return 0;
}

/* So many names: each begins as the one before. */
static struct last_run some_run(struct arena *a, uint32_t n)
{
	struct last_run run = {
		.label = "web#build", .command = "vite build", .started_ns = 1234567890123456789, .ms = 42, .exit_code = 137, .cancelled = true,
		.traced = true, .why_not = "read and wrote 'x'", .user = "ann", .host = "box", .task = { { 4 } }, .who = { { 5 } }, .n = n,
	};
	uint32_t i;

	run.at = arena_array(a, n + 1, sizeof *run.at);
	for (i = 0; i < n; i++) {
		const char *name = arena_printf(a, "packages/web/src/%05u/%s", i, i % 3 ? "index.ts" : "");

		run.at[i] = (struct touched){ i % 2048, { name, strlen(name) } };
	}
	return run;
}

static void a_run_comes_back_whole(void **state)
{
	struct place *p = *state;
	struct last_run run = some_run(p->arena, 3000), back;
	uint32_t i;

	assert_false(last_run_get(p->fd, &step, p->arena, &back));
	last_run_put(p->fd, &step, &run);
	assert_true(last_run_get(p->fd, &step, p->arena, &back));
	assert_string_equal(back.label, run.label);
	assert_string_equal(back.command, run.command);
	assert_string_equal(back.why_not, run.why_not);
	assert_string_equal(back.user, "ann");
	assert_string_equal(back.host, "box");
	assert_int_equal(back.started_ns, run.started_ns);
	assert_int_equal(back.exit_code, 137);
	assert_true(back.cancelled && back.traced && !back.kept && !back.partial);
	assert_memory_equal(&back.who, &run.who, sizeof run.who);
	assert_int_equal(back.n, 3000);
	for (i = 0; i < back.n; i++) {
		assert_int_equal(back.at[i].how, run.at[i].how);
		assert_int_equal(back.at[i].name.size, run.at[i].name.size);
		assert_memory_equal(back.at[i].name.data, run.at[i].name.data, run.at[i].name.size);
	}
}

static void rewrite(const struct place *p, const void *data, size_t size)
{
	assert_int_equal(file_write(p->file, data, size, 0600, NULL), 0);
}

static void damaged_bytes_are_no_run(void **state)
{
	struct place *p = *state;
	struct last_run run = some_run(p->arena, 5), back;
	struct bytes whole;
	char *copy;
	size_t i;

	last_run_put(p->fd, &step, &run);
	assert_int_equal(file_read(p->file, 1 << 20, p->arena, &whole, NULL), 0);
	copy = arena_copy(p->arena, whole.data, whole.size);
	for (i = 0; i < whole.size; i++) {
		copy[i] ^= 4;
		rewrite(p, copy, whole.size);
		assert_false(last_run_get(p->fd, &step, p->arena, &back));
		copy[i] ^= 4;
		rewrite(p, copy, i);
		assert_false(last_run_get(p->fd, &step, p->arena, &back));
	}
	rewrite(p, copy, whole.size);
	assert_true(last_run_get(p->fd, &step, p->arena, &back));
}

/* A name that grows with each repetition of the one before would take all memory. */
static void a_name_has_a_bound(void **state)
{
	struct place *p = *state;
	struct last_run run = some_run(p->arena, 0), back;
	char *name = arena_alloc(p->arena, 2 * LAST_RUN_NAME);
	struct touched two[2];

	memset(name, 'a', 2 * LAST_RUN_NAME);
	two[0] = (struct touched){ 1, { name, LAST_RUN_NAME } };
	two[1] = (struct touched){ 1, { name, LAST_RUN_NAME + 1 } };
	run.at = two;
	run.n = 1;
	last_run_put(p->fd, &step, &run);
	assert_true(last_run_get(p->fd, &step, p->arena, &back));
	run.n = 2;
	last_run_put(p->fd, &step, &run);
	assert_false(last_run_get(p->fd, &step, p->arena, &back));
}

static bool count(void *ctx, const struct digest *which, const struct last_run *run)
{
	(void)which;
	assert_string_equal(run->label, "web#build");
	return ++*(int *)ctx < 2;
}

static void each_is_told_until_enough(void **state)
{
	struct place *p = *state;
	struct last_run run = some_run(p->arena, 1);
	struct digest other = step;
	int n = 0, i;

	for (i = 0; i < 5; i++) {
		other.byte[9] = (uint8_t)i;
		last_run_put(p->fd, &other, &run);
	}
	last_run_each(p->fd, p->arena, count, &n);
	assert_int_equal(n, 2);
}

static void what_is_old_is_swept(void **state)
{
	struct place *p = *state;
	struct last_run run = some_run(p->arena, 1), back;
	struct digest other = { { 7 } };
	const struct timespec old[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000 } };

	last_run_put(p->fd, &step, &run);
	last_run_put(p->fd, &other, &run);
	assert_int_equal(utimensat(AT_FDCWD, p->file, old, 0), 0);
	last_run_sweep(p->fd);
	assert_false(last_run_get(p->fd, &step, p->arena, &back));
	assert_true(last_run_get(p->fd, &other, p->arena, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_comes_back_whole, set_up, take_down),
		cmocka_unit_test_setup_teardown(damaged_bytes_are_no_run, set_up, take_down),
		cmocka_unit_test_setup_teardown(a_name_has_a_bound, set_up, take_down),
		cmocka_unit_test_setup_teardown(each_is_told_until_enough, set_up, take_down),
		cmocka_unit_test_setup_teardown(what_is_old_is_swept, set_up, take_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
