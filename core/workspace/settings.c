#include "config.h"

#include <string.h>

#include "base/texts.h"
#include "text/glob.h"
#include "workspace/load.h"

void settings_free(struct settings *s)
{
	map_free(&s->found);
}

const struct task_config *settings_default(struct settings *s, const char *name)
{
	void **place = map_puts(&s->found, name);
	uint32_t i, found = (uint32_t)(uintptr_t)*place;

	if (found)
		return found <= s->n ? &s->defaults[found - 1] : NULL;
	for (i = 0; i < s->n && strcmp(s->defaults[i].name, name) != 0; )
		i++;
	if (i == s->n)
		for (i = 0; i < s->n && !(s->globs[i] && glob_match(s->globs[i], name, strlen(name))); )
			i++;
	*place = (void *)(uintptr_t)(i + 1);
	return i < s->n ? &s->defaults[i] : NULL;
}

static bool is_inherited(const char *text)
{
	return strcmp(text, INHERITED) == 0;
}

/* A list of texts with the inherited list in the place of INHERITED; `below` may be NULL: nothing. */
static struct texts join_texts(struct arena *a, const struct texts *own, const struct texts *below)
{
	struct texts ret = { NULL, 0 };
	uint32_t i, k;

	for (i = 0; i < own->n; i++) {
		if (!is_inherited(own->at[i]))
			texts_add(a, &ret, own->at[i]);
		for (k = 0; below && is_inherited(own->at[i]) && k < below->n; k++)
			texts_add(a, &ret, below->at[k]);
	}
	return ret;
}

static void add_glob(struct arena *a, struct glob_entries *list, const struct glob_entry *e)
{
	list->at = arena_grow(a, list->at, list->n, sizeof *list->at);
	list->at[list->n++] = *e;
}

/* The same for patterns. `below`: the list that would hold without this one. */
static struct glob_entries join_globs(struct arena *a, const struct glob_entries *own, const struct glob_entries *below)
{
	struct glob_entries ret = { .given = true, .automatic = own->automatic };
	uint32_t i, k;

	for (i = 0; i < own->n; i++) {
		if (!is_inherited(own->at[i].pattern)) {
			add_glob(a, &ret, &own->at[i]);
			continue;
		}
		ret.automatic |= below->automatic;
		for (k = 0; k < below->n; k++)
			add_glob(a, &ret, &below->at[k]);
	}
	return ret;
}

static void add_depends(struct arena *a, struct task_config *t, const struct depends_on *d)
{
	t->depends = arena_grow(a, t->depends, t->depends_n, sizeof *t->depends);
	t->depends[t->depends_n++] = *d;
}

static void join_depends(struct arena *a, const struct task_config *own, const struct task_config *below, struct task_config *ret)
{
	uint32_t i, k;

	ret->depends = NULL;
	ret->depends_n = 0;
	for (i = 0; i < own->depends_n; i++) {
		if (own->depends[i].from || !is_inherited(own->depends[i].text)) {
			add_depends(a, ret, &own->depends[i]);
			continue;
		}
		for (k = 0; k < below->depends_n; k++)
			add_depends(a, ret, &below->depends[k]);
	}
}

/* The keys of `own`, and where it has none those of `below`. */
static struct task_config *merge(struct arena *a, const struct task_config *own, const struct task_config *below)
{
	struct task_config *t = arena_copy(a, below, sizeof *below);

	t->name = own->name;
	t->command = own->command;
	t->command_is_array = own->command_is_array;
	t->group = own->group;
	t->given = own->given | below->given;
	t->joins = false;
	if (own->given & 1u << KEY_CWD)
		t->cwd = own->cwd;
	if (own->given & 1u << KEY_DESCRIPTION)
		t->description = own->description;
	if (own->given & 1u << KEY_TIMEOUT)
		t->timeout_ms = own->timeout_ms;
	if (own->given & 1u << KEY_RETRIES)
		t->retries = own->retries;
	if (own->given & 1u << KEY_WEIGHT)
		t->weight = own->weight;
	if (own->given & 1u << KEY_PERSISTENT)
		t->persistent = own->persistent;
	if (own->given & 1u << KEY_READY)
		t->ready = own->ready;
	if (own->given & 1u << KEY_CACHE)
		t->cache = own->cache;
	if (own->given & 1u << KEY_HEED_OPT_OUT)
		t->deaf = own->deaf;
	if (own->given & 1u << KEY_ENV)
		t->env = join_texts(a, &own->env, &below->env);
	if (own->given & 1u << KEY_UNTRACKED_ENV)
		t->untracked = join_texts(a, &own->untracked, &below->untracked);
	if (own->given & 1u << KEY_TRUSTED_SOCKETS)
		t->trusted = join_texts(a, &own->trusted, &below->trusted);
	if (own->given & 1u << KEY_INPUT)
		t->input = join_globs(a, &own->input, &below->input);
	if (own->given & 1u << KEY_OUTPUT)
		t->output = join_globs(a, &own->output, &below->output);
	if (own->given & 1u << KEY_DEPENDS_ON)
		join_depends(a, own, below, t);
	t->cache = t->cache && !t->persistent;
	if (!t->persistent)
		t->ready = NULL;
	return t;
}

/* The settings of a task whose entry gives none. */
static const struct task_config nothing = { .cwd = "", .cache = true, .weight = 1, .input = { .automatic = true } };

void settings_init(struct settings *s, const struct config *root, struct arena *a)
{
	uint32_t i;

	*s = (struct settings){ .defaults = root->defaults, .n = root->defaults_n, .a = a };
	map_init(&s->found);
	s->globs = arena_array(a, s->n + 1, sizeof *s->globs);
	for (i = 0; i < s->n; i++) {
		if (s->defaults[i].joins)  /* nothing is inherited there */
			s->defaults[i] = *merge(a, &s->defaults[i], &nothing);
		if (glob_make(a, s->defaults[i].name, GLOB_NAME, &s->globs[i], NULL) < 0)
			s->globs[i] = NULL;
	}
}

/* Does an entry turn the caching of a script on? */
static bool asks_for_cache(const struct task_config *c)
{
	return c->given & (1u << KEY_INPUT | 1u << KEY_OUTPUT) || (c->given & 1u << KEY_CACHE && c->cache);
}

const struct task_config *settings_of(struct settings *s, const char *name, const struct task_config *own, bool *ret_asks)
{
	const struct task_config *below = s->n ? settings_default(s, name) : NULL;

	*ret_asks = (own && asks_for_cache(own)) || (below && strcmp(below->name, name) == 0 && asks_for_cache(below));
	if (own && (below || own->joins))
		return merge(s->a, own, below ? below : &nothing);
	return own ? own : below ? below : &nothing;
}
