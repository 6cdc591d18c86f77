/* The supervisor's other end: the only way to start a process.
 *
 * One supervisor per run, started by the first step that has to be spawned. All
 * callbacks on the loop. */
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct loop;
struct processes;      /* the connection to the supervisor */
struct process;        /* one child */

enum { PROCESS_INHERIT = -1, PROCESS_NULL = -2 };

struct process_filter {
	uint32_t how;                      /* VT_FILTER_* */
	const void *program;               /* sock_filter array */
	size_t size;
};

struct process_start {
	const char *program;               /* absolute */
	const char *const *argv;           /* NULL-terminated */
	char *const *env;                  /* NULL-terminated */
	char *const *env_untraced;         /* instead of env when no filter could be installed; NULL: env */
	const char *dir;                   /* absolute */
	int fd[3];                         /* an open fd (borrowed for the call), PROCESS_INHERIT or PROCESS_NULL */
	const struct process_filter *filters;
	uint32_t filters_n;                /* tried in order, then none */
};

struct process_events {
	/* It runs, or, with a filter, is about to: its first execve may wait for the listener's answer. how: the VT_FILTER_* installed
	 * (0: none); listener: the fd, now the callee's, or -errno of the last refusal (0: none was asked for), or -EMFILE: it is there, but
	 * there was no descriptor left for it, and the keeper answers in its place. */
	void (*on_started)(void *ctx, pid_t pid, uint32_t how, int listener);
	/* It could not be started: an errno of fork, chdir, execve or of telling the supervisor. Nothing follows. With a filter installed on_started came before. */
	void (*on_failed)(void *ctx, int error);
	/* It ended by itself or by a signal: a wait status. Nothing follows. */
	void (*on_exit)(void *ctx, int status);
};

/* `supervisor`: absolute path of vt-supervisor. `on_death`: the supervisor is gone and should not be: every child's on_exit was called with a SIGKILL status before. */
struct processes *processes_new(struct loop *l, const char *supervisor, void (*on_death)(void *ctx), void *ctx);
/* -1: err, and errno: EMFILE and ENFILE say that there is no descriptor left for it now. */
int process_start(struct processes *ps, const struct process_start *what, const struct process_events *events, void *ctx,
		  struct process **ret, struct err *err);
/* The step's tracer has stopped, or there was none: from now on the supervisor answers for what lives on. Called once for every
 * process, at any time after process_start; p must not be used after it, and is freed once it has ended. */
void process_release(struct process *p);
/* In and after on_failed: "fork", "chdir" or "execve". */
const char *process_failed_in(const struct process *p);
/* Sends a signal to every descendant of every running child (not to what outlived one that ended by itself). What it does
 * not end is killed 5 s later, whether or not the child itself has ended by then, and whether or not we are still there. */
void processes_signal(struct processes *ps, int signum);
/* How many descriptors this process may have open. */
uint64_t process_files(void);
/* Are so many (64 at most) free now? Another thread may take them a moment later. */
bool process_has_files(uint32_t n);
/* The same for one typed at the terminal, which our process group has got already. */
void processes_typed(struct processes *ps, int signum);
bool processes_running(const struct processes *ps);      /* some child has not ended */
/* Closes the connection; the supervisor ends when nothing is left to answer for. Children still running are killed, without
 * further callbacks; every struct process is freed. */
void processes_free(struct processes *ps);
#endif
