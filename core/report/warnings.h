/* warnings: collects the warnings of vt and shows each text once. Any thread may add one without
 * waiting for the terminal. During a run the loop sends them to a listener as EVENT_WARNING; before
 * and after it the main thread writes them to stderr. */
#ifndef REPORT_WARNINGS_H
#define REPORT_WARNINGS_H

#include "report/event.h"

struct loop;
struct warnings;

/* Call it on the main thread. The result outlives the loop that it is attached to. */
struct warnings *warnings_new(void);
void warnings_free(struct warnings *w);                    /* when no thread adds any more; NULL is fine */

/* [any] Adds "warning: TEXT"; TEXT is one line and is copied. `w` is a struct warnings: the function
 * fits `warn` of cache_setup and exec_setup. */
void warnings_add(void *w, const char *text);
/* [any] Adds TEXT without "warning: ". */
void warnings_note(void *w, const char *text);

/* From now on `listener` gets the warnings, on the loop's thread. */
void warnings_attach(struct warnings *w, struct loop *l, struct listener listener);
/* Call it on the loop's thread. Sends what is left to the listener, then forgets the loop. */
void warnings_detach(struct warnings *w);
/* Call it on the main thread, which is the loop's. Shows what was added until now. */
void warnings_flush(struct warnings *w);
/* [any] For a program that must end while its main thread hangs: writes what was added and then `text`
 * to stderr. It waits for a full pipe for a second at most. */
void warnings_last(struct warnings *w, const char *text);
#endif
