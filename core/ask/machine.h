/* machine: what the kernel and the limits allow here, tried out rather than guessed. */
#ifndef ASK_MACHINE_H
#define ASK_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct machine {
	char system[400];              /* "Linux 6.1.0 x86_64" */
	bool listener;                 /* the kernel can hand calls of tasks to a listener (seccomp) */
	bool ptrace;                   /* a process may be traced by its parent */
	bool openat2;                  /* paths are resolved below a folder in one call */
	bool pidfd;                    /* processes are held by descriptors */
	bool sockets;                  /* Unix sockets can be made */
	unsigned cpus;
	uint64_t memory;               /* bytes in all; 0: not known */
	uint64_t files_soft, files_hard;       /* open files; UINT64_MAX: no limit */
	uint64_t processes;            /* of this user; UINT64_MAX: no limit */
};

void machine_look(struct machine *ret);
/* Bytes free for this user on the file system of a path, or of the nearest folder above it that is there. false: not known. */
bool machine_room(const char *path, uint64_t *ret_free, uint64_t *ret_size);
#endif
