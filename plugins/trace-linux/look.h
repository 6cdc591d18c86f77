/* look: the state of a path in the workspace, asked while a thread of the task stands
 * still. Nothing here waits for a file system that the task serves: looking goes from
 * the workspace's root down and never into another mount. */
#ifndef TRACE_LOOK_H
#define TRACE_LOOK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { QUICK_MAX = 16 };

/* The workspace's file system, and what is known of others. */
struct ground {
	int root;                /* the workspace's root, O_PATH; -1: there is none */
	size_t root_length;      /* bytes of the root's path: the rest of a path is looked at from the root */
	bool bounded;            /* the kernel can be told to stay in the mount */
	bool careful;            /* the task has mounted something, which it may serve itself */
	unsigned char *buffer;   /* room for contents, made when first needed */
	struct { unsigned major, minor; } quick[QUICK_MAX];   /* found to be so */
	unsigned quick_n;
};

enum look_answer { LOOK_UNKNOWN, LOOK_ABSENT, LOOK_THERE };

/* A state as vt-plugin.h tells it behind VT_SEEN_BEFORE. */
struct look_state {
	char bytes[PATH_MAX + 2];
	size_t size;
};

/* Is it a local file system that no process serves? Reading
 * from it waits for no process. `device`: as stat gives it. */
bool look_is_quick(struct ground *ground, unsigned major, unsigned minor);

void ground_init(struct ground *ground, const char *root, size_t root_length);
void ground_close(struct ground *ground);

/* Does `path`, below the root, exist? `follow`: a link at the end is followed. */
enum look_answer look_for(struct ground *ground, const char *path, bool follow);

/* Must a rename of `from` to `to` fail, or change nothing? `from` is a folder, and `to` is within it, no folder, or not empty. */
bool look_cannot_move(struct ground *ground, const char *from, const char *to);

/* The same, and its type; `content`: of a regular file of at most 16 MiB also its id. */
enum look_answer look_at(struct ground *ground, const char *path, bool follow, bool content, struct look_state *ret);
#endif
