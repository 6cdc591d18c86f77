/* words: parses a command into static words. vt runs what parses here itself; everything else goes
 * to /bin/sh -c as a whole. */
#ifndef TEXT_WORDS_H
#define TEXT_WORDS_H

#include <stdbool.h>

#include "base/mem.h"

struct words_assignment {
	const char *name, *value;
};

/* One simple command of an `&&` list. */
struct words_piece {
	const char *source;                /* its part of the text, trimmed, without comments */
	struct words_assignment *assignments;
	uint32_t assignments_n;
	struct texts argv;                 /* at least one word, each as written, without its quotes */
	bool words_expand;                 /* a shell may make other words of them: unquoted * ? [ { ~ */
	bool assignments_expand;           /* the same for the values: ~ */
};

struct words {
	struct words_piece *at;
	uint32_t n;
	bool ends_apart;           /* a `;` or a comment comes after the last piece: text that is added belongs to no piece */
};

/* false: not static; use the shell. All in `a`. */
bool words_parse(const char *command, struct arena *a, struct words *ret);
/* Quotes one argument for a shell and for display: in single quotes if it needs any. */
char *words_quote(const char *arg, struct arena *a);
#endif
