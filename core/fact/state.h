/* state: the state of named things, now, in one batch. The only code that turns
 * names into states: recording and lookup cannot differ.
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
	const char *cache_dir;         /* absolute: neither listed nor matched */
	int root_fd;
	struct clock *clock;           /* [any] */
	struct file_memo *programs;    /* what is on PATH; forgotten when a step has run; NULL: asked each time */
	const struct mac *mac;
	struct stat_cache *stats;      /* [any] */
	struct plug *plug;             /* its fingerprint is asked for what stats does not know */
	struct component *(*fingerprint)(struct plug *);
};

/* What the file system calls now: later changes get a later time. */
int64_t state_now(const struct state_world *w);

/* Fills in the state of every fact that this machine can look at now (all but the
 * key's own kinds and VALUE, which stay). The list must be sorted. -1: the
 * fingerprint failed. States go into `a`. */
int state_fill(const struct state_world *w, const struct env *env, struct facts *f, struct arena *a, struct err *err);

/* What the globs match now: GLOBBED facts with names and states, sorted. */
int state_globbed(const struct state_world *w, const struct globs *globs, struct arena *a, struct facts *ret, struct err *err);

/* What the globs match now, without looking into it: regular files, links and empty directories, sorted. */
int state_matches(const struct state_world *w, const struct globs *globs, struct arena *a, struct texts *ret, struct err *err);

bool state_is_content(struct bytes state);
bool state_is_listing(struct bytes state);
struct bytes state_listing(struct bytes state);       /* the pairs of a listing */
bool state_is_path_kind(unsigned kind);               /* its name is a path below the root */
#endif
