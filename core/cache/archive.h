/* archive: hands a step's outputs to the parts that archive them. */
#ifndef CACHE_ARCHIVE_H
#define CACHE_ARCHIVE_H

#include "base/err.h"
#include "record/entry.h"
#include "vt-plugin.h"

struct batch;
struct cache;
struct step;
struct texts;

/* Asks the ARCHIVE parts to keep these outputs (sorted); fills the result's outputs,
 * sections and blobs. `started_ns`: what is younger was made by the run. 0; -1 with
 * the reason why the run is not kept. */
int archive_outputs(struct cache *c, const struct step *step, const struct texts *outputs, int64_t started_ns, struct batch *batch,
		 struct arena *a, struct result *r, struct err *err);
#endif
