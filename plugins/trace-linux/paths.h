/* paths: which file a call meant. */
#ifndef TRACE_PATHS_H
#define TRACE_PATHS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "calls.h"

enum path_found {
	PATH_OK,
	PATH_NONE,           /* the call will fail, or names nothing that has a path */
	PATH_UNREADABLE,     /* the program may not be looked at: errno says why */
	PATH_LONG,           /* longer than any name may be: reached step by step */
	PATH_ELSEWHERE,      /* in a mount namespace that cannot be mapped onto this one */
};

enum { WAY_MAX = 64, PATH_LINKS = 4 };

/* Room for a directory and a path in it. */
struct path {
	char buffer[2 * PATH_MAX + 8];
	char *text;              /* absolute, in buffer; "." and "//" removed, ".." kept */
	size_t length;
};

/* An open link of /proc that tells a thread's working directory, or one of its descriptors. */
struct path_link {
	pid_t tid;               /* the thread that was asked for last ... */
	int fd;                  /* ... and the descriptor; AT_FDCWD: the working directory */
	int link;                /* the link itself; -1: not open */
};

/* Processes that called chroot, mount or setns, and their children, may see other files
 * under the same names. After the first such call the roots of all processes are checked. */
struct path_world {
	bool rooted;
	const char *root;        /* the workspace */
	char mounts[64];         /* the mount namespace here: "mnt:[4026531841]" */
	/* what the workspace's root and each directory above it are, the root first */
	struct { dev_t device; ino_t inode; size_t length; } way[WAY_MAX];
	uint32_t way_n;
	struct path_link links[PATH_LINKS];   /* a place each by thread and descriptor */
};

void path_world_init(struct path_world *world, const char *root);
void path_world_close(struct path_world *world);

/* The absolute path that thread `tid`, stopped in a call, gave. */
enum path_found path_find(struct path_world *world, pid_t tid, const struct call_path *given, struct path *ret);

/* The same of a text: where it is relative, from the thread's working directory. */
enum path_found path_of_text(struct path_world *world, pid_t tid, const char *text, struct path *ret);

/* An absolute path that a program with the shim wrote down. False: it is too long. */
bool path_given(const char *text, size_t length, struct path *ret);

/* Checks roots and mounts of all processes from now on. */
void path_world_look(struct path_world *world);

/* Reads a text in the thread's memory, with the NUL: its length, or -errno. */
ssize_t path_text(pid_t tid, uint64_t address, char ret[PATH_MAX]);

/* Copies up to `size` readable bytes of the thread's memory: how many, or -errno. */
ssize_t path_peek(pid_t tid, uint64_t address, void *ret, size_t size);
#endif
