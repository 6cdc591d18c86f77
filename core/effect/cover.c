#include "config.h"

#include "effect/cover.h"

#include <limits.h>
#include <string.h>

#include "text/glob.h"

enum { COVER_CACHES = 63 };

static const char *const caches[] = {
	"**/node_modules/.cache/**", "**/node_modules/.vite/**", "**/node_modules/.vite-temp/**", "**/.eslintcache",
	"**/.stylelintcache", "**/.rts2_cache*/**", "**/.rpt2_cache/**", "**/.parcel-cache/**", "**/.turbo/**",
	"**/.nx/cache/**", "**/.next/cache/**", "**/.jest-cache/**", "**/__pycache__/**", "**/.pytest_cache/**",
	"**/.mypy_cache/**", "**/.ruff_cache/**", "**/.gradle/**", "**/.ninja_log",
};

struct cover {
	const struct globs *input, *output;    /* borrowed */
	struct list {
		const struct glob **at;
		uint32_t n;
	} cache, no_cache;
};

static void add(struct arena *a, struct list *l, const char *pattern)
{
	const struct glob *g;

	if (glob_make(a, pattern, GLOB_PATH, &g, NULL) < 0)
		return;
	l->at = arena_grow(a, l->at, l->n, sizeof *l->at);
	l->at[l->n++] = g;
}

struct cover *cover_new(struct arena *a, const struct globs *input, const struct globs *output, const struct texts *more)
{
	struct cover *c = arena_alloc(a, sizeof *c);
	uint32_t i;

	c->input = input;
	c->output = output;
	for (i = 0; i < COUNT(caches); i++)
		add(a, &c->cache, caches[i]);
	for (i = 0; more && i < more->n; i++)
		if (more->at[i][0] == '!')
			add(a, &c->no_cache, more->at[i] + 1);
		else
			add(a, &c->cache, more->at[i]);
	return c;
}

/* The number of the first pattern that matches, from 1; 0: none. */
static uint32_t match(const struct list *l, struct bytes path)
{
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (glob_match(l->at[i], path.data, path.size))
			return i + 1;
	return 0;
}

bool cover_output(const struct cover *c, struct bytes path)
{
	return globs_match(c->output, path.data, path.size);
}

bool cover_output_folder(const struct cover *c, struct bytes path)
{
	char below[PATH_MAX + 4];

	if (path.size > PATH_MAX)
		return false;
	memcpy(below, path.data, path.size);
	memcpy(below + path.size, "/\1", 2);
	return cover_output(c, path) || cover_output(c, (struct bytes){ below, path.size + 2 });
}

/* The same for a cache, to which its folder itself belongs. */
static uint32_t match_cache(const struct list *l, struct bytes path)
{
	char below[PATH_MAX + 4];
	uint32_t which = match(l, path);

	if (which || path.size > PATH_MAX)
		return which;
	memcpy(below, path.data, path.size);
	memcpy(below + path.size, "/x", 2);
	return match(l, (struct bytes){ below, path.size + 2 });
}

/* Is it one of git's own files? They are never a product. */
static bool is_git(struct bytes path)
{
	const char *p = path.data, *end = p + path.size;

	for (; (size_t)(end - p) >= 4; p = memchr(p, '/', (size_t)(end - p)) ? (const char *)memchr(p, '/', (size_t)(end - p)) + 1 : end)
		if (memcmp(p, ".git", 4) == 0 && (p + 4 == end || p[4] == '/'))
			return true;
	return false;
}

int cover_cache(const struct cover *c, struct bytes path)
{
	uint32_t which;

	if (is_git(path))
		return -1;
	if (cover_output(c, path))
		return 0;
	if (file_patterns_match(&c->input->no, path.data, path.size))
		return -1;
	/* most paths have nothing of it in their names */
	if (!c->no_cache.n && c->cache.n == COUNT(caches) && !memmem(path.data, path.size, "/.", 2) &&
	    !memmem(path.data, path.size, "__pycache__", 11) && !(path.size && *(const char *)path.data == '.'))
		return 0;
	which = match_cache(&c->cache, path);
	if (!which || which > COVER_CACHES || match(&c->no_cache, path) || file_patterns_match(&c->input->yes, path.data, path.size))
		return 0;
	return (int)which;
}

bool cover_is_memory(struct bytes path)
{
	static const char end[] = ".tsbuildinfo";
	size_t n = sizeof end - 1;

	return path.size >= n && memcmp((const char *)path.data + path.size - n, end, n) == 0;
}
