#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "world.h"

enum { NOTIFY = 1, PTRACE = 2 };       /* VT_FILTER_* */

/* ---- a filter, and a thread that answers -------------------------------------- */

#define ON(call, then) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, then)
#define PROGRAM(then) { \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), \
	ON(openat, then), ON(faccessat, then), ON(execve, then), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) }

static const struct sock_filter notify_program[] = PROGRAM(SECCOMP_RET_USER_NOTIF);
static const struct sock_filter trace_program[] = PROGRAM(SECCOMP_RET_TRACE);
static const struct process_filter filters[] = {
	{ NOTIFY, notify_program, sizeof notify_program },
	{ PTRACE, trace_program, sizeof trace_program },
};

struct server {
	struct task task;              /* first: the callbacks cast */
	pthread_t thread;
	int stop;                      /* eventfd */
	int opens, execs;              /* notifications seen; the thread's until it was joined */
	int wrong;                     /* of another architecture, or incomplete */
};

static void see(struct server *s, const struct seccomp_notif *n)
{
	s->opens += n->data.nr == SYS_openat;
	s->execs += n->data.nr == SYS_execve;
	s->wrong += n->pid == 0 || n->data.arch == 0 || n->data.instruction_pointer == 0;
}

static int serve_one(struct server *s)
{
	union { struct seccomp_notif is; char room[512]; } n;
	union { struct seccomp_notif_resp is; char room[512]; } r;
	int fd = s->task.listener;

	memset(&n, 0, sizeof n);
	memset(&r, 0, sizeof r);
	if (s->task.how == PTRACE ? recv(fd, &n, sizeof n, 0) != (ssize_t)sizeof n.is : ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
		return -1;
	see(s, &n.is);
	r.is.id = n.is.id;
	r.is.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	return s->task.how == PTRACE ? (int)send(fd, &r, sizeof r.is, MSG_NOSIGNAL) : ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	struct pollfd p[2] = { { .fd = s->task.listener, .events = POLLIN }, { .fd = s->stop, .events = POLLIN } };

	for (;;) {
		poll(p, 2, -1);
		if (p[0].revents & POLLIN)
			serve_one(s);
		else if (p[0].revents != 0 || p[1].revents != 0)
			return NULL;
		if (p[0].revents & POLLHUP)
			return NULL;
	}
}

static void on_served(void *ctx, pid_t pid, uint32_t how, int listener)
{
	struct server *s = ctx;

	on_started(ctx, pid, how, listener);
	if (how != 0)
		pthread_create(&s->thread, NULL, serve, s);
}

static const struct process_events served = { on_served, on_failed, on_exit_ };

/* What a tracer does at the end of a step. */
static void stop_serving(struct server *s)
{
	uint64_t one = 1;

	if (s->task.how == 0)
		return;
	assert_int_equal(write(s->stop, &one, sizeof one), sizeof one);
	pthread_join(s->thread, NULL);
	close(s->task.listener);
}

static void start_served(struct world *w, struct server *s, const char *line, const struct process_filter *f, uint32_t n, int out)
{
	static const char *const traced_env[] = { "FSPY=1", NULL };
	struct process_start what = { .program = "/bin/sh", .argv = (const char *const[]){ "/bin/sh", "-c", line, NULL },
				      .env = (char *const *)(uintptr_t)traced_env, .env_untraced = (char *const *)(uintptr_t)no_env,
				      .dir = "/", .fd = { PROCESS_NULL, out, PROCESS_INHERIT }, .filters = f, .filters_n = n };
	struct err err = { 0 };

	memset(s, 0, sizeof *s);
	s->stop = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(process_start(w->ps, &what, &served, s, &s->task.p, &err), 0);
}

static void end_served(struct server *s)
{
	stop_serving(s);
	close(s->stop);
	process_release(s->task.p);
}

/* ---- a runner of its own, to be killed ----------------------------------------- */

struct runner {
	pid_t pid;
	int out;                       /* what it and all its tasks hold open as fd 1 */
	char said[65536];
	size_t n;
};

static void write_exit(void *ctx, int status)
{
	struct task *t = ctx;
	char text[64];
	int n = snprintf(text, sizeof text, "how %u listener %d exit %d\n", t->how, t->listener < 0 ? t->listener : 0, status);

	on_exit_(ctx, status);
	if (write(1, text, (size_t)n) < 0)
		abort();
}

static void no_death(void *ctx)
{
	(void)ctx;
	if (write(1, "death\n", 6) < 0)
		abort();
}

static const struct process_events announced = { on_served, on_failed, write_exit };

/* argv: "runner", filter (first of the table, 2: none), "release" or "keep", "stay" or "end", lines... */
static int be_runner(char **argv)
{
	static struct server s[8];
	struct world w = { 0 };
	struct process_start what = { .program = "/bin/sh", .env = (char *const *)(uintptr_t)no_env, .dir = "/",
				      .fd = { PROCESS_NULL, PROCESS_INHERIT, PROCESS_INHERIT } };
	struct err err = { 0 };
	int i, from = atoi(argv[2]);

	if (loop_new(&w.loop, &err) < 0)
		return 1;
	w.ps = processes_new(w.loop, supervisor, no_death, NULL);
	what.filters = filters + from;
	what.filters_n = (uint32_t)(2 - from);
	for (i = 0; argv[5 + i] && i < 8; i++) {
		s[i].stop = eventfd(0, EFD_CLOEXEC);
		what.argv = (const char *const[]){ "/bin/sh", "-c", argv[5 + i], NULL };
		if (process_start(w.ps, &what, &announced, &s[i], &s[i].task.p, &err) < 0)
			return 1;
	}
	loop_run(w.loop);
	for (i = 0; argv[5 + i] && i < 8 && strcmp(argv[3], "release") == 0; i++)
		end_served(&s[i]);
	if (strcmp(argv[4], "stay") == 0 && write(1, "staying\n", 8) == 8)
		for (;;)
			pause();
	processes_free(w.ps);
	loop_free(w.loop);
	return 0;
}

static char self[4096];                /* this program: /proc/self/exe may be a checker's */
static int denied;                     /* errno of seccomp(2) in the next runner; 0: as usual */
static uid_t as_user;                  /* of the next runner; 0: as here */
static void deny_seccomp(int error);

static void run_runner(struct runner *r, const char *filter, const char *release, const char *stay, const char *line, const char *line2)
{
	int fds[2], i;

	memset(r, 0, sizeof *r);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	r->pid = fork();
	if (r->pid == 0) {
		dup2(fds[1], 1);
		for (i = 1; i <= 64; i++)
			if (i != SIGHUP)
				signal(i, SIG_DFL);
		if (as_user != 0 && (setgid(as_user) < 0 || setuid(as_user) < 0))
			_exit(125);
		if (denied != 0)
			deny_seccomp(denied);
		execl(self, self, "runner", filter, release, stay, line, line2, (char *)NULL);
		_exit(126);
	}
	close(fds[1]);
	r->out = fds[0];
}

/* Reads until `text` was printed. NULL: until all writers are dead. 0: it was printed, and never 60 s passed without a word. */
static int hear(struct runner *r, const char *text)
{
	struct pollfd p = { .fd = r->out, .events = POLLIN };
	ssize_t n;

	while (!text || strstr(r->said, text) == NULL) {
		if (poll(&p, 1, 60000) != 1) {
			print_error("after 60 s without a word; the runner said: %s\n", r->said);
			return -1;
		}
		n = read(r->out, r->said + r->n, sizeof r->said - 1 - r->n);
		if (n == 0 && !text)
			return 0;
		if (n <= 0) {
			print_error("at the end; the runner said: %s\n", r->said);
			return -1;
		}
		r->n += (size_t)n;
		r->said[r->n] = '\0';
	}
	return 0;
}

static void kill_runner(struct runner *r)
{
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
}

static pid_t parent_of(pid_t pid)
{
	char name[64], text[512] = "", *p;
	pid_t r = 0;
	FILE *f;

	snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
	f = fopen(name, "re");
	if (!f)
		return 0;
	if (fread(text, 1, sizeof text - 1, f) > 0 && (p = strrchr(text, ')')) != NULL)
		sscanf(p + 1, " %*c %d", &r);
	fclose(f);
	return r;
}

static int wait_until_gone(pid_t pid)
{
	int i;

	for (i = 0; i < 6000; i++) {
		if (kill(pid, 0) < 0 && errno == ESRCH)
			return 0;
		usleep(10000);
	}
	return -1;
}

static void make_name(char name[32])
{
	int fd;

	strcpy(name, "/tmp/vt-test-XXXXXX");
	fd = mkstemp(name);
	assert_true(fd >= 0);
	close(fd);
	unlink(name);
}

static int appears(const char *name)
{
	int i;

	for (i = 0; i < 6000; i++) {
		if (access(name, F_OK) == 0) {
			unlink(name);
			return 1;
		}
		usleep(10000);
	}
	return 0;
}

/* ---- death ----------------------------------------------------------------- */

static void when_the_runner_is_killed_nothing_of_a_running_task_survives(void **state)
{
	static const char *const lines[] = {
		"echo up; exec sleep 100",
		"(sleep 100 & (sleep 100; :) & wait) & echo up; sleep 100; :",
		"trap '' INT TERM HUP; echo up; while :; do sleep 1; done",
		"setsid sh -c 'setsid sleep 100 & :' & sleep 0.2; echo up; sleep 100; :",
	};
	struct runner r;
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		run_runner(&r, "2", "keep", "stay", lines[i], NULL);
		assert_int_equal(hear(&r, "up\n"), 0);
		kill_runner(&r);
		assert_int_equal(hear(&r, NULL), 0);
		close(r.out);
	}
}

