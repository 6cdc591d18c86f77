/* endpoint: what the channels of a run share: a private folder for their sockets, the checked
 * Node addon, and names for LD_PRELOAD. Removes sockets that killed runners left. On the loop. */
#ifndef IPC_ENDPOINT_H
#define IPC_ENDPOINT_H

#include "base/err.h"

struct endpoint;
struct env;

/* `addon`: the installed file (installation.addon); NULL: this vt has none. -1: no folder can be used,
 * or the addon cannot be offered; tasks then run uncached. */
int endpoint_new(const struct env *session, const char *addon, struct endpoint **ret, struct err *err);
void endpoint_free(struct endpoint *e);                   /* NULL is fine */
const char *endpoint_addon(const struct endpoint *e);     /* the value of VP_RUN_NODE_CLIENT_PATH; NULL: there is no addon */
const char *endpoint_dir(const struct endpoint *e);
/* The name of an installed library for LD_PRELOAD, where blanks and colons end a name: `file` itself, or if its path has
 * one, the same file behind a link in a private folder. NULL: there is no name. Lives as long as e. */
const char *endpoint_listed(struct endpoint *e, const char *file);
#endif
