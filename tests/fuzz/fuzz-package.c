/* package.json, and the JSON below it: places grow, strings survive being written. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "workspace/load.h"

static void check_string(const char *s)
{
	struct json_doc *d;
	struct buf b;

	buf_init(&b, 1 << 20);
	must(json_quote(&b, s, strlen(s)) == 0);
	must(json_read("again", b.data, b.size, JSON_STRICT, &d, NULL) == 0);
	must(strcmp(json_root(d)->valuestring, s) == 0);
	json_free(d);
	buf_free(&b);
}

static void check_node(const struct json_doc *d, const cJSON *node, int *budget)
{
	int line, column;

	for (; node && --*budget > 0; node = node->next) {
		json_where(d, node, &line, &column);
		must(line > 0 && column > 0);
		must(json_kind(node)[0]);
		if (cJSON_IsString(node))
			check_string(node->valuestring);
		check_node(d, node->child, budget);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err err = { 0 };
	struct json_doc *d;
	struct manifest m;
	int budget = 200;

	if (json_read("package.json", (const char *)data, size, JSON_STRICT, &d, &err) == 0) {
		check_node(d, json_root(d), &budget);
		if (manifest_read(d, "package.json", true, a, &m, &err) == 0)
			must(m.name);
		json_free(d);
	}
	must(err.n == 0 || strncmp(err.text[err.n - 1], "package.json:", 13) == 0);
	err_clear(&err);
	arena_free(a);
	return 0;
}
