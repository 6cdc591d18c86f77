#include "config.h"

#include <string.h>

#include "lock/inside.h"
#include "text/yaml.h"

/* yarn.lock of yarn 2 and later: YAML; what each "name@npm:range" came to, the packages of the
 * workspace ("a@workspace:packages/a") among them. */

/* Of an entry of the workspace: where the package is; else NULL. */
static const char *place_of(const struct yaml_value *entry)
{
	const char *resolution = yaml_text(yaml_get(entry, "resolution")), *at = resolution ? strstr(resolution, "@workspace:") : NULL;

	return at ? at + strlen("@workspace:") : NULL;
}

/* The key is "a@npm:^1.0.0, a@npm:^1.1.0". */
static void read_entry(struct lock *l, const char *key, const struct yaml_value *entry)
{
	const char *resolution = yaml_text(yaml_get(entry, "resolution")), *checksum = yaml_text(yaml_get(entry, "checksum")), *end, *slash;
	struct lock_node *n = NULL;

	for (; *key; key = *end ? end + 2 : end) {
		end = strstr(key, ", ");
		end = end ? end : key + strlen(key);
		n = lock_descriptor(l, arena_strn(l->a, key, (size_t)(end - key)), n, resolution ? resolution : key);
	}
	if (!n)
		return;
	lock_say(n, n->ident);
	slash = checksum ? strchr(checksum, '/') : NULL;       /* before it: how yarn packs */
	if (checksum)
		lock_say(n, slash ? slash + 1 : checksum);
}

static void read_needs(struct lock *l, struct lock_node *n, const struct yaml_value *entry)
{
	const struct yaml_value *map;
	uint32_t i;
	int k;

	for (k = 0; lock_kinds[k]; k++) {
		map = yaml_get(entry, lock_kinds[k]);
		if (!map || map->shape != YAML_SHAPE_MAP || strcmp(lock_kinds[k], "peerDependencies") == 0)
			continue;
		for (i = 0; i < map->n; i++) {
			const char *name = map->items[i].key->text, *range = yaml_text(map->items[i].value);

			if (name && range)
				lock_need_range(l, n, name, range);
		}
	}
}

int lock_read_berry(struct lock *l, struct bytes text, struct err *err)
{
	const struct yaml_value *root;
	uint32_t i;

	if (yaml_read(l->file, text.data, text.size, l->a, &root, err))
		return -1;
	if (!root || root->shape != YAML_SHAPE_MAP)
		return err_set(err, ERR_USER, "%s is no map", l->file);
	for (i = 0; i < root->n; i++)
		if (root->items[i].key->text && strcmp(root->items[i].key->text, "__metadata") != 0)
			read_entry(l, root->items[i].key->text, root->items[i].value);
	for (i = 0; i < root->n; i++) {
		const char *key = root->items[i].key->text, *place = place_of(root->items[i].value);

		if (!key || strcmp(key, "__metadata") == 0)
			continue;
		/* needs of a workspace package count for it alone, not for packages that need it */
		key = arena_strn(l->a, key, strstr(key, ", ") ? (size_t)(strstr(key, ", ") - key) : strlen(key));
		read_needs(l, place ? lock_importer(l, place) : lock_find(l, key), root->items[i].value);
	}
	return 0;
}
