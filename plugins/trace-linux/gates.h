/* gates: which processes run with the shim, and whether one without it can be hurt.
 *
 * A signal during a call that waits for the tracer ends the call with EINTR, if the signal's
 * handler has no SA_RESTART. The shim makes such a call again. A program without the shim
 * gets the error, and may go on as if a file were missing: then the trace tells nothing
 * about an undisturbed run. */
#ifndef TRACE_GATES_H
#define TRACE_GATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gates {
	struct gate *at;           /* open addressing over processes */
	uint32_t n, size;
	const char *shim;          /* its file's name without folders; NULL: there is none */
	size_t shim_length;
	bool fragile;              /* a process without the shim has such a handler ... */
	uint32_t process;          /* ... the first of them */
	char name[32];
	bool full;                 /* no memory: everybody counts as without */
};

void gates_free(struct gates *gates);

/* Is it the shim that is opened? */
bool gates_is_shim(const struct gates *gates, const char *path, size_t length);

/* The process of this thread starts a program, which has no shim yet; it loads it. */
void gates_start(struct gates *gates, uint32_t tid);
void gates_load(struct gates *gates, uint32_t tid);

/* The thread has set a handler that does not let calls be started again. */
void gates_handler(struct gates *gates, uint32_t tid);
#endif
