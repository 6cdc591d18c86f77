#include "config.h"

#include "os/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"
#include "os/tree.h"

enum { STAGE_NAME = 4 + 16 + 4, STAGE_OLD_S = 3600 };

enum staged_how { STAGED_FILE, STAGED_LINK, STAGED_DIR, STAGED_META, STAGED_REMOVE };

struct staged {
	enum staged_how how;
	char *path;
	char temp[40];                 /* its temporary name: in tmp, or in `near` */
	char *near;                    /* the folder of temp, root-relative, when tmp would not do; else NULL */
	mode_t mode;
	int64_t mtime_ns;
	bool ready;                    /* temp has its mode and time */
	int placed;                    /* flag: temp was renamed */
};

struct stage {
	int root, tmp;
	dev_t tmp_dev;
	struct arena *arena;
	struct staged *at;
	uint32_t n;
	int fd;                        /* of the file being written, the last of `at`; or -1 */
	uint64_t unique;               /* of the next temporary name; 0: there was none yet */
	char *checked;                 /* the last parent that was looked at */
	bool missing;                  /* ... and is not there yet */
	bool committing;               /* stage_commit has begun: folders are looked at a second time */
	int near;                      /* ... and is on another file system than tmp */
	char *near_dir;                /* ... its nearest folder that exists */
	char *parent;                  /* the last parent that was opened, and its fd */
	int parent_fd;
};

struct stage *stage_new(int root, int tmp)
{
	struct stage *s = xcalloc(1, sizeof *s);
	struct stat st;

	s->root = root;
	s->tmp = tmp;
	s->arena = arena_new();
	s->fd = s->parent_fd = -1;
	if (tmp >= 0 && fstat(tmp, &st) == 0)
		s->tmp_dev = st.st_dev;
	else
		s->tmp = -1;
	return s;
}

static char *dir_of(struct stage *s, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? arena_strn(s->arena, path, (size_t)(slash - path)) : arena_str(s->arena, "");
}

bool stage_is_unfinished(const char *path, size_t size)
{
	const char *slash = memrchr(path, '/', size), *name = slash ? slash + 1 : path;
	size_t n = size - (size_t)(name - path), i;

	if (n != STAGE_NAME || memcmp(name, ".vt-", 4) != 0 || memcmp(name + n - 4, ".tmp", 4) != 0)
		return false;
	for (i = 4; i < n - 4; i++)
		if (!strchr("0123456789abcdef", name[i]))
			return false;
	return true;
}

/* Removes what killed processes left in a folder where files wait beside their places. A process that still needs
 * its file has made it within the hour; the time of last access tells, for the other one is set to the output's. */
static void sweep(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (stage_is_unfinished(e->d_name, strlen(e->d_name)) && fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) && st.st_atime < time(NULL) - STAGE_OLD_S)
			(void)unlinkat(fd, e->d_name, 0);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

/* May vt write into `dir`? The nearest existing parent must be a folder, reached through no link. */
static int check_parent(struct stage *s, char *dir, struct err *err)
{
	char *at = dir;
	struct stat st;
	int fd;

	if (s->checked && strcmp(s->checked, dir) == 0)
		return 0;
	while ((fd = tree_open(s->root, at)) < 0 && errno == ENOENT && at[0])
		at = dir_of(s, at);
	if (fd < 0 && errno == ELOOP)
		return err_set(err, ERR_SYSTEM, "cannot write below '%s': there is a symbolic link on the way", at);
	if (fd < 0)
		return err_errno(err, errno, "cannot write below '%s'", at);
	if (fstat(fd, &st) < 0) {
		close(fd);
		return err_errno(err, errno, "cannot look at '%s'", at);
	}
	s->near = s->tmp < 0 || st.st_dev != s->tmp_dev;
	s->near_dir = at;
	s->missing = at != dir;
	s->checked = dir;
	if (s->near && !s->committing)
		sweep(fd);
	close(fd);
	return 0;
}

