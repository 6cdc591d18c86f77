/* Every descendant of a process, as /proc tells it. */
#ifndef SUPERVISOR_TREE_H
#define SUPERVISOR_TREE_H

#include <sys/types.h>

/* Sends the signal to all descendants of `top` (not to itself), once each, but not to
 * the children that `spare` names nor to what is below them (NULL: spares nobody).
 * Returns how many there were. */
int tree_signal(pid_t top, int signum, int (*spare)(pid_t pid));
/* The same, but not to members of the process group. */
int tree_signal_outside(pid_t top, int signum, pid_t group);
#endif
