/* notice: messages between the runners of one run, each about one task and under that task's name; and these names.
 *
 * A notice is proven by the team's key, or by a secret that the reader trusts. Where results are not proven, notices are not either. */
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
	NOTICE_STARTED = 1,            /* the task runs, or its runner died: only of a task that must not run twice */
	NOTICE_DONE,                   /* the task has succeeded */
	NOTICE_FAILED
};

struct notice {
	enum notice_state state;
	int code;                      /* FAILED: the exit status of the run */
	bool kept;                     /* DONE: far stores have all files that it left */
	vt_id owner;                   /* the runner: 32 random bytes */
	const char *runner;            /* the runner in messages */
	const char *label;             /* the task, "web#build" */
	struct bytes key;              /* DONE: the key facts of its first command that ran, encoded; empty: not told */
};

void notice_encode(const struct far_keys *k, const vt_id *name, const struct notice *r, struct buf *ret);
/* Texts are in `a`, `key` points into b. -1: it is damaged, of another name, or not proven. */
int notice_decode(const struct far_keys *k, bool unsealed, const vt_id *name, struct bytes b, struct arena *a, struct notice *ret);

/* The digest that all runners must share: of tasks, commands, edges and the platform. */
void notice_plan(const struct plan *plan, struct digest *ret);
/* The name from which all names of the run are derived. */
void notice_run(const struct far_keys *k, const char *id, const char *repository, const struct digest *plan, vt_id *ret);
/* The name of one task's notice and lease: `label` is a path through nested runs. */
void notice_task(const struct far_keys *k, const vt_id *run, const char *label, vt_id *ret);
/* The names of the notice of a failure that ends the whole run, and of the lease that a living runner holds. */
void notice_failure(const struct far_keys *k, const vt_id *run, vt_id *ret);
void notice_runner(const struct far_keys *k, const vt_id *run, const vt_id *owner, vt_id *ret);
#endif
