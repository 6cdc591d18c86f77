/* store-local as vt loads it: kept, found again, damaged, torn, crowded, too large. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/file.h"
#include "store-host.h"

/* ---- the stories ------------------------------------------------------------------ */

static void an_object_that_was_put_is_found_now_and_in_the_next_run(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 4000, 65536, 65537, 300000 };
	void *self = store_open(NULL);
	unsigned i;

	(void)state;
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 5), 0);
	assert_int_equal(size_of("."), -1);            /* nothing is made before something is put */
	for (i = 0; i < COUNT(sizes); i++)
		assert_int_equal(put_in(self, VT_SPACE_BLOB, i, sizes[i]), VT_OK);
	assert_int_equal(put_in(self, VT_SPACE_ENTRY, 1, 40), VT_OK);
	for (i = 0; i < COUNT(sizes); i++)
		assert_int_equal(there(self, VT_SPACE_BLOB, i, sizes[i]), 1);
	store_close(self);
	self = store_open(NULL);
	for (i = 0; i < COUNT(sizes); i++)
		assert_int_equal(there(self, VT_SPACE_BLOB, i, sizes[i]), 1);
	assert_int_equal(there(self, VT_SPACE_ENTRY, 1, 40), 1);
	assert_int_equal(there(self, VT_SPACE_ENTRY, 2, 40), 0);
	assert_int_equal(count_files(), 2);
	store_close(self);
}

static void the_last_entry_wins_and_a_blob_is_kept_once(void **state)
{
	void *self = store_open(NULL);
	off_t size;

	(void)state;
	assert_int_equal(put_in(self, VT_SPACE_ENTRY, 1, 40), VT_OK);
	assert_int_equal(put_in(self, VT_SPACE_ENTRY, 1, 80), VT_OK);
	assert_int_equal(there(self, VT_SPACE_ENTRY, 1, 80), 1);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 1, 1000), VT_OK);
	size = size_of("log");
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 1, 1000), VT_OK);
	assert_int_equal(size_of("log"), size);
	store_close(self);
	self = store_open(NULL);
	assert_int_equal(there(self, VT_SPACE_ENTRY, 1, 80), 1);
	store_close(self);
}

static void a_dropped_object_stays_away(void **state)
{
	void *self = store_open(NULL);
	vt_id id = id_of(1), large = id_of(2);

	(void)state;
	put_in(self, VT_SPACE_BLOB, 1, 100);
	put_in(self, VT_SPACE_BLOB, 2, 200000);
	assert_int_equal(ops->drop(self, &call, VT_SPACE_BLOB, &id, VT_DROP_ASKED), VT_OK);
	assert_int_equal(ops->drop(self, &call, VT_SPACE_BLOB, &large, VT_DROP_ASKED), VT_OK);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 100), 0);
	store_close(self);
	self = store_open(NULL);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 100), 0);
	assert_int_equal(there(self, VT_SPACE_BLOB, 2, 200000), 0);
	assert_int_equal(count_files(), 0);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 1, 100), VT_OK);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 100), 1);
	store_close(self);
}

static void a_torn_tail_is_cut_and_nothing_else_is_lost(void **state)
{
	void *self;
	off_t whole, cut;
	unsigned i;

	(void)state;
	for (i = 1; i < 60; i += 3) {
		self = store_open(NULL);
		put_in(self, VT_SPACE_BLOB, 1, 500);
		whole = size_of("log");
		put_in(self, VT_SPACE_BLOB, 1000 + i, 321);
		component->destroy(self);
		cut = size_of("log") - (off_t)i * 6;
		if (cut <= whole)
			break;
		assert_int_equal(truncate(file("log"), cut), 0);
		self = store_open(NULL);
		assert_int_equal(there(self, VT_SPACE_BLOB, 1, 500), 1);
		assert_int_equal(there(self, VT_SPACE_BLOB, 1000 + i, 321), 0);
		assert_int_equal(put_in(self, VT_SPACE_BLOB, 5000 + i, 123), VT_OK);
		store_close(self);
		self = store_open(NULL);
		assert_int_equal(there(self, VT_SPACE_BLOB, 1, 500), 1);
		assert_int_equal(there(self, VT_SPACE_BLOB, 5000 + i, 123), 1);
		assert_string_equal(reported, "");         /* a torn tail is no damage to speak of */
		store_close(self);
	}
}

