/* The words of `vt run`, one a line; the tasks that they ask for are planned, too. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "plan/plan.h"
#include "query/options.h"
#include "small.h"

enum { WORDS = 64 };

static const char *find(void *ctx, const char *name, const char *dir, const char *path, struct arena *a)
{
	(void)ctx, (void)dir, (void)path;
	return name[0] == 'n' ? NULL : arena_printf(a, "/bin/%s", name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = arena_strn(a, (const char *)data, size), *next = text;
	const char *words[WORDS];
	uint32_t n = 0;
	struct small s;
	struct query_options o;
	struct err err = { 0 };

	while (n < WORDS && next)
		words[n++] = strsep(&next, "\n");
	small_make(&s, "vt run -r x");
	if (options_parse(n, words, n % 2 == 1, a, &o, &err) < 0) {
		must(err.code == ERR_USAGE && err.n == 1);
	} else if (o.task && !o.help) {
		static char path[] = "PATH=/bin";
		char *env[] = { path, NULL };
		struct plan_world world = { .workspace = &s.w, .cwd = "/w", .env = env_from(a, env), .find_program = find };
		struct plan *plan;

		must(o.extra.n < n);
		must(plan_make(&world, &o, a, &plan, &err) == 0 || err.n > 0);
	}
	err_clear(&err);
	arena_free(a);
	return 0;
}
