/* One task's command as actions in order: what vt does for each piece. Pure;
 * directories, environments and programs are found by step.c and plan.c. */
#ifndef PLAN_COMMAND_H
#define PLAN_COMMAND_H

#include <stdbool.h>

#include "base/mem.h"
#include "query/options.h"
#include "text/words.h"

enum action_kind {
	ACTION_PROGRAM,
	ACTION_SHELL,          /* /bin/sh -c text */
	ACTION_ECHO,
	ACTION_CD,
	ACTION_RUN,            /* a nested `vt run task` */
	ACTION_REFUSED         /* a nested `vt run` whose words are wrong */
};

struct action {
	enum action_kind kind;
	uint32_t element, piece;           /* array element; `&&` piece */
	const char *shown;                 /* the text of the command line */
	const struct words_assignment *assignments;
	uint32_t assignments_n;
	struct texts argv;                 /* with the extra arguments */
	struct texts extra;                /* the arguments that reached this piece */
	bool never_cached;                 /* a nested run that is not expanded */
	bool asks_for_script;              /* the result depends on the script's name */
	const char *runner_command;        /* "cache" of `vt cache clean`; NULL: it is no other command of the runner */
	const struct query_options *nested;        /* RUN; NULL: none */
	const char *refused;               /* REFUSED: why, one line */
};

struct actions {
	struct action *at;
	uint32_t n;
};

/* `extra`: n == 0 for hooks and tasks that the user did not name. */
void command_read(const struct texts *command, const struct texts *extra, struct arena *a, struct actions *ret);
/* What an echo prints. */
const char *command_echo(const struct texts *argv, struct arena *a);
#endif
