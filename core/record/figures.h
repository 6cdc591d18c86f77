/* figures: what `vt cache stat` shows. */
#ifndef RECORD_FIGURES_H
#define RECORD_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct cache_figures {
	bool there;
	uint64_t bytes;                /* size of all files in the directory */
	uint64_t steps;                /* steps in the history */
	uint64_t hits, misses;         /* lookups of cached steps since the cache was made */
	uint64_t far_hits;             /* of the hits: those that came from far stores */
	uint64_t not_shared;           /* steps whose last result was kept, and not sent to far stores for what it depends on */
	/* from the local store's last report; 0: not known */
	uint64_t entries, blobs, bound;
	int64_t oldest;                /* day of the oldest use, seconds since 1970 */
};
int cache_figures(const char *dir, const char *root, struct cache_figures *ret, struct err *err);
#endif
