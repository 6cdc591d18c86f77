/* together: several runners of one run, without a scheduler. Each plans the same graph; a task that must run is run by the runner that
 * takes its lease, and the others get its results, or learn that it failed.
 *
 *     NEW ──► ASKING ──► MINE                            the task must run, and has its slots: its lease is taken
 *                │
 *                ├─────► THEIRS ──► over elsewhere ──┬─► ELSEWHERE   no task here needs its files
 *                │          │                        ├─► GOT         its results were fetched: it is looked up again
 *                │          └─► ASKING, now and then │
 *                │              (its runner died?)   └─► FREE        its files are needed here, and cannot be sent
 *                └─────► FREE                            no lease service: it runs here
 *
 * A message that is lost or late costs a second run of a task; the cache's look-up alone decides what is a hit. All on the loop. */
#ifndef TOGETHER_TOGETHER_H
#define TOGETHER_TOGETHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct cache;
struct env;
struct exec_sharer;
struct far_keys;
struct loop;
struct plan;
struct together;
struct workspace;

/* Everything is borrowed until together_free. */
struct together_setup {
	struct loop *loop;
	const struct env *env;
	const struct workspace *workspace;
	const struct plan *plan;
	struct cache *cache;           /* NULL: none can be used */
	const struct far_keys *keys;
	const char *id;                /* the name of the run; "": the CI system names it */
	uint32_t index;                /* number of this runner; 0: it ends with the files of all tasks */
	const volatile int *stop;      /* *stop != 0: the run is ending */
	void (*warn)(void *ctx, const char *text);     /* "warning: " stands before it */
	void (*note)(void *ctx, const char *text);
	void *ctx;
};

/* Counts the tasks of a run, also nested ones; a task that only starts others does not count. */
struct together_counts {
	uint32_t tasks;
	uint32_t here;                 /* ran here */
	uint32_t elsewhere;            /* others ran them, in this run or an earlier one */
	uint32_t runners;              /* other runners that sent a notice */
};

/* -1: err: the run has no name. */
int together_new(const struct together_setup *setup, struct together **ret, struct err *err);
const struct exec_sharer *together_sharer(const struct together *t);
struct together_counts together_count(const struct together *t);
/* Waits until the other runners have been told of all tasks. Before the cache is closed. */
void together_settle(struct together *t);
/* After the loop is freed. NULL is fine. */
void together_free(struct together *t);
#endif
