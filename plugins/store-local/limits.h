/* limits: how much the store may hold, how much it leaves free on the disk, and how it makes room. */
#ifndef STORE_LOCAL_LIMITS_H
#define STORE_LOCAL_LIMITS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "vt-plugin.h"

struct limits {
	struct log *log;               /* the store's log */
	uint64_t bound;                /* option "size": bytes in log and files, at most */
	uint64_t free;                 /* option "free": bytes to leave free on the disk */
	_Atomic int64_t unasked;       /* bytes to put until the disk is asked again */
	pthread_mutex_t collecting;    /* held while making room; taken before the log's lock */
	_Atomic uint32_t collections;  /* how often room was made */
	bool spent;                    /* flag, under `collecting`: the last attempt found nothing to remove */
};

void limits_init(struct limits *m, struct log *log);
void limits_destroy(struct limits *m);

/* Called before `size` bytes are put; makes room if need be. 0; 1: the put would eat into the *ret_free bytes
 * that must stay free; -1 with errno: the disk has no room for the bytes at all. */
int limits_want(struct limits *m, vt_call *call, uint64_t size, uint64_t *ret_free);
/* Removes old results until `room` bytes are available and `must` bytes were freed. One thread does it,
 * others wait. `seen`: what limits_seen said before room was missing. true: there is more room since. */
bool limits_make_room(struct limits *m, vt_call *call, uint64_t room, uint64_t must, uint32_t seen);
uint32_t limits_seen(const struct limits *m);
/* Collects at the end of a run. `changed`: the run stored something. -1 with errno. */
int limits_settle(struct limits *m, vt_call *call, bool changed, uint64_t *ret_bound, bool *ret_swept);
#endif
