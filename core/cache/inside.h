/* What the files of this room share. Nobody else includes it. */
#ifndef CACHE_INSIDE_H
#define CACHE_INSIDE_H

#include <pthread.h>

#include "cache/cache.h"
#include "cache/overlap.h"
#include "fact/mac.h"
#include "fact/state.h"
#include "plug/setup.h"
#include "record/directory.h"
#include "record/entry.h"

struct blobs;
struct history;

enum { CACHE_RESULTS = 16, CACHE_EXPLAINED = 4 };

struct cache {
	struct cache_setup setup;
	struct directory dir;
	uint64_t hits, misses;         /* of this run; the loop's */
	int root_fd;
	struct mac mac;
	struct state_world world;

	pthread_mutex_t lock;          /* what is below; before the locks of blobs and history */
	bool ready, works;             /* plugins were asked for; all that is needed is there */
	struct component *const *parts;
	uint32_t parts_n;
	uint32_t roles;                /* of all ready parts */
	struct overlap *overlaps;         /* steps that may be writing their outputs */

	struct blobs *blobs;
	struct history *history;
};

struct found_inside {
	struct facts key;              /* sorted, with states */
	struct digest id;              /* of key */
	struct digest step;            /* the execution key */
	struct facts before;           /* GLOBBED, as it was before the run */
	bool keyed;                    /* key, id and before are good */
	bool counts;                   /* a lookup that `vt cache stat` counts */
	struct result *hit;
	const struct result **others;  /* the key's other results: what they made may be stale now */
	uint32_t others_n;
	void **owned;                  /* bytes that facts point into: freed with found */
	uint32_t owned_n;
	/* filled by cache_before_run */
	bool traced;                   /* automatic inputs (or outputs) are wanted and can be had */
	bool untraceable;              /* ... are wanted and cannot be had */
	const char *not_kept;
	int64_t started_ns;            /* by the file system's clock */
	struct overlap overlap;          /* joined when the step starts, or its outputs are put back */
};

/* The plugins, the index and the history: once, by need. */
bool cache_ready(struct cache *c);
void cache_warn(struct cache *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* `bytes` live as long as found, which frees them. */
void found_own(struct found *f, void *bytes);

/* Is the part asked about this step at all? A part without roles always is. */
bool part_is_asked(const struct cache *c, const struct component *part, const struct step *step);
bool step_is_automatic(const struct cache *c, const struct step *step);   /* inputs (or outputs) are to be found out */
/* May vt read or write an output here? Not in the cache, not in a .git. */
bool output_is_allowed(const struct cache *c, const char *path, size_t size);
/* Does a link at `path` with this target stay inside the workspace? */
bool output_link_stays(const struct cache *c, const char *path, const char *target);
#endif
