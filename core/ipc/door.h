/* Where tools come in: a socket, or, where sockets are forbidden, a folder of FIFOs. */
#ifndef IPC_DOOR_H
#define IPC_DOOR_H

#include <stdbool.h>

#include "base/err.h"

struct door;
struct loop;

enum {
	DOOR_HELD = -1,        /* no fd is left for who waits; the door is held */
	DOOR_LOST = -2         /* nor could he wait */
};

/* `dir`: the private folder. on_come: somebody is there: two fds, the same one twice for
 * a socket, now the callee's; or two of the above. */
int door_open(struct loop *l, const char *dir, void (*on_come)(void *ctx, int in, int out), void *ctx, struct door **ret, struct err *err);
const char *door_name(const struct door *d);              /* its path: the value of VP_RUN_IPC_NAME */
const unsigned char *door_token(const struct door *d);    /* WIRE_TOKEN bytes, which a client must know */
void door_drain(struct door *d);                          /* lets in all who wait, now */
void door_hold(struct door *d, bool hold);                /* who comes has to wait */
bool door_held(const struct door *d);
void door_close(struct door *d);                          /* and removes it; frees; NULL is fine */
#endif
