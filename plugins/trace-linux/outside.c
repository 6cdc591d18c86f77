/* outside: which files outside the workspace belong to it all the same. Pure: paths in, an answer out. */
#include "config.h"

#include "outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is the path below the folder, or it? */
static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return n && strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/');
}

/* Folders shared by all users: none of them is "around the workspace". */
static bool is_common(const char *folder)
{
	static const char *const common[] = {
		"/tmp", "/var", "/var/tmp", "/dev", "/dev/shm", "/home", "/usr", "/usr/local", "/usr/src", "/opt", "/mnt",
		"/media", "/run", "/etc", "/lib", "/lib64", "/bin", "/sbin", "/nix", "/nix/store", "/proc", "/sys", "/snap",
	};
	size_t i;

	if (!folder[0])
		return true;
	for (i = 0; i < sizeof common / sizeof *common; i++)
		if (strcmp(folder, common[i]) == 0)
			return true;
	return false;
}

/* Is the folder above the user's, or it? */
static bool has_home(const struct outside *o, const char *folder)
{
	return o->home[0] && is_below(o->home, folder);
}

/* Does the path belong to the system? A link from the workspace changes nothing of that. */
static bool is_system(const char *path)
{
	static const char *const system[] = {
		"/usr", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix", "/proc", "/sys", "/dev", "/run", "/var", "/snap",
	};
	size_t i;

	for (i = 0; i < sizeof system / sizeof *system; i++)
		if (is_below(path, system[i]) && !is_below(path, "/usr/src") && !is_below(path, "/dev/shm"))
			return true;
	return false;
}

/* Is there a hidden folder between `from` and the file? */
static bool is_hidden(const char *path, size_t from)
{
	const char *at;

	for (at = path + from; (at = strstr(at, "/.")) != NULL; at++)
		if (strchr(at + 1, '/'))
			return true;
	return false;
}

/* Do tools keep it in the user's folder: settings and caches, whose names are hidden, modules they have fetched, installed
 * programs? */
static bool is_of_tools(const struct outside *o, const char *path)
{
	static const char *const tools[] = { "go", "snap", "R", "perl5", "anaconda3", "miniconda3", "miniforge3" };
	size_t i, n = strlen(o->home), m;

	if (!n || !is_below(path, o->home) || path[n] != '/')
		return false;
	path += n + 1;
	for (i = 0; i < sizeof tools / sizeof *tools; i++) {
		m = strlen(tools[i]);
		if (strncmp(path, tools[i], m) == 0 && path[m] == '/')
			return true;
	}
	return path[0] == '.';
}

static bool ends(const char *path, const char *with)
{
	size_t n = strlen(path), m = strlen(with);

	return n > m && strcmp(path + n - m, with) == 0;
}

/* Is it a file that a compiler puts into its product: a header, a static library, an object? Its folder does not matter. */
static bool is_compiled_in(const char *path)
{
	static const char *const ends_with[] = { ".h", ".hh", ".hpp", ".hxx", ".inc", ".a", ".o", ".lib", ".obj" };
	size_t i;

	if (is_below(path, "/usr") && strstr(path, "/include/"))
		return true;
	for (i = 0; i < sizeof ends_with / sizeof *ends_with; i++)
		if (ends(path, ends_with[i]))
			return !is_below(path, "/proc") && !is_below(path, "/sys") && !is_below(path, "/dev");
	return false;
}

void outside_init(struct outside *o, const char *root, const char *home)
{
	char folder[PATH_MAX];
	char *slash;

	memset(o, 0, sizeof *o);
	if (home && home[0] == '/' && home[1])
		snprintf(o->home, sizeof o->home, "%s", home);
	snprintf(folder, sizeof folder, "%s", root);
	while ((slash = strrchr(folder, '/')) != NULL) {
		*slash = '\0';
		if (is_common(folder) || is_system(folder) || (has_home(o, folder) && strcmp(folder, o->home) != 0))
			break;
		memcpy(o->around, folder, strlen(folder) + 1);
	}
}

void outside_free(struct outside *o)
{
	while (o->links_n)
		free(o->link[--o->links_n]);
}

void outside_link(struct outside *o, const char *to, size_t length)
{
	char *path;
	unsigned i;

	if (o->links_n == OUTSIDE_LINKS || length < 2)
		return;
	path = strndup(to, length);
	if (!path)
		return;
	for (i = 0; i < o->links_n; i++)
		if (is_below(path, o->link[i]))
			break;
	if (i < o->links_n || has_home(o, path) || is_common(path) || is_system(path) || (o->home[0] && is_below(path, o->home) && is_hidden(path, strlen(o->home)))) {
		free(path);
		return;
	}
	o->link[o->links_n++] = path;
}

bool outside_counts(const struct outside *o, const char *path)
{
	unsigned i;

	if (is_compiled_in(path))
		return true;
	for (i = 0; i < o->links_n; i++)
		if (is_below(path, o->link[i]))
			return !is_hidden(path, strlen(o->link[i]));
	return o->around[0] && is_below(path, o->around) && !is_hidden(path, strlen(o->around)) && !is_of_tools(o, path);
}
