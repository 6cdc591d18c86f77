/* readiness: waits until a persistent task can be used. On the loop.
 *
 *   readiness_new ──► the port is asked ──► free: before() ──► started ──► asked again and again ──► over(true)
 *                                     └──► taken: over(false)                              └──► late: over(false)
 */
#ifndef SERVICE_READINESS_H
#define SERVICE_READINESS_H

#include <stdbool.h>

#include "base/mem.h"

struct loop;
struct ready;
struct readiness;

struct readiness_events {
	void (*start)(void *ctx);                  /* the port is free: the task may start */
	void (*over)(void *ctx, bool ready);       /* the last call; false: readiness_why tells */
};

/* Copies `ready`. The first call comes later, from the loop. */
struct readiness *readiness_new(struct loop *l, const struct ready *ready, const struct readiness_events *events, void *ctx);
/* The task runs from now on. */
void readiness_started(struct readiness *r);
/* The task printed this; stream 1 or 2. */
void readiness_output(struct readiness *r, int stream, struct bytes data);
/* Why it is not ready: one sentence, in `a`. */
const char *readiness_why(const struct readiness *r, struct arena *a);
/* No callback comes afterwards. NULL is fine. */
void readiness_free(struct readiness *r);
#endif
