/* From changed paths to changed packages. */
#ifndef QUERY_CHANGED_H
#define QUERY_CHANGED_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

struct query_world;

/* Packages in which something differs from a git reference ("REF...": from the merge base with
 * it), by index. A path belongs to the innermost package around it; a path in a
 * package that was removed belongs to none; a lockfile to those for which it resolves other
 * dependencies. `asked`: the option as typed, for messages. */
int changed_packages(const struct query_world *world, const char *reference, const char *asked, struct arena *a, bool *ret, struct err *err);
#endif
