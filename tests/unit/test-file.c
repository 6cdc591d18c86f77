#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"
#include "os/installation.h"
#include "text/path.h"

static struct arena *a;
static char dir[] = "/tmp/vt-file-XXXXXX";

static int begin(void **state)
{
	(void)state;
	a = arena_new();
	return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
	struct err e = { 0 };

	(void)state;
	arena_free(a);
	return file_remove_tree(dir, &e);
}

static const char *in(const char *name)
{
	return path_join(a, dir, name);
}

static void put(const char *name, const char *text, mode_t mode)
{
	struct err e = { 0 };

	assert_int_equal(file_mkdirs(path_dir(a, in(name)), 0755, &e), 0);
	assert_int_equal(file_write(in(name), text, strlen(text), mode, &e), 0);
}

static void a_file_is_read_whole(void **state)
{
	struct bytes got;
	struct err e = { 0 };

	(void)state;
	put("read/a", "some text", 0600);
	assert_int_equal(file_read(in("read/a"), 9, a, &got, &e), 0);
	assert_int_equal(got.size, 9);
	assert_string_equal(got.data, "some text");
	put("read/empty", "", 0600);
	assert_int_equal(file_read(in("read/empty"), 9, a, &got, &e), 0);
	assert_string_equal(got.data, "");
	/* files whose size says nothing */
	assert_int_equal(file_read("/proc/self/status", 1 << 20, a, &got, &e), 0);
	assert_true(got.size > 100);
	assert_int_equal(strlen(got.data), got.size);
	assert_int_equal(file_read("/proc/self/status", 10, a, &got, &e), -1);
	err_clear(&e);
}

static void what_is_no_file_is_told_from_what_is_not_there(void **state)
{
	struct bytes got;
	struct err e = { 0 };

	(void)state;
	put("kinds/a", "x", 0600);
	assert_int_equal(file_read(in("kinds/none"), 9, a, &got, &e), 1);
	assert_int_equal(file_read(in("kinds/a/below"), 9, a, &got, &e), 1);
	assert_int_equal(e.n, 0);
	assert_int_equal(file_read(in("kinds"), 9, a, &got, &e), -1);
	assert_string_equal(e.text[0], arena_printf(a, "%s cannot be read: Is a directory", in("kinds")));
	err_clear(&e);
	assert_int_equal(mkfifo(in("kinds/fifo"), 0600), 0);
	assert_int_equal(file_read(in("kinds/fifo"), 9, a, &got, &e), -1);
	assert_string_equal(e.text[0], arena_printf(a, "%s cannot be read: it is no regular file", in("kinds/fifo")));
	err_clear(&e);
	put("kinds/large", "0123456789", 0600);
	assert_int_equal(file_read(in("kinds/large"), 9, a, &got, &e), -1);
	assert_string_equal(e.text[0], arena_printf(a, "%s is larger than the 9 bytes that are read of such a file", in("kinds/large")));
	err_clear(&e);
}

