/* trace: one step under a tracer. Tells the plugin of the step, takes what it wants done to
 * the child (vt_spawn), and passes its notes (vt_notes) to `seen`. On the loop, but [work]. */
#ifndef EXEC_TRACE_H
#define EXEC_TRACE_H

#include "base/env.h"
#include "process/process.h"

struct component;
struct seen;
struct trace;
struct vt_step;

enum { TRACE_FILTERS = 4 };

/* Asks the tracer to prepare. NULL: it cannot; *ret_why (in `a`) says why. */
struct trace *trace_begin(struct component *tracer, const struct vt_step *step, struct arena *a, const char **ret_why);
/* For process_start; valid as long as the trace. */
uint32_t trace_filters(const struct trace *w, const struct process_filter **ret);
uint32_t trace_env(const struct trace *w, const struct env_pair **ret);
const char *trace_preload(const struct trace *w);  /* a file to load into each program; NULL: none */
/* Tells the tracer that the child runs: process_events.on_started. */
void trace_attach(struct trace *w, uint32_t how, int listener);
/* After the child's end: fills `seen`, or says in it why the trace is incomplete. Frees. [work] */
void trace_stop(struct trace *w, struct seen *seen);
void trace_cancel(struct trace *w);                /* frees; NULL is fine */
#endif
