#include "config.h"

#include "ipc/outer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/vt-client.h"
#include "client/wire.h"
#include "fact/fact.h"
#include "fact/seen.h"
#include "text/glob.h"

enum { OUTER_PATIENCE_MS = 10000 };

struct outer {
	struct arena *arena;
	const char *name;              /* the value of VP_RUN_IPC_NAME */
	vt_client *client;             /* NULL: not yet connected, or never to be */
	bool over;                     /* it cannot be reached, or has been told not to keep the step: nothing more to say */
	struct map asked;              /* "<op>name", in the arena: what has been told */
};

struct outer *outer_new(const struct env *session)
{
	const char *name = env_get(session, "VP_RUN_IPC_NAME");
	unsigned char token[WIRE_TOKEN];
	struct outer *o;
	uint32_t pid;

	if (!name || wire_parse_name(name, &pid, token) < 0)
		return NULL;
	o = xcalloc(1, sizeof *o);
	o->arena = arena_new();
	o->name = arena_str(o->arena, name);
	map_init(&o->asked);
	return o;
}

void outer_free(struct outer *o)
{
	if (!o)
		return;
	vt_client_close(o->client);
	map_free(&o->asked);
	arena_free(o->arena);
	free(o);
}

/* A runner that is not there any more stores nothing: nothing to tell it then. And
 * where a connection breaks in the middle, its server sees that, and stores nothing. */
static bool reached(struct outer *o)
{
	if (!o->over && !o->client && vt_client_open(o->name, OUTER_PATIENCE_MS, &o->client) != VT_CLIENT_OK) {
		o->client = NULL;
		o->over = true;
	}
	return !o->over;
}

static int nothing(void *ctx, const char *name, const char *value, size_t size)
{
	(void)ctx;
	(void)name;
	(void)value;
	(void)size;
	return 0;
}

static int ask(struct outer *o, uint16_t op, const char *name)
{
	char *value;
	int r;

	if (op != VT_SEEN_ENV)
		return vt_client_get_envs(o->client, op == VT_SEEN_ENV_PREFIX ? VT_CLIENT_PREFIX : VT_CLIENT_GLOB, name, 1, nothing, NULL);
	r = vt_client_get_env(o->client, name, 1, &value, NULL);
	if (r == VT_CLIENT_OK)
		vt_client_free(value);
	return r == VT_CLIENT_NONE ? VT_CLIENT_OK : r;
}

void outer_env(struct outer *o, uint16_t op, const char *name, size_t size)
{
	char *key;
	void **told;

	if (!o || !reached(o))
		return;
	key = arena_alloc(o->arena, size + 2);
	key[0] = (char)op;
	memcpy(key + 1, name, size);
	told = map_put(&o->asked, key, size + 1);
	if (*told)
		return;
	*told = key;
	if (ask(o, op, key + 1) != VT_CLIENT_OK)
		outer_opt_out(o);
}

void outer_opt_out(struct outer *o)
{
	if (!o || !reached(o))
		return;
	vt_client_disable_cache(o->client);
	vt_client_sync(o->client);
	o->over = true;
}

void outer_patterns(struct outer *o, const struct texts *patterns)
{
	uint32_t i;

	for (i = 0; o && i < patterns->n; i++)
		if (*patterns->at[i] != '!')
			outer_env(o, glob_has_magic(patterns->at[i]) || strchr(patterns->at[i], '\\') ? VT_SEEN_ENV_GLOB : VT_SEEN_ENV,
				  patterns->at[i], strlen(patterns->at[i]));
}

void outer_facts(struct outer *o, const struct facts *facts)
{
	uint32_t i;

	for (i = 0; o && i < facts->n; i++) {
		const struct fact *f = &facts->at[i];

		if (f->kind == FACT_ENV || f->kind == FACT_ASKED)
			outer_env(o, VT_SEEN_ENV, f->name.data, f->name.size);
		else if (f->kind == FACT_ENV_GLOB)
			outer_env(o, VT_SEEN_ENV_GLOB, f->name.data, f->name.size);
		else if (f->kind == FACT_ENV_PREFIX)
			outer_env(o, VT_SEEN_ENV_PREFIX, f->name.data, f->name.size);
	}
}
