#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/hangup.h"
#include "os/loop.h"
#include "os/stream.h"

static struct loop *loop;

static int set_up(void **state)
{
	struct err err = { 0 };

	(void)state;
	return loop_new(&loop, &err);
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void stop_loop(void *ctx)
{
	loop_stop(ctx);
}

static void run_for(int ms)
{
	timer_start(loop, ms, stop_loop, loop);
	loop_run(loop);
}

/* ---- the loop -------------------------------------------------------------- */

struct order {
	char text[64];
	int n;
	pthread_t worker;
};

static void note(struct order *o, char c)
{
	o->text[o->n++] = c;
	o->text[o->n] = '\0';
}

static void on_first(void *ctx) { note(ctx, '1'); }
static void on_second(void *ctx) { note(ctx, '2'); }
static void on_late(void *ctx) { note(ctx, 'l'); }

static void on_work(void *ctx)
{
	struct order *o = ctx;

	o->worker = pthread_self();
}

static void on_after(void *ctx)
{
	struct order *o = ctx;

	assert_false(pthread_equal(o->worker, pthread_self()));
	note(o, 'w');
}

static void timers_fire_in_their_order_and_stopped_ones_do_not(void **state)
{
	struct order o;
	int64_t begun, between;

	(void)state;
	do {
		o = (struct order){ 0 };
		begun = os_now_ms();
		timer_start(loop, 20, on_second, &o);
		timer_start(loop, 5, on_first, &o);
		between = os_now_ms() - begun;
		timer_stop(timer_start(loop, 10, on_late, &o));
		timer_stop(NULL);
		loop_run(loop);
	} while (between > 10);        /* the machine stood still between the two starts: nothing follows from the order */
	assert_string_equal(o.text, "12");
}

static void work_runs_on_another_thread_and_comes_back(void **state)
{
	struct order o = { 0 };

	(void)state;
	loop_work(loop, on_work, on_after, &o);
	loop_run(loop);
	assert_string_equal(o.text, "w");
}

struct poster {
	struct order *o;
	int sum;
};

static void on_post(void *ctx)
{
	struct poster *p = ctx;

	if (++p->sum == 4000)
		loop_stop(loop);
}

static void *post_many(void *ctx)
{
	int i;

	for (i = 0; i < 1000; i++)
		loop_post(loop, on_post, ctx);
	return NULL;
}

static void posts_from_many_threads_all_arrive(void **state)
{
	struct poster p = { 0 };
	pthread_t t[4];
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, post_many, &p);
	timer_stop(NULL);
	while (p.sum < 4000)
		run_for(1000);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(p.sum, 4000);
}

static void on_post_again(void *ctx)
{
	note(ctx, 'p');
	loop_post(loop, on_second, ctx);
}

static void a_post_is_run_even_if_nothing_else_is_pending(void **state)
{
	struct order o = { 0 };

	(void)state;
	loop_post(loop, on_post_again, &o);
	loop_run(loop);
	assert_string_equal(o.text, "p2");
}

/* ---- streams --------------------------------------------------------------- */

struct end {
	struct stream *s;
	struct buf got;
	int ends, error;
	size_t largest;
	size_t pause_at;               /* stops reading once so much was read; 0: never */
};

static void on_bytes(void *ctx, const void *data, size_t size)
{
	struct end *e = ctx;

	buf_add(&e->got, data, size);
	e->largest = size > e->largest ? size : e->largest;
	if (e->pause_at != 0 && e->got.size >= e->pause_at) {
		e->pause_at = 0;
		stream_read_stop(e->s);
		loop_stop(loop);
	}
}

static void on_end(void *ctx, int error)
{
	struct end *e = ctx;

	e->ends++;
	e->error = error;
	stream_close(e->s);
	e->s = NULL;
}

static const struct stream_events events = { on_bytes, on_end };

static void open_end(struct end *e, int fd)
{
	struct err err = { 0 };

	memset(e, 0, sizeof *e);
	buf_init(&e->got, 64 << 20);
	e->s = stream_open(loop, fd, &events, e, &err);
	assert_non_null(e->s);
}

static char *pattern(size_t size)
{
	char *p = xmalloc(size);
	size_t i;

	for (i = 0; i < size; i++)
		p[i] = (char)(i * 7 + i / 251);
	return p;
}

