/* last_run: the accesses and the end of each step's last run, kept or not, for the commands of ask: one file for each step in
 * the core's own folder, replaced whole. Hits leave it alone; it decides nothing. [any] */
#ifndef RECORD_LAST_RUN_H
#define RECORD_LAST_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/mem.h"

/* How a run touched a name: bits. */
enum {
	TOUCHED_READ = 1,
	TOUCHED_PROBED = 2,        /* asked about */
	TOUCHED_LISTED = 4,
	TOUCHED_WROTE = 8,
	TOUCHED_REMOVED = 16,
	TOUCHED_RAN = 32,          /* a program, or a library */
	TOUCHED_ENV = 64,          /* a tool asked for the variable, or for those that the pattern means */
	TOUCHED_NET = 128,         /* "tcp:ADDRESS:PORT" and the like */
	TOUCHED_DECLARED = 256,    /* an `input` pattern matched it before the run */
	TOUCHED_OWN = 512,         /* the run wrote it before it looked at it */
	TOUCHED_ABSENT = 1024      /* the path was looked for, and was not there */
};

struct touched {
	unsigned how;
	struct bytes name;         /* of a path: root-relative, or absolute outside of the workspace */
};

/* The steps of one task: their files stand under the digest of the step (cache/key.h). */
struct last_run {
	const char *label;         /* "web#build" */
	const char *command;
	int64_t started_ns;        /* since 1970 */
	int64_t ms;
	int exit_code;             /* 128 + n for signals */
	bool cancelled;
	bool kept;                 /* its result was stored */
	bool traced;               /* its files were watched */
	bool partial;              /* more was touched than is listed */
	const char *why_not;       /* why it was not stored, or, where it was, why far stores did not get it; "" */
	const char *user, *host;
	struct digest task, who;   /* its name in the ledger */
	struct touched *at;        /* sorted by name */
	uint32_t n;
};

enum {
	LAST_RUN_MAX = 8 << 20,        /* bytes of a file */
	LAST_RUN_TOUCHED = 200000,     /* names of a run */
	LAST_RUN_NAME = 8192           /* bytes of a name */
};

/* Writes the step's file below the folder `inner`. A failure is not reported. */
void last_run_put(int inner, const struct digest *step, const struct last_run *run);
/* All of it in `a`. false: none is known, or its file is damaged. */
bool last_run_get(int inner, const struct digest *step, struct arena *a, struct last_run *ret);
/* Calls `fn` for each step that is known, in no order, until it returns false. The run lives in `a`. */
void last_run_each(int inner, struct arena *a, bool (*fn)(void *ctx, const struct digest *step, const struct last_run *run), void *ctx);
/* Removes what is older than 90 days. */
void last_run_sweep(int inner);
#endif
