/* cover: matches a path against the patterns of a step. */
#ifndef EFFECT_COVER_H
#define EFFECT_COVER_H

#include <stdbool.h>

#include "workspace/workspace.h"

struct cover;

/* In `a`; borrows the patterns. `caches`: more patterns of tools' caches, "!x" takes away. */
struct cover *cover_new(struct arena *a, const struct globs *input, const struct globs *output, const struct texts *caches);
/* Is the path under `output`? */
bool cover_output(const struct cover *c, struct bytes path);
/* Is the path a folder, and all that may be in it under `output`? */
bool cover_output_folder(const struct cover *c, struct bytes path);
/* 0: it counts; a number from 1 to 63: it is in the tool's cache of that number; -1: it is
 * excluded from the inputs and no output, and counts for nothing. What an explicit `input`
 * or `output` covers counts all the same. */
int cover_cache(const struct cover *c, struct bytes path);
/* Is it a .tsbuildinfo, TypeScript's memory of its last run? It is an effect only beside others. */
bool cover_is_memory(struct bytes path);
#endif
