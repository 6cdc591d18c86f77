/* event: one call of the task. */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "calls.h"
#include "look.h"
#include "paths.h"
#include "trace.h"

struct seccomp_notif;

struct event {
	uint32_t tid;
	const struct call *call;     /* NULL: not known here */
	bool native;                 /* made by a program of this machine's own kind */
	struct call_meaning means;
	struct path path[CALL_PATHS];
	enum path_found found[CALL_PATHS];
	bool told[CALL_PATHS];       /* no state before the call is to be told ... */
	enum look_answer there[CALL_PATHS];
	struct look_state before[CALL_PATHS];   /* ... else this */
	struct peer peer;            /* of a connection */
	ssize_t target_length;       /* of the link that is made: else < 0 */
	char target[PATH_MAX];
};

/* Everything that must be asked while the thread stands still. */
void event_look(struct watch *w, const struct seccomp_notif *notice, struct event *e);

/* Notes what programs with the shim have written down since the last time. Called before
 * event_look: calls made before this one are noted before it. */
void event_read_log(struct watch *w);

/* The thread runs again. */
void event_remember(struct watch *w, struct event *e);
#endif
