/* filter: the system call filter, as data. */
#ifndef TRACE_FILTER_H
#define TRACE_FILTER_H

#include <linux/filter.h>
#include <stdint.h>

enum { FILTER_MAX = 384 };

/* Fills `ret` and returns how many instructions it has. `event`: what listed calls
 * return, SECCOMP_RET_USER_NOTIF or SECCOMP_RET_TRACE. */
uint32_t filter_make(uint32_t event, struct sock_filter ret[FILTER_MAX]);
#endif
