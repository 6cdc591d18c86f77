/* The memory that programs with the shim write into: what the tracer reads from it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "trace-linux/log.h"

enum { ROUNDS = 20000, GONE = 0x7fffffff };

static struct log the_log;
static char read_paths[4096];             /* "/a/b=1 " for each record: its path and what came of it */
static unsigned read_n;

static bool remember(void *ctx, const struct shim_record *record, const char *path, const char *other, uint32_t result)
{
	size_t n = strlen(read_paths);

	(void)ctx;
	assert_int_equal(strlen(path), record->length);
	assert_int_equal(strlen(other), record->other_length);
	assert_true(record->length + record->other_length <= SHIM_PATH_MAX);
	snprintf(read_paths + n, sizeof read_paths - n, "%.40s%s%.40s=%u ", path, *other ? ">" : "", other, result >> 4);
	read_n++;
	return true;
}

static void read_it(const char *want)
{
	read_paths[0] = '\0';
	log_read(&the_log, remember, NULL);
	assert_string_equal(read_paths, want);
}

static int begin(void **state)
{
	(void)state;
	log_init(&the_log, "/ws", true);
	/* the listener -1 does not exist, but the memory is made */
	assert_false(log_offer(&the_log, -1, 0));
	return the_log.shared ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	log_free(&the_log);
	return 0;
}

static uint32_t *state_at(uint64_t cell)
{
	return (uint32_t *)(void *)((char *)the_log.shared + SHIM_STATES_AT) + cell % SHIM_CELLS;
}

static char *cell_at(uint64_t cell)
{
	return (char *)the_log.shared + SHIM_CELLS_AT + cell % SHIM_CELLS * SHIM_CELL;
}

/* Takes cells, then writes a record into them, as the shim does. */
static uint64_t take(unsigned cells)
{
	uint64_t at = the_log.shared->head;

	assert_true(at - the_log.shared->tail + cells <= SHIM_CELLS);
	the_log.shared->head += cells;
	return at;
}

static void put(uint64_t at, uint32_t stage, uint32_t result, uint32_t thread, const char *path)
{
	struct shim_record record = { .process = thread, .number = 1, .length = (uint16_t)strlen(path) };
	char text[SHIM_RECORD_CELLS * SHIM_CELL] = "";
	uint32_t cells = (uint32_t)(SHIM_HEAD + strlen(path) + SHIM_CELL - 1) / SHIM_CELL, i;

	memcpy(text, &record, SHIM_HEAD);
	memcpy(text + SHIM_HEAD, path, strlen(path));
	for (i = 0; i < cells; i++)
		memcpy(cell_at(at + i), text + (size_t)i * SHIM_CELL, SHIM_CELL);
	*state_at(at) = SHIM_STATE(stage, result, cells);
}

static void records_come_in_order(void **state)
{
	(void)state;
	put(take(1), SHIM_DONE, SHIM_WORKED, 1, "/a");
	put(take(1), SHIM_DONE, SHIM_ABSENT, 1, "/b");
	read_it("/a=0 /b=1 ");
	read_it("");
	assert_int_equal(the_log.shared->tail, 2);
}

static void a_call_that_lasts_is_read_once(void **state)
{
	uint64_t at = take(1);

	(void)state;
	put(at, SHIM_ASKED, 0, (uint32_t)getpid(), "/lasts");
	put(take(1), SHIM_DONE, SHIM_WORKED, 1, "/b");
	read_it("/lasts=3 /b=0 ");
	assert_int_equal(the_log.shared->tail, 0);
	put(at, SHIM_DONE, SHIM_WORKED, (uint32_t)getpid(), "/lasts");
	read_it("");
	assert_int_equal(the_log.shared->tail, 2);
}

static void what_is_not_written_yet_hides_nothing(void **state)
{
	uint64_t at = take(2);
	static const char path[] = "/a/path/of/more/than/one/cell/because/it/is/long/enough/for/that";

	(void)state;
	put(take(1), SHIM_DONE, SHIM_WORKED, 1, "/b");
	read_it("/b=0 ");
	put(at, SHIM_DONE, SHIM_WORKED, 1, path);
	read_it("/a/path/of/more/than/one/cell/because/it=0 ");
	assert_int_equal(the_log.shared->tail, 3);
}

