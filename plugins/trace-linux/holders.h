/* holders: the files that the processes of the task can still write without another call that
 * names them: those that one of them holds open for writing, or has mapped as shared memory. */
#ifndef TRACE_HOLDERS_H
#define TRACE_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

struct holders {
	uint64_t *inodes;        /* sorted, of any device */
	uint32_t n, room;
	uint32_t *processes;     /* those found so far, the looked at first */
	uint32_t processes_n, processes_room;
	bool unknown;            /* a process could not be looked into, or there was no memory */
};

/* Looks into every process below `top`. `maps`: mapped files count, too. False: not all could be found out. */
bool holders_look(struct holders *holders, uint32_t top, bool maps);

bool holders_have(const struct holders *holders, uint64_t inode);
void holders_free(struct holders *holders);
#endif