static void when_the_runner_is_killed_a_traced_running_task_dies_too(void **state)
{
	static const char *const from[] = { "0", "1" };
	struct runner r;
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(from); i++) {
		run_runner(&r, from[i], "keep", "stay", "(while :; do cat /dev/null; done) & echo up; while :; do cat /dev/null; done", NULL);
		assert_int_equal(hear(&r, "up\n"), 0);
		kill_runner(&r);
		assert_int_equal(hear(&r, NULL), 0);
		close(r.out);
	}
}

static void a_daemon_of_an_ended_task_outlives_a_killed_runner(void **state)
{
	char name[32], line[256];
	struct runner r;

	(void)state;
	make_name(name);
	snprintf(line, sizeof line, "setsid sh -c 'sleep 0.7; echo x >%s' >/dev/null 2>&1 &", name);
	run_runner(&r, "2", "release", "stay", line, NULL);
	assert_int_equal(hear(&r, "staying\n"), 0);
	kill_runner(&r);
	assert_int_equal(hear(&r, NULL), 0);
	assert_true(appears(name));
}

static void a_daemon_lives_on_while_another_task_is_killed_with_its_runner(void **state)
{
	char name[32], line[256];
	struct runner r;

	(void)state;
	make_name(name);
	snprintf(line, sizeof line, "setsid sh -c 'sleep 1.2; echo x >%s' >/dev/null 2>&1 &", name);
	run_runner(&r, "2", "release", "stay", line, "sleep 0.3; echo up; sleep 100; :");
	assert_int_equal(hear(&r, "exit 0\n"), 0);
	assert_int_equal(hear(&r, "up\n"), 0);
	kill_runner(&r);
	assert_int_equal(hear(&r, NULL), 0);
	assert_true(appears(name));
}

