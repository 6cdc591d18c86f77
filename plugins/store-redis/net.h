/* One connection to a server: TCP, a Unix socket, or TLS over TCP. Each wait asks vt whether to stop,
 * and ends with vt's patience. A connection belongs to one thread at a time. [work] */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stddef.h>

#include "vt-plugin.h"

struct net_address {
	char host[256];            /* a name or an address of the server; a path for a Unix socket */
	char port[8];              /* "" for a Unix socket */
	bool is_unix, is_tls;
	const char *ca;            /* a file of certificates to trust instead of the system's; NULL: the system's */
};

/* What went wrong, as one clause for a message. */
struct trouble {
	char text[256];            /* "" while nothing went wrong */
	bool cancelled;            /* vt asked for the end */
};

struct net;

/* NULL: trouble says why. */
struct net *net_open(const struct net_address *to, vt_call *call, struct trouble *t);
void net_close(struct net *n);
/* Is the connection open, and between two commands: no answer waits to be read? */
bool net_is_quiet(const struct net *n);
/* -1: failed, see trouble. */
int net_send(struct net *n, vt_call *call, const void *data, size_t size, struct trouble *t);
/* Bytes received, at least 1; -1: trouble, also at the end of the stream. */
long net_receive(struct net *n, vt_call *call, void *buffer, size_t size, struct trouble *t);
/* Keeps the first reason of several. */
void trouble_set(struct trouble *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
