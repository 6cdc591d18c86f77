#include "config.h"

#include "far/worktree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/env.h"
#include "choose/trust.h"
#include "fact/mac.h"
#include "os/file.h"
#include "os/loop.h"           /* for os_now_ns */
#include "record/directory.h"
#include "text/path.h"

enum {
	TEXT_MAX = PATH_MAX + 64,      /* bytes of a file of git that holds a path */
	OLD_S = 30 * 86400,            /* a folder without its repository is removed after so long */
	FILL_MS = 30000, SLOW_MS = 1000,
};

#define MS INT64_C(1000000)

/* A repository with several worktrees. Real paths. */
struct repository {
	const char *top;               /* the top folder of this worktree */
	const char *common;            /* the git folder of all of them */
	ino_t inode;                   /* its inode */
};

/* ---- which repository ----------------------------------------------------------------- */

static bool is_mine(const char *path, mode_t type)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid();
}

/* The path in a file of git, after `prefix`, taken from the folder `from`. NULL: the file holds none. */
static const char *read_path(const char *file, const char *prefix, const char *from, struct arena *a)
{
	size_t n = strlen(prefix);
	struct bytes text;
	char *line;

	if (file_read_at(AT_FDCWD, file, TEXT_MAX, a, &text, NULL) != 0 || text.size <= n || memchr(text.data, '\0', text.size))
		return NULL;
	line = arena_strn(a, text.data, text.size);
	line[strcspn(line, "\r\n")] = '\0';
	return strncmp(line, prefix, n) == 0 && line[n] ? file_real(path_join(a, from, line + n), a) : NULL;
}

static bool has_others(const char *common, struct arena *a)
{
	DIR *d = opendir(path_join(a, common, "worktrees"));
	const struct dirent *e;
	bool ret = false;

	while (d && !ret && (e = readdir(d)))
		ret = e->d_name[0] != '.';
	if (d)
		closedir(d);
	return ret;
}

/* The git folder that a linked worktree's file `git` leads to, if that lists this worktree. */
static const char *linked_to(const char *top, const char *git, struct arena *a)
{
	const char *own = read_path(git, "gitdir: ", top, a), *common, *back, *list;

	if (!own || !is_mine(own, S_IFDIR))
		return NULL;
	common = read_path(path_join(a, own, "commondir"), "", own, a);
	back = read_path(path_join(a, own, "gitdir"), "", own, a);
	list = path_dir(a, own);
	if (!common || !back || strcmp(back, git) != 0 || strcmp(list, path_join(a, common, "worktrees")) != 0)
		return NULL;
	return common;
}

static bool find_repository(const char *root, struct arena *a, struct repository *ret)
{
	const char *top = root, *git, *common = NULL;
	struct stat st;

	while (lstat(git = path_join(a, top, ".git"), &st) < 0) {
		if (errno != ENOENT || strcmp(top, "/") == 0)
			return false;
		top = path_dir(a, top);
	}
	if (S_ISDIR(st.st_mode) && has_others(git, a))
		common = git;
	else if (S_ISREG(st.st_mode) && st.st_uid == geteuid())
		common = linked_to(top, git, a);
	if (!common || !is_mine(common, S_IFDIR) || lstat(common, &st) < 0)
		return false;
	*ret = (struct repository){ .top = top, .common = common, .inode = st.st_ino };
	return true;
}

/* This workspace in the main worktree, where it has a cache; NULL: there is none, or it is this one. */
static const char *in_main(const struct repository *r, const char *root, struct arena *a)
{
	const char *top = path_dir(a, r->common), *ret;

	if (strcmp(path_base(r->common), ".git") != 0 || strcmp(top, r->top) == 0)
		return NULL;
	ret = path_clean(a, path_join(a, top, path_below(r->top, root)));
	return is_mine(path_join(a, ret, ".vt"), S_IFDIR) ? ret : NULL;
}

/* ---- the folder --------------------------------------------------------------------------- */

static const char *caches_of(const struct env *env, struct arena *a)
{
	const char *caches = env_get(env, "XDG_CACHE_HOME"), *home = env_get(env, "HOME");

	if (caches && caches[0] == '/')
		return path_clean(a, caches);
	return home && home[0] == '/' ? path_clean(a, path_join(a, home, ".cache")) : NULL;
}