/* The daemon of a traced task can still open files: under both filters, after the
 * tracer stopped, after a regular end and after the runner was killed. */
static void a_traced_daemon_can_still_open_files(void **state)
{
	static const char *const from[] = { "0", "1" };
	static const char *const release[] = { "release", "keep" };
	char name[32], line[256];
	struct runner r;
	unsigned i, n;

	(void)state;
	for (i = 0; i < COUNT(from); i++)
		for (n = 0; n < COUNT(release); n++) {
			make_name(name);
			snprintf(line, sizeof line, "setsid sh -c 'sleep 0.5; cat /dev/null && echo x >%s' >/dev/null 2>&1 &", name);
			run_runner(&r, from[i], release[n], "stay", line, NULL);
			assert_int_equal(hear(&r, "exit 0\n"), 0);
			assert_int_equal(hear(&r, "staying\n"), 0);
			kill_runner(&r);
			assert_true(appears(name));
			close(r.out);
			make_name(name);
			snprintf(line, sizeof line, "setsid sh -c 'sleep 0.5; cat /dev/null && echo x >%s' >/dev/null 2>&1 &", name);
			run_runner(&r, from[i], "release", "end", line, NULL);
			waitpid(r.pid, NULL, 0);
			assert_true(appears(name));
			close(r.out);
		}
}

/* Kills the processes that the bits of `which` name: the supervisor, the task's keeper, the guard. */
static void kill_some(struct task *t, int which)
{
	pid_t keeper = parent_of(t->pid), top = parent_of(keeper), guard = parent_of(top);

	assert_int_equal(parent_of(guard), getpid());
	if (which & 4)
		kill(guard, SIGKILL);
	if (which & 1)
		kill(top, SIGKILL);
	if (which & 2)
		kill(keeper, SIGKILL);
}

static void started_then_killed(void *ctx, const void *data, size_t size)
{
	struct task *t = ctx;

	on_bytes(ctx, data, size);
	if (strstr(buf_str(&t->printed), "up\n") != NULL && !t->failed++)
		kill_some(t, t->error);
}

static void when_the_supervisor_is_killed_the_tasks_are_and_the_runner_hears_of_it(void **state)
{
	static const struct stream_events first = { started_then_killed, on_end };
	const char *argv[] = { "/bin/sh", "-c", "(trap '' TERM; sleep 100; :) & sleep 0.1; echo up; sleep 100; :", NULL };
	struct process_start what = { .program = argv[0], .argv = argv, .env = (char *const *)(uintptr_t)no_env, .dir = "/",
				      .fd = { PROCESS_NULL, 0, PROCESS_INHERIT } };
	struct err err = { 0 };
	struct world w;
	struct task t;
	int fds[2], which;

	(void)state;
	for (which = 1; which <= 7; which++) {
		begin(&w);
		memset(&t, 0, sizeof t);
		buf_init(&t.printed, 1 << 20);
		t.error = which;
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		what.fd[1] = fds[1];
		t.out = stream_open(w.loop, fds[0], &first, &t, &err);
		stream_read_start(t.out);
		assert_int_equal(process_start(w.ps, &what, &events, &t, &t.p, &err), 0);
		close(fds[1]);
		loop_run(w.loop);              /* ends at the end of the pipe: no process holds it any more */
		assert_int_equal(t.out_ended, 1);
		assert_int_equal(t.exited, 1);
		assert_int_equal(t.status, SIGKILL);
		assert_int_equal(w.deaths, 1);
		assert_false(processes_running(w.ps));
		assert_int_equal(process_start(w.ps, &what, &events, &t, &t.p, &err), -1);
		err_clear(&err);
		done(&t);
		finish(&w);
	}
}

