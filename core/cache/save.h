/* save: what save.c and restore.c of this room share. */
#ifndef CACHE_SAVE_H
#define CACHE_SAVE_H

#include "base/err.h"
#include "cache/entry.h"
#include "vt-plugin.h"

struct batch;
struct cache;
struct step;
struct texts;

/* Asks the ARCHIVE parts to keep these outputs (sorted); fills the result's outputs,
 * sections and blobs. `started_ns`: what is younger was made by the run. 0; -1 with
 * the reason why the run is not kept. */
int save_outputs(struct cache *c, const struct step *step, const struct texts *outputs, int64_t started_ns, struct batch *batch,
		 struct arena *a, struct result *r, struct err *err);
#endif
