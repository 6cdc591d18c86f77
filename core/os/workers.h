/* workers: threads for work that blocks. A thread is started when there is work and no
 * idle thread, up to one for each processor. They end in workers_free. */
#ifndef OS_WORKERS_H
#define OS_WORKERS_H

#include <stdbool.h>

struct workers;

struct workers *workers_new(void);
/* Calls fn(ctx) on a worker; in the order of the calls, as far as one thread goes. false: not
 * one thread can be had, and fn will not be called. One thread at a time may call this. */
bool workers_run(struct workers *w, void (*fn)(void *ctx), void *ctx);
/* After all work: ends the threads and frees. Work that does not come back is never waited for:
 * then do not call this, and its thread ends with the process. */
void workers_free(struct workers *w);
#endif
