/* A range on the first line, a version behind it. */
#include "config.h"

#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "text/semver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	size_t range_n = line ? (size_t)(line - data) : size;
	struct arena *a = arena_new();
	const char *range = arena_strn(a, (const char *)data, range_n);
	const char *version = arena_strn(a, line ? (const char *)line + 1 : "", line ? size - range_n - 1 : 0);

	if (semver_satisfies(version, range)) {
		must(semver_is_range(range));
		must(semver_satisfies(version, arena_printf(a, "%s || 0.0.0", range)));
	}
	arena_free(a);
	return 0;
}
