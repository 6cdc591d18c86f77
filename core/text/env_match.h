/* Which variables does a pattern mean? The one answer behind getEnvs, what is
 * recorded of it, and its check at lookup, so that they cannot differ. */
#ifndef TEXT_ENV_MATCH_H
#define TEXT_ENV_MATCH_H

#include <stdbool.h>

#include "base/env.h"
#include "base/err.h"

/* `prefix`: the text is a literal beginning, else a GLOB_NAME pattern. The matches
 * in `a`, sorted by the bytes of the names; names that are not UTF-8 never match.
 * -1: no pattern. */
int env_match(struct arena *a, const struct env *env, bool prefix, const char *text, struct env_list *ret, struct err *err);
#endif
