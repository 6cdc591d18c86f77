/* The --filter grammar:
 *
 *     token := ["!"] ["..." ["^"]] core [["^"] "..."]
 *     core  := (name ["{" dir "}"] | "{" dir "}" | path) ["[" reference "]"] | "[" reference "]"
 *
 * A reference that ends in "..." means the merge base with it. A directory with brackets
 * in its name is written as it is, or with a backslash before each bracket.
 * A path starts with "." and has no traversal: dots at its ends are a part of it. */
#ifndef QUERY_FILTER_H
#define QUERY_FILTER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

struct glob;

/* One token. */
struct filter {
	const char *text;              /* as typed, for messages */
	bool exclude;                  /* !x */
	bool dependencies;             /* x... */
	bool dependents;               /* ...x */
	bool without_self;             /* ^ */
	const char *name;              /* a name, or NULL: any */
	const struct glob *name_glob;  /* the name is this pattern; NULL: exact */
	const char *dir;               /* a directory as typed, or NULL: any */
	const char *reference;         /* only what changed since this git reference, or NULL */
	const char *with_reference;    /* the directory with "[reference]", which may be the end of its name; NULL: none */
};

struct filters {
	struct filter *at;
	uint32_t n;
};

/* `values` of --filter, each split at white space. */
int filters_parse(const struct texts *values, struct arena *a, struct filters *ret, struct err *err);
#endif
