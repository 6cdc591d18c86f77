/* words: formats durations and the reasons of a miss, for the command line, the summary,
 * --last-details and JSON. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <stdint.h>

#include "base/buf.h"
#include "fact/change.h"

/* The reason of a step that runs although it would hit. */
#define WORDS_FORCED "--force was given"

/* Adds the reason on the command line of a miss: "env 'X' changed". Never empty. */
void words_reason(const struct changes *why, struct buf *b);
/* Adds all reasons: the changes of the key joined by "; ", then a line for each other change. Lines are
 * separated by '\n'. Never empty. */
void words_details(const struct changes *why, struct buf *b);
/* Adds the changes as JSON objects separated by ',', without the brackets. */
void words_json(const struct changes *why, struct buf *b);
/* The prefix of a working directory on screen: "~/" below the root, "" for the root itself and outside. */
const char *words_home(const char *cwd);
/* The end of a noun that stands behind a number: "" behind 1, "s" behind any other. */
const char *words_s(uint64_t n);
/* Adds "93ms" or "1.50s": whole milliseconds, two decimals from a second on, ties to even. */
void words_duration(int64_t ms, struct buf *b);
#endif
