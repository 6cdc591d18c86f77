/* One step under a tracer: what the plugin wants done to the child about to start
 * (vt_spawn), and where its notes go (vt_notes). */
#ifndef EXEC_WATCH_H
#define EXEC_WATCH_H

#include "base/env.h"
#include "os/process.h"

struct component;
struct seen;
struct step;
struct watch;

enum { WATCH_FILTERS = 4 };

/* Asks the tracer to prepare. NULL: it cannot; *ret_why (in `a`) says so. */
struct watch *watch_begin(struct component *tracer, const struct step *step, struct arena *a, const char **ret_why);
/* For process_start; they live as long as the watch. */
uint32_t watch_filters(const struct watch *w, const struct process_filter **ret);
uint32_t watch_env(const struct watch *w, const struct env_pair **ret);
const char *watch_preload(const struct watch *w);  /* a file to load into each program; NULL: none */
/* The child runs; from on_started. */
void watch_attach(struct watch *w, uint32_t how, int listener);
/* The child has ended: what was seen goes into `seen`, or why it is not whole. Frees. [work] */
void watch_stop(struct watch *w, struct seen *seen);
void watch_cancel(struct watch *w);                /* frees; NULL is fine */
#endif
