/* before: the states that a run found at the paths that it changed, as a layer over the disk
 * of the time after the run. Built from what the tracer saw before each first change. */
#ifndef EFFECT_BEFORE_H
#define EFFECT_BEFORE_H

#include "effect/layer.h"

struct seen;

struct before {
	struct arena *arena;       /* the caller's */
	struct layer layer;
	bool lost;                 /* a folder with too many files was moved: its content before the run is not known */
	/* while it is made */
	const struct seen *seen;
	int64_t started_ns;
	bool ids;                  /* the tracer's names of contents are those of the fingerprint */
	struct map contents;       /* path -> struct bytes: the tracer's name of its content, where ids is false */
	struct move {
		struct bytes from, to;         /* one renaming of a folder from before the run */
		struct bytes origin;           /* its name before the run */
		bool again;                    /* the folder was moved more than once */
	} *moves;
	uint32_t moves_n;
};

/* `started_ns`: by the file system's clock. States live in `a`. */
struct before *before_new(const struct state_world *w, struct ledger *l, const struct seen *seen, int64_t started_ns, struct arena *a);
/* The name that a path had before the run, if it came with a moved folder; else the path itself. In `a`. */
struct bytes before_origin(struct before *b, struct bytes path);
void before_free(struct before *b);        /* memory outside of the arena */
#endif
