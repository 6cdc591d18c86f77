/* Inside `vt run`: the list of tasks, what was perhaps meant, the selector. */
#ifndef CMD_PICK_H
#define CMD_PICK_H

#include "base/mem.h"
#include "cmd/cmd.h"

struct package;
struct task;
struct workspace;

/* One task as it is listed. */
struct pick {
	const struct task *task;
	const char *label;         /* the bare name in the current package, else pkg#task */
	const char *command;       /* raw; arrays joined by && */
	bool here;                 /* in the current package */
	int score;
};

struct picks {
	struct pick *at;
	uint32_t n;
};

/* All tasks, the current package's first, then by package name and task name. */
void pick_list(const struct workspace *w, const struct package *here, struct arena *a, struct picks *ret);
/* Those that match, best first; every one in its order for an empty query. */
void pick_match(const struct picks *all, const char *query, struct arena *a, struct picks *ret);
/* How well every word of `query` is found in `label`; negative: not at all. */
int pick_score(const char *query, const char *label);

/* selector.c: lets the user choose on a terminal. Chosen: *ret and 0; else an exit code. */
int selector_run(const struct session *s, const struct picks *all, const char *typo, const struct pick **ret);

/* `typo`: what was asked for, or NULL. On a terminal it lets the user choose,
 * elsewhere it prints a list. Chosen: *ret and 0; else *ret stays NULL and the
 * result is the exit code. */
int pick_task(const struct session *s, const struct workspace *w, const char *typo, const struct task **ret);
#endif
