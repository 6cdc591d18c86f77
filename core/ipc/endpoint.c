#include "config.h"

#include "ipc/endpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/env.h"
#include "base/mem.h"
#include "client/wire.h"
#include "os/file.h"
#include "text/path.h"

enum {
	ENDPOINT_CANDIDATES = 4,
	ENDPOINT_SWEPT = 1000,                /* entries looked at, at most */
	ENDPOINT_ADDON_MAX = 16 << 20,
	ENDPOINT_TEMP_AGE = 3600              /* s: a temporary file older than that is litter */
};

#define TEMP_PREFIX ".vt-node-"                /* of files that will be renamed */

struct endpoint {
	struct arena *arena;
	struct candidate {
		const char *base;      /* must be there already */
		const char *path;      /* below it, made if need be */
	} candidates[ENDPOINT_CANDIDATES];
	int candidates_n;
	const char *dir;               /* where endpoints are made */
	int fd;                        /* of dir */
	const char *addon;             /* NULL: none */
	const char *listed_for;        /* the last file that endpoint_listed named; NULL: none yet */
	const char *listed;            /* its name; NULL: it has none */
};

/* ---- folders ----------------------------------------------------------------- */

static void candidate(struct endpoint *e, const char *base, const char *below)
{
	if (base && *base == '/')
		e->candidates[e->candidates_n++] = (struct candidate){ base, arena_printf(e->arena, "%s/%s", base, below) };
}

static void candidates(struct endpoint *e, const struct env *session)
{
	const char *own = arena_printf(e->arena, "vt-%lu", (unsigned long)geteuid());

	/* borrowed from the session, which outlives the run */
	candidate(e, env_get(session, "XDG_RUNTIME_DIR"), "vt");
	candidate(e, env_get(session, "TMPDIR"), own);
	candidate(e, "/tmp", own);
	candidate(e, env_get(session, "HOME"), ".cache/vt/run");
}

/* false: another user could replace this folder. */
static bool parent_is_safe(struct arena *a, const char *path)
{
	struct stat s;

	return stat(path_dir(a, path), &s) == 0 && S_ISDIR(s.st_mode) && (!(s.st_mode & 022) || (s.st_mode & S_ISVTX));
}

/* Opens the folder, made if need be, when only this user can write there. -1: not this one. */
static int open_private(struct arena *a, const struct candidate *c)
{
	const char *path = c->path;
	struct stat s;
	int fd;

	if (mkdir(path, 0700) < 0 && errno == ENOENT && (access(c->base, X_OK) < 0 || file_mkdirs(path, 0700, NULL) < 0))
		return -1;
	if (!parent_is_safe(a, path))
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &s) == 0 && s.st_uid == geteuid() && !(s.st_mode & 022) && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return fd;
	close(fd);
	return -1;
}

static int choose_dir(struct endpoint *e, struct err *err)
{
	int i;

	for (i = 0; i < e->candidates_n; i++) {
		const struct candidate *c = &e->candidates[i];

		if (strlen(c->path) + 1 + WIRE_NAME > WIRE_MAX_PATH)
			continue;
		e->fd = open_private(e->arena, c);
		if (e->fd >= 0) {
			e->dir = c->path;
			return 0;
		}
	}
	return err_set(err, ERR_SYSTEM, "no private folder for sockets can be made: set XDG_RUNTIME_DIR or TMPDIR to a folder "
		       "of at most %d bytes that only you can write to", WIRE_MAX_PATH - WIRE_NAME - 1 - 16);
}

/* ---- the addon --------------------------------------------------------------- */

static bool only_ours(const struct stat *s)
{
	return (s->st_uid == 0 || s->st_uid == geteuid()) && !(s->st_mode & 022);
}

/* Node is sent to the installed file itself when only root or this user can change it. */
static bool is_trustworthy(struct arena *a, const char *real, const struct stat *file)
{
	struct stat dir;
	size_t n = strlen(real);

	return n > 5 && strcmp(real + n - 5, ".node") == 0 && only_ours(file) && stat(path_dir(a, real), &dir) == 0 && only_ours(&dir);
}

/* All of the open file, hashed. -1 with errno. */
static int read_whole(int fd, size_t size, unsigned char *into)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, into + done, size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : EIO;
			return -1;
		}
		done += (size_t)n;
	}
	return 0;
}

static bool is_there(int dir, const char *name, const unsigned char *bytes, size_t size)
{
	unsigned char *found;
	struct stat s;
	bool same = false;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_uid == geteuid() && !(s.st_mode & 022) && (size_t)s.st_size == size) {
		found = xmalloc(size);
		same = read_whole(fd, size, found) == 0 && memcmp(found, bytes, size) == 0;
		free(found);
	}
	close(fd);
	return same;
}

