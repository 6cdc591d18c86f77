/* vite-task.json: read, or refused with a place. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "workspace/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = { data, size };
	struct arena *a = arena_new();
	struct err err = { 0 };
	struct config c;
	uint32_t i;

	if (config_read("f", &text, "/w/", true, a, &c, &err) == 0) {
		for (i = 0; i < c.tasks_n; i++)
			must(c.tasks[i].name && c.tasks[i].cwd);
		json_free(c.doc);
	} else {
		must(err.n == 2 && strncmp(err.text[1], "f:", 2) == 0);
	}
	err_clear(&err);
	arena_free(a);
	return 0;
}
