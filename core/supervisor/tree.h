/* Every descendant of a process, as /proc tells it. */
#ifndef SUPERVISOR_TREE_H
#define SUPERVISOR_TREE_H

#include <sys/types.h>

/* Sends the signal to all descendants of `top` (not to itself), once each, but not to
 * the children that `spare` names nor to what is below them (NULL: spares none).
 * started: clock ticks since boot. Returns how many of them have not ended. */
int tree_signal(pid_t top, int signum, int (*spare)(void *ctx, pid_t pid, unsigned long long started), void *ctx);
/* The same, but not to members of the process group. */
int tree_signal_outside(pid_t top, int signum, pid_t group);
/* The children of `top`, `room` at most. Returns how many were written. */
int tree_children(pid_t top, pid_t *ret, int room);
#endif
