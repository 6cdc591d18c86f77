/* What the files of exec share: one run and its jobs. */
#ifndef EXEC_INSIDE_H
#define EXEC_INSIDE_H

#include <stdbool.h>

#include "cache/cache.h"
#include "exec/run.h"
#include "exec/schedule.h"
#include "fact/seen.h"

struct capture;
struct child;
struct endpoint;
struct job;
struct outer;
struct processes;
struct stop;

enum stopped { STOPPED_NOT, STOPPED_FAILED, STOPPED_SIGNAL, STOPPED_LOST };

/* Lives on the loop's thread; workers see single jobs only. */
struct run {
	const struct exec_setup *setup;
	struct schedule schedule;      /* which step is next */
	struct processes *processes;   /* made for the first child */
	struct endpoint *endpoint;     /* made for the first step that may be kept */
	bool no_channel;               /* it cannot be made: told once */
	struct outer *outer;           /* the runner this vt is a task of; NULL: none */
	struct job *jobs;              /* all that are not over */
	uint32_t running;              /* jobs whose child was started and is not over */
	struct chunk *chunks, **chunks_end;    /* being looked up, in order */
	struct early *early;           /* what is looked up before its turn */
	uint32_t restoring;            /* chunks whose outputs are being put back */
	uint32_t changes;              /* counts what may have changed a file: starts and ends of children and of restoring */
	uint32_t ahead;                /* how many more than there are slots are looked up: grows while all are hits */
	bool pumping, pump_again;      /* run_pump is under way; and was asked for meanwhile */
	bool paused;                   /* too much waits for the terminal */
	enum stopped stopped;          /* nothing new starts */
	struct stop *stop;             /* signals, grace, kill */
	int signum;                    /* of the first signal, or 0 */
	bool grace_over;               /* signalled tasks had to be killed */
	uint32_t started, failed;      /* steps */
	int first_code;                /* of the first that failed */
	bool infrastructure;           /* something other than a task failed */
};

/* One step, from the first look to the end. */
struct job {
	struct job *next, **link;      /* in run->jobs */
	struct run *run;
	struct place *place;           /* in the schedule */
	const struct step *step;
	struct arena *arena;           /* what the job needs; made when it is first needed */
	/* looking */
	bool counted;                  /* in its level's `looking` */
	bool looked;                   /* found is filled */
	struct found found;
	struct cache_plan_for_step before;     /* of a miss */
	const char *restore_why;       /* a hit whose outputs could not be put back */
	bool restored;                 /* a hit: its outputs are in place, or that was tried: restore_why */
	/* looked up before its turn (early.c) */
	bool in_flight;                /* a worker has it */
	uint32_t changes;              /* the run's, when the look began */
	struct chunk *chunk;           /* its turn has come: what waits for the look */
	/* running */
	bool cached;                   /* it may be kept: captured, with a channel */
	enum start_status status;
	struct seen seen;              /* what tools and the tracer told */
	struct capture *capture;       /* cached, or grouped */
	bool capture_lost;             /* what it printed is not whole */
	struct child *child;           /* NULL: not started, or over */
	const char *not_kept;          /* a reason of exec's own, or NULL */
	const char *trouble;           /* an error line, or NULL */
	bool printed;                  /* it printed something */
	bool ended;                    /* its exit code is known, its output complete */
	bool cancelled;                /* the run was stopped before it had ended */
	/* saving */
	struct ran ran;
	struct kept kept;
};

/* run.c */
void run_pump(struct run *r);                      /* starts what can be started; ends the run when nothing is left */
void run_tell(struct run *r, const struct event *e);
void run_failed(struct run *r, int code, bool infrastructure);     /* a step failed: the others are ended */
void run_stop(struct run *r, enum stopped why);    /* nothing new starts, running children are to end */
void run_kill(struct run *r);                      /* SIGKILL for all that runs */
struct processes *run_processes(struct run *r);    /* the connection to the supervisor, made for the first child */
int run_flush(struct run *r);                      /* the screen: 0 or an errno */
void run_check_waiting(struct run *r);             /* pauses the children while too much waits */

void run_changes(struct run *r);                   /* a file may be other than it was */

/* early.c: lookups before their turn. A step is looked up when all before it are
 * complete, for they may change what it reads. But where nothing is run and nothing put
 * back nothing changes: then the workers go ahead, and when the turn comes the answer
 * is there. It counts only if nothing has run or been put back since the look began. */
struct early *early_new(struct run *r);
void early_free(struct early *e);                  /* with nothing in flight */
/* Whether somebody else sees to the place's first item now. */
void early_skip(struct early *e, const struct place *p);
/* The job of a place whose turn has come: looked up and good, or in_flight; NULL: none. */
struct job *early_take(struct early *e, const struct place *p);
bool early_is_good(const struct job *j);           /* in flight no more */
void early_send(struct early *e);                  /* gives the workers more, if that is of use */
void early_drop(struct early *e);                  /* the run was stopped */
void run_looked(struct run *r, struct job *j);     /* run.c: an early look that a chunk waits for is over */

/* job.c */
struct job *job_new(struct run *r, struct place *p);
void job_free(struct job *j);
void job_look(struct job *j);                      /* [work] */
void job_forget(struct job *j);                    /* what was found: as if it had not been looked at */
bool job_is_hit(const struct job *j);
void job_restore(struct job *j);                   /* [work] a hit: puts its outputs back */
void job_show_hit(struct job *j);                  /* tells it from beginning to end */
void job_start(struct job *j);                     /* its place has a slot */
void job_stop(struct job *j);                      /* the run was stopped */
#endif
