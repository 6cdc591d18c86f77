/* record: derives the effects of a run and its facts as it found them. For each changed
 * path it compares the state before the run (before.h) with the state after it, and asks
 * the ledger which step had left the former. */
#ifndef EFFECT_RECORD_H
#define EFFECT_RECORD_H

#include "effect/before.h"
#include "effect/layer.h"

struct cover;
struct globs;
struct known;
struct seen;

/* The detail of an effect, a FACT_LEFT: bits, and of a regular file the 12 bits of its mode, the low byte first. */
enum {
	EFFECT_CARRIED = 1,        /* made by an earlier run, and left as it was */
	EFFECT_MADE = 2            /* the path was absent, or was written without being read */
};

/* The detail of what is at `path` now; in `a`. */
struct bytes effect_detail(struct arena *a, int root_fd, struct bytes path, unsigned bits);
/* The mode in the detail; -1: it has none. */
int effect_mode(struct bytes detail);

struct record {
	/* set by the caller */
	const struct state_world *world;
	struct ledger *ledger;
	struct before *before;
	const struct eyes *eyes;
	const struct seen *seen;
	const struct cover *cover;
	struct arena *arena;
	struct facts facts;                /* sorted, filled from the disk after the run; then what the run found */
	const struct known *known;         /* what was looked at after the run; perhaps nothing */
	/* answers */
	struct facts effects;              /* sorted */
	struct left *lines;                /* for the ledger, also if the run is not kept */
	uint32_t lines_n;
	const char *refused;               /* a file that no step left, which the run read and changed; or NULL */
	const char *taken;                 /* a product that another program removed or changed meanwhile; or NULL */
	/* by the file system's clock; set by the caller */
	int64_t started_ns, ended_ns;
};

int record_run(struct record *r, struct err *err);
/* The same for a run that was not traced, by the times of files: it left the files under `output` that came or changed since it
 * began, and carries those that its step left before. Fills effects and lines; ignores before, seen, facts and known. */
int record_declared(struct record *r, const struct globs *output, struct err *err);
#endif
