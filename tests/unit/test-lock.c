#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lock/lock.h"
#include "workspace-help.h"

/* Packages packages/a and packages/b and the root; a needs x, b needs y, both of them deep inside z. */
static void packages(const char *a_needs, const char *b_needs)
{
	file("package.json", "{\"name\": \"r\", \"workspaces\": [\"packages/*\"]}");
	file("packages/a/package.json", arena_printf(a, "{\"name\": \"a\", \"version\": \"1.0.0\", \"dependencies\": %s}", a_needs));
	file("packages/b/package.json", arena_printf(a, "{\"name\": \"b\", \"version\": \"1.0.0\", \"devDependencies\": %s}", b_needs));
	load("");
}

static struct bytes bytes(const char *text)
{
	return (struct bytes){ text, strlen(text) };
}

/* The changed packages, joined by blanks, or the error. */
static const char *compare(const char *name, const char *before, const char *after)
{
	bool *changed = arena_array(a, w->packages_n, sizeof *changed);
	struct err e = { 0 };
	const char *out = "";
	uint32_t i;

	if (lock_compare(w, name, bytes(before), bytes(after), changed, &e)) {
		out = arena_str(a, e.text[0]);
		err_clear(&e);
		return out;
	}
	for (i = 0; i < w->packages_n; i++)
		if (changed[i])
			out = arena_printf(a, "%s%s%s", out, *out ? " " : "", w->packages[i].path[0] ? w->packages[i].path : ".");
	return out;
}

/* `text` with each `from` as `to`. */
static const char *with(const char *text, const char *from, const char *to)
{
	const char *p, *out = "", *rest = text;

	if (!strstr(text, from))
		fail_msg("'%s' is not in the text", from);
	for (; (p = strstr(rest, from)); rest = p + strlen(from))
		out = arena_printf(a, "%s%.*s%s", out, (int)(p - rest), rest, to);
	return arena_printf(a, "%s%s", out, rest);
}

struct row {
	const char *from, *to, *changed;
};

static void check(const char *name, const char *before, const struct row *rows, size_t n)
{
	size_t i;

	assert_string_equal(compare(name, before, before), "");
	for (i = 0; i < n; i++) {
		const char *after = with(before, rows[i].from, rows[i].to), *there = compare(name, before, after);

		if (strcmp(there, rows[i].changed) != 0)
			fail_msg("%s: '%s' -> '%s': '%s', expected '%s'", name, rows[i].from, rows[i].to, there, rows[i].changed);
		assert_string_equal(compare(name, after, before), there);
	}
}

static void lockfiles_are_known_by_their_names(void **state)
{
	(void)state;
	assert_true(lock_is("pnpm-lock.yaml") && lock_is("package-lock.json") && lock_is("npm-shrinkwrap.json") && lock_is("yarn.lock"));
	assert_true(lock_is("bun.lock") && lock_is("bun.lockb"));
	assert_false(lock_is("packages/a/pnpm-lock.yaml") || lock_is("Cargo.lock") || lock_is("pnpm-lock.yml"));
}

