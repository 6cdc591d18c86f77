/* pnpm-workspace.yaml: read, or refused with a place. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "text/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err err = { 0 };
	const struct yaml_value *root;
	struct texts list = { 0 };
	uint32_t i;

	if (yaml_read("f", (const char *)data, size, a, &root, &err) == 0 && yaml_texts("f", root, "packages", a, &list, &err) == 0)
		for (i = 0; i < list.n; i++)
			must(list.at[i]);
	else
		must(err.n == 1 && strncmp(err.text[0], "f:", 2) == 0);
	err_clear(&err);
	arena_free(a);
	return 0;
}
