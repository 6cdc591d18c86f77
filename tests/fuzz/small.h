/* A small workspace in memory: root, a -> b -> @s/c, a task `x` and a script `y` in each. */
#ifndef FUZZ_SMALL_H
#define FUZZ_SMALL_H

#include "workspace/workspace.h"

struct small {
	struct workspace w;
	struct package packages[4];
	struct edge edges[4];
	struct task tasks[8];
	const struct task *all[8];
	const char *command[8];
};

static void small_make(struct small *s, const char *command)
{
	static const char *const paths[] = { "packages/a", "packages/b", "packages/c", "" }, *const names[] = { "a", "b", "@s/c", "root" };
	static const char *const dirs[] = { "/w/packages/a", "/w/packages/b", "/w/packages/c", "/w" };
	uint32_t i;

	*s = (struct small){ .w = { .root = "/w", .packages_n = 4, .tasks_n = 8, .cache_tasks = true, .hooks = true } };
	for (i = 0; i < 4; i++) {
		s->packages[i] = (struct package){ .name = names[i], .path = paths[i], .dir = dirs[i], .index = i, .tasks = &s->all[2 * i], .tasks_n = 2 };
		if (i < 2) {
			s->edges[i] = (struct edge){ &s->packages[i + 1], EDGE_NORMAL };
			s->packages[i].needs = &s->edges[i];
			s->packages[i].needs_n = 1;
		}
	}
	for (i = 0; i < 8; i++) {
		s->command[i] = i == 6 ? command : "echo";
		s->tasks[i] = (struct task){ .package = &s->packages[i / 2], .name = i % 2 ? "y" : "x", .label = i % 2 ? "y" : "x", .cwd = paths[i / 2],
					     .command = { &s->command[i], 1 }, .source = i % 2 ? TASK_FROM_SCRIPT : TASK_FROM_CONFIG, .index = i };
		s->tasks[i].rules.on = true;
		s->all[i] = &s->tasks[i];
	}
	s->w.packages = s->packages;
	s->w.root_package = &s->packages[3];
	s->w.tasks = s->all;
}
#endif
