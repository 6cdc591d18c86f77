/* watcher: the observer of repeated runs: learns what each step depends on, and tells which steps need no look. On the loop. */
#ifndef EXEC_WATCHER_H
#define EXEC_WATCHER_H

#include <stdbool.h>

#include "cache/cache.h"

struct seen;
struct step;
struct workspace;
struct writes;

/* The trail of a step that has ended. Borrowed for the call. */
struct step_trail {
	struct trail result;           /* of a hit, or of a run that was kept; lists of no facts else */
	const struct seen *seen;       /* calls of a run that was not kept; NULL: it was kept, or not traced */
	const struct seen *wrote;      /* calls of a run, of which only writing counts; NULL: it did not run, or was not traced */
	bool blind;                    /* the step ran, and not all its writing is known */
	bool restored;                 /* the step hit, and its outputs were put back */
	bool cached;                   /* the cache was asked for it */
	bool ran;                      /* false: it hit */
	bool kept;                     /* the step hit, or its result was kept: `result` is all that it depends on */
	bool good;                     /* the step succeeded */
	int exit_code;                 /* of a command that ran and failed; 0: it must be tried again after any change */
	bool changed;                  /* an input changed while it ran */
};

enum watched {
	WATCHED_CHANGED,               /* something may have changed since it ended, or it never ran */
	WATCHED_GOOD,                  /* nothing has changed since it ended well */
	WATCHED_FAILED                 /* nothing has changed since it failed */
};

struct exec_watcher {
	/* Tells whether an input of the step changed since an earlier run. An unchanged step is passed over, unless a step before
	 * it ran. *ret_code: the exit code of WATCHED_FAILED. */
	enum watched (*look)(void *ctx, const struct step *step, int *ret_code);
	/* May a tracer follow the step only to see its writing? */
	bool (*may_trace)(void *ctx, const struct step *step);
	/* The step is about to run. */
	void (*begins)(void *ctx, const struct step *step, const struct workspace *workspace);
	/* The step hit, or has run. Returns whether its result is the one that was seen last: such a hit is not told. */
	bool (*note)(void *ctx, const struct step *step, const struct step_trail *trail);
	/* A persistent step of the package in this folder runs; `followed`: `writes` tells what it changes. Its name is the same in each run. */
	void (*serves)(void *ctx, const char *name, const char *dir, bool followed);
	/* It ended by itself, was not ready in time, or could not be started. Between runs only after `serves`. */
	void (*ended)(void *ctx, const char *name, const char *dir);
	void *ctx;
	/* Told what persistent steps change; NULL: they are not followed. */
	struct writes *writes;
	/* The present run is the first, or the configuration has changed: also tasks that start nothing are told. */
	bool anew;
};
#endif
