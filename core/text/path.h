/* text: how things are written; pure functions over bytes. Uses base; cjson and
 * libyaml are known to json.c and yaml.c only.
 *
 * path: join, clean, relative. No file system is asked. */
#ifndef TEXT_PATH_H
#define TEXT_PATH_H

#include <stdbool.h>

#include "base/mem.h"

/* base/rel, or rel itself when absolute; either may be "". Not cleaned. */
char *path_join(struct arena *a, const char *base, const char *rel);
/* Drops "." and empty components, resolves ".." lexically; "" for an empty relative path. Leading ".."s of a relative path stay. */
char *path_clean(struct arena *a, const char *path);
/* `path` as seen from `root` (both absolute and clean): "" for the root itself, NULL when outside. Points into `path`. */
const char *path_below(const char *root, const char *path);
const char *path_base(const char *path);                     /* the last component; points into path */
char *path_dir(struct arena *a, const char *path);           /* all before it; "" when there is none, "/" for the root */
bool path_is_safe(const char *rel, size_t n);                /* relative, clean, no "..", no NUL, components <= 255, all <= 4096 */
#endif
