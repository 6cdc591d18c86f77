/* Shared by the files of exec: one run and its jobs. */
#ifndef EXEC_INSIDE_H
#define EXEC_INSIDE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "exec/capture.h"
#include "exec/look.h"
#include "exec/run.h"
#include "exec/schedule.h"
#include "fact/seen.h"

struct child;
struct endpoint;
struct services;
struct child_end;
struct outer_runner;
struct processes;
struct stop;

enum stopped { STOPPED_NOT, STOPPED_FAILED, STOPPED_SIGNAL, STOPPED_LOST };

/* The jobs whose steps are looked up: those whose turn has come, and some after them. */
struct queue {
	struct job *first, **end;      /* jobs whose turn has come, in that order; decided from the front */
	uint32_t extra;                /* chains looked up beyond the free slots: doubled while all are hits, 0 after a miss */
	uint32_t lookaheads;           /* jobs whose turn has not come */
	uint32_t lookahead_slices;     /* slices of those that workers have */
};

/* Belongs to the loop's thread; a worker sees one job. */
struct run {
	const struct exec_setup *setup;
	struct schedule schedule;      /* which step is next */
	struct queue queue;            /* the steps that are looked up */
	struct processes *processes;   /* made for the first child */
	struct endpoint *endpoint;     /* made for the first step that may be kept */
	bool no_channel;               /* the channel cannot be set up; the user was told */
	struct services *services;     /* its persistent steps, and those of runs before it */
	bool keeps;                    /* services go on running when the run is over */
	int spool;                     /* the folder for long outputs, without a cache; -1: not opened */
	struct job *telling;           /* its output, a hit's or a block, is shown as fast as it is read; NULL: none */
	struct outer_runner *outer;    /* the vt whose task this vt is; NULL: none */
	struct job *jobs;              /* all that are not over */
	uint32_t running;              /* jobs whose child was started and is not over */
	uint64_t files_most;           /* descriptors that running jobs may have open together */
	uint64_t files;                /* descriptors that they may need */
	bool crowded;                  /* a job could not start for want of descriptors: nothing is taken until one is over */
	struct hold *hold;             /* hits that wait for those after them; NULL: none yet (hold.c) */
	uint32_t restoring;            /* jobs whose outputs are being put back */
	uint32_t changes;              /* starts and ends of children and of restoring: each may change a file */
	bool pumping, pump_again;      /* run_pump runs; it was called again while it ran */
	bool paused;                   /* pipes of children are not read: too much waits for the terminal */
	enum stopped stopped;          /* why nothing new starts */
	struct stop *stop;             /* signals, grace, kill */
	int signum;                    /* of the first signal, or 0 */
	bool cut_short;                /* no child ran when the first signal came: none has the last word */
	bool grace_over;               /* signalled tasks had to be killed */
	uint32_t started, failed;      /* steps; those that vt ended itself do not count as failed */
	int first_code;                /* of the first that failed */
	int interrupted_code;          /* of the first that ended after a signal, when not with 0 */
};

/* What a job is doing. Each arrow is one function.
 *
 *        job_new
 *           │
 *           ▼   job_ask              job_answered
 *        WAITING ─────────► LOOKING ─────────────► LOOKED ─────┐ in its turn: hits that are in place
 *           ▲  │                                   │ │  ▲ ▲    │ are told, one after the other
 *           │  │        job_forget                 │ │  │ └────┘ job_tell_hit
 *           └──┼───────────────────────────────────┘ │  │
 *              │        (a file may have changed)    │  │ job_restored
 *              │                                     ├──┼──► RESTORING   job_restore
 *    job_start │                                     │  └──────┘
 *   (uncached) │      job_start (it must run)        │
 *              ├─────────────────────────────────────┤     Hits that stand only with hits after them
 *              ▼                                     ▼     leave LOOKED by hold_job (hold.c)
 *        RUNNING ────────► SETTLING ────────► SAVING
 *              │ job_ended     │  job_save       │
 *              └───────────────┴─────────────────┴──► job_over
 *
 * A job of hits ends in LOOKED, by job_all_told. A job that cannot go on for want of a slot,
 * or when the run was stopped, ends by job_drop. */
enum job_state {
	JOB_WAITING,                   /* its steps are to be looked up; or an uncached step that is about to start */
	JOB_LOOKING,                   /* a worker looks its steps up */
	JOB_LOOKED,                    /* answered; waits for its turn and for the jobs before it */
	JOB_TELLING,                   /* the reader of its hit's output is slow; or another hit's, which comes first */
	JOB_RESTORING,                 /* a worker puts the outputs of a hit back */
	JOB_RUNNING,                   /* a step's child was started */
	JOB_SETTLING,                  /* its exit code is known, its output complete; tools and tracer still tell */
	JOB_SAVING                     /* a worker stores the result */
};

