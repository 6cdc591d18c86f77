/* outside: which files outside the workspace belong to it all the same.
 *
 * Those in the folders around the workspace, as far up as the home folder, and those
 * behind a link in the workspace: a base configuration beside it, a linked package and
 * what that requires. Hidden folders on the way (caches), folders of tools in the home folder,
 * temporary and system folders do not belong to it. The headers and static libraries that a
 * compiler takes do, in every folder. */
#ifndef TRACE_OUTSIDE_H
#define TRACE_OUTSIDE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { OUTSIDE_LINKS = 256 };

struct outside {
	char *link[OUTSIDE_LINKS];   /* where links lead, real paths; owned */
	unsigned links_n;
	char around[PATH_MAX];       /* the topmost folder around the workspace; "": there is none */
	char home[PATH_MAX];
};

/* `root`: the workspace, without links. */
void outside_init(struct outside *outside, const char *root, const char *home);
void outside_free(struct outside *outside);

/* A link of the workspace leads to this place. */
void outside_link(struct outside *outside, const char *to, size_t length);

/* Does the file, outside of the workspace, belong to it? */
bool outside_counts(const struct outside *outside, const char *path);
#endif
