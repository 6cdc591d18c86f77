/* args: the options of a command, read word by word. One table of options, one shape
 * of usage errors for every command of vt:
 *
 *     struct args args = { .options = table, .options_n = COUNT(table), .usage = "vt cache <COMMAND>", ... };
 *
 *     while ((which = args_next(&args, err)) != ARGS_END)
 *             switch (which) { case JSON: ...; case ARGS_WORD: use args.value; default: return -1 }
 *
 * Pure; texts are borrowed from argv. */
#ifndef TEXT_ARGS_H
#define TEXT_ARGS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

enum { ARGS_OPTIONS_MAX = 64 };

enum {
	ARGS_END = -1,             /* no word is left */
	ARGS_WORD = -2,            /* value: a word that is no option */
	ARGS_UNKNOWN = -3,         /* value: a word with a dash that is no option */
	ARGS_WRONG = -4            /* err: an option without its value, with too much, twice */
};

struct args_option {
	const char *name;          /* without the dashes */
	const char *value;         /* what messages call its value; NULL: the option takes none */
	const char *possible;      /* the values it takes, for messages; NULL: any */
	char letter;               /* of the short form; 0: there is none */
	bool often;                /* may be repeated */
	bool may;                  /* the value is optional: it is read behind `=` only */
};

struct args {
	const struct args_option *options;
	uint32_t options_n;        /* at most ARGS_OPTIONS_MAX */
	const char *usage;         /* follows "Usage: " in errors */
	uint32_t argc;
	const char *const *argv;
	uint32_t at;               /* the next word */
	const char *letters;       /* the letters of a short word not returned yet; NULL: none */
	uint64_t seen;             /* bit i: option i was returned */
	bool ended;                /* `--` was read: the rest are words */
	const char *value;         /* of the option or word returned last; NULL: an option without a value */
};

/* Returns the index of the next option, or ARGS_*. Returns a word such as -rv letter by letter;
 * one unknown letter makes the whole word unknown. */
int args_next(struct args *a, struct err *err);
/* Sets err: the word is not expected there; suggests an option that resembles it. Returns -1. */
int args_unexpected(const struct args *a, const char *word, struct err *err);
/* Sets err to a usage error: the text, the usage, where to find help. Returns -1. */
int args_wrong(const struct args *a, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* " <VALUE>", as an option is shown with its value. room: of ret. */
const char *args_shown_value(const struct args_option *o, char *ret, size_t room);
/* Returns the option's name that `word` most likely meant; NULL: none resembles it. */
const char *args_nearest(const struct args_option *options, uint32_t n, const char *word);
/* Returns the name, of a list ended by NULL, that `word` most likely meant; NULL: none resembles it. */
const char *args_nearest_name(const char *const *names, const char *word);
#endif
