/* JSON with comments, trailing commas and positions, into cJSON trees. Numbers
 * are doubles; the text is bounded by the caller, nesting by JSON_DEPTH. */
#ifndef TEXT_JSON_H
#define TEXT_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct json_doc;

enum { JSON_STRICT = 0, JSON_COMMENTS = 1 };
enum { JSON_DEPTH = 200 };

/* Parses. A UTF-8 BOM is skipped. `file` is for messages: errors read
 * "file:line:column: what was found, what was expected". Duplicate keys: the last wins.
 * A text without any value (JSON_COMMENTS) is null. */
int json_read(const char *file, const char *text, size_t size, int flags, struct json_doc **ret, struct err *err);
void json_free(struct json_doc *d);
/* Returns the tree, for reading only: the document owns its memory. */
const cJSON *json_root(const struct json_doc *d);
/* Tells where a node begins: line and column (in characters), from 1. */
void json_where(const struct json_doc *d, const cJSON *node, int *ret_line, int *ret_column);
/* err_set with "file:line:column: " of the node in front. -1. */
int json_fail(const struct json_doc *d, const cJSON *node, struct err *err, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same at the node's key, for an unexpected member. */
int json_fail_key(const struct json_doc *d, const cJSON *node, struct err *err, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The most common one: "invalid type: integer `1`, expected a string". */
int json_fail_type(const struct json_doc *d, const cJSON *node, struct err *err, const char *expected);
/* For messages: integer `1`, string "x", null, sequence, map, boolean `true`. Good until the thread's next call. */
const char *json_kind(const cJSON *node);

/* Writing: the text of a string, quoted and escaped (non-UTF-8 bytes as U+FFFD). */
int json_quote(struct buf *b, const char *s, size_t n);
#endif
