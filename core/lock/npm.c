#include "config.h"

#include <string.h>

#include "lock/inside.h"
#include "text/path.h"

/* package-lock.json, versions 2 and 3: "packages" has a package at each place in the tree: ""
 * and "packages/a" of the workspace, "node_modules/x", "packages/a/node_modules/y". */

static bool is_installed(const char *place)
{
	const char *p = strstr(place, "node_modules/");

	return p && (p == place || p[-1] == '/');
}

static const char *name_at(const char *place)
{
	const char *p, *last = place;

	for (p = place; (p = strstr(p, "node_modules/")); p = last)
		last = p + strlen("node_modules/");
	return last;
}

/* The package that is required as `name` from a place: the nearest above it. */
static struct lock_node *find(struct lock *l, const char *place, const char *name)
{
	struct lock_node *n;

	for (;; place = path_dir(l->a, place)) {
		n = lock_find(l, *place ? arena_printf(l->a, "%s/node_modules/%s", place, name) : arena_printf(l->a, "node_modules/%s", name));
		if (n || !*place || strcmp(place, "/") == 0)
			return n;
	}
}

static void read_needs(struct lock *l, struct lock_node *n, const cJSON *of, bool all)
{
	const cJSON *item;
	int k;

	for (k = 0; lock_kinds[k]; k++) {
		if (!all && strcmp(lock_kinds[k], "devDependencies") == 0)
			continue;
		item = cJSON_GetObjectItemCaseSensitive(of, lock_kinds[k]);
		for (item = item ? item->child : NULL; item; item = item->next)
			lock_need(l, n, item->string, find(l, of->string, item->string), "nothing");
	}
}

static void read_node(struct lock *l, const cJSON *item)
{
	static const char *const told[] = { "version", "resolved", "integrity", NULL };
	const char *version = lock_json_text(item, "version"), *name = lock_json_text(item, "name"), *text;
	bool link = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "link"));
	struct lock_node *n;
	int i;

	if (link)
		version = lock_json_text(item, "resolved");
	n = lock_node(l, item->string, arena_printf(l->a, "%s@%s", name ? name : name_at(item->string), version ? version : "?"));
	lock_say(n, n->ident);
	for (i = 0; told[i] && !link; i++)
		if ((text = lock_json_text(item, told[i])))
			lock_say(n, text);
}

int lock_read_npm(struct lock *l, struct bytes text, struct err *err)
{
	const cJSON *packages, *item;
	struct json_doc *doc;

	if (json_read(l->file, text.data, text.size, JSON_STRICT, &doc, err))
		return -1;
	packages = cJSON_GetObjectItemCaseSensitive(json_root(doc), "packages");
	if (!cJSON_IsObject(packages)) {
		json_free(doc);
		return err_set(err, ERR_USER, "%s has no \"packages\": it is of version 1, expected 2 or 3", l->file);
	}
	for (item = packages->child; item; item = item->next)
		if (is_installed(item->string))
			read_node(l, item);
	for (item = packages->child; item; item = item->next) {
		bool installed = is_installed(item->string);

		read_needs(l, installed ? lock_find(l, item->string) : lock_importer(l, arena_str(l->a, item->string)), item, !installed);
	}
	json_free(doc);
	return 0;
}
