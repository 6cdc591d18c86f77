/* procs: what /proc says of processes. */
#ifndef TRACE_PROCS_H
#define TRACE_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Does /proc show the processes of this namespace? */
bool procs_are_ours(void);

/* The number behind a word of /proc/PID/status ("\nPPid:"); 0: cannot be read. */
uint32_t procs_status(uint32_t process, const char *word);
/* Reads two such numbers at once. */
void procs_statuses(uint32_t process, const char *word, uint32_t *ret, const char *word2, uint32_t *ret2);

/* The process of a thread. */
uint32_t procs_process_of(uint32_t tid);
bool procs_name(uint32_t tid, char *ret, size_t size);   /* comm; false: it is gone */

bool procs_lives(uint32_t tid);                          /* false for a zombie, too */

/* How long the thread has run outside of the kernel, in clock ticks. */
uint64_t procs_ran(uint32_t tid);

/* When the process began, and now: clock ticks since boot. 0: the process is gone. */
uint64_t procs_started(pid_t pid);
uint64_t procs_now(void);

/* Calls `each` for every living process below `top` until it returns true. Returns that process, else 0. */
uint32_t procs_below(uint32_t top, bool (*each)(void *ctx, uint32_t process), void *ctx);
#endif
