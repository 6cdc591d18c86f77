#include "config.h"

#include "exec/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/env.h"
#include "exec/trace.h"
#include "fact/seen.h"
#include "ipc/endpoint.h"
#include "ipc/server.h"
#include "os/hangup.h"
#include "os/loop.h"
#include "os/stream.h"
#include "plan/chain.h"
#include "plan/step.h"
#include "process/process.h"
#include "service/writes.h"

enum {
	CHILD_PIPE_MS = 10000,     /* wait for the ends of the pipes after the exit */
	CHILD_RETRY_MS = 50,       /* to the next try to start, when there was no descriptor left */
	CHILD_TRIES = 200,
	CHILD_CANCELLED_MS = 200   /* the same when the run is stopping: what is in the pipe already */
};

struct pipe_end {
	struct child *child;
	struct stream *stream;     /* NULL: at its end, or there is none */
	int number;                /* 1 or 2 */
};

struct child {
	struct child_setup setup;
	struct child_end end;
	struct process *process;
	struct server *server;
	struct trace *trace;
	uint32_t written;          /* its number in setup.writes; 0: it is not followed */
	struct pipe_end out, err;
	struct hangup *gone;       /* waits until no process of a traced child is left; NULL: not waited for */
	struct timer *pipe_timer;
	struct timer *retry;       /* to the next try to start it; NULL: none is needed */
	uint32_t tries;            /* to start it */
	int64_t started_ms;        /* monotonic */
	bool exited;
	bool ended;                /* exited, with both pipes at their ends; or it could not be started */
	bool settling;             /* channel and tracer are being stopped, or were */
	bool settled;              /* they were */
	bool early;                /* settling began before it ended */
	bool cancelled;
	bool paused;
};

/* ---- the end, step by step ---- */

static void check_settled(struct child *c)
{
	if (!c->ended || !c->settled)
		return;
	if (c->written)
		writes_leave(c->setup.writes, c->written);
	c->written = 0;
	/* from now on the keeper answers the kernel for processes that outlive the child */
	if (c->process)
		process_release(c->process);
	c->process = NULL;
	c->setup.on_settled(c->setup.ctx);
}

static void stop_trace(void *ctx)
{
	struct child *c = ctx;

	trace_stop(c->trace, c->setup.traced);
	if (c->early)
		c->setup.on_traced(c->setup.ctx);
}

static void trace_stopped(void *ctx)
{
	struct child *c = ctx;

	c->trace = NULL;
	c->settled = true;
	check_settled(c);
}

static void channel_stopped(void *ctx)
{
	struct child *c = ctx;

	server_free(c->server);
	c->server = NULL;
	if (c->trace && !c->cancelled) {
		loop_work(c->setup.loop, stop_trace, trace_stopped, c);
		return;
	}
	trace_cancel(c->trace);
	trace_stopped(c);
}

/* Stops channel and tracer, one after the other. */
static void settle(struct child *c)
{
	c->settling = true;
	hangup_stop(c->gone);
	c->gone = NULL;
	if (c->server && !c->cancelled)
		server_stop(c->server, channel_stopped, c);
	else
		channel_stopped(c);
}

/* No process of it runs any more; it ends when the kernel has taken down its memory. Of a large process that takes long enough to
 * find out meanwhile what it did: 3 of 36 ms that a miss of esbuild costs more. Kernels before Linux 6.11 tell it after the end. */
static void on_gone(void *ctx)
{
	struct child *c = ctx;

	c->gone = NULL;
	c->early = c->setup.on_gone(c->setup.ctx) && !c->cancelled;
	if (c->early)
		settle(c);
}

static void close_pipes(struct child *c)
{
	stream_close(c->out.stream);
	stream_close(c->err.stream);
	c->out.stream = c->err.stream = NULL;
}

static void ended(struct child *c)
{
	c->ended = true;
	timer_stop(c->pipe_timer);
	c->pipe_timer = NULL;
	close_pipes(c);
	c->end.ms = os_now_ms() - c->started_ms;
	c->setup.on_ended(c->setup.ctx);
	if (!c->settling)
		settle(c);
	else
		check_settled(c);
}

static void check_ended(struct child *c)
{
	if (c->exited && !c->ended && !c->out.stream && !c->err.stream)
		ended(c);
}

static void pipes_held(void *ctx);

static void arm_pipe_timer(struct child *c)
{
	timer_stop(c->pipe_timer);
	c->pipe_timer = timer_start(c->setup.loop, c->cancelled ? CHILD_CANCELLED_MS : CHILD_PIPE_MS, pipes_held, c);
}

static void pipes_held(void *ctx)
{
	struct child *c = ctx;

	c->pipe_timer = NULL;
	/* paused pipes are not read: no end of them proves nothing */
	if (c->paused) {
		arm_pipe_timer(c);
		return;
	}
	c->end.pipe_held = true;
	ended(c);
}

