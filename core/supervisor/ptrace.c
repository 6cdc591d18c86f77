#include "config.h"

#include "supervisor/ptrace.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/message.h"

enum {
	OPTIONS = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC
};

/* libc's header and the kernel's cannot be included together, and only the latter knows every request. */
static long request(long what, pid_t tid, unsigned long addr, unsigned long data)
{
	return syscall(SYS_ptrace, what, (long)tid, addr, data);
}

int ptrace_seize(struct tracing *t, pid_t child)
{
	if (request(PTRACE_SEIZE, child, 0, OPTIONS) < 0)
		return errno;
	t->on = true;
	t->sock = -1;
	return 0;
}

int ptrace_open(struct tracing *t)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	t->sock = pair[0];
	return pair[1];
}

static void go_on(pid_t tid, int signum)
{
	request(PTRACE_CONT, tid, 0, (unsigned long)signum);
}

static void forget(struct tracing *t, int i)
{
	t->id[i] = t->id[--t->n];
}

/* Tells the runner of a stopped call, or lets the call go on without a runner. */
static void on_call(struct tracing *t, pid_t tid)
{
	struct ptrace_syscall_info info;
	struct seccomp_notif n;
	int i;

	memset(&info, 0, sizeof info);
	memset(&n, 0, sizeof n);
	if (request(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, (unsigned long)&info) <= 0 || info.op != PTRACE_SYSCALL_INFO_SECCOMP) {
		go_on(tid, 0);
		return;
	}
	t->seen = true;
	n.id = (uint64_t)++t->sequence << 32 | (uint32_t)tid;
	n.pid = (uint32_t)tid;
	n.data.nr = (int)info.seccomp.nr;
	n.data.arch = info.arch;
	n.data.instruction_pointer = info.instruction_pointer;
	for (i = 0; i < 6; i++)
		n.data.args[i] = info.seccomp.args[i];
	if (t->sock < 0 || message_send(t->sock, &n, sizeof n, NULL, 0) != 0) {
		go_on(tid, 0);
		return;
	}
	/* A thread stops once at a time: an older entry of this tid is one that was killed. */
	for (i = t->n - 1; i >= 0; i--)
		if ((uint32_t)t->id[i] == (uint32_t)tid)
			forget(t, i);
	t->id[t->n++] = n.id;
}

void ptrace_stopped(struct tracing *t, pid_t tid, int status)
{
	int event = status >> 16, signum = WSTOPSIG(status);

	if (event == PTRACE_EVENT_SECCOMP)
		on_call(t, tid);
	else if (event == PTRACE_EVENT_STOP && signum != SIGTRAP)
		request(PTRACE_LISTEN, tid, 0, 0);       /* job control stopped it; SIGCONT will go on */
	else
		go_on(tid, event == 0 ? signum : 0);
}

void ptrace_let_go(struct tracing *t)
{
	while (t->n > 0)
		go_on((pid_t)(uint32_t)t->id[--t->n], 0);
	if (t->sock >= 0)
		close(t->sock);
	t->sock = -1;
}

static void on_answer(struct tracing *t, uint64_t id)
{
	int i;

	for (i = 0; i < t->n && t->id[i] != id; i++)
		;
	if (i == t->n)
		return;
	forget(t, i);
	go_on((pid_t)(uint32_t)id, 0);
}

void ptrace_answers(struct tracing *t)
{
	struct seccomp_notif_resp a;
	int none;
	ssize_t r;

	while ((r = message_receive(t->sock, &a, sizeof a, NULL, 0, &none)) > 0)
		if (r == (ssize_t)sizeof a)
			on_answer(t, a.id);
	if (r == 0 || errno != EAGAIN)
		ptrace_let_go(t);
}
