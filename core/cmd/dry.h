/* What the cache says of a plan before anything runs. */
#ifndef CMD_DRY_H
#define CMD_DRY_H

#include "cache/cache.h"
#include "cmd/cmd.h"

struct open;
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
	struct found found;            /* of cached steps; its arena is the dry run's */
	bool looked;
};

/* By the steps' ordinals. */
struct dry_run {
	struct dry_step *at;
	uint32_t n;
	uint32_t leaves, hits;         /* steps and echoes; hits among them */
};

/* -1: the configuration of the cache or the plugins is wrong. */
int dry_look(struct open *o, const struct plan *plan, struct dry_run *ret, struct err *err);
void dry_free(struct dry_run *d);
#endif
