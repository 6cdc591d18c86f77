/* peers: the programs that answer the task's sockets.
 *
 * A process that ran before the step may have read anything: what it answers is
 * no work of this step, and what it read is not in the trace. So a connection to such a
 * process makes the trace incomplete, unless it is known to serve all users (names of
 * users, the desktop, a proxy) or the user trusts it. */
#ifndef TRACE_PEERS_H
#define TRACE_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "notes.h"
#include "vt-plugin.h"

enum { PEERS_KNOWN = 32, PEERS_TOLD = 256 };

struct path_world;

struct peers {
	uint64_t started;        /* start of the step, in clock ticks since boot: as /proc tells of processes */
	int64_t started_s;       /* the same in seconds, as files tell it */
	char *trusted;           /* "unix:PATH" and "tcp:PORT", each ended by NUL, and one NUL more */
	struct { unsigned long socket; bool own; } known[PEERS_KNOWN];   /* listening sockets that were looked for; 0: free */
	uint32_t next;           /* the place that is taken next */
	struct notes told;       /* names alone, PEERS_TOLD at most: what the task connected to, "tcp:127.0.0.1:80", "unix:/run/x" */
};

/* A connection that is about to be made. */
struct peer {
	int socket;              /* a copy of the task's, for the moment of the call; -1: nothing to find out */
	uint32_t tid;
	struct sockaddr_storage to;
	socklen_t size;
	bool datagram;           /* the socket sends without a connection */
};

bool peers_init(struct peers *peers, const vt_step *step);
void peers_free(struct peers *peers);

/* Looks at a connect while the thread stands still. `args`: of connect. */
void peer_look(struct peer *peer, uint32_t tid, const uint64_t *args);

/* Notes a datagram's address when the thread runs again: its receiver cannot be found. */
void peer_note_datagram(struct peers *peers, const struct peer *peer);

/* Notes that the thread runs again. true: a program that ran before the task has answered it; `name`: of that program. */
bool peer_was_before(struct peers *peers, struct path_world *world, struct peer *peer, char *name, size_t size);
#endif
