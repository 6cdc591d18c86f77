/* kept: vt cache ls, show and verify: what the cache holds. */
#ifndef ASK_KEPT_H
#define ASK_KEPT_H

#include "cmd/cmd.h"

/* Lists each step that ran here. Returns the exit code, as the others. */
int kept_list(const struct session *s, bool json);
/* Shows the results under the present key of each command of the named task. */
int kept_show(const struct session *s, const struct command_line *line, bool json);
/* How long a task took when its cached commands last ran. */
struct kept_task {
	const char *label;
	int64_t ms;
};
/* By name, all in `a`. `inner`: the core's folder in the cache (struct directory), or -1. Returns how many. */
uint32_t kept_tasks(int inner, struct arena *a, struct kept_task **ret);
/* Reads everything back. Exit code 1 if something is wrong. */
int kept_verify(const struct session *s, bool json);
#endif
