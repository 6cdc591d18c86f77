/* start: the START messages, which tell the supervisor to start a process: made, sent, and kept while the kernel has no
 * room for them; and the signals and limits that vt was started with, which processes get back. */
#ifndef PROCESS_START_H
#define PROCESS_START_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "process/process.h"
#include "supervisor/message.h"

struct loop;
struct start_waiting;

enum { START_MAX = 512 << 20 };        /* bytes of one START; far above what execve takes */

/* A START, ready to be sent. */
struct start_packet {
	struct buf bytes;
	int fd[MESSAGE_FDS];           /* sent along; borrowed, but for memfd */
	int fds_n;
	int memfd;                     /* holds bytes that are too many for a packet; owned; -1: none */
};

/* Raises this process's soft limit of open files to the hard one. A process of
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
/* How many descriptors this process may have open. */
uint64_t start_files(void);
/* Are n (64 at most) descriptors free now? Another thread may take them a moment later. */
bool start_has_files(uint32_t n);

/* ignored: from start_ignored. task_sock: the keeper's end of the socket to the new process. To be freed either way. */
int start_pack(struct start_packet *s, const struct process_start *what, uint64_t ignored, int task_sock, struct err *err);
void start_free(struct start_packet *s);

/* STARTs on their way to one supervisor. On the loop. */
struct start_queue {
	struct loop *loop;
	int sock;                      /* to the supervisor; set before the first is added */
	uint64_t ignored;              /* from start_ignored; likewise */
	struct start_waiting *first, **end;    /* not sent yet, in order */
	struct timer *retry;           /* sends them again; NULL: the socket tells when it has room */
	void (*watch)(void *ctx);      /* start_queue_waits may have changed */
	void (*on_unsent)(void *process, int error);   /* a START that waited cannot be sent; error: an errno */
	void *ctx;                     /* of watch */
};

void start_queue_init(struct start_queue *q, struct loop *l, void (*watch)(void *ctx), void (*on_unsent)(void *process, int error), void *ctx);
/* Sends the START of a process, behind those that wait, or keeps a copy. The supervisor's death is no failure here. 0; else an
 * errno, and err. */
int start_queue_add(struct start_queue *q, const struct process_start *what, int task_sock, void *process, struct err *err);
void start_queue_send(struct start_queue *q);              /* sends the STARTs that wait, because the socket has room */
bool start_queue_waits(const struct start_queue *q);       /* does a START wait for room in the socket? */
void start_queue_clear(struct start_queue *q);             /* forgets the STARTs that wait */
#endif
