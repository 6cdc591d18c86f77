/* Which packages a query asks for. */
#ifndef QUERY_SELECT_H
#define QUERY_SELECT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

struct package;
struct query_options;
struct workspace;

struct query_world {
	const struct workspace *workspace;
	const char *cwd;                   /* absolute: the directory of the call */
	/* Paths changed since a git reference ("REF...": since the merge base with it; "...": with the
	 * default branch), root-relative, or -1: err, without the option that asked. NULL: no plugin can tell. */
	int (*changed_since)(void *ctx, const char *reference, struct arena *a, struct texts *ret, struct err *err);
	/* Is this changed path a lockfile? Then marks the packages (by index) for which it resolves other
	 * dependencies than at the reference; all, and says so, where that cannot be known. NULL: no path is. */
	bool (*relocked)(void *ctx, const char *reference, const char *path, const char *asked, bool *ret);
	void (*warn)(void *ctx, const char *text);         /* filters that match nothing; NULL: quiet */
	void *ctx;
};

struct selection {
	bool *in;                          /* per package, by its index */
	uint32_t n;                        /* how many packages are selected */
	bool moving;                       /* the selection depends on changed files, and so on the day */
	const char *task;                  /* the task's own name */
	const char *same;                  /* equal texts: the same query, whatever words were used */
};

/* 1: err: options that exclude each other (the caller adds the command); -1: err: an unknown package, a filter that
 * matches nothing. */
int select_packages(const struct query_world *world, const struct query_options *options, struct arena *a,
		    struct selection *ret, struct err *err);
#endif
