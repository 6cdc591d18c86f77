#include "config.h"

#include "choose/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choose/find.h"
#include "choose/options.h"
#include "choose/value.h"
#include "text/json.h"
#include "vt-plugin.h"

enum { STORES_MAX = 8, PARTS_MAX = 64 };

static const char worktrees_label[] = "worktrees";
static const char *const default_parts[] = { "auto-input", "env-tracking", "output-restore" };

static int out_of_memory(struct err *err)
{
	return err_set(err, ERR_SYSTEM, "out of memory");
}

/* ---- the keys -------------------------------------------------------------- */

static int choice_add(struct choices *all, uint32_t kind, const char *name, struct choice **ret, struct err *err)
{
	struct choice *grown = realloc(all->at, (all->n + 1) * sizeof *grown);
	char *copy = strdup(name);

	if (grown)
		all->at = grown;
	if (!grown || !copy) {
		free(copy);
		return out_of_memory(err);
	}
	all->at[all->n] = (struct choice){ .name = copy, .kind = kind };
	*ret = &all->at[all->n++];
	return 0;
}

static int name_check(const struct choice_config *config, bool user, const char *place, const char *name, struct err *err)
{
	if (find_name_is_good(name))
		return 0;
	return choice_wrong(config, user, place, err, "'%.80s' is not a plugin's name: it is given by name, never by path", name);
}

static int choice_named(const struct choice_config *config, struct choice *c, bool user, const char *place, struct err *err)
{
	if (name_check(config, user, place, c->name, err))
		return -1;
	c->named = true;
	c->from_user = user;
	free(c->place);
	return (c->place = strdup(place)) ? 0 : out_of_memory(err);
}

/* The value that counts for this key, and whether it is the user's; NULL: neither file has the key. */
static const cJSON *word_on(const struct choice_config *config, const char *key, bool *ret_user)
{
	const cJSON *word = cJSON_GetObjectItemCaseSensitive(config->user, key);

	*ret_user = word != NULL;
	return word ? word : cJSON_GetObjectItemCaseSensitive(config->workspace, key);
}

/* Reads `tracer` or `fingerprint`: a name, or false for no tracer. */
static int read_single(const struct choice_config *config, struct choices *all, const char *key, uint32_t kind,
		       const char *fallback, struct err *err)
{
	struct choice *c;
	bool user;
	const cJSON *word = word_on(config, key, &user);

	if (kind == VT_KIND_TRACER && cJSON_IsFalse(word))
		return 0;
	if (word && !cJSON_IsString(word))
		return choice_wrong(config, user, key, err, "`plugins.%s` must be the name of a plugin%s; found %s", key,
			     kind == VT_KIND_TRACER ? " or false" : "", json_kind(word));
	if (choice_add(all, kind, word ? word->valuestring : fallback, &c, err))
		return -1;
	if (word && choice_named(config, c, user, key, err))
		return -1;
	return choice_options(config, c, err);
}

/* ---- what vt answers for in the entry of a store ------------------------------ */

static int amount(const struct choice_config *config, const struct option_value *v, const char *type, uint64_t *ret, struct err *err)
{
	char *canonical = NULL;
	const char *expected = value_canonical(type, v->text, &canonical);

	if (expected)
		return choice_wrong(config, v->from_user, v->place, err, "`%s` must be %s", v->key, expected);
	*ret = strtoull(canonical, NULL, 10);
	free(canonical);
	return 0;
}

static int truth(const struct choice_config *config, const struct option_value *v, bool *ret, struct err *err)
{
	*ret = strcmp(v->text, "true") == 0;
	return *ret || strcmp(v->text, "false") == 0 ? 0 : choice_wrong(config, v->from_user, v->place, err, "`%s` must be true or false", v->key);
}

