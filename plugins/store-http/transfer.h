/* Requests over HTTP, many at once, on one lane: a set of connections that one thread uses at a time. Each wait asks
 * vt whether to stop, and ends with vt's patience. [work] */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "vt-plugin.h"

enum {
	LANES = 4,                 /* threads of vt that call at once */
	LANE_CONNECTIONS = 4,      /* connections of HTTP/1.1 on one lane */
	LANE_STREAMS = 25,         /* requests at once on one lane: streams of HTTP/2; of HTTP/1.1 most of them wait */
	URL_MOST = 2048            /* bytes of an address, with its NUL */
};

enum method { METHOD_GET, METHOD_PUT, METHOD_HEAD, METHOD_DELETE };

/* The common part of all requests to a server. The texts belong to the caller; NULL: not set. */
struct server {
	const char *user, *password;       /* HTTP basic */
	const char *ca;                    /* a file of certificates to trust instead of the system's */
	char agent[64];                    /* the User-Agent of vt */
};

/* One request and its answer. The caller zeroes it and fills in the first part. */
struct transfer {
	enum method method;
	char url[URL_MOST];
	struct curl_slist *headers;        /* owned: transfer_clear */
	vt_source *from;                   /* of a PUT */
	vt_sink *into;                     /* of a GET */
	bool once;                         /* a PUT that must not replace an object */
	bool skip;                         /* the request is not made */
	/* Looks at an answer, and may write another request into t, which the lane then makes. NULL: never. Called on the
	 * lane's thread, not again after it returned true */
	bool (*renew)(struct transfer *t, vt_call *call);
	void *owner;                       /* context of the callback; with it space and name of the object */
	uint32_t space;
	vt_id name;
	int64_t clock_s;                   /* seconds by which the signing clock is ahead of this machine's */

	/* VT_OK: a whole answer came. VT_FAILED: no answer came, `text` says why. Else what the sink or the source returned,
	 * which has reported why, or VT_CANCELLED. */
	vt_status status;
	long code;                         /* status of the answer; 0: none came */
	int64_t date_s;                    /* date of the answer by the server's clock; 0: none */
	char text[256];                    /* why no answer came; or the beginning of the body of an answer without the object */
	bool distrusted;                   /* the answering server is another one, or its certificate cannot be checked */
	bool away;                         /* the server redirected the request, which went there without credentials */

	CURL *easy;                        /* under way; owned by the lane */
	vt_call *call;
	uint64_t at;                       /* how many bytes of `from` were read */
	uint64_t rest;                     /* bytes of an answer without the object */
	size_t text_n;
	uint32_t tries, hops;
	int64_t not_before_ms;             /* the server asked to wait */
	bool done;
	vt_status inner;                   /* what the sink or the source returned; VT_OK: no failure */
	const char *why;                   /* why this side broke it off; NULL: the sink or source has reported why */
	char error[CURL_ERROR_SIZE];
};

struct lane;

/* Called once in a process, before all else. false: libcurl does not work here. */
bool transfer_begin(void);
struct lane *lane_new(const struct server *server);    /* NULL: out of memory. The server is borrowed */
void lane_free(struct lane *l);
/* Makes the requests, and fills in the answers. A server that asks for patience (429, 503) is asked again while vt's lasts. */
void lane_run(struct lane *l, vt_call *call, struct transfer *list, uint32_t n);
void transfer_clear(struct transfer *t);
/* Adds a line to the request's head. false: out of memory. */
bool transfer_header(struct transfer *t, const char *name, const char *value);
#endif
