/* os: the machine. Only this room and process know uv.h. Uses text, base.
 *
 * loop: the one event loop: timers, work on other threads. Everything is
 * called on the loop's thread unless it says otherwise; callbacks run there. */
#ifndef OS_LOOP_H
#define OS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;
struct timer;
struct uv_loop_s;

int loop_new(struct loop **ret, struct err *err);
void loop_free(struct loop *l);                   /* runs it until everything on it is closed, for 5 s at most */
void loop_run(struct loop *l);                    /* until nothing is pending or loop_stop */
void loop_stop(struct loop *l);
/* Runs `work` on a worker, then `after` on the loop. Where the system allows no thread, `work` too. */
void loop_work(struct loop *l, void (*work)(void *ctx), void (*after)(void *ctx), void *ctx);
/* Calls `fn` on the loop, soon; [any] thread. */
void loop_post(struct loop *l, void (*fn)(void *ctx), void *ctx);
struct timer *timer_start(struct loop *l, int64_t ms, void (*fn)(void *ctx), void *ctx);   /* once; freed after fn returned */
void timer_stop(struct timer *t);                 /* before it fired; frees it; NULL is fine */
int64_t os_now_ms(void);                          /* monotonic; [any] */
int64_t os_now_ns(void);                          /* monotonic; [any] */
int64_t os_real_ns(void);                         /* the real-time clock, as files' times; [any] */
unsigned os_cpus(void);                           /* usable by this process, at least 1 */
struct uv_loop_s *loop_uv(struct loop *l);        /* for os and process only */
#endif
