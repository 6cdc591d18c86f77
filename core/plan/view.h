/* view: the inside of a view, for spawn_env.c. */
#ifndef PLAN_VIEW_H
#define PLAN_VIEW_H

#include "base/env.h"
#include "base/map.h"
#include "plan/spawn_env.h"

struct kept;

enum { FEW_PAIRS = 32 };               /* variables of a package or a step that need no memory of their own */

/* The part that all views of a plan share. */
struct common {
	struct view_ground ground;         /* where they start from */
	const struct npm *npm;             /* NULL: not asked for yet */
	struct env_pair *outer;            /* what a npm run around vt gave for its own package */
	uint32_t outer_n;                  /* pairs in outer */
	const char *outer_json;            /* its package.json; NULL: none */
};

/* The variables without those of a package: shared by all views that differ in PATH only. */
struct variables {
	struct arena *a;                   /* of the plan: owns all of it */
	struct common *common;
	const struct env *spawn, *full;    /* what uncached children get; what getEnv answers */
	struct env_list list;              /* of spawn; made at the first cached step */
	bool *passed;                      /* per variable of the list */
	struct map filters;                /* the patterns as one text -> struct filtered */
};

struct view {
	struct variables *v;               /* shared with the view below, unless variables were laid over */
	const char *path;                  /* PATH without the folders of packages; NULL: not set */
	struct map folders;                /* dir -> PATH as seen from there */
	struct map packages;               /* dir -> struct view_package */
};

/* Which kind of task gets it: one of vite-task.json or a script. */
enum { FOR_TASK, FOR_SCRIPT, FOR_N };

/* A view as one package sees it. */
struct view_package {
	struct view *view;
	const struct package *package;
	const char *bin, *path, *rest;     /* the first folder of its PATH, all of it, what follows the first */
	const char *json;                  /* its package.json; NULL: not asked for yet */
	const struct env *spawn[FOR_N], *full[FOR_N];      /* with the package's variables; NULL: not asked for yet */
	struct kept *kept[FOR_N];          /* one for each filter that a task of the package has */
};

/* The pairs without PATH; *ret_path is its last value if it is among them. ret_path NULL: all of them. */
uint32_t view_pairs(const struct words_assignment *from, uint32_t n, struct env_pair *to, const char **ret_path);
/* Room for n pairs until they are copied into a map: `few` where that suffices. */
struct env_pair *view_pairs_for(struct arena *a, struct env_pair few[FEW_PAIRS], uint32_t n);
/* Lays the package's variables over a map. `whose`: FOR_TASK or FOR_SCRIPT. `path`: PATH, too. */
const struct env *view_with_package(struct view_package *p, const struct env *below, int whose, bool cached, bool path);
#endif
