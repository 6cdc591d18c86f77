#include "config.h"

#include "exec/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec/inside.h"
#include "exec/services.h"
#include "os/loop.h"
#include "os/process.h"
#include "os/stream.h"
#include "os/terminal.h"
#include "plug/setup.h"

enum { STOP_GRACE_MS = 5000 };

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

struct stop {
	struct run *run;
	struct sigaction before[COUNT(signals)];
	bool caught[COUNT(signals)];
	struct stream *stream;         /* reads what the handler wrote */
	struct timer *grace;
};

/* The pipe from the signal handler to the loop, and the flag that calls of plugins look at: the loop may wait
 * for one. A handler sees only globals. stop_begin and stop_end set them. */
static volatile int handler_fd = -1;
static volatile int *volatile handler_flag;
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
		*flag = *flag ? -signum : signum;
	if (fd >= 0) {
		n = write(fd, &byte, 1);
		(void)n;
	}
	errno = e;
}

static void grace_is_over(void *ctx)
{
	struct stop *s = ctx;

	s->grace = NULL;
	s->run->grace_over = true;
	run_kill(s->run);
	services_kill(s->run->services);
}

static void signalled(struct stop *s, int signum, bool typed)
{
	struct run *r = s->run;

	if (r->signum) {
		timer_stop(s->grace);
		grace_is_over(s);
		return;
	}
	r->signum = signum;
	r->cut_short = r->running == 0 && services_count(r->services) == 0;
	if (r->stopped != STOPPED_NOT)
		return;
	run_stop(r, STOPPED_SIGNAL);
	/* A Ctrl-C has reached the whole foreground group already. */
	if (r->processes && typed && signum == SIGINT)
		processes_typed(r->processes, signum);
	else if (r->processes)
		processes_signal(r->processes, signum);
	services_signal(r->services, signum, typed && signum == SIGINT);
	s->grace = timer_start(r->setup->loop, STOP_GRACE_MS, grace_is_over, s);
	run_pump(r);
}

static void on_bytes(void *ctx, const void *data, size_t size)
{
	const unsigned char *byte = data;
	size_t i;

	for (i = 0; i < size; i++)
		signalled(ctx, byte[i] & 0x7f, byte[i] & 0x80);
}

static void on_end(void *ctx, int error)
{
	(void)ctx, (void)error;
}

struct stop *stop_begin(struct run *r)
{
	static const struct stream_events events = { on_bytes, on_end };
	struct stop *s = xcalloc(1, sizeof *s);
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
	int fds[2];
	size_t i;

	s->run = r;
	terminal_keep();
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return s;
	s->stream = stream_open(r->setup->loop, fds[0], &events, s, NULL);
	if (!s->stream) {
		close(fds[0]);
		close(fds[1]);
		return s;
	}
	stream_read_start(s->stream);
	handler_typed = 0;
	handler_fd = fds[1];
	handler_flag = r->setup->plug ? plug_stopping(r->setup->plug) : NULL;
	sigfillset(&action.sa_mask);
	for (i = 0; i < COUNT(signals); i++) {
		sigaction(signals[i], NULL, &s->before[i]);
		/* nohup: an ignored HUP stays ignored */
		s->caught[i] = !(signals[i] == SIGHUP && s->before[i].sa_handler == SIG_IGN);
		if (s->caught[i])
			sigaction(signals[i], &action, NULL);
	}
	return s;
}

void stop_end(struct stop *s)
{
	int fd = handler_fd;
	size_t i;

	for (i = 0; i < COUNT(signals); i++)
		if (s->caught[i])
			sigaction(signals[i], &s->before[i], NULL);
	handler_fd = -1;
	handler_flag = NULL;
	if (fd >= 0)
		close(fd);
	timer_stop(s->grace);
	stream_close(s->stream);
	terminal_restore();
	free(s);
}
