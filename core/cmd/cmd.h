/* cmd: one file per command; the top of the house, uses all. Each returns the exit
 * code; errors go to stderr here and nowhere else.
 *
 * A new command is a file with a struct command, a line in commands.c, and its part of
 * the man page. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stdio.h>

#include "base/env.h"
#include "base/err.h"
#include "base/mem.h"
#include "text/args.h"

#define CMD_PROGRAM "vt"                   /* the name in messages */

struct file_memo;
struct warnings;

/* What main found when the program started. Nothing below reads it again. */
struct session {
	struct arena *arena;               /* lives as long as the program */
	const struct env *env;             /* the environment, once */
	const char *cwd;                   /* absolute */
	bool stdin_tty, stdout_tty, stderr_tty;
	struct warnings *warnings;         /* all that vt warns of */
	struct file_memo *programs;        /* what is known of PATH; cache_something_ran forgets it */
};

enum {
	COMMAND_NEVER_CACHED = 1,          /* as a step of a task: it shows or changes vt's own state */
};

struct command {
	const char *name;                  /* "cache" */
	const char *summary;               /* one line, for `vt --help` */
	const char *usage;                 /* "vt cache <COMMAND>"; follows "Usage: " */
	const char *help;                  /* what --help prints below the usage, to its last newline */
	int (*run)(const struct session *s, int argc, char **argv);        /* argv[0]: the name; returns the exit code */
	const struct args_option *options; /* [0] is --help; NULL: the command reads its words itself */
	uint32_t options_n;
	uint32_t operands;                 /* after so many words no option is read any more; 0: after none */
	uint32_t flags;                    /* COMMAND_* */
};

#define COMMAND_OPTION_HELP { .name = "help", .letter = 'h' }

extern const struct command *const commands[];     /* all, ended by NULL */

const struct command *command_find(const char *name);      /* NULL: there is none */
void command_help(const struct command *c, FILE *to);
/* Sets err: "unrecognized subcommand 'WORD'", and the one of `names`, ended by NULL, that is
 * near. Returns -1. */
int command_unrecognized(const struct args *args, const char *word, const char *const *names, struct err *err);

/* The words of a command, sorted. */
struct command_line {
	struct args args;                  /* read to its end; has() asks what was seen, messages name its usage */
	const char *values[ARGS_OPTIONS_MAX];      /* of options that have one */
	const char **words;                /* the others, in order, ended by NULL */
	uint32_t words_n;
	struct arena *arena;               /* the session's */
};

/* Sorts argv. -1: go on; else the exit code: help was printed, or an error. */
int command_read_line(const struct command *c, const struct session *s, int argc, char **argv, struct command_line *ret);
bool command_line_has(const struct command_line *l, uint32_t option);

/* "error: <outermost>" and one "* <cause>" line each, on stderr; the prefix bold red when
 * stderr is coloured. Returns the exit code: 2 for usage, else 1. Clears err. */
int cmd_fail(const struct session *s, struct err *err);
#endif
