/* What the two files of the client share: reaching a runner (reach.c) and asking it (client.c).
 * Private to them. */
#ifndef VT_CLIENT_INSIDE_H
#define VT_CLIENT_INSIDE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vt-client.h"
#include "wire.h"

struct vt_client {
	/* Held for one request and its answer: 0, or the pid of the process whose
	 * thread holds it. A pid that is not ours was copied by fork and holds nothing. */
	atomic_int lock;
	pid_t pid;                      /* the process that opened the fds; after fork a child opens its own */
	int in, out;                    /* one socket, or two FIFOs; -1: not connected */
	int trouble;                    /* the errno of a broken stream, with which every call fails; 0: the stream is whole */
	int timeout;                    /* ms; 0: none */
	uint32_t max_request;           /* the largest request, told by the server */
	char name[WIRE_MAX_PATH + 1];   /* the endpoint */
};

/* Holds the client, and connects again after a fork. 0, or what the call returns;
 * client_leave either way. */
int client_enter(vt_client *c);
void client_leave(vt_client *c);

/* Called with the client held: */
int64_t client_deadline(const vt_client *c);    /* deadline of a request that begins now: ms, monotonic; 0: none */
/* Transfers all bytes. 0; VT_CLIENT_FAILED with errno: the stream is broken. */
int client_send(vt_client *c, const unsigned char *at, size_t size, int64_t until);
int client_receive(vt_client *c, unsigned char *at, size_t size, int64_t until);
/* Hangs up a stream whose next byte cannot be trusted. Returns VT_CLIENT_FAILED with errno. */
int client_broken(vt_client *c, int error);
#endif