/* The next steps of one task: of its chain, from the place's item on, all that can be
 * looked up together (cached steps, and echos and cds between them), up to and including the
 * first that must run. Or a single step that is not cached. */
struct job {
	struct job *next, **link;      /* in run->jobs */
	struct run *run;
	struct place *place;           /* in the schedule; its item is `step` */
	enum job_state state;
	const struct step *step;       /* the one that is looked at, told, or run now */
	struct answer *answer;         /* to it; NULL: it is not cached */
	/* looking */
	struct job *behind;            /* in run->queue */
	bool due;                      /* its turn has come: it is in run->queue, or was taken from there */
	bool settled;                  /* what its hits leave was put back: it is not held any more */
	bool granted;                  /* its answers came with those of held hits (hold.c) */
	const char *must_run;          /* why its first step is no hit, or NULL */
	bool early;                    /* the answers are older than its turn: they hold while run->changes is as below */
	uint32_t changes;              /* run->changes when the look began */
	struct look look;              /* of its steps: at is answers */
	/* running */
	struct arena *arena;           /* what the child needs; NULL before the start */
	enum start_status status;
	struct seen seen;              /* the records of tools and the tracer */
	struct seen wrote;             /* calls of a step that the tracer follows only for its writing */
	struct replay replay;          /* TELLING, or block: what is left of the output */
	struct capture *capture;       /* cached, or grouped */
	bool capture_lost;             /* the capture lacks a part of what the step printed */
	bool block;                    /* grouped: it has ended, and its output is not shown to the end */
	void (*then)(void *ctx);       /* called when no output is being shown; NULL: nothing waits */
	const char *program;           /* absolute path of the program that it starts; NULL: not found */
	struct child *child;           /* NULL: not started */
	const char *not_kept;          /* a reason of exec's own, or NULL */
	const char *trouble;           /* an error line, or NULL */
	struct timer *timer;           /* to the end of its time; NULL: it has all of it, or is over */
	bool timed_out;                /* the step was ended because its time was over */
	bool again;                    /* the step failed, and is run once more */
	uint32_t attempt;              /* how often it was run before */
	struct attempt *attempts;      /* of a task with `retries`: each that has ended, owned; NULL: none has */
	uint32_t attempts_n;
	uint32_t files;                /* descriptors that it may need: counted in run->files */
	bool printed;                  /* the step printed something */
	int64_t gone_ns;               /* by the file system's clock: no process of it was left; 0: that is not known */
	_Atomic bool in_vain;          /* it will not be kept: a worker that looks at its files may stop */
	bool cancelled;                /* the run was stopped before it had ended: vt or the terminal ended it */
	int64_t began_ns;              /* when its step was told as started; 0: the run is not timed */
	struct span work;              /* restoring or storing, by a worker; only if the run is timed */
	/* saving */
	struct ran ran;
	struct kept kept;
	struct answer answers[];       /* to each of its steps, echos and cds, in order; look.n */
};

/* run.c */
void run_pump(struct run *r);                      /* starts all that can start; ends the run when nothing is left */
void run_tell(struct run *r, const struct event *e);
int64_t run_clock(const struct run *r);            /* [any] monotonic ns; 0: the run is not timed */
bool run_inherits(const struct run *r, bool cached);       /* does such a step write to vt's own stdout and stderr? */
void run_failed(struct run *r, struct place *p, int code);   /* a step of it failed: where its plan stops at that, or it is NULL, all others are ended */
void run_done(struct run *r, struct place *p, bool failed);        /* its item is over: goes on, or stops */
void run_up(struct run *r, struct place *p);                       /* its service can be used: likewise */
void run_stop(struct run *r, enum stopped why);    /* nothing new starts, running children are to end */
void run_kill(struct run *r);                      /* SIGKILL for all that runs */
void stop_look(struct stop *s);                    /* hears a signal that came before the event that is handled now */
struct processes *run_processes(struct run *r);    /* the connection to the supervisor, made for the first child */
/* May a step of the place's node, which is no hit, run here and now? false: another machine may run it; the place is laid aside.
 * `found`: NULL: the step is not cached. */
bool run_may_start(struct run *r, struct place *p, const struct found *found);
/* Of repeated runs: may the place's item be passed over, as nothing has changed for it? *ret_code: as it failed, its exit code; else 0. */
bool run_is_current(struct run *r, struct place *p, int *ret_code);
int run_flush(struct run *r);                      /* the screen: 0 or an errno */
bool run_is_ahead(const struct run *r);            /* does too much wait for the reader? */
void run_check_waiting(struct run *r);             /* pauses the children while too much waits */
void run_tell_echo(struct run *r, const struct step *step);
bool run_has_files(struct run *r, uint32_t n);     /* for a job that needs n descriptors; false: it must wait */

/* Descriptors that one running step needs: the socket of its keeper and its pipes; a cached one's
 * channel, its tools' connections, the tracer's. */
