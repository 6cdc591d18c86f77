/* state: looks at named things and tells their state now, in one batch. Recording and lookup both
 * use it, so they cannot differ.
 *
 * A state is bytes. Of a variable: its MAC; of a query: sorted "name\0" + MAC
 * pairs; nothing: unset. Of a path, by its first byte:
 *     (nothing)  missing
 *     c          a regular file; then the content id, and x if its owner may execute it (not of GLOBBED)
 *     d          a directory; for FILE and LIST then sorted "name\0type" pairs
 *     f          a regular file whose content does not matter (TYPE)
 *     l          a link; then its target, NUL, and the state of what it leads to
 *     x          there, but it cannot be read
 *     o          something else (a socket, a device) */
#ifndef FACT_STATE_H
#define FACT_STATE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "fact/clock.h"
#include "fact/fact.h"
#include "fact/stat_cache.h"

struct component;
struct env;
struct file_memo;
struct globs;
struct mac;
struct plug;

struct state_world {
	const char *root;              /* absolute */
	const char *cache_dir;         /* absolute; left out of listings and matches */
	int root_fd;
	struct clock *clock;           /* [any] */
	struct file_memo *programs;    /* programs on PATH, forgotten when a step has run; NULL: PATH is searched each time */
	const struct mac *mac;
	struct stat_cache *stats;      /* [any] */
	struct plug *plug;             /* its fingerprint reads the files that stats does not know */
	struct component *(*fingerprint)(struct plug *);
};

/* clock_now of the workspace's file system. */
int64_t state_now(const struct state_world *w);

/* Fills in the state of each variable, query, path and program; other facts keep their state. The
 * list must be sorted. States go into `a`. -1: the fingerprint failed. */
int state_fill(const struct state_world *w, const struct env *env, struct facts *f, struct arena *a, struct err *err);

/* The same, and sets old[i] where the fact's path is a regular file, no link, that has not changed since `since_ns` by the file
 * system's clock: the state is of the content that the file had all the time. Where that is not certain old[i] stays. */
int state_fill_since(const struct state_world *w, const struct env *env, struct facts *f, int64_t since_ns, bool *old,
		     struct arena *a, struct err *err);

/* Finds the files that the globs match now: GLOBBED facts with states, sorted. */
int state_globbed(const struct state_world *w, const struct globs *globs, struct arena *a, struct facts *ret, struct err *err);

/* Finds the regular files, links and empty directories that the globs match now, sorted; reads none. */
int state_matches(const struct state_world *w, const struct globs *globs, struct arena *a, struct texts *ret, struct err *err);

bool state_is_content(struct bytes state);
bool state_is_listing(struct bytes state);
struct bytes state_listing(struct bytes state);       /* the pairs of a listing */
bool state_is_path_kind(unsigned kind);               /* its name is a path below the root */
#endif
