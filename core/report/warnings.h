/* warnings: what vt tells beside the tasks' output. Any thread adds, none waits for the
 * terminal: during a run the loop tells them as EVENT_WARNING, before and after it the main
 * thread writes them on stderr. Each text is told once. */
#ifndef REPORT_WARNINGS_H
#define REPORT_WARNINGS_H

#include "report/event.h"

struct loop;
struct warnings;

/* On the main thread. It outlives the loop it is attached to. */
struct warnings *warnings_new(void);
void warnings_free(struct warnings *w);                    /* after the last warning; NULL is fine */

/* [any] "warning: TEXT"; TEXT is one line, copied. `w` is a struct warnings, so that this is a
 * `warn` of plug_setup, cache_setup, exec_setup. */
void warnings_add(void *w, const char *text);
/* [any] The same without "warning: ": a filter that matches nothing. */
void warnings_note(void *w, const char *text);

/* From now on the loop tells `listener`, on the loop's thread. */
void warnings_attach(struct warnings *w, struct loop *l, struct listener listener);
/* On the loop's thread: tells what is left, then leaves the loop. Fine without an attach. */
void warnings_detach(struct warnings *w);
/* On the main or the loop's thread: tells what was added until now. */
void warnings_flush(struct warnings *w);
/* [any] For a program that ends at once because its main thread hangs: writes what was added and
 * then `text` on stderr, waiting for a full pipe a second at most. */
void warnings_last(struct warnings *w, const char *text);
#endif
