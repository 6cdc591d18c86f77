/* Shared by scanner and document. Private to them. */
#ifndef TEXT_JSON_INSIDE_H
#define TEXT_JSON_INSIDE_H

#include <stdarg.h>
#include <stdint.h>

#include "base/mem.h"
#include "text/json.h"

/* Our own scanner checks the text: it knows positions and says what it expected. It blanks in
 * place the text that cJSON must not see, so that offsets stay those of the file: comments, trailing commas,
 * members whose name comes again. Then cJSON builds the tree; its nodes come in the order in which
 * the scanner met them. */
struct place {
	uint32_t value, key;       /* offsets into text; key: 0 where there is none (no key is at 0) */
};

struct json_doc {
	struct arena *arena;       /* the tree's memory */
	char *file;                /* for messages */
	char *text;                /* the text, blanked; NUL-terminated */
	size_t size;
	cJSON *root;
	struct place *places;      /* of every value, in the order of the text */
	uint32_t places_n, room;
};

/* Replaces the later bytes of a character in blanked text: white space for cJSON, and no
 * column of its own. */
enum { CONTINUED = '\1' };

/* json_scan.c: checks the text and notes the places; *ret_empty: there is no value, and may be none. */
int json_scan(struct json_doc *d, int flags, bool *ret_empty, struct err *err);
/* json.c: err_set with "file:line:column: " of an offset in front. -1. */
int json_fail_at(const struct json_doc *d, size_t at, struct err *err, const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));
#endif
