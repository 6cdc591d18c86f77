/* unit: the tasks of a run that several runners share, and the other runners. For together.c alone. */
#ifndef TOGETHER_UNIT_H
#define TOGETHER_UNIT_H

#include <pthread.h>

#include "base/buf.h"
#include "base/map.h"
#include "exec/sharer.h"
#include "together/link.h"
#include "together/together.h"

enum { MISSES_MAX = 3 };               /* results of one runner that are no hits here; after so many its tasks are run here */

enum unit_state { UNIT_NEW, UNIT_ASKING, UNIT_MINE, UNIT_THEIRS, UNIT_GETTING, UNIT_GOT, UNIT_FREE, UNIT_ELSEWHERE };

/* Another runner. */
struct runner {
	vt_id id;
	char *name;
	uint32_t misses;               /* its results that were no hits here */
};

/* A node of the plan, or of a plan within it. */
struct unit {
	struct unit *next;
	struct together *of;
	struct place *place;
	char *label;                   /* "web#build"; below a nested run "ci > web#build" */
	vt_id name;
	enum unit_state state;
	bool travels;                  /* no step of it is known to leave files that cannot be sent */
	bool ran;                      /* a step of it ran here */
	bool far_hit;                  /* a step of it hit by a result of a far store */
	bool told;                     /* link_tell was called */
	bool kept;                     /* MINE: the results of its steps so far hold all that they left */
	struct digest *results;        /* MINE: of its steps that ran */
	uint32_t results_n;
	struct buf key;                /* MINE: the key of the first that ran */
	struct runner *who;            /* THEIRS, GOT: the runner that has, or had, its lease */
	int64_t retry_ms;              /* THEIRS: when its lease is asked for again */
	int64_t nobodys_ms;            /* since when an owner outside of the run has its lease; 0: none has */
};

struct together {
	struct together_setup setup;
	struct exec_sharer sharer;
	struct arena *arena;
	struct link *link;             /* NULL: this runner works alone */
	bool alone;                    /* no lease is taken any more */
	bool strangers;                /* an owner outside of the run keeps leases */
	vt_id run_name;
	struct run *run;               /* NULL: not running */
	struct map units;              /* place -> struct unit *; keys are the pointers, in the arena */
	struct unit *first;
	struct runner *runners[64];
	uint32_t runners_n;
	struct timer *tick;
	pthread_mutex_t lock;          /* guards getting */
	pthread_cond_t less;           /* getting became less */
	uint32_t getting;              /* workers that fetch results */
	struct together_counts counts;
};

/* The place's unit, made at the first call. */
struct unit *unit_of(struct together *t, struct place *p);
const struct plan_node *unit_node(const struct place *p);
/* Does the node have nested runs behind the place's item? Then each runner does it, because the nested tasks are shared one by one. */
bool unit_starts_others(const struct place *p);
/* Must the files of the task be here? Where a task of this runner waits for it; on runner 0, which ends with all of them. */
bool unit_is_needed(const struct unit *u);

/* The runner of this id; `name`: its name, if it is known. NULL: there are too many. */
struct runner *runner_of(struct together *t, const vt_id *id, const char *name);
/* Are the tasks of the runner waited for? NULL: an unknown one, whose are. */
bool runner_is_waited_for(const struct runner *r);
#endif
