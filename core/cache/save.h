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

/* Asks the ARCHIVE parts to keep these outputs; fills the result's outputs, sections
 * and blobs. 0; -1 with the reason the run is not kept. */
int save_outputs(struct cache *c, const struct step *step, const struct texts *outputs, struct batch *batch, struct arena *a,
		 struct result *r, struct err *err);
#endif
