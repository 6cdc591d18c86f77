/* turns: whether threads of the task take turns at the tracer.
 *
 * One thread that calls again and again runs fastest if the tracer wakes on its own
 * processor, which it leaves at that moment. Threads that work side by side would
 * gather on that processor, and the others would idle: they run fastest if the
 * scheduler chooses the tracer's place. */
#ifndef TRACE_TURNS_H
#define TRACE_TURNS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TURNS_WINDOW = 32,       /* calls that are judged together */
	TURNS_SLOTS = 8,
};

struct turns {
	/* how often each thread took over in this window; n 0: free */
	struct { uint32_t tid, n; } slots[TURNS_SLOTS];
	uint32_t last;           /* the thread of the last call */
	uint32_t calls;          /* in this window */
	uint32_t quiet;          /* windows in a row in which no two threads took turns */
	bool mixed;              /* several threads take turns */
};

/* Counts a call of this thread. True: `mixed` has changed. */
bool turns_count(struct turns *t, uint32_t tid);
#endif
