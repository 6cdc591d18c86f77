#include "config.h"

#include "choose/options.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"
#include "text/json.h"
#include "text/path.h"

enum { OPTIONS_MAX = 128, DEPTH_MAX = 8, CONFIG_MAX = 4 << 20, ORIGIN_MAX = 300 };

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

int choice_wrong(const struct choice_config *config, bool user, const char *place, struct err *err, const char *fmt, ...)
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

void option_clear(struct option_value *o)
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
int option_put(struct choice *c, struct option_value *o)
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

/* Adds a map as options: {"retry": {"times": 3}} becomes retry.times=3; list items are numbered from 0. */
int option_flatten(const struct option_map *f, const cJSON *map, const char *prefix, const char *place, int depth, struct err *err)
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
			return choice_wrong(f->config, f->user, place, err, "a key here is too long");
		if (cJSON_IsNull(item))
			continue;
		if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
			if (depth == DEPTH_MAX)
				return choice_wrong(f->config, f->user, at, err, "nested too deeply");
			rc = option_flatten(f, item, key, at, depth + 1, err);
		} else {
			struct option_value o = { .key = strdup(key), .text = scalar_text(item), .place = strdup(at),
				.from_user = f->user, .from_credentials = f->credentials };

			rc = option_put(f->choice, &o) ? choice_wrong(f->config, f->user, at, err, "too many options") : 0;
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
	struct option_map f = { config, c, NULL, user, false };
	char place[128];

	if (!its)
		return 0;
	snprintf(place, sizeof place, "options.%.100s", name);
	if (!cJSON_IsObject(its))
		return choice_wrong(config, user, place, err, "`plugins.%s` must be a map; found %s", place, json_kind(its));
	if (!c->named) {
		c->named = true;
		c->from_user = user;
		if (!c->place && !(c->place = strdup(place)))
			return out_of_memory(err);
	}
	return option_flatten(&f, its, "", place, 0, err);
}

/* The options of the component, then those of the entry. */
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
	struct option_map f = { config, c, NULL, true, true };
	char want[ORIGIN_MAX], origin[ORIGIN_MAX], place[ORIGIN_MAX + 32];

	if (!origin_of(url, want))
		return 0;
	cJSON_ArrayForEach(item, all) {
		if (!origin_of(item->string, origin) || strcmp(origin, want))
			continue;
		snprintf(place, sizeof place, "credentials.%s", item->string);
		if (!cJSON_IsObject(item))
			return choice_wrong(config, true, place, err, "the credentials of '%s' must be a map; found %s", want, json_kind(item));
		return option_flatten(&f, item, "", place, 0, err);
	}
	return 0;
}
