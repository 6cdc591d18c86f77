/* gates: which processes run with the shim, and whether an interruption can hurt one.
 *
 * A signal during a call that waits for the tracer ends the call with EINTR, if the signal's
 * handler has no SA_RESTART. The shim makes such a call again, and tells so. A program
 * without the shim gets the error, and may go on as if a file were missing: then the
 * trace tells nothing about an undisturbed run. So may one with the shim, if the C library
 * itself made the call, to load a library or to find a user's name: then there are more
 * interruptions than the shim has told of.
 *
 * A call that ended because its process was killed looks the same. So a handler counts only
 * once its signal may come: for SIGUSR1 and SIGUSR2 not before a program has sent one, and
 * many a program that nobody ever sends one has such a handler. */
#ifndef TRACE_GATES_H
#define TRACE_GATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The processes that have handlers of a kind. */
struct handlers {
	bool fragile;              /* a process without the shim has one ... */
	bool brittle;              /* ... or any */
	uint32_t process;          /* the first such process; if one has no shim, the first of those */
	char name[32];
};

struct gates {
	struct gate *at;           /* open addressing over processes */
	uint32_t n, size;
	const char *shim;          /* its file's name without folders; NULL: there is none */
	size_t shim_length;
	struct handlers now;       /* whose signals may come */
	struct handlers requested; /* whose signals come when a program sends one */
	bool requests;             /* one did */
	uint32_t interruptions;    /* since there are some in `now`: calls that were interrupted ... */
	uint32_t told_before;      /* ... and what the shim had told of by then */
	bool full;                 /* no memory: every process counts as one without the shim */
};

void gates_free(struct gates *gates);

/* Is it the shim that is opened? */
bool gates_is_shim(const struct gates *gates, const char *path, size_t length);

/* The process of this thread starts a program, which has no shim yet; it loads it. */
void gates_start(struct gates *gates, uint32_t tid);
void gates_load(struct gates *gates, uint32_t tid);

/* The thread has set a handler that does not let calls be started again; `request`: for a signal
 * that comes when a program sends it. `told`: how many interruptions the shim has told of so far. */
void gates_handler(struct gates *gates, uint32_t tid, bool request, uint32_t told);

/* A program is about to send such a signal. */
void gates_requested(struct gates *gates, uint32_t told);

/* A call was interrupted while it waited. True: it is certain to have hurt. */
bool gates_interrupted(struct gates *gates);

/* Was there an interruption that the shim has not told of? */
bool gates_hurt(const struct gates *gates, uint32_t told);
#endif
