/* run_id: the name of this run, by the variables of the CI system, and of this runner. Pure. */
#ifndef TOGETHER_RUN_ID_H
#define TOGETHER_RUN_ID_H

#include "base/mem.h"

struct env;

/* The run and its attempt, the same for all jobs of one matrix. In `a`; NULL: no CI system is known here. */
const char *run_id_of_ci(const struct env *env, struct arena *a);
/* The name of this runner in messages: the CI's name for it, else `host`; and the number of the process. In `a`. */
const char *run_id_runner(const struct env *env, const char *host, long pid, struct arena *a);
#endif
