/* lock: what the lockfile of npm, pnpm, yarn or bun resolves for each package. Uses
 * workspace (structs), os, text, base. */
#ifndef LOCK_LOCK_H
#define LOCK_LOCK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

struct workspace;

enum { LOCK_FILE_MAX = 64 << 20 };     /* bytes of a lockfile */

/* Is it the name of a lockfile (of the root)? */
bool lock_is(const char *path);
/* Marks the packages (by index) for which two texts of a lockfile resolve other dependencies,
 * direct or not. A package that the file does not list resolves nothing. -1: err: one of them cannot be
 * read; *ret is as it was. */
int lock_compare(const struct workspace *w, const char *path, struct bytes before, struct bytes after, bool *ret, struct err *err);
#endif
