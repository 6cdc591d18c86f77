/* Shared by the files of this room. No other file includes it. */
#ifndef CACHE_INSIDE_H
#define CACHE_INSIDE_H

#include <pthread.h>

#include "cache/cache.h"
#include "cache/overlap.h"
#include "effect/before.h"
#include "effect/layer.h"
#include "fact/known.h"
#include "fact/mac.h"
#include "fact/state.h"
#include "plug/setup.h"
#include "record/directory.h"
#include "record/entry.h"

struct blobs;
struct history;

/* Version of results: a fact of every key. Others are never found. */
#define RESULT_FORMAT "2"

enum { CACHE_RESULTS = 16, CACHE_EXPLAINED = 4 };

struct cache {
	struct cache_setup setup;
	struct directory dir;
	uint64_t hits, misses;         /* of this run; the loop's alone */
	uint64_t far_hits;             /* hits that came from a far store in this run; the loop's alone */
	int root_fd;
	struct mac mac;
	struct state_world world;

	pthread_mutex_t lock;          /* guards the members below; taken before the locks of blobs and history */
	bool ready, works;             /* make_ready has run; it found a fingerprint and a store */
	struct component *const *parts;
	uint32_t parts_n;
	uint32_t roles;                /* of all ready parts */
	struct component *watcher;     /* the first part with VT_COMPONENT_WATCH_ALL; NULL: none */
	struct overlap *overlaps;      /* steps that may be writing */
	struct written *written;       /* what runs wrote that are over, the newest first */
	uint64_t moment;               /* grows when one starts to write, and when one ends */

	const struct plan *plan;       /* of the run; NULL: not told: far stores are not asked */
	bool far_opened;               /* it was tried; far tells the outcome */
	struct far *far;               /* NULL: not opened, or none */
	struct ahead *ahead;           /* with far */
	_Atomic int shared;            /* other machines work at the same run (cache_get_again) */
	struct blobs *blobs;
	struct history *history;
	struct ledger *ledger;
	struct map whos;               /* by step->ordinal: its ledger_who */
};

struct found_inside {
	struct facts key;              /* sorted, with states */
	struct digest id;              /* of key */
	struct digest step;            /* the execution key */
	struct facts before;           /* GLOBBED, as it was before the run */
	struct facts known;            /* what earlier results name, as the lookup found it */
	bool keyed;                    /* key, id and before are good */
	bool counts;                   /* a lookup that `vt cache stat` counts */
	struct result *hit;
	vt_id hit_id;                  /* HIT: the result's blob */
	/* HIT, once it was decided what its chain leaves (chain.c) */
	bool decided, restore;         /* restore: something is to be put back or removed */
	struct cache_chain *alone;     /* it was looked up by itself: what `why` points into lives in there */
	bool no_room;                  /* there was none to put its outputs back: the run is not kept */
	bool *skip;                    /* of each output: a later step of the chain leaves the path */
	ledger_who *makers;            /* the maker of each output that is not skipped; filled if `restore` */
	struct texts remove;           /* paths that earlier runs of the step made and this result lacks */
	void **owned;                  /* bytes that facts point into; freed with found */
	bool lent;                     /* found's arena is that of a pass, which frees it */
	void *mapped;                  /* the terminal output, or NULL */
	size_t mapped_size;
	uint32_t owned_n;
	/* filled by cache_before_run */
	bool traced;                   /* automatic inputs or outputs are wanted, and a tracer can be started */
	bool untraceable;              /* ... are wanted, but no tracer can be started */
	const char *not_kept;
	int64_t started_ns;            /* by the file system's clock */
	int64_t real_ns, boot_ns;      /* the same by the time of day and by the clock that no user can set */
	struct known early;            /* what the step touched, as cache_look_early found it */
	struct facts after, left;      /* filled by cache_save: what the run asked for, if it was kept; what it left */
	struct eyes eyes;              /* the step's own name, and the steps after it */
	struct overlap overlap;        /* joined when the step starts, or its outputs are put back */
};

/* chain.c: a lookup's hit, in its chain: its effects lie over what those before it leave. */
struct cache_chain;
void chain_add(struct cache_chain *chain, const struct step *step, struct found *found, uint32_t leaned);
/* May a hit leave something at this path, or below it? Compares names only: laying the hits asks the disk. */
bool chain_may_have(struct cache_chain *chain, struct bytes path);
/* lookup.c: names of effects, for people. */
void tell_effects(struct arena *a, const struct facts *effects, struct texts *ret);
struct layer *chain_layer(struct cache_chain *chain, struct err *err);      /* NULL: the fingerprint failed */
/* archive.c: do the outputs hold all that a run left? A folder is made with what is put into it, and one that was there is there. */
bool effects_are_kept(const struct facts *effects, const struct facts *outputs);

/* Starts the plugins and opens the stat index and the history, once. */
bool cache_ready(struct cache *c);
void cache_warn(struct cache *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Opens the far stores, once. NULL: there is none, or none may be asked. [any] */
struct far *cache_far(struct cache *c);
/* The far stores if they are open already, without opening them; NULL: they are not. [any] */
struct far *cache_open_far(struct cache *c);
/* found frees `bytes` at its end. */
void found_own(struct found *f, void *bytes);

/* Has the part a role for this step? A part without roles is always asked. */
bool part_is_asked(const struct cache *c, const struct component *part, const struct step *step);
bool step_is_automatic(const struct cache *c, const struct step *step);   /* its inputs or outputs are found by a tracer */
/* May an output have this path? Not in the cache, not in a .git, and not the name of a file that was being put back. */
bool output_is_allowed(const struct cache *c, const char *path, size_t size);
/* Does a link at `path` with this target stay inside the workspace? */
bool output_link_stays(const struct cache *c, const char *path, const char *target);
#endif
