#include "config.h"

#include <string.h>

#include "lock/inside.h"
#include "os/file.h"
#include "text/path.h"
#include "workspace/workspace.h"

/* yarn.lock of yarn 1: what each "name@range" came to. The packages of the workspace are not in
 * it: what they need is in their package.json.
 *
 *     "@s/a@^1.0.0", "@s/a@^1.1.0":
 *       version "1.2.0"
 *       resolved "https://..."
 *       dependencies:
 *         b "^2.0.0"
 */

enum { PACKAGE_MAX = 8 << 20 };     /* bytes of a package.json */

/* One word, in quotes or not; *p behind it and its blanks. */
static const char *word(struct arena *a, const char **p)
{
	const char *start = *p, *ret;
	size_t n;

	if (*start == '"') {
		n = strcspn(start + 1, "\"\n");
		ret = arena_strn(a, start + 1, n);
		*p = start + 1 + n + (start[1 + n] == '"');
	} else {
		n = strcspn(start, " ,:\n\r");
		ret = arena_strn(a, start, n);
		*p = start + n;
	}
	*p += strspn(*p, " \r");
	return ret;
}

static uint32_t indent(const char *p)
{
	return (uint32_t)strspn(p, " ");
}

static const char *next_line(const char *p)
{
	p += strcspn(p, "\n");
	return *p ? p + 1 : p;
}

static bool is_blank(const char *p)
{
	p += strspn(p, " \r");
	return *p == '\n' || *p == '#' || !*p;
}

/* "name@1.2.0" of the entry that begins at `line`. */
static const char *ident_of(struct lock *l, const char *line, const char *descriptor)
{
	const char *at = *descriptor ? strchr(descriptor + 1, '@') : NULL, *p = next_line(line), *q;

	for (; *p && (is_blank(p) || indent(p)); p = next_line(p)) {
		q = p + indent(p);
		if (!is_blank(p) && indent(p) == 2 && strcmp(word(l->a, &q), "version") == 0)
			return arena_printf(l->a, "%.*s@%s", (int)(at ? at - descriptor : (ptrdiff_t)strlen(descriptor)), descriptor, word(l->a, &q));
	}
	return descriptor;
}

/* The line "descriptor, descriptor:". */
static struct lock_node *read_head(struct lock *l, const char *line)
{
	const char *p = line, *first = word(l->a, &p), *ident = ident_of(l, line, first);
	struct lock_node *n = lock_descriptor(l, first, NULL, ident);

	lock_say(n, ident);
	while (*p == ',') {
		p += 1 + strspn(p + 1, " ");
		lock_descriptor(l, word(l->a, &p), n, NULL);
	}
	return n;
}

/* Over all entries: first to know them, then (`needs`) what they need. */
static void read_entries(struct lock *l, const char *text, bool needs)
{
	struct lock_node *n = NULL;
	const char *line, *p, *key;
	bool among = false;

	for (line = text; *line; line = next_line(line)) {
		p = line + indent(line);
		if (is_blank(line))
			continue;
		if (indent(line) == 0) {
			n = needs ? lock_find(l, word(l->a, &p)) : read_head(l, line);
			among = false;
			continue;
		}
		key = word(l->a, &p);
		if (indent(line) == 2) {
			among = *p == ':' && (strcmp(key, "dependencies") == 0 || strcmp(key, "optionalDependencies") == 0);
			if (n && !needs && (strcmp(key, "resolved") == 0 || strcmp(key, "integrity") == 0))
				lock_say(n, word(l->a, &p));
		} else if (n && needs && among) {
			lock_need_range(l, n, key, word(l->a, &p));
		}
	}
}

/* Adds the needs of a package of the workspace, from its package.json. */
static int read_package(struct lock *l, const struct package *package, struct err *err)
{
	const char *file = path_join(l->a, package->dir, "package.json");
	struct lock_node *n = lock_importer(l, package->path);
	const cJSON *item;
	struct json_doc *doc;
	struct bytes text;
	int k, got = file_read(file, PACKAGE_MAX, l->a, &text, err);

	if (got)
		return got < 0 ? -1 : 0;
	if (json_read(file, text.data, text.size, JSON_STRICT, &doc, err))
		return -1;
	for (k = 0; lock_kinds[k]; k++) {
		item = cJSON_GetObjectItemCaseSensitive(json_root(doc), lock_kinds[k]);
		if (strcmp(lock_kinds[k], "peerDependencies") == 0)
			continue;              /* packages that need this one resolve them */
		for (item = cJSON_IsObject(item) ? item->child : NULL; item; item = item->next)
			if (cJSON_IsString(item))
				lock_need_range(l, n, item->string, item->valuestring);
	}
	json_free(doc);
	return 0;
}

int lock_read_yarn(struct lock *l, struct bytes text, struct err *err)
{
	uint32_t i;
	int result = 0;

	if (strstr(text.data, "\n__metadata:") || strncmp(text.data, "__metadata:", 11) == 0)
		return lock_read_berry(l, text, err);
	if (!strstr(text.data, "yarn lockfile v1"))
		return err_set(err, ERR_USER, "%s is of no version that is known", l->file);
	read_entries(l, text.data, false);
	read_entries(l, text.data, true);
	for (i = 0; i < l->workspace->packages_n && result == 0; i++)
		result = read_package(l, &l->workspace->packages[i], err);
	return result;
}
