/* tail: the last lines of the steps that failed, for a run whose log goes on after them. */
#ifndef REPORT_TAIL_H
#define REPORT_TAIL_H

#include <stdbool.h>

#include "base/mem.h"
#include "report/event.h"

enum {
	TAIL_LINES = 20,
	TAIL_STEPS = 32            /* failed steps whose lines are kept */
};

struct tail;

/* `only_failed`: only failed steps are shown, and their output is held back (EVENT_ENDED). */
struct tail *tail_new(bool only_failed);
void tail_free(struct tail *t);            /* NULL is fine */
struct listener tail_listener(struct tail *t);
/* The last TAIL_LINES lines of the step that failed as number `which` (from 0), or what is kept of them, each with its
 * newline; belongs to the tail. Empty: fewer failed, it printed nothing that vt saw, or it is beyond TAIL_STEPS. */
struct bytes tail_lines(const struct tail *t, uint32_t which);
/* Was other text shown after that step's output? Then its lines are out of view. */
bool tail_is_passed(const struct tail *t, uint32_t which);
#endif
