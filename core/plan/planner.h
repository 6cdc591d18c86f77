/* Inside the room: what plan.c and step.c share while a plan is made. */
#ifndef PLAN_PLANNER_H
#define PLAN_PLANNER_H

#include "base/map.h"
#include "plan/command.h"
#include "plan/plan.h"
#include "plan/spawn_env.h"

struct planner {
	const struct plan_world *world;
	struct arena *a;                   /* the plan's */
	struct err *err;
	uint32_t ordinal;                  /* of the next step */
	uint32_t nested;                   /* tasks of nested runs so far */
	const struct task *itself;         /* a task whose command has the query that is being planned already; or NULL */
	struct map commands;               /* command without extra arguments -> struct actions */
	struct map programs;               /* name and PATH -> absolute path, "" when there is none */
};

/* One task whose command is being worked out. */
struct working {
	const struct task *task;
	const struct call *call;
	const char *hook;
	struct view *view;
	struct view_package *env;          /* the view as the task's package sees it */
	bool cached;                       /* by its rules and the flags of this level */
	bool forced;                       /* --force */
	const char *cwd;                   /* root-relative as displayed, or absolute after cd to somewhere outside */
};

/* Absolute and clean, as a shell has it: `..` takes away a name, whatever that name led to. */
const char *step_dir(const struct planner *p, const char *cwd);
/* The same as it stands in messages: the root ends in a slash. */
const char *step_shown_dir(const struct planner *p, const char *cwd);
/* A step for a program, a shell or an echo. */
int step_make(struct planner *p, const struct working *w, const struct action *action, struct item *ret);
/* `cd`: moves w, and makes the item that looks whether the folder is there. */
int step_cd(struct planner *p, struct working *w, const struct action *action, struct item *ret);

/* persistent.c: tasks that do not end by themselves. Each -1 with err. */
struct task_graph;
/* Marks the step that a persistent task's command ends with. */
int persistent_mark(struct planner *p, const struct task *task, struct plan_node *node);
/* Says of a node with all its items whether it lasts. Nothing may follow an item that does. */
int persistent_find(struct planner *p, const struct task *task, struct plan_node *node);
/* No task can wait for one that is never ready: package order skips it, `dependsOn` is an error. Then sums up the plan. */
int persistent_waits(struct planner *p, struct plan *plan, const struct task_graph *g);
#endif
