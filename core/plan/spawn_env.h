/* What a child may see, and what it may ask. Pure.
 *
 * A view is the environment of one level of the plan: the session's for the top,
 * plus the prefix assignments of every nested run above. Of it there are two
 * maps that differ in the runner's own names only:
 *
 *     spawn   what an uncached child gets: everything, VP_RUN=1
 *     full    what getEnv answers: without VP_RUN*, VT_*, VITE_CACHE_PATH
 *
 * PATH grows by package and stays out of both: it is laid over them per package.
 * Cached children get `spawn` filtered by their task's patterns: matched once per
 * view and set of patterns, laid under PATH and prefixes per step. */
#ifndef PLAN_SPAWN_ENV_H
#define PLAN_SPAWN_ENV_H

#include "base/env.h"
#include "base/err.h"

struct cache_rules;
struct words_assignment;
struct view;
struct view_package;

/* `root`: absolute; its node_modules/.bin comes first in PATH. */
struct view *view_new(const struct env *session, const char *root, struct arena *a);
/* The view with assignments laid over it and another PATH to start from. */
struct view *view_with(struct view *v, const struct words_assignment *assignments, uint32_t n, const char *path);
/* Gives back what is not in the arena. `below`: what it was made from, or NULL. Children first. */
void view_free(struct view *v, const struct view *below);
const char *view_get(const struct view *v, const char *name);

/* The view as a package sees it: dir/node_modules/.bin in front of PATH. Made once per package. */
struct view_package *view_package(struct view *v, const char *dir);
const char *view_package_path(const struct view_package *p);   /* all of PATH */
const char *view_package_bin(const struct view_package *p);    /* its first folder, */
const char *view_package_rest(const struct view_package *p);   /* and the others: one pointer for all packages of a view; NULL: none */

/* What one step gets. */
struct spawn_env {
	const struct env *spawn, *full;
	struct texts declared, untracked;  /* names and patterns for the key; empty for uncached */
};

/* rules NULL: not cached. -1: a pattern is none. */
int spawn_env_make(struct view_package *p, const struct cache_rules *rules,
		   const struct words_assignment *prefix, uint32_t prefix_n, struct spawn_env *ret, struct err *err);
#endif
