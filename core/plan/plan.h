/* From the words of `vt run` and a workspace to a plan. Pure: what it must know of
 * the world (is there such a program?) it asks through one function. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "base/err.h"
#include "plan/step.h"

struct workspace;
struct query_options;
struct npm;

struct plan_world {
	const struct workspace *workspace;
	const char *cwd;                   /* absolute: where vt was called */
	uint32_t cpus;                     /* processors, at least 1 */
	const struct env *env;             /* the session's environment, as read in main */
	const char *above, *node_options;  /* struct view_ground's */
	const struct npm *(*npm)(void *ctx);       /* the same; or NULL */
	/* Absolute path of an executable called `name`, or NULL. `dir` is absolute; `path` is the PATH to search (NULL: none). */
	const char *(*find_program)(void *ctx, const char *name, const char *dir, const char *path, struct arena *a);
	/* For `[reference]` filters: paths changed since, root-relative. -1: err. NULL: they cannot be told. */
	int (*changed_since)(void *ctx, const char *reference, struct arena *a, struct texts *ret, struct err *err);
	/* Is `vt NAME` never cached as a step? NULL: each may be. */
	bool (*never_cached)(void *ctx, const char *name);
	/* As struct query_world has it. */
	bool (*relocked)(void *ctx, const char *reference, const char *path, const char *asked, bool *ret);
	void *ctx;
	/* Where warnings go ("No packages matched the filter: x"); one line without newline. */
	void (*warn)(void *ctx, const char *text);
};

/* Everything in `a`. `options` name a task. */
int plan_make(const struct plan_world *world, const struct query_options *options, struct arena *a,
	      struct plan **ret, struct err *err);
/* Leaves in the plan only the nodes for which `keep` is set; what these wait for is set, too. */
void plan_keep(struct plan *plan, const bool *keep, struct arena *a);
/* Can tasks of it run at the same time? */
bool plan_is_parallel(const struct plan *plan);
#endif
