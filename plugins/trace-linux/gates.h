/* gates: which processes run with the shim, and whether an interruption can hurt one.
 *
 * A signal during a call that waits for the tracer ends the call with EINTR, if the signal's
 * handler has no SA_RESTART. The shim makes such a call again, and counts it. A program
 * without the shim gets the error, and may go on as if a file were missing: then the
 * trace tells nothing about an undisturbed run. So may one with the shim, if the C library
 * itself made the call, to load a library or to find a user's name: then there are more
 * interruptions than the shim has counted. An interrupted call may be the last one: bell.h finds it in
 * a program without the shim. With the shim such a call of the C library is not found: the bell would slow
 * down each of the many programs that have the shim and such a handler, most shells among them.
 *
 * A call that ended because its process was killed looks the same. So a handler counts only
 * once its signal may come: for SIGUSR1 and SIGUSR2 after a program has sent one. Many programs
 * have such a handler and never get the signal. */
#ifndef TRACE_GATES_H
#define TRACE_GATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The processes with handlers of one kind. */
struct handlers {
	bool fragile;              /* a process without the shim has such a handler */
	bool brittle;              /* any process has one */
	uint32_t process;          /* the first such process; if one has no shim, the first of those */
	char name[32];
};

struct gates {
	struct gate *at;           /* open addressing over processes */
	uint32_t n, size;
	const char *shim;          /* name of the shim's file without folders; NULL: no shim */
	size_t shim_length;
	struct handlers now;       /* handlers whose signals may come */
	struct handlers requested; /* handlers whose signals come only when a program sends one */
	bool requests;             /* a program sent one */
	uint32_t interruptions;    /* interrupted calls since `now` has handlers */
	uint32_t told_before;      /* interruptions that the shim had told of at that moment */
	bool full;                 /* no memory: every process counts as one without the shim */
};

void gates_free(struct gates *gates);

/* Is the opened file the shim? */
bool gates_is_shim(const struct gates *gates, const char *path, size_t length);

/* Notes that the process of this thread starts a program, which has not loaded the shim yet. */
void gates_start(struct gates *gates, uint32_t tid);
void gates_load(struct gates *gates, uint32_t tid);

/* Notes that the thread has set a handler without SA_RESTART; `request`: for a signal
 * that comes when a program sends it. `told`: how many interruptions the shim has told of so far. */
void gates_handler(struct gates *gates, uint32_t tid, bool request, uint32_t told);

/* Notes that a program is about to send a signal that comes only on request. */
void gates_requested(struct gates *gates, uint32_t told);

/* Notes that a call was interrupted while it waited. true: the program has certainly been disturbed. */
bool gates_interrupted(struct gates *gates);

/* Has there been an interruption that the shim has not told of? */
bool gates_hurt(const struct gates *gates, uint32_t told);
#endif
