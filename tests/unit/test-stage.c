/* Walking below a folder, and putting files in place: through no link, all or none. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "os/file.h"
#include "os/stage.h"
#include "os/tree.h"

static char base[] = "/tmp/vt-stage-XXXXXX";
static int root, tmp;

static int set_up(void **state)
{
	(void)state;
	strcpy(base + strlen(base) - 6, "XXXXXX");
	if (!mkdtemp(base) || chdir(base) < 0)
		return -1;
	mkdir("root", 0755);
	mkdir("tmp", 0755);
	mkdir("outside", 0755);
	root = open("root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tmp = open("tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0 || tmp < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(root);
	close(tmp);
	return chdir("/") < 0 ? -1 : file_remove_tree(base, NULL);
}

static void put(const char *path, const char *text)
{
	assert_int_equal(file_write(path, text, strlen(text), 0644, NULL), 0);
}

static const char *content(const char *path)
{
	static char text[100];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? "(none)" : text;
}

static void give(struct stage *s, const char *path, const char *text)
{
	int fd;

	assert_int_equal(stage_file(s, path, 0755, 1500000000000000007, &fd, NULL), 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static unsigned entries(const char *dir)
{
	struct arena *a = arena_new();
	struct tree_name *names;
	uint32_t n = 0;

	assert_int_equal(tree_list(AT_FDCWD, dir, a, &names, &n), 0);
	arena_free(a);
	return n;
}

static void files_appear_at_commit_with_mode_and_time(void **state)
{
	struct stage *s = stage_new(root, tmp);
	struct stat st;

	(void)state;
	put("root/old", "before");
	give(s, "old", "after");
	give(s, "new/deep/file", "x");
	assert_int_equal(stage_link(s, "new/link", "deep/file", 1200000000000000000, NULL), 0);
	assert_int_equal(stage_dir(s, "empty/folder", 0700, 1400000000000000000, NULL), 0);
	assert_string_equal(content("root/old"), "before");
	assert_string_equal(content("root/new/deep/file"), "(none)");
	assert_int_equal(stage_commit(s, NULL), 0);
	stage_free(s);
	assert_string_equal(content("root/old"), "after");
	assert_string_equal(content("root/new/link"), "x");
	assert_int_equal(lstat("root/new/link", &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1200000000);
	assert_int_equal(stat("root/new/deep/file", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_mtim.tv_sec, 1500000000);
	assert_int_equal(st.st_mtim.tv_nsec, 7);
	assert_int_equal(stat("root/empty/folder", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(st.st_mtim.tv_sec, 1400000000);
	assert_int_equal(entries("tmp"), 0);
}

static void what_is_not_committed_leaves_no_trace(void **state)
{
	struct stage *s = stage_new(root, tmp), *near = stage_new(root, -1);

	(void)state;
	give(s, "a/b", "x");
	assert_int_equal(stage_link(s, "c", "a", 0, NULL), 0);
	stage_free(s);
	give(near, "a", "x");
	stage_free(near);
	assert_int_equal(entries("root"), 0);
	assert_int_equal(entries("tmp"), 0);
}

static void one_impossible_file_stops_all(void **state)
{
	struct stage *s = stage_new(root, tmp);

	(void)state;
	give(s, "first", "x");
	give(s, "second", "x");
	/* between staging and commit a folder appears in the way */
	assert_int_equal(mkdir("root/second", 0755), 0);
	assert_int_equal(stage_commit(s, NULL), -1);
	stage_free(s);
	assert_string_equal(content("root/first"), "(none)");
	assert_int_equal(entries("tmp"), 0);
}

static void a_folder_or_a_file_in_the_way_is_not_taken_away(void **state)
{
	struct stage *s = stage_new(root, tmp);
	int fd;

	(void)state;
	mkdir("root/dir", 0755);
	put("root/file", "mine");
	assert_int_equal(stage_file(s, "dir", 0644, 0, &fd, NULL), -1);
	assert_int_equal(stage_file(s, "file/below", 0644, 0, &fd, NULL), -1);
	assert_int_equal(stage_dir(s, "file", 0755, 0, NULL), -1);
	stage_free(s);
	assert_string_equal(content("root/file"), "mine");
}

