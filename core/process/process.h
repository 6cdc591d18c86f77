/* process: the runner's end of the supervisor, and the only way to start a process. Uses os, base, and of the supervisor
 * message.h and tree.h.
 *
 * One supervisor per run, started by the first step that has to be spawned. All
 * callbacks on the loop. */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

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
	bool whole;                        /* the process ends with the last of its descendants, unless it fails by itself; all of them
	                                    * can be signalled until then */
};

struct process_events {
	/* The child runs; with a filter its first execve may still wait for the listener's answer. how: the VT_FILTER_* installed
	 * (0: none); listener: the fd, now the callee's, or -errno of the last refusal (0: none was asked for), or -EMFILE: it is there, but
	 * there was no descriptor left for it, and the keeper answers in its place. */
	void (*on_started)(void *ctx, pid_t pid, uint32_t how, int listener);
	/* The child could not be started: an errno of fork, chdir, execve or of telling the supervisor. Nothing follows. With a filter installed on_started came before. */
	void (*on_failed)(void *ctx, int error);
	/* The child ended: a wait status. The last callback. */
	void (*on_exit)(void *ctx, int status);
};

/* `supervisor`: absolute path of vt-supervisor. `on_death`: the supervisor died; every child's on_exit was called before,
 * with the status of SIGKILL. */
struct processes *processes_new(struct loop *l, const char *supervisor, void (*on_death)(void *ctx), void *ctx);
/* -1: err, and errno: EMFILE and ENFILE say that there is no descriptor left for it now. */
int process_start(struct processes *ps, const struct process_start *what, const struct process_events *events, void *ctx,
		  struct process **ret, struct err *err);
/* Gives the process up: the step's tracer has stopped, or there was none, and from now on the supervisor answers for survivors.
 * To be called once for every process, at any time after process_start; p must not be used afterwards. */
void process_release(struct process *p);
/* In and after on_failed: "fork", "chdir" or "execve". */
const char *process_failed_in(const struct process *p);
/* Sends a signal to every descendant of the child, as processes_signal does; of a `whole` one also after its end. */
void process_signal(struct process *p, int signum);
/* Sends a signal to every descendant of every running child, but not to survivors of a child that ended by itself. The supervisor
 * kills those that remain after 5 s, even if the child has ended or vt is gone by then. */
void processes_signal(struct processes *ps, int signum);
/* The same for a signal typed at the terminal, which our process group has received already. */
void processes_typed(struct processes *ps, int signum);
bool processes_running(const struct processes *ps);      /* has some child not ended? */
/* Kills running children without further callbacks, closes the connection, frees every struct process. The supervisor ends when
 * no traced survivor is left. */
void processes_free(struct processes *ps);
/* The same without a wait for the supervisor, which takes a moment to end: returns it for process_reap, or 0. */
pid_t processes_end(struct processes *ps);
void process_reap(pid_t supervisor);      /* waits until it has ended, for 0.2 s at most; 0 is fine */
#endif