/* Writes a new file and renames it: another process may have the old one mapped. */
static int put_there(int dir, const char *name, const unsigned char *bytes, size_t size)
{
	char temp[64];
	uint64_t random;
	bool whole;
	int fd;

	digest_random(&random, sizeof random);
	snprintf(temp, sizeof temp, TEMP_PREFIX "%016llx.tmp", (unsigned long long)random);
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	whole = file_write_all(fd, bytes, size) == 0 && fchmod(fd, 0600) == 0;
	if (close(fd) == 0 && whole && renameat(dir, temp, dir, name) == 0)
		return 0;
	unlinkat(dir, temp, 0);
	return -1;
}

/* A copy under the name of its content, in the first folder programs can be loaded from. */
static int materialise(struct endpoint *e, const unsigned char *bytes, size_t size, struct err *err)
{
	char hex[DIGEST_HEX_SIZE], name[64];
	struct digest digest;
	int i;

	digest_of(bytes, size, &digest);
	digest_hex(&digest, hex);
	snprintf(name, sizeof name, "vt-node-%.32s.node", hex);
	for (i = 0; i < e->candidates_n; i++) {
		int fd = open_private(e->arena, &e->candidates[i]);
		struct statvfs fs;
		bool good = fd >= 0 && fstatvfs(fd, &fs) == 0 && !(fs.f_flag & ST_NOEXEC) &&
			    (is_there(fd, name, bytes, size) || put_there(fd, name, bytes, size) == 0);

		if (fd >= 0)
			close(fd);
		if (good) {
			e->addon = path_join(e->arena, e->candidates[i].path, name);
			return 0;
		}
	}
	return err_set(err, ERR_SYSTEM, "no private folder for the Node addon can be written to");
}

