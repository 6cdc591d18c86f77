/* yaml: one YAML document as a tree, as far as pnpm-workspace.yaml and lockfiles need it.
 *
 * An alias is the same value as its anchor's (so the tree may share values); `<<` merges. A UTF-8 BOM is skipped. */
#ifndef TEXT_YAML_H
#define TEXT_YAML_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

enum yaml_shape { YAML_SHAPE_SCALAR, YAML_SHAPE_LIST, YAML_SHAPE_MAP };

struct yaml_item {
	const struct yaml_value *key;          /* of a map; NULL in a list */
	const struct yaml_value *value;
};

struct yaml_value {
	enum yaml_shape shape;
	const char *text;                      /* of a scalar, without quotes and escapes; else NULL */
	bool plain;                            /* a scalar without quotes and tag: it may be a number, null, ... */
	struct yaml_item *items;               /* of a list or a map, in the order of the file */
	uint32_t n;
	uint32_t line, column;                 /* where it begins, from 1 */
};

/* Reads the first document into `a`. *ret NULL: the text is empty. Errors read "file:line:column: ...". */
int yaml_read(const char *file, const char *text, size_t size, struct arena *a, const struct yaml_value **ret, struct err *err);
/* The value under a key; NULL: there is none, or `map` is NULL or no map. */
const struct yaml_value *yaml_get(const struct yaml_value *map, const char *key);
/* The text of a scalar; NULL: it is NULL, null, or no scalar. */
const char *yaml_text(const struct yaml_value *value);
/* The list of strings under a top-level key; absent or null: an empty list. */
int yaml_texts(const char *file, const struct yaml_value *root, const char *key, struct arena *a, struct texts *ret, struct err *err);
#endif
