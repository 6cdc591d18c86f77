/* From fork to exec: fds, signals, folder, filter, and the errno back. */
#ifndef SUPERVISOR_CHILD_H
#define SUPERVISOR_CHILD_H

#include <stdint.h>

#include "supervisor/message.h"

/* What the child tells its keeper, one packet each, before exec closes the socket. */
enum child_note_kind {
	NOTE_FILTER = 1,       /* how, error of the last one refused; fd: the listener */
	NOTE_SEIZE,            /* trace me; answered by an errno */
	NOTE_PROBED,           /* I made a call that should have stopped; answered by an errno, 0: go on */
	NOTE_AGAIN,            /* I cannot be used as I am now: start me anew, without filters; error */
	NOTE_FAILED            /* call, error */
};

struct child_note {
	uint32_t kind;
	uint32_t how;
	int32_t error;
	uint32_t call;
};

/* Runs in the child and never returns. `keeper`: the socket for notes; fd: what
 * becomes 0-2, -1: /dev/null; make: what becomes
 * start->head->make; filtered: tries the filters. */
void child_run(const struct start *start, const int fd[3], const int make[2], int keeper, int filtered) __attribute__((noreturn));
#endif
