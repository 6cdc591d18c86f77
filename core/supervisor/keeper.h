/* A keeper: the supervisor's fork that looks after one task.
 *
 * It is the parent and the subreaper of what the task starts, so every process that descends
 * from it is the task's and nothing else is: no list to keep, no moment in which a
 * daemon belongs to no task. It ends when nothing of the task is left, or when the
 * task ended, the runner is gone and there is no listener to answer. */
#ifndef SUPERVISOR_KEEPER_H
#define SUPERVISOR_KEEPER_H

#include "supervisor/message.h"

/* Never returns. Takes over the fds that came with the message, in their order, and
 * `children`, a signalfd for SIGCHLD, which is blocked. `rest`: what came behind the head. */
void keeper_run(const struct message_start *head, char *rest, const int *fds, int fds_n, int children) __attribute__((noreturn));
#endif
