#include "config.h"

#include "supervisor/keeper.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "supervisor/child.h"
#include "supervisor/ptrace.h"
#include "supervisor/tree.h"

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE 1
#endif

struct keeper {
	struct start start;
	int fd[3];             /* the child's 0-2 until it runs; -1: none (any more) */
	int make[2];           /* make's job server, for the child; -1: none (any more) */
	int runner;            /* the task's socket; -1: the runner is gone */
	pid_t supervisor;      /* our parent, as long as it lives */
	int notes;             /* from the child, until exec closed it; -1 from then on */
	int children;          /* signalfd */
	int listener;          /* our copy; -1: none, or no process is left under the filter */
	struct tracing tracing;/* the fallback; off: not used */
	pid_t child;
	int status;            /* the child's, once ended */
	struct message started;/* what STARTED will say */
	struct message failed; /* what FAILED will say; kind 0: it did not */
	bool told;             /* STARTED was sent */
	bool again;            /* the child asked to be started anew, without filters */
	bool ended;            /* the child was reaped; what lives now are survivors */
	bool last;             /* the child was reaped, and EXITED is told when the last of its descendants has ended */
	bool released;         /* the runner answers no more */
	bool killing;          /* until nothing is left */
	int64_t doomed_ms;     /* when what a signal did not end is killed; 0: no signal came */
	int wait_ms;           /* while killing: to the next round */
};

static void tell(struct keeper *k, const struct message *m, int fd)
{
	if (k->runner >= 0)
		message_send(k->runner, m, sizeof *m, &fd, fd >= 0);
}

static void finish(struct keeper *k, int error, uint32_t call) __attribute__((noreturn));
static void finish(struct keeper *k, int error, uint32_t call)
{
	struct message m = { .kind = MESSAGE_FAILED, .value = error, .call = call };

	tell(k, &m, -1);
	_exit(0);
}

static void close_given(struct keeper *k)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (k->fd[i] >= 0)
			close(k->fd[i]);
		k->fd[i] = -1;
	}
	for (i = 0; i < 2; i++) {
		if (k->make[i] >= 0)
			close(k->make[i]);
		k->make[i] = -1;
	}
}

/* ---- the child ------------------------------------------------------------- */

/* A child under a filter waits in execve for the process that gets the listener from
 * here, so only children without a filter may use vfork, which stops us until they have exec'ed. */
static pid_t fork_child(struct keeper *k, int notes, int filtered)
{
	pid_t pid = filtered ? fork() : vfork();

	if (pid == 0)
		child_run(&k->start, k->fd, k->make, notes, filtered);
	return pid;
}

static void start_child(struct keeper *k, bool filtered)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		finish(k, errno, CALL_FORK);
	k->child = fork_child(k, pair[1], filtered);
	if (k->child < 0)
		finish(k, errno, CALL_FORK);
	close(pair[1]);
	k->notes = pair[0];
	k->started.pid = k->child;
	if (!filtered)
		close_given(k);
}

static void tell_started(struct keeper *k, int listener)
{
	if (k->told)
		return;
	k->told = true;
	close_given(k);
	k->started.kind = MESSAGE_STARTED;
	k->started.value = getpid();
	tell(k, &k->started, listener);
}

static void reply(struct keeper *k, int32_t error)
{
	message_send(k->notes, &error, sizeof error, NULL, 0);
}

/* The child's filter is installed. The wait for the stop of its probe came before. */
static void on_probed(struct keeper *k, const struct child_note *n)
{
	int fd = k->tracing.seen ? ptrace_open(&k->tracing) : -1;

	if (fd < 0) {
		reply(k, k->tracing.seen ? EMFILE : EBUSY);
		return;
	}
	k->started.how = n->how;
	tell_started(k, fd);
	close(fd);
	reply(k, 0);
}

static void on_note(struct keeper *k, const struct child_note *n, int fd)
{
	switch (n->kind) {
	case NOTE_FILTER:
		k->started.how = n->how;
		k->started.refused = n->error;
		k->listener = fd;
		tell_started(k, fd);
		break;
	case NOTE_SEIZE:
		reply(k, ptrace_seize(&k->tracing, k->child));
		break;
	case NOTE_PROBED:
		on_probed(k, n);
		break;
	case NOTE_AGAIN:
		k->again = true;
		k->started.refused = n->error;
		break;
	default:
		k->failed.kind = MESSAGE_FAILED;
		k->failed.value = n->error;
		k->failed.call = n->call;
	}
}

