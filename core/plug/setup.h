/* plug: runs plugins. Uses choose, os, text, base, vt-plugin.h.
 *
 * choose/find -> load -> setup -> call / stores. A plugin is loaded when a component of it is
 * first needed; a file below the workspace only if the user lists its SHA-256.
 *
 * setup: the components that the configuration chose. Each is started at the first request for it.
 * All functions are [any]: plug takes the locks that a component's thread promise asks for. */
#ifndef PLUG_SETUP_H
#define PLUG_SETUP_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "plug/call.h"
#include "vt-plugin.h"

struct cJSON;
struct env;
struct plug;
struct component;

/* Everything is borrowed and outlives the plug. */
struct plug_setup {
	const char *root;                  /* of the workspace; NULL: there is none */
	const char *cache_dir;             /* NULL: components get no folder */
	const char *system_dir;            /* installation.plugins */
	const char *system_prefix;         /* installation.prefix */
	const struct env *env;             /* VT_PLUGIN_PATH, XDG_*, HOME */
	const struct cJSON *workspace_config;      /* the root's `plugins`, or NULL */
	const char *workspace_config_file;         /* for messages */
	const struct cJSON *user_config;           /* the user's `plugins` (choose/user_config.h), or NULL */
	const char *user_config_file;
	const char *worktrees;                     /* where the worktrees of the repository share results; NULL: nowhere */
	void (*warn)(void *ctx, const char *text);         /* [any] a text may come again; NULL: not told */
	void (*inform)(void *ctx, const char *text);       /* likewise, of VT_REPORT_INFO; NULL: not told */
	/* Called on the watchdog's thread when a call hangs; `text` names the plugin. signum: the signal that told
	 * vt to end, or 0. It must end the program. NULL: there is no watchdog. */
	void (*hangs)(void *ctx, const char *text, int signum);
	void *ctx;
};

/* Reads the configuration and notes where plugins may lie; loads nothing. -1: the configuration is
 * wrong. */
int plug_new(const struct plug_setup *setup, struct plug **ret, struct err *err);
void plug_free(struct plug *p);

/* Where a signal handler puts the number of a signal that tells vt to end, and its negative when told again. From then on a get, a
 * put or a restore is asked to end, and each call that does not is left behind after 6 s, or 1 s: `hangs` is called. */
volatile int *plug_stopping(struct plug *p);

/* Before all below. Starts every component that the configuration names, and adds vt's own store where all that it lists are
 * far. -1: one of them cannot be used. */
int plug_check_named(struct plug *p, struct err *err);

/* The chosen component of a kind. The first call loads, creates and starts it, on its own thread.
 * NULL: there is none that works. For a fingerprint or store `warn` was told why; for a tracer or
 * part the caller asks plug_tracer_why or plug_role_why and tells it where it matters. */
struct component *plug_tracer(struct plug *p);
struct component *plug_fingerprint(struct plug *p);
uint32_t plug_parts(struct plug *p, struct component *const **ret);        /* usable parts, by name */
struct component *plug_named(struct plug *p, const char *name);            /* of any kind; NULL: it cannot be used */
uint32_t plug_roles(struct plug *p);                                       /* VT_ROLE_* of all usable parts */
/* Why plug_tracer is NULL, why no part has this VT_ROLE_*: a clause, "plugin 'env-tracking' cannot
 * be used: no vt-env-tracking.so was found" or "... is switched off". room: of ret. */
void plug_tracer_why(struct plug *p, char *ret, size_t room);
void plug_role_why(struct plug *p, uint32_t role, char *ret, size_t room);

const vt_component *component_description(const struct component *c);      /* a copy; see load.h */
const void *component_ops(const struct component *c);                      /* a copy of the kind's table */
const char *component_name(const struct component *c);
void *component_self(const struct component *c);
#endif
