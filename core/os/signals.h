/* signals: INT, TERM and HUP become calls on the loop. They nest: the last that catches gets them. On the loop, but for
 * the handler. */
#ifndef OS_SIGNALS_H
#define OS_SIGNALS_H

#include <stdbool.h>

struct loop;
struct signals;

/* `typed`: at the terminal, so the whole foreground group has it. `flag`: set by the handler itself to the signal's number,
 * negative from the second on; NULL: there is none. */
struct signals *signals_catch(struct loop *l, void (*fn)(void *ctx, int signum, bool typed), void *ctx, volatile int *flag);
/* Calls `fn` now for what came already, before the loop gets there: a task that a Ctrl-C ends is often seen first. */
void signals_look(struct signals *s);
void signals_release(struct signals *s);           /* puts back what was before; frees */
#endif
