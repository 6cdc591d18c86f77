#include "config.h"

#include "import/import.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "text/json.h"

enum { LINE = 100 };                   /* columns of a line, as far as lists go */

static void print(const cJSON *node, uint32_t depth, struct buf *b);

static void scalar(const cJSON *node, struct buf *b)
{
	if (cJSON_IsString(node))
		json_quote(b, node->valuestring, strlen(node->valuestring));
	else if (cJSON_IsBool(node))
		buf_text(b, cJSON_IsTrue(node) ? "true" : "false");
	else if (cJSON_IsNumber(node))
		buf_printf(b, "%.17g", node->valuedouble);
	else
		buf_text(b, "null");
}

static void indent(uint32_t depth, struct buf *b)
{
	buf_byte(b, '\n');
	while (depth--)
		buf_text(b, "  ");
}

/* A list or map in one line. */
static void flat(const cJSON *node, struct buf *b)
{
	bool map = cJSON_IsObject(node);
	const cJSON *item;

	if (!map && !cJSON_IsArray(node)) {
		scalar(node, b);
		return;
	}
	buf_text(b, map ? "{" : "[");
	for (item = node->child; item; item = item->next) {
		buf_text(b, item == node->child ? (map ? " " : "") : ", ");
		if (map) {
			json_quote(b, item->string, strlen(item->string));
			buf_text(b, ": ");
		}
		flat(item, b);
	}
	buf_text(b, map ? (node->child ? " }" : "}") : "]");
}

static void tall(const cJSON *node, uint32_t depth, struct buf *b)
{
	bool map = cJSON_IsObject(node);
	const cJSON *item;

	buf_byte(b, map ? '{' : '[');
	for (item = node->child; item; item = item->next) {
		indent(depth + 1, b);
		if (map) {
			json_quote(b, item->string, strlen(item->string));
			buf_text(b, ": ");
		}
		print(item, depth + 1, b);
		if (item->next)
			buf_byte(b, ',');
	}
	indent(depth, b);
	buf_byte(b, map ? '}' : ']');
}

static void print(const cJSON *node, uint32_t depth, struct buf *b)
{
	struct buf line;

	buf_init(&line, SIZE_MAX / 2);
	flat(node, &line);
	/* the two outer levels always take several lines: readers look for them */
	if (node->child && (depth < 2 || line.size > LINE - 2 * depth) && (cJSON_IsObject(node) || line.size > LINE - 2 * depth))
		tall(node, depth, b);
	else
		buf_add(b, line.data, line.size);
	buf_free(&line);
}

void import_print(const cJSON *node, struct buf *b)
{
	print(node, 0, b);
	buf_byte(b, '\n');
}