static int read_mode(const struct choice_config *config, const struct option_value *v, enum store_mode *ret, struct err *err)
{
	static const char *const words[] = { "read", "write", "both" };
	uint32_t i;

	for (i = 0; i < COUNT(words); i++)
		if (strcmp(v->text, words[i]) == 0) {
			*ret = (enum store_mode)(i + 1);
			return 0;
		}
	return choice_wrong(config, v->from_user, v->place, err, "`mode` must be \"read\", \"write\" or \"both\"");
}

/* Time, or bytes. */
static int read_budget(const struct choice_config *config, const struct option_value *v, struct store_rules *r, struct err *err)
{
	char *canonical = NULL;

	if (!value_canonical("duration", v->text, &canonical)) {
		r->budget_ms = strtoull(canonical, NULL, 10);
		free(canonical);
		return 0;
	}
	if (amount(config, v, "size", &r->budget_bytes, NULL))
		return choice_wrong(config, v->from_user, v->place, err, "`budget` must be a duration as 30s or a size as 500 MiB");
	return 0;
}

/* 0: it is the plugin's own; 1: it was taken; -1. */
static int take_rule(const struct choice_config *config, struct choice *c, const struct option_value *v, struct err *err)
{
	struct store_rules *r = &c->store;
	int rc;

	if ((strcmp(v->key, "mode") == 0 || strcmp(v->key, "unsealed") == 0) && !v->from_user)
		return choice_wrong(config, false, v->place, err, "`%s` of a store is taken from the user's configuration only%s%s", v->key,
			     config->user_file ? ", " : "", config->user_file ? config->user_file : "");
	if (strcmp(v->key, "use") == 0 || strcmp(v->key, "as") == 0)
		return 1;
	if (strcmp(v->key, "mode") == 0)
		rc = read_mode(config, v, &r->mode, err);
	else if (strcmp(v->key, "optional") == 0)
		rc = truth(config, v, &r->optional, err);
	else if (strcmp(v->key, "unsealed") == 0)
		rc = truth(config, v, &r->unsealed, err);
	else if (strcmp(v->key, "timeout") == 0)
		rc = amount(config, v, "duration", &r->timeout_ms, err);
	else if (strcmp(v->key, "budget") == 0)
		rc = read_budget(config, v, r, err);
	else if (strcmp(v->key, "below") == 0)
		rc = amount(config, v, "size", &r->below, err);
	else
		return 0;
	return rc ? -1 : 1;
}

static int take_rules(const struct choice_config *config, struct choice *c, struct err *err)
{
	uint32_t i, n = 0;
	int r = 0;

	c->store.mode = STORE_BOTH;
	for (i = 0; i < c->options_n; i++) {
		struct option_value *v = &c->options[i];

		r = r < 0 ? r : take_rule(config, c, v, err);
		if (r == 1)
			option_clear(v);
		else
			c->options[n++] = *v;
	}
	c->options_n = n;
	return r < 0 ? -1 : 0;
}

static int read_as(const struct choice_config *config, struct choice *c, const cJSON *item, bool user, const char *place, struct err *err)
{
	const cJSON *as = cJSON_IsObject(item) ? cJSON_GetObjectItemCaseSensitive(item, "as") : NULL;

	if (!as)
		return 0;
	if (!cJSON_IsString(as) || !find_name_is_good(as->valuestring))
		return choice_wrong(config, user, place, err, "`as` must be a name of a-z 0-9 . _ -");
	return (c->as = strdup(as->valuestring)) ? 0 : out_of_memory(err);
}