/* ---- what happens to it ---- */

static void on_bytes(void *ctx, const void *data, size_t size)
{
	struct pipe_end *p = ctx;

	p->child->setup.on_output(p->child->setup.ctx, p->number, (struct bytes){ data, size });
}

static void on_pipe_end(void *ctx, int error)
{
	struct pipe_end *p = ctx;

	(void)error;
	stream_close(p->stream);
	p->stream = NULL;
	check_ended(p->child);
}

static void on_started(void *ctx, pid_t pid, uint32_t how, int listener)
{
	struct child *c = ctx;

	(void)pid;
	c->end.started = true;
	if (c->trace) {
		c->gone = listener > 0 && c->setup.on_gone ? hangup_watch(c->setup.loop, listener, on_gone, c) : NULL;
		trace_attach(c->trace, how, listener);
	} else if (c->setup.writes && how && listener > 0)
		c->written = writes_follow(c->setup.writes, listener);
	else if (listener > 0)
		close(listener);
	c->end.followed = c->written != 0;
	if (c->setup.on_started)
		c->setup.on_started(c->setup.ctx);
}

static void on_exit_status(void *ctx, int status)
{
	struct child *c = ctx;

	c->exited = true;
	c->end.setuid = c->written && writes_saw_setuid(c->setup.writes, c->written);
	if (c->setup.whole)
		process_signal(c->process, SIGKILL);
	c->end.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (c->out.stream || c->err.stream)
		arm_pipe_timer(c);
	check_ended(c);
}

static void drop_all(struct child *c)
{
	close_pipes(c);
	hangup_stop(c->gone);
	c->gone = NULL;
	server_free(c->server);
	c->server = NULL;
	trace_cancel(c->trace);
	c->trace = NULL;
}

static void on_failed(void *ctx, int error)
{
	struct child *c = ctx;

	c->end.error = error;
	c->end.refused = strcmp(process_failed_in(c->process), "execve") == 0;
	c->ended = true;
	if (c->settling) {
		close_pipes(c);
	} else {
		drop_all(c);
		c->settled = true;
	}
	check_settled(c);
}

static void not_started(void *ctx)
{
	struct child *c = ctx;

	drop_all(c);
	c->setup.on_settled(c->setup.ctx);
}

/* ---- the start ---- */

static int open_pipe(struct child *c, struct pipe_end *p, int number, int *ret_other, struct err *err)
{
	static const struct stream_events events = { on_bytes, on_pipe_end };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0) {
		int e = errno;

		err_errno(err, e, "cannot make a pipe");
		errno = e;
		return -1;
	}
	p->child = c;
	p->number = number;
	p->stream = stream_open(c->setup.loop, fds[0], &events, p, err);
	if (!p->stream) {
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	stream_read_start(p->stream);
	*ret_other = fds[1];
	return 0;
}

/* The value of LD_PRELOAD with the file last, and once: a vt in a task may want it, too. NULL: what the task has. */
static const char *preload_of(const struct child *c, const char *file, struct arena *a)
{
	const char *value = env_get(c->setup.step->spawn_env, "LD_PRELOAD");

	file = c->setup.endpoint ? endpoint_listed(c->setup.endpoint, file) : NULL;
	if (!file)
		return value;
	if (!value || !*value)
		return file;
	return strstr(value, file) ? value : arena_printf(a, "%s:%s", value, file);
}

/* The tasks that led here; the channel, its two variables, and FSPY: only for steps that may be
 * kept, where none of them comes from outside. FSPY is for those whose inputs are found by the tracer. */
static const struct env *edited_env(struct child *c, bool traced)
{
	struct arena *a = c->setup.arena;
	struct env_pair pairs[40];
	const struct env_pair *wanted;
	uint32_t n = 0, i, wanted_n;

	pairs[n++] = (struct env_pair){ "VT_TASK_CHAIN", chain_value(c->setup.step, a) };
	if (c->server) {
		pairs[n++] = (struct env_pair){ "VP_RUN_IPC_NAME", server_name(c->server) };
		pairs[n++] = (struct env_pair){ "VP_RUN_NODE_CLIENT_PATH", endpoint_addon(c->setup.endpoint) };
	}
	if (c->setup.seen)
		pairs[n++] = (struct env_pair){ "FSPY", traced && c->setup.traced == c->setup.seen ? "1" : NULL };
	if (traced) {
		wanted_n = trace_env(c->trace, &wanted);
		for (i = 0; i < wanted_n; i++)
			pairs[n++] = wanted[i];
		if (trace_preload(c->trace))
			pairs[n++] = (struct env_pair){ "LD_PRELOAD", preload_of(c, trace_preload(c->trace), a) };
	}
	return env_with(a, c->setup.step->spawn_env, pairs, n);
}