static void a_flipped_bit_costs_one_record(void **state)
{
	void *self = store_open(NULL);
	off_t at, size;
	unsigned i, lost;
	char byte;
	int fd;

	(void)state;
	for (i = 0; i < 20; i++)
		put_in(self, VT_SPACE_BLOB, i, 100);
	component->destroy(self);
	size = size_of("log");
	for (at = 16; at < size; at += 11) {
		fd = open(file("log"), O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 8;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		self = store_open(NULL);
		for (i = 0, lost = 0; i < 20; i++) {
			int r = there(self, VT_SPACE_BLOB, i, 100);

			assert_int_not_equal(r, -1);
			lost += r == 0;
		}
		assert_true(lost <= 1);
		component->destroy(self);
		byte ^= 8;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
	}
}

static void damage_is_told_once_and_gone_after_the_run(void **state)
{
	void *self = store_open(NULL);
	int fd;

	(void)state;
	put_in(self, VT_SPACE_BLOB, 1, 100);
	put_in(self, VT_SPACE_BLOB, 2, 100);
	store_close(self);
	fd = open(file("log"), O_RDWR);
	assert_int_equal(pwrite(fd, "damage", 6, 16 + 60), 6);
	close(fd);
	self = store_open(NULL);
	assert_int_equal(there(self, VT_SPACE_BLOB, 2, 100), 1);
	assert_string_equal(reported, "2 damaged damaged records were dropped");
	store_close(self);
	reported[0] = '\0';
	self = store_open(NULL);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 100), 0);
	assert_int_equal(there(self, VT_SPACE_BLOB, 2, 100), 1);
	assert_string_equal(reported, "");
	store_close(self);
}

static void a_file_that_is_no_log_is_replaced(void **state)
{
	void *self = store_open(NULL);

	(void)state;
	put_in(self, VT_SPACE_BLOB, 1, 100);
	store_close(self);
	assert_int_equal(file_write(file("log"), "something else", 14, 0600, NULL), 0);
	self = store_open(NULL);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 100), 0);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 1, 100), VT_OK);
	store_close(self);
	self = store_open(NULL);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 100), 1);
	store_close(self);
}

static void a_file_cut_or_gone_is_a_miss_and_can_be_put_again(void **state)
{
	void *self = store_open(NULL);
	char path[300];
	vt_id id = id_of(1);
	unsigned i;
	int n;

	(void)state;
	put_in(self, VT_SPACE_BLOB, 1, 100000);
	n = snprintf(path, sizeof path, "files/%02x/", id.byte[0]);
	for (i = 0; i < 32; i++)
		n += snprintf(path + n, sizeof path - (size_t)n, "%02x", id.byte[i]);
	assert_int_equal(truncate(file(path), 99999), 0);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 100000), 0);
	assert_int_equal(unlink(file(path)), 0);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 100000), 0);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 1, 100000), VT_OK);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, 100000), 1);
	store_close(self);
}

