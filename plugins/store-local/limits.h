/* limits: how much the store may hold, how much it leaves free on the disk, and making room there. */
#ifndef STORE_LOCAL_LIMITS_H
#define STORE_LOCAL_LIMITS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "vt-plugin.h"

struct limits {
	struct log *log;               /* the store's */
	uint64_t bound;                /* option "size": bytes of all */
	uint64_t free;                 /* option "free": bytes */
	_Atomic int64_t unasked;       /* bytes that may be put until the disk is asked again */
	pthread_mutex_t collecting;    /* held by who makes room; the log's lock comes after it */
	_Atomic uint32_t collections;  /* that were done to make room */
	bool spent;                    /* with `collecting`: the last found nothing that could go */
};

void limits_init(struct limits *m, struct log *log);
void limits_destroy(struct limits *m);

/* Before bytes are put; the store's folder is there. Makes room if need be. 0; 1: it would take of what
 * is to stay free (*ret_free); -1 with errno: there is no room for it at all. */
int limits_want(struct limits *m, vt_call *call, uint64_t size, uint64_t *ret_free);
/* Old results go until so much is available, and `must` bytes went. One thread does it, who comes
 * meanwhile waits. `seen`: limits_seen before room was missed. true: there is more than then. */
bool limits_make_room(struct limits *m, vt_call *call, uint64_t room, uint64_t must, uint32_t seen);
uint32_t limits_seen(const struct limits *m);
/* The run is over. `changed`: by it. -1 with errno. */
int limits_settle(struct limits *m, vt_call *call, bool changed, uint64_t *ret_bound, bool *ret_swept);
#endif