static void a_supervisor_that_is_not_there_is_an_error(void **state)
{
	struct process_start what = { .program = "/bin/true", .argv = (const char *const[]){ "true", NULL },
				      .env = (char *const *)(uintptr_t)no_env, .dir = "/",
				      .fd = { PROCESS_NULL, PROCESS_NULL, PROCESS_NULL } };
	struct err err = { 0 };
	struct world w;
	struct task t;
	const char *preload = getenv("LD_PRELOAD");
	char *text;

	(void)state;
	/* Under valgrind posix_spawn cannot tell. */
	if (preload && strstr(preload, "vgpreload") != NULL)
		skip();
	begin(&w);
	processes_free(w.ps);
	w.ps = processes_new(w.loop, "/nonexistent/vt-supervisor", on_death, &w);
	assert_int_equal(process_start(w.ps, &what, &events, &t, &t.p, &err), -1);
	text = err_join(&err);
	assert_string_equal(text, "the supervisor '/nonexistent/vt-supervisor' cannot be started: No such file or directory");
	free(text);
	err_clear(&err);
	finish(&w);
}

/* ---- signals --------------------------------------------------------------- */

static void send_term(void *ctx, const void *data, size_t size)
{
	struct task *t = ctx;

	on_bytes(ctx, data, size);
	if (strstr(buf_str(&t->printed), "up\n") != NULL && !t->failed++)
		processes_signal(t->w->ps, SIGTERM);
}

static void a_signal_reaches_every_descendant_of_running_tasks_only(void **state)
{
	static const struct stream_events first = { send_term, on_end };
	const char *argv[] = { "/bin/sh", "-c", "trap 'echo parent; wait; exit 3' TERM\n"
			       "sh -c 'trap \"echo child; exit 0\" TERM; (setsid sleep 100 &) ; sleep 0.1; echo up; while :; do sleep 0.05; done' &\n"
			       "wait", NULL };
	struct process_start what = { .program = argv[0], .argv = argv, .env = (char *const *)(uintptr_t)no_env, .dir = "/",
				      .fd = { PROCESS_NULL, 0, PROCESS_INHERIT } };
	char name[32], line[256];
	struct err err = { 0 };
	struct world w;
	struct task t = { 0 }, ended;
	int fds[2];

	(void)state;
	make_name(name);
	begin(&w);
	snprintf(line, sizeof line, "setsid sh -c 'sleep 0.7; echo x >%s' >/dev/null 2>&1 &", name);
	run(&w, &ended, line);
	assert_int_equal(ended.exited, 1);
	t.w = &w;
	buf_init(&t.printed, 1 << 20);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	what.fd[1] = fds[1];
	t.out = stream_open(w.loop, fds[0], &first, &t, &err);
	stream_read_start(t.out);
	assert_int_equal(process_start(w.ps, &what, &events, &t, &t.p, &err), 0);
	close(fds[1]);
	loop_run(w.loop);
	assert_non_null(strstr(buf_str(&t.printed), "parent\n"));
	assert_non_null(strstr(buf_str(&t.printed), "child\n"));
	assert_int_equal(t.out_ended, 1);      /* the daemon of the running task died, too */
	assert_true(appears(name));            /* the daemon of the ended task did not die */
	assert_int_equal(WEXITSTATUS(t.status), 3);
	done(&t);
	done(&ended);
	finish(&w);
}

/* As a program started by nohup, by a shell, by Python sees its own signals. */
static void the_child_gets_the_signals_the_runner_was_born_with(void **state)
{
	static const char show[] = "grep -E 'Sig(Blk|Ign)' /proc/self/status; kill -HUP $$; echo survived";
	struct runner r;
	void (*old)(int) = signal(SIGHUP, SIG_IGN);
	sigset_t block, before;

	(void)state;
	sigemptyset(&block);
	sigaddset(&block, SIGUSR2);
	sigprocmask(SIG_BLOCK, &block, &before);
	run_runner(&r, "2", "release", "end", show, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGHUP, SIG_DFL);
	assert_int_equal(hear(&r, NULL), 0);
	waitpid(r.pid, NULL, 0);
	assert_non_null(strstr(r.said, "survived\n"));
	assert_non_null(strstr(r.said, "SigBlk:\t0000000000000000\n"));
	assert_non_null(strstr(r.said, "1\nsurvived"));        /* bit 0 of SigIgn is HUP */
	close(r.out);
	run_runner(&r, "2", "release", "end", show, NULL);
	assert_int_equal(hear(&r, NULL), 0);
	waitpid(r.pid, NULL, 0);
	assert_null(strstr(r.said, "survived\n"));
	assert_non_null(strstr(r.said, "SigIgn:\t0000000000000000\n"));
	close(r.out);
	signal(SIGHUP, old);
}