static void pnpm_9(void **state)
{
	static const char before[] =
		"lockfileVersion: '9.0'\n"
		"settings:\n  autoInstallPeers: true\n"
		"importers:\n"
		"  .: {}\n"
		"  packages/a:\n    dependencies:\n      x:\n        specifier: ^1.0.0\n        version: 1.0.0\n      b:\n        specifier: workspace:*\n        version: link:../b\n"
		"  packages/b:\n    devDependencies:\n      y:\n        specifier: ^2.0.0\n        version: 2.0.0(p@3.0.0)\n      alias:\n        specifier: npm:w@1\n        version: w@1.0.0\n"
		"packages:\n"
		"  x@1.0.0:\n    resolution: {integrity: sha512-x}\n    deprecated: no\n"
		"  y@2.0.0:\n    resolution: {integrity: sha512-y}\n    peerDependencies:\n      p: '*'\n"
		"  p@3.0.0:\n    resolution: {integrity: sha512-p}\n"
		"  w@1.0.0:\n    resolution: {integrity: sha512-w}\n"
		"  '@s/z@1.0.0':\n    resolution: {integrity: sha512-z}\n"
		"snapshots:\n"
		"  x@1.0.0:\n    dependencies:\n      '@s/z': 1.0.0\n"
		"  y@2.0.0(p@3.0.0):\n    dependencies:\n      p: 3.0.0\n    optionalDependencies:\n      '@s/z': 1.0.0\n"
		"  p@3.0.0: {}\n"
		"  w@1.0.0: {}\n"
		"  '@s/z@1.0.0': {}\n";
	static const struct row rows[] = {
		{ "sha512-x", "sha512-other", "packages/a" }, { "sha512-z", "sha512-other", "packages/a packages/b" }, { "sha512-p", "sha512-q", "packages/b" },
		{ "sha512-w", "sha512-v", "packages/b" }, { "x@1.0.0", "x@1.0.1", "packages/a" }, { "deprecated: no", "deprecated: yes", "" },
		{ "specifier: ^1.0.0", "specifier: ^1.0.1", "" }, { "autoInstallPeers: true", "autoInstallPeers: false", "" },
		{ "  .: {}\n", "  .:\n    dependencies:\n      x:\n        specifier: 1\n        version: 1.0.0\n", "." },
		{ "  w@1.0.0: {}\n", "  w@1.0.0:\n    dependencies:\n      x: 1.0.0\n", "packages/b" }, { "link:../b", "1.0.0", "packages/a" },
	};

	(void)state;
	packages("{}", "{}");
	check("pnpm-lock.yaml", before, rows, COUNT(rows));
	assert_string_equal(compare("pnpm-lock.yaml", "a: 1\n", before), "pnpm-lock.yaml has no lockfileVersion");
	assert_non_null(strstr(compare("pnpm-lock.yaml", "a: [\n", before), "expected YAML"));
	assert_string_equal(compare("pnpm-lock.yaml", "", before), "pnpm-lock.yaml has no lockfileVersion");
}

static void pnpm_5_and_6(void **state)
{
	static const char five[] =
		"lockfileVersion: 5.4\n"
		"importers:\n"
		"  .:\n    specifiers: {}\n"
		"  packages/a:\n    specifiers:\n      x: ^1.0.0\n    dependencies:\n      x: 1.0.0_p@3.0.0\n"
		"  packages/b:\n    specifiers:\n      y: ^2.0.0\n    devDependencies:\n      y: 2.0.0\n      alias: /w/1.0.0\n"
		"packages:\n"
		"  /x/1.0.0_p@3.0.0:\n    resolution: {integrity: sha512-x}\n    dependencies:\n      '@s/z': 1.0.0\n    dev: false\n"
		"  /y/2.0.0:\n    resolution: {integrity: sha512-y}\n    dependencies:\n      '@s/z': 1.0.0\n    dev: true\n"
		"  /w/1.0.0:\n    resolution: {integrity: sha512-w}\n"
		"  /@s/z/1.0.0:\n    resolution: {integrity: sha512-z}\n";
	static const struct row rows[] = {
		{ "sha512-x", "sha512-other", "packages/a" }, { "sha512-z", "sha512-other", "packages/a packages/b" }, { "sha512-w", "sha512-v", "packages/b" },
		{ "dev: true", "dev: false", "" }, { "x: ^1.0.0", "x: ^1.0.1", "" },
	};
	static const struct row more[] = {
		{ "sha512-x", "sha512-other", "packages/a" }, { "sha512-z", "sha512-other", "packages/a packages/b" }, { "sha512-w", "sha512-v", "packages/b" },
	};
	const char *six;

	(void)state;
	packages("{}", "{}");
	check("pnpm-lock.yaml", five, rows, COUNT(rows));
	six = with(with(five, "x: 1.0.0_p@3.0.0", "x:\n        specifier: ^1\n        version: 1.0.0(p@3.0.0)"), "/x/1.0.0_p@3.0.0", "/x@1.0.0(p@3.0.0)");
	six = with(with(with(with(six, "/y/2.0.0", "/y@2.0.0"), "/w/1.0.0", "/w@1.0.0"), "/@s/z/1.0.0", "/@s/z@1.0.0"), "5.4", "'6.0'");
	check("pnpm-lock.yaml", six, more, COUNT(more));
	/* without "importers" the root is the only one */
	check("pnpm-lock.yaml", "lockfileVersion: 5.4\ndependencies:\n  x: 1.0.0\npackages:\n  /x/1.0.0:\n    resolution: {integrity: sha512-x}\n",
	      &(struct row){ "sha512-x", "sha512-y", "." }, 1);
}

