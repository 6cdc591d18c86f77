/* service: when a persistent task can be used. Uses os, text, base, and of workspace struct ready;
 * starts and ends nothing.
 *
 * probe: one look at a port, a URL or a file. */
#ifndef SERVICE_PROBE_H
#define SERVICE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ready;

/* A file before the start of the task: only a later file says that the task is ready. */
struct probe_file {
	bool there;
	uint64_t device, inode;
	int64_t mtime_ns, ctime_ns;
};

void probe_file(const char *path, struct probe_file *ret);         /* [any] */
/* Does a process listen on the port of the condition? false for OUTPUT and FILE. Waits for PROBE_MS at most. [work] */
bool probe_taken(const struct ready *ready);
/* Is the condition met? Waits for PROBE_MS at most, hardly longer than to `until_ms` (os_now_ms's), and for the resolver. Never for
 * OUTPUT. [work] */
bool probe_look(const struct ready *ready, const struct probe_file *before, int64_t until_ms);

enum { PROBE_MS = 2000 };          /* how long an answer may take */
#endif
