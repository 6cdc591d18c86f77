#include "config.h"

#include "cmd/places.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "os/answers.h"
#include "report/warnings.h"

enum { PATIENCE_MS = 3000, VARIABLES = 6, FOLDERS = VARIABLES + 3 };

static const char *const variables[VARIABLES] = { "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR" };
static const char *const of_home[] = { ".cache", ".config", ".local/share" };

struct places {
	struct arena *arena;
	const struct env *env;                     /* the session's */
	const char *paths[FOLDERS];
	int variable[FOLDERS];                     /* index of the variable that names paths[i] */
	uint32_t n;
	pthread_mutex_t lock;                      /* guards all below */
	const struct env *usable;                  /* the answer; NULL: no folder was asked yet */
};

static void add(struct places *p, int variable, const char *path)
{
	p->variable[p->n] = variable;
	p->paths[p->n++] = path;
}

struct places *places_new(const struct env *env)
{
	struct places *p = xcalloc(1, sizeof *p);

	p->arena = arena_new();
	p->env = env;
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void places_free(struct places *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	arena_free(p->arena);
	free(p);
}

static void list(struct places *p)
{
	uint32_t i, k;

	for (i = 0; i < VARIABLES; i++) {
		const char *path = env_get(p->env, variables[i]);

		if (!path || path[0] != '/')
			continue;
		add(p, (int)i, path);
		/* folders of HOME that may be mounts */
		for (k = 0; i == 0 && k < COUNT(of_home); k++)
			add(p, 0, arena_printf(p->arena, "%s/%s", path, of_home[k]));
	}
}

static void ask_all(struct places *p, struct warnings *warnings)
{
	struct env_pair without[VARIABLES];
	bool silent[VARIABLES] = { false };
	struct answers *answers;
	uint32_t i, n = 0;

	list(p);
	answers = answers_ask(p->paths, p->n);
	for (i = 0; i < p->n; i++) {
		int v = p->variable[i];

		if (silent[v] || answers_wait(answers, i, PATIENCE_MS))
			continue;
		silent[v] = true;
		without[n++] = (struct env_pair){ variables[v], NULL };
		warnings_add(warnings, arena_printf(p->arena, "%s: the folder %s does not answer; vt goes on without it", variables[v], p->paths[i]));
	}
	answers_free(answers);
	p->usable = env_with(p->arena, p->env, without, n);
}

const struct env *places_env(const struct session *s)
{
	struct places *p = s->places;

	if (!p)
		return s->env;
	pthread_mutex_lock(&p->lock);
	if (!p->usable)
		ask_all(p, s->warnings);
	pthread_mutex_unlock(&p->lock);
	return p->usable;
}
