/* The one formatter: durations, and why a step has to run again. The command line,
 * the summary, --last-details and JSON all get their words here. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <stdint.h>

#include "base/buf.h"
#include "fact/change.h"

/* "env 'X' changed": what stands on the command line of a miss. Never empty. */
void words_reason(const struct changes *why, struct buf *b);
/* All of them: the changes of the key joined by "; ", then one line for each other
 * change; lines are separated by '\n'. Never empty. */
void words_details(const struct changes *why, struct buf *b);
/* The CHANGE objects of JSON, separated by ','; without the brackets. */
void words_json(const struct changes *why, struct buf *b);
/* What stands before a working directory where it is shown: "~/" for the root, nothing for
 * the root itself and for a directory outside. */
const char *words_home(const char *cwd);
/* "93ms", "1.50s": whole milliseconds, two digits from a second on, ties to even. */
void words_duration(int64_t ms, struct buf *b);
#endif