static void four_processes_write_at_once_and_all_objects_are_found(void **state)
{
	pid_t pid[4];
	void *self;
	unsigned p, i;
	int status;

	(void)state;
	for (p = 0; p < 4; p++) {
		pid[p] = fork();
		if (pid[p] == 0) {
			int good = 1;

			self = store_open(NULL);
			for (i = 0; i < 150 && good; i++) {
				good = put_in(self, VT_SPACE_BLOB, p * 1000 + i, 50 + i * 7) == VT_OK &&
				       put_in(self, VT_SPACE_ENTRY, i % 5, 40 + p) == VT_OK &&
				       there(self, VT_SPACE_BLOB, p * 1000 + i / 2, 50 + i / 2 * 7) == 1;
				if (i % 50 == 0)
					good = good && put_in(self, VT_SPACE_BLOB, p * 1000 + 500 + i, 70000) == VT_OK;
			}
			ops->settle(self, &call);
			component->destroy(self);
			_exit(good ? 0 : 1);
		}
	}
	for (p = 0; p < 4; p++) {
		assert_int_equal(waitpid(pid[p], &status, 0), pid[p]);
		assert_int_equal(status, 0);
	}
	self = store_open(NULL);
	for (p = 0; p < 4; p++)
		for (i = 0; i < 150; i++)
			assert_int_equal(there(self, VT_SPACE_BLOB, p * 1000 + i, 50 + i * 7), 1);
	assert_int_equal(there(self, VT_SPACE_BLOB, 3500, 70000), 1);
	assert_string_equal(reported, "");
	store_close(self);
}

static void a_writer_killed_while_writing_leaves_whole_records(void **state)
{
	void *self;
	unsigned round, i;
	int status;

	(void)state;
	for (round = 0; round < 10; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			self = store_open(NULL);
			for (i = 0;; i++) {
				put_in(self, VT_SPACE_BLOB, round * 100000 + i, 3000);
				if (i % 10 == 9)
					put_in(self, VT_SPACE_BLOB, round * 100000 + 50000 + i, 400000);
				if (i % 100 == 99)
					ops->settle(self, &call);
			}
		}
		usleep(5000 + 3000 * round);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		self = store_open(NULL);
		for (i = 0; there(self, VT_SPACE_BLOB, round * 100000 + i, 3000) == 1; i++)
			;
		assert_int_not_equal(there(self, VT_SPACE_BLOB, round * 100000 + i, 3000), -1);
		assert_int_equal(put_in(self, VT_SPACE_BLOB, 99, 64), VT_OK);
		assert_int_equal(there(self, VT_SPACE_BLOB, 99, 64), 1);
		store_close(self);
	}
}

static void the_store_stays_below_its_bound_and_keeps_the_latest(void **state)
{
	void *self = store_open("1048576");
	unsigned i;
	uint64_t bytes = 0;

	(void)state;
	for (i = 0; i < 100; i++)
		put_in(self, VT_SPACE_BLOB, i, i % 10 == 0 ? 100000 : 20000);
	store_close(self);
	self = store_open("1048576");
	for (i = 0; i < 100; i++)
		if (there(self, VT_SPACE_BLOB, i, i % 10 == 0 ? 100000 : 20000) == 1)
			bytes += i % 10 == 0 ? 100000 : 20000;
	assert_in_range(bytes, 500000, 1 << 20);
	assert_int_equal(there(self, VT_SPACE_BLOB, 99, 20000), 1);
	assert_int_equal(there(self, VT_SPACE_BLOB, 90, 100000), 1);
	assert_int_equal(there(self, VT_SPACE_BLOB, 0, 100000), 0);
	assert_in_range(size_of("log"), 1, 1 << 20);
	assert_true(count_files() < 10);
	store_close(self);
}

/* Up to half of the bound. */
static void a_store_of_the_format_before_counts_against_the_bound(void **state)
{
	char path[400];
	uint64_t bytes = 0;
	void *self;
	unsigned i;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/store-1", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/store-1/log", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(ftruncate(fileno(f), 400000), 0);
	fclose(f);
	self = store_open("1048576");
	for (i = 0; i < 60; i++)
		put_in(self, VT_SPACE_BLOB, i, 20000);
	store_close(self);
	self = store_open("1048576");
	for (i = 0; i < 60; i++)
		bytes += there(self, VT_SPACE_BLOB, i, 20000) == 1 ? 20000 : 0;
	assert_in_range(bytes, 200000, 1048576 - 400000);
	store_close(self);
}