static void megabytes_pass_whole_and_in_small_pieces(void **state)
{
	enum { SIZE = 5 << 20 };
	struct end a, b;
	char *data = pattern(SIZE);
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	open_end(&a, fds[0]);
	open_end(&b, fds[1]);
	b.pause_at = SIZE / 2;
	stream_read_start(b.s);
	stream_write(a.s, data, 1000);
	stream_write(a.s, data + 1000, SIZE - 1000);
	assert_true(stream_queued(a.s) > 0);
	loop_run(loop);
	run_for(20);
	assert_true(b.got.size < SIZE);        /* paused: the rest waits */
	stream_read_start(b.s);
	while (b.got.size < SIZE)
		run_for(10);
	assert_int_equal(stream_queued(a.s), 0);
	stream_close(a.s);
	loop_run(loop);
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.error, 0);
	assert_int_equal(b.got.size, SIZE);
	assert_memory_equal(b.got.data, data, SIZE);
	assert_true(b.largest <= 8192);
	buf_free(&b.got);
	free(data);
}

static void writing_to_who_is_gone_is_an_error_told_once(void **state)
{
	struct end a;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	open_end(&a, fds[0]);
	close(fds[1]);
	stream_write(a.s, "x", 1);
	stream_write(a.s, "y", 1);
	loop_run(loop);
	assert_int_equal(a.ends, 1);
	assert_int_equal(a.error, EPIPE);
}

static void nothing_is_told_after_close(void **state)
{
	struct end a;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	open_end(&a, fds[0]);
	stream_read_start(a.s);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	stream_close(a.s);
	close(fds[1]);
	loop_run(loop);
	assert_int_equal(a.ends, 0);
	assert_int_equal(a.got.size, 0);
	stream_close(NULL);
}

/* ---- listening ------------------------------------------------------------- */

struct callers {
	int fd[300];
	int n;
};

static void on_connect(void *ctx, int fd)
{
	struct callers *c = ctx;

	c->fd[c->n++] = fd;
}

