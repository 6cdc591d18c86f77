/* glob: the pattern dialect of files, packages and variables.
 *
 * GLOB_PATH (files, package names): `*` and `?` stay within a component, `**`
 * is a whole component and stands for any number of them, also none; `[a-z]`
 * `[!a]`, `{a,b}`, `\` escapes, `<x:n,m>` repeats x, `$` is a lazy star. Leading
 * dots are nothing special; case counts. `?` and classes count characters.
 * GLOB_MEMBER (`workspaces`, as npm and pnpm read it): a path, too; `<` and `$` are
 * nothing special, `[^a]` is `[!a]`, `@(a|b)` `?(a)` `+(a)` `*(a)` choose. The
 * functions about the text of a pattern do not know it.
 * GLOB_NAME (environment variables): flat; `*` any run, `?` one byte, `[..]`,
 * `{a,b}`, `\`. */
#ifndef TEXT_GLOB_H
#define TEXT_GLOB_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

enum glob_kind { GLOB_PATH, GLOB_NAME, GLOB_MEMBER };

struct glob;

/* Compiles a pattern into `a`; many threads may use it. -1: "failed to parse glob expression". */
int glob_make(struct arena *a, const char *pattern, enum glob_kind kind, const struct glob **ret, struct err *err);
/* Matches in time (length of s) x (length of the pattern) at most. */
bool glob_match(const struct glob *g, const char *s, size_t n);
bool glob_has_magic(const char *pattern);                    /* does it hold any construct? An escape alone is none. */
char *glob_escape(struct arena *a, const char *literal);
/* The leading components without magic, unescaped, e.g. "src" of "src/[*].ts"; all of it for a literal pattern. */
char *glob_base(struct arena *a, const char *pattern);
/* The rest of the pattern, as written: "[*].ts"; "" for a literal pattern. Points into the pattern. */
const char *glob_rest(const char *pattern);
/* May something below this directory match (its path written like the pattern's; "" is where the
 * pattern starts)? For walkers: false prunes. The directory itself is glob_match's question. */
bool glob_may_enter(const struct glob *g, const char *dir, size_t n);

/* A list of patterns such as `env`: "!x" excludes, wherever it stands in the list. */
struct glob_set;
int glob_set_make(struct arena *a, const struct texts *patterns, enum glob_kind kind, const struct glob_set **ret, struct err *err);
bool glob_set_match(const struct glob_set *s, const char *name, size_t n);
#endif
