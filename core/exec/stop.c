#include "config.h"

#include "exec/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "exec/inside.h"
#include "os/loop.h"
#include "os/process.h"
#include "os/stream.h"

enum { STOP_GRACE_MS = 5000 };

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

struct stop {
	struct run *run;
	struct sigaction before[COUNT(signals)];
	bool caught[COUNT(signals)];
	struct stream *stream;         /* reads what the handler wrote */
	struct timer *grace;
	int terminal;                  /* fd whose settings are kept, or -1 */
	struct termios settings;
};

/* The pipe from the signal handler to the loop. A handler sees only globals. stop_begin and
 * stop_end set it. */
static volatile int handler_fd = -1;

/* One byte for each signal: its number, and 0x80 when the kernel sent it (typed at the terminal). */
static void on_signal(int signum, siginfo_t *info, void *context)
{
	int e = errno, fd = handler_fd;
	unsigned char byte = (unsigned char)signum;
	ssize_t n;

	(void)context;
	if (info->si_code == SI_KERNEL)
		byte |= 0x80;
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
	if (r->stopped != STOPPED_NOT)
		return;
	run_stop(r, STOPPED_SIGNAL);
	/* A Ctrl-C has reached the whole foreground group already. */
	if (r->processes && typed && signum == SIGINT)
		processes_typed(r->processes, signum);
	else if (r->processes)
		processes_signal(r->processes, signum);
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

static void keep_terminal(struct stop *s)
{
	int fd;

	s->terminal = -1;
	for (fd = 0; fd < 3; fd++) {
		if (tcgetattr(fd, &s->settings) == 0) {
			s->terminal = fd;
			return;
		}
	}
}

/* A killed child may have left the terminal without echo. */
static void restore_terminal(struct stop *s)
{
	struct termios now;

	if (s->terminal < 0 || tcgetattr(s->terminal, &now) < 0)
		return;
	if (now.c_lflag == s->settings.c_lflag && now.c_iflag == s->settings.c_iflag &&
	    now.c_oflag == s->settings.c_oflag && now.c_cflag == s->settings.c_cflag &&
	    memcmp(now.c_cc, s->settings.c_cc, sizeof now.c_cc) == 0)
		return;
	/* in the background the call would stop vt */
	if (tcgetpgrp(s->terminal) == getpgrp())
		tcsetattr(s->terminal, TCSADRAIN, &s->settings);
}

struct stop *stop_begin(struct run *r)
{
	static const struct stream_events events = { on_bytes, on_end };
	struct stop *s = xcalloc(1, sizeof *s);
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
	int fds[2];
	size_t i;

	s->run = r;
	keep_terminal(s);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return s;
	s->stream = stream_open(r->setup->loop, fds[0], &events, s, NULL);
	if (!s->stream) {
		close(fds[0]);
		close(fds[1]);
		return s;
	}
	stream_read_start(s->stream);
	handler_fd = fds[1];
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
	if (fd >= 0)
		close(fd);
	timer_stop(s->grace);
	stream_close(s->stream);
	restore_terminal(s);
	free(s);
}
