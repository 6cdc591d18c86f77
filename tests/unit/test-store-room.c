/* store-local on a disk that becomes full: what is removed, what never is, what is reported. The
 * disk and its quota are simulated: the bytes of the store's files, and bytes that others put there. */

/* as the plugin is compiled: the functions below take the place of those it calls */
#define _FILE_OFFSET_BITS 64

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "os/file.h"
#include "store-host.h"

#define KIB UINT64_C(1024)
#define MIB (UINT64_C(1024) * KIB)

/* ---- the disk ---------------------------------------------------------------------- */

static struct {
	uint64_t size, others;         /* bytes; size 0: the real one */
	uint64_t quota;                /* bytes of the store; 0: none */
	_Atomic unsigned asked;
	unsigned fail_copy;            /* the Nth write of a new log finds no room; 0: none */
} disk;

/* Of the files in that folder of the store. */
static uint64_t bytes_in(const char *name)
{
	char path[600];
	struct dirent *e;
	struct stat st;
	uint64_t bytes = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/store-2/%s", folder, name);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			bytes += (uint64_t)st.st_size;
	if (d)
		closedir(d);
	return bytes;
}

static uint64_t taken(void)
{
	uint64_t bytes = bytes_in(".");
	char name[20];
	unsigned i;

	for (i = 0; i < 256; i++) {
		snprintf(name, sizeof name, "files/%02x", i);
		bytes += bytes_in(name);
	}
	return bytes;
}

static uint64_t available(void)
{
	uint64_t used = taken() + disk.others;

	return used < disk.size ? disk.size - used : 0;
}

#define INSTEAD __attribute__((visibility("default")))
INSTEAD int fstatvfs(int fd, struct statvfs *ret);
INSTEAD ssize_t write(int fd, const void *data, size_t size);
INSTEAD ssize_t pwrite(int fd, const void *data, size_t size, off_t at);
INSTEAD ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at);

int fstatvfs(int fd, struct statvfs *ret)
{
	(void)fd;
	disk.asked++;
	*ret = (struct statvfs){ .f_frsize = 1, .f_blocks = disk.size ? disk.size : 1000 * 1024 * MIB };
	ret->f_bfree = ret->f_bavail = disk.size ? available() : 900 * 1024 * MIB;
	return 0;
}

/* Is it a write of the store, and beyond its quota? */
static bool is_too_much(size_t size)
{
	return disk.quota && size >= 56 && taken() + size > disk.quota;
}

ssize_t write(int fd, const void *data, size_t size)
{
	if (is_too_much(size)) {
		errno = EDQUOT;
		return -1;
	}
	return syscall(SYS_write, fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	if (is_too_much(size) || (disk.fail_copy && size > 16 && !--disk.fail_copy)) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, data, size, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
	size_t size = 0;
	int i;

	for (i = 0; i < n; i++)
		size += parts[i].iov_len;
	if (is_too_much(size)) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwritev, fd, parts, n, at, 0);
}

static int fresh_disk(void **state)
{
	memset(&disk, 0, sizeof disk);
	return set_up(state);
}

/* Fills the rest of the disk with bytes of others. */
static void leave_available(uint64_t bytes)
{
	disk.others = disk.size - taken() - bytes;
	assert_int_equal(available(), bytes);
}

/* ---- results ------------------------------------------------------------------------- */

enum { SMALL = 20000, LARGE = 100000 };

/* Blobs [from, to) are put on that day; every fifth is large. */
static size_t size_of_blob(unsigned n)
{
	return n % 5 ? SMALL : LARGE;
}

static void keep_on(int then, unsigned from, unsigned to)
{
	void *self;
	unsigned i;

	day = then;
	self = store_open(NULL);
	for (i = from; i < to; i++)
		assert_int_equal(put_in(self, VT_SPACE_BLOB, i, size_of_blob(i)), VT_OK);
	store_close(self);
	day = 0;
}

/* How many of [from, to) are there; what is there is right. Uses nothing. */
static unsigned kept(unsigned from, unsigned to)
{
	void *self = store_open(NULL);
	unsigned i, n = 0;

	for (i = from; i < to; i++) {
		int r = there(self, VT_SPACE_BLOB, i, size_of_blob(i));

		assert_int_not_equal(r, -1);
		n += r == 1;
	}
	component->destroy(self);
	return n;
}

