/* bell: finds a call that a signal ended before the tracer received it, where no other call follows.
 *
 * The kernel counts the calls that wait for the tracer, and RECV tells of one that vanished. But
 * when the last process has ended the kernel forgets the count, and poll tells only of the end. A poll
 * by AIO tells what woke it: a call, or the end. It is over after the first of them, so the bell is
 * armed anew for each received call, while the thread of that call stands still.
 *
 *	RECV             bell_arm             SEND               the end
 *	 |  lost calls:    |  lost calls:       |  lost calls:      |
 *	 |  RECV tells     |  the bell rings    |  the bell rings   |
 *	-+-----------------+--------------------+-------------------+
 *
 * Where no call vanished RECV waits until a signal of a timer ends the wait. So the bell adds about 15 microseconds
 * to each call, and is only for programs that a signal can disturb. One thread makes all calls. */
#ifndef TRACE_BELL_H
#define TRACE_BELL_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A context that no bell uses, for the next bell; 0: none. The kernel takes 25 milliseconds to
 * destroy one. Steps share it. */
typedef _Atomic aio_context_t bell_spare;

/* All zero but for `spare`: a bell that was never armed. */
struct bell {
	bell_spare *spare;         /* lent by the component */
	aio_context_t context;     /* 0: none */
	timer_t timer;             /* sends WAKE_SIGNAL to this thread; if there is a context */
	void *page;                /* zeros that nobody may write, so RECV puts a call back; NULL: none */
	size_t page_size;          /* bytes */
	uint64_t arming;           /* number of the newest poll; older ones tell nothing */
	uint32_t armed;            /* polls that are not over */
	bool rang;                 /* a call came since the newest poll began */
	int error;                 /* errno of what the kernel refused: the bell tells nothing; 0: none */
};

/* Arms the bell while the thread of a received call stands still. true: an earlier call was lost. After an
 * error it does nothing. */
bool bell_arm(struct bell *bell, int listener);

/* Has a call come since the bell was armed? If no call waits, that one was lost. */
bool bell_rang(struct bell *bell);

/* Ends what bell_arm began. The context may become the spare one. */
void bell_close(struct bell *bell);

void bell_spare_free(bell_spare *spare);
#endif
