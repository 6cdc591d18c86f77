#include "config.h"

#include <string.h>

#include "lock/inside.h"
#include "text/yaml.h"

/* pnpm-lock.yaml. Of a package "packages" tells where it comes from, and "snapshots" (since
 * version 9) or "packages" (5 and 6) what it needs. Keys: "/name/1.0.0" (5), "/name@1.0.0(peer@2.0.0)"
 * (6), "name@1.0.0(peer@2.0.0)" (9); values: "1.0.0" with its peers, or the whole key for an alias. */

static void say_value(struct lock *l, struct lock_node *n, const char *at, const struct yaml_value *v)
{
	uint32_t i;

	if (!v)
		return;
	if (v->text)
		lock_say(n, arena_printf(l->a, "%s: %s", at, v->text));
	for (i = 0; i < v->n; i++)
		say_value(l, n, v->items[i].key && v->items[i].key->text ? arena_printf(l->a, "%s/%s", at, v->items[i].key->text) : at, v->items[i].value);
}

/* "name@1.0.0" of "name@1.0.0(peer@2.0.0)". */
static const char *without_peers(struct lock *l, const char *key)
{
	return arena_strn(l->a, key, strcspn(key, "("));
}

static const char *plain_key(const char *key)
{
	return key[0] == '/' ? key + 1 : key;
}

static struct lock_node *find(struct lock *l, const char *name, const char *value)
{
	struct lock_node *n = lock_find(l, arena_printf(l->a, "%s@%s", name, value));

	if (!n)
		n = lock_find(l, arena_printf(l->a, "%s/%s", name, value));
	return n ? n : lock_find(l, plain_key(value));
}

static void read_needs(struct lock *l, struct lock_node *n, const struct yaml_value *of)
{
	uint32_t i;
	int k;

	for (k = 0; lock_kinds[k]; k++) {
		const struct yaml_value *map = yaml_get(of, lock_kinds[k]);

		/* what "peerDependencies" came to stands among the others */
		if (!map || map->shape != YAML_SHAPE_MAP || strcmp(lock_kinds[k], "peerDependencies") == 0)
			continue;
		for (i = 0; i < map->n; i++) {
			const struct yaml_value *value = map->items[i].value;
			const char *name = map->items[i].key->text, *version = yaml_text(value->shape == YAML_SHAPE_MAP ? yaml_get(value, "version") : value);

			if (name && version)
				lock_need(l, n, name, find(l, name, version), version);
		}
	}
}

static bool is_map(const struct yaml_value *v)
{
	return v && v->shape == YAML_SHAPE_MAP;
}

static void read_packages(struct lock *l, const struct yaml_value *packages, const struct yaml_value *snapshots)
{
	const struct yaml_value *nodes = is_map(snapshots) ? snapshots : packages;
	struct map sources;
	uint32_t i;

	map_init(&sources);
	for (i = 0; is_map(packages) && i < packages->n; i++)
		if (packages->items[i].key->text)
			*map_puts(&sources, packages->items[i].key->text) = (void *)(uintptr_t)packages->items[i].value;
	for (i = 0; is_map(nodes) && i < nodes->n; i++) {
		const char *key = nodes->items[i].key->text;
		const struct yaml_value *source;
		struct lock_node *n;

		if (!key)
			continue;
		source = map_gets(&sources, key);
		if (!source)
			source = map_gets(&sources, without_peers(l, key));
		n = lock_node(l, plain_key(key), plain_key(key));
		lock_say(n, n->ident);
		say_value(l, n, "resolution", yaml_get(source, "resolution"));
	}
	for (i = 0; is_map(nodes) && i < nodes->n; i++)
		if (nodes->items[i].key->text)
			read_needs(l, lock_find(l, plain_key(nodes->items[i].key->text)), nodes->items[i].value);
	map_free(&sources);
}

int lock_read_pnpm(struct lock *l, struct bytes text, struct err *err)
{
	const struct yaml_value *root, *importers;
	uint32_t i;

	if (yaml_read(l->file, text.data, text.size, l->a, &root, err))
		return -1;
	if (!yaml_text(yaml_get(root, "lockfileVersion")))
		return err_set(err, ERR_USER, "%s has no lockfileVersion", l->file);
	read_packages(l, yaml_get(root, "packages"), yaml_get(root, "snapshots"));
	importers = yaml_get(root, "importers");
	if (!is_map(importers))
		read_needs(l, lock_importer(l, ""), root);
	for (i = 0; is_map(importers) && i < importers->n; i++)
		if (importers->items[i].key->text)
			read_needs(l, lock_importer(l, importers->items[i].key->text), importers->items[i].value);
	return 0;
}