/* ---- the stories ------------------------------------------------------------------------ */

static void old_results_give_way_and_the_new_one_is_kept(void **state)
{
	void *self;

	(void)state;
	disk.size = 40 * MIB;
	keep_on(-9, 0, 20);
	keep_on(-5, 20, 40);
	leave_available(2 * MIB + 10000);
	self = store_open(NULL);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 100, LARGE), VT_OK);
	assert_true(available() >= 2 * MIB);
	store_close(self);
	assert_string_equal(reported, "");
	assert_int_equal(kept(100, 101), 1);
	assert_in_range(kept(0, 20), 1, 18);
	assert_int_equal(kept(20, 40), 20);
	assert_true(available() >= 2 * MIB);
}

static void results_used_today_or_yesterday_stay(void **state)
{
	void *self;

	(void)state;
	disk.size = 40 * MIB;
	keep_on(-5, 0, 20);
	keep_on(-1, 20, 30);
	self = store_open(NULL);
	assert_int_equal(there(self, VT_SPACE_BLOB, 5, LARGE), 1);
	assert_int_equal(there(self, VT_SPACE_BLOB, 6, SMALL), 1);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 7, SMALL), VT_OK);
	leave_available(500000);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 100, LARGE), VT_FAILED);
	component->destroy(self);
	assert_int_equal(kept(5, 8), 3);
	assert_int_equal(kept(20, 30), 10);
	assert_int_equal(kept(0, 5) + kept(8, 20), 0);
}

static void the_room_that_stays_free_is_told_with_its_option(void **state)
{
	void *self;
	char want[700];

	(void)state;
	disk.size = 40 * MIB;
	keep_on(0, 0, 10);
	leave_available(1 * MIB);
	self = store_open(NULL);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 100, LARGE), VT_FAILED);
	snprintf(want, sizeof want, "3 full keeping more would leave less than 2.0 MiB free (option 'free'): "
		 "lower it, or make room on the disk of '%s/store-2'", folder);
	assert_string_equal(reported, want);
	leave_available(1000);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 100, LARGE), VT_FAILED);
	assert_string_equal(reported, "3 full cannot write to the cache: No space left on device");
	assert_int_equal(there(self, VT_SPACE_BLOB, 100, LARGE), 0);
	reported[0] = '\0';
	store_close(self);
	assert_string_equal(reported, "");
	assert_int_equal(kept(0, 10), 10);
}

static void set_option(void *self, const char *key, const char *value)
{
	assert_int_equal(component->set(self, &call, key, (vt_bytes){ value, strlen(value) }), VT_OK);
}

static void the_option_is_bytes_but_not_more_than_a_twentieth(void **state)
{
	void *self;

	(void)state;
	disk.size = 40 * MIB;
	leave_available(200000);
	self = store_open(NULL);
	set_option(self, "free", "150000");
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 1, SMALL), VT_OK);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 5, LARGE), VT_FAILED);
	component->destroy(self);
	self = store_open(NULL);
	set_option(self, "free", "0");
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 5, LARGE), VT_OK);
	component->destroy(self);
	leave_available(2 * MIB + 200000);
	self = store_open(NULL);
	set_option(self, "free", "100000000000000000");
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 10, LARGE), VT_OK);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 15, LARGE), VT_FAILED);
	component->destroy(self);
	assert_int_equal(kept(0, 11), 3);
}

static void a_quota_that_the_disk_does_not_tell_makes_old_ones_go(void **state)
{
	void *self;

	(void)state;
	keep_on(-5, 0, 40);
	self = store_open(NULL);
	disk.quota = taken() + 5000;
	/* a large put fails in its middle, makes room and goes on */
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 100, LARGE), VT_OK);
	disk.quota = taken() + 5000;
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 101, SMALL), VT_OK);
	assert_int_equal(there(self, VT_SPACE_BLOB, 100, LARGE), 1);
	assert_int_equal(there(self, VT_SPACE_BLOB, 101, SMALL), 1);
	assert_string_equal(reported, "");
	disk.quota = 0;
	component->destroy(self);
	assert_int_equal(kept(100, 102), 2);
	assert_in_range(kept(0, 40), 1, 39);
}

