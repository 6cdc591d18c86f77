#include "config.h"

#include "choose/choice.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "choose/find.h"
#include "choose/value.h"
#include "os/file.h"
#include "text/json.h"
#include "text/path.h"
#include "vt-plugin.h"

enum { OPTIONS_MAX = 128, STORES_MAX = 8, PARTS_MAX = 64, DEPTH_MAX = 8, CONFIG_MAX = 4 << 20, ORIGIN_MAX = 300 };

static const char worktrees_label[] = "worktrees";
static const char *const default_parts[] = { "auto-input", "env-tracking", "output-restore" };

static int out_of_memory(struct err *err)
{
	return err_set(err, ERR_SYSTEM, "out of memory");
}

/* ---- where something stands ------------------------------------------------ */

/* Follows "stores[0].url" and returns the deepest node that exists. */
static const cJSON *follow(const cJSON *node, const char *place)
{
	while (node && *place) {
		const cJSON *next = NULL;

		if (*place == '[') {
			char *end;
			long i = strtol(place + 1, &end, 10);

			next = cJSON_GetArrayItem(node, (int)i);
			place = *end ? end + 1 : end;
		} else {
			/* a key may contain dots: the longest one that matches counts */
			const cJSON *item;
			size_t best = 0;

			cJSON_ArrayForEach(item, node) {
				size_t n = item->string ? strlen(item->string) : 0;

				if (n && n >= best && strncmp(place, item->string, n) == 0 && strchr(".[", place[n])) {
					best = n;
					next = item;
				}
			}
			place += best;
		}
		if (*place == '.')
			place++;
		if (!next)
			break;
		node = next;
	}
	return node;
}

static char *where_in(const char *file, const char *shown, const char *place)
{
	struct arena *a = arena_new();
	struct json_doc *doc = NULL;
	struct err err = { 0 };
	struct bytes text;
	const cJSON *node;
	char *ret = NULL;
	int line, column;

	if (!file_read(file, CONFIG_MAX, a, &text, &err) &&
	    !json_read(file, text.data, text.size, JSON_COMMENTS, &doc, &err)) {
		node = follow(cJSON_GetObjectItemCaseSensitive(json_root(doc), "plugins"), place);
		json_where(doc, node ? node : json_root(doc), &line, &column);
		if (asprintf(&ret, "%s:%d:%d", shown, line, column) < 0)
			ret = NULL;
		json_free(doc);
	}
	err_clear(&err);
	arena_free(a);
	return ret ? ret : strdup(shown);
}

char *choice_where(const struct choice_config *config, bool user, const char *place)
{
	const char *file = user ? config->user_file : config->workspace_file, *shown;

	if (!file)
		return strdup(user ? "the user's configuration" : "vite-task.json");
	shown = config->root && !user ? path_below(config->root, file) : file;
	return where_in(file, shown && *shown ? shown : file, place);
}

static int wrong(const struct choice_config *config, bool user, const char *place, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static int wrong(const struct choice_config *config, bool user, const char *place, struct err *err, const char *fmt, ...)
{
	char *where = choice_where(config, user, place), text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_set(err, ERR_USER, "%s: %s", where ? where : "configuration", text);
	free(where);
	return -1;
}

/* ---- options --------------------------------------------------------------- */

static void option_clear(struct option_value *o)
{
	free(o->key);
	free(o->text);
	free(o->place);
}

void choice_free(struct choice *c)
{
	uint32_t i;

	for (i = 0; i < c->options_n; i++)
		option_clear(&c->options[i]);
	free(c->options);
	free(c->name);
	free(c->as);
	free(c->place);
	*c = (struct choice){ 0 };
}

const char *choice_label(const struct choice *c)
{
	return c->as ? c->as : c->name;
}

void choices_free(struct choices *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		choice_free(&c->at[i]);
	free(c->at);
	*c = (struct choices){ 0 };
}

/* Adds an option, taking over what `o` owns. A later value replaces an earlier one, but the
 * workspace's never replaces the user's. */
static int option_put(struct choice *c, struct option_value *o)
{
	struct option_value *grown;
	uint32_t i;

	if (!o->key || !o->text || !o->place) {
		option_clear(o);
		return -1;
	}
	for (i = 0; i < c->options_n; i++)
		if (strcmp(c->options[i].key, o->key) == 0) {
			bool stays = c->options[i].from_user && !o->from_user;

			option_clear(stays ? o : &c->options[i]);
			if (!stays)
				c->options[i] = *o;
			return 0;
		}
	grown = c->options_n < OPTIONS_MAX ? realloc(c->options, (c->options_n + 1) * sizeof *grown) : NULL;
	if (!grown) {
		option_clear(o);
		return -1;
	}
	c->options = grown;
	c->options[c->options_n++] = *o;
	return 0;
}

static char *scalar_text(const cJSON *value)
{
	char *text = NULL;

	if (cJSON_IsString(value))
		return strdup(value->valuestring);
	if (cJSON_IsBool(value))
		return strdup(cJSON_IsTrue(value) ? "true" : "false");
	if (asprintf(&text, fabs(value->valuedouble) < 9e15 && value->valuedouble == floor(value->valuedouble) ? "%.0f" : "%.17g",
		     value->valuedouble) < 0)
		return NULL;
	return text;
}

struct flatten {
	const struct choice_config *config;
	struct choice *choice;
	const char *skip;          /* a key of the first level that is no option; NULL: none */
	bool user, credentials;
};

/* Adds a map as options: {"retry": {"times": 3}} becomes retry.times=3; list items are numbered from 0. */
static int flatten(const struct flatten *f, const cJSON *map, const char *prefix, const char *place, int depth, struct err *err)
{
	const cJSON *item;
	int i = 0, rc = 0;

	cJSON_ArrayForEach(item, map) {
		char key[256], at[512], number[16];
		bool list = cJSON_IsArray(map);

		snprintf(number, sizeof number, "%d", i++);
		if (!list && f->skip && !depth && strcmp(item->string, f->skip) == 0)
			continue;
		if (snprintf(key, sizeof key, "%s%s%s", prefix, *prefix ? "." : "", list ? number : item->string) >= (int)sizeof key ||
		    snprintf(at, sizeof at, list ? "%s[%s]" : "%s.%s", place, list ? number : item->string) >= (int)sizeof at)
			return wrong(f->config, f->user, place, err, "a key here is too long");
		if (cJSON_IsNull(item))
			continue;
		if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
			if (depth == DEPTH_MAX)
				return wrong(f->config, f->user, at, err, "nested too deeply");
			rc = flatten(f, item, key, at, depth + 1, err);
		} else {
			struct option_value o = { .key = strdup(key), .text = scalar_text(item), .place = strdup(at),
				.from_user = f->user, .from_credentials = f->credentials };

			rc = option_put(f->choice, &o) ? wrong(f->config, f->user, at, err, "too many options") : 0;
		}
		if (rc)
			return rc;
	}
	return 0;
}