/* Opens a folder that belongs to the user alone. Returns its fd; -1 with errno ENOENT and no err: there is none; else err. */
static int open_level(int at, const char *name, const char *path, bool make, bool *ret_new, struct err *err)
{
	struct stat st;
	int fd;

	*ret_new = make && mkdirat(at, name, 0700) == 0;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !make)
		return -1;
	if (fd < 0)
		err_errno(err, errno, "'%s/%s' cannot be used", path, name);
	else if (fstat(fd, &st) < 0)
		err_errno(err, errno, "'%s/%s' cannot be used", path, name);
	else if (st.st_uid == geteuid() && !(st.st_mode & 077))
		return fd;
	else
		err_set(err, ERR_USER, "others can use '%s/%s'; remove it, and vt makes it anew", path, name);
	if (fd >= 0)
		close(fd);
	errno = EPERM;
	return -1;
}

/* Opens the user's folder of caches, which must be outside the workspace and closed to other users. 1: there is none. */
static int open_caches(const char *path, const char *root, bool make, struct err *err)
{
	const struct trust_owners who = trust_user();
	char real[PATH_MAX], *reason = NULL;
	const char *code;
	int r;

	if (path_below(root, path))
		return 1;
	if (make && file_mkdirs(path, 0700, err) < 0)
		return -1;
	if (!file_real_in(path, real) || path_below(root, real))
		return 1;
	r = trust_chain(real, &who, NULL, NULL, &code, &reason);
	if (r)
		err_set(err, ERR_USER, "%s", reason ? reason : "out of memory");
	free(reason);
	return r ? -1 : 0;
}

/* Opens the folder ID in `worktrees`, whose fd is *ret_all. */
static int open_folder(const char *caches, const char *id, bool make, int *ret_all, bool *ret_new, struct err *err)
{
	int top = open(caches, O_RDONLY | O_DIRECTORY | O_CLOEXEC), vt, ret = -1;
	bool any;

	*ret_all = -1;
	if (top < 0)
		return errno == ENOENT ? -1 : err_errno(err, errno, "'%s' cannot be used", caches);
	vt = open_level(top, "vt", caches, make, &any, err);
	if (vt >= 0)
		*ret_all = open_level(vt, "worktrees", caches, make, &any, err);
	if (*ret_all >= 0)
		ret = open_level(*ret_all, id, caches, make, ret_new, err);
	if (vt >= 0)
		close(vt);
	close(top);
	return ret;
}

static void name_of(const struct repository *r, char ret[33])
{
	uint64_t inode = r->inode;
	char hex[DIGEST_HEX_SIZE];
	struct digest_state s;
	struct digest d;

	digest_begin(&s, NULL);
	digest_add(&s, r->common, strlen(r->common) + 1);
	digest_add(&s, &inode, sizeof inode);
	digest_end(&s, &d);
	digest_hex(&d, hex);
	memcpy(ret, hex, 32);
	ret[32] = '\0';
}

/* Removes the folders of repositories that are gone. */
static void sweep(int all, struct arena *a)
{
	int fd = openat(all, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	struct bytes of;
	struct stat st;

	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || fstatat(all, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mtime + OLD_S > time(NULL))
			continue;
		if (file_read_at(all, arena_concat(a, e->d_name, "/repository", NULL), TEXT_MAX, a, &of, NULL) == 0 && lstat(of.data, &st) < 0 && errno == ENOENT)
			(void)file_remove_tree_at(all, e->d_name, NULL);
	}
	if (d)
		closedir(d);
}

/* ---- the key ------------------------------------------------------------------------------------ */

/* The key of an existing cache, whose results stay good with it. */
static bool key_of(const char *cache_dir, const char *root, struct mac *ret)
{
	int root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct directory d;
	bool found;

	directory_init(&d, cache_dir, root, true);
	found = root_fd >= 0 && directory_open(&d, NULL) == 0 && directory_check_tracked(&d, root_fd, NULL) == 0 &&
		faccessat(d.inner_fd, "key", R_OK, AT_SYMLINK_NOFOLLOW) == 0 && mac_load(d.inner_fd, "key", NULL, ret) == 0;
	directory_free(&d);
	if (root_fd >= 0)
		close(root_fd);
	return found;
}

