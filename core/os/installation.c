#include "config.h"

#include "os/installation.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "os/file.h"
#include "text/path.h"

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The length of the path of the folder that holds both: what they begin with, up to a slash. */
static size_t common(const char *x, const char *y)
{
	size_t i, n = 0;

	for (i = 0; x[i] && x[i] == y[i]; i++)
		if (x[i] == '/')
			n = i;
	return (!x[i] || x[i] == '/') && (!y[i] || y[i] == '/') ? i : n;
}

/* How much of the configured folders is their common prefix. */
static size_t prefix_length(void)
{
	static const char *const others[] = { VT_LIBEXECDIR, VT_PLUGINDIR, VT_ADDONDIR };
	size_t i, n = strlen(VT_BINDIR);

	for (i = 0; i < sizeof others / sizeof *others; i++) {
		const size_t c = common(VT_BINDIR, others[i]);

		if (c < n)
			n = c;
	}
	return n;
}

/* Where a folder that may stand apart from the program is, as seen from `prefix`. */
static const char *apart(struct arena *a, const char *prefix, size_t skip, const char *dir)
{
	if (strncmp(dir, VT_BINDIR, skip) != 0 || dir[skip] != '/')
		return dir;
	return arena_printf(a, "%s%s", prefix, &dir[skip]);
}

/* The addon; NULL if this vt was built without it. */
static const char *addon_in(struct arena *a, const char *prefix, const char *dir)
{
#ifdef VT_WITH_NODE
	return arena_printf(a, "%s%s/vt-node.node", prefix, dir);
#else
	(void)a, (void)prefix, (void)dir;
	return NULL;
#endif
}

static bool in_build_tree(struct arena *a, const char *dir, struct installation *ret)
{
	const char *build;

	if (strcmp(path_base(dir), "core") != 0)
		return false;
	build = path_dir(a, dir);
	ret->plugins = path_join(a, build, "plugins-1");
	if (!is_folder(ret->plugins))
		return false;
	ret->prefix = build;
	ret->supervisor = path_join(a, dir, "vt-supervisor");
	ret->addon = addon_in(a, build, "/plugin-api/client");
	ret->man = path_join(a, build, "share/man");
	ret->data = path_join(a, build, "share/vt");
	return true;
}

/* The parts below `prefix` ("" is the root), whose own length in the configured paths is `skip`. */
static void parts_below(struct arena *a, const char *prefix, size_t skip, struct installation *ret)
{
	ret->supervisor = arena_printf(a, "%s%s/vt-supervisor", prefix, &VT_LIBEXECDIR[skip]);
	ret->plugins = arena_printf(a, "%s%s", prefix, &VT_PLUGINDIR[skip]);
	ret->addon = addon_in(a, prefix, &VT_ADDONDIR[skip]);
	ret->man = apart(a, prefix, skip, VT_MANDIR);
	ret->data = apart(a, prefix, skip, VT_DATADIR);
}

/* As seen from the program's folder; a staged installation (DESTDIR) is such a tree too. */
static bool in_moved_tree(struct arena *a, const char *dir, struct installation *ret)
{
	const size_t skip = prefix_length(), n = strlen(dir), bin = strlen(&VT_BINDIR[skip]);
	const char *prefix;

	if (n < bin || strcmp(dir + n - bin, &VT_BINDIR[skip]) != 0)
		return false;
	prefix = arena_strn(a, dir, n - bin);
	parts_below(a, prefix, skip, ret);
	if (!is_file(ret->supervisor) || !is_folder(ret->plugins))
		return false;
	ret->prefix = prefix[0] ? prefix : "/";
	return true;
}

int installation_find(struct arena *a, struct installation *ret, struct err *err)
{
	const char *self = file_real("/proc/self/exe", a), *dir;

	*ret = (struct installation){ .executable = self };
	if (!self)
		return err_errno(err, errno, "where this program stands cannot be found out (/proc/self/exe)");
	dir = path_dir(a, self);
	/* in a build tree libtool keeps the program in .libs */
	if (strcmp(path_base(dir), ".libs") == 0)
		dir = path_dir(a, dir);
	if (!in_build_tree(a, dir, ret) && !in_moved_tree(a, dir, ret))
		parts_below(a, "", 0, ret);
	return 0;
}