enum { RUN_FILES_UNCACHED = 4, RUN_FILES_CACHED = 10 };
bool run_enter(struct run *r, struct place *p, const struct step *step);     /* a cd: false: the folder is not there, and the command has failed */

/* queue.c: workers look jobs up, a slice of the queue at a time; the loop decides them in
 * the order of their turns.
 *
 * A step's turn comes when all steps before it are complete, for they may change what it
 * reads. While no step runs and no output is restored, nothing changes: then chains are
 * looked up before their turn (lookahead), in the order in which their turns would come.
 * Such an answer holds only if nothing ran and nothing was restored since the look began. */
void queue_add(struct run *r, struct place *p);    /* the place's turn has come */
void queue_send(struct run *r);                    /* gives jobs in state WAITING to workers */
void queue_decide(struct run *r);                  /* from the front, as far as answers are known */
void queue_send_lookaheads(struct run *r);         /* gives workers jobs before their turn, where the answers can hold */
void queue_drop(struct run *r);                    /* the run was stopped: frees the jobs that no worker has */
void queue_drop_doomed(struct run *r);             /* frees those of places that will not run */

/* hold.c: hits that stand only with hits after them.
 *
 * A hit leaves what its run left. Where a later step of the run left something else there, and
 * waits for it, the hit cannot be judged alone: if all after it hit, too, nothing need be written in
 * between. Then the job is laid aside (its place is parked), and when nothing else is being
 * looked up, its steps and all that follow are looked up in one go, each on what those
 * before it leave, and decided as one chain: as many as can stand are granted. The places
 * come back, and as each step's turn comes its answer is there. The first step that
 * cannot stand runs. */
bool hold_wants(struct job *j);                    /* could its hits stand with those after them, and not, or not as cheaply, without? */
void hold_job(struct job *j);                      /* lays it aside; j is freed */
void hold_return(struct job *j);                   /* gives back what was granted to its steps and not told */
bool hold_take(struct job *j);                     /* takes what was granted to its steps; true: it need not be looked up */
bool hold_granted(const struct job *j);            /* was anything decided about its step since it was looked up? */
void hold_settle(struct run *r);                   /* looks at what is held, if its time has come */
bool hold_is_busy(const struct run *r);            /* a worker looks at what is held */
void hold_free(struct run *r);

/* job.c */
bool run_looks_up(const void *ctx, const struct step *step);       /* ctx: the run */
uint32_t job_length(const struct run *r, const struct place *p);   /* items from the place's on that one look can answer; 0: it needs none */
struct job *job_new(struct run *r, struct place *p);
void job_drop(struct job *j);                      /* frees it; its place is where it was */
void job_ask(struct job *j);                       /* a worker is about to look */
void job_look(struct job *j);                      /* [work] */
void job_answered(struct job *j);
void job_forget(struct job *j);                    /* the answers: as if it had not been looked up */
bool job_is_stale(const struct job *j);            /* answered early, and something may have changed since */
bool job_is_all_hits(const struct job *j);
void job_decide(struct job *j);                    /* its turn, and its answers are known: tells, restores, starts; it may be freed */
void job_stop(struct job *j);                      /* the run was stopped */
void job_tell_more(struct run *r);                 /* the reader has caught up */
void job_tell_block(struct job *j);                /* grouped: shows its output, which is in j->replay, no faster than it is read */
void job_block_over(struct job *j);                /* grouped: its output so far was shown */
void job_next_turns(struct run *r);                /* when no output is being shown: lets those go on that wait for that */
void job_cut_blocks(struct run *r);                /* after a signal: what is left of blocks is not shown */
bool job_waits(struct job *j, void (*then)(void *ctx));    /* must j wait for output that is being shown? then is called (on j) when that is over */
void job_cut(struct job *j);                       /* TELLING, and the run was stopped: nothing more is told; frees it */
/* the events of its step */
void job_tell_started(struct job *j);
void job_tell_output(void *ctx, int stream, struct bytes data);    /* ctx: the job */
void job_tell_finished(struct job *j, struct outcome *o);
void job_tell_span(struct job *j, const struct step *step, const struct span *span);       /* nothing, if the run is not timed */
/* Tells the watcher of repeated runs what became of a step that ran. */
void job_note(const struct job *j, const struct outcome *o);
void job_tell_outer(struct job *j);                /* to the runner around this one: what decides here has to decide there */

/* job_run.c: starting any step, also a persistent one */
const char *run_program(const struct run *r, const struct step *step, struct arena *a);    /* absolute; NULL: not found */
const char *run_start_trouble(const struct run *r, const struct step *step, const char *program, const struct child_end *end,
			      struct arena *a);            /* why the child could not be started */
int run_refused_code(const struct child_end *end);
/* job_run.c: a job's step runs, from its start to its stored result. */
void job_start(struct job *j);                     /* its place has a slot */
#endif
