/* written: which paths one call of a followed process changes. What is in the memory of the caller is read while it stands
 * still; what is looked up in the file system, after it goes on: the caller may serve that file system. */
#ifndef SERVICE_WRITTEN_H
#define SERVICE_WRITTEN_H

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

struct write_call;

struct written {
	char path[2 * PATH_MAX];       /* absolute, perhaps with links; "": none */
	bool tree;                     /* a folder may have been renamed: all below it changed, too */
};

/* Reads one path of a call. false: the process cannot be read. */
bool written_read(const struct write_call *row, const struct seccomp_notif *ask, struct written *ret);
/* The path with all links above its last name followed. false: there is no such folder. */
bool written_resolve(const char *path, char ret[PATH_MAX]);
/* Goes where the link `path` leads, also if nothing is there yet. false: it is no link. */
bool written_follow(char path[PATH_MAX]);
/* The process of a thread, which may end while the process goes on. */
uint32_t written_process(uint32_t thread);
/* Is it a program that runs with another user's or group's rights? */
bool written_is_setuid(const char *path);
#endif
