/* tail: the last lines of the step that failed first, for a run whose log goes on after it. */
#ifndef REPORT_TAIL_H
#define REPORT_TAIL_H

#include "base/mem.h"
#include "report/event.h"

enum { TAIL_LINES = 20 };

struct tail;

struct tail *tail_new(void);
void tail_free(struct tail *t);            /* NULL is fine */
struct listener tail_listener(struct tail *t);
/* The last TAIL_LINES lines, or what is kept of them, each with its newline; belongs to the tail. Empty: no step failed,
 * it printed nothing that vt saw, or nothing was shown after it. */
struct bytes tail_lines(const struct tail *t);
#endif