/* Reads what the child has to say. The end means that exec did it, or that the child is no more. */
static void read_notes(struct keeper *k)
{
	struct child_note n;
	int fd = -1, fds_n;
	ssize_t r;

	while (k->notes >= 0) {
		r = message_receive(k->notes, &n, sizeof n, &fd, 1, &fds_n);
		if (r < 0 && errno == EAGAIN)
			return;
		if (r == (ssize_t)sizeof n) {
			on_note(k, &n, fds_n > 0 ? fd : -1);
			continue;
		}
		close(k->notes);
		k->notes = -1;
		if (k->failed.kind == 0 && !k->again)
			tell_started(k, -1);
	}
}

static void child_ended(struct keeper *k, int status)
{
	struct message m = { .kind = MESSAGE_EXITED, .value = status };

	read_notes(k);
	if (k->failed.kind != 0) {
		tell(k, &k->failed, -1);
		_exit(0);
	}
	if (k->again && !k->killing) {
		k->again = k->tracing.on = false;
		start_child(k, false);
		return;
	}
	tell_started(k, -1);
	k->status = status;
	if (k->start.head->whole && (status == 0 || k->doomed_ms || k->killing)) {
		k->last = true;
		return;
	}
	k->ended = true;
	tell(k, &m, -1);
}

static void last_ended(struct keeper *k)
{
	struct message m = { .kind = MESSAGE_EXITED, .value = k->status };

	k->last = false;
	k->ended = true;
	tell(k, &m, -1);
}

