/* The variables that the package manager of a workspace would give to scripts, found without running it. */
#ifndef CMD_NPM_H
#define CMD_NPM_H

#include "base/mem.h"
#include "plan/spawn_env.h"

struct session;

/* npm, pnpm, yarn or bun, by the files at the root; the one that vt was started by, where it was. In `a`. */
const struct npm *npm_find(const struct session *s, const char *root, struct arena *a);
/* The existing folders of programs above the root that only the user and root can change, as in PATH.
 * NULL: none. */
const char *npm_above(const char *root, struct arena *a);
/* NODE_OPTIONS as yarn sets it for its Plug'n'Play (.pnp.cjs at the root). NULL: nothing to add. */
const char *npm_node_options(const struct session *s, const char *root, struct arena *a);
#endif
