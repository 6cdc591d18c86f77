/* exec: runs a plan. The only room that starts processes. Uses cache, ipc, report (events
 * and screen), plug (the tracer), plan, workspace, fact, os, text, base.
 *
 * run: one run, from its plan to its exit code. On the loop. */
#ifndef EXEC_RUN_H
#define EXEC_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "report/event.h"

struct cache;
struct exec_sharer;
struct exec_watcher;
struct env;
struct installation;
struct loop;
struct plan;
struct plug;
struct screen;
struct services;
struct workspace;

struct exec_setup {
	struct loop *loop;
	const struct workspace *workspace;
	const struct plan *plan;
	struct cache *cache;           /* NULL: no step is cached */
	const char *cache_dir;         /* absolute; accesses of tasks below it are not recorded */
	struct plug *plug;             /* for the tracer */
	const struct env *env;         /* the session's, for the channel's folder */
	const struct installation *installation;
	enum log_mode mode;            /* decides stdio of uncached steps; GROUPED: output is told when its step has ended */
	bool piped;                    /* also in interleaved mode no step writes to vt's own stdout and stderr */
	bool timed;                    /* outcomes have times, and spans are told */
	const struct listener *listeners;
	uint32_t listeners_n;
	struct screen *screen;         /* pauses reading while more than 1 MiB waits for it; its write errors end the run. NULL: there is none */
	struct services *services;     /* persistent steps of earlier runs, and then of this one, which go on running; NULL: those of this
	                                * run end with it */
	const struct exec_watcher *watcher;    /* of repeated runs; NULL: no watcher, and every step is looked up */
	const struct exec_sharer *sharer;      /* parts the work with other machines; NULL: all runs here */
	const char *spool_dir;         /* where long outputs are kept while their task runs, without a cache; NULL: the system's folder */
	pid_t *ret_ending;             /* the supervisor, which ends meanwhile: for process_reap; untouched if there was none */
	int *ret_signum;               /* set to the first signal that came to vt during the run; NULL: not asked for */
	void (*warn)(void *ctx, const char *text);
	void *ctx;                     /* of warn */
};

/* Runs the plan to its end on the loop. Returns the exit code: the tasks' own where one
 * failed, 1 where several did or the machine failed (then err tells, where no task can),
 * 128 + n after a signal that ended the run. */
int exec_run(const struct exec_setup *setup, struct err *err);
#endif