/* Refuses to replace a folder by a file. */
static int check_place(struct stage *s, const char *path, struct err *err)
{
	struct stat st;

	if (check_parent(s, dir_of(s, path), err) < 0)
		return -1;
	if (!s->missing && fstatat(s->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return err_set(err, ERR_SYSTEM, "'%s' is a directory", path);
	return 0;
}

/* Fills times of utimensat: the time of last change alone. */
static void times_of(const struct staged *one, struct timespec times[2])
{
	const int64_t fraction = (one->mtime_ns % 1000000000 + 1000000000) % 1000000000;       /* also before 1970 */

	times[0] = (struct timespec){ .tv_nsec = UTIME_OMIT };
	times[1] = (struct timespec){ .tv_sec = (one->mtime_ns - fraction) / 1000000000, .tv_nsec = fraction };
}

/* Ends the file being written. What its descriptor can do here costs no second opening when it is put in place. */
static void end_file(struct stage *s)
{
	struct staged *one;
	struct timespec times[2];

	if (s->fd < 0)
		return;
	one = &s->at[s->n - 1];
	times_of(one, times);
	one->ready = fchmod(s->fd, one->mode) == 0 && futimens(s->fd, times) == 0;
	close(s->fd);
	s->fd = -1;
}

static struct staged *add(struct stage *s, enum staged_how how, const char *path, mode_t mode, int64_t mtime_ns)
{
	struct staged *one;

	end_file(s);
	s->at = arena_grow(s->arena, s->at, s->n, sizeof *s->at);
	one = &s->at[s->n++];
	*one = (struct staged){ .how = how, .path = arena_str(s->arena, path), .mode = mode & 0777, .mtime_ns = mtime_ns };
	return one;
}

/* Opens the folder of the temporary file; borrowed if that is tmp. */
static int waiting_room(struct stage *s, struct staged *one)
{
	return one->near ? tree_open(s->root, one->near) : s->tmp;
}

static void leave_room(struct stage *s, int fd)
{
	int number = errno;

	if (fd >= 0 && fd != s->tmp)
		close(fd);
	errno = number;
}

static void name_temp(struct stage *s, struct staged *one)
{
	if (!s->unique)
		digest_random(&s->unique, sizeof s->unique);
	if (s->near)
		one->near = s->near_dir;
	snprintf(one->temp, sizeof one->temp, ".vt-%016llx.tmp", (unsigned long long)s->unique++);
}

int stage_file(struct stage *s, const char *path, mode_t mode, int64_t mtime_ns, int *ret_fd, struct err *err)
{
	struct staged *one;
	int room;

	if (check_place(s, path, err) < 0)
		return -1;
	one = add(s, STAGED_FILE, path, mode, mtime_ns);
	name_temp(s, one);
	room = waiting_room(s, one);
	if (room >= 0)
		s->fd = openat(room, one->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	leave_room(s, room);
	if (s->fd < 0) {
		s->n--;
		return err_errno(err, errno, "cannot write '%s'", path);
	}
	*ret_fd = s->fd;
	return 0;
}

int stage_link(struct stage *s, const char *path, const char *target, int64_t mtime_ns, struct err *err)
{
	struct staged *one;
	int room, r = -1;

	if (check_place(s, path, err) < 0)
		return -1;
	one = add(s, STAGED_LINK, path, 0, mtime_ns);
	name_temp(s, one);
	room = waiting_room(s, one);
	if (room >= 0)
		r = symlinkat(target, room, one->temp);
	leave_room(s, room);
	if (r < 0) {
		s->n--;
		return err_errno(err, errno, "cannot write '%s'", path);
	}
	return 0;
}

int stage_dir(struct stage *s, const char *path, mode_t mode, int64_t mtime_ns, struct err *err)
{
	struct stat st;

	if (check_parent(s, dir_of(s, path), err) < 0)
		return -1;
	if (!s->missing && fstatat(s->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
		return err_set(err, ERR_SYSTEM, "'%s' is no directory", path);
	add(s, STAGED_DIR, path, mode, mtime_ns);
	return 0;
}

int stage_meta(struct stage *s, const char *path, mode_t mode, int64_t mtime_ns, struct err *err)
{
	if (check_place(s, path, err) < 0)
		return -1;
	add(s, STAGED_META, path, mode, mtime_ns);
	return 0;
}

int stage_remove(struct stage *s, const char *path, struct err *err)
{
	if (check_parent(s, dir_of(s, path), err) < 0)
		return -1;
	add(s, STAGED_REMOVE, path, 0, 0);
	return 0;
}

/* ---- commit ---------------------------------------------------------------- */

/* Opens `dir`; makes missing folders. */
static int open_made(struct stage *s, const char *dir)
{
	const char *name;
	char *above;
	int fd = tree_open(s->root, dir), parent;

	if (fd >= 0 || errno != ENOENT || !dir[0])
		return fd;
	above = dir_of(s, dir);
	parent = open_made(s, above);
	if (parent < 0)
		return -1;
	name = above[0] ? dir + strlen(above) + 1 : dir;
	if (mkdirat(parent, name, 0777) < 0 && errno != EEXIST)
		fd = -1;
	else
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	leave_room(s, parent);
	return fd;
}

/* Opens the parent of the file; borrowed, and remembered, for files mostly come in order of their paths. */
static int parent_of(struct stage *s, const struct staged *one, const char **ret_name)
{
	const char *slash = strrchr(one->path, '/');
	char *dir = dir_of(s, one->path);

	*ret_name = slash ? slash + 1 : one->path;
	if (s->parent && strcmp(s->parent, dir) == 0)
		return s->parent_fd;
	if (s->parent_fd >= 0)
		close(s->parent_fd);
	s->parent = NULL;
	s->parent_fd = open_made(s, dir);
	if (s->parent_fd >= 0)
		s->parent = dir;
	return s->parent_fd;
}

/* Is the file the one that the step left, and not another in its place? */
static bool is_kind(int fd, enum staged_how how)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (how == STAGED_DIR ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
}

/* The same as set_meta for a file or folder that its owner may not read: by a descriptor that only names it. */
static int set_meta_unread(int dir, const char *name, const struct staged *one, const struct timespec times[2])
{
	int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), r = -1, number;
	char self[32];

	if (fd < 0)
		return -1;
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	if (!is_kind(fd, one->how))
		errno = EINVAL;
	else if (chmod(self, one->mode) == 0)
		r = utimensat(AT_FDCWD, self, times, 0);
	number = errno;
	close(fd);
	errno = number;
	return r;
}

/* Sets mode and time by a descriptor, so that a link that is put at `name` meanwhile is not followed. */
static int set_meta(int dir, const char *name, const struct staged *one)
{
	struct timespec times[2];
	int fd, r = -1;

	times_of(one, times);
	if (one->how == STAGED_LINK)
		return utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (one->how == STAGED_DIR ? O_DIRECTORY : 0));
	if (fd < 0)
		return errno == EACCES ? set_meta_unread(dir, name, one, times) : -1;
	if (one->how == STAGED_META && !is_kind(fd, one->how))
		errno = EINVAL;
	else if (fchmod(fd, one->mode) == 0)
		r = futimens(fd, times);
	close(fd);
	return r;
}

static int commit_one(struct stage *s, struct staged *one, struct err *err)
{
	const char *name;
	int dir = parent_of(s, one, &name), room = -1, r = -1;

	if (dir < 0)
		return one->how == STAGED_REMOVE ? 0 : err_errno(err, errno, "cannot write '%s'", one->path);
	switch (one->how) {
	case STAGED_FILE:
	case STAGED_LINK:
		room = waiting_room(s, one);
		if (room < 0)
			break;
		r = one->ready ? 0 : set_meta(room, one->temp, one);
		if (r == 0)
			r = renameat(room, one->temp, dir, name);
		one->placed = r == 0;
		leave_room(s, room);
		break;
	case STAGED_DIR:
		r = mkdirat(dir, name, 0777) < 0 && errno != EEXIST ? -1 : 0;
		break;
	case STAGED_META:
		r = set_meta(dir, name, one);
		break;
	case STAGED_REMOVE:
		r = unlinkat(dir, name, 0);
		if (r < 0 && (errno == EISDIR || errno == EPERM))
			r = unlinkat(dir, name, AT_REMOVEDIR);
		r = r < 0 && errno != ENOENT ? -1 : 0;
		break;
	}
	return r < 0 ? err_errno(err, errno, "cannot write '%s'", one->path) : 0;
}

/* Sets the modes of folders once their content is complete: some modes forbid writing. */
static int commit_dirs(struct stage *s, struct err *err)
{
	uint32_t i;

	for (i = s->n; i-- > 0; ) {
		const struct staged *one = &s->at[i];
		const char *name;
		int dir;

		if (one->how != STAGED_DIR)
			continue;
		dir = parent_of(s, one, &name);
		if (dir < 0 || set_meta(dir, name, one) < 0)
			return err_errno(err, errno, "cannot write '%s'", one->path);
	}
	return 0;
}

int stage_commit(struct stage *s, struct err *err)
{
	uint32_t i;

	end_file(s);
	s->checked = NULL;
	s->committing = true;
	for (i = 0; i < s->n; i++)
		if (s->at[i].how == STAGED_REMOVE ? check_parent(s, dir_of(s, s->at[i].path), err) < 0
						  : s->at[i].how != STAGED_DIR && check_place(s, s->at[i].path, err) < 0)
			return -1;
	for (i = 0; i < s->n; i++)
		if (commit_one(s, &s->at[i], err) < 0)
			return -1;
	return commit_dirs(s, err);
}

void stage_free(struct stage *s)
{
	uint32_t i;
	int room;

	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	for (i = 0; i < s->n; i++) {
		if (s->at[i].placed || !s->at[i].temp[0])
			continue;
		room = waiting_room(s, &s->at[i]);
		if (room >= 0)
			(void)unlinkat(room, s->at[i].temp, 0);
		leave_room(s, room);
	}
	if (s->parent_fd >= 0)
		close(s->parent_fd);
	arena_free(s->arena);
	free(s);
}
