/* trust: can anybody but the user change a file? Nobody can if it and every folder above it belong to the user or to
 * root and nobody else may write there. A group with the user alone in it is nobody else. What belongs to vt is
 * trusted as vt itself is: whoever can change the program that runs needs no plugin to do harm. [any] */
#ifndef CHOOSE_TRUST_H
#define CHOOSE_TRUST_H

#include <stdbool.h>
#include <sys/types.h>

enum { TRUST_OWNERS_MAX = 4 };

struct trust_owners {
	uid_t uid[TRUST_OWNERS_MAX];
	int n;                         /* of uid */
	mode_t wide;                   /* S_IWGRP, S_IWOTH: who else may write all the same; 0: nobody */
	gid_t group;                   /* the group that S_IWGRP of `wide` means */
};

struct trust_owners trust_user(void);  /* root, and the user that vt runs as */
/* Whoever can change the program at `path` (absolute, real) or a folder above it, up to `prefix`: its owner and root,
 * and those whom the modes let write there. */
struct trust_owners trust_program(const char *path, const char *prefix);
/* Looks at `path` (absolute, real) and every folder above it, up to one that `known` knows (NULL: none). 0; 1: somebody
 * else can change it: *ret_code is a stable word, *ret_reason (owned) a clause; -1: out of memory, or too long. */
int trust_chain(const char *path, const struct trust_owners *who, bool (*known)(const void *ctx, const char *folder), const void *ctx,
		const char **ret_code, char **ret_reason);
/* May the file at `path` (absolute) be taken for the user's own words? Not if it stands below `root` (the workspace's
 * real path, or NULL), nor if somebody else can change it or the link to it. 0; 1: *ret_reason (owned); -1. */
int trust_own_file(const char *path, const char *root, char **ret_reason);
/* May a part of vt at `path` (absolute) be used? What stands below `prefix` may, if nobody can change it who cannot
 * change `program` too; nothing is asked of the folders above the prefix. What a link there leads to outside may, if
 * nobody can change it but the user, root and the owner of `program`. 0; 1: *ret_reason (owned); -1. */
int trust_part(const char *path, const char *program, const char *prefix, char **ret_reason);
#endif
