/* seen: what a run did, in order, cleaned and bounded. Written by the loop (ipc)
 * and then by the tracer's stop(); read by parts. One per step that runs. */
#ifndef FACT_SEEN_H
#define FACT_SEEN_H

#include <stdbool.h>

#include "base/map.h"
#include "vt-plugin.h"

struct globs;

struct seen {
	struct arena *arena;           /* the job's */
	vt_seen *at;
	uint32_t n;
	const char *root;              /* absolute: paths are made relative to it */
	const char *cache_dir;         /* absolute: never seen */
	const struct globs *input, *output;   /* exclusions; `output` marks VT_SEEN_OUTPUT; borrowed, or NULL */
	const char *untraced;          /* the trace is incomplete or was not to be had: why, else NULL */
	const char *broken;            /* the channel failed: the message of "task communication failed (...)", else NULL */
	struct map left_out;           /* paths inside that it wrote, and that are dropped all the same */
	bool opted_out;                /* a tool called disableCache */
	bool setuid;                   /* a set-uid program was executed */
	void *inside;                  /* seen.c's own: what was recorded */
};

void seen_init(struct seen *s, struct arena *a, const char *root, const char *cache_dir,
	       const struct globs *input, const struct globs *output);
void seen_free(struct seen *s);    /* what is inside only; the arena is the job's */
/* Adds one record. Tracer paths: absolute. Dropped silently: outside (but EXEC),
 * root .git, the cache, what the task's negative input globs exclude. Past the
 * limit `untraced` (paths) or `broken` (names) is set. Names of env and paths of
 * ignore verbs go in whole. Copies. */
void seen_add(struct seen *s, const vt_seen *record);
void seen_env(struct seen *s, uint16_t op, const char *name, size_t size);   /* VT_SEEN_ENV, _GLOB, _PREFIX; once each */
#endif