static void npm_2_and_3(void **state)
{
	static const char before[] =
		"{ \"name\": \"r\", \"lockfileVersion\": 3, \"packages\": {"
		"\"\": {\"name\": \"r\", \"workspaces\": [\"packages/*\"]},"
		"\"packages/a\": {\"version\": \"1.0.0\", \"dependencies\": {\"x\": \"^1.0.0\", \"b\": \"*\"}},"
		"\"packages/b\": {\"version\": \"1.0.0\", \"devDependencies\": {\"y\": \"^2.0.0\", \"x\": \"^2\"}, \"peerDependencies\": {\"p\": \"*\"}},"
		"\"node_modules/a\": {\"resolved\": \"packages/a\", \"link\": true},"
		"\"node_modules/b\": {\"resolved\": \"packages/b\", \"link\": true},"
		"\"node_modules/x\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-x\", \"dependencies\": {\"@s/z\": \"^1\"}},"
		"\"packages/b/node_modules/x\": {\"version\": \"2.0.0\", \"integrity\": \"sha512-x2\", \"dev\": true},"
		"\"node_modules/y\": {\"version\": \"2.0.0\", \"integrity\": \"sha512-y\", \"optionalDependencies\": {\"@s/z\": \"^1\"}},"
		"\"node_modules/y/node_modules/@s/z\": {\"version\": \"1.5.0\", \"integrity\": \"sha512-z15\"},"
		"\"node_modules/p\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-p\"},"
		"\"node_modules/@s/z\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-z1\"}"
		"} }";
	static const struct row rows[] = {
		{ "sha512-x\"", "sha512-other\"", "packages/a" }, { "sha512-x2", "sha512-other", "packages/b" }, { "sha512-y", "sha512-other", "packages/b" },
		{ "sha512-z15", "sha512-other", "packages/b" }, { "sha512-z1\"", "sha512-other\"", "packages/a" }, { "sha512-p", "sha512-other", "packages/b" },
		{ "\"dev\": true", "\"dev\": false", "" }, { "\"version\": \"1.5.0\"", "\"version\": \"1.6.0\"", "packages/b" }, { "\"x\": \"^1.0.0\"", "\"x\": \"^1.0.1\"", "" },
		/* another place in the tree is no change, another version is */
		{ "\"node_modules/y/node_modules/@s/z\"", "\"packages/b/node_modules/y/node_modules/@s/z\"", "packages/b" },
	};

	(void)state;
	packages("{}", "{}");
	check("package-lock.json", before, rows, COUNT(rows));
	check("npm-shrinkwrap.json", before, rows, 1);
	assert_string_equal(compare("package-lock.json", before, with(before, "\"node_modules/y", "\"packages/b/node_modules/y")), "");
	assert_string_equal(compare("package-lock.json", "{\"lockfileVersion\": 1, \"dependencies\": {}}", before), "package-lock.json has no \"packages\": it is of version 1, expected 2 or 3");
	assert_non_null(strstr(compare("package-lock.json", "{", before), "package-lock.json:1:2: "));
}

