/* orphans: what is left of tasks whose supervisor and keeper are gone.
 *
 * The kernel gives the children of a dead process to its nearest ancestor that asked for
 * them. The supervisor and its keepers have asked, and so does this process: a task that
 * kills both cannot hide what descends from it. */
#ifndef OS_ORPHANS_H
#define OS_ORPHANS_H

#include <stdint.h>
#include <sys/types.h>

enum { ORPHANS_OTHERS = 64 };

struct orphans {
	pid_t other[ORPHANS_OTHERS];       /* children that this process had before */
	int others_n;
	unsigned long long since;          /* clock ticks since boot: what began earlier is no task's */
	const pid_t *keepers;              /* during orphans_kill: whose children are no orphans */
	uint32_t keepers_n;
};

/* From now on orphans come to this process; those of an earlier run that have ended are reaped. To be called before the
 * supervisor is started, while nobody waits for a child. */
void orphans_adopt(struct orphans *o);
/* Kills all orphans, for wait_ms at most. keepers: those that live, and the supervisor. `supervisor`: 0, or one that lives; what it
 * adopted is killed as well. */
void orphans_kill(struct orphans *o, pid_t supervisor, const pid_t *keepers, uint32_t keepers_n, int wait_ms);
#endif