static void reading_goes_on_while_another_collects(void **state)
{
	void *reader, *writer = store_open(NULL);
	unsigned i;

	(void)state;
	for (i = 0; i < 300; i++)
		put_in(writer, VT_SPACE_BLOB, i, 20000);
	store_close(writer);
	reader = store_open(NULL);
	assert_int_equal(there(reader, VT_SPACE_BLOB, 0, 20000), 1);
	writer = store_open("1048576");
	store_close(writer);
	assert_true(size_of("log") < 1 << 20);
	for (i = 0; i < 300; i++)
		assert_int_equal(there(reader, VT_SPACE_BLOB, i, 20000), 1);
	/* later writes of the reader go to the new log */
	assert_int_equal(put_in(reader, VT_SPACE_BLOB, 7000, 100), VT_OK);
	assert_int_equal(there(reader, VT_SPACE_BLOB, 7000, 100), 1);
	component->destroy(reader);
	reader = store_open(NULL);
	assert_int_equal(there(reader, VT_SPACE_BLOB, 7000, 100), 1);
	store_close(reader);
}

/* A thread that reads while the log is copied. */
static struct {
	void *self;                    /* of the store that collects */
	pthread_t thread;
	bool asked;                    /* the thread was started */
	_Atomic int answer;            /* result of there(); -2: not yet */
	int in_time;                   /* the same, at the time when the copying still waited */
} meanwhile;

static void *read_meanwhile(void *ctx)
{
	meanwhile.answer = there(meanwhile.self, VT_SPACE_BLOB, 1999, 2000);
	return ctx;
}

/* The copying asks now and then whether to stop. */
static int stopping_while_another_reads(vt_call *c)
{
	int i;

	(void)c;
	if (meanwhile.asked || size_of("log.new") < 0)
		return 0;
	meanwhile.asked = true;
	assert_int_equal(pthread_create(&meanwhile.thread, NULL, read_meanwhile, NULL), 0);
	for (i = 0; i < 20000 && meanwhile.answer == -2; i++)
		usleep(1000);
	meanwhile.in_time = meanwhile.answer;
	return 0;
}

static void other_threads_read_while_this_store_collects(void **state)
{
	int (*usual)(vt_call *c) = call.stopping;
	void *self = store_open(NULL);
	unsigned i;

	(void)state;
	for (i = 0; i < 2000; i++)
		put_in(self, VT_SPACE_BLOB, i, 2000);
	store_close(self);
	self = meanwhile.self = store_open("3145728");
	meanwhile.answer = meanwhile.in_time = -2;
	call.stopping = stopping_while_another_reads;
	store_close(self);
	call.stopping = usual;
	assert_true(meanwhile.asked);
	assert_int_equal(pthread_join(meanwhile.thread, NULL), 0);
	assert_int_equal(meanwhile.in_time, 1);
	assert_true(size_of("log") < 3 << 20);
}

static void a_use_is_noted_though_another_has_rewritten_the_log(void **state)
{
	void *reader, *writer;
	unsigned i;

	(void)state;
	day = -5;
	writer = store_open(NULL);
	assert_int_equal(put_in(writer, VT_SPACE_BLOB, 1, 100), VT_OK);
	store_close(writer);
	day = 0;
	reader = store_open(NULL);
	assert_int_equal(there(reader, VT_SPACE_BLOB, 1, 100), 1);
	writer = store_open(NULL);
	for (i = 0; i < 40; i++)
		assert_int_equal(put_in(writer, VT_SPACE_ENTRY, 1, 60000), VT_OK);
	store_close(writer);
	assert_true(size_of("log") < 100000);
	assert_int_equal(oldest_days(), 5);
	assert_int_equal(put_in(reader, VT_SPACE_BLOB, 2, 100), VT_OK);
	store_close(reader);
	assert_int_equal(oldest_days(), 0);
}

