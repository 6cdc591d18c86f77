#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/texts.h"
#include "os/file.h"
#include "workspace/load.h"

enum { VARIABLES_MAX = 1024 };         /* of one package.json */

static int parse(const char *file, struct bytes text, struct json_doc **ret, struct err *err)
{
	if (json_read(file, text.data, text.size, JSON_STRICT, ret, err))
		return err_wrap(err, "Failed to parse JSON file at %s", file);
	return 0;
}

int manifest_open(const char *file, struct arena *scratch, struct json_doc **ret, struct err *err)
{
	struct bytes text;
	int r = file_read(file, WORKSPACE_FILE_MAX, scratch, &text, err);

	return r ? r : parse(file, text, ret, err);
}

/* Checks that `node` is a map of strings; how many it has, or -1. */
static int strings(const struct json_doc *doc, const cJSON *node, struct err *err)
{
	const cJSON *item;
	int n = 0;

	if (!cJSON_IsObject(node))
		return json_fail_type(doc, node, err, "a map");
	for (item = node->child; item; item = item->next, n++)
		if (!cJSON_IsString(item))
			return json_fail_type(doc, item, err, "a string");
	return n;
}

static int read_scripts(const struct json_doc *doc, const cJSON *node, struct arena *a, struct manifest *m, struct err *err)
{
	const cJSON *item;
	int n = strings(doc, node, err);

	if (n < 0)
		return -1;
	m->scripts = arena_array(a, (size_t)n + 1, sizeof *m->scripts);
	for (item = node->child; item; item = item->next) {
		struct script *s = &m->scripts[m->scripts_n++];

		s->name = arena_str(a, item->string);
		s->command = arena_str(a, item->valuestring);
	}
	return 0;
}

/* May the value make an edge? No other value is kept: see edges.c. */
static bool may_be_ours(const char *value, bool ranges)
{
	return ranges || strncmp(value, "workspace:", 10) == 0 || edges_path_value(value);
}

/* Frameworks, and the variables that they compile into their results. */
static const struct {
	const char *package, *pattern;
} frameworks[] = {
	{ "next", "NEXT_PUBLIC_*" }, { "nuxt", "NUXT_PUBLIC_*" }, { "astro", "PUBLIC_*" }, { "@sveltejs/kit", "PUBLIC_*" },
	{ "gatsby", "GATSBY_*" }, { "react-scripts", "REACT_APP_*" }, { "@vue/cli-service", "VUE_APP_*" }, { "expo", "EXPO_PUBLIC_*" },
};

static bool has(const struct texts *list, const char *text)
{
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (strcmp(list->at[i], text) == 0)
			return true;
	return false;
}

static void note_framework(const char *name, struct arena *a, struct manifest *m)
{
	size_t i;

	for (i = 0; i < COUNT(frameworks); i++)
		if (strcmp(frameworks[i].package, name) == 0 && !has(&m->frameworks, frameworks[i].pattern))
			texts_add(a, &m->frameworks, frameworks[i].pattern);
}

static int read_dependencies(const struct json_doc *doc, const cJSON *node, enum edge_type type, bool ranges, struct arena *a, struct manifest *m, struct err *err)
{
	const cJSON *item;
	struct dependency *more, *d;
	int n = strings(doc, node, err);

	if (n < 0)
		return -1;
	for (item = node->child; item; item = item->next)
		note_framework(item->string, a, m);
	for (item = node->child; item && !ranges; item = item->next)
		n -= !may_be_ours(item->valuestring, ranges);
	if (!n)
		return 0;
	more = arena_array(a, (size_t)n + m->dependencies_n, sizeof *more);
	if (m->dependencies_n)
		memcpy(more, m->dependencies, m->dependencies_n * sizeof *more);
	m->dependencies = more;
	for (item = node->child; item; item = item->next) {
		if (!may_be_ours(item->valuestring, ranges))
			continue;
		d = &m->dependencies[m->dependencies_n++];
		d->name = arena_str(a, item->string);
		d->value = arena_str(a, item->valuestring);
		d->type = type;
	}
	return 0;
}

