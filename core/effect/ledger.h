/* effect: knows which step left a path of the workspace last, in which state, and which
 * step made it. Uses fact, os, text, base. Knows nothing of results or of running.
 *
 * ledger: for each path that a step of this workspace left, the state it left, the
 * step, and the step that made the path. One file of the core's own in the cache:
 * read once, added to at the end of a run. Of two lines of a path the later counts.
 * [any] */
#ifndef EFFECT_LEDGER_H
#define EFFECT_LEDGER_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/mem.h"

struct facts;
struct ledger;

/* A step: its task, and its name among the task's steps. */
struct ledger_step {
	struct digest task, step;
};

/* The number of a step, in one struct ledger. 0: no step, but the user. */
typedef uint32_t ledger_who;

struct left {
	struct bytes path;         /* root-relative, real names; the ledger's own memory */
	struct bytes state;        /* of FACT_LEFT; empty: the step removed the path */
	ledger_who step;           /* the step that left it last */
	ledger_who maker;          /* the step that made it; 0: it was there before any step */
	uint64_t clock;            /* the ledger's clock when it was left */
};

struct ledger *ledger_new(int dir, const char *name);      /* `dir`: the file's folder, borrowed */
/* Reads the file, once. A missing or damaged file counts as empty; a torn end is left out. */
void ledger_load(struct ledger *l);
/* Adds what changed to the file (`save`), and frees. NULL is fine. */
void ledger_close(struct ledger *l, bool save);

ledger_who ledger_step(struct ledger *l, const struct ledger_step *step);
/* The step of this number, which is not 0. */
void ledger_name(struct ledger *l, ledger_who who, struct ledger_step *ret);
/* The line of a path. false: no step is known to have left it. */
bool ledger_get(struct ledger *l, struct bytes path, struct left *ret);
/* May a step have left a path below this folder ("": the root)? false: surely not. */
bool ledger_below(struct ledger *l, struct bytes folder);
/* All lines that the task of this step left last, in no order; in `a`. */
uint32_t ledger_of_task(struct ledger *l, ledger_who step, struct arena *a, struct left **ret);
/* Notes a run, after its lines: all that it left or carried (FACT_LEFT, sorted). A line is dropped when many runs of its step
 * neither left nor carried the path: then no result that a look-up finds has it. */
void ledger_ran(struct ledger *l, ledger_who step, const struct facts *left);
/* Adds a line with the present clock. */
void ledger_put(struct ledger *l, const struct left *left);
/* Adds lines to the file at once, before the paths are made: if vt is killed then, the next vt knows which step they belong to. The
 * ledger in memory stays as it is. */
void ledger_announce(struct ledger *l, const struct left *left, uint32_t n);

/* Called when a step starts whose effects will not be known. Advances the clock, also in the file, for vt may be killed. */
void ledger_unknown(struct ledger *l);
uint64_t ledger_clock(struct ledger *l);
#endif