/* Loads, or makes, the key of the workspace. 1: there is none, and none is made. */
static int load_key(int folder, const struct repository *r, const char *root, const char *cache_dir, bool dry, struct arena *a, struct worktree_share *ret, struct err *err)
{
	const char *rel = path_below(r->top, root);
	char hex[DIGEST_HEX_SIZE], name[24];
	struct mac mac, first;
	struct digest d;
	bool known = false;

	digest_of(rel, strlen(rel), &d);
	digest_hex(&d, hex);
	snprintf(name, sizeof name, "key-%.16s", hex);
	if (faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		if (dry)
			return 1;
		known = (ret->main && key_of(path_join(a, ret->main, ".vt"), ret->main, &first)) || key_of(cache_dir, root, &first);
	}
	if (mac_load(folder, name, known ? &first : NULL, &mac) < 0)
		return err_errno(err, errno, "the key '%s' cannot be read or made", name);
	memcpy(ret->key, mac.key, sizeof ret->key);
	return 0;
}

int worktree_share(const struct env *env, const char *root, const char *cache_dir, bool dry, struct arena *a, struct worktree_share *ret, struct err *err)
{
	const char *caches;
	struct repository r;
	int folder, all, rc;
	char id[33];

	*ret = (struct worktree_share){ 0 };
	if (!find_repository(root, a, &r) || !(caches = caches_of(env, a)))
		return 0;
	rc = open_caches(caches, root, !dry, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	name_of(&r, id);
	folder = open_folder(caches, id, !dry, &all, &ret->is_new, err);
	if (folder < 0)
		rc = errno == ENOENT && dry ? 1 : -1;
	if (rc == 0 && ret->is_new) {
		(void)file_write_at(folder, "repository", r.common, strlen(r.common), 0600, NULL);
		sweep(all, a);
	}
	ret->main = in_main(&r, root, a);
	if (rc == 0)
		rc = load_key(folder, &r, root, cache_dir, dry, a, ret, err);
	if (rc == 0)
		ret->results = arena_concat(a, caches, "/vt/worktrees/", id, "/results", NULL);
	if (folder >= 0)
		close(folder);
	if (all >= 0)
		close(all);
	return rc < 0 ? -1 : 0;
}

/* ---- filling it ------------------------------------------------------------------------------------ */

static pid_t start_push(const struct worktree_share *share, const char *vt, char *const *environment, int output)
{
	char *const argv[] = { (char *)(uintptr_t)"vt", (char *)(uintptr_t)"cache", (char *)(uintptr_t)"push", (char *)(uintptr_t)"--since",
			       (char *)(uintptr_t)"30", NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	posix_spawn_file_actions_init(&actions);
	r = posix_spawn_file_actions_addchdir_np(&actions, share->main);
	r = r ? r : posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	r = r ? r : posix_spawn_file_actions_adddup2(&actions, output, 1);
	r = r ? r : posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	r = r ? r : posix_spawn(&pid, vt, &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return r ? -1 : pid;
}

/* Reads the output to its end, which is the end of the process. false: the time is over. */
static bool wait_for_end(int output, int64_t until_ns)
{
	struct pollfd p = { .fd = output, .events = POLLIN };
	char text[256];
	int64_t left;
	ssize_t n;

	while ((left = (until_ns - os_now_ns()) / MS) > 0) {
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(output, text, sizeof text);
		if (n == 0 || (n < 0 && errno != EINTR))
			return true;
	}
	return false;
}

void worktree_fill(const struct worktree_share *share, const char *vt, char *const *environment, void (*slow)(void *ctx, const char *text), void *ctx)
{
	int64_t began = os_now_ns();
	char text[PATH_MAX + 100];
	bool ended;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	pid = start_push(share, vt, environment, ends[1]);
	close(ends[1]);
	if (pid >= 0) {
		ended = wait_for_end(ends[0], began + SLOW_MS * MS);
		if (!ended) {
			snprintf(text, sizeof text, "copying results of '%s' for its other worktrees, %d s at most", share->main, FILL_MS / 1000);
			slow(ctx, text);
			ended = wait_for_end(ends[0], began + FILL_MS * MS);
		}
		if (!ended)
			kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
}
