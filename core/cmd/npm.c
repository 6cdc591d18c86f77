#include "config.h"

#include "cmd/npm.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/cmd.h"
#include "os/file.h"
#include "text/json.h"
#include "text/path.h"

enum { MANIFEST_MAX = 1 << 20 };

static bool has(const char *root, const char *name, struct arena *a)
{
	return access(path_join(a, root, name), F_OK) == 0;
}

static const char *manager_of(const char *root, struct arena *a)
{
	if (has(root, "pnpm-workspace.yaml", a) || has(root, "pnpm-lock.yaml", a))
		return "pnpm";
	if (has(root, "yarn.lock", a))
		return "yarn";
	return has(root, "bun.lock", a) || has(root, "bun.lockb", a) ? "bun" : "npm";
}

/* The real place of a program on PATH, or NULL. */
static const char *program(const struct session *s, const char *name, struct arena *a)
{
	char place[PATH_MAX];

	return file_on_path(name, s->cwd, env_get(s->env, "PATH"), s->programs, place) ? file_real(place, a) : NULL;
}

/* Its version stands in the package.json above bin/. A shim's, which would be another's, does not count. */
static const char *version_of(const char *name, const char *place, struct arena *a)
{
	const char *file = path_join(a, path_dir(a, path_dir(a, place)), "package.json"), *ret = NULL;
	struct json_doc *doc = NULL;
	const cJSON *item;
	struct bytes text;

	if (file_read(file, MANIFEST_MAX, a, &text, NULL) != 0 || json_read(file, text.data, text.size, JSON_STRICT, &doc, NULL) != 0)
		return NULL;
	item = cJSON_GetObjectItemCaseSensitive(json_root(doc), "name");
	if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0) {
		item = cJSON_GetObjectItemCaseSensitive(json_root(doc), "version");
		if (cJSON_IsString(item))
			ret = arena_str(a, item->valuestring);
	}
	json_free(doc);
	return ret;
}

/* The number behind a #define, or NULL. */
static const char *defined(const char *text, const char *name, struct arena *a)
{
	const char *at = strstr(text, name);

	if (!at)
		return NULL;
	at += strlen(name);
	at += strspn(at, " \t");
	return arena_strn(a, at, strspn(at, "0123456789"));
}

/* Node's version, from the header that is installed beside it: "node/v20.1.0 ", or nothing. */
static const char *node_version(const char *node, struct arena *a)
{
	const char *file = node ? path_join(a, path_dir(a, path_dir(a, node)), "include/node/node_version.h") : NULL;
	const char *major, *minor, *patch;
	struct bytes text;

	if (!file || file_read(file, MANIFEST_MAX, a, &text, NULL) != 0)
		return "";
	major = defined(text.data, "#define NODE_MAJOR_VERSION", a);
	minor = defined(text.data, "#define NODE_MINOR_VERSION", a);
	patch = defined(text.data, "#define NODE_PATCH_VERSION", a);
	return major && minor && patch ? arena_printf(a, "node/v%s.%s.%s ", major, minor, patch) : "";
}

static const char *user_agent(const char *name, const char *version, const char *node, struct arena *a)
{
#if defined(__x86_64__)
	static const char machine[] = "x64";
#elif defined(__aarch64__)
	static const char machine[] = "arm64";
#else
	static const char machine[] = "other";
#endif

	return arena_printf(a, "%s/%s %s%slinux %s%s", name, version ? version : "?", strcmp(name, "npm") == 0 ? "" : "npm/? ",
			    node_version(node, a), machine, strcmp(name, "npm") == 0 ? " workspaces/false" : "");
}

const struct npm *npm_find(const struct session *s, const char *root, struct arena *a)
{
	struct npm *npm = arena_alloc(a, sizeof *npm);
	const char *name = manager_of(root, a), *version;

	npm->node = program(s, "node", a);
	npm->execpath = env_get(s->env, "npm_execpath");
	npm->user_agent = env_get(s->env, "npm_config_user_agent");
	npm->command = "run-script";
	if (npm->execpath && npm->user_agent)
		return npm;
	npm->execpath = program(s, name, a);
	if (!npm->execpath && (npm->execpath = program(s, "npm", a)))
		name = "npm";
	version = npm->execpath ? version_of(name, npm->execpath, a) : NULL;
	npm->user_agent = user_agent(name, version, npm->node, a);
	return npm;
}

/* May only the user and root change what is in it? */
static bool is_safe(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()) && !(st.st_mode & 022);
}

const char *npm_above(const char *root, struct arena *a)
{
	const char *dir = root, *ret = NULL, *modules, *bin;

	while (strcmp(dir, "/") != 0) {
		dir = path_dir(a, dir);
		modules = path_join(a, dir, "node_modules");
		bin = path_join(a, modules, ".bin");
		if (is_safe(bin) && is_safe(modules))
			ret = ret ? arena_printf(a, "%s:%s", ret, bin) : bin;
	}
	return ret;
}

/* One word of NODE_OPTIONS. */
static const char *option_word(const char *text, struct arena *a)
{
	struct buf b;
	const char *ret;

	if (!strpbrk(text, " \"\\"))
		return text;
	buf_init(&b, PATH_MAX * 2 + 16);
	buf_byte(&b, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_byte(&b, '\\');
		buf_byte(&b, *text);
	}
	buf_byte(&b, '"');
	ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ret;
}

const char *npm_node_options(const struct session *s, const char *root, struct arena *a)
{
	const char *before = env_get(s->env, "NODE_OPTIONS"), *ret;

	if (!has(root, ".pnp.cjs", a) || (before && strstr(before, ".pnp.cjs")))
		return NULL;
	ret = arena_printf(a, "%s%s--require %s", before ? before : "", before && *before ? " " : "",
			   option_word(path_join(a, root, ".pnp.cjs"), a));
	if (has(root, ".pnp.loader.mjs", a))
		ret = arena_printf(a, "%s --experimental-loader %s", ret,
				   option_word(arena_printf(a, "file://%s", path_join(a, root, ".pnp.loader.mjs")), a));
	return ret;
}
