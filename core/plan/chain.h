/* Keeps tasks from running themselves for ever: through each other's `vt run`, and
 * through programs that start npm, pnpm, yarn or vt again. Each child gets the tasks that led
 * to it in VT_TASK_CHAIN. */
#ifndef PLAN_CHAIN_H
#define PLAN_CHAIN_H

#include <stdbool.h>

#include "base/mem.h"

struct action;
struct planner;
struct step;
struct task;
struct working;

/* VT_TASK_CHAIN for a step's child: what is in its environment already, then its own calls. */
const char *chain_value(const struct step *step, struct arena *a);
/* -1: err: the processes around this one run this task for the second time. */
int chain_check(struct planner *p, const struct task *task);
/* Did a process of this task start the present vt? */
bool chain_asks(struct planner *p, const struct task *task);
/* -1: err: all that the command does first is to come back to itself through scripts. */
int chain_check_scripts(struct planner *p, const struct working *w, const struct action *action);
#endif
