/* ipc: the runner's end of the channel between vt and runner-aware tools. Uses
 * fact (seen), plugin-api/client (wire, client), os, text, base; never plugins.
 *
 * server: answers the tools of one step from the step's full environment and
 * notes what they asked. On the loop. */
#ifndef IPC_SERVER_H
#define IPC_SERVER_H

#include <stdbool.h>

#include "base/err.h"

struct endpoint;
struct env;
struct loop;
struct outer_runner;
struct seen;
struct server;

/* `full`: what answers come from. `seen`: where tracked questions, ignore verbs, opt-out and
 * failures go. `outer`: the runner around this one, told of each tracked question too, or
 * NULL. All of them must outlive the server. -1: "Failed to set up task communication: ...". */
int server_start(struct loop *l, struct endpoint *e, struct outer_runner *outer, const struct env *full, struct seen *seen,
		 struct server **ret, struct err *err);
const char *server_name(const struct server *s);          /* the value of VP_RUN_IPC_NAME */
/* After the child's end: accepts the connections that wait, serves all of them for 2 s at most,
 * then calls `done`, never from inside this call. */
void server_stop(struct server *s, void (*done)(void *ctx), void *ctx);
/* Drops it at once. Frees; `done` is not called any more. */
void server_free(struct server *s);                       /* allowed in and after `done`; NULL is fine */
#endif