static void the_supervisor_is_deaf_to_the_terminal(void **state)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGUSR1, SIGPIPE, SIGALRM };
	const char *argv[] = { "/bin/sh", "-c", "sleep 0.3; exit 5", NULL };
	struct world w;
	struct task t;
	pid_t keeper;
	unsigned i;

	(void)state;
	begin(&w);
	start(&w, &t, argv, no_env, "/");
	while (t.started == 0)
		run_for(&w, 5);
	keeper = parent_of(t.pid);
	assert_int_equal(getpgid(t.pid), getpgrp());
	assert_int_equal(getsid(t.pid), getsid(0));
	for (i = 0; i < COUNT(signals); i++) {
		kill(keeper, signals[i]);
		kill(parent_of(keeper), signals[i]);
	}
	loop_run(w.loop);
	assert_int_equal(WEXITSTATUS(t.status), 5);
	assert_int_equal(w.deaths, 0);
	done(&t);
	finish(&w);
}

/* ---- filters --------------------------------------------------------------- */

static void a_filtered_child_is_seen_and_sees_nothing(int from, uint32_t how)
{
	struct world w;
	struct server s;
	int fds[2];
	char text[256] = "";

	begin(&w);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	start_served(&w, &s, "cat /dev/null; cat /dev/null; ls /proc/self/fd; echo $FSPY", filters + from, (uint32_t)(2 - from), fds[1]);
	close(fds[1]);
	loop_run(w.loop);
	assert_int_equal(s.task.started, 1);
	assert_int_equal(s.task.exited, 1);
	assert_int_equal(s.task.status, 0);
	assert_int_equal(s.task.how, how);
	end_served(&s);
	assert_true(s.opens > 4);
	assert_int_equal(s.execs, 4);          /* sh, cat, cat, ls */
	assert_int_equal(s.wrong, 0);
	assert_true(read(fds[0], text, sizeof text - 1) > 0);
	assert_string_equal(text, "0\n1\n2\n3\n1\n");
	close(fds[0]);
	finish(&w);
}

static void notifications_reach_the_listener(void **state)
{
	(void)state;
	a_filtered_child_is_seen_and_sees_nothing(0, NOTIFY);
}

static void stops_reach_the_socket_in_the_listeners_place(void **state)
{
	(void)state;
	a_filtered_child_is_seen_and_sees_nothing(1, PTRACE);
}

static void a_filter_that_is_refused_leaves_an_untraced_child(void **state)
{
	static const struct sock_filter bad[] = { { 0xffff, 0, 0, 0 } };
	static const struct process_filter refused[] = { { NOTIFY, bad, sizeof bad }, { 77, bad, sizeof bad } };
	struct world w;
	struct server s;
	int fds[2];
	char text[64] = "";

	(void)state;
	begin(&w);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	start_served(&w, &s, "echo untraced$FSPY", refused, 1, fds[1]);
	loop_run(w.loop);
	assert_int_equal(s.task.how, 0);
	assert_int_equal(s.task.listener, -EINVAL);
	assert_int_equal(s.task.status, 0);
	end_served(&s);
	start_served(&w, &s, "echo untraced$FSPY", refused, 2, fds[1]);
	loop_run(w.loop);
	assert_int_equal(s.task.listener, -ENOTSUP);
	end_served(&s);
	assert_int_equal(read(fds[0], text, sizeof text - 1), 18);
	assert_string_equal(text, "untraced\nuntraced\n");
	close(fds[0]);
	close(fds[1]);
	finish(&w);
}

static void a_filtered_child_that_cannot_be_executed_fails(void **state)
{
	struct process_start what = { .program = "/etc/passwd", .argv = (const char *const[]){ "x", NULL },
				      .env = (char *const *)(uintptr_t)no_env, .dir = "/",
				      .fd = { PROCESS_NULL, PROCESS_NULL, PROCESS_NULL }, .filters = filters, .filters_n = 2 };
	struct err err = { 0 };
	struct world w;
	struct server s;
	int from;

	(void)state;
	begin(&w);
	for (from = 0; from < 2; from++) {
		what.filters = filters + from;
		what.filters_n = (uint32_t)(2 - from);
		memset(&s, 0, sizeof s);
		s.stop = eventfd(0, EFD_CLOEXEC);
		assert_int_equal(process_start(w.ps, &what, &served, &s, &s.task.p, &err), 0);
		loop_run(w.loop);
		assert_int_equal(s.task.failed, 1);
		assert_int_equal(s.task.error, EACCES);
		assert_int_equal(s.task.exited, 0);
		end_served(&s);
	}
	finish(&w);
}

