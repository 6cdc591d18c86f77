/* plan: pure; what each task runs. Uses query, workspace (structs), text, base.
 *
 * A plan is a graph of nodes (one per task), each a list of items in order; an
 * item is one step, an echo, or a nested plan (`vt run ...` inside a command). */
#ifndef PLAN_STEP_H
#define PLAN_STEP_H

#include <stdbool.h>

#include "base/env.h"
#include "base/mem.h"

struct task;
struct cache_rules;
struct plan;

/* The program of a command that is a shell's. It is called `sh`, as npm calls it: its messages begin with that. */
#define STEP_SHELL "/bin/sh"
struct vt_step;

/* A task whose command is run, and the task whose `vt run` asked for it. */
struct call {
	const struct task *task;
	const struct call *by;         /* NULL: the command line asked */
	uint32_t depth;                /* 1: the command line asked */
};

/* Steps, the next one first; lists share their ends. */
struct step_list {
	const struct step *step;
	const struct step_list *next;
};

/* All that one execution needs. Immutable; belongs to the plan's arena. */
struct step {
	const struct task *task;       /* the task whose item it is; for a hook, the hook's own task */
	const struct call *call;       /* of the task, and what led to it */
	const char *hook;              /* "pre" or "post" when run as a hook, else NULL */
	uint32_t ordinal;              /* unique in the run, in plan order, from 0 */
	const char *shown;             /* the command text: source slice + quoted extra args */
	const char *cwd;               /* root-relative as displayed (`..` kept), "" for the root; absolute when cd led outside */
	const char *dir;               /* absolute directory the child starts in; ITEM_CD: the one that must exist */
	bool enters;                   /* ITEM_CD: nothing is told of it unless it fails */
	const char *echo;              /* ITEM_ECHO: the bytes it prints; else NULL */
	struct texts argv;             /* argv[0] as the child sees it, then the arguments */
	/* the rest: ITEM_STEP only */
	const char *program;           /* absolute path of the executable; NULL: there was none when the plan was made */
	bool shell;                    /* program is STEP_SHELL, whatever PATH says */
	const char *path;              /* the PATH that argv[0] is looked for on */
	const struct env *spawn_env;   /* what the child gets: the one real copy (uncached: the full map itself) */
	const struct env *full_env;    /* what getEnv answers and validation asks: shared */
	struct texts declared;         /* names in the key, sorted: matched by `env`, plus prefix assignments */
	struct texts given;            /* names in the key that vt gave a value, sorted; none of them is in `declared` */
	struct texts untracked;        /* untrackedEnv patterns with the built-in list, sorted, for the key */
	const struct cache_rules *rules;   /* NULL: not cached */
	const struct vt_step *described;   /* the step as plugins see it; NULL: not cached */
	bool forced;                   /* cached: it is run although it hits */
	const char *uncached;          /* why it is not cached, although its rules say so; else NULL */
	/* the execution key: "this step of this task", whatever it runs */
	uint32_t element, piece;       /* array element of the command; `&&` piece (all pieces count; shell: 0) */
	struct texts extra;            /* extra arguments that reached it */
	const struct step_list *later; /* the cached steps that come after it in its chain: of its task, of plans within it and around it */
	bool followed;                 /* something of the run comes after it: of its chain, of plans around it, or of a task that waits */
	bool persistent;               /* the step runs until it is ended: the last of a persistent task */
};

enum item_kind {
	ITEM_STEP, ITEM_ECHO, ITEM_PLAN,
	ITEM_CD                        /* no step of the run: what follows fails unless step->dir is a folder then */
};

struct item {
	enum item_kind kind;
	struct step *step;             /* all but ITEM_PLAN */
	struct plan *plan;             /* ITEM_PLAN */
	const char *expanded_from;     /* ITEM_PLAN: its text, "vt run build" */
	const char *hook;              /* ITEM_PLAN: as struct step's */
};

/* What becomes of the other nodes of a plan when one has failed: they are ended; those that do not wait for it are run; all
 * are run. */
enum plan_continue { PLAN_STOPS, PLAN_RUNS_INDEPENDENT, PLAN_RUNS_ALL };

struct plan_node {
	const struct task *task;
	bool requested;                /* false: pulled in by dependsOn */
	uint32_t weight;               /* slots that it takes of the limit; 0 is 1 */
	const uint32_t *waits_for;     /* indices into the plan's nodes, sorted */
	uint32_t waits_n;
	struct item *items;
	uint32_t items_n;
	bool persistent;               /* its last item is a persistent step */
	bool lasts;                    /* the node does not end by itself: persistent, or its last item is a plan that lasts */
	bool unready;                  /* the node lasts, and no condition tells when it is ready */
};

struct plan {
	struct plan_node *nodes;       /* in package order, then task order: the display and tie order */
	uint32_t n;
	uint32_t limit;                /* steps at once at this level; UINT32_MAX: no limit */
	enum plan_continue on_failure;
	uint32_t steps;                /* steps and echoes in here and below */
	bool serves;                   /* the plan has persistent nodes */
	bool lasts, unready;           /* one of its requested nodes does, or is */
};
#endif
