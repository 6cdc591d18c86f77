/* YAML, as far as pnpm-workspace.yaml needs it: one list of texts. */
#ifndef TEXT_YAML_H
#define TEXT_YAML_H

#include "base/err.h"
#include "base/mem.h"

/* The list of strings under a top-level key; absent or null: an empty list. Other
 * keys are passed over; an empty text is an empty map. Errors read
 * "file:line:column: ...". A UTF-8 BOM is skipped. */
int yaml_texts(const char *file, const char *text, size_t size, const char *key, struct arena *a, struct texts *ret, struct err *err);
#endif
