/* The value of a --filter, and the packages it selects. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "query/filter.h"
#include "query/options.h"
#include "query/select.h"
#include "small.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *value = arena_strn(a, (const char *)data, size);
	struct query_options o = { .task = "x", .filters = { &value, 1 } };
	struct small s;
	struct query_world world = { .workspace = &s.w, .cwd = "/w/packages/b/src" };
	struct filters f;
	struct selection sel;
	struct err err = { 0 };
	uint32_t i, n = 0;

	small_make(&s, "echo");
	if (filters_parse(&o.filters, a, &f, &err) == 0) {
		must(f.n > 0);
		for (i = 0; i < f.n; i++) {
			must(f.at[i].name || f.at[i].dir || f.at[i].reference);
			must(strstr(value, f.at[i].text));
		}
	} else {
		must(err.n > 0);
	}
	err_clear(&err);
	if (select_packages(&world, &o, a, &sel, &err) == 0) {
		for (i = 0; i < s.w.packages_n; i++)
			n += sel.in[i];
		must(n == sel.n);
	} else {
		must(err.n > 0);
	}
	err_clear(&err);
	arena_free(a);
	return 0;
}