static int read_name(const struct json_doc *doc, const cJSON *node, struct arena *a, struct manifest *m, struct err *err)
{
	if (!cJSON_IsString(node))
		return json_fail_type(doc, node, err, "a string");
	m->name = arena_str(a, node->valuestring);
	return 0;
}

static const char *variable_value(const cJSON *item, struct arena *a)
{
	const char *short_form;

	if (cJSON_IsString(item))
		return arena_str(a, item->valuestring);
	if (cJSON_IsTrue(item))
		return "true";
	if (!cJSON_IsNumber(item))
		return "";
	short_form = arena_printf(a, "%.15g", item->valuedouble);
	return strtod(short_form, NULL) == item->valuedouble ? short_form : arena_printf(a, "%.17g", item->valuedouble);
}

/* A member of package.json as npm gives it to scripts: a nested one has all names of its way, joined by `_`. */
static void add_variables(const cJSON *item, const char *name, struct arena *a, struct manifest *m)
{
	const cJSON *below;
	uint32_t i = 0;

	if (m->variables_n == VARIABLES_MAX)
		return;
	if (!cJSON_IsObject(item) && !cJSON_IsArray(item)) {
		m->variables = arena_grow(a, m->variables, m->variables_n, sizeof *m->variables);
		m->variables[m->variables_n++] = (struct env_pair){ name, variable_value(item, a) };
		return;
	}
	for (below = item->child; below; below = below->next, i++)
		if (cJSON_IsArray(item))
			add_variables(below, arena_printf(a, "%s_%u", name, i), a, m);
		else if (!strchr(below->string, '='))
			add_variables(below, arena_printf(a, "%s_%s", name, below->string), a, m);
}

/* The members that npm gives to scripts. */
static void read_variables(const cJSON *root, struct arena *a, struct manifest *m)
{
	uint32_t before;
	static const char *const names[] = { "name", "version", "config", "engines" };
	const cJSON *item;
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if ((item = cJSON_GetObjectItemCaseSensitive(root, names[i])))
			add_variables(item, arena_printf(a, "npm_package_%s", names[i]), a, m);
	item = cJSON_GetObjectItemCaseSensitive(root, "bin");
	before = m->variables_n;
	if (cJSON_IsObject(item))
		add_variables(item, "npm_package_bin", a, m);
	for (; before < m->variables_n; before++)
		if (strncmp(m->variables[before].value, "./", 2) == 0)
			m->variables[before].value += 2;
}

int manifest_read(const struct json_doc *doc, const char *file, bool ranges, struct arena *a, struct manifest *ret, struct err *err)
{
	struct manifest m = { .name = "" };
	const cJSON *root = json_root(doc), *item;
	int r = 0;

	if (!cJSON_IsObject(root))
		r = json_fail_type(doc, root, err, "a map");
	for (item = root->child; item && !r; item = item->next) {
		if (strcmp(item->string, "name") == 0)
			r = read_name(doc, item, a, &m, err);
		else if (strcmp(item->string, "scripts") == 0)
			r = read_scripts(doc, item, a, &m, err);
		else if (strcmp(item->string, "dependencies") == 0 || strcmp(item->string, "optionalDependencies") == 0)
			r = read_dependencies(doc, item, EDGE_NORMAL, ranges, a, &m, err);
		else if (strcmp(item->string, "devDependencies") == 0)
			r = read_dependencies(doc, item, EDGE_DEV, ranges, a, &m, err);
		else if (strcmp(item->string, "peerDependencies") == 0)
			r = read_dependencies(doc, item, EDGE_PEER, ranges, a, &m, err);
		else if (strcmp(item->string, "version") == 0 && cJSON_IsString(item))
			m.version = arena_str(a, item->valuestring);
	}
	if (r)
		return err_wrap(err, "Failed to parse JSON file at %s", file);
	if (m.scripts_n)
		read_variables(root, a, &m);
	*ret = m;
	return 0;
}

int manifest_from(const char *file, struct bytes text, bool ranges, struct arena *a, struct manifest *ret, struct err *err)
{
	struct json_doc *doc = NULL;
	int r = parse(file, text, &doc, err);

	if (!r)
		r = manifest_read(doc, file, ranges, a, ret, err);
	json_free(doc);
	return r;
}
