/* Workspaces, plans and their text made in memory, for the tests of query and plan.
 *
 *     struct world *w = world_new();
 *     struct package *a = world_package(w, "packages/a", "a");
 *     world_need(a, b);
 *     world_task(a, "build", "cp x y");
 *     world_done(w);
 */
#ifndef TESTS_PAPER_H
#define TESTS_PAPER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/env.h"
#include "base/err.h"
#include "plan/plan.h"
#include "query/options.h"
#include "workspace/workspace.h"

enum { WORLD_PACKAGES = 1024, WORLD_TASKS = 16 };

struct world {
	struct arena *a;
	struct workspace w;
	struct package packages[WORLD_PACKAGES];
	struct task *tasks[WORLD_PACKAGES][WORLD_TASKS];
	struct edge edges[WORLD_PACKAGES][16];
	const char *env[1200];             /* of the session; ended by NULL */
	char warned[512];                  /* warnings, one line each */
	const char *missing;               /* a program that is nowhere, or NULL */
	const char *asked;                 /* the reference changed_since was last asked about */
	struct texts changed;              /* answers changed_since; n 0: the answer is not known */
};

struct world *world_new(void);                 /* root /w without tasks; FOO=1 PATH=/bin HOME=/home/me */
void world_free(struct world *w);
struct package *world_package(struct world *w, const char *path, const char *name);
void world_need(struct world *w, struct package *from, const struct package *to);
struct task *world_task(struct world *w, struct package *p, const char *name, const char *command);     /* from vite-task.json */
struct task *world_script(struct world *w, struct package *p, const char *name, const char *command);
void world_after(struct world *w, struct task *task, const struct task *on);
void world_done(struct world *w);

/* Words split at blanks, from a directory below the root. The options; fails the test when they are wrong. */
struct query_options world_options(struct world *w, const char *words);
/* "" when it worked, else the sentences of the error joined by " * ". */
const char *world_plan(struct world *w, const char *cwd, const char *words, struct plan **ret);
/* One line per node: "packages/a#build < packages/b#build: echo hi; ls -l; {...}". The error when there is one. */
const char *world_show(struct world *w, const char *cwd, const char *words);
/* The nodes and edges only. */
const char *world_edges(struct world *w, const char *cwd, const char *words);
/* The n-th step of a plan, nested ones included. */
const struct step *world_step(const struct plan *plan, uint32_t n);
#endif