/* Returns false when there is no child left. */
static bool reap(struct keeper *k)
{
	struct signalfd_siginfo info;
	pid_t pid = 0;
	int status;

	while (read(k->children, &info, sizeof info) > 0)
		;
	while (k->tracing.n < PTRACE_MAX && (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (WIFSTOPPED(status))
			ptrace_stopped(&k->tracing, pid, status);
		else if (pid == k->child && !k->ended && !k->last)
			child_ended(k, status);
	}
	if (pid < 0 && k->last)
		last_ended(k);
	return pid >= 0;
}

/* ---- the runner ------------------------------------------------------------ */

static void kill_all(struct keeper *k)
{
	k->killing = true;
	k->wait_ms = 1;
}

/* Without /proc only the child itself is known. */
static void signal_all(struct keeper *k, int signum)
{
	if (tree_signal(getpid(), signum, NULL, NULL) == 0 && !k->ended && !k->last)
		kill(k->child, signum);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A task that was signalled has not ended by itself: nothing of it may live on. */
static void on_signal(struct keeper *k, const struct message *m)
{
	if (k->ended && !k->doomed_ms && !k->start.head->whole)
		return;
	if (m->value == SIGKILL) {
		kill_all(k);
		return;
	}
	if (!k->doomed_ms)
		k->doomed_ms = now_ms() + MESSAGE_GRACE_MS;
	if (m->call)
		tree_signal_outside(getpid(), m->value, getpgrp());
	else
		signal_all(k, m->value);
}

/* Wakes a stopped supervisor once the runner is gone: no other process does. */
static void wake_supervisor(const struct keeper *k)
{
	if (k->runner < 0 && getppid() == k->supervisor)
		kill(k->supervisor, SIGCONT);
}

static void read_runner(struct keeper *k)
{
	struct message m;
	int none;
	ssize_t r;

	while ((r = message_receive(k->runner, &m, sizeof m, NULL, 0, &none)) == (ssize_t)sizeof m) {
		if (m.kind == MESSAGE_RELEASE)
			k->released = true;
		else if (m.kind == MESSAGE_SIGNAL)
			on_signal(k, &m);
	}
	if (r < 0 && errno == EAGAIN)
		return;
	close(k->runner);
	k->runner = -1;
	wake_supervisor(k);
	if (!k->ended)
		kill_all(k);
}

/* ---- the listener ---------------------------------------------------------- */

/* Lets one call go on as if there were no filter. */
static void answer(struct keeper *k)
{
	static union { struct seccomp_notif n; char bytes[1024]; } ask;
	static union { struct seccomp_notif_resp r; char bytes[1024]; } reply;

	memset(&ask, 0, sizeof ask);
	if (ioctl(k->listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0)
		return;
	memset(&reply, 0, sizeof reply);
	reply.r.id = ask.n.id;
	reply.r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	ioctl(k->listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

static void read_listener(struct keeper *k, int events)
{
	if (events & POLLIN) {
		answer(k);
	} else if (events & (POLLHUP | POLLERR | POLLNVAL)) {
		close(k->listener);
		k->listener = -1;
	}
}

/* ---- the loop -------------------------------------------------------------- */

static bool we_answer(const struct keeper *k)
{
	return k->listener >= 0 && (k->released || k->runner < 0);
}

/* ms to wait for news, -1: for ever. */
static int patience(const struct keeper *k)
{
	int64_t left;

	if (k->killing)
		return k->wait_ms;
	if (!k->doomed_ms)
		return -1;
	left = k->doomed_ms - now_ms();
	return left > 0 ? (int)left : 0;
}

static void wait_for_news(struct keeper *k)
{
	bool traced = k->tracing.on && k->tracing.sock >= 0;
	struct pollfd p[] = {
		{ .fd = k->children, .events = POLLIN },
		{ .fd = k->runner, .events = POLLIN },
		{ .fd = k->notes, .events = POLLIN },
		{ .fd = we_answer(k) ? k->listener : -1, .events = POLLIN },
		{ .fd = traced ? k->tracing.sock : -1, .events = POLLIN },
	};

	if (poll(p, sizeof p / sizeof *p, patience(k)) <= 0)
		return;
	if (p[2].revents != 0)
		read_notes(k);
	if (p[1].revents != 0)
		read_runner(k);
	if (p[3].revents != 0)
		read_listener(k, p[3].revents);
	if (p[4].revents != 0)
		ptrace_answers(&k->tracing);
	if (traced && (k->released || k->runner < 0))
		ptrace_let_go(&k->tracing);
}

static void keep(struct keeper *k)
{
	while (reap(k)) {
		if (k->ended && k->runner < 0 && k->listener < 0 && !k->tracing.on && !k->killing && !k->doomed_ms)
			return;
		if (k->doomed_ms && !k->killing && now_ms() >= k->doomed_ms)
			kill_all(k);
		if (k->killing) {
			signal_all(k, SIGKILL);
			k->wait_ms = k->wait_ms < 200 ? k->wait_ms * 2 : 200;
		}
		wait_for_news(k);
	}
}

static char *map_rest(const struct message_start *head, int memfd)
{
	char *p = mmap(NULL, head->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, memfd, 0);

	close(memfd);
	return p == MAP_FAILED ? NULL : p;
}

void keeper_run(const struct message_start *head, char *rest, const int *fds, int fds_n, int children)
{
	static struct keeper k;
	int i, at = 0, error;

	k.runner = fds[at++];
	k.supervisor = getppid();
	k.children = children;
	k.listener = k.notes = -1;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (head->in_memfd && at < fds_n)
		rest = map_rest(head, fds[at++]);
	if (!rest)
		finish(&k, ENOMEM, CALL_FORK);
	for (i = 0; i < 3; i++) {
		if (head->stdio[i] == MESSAGE_STDIO_GIVEN && at >= fds_n)
			finish(&k, EBADF, CALL_FORK);
		k.fd[i] = head->stdio[i] == MESSAGE_STDIO_GIVEN ? fds[at++] : -1;
	}
	for (i = 0; i < 2; i++) {
		if (head->make[i] != 0 && at >= fds_n)
			finish(&k, EBADF, CALL_FORK);
		k.make[i] = head->make[i] != 0 ? fds[at++] : -1;
	}
	error = message_parse_start(head, rest, &k.start);
	if (error != 0)
		finish(&k, error, CALL_FORK);
	start_child(&k, head->filters_n > 0);
	keep(&k);
	wake_supervisor(&k);
	_exit(0);
}