static void nothing_is_written_through_a_link(void **state)
{
	struct stage *s = stage_new(root, tmp);
	struct stat st;
	int fd;

	(void)state;
	put("outside/target", "theirs");
	assert_int_equal(symlink("../outside", "root/out"), 0);
	assert_int_equal(symlink("inside", "root/alias"), 0);
	mkdir("root/inside", 0755);
	assert_int_equal(symlink("../outside/target", "root/link"), 0);
	assert_int_equal(stage_file(s, "out/x", 0644, 0, &fd, NULL), -1);
	assert_int_equal(stage_file(s, "out/deep/x", 0644, 0, &fd, NULL), -1);
	assert_int_equal(stage_file(s, "alias/x", 0644, 0, &fd, NULL), -1);
	assert_int_equal(stage_link(s, "out/y", "x", 0, NULL), -1);
	assert_int_equal(stage_dir(s, "out/z", 0755, 0, NULL), -1);
	assert_int_equal(stage_remove(s, "out/target", NULL), -1);
	assert_int_equal(stage_meta(s, "out/target", 0777, 0, NULL), -1);
	/* a link in the file's own place is replaced; its target stays */
	give(s, "link", "ours");
	assert_int_equal(stage_commit(s, NULL), 0);
	stage_free(s);
	assert_string_equal(content("outside/target"), "theirs");
	assert_int_equal(lstat("root/link", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(entries("outside"), 1);
}

static void a_parent_that_becomes_a_link_meanwhile_stops_it(void **state)
{
	struct stage *s = stage_new(root, tmp);

	(void)state;
	mkdir("root/dir", 0755);
	give(s, "dir/x", "ours");
	assert_int_equal(rmdir("root/dir"), 0);
	assert_int_equal(symlink("../outside", "root/dir"), 0);
	assert_int_equal(stage_commit(s, NULL), -1);
	stage_free(s);
	assert_int_equal(entries("outside"), 0);
}

static void another_file_system_is_no_obstacle(void **state)
{
	char other[] = "/dev/shm/vt-stage-XXXXXX";
	struct stat here, there;
	struct stage *s;
	int fd;

	(void)state;
	if (!mkdtemp(other))
		skip();
	fd = open(other, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &there), 0);
	assert_int_equal(fstat(root, &here), 0);
	s = stage_new(root, fd);
	give(s, "sub/x", "far");
	assert_int_equal(stage_commit(s, NULL), 0);
	stage_free(s);
	assert_string_equal(content("root/sub/x"), "far");
	assert_int_equal(entries("root"), 1);
	assert_int_equal(entries(other), 0);
	close(fd);
	rmdir(other);
	if (here.st_dev == there.st_dev)
		skip();
}

static void removing_and_mending_what_stands_there(void **state)
{
	struct stage *s = stage_new(root, tmp);
	struct stat st, before;

	(void)state;
	put("root/gone", "x");
	put("root/meta", "x");
	assert_int_equal(stat("root/meta", &before), 0);
	assert_int_equal(stage_remove(s, "gone", NULL), 0);
	assert_int_equal(stage_remove(s, "never/there", NULL), 0);
	assert_int_equal(stage_meta(s, "meta", 0600, 1300000000000000000, NULL), 0);
	assert_int_equal(stage_commit(s, NULL), 0);
	stage_free(s);
	assert_string_equal(content("root/gone"), "(none)");
	assert_int_equal(stat("root/meta", &st), 0);
	assert_int_equal(st.st_ino, before.st_ino);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_mtim.tv_sec, 1300000000);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void a_link_that_takes_the_place_of_a_file_or_folder_is_not_followed(void **state)
{
	struct stage *s = stage_new(root, tmp);

	(void)state;
	put("outside/secret", "theirs");
	assert_int_equal(chmod("outside/secret", 0600), 0);
	assert_int_equal(chmod("outside", 0711), 0);
	put("root/file", "ours");
	assert_int_equal(stage_meta(s, "file", 0666, 0, NULL), 0);
	assert_int_equal(unlink("root/file"), 0);
	assert_int_equal(symlink("../outside/secret", "root/file"), 0);
	assert_int_equal(stage_commit(s, NULL), -1);
	stage_free(s);
	s = stage_new(root, tmp);
	assert_int_equal(stage_dir(s, "folder", 0755, 0, NULL), 0);
	assert_int_equal(symlink("../outside", "root/folder"), 0);
	assert_int_equal(stage_commit(s, NULL), -1);
	stage_free(s);
	/* nor does a FIFO at that path get the mode of an output */
	s = stage_new(root, tmp);
	put("root/other", "ours");
	assert_int_equal(stage_meta(s, "other", 0666, 0, NULL), 0);
	assert_int_equal(unlink("root/other"), 0);
	assert_int_equal(mkfifo("root/other", 0600), 0);
	assert_int_equal(stage_commit(s, NULL), -1);
	stage_free(s);
	assert_int_equal(mode_of("outside/secret"), 0600);
	assert_int_equal(mode_of("outside"), 0711);
	assert_int_equal(mode_of("root/other"), 0600);
}

/* Swaps a file and a link to a file outside, again and again. */
static void swap_for_ever(void)
{
	for (;;)
		if (renameat2(root, "file", root, "link", RENAME_EXCHANGE) < 0)
			_exit(1);
}

static void modes_stay_inside_whatever_is_swapped_meanwhile(void **state)
{
	struct stage *s;
	pid_t child;
	int i, status;

	(void)state;
	put("outside/secret", "theirs");
	assert_int_equal(chmod("outside/secret", 0600), 0);
	put("root/file", "ours");
	assert_int_equal(symlink("../outside/secret", "root/link"), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		swap_for_ever();
	for (i = 0; i < 20000; i++) {
		s = stage_new(root, tmp);
		if (stage_meta(s, "file", 0666, 0, NULL) == 0)
			(void)stage_commit(s, NULL);
		stage_free(s);
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));      /* the child swapped until it was killed */
	assert_int_equal(mode_of("outside/secret"), 0600);
}

/* As a user who may not read the file, in a child. Returns its exit status. */
static int mend_unreadable(void)
{
	struct stage *s;
	pid_t child = fork();
	int status, r;

	if (child == 0) {
		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0))
			_exit(2);
		s = stage_new(root, -1);
		r = stage_meta(s, "closed", 0640, 1300000000000000000, NULL) == 0 && stage_commit(s, NULL) == 0;
		stage_free(s);
		_exit(r ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_file_that_may_not_be_read_is_mended(void **state)
{
	struct stat st;

	(void)state;
	put("root/closed", "x");
	assert_int_equal(chmod("root/closed", 0), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown("root", 65534, 65534), 0);
		assert_int_equal(chown("root/closed", 65534, 65534), 0);
	}
	assert_int_equal(mend_unreadable(), 0);
	assert_int_equal(mode_of("root/closed"), 0640);
	assert_int_equal(stat("root/closed", &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1300000000);
}

static void what_a_killed_process_left_is_known_and_goes(void **state)
{
	static const struct timespec old[2] = { { .tv_sec = 1300000000 }, { .tv_sec = 1300000000 } };
	struct stage *s;

	(void)state;
	assert_true(stage_is_unfinished("a/.vt-0123456789abcdef.tmp", 26));
	assert_true(stage_is_unfinished(".vt-0123456789abcdef.tmp", 24));
	assert_false(stage_is_unfinished(".vt-0123456789abcdeg.tmp", 24));
	assert_false(stage_is_unfinished(".vt-0123456789abcdef.tmp/a", 26));
	mkdir("root/dist", 0755);
	put("root/dist/.vt-0123456789abcdef.tmp", "old");
	put("root/dist/.vt-00000000000000ff.tmp", "young");
	put("root/dist/.vt-notes.tmp", "mine");
	assert_int_equal(utimensat(AT_FDCWD, "root/dist/.vt-0123456789abcdef.tmp", old, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, "root/dist/.vt-notes.tmp", old, 0), 0);
	s = stage_new(root, -1);
	give(s, "dist/x", "x");
	assert_int_equal(stage_commit(s, NULL), 0);
	stage_free(s);
	assert_string_equal(content("root/dist/.vt-0123456789abcdef.tmp"), "(none)");
	assert_string_equal(content("root/dist/.vt-00000000000000ff.tmp"), "young");
	assert_string_equal(content("root/dist/.vt-notes.tmp"), "mine");
	assert_int_equal(entries("root/dist"), 3);
}

/* ---- tree --------------------------------------------------------------------- */

static char walked[1000];

static void note(void *ctx, const char *path, size_t size, const struct stat *st)
{
	(void)ctx;
	(void)st;
	strncat(walked, path, size);
	strcat(walked, " ");
}

static int has_word(const char *word)
{
	return strstr(walked, word) != NULL;
}

static void a_walk_reports_files_and_does_not_follow_links(void **state)
{
	const struct tree_visitor v = { .found = note };

	(void)state;
	mkdir("root/src", 0755);
	mkdir("root/src/sub", 0755);
	mkdir("root/src/void", 0755);
	put("root/src/a", "");
	put("root/src/sub/b", "");
	put("outside/c", "");
	assert_int_equal(symlink("../../outside", "root/src/away"), 0);
	assert_int_equal(symlink("src", "root/alias"), 0);
	assert_int_equal(mkfifo("root/src/fifo", 0600), 0);
	walked[0] = '\0';
	assert_int_equal(tree_walk(root, "src", 0, &v, NULL), 0);
	assert_true(has_word("src/a ") && has_word("src/sub/b "));
	assert_false(has_word("away") || has_word("void") || has_word("fifo"));
	walked[0] = '\0';
	assert_int_equal(tree_walk(root, "src", TREE_LINKS | TREE_EMPTY, &v, NULL), 0);
	assert_true(has_word("src/away ") && has_word("src/void "));
	assert_false(has_word("away/c") || has_word("fifo"));
	walked[0] = '\0';
	assert_int_equal(tree_walk(root, "alias", 0, &v, NULL), 0);
	assert_string_equal(walked, "");
	assert_int_equal(tree_walk(root, "alias", TREE_FOLLOW_BASE, &v, NULL), 0);
	assert_true(has_word("alias/a "));
	walked[0] = '\0';
	assert_int_equal(tree_walk(root, "src/a", 0, &v, NULL), 0);
	assert_string_equal(walked, "src/a ");
	assert_int_equal(tree_walk(root, "nothing/here", 0, &v, NULL), 0);
	assert_int_equal(tree_walk(root, "src/a/below", 0, &v, NULL), 0);
	assert_string_equal(walked, "src/a ");
}

static void opening_below_leaves_the_root_by_no_way(void **state)
{
	(void)state;
	mkdir("root/in", 0755);
	assert_int_equal(symlink("/", "root/slash"), 0);
	assert_int_equal(symlink("in", "root/alias"), 0);
	assert_int_equal(tree_open(root, "slash/etc"), -1);
	assert_int_equal(tree_open(root, "../outside"), -1);
	assert_int_equal(tree_open(root, "in/../../outside"), -1);
	assert_int_equal(tree_open(root, "/etc"), -1);
	assert_int_equal(tree_open(root, "alias"), -1);
	close(tree_open(root, "in"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(files_appear_at_commit_with_mode_and_time),
		TEST(what_is_not_committed_leaves_no_trace),
		TEST(one_impossible_file_stops_all),
		TEST(a_folder_or_a_file_in_the_way_is_not_taken_away),
		TEST(nothing_is_written_through_a_link),
		TEST(a_parent_that_becomes_a_link_meanwhile_stops_it),
		TEST(another_file_system_is_no_obstacle),
		TEST(removing_and_mending_what_stands_there),
		TEST(a_link_that_takes_the_place_of_a_file_or_folder_is_not_followed),
		TEST(modes_stay_inside_whatever_is_swapped_meanwhile),
		TEST(a_file_that_may_not_be_read_is_mended),
		TEST(what_a_killed_process_left_is_known_and_goes),
		TEST(a_walk_reports_files_and_does_not_follow_links),
		TEST(opening_below_leaves_the_root_by_no_way),
	};

	if (digest_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
