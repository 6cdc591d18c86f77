/* What the cache says of a plan before anything runs. */
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
	DRY_UNKNOWN,               /* an earlier step would write or restore first */
	DRY_NO_BASELINE,
	DRY_DISABLED,
	DRY_ERROR
};

struct dry_step {
	const struct step *step;
	enum dry_status status;
	bool followed;                 /* a later step may run after it, so what it restores matters */
	/* what a look into the cache came to; of cached steps only */
	bool no_program;               /* its program is not there: an earlier step may make it */
	bool looked;
	enum found_state state;
	bool in_place;                 /* HIT: restoring it changes nothing */
	bool certain;                  /* MISS: the reason is in the key, which no earlier step can change */
	bool partial;                  /* MISS: there are more changes than were looked for */
	int64_t saved_ms;
	char *reason;                  /* MISS: in words; ERROR: the trouble; or NULL */
	char *changes;                 /* MISS: as JSON, without the brackets; or NULL */
};

/* By the steps' ordinals. */
struct dry_run {
	struct dry_step *at;
	uint64_t *costs;               /* cache_durations */
	uint32_t n;
	uint32_t leaves, hits;         /* steps and echoes; hits among them */
};

/* -1: the configuration of the cache or the plugins is wrong. */
int dry_look(struct backend *b, const struct plan *plan, struct dry_run *ret, struct err *err);
void dry_free(struct dry_run *d);
const char *dry_trouble(const struct dry_step *at);     /* ERROR: what is wrong */
#endif
