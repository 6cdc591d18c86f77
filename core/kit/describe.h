/* describe: one plugin as JSON, loaded in a child process. */
#ifndef KIT_DESCRIBE_H
#define KIT_DESCRIBE_H

#include "plug/load.h"
#include "plug/setup.h"

struct candidate;
struct cJSON;

/* Describes a trusted file as {"state", "reason", "name", "version", "license", "homepage", "abi",
 * "components", "status"}. "status" has, for each chosen component, the word that it says of itself,
 * or {"why"} if it cannot be started. NULL: out of memory. */
struct cJSON *describe(const struct candidate *file, const struct plug_setup *setup);
struct cJSON *describe_reason(const char *code, const char *text);
/* Runs fn in a child process that cannot print, for at most `ms`. Returns what fn wrote to `fd`
 * (owned, NUL-terminated; NULL: out of memory). *ret_why: how the child died (owned), or NULL. */
char *describe_in_child(void (*fn)(int fd, void *ctx), void *ctx, int ms, size_t *ret_size, char **ret_why);
#endif
