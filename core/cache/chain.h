/* Shared by chain.c and ending.c. No other file includes it. */
#ifndef CACHE_CHAIN_H
#define CACHE_CHAIN_H

#include "base/map.h"
#include "cache/cache.h"
#include "effect/layer.h"

struct cover;
struct found_inside;
struct result;

struct hit {
	const struct step *step;
	struct found *found;
	struct found_inside *in;
	struct cover *cover;           /* made when it is asked for */
	uint32_t leaned;               /* how many of the steps after it must also hit */
};

struct cache_chain {
	struct cache *cache;
	struct arena *arena;
	struct layer layer;            /* what the first `laid` hits leave, over the disk */
	struct hit *hits;
	uint32_t n, laid;
	struct map names;              /* each path that the first `noted` hits may leave, and each folder above it */
	uint32_t noted;
	struct map index;              /* ledger_who -> the number, from 1, of its last hit here */
	/* why some hits do not stand, or not without writing: what others did after them */
	bool anyone;                   /* any step after them */
	ledger_who *others;            /* these steps */
	uint32_t others_n;
};

/* A folder that may go, of hit number `hit`. */
struct folder {
	struct bytes path;
	uint32_t hit;
};

const struct cover *chain_cover(struct cache_chain *chain, struct hit *h);
bool chain_has_effect(const struct result *r, struct bytes path);
/* Did its run read the path before it wrote there? */
bool chain_read_first(const struct result *r, struct bytes path);
/* All that the tasks of the step and of those after it left last; in the chain's arena. */
uint32_t chain_lines(struct cache_chain *chain, const struct hit *h, struct left **ret);
/* Of such a line: a file or link that the step made, as it or a later one left it, and not of this result: what a run would
 * not leave. */
bool chain_is_leftover(struct cache_chain *chain, struct hit *h, const struct left *line);
/* ... a folder under `output`: it may go if nothing is left in it. */
bool chain_is_leftover_folder(struct cache_chain *chain, struct hit *h, const struct left *line);
int chain_deepest_first(const void *x, const void *y);     /* orders struct folder */
/* The number, from 1, of the step's last hit in the chain; 0: none. */
uint32_t chain_index(const struct cache_chain *chain, ledger_who who);
#endif
