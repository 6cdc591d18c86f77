#include "config.h"

#include "record/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/env.h"
#include "os/file.h"
#include "os/tree.h"
#include "record/tracked.h"
#include "text/path.h"

enum { OPEN_TRIES = 8 };               /* `vt cache clean` may take the directory away meanwhile */
enum { WENT = 1, NONE };               /* open_inner */

const char directory_tag[] =
	"Signature: 8a477f597d28d172789f06886806bc55\n"
	"# This directory is the cache of vt. It may be deleted at any time.\n";

const char *const directory_names[] = {
	"v" CACHE_FORMAT, "store-" CACHE_FORMAT, "v1", "store-1", "plugins", "last-summary", "last-summary.json", ".gitignore", "CACHEDIR.TAG", NULL
};

int directory_place(const struct env *env, const char *root, struct arena *a, const char **ret, struct err *err)
{
	static const char *const names[] = { "VT_CACHE_DIR", "VITE_CACHE_PATH" };
	unsigned i;

	for (i = 0; i < COUNT(names); i++) {
		const char *value = env_get(env, names[i]);

		if (!value || !value[0])
			continue;
		if (value[0] != '/')
			return err_set(err, ERR_USER, "%s must be an absolute path, but it is '%s'", names[i], value);
		*ret = path_clean(a, value);
		return 0;
	}
	*ret = path_join(a, root, ".vt");
	return 0;
}

char *path_new(const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *ret = xmalloc(n);

	snprintf(ret, n, "%s/%s", dir, name);
	return ret;
}

/* ---- may vt use it? ------------------------------------------------------------- */

static int put_file(int dir, const char *name, const char *text)
{
	int fd;
	ssize_t n;

	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

int directory_put_marks(int fd)
{
	return put_file(fd, ".gitignore", "*\n") < 0 || put_file(fd, "CACHEDIR.TAG", directory_tag) < 0 ? -1 : 0;
}

/* vt trusts only a folder of this user's to which no other user may write. Git carries neither the owner nor a
 * mode without rights for others: one that a repository brought to the default place does not pass. */
static int check_level(const struct directory *d, const struct stat *st, const char *path, struct err *err)
{
	if (S_ISLNK(st->st_mode))
		return err_set(err, ERR_USER, "'%s' is a symbolic link, and nothing in a cache is reached through one; remove it%s", path,
			       strcmp(path, d->path) == 0 ? ", or name the folder with VT_CACHE_DIR" : "");
	if (!S_ISDIR(st->st_mode))
		return err_set(err, ERR_USER, "'%s' is no folder; remove it", path);
	if (st->st_uid != getauxval(AT_EUID) && !(d->given && st->st_uid == 0))
		return err_set(err, ERR_USER, "'%s' belongs to another user; remove it, or name another folder with VT_CACHE_DIR", path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, ERR_USER, "others may write to '%s'; remove it, and vt makes it anew", path);
	if (!d->given && (st->st_mode & 077))
		return err_set(err, ERR_USER, "others may look into '%s' (mode %04o), so it is not one that vt made: it may have come with the repository; remove it, and vt makes it anew",
			       path, (unsigned)st->st_mode & 07777);
	return 0;
}

/* Opens a folder that passes check_level. Returns its fd; -1 with errno ENOENT and no err: there is none; else err. */
static int open_level(const struct directory *d, int at, const char *name, const char *path, bool follow, struct err *err)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW)), number = errno;
	struct stat st;

	if (fd < 0 && number == ENOENT)
		return -1;
	if (fd < 0 && (number == ENOTDIR || number == ELOOP) && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISDIR(st.st_mode))
		check_level(d, &st, path, err);
	else if (fd < 0)
		err_errno(err, number, "cannot use '%s'", path);
	else if (fstat(fd, &st) < 0)
		err_errno(err, errno, "cannot use '%s'", path);
	else if (check_level(d, &st, path, err) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	errno = EPERM;
	return -1;
}

bool directory_is_own(const char *name)
{
	unsigned i;

	for (i = 0; directory_names[i]; i++)
		if (strcmp(name, directory_names[i]) == 0)
			return true;
	return directory_is_unfinished(name);
}

