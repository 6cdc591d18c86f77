/* archive: chooses a step's outputs, and hands them to the parts that archive them. */
#ifndef CACHE_ARCHIVE_H
#define CACHE_ARCHIVE_H

#include "base/err.h"
#include "base/texts.h"
#include "record/entry.h"
#include "vt-plugin.h"

struct batch;
struct cache;
struct cover;
struct eyes;
struct step;

struct choosing {
	struct cache *cache;
	const struct step *step;
	const struct cover *cover;
	const struct eyes *eyes;
	const struct facts *effects;   /* all that the step left: FACT_LEFT, sorted */
	const struct texts *claimed;   /* paths that a part calls the task's own products */
	struct facts *after;           /* what it depends on, sorted; grows by files that match `output` and have no known maker */
	struct arena *arena;
	struct texts outputs;          /* the answer, sorted */
	struct bytes folder;           /* while it is made: of the effect before */
};

/* Of what the step left, the paths whose bytes are to be kept. 0; -1 with the reason why the run is not kept. */
int archive_choose(struct choosing *s, struct err *err);

/* Asks the ARCHIVE parts to keep these outputs (sorted); fills the result's outputs,
 * sections and blobs. `started_ns`: what is younger was made by the run. 0; -1 with
 * the reason why the run is not kept. */
int archive_outputs(struct cache *c, const struct step *step, const struct texts *outputs, int64_t started_ns, struct batch *batch,
		 struct arena *a, struct result *r, struct err *err);
#endif
