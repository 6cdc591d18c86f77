#include "config.h"

#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "os/loop.h"
#include "process/orphans.h"
#include "process/start.h"
#include "supervisor/message.h"

enum {
	END_WAIT_MS = 2000,            /* how long killed children may take to be gone */
	WAKE_MS = 1000                 /* how often a stopped supervisor is looked for */
};

struct processes {
	struct loop *loop;
	char *supervisor;              /* path of its program */
	pid_t pid;                     /* 0: not started, or gone */
	int sock;                      /* -1: likewise */
	uv_poll_t *uv;                 /* of sock */
	uv_timer_t *wake;              /* while sock is open: wakes a supervisor that was stopped */
	struct orphans orphans;        /* of supervisor and keepers that were killed */
	bool dead;                     /* the supervisor or a keeper died: nothing can be started any more */
	struct process *first;         /* newest first */
	struct start_queue starts;     /* processes that the supervisor is to start */
	void (*on_death)(void *ctx);
	void *ctx;
};

struct process {
	struct processes *of;          /* NULL: no longer on its list */
	struct process *next, **back;  /* place on of->first */
	int sock;                      /* to the keeper; -1: it has ended */
	int idle;                      /* the same socket until uv is closed: no other file may get its number before; -1: none */
	uv_poll_t uv;                  /* of sock */
	pid_t pid;                     /* 0 before on_started */
	pid_t keeper;                  /* likewise */
	bool ended;                    /* on_exit or on_failed was called */
	bool released;
	enum message_call failed_in;
	struct process_events events;
	void *ctx;
};

static void supervisor_gone(struct processes *ps);
static void set_ended(struct process *p);

/* Fails a process whose START could not be sent to the supervisor. */
static void on_unsent(void *process, int error)
{
	struct process *p = process;

	set_ended(p);
	p->events.on_failed(p->ctx, error);
}

/* ---- the supervisor ---------------------------------------------------------- */

static void free_handle(uv_handle_t *h)
{
	free(h);
}

