/* A supervisor and the reports about its children; for tests that start processes. */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/loop.h"
#include "os/stream.h"
#include "process/process.h"
#include "process/start.h"

struct world {
	struct loop *loop;
	struct processes *ps;
	int deaths;                    /* on_death calls */
};

struct task {
	struct world *w;
	struct process *p;
	pid_t pid;
	int started, failed, exited;   /* how often each was told */
	int error, status;
	uint32_t how;
	int listener;
	struct stream *out;
	struct buf printed;
	int out_ended;
};

static char supervisor[4096 + 32];

static int find_supervisor(void)
{
	const char *dir = getenv("abs_top_builddir");

	if (realpath(dir != NULL ? dir : ".", supervisor) == NULL)
		return -1;
	strcat(supervisor, "/core/vt-supervisor");
	return access(supervisor, X_OK);
}

static void on_death(void *ctx)
{
	struct world *w = ctx;

	w->deaths++;
}

static void begin(struct world *w)
{
	struct err err = { 0 };

	memset(w, 0, sizeof *w);
	assert_int_equal(loop_new(&w->loop, &err), 0);
	w->ps = processes_new(w->loop, supervisor, on_death, w);
}

static void finish(struct world *w)
{
	processes_free(w->ps);
	loop_free(w->loop);
}

static void stop_loop(void *ctx)
{
	struct world *w = ctx;

	loop_stop(w->loop);
}

static inline void run_for(struct world *w, int ms)
{
	timer_start(w->loop, ms, stop_loop, w);
	loop_run(w->loop);
}

static void on_started(void *ctx, pid_t pid, uint32_t how, int listener)
{
	struct task *t = ctx;

	t->pid = pid;
	t->how = how;
	t->listener = listener;
	t->started++;
}

static void on_failed(void *ctx, int error)
{
	struct task *t = ctx;

	t->error = error;
	t->failed++;
}

static void on_exit_(void *ctx, int status)
{
	struct task *t = ctx;

	t->status = status;
	t->exited++;
}

static const struct process_events events = { on_started, on_failed, on_exit_ };

static void on_bytes(void *ctx, const void *data, size_t size)
{
	struct task *t = ctx;

	assert_true(size <= 8192);
	buf_add(&t->printed, data, size);
}

static void on_end(void *ctx, int error)
{
	struct task *t = ctx;

	assert_int_equal(error, 0);
	t->out_ended = 1;
	stream_close(t->out);
	t->out = NULL;
}

static const struct stream_events reading = { on_bytes, on_end };
static const char *const no_env[] = { NULL };

/* Starts argv with its output into t->printed. */
static void start(struct world *w, struct task *t, const char *const *argv, const char *const *env, const char *dir)
{
	struct process_start what = { .program = argv[0], .argv = argv, .env = (char *const *)(uintptr_t)env, .dir = dir,
				      .fd = { PROCESS_NULL, PROCESS_INHERIT, PROCESS_INHERIT } };
	struct err err = { 0 };
	int fds[2];

	memset(t, 0, sizeof *t);
	t->w = w;
	buf_init(&t->printed, 64 << 20);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	what.fd[1] = fds[1];
	t->out = stream_open(w->loop, fds[0], &reading, t, &err);
	stream_read_start(t->out);
	assert_int_equal(process_start(w->ps, &what, &events, t, &t->p, &err), 0);
	close(fds[1]);
}

static void done(struct task *t)
{
	process_release(t->p);
	buf_free(&t->printed);
}

/* Runs a shell line to its end. */
static void run(struct world *w, struct task *t, const char *line)
{
	const char *argv[] = { "/bin/sh", "-c", line, NULL };

	start(w, t, argv, no_env, "/");
	loop_run(w->loop);
}
#endif
