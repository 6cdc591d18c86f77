/* What the commands of other runners mean, as far as vt must know it: pnpm, npm, yarn, bun,
 * turbo, lerna and nx. */
#ifndef QUERY_RUNNERS_H
#define QUERY_RUNNERS_H

#include <stdbool.h>

#include "base/mem.h"

/* Does a part of the command (struct task's) run the task of this name in many packages? Those
 * words as they stand, such as "pnpm -r run build"; NULL: none does. */
const char *runners_everywhere(const struct texts *command, const char *task, struct arena *a);
/* The script of the same package that the words of one command run by npm, pnpm, yarn, bun or vt; NULL: they run none, or run it
 * elsewhere, too. */
const char *runners_script(const struct texts *argv);
#endif
