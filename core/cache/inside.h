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
	uint64_t hits, misses;         /* of this run; the loop's alone */
	int root_fd;
	struct mac mac;
	struct state_world world;

	pthread_mutex_t lock;          /* guards the members below; taken before the locks of blobs and history */
	bool ready, works;             /* make_ready has run; it found a fingerprint and a store */
	struct component *const *parts;
	uint32_t parts_n;
	uint32_t roles;                /* of all ready parts */
	struct overlap *overlaps;      /* steps that may be writing their outputs */

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
	const struct result **others;  /* the key's other results: a restore removes what only they made */
	uint32_t others_n;
	void **owned;                  /* bytes that facts point into; freed with found */
	uint32_t owned_n;
	/* filled by cache_before_run */
	bool traced;                   /* automatic inputs or outputs are wanted, and a tracer can be started */
	bool untraceable;              /* ... are wanted, but no tracer can be started */
	const char *not_kept;
	int64_t started_ns;            /* by the file system's clock */
	struct overlap overlap;        /* joined when the step starts, or its outputs are put back */
};

/* Starts the plugins and opens the stat index and the history, once. */
bool cache_ready(struct cache *c);
void cache_warn(struct cache *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* found frees `bytes` at its end. */
void found_own(struct found *f, void *bytes);

/* Has the part a role for this step? A part without roles is always asked. */
bool part_is_asked(const struct cache *c, const struct component *part, const struct step *step);
bool step_is_automatic(const struct cache *c, const struct step *step);   /* its inputs or outputs are found by a tracer */
/* May an output have this path? Not in the cache, and not in a .git. */
bool output_is_allowed(const struct cache *c, const char *path, size_t size);
/* Does a link at `path` with this target stay inside the workspace? */
bool output_link_stays(const struct cache *c, const char *path, const char *target);
#endif