static const char *const *argv_of(const struct step *step, struct arena *a)
{
	const char **argv = arena_array(a, (size_t)step->argv.n + 1, sizeof *argv);

	memcpy(argv, step->argv.at, step->argv.n * sizeof *argv);
	return argv;
}

static int launch(struct child *c, const int fd[3], struct err *err)
{
	static const struct process_events events = { on_started, on_failed, on_exit_status };
	const struct step *step = c->setup.step;
	struct arena *a = c->setup.arena;
	struct process_start start = {
		.program = c->setup.program,
		.argv = argv_of(step, a),
		.env = env_entries(edited_env(c, c->trace != NULL), a),
		.dir = step->dir,
		.fd = { fd[0], fd[1], fd[2] },
		.whole = c->setup.whole,
	};

	if (c->trace) {
		start.filters_n = trace_filters(c->trace, &start.filters);
		start.env_untraced = env_entries(edited_env(c, false), a);
	} else if (c->setup.writes) {
		start.filters = writes_filter(c->setup.writes);
		start.filters_n = start.filters != NULL;
	}
	c->end.started_ns = os_real_ns();
	c->started_ms = os_now_ms();
	return process_start(c->setup.processes, &start, &events, c, &c->process, err);
}

/* -1 with errno. */
static int try_start(struct child *c, struct err *err)
{
	int fd[3] = { PROCESS_INHERIT, PROCESS_INHERIT, PROCESS_INHERIT }, r = 0, e;

	if (c->setup.piped) {
		fd[0] = PROCESS_NULL;
		if (open_pipe(c, &c->out, 1, &fd[1], err) < 0)
			return -1;
		if (open_pipe(c, &c->err, 2, &fd[2], err) < 0) {
			e = errno;
			close(fd[1]);
			errno = e;
			return -1;
		}
	}
	r = launch(c, fd, err);
	e = errno;
	if (c->setup.piped) {
		close(fd[1]);
		close(fd[2]);
	}
	errno = e;
	return r;
}

static void start_channel(struct child *c)
{
	struct child_setup *s = &c->setup;
	struct err err = { 0 };

	if (!s->endpoint || server_start(s->loop, s->endpoint, s->outer, s->step->full_env, s->seen, &c->server, &err) == 0)
		return;
	c->server = NULL;
	if (!s->seen->broken)
		s->seen->broken = err_take(&err, s->arena);
	err_clear(&err);
}

static void start(void *ctx);

/* Another thread has taken the descriptors that were free a moment ago, and will close them soon. */
static bool start_later(struct child *c, int error)
{
	if ((error != EMFILE && error != ENFILE) || c->cancelled || ++c->tries == CHILD_TRIES)
		return false;
	close_pipes(c);
	c->retry = timer_start(c->setup.loop, CHILD_RETRY_MS, start, c);
	return true;
}

static void start(void *ctx)
{
	struct child *c = ctx;
	struct err err = { 0 };

	c->retry = NULL;
	if (c->cancelled) {
		loop_post(c->setup.loop, not_started, c);
	} else if (try_start(c, &err) == 0) {
		c->end.trouble = NULL;
	} else {
		int e = errno;

		c->end.trouble = err_take(&err, c->setup.arena);
		if (!start_later(c, e))
			loop_post(c->setup.loop, not_started, c);
	}
}

struct child *child_start(const struct child_setup *setup)
{
	struct child *c = xcalloc(1, sizeof *c);
	const char *why = NULL;

	c->setup = *setup;
	if (!setup->program) {
		c->end.error = ENOENT;
		c->end.refused = true;
		loop_post(setup->loop, not_started, c);
		return c;
	}
	if (setup->seen)
		start_channel(c);
	if (setup->tracer) {
		c->trace = trace_begin(setup->tracer, setup->described ? setup->described : setup->step->described, setup->arena, &why);
		if (!c->trace && !setup->traced->untraced)
			setup->traced->untraced = why;
	}
	start(c);
	return c;
}

const struct child_end *child_end(const struct child *c)
{
	return &c->end;
}

bool child_signal(struct child *c, int signum)
{
	if (!c->process || c->exited)
		return false;
	process_signal(c->process, signum);
	return true;
}

void child_cancel(struct child *c)
{
	if (c->ended)
		return;
	c->cancelled = true;
	if (c->exited)
		arm_pipe_timer(c);
}

static void pause_pipe(struct pipe_end *p, bool pause)
{
	if (!p->stream)
		return;
	if (pause)
		stream_read_stop(p->stream);
	else
		stream_read_start(p->stream);
}

void child_pause(struct child *c, bool pause)
{
	if (c->paused == pause)
		return;
	c->paused = pause;
	pause_pipe(&c->out, pause);
	pause_pipe(&c->err, pause);
}

void child_free(struct child *c)
{
	free(c);
}
