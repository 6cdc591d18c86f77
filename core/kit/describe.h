/* One plugin, opened in a child process and told as JSON. */
#ifndef KIT_DESCRIBE_H
#define KIT_DESCRIBE_H

#include "plug/load.h"
#include "plug/setup.h"

struct candidate;
struct cJSON;

/* {"state", "reason", "name", "version", "license", "homepage", "abi", "components", "status"}
 * of a trusted file; "status" is {component: word} of chosen components that have one, or
 * {component: {"why"}} of those that cannot come to life. NULL: out of memory. */
struct cJSON *describe(const struct candidate *file, const struct plug_setup *setup);
struct cJSON *describe_reason(const char *code, const char *text);
/* Runs fn in a child that cannot print and ends within `ms`; what it writes to `fd` comes
 * back (owned, NUL-terminated; NULL: out of memory). *ret_why: NULL, or how it died (owned). */
char *describe_in_child(void (*fn)(int fd, void *ctx), void *ctx, int ms, size_t *ret_size, char **ret_why);
#endif
