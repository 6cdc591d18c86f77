/* env_match: finds the variables that a pattern matches. getEnvs, its record and its check at
 * lookup all call this, so they cannot differ. */
#ifndef TEXT_ENV_MATCH_H
#define TEXT_ENV_MATCH_H

#include <stdbool.h>

#include "base/env.h"
#include "base/err.h"

/* Returns the matches in `a`, sorted by the bytes of their names. `prefix`: the text is a literal
 * beginning, else a GLOB_NAME pattern. Names that are not UTF-8 never match, nor do those that vt
 * gives to scripts (npm_package_name and the like). -1: no pattern. */
int env_match(struct arena *a, const struct env *env, bool prefix, const char *text, struct env_list *ret, struct err *err);
#endif