static void writing_replaces_in_one_go(void **state)
{
	struct bytes got;
	struct stat st;
	struct err e = { 0 };

	(void)state;
	put("write/a", "old, and longer", 0644);
	put("write/a", "new", 0640);
	assert_int_equal(file_read(in("write/a"), 99, a, &got, &e), 0);
	assert_string_equal(got.data, "new");
	assert_int_equal(stat(in("write/a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(file_write(in("write/none/a"), "x", 1, 0600, &e), -1);
	assert_string_equal(e.text[0], arena_printf(a, "%s cannot be written: No such file or directory", in("write/none/a")));
	err_clear(&e);
}

static void folders_are_made_with_their_parents(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_mkdirs(in("deep/er/still"), 0755, &e), 0);
	assert_int_equal(file_mkdirs(in("deep/er/still"), 0755, &e), 0);
	put("deep/file", "", 0600);
	assert_int_equal(file_mkdirs(in("deep/file"), 0755, &e), -1);
	err_clear(&e);
	assert_int_equal(file_mkdirs(in("deep/file/x"), 0755, &e), -1);
	assert_string_equal(e.text[0], arena_printf(a, "the folder %s cannot be made: Not a directory", in("deep/file/x")));
	err_clear(&e);
}

static void removing_a_tree_follows_no_link(void **state)
{
	struct stat st;
	struct err e = { 0 };

	(void)state;
	put("keep/me", "", 0600);
	put("tree/a/b/c", "", 0600);
	assert_int_equal(symlink(in("keep"), in("tree/a/link")), 0);
	assert_int_equal(file_remove_tree(in("tree"), &e), 0);
	assert_int_equal(lstat(in("tree"), &st), -1);
	assert_int_equal(stat(in("keep/me"), &st), 0);
	assert_int_equal(symlink(in("keep"), in("link")), 0);
	assert_int_equal(file_remove_tree(in("link"), &e), 0);
	assert_int_equal(stat(in("keep/me"), &st), 0);
	assert_int_equal(file_remove_tree(in("none"), &e), 0);
}

static void a_real_path_has_no_links_in_it(void **state)
{
	char real[PATH_MAX];
	const char *home = file_real(dir, a);

	(void)state;
	put("real/file", "", 0600);
	put("real/gone (deleted)", "", 0600);
	assert_int_equal(symlink("real", in("way")), 0);
	assert_int_equal(symlink("../way/file", in("real/link")), 0);
	assert_true(file_real_in(in("way/../way/link"), real));
	assert_string_equal(real, arena_printf(a, "%s/real/file", home));
	assert_true(file_real_in(in("way"), real));
	assert_string_equal(real, arena_printf(a, "%s/real", home));
	assert_true(file_real_in(in("way/gone (deleted)"), real));
	assert_string_equal(real, arena_printf(a, "%s/real/gone (deleted)", home));
	assert_true(file_real_in("/", real));
	assert_string_equal(real, "/");
	assert_false(file_real_in(in("way/none"), real));
	assert_int_equal(errno, ENOENT);
	assert_null(file_real(in("real/file/below"), a));
	assert_int_equal(errno, ENOTDIR);
}

static void programs_are_found_as_execvp_would(void **state)
{
	const char *path;

	(void)state;
	put("bin1/tool", "#!/bin/sh\n", 0644);         /* may not be executed: passed over */
	put("bin2/tool", "#!/bin/sh\n", 0755);
	put("here/tool", "#!/bin/sh\n", 0755);
	put("bin1/folder/x", "", 0600);
	put("bin2/folder", "#!/bin/sh\n", 0755);
	path = arena_printf(a, "%s:%s", in("bin1"), in("bin2"));
	assert_string_equal(file_find_program("tool", in("here"), path, NULL, a), in("bin2/tool"));
	assert_string_equal(file_find_program("folder", in("here"), path, NULL, a), in("bin2/folder"));
	assert_null(file_find_program("nothing", in("here"), path, NULL, a));
	assert_null(file_find_program("tool", in("here"), NULL, NULL, a));
	assert_null(file_find_program("", in("here"), path, NULL, a));
	/* relative entries, the empty one too, count from dir; so do names with a slash */
	assert_string_equal(file_find_program("tool", in("here"), "", NULL, a), in("here/tool"));
	assert_string_equal(file_find_program("tool", in("bin1"), "::../bin2/", NULL, a), in("bin1/../bin2/tool"));
	assert_string_equal(file_find_program("./tool", in("here"), NULL, NULL, a), in("here/./tool"));
	assert_string_equal(file_find_program(in("here/tool"), "/", NULL, NULL, a), in("here/tool"));
	assert_null(file_find_program("./tool", in("bin1"), path, NULL, a));
}

/* Runs a copy of this very program at `at`; it prints its places. */
static const char *places_at(const char *at)
{
	char *line = arena_alloc(a, 3 * PATH_MAX);
	struct bytes self;
	struct err e = { 0 };
	FILE *out;

	assert_int_equal(file_read("/proc/self/exe", 64 << 20, a, &self, &e), 0);
	assert_int_equal(file_mkdirs(path_dir(a, at), 0755, &e), 0);
	assert_int_equal(file_write(at, self.data, self.size, 0755, &e), 0);
	out = popen(arena_printf(a, "'%s' places", at), "re");
	assert_non_null(out);
	assert_non_null(fgets(line, 3 * PATH_MAX, out));
	assert_int_equal(pclose(out), 0);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void parts_are_found_in_a_build_tree(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_mkdirs(in("build/plugins-1"), 0755, &e), 0);
	assert_string_equal(places_at(in("build/core/vt")),
		arena_printf(a, "%1$s/build/core/vt-supervisor %1$s/build/plugins-1 %1$s/build/plugin-api/client/vt-node.node", dir));
}

static void parts_are_found_in_a_staged_installation(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_mkdirs(in("stage" VT_PLUGINDIR), 0755, &e), 0);
	assert_int_equal(file_mkdirs(in("stage" VT_LIBEXECDIR), 0755, &e), 0);
	assert_int_equal(file_write(in("stage" VT_LIBEXECDIR "/vt-supervisor"), "", 0, 0755, &e), 0);
	assert_string_equal(places_at(arena_printf(a, "%s/stage" VT_BINDIR "/vt", dir)),
		arena_printf(a, "%1$s/stage" VT_LIBEXECDIR "/vt-supervisor %1$s/stage" VT_PLUGINDIR " %1$s/stage" VT_ADDONDIR "/vt-node.node", dir));
	/* somewhere else altogether: where it was configured to be */
	assert_string_equal(places_at(in("odd/vt")), VT_LIBEXECDIR "/vt-supervisor " VT_PLUGINDIR " " VT_ADDONDIR "/vt-node.node");
}

static int print_places(void)
{
	struct installation p;
	struct err e = { 0 };
	struct arena *own = arena_new();
	int r = installation_find(own, &p, &e);

	if (!r)
		printf("%s %s %s\n", p.supervisor, p.plugins, p.addon);
	arena_free(own);
	return r ? 1 : 0;
}

/* Stands before libc's faccessat: the main thread acts between one thread's answer and its being remembered. */
static _Thread_local bool waits;
static sem_t has_seen, may_go_on;

int faccessat(int dir_fd, const char *path, int mode, int flags)
{
	int r = (int)syscall(SYS_faccessat, dir_fd, path, mode);

	(void)flags;
	if (waits) {
		sem_post(&has_seen);
		sem_wait(&may_go_on);
	}
	return r;
}

struct asker {
	struct file_memo *memo;
	const char *path;
};

static void *ask_and_wait(void *ctx)
{
	struct asker *asker = ctx;

	waits = true;
	assert_true(file_memo_executable(asker->memo, asker->path));
	return NULL;
}

static void what_one_asked_before_it_was_forgotten_is_not_remembered(void **state)
{
	struct asker asker = { file_memo_new(), path_join(a, dir, "flips") };
	struct err e = { 0 };
	pthread_t thread;

	(void)state;
	assert_int_equal(file_write(asker.path, "x", 1, 0700, &e), 0);
	assert_int_equal(sem_init(&has_seen, 0, 0), 0);
	assert_int_equal(sem_init(&may_go_on, 0, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, ask_and_wait, &asker), 0);
	sem_wait(&has_seen);
	assert_int_equal(chmod(asker.path, 0600), 0);
	file_memo_forget(asker.memo);
	sem_post(&may_go_on);
	pthread_join(thread, NULL);
	assert_false(file_memo_executable(asker.memo, asker.path));
	file_memo_free(asker.memo);
}

static void a_program_is_looked_at_again_when_all_is_forgotten(void **state)
{
	const char *near = path_join(a, dir, "near"), *path = path_join(a, near, "program"), *far = path_join(a, dir, "near-by");
	struct file_memo *m = file_memo_new();
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(near, 0700), 0);
	file_memo_near(m, near);
	assert_false(file_memo_stat(m, path, &st));
	assert_false(file_memo_executable(m, path));
	assert_int_equal(file_write(path, "1", 1, 0600, &e), 0);
	assert_int_equal(file_write(far, "1", 1, 0700, &e), 0);
	assert_true(file_memo_stat(m, path, &st));     /* the absence of a file is not remembered */
	assert_int_equal(st.st_size, 1);
	assert_false(file_memo_executable(m, path));
	assert_true(file_memo_executable(m, far));
	assert_int_equal(file_write(path, "12", 2, 0700, &e), 0);
	assert_true(file_memo_stat(m, path, &st));
	assert_int_equal(st.st_size, 1);
	assert_false(file_memo_executable(m, path));
	file_memo_forget(m);
	assert_true(file_memo_executable(m, path));
	assert_true(file_memo_stat(m, path, &st));
	assert_int_equal(st.st_size, 2);
	assert_true(file_memo_executable(m, path));
	file_memo_free(m);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole),
		cmocka_unit_test(what_is_no_file_is_told_from_what_is_not_there),
		cmocka_unit_test(writing_replaces_in_one_go),
		cmocka_unit_test(folders_are_made_with_their_parents),
		cmocka_unit_test(removing_a_tree_follows_no_link),
		cmocka_unit_test(a_real_path_has_no_links_in_it),
		cmocka_unit_test(programs_are_found_as_execvp_would),
		cmocka_unit_test(parts_are_found_in_a_build_tree),
		cmocka_unit_test(parts_are_found_in_a_staged_installation),
		cmocka_unit_test(what_one_asked_before_it_was_forgotten_is_not_remembered),
		cmocka_unit_test(a_program_is_looked_at_again_when_all_is_forgotten),
	};

	if (argc > 1 && strcmp(argv[1], "places") == 0)
		return print_places();
	return cmocka_run_group_tests(tests, begin, end);
}
