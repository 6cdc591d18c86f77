/* plug: runs plugins. Uses choose, os, text, base, vt-plugin.h.
 *
 * choose/find -> load -> setup -> call / stores. Nothing below the workspace is
 * loaded unless the user lists its SHA-256; loading is lazy and by need.
 *
 * setup: the chosen components, alive on demand. plug_* calls are [any] thread
 * safe: the core does the locking that a component's thread promise asks for. */
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

/* All of it is borrowed and outlives the plug. */
struct plug_setup {
	const char *root;                  /* the workspace, or NULL (vt plugins list without one) */
	const char *cache_dir;             /* or NULL */
	const char *system_dir;            /* file_places.plugins */
	const struct env *env;             /* VT_PLUGIN_PATH, XDG_*, HOME */
	const struct cJSON *workspace_config;      /* the root's `plugins`, or NULL */
	const char *workspace_config_file;         /* for messages */
	const struct cJSON *user_config;           /* the user's `plugins` (choose/user_config.h), or NULL */
	const char *user_config_file;
	void (*warn)(void *ctx, const char *text);         /* [any] may be told a text again; NULL: nobody listens */
	/* A plugin does not come back (`text` says which): on a thread of its own. vt cannot go on; it
	 * ends the program. NULL: nobody looks. */
	void (*hangs)(void *ctx, const char *text);
	void *ctx;
};

/* Reads the configuration, finds files; loads nothing. -1: the configuration is wrong. */
int plug_new(const struct plug_setup *setup, struct plug **ret, struct err *err);
void plug_free(struct plug *p);

/* Is every component that the configuration *names* usable? Loads those. -1 before the first task. */
int plug_check_named(struct plug *p, struct err *err);

/* The chosen component of a kind, loaded, created and started at the first call, on
 * the thread that makes it. NULL: there is none that works. For a fingerprint or a
 * store that was told once through warn; a tracer or part that cannot be used is told
 * by nobody but whoever misses it: plug_tracer_why, plug_role_why. */
struct component *plug_tracer(struct plug *p);
struct component *plug_fingerprint(struct plug *p);
uint32_t plug_parts(struct plug *p, struct component *const **ret);        /* ready parts, by name */
struct component *plug_named(struct plug *p, const char *name);            /* whatever its kind; NULL */
uint32_t plug_roles(struct plug *p);                                       /* VT_ROLE_* that ready parts answer for */
/* When plug_tracer is NULL, when no part answers for this VT_ROLE_*: a clause, "plugin
 * 'env-tracking' cannot be used: no vt-env-tracking.so was found" or "... is switched off". */
void plug_tracer_why(struct plug *p, char *ret, size_t room);
void plug_role_why(struct plug *p, uint32_t role, char *ret, size_t room);

const vt_component *component_description(const struct component *c);      /* clamped copy */
const void *component_ops(const struct component *c);                      /* clamped copy of the kind's table */
const char *component_name(const struct component *c);
void *component_self(const struct component *c);
#endif
