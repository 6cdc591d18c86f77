#include "config.h"

#include <string.h>

#include "lock/inside.h"

/* bun.lock: "workspaces" has the packages of the workspace by their paths; "packages" has
 * [ "name@version", ..., { what it needs }, "integrity" ] under "name", or under "parent/name"
 * where the parent gets another one than the rest. */

static struct lock_node *find(struct lock *l, const char *from, const char *name)
{
	struct lock_node *n = NULL;
	const char *slash;

	while (!n && *from) {
		n = lock_find(l, arena_printf(l->a, "%s/%s", from, name));
		slash = strrchr(from, '/');
		from = slash ? arena_strn(l->a, from, (size_t)(slash - from)) : "";
	}
	return n ? n : lock_find(l, name);
}

static void read_needs(struct lock *l, struct lock_node *n, const char *from, const cJSON *of)
{
	const cJSON *item;
	int k;

	for (k = 0; lock_kinds[k]; k++) {
		item = cJSON_GetObjectItemCaseSensitive(of, lock_kinds[k]);
		for (item = cJSON_IsObject(item) ? item->child : NULL; item; item = item->next)
			lock_need(l, n, item->string, find(l, from, item->string), "nothing");
	}
}

int lock_read_bun(struct lock *l, struct bytes text, struct err *err)
{
	const cJSON *root, *packages, *workspaces, *item, *part;
	struct json_doc *doc;

	if (json_read(l->file, text.data, text.size, JSON_COMMENTS, &doc, err))
		return -1;
	root = json_root(doc);
	packages = cJSON_GetObjectItemCaseSensitive(root, "packages");
	workspaces = cJSON_GetObjectItemCaseSensitive(root, "workspaces");
	if (!cJSON_IsObject(workspaces)) {
		json_free(doc);
		return err_set(err, ERR_USER, "%s has no \"workspaces\"", l->file);
	}
	for (item = packages ? packages->child : NULL; item; item = item->next) {
		const char *ident = cJSON_IsArray(item) && cJSON_IsString(item->child) ? item->child->valuestring : "";
		struct lock_node *n = lock_node(l, arena_str(l->a, item->string), arena_str(l->a, ident));

		for (part = item->child; part; part = part->next)
			if (cJSON_IsString(part))
				lock_say(n, part->valuestring);
	}
	for (item = packages ? packages->child : NULL; item; item = item->next)
		for (part = item->child; part; part = part->next)
			if (cJSON_IsObject(part))
				read_needs(l, lock_find(l, item->string), item->string, part);
	for (item = workspaces->child; item; item = item->next) {
		const char *name = lock_json_text(item, "name");

		read_needs(l, lock_importer(l, arena_str(l->a, item->string)), name ? name : "", item);
	}
	json_free(doc);
	return 0;
}