static int read_store(const struct choice_config *config, struct choices *all, const cJSON *item, int i, bool user, struct err *err)
{
	const cJSON *use = cJSON_IsObject(item) ? cJSON_GetObjectItemCaseSensitive(item, "use") : item;
	struct choice *c;
	char place[64];
	struct option_map f = { config, NULL, "use", user, false };
	uint32_t k;

	snprintf(place, sizeof place, "stores[%d]", i);
	if (!cJSON_IsString(use))
		return choice_wrong(config, user, place, err, "a store is {\"use\": name, options...} or a name; found %s", json_kind(item));
	if (choice_add(all, VT_KIND_STORE, use->valuestring, &c, err) || choice_named(config, c, user, place, err) ||
	    read_as(config, c, item, user, place, err))
		return -1;
	for (k = 0; k + 1 < all->n; k++)
		if (all->at[k].kind == VT_KIND_STORE && strcmp(choice_label(&all->at[k]), choice_label(c)) == 0)
			return choice_wrong(config, user, place, err, "the store '%s' is listed twice; `as` gives the second a name of its own",
				     choice_label(c));
	f.choice = c;
	if (cJSON_IsObject(item) && option_flatten(&f, item, "", place, 0, err))
		return -1;
	return choice_options(config, c, err) || take_rules(config, c, err) ? -1 : 0;
}

static int put_worktrees_option(struct choice *c, const char *key, const char *text, bool wins, struct err *err)
{
	struct option_value o = { .key = strdup(key), .text = strdup(text), .place = strdup(worktrees_label), .from_user = wins };

	return option_put(c, &o) ? out_of_memory(err) : 0;
}

/* The store of a repository's worktrees, behind those that are listed, unless one there has its name. */
static int add_worktrees(const struct choice_config *config, struct choices *all, struct err *err)
{
	struct choice *c;
	uint32_t i;

	for (i = 0; i < all->n; i++)
		if (all->at[i].kind == VT_KIND_STORE && strcmp(choice_label(&all->at[i]), worktrees_label) == 0)
			return 0;
	if (choice_add(all, VT_KIND_STORE, "store-folder", &c, err))
		return -1;
	if (!(c->as = strdup(worktrees_label)))
		return out_of_memory(err);
	if (put_worktrees_option(c, "size", "10 GiB", false, err) || choice_options(config, c, err) || take_rules(config, c, err))
		return -1;
	c->store.optional = true;
	/* whatever the options of other folders say */
	return put_worktrees_option(c, "dir", config->worktrees, true, err);
}

int choices_add_local(const struct choice_config *config, struct choices *all, struct err *err)
{
	struct choice *c;

	return choice_add(all, VT_KIND_STORE, "store-local", &c, err) || choice_options(config, c, err) || take_rules(config, c, err) ? -1 : 0;
}

static int read_stores(const struct choice_config *config, struct choices *all, struct err *err)
{
	const cJSON *item;
	bool user;
	const cJSON *word = word_on(config, "stores", &user);
	int i = 0;

	if (!word) {
		if (choices_add_local(config, all, err))
			return -1;
		return config->worktrees ? add_worktrees(config, all, err) : 0;
	}
	if (!cJSON_IsArray(word))
		return choice_wrong(config, user, "stores", err, "`plugins.stores` must be a list; found %s", json_kind(word));
	if (cJSON_GetArraySize(word) > STORES_MAX)
		return choice_wrong(config, user, "stores", err, "`plugins.stores` may hold %d at most", STORES_MAX);
	cJSON_ArrayForEach(item, word)
		if (read_store(config, all, item, i++, user, err))
			return -1;
	return config->worktrees ? add_worktrees(config, all, err) : 0;
}

static int part_order(const void *a, const void *b)
{
	return strcmp(((const struct choice *)a)->name, ((const struct choice *)b)->name);
}

