#include "config.h"

#include "text/path.h"

#include <string.h>

char *path_join(struct arena *a, const char *base, const char *rel)
{
	size_t n = strlen(base), m = strlen(rel), slash;
	char *out;

	if (rel[0] == '/' || !n)
		return arena_copy(a, rel, m);
	if (!m)
		return arena_copy(a, base, n);
	slash = base[n - 1] != '/';
	out = arena_alloc(a, n + slash + m + 1);
	memcpy(out, base, n);
	out[n] = '/';
	memcpy(out + n + slash, rel, m);
	return out;
}

/* Removes the last component of out[0..n). Returns the length left. */
static size_t parent(const char *out, size_t n, size_t floor)
{
	while (n > floor && out[n - 1] != '/')
		n--;
	return n > floor ? n - 1 : n;
}

char *path_clean(struct arena *a, const char *path)
{
	size_t root = path[0] == '/', n = root, floor = root, len;
	char *out = arena_copy(a, path, strlen(path));
	const char *p = path, *end;

	/* length that must stay: "/", or leading ".."s */
	for (; *p; p = end) {
		while (*p == '/')
			p++;
		end = strchrnul(p, '/');
		len = (size_t)(end - p);
		if (len == 0 || (len == 1 && p[0] == '.'))
			continue;
		if (len == 2 && p[0] == '.' && p[1] == '.') {
			if (n > floor) {
				n = parent(out, n, floor);
				continue;
			}
			if (root)
				continue;
		}
		if (n > root)
			out[n++] = '/';
		memmove(out + n, p, len);
		n += len;
		if (len == 2 && p[0] == '.' && p[1] == '.')
			floor = n;
	}
	out[n] = '\0';
	return out;
}

const char *path_below(const char *root, const char *path)
{
	size_t n = strlen(root);

	if (n == 1 && root[0] == '/')
		return path[0] == '/' ? path + 1 : NULL;
	if (strncmp(root, path, n) != 0)
		return NULL;
	if (path[n] == '\0')
		return path + n;
	return path[n] == '/' ? path + n + 1 : NULL;
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_str(a, "");
	return arena_strn(a, path, slash == path ? 1 : (size_t)(slash - path));
}

bool path_is_safe(const char *rel, size_t n)
{
	size_t at = 0, len;
	const char *slash;

	if (n == 0 || n > 4096 || memchr(rel, '\0', n))
		return false;
	for (;; at += len + 1) {
		slash = memchr(rel + at, '/', n - at);
		len = slash ? (size_t)(slash - rel) - at : n - at;
		if (len == 0 || len > 255 || (len == 1 && rel[at] == '.') || (len == 2 && rel[at] == '.' && rel[at + 1] == '.'))
			return false;
		if (!slash)
			return true;
	}
}
