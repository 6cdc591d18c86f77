/* run: `vt run`. run.c turns the words into a plan, execute.c runs it. */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "cmd/cmd.h"

struct backend;
struct plan;
struct query_options;
struct workspace;

/* Runs the plan to its end and returns the exit code. The plan may be empty. */
int run_plan(struct backend *b, const struct plan *plan, const struct query_options *options);
/* `--last-details`: prints the stored summary and returns its exit code. `root`: absolute. */
int run_last_details(const struct session *s, const char *root);
#endif
