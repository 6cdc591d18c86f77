#include "config.h"

#include "ipc/outer_runner.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/vt-client.h"
#include "client/wire.h"
#include "fact/fact.h"
#include "fact/seen.h"
#include "os/loop.h"
#include "text/glob.h"

enum { OUTER_PATIENCE_MS = 10000, OUTER_OPT_OUT = 0 };

/* One thing to tell. */
struct message {
	struct message *next;
	uint16_t op;                   /* VT_SEEN_*, or OUTER_OPT_OUT */
	char name[];
};

/* What the loop and the teller share, until the last of its holders lets go: the outer
 * runner, the teller, and each post to the loop that has not run yet. A run that ended
 * leaves behind a teller that waits for an answer, and such a post. */
struct line {
	pthread_mutex_t lock;          /* guards all below but the client */
	pthread_cond_t more;           /* a message was added, or `left` was set */
	struct message *first, **end;
	bool telling;                  /* the teller has taken a message and not finished it */
	bool left;                     /* outer_runner_free was called */
	uint32_t holders;
	struct loop *loop;
	void (*on_idle)(void *ctx);
	void *ctx;
	/* the teller's alone */
	char *name;                    /* the value of VP_RUN_IPC_NAME */
	vt_client *client;             /* NULL: not connected yet, or never to be */
	bool over;                     /* the outer runner cannot be reached, or keeps nothing: nothing more to tell */
};

struct outer_runner {
	struct arena *arena;
	struct line *line;
	pthread_t teller;
	bool has_teller;               /* the teller was started */
	struct map asked;              /* "<op>name", in the arena: what was queued */
	bool opted_out;                /* nothing queued later matters */
};

/* ---- telling: on the thread --------------------------------------------------- */

/* A runner that is not there any more stores nothing, so there is nothing to tell it. Where
 * a connection breaks in the middle, its server sees that, and stores nothing. */
static bool reached(struct line *l)
{
	if (!l->over && !l->client && vt_client_open(l->name, OUTER_PATIENCE_MS, &l->client) != VT_CLIENT_OK) {
		l->client = NULL;
		l->over = true;
	}
	return !l->over;
}

static int nothing(void *ctx, const char *name, const char *value, size_t size)
{
	(void)ctx;
	(void)name;
	(void)value;
	(void)size;
	return 0;
}

static int ask(struct line *l, const struct message *m)
{
	int kind = m->op == VT_SEEN_ENV_PREFIX ? VT_CLIENT_PREFIX : VT_CLIENT_GLOB, r;
	char *value;

	if (m->op != VT_SEEN_ENV)
		return vt_client_get_envs(l->client, kind, m->name, 1, nothing, NULL);
	r = vt_client_get_env(l->client, m->name, 1, &value, NULL);
	if (r == VT_CLIENT_OK)
		vt_client_free(value);
	return r == VT_CLIENT_NONE ? VT_CLIENT_OK : r;
}

static void tell(struct line *l, const struct message *m)
{
	if (!reached(l) || (m->op != OUTER_OPT_OUT && ask(l, m) == VT_CLIENT_OK))
		return;
	vt_client_disable_cache(l->client);
	vt_client_sync(l->client);
	l->over = true;
}

static struct message *next_message(struct line *l)
{
	struct message *m = l->first;

	if (!m)
		return NULL;
	l->first = m->next;
	if (!l->first)
		l->end = &l->first;
	return m;
}

static void line_let_go(struct line *l)
{
	struct message *m;
	bool last;

	pthread_mutex_lock(&l->lock);
	last = --l->holders == 0;
	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	while ((m = next_message(l)))
		free(m);
	vt_client_close(l->client);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->more);
	free(l->name);
	free(l);
}

/* [loop] The caller that waited for the teller may be gone by now. */
static void become_idle(void *ctx)
{
	struct line *l = ctx;

	if (!l->left)
		l->on_idle(l->ctx);
	line_let_go(l);
}

/* Waits for the next message; NULL: there will be none. The last one is over. */
static struct message *take_message(struct line *l)
{
	struct message *m;

	pthread_mutex_lock(&l->lock);
	if (l->telling && !l->first && !l->left) {
		l->holders++;
		loop_post(l->loop, become_idle, l);
	}
	l->telling = false;
	while (!l->first && !l->left)
		pthread_cond_wait(&l->more, &l->lock);
	m = l->left ? NULL : next_message(l);
	l->telling = m != NULL;
	pthread_mutex_unlock(&l->lock);
	return m;
}