static int options_under(const struct choice_config *config, struct choice *c, const char *name, bool user, struct err *err)
{
	const cJSON *all = cJSON_GetObjectItemCaseSensitive(user ? config->user : config->workspace, "options");
	const cJSON *its = cJSON_GetObjectItemCaseSensitive(all, name);
	struct flatten f = { config, c, NULL, user, false };
	char place[128];

	if (!its)
		return 0;
	snprintf(place, sizeof place, "options.%.100s", name);
	if (!cJSON_IsObject(its))
		return wrong(config, user, place, err, "`plugins.%s` must be a map; found %s", place, json_kind(its));
	if (!c->named) {
		c->named = true;
		c->from_user = user;
		if (!c->place && !(c->place = strdup(place)))
			return out_of_memory(err);
	}
	return flatten(&f, its, "", place, 0, err);
}

/* Those of the component, then those of the entry. */
static int options_from(const struct choice_config *config, struct choice *c, bool user, struct err *err)
{
	if (options_under(config, c, c->name, user, err))
		return -1;
	return c->as && strcmp(c->as, c->name) != 0 ? options_under(config, c, c->as, user, err) : 0;
}

int choice_options(const struct choice_config *config, struct choice *c, struct err *err)
{
	return options_from(config, c, false, err) || options_from(config, c, true, err) ? -1 : 0;
}

/* The origin of a URL: of "https://Cache.corp:443/x" "https://cache.corp:443". */
static bool origin_of(const char *url, char ret[ORIGIN_MAX])
{
	const char *host = strstr(url, "://");
	size_t n, i;

	if (!host)
		return false;
	host += 3;
	n = (size_t)(host - url) + strcspn(host, "/?#");
	if (n >= ORIGIN_MAX || memchr(host, '@', n - (size_t)(host - url)))
		return false;
	for (i = 0; i < n; i++)
		ret[i] = (char)tolower((unsigned char)url[i]);
	ret[n] = '\0';
	return true;
}

bool choice_same_origin(const char *url, const char *other)
{
	char a[ORIGIN_MAX], b[ORIGIN_MAX];

	return origin_of(url, a) && origin_of(other, b) && strcmp(a, b) == 0;
}

