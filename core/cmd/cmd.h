/* cmd: one file per command; the top of the house, uses all. Each returns the exit
 * code; errors go to stderr here and nowhere else. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>

#include "base/env.h"
#include "base/err.h"
#include "base/mem.h"

#define CMD_PROGRAM "vt"                   /* the name in messages */

struct file_memo;

/* What main found when the program started. Nothing below reads it again. */
struct session {
	struct arena *arena;               /* lives as long as the program */
	const struct env *env;             /* the environment, once */
	const char *cwd;                   /* absolute */
	bool stdin_tty, stdout_tty, stderr_tty;
	struct file_memo *programs;        /* what is known of PATH; cache_something_ran forgets it */
	void (*workers)(uint32_t steps);   /* as many as so many steps at once can use; before the loop's first work */
};

/* argv[0] is the command's own name ("run"). */
int cmd_run(const struct session *s, int argc, char **argv);
int cmd_cache(const struct session *s, int argc, char **argv);
int cmd_plugins(const struct session *s, int argc, char **argv);
int cmd_client(const struct session *s, int argc, char **argv);

/* "error: <outermost>" and one "* <cause>" line each, on stderr; the prefix bold red when
 * stderr is coloured. Returns the exit code: 2 for usage, else 1. Clears err. */
int cmd_fail(const struct session *s, struct err *err);
/* "error: WHAT 'WORD'" and then the command's usage, on stderr. Returns the exit code. */
int cmd_misused(const struct session *s, const char *what, const char *word, const char *usage);
/* "warning: ..." on stderr, once per text and run. [any] thread. ctx: the session. */
void cmd_warn(void *ctx, const char *text);
/* The same without "warning: ": filters that match nothing. */
void cmd_note(void *ctx, const char *text);
#endif