static void it_goes_round(void **state)
{
	char want[64], path[32];
	unsigned i;

	(void)state;
	for (i = 0; i < 3 * SHIM_CELLS; i++) {
		snprintf(path, sizeof path, "/n%u", i);
		snprintf(want, sizeof want, "%s=0 ", path);
		put(take(1), SHIM_DONE, SHIM_WORKED, 1, path);
		read_it(want);
	}
	assert_int_equal(the_log.shared->tail, 3 * SHIM_CELLS);
}

static void who_was_killed_blocks_nobody(void **state)
{
	unsigned i;

	(void)state;
	put(take(1), SHIM_ASKED, 0, GONE, "/killed");
	read_it("/killed=3 ");
	assert_int_equal(the_log.shared->tail, 0);
	for (i = 1; i < SHIM_CELLS; i++)
		put(take(1), SHIM_DONE, SHIM_WORKED, 1, "/b");
	read_n = 0;
	log_read(&the_log, remember, NULL);
	assert_int_equal(read_n, SHIM_CELLS - 1);
	assert_int_equal(the_log.shared->tail, SHIM_CELLS);
}

static void what_the_shim_never_writes_is_damage(void **state)
{
	static const struct { uint32_t state; const char *path; uint16_t length; uint64_t head; } cases[] = {
		{ SHIM_STATE(SHIM_DONE, 0, 0), "/a", 2, 1 },
		{ SHIM_STATE(SHIM_DONE, 0, SHIM_RECORD_CELLS + 1), "/a", 2, 100 },
		{ SHIM_STATE(SHIM_DONE, 0, 2), "/a", 2, 1 },
		{ SHIM_STATE(SHIM_DONE, 0, 1), "a", 1, 1 },
		{ SHIM_STATE(SHIM_DONE, 0, 1), "/a", 3, 1 },
		{ SHIM_STATE(SHIM_DONE, 0, 1), "/a", 4000, 1 },
		{ SHIM_STATE(SHIM_DONE, 0, 1), "/a", 2, SHIM_CELLS + 1 },
		{ SHIM_STATE(SHIM_DONE, 0, 1), "/a", 2, UINT64_MAX },
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		end(state);
		assert_int_equal(begin(state), 0);
		put(0, SHIM_DONE, 0, 1, cases[i].path);
		((struct shim_record *)(void *)cell_at(0))->length = cases[i].length;
		*state_at(0) = cases[i].state;
		the_log.shared->head = cases[i].head;
		log_read(&the_log, remember, NULL);
		assert_true(the_log.damaged);
		assert_int_equal(the_log.shared->closed, 1);
	}
}

/* Arbitrary memory: reading it ends, and stays within bounds. */
static void reading_ends(void **state)
{
	unsigned seed = (unsigned)time(NULL), round, i;

	print_message("# seed %u\n", seed);
	srand(seed);
	for (round = 0; round < ROUNDS; round++) {
		if (the_log.damaged) {
			end(state);
			assert_int_equal(begin(state), 0);
		}
		the_log.shared->head = rand() % 4 ? the_log.tail + (uint64_t)(rand() % SHIM_CELLS) : ((uint64_t)rand() << 33 | (uint64_t)rand());
		for (i = 0; i < 40; i++) {
			uint64_t at = the_log.tail + (uint64_t)(rand() % SHIM_CELLS);

			*state_at(at) = rand() % 2 ? SHIM_STATE(rand() % 4, (rand() % 4) << 4, rand() % 20) : (uint32_t)rand();
			((struct shim_record *)(void *)cell_at(at))->length = (uint16_t)(rand() % 1200);
			((struct shim_record *)(void *)cell_at(at))->other_length = (uint16_t)(rand() % 3 ? 0 : rand() % 1200);
			cell_at(at)[SHIM_HEAD] = "/x"[rand() % 2];
			memset(cell_at(at) + SHIM_HEAD + 1, rand() % 2 ? 'x' : 0, SHIM_CELL - SHIM_HEAD - 1);
		}
		read_paths[0] = '\0';
		log_read(&the_log, remember, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
		EACH(records_come_in_order),
		EACH(a_call_that_lasts_is_read_once),
		EACH(what_is_not_written_yet_hides_nothing),
		EACH(it_goes_round),
		EACH(who_was_killed_blocks_nobody),
		EACH(what_the_shim_never_writes_is_damage),
		EACH(reading_ends),
	};

	log_init(&the_log, "/ws", true);
	if (!the_log.gate) {
		print_message("1..0 # SKIP there is no gate for this machine\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
