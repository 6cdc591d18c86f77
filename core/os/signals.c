#include "config.h"

#include "os/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/loop.h"
#include "os/stream.h"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP };

struct signals {
	void (*fn)(void *ctx, int signum, bool typed);
	void *ctx;
	struct stream *stream;         /* reads what the handler wrote; NULL: nothing is caught */
	int fd;                        /* the descriptor that the stream reads */
	struct sigaction before[COUNT(caught)];
	bool is_caught[COUNT(caught)];
	int fd_before;                 /* the handler's globals before */
	volatile int *flag_before;
};

/* The pipe from the signal handler to the loop, and the flag that calls of plugins look at: the loop may wait
 * for one. A handler sees only globals. signals_catch and signals_release set them. */
static volatile int handler_fd = -1;
static volatile int *volatile handler_flag;
static volatile int handler_came;      /* a byte is in the pipe, or was */
static volatile int handler_typed;     /* the signal that was typed last; 0: none, or the parent has passed it on */

/* npm, a script that starts vt for Node, and others pass on what they get. What is typed at a terminal came to vt
 * already, so the same signal from the parent is no second one; once for each that is typed. */
static bool is_passed_on(int signum, const siginfo_t *info)
{
	if (info->si_code == SI_KERNEL) {
		handler_typed = signum;
	} else if (handler_typed == signum && info->si_code == SI_USER && info->si_pid == getppid()) {
		handler_typed = 0;
		return true;
	}
	return false;
}

/* One byte for each signal: its number, and 0x80 when the kernel sent it (typed at the terminal). */
static void on_signal(int signum, siginfo_t *info, void *context)
{
	int e = errno, fd = handler_fd;
	volatile int *flag = handler_flag;
	unsigned char byte = (unsigned char)signum;
	ssize_t n;

	(void)context;
	if (is_passed_on(signum, info))
		return;
	if (info->si_code == SI_KERNEL)
		byte |= 0x80;
	if (flag)
		__atomic_store_n(flag, __atomic_load_n(flag, __ATOMIC_RELAXED) ? -signum : signum, __ATOMIC_RELAXED);
	if (fd >= 0) {
		n = write(fd, &byte, 1);
		(void)n;
	}
	__atomic_store_n(&handler_came, 1, __ATOMIC_RELEASE);
	errno = e;
}

static void on_bytes(void *ctx, const void *data, size_t size)
{
	const struct signals *s = ctx;
	const unsigned char *byte = data;
	size_t i;

	for (i = 0; i < size; i++)
		s->fn(s->ctx, byte[i] & 0x7f, byte[i] & 0x80);
}

static void on_end(void *ctx, int error)
{
	(void)ctx, (void)error;
}

struct signals *signals_catch(struct loop *l, void (*fn)(void *ctx, int signum, bool typed), void *ctx, volatile int *flag)
{
	static const struct stream_events events = { on_bytes, on_end };
	struct signals *s = xcalloc(1, sizeof *s);
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
	int fds[2];
	size_t i;

	s->fn = fn;
	s->ctx = ctx;
	s->fd_before = handler_fd;
	s->flag_before = handler_flag;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return s;
	s->stream = stream_open(l, fds[0], &events, s, NULL);
	if (!s->stream) {
		close(fds[0]);
		close(fds[1]);
		return s;
	}
	s->fd = fds[0];
	stream_read_start(s->stream);
	handler_typed = 0;
	handler_fd = fds[1];
	handler_flag = flag;
	sigfillset(&action.sa_mask);
	for (i = 0; i < COUNT(caught); i++) {
		sigaction(caught[i], NULL, &s->before[i]);
		/* nohup: an ignored HUP stays ignored */
		s->is_caught[i] = !(caught[i] == SIGHUP && s->before[i].sa_handler == SIG_IGN);
		if (s->is_caught[i])
			sigaction(caught[i], &action, NULL);
	}
	return s;
}

void signals_look(struct signals *s)
{
	unsigned char bytes[64];
	ssize_t n;

	if (!s->stream || !__atomic_exchange_n(&handler_came, 0, __ATOMIC_ACQ_REL))
		return;
	while ((n = read(s->fd, bytes, sizeof bytes)) > 0)
		on_bytes(s, bytes, (size_t)n);
}

/* A signal that came in the last moment goes to the handler that was set before. */
static void hand_on(const struct signals *s)
{
	unsigned char byte;
	ssize_t n;

	while (s->fd_before >= 0 && read(s->fd, &byte, 1) == 1) {
		n = write(s->fd_before, &byte, 1);
		(void)n;
	}
}

void signals_release(struct signals *s)
{
	int fd = handler_fd;
	size_t i;

	if (!s)
		return;
	for (i = 0; i < COUNT(caught); i++)
		if (s->is_caught[i])
			sigaction(caught[i], &s->before[i], NULL);
	if (s->stream) {
		handler_fd = s->fd_before;
		handler_flag = s->flag_before;
		close(fd);
		hand_on(s);
		stream_close(s->stream);
	}
	free(s);
}