static void a_large_log_has_an_index_that_tells_the_same(void **state)
{
	void *self = store_open(NULL);
	unsigned i;
	int fd;

	(void)state;
	for (i = 0; i < 400; i++)
		put_in(self, VT_SPACE_BLOB, i, 20000);
	store_close(self);
	assert_true(size_of("index") > 400 * 50);
	self = store_open(NULL);
	for (i = 400; i < 420; i++)
		put_in(self, VT_SPACE_BLOB, i, 20000);
	component->destroy(self);
	self = store_open(NULL);
	for (i = 0; i < 420; i++)
		assert_int_equal(there(self, VT_SPACE_BLOB, i, 20000), 1);
	component->destroy(self);
	/* a damaged index is ignored */
	fd = open(file("index"), O_RDWR);
	assert_int_equal(pwrite(fd, "damage", 6, 500), 6);
	close(fd);
	self = store_open(NULL);
	for (i = 0; i < 420; i++)
		assert_int_equal(there(self, VT_SPACE_BLOB, i, 20000), 1);
	store_close(self);
}

static void a_full_disk_is_an_answer(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		const struct rlimit limit = { 100000, 100000 };
		void *self = store_open(NULL);
		unsigned i;
		int good, failed = 0;

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		for (i = 0; i < 20; i++)
			failed += put_in(self, VT_SPACE_BLOB, i, 10000) != VT_OK;
		good = failed > 0 && put_in(self, VT_SPACE_BLOB, 50, 500000) != VT_OK && there(self, VT_SPACE_BLOB, 0, 10000) == 1;
		good = good && there(self, VT_SPACE_BLOB, 19, 10000) == 0 && strstr(reported, "cannot write to the cache") != NULL;
		component->destroy(self);
		_exit(good ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

struct putter {
	void *self;
	_Atomic bool began, ended;
	vt_status status;
};

static void *put_two(void *ctx)
{
	struct putter *p = ctx;

	p->began = true;
	p->status = put_in(p->self, VT_SPACE_BLOB, 2, 40);
	p->ended = true;
	return NULL;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void reading_goes_on_while_a_put_waits_for_another_process(void **state)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	void *self = store_open(NULL);
	struct putter p = { .self = self };
	pthread_t thread;
	uint64_t begin;
	int fd;

	(void)state;
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 1, 40), VT_OK);
	fd = open(file("lock"), O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &whole), 0);
	assert_int_equal(pthread_create(&thread, NULL, put_two, &p), 0);
	begin = now_ms();
	/* a reader that waited for the lock would hang here until the put gives up */
	while (!p.began || now_ms() - begin < 200)
		assert_int_equal(there(self, VT_SPACE_BLOB, 1, 40), 1);
	assert_false(p.ended);
	close(fd);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(p.status, VT_OK);
	assert_int_equal(there(self, VT_SPACE_BLOB, 2, 40), 1);
	store_close(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(an_object_that_was_put_is_found_now_and_in_the_next_run),
		TEST(reading_goes_on_while_a_put_waits_for_another_process),
		TEST(the_last_entry_wins_and_a_blob_is_kept_once),
		TEST(a_dropped_object_stays_away),
		TEST(a_torn_tail_is_cut_and_nothing_else_is_lost),
		TEST(a_flipped_bit_costs_one_record),
		TEST(damage_is_told_once_and_gone_after_the_run),
		TEST(a_file_that_is_no_log_is_replaced),
		TEST(a_file_cut_or_gone_is_a_miss_and_can_be_put_again),
		TEST(four_processes_write_at_once_and_all_objects_are_found),
		TEST(a_writer_killed_while_writing_leaves_whole_records),
		TEST(the_store_stays_below_its_bound_and_keeps_the_latest),
		TEST(a_store_of_the_format_before_counts_against_the_bound),
		TEST(reading_goes_on_while_another_collects),
		TEST(other_threads_read_while_this_store_collects),
		TEST(a_use_is_noted_though_another_has_rewritten_the_log),
		TEST(a_large_log_has_an_index_that_tells_the_same),
		TEST(a_full_disk_is_an_answer),
	};

	if (!store_load())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