static void a_quota_with_nothing_old_is_an_answer(void **state)
{
	void *self;

	(void)state;
	keep_on(0, 0, 10);
	self = store_open(NULL);
	disk.quota = taken() + 5000;
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 100, LARGE), VT_FAILED);
	assert_string_equal(reported, "3 full cannot write to the cache: Disk quota exceeded");
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 101, SMALL), VT_FAILED);
	assert_string_equal(reported, "3 full cannot write to the cache: No space left on device");
	disk.quota = 0;
	component->destroy(self);
	assert_int_equal(kept(0, 10), 10);
	assert_int_equal(count_files(), 2);
}

static void with_no_room_for_a_second_log_files_go(void **state)
{
	void *self;
	off_t before;

	(void)state;
	disk.size = 40 * MIB;
	keep_on(-5, 0, 60);
	before = size_of("log");
	leave_available(4000);                 /* of a log of a megabyte, and 12 files */
	self = store_open(NULL);
	set_option(self, "free", "100000");
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 101, SMALL), VT_OK);
	assert_true(available() >= 100000);
	assert_in_range(count_files(), 1, 11);
	assert_true(size_of("log") > before);          /* the log was not rewritten */
	component->destroy(self);
	self = store_open(NULL);
	assert_int_equal(there(self, VT_SPACE_BLOB, 1, SMALL), 1);
	assert_int_equal(there(self, VT_SPACE_BLOB, 59, SMALL), 1);
	assert_int_equal(there(self, VT_SPACE_BLOB, 101, SMALL), 1);
	assert_int_equal(there(self, VT_SPACE_BLOB, 0, LARGE), 0);
	/* the log knows the removal, too */
	disk.others = 0;
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 0, LARGE), VT_OK);
	assert_int_equal(there(self, VT_SPACE_BLOB, 0, LARGE), 1);
	component->destroy(self);
}

static void files_make_the_room_for_the_second_log(void **state)
{
	void *self;
	off_t before;

	(void)state;
	disk.size = 80 * MIB;
	keep_on(-5, 0, 20);                    /* 16 small ones, 4 files */
	before = size_of("log");
	leave_available((uint64_t)before - 60000);
	self = store_open(NULL);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 101, SMALL), VT_FAILED);  /* four mebibytes are too much to ask for */
	component->destroy(self);
	assert_true(size_of("log") < 1000);
	assert_int_equal(count_files(), 0);
}

/* Fails each write of the copy in turn. */
static void no_room_while_the_log_is_copied_loses_nothing(void **state)
{
	unsigned nth;

	(void)state;
	disk.size = 80 * MIB;
	for (nth = 1; nth <= 3; nth++) {
		void *self;

		keep_on(-5, nth * 1000 + 1, nth * 1000 + 5);           /* all small */
		keep_on(0, nth * 1000 + 100, nth * 1000 + 150);
		leave_available(4 * MIB + 1000);
		disk.fail_copy = nth;
		self = store_open(NULL);
		assert_int_equal(put_in(self, VT_SPACE_BLOB, 1, SMALL), VT_FAILED);
		assert_int_equal(disk.fail_copy, 0);
		assert_int_equal(there(self, VT_SPACE_BLOB, nth * 1000 + 1, SMALL), 1);
		component->destroy(self);
		assert_int_equal(kept(nth * 1000 + 1, nth * 1000 + 5), 4);
		assert_int_equal(kept(nth * 1000 + 100, nth * 1000 + 150), 50);
		assert_int_equal(size_of("log.new"), -1);
		disk.others = 0;
	}
}

static void the_end_of_a_run_makes_room_too(void **state)
{
	void *self;

	(void)state;
	disk.size = 40 * MIB;
	keep_on(-5, 0, 20);
	keep_on(0, 20, 25);
	self = store_open(NULL);
	assert_int_equal(put_in(self, VT_SPACE_BLOB, 101, SMALL), VT_OK);
	leave_available(2 * MIB - 100000);     /* others filled the disk meanwhile */
	store_close(self);
	assert_true(available() >= 2 * MIB);
	assert_string_equal(reported, "");
	assert_in_range(kept(0, 20), 1, 18);
	assert_int_equal(kept(20, 25), 5);
	assert_int_equal(kept(101, 102), 1);
}

