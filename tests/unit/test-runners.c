#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "query/runners.h"
#include "text/words.h"

static void commands_of_other_runners_run_a_task_everywhere(void **state)
{
	static const struct { const char *command, *words; } rows[] = {
		{ "pnpm -r build", "pnpm -r build" }, { "pnpm -r run build", "pnpm -r run build" }, { "pnpm run -r build", "pnpm run -r build" },
		{ "pnpm recursive run build", "pnpm recursive run build" }, { "pnpm --recursive --stream run build --mode x", "pnpm --recursive --stream run build --mode x" },
		{ "pnpm --filter './packages/**' build", "pnpm --filter './packages/**' build" }, { "pnpm -F=app build", "pnpm -F=app build" },
		{ "pnpm --filter=!@pinia/root -r build", "pnpm --filter=!@pinia/root -r build" }, { "pnpm -r --workspace-concurrency 1 build", "pnpm -r --workspace-concurrency 1 build" },
		{ "rimraf dist && pnpm -r build && node post.js", "pnpm -r build" }, { "NODE_ENV=production pnpm -r build", "NODE_ENV=production pnpm -r build" },
		{ "cross-env A=b pnpm -r build", "cross-env A=b pnpm -r build" }, { "sh x; (pnpm -r build)", "pnpm -r build" },
		{ "npm run build --workspaces", "npm run build --workspaces" }, { "npm run build -ws --if-present", "npm run build -ws --if-present" },
		{ "npm -ws run-script build", "npm -ws run-script build" }, { "npm run build -w a -w b", "npm run build -w a -w b" },
		{ "yarn workspaces run build", "yarn workspaces run build" }, { "yarn workspaces foreach -A run build", "yarn workspaces foreach -A run build" },
		{ "yarn workspaces foreach -pt --from 'x*' run build", "yarn workspaces foreach -pt --from 'x*' run build" },
		{ "turbo run build", "turbo run build" }, { "turbo build lint --filter=x", "turbo build lint --filter=x" }, { "turbo run lint build", "turbo run lint build" },
		{ "npx turbo run build", "npx turbo run build" }, { "pnpm turbo build", "pnpm turbo build" }, { "pnpm exec turbo build", "pnpm exec turbo build" },
		{ "yarn turbo run build", "yarn turbo run build" }, { "bunx turbo build", "bunx turbo build" }, { "npm exec turbo run build", "npm exec turbo run build" },
		{ "./node_modules/.bin/turbo build", "./node_modules/.bin/turbo build" },
		{ "lerna run build", "lerna run build" }, { "lerna run build,test --stream", "lerna run build,test --stream" }, { "npx lerna run --scope x build", "npx lerna run --scope x build" },
		{ "nx run-many -t build", "nx run-many -t build" }, { "nx run-many --target=build --all", "nx run-many --target=build --all" },
		{ "nx run-many -t lint build", "nx run-many -t lint build" }, { "nx run-many --targets=lint,build", "nx run-many --targets=lint,build" },
		{ "bun --filter '*' build", "bun --filter '*' build" }, { "bun run --filter=* build", "bun run --filter=* build" },
		/* commands that are no such runs */
		{ "pnpm build", NULL }, { "pnpm run build:all", NULL }, { "pnpm -r test", NULL }, { "pnpm -r exec build", NULL }, { "npm run build", NULL },
		{ "pnpm -r --filter build test", NULL }, { "npm -ws exec build", NULL }, { "npm build -ws", NULL }, { "yarn build", NULL }, { "yarn workspace a build", NULL },
		{ "turbo run lint", NULL }, { "turbo run lint --filter build", NULL }, { "lerna exec build", NULL }, { "lerna run builder", NULL }, { "nx build app", NULL },
		{ "nx run-many -t lint --projects build", NULL }, { "tsc -b", NULL }, { "echo 'pnpm -r build'", NULL }, { "echo turbo run build", NULL }, { "", NULL }, { "'", NULL },
		{ "pnpm", NULL }, { "pnpm -r", NULL }, { "pnpm --filter", NULL }, { "npx", NULL }, { "turbo", NULL }, { "nx run-many", NULL }, { "yarn workspaces", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new();
		const char *at[] = { rows[i].command };
		struct texts command = { at, 1 };
		const char *words = runners_everywhere(&command, "build", a);

		if ((words == NULL) != (rows[i].words == NULL) || (words && strcmp(words, rows[i].words) != 0))
			fail_msg("%s: %s", rows[i].command, words ? words : "no");
		arena_free(a);
	}
}

static void package_managers_run_scripts_of_the_same_package(void **state)
{
	static const struct { const char *command, *script; } rows[] = {
		{ "npm run b", "b" }, { "npm run -s b", "b" }, { "npm run-script b -- --x", "b" }, { "npm test", "test" }, { "npm t", "test" }, { "npm b", NULL },
		{ "pnpm b", "b" }, { "pnpm run b", "b" }, { "yarn b", "b" }, { "yarn run b", "b" }, { "bun run b", "b" }, { "vt run b", "b" }, { "vp run --cache b", "b" },
		{ "A=b npm run b", "b" }, { "/usr/bin/npm run b", "b" },
		{ "npm run b -w x", NULL }, { "npm --prefix x run b", NULL }, { "pnpm -r b", NULL }, { "pnpm -F x b", NULL }, { "pnpm -C x b", NULL }, { "vt run -r b", NULL },
		{ "vt run x#b", NULL }, { "vt cache b", NULL }, { "npm run b --if-present", NULL }, { "node b", NULL }, { "npm", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		struct arena *a = arena_new();
		struct words words;
		const char *script;

		if (!words_parse(rows[i].command, a, &words))
			fail_msg("%s: no words", rows[i].command);
		script = words.n ? runners_script(&words.at[0].argv) : NULL;
		if ((script == NULL) != (rows[i].script == NULL) || (script && strcmp(script, rows[i].script) != 0))
			fail_msg("%s: %s", rows[i].command, script ? script : "no");
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_of_other_runners_run_a_task_everywhere),
		cmocka_unit_test(package_managers_run_scripts_of_the_same_package),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
