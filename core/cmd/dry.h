/* dry: looks up every step of a plan in the cache and runs nothing. */
#ifndef CMD_DRY_H
#define CMD_DRY_H

#include "cache/cache.h"
#include "cmd/cmd.h"

struct backend;
struct plan;
struct step;

enum dry_status {
	DRY_HIT,
	DRY_CHANGED,
	DRY_UNKNOWN,               /* an earlier step would run or restore files first */
	DRY_NO_BASELINE,
	DRY_DISABLED,
	DRY_ERROR
};

struct dry_step {
	const struct step *step;
	enum dry_status status;
	bool followed;                 /* another step comes after it */
	bool no_program;               /* its program does not exist; an earlier step may make it */
	/* the answer of the cache; of cached steps only */
	bool looked;                   /* the cache was asked */
	enum found_state state;
	bool contested;                /* by itself it is no hit, or one that would write; together with others it may be one */
	bool in_place;                 /* HIT: its outputs are in place, or no step follows it */
	bool certain;                  /* MISS: its reason is in the key, which no earlier step changes */
	bool partial;                  /* MISS: the list of changes is not complete */
	int64_t saved_ms;
	char *reason;                  /* owned; MISS: in words; ERROR: what is wrong; or NULL */
	char *changes;                 /* owned; MISS: JSON objects without the brackets; or NULL */
};

struct dry_run {
	struct dry_step *at;           /* owned; by the steps' ordinals, n of them */
	uint64_t *costs;               /* owned; cache_durations, by ordinal */
	uint32_t n;
	uint32_t leaves, hits;         /* steps and echoes; the hits among them */
};

/* Looks up all steps. -1: the configuration of the cache or of a plugin is wrong. */
int dry_look(struct backend *b, const struct plan *plan, struct dry_run *ret, struct err *err);
void dry_free(struct dry_run *d);
const char *dry_trouble(const struct dry_step *at);     /* what is wrong; of an ERROR */
#endif
