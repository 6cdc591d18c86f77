/* A pattern on the first line, a text behind it; both dialects. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "text/glob.h"

/* Where a text matches, a walker must have been let in on the whole way. */
static void check_way(const struct glob *g, const char *text, size_t n)
{
	size_t i;

	if (n)
		must(glob_may_enter(g, "", 0));
	for (i = 1; i + 1 < n; i++)
		if (text[i] == '/' && text[i - 1] != '/')
			must(glob_may_enter(g, text, i));
}

static void check_helpers(struct arena *a, const char *pattern, const char *text)
{
	char *escaped = glob_escape(a, text);
	const struct glob *g;

	must(!glob_has_magic(escaped));
	must(glob_make(a, escaped, GLOB_PATH, &g, NULL) == 0);
	must(glob_match(g, text, strlen(text)));
	must(strcmp(glob_base(a, escaped), text) == 0);
	must(strlen(glob_base(a, pattern)) <= strlen(pattern));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	size_t pattern_n = line ? (size_t)(line - data) : size, n;
	struct arena *a = arena_new();
	char *pattern = arena_strn(a, (const char *)data, pattern_n);
	char *text = arena_strn(a, line ? (const char *)line + 1 : "", line ? size - pattern_n - 1 : 0);
	struct texts list = { (const char **)&pattern, 1 };
	const struct glob_set *set;
	const struct glob *g;

	n = strlen(text);
	if (glob_make(a, pattern, GLOB_PATH, &g, NULL) == 0 && glob_match(g, text, n))
		check_way(g, text, n);
	if (pattern[0] != '!' && glob_make(a, pattern, GLOB_NAME, &g, NULL) == 0) {
		must(glob_set_make(a, &list, GLOB_NAME, &set, NULL) == 0);
		must(glob_set_match(set, text, n) == glob_match(g, text, n));
	}
	check_helpers(a, pattern, text);
	arena_free(a);
	return 0;
}
