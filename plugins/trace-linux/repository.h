/* repository: the folder of git for a workspace, where it lies outside: above a workspace that is
 * a folder of the repository, or elsewhere for a worktree or a submodule. */
#ifndef TRACE_REPOSITORY_H
#define TRACE_REPOSITORY_H

#include <limits.h>
#include <stddef.h>

struct repository {
	char folder[PATH_MAX];   /* real; of a worktree the folder of its repository */
	size_t length;           /* 0: there is none outside */
};

/* What a path below that folder tells of the commit that is checked out. */
enum repository_part {
	REPOSITORY_NOTHING,
	REPOSITORY_HEAD,         /* its name */
	REPOSITORY_NAMES,        /* the commits of names: refs, packed-refs */
	REPOSITORY_OBJECTS
};

/* `root`: the workspace, without links. */
void repository_find(struct repository *ret, const char *root);
enum repository_part repository_part(const struct repository *repository, const char *path);
#endif