static void a_run_of_hits_leaves_a_full_disk_alone(void **state)
{
	void *self;
	off_t before;

	(void)state;
	disk.size = 40 * MIB;
	keep_on(-5, 0, 20);
	keep_on(0, 20, 25);
	leave_available(0);
	before = size_of("log");
	disk.asked = 0;
	self = store_open(NULL);
	assert_int_equal(there(self, VT_SPACE_BLOB, 20, LARGE), 1);
	assert_int_equal(there(self, VT_SPACE_BLOB, 21, SMALL), 1);
	store_close(self);
	assert_int_equal(disk.asked, 1);
	assert_int_equal(size_of("log"), before);
	assert_string_equal(reported, "");
	assert_int_equal(kept(0, 25), 25);
}

static void the_disk_is_not_asked_at_each_put(void **state)
{
	void *self = store_open(NULL);
	unsigned i;

	(void)state;
	for (i = 0; i < 200; i++)
		assert_int_equal(put_in(self, VT_SPACE_ENTRY, i, 1000), VT_OK);
	assert_int_equal(disk.asked, 1);
	for (i = 200; i < 400; i++)
		assert_int_equal(put_in(self, VT_SPACE_ENTRY, i, SMALL), VT_OK);
	assert_in_range(disk.asked, 4, 6);
	component->destroy(self);
}

static void *put_ten(void *ctx)
{
	void **args = ctx;
	unsigned first = *(unsigned *)args[1], i;
	uintptr_t failed = 0;

	for (i = first; i < first + 10; i++)
		failed += put_in(args[0], VT_SPACE_BLOB, i, size_of_blob(i)) != VT_OK;
	return (void *)failed;
}

static void threads_that_all_need_room_get_it(void **state)
{
	unsigned first[4] = { 1000, 1010, 1020, 1030 }, i;
	void *args[4][2], *self, *failed;
	pthread_t thread[4];

	(void)state;
	disk.size = 40 * MIB;
	keep_on(-5, 0, 100);
	leave_available(2 * MIB);
	self = store_open(NULL);
	for (i = 0; i < 4; i++) {
		args[i][0] = self;
		args[i][1] = &first[i];
		assert_int_equal(pthread_create(&thread[i], NULL, put_ten, args[i]), 0);
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &failed), 0);
		assert_ptr_equal(failed, NULL);
	}
	store_close(self);
	assert_int_equal(kept(1000, 1040), 40);
	assert_true(available() >= 2 * MIB - 100000);
}

static void nothing_but_free_may_be_zero(void **state)
{
	void *self = store_open(NULL);

	(void)state;
	set_option(self, "free", "0");
	assert_int_equal(component->set(self, &call, "size", (vt_bytes){ "0", 1 }), VT_FAILED);
	assert_string_equal(reported, "3 option nothing would be kept");
	component->destroy(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh_disk, tear_down)
		TEST(old_results_give_way_and_the_new_one_is_kept),
		TEST(results_used_today_or_yesterday_stay),
		TEST(the_room_that_stays_free_is_told_with_its_option),
		TEST(the_option_is_bytes_but_not_more_than_a_twentieth),
		TEST(a_quota_that_the_disk_does_not_tell_makes_old_ones_go),
		TEST(a_quota_with_nothing_old_is_an_answer),
		TEST(with_no_room_for_a_second_log_files_go),
		TEST(files_make_the_room_for_the_second_log),
		TEST(no_room_while_the_log_is_copied_loses_nothing),
		TEST(the_end_of_a_run_makes_room_too),
		TEST(a_run_of_hits_leaves_a_full_disk_alone),
		TEST(the_disk_is_not_asked_at_each_put),
		TEST(threads_that_all_need_room_get_it),
		TEST(nothing_but_free_may_be_zero),
	};

	if (!store_load())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
