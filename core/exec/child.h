/* child: one process of a step, with its pipes, its channel and its tracer. On the loop.
 *
 *   start ──► runs ──► exits ──► both pipes at their ends ──► ended ──► channel drained,
 *     └─ failed         (10 s at most)                                  tracer stopped ──► settled
 *
 * Where the kernel tells that no traced process is left before it reports the exit, channel and tracer are stopped meanwhile. */
#ifndef EXEC_CHILD_H
#define EXEC_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct child;
struct component;
struct endpoint;
struct loop;
struct outer_runner;
struct processes;
struct seen;
struct step;
struct workspace;
struct writes;

struct child_setup {
	struct loop *loop;
	struct processes *processes;
	const struct workspace *workspace;
	const struct step *step;
	struct arena *arena;           /* the job's */
	const char *program;           /* absolute path of the executable; NULL: there is none, which fails like ENOENT */
	bool whole;                    /* struct process_start's; what is left of one that fails is killed */
	bool piped;                    /* stdin is /dev/null, stdout and stderr are pipes to vt; else it inherits vt's three */
	struct seen *seen;             /* the reports of its tools; NULL: it has no channel */
	struct seen *traced;           /* filled by the tracer: `seen`, or another one of which only writing counts */
	struct endpoint *endpoint;     /* NULL: no channel */
	struct outer_runner *outer;           /* the channel's; NULL: this vt is in no other's task */
	struct component *tracer;      /* NULL: not traced */
	const struct vt_step *described;       /* the step as the tracer sees it; NULL: step->described */
	struct writes *writes;         /* follows the paths that the child changes; only without a tracer; NULL: nothing does */
	/* stream 1 or 2; borrowed for the call */
	void (*on_output)(void *ctx, int stream, struct bytes data);
	/* The process runs; child_end says whether it is followed. NULL: nobody is told. */
	void (*on_started)(void *ctx);
	/* The process exited and its pipes are at their ends. Not called when it could not be started. */
	void (*on_ended)(void *ctx);
	/* No traced process is left, but the exit is not reported yet. true: channel and tracer are stopped now, and on_traced is called
	 * behind that [work], beside on_ended perhaps, and before on_settled. Both NULL: nobody is told. */
	bool (*on_gone)(void *ctx);
	void (*on_traced)(void *ctx);
	/* The last call. */
	void (*on_settled)(void *ctx);
	void *ctx;
};

/* The end of a child. */
struct child_end {
	bool started;                  /* false: error or trouble tells why */
	int error;                     /* errno of the start that failed; 0: `trouble` tells */
	bool refused;                  /* `error` is of executing the program, not of a call before */
	const char *trouble;           /* in the arena, or NULL */
	int exit_code;                 /* 128 + n for a signal */
	bool pipe_held;                /* another process still held a pipe when vt stopped waiting for its end */
	int64_t started_ns;            /* real time, just before */
	int64_t ms;                    /* from its start to its end */
	bool followed;                 /* the paths that it changes are followed */
	bool setuid;                   /* the child was followed, and started a set-uid program, which had no rights of its own */
};

/* on_settled always comes, never from inside child_start. */
struct child *child_start(const struct child_setup *setup);
const struct child_end *child_end(const struct child *c);
/* Sends a signal to all its processes; those that it does not end are killed a little later. false: it has exited, or not
 * started yet. */
bool child_signal(struct child *c, int signum);
/* The run is stopping: channel and tracer are dropped, the pipes are read a little longer. */
void child_cancel(struct child *c);
void child_pause(struct child *c, bool pause);     /* stops or continues reading its pipes */
void child_free(struct child *c);                  /* after on_settled */
#endif
