/* watcher: who looks on while runs are repeated: what each step depends on, and which steps need no look. On the loop. */
#ifndef EXEC_WATCHER_H
#define EXEC_WATCHER_H

#include <stdbool.h>

#include "cache/cache.h"

struct seen;
struct step;

/* What is known of a step when it has ended. Borrowed for the call. */
struct step_trail {
	struct trail result;           /* of a hit, or of a run that was kept; lists of no facts else */
	const struct seen *seen;       /* of a run that was not kept: what it did; NULL: it was kept, or was not watched */
	const struct seen *wrote;      /* of a run: what it did, of which what it wrote counts; NULL: it did not run, or nothing is known */
	bool blind;                    /* it ran, and not all that it wrote is known */
	bool restored;                 /* it hit, and its outputs were put back */
	bool cached;                   /* the cache was asked for it */
	bool ran;                      /* false: it hit */
	bool kept;                     /* it hit, or its result was kept: `result` is all that it depends on */
	bool good;                     /* it succeeded */
	int exit_code;                 /* of a command that ran and failed; 0: it is to be tried again whatever changes */
	bool changed;                  /* what it depends on changed while it ran */
};

enum watched {
	WATCHED_CHANGED,               /* something may have changed since it ended, or it never ran */
	WATCHED_GOOD,                  /* nothing has changed since it ended well */
	WATCHED_FAILED                 /* nothing has changed since it failed */
};

struct exec_watcher {
	/* What is known of the step from an earlier run? One for which nothing has changed is passed over, unless something
	 * before it ran. *ret_code: FAILED: its exit code. */
	enum watched (*look)(void *ctx, const struct step *step, int *ret_code);
	/* May a tracer follow the step for the sake of what it writes alone? */
	bool (*may_trace)(void *ctx, const struct step *step);
	/* It hit, or has run. Returns whether its result is the one that was seen last: such a hit is not told. */
	bool (*note)(void *ctx, const struct step *step, const struct step_trail *trail);
	void *ctx;
	/* The present run is the first, or the configuration has changed: also tasks that start nothing are told. */
	bool anew;
};
#endif