static void yarn_1(void **state)
{
	static const char before[] =
		"# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.\n# yarn lockfile v1\n\n\n"
		"\"@s/z@^1.0.0\", \"@s/z@^1.1.0\":\n  version \"1.2.0\"\n  resolved \"https://r/z.tgz#1\"\n  integrity sha512-z\n\n"
		"x@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://r/x.tgz#1\"\n  integrity sha512-x\n  dependencies:\n    \"@s/z\" \"^1.0.0\"\n\n"
		"y@^2.0.0, y@^2.1.0:\n  version \"2.1.0\"\n  resolved \"https://r/y.tgz#1\"\n  dependencies:\n    w \"1\"\n  optionalDependencies:\n    \"@s/z\" \"^1.1.0\"\n\n"
		"w@1:\n  version \"1.0.0\"\n  resolved \"https://r/w.tgz#1\"\n";
	static const struct row rows[] = {
		{ "sha512-x", "sha512-other", "packages/a" }, { "sha512-z", "sha512-other", "packages/a packages/b" }, { "r/y.tgz#1", "r/y.tgz#2", "packages/b" },
		{ "version \"2.1.0\"", "version \"2.2.0\"", "packages/b" }, { "r/w.tgz#1", "r/w.tgz#2", "packages/b" }, { "w@1:", "w@1, w@~1:", "" }, { "# yarn", "#  \n# yarn", "" },
		/* "resolutions" name another range: all versions of that name count */
		{ "x@^1.0.0:", "x@1.0.0:", "" },
	};

	(void)state;
	packages("{\"x\": \"^1.0.0\", \"b\": \"^1.0.0\"}", "{\"y\": \"^2.1.0\"}");
	check("yarn.lock", before, rows, COUNT(rows));
	assert_string_equal(compare("yarn.lock", with(before, "x@^1.0.0:", "x@1.0.0:"), with(with(before, "x@^1.0.0:", "x@1.0.0:"), "sha512-x", "sha512-q")), "packages/a");
	assert_string_equal(compare("yarn.lock", "x", before), "yarn.lock is of no version that is known");
}

static void yarn_berry(void **state)
{
	static const char before[] =
		"# This file is generated by running \"yarn install\" inside your project.\n\n__metadata:\n  version: 8\n  cacheKey: 10c0\n\n"
		"\"@s/z@npm:^1.0.0, @s/z@npm:^1.1.0\":\n  version: 1.2.0\n  resolution: \"@s/z@npm:1.2.0\"\n  checksum: 10c0/zzz\n  languageName: node\n  linkType: hard\n\n"
		"\"a@workspace:packages/a\":\n  version: 0.0.0-use.local\n  resolution: \"a@workspace:packages/a\"\n  dependencies:\n    b: \"npm:^1.0.0\"\n    x: \"npm:^1.0.0\"\n  languageName: unknown\n  linkType: soft\n\n"
		"\"b@npm:^1.0.0, b@workspace:packages/b\":\n  version: 0.0.0-use.local\n  resolution: \"b@workspace:packages/b\"\n  dependencies:\n    y: ^2.1.0\n  languageName: unknown\n  linkType: soft\n\n"
		"\"r@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"r@workspace:.\"\n  languageName: unknown\n  linkType: soft\n\n"
		"\"x@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"x@npm:1.0.0\"\n  dependencies:\n    \"@s/z\": \"npm:^1.0.0\"\n  checksum: 10c0/xxx\n\n"
		"\"y@npm:^2.0.0, y@npm:^2.1.0\":\n  version: 2.1.0\n  resolution: \"y@npm:2.1.0\"\n  dependencies:\n    \"@s/z\": \"npm:^1.1.0\"\n  peerDependencies:\n    p: \"*\"\n  checksum: 10c0/yyy\n";
	static const struct row rows[] = {
		{ "10c0/xxx", "10c0/other", "packages/a" }, { "10c0/zzz", "10c0/other", "packages/a packages/b" }, { "10c0/yyy", "10c0/other", "packages/b" },
		{ "y@npm:2.1.0", "y@npm:2.2.0", "packages/b" }, { "10c0", "11c0", "" }, { "version: 8", "version: 9", "" },
		{ "\"r@workspace:.\"\n  languageName", "\"r@workspace:.\"\n  dependencies:\n    x: \"npm:^1.0.0\"\n  languageName", "." },
	};

	(void)state;
	packages("{}", "{}");
	check("yarn.lock", before, rows, COUNT(rows));
	assert_non_null(strstr(compare("yarn.lock", "\n__metadata: [", before), "expected YAML"));
}

