/* The one pattern dialect.
 *
 * GLOB_PATH (files, package names): `*` and `?` stay within a component, `**`
 * crosses them, `[a-z]` `[!a]`, `{a,b}`, `\` escapes, `<x:n,m>` repeats x, `$` is
 * a lazy star. Leading dots are nothing special; case counts.
 * GLOB_NAME (environment variables): flat; `*` any run, `?` one byte, `[..]`,
 * `{a,b}`, `\`. */
#ifndef TEXT_GLOB_H
#define TEXT_GLOB_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

enum glob_kind { GLOB_PATH, GLOB_NAME };

struct glob;

/* Compiled into `a`; may be used by many threads. -1: "failed to parse glob expression". */
int glob_make(struct arena *a, const char *pattern, enum glob_kind kind, const struct glob **ret, struct err *err);
bool glob_match(const struct glob *g, const char *s, size_t n);
bool glob_has_magic(const char *pattern);                    /* does it hold any construct? */
char *glob_escape(struct arena *a, const char *literal);
/* The leading components without magic, unescaped, e.g. "src" of "src/[*].ts"; all of it for a literal pattern. */
char *glob_base(struct arena *a, const char *pattern);
/* May something at or below this directory (path relative like the pattern's) match? For walkers: false prunes. */
bool glob_may_enter(const struct glob *g, const char *dir, size_t n);

/* A list of patterns with exclusions, as `env`, `untrackedEnv` are: "!x" takes away. */
struct glob_set;
int glob_set_make(struct arena *a, const struct texts *patterns, enum glob_kind kind, const struct glob_set **ret, struct err *err);
bool glob_set_match(const struct glob_set *s, const char *name, size_t n);
#endif
