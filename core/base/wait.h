/* wait: waits on a condition variable by the monotonic clock, which no user can set. */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

static inline void wait_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

/* Waits until `cond` is signalled, or the monotonic clock shows ns. 0, or ETIMEDOUT. */
static inline int wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ns)
{
	struct timespec until = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	return pthread_cond_timedwait(cond, lock, &until);
}
#endif