/* Applies the `parts` of one file to the choices from `first` on. */
static int read_parts_of(const struct choice_config *config, struct choices *all, uint32_t first, bool user, struct err *err)
{
	const cJSON *map = cJSON_GetObjectItemCaseSensitive(user ? config->user : config->workspace, "parts"), *item;
	char place[128];

	if (map && !cJSON_IsObject(map))
		return choice_wrong(config, user, "parts", err, "`plugins.parts` must be a map from names to true or false; found %s", json_kind(map));
	cJSON_ArrayForEach(item, map) {
		struct option_map f = { config, NULL, NULL, user, false };
		uint32_t i = first;

		snprintf(place, sizeof place, "parts.%.80s", item->string);
		if (!cJSON_IsBool(item) && !cJSON_IsObject(item))
			return choice_wrong(config, user, place, err, "`plugins.%s` must be true, false or a map of options; found %s",
				     place, json_kind(item));
		while (i < all->n && strcmp(all->at[i].name, item->string))
			i++;
		if (cJSON_IsFalse(item)) {
			if (i < all->n) {
				choice_free(&all->at[i]);
				all->at[i] = all->at[--all->n];
			}
			continue;
		}
		if (all->n - first >= PARTS_MAX)
			return choice_wrong(config, user, place, err, "more than %d parts", PARTS_MAX);
		if (i == all->n && choice_add(all, VT_KIND_PART, item->string, &f.choice, err))
			return -1;
		f.choice = &all->at[i];
		if (choice_named(config, f.choice, user, place, err))
			return -1;
		if (cJSON_IsObject(item) && option_flatten(&f, item, "", place, 0, err))
			return -1;
	}
	return 0;
}

static int read_parts(const struct choice_config *config, struct choices *all, struct err *err)
{
	uint32_t first = all->n;
	struct choice *c;
	uint32_t i;

	for (i = 0; i < COUNT(default_parts); i++)
		if (choice_add(all, VT_KIND_PART, default_parts[i], &c, err))
			return -1;
	if (read_parts_of(config, all, first, false, err) || read_parts_of(config, all, first, true, err))
		return -1;
	for (i = first; i < all->n; i++)
		if (choice_options(config, &all->at[i], err))
			return -1;
	if (all->n > first)
		qsort(all->at + first, all->n - first, sizeof *all->at, part_order);
	return 0;
}

static int read_keys(const struct choice_config *config, bool user, struct err *err)
{
	static const char *const known[] = { "tracer", "fingerprint", "stores", "parts", "worktrees", "options", "paths", "credentials", "sharing" };
	const cJSON *map = user ? config->user : config->workspace, *item;

	cJSON_ArrayForEach(item, map) {
		uint32_t i = 0;

		while (i < COUNT(known) && strcmp(item->string, known[i]))
			i++;
		if (i == COUNT(known))
			return choice_wrong(config, user, item->string, err, "unknown key `%s` in `plugins`; known are tracer, fingerprint, stores, parts, worktrees, options%s",
				     item->string, user ? ", paths, credentials, sharing" : "");
		if (i >= 6 && !user)
			return choice_wrong(config, user, item->string, err, "`plugins.%s` is taken from the user's configuration only%s%s",
				     item->string, config->user_file ? ", " : "", config->user_file ? config->user_file : "");
		if (i == 4 && !cJSON_IsBool(item))
			return choice_wrong(config, user, item->string, err, "`plugins.worktrees` must be true or false; found %s", json_kind(item));
		if ((i == 5 || i == 7 || i == 8) && !cJSON_IsObject(item))
			return choice_wrong(config, user, item->string, err, "`plugins.%s` must be a map; found %s", item->string, json_kind(item));
	}
	return 0;
}

bool choice_worktrees(const struct choice_config *config, bool keyed)
{
	bool user;
	const cJSON *lists = word_on(config, "stores", &user);

	return !cJSON_IsFalse(word_on(config, "worktrees", &user)) && (keyed || !lists);
}

int choices_read(const struct choice_config *config, struct choices *ret, struct err *err)
{
	struct choices all = { 0 };

	if (read_keys(config, false, err) || read_keys(config, true, err) ||
	    read_single(config, &all, "tracer", VT_KIND_TRACER, "trace-linux", err) ||
	    read_single(config, &all, "fingerprint", VT_KIND_FINGERPRINT, "fingerprint-content", err) ||
	    read_stores(config, &all, err) || read_parts(config, &all, err)) {
		choices_free(&all);
		return -1;
	}
	*ret = all;
	return 0;
}
