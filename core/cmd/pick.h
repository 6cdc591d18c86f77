/* pick: the list of tasks of `vt run`, with suggestions for a misspelt name and a selector. */
#ifndef CMD_PICK_H
#define CMD_PICK_H

#include "base/mem.h"
#include "cmd/cmd.h"

struct package;
struct task;
struct workspace;

/* One row of the list. */
struct pick {
	const struct task *task;
	const char *label;         /* the task's name in the current package, else pkg#task */
	const char *command;       /* as configured, array elements joined by &&, a group's tasks by +; with "# description" */
	bool here;                 /* the task is in the current package */
	int score;                 /* set by pick_match */
};

struct picks {
	struct pick *at;
	uint32_t n;
};

/* Lists all tasks: the current package's first, then by package name and task name. */
void pick_list(const struct workspace *w, const struct package *here, struct arena *a, struct picks *ret);
/* Lists those that match, best first; an empty query matches all and keeps their order. */
void pick_match(const struct picks *all, const char *query, struct arena *a, struct picks *ret);
/* How well the words of `query` match `label`; negative: a word does not match. */
int pick_score(const char *query, const char *label);

/* selector.c: lets the user choose on a terminal. Returns 0 and *ret, or an exit code. */
int selector_run(const struct session *s, const struct picks *all, const char *typo, const struct pick **ret);

/* Lets the user choose on a terminal, prints the list elsewhere. `typo`: the name that no task has;
 * NULL: none was given. Returns 0 and *ret, or an exit code and leaves *ret NULL. */
int pick_task(const struct session *s, const struct workspace *w, const char *typo, const struct task **ret);
#endif