int choice_credentials(const struct choice_config *config, struct choice *c, const char *url, struct err *err)
{
	const cJSON *all = cJSON_GetObjectItemCaseSensitive(config->user, "credentials"), *item;
	struct flatten f = { config, c, NULL, true, true };
	char want[ORIGIN_MAX], origin[ORIGIN_MAX], place[ORIGIN_MAX + 32];

	if (!origin_of(url, want))
		return 0;
	cJSON_ArrayForEach(item, all) {
		if (!origin_of(item->string, origin) || strcmp(origin, want))
			continue;
		snprintf(place, sizeof place, "credentials.%s", item->string);
		if (!cJSON_IsObject(item))
			return wrong(config, true, place, err, "the credentials of '%s' must be a map; found %s", want, json_kind(item));
		return flatten(&f, item, "", place, 0, err);
	}
	return 0;
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
	return wrong(config, user, place, err, "'%.80s' is not a plugin's name: it is given by name, never by path", name);
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
		return wrong(config, user, key, err, "`plugins.%s` must be the name of a plugin%s; found %s", key,
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
		return wrong(config, v->from_user, v->place, err, "`%s` must be %s", v->key, expected);
	*ret = strtoull(canonical, NULL, 10);
	free(canonical);
	return 0;
}

static int truth(const struct choice_config *config, const struct option_value *v, bool *ret, struct err *err)
{
	*ret = strcmp(v->text, "true") == 0;
	return *ret || strcmp(v->text, "false") == 0 ? 0 : wrong(config, v->from_user, v->place, err, "`%s` must be true or false", v->key);
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
	return wrong(config, v->from_user, v->place, err, "`mode` must be \"read\", \"write\" or \"both\"");
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
		return wrong(config, v->from_user, v->place, err, "`budget` must be a duration as 30s or a size as 500 MiB");
	return 0;
}

/* 0: it is the plugin's own; 1: it was taken; -1. */
static int take_rule(const struct choice_config *config, struct choice *c, const struct option_value *v, struct err *err)
{
	struct store_rules *r = &c->store;
	int rc;

	if ((strcmp(v->key, "mode") == 0 || strcmp(v->key, "unsealed") == 0) && !v->from_user)
		return wrong(config, false, v->place, err, "`%s` of a store is taken from the user's configuration only%s%s", v->key,
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
		return wrong(config, user, place, err, "`as` must be a name of a-z 0-9 . _ -");
	return (c->as = strdup(as->valuestring)) ? 0 : out_of_memory(err);
}

static int read_store(const struct choice_config *config, struct choices *all, const cJSON *item, int i, bool user, struct err *err)
{
	const cJSON *use = cJSON_IsObject(item) ? cJSON_GetObjectItemCaseSensitive(item, "use") : item;
	struct choice *c;
	char place[64];
	struct flatten f = { config, NULL, "use", user, false };
	uint32_t k;

	snprintf(place, sizeof place, "stores[%d]", i);
	if (!cJSON_IsString(use))
		return wrong(config, user, place, err, "a store is {\"use\": name, options...} or a name; found %s", json_kind(item));
	if (choice_add(all, VT_KIND_STORE, use->valuestring, &c, err) || choice_named(config, c, user, place, err) ||
	    read_as(config, c, item, user, place, err))
		return -1;
	for (k = 0; k + 1 < all->n; k++)
		if (all->at[k].kind == VT_KIND_STORE && strcmp(choice_label(&all->at[k]), choice_label(c)) == 0)
			return wrong(config, user, place, err, "the store '%s' is listed twice; `as` gives the second a name of its own",
				     choice_label(c));
	f.choice = c;
	if (cJSON_IsObject(item) && flatten(&f, item, "", place, 0, err))
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
		return wrong(config, user, "stores", err, "`plugins.stores` must be a list; found %s", json_kind(word));
	if (cJSON_GetArraySize(word) > STORES_MAX)
		return wrong(config, user, "stores", err, "`plugins.stores` may hold %d at most", STORES_MAX);
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
		return wrong(config, user, "parts", err, "`plugins.parts` must be a map from names to true or false; found %s", json_kind(map));
	cJSON_ArrayForEach(item, map) {
		struct flatten f = { config, NULL, NULL, user, false };
		uint32_t i = first;

		snprintf(place, sizeof place, "parts.%.80s", item->string);
		if (!cJSON_IsBool(item) && !cJSON_IsObject(item))
			return wrong(config, user, place, err, "`plugins.%s` must be true, false or a map of options; found %s",
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
			return wrong(config, user, place, err, "more than %d parts", PARTS_MAX);
		if (i == all->n && choice_add(all, VT_KIND_PART, item->string, &f.choice, err))
			return -1;
		f.choice = &all->at[i];
		if (choice_named(config, f.choice, user, place, err))
			return -1;
		if (cJSON_IsObject(item) && flatten(&f, item, "", place, 0, err))
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
			return wrong(config, user, item->string, err, "unknown key `%s` in `plugins`; known are tracer, fingerprint, stores, parts, worktrees, options%s",
				     item->string, user ? ", paths, credentials, sharing" : "");
		if (i >= 6 && !user)
			return wrong(config, user, item->string, err, "`plugins.%s` is taken from the user's configuration only%s%s",
				     item->string, config->user_file ? ", " : "", config->user_file ? config->user_file : "");
		if (i == 4 && !cJSON_IsBool(item))
			return wrong(config, user, item->string, err, "`plugins.worktrees` must be true or false; found %s", json_kind(item));
		if ((i == 5 || i == 7 || i == 8) && !cJSON_IsObject(item))
			return wrong(config, user, item->string, err, "`plugins.%s` must be a map; found %s", item->string, json_kind(item));
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