bool directory_is_foreign(int fd)
{
	struct arena *a = arena_new();
	struct tree_name *names;
	uint32_t n = 0, i;
	bool foreign = false;

	if (faccessat(fd, "CACHEDIR.TAG", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && tree_list(fd, "", a, &names, &n) == 0)
		for (i = 0; i < n; i++)
			foreign |= !directory_is_own(names[i].name);
	arena_free(a);
	return foreign;
}

/* ---- opening it ------------------------------------------------------------------ */

static int open_top(const struct directory *d, struct err *err)
{
	int fd = open_level(d, AT_FDCWD, d->path, d->path, d->given, err);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (d->dry)
		return -1;
	if (file_mkdirs(d->path, 0700, err) < 0) {
		errno = EPERM;
		return -1;
	}
	return open_level(d, AT_FDCWD, d->path, d->path, d->given, err);
}

/* The marks are put back whenever they are missing: without them git takes the cache for a part of the repository. */
static int keep_marks(const struct directory *d, int fd, bool is_new, struct err *err)
{
	if (is_new && directory_is_foreign(fd))
		return err_set(err, ERR_USER, "'%s' holds something else (there is no CACHEDIR.TAG of vt in it)", d->path);
	/* a cache that cannot be written to can be read */
	if (directory_put_marks(fd) < 0 && is_new && errno != ENOENT)
		return err_errno(err, errno, "cannot write to '%s'", d->path);
	return 0;
}

/* 0; WENT: it went away meanwhile; NONE: there is none, and none is to be made; -1. */
static int open_inner(struct directory *d, struct err *err)
{
	bool is_new;

	d->inner_fd = open_level(d, d->fd, "v" CACHE_FORMAT, d->inner, false, err);
	is_new = d->inner_fd < 0;
	if (is_new && errno != ENOENT)
		return -1;
	if (d->dry)
		return is_new ? NONE : 0;
	if (keep_marks(d, d->fd, is_new, err) < 0)
		return -1;
	if (!is_new)
		return 0;
	if (mkdirat(d->fd, "v" CACHE_FORMAT, 0700) < 0 && errno != EEXIST)
		return errno == ENOENT ? WENT : err_errno(err, errno, "cannot write to '%s'", d->path);
	d->inner_fd = open_level(d, d->fd, "v" CACHE_FORMAT, d->inner, false, err);
	return d->inner_fd >= 0 ? 0 : errno == ENOENT ? WENT : -1;
}

static void close_both(struct directory *d)
{
	if (d->inner_fd >= 0)
		close(d->inner_fd);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = d->inner_fd = -1;
}

int directory_open(struct directory *d, struct err *err)
{
	int tries, r = WENT;

	for (tries = 0; r == WENT && tries < OPEN_TRIES; tries++) {
		close_both(d);
		d->fd = open_top(d, err);
		if (d->fd >= 0)
			r = open_inner(d, err);
		else
			r = errno != ENOENT ? -1 : d->dry ? NONE : WENT;
	}
	if (r == 0)
		return 0;
	close_both(d);
	return r < 0 ? -1 : r == NONE ? 1 : err_set(err, ERR_USER, "'%s' is being removed by another process", d->path);
}

/* Does git make folders without rights for others here? */
static bool is_all_private(int root_fd)
{
	mode_t mask = umask(077);
	struct stat st;

	umask(mask);
	return (mask & 077) == 077 || (fstat(root_fd, &st) == 0 && !(st.st_mode & 077));
}

int directory_check_tracked(const struct directory *d, int root_fd, struct err *err)
{
	struct arena *a;
	bool tracked;

	if (d->given || !is_all_private(root_fd))
		return 0;
	a = arena_new();
	tracked = tracked_below(path_dir(a, d->path), d->path);
	arena_free(a);
	if (!tracked)
		return 0;
	return err_set(err, ERR_USER, "'%s' is in the git index, so it may have come with the repository; remove it, also with git rm -r --cached", d->path);
}

int directory_open_top(const struct directory *d, struct err *err)
{
	int fd = open_top(d, err);

	/* the run that made it has put the marks there; where there are none, a user has removed the cache */
	if (fd >= 0 && !d->dry && faccessat(fd, "v" CACHE_FORMAT, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && keep_marks(d, fd, true, err) < 0) {
		close(fd);
		return -1;
	}
	if (fd < 0 && errno == ENOENT)
		return err_errno(err, ENOENT, "cannot use '%s'", d->path);
	return fd;
}

void directory_init(struct directory *d, const char *path, const char *root, bool dry)
{
	size_t n = strlen(root);

	*d = (struct directory){
		.path = xstrdup(path),
		.inner = path_new(path, "v" CACHE_FORMAT),
		.given = strncmp(path, root, n) != 0 || strcmp(path + n, n && root[n - 1] == '/' ? ".vt" : "/.vt") != 0,
		.dry = dry,
		.fd = -1,
		.inner_fd = -1,
		.tmp_fd = -1,
		.tmp_parent = -1,
	};
	pthread_mutex_init(&d->lock, NULL);
}

/* ---- this process's own folder ------------------------------------------------------ */

int directory_tmp(struct directory *d)
{
	struct stat st;
	uint64_t unique;
	int tries;

	pthread_mutex_lock(&d->lock);
	if (d->tmp_fd < 0 && d->usable && !d->dry) {
		(void)mkdirat(d->inner_fd, "tmp", 0700);
		if (d->tmp_parent < 0)
			d->tmp_parent = openat(d->inner_fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		for (tries = 0; d->tmp_parent >= 0 && d->tmp_fd < 0 && tries < 10; tries++) {
			digest_random(&unique, sizeof unique);
			snprintf(d->tmp_name, sizeof d->tmp_name, "%016llx", (unsigned long long)unique);
			if (mkdirat(d->tmp_parent, d->tmp_name, 0700) < 0)
				break;
			d->tmp_fd = openat(d->tmp_parent, d->tmp_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
			/* another process may have swept the folder away before it was locked */
			if (d->tmp_fd >= 0 && (flock(d->tmp_fd, LOCK_EX | LOCK_NB) < 0 ||
					       fstatat(d->tmp_parent, d->tmp_name, &st, 0) < 0)) {
				close(d->tmp_fd);
				d->tmp_fd = -1;
			}
		}
	}
	pthread_mutex_unlock(&d->lock);
	return d->tmp_fd;
}

void directory_free(struct directory *d)
{
	if (d->tmp_fd >= 0) {
		(void)file_remove_tree_at(d->tmp_parent, d->tmp_name, NULL);
		close(d->tmp_fd);
	}
	if (d->tmp_parent >= 0)
		close(d->tmp_parent);
	close_both(d);
	pthread_mutex_destroy(&d->lock);
	free(d->path);
	free(d->inner);
}
