/* notice: what runners of one run tell each other of a task, under the task's name, and the names themselves.
 *
 * Whoever has the team's key, or a secret that others trust, can write one; where results are not proven, anybody can. */
#ifndef TOGETHER_NOTICE_H
#define TOGETHER_NOTICE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/digest.h"
#include "vt-plugin.h"

struct far_keys;
struct plan;

enum {
	NOTICE_MAX = 60 << 10,         /* bytes of a notice */
	NOTICE_KEY_MAX = 48 << 10,     /* of the key in it */
	NOTICE_TEXT_MAX = 1024         /* of each text */
};

enum notice_state {
	NOTICE_STARTED = 1,            /* it runs, or its runner died: a task whose effects stay where it runs */
	NOTICE_DONE,                   /* it has succeeded */
	NOTICE_FAILED
};

struct notice {
	enum notice_state state;
	int code;                      /* FAILED: the exit status of the run */
	bool kept;                     /* DONE: far stores have all that it left */
	vt_id owner;                   /* the runner: 32 random bytes */
	const char *runner;            /* what it is called */
	const char *label;             /* the task, "web#build" */
	struct bytes key;              /* DONE: the key facts of its first command that ran, encoded; empty: not told */
};

void notice_encode(const struct far_keys *k, const vt_id *name, const struct notice *r, struct buf *ret);
/* Texts are in `a`, `key` points into b. -1: it is damaged, of another name, or not proven. */
int notice_decode(const struct far_keys *k, bool unsealed, const vt_id *name, struct bytes b, struct arena *a, struct notice *ret);

/* What all runners must agree on: the tasks and their commands, who waits for whom, and the platform. */
void notice_plan(const struct plan *plan, struct digest *ret);
/* The name of everything in the run. */
void notice_run(const struct far_keys *k, const char *id, const char *repository, const struct digest *plan, vt_id *ret);
/* Of one task in it: `label` is a path through nested runs. */
void notice_task(const struct far_keys *k, const vt_id *run, const char *label, vt_id *ret);
/* Where a failure is told that ends the run for all, and the lease that says that a runner is alive. */
void notice_failure(const struct far_keys *k, const vt_id *run, vt_id *ret);
void notice_runner(const struct far_keys *k, const vt_id *run, const vt_id *owner, vt_id *ret);
#endif
