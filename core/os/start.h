/* start: what the supervisor is told when it is to start a process. */
#ifndef OS_START_H
#define OS_START_H

#include "base/buf.h"
#include "base/err.h"
#include "os/process.h"
#include "supervisor/message.h"

enum { START_MAX = 512 << 20 };        /* bytes of one START; far above what execve takes */

/* A START, ready to be sent. */
struct start_packet {
	struct buf bytes;
	int fd[MESSAGE_FDS];           /* sent along; borrowed, but for memfd */
	int fds_n;
	int memfd;                     /* holds what is too large for a packet; owned; -1: nothing is */
};

/* Raises this process's soft limit of open files to the hard one. What is started by
 * start_pack gets the old one back. Once, before threads. */
void start_raise_files(void);
/* -1: the stack may not grow to what vt needs. Before anything else. */
int start_check_stack(struct err *err);
/* Is `makeflags` (NULL: not set) the MAKEFLAGS of a make that handed its job server down
 * by two open descriptors (GNU make, "POSIX Jobserver Interaction")? Then each child whose
 * own MAKEFLAGS says the same gets them by the same numbers. Once, before anything is opened. */
void start_keep_jobserver(const char *makeflags);
/* The signals that this program was born ignoring, bit n-1: n. Asks the kernel: once is enough. */
uint64_t start_ignored(void);
/* ignored: what start_ignored said. task_sock: the keeper's end of the socket to the new process. To be freed either way. */
int start_pack(struct start_packet *s, const struct process_start *what, uint64_t ignored, int task_sock, struct err *err);
void start_free(struct start_packet *s);
#endif