static void bun_text(void **state)
{
	static const char before[] =
		"{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\n    \"\": { \"name\": \"r\", },\n"
		"    \"packages/a\": { \"name\": \"a\", \"version\": \"1.0.0\", \"dependencies\": { \"x\": \"^1.0.0\", \"b\": \"workspace:*\", }, },\n"
		"    \"packages/b\": { \"name\": \"b\", \"devDependencies\": { \"y\": \"^2.0.0\", \"x\": \"^2\", }, },\n  },\n"
		"  \"packages\": {\n    \"a\": [\"a@workspace:packages/a\"],\n    \"b\": [\"b@workspace:packages/b\"],\n"
		"    \"x\": [\"x@1.0.0\", \"\", { \"dependencies\": { \"@s/z\": \"^1\" } }, \"sha512-x\"],\n"
		"    \"b/x\": [\"x@2.0.0\", \"\", {}, \"sha512-2x\"],\n"
		"    \"y\": [\"y@2.0.0\", \"\", { \"dependencies\": { \"@s/z\": \"^1\" } }, \"sha512-y\"],\n"
		"    \"y/@s/z\": [\"@s/z@1.5.0\", \"\", {}, \"sha512-15z\"],\n"
		"    \"@s/z\": [\"@s/z@1.0.0\", \"\", {}, \"sha512-1z\"],\n  }\n}\n";
	static const struct row rows[] = {
		{ "sha512-x", "sha512-other", "packages/a" }, { "sha512-2x", "sha512-other", "packages/b" }, { "sha512-y", "sha512-other", "packages/b" },
		{ "sha512-15z", "sha512-other", "packages/b" }, { "sha512-1z", "sha512-other", "packages/a" }, { "\"x\": \"^1.0.0\"", "\"x\": \"^1.0.1\"", "" },
	};

	(void)state;
	packages("{}", "{}");
	check("bun.lock", before, rows, COUNT(rows));
	assert_string_equal(compare("bun.lock", "{}", before), "bun.lock has no \"workspaces\"");
	assert_string_equal(compare("bun.lockb", before, before), "bun.lockb is no text; `bun install --save-text-lockfile` writes bun.lock");
}

/* Whatever the bytes are: an answer or an error, and no more. */
static void damaged_lockfiles_are_refused_or_harmless(void **state)
{
	static const struct { const char *name, *text; } files[] = {
		{ "pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      x:\n        version: 1.0.0\n  1: [2]\npackages:\n  x@1.0.0: {resolution: {integrity: s}}\n  [a]: b\nsnapshots:\n  x@1.0.0: {dependencies: {x: 1.0.0}}\n  y: z\n" },
		{ "package-lock.json", "{\"packages\": {\"\": {\"dependencies\": {\"x\": 1}}, \"node_modules/x\": {\"version\": \"1\", \"dependencies\": {\"x\": \"1\"}}, \"node_modules/\": 5, \"a\": []}}" },
		{ "yarn.lock", "# yarn lockfile v1\n\"x@1\", x@2:\n  version \"1\"\n  dependencies:\n    x \"1\"\n,:\n:\n\"\n  version\n    y\n" },
		{ "yarn.lock", "__metadata:\n  version: 8\n\"x@npm:1, x@npm:2\":\n  resolution: x\n  dependencies: {x: 1, y: [2]}\n? [a]\n: b\nc: d\n" },
		{ "bun.lock", "{\"workspaces\": {\"\": {\"dependencies\": {\"x\": 1}}, \"a\": 5}, \"packages\": {\"x\": [\"x@1\", {\"dependencies\": {\"x\": \"1\"}}], \"y\": 5, \"z\": [1, {\"dependencies\": []}]}}" },
	};
	unsigned seed = 1, round;
	size_t i, k;

	(void)state;
	packages("{\"x\": \"1\"}", "{}");
	for (i = 0; i < COUNT(files); i++) {
		size_t n = strlen(files[i].text);
		char *text = arena_str(a, files[i].text);

		compare(files[i].name, text, text);
		for (k = 0; k <= n; k++)
			compare(files[i].name, arena_strn(a, files[i].text, k), files[i].text);
		for (round = 0; round < 300; round++) {
			seed = seed * 1103515245 + 12345;
			text = arena_str(a, files[i].text);
			text[(seed >> 8) % n] = " \n\"':{}[],@/x1"[(seed >> 20) % 15];
			compare(files[i].name, text, files[i].text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define story(name) cmocka_unit_test_setup_teardown(name, begin, end)
		story(lockfiles_are_known_by_their_names),
		story(pnpm_9),
		story(pnpm_5_and_6),
		story(npm_2_and_3),
		story(yarn_1),
		story(yarn_berry),
		story(bun_text),
		story(damaged_lockfiles_are_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