static void *teller(void *ctx)
{
	struct line *l = ctx;
	struct message *m;

	while ((m = take_message(l))) {
		tell(l, m);
		free(m);
	}
	line_let_go(l);
	return NULL;
}

/* ---- queueing: on the loop ---------------------------------------------------- */

struct outer_runner *outer_runner_new(struct loop *loop, const struct env *session, void (*on_idle)(void *ctx), void *ctx)
{
	const char *name = env_get(session, "VP_RUN_IPC_NAME");
	unsigned char token[WIRE_TOKEN];
	struct outer_runner *o;
	uint32_t pid;

	if (!name || wire_parse_name(name, &pid, token) < 0)
		return NULL;
	o = xcalloc(1, sizeof *o);
	o->arena = arena_new();
	map_init(&o->asked);
	o->line = xcalloc(1, sizeof *o->line);
	o->line->name = xstrdup(name);
	o->line->end = &o->line->first;
	o->line->loop = loop;
	o->line->on_idle = on_idle;
	o->line->ctx = ctx;
	o->line->holders = 1;
	pthread_mutex_init(&o->line->lock, NULL);
	pthread_cond_init(&o->line->more, NULL);
	return o;
}

void outer_runner_free(struct outer_runner *o)
{
	struct line *l;
	bool telling;

	if (!o)
		return;
	l = o->line;
	pthread_mutex_lock(&l->lock);
	l->left = true;
	telling = l->telling;
	pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->lock);
	if (telling)
		pthread_detach(o->teller);
	else if (o->has_teller)
		pthread_join(o->teller, NULL);
	line_let_go(l);
	map_free(&o->asked);
	arena_free(o->arena);
	free(o);
}

bool outer_runner_is_busy(const struct outer_runner *o)
{
	bool busy;

	if (!o)
		return false;
	pthread_mutex_lock(&o->line->lock);
	busy = o->line->telling || o->line->first;
	pthread_mutex_unlock(&o->line->lock);
	return busy;
}

/* Signals are for the main thread. */
static void start_teller(struct outer_runner *o)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	o->has_teller = pthread_create(&o->teller, NULL, teller, o->line) == 0;
	o->line->holders += o->has_teller;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void queue(struct outer_runner *o, uint16_t op, const char *name, size_t size)
{
	struct message *m = xcalloc(1, sizeof *m + size + 1);
	struct line *l = o->line;

	m->op = op;
	memcpy(m->name, name, size);
	pthread_mutex_lock(&l->lock);
	*l->end = m;
	l->end = &m->next;
	if (!o->has_teller)
		start_teller(o);
	pthread_cond_signal(&l->more);
	/* Where no thread can be had, waiting is better than a wrong hit of the outer step. */
	while (!o->has_teller && (m = next_message(l))) {
		tell(l, m);
		free(m);
	}
	pthread_mutex_unlock(&l->lock);
}

void outer_runner_env(struct outer_runner *o, uint16_t op, const char *name, size_t size)
{
	char *key;
	void **asked;

	if (!o || o->opted_out)
		return;
	key = arena_alloc(o->arena, size + 2);
	key[0] = (char)op;
	memcpy(key + 1, name, size);
	asked = map_put(&o->asked, key, size + 1);
	if (*asked)
		return;
	*asked = key;
	queue(o, op, name, size);
}

void outer_runner_opt_out(struct outer_runner *o)
{
	if (!o || o->opted_out)
		return;
	o->opted_out = true;
	queue(o, OUTER_OPT_OUT, "", 0);
}

void outer_runner_patterns(struct outer_runner *o, const struct texts *patterns)
{
	uint32_t i;

	for (i = 0; o && i < patterns->n; i++)
		if (*patterns->at[i] != '!')
			outer_runner_env(o, glob_has_magic(patterns->at[i]) || strchr(patterns->at[i], '\\') ? VT_SEEN_ENV_GLOB : VT_SEEN_ENV,
				  patterns->at[i], strlen(patterns->at[i]));
}

void outer_runner_facts(struct outer_runner *o, const struct facts *facts)
{
	uint32_t i;

	for (i = 0; o && i < facts->n; i++) {
		const struct fact *f = &facts->at[i];

		if (f->kind == FACT_ENV || f->kind == FACT_ASKED)
			outer_runner_env(o, VT_SEEN_ENV, f->name.data, f->name.size);
		else if (f->kind == FACT_ENV_GLOB)
			outer_runner_env(o, VT_SEEN_ENV_GLOB, f->name.data, f->name.size);
		else if (f->kind == FACT_ENV_PREFIX)
			outer_runner_env(o, VT_SEEN_ENV_PREFIX, f->name.data, f->name.size);
	}
}
