/* profile: --profile: where the time of a run went, as a Chrome trace (chrome://tracing, ui.perfetto.dev). */
#ifndef REPORT_PROFILE_H
#define REPORT_PROFILE_H

#include <stdint.h>

#include "base/buf.h"
#include "report/event.h"

struct plan;
struct profile;

/* `zero_ns`: monotonic: when the run began. */
struct profile *profile_new(const struct plan *plan, int64_t zero_ns);
void profile_free(struct profile *p);              /* NULL is fine */
struct listener profile_listener(struct profile *p);
/* Adds the trace: commands, look-ups, restores, stores, and the critical path. */
void profile_write(const struct profile *p, struct buf *b);
#endif
