/* Sweeps files of killed processes out of the cache's directory, and removes all of it. Nothing here leaves the folder
 * whose descriptor it holds: names are removed as they are, and no link is followed. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os/file.h"
#include "record/directory.h"

enum { UNFINISHED_S = 3600, OLD_S = 30 * 86400, CLEAN_TRIES = 20, TAG_TRIES = 25, TAG_PAUSE_MS = 20 };     /* _S: seconds */

/* Opens a folder below `at`, through no link, to be listed. */
static DIR *open_list(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

/* ---- unfinished files ---------------------------------------------------------- */

void directory_sweep(const struct directory *dir, bool quick)
{
	struct dirent *e;
	struct stat st;
	DIR *d;
	int fd;

	/* most file systems count the folders in a folder: two links are none */
	if (quick && (fstatat(dir->inner_fd, "tmp", &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_nlink == 2))
		return;
	d = open_list(dir->inner_fd, "tmp");
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		fd = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)file_remove_tree_at(dirfd(d), e->d_name, NULL);
		if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
}

bool directory_is_unfinished(const char *name)
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
void directory_sweep_unfinished(int fd)
{
	DIR *d = open_list(fd, ".");
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (directory_is_unfinished(e->d_name) && fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < time(NULL) - UNFINISHED_S)
			(void)unlinkat(fd, e->d_name, 0);
	if (d)
		closedir(d);
}

/* When something below these names was last written. 0: nothing is there. */
static time_t last_written(int fd, const char *const *names)
{
	time_t last = 0;
	struct stat st;
	unsigned i;

	for (i = 0; names[i]; i++)
		if (fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime > last)
			last = st.st_mtime;
	return last;
}

void directory_sweep_old(int fd)
{
	static const char *const written[] = { "v1", "v1/history", "v1/stat", "v1/ledger", "v1/counts", "store-1", "store-1/log", NULL };
	time_t last = last_written(fd, written), now = time(NULL);

	if (!last || last > now || now - last < OLD_S)
		return;
	(void)file_remove_tree_at(fd, "store-1", NULL);
	(void)file_remove_tree_at(fd, "v1", NULL);
}

/* ---- removing all of it ----------------------------------------------------------- */

static bool is_tagged(int fd)
{
	struct arena *a = arena_new();
	const size_t size = strlen(directory_tag);
	struct bytes b;
	bool ret = file_read_at(fd, "CACHEDIR.TAG", 4096, a, &b, NULL) == 0 && b.size >= size && memcmp(b.data, directory_tag, size) == 0;

	arena_free(a);
	return ret;
}

/* A run that starts makes the folder first and then its marks, and another clean removes the marks first: neither takes
 * long. 1: tagged; 0: not; -1: the folder is gone. */
static int tagged_soon(int fd)
{
	struct stat st;
	unsigned tries;

	for (tries = 0; tries < TAG_TRIES; tries++) {
		if (fstat(fd, &st) == 0 && st.st_nlink == 0)
			return -1;
		if (is_tagged(fd))
			return 1;
		if (directory_is_foreign(fd))
			return 0;
		poll(NULL, 0, TAG_PAUSE_MS);
	}
	return 0;
}

/* Runs that start meanwhile may put files into a folder that is being removed. */
static int remove_all(int fd, struct err *err)
{
	struct err one = { 0 };
	unsigned i, tries;
	int r;

	for (i = 0; directory_names[i]; i++) {
		for (tries = 0, r = -1; r < 0 && tries < CLEAN_TRIES; tries++) {
			err_clear(&one);
			r = file_remove_tree_at(fd, directory_names[i], &one);
		}
		if (r < 0) {
			char *text = err_join(&one);

			err_set(err, ERR_SYSTEM, "%s", text);
			free(text);
			err_clear(&one);
			return -1;
		}
	}
	return 0;
}

/* Has a run made something of the cache's own again, while its marks went? Or does it still write it, under a name for a while? */
static bool is_in_use(int fd)
{
	DIR *d = open_list(fd, ".");
	struct dirent *e;
	bool ret = false;

	while (d && !ret && (e = readdir(d)))
		ret = directory_is_own(e->d_name);
	if (d)
		closedir(d);
	return ret;
}

int directory_clean(const char *path, const char *root, struct err *err)
{
	struct directory d;
	struct stat st;
	int fd, number, tagged, r = 0;

	directory_init(&d, path, root, true);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (d.given ? 0 : O_NOFOLLOW));
	number = errno;
	directory_free(&d);
	if (fd < 0 && lstat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, errno, "cannot look at '%s'", path);
	if (fd < 0 && S_ISLNK(st.st_mode))
		return err_set(err, ERR_USER, "'%s' is a symbolic link, not a cache that vt made; nothing was removed", path);
	if (fd < 0 && number != ENOTDIR)
		return err_errno(err, number, "cannot look into '%s'", path);
	tagged = fd < 0 ? 0 : tagged_soon(fd);
	if (tagged == 0)
		r = err_set(err, ERR_USER, "'%s' is not a cache that vt made (there is no CACHEDIR.TAG of vt in it); nothing was removed", path);
	if (tagged > 0)
		r = remove_all(fd, err);
	/* the directory stays when it holds files of other programs */
	if (r == 0 && rmdir(path) < 0) {
		if (errno == ENOTEMPTY || errno == EEXIST)
			(void)(is_in_use(fd) && directory_put_marks(fd));
		else if (errno != ENOENT && errno != ENOTDIR)
			r = err_errno(err, errno, "cannot remove '%s'", path);
	}
	if (fd >= 0)
		close(fd);
	return r;
}
