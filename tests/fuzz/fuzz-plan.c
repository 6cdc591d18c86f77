/* A command of a task, planned, nested runs included. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "plan/plan.h"
#include "query/options.h"
#include "small.h"

static const char *find(void *ctx, const char *name, const char *dir, const char *path, struct arena *a)
{
	(void)ctx, (void)dir, (void)path;
	return arena_printf(a, "/bin/%s", name);
}

static uint32_t count(const struct plan *plan)
{
	uint32_t i, k, n = 0;

	for (i = 0; i < plan->n; i++)
		for (k = 0; k < plan->nodes[i].items_n; k++)
			n += plan->nodes[i].items[k].kind == ITEM_PLAN ? count(plan->nodes[i].items[k].plan) : 1;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *extra = "an argument";
	struct query_options o = { .task = "x", .extra = { &extra, 1 } };
	static char path[] = "PATH=/bin", home[] = "HOME=/home/me";
	char *env[] = { path, home, NULL };
	struct small s;
	struct plan_world world = { .workspace = &s.w, .cwd = "/w", .env = env_from(a, env), .find_program = find };
	struct plan *plan;
	struct err err = { 0 };

	small_make(&s, arena_strn(a, (const char *)data, size));
	if (plan_make(&world, &o, a, &plan, &err) == 0)
		must(count(plan) == plan->steps);
	else
		must(err.n > 0);
	err_clear(&err);
	arena_free(a);
	return 0;
}
