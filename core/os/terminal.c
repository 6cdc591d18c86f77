#include "config.h"

#include "os/terminal.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"

/* A global, because a signal handler restores it. terminal_keep sets it. */
static struct termios kept;
static volatile int terminal = -1;     /* fd whose settings are kept, or -1 */

void terminal_keep(void)
{
	int fd;

	mem_before_end(terminal_restore);
	terminal = -1;
	for (fd = 0; fd < 3 && terminal < 0; fd++)
		if (tcgetattr(fd, &kept) == 0)
			terminal = fd;
}

void terminal_restore(void)
{
	struct termios now;
	int e = errno;

	if (terminal < 0 || tcgetattr(terminal, &now) < 0) {
		errno = e;
		return;
	}
	/* in the background the call would stop vt */
	if ((now.c_lflag != kept.c_lflag || now.c_iflag != kept.c_iflag || now.c_oflag != kept.c_oflag ||
	     now.c_cflag != kept.c_cflag || memcmp(now.c_cc, kept.c_cc, sizeof now.c_cc) != 0) &&
	    tcgetpgrp(terminal) == getpgrp())
		tcsetattr(terminal, TCSADRAIN, &kept);
	errno = e;
}

bool terminal_lend(char *const argv[], char *const env[])
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int status = -1, failed;
	pid_t pid;

	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	sigemptyset(&defaults);
	if (interrupt.sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGINT);
	if (quit.sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGQUIT);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	failed = posix_spawn(&pid, argv[0], NULL, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	while (!failed && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	return !failed && status == 0;
}