static void on_supervisor(uv_poll_t *uv, int status, int events)
{
	struct processes *ps = uv->data;
	char byte;
	ssize_t n;

	if (events & UV_WRITABLE)
		start_queue_send(&ps->starts);
	if (status == 0 && !(events & (UV_READABLE | UV_DISCONNECT)))
		return;
	n = recv(ps->sock, &byte, 1, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		supervisor_gone(ps);
}

static void close_socket(struct processes *ps)
{
	uv_close((uv_handle_t *)ps->uv, free_handle);
	uv_close((uv_handle_t *)ps->wake, free_handle);
	close(ps->sock);
	ps->sock = -1;
}

/* Watches the socket, also for room to send where STARTs wait for it. */
static void watch(void *ctx)
{
	struct processes *ps = ctx;

	uv_poll_start(ps->uv, UV_READABLE | UV_DISCONNECT | (start_queue_waits(&ps->starts) ? UV_WRITABLE : 0), on_supervisor);
}

/* Starts the supervisor with an empty environment, /dev/null as stdio, and blocked signals, which it unblocks itself. */
static int spawn(const char *program, int sock, pid_t *ret)
{
	char *argv[] = { (char *)(uintptr_t)"vt-supervisor", NULL }, *env[] = { NULL };
	posix_spawn_file_actions_t a;
	posix_spawnattr_t attr;
	sigset_t all;
	int r;

	sigfillset(&all);
	posix_spawn_file_actions_init(&a);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&a, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&a, 0, 1);
	posix_spawn_file_actions_adddup2(&a, 0, 2);
	posix_spawn_file_actions_adddup2(&a, sock, MESSAGE_SOCKET);
	posix_spawnattr_setsigmask(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawn(ret, program, &a, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&a);
	return r;
}

/* A stopped supervisor starts nothing, and wakes no stopped keeper: a task could stop both for good. */
static void wake(pid_t supervisor)
{
	siginfo_t info = { 0 };

	if (supervisor > 0 && waitid(P_PID, (id_t)supervisor, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid == supervisor)
		kill(supervisor, SIGCONT);
}

static void wake_supervisor(struct processes *ps)
{
	wake(ps->pid);
}

static void on_wake(uv_timer_t *uv)
{
	wake_supervisor(uv->data);
}

/* 0 or an errno. */
static int watch_supervisor(struct processes *ps, int sock)
{
	uv_poll_t *uv = xcalloc(1, sizeof *uv);
	int r = uv_poll_init(loop_uv(ps->loop), uv, sock);

	if (r < 0) {
		free(uv);
		return -r;
	}
	ps->sock = sock;
	ps->uv = uv;
	ps->starts.sock = sock;
	uv->data = ps;
	watch(ps);
	uv_unref((uv_handle_t *)uv);
	ps->wake = xcalloc(1, sizeof *ps->wake);
	uv_timer_init(loop_uv(ps->loop), ps->wake);
	ps->wake->data = ps;
	uv_timer_start(ps->wake, on_wake, WAKE_MS, WAKE_MS);
	uv_unref((uv_handle_t *)ps->wake);
	return 0;
}

/* 0 or an errno. */
static int start_supervisor(struct processes *ps, struct err *err)
{
	int pair[2], e;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		e = errno;
		err_errno(err, e, "no socket for the supervisor");
		return e;
	}
	e = watch_supervisor(ps, pair[0]);
	if (e != 0) {
		close(pair[0]);
		err_errno(err, e, "the supervisor's socket cannot be watched");
	} else {
		orphans_adopt(&ps->orphans);
		e = spawn(ps->supervisor, pair[1], &ps->pid);
		if (e != 0) {
			ps->pid = 0;
			close_socket(ps);
			err_errno(err, e, "the supervisor '%s' cannot be started", ps->supervisor);
		}
	}
	close(pair[1]);
	ps->starts.ignored = start_ignored();
	return e;
}

struct processes *processes_new(struct loop *l, const char *supervisor, void (*on_death)(void *ctx), void *ctx)
{
	struct processes *ps = xcalloc(1, sizeof *ps);

	ps->loop = l;
	ps->supervisor = xstrdup(supervisor);
	ps->sock = -1;
	start_queue_init(&ps->starts, l, watch, on_unsent, ps);
	ps->on_death = on_death;
	ps->ctx = ctx;
	return ps;
}

/* ---- one child ------------------------------------------------------------- */

static void off_list(struct process *p)
{
	if (!p->of)
		return;
	*p->back = p->next;
	if (p->next)
		p->next->back = p->back;
	p->of = NULL;
}

static void on_list(struct processes *ps, struct process *p)
{
	p->of = ps;
	p->next = ps->first;
	p->back = &ps->first;
	if (p->next)
		p->next->back = &p->next;
	ps->first = p;
}

static void free_process(uv_handle_t *h)
{
	free(h->data);
}

/* Ends a process whose keeper is gone; frees it unless the caller still uses it. */
static void close_process(struct process *p)
{
	if (p->sock >= 0) {
		uv_poll_stop(&p->uv);
		p->idle = p->sock;
		p->sock = -1;
	}
	if (!p->ended || !p->released)
		return;
	off_list(p);
	if (uv_is_closing((uv_handle_t *)&p->uv))
		return;
	uv_close((uv_handle_t *)&p->uv, free_process);
	close(p->idle);
}

/* nothing waits for this process any more; its survivors may live on for ever */
static void set_ended(struct process *p)
{
	p->ended = true;
	uv_unref((uv_handle_t *)&p->uv);
}

/* The keeper has the listener, too: it lets the child's calls go on. */
static void leave_listener(struct process *p)
{
	struct message m = { .kind = MESSAGE_RELEASE };

	message_send(p->sock, &m, sizeof m, NULL, 0);
}

/* fds_n: as message_receive said. */
static void on_started(struct process *p, const struct message *m, int fd, int fds_n)
{
	int listener = m->how == 0 ? -m->refused : fds_n > 0 ? fd : -EMFILE;

	p->pid = m->pid;
	p->keeper = m->value;
	if (m->how != 0 && fds_n <= 0)
		leave_listener(p);
	p->events.on_started(p->ctx, m->pid, m->how, listener);
}

static void on_message(struct process *p, const struct message *m, int fd, int fds_n)
{
	switch (m->kind) {
	case MESSAGE_STARTED:
		on_started(p, m, fd, fds_n);
		break;
	case MESSAGE_FAILED:
		p->failed_in = m->call;
		set_ended(p);
		p->events.on_failed(p->ctx, m->value);
		break;
	case MESSAGE_EXITED:
		set_ended(p);
		p->events.on_exit(p->ctx, m->value);
		break;
	default:
		break;
	}
}

static void on_keeper(uv_poll_t *uv, int status, int events)
{
	struct process *p = uv->data;
	struct message m;
	int fd, n;
	ssize_t r;

	(void)status, (void)events;
	while (p->sock >= 0) {
		r = message_receive(p->sock, &m, sizeof m, &fd, 1, &n);
		if (r == (ssize_t)sizeof m) {
			on_message(p, &m, fd, n);
			continue;
		}
		if (r < 0 && errno == EAGAIN)
			return;
		if (p->ended)
			close_process(p);
		else
			supervisor_gone(p->of);
		return;
	}
}

/* NULL: the socket cannot be watched; errno says why. */
static struct process *process_new(struct processes *ps, const struct process_events *events, void *ctx, int sock)
{
	struct process *p = xcalloc(1, sizeof *p);
	int r = uv_poll_init(loop_uv(ps->loop), &p->uv, sock);

	if (r < 0) {
		free(p);
		errno = -r;
		return NULL;
	}
	p->events = *events;
	p->ctx = ctx;
	p->sock = sock;
	p->idle = -1;
	p->uv.data = p;
	uv_poll_start(&p->uv, UV_READABLE | UV_DISCONNECT, on_keeper);
	on_list(ps, p);
	return p;
}

int process_start(struct processes *ps, const struct process_start *what, const struct process_events *events, void *ctx,
		  struct process **ret, struct err *err)
{
	struct process *p;
	int pair[2], e;

	errno = EPIPE;
	if (ps->dead)
		return err_set(err, ERR_SYSTEM, "the supervisor has died");
	if (ps->sock < 0) {
		e = start_supervisor(ps, err);
		errno = e;
		if (e != 0)
			return -1;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		e = errno;
		err_errno(err, e, "no socket to start '%s' with", what->program);
		errno = e;
		return -1;
	}
	p = process_new(ps, events, ctx, pair[0]);
	if (!p) {
		e = errno;
		close(pair[0]);
		close(pair[1]);
		err_errno(err, e, "the socket of '%s' cannot be watched", what->program);
		errno = e;
		return -1;
	}
	e = start_queue_add(&ps->starts, what, pair[1], p, err);
	close(pair[1]);
	if (e != 0) {
		p->ended = p->released = true;
		close_process(p);
		errno = e;
		return -1;
	}
	*ret = p;
	return 0;
}

static void send_signal(struct process *p, int signum, bool typed)
{
	struct message m = { .kind = MESSAGE_SIGNAL, .value = signum, .call = typed };

	if (p->sock >= 0)
		message_send(p->sock, &m, sizeof m, NULL, 0);
}

void process_release(struct process *p)
{
	struct message m = { .kind = MESSAGE_RELEASE };

	if (!p || p->released)
		return;
	p->released = true;
	if (p->sock >= 0)
		message_send(p->sock, &m, sizeof m, NULL, 0);
	else
		close_process(p);
}

const char *process_failed_in(const struct process *p)
{
	static const char *const names[] = { NULL, "fork", "chdir", "execve" };

	return names[p->failed_in < COUNT(names) ? p->failed_in : 0];
}

void process_signal(struct process *p, int signum)
{
	send_signal(p, signum, false);
}

void processes_signal(struct processes *ps, int signum)
{
	struct process *p;

	for (p = ps->first; p; p = p->next)
		send_signal(p, signum, false);
}

/* Has its command started, by the keeper's messages, read or unread? */
static bool has_started(const struct process *p)
{
	struct message m;

	return p->pid != 0 || (p->sock >= 0 && recv(p->sock, &m, sizeof m, MSG_PEEK | MSG_DONTWAIT) == (ssize_t)sizeof m &&
			       m.kind == MESSAGE_STARTED);
}

void processes_typed(struct processes *ps, int signum)
{
	struct process *p;

	/* one that is only being started may have missed it */
	for (p = ps->first; p; p = p->next)
		send_signal(p, signum, has_started(p));
}

bool processes_running(const struct processes *ps)
{
	const struct process *p;

	for (p = ps->first; p; p = p->next)
		if (!p->ended)
			return true;
	return false;
}

/* ---- the end --------------------------------------------------------------- */

static bool supervisor_is_dead(const struct processes *ps)
{
	char byte;

	return ps->sock < 0 || recv(ps->sock, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The supervisor and the keepers that live. To be freed. */
static pid_t *living(struct processes *ps, uint32_t *ret_n)
{
	struct process *p;
	pid_t *list;
	uint32_t n = 1;

	for (p = ps->first; p; p = p->next)
		n++;
	list = xcalloc(n, sizeof *list);
	n = 0;
	list[n++] = ps->pid;
	for (p = ps->first; p; p = p->next)
		if (p->keeper > 0 && p->sock >= 0 && keeper_lives(p->sock, NULL))
			list[n++] = p->keeper;
	*ret_n = n;
	return list;
}

/* Kills every running child with its descendants, and waits a few times END_WAIT_MS at most. A keeper ends when nothing
 * of its task is left. One that was killed, or is being stopped again and again, does not: then this process does it. */
static void kill_running(struct processes *ps)
{
	int64_t until = os_now_ns() + END_WAIT_MS * INT64_C(1000000);
	struct process *p;
	bool lost = false;
	pid_t *list;
	uint32_t n;

	wake_supervisor(ps);
	for (p = ps->first; p; p = p->next) {
		if (p->ended)
			continue;
		send_signal(p, SIGKILL, false);
		if (p->sock >= 0)
			keeper_signal(p->sock, p->keeper, SIGCONT);
	}
	for (p = ps->first; p; p = p->next) {
		if (p->ended || keeper_has_exited(p->sock, until))
			continue;
		lost = true;
		if (p->sock >= 0)
			keeper_signal(p->sock, p->keeper, SIGKILL);
		orphans_await_end(p->keeper);
	}
	if (!lost)
		return;
	if (supervisor_is_dead(ps))
		orphans_await_end(ps->pid);
	list = living(ps, &n);
	orphans_kill(&ps->orphans, ps->pid, list, n, END_WAIT_MS);
	free(list);
}

static bool have_survivors(struct processes *ps)
{
	struct process *p;

	for (p = ps->first; p; p = p->next)
		if (p->sock >= 0 && keeper_lives(p->sock, NULL))
			return true;
	return false;
}

void process_reap(pid_t supervisor)
{
	int i;

	if (supervisor <= 0)
		return;
	for (i = 0; i < 50 && waitpid(supervisor, NULL, WNOHANG) == 0; i++) {
		usleep(i < 10 ? 200 : 5000);
		wake(supervisor);
	}
}

/* Returns the supervisor if it ends now, else 0: with survivors it stays, and init reaps it. */
static pid_t close_supervisor(struct processes *ps)
{
	pid_t ending = 0;

	if (ps->sock < 0)
		return 0;
	start_queue_clear(&ps->starts);
	close_socket(ps);
	wake_supervisor(ps);
	if (have_survivors(ps))
		waitpid(ps->pid, NULL, WNOHANG);
	else
		ending = ps->pid;
	ps->pid = 0;
	return ending;
}

static void supervisor_gone(struct processes *ps)
{
	struct process *p;

	if (ps->dead)
		return;
	ps->dead = true;
	kill_running(ps);
	process_reap(close_supervisor(ps));
	for (;;) {
		for (p = ps->first; p && p->ended; p = p->next)
			;
		if (!p)
			break;
		set_ended(p);
		p->events.on_exit(p->ctx, SIGKILL);
		close_process(p);
	}
	ps->on_death(ps->ctx);
}

pid_t processes_end(struct processes *ps)
{
	struct process *p;
	pid_t ending;

	if (!ps)
		return 0;
	ps->dead = true;
	if (processes_running(ps))
		kill_running(ps);
	ending = close_supervisor(ps);
	while ((p = ps->first) != NULL) {
		p->ended = p->released = true;
		close_process(p);
	}
	free(ps->supervisor);
	free(ps);
	return ending;
}

void processes_free(struct processes *ps)
{
	process_reap(processes_end(ps));
}
