/* trust: can another user change a file? No other user can if it and every folder above it belong to the user or to
 * root and no other user may write there. A group with the user alone in it is no other user. A part of vt is
 * trusted as vt itself is: a user who can change the program that runs needs no plugin to do harm. [any] */
#ifndef CHOOSE_TRUST_H
#define CHOOSE_TRUST_H

#include <stdbool.h>
#include <sys/types.h>

enum { TRUST_OWNERS_MAX = 4 };

struct trust_owners {
	uid_t uid[TRUST_OWNERS_MAX];
	int n;                         /* of uid */
	mode_t wide;                   /* S_IWGRP, S_IWOTH: classes of other users who may write, too; 0: none */
	gid_t group;                   /* the group that S_IWGRP of `wide` means */
};

struct trust_owners trust_user(void);  /* root, and the user that vt runs as */
/* The users who can change the program at `path` (absolute, real) or a folder above it, up to `prefix`: its owner and root,
 * and the users whom the modes let write there. */
struct trust_owners trust_program(const char *path, const char *prefix);
/* Looks at `path` (absolute, real) and every folder above it, up to one that `known` knows (NULL: none). 0; 1: another
 * user can change it: *ret_code is a stable word, *ret_reason (owned) a clause; -1: out of memory, or too long. */
int trust_chain(const char *path, const struct trust_owners *who, bool (*known)(const void *ctx, const char *folder), const void *ctx,
		const char **ret_code, char **ret_reason);
/* May the file at `path` (absolute) be taken for the user's own words? Not if it stands below `root` (the workspace's
 * real path, or NULL), nor if another user can change it or the link to it. 0; 1: *ret_reason (owned); -1. */
int trust_own_file(const char *path, const char *root, char **ret_reason);
/* May a part of vt at `path` (absolute) be used? A file below `prefix` may, if no user can change it who cannot
 * change `program` too; the folders above the prefix are not checked. The target of a link out of the prefix may, if
 * no one but the user, root and the owner of `program` can change it. 0; 1: *ret_reason (owned); -1. */
int trust_part(const char *path, const char *program, const char *prefix, char **ret_reason);
#endif