static int call(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(a.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void the_backlog_is_drained_on_demand_and_the_socket_is_private(void **state)
{
	char path[] = "/tmp/vt-test-XXXXXX";
	struct callers c = { 0 };
	struct err err = { 0 };
	struct listening *l;
	struct stat st;
	uint32_t uid = 77;
	int i, mine[20];

	(void)state;
	close(mkstemp(path));
	unlink(path);
	l = listen_start(loop, path, on_connect, &c, &err);
	assert_non_null(l);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	for (i = 0; i < 20; i++)
		mine[i] = call(path);
	assert_int_equal(c.n, 0);
	listen_drain(l);
	assert_int_equal(c.n, 20);
	assert_int_equal(peer_uid(c.fd[0], &uid), 0);
	assert_int_equal(uid, getuid());
	assert_true(fcntl(c.fd[0], F_GETFD) & FD_CLOEXEC);
	for (i = 0; i < 20; i++) {
		close(mine[i]);
		close(c.fd[i]);
	}
	mine[0] = call(path);
	run_for(50);
	assert_int_equal(c.n, 21);
	close(mine[0]);
	close(c.fd[20]);
	listen_stop(l);
	loop_run(loop);
	assert_int_equal(access(path, F_OK), 0);
	assert_null(listen_start(loop, path, on_connect, &c, &err));      /* the name is taken */
	err_clear(&err);
	unlink(path);
}

static void without_file_descriptors_callers_wait_in_the_backlog(void **state)
{
	char path[] = "/tmp/vt-test-XXXXXX";
	struct rlimit old, tight;
	struct callers c = { 0 };
	struct err err = { 0 };
	struct listening *l;
	int fd[2], i, n, filled[512];
	const char *preload = getenv("LD_PRELOAD");

	(void)state;
	/* valgrind has limits of its own, and drops connections beyond them. */
	if (preload && strstr(preload, "vgpreload") != NULL)
		skip();
	close(mkstemp(path));
	unlink(path);
	l = listen_start(loop, path, on_connect, &c, &err);
	fd[0] = call(path);
	fd[1] = call(path);
	getrlimit(RLIMIT_NOFILE, &old);
	tight = old;
	tight.rlim_cur = 300;
	setrlimit(RLIMIT_NOFILE, &tight);
	for (n = 0; n < 512 && (filled[n] = dup(0)) >= 0; n++)
		;
	listen_drain(l);
	for (i = 0; i < n; i++)
		close(filled[i]);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.fd[0], -EMFILE);
	run_for(20);
	assert_int_equal(c.n, 1);              /* held: no further connection is accepted */
	listen_hold(l, false);
	run_for(20);
	assert_int_equal(c.n, 3);
	for (i = 0; i < 2; i++) {
		close(fd[i]);
		close(c.fd[1 + i]);
	}
	listen_stop(l);
	unlink(path);
}

static void a_path_that_is_too_long_is_said_so(void **state)
{
	struct err err = { 0 };
	char path[200];

	(void)state;
	memset(path, 'x', sizeof path);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	assert_null(listen_start(loop, path, on_connect, NULL, &err));
	assert_non_null(strstr(err.text[0], "longer than 107 bytes"));
	err_clear(&err);
}

/* ---- output ---------------------------------------------------------------- */

static void count_drained(void *ctx)
{
	++*(int *)ctx;
	loop_stop(loop);
}

struct reader {
	pthread_t thread;
	int fd;
	struct buf got;
};

static void *read_to_end(void *arg)
{
	struct reader *r = arg;
	char chunk[1000];
	ssize_t n;

	while ((n = read(r->fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_add(&r->got, chunk, (size_t)n);
	return NULL;
}

/* Queues what the reader does not take, without blocking and without O_NONBLOCK on shared descriptors. */
static void queue_and_drain(int out, int in)
{
	enum { SIZE = 3 << 20 };
	struct output *o = output_open(loop, out);
	struct reader r = { .fd = in };
	char *data = pattern(SIZE);
	int drained = 0;

	buf_init(&r.got, SIZE * 2);
	output_on_drained(o, count_drained, &drained);
	assert_int_equal(output_write(o, data, SIZE), 0);
	assert_true(output_queued(o) > SIZE / 2);
	assert_false(fcntl(out, F_GETFL) & O_NONBLOCK);
	pthread_create(&r.thread, NULL, read_to_end, &r);
	while (drained == 0)
		loop_run(loop);
	assert_int_equal(output_queued(o), 0);
	assert_int_equal(output_write(o, data, SIZE), 0);
	assert_int_equal(output_close(o), 0);          /* flushes what was queued */
	close(out);
	pthread_join(r.thread, NULL);
	close(in);
	assert_int_equal(r.got.size, 2 * SIZE);
	assert_memory_equal(r.got.data, data, SIZE);
	assert_memory_equal(r.got.data + SIZE, data, SIZE);
	buf_free(&r.got);
	free(data);
}

static void a_slow_pipe_does_not_hold_the_loop(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	queue_and_drain(fds[1], fds[0]);
}

static void a_slow_socket_does_not_hold_the_loop(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	queue_and_drain(fds[1], fds[0]);
}

static void a_slow_fifo_does_not_hold_the_loop(void **state)
{
	char path[] = "/tmp/vt-test-XXXXXX";
	int in, out;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	in = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	fcntl(in, F_SETFL, 0);
	out = open(path, O_WRONLY | O_CLOEXEC);
	unlink(path);
	queue_and_drain(out, in);
}

static void a_stopped_terminal_does_not_hold_the_loop(void **state)
{
	enum { SIZE = 100000 };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave, drained = 0;
	struct reader r = { .fd = master };
	struct termios raw;
	struct output *o;
	char *data = pattern(SIZE);

	(void)state;
	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	o = output_open(loop, slave);
	output_on_drained(o, count_drained, &drained);
	assert_int_equal(output_write(o, data, SIZE), 0);
	assert_true(output_queued(o) > 0);
	assert_false(fcntl(slave, F_GETFL) & O_NONBLOCK);
	buf_init(&r.got, SIZE);
	pthread_create(&r.thread, NULL, read_to_end, &r);
	while (drained == 0)
		loop_run(loop);
	assert_int_equal(output_close(o), 0);
	close(slave);
	pthread_join(r.thread, NULL);
	close(master);
	assert_int_equal(r.got.size, SIZE);
	assert_memory_equal(r.got.data, data, SIZE);
	buf_free(&r.got);
	free(data);
}

static void a_full_device_and_a_gone_reader_are_errors(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC), fds[2];
	struct output *o = output_open(loop, fd);

	(void)state;
	assert_int_equal(output_write(o, "x", 1), ENOSPC);
	assert_int_equal(output_write(o, "x", 1), ENOSPC);
	assert_int_equal(output_close(o), ENOSPC);
	close(fd);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	o = output_open(loop, fds[1]);
	close(fds[0]);
	assert_int_equal(output_write(o, "x", 1), EPIPE);
	assert_int_equal(output_close(o), EPIPE);
	close(fds[1]);
}

static void a_reader_that_leaves_ends_the_queue(void **state)
{
	int fds[2], drained = 0;
	struct output *o;
	char *data = pattern(1 << 20);

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	o = output_open(loop, fds[1]);
	output_on_drained(o, count_drained, &drained);
	assert_int_equal(output_write(o, data, 1 << 20), 0);
	assert_true(output_queued(o) > 0);
	close(fds[0]);
	while (drained == 0)
		loop_run(loop);
	assert_int_equal(output_write(o, "x", 1), EPIPE);
	assert_int_equal(output_close(o), EPIPE);
	close(fds[1]);
	free(data);
}

static void a_file_is_written_at_once(void **state)
{
	char path[] = "/tmp/vt-test-XXXXXX", text[8] = "";
	int fd = mkstemp(path);
	struct output *o = output_open(loop, fd);

	(void)state;
	unlink(path);
	assert_int_equal(output_write(o, "hello", 5), 0);
	assert_int_equal(output_queued(o), 0);
	assert_int_equal(pread(fd, text, 7, 0), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(output_close(o), 0);
	close(fd);
	assert_int_equal(output_close(NULL), 0);
}

/* ---- hanging up ------------------------------------------------------------- */

static void count_hangup(void *ctx)
{
	++*(int *)ctx;
}

static void the_end_of_the_other_side_is_told_once_and_its_bytes_are_not(void **state)
{
	int fds[2], told = 0;
	char text[8];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_non_null(hangup_watch(loop, fds[0], count_hangup, &told));
	assert_int_equal(write(fds[1], "hello", 5), 5);
	run_for(30);
	assert_int_equal(told, 0);
	close(fds[1]);
	run_for(30);
	assert_int_equal(told, 1);
	assert_int_equal(read(fds[0], text, sizeof text), 5);
	close(fds[0]);
}

static void a_stopped_watch_tells_nothing_and_the_descriptor_may_be_closed(void **state)
{
	int fds[2], told = 0;
	struct hangup *h;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	h = hangup_watch(loop, fds[0], count_hangup, &told);
	assert_non_null(h);
	hangup_stop(h);
	close(fds[1]);
	run_for(30);
	assert_int_equal(told, 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_non_null(hangup_watch(loop, fds[0], count_hangup, &told));
	close(fds[0]);
	close(fds[1]);
	run_for(30);
	assert_int_equal(told, 1);
	assert_null(hangup_watch(loop, -1, count_hangup, &told));
	hangup_stop(NULL);
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(timers_fire_in_their_order_and_stopped_ones_do_not),
		test(work_runs_on_another_thread_and_comes_back),
		test(posts_from_many_threads_all_arrive),
		test(a_post_is_run_even_if_nothing_else_is_pending),
		test(megabytes_pass_whole_and_in_small_pieces),
		test(writing_to_who_is_gone_is_an_error_told_once),
		test(nothing_is_told_after_close),
		test(the_backlog_is_drained_on_demand_and_the_socket_is_private),
		test(without_file_descriptors_callers_wait_in_the_backlog),
		test(a_path_that_is_too_long_is_said_so),
		test(a_slow_pipe_does_not_hold_the_loop),
		test(a_slow_socket_does_not_hold_the_loop),
		test(a_slow_fifo_does_not_hold_the_loop),
		test(a_stopped_terminal_does_not_hold_the_loop),
		test(a_full_device_and_a_gone_reader_are_errors),
		test(a_reader_that_leaves_ends_the_queue),
		test(a_file_is_written_at_once),
		test(the_end_of_the_other_side_is_told_once_and_its_bytes_are_not),
		test(a_stopped_watch_tells_nothing_and_the_descriptor_may_be_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