static void a_runner_inside_a_traced_task_is_told_that_it_cannot_trace(void **state)
{
	char line[3 * 4096], text[1024] = "";
	struct world w;
	struct server s;
	int fds[2];

	(void)state;
	snprintf(line, sizeof line, "abs_top_builddir='%.*s' exec '%s' runner 0 release end 'echo inner$FSPY'",
		 (int)(strlen(supervisor) - strlen("/core/vt-supervisor")), supervisor, self);
	begin(&w);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	start_served(&w, &s, line, filters, 2, fds[1]);
	close(fds[1]);
	loop_run(w.loop);
	assert_int_equal(s.task.how, NOTIFY);
	assert_int_equal(s.task.status, 0);
	end_served(&s);
	assert_true(read(fds[0], text, sizeof text - 1) > 0);
	assert_true(read(fds[0], text + strlen(text), sizeof text - 1 - strlen(text)) >= 0);
	assert_non_null(strstr(text, "inner\n"));
	assert_non_null(strstr(text, "how 0 listener -16 exit 0\n"));         /* EBUSY */
	close(fds[0]);
	finish(&w);
}

/* seccomp(2) answers as sandboxes make it answer. */
static void deny_seccomp(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ON(seccomp, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(code), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void where_seccomp_is_forbidden_the_child_runs_untraced(void **state)
{
	static const int errors[] = { EPERM, ENOSYS };
	char expected[64];
	struct runner r;
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(errors); i++) {
		denied = errors[i];
		run_runner(&r, "0", "release", "end", "echo inner$FSPY; exit 0", NULL);
		denied = 0;
		assert_int_equal(hear(&r, NULL), 0);
		waitpid(r.pid, NULL, 0);
		snprintf(expected, sizeof expected, "how 0 listener -%d exit 0\n", errors[i]);
		assert_non_null(strstr(r.said, expected));
		assert_non_null(strstr(r.said, "inner\n"));
		close(r.out);
	}
}

/* An ordinary user: no_new_privs has to be set for a filter, and is not left behind without one. */
static void an_ordinary_user_traces_with_no_new_privs_and_only_then(void **state)
{
	static const char line[] = "grep NoNewPrivs /proc/self/status; (setsid sleep 100 &); sleep 0.1; echo up; sleep 100; :";
	struct runner r;

	(void)state;
	if (getuid() != 0)
		skip();
	as_user = 65534;
	run_runner(&r, "0", "release", "stay", line, NULL);
	assert_int_equal(hear(&r, "up\n"), 0);
	assert_non_null(strstr(r.said, "NoNewPrivs:\t1\n"));
	kill_runner(&r);
	assert_int_equal(hear(&r, NULL), 0);
	close(r.out);
	run_runner(&r, "2", "release", "stay", line, NULL);
	assert_int_equal(hear(&r, "up\n"), 0);
	assert_non_null(strstr(r.said, "NoNewPrivs:\t0\n"));
	kill_runner(&r);
	assert_int_equal(hear(&r, NULL), 0);
	close(r.out);
	as_user = 0;
}

/* Job control, threads, signals and many processes at once under the fallback. */
static void the_fallback_changes_nothing_for_the_child(void **state)
{
	struct world w;
	struct server s;
	int fds[2];
	char text[256] = "";

	(void)state;
	begin(&w);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	start_served(&w, &s,
		     "trap 'echo usr1' USR1; kill -USR1 $$\n"
		     "for i in 1 2 3 4 5 6 7 8 9 10; do (cat /dev/null; cat /dev/null) & done; wait\n"
		     "sleep 100 & p=$!; kill -STOP $p; sleep 0.1; grep -c '[Tt] (' /proc/$p/status; kill -CONT $p; sleep 0.1; grep -c 'S (' /proc/$p/status; kill $p\n"
		     "wait $p; echo $?; exit 9", filters + 1, 1, fds[1]);
	close(fds[1]);
	loop_run(w.loop);
	assert_int_equal(s.task.how, PTRACE);
	assert_int_equal(WEXITSTATUS(s.task.status), 9);
	end_served(&s);
	assert_true(read(fds[0], text, sizeof text - 1) > 0);
	assert_string_equal(text, "usr1\n1\n1\n143\n");
	close(fds[0]);
	finish(&w);
}

/* ---- many ------------------------------------------------------------------ */

static int count_fds(pid_t pid)
{
	char name[64];
	DIR *d;
	int n = 0;

	snprintf(name, sizeof name, "/proc/%d/fd", (int)pid);
	d = opendir(name);
	if (!d)
		return -1;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void two_hundred_at_once_leave_no_file_descriptor_behind(void **state)
{
	enum { N = 200 };
	struct process_start what = { .program = "/bin/true", .argv = (const char *const[]){ "true", NULL },
				      .env = (char *const *)(uintptr_t)no_env, .dir = "/",
				      .fd = { PROCESS_NULL, PROCESS_INHERIT, PROCESS_INHERIT } };
	struct err err = { 0 };
	struct world w;
	struct task *t = xcalloc(N, sizeof *t), first;
	int mine, theirs, i;
	pid_t top;

	(void)state;
	begin(&w);
	start(&w, &first, (const char *const[]){ "/bin/sleep", "0.2", NULL }, no_env, "/");
	while (first.started == 0)
		run_for(&w, 5);
	top = parent_of(parent_of(first.pid));
	theirs = count_fds(top);
	loop_run(w.loop);
	done(&first);
	run_for(&w, 20);
	mine = count_fds(getpid());
	for (i = 0; i < N; i++)
		assert_int_equal(process_start(w.ps, &what, &events, &t[i], &t[i].p, &err), 0);
	loop_run(w.loop);
	for (i = 0; i < N; i++) {
		assert_int_equal(t[i].exited, 1);
		assert_int_equal(t[i].status, 0);
		process_release(t[i].p);
	}
	for (i = 0; i < 200 && count_fds(getpid()) > mine; i++)
		run_for(&w, 10);
	assert_int_equal(count_fds(getpid()), mine);
	assert_int_equal(count_fds(top), theirs);
	finish(&w);
	assert_int_equal(wait_until_gone(top), 0);
	free(t);
}

/* The supervisor reads nothing for a while; what does not fit its socket waits here. */
static void starts_wait_while_the_supervisor_is_slow(void **state)
{
	enum { N = 60, EACH = 30000 };
	char *big = xcalloc(1, EACH + 3);
	const char *env[] = { big, NULL };
	struct process_start what = { .program = "/bin/sh", .argv = (const char *const[]){ "sh", "-c", "exit ${#A}", NULL },
				      .env = (char *const *)(uintptr_t)env, .dir = "/",
				      .fd = { PROCESS_NULL, PROCESS_INHERIT, PROCESS_INHERIT } };
	struct err err = { 0 };
	struct world w;
	struct task t[N] = { 0 }, first;
	pid_t top;
	int i, mine;

	(void)state;
	memset(big, 'x', EACH + 2);
	memcpy(big, "A=", 2);
	begin(&w);
	start(&w, &first, (const char *const[]){ "/bin/sleep", "0.1", NULL }, no_env, "/");
	while (first.started == 0)
		run_for(&w, 5);
	top = parent_of(parent_of(first.pid));
	loop_run(w.loop);
	done(&first);
	run_for(&w, 20);
	mine = count_fds(getpid());
	kill(top, SIGSTOP);
	for (i = 0; i < N; i++)
		assert_int_equal(process_start(w.ps, &what, &events, &t[i], &t[i].p, &err), 0);
	kill(top, SIGCONT);
	loop_run(w.loop);
	for (i = 0; i < N; i++) {
		assert_int_equal(t[i].exited, 1);
		assert_int_equal(WEXITSTATUS(t[i].status), EACH & 255);
		process_release(t[i].p);
	}
	for (i = 0; i < 200 && count_fds(getpid()) > mine; i++)
		run_for(&w, 10);
	assert_int_equal(count_fds(getpid()), mine);
	finish(&w);
	free(big);
}

/* ---- want of descriptors ------------------------------------------------------- */

/* As if the kernel refused so many packets with descriptors. It stands before libc's. */
static int refusals, refusal;

ssize_t sendmsg(int sock, const struct msghdr *m, int flags)
{
	if (m->msg_controllen > 0 && refusals > 0) {
		refusals--;
		errno = refusal;
		return -1;
	}
	return syscall(SYS_sendmsg, sock, m, flags);
}

static void a_start_that_is_refused_again_and_again_is_sent_in_the_end(void **state)
{
	static const int errors[] = { ETOOMANYREFS, ENOBUFS, ENOMEM };
	const char *const argv[] = { "/bin/true", NULL };
	struct world w;
	struct task a, b;
	size_t i;

	(void)state;
	begin(&w);
	for (i = 0; i < COUNT(errors); i++) {
		refusals = 7;
		refusal = errors[i];
		start(&w, &a, argv, no_env, "/");
		start(&w, &b, argv, no_env, "/");
		loop_run(w.loop);
		assert_int_equal(refusals, 0);
		assert_int_equal(a.exited, 1);
		assert_int_equal(a.status, 0);
		assert_int_equal(b.exited, 1);
		assert_int_equal(b.status, 0);
		done(&a);
		done(&b);
	}
	finish(&w);
	assert_int_equal(w.deaths, 0);
}

/* As if the kernel refused so many times to watch a descriptor. */
static int unwatched;

/* Visible, so that a shared libuv calls it too. */
__attribute__((visibility("default"))) int epoll_ctl(int ep, int op, int fd, struct epoll_event *e);

int epoll_ctl(int ep, int op, int fd, struct epoll_event *e)
{
	if (op == EPOLL_CTL_ADD && unwatched > 0) {
		unwatched--;
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, ep, op, fd, e);
}

static void a_socket_that_cannot_be_watched_is_an_error(void **state)
{
	struct process_start what = { .program = "/bin/true", .argv = (const char *const[]){ "true", NULL },
				      .env = (char *const *)(uintptr_t)no_env, .dir = "/",
				      .fd = { PROCESS_NULL, PROCESS_INHERIT, PROCESS_INHERIT } };
	struct err err = { 0 };
	struct world w;
	struct task t = { 0 };
	int i, mine;

	(void)state;
	begin(&w);
	mine = count_fds(getpid());
	for (i = 0; i < 2; i++) {              /* the supervisor's, the task's */
		unwatched = 1;
		assert_int_equal(process_start(w.ps, &what, &events, &t, &t.p, &err), -1);
		assert_int_equal(errno, ENOSPC);
		assert_int_equal(unwatched, 0);
		err_clear(&err);
		assert_int_equal(count_fds(getpid()), mine);
		if (i == 0) {
			run(&w, &t, "exit 0");
			assert_int_equal(t.exited, 1);
			done(&t);
			run_for(&w, 20);
			mine = count_fds(getpid());
		}
	}
	finish(&w);
}

static void a_start_that_is_refused_for_good_fails_alone(void **state)
{
	const char *const argv[] = { "/bin/true", NULL };
	struct world w;
	struct task a, b;

	(void)state;
	begin(&w);
	refusals = 1;
	refusal = ENOBUFS;
	start(&w, &a, argv, no_env, "/");
	start(&w, &b, argv, no_env, "/");
	refusals = 1;
	refusal = EINVAL;
	loop_run(w.loop);
	assert_int_equal(a.failed, 1);
	assert_int_equal(a.error, EINVAL);
	assert_int_equal(b.exited, 1);
	assert_int_equal(b.status, 0);
	done(&a);
	done(&b);
	finish(&w);
	assert_int_equal(w.deaths, 0);
}

/* So that the next descriptor cannot be had. */
static void take_all_descriptors(struct rlimit *before)
{
	struct rlimit now;
	int next = dup(0);

	assert_true(next > 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	now = (struct rlimit){ (rlim_t)next, before->rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

static void a_child_whose_listener_finds_no_descriptor_runs_on(void **state)
{
	struct process_start what = { .program = "/bin/sh", .argv = (const char *const[]){ "sh", "-c", "cat /dev/null; exit 5", NULL },
				      .env = (char *const *)(uintptr_t)no_env, .dir = "/", .filters = filters, .filters_n = 1,
				      .fd = { PROCESS_NULL, PROCESS_INHERIT, PROCESS_INHERIT } };
	struct rlimit before;
	struct err err = { 0 };
	struct world w;
	struct task t = { 0 };

	(void)state;
	if (getenv("VALGRIND"))
		skip();                /* it keeps descriptors of its own above the limit, and gives them out */
	begin(&w);
	assert_int_equal(process_start(w.ps, &what, &events, &t, &t.p, &err), 0);
	take_all_descriptors(&before);
	assert_false(start_has_files(1));
	loop_run(w.loop);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(start_has_files(1));
	assert_int_equal(t.started, 1);
	assert_int_equal(t.how, NOTIFY);
	assert_int_equal(t.listener, -EMFILE);
	assert_int_equal(t.exited, 1);
	assert_int_equal(WEXITSTATUS(t.status), 5);
	done(&t);
	finish(&w);
	assert_int_equal(w.deaths, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_that_is_refused_again_and_again_is_sent_in_the_end),
		cmocka_unit_test(a_start_that_is_refused_for_good_fails_alone),
		cmocka_unit_test(a_socket_that_cannot_be_watched_is_an_error),
		cmocka_unit_test(a_child_whose_listener_finds_no_descriptor_runs_on),
		cmocka_unit_test(when_the_runner_is_killed_nothing_of_a_running_task_survives),
		cmocka_unit_test(when_the_runner_is_killed_a_traced_running_task_dies_too),
		cmocka_unit_test(a_daemon_of_an_ended_task_outlives_a_killed_runner),
		cmocka_unit_test(a_daemon_lives_on_while_another_task_is_killed_with_its_runner),
		cmocka_unit_test(a_traced_daemon_can_still_open_files),
		cmocka_unit_test(when_the_supervisor_is_killed_the_tasks_are_and_the_runner_hears_of_it),
		cmocka_unit_test(a_supervisor_that_is_not_there_is_an_error),
		cmocka_unit_test(a_signal_reaches_every_descendant_of_running_tasks_only),
		cmocka_unit_test(the_child_gets_the_signals_the_runner_was_born_with),
		cmocka_unit_test(the_supervisor_is_deaf_to_the_terminal),
		cmocka_unit_test(notifications_reach_the_listener),
		cmocka_unit_test(stops_reach_the_socket_in_the_listeners_place),
		cmocka_unit_test(a_filter_that_is_refused_leaves_an_untraced_child),
		cmocka_unit_test(a_filtered_child_that_cannot_be_executed_fails),
		cmocka_unit_test(a_runner_inside_a_traced_task_is_told_that_it_cannot_trace),
		cmocka_unit_test(where_seccomp_is_forbidden_the_child_runs_untraced),
		cmocka_unit_test(an_ordinary_user_traces_with_no_new_privs_and_only_then),
		cmocka_unit_test(starts_wait_while_the_supervisor_is_slow),
		cmocka_unit_test(the_fallback_changes_nothing_for_the_child),
		cmocka_unit_test(two_hundred_at_once_leave_no_file_descriptor_behind),
	};

	if (find_supervisor() < 0 || realpath(argv[0], self) == NULL)
		return 1;
	if (argc > 5 && strcmp(argv[1], "runner") == 0)
		return be_runner(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
