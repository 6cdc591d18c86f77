/* kept: vt cache ls, show and verify: what the cache holds. */
#ifndef ASK_KEPT_H
#define ASK_KEPT_H

#include "cmd/cmd.h"

/* Each step that ran here. Returns the exit code, as the others. */
int kept_list(const struct session *s, bool json);
/* The results under the present key of each command of the task that the words name. */
int kept_show(const struct session *s, const struct command_line *line, bool json);
/* Reads everything back. Exit code 1 if something is wrong. */
int kept_verify(const struct session *s, bool json);
#endif
