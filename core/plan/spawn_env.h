/* The variables that a child gets, and those that it may ask for. Pure.
 *
 * A view is the environment of one level of the plan: the session's for the top,
 * plus the prefix assignments of every nested run above. Of it there are two
 * maps that differ in the runner's own names only:
 *
 *     spawn   what an uncached child gets: everything, VP_RUN=1
 *     full    what getEnv answers: without VP_RUN*, VT_*, VITE_CACHE_PATH
 *
 * PATH, PWD and what npm gives to scripts belong to a package and stay out of both:
 * they are laid over them per package. Cached children get `spawn` filtered by their
 * task's patterns: matched once per view and set of patterns, laid under the
 * package's and the step's own variables. */
#ifndef PLAN_SPAWN_ENV_H
#define PLAN_SPAWN_ENV_H

#include <stdbool.h>

#include "base/env.h"
#include "base/err.h"

struct package;
struct task;
struct words_assignment;
struct view;
struct view_package;

/* The variables that a package manager gives to all scripts. NULL: not known. */
struct npm {
	const char *execpath;              /* npm_execpath */
	const char *node;                  /* NODE, npm_node_execpath */
	const char *user_agent;            /* npm_config_user_agent */
	const char *command;               /* npm_command */
};

/* Where a view starts from. */
struct view_ground {
	const struct env *session;
	const char *root;                  /* of the workspace, absolute */
	const char *cwd;                   /* where vt was called */
	const char *above;                 /* folders of programs above the root, as in PATH; NULL: none */
	const char *node_options;          /* NODE_OPTIONS for all commands; NULL: as it is */
	/* Called for the first script. NULL: unknown. */
	const struct npm *(*npm)(void *ctx);
	void *ctx;
};

struct view *view_new(const struct view_ground *ground, struct arena *a);
/* The view with assignments laid over it and another PATH to start from. */
struct view *view_with(struct view *v, const struct words_assignment *assignments, uint32_t n, const char *path);
/* Frees the memory outside of the arena. `below`: the view it was made from, or NULL. Children first. */
void view_free(struct view *v, const struct view *below);
const char *view_get(const struct view *v, const char *name);

/* The view as a package sees it: in front of PATH the node_modules/.bin of its folder and all above it, the nearest
 * first. Made once per package. */
struct view_package *view_package(struct view *v, const struct package *package);
const char *view_package_path(const struct view_package *p);   /* all of PATH */
const char *view_package_bin(const struct view_package *p);    /* its first folder, */
const char *view_package_rest(const struct view_package *p);   /* and the others: one pointer for all packages beside each other */

/* The environment of one step. */
struct spawn_env {
	const struct env *spawn, *full;
	struct texts declared, untracked;  /* names and patterns for the key; empty for uncached */
	struct texts given;                /* names that vt gave a value and that count in the key; cached scripts only */
};

/* The step that an environment is made for. */
struct spawn_for {
	const struct task *task;
	const char *dir;                   /* absolute: where it runs */
	bool cached;
	bool asks_for_script;              /* cached: its result depends on which script it is */
	const struct words_assignment *prefix;
	uint32_t prefix_n;
};

/* -1: a pattern is none. */
int spawn_env_make(struct view_package *p, const struct spawn_for *what, struct spawn_env *ret, struct err *err);
#endif
