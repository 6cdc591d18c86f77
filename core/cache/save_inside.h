/* Shared by save.c and inputs.c alone. */
#ifndef CACHE_SAVE_INSIDE_H
#define CACHE_SAVE_INSIDE_H

#include "base/texts.h"
#include "cache/inside.h"
#include "effect/changed_during.h"

/* A save under way. */
struct saving {
	struct cache *cache;
	const struct step *step;
	struct found *found;
	struct found_inside *in;
	struct arena *arena;           /* found's */
	const struct ran *ran;
	struct facts after;
	bool *old;                     /* of each of `after`: see state_fill_since */
	struct texts outputs;          /* paths whose bytes are to be kept, sorted */
	struct texts claimed;          /* paths that a part calls the task's own products */
	struct facts effects;          /* all that it left: FACT_LEFT, sorted */
	struct facts rest;             /* of these, what is not kept */
	struct facts outputs_kept;     /* what is */
	struct cover *cover;
	bool watched;                  /* all that it left is known */
	int64_t ended_ns;              /* the run had ended by then, by the file system's clock */
	struct changed_during changes;
	struct kept *kept;
};

/* save.c. Notes why the run is not kept. Returns -1. */
int save_refuse(struct saving *s, enum kept_why why, const char *text);

/* inputs.c. Fills `after` with all that the run depends on, without states. *ret_why, *ret_refused: the first part that refuses the
 * run. -1: the run is not kept. */
int inputs_find(struct saving *s, uint32_t *ret_why, const char **ret_refused);
/* inputs.c. Did an input change during the run? -1: it did; the run is not kept. */
int inputs_check(struct saving *s);
#endif
