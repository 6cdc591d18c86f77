/* seen: what a run did, in order, with clean paths and bounded. One for each step that runs: the
 * loop (ipc) writes it, then the tracer's stop(); parts read it. */
#ifndef FACT_SEEN_H
#define FACT_SEEN_H

#include <stdbool.h>

#include "base/map.h"
#include "vt-plugin.h"

struct globs;

/* A record that only parts see which watch all steps. */
struct seen_outside {
	vt_seen record;                /* with VT_SEEN_OUTSIDE */
	uint32_t at;                   /* the record came before that of this number */
};

struct seen {
	struct arena *arena;           /* of what is recorded; its own: a worker fills it while the loop uses the job's */
	vt_seen *at;
	uint32_t n;
	const char *root;              /* absolute: paths are made relative to it */
	const char *cache_dir;         /* absolute: never seen */
	const struct globs *input, *output;   /* exclusions; `output` marks VT_SEEN_OUTPUT; borrowed, or NULL */
	struct seen_outside *outside;  /* writes outside the workspace, for parts that want to see all; outside_n of them */
	uint32_t outside_n;
	const char *untraced;          /* why the trace is incomplete or missing; else NULL */
	const char *refused;           /* the tracer's sentence: it is not to be kept; else NULL */
	const char *broken;            /* the channel failed: the message of "task communication failed (...)", else NULL */
	struct map foreign;            /* paths that the task wrote, and another program while it ran */
	struct map left_out;           /* dropped paths inside the workspace that the task wrote */
	bool opted_out;                /* a tool called disableCache */
	bool setuid;                   /* a set-uid program was executed */
	void *inside;                  /* seen.c's own: what was recorded */
};

void seen_init(struct seen *s, const char *root, const char *cache_dir, const struct globs *input, const struct globs *output);
void seen_free(struct seen *s);    /* with all that was recorded; one that is all 0 is fine */
/* Adds a copy of one record. A tracer's paths are absolute. Dropped: paths outside the workspace
 * (except of EXEC and READ, which have VT_SEEN_OUTSIDE then, and of writes, which only seen_all has), in the root's .git (except of names of commits, for a task that asked
 * which there are), in the cache, and those that the task's negative input globs match. Past a limit `untraced` (paths) or `broken` (names) is set. Names of variables and
 * paths to ignore are recorded as they are. A write with VT_SEEN_FOREIGN is kept in `foreign` alone. */
void seen_add(struct seen *s, const vt_seen *record);
/* All of it in order of happening, writes outside the workspace, too; in `a`. */
const vt_seen *seen_all(const struct seen *s, struct arena *a, uint32_t *ret_n);
/* Says why the run is not to be kept; the first sentence counts. */
void seen_refuse(struct seen *s, const void *sentence, size_t size);
void seen_env(struct seen *s, uint16_t op, const char *name, size_t size);   /* VT_SEEN_ENV, _GLOB, _PREFIX; once each */
#endif