static int offer_addon(struct endpoint *e, const char *addon, struct err *err)
{
	int fd = open(addon, O_RDONLY | O_NONBLOCK | O_CLOEXEC), ret = -1;
	const char *real = file_real(addon, e->arena);
	unsigned char *bytes = NULL;
	struct stat s;

	if (fd < 0 || !real || fstat(fd, &s) < 0) {
		err_errno(err, errno, "the Node addon '%s' cannot be read", addon);
	} else if (!S_ISREG(s.st_mode) || s.st_size <= 0 || s.st_size > ENDPOINT_ADDON_MAX) {
		err_set(err, ERR_SYSTEM, "'%s' is no Node addon", addon);
	} else if (is_trustworthy(e->arena, real, &s)) {
		e->addon = real;
		ret = 0;
	} else {
		bytes = xmalloc((size_t)s.st_size);
		if (read_whole(fd, (size_t)s.st_size, bytes) < 0)
			err_errno(err, errno, "the Node addon '%s' cannot be read", addon);
		else
			ret = materialise(e, bytes, (size_t)s.st_size, err);
	}
	free(bytes);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* ---- names for LD_PRELOAD ------------------------------------------------------- */

enum { LINK_NAME_SIZE = 40 };
#define LINK_PREFIX "vt-lib-"

/* Does the folder have this link? Only the user and root write there. */
static bool has_link(int dir, const char *name, const char *target)
{
	char found[PATH_MAX];
	ssize_t n = readlinkat(dir, name, found, sizeof found);

	return n == (ssize_t)strlen(target) && memcmp(found, target, (size_t)n) == 0;
}

static bool put_link(int dir, const char *name, const char *target)
{
	char temp[64];
	uint64_t random;

	digest_random(&random, sizeof random);
	snprintf(temp, sizeof temp, TEMP_PREFIX "%016llx.tmp", (unsigned long long)random);
	if (symlinkat(target, dir, temp) < 0)
		return false;
	if (renameat(dir, temp, dir, name) == 0)
		return true;
	unlinkat(dir, temp, 0);
	return false;
}

/* A link to the folder in the first private folder whose own path may be listed. NULL: there is none. */
static const char *link_to(struct endpoint *e, const char *folder)
{
	char hex[DIGEST_HEX_SIZE], name[LINK_NAME_SIZE];
	struct digest digest;
	int i;

	digest_of(folder, strlen(folder), &digest);
	digest_hex(&digest, hex);
	snprintf(name, sizeof name, LINK_PREFIX "%.32s", hex);
	for (i = 0; i < e->candidates_n; i++) {
		const char *path = e->candidates[i].path;
		int fd = strpbrk(path, ": $") ? -1 : open_private(e->arena, &e->candidates[i]);
		bool good = fd >= 0 && (has_link(fd, name, folder) || put_link(fd, name, folder));

		if (fd >= 0)
			close(fd);
		if (good)
			return path_join(e->arena, path, name);
	}
	return NULL;
}

const char *endpoint_listed(struct endpoint *e, const char *file)
{
	const char *last = NULL, *at, *folder, *link;

	if (e->listed_for && strcmp(e->listed_for, file) == 0)
		return e->listed;
	for (at = strpbrk(file, ": "); at; at = strpbrk(at + 1, ": "))
		last = at;
	at = last ? strchr(last, '/') : file;
	e->listed_for = arena_str(e->arena, file);
	e->listed = last ? NULL : e->listed_for;
	if (!last || !at)
		return e->listed;
	/* the part up to the last blank or colon; $LIB and its kin mean nothing in a link */
	folder = arena_strn(e->arena, file, (size_t)(at - file));
	link = strchr(folder, '$') ? NULL : link_to(e, folder);
	if (link)
		e->listed = arena_printf(e->arena, "%s%s", link, at);
	return e->listed;
}

/* ---- litter of killed runners ------------------------------------------------- */

/* Does no process listen at the socket? false when in doubt. */
static bool is_deserted(const char *path, const struct stat *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	bool deserted;
	int fd;

	if (S_ISDIR(s->st_mode)) {
		char fifo[WIRE_MAX_PATH + 16];

		snprintf(fifo, sizeof fifo, "%s/connect", path);
		fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		deserted = fd < 0 && (errno == ENXIO || errno == ENOENT);
	} else {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		memcpy(a.sun_path, path, strlen(path) + 1);
		deserted = fd >= 0 && S_ISSOCK(s->st_mode) && connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno == ECONNREFUSED;
	}
	if (fd >= 0)
		close(fd);
	return deserted;
}

/* When the process began, in seconds since 1970; 0: unknown. */
static time_t began(pid_t pid)
{
	char path[32], text[1024], *at;
	struct timespec now, boot;
	unsigned long long ticks;
	ssize_t n;
	int fd, i;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* the second field is the name, and may hold anything; the 22nd is what is wanted */
	at = strrchr(text, ')');
	for (i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, "%llu", &ticks) != 1)
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return now.tv_sec - boot.tv_sec + (time_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
}

/* Is the runner that made the file gone? Its number may be another process's by now, which began later than the file. */
static bool is_gone(pid_t pid, const struct stat *file)
{
	return (kill(pid, 0) < 0 && errno == ESRCH) || began(pid) > file->st_mtime + 2;
}

static void sweep_one(struct endpoint *e, const char *name)
{
	unsigned char token[WIRE_TOKEN];
	char path[WIRE_MAX_PATH + 1];
	struct stat s;
	uint32_t pid;

	if (fstatat(e->fd, name, &s, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (strncmp(name, TEMP_PREFIX, strlen(TEMP_PREFIX)) == 0) {
		if (s.st_mtime + ENDPOINT_TEMP_AGE < time(NULL))
			unlinkat(e->fd, name, 0);
		return;
	}
	/* the tree that it led to is gone */
	if (strncmp(name, LINK_PREFIX, strlen(LINK_PREFIX)) == 0) {
		if (S_ISLNK(s.st_mode) && faccessat(e->fd, name, F_OK, 0) < 0 && errno == ENOENT)
			unlinkat(e->fd, name, 0);
		return;
	}
	if ((size_t)snprintf(path, sizeof path, "%s/%s", e->dir, name) >= sizeof path ||
	    wire_parse_name(path, &pid, token) < 0 || pid == 0 || pid > INT_MAX)
		return;
	if (!is_gone((pid_t)pid, &s) || !is_deserted(path, &s))
		return;
	if (S_ISDIR(s.st_mode))
		file_remove_tree(path, NULL);
	else
		unlinkat(e->fd, name, 0);
}

static void sweep(struct endpoint *e)
{
	int fd = openat(e->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (n = 0; n < ENDPOINT_SWEPT && (entry = readdir(d)); n++)
		sweep_one(e, entry->d_name);
	closedir(d);
}

/* ------------------------------------------------------------------------------ */

int endpoint_new(const struct env *session, const char *addon, struct endpoint **ret, struct err *err)
{
	struct endpoint *e = xcalloc(1, sizeof *e);

	e->arena = arena_new();
	e->fd = -1;
	candidates(e, session);
	if (choose_dir(e, err) < 0 || (addon && offer_addon(e, addon, err) < 0)) {
		endpoint_free(e);
		return -1;
	}
	sweep(e);
	*ret = e;
	return 0;
}

void endpoint_free(struct endpoint *e)
{
	if (!e)
		return;
	if (e->fd >= 0)
		close(e->fd);
	arena_free(e->arena);
	free(e);
}

const char *endpoint_addon(const struct endpoint *e)
{
	return e->addon;
}

const char *endpoint_dir(const struct endpoint *e)
{
	return e->dir;
}
