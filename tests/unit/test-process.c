#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

static void a_child_is_started_and_its_exit_code_comes_back(void **state)
{
	struct world w;
	struct task t;

	(void)state;
	begin(&w);
	run(&w, &t, "echo hello; exit 7");
	assert_int_equal(t.started, 1);
	assert_int_equal(t.exited, 1);
	assert_int_equal(t.failed, 0);
	assert_true(t.pid > 0);
	assert_int_equal(t.how, 0);
	assert_int_equal(t.listener, 0);
	assert_true(WIFEXITED(t.status));
	assert_int_equal(WEXITSTATUS(t.status), 7);
	assert_string_equal(buf_str(&t.printed), "hello\n");
	assert_int_equal(t.out_ended, 1);
	assert_false(processes_running(w.ps));
	done(&t);
	finish(&w);
	assert_int_equal(w.deaths, 0);
}

static void death_by_a_signal_comes_back(void **state)
{
	struct world w;
	struct task t;

	(void)state;
	begin(&w);
	run(&w, &t, "kill -SEGV $$");
	assert_true(WIFSIGNALED(t.status));
	assert_int_equal(WTERMSIG(t.status), SIGSEGV);
	done(&t);
	finish(&w);
}

static void a_missing_program_is_an_errno_and_no_exit_code(void **state)
{
	const char *argv[] = { "/nonexistent/program", NULL }, *pwd[] = { "/bin/pwd", NULL };
	struct world w;
	struct task t;

	(void)state;
	begin(&w);
	start(&w, &t, argv, no_env, "/");
	loop_run(w.loop);
	assert_int_equal(t.failed, 1);
	assert_int_equal(t.error, ENOENT);
	assert_string_equal(process_failed_in(t.p), "execve");
	assert_int_equal(t.started + t.exited, 0);
	done(&t);
	start(&w, &t, pwd, no_env, "/nonexistent");
	loop_run(w.loop);
	assert_int_equal(t.failed, 1);
	assert_int_equal(t.error, ENOENT);
	assert_string_equal(process_failed_in(t.p), "chdir");
	done(&t);
	finish(&w);
}

static void the_child_gets_its_folder_arguments_and_environment(void **state)
{
	const char *argv[] = { "/bin/sh", "-c", "pwd; env; printf '<%s>' \"$@\"", "sh", "a b", "", NULL };
	const char *env[] = { "PWD=/usr", "ONE=1", "NOT_UTF8=\xff", NULL };
	struct world w;
	struct task t;

	(void)state;
	begin(&w);
	start(&w, &t, argv, env, "/usr");
	loop_run(w.loop);
	assert_non_null(strstr(buf_str(&t.printed), "/usr\n"));
	assert_non_null(strstr(buf_str(&t.printed), "ONE=1\n"));
	assert_non_null(strstr(buf_str(&t.printed), "NOT_UTF8=\xff\n"));
	assert_non_null(strstr(buf_str(&t.printed), "<a b><>"));
	assert_null(strstr(buf_str(&t.printed), "HOME="));
	done(&t);
	finish(&w);
}

static void a_command_line_of_a_megabyte_arrives(void **state)
{
	enum { N = 200, EACH = 8000 };
	const char *argv[N + 5] = { "/bin/sh", "-c", "printf %s \"$@\" | wc -c", "sh" };
	struct world w;
	struct task t;
	char *s = xmalloc(EACH + 1);
	int i;

	(void)state;
	memset(s, 'x', EACH);
	s[EACH] = '\0';
	for (i = 0; i < N; i++)
		argv[4 + i] = s;
	begin(&w);
	start(&w, &t, argv, no_env, "/");
	loop_run(w.loop);
	assert_int_equal(t.failed, 0);
	assert_int_equal(atoi(buf_str(&t.printed)), N * EACH);
	done(&t);
	finish(&w);
	free(s);
}

static void what_is_too_long_for_execve_is_its_errno(void **state)
{
	enum { N = 3000, EACH = 2000 };
	const char **argv = xcalloc(N + 2, sizeof *argv);
	struct world w;
	struct task t;
	char *s = xmalloc(EACH + 1);
	int i;

	(void)state;
	memset(s, 'x', EACH);
	s[EACH] = '\0';
	argv[0] = "/bin/true";
	for (i = 1; i <= N; i++)
		argv[i] = s;
	begin(&w);
	start(&w, &t, argv, no_env, "/");
	loop_run(w.loop);
	assert_int_equal(t.failed, 1);
	assert_int_equal(t.error, E2BIG);
	done(&t);
	finish(&w);
	free(s);
	free(argv);
}

static void the_child_has_no_file_descriptor_but_its_three(void **state)
{
	const char *argv[] = { "/bin/ls", "/proc/self/fd", NULL };
	int leaked = open("/dev/null", O_RDONLY);      /* not CLOEXEC, on purpose */
	struct world w;
	struct task t;

	(void)state;
	begin(&w);
	start(&w, &t, argv, no_env, "/");
	loop_run(w.loop);
	assert_string_equal(buf_str(&t.printed), "0\n1\n2\n3\n");    /* 3: the folder that is listed */
	done(&t);
	finish(&w);
	close(leaked);
}

static void stdio_is_null_given_or_inherited(void **state)
{
	struct process_start what = { .program = "/bin/sh", .dir = "/", .env = (char *const *)(uintptr_t)no_env,
		.argv = (const char *const[]){ "/bin/sh", "-c", "a=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); echo \"$a\" >&2", NULL },
		.fd = { PROCESS_INHERIT, PROCESS_NULL, PROCESS_NULL } };
	char name[] = "/tmp/vt-test-XXXXXX", text[512] = "", mine[256] = "";
	int fd = mkstemp(name), flags = fcntl(0, F_GETFD);
	struct err err = { 0 };
	struct world w;
	struct task t = { 0 };

	(void)state;
	begin(&w);
	what.fd[2] = fd;
	fcntl(0, F_SETFD, FD_CLOEXEC);                 /* as Node marks its own */
	assert_int_equal(process_start(w.ps, &what, &events, &t, &t.p, &err), 0);
	fcntl(0, F_SETFD, flags);
	loop_run(w.loop);
	assert_int_equal(t.status, 0);
	assert_true(readlink("/proc/self/fd/0", mine, sizeof mine - 1) > 0);
	assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
	assert_memory_equal(text, mine, strlen(mine));
	assert_non_null(strstr(text, "\n/dev/null\n/tmp/vt-test-"));
	process_release(t.p);
	finish(&w);
	close(fd);
	unlink(name);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_started_and_its_exit_code_comes_back),
		cmocka_unit_test(death_by_a_signal_comes_back),
		cmocka_unit_test(a_missing_program_is_an_errno_and_no_exit_code),
		cmocka_unit_test(the_child_gets_its_folder_arguments_and_environment),
		cmocka_unit_test(a_command_line_of_a_megabyte_arrives),
		cmocka_unit_test(what_is_too_long_for_execve_is_its_errno),
		cmocka_unit_test(the_child_has_no_file_descriptor_but_its_three),
		cmocka_unit_test(stdio_is_null_given_or_inherited),
	};

	(void)argc, (void)argv;
	if (find_supervisor() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
