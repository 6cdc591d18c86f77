#include "config.h"

#include "record/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/env.h"
#include "os/file.h"
#include "os/tree.h"
#include "text/path.h"

enum { UNFINISHED_S = 3600 };

const char directory_tag[] =
	"Signature: 8a477f597d28d172789f06886806bc55\n"
	"# This directory is the cache of vt. It may be deleted at any time.\n";

const char *const directory_names[] = {
	"v1", "store-1", "plugins", "last-summary", "last-summary.json", ".gitignore", "CACHEDIR.TAG", NULL
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

/* ---- making and checking it ----------------------------------------------------- */

static int put_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n;

	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* vt trusts only a directory of this user's to which no other user may write. */
static int check_owner(int fd, const char *dir, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot use '%s'", dir);
	if (st.st_uid != geteuid())
		return err_set(err, ERR_USER, "'%s' belongs to another user", dir);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, ERR_USER, "others may write to '%s'", dir);
	return 0;
}

static bool is_own_name(const char *name)
{
	unsigned i;

	for (i = 0; directory_names[i]; i++)
		if (strcmp(name, directory_names[i]) == 0)
			return true;
	return false;
}

/* Does the folder hold files of other programs? Then it was named as the cache by mistake. */
static bool is_foreign(int fd)
{
	struct arena *a = arena_new();
	struct tree_name *names;
	uint32_t n = 0, i;
	bool foreign = false;

	if (faccessat(fd, "CACHEDIR.TAG", F_OK, 0) < 0 && tree_list(fd, "", a, &names, &n) == 0)
		for (i = 0; i < n; i++)
			foreign |= !is_own_name(names[i].name);
	arena_free(a);
	return foreign;
}

static int make_marks(int fd, const char *dir, struct err *err)
{
	if (is_foreign(fd))
		return err_set(err, ERR_USER, "'%s' holds something else (there is no CACHEDIR.TAG of vt in it)", dir);
	if (put_file(fd, ".gitignore", "*\n") < 0 || put_file(fd, "CACHEDIR.TAG", directory_tag) < 0 ||
	    (mkdirat(fd, "v" CACHE_FORMAT, 0700) < 0 && errno != EEXIST))
		return err_errno(err, errno, "cannot write to '%s'", dir);
	return 0;
}

int directory_check(const char *dir, bool dry, struct err *err)
{
	struct stat st;
	int fd, r;

	if (!dry && stat(dir, &st) < 0 && file_mkdirs(dir, 0700, err) < 0)
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot use '%s'", dir);
	r = check_owner(fd, dir, err);
	if (r == 0 && !dry && faccessat(fd, "v" CACHE_FORMAT, F_OK, 0) < 0)
		r = make_marks(fd, dir, err);
	close(fd);
	return r;
}

int directory_make(const char *dir, struct err *err)
{
	return directory_check(dir, false, err);
}

/* ---- unfinished files ---------------------------------------------------------- */

void directory_sweep(const struct directory *dir)
{
	char *tmp = path_new(dir->inner, "tmp"), *one;
	DIR *d = opendir(tmp);
	struct dirent *e;
	int fd;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		one = path_new(tmp, e->d_name);
		fd = open(one, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)file_remove_tree(one, NULL);
		if (fd >= 0)
			close(fd);
		free(one);
	}
	if (d)
		closedir(d);
	free(tmp);
}

/* Is it a temporary name of file_write or mac_load? */
static bool is_unfinished(const char *name)
{
	static const char *const made[] = { "history.", "stat.", "key.", "ledger.", "last-summary.", "last-summary.json." };
	unsigned i;

	for (i = 0; i < COUNT(made); i++) {
		size_t n = strlen(made[i]);

		if (strncmp(name, made[i], n) == 0 && (strlen(name + n) == 6 || strlen(name + n) == 8) && !strchr(name + n, '.'))
			return true;
	}
	return false;
}

/* A process that still writes its file has made it within the hour. */
void directory_sweep_unfinished(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (is_unfinished(e->d_name) && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < time(NULL) - UNFINISHED_S)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

void directory_init(struct directory *d, const char *path, bool dry)
{
	*d = (struct directory){ .path = xstrdup(path), .inner = path_new(path, "v" CACHE_FORMAT), .dry = dry, .tmp_fd = -1, .tmp_parent = -1 };
	pthread_mutex_init(&d->lock, NULL);
}

int directory_tmp(struct directory *d)
{
	char *tmp;
	struct stat st;
	uint64_t unique;
	int tries;

	pthread_mutex_lock(&d->lock);
	if (d->tmp_fd < 0 && d->usable && !d->dry) {
		tmp = path_new(d->inner, "tmp");
		(void)mkdir(tmp, 0700);
		if (d->tmp_parent < 0)
			d->tmp_parent = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		free(tmp);
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
	char *tmp, *one;

	if (d->tmp_fd >= 0) {
		tmp = path_new(d->inner, "tmp");
		one = path_new(tmp, d->tmp_name);
		(void)file_remove_tree(one, NULL);
		free(one);
		free(tmp);
		close(d->tmp_fd);
	}
	if (d->tmp_parent >= 0)
		close(d->tmp_parent);
	pthread_mutex_destroy(&d->lock);
	free(d->path);
	free(d->inner);
}

/* ---- removing it ---------------------------------------------------------------- */

static bool is_tagged(const char *dir)
{
	char *file = path_new(dir, "CACHEDIR.TAG");
	struct arena *a = arena_new();
	const size_t size = strlen(directory_tag);
	struct bytes b;
	bool ret = file_read(file, 4096, a, &b, NULL) == 0 && b.size >= size &&
		   memcmp(b.data, directory_tag, size) == 0;

	arena_free(a);
	free(file);
	return ret;
}

int directory_clean(const char *dir, struct err *err)
{
	struct stat st;
	unsigned i;
	char *one;
	int r = 0;

	if (lstat(dir, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, errno, "cannot look at '%s'", dir);
	if (!is_tagged(dir) && S_ISDIR(st.st_mode) && access(dir, R_OK | X_OK) < 0)
		return err_errno(err, errno, "cannot look into '%s'", dir);
	if (!is_tagged(dir))
		return err_set(err, ERR_USER, "'%s' is not a cache that vt made (there is no CACHEDIR.TAG of vt in it); nothing was removed", dir);
	for (i = 0; r == 0 && directory_names[i]; i++) {
		one = path_new(dir, directory_names[i]);
		if (lstat(one, &st) == 0)
			r = file_remove_tree(one, err);
		free(one);
	}
	/* the directory stays when it holds files of other programs */
	if (r == 0 && rmdir(dir) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
		r = err_errno(err, errno, "cannot remove '%s'", dir);
	return r;
}
