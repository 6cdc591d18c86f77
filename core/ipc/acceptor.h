/* acceptor: accepts the connections of one step's tools, on a socket or, where sockets are
 * forbidden, through FIFOs in a folder. On the loop. */
#ifndef IPC_ACCEPTOR_H
#define IPC_ACCEPTOR_H

#include <stdbool.h>

#include "base/err.h"

struct acceptor;
struct loop;

enum {
	ACCEPT_HELD = -1,      /* no descriptor is left for a connection that waits: the acceptor holds */
	ACCEPT_LOST = -2       /* the same, and the connection is lost */
};

/* `dir`: the private folder. on_connect: a tool has connected. It gets two descriptors, the same
 * one twice for a socket, which are now its own; or one of the above, twice. */
int acceptor_open(struct loop *l, const char *dir, void (*on_connect)(void *ctx, int in, int out), void *ctx, struct acceptor **ret, struct err *err);
const char *acceptor_name(const struct acceptor *d);              /* the path: the value of VP_RUN_IPC_NAME */
const unsigned char *acceptor_token(const struct acceptor *d);    /* WIRE_TOKEN bytes, which a client must know */
void acceptor_drain(struct acceptor *d);                          /* accepts all connections that wait, now */
void acceptor_hold(struct acceptor *d, bool hold);                /* new connections wait until it is undone */
bool acceptor_held(const struct acceptor *d);
void acceptor_close(struct acceptor *d);                          /* removes the socket or the folder; frees; NULL is fine */
#endif
