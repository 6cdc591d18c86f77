/* orphans: ends tasks whose supervisor or keeper is gone, or fails to end them.
 *
 * The kernel gives the children of a dead process to its nearest ancestor that asked for
 * them. The supervisor and its keepers have asked, and so does this process: a task that
 * kills both cannot hide what descends from it. */
#ifndef PROCESS_ORPHANS_H
#define PROCESS_ORPHANS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { ORPHANS_OTHERS = 64 };

struct orphans {
	pid_t other[ORPHANS_OTHERS];       /* children that this process had before */
	int others_n;
	unsigned long long since;          /* clock ticks since boot: a process that began earlier is of no task */
	const pid_t *keepers;              /* during orphans_kill: processes whose children are no orphans */
	uint32_t keepers_n;
};

/* From now on orphans come to this process; those of an earlier run that have ended are reaped. To be called before the
 * supervisor is started, while no thread waits for a child. */
void orphans_adopt(struct orphans *o);
/* Kills all orphans, for wait_ms at most. keepers: those that live, and the supervisor. `supervisor`: 0, or one that lives; what it
 * adopted is killed as well. */
void orphans_kill(struct orphans *o, pid_t supervisor, const pid_t *keepers, uint32_t keepers_n, int wait_ms);
/* Waits until the process is gone, for half a second at most. */
void orphans_await_end(pid_t pid);

/* The keeper at the other end of `sock`, which is not read for anything else any more. */
bool keeper_lives(int sock, bool *ret_exited);     /* drops its messages; *ret_exited (NULL: not asked) is set if its child has ended */
void keeper_signal(int sock, pid_t keeper, int signum);    /* nothing if the keeper is gone */
/* Waits until the keeper's task has ended, until_ns (os_now_ns) at most. false: the keeper was killed, or does not end the task. */
bool keeper_has_exited(int sock, int64_t until_ns);
#endif
