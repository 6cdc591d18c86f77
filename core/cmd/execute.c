#include "config.h"

#include "cmd/run.h"

#include <stdio.h>

int run_plan(const struct session *s, const struct workspace *w, const struct plan *plan, const struct query_options *options)
{
	struct err err = { 0 };

	(void)w, (void)plan, (void)options;
	err_set(&err, ERR_SYSTEM, "this build cannot run tasks yet; use --dry-run");
	return cmd_fail(s, &err);
}

int run_last_details(const struct session *s, const char *root)
{
	(void)s, (void)root;
	fputs("No previous run summary found. Run a task first to generate a summary.\n", stderr);
	return 1;
}
