/* Shared by the files of this room; for them alone.
 *
 * A lockfile becomes a graph: a node for each package that is installed, and one for each
 * package of the workspace. What a package resolves is the sum over all nodes it reaches,
 * so where the file keeps them and in which order does not count. */
#ifndef LOCK_INSIDE_H
#define LOCK_INSIDE_H

#include "base/map.h"
#include "lock/lock.h"
#include "text/json.h"

struct yaml_value;

struct lock_node {
	const char *ident;             /* "name@version": how lock_need names it */
	uint64_t sum[2];               /* of what the file says of it, in any order */
	struct lock_node **needs;
	uint32_t needs_n;
	uint32_t walk;                 /* the last walk that reached it */
};

struct lock {
	const struct workspace *workspace;
	const char *file;              /* its name, for messages */
	struct arena *a;
	struct map nodes;              /* as the file calls them -> struct lock_node */
	struct map importers;          /* path of a package, "" for the root -> struct lock_node */
	struct map names;              /* yarn: name -> struct lock_node that needs all of that name */
};

struct lock_node *lock_node(struct lock *l, const char *key, const char *ident);       /* the node of that key, made if it is new */
struct lock_node *lock_importer(struct lock *l, const char *path);
struct lock_node *lock_find(const struct lock *l, const char *key);                    /* NULL: none */
void lock_say(struct lock_node *n, const char *text);                                   /* something the file says of it */
/* n needs a package under a name. `to` NULL: the file has no node for it, `value` tells what it is. */
void lock_need(struct lock *l, struct lock_node *n, const char *name, struct lock_node *to, const char *value);

/* yarn: the node under another "name@range"; the first makes it. */
struct lock_node *lock_descriptor(struct lock *l, const char *descriptor, struct lock_node *n, const char *ident);
/* yarn: n needs the node of name@range; all nodes of that name where "resolutions" changed the range. */
void lock_need_range(struct lock *l, struct lock_node *n, const char *name, const char *range);

/* The formats. 0, or -1: err */
int lock_read_pnpm(struct lock *l, struct bytes text, struct err *err);
int lock_read_npm(struct lock *l, struct bytes text, struct err *err);
int lock_read_yarn(struct lock *l, struct bytes text, struct err *err);        /* 1 and berry */
int lock_read_berry(struct lock *l, struct bytes text, struct err *err);
int lock_read_bun(struct lock *l, struct bytes text, struct err *err);

/* The text of a member, or NULL. */
const char *lock_json_text(const cJSON *map, const char *key);
/* "dependencies" and its like, ended by NULL: those that every package has, and devDependencies. */
extern const char *const lock_kinds[];
#endif
