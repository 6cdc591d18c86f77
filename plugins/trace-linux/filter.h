/* filter: the system call filter, as data. */
#ifndef TRACE_FILTER_H
#define TRACE_FILTER_H

#include <linux/filter.h>
#include <stdint.h>

enum { FILTER_MAX = 512 };

/* Fills `ret` and returns how many instructions it has. `event`: what listed calls
 * return, SECCOMP_RET_USER_NOTIF or SECCOMP_RET_TRACE. `gate`: the address behind the
 * instruction whose calls are let through; 0: there is none. */
uint32_t filter_make(uint32_t event, uint64_t gate, struct sock_filter ret[FILTER_MAX]);
#endif
