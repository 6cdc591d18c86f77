/* peer: connections to the server: logged in, kept while they are idle, closed where something went wrong. */
#ifndef STORE_REDIS_PEER_H
#define STORE_REDIS_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "resp.h"
#include "url.h"

enum { PREFIX_MOST = 64 };         /* bytes */

/* A connection that is logged in. */
struct peer {
	struct resp resp;          /* first: a peer is freed as one piece */
	struct net *net;
	struct peer *next;         /* in the list of idle connections */
};

struct store {
	struct redis_url url;
	char shown[300];           /* the server, for messages: without user and password */
	char *user, *password, *ca;
	char prefix[PREFIX_MOST + 1];
	uint64_t ttl_ms;           /* 0: for ever */
	pthread_mutex_t lock;      /* guards all below */
	struct peer *idle;
	bool no_put;               /* the server takes nothing from this user; reported once */
	bool full;                 /* reported once */
};

static inline vt_bytes text_bytes(const char *text)
{
	return (vt_bytes){ text, strlen(text) };
}

/* Takes a connection: an idle one, or a new one. VT_OK: *ret is the caller's until peer_leave. */
vt_status peer_take(struct store *s, vt_call *call, struct peer **ret);
/* The end of a call: a connection on which something went wrong (r not 0: `t`) is closed. Returns the status of the call. */
vt_status peer_leave(struct store *s, vt_call *call, struct peer *p, int r, const struct trouble *t, vt_status status);
/* The status of a call to which the server answered an error. */
vt_status peer_refused(struct store *s, vt_call *call, const char *text, bool is_put);
/* Takes an idle connection off the list. NULL: there is none. */
struct peer *peer_idle(struct store *s);
void peer_close(struct peer *p);
#endif
