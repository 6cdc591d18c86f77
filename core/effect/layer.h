/* layer: the workspace as a step would find it: states of paths laid over the disk, each
 * with the step that left it. The products of held hits are such a layer, and so are the states
 * before a run; for all other paths the ledger knows the step.
 *
 * A path is, seen by a step:
 *     own     made by this step, and as this step or a later one of its task left it
 *     later   made by a later step of its task, and as left
 *     other   all else: another step's product, the user's file
 * Own and later paths are not there yet for the step: their facts say "absent". Of a
 * later step's product the content, if it was read, counts as found. A folder that they
 * made and that holds nothing else is not there either. Not thread-safe; the ledger is. */
#ifndef EFFECT_LAYER_H
#define EFFECT_LAYER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/map.h"
#include "effect/ledger.h"
#include "fact/state.h"

struct seat {
	struct bytes path, state;  /* state: of FACT_LEFT; "?": a file of unknown content */
	ledger_who step, maker;    /* the step that left it; meaningful if `owned` */
	bool owned;                /* else the ledger's line tells */
	bool bare;                 /* below it only the layer counts, not the disk */
	bool moved;                /* a folder that a run moved away (before.h) */
	bool implied;              /* a folder that is there again because the layer has something below it */
};

struct layer {
	const struct state_world *world;
	struct ledger *ledger;
	struct arena *arena;       /* the caller's: seats */
	struct map seats;          /* path -> struct seat */
	struct map folders;        /* every folder above a seat -> struct kid, its names */
	struct map real;           /* folder -> what it is without links (char *) */
};

void layer_init(struct layer *v, const struct state_world *w, struct ledger *l, struct arena *a);
void layer_free(struct layer *v);            /* frees all that is not in the arena */
void layer_copy(struct layer *v, const struct layer *from, struct arena *a);

/* Sets the state of a path, whose folders exist from now on. The bytes are borrowed. */
struct seat *layer_set(struct layer *v, struct bytes path, struct bytes state);
void layer_set_left(struct layer *v, const struct left *left);

bool layer_has(const struct layer *v, struct bytes path);     /* a seat there, or one below it */
/* Does the layer decide what the path is? Else the disk does. */
bool layer_covers(const struct layer *v, struct bytes path);
/* The state of one path, of FACT_LEFT. -1: the fingerprint failed. */
int layer_state(struct layer *v, struct bytes path, struct bytes *ret, struct err *err);
/* Is the folder empty on the disk? false also if it cannot be listed. */
bool layer_is_empty(struct layer *v, struct bytes folder);
/* *ret: the step that left the path last; false: no step did. *ret_as_left: the path is still in that state. */
int layer_left(struct layer *v, struct bytes path, struct left *ret, bool *ret_as_left, struct err *err);

/* The step that looks, and those of its chain that come after it. */
struct eyes {
	ledger_who own;
	const ledger_who *later;
	uint32_t later_n;
};

enum whose { WHOSE_OTHER, WHOSE_OWN, WHOSE_LATER };
/* What `left` says of a path that is as left. *ret_later: the place in `later` of the step that left it, plus one; or 0. */
enum whose eyes_whose(const struct eyes *e, const struct left *left, uint32_t *ret_later);

/* The path without links in its folders. */
struct bytes layer_real(struct layer *v, struct bytes path);

/* Does the path, which the layer or the disk has, not exist yet for the step? */
bool layer_hides(struct layer *v, const struct eyes *e, struct bytes path, struct err *err);

bool layer_amends(unsigned kind);            /* can layer_amend change a fact of this kind? */
/* Facts that state_fill filled from the disk become what the step would find. *leaned
 * grows to the place, plus one, of the last later step whose product counted as absent. */
int layer_amend(struct layer *v, const struct eyes *e, struct facts *facts, uint32_t *leaned, struct err *err);
#endif
