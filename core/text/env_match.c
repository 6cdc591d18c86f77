#include "config.h"

#include "text/env_match.h"

#include <string.h>

#include "text/glob.h"
#include "text/utf8.h"

static bool is_utf8(const char *s, size_t n)
{
	uint32_t ignored;
	size_t len;

	for (; n; s += len, n -= len) {
		len = utf8_next(s, n, &ignored);
		if (!len)
			return false;
	}
	return true;
}

/* Names that vt gives to scripts, as npm does. */
static bool is_given(const char *name)
{
	static const char *const names[] = {
		"INIT_CWD", "NODE", "npm_command", "npm_config_user_agent", "npm_execpath", "npm_node_execpath",
	};
	size_t i;

	if (strncmp(name, "npm_package_", 12) == 0 || strncmp(name, "npm_lifecycle_", 14) == 0)
		return true;
	for (i = 0; i < COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

int env_match(struct arena *a, const struct env *env, bool prefix, const char *text, struct env_list *ret, struct err *err)
{
	struct env_list all;
	struct env_pair *found;
	const struct glob *glob = NULL;
	size_t size = strlen(text);
	uint32_t i, n = 0;

	if (!prefix && glob_make(a, text, GLOB_NAME, &glob, err) < 0)
		return -1;
	all = env_list(env, a);
	found = arena_array(a, all.n, sizeof *found);
	for (i = 0; i < all.n; i++) {
		const char *name = all.at[i].name;
		size_t len = strlen(name);

		if (is_given(name))
			continue;
		if ((glob ? glob_match(glob, name, len) : strncmp(name, text, size) == 0) && is_utf8(name, len))
			found[n++] = all.at[i];
	}
	ret->at = found;
	ret->n = n;
	return 0;
}
