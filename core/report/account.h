/* account: a run as JSON for scripts. Its shape is public: vt-run.schema.json and vt-events.schema.json, version 1;
 * members may be added, none is taken away. */
#ifndef REPORT_ACCOUNT_H
#define REPORT_ACCOUNT_H

#include <stdint.h>

#include "base/buf.h"
#include "report/summary.h"

/* Adds the members of a step, separated by ',', without the braces. `zero_ns`: monotonic: when the run began. */
void account_step(const struct summary_step *t, int64_t zero_ns, struct buf *b);
/* Adds "counts":{...},"savedMs":... */
void account_counts(const struct summary *s, struct buf *b);

/* When a run began, on two clocks. */
struct account_start {
	int64_t real_ns, zero_ns;      /* since 1970; monotonic */
	const char *root;              /* of the workspace */
};

/* The whole of --summary-file. `now_ns`: monotonic. */
void account_run(const struct summary *s, const struct account_start *start, int64_t now_ns, struct buf *b);
/* Adds ,"KEY":"TEXT"; nothing for NULL. */
void account_text(struct buf *b, const char *key, const char *text);
#endif
