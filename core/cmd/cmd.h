/* cmd: one file per command; uses all other rooms. A command returns the exit code; errors are
 * printed here and nowhere else.
 *
 * A new command is a file with a struct command, a line in commands.c, and a part of the man page. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stdio.h>

#include "base/env.h"
#include "base/err.h"
#include "base/mem.h"
#include "text/args.h"

struct file_memo;
struct places;
struct warnings;

/* What main read when the program started. Nothing below main reads it again. */
struct session {
	struct arena *arena;               /* lives as long as the program */
	const struct env *env;             /* the environment */
	const char *cwd;                   /* absolute */
	bool stdin_tty, stdout_tty, stderr_tty;    /* is the descriptor a terminal? */
	struct warnings *warnings;         /* collects every warning and shows it once */
	struct places *places;             /* the folders that env names, for cmd/places; NULL: all are taken to answer */
	struct file_memo *programs;        /* programs found on PATH; cache_something_ran clears it */
};

enum {
	COMMAND_NEVER_CACHED = 1,          /* the command shows or changes vt's state: as a step of a task it is not cached */
};

struct command {
	const char *name;                  /* "cache" */
	const char *summary;               /* one line, for `vt --help` */
	const char *usage;                 /* "vt cache <COMMAND>"; follows "Usage: " */
	const char *help;                  /* the text of --help below the usage; ends in a newline */
	const char *help_shared;           /* its end, which other commands have, too; or NULL */
	int (*run)(const struct session *s, int argc, char **argv);        /* argv[0]: the name; returns the exit code */
	const struct args_option *options; /* [0] is --help; NULL: the command does not call command_read_line */
	uint32_t options_n;
	uint32_t operands;                 /* options end behind this many words; 0: they may stand anywhere */
	uint32_t flags;                    /* COMMAND_* */
};

#define COMMAND_OPTION_HELP { .name = "help", .letter = 'h' }

extern const struct command *const commands[];     /* all, ended by NULL */
extern const struct command command_plugin_check;  /* what vt does when it is called vt-plugin-check; not among commands[] */

const struct command *command_find(const char *name);      /* NULL: there is none */
void command_help(const struct command *c, FILE *to);
void commands_help(FILE *to);                              /* what `vt --help` prints */
/* Returns the index of `word` in `names`, which ends with NULL. -1: err says "unrecognized subcommand 'WORD'", and which
 * name is near. */
int command_verb(const struct args *args, const char *word, const char *const *names, struct err *err);

/* The words of a command line, split into options and others. */
struct command_line {
	struct args args;                  /* read to the end; for command_line_has and args_wrong */
	const char *values[ARGS_OPTIONS_MAX];      /* by option; NULL: not given, or without a value */
	const char **words;                /* all words but options, in order; ends with NULL */
	uint32_t words_n;
	struct arena *arena;               /* the session's */
};

/* Splits argv. Returns -1, or the exit code if help or an error was printed. */
int command_read_line(const struct command *c, const struct session *s, int argc, char **argv, struct command_line *ret);
bool command_line_has(const struct command_line *l, uint32_t option);

/* -C: vt is from now on as if it had been called in `dir`. */
int cmd_enter(struct session *s, const char *dir, struct err *err);
/* Prints "error: <outermost>" and a line "* <cause>" for each cause on stderr, the prefix in bold red
 * if stderr has colours. Returns the exit code: 2 for usage, else 1. Clears err. */
int cmd_fail(const struct session *s, struct err *err);
/* Prints a line of vt's own; what it formats is shown as text/shown.h says. */
void cmd_line(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
