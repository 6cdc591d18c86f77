#include "config.h"

#include "repository.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void set_folder(struct repository *r, const char *path)
{
	char real[PATH_MAX];

	if (!realpath(path, real))
		return;
	memcpy(r->folder, real, strlen(real) + 1);
	r->length = strlen(real);
}

/* Of REPOSITORY/worktrees/NAME the repository's part. */
static void cut_worktree(char *path)
{
	char *name = strrchr(path, '/'), *worktrees;

	if (!name || name == path)
		return;
	*name = '\0';
	worktrees = strrchr(path, '/');
	if (worktrees && worktrees != path && strcmp(worktrees, "/worktrees") == 0)
		*worktrees = '\0';
	else
		*name = '/';
}

/* Follows a file .git, which names the folder. */
static void follow(struct repository *r, const char *folder, const char *file)
{
	static const char key[] = "gitdir: ";
	char text[PATH_MAX], path[2 * PATH_MAX];
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	if (n < (ssize_t)sizeof key || memcmp(text, key, sizeof key - 1) != 0)
		return;
	text[n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (text[sizeof key - 1] == '/')
		snprintf(path, sizeof path, "%s", text + sizeof key - 1);
	else
		snprintf(path, sizeof path, "%s/%s", folder, text + sizeof key - 1);
	set_folder(r, path);
	cut_worktree(r->folder);
	r->length = strlen(r->folder);
}

void repository_find(struct repository *ret, const char *root)
{
	char folder[PATH_MAX], path[PATH_MAX + 8];
	struct stat st;
	char *slash;

	memset(ret, 0, sizeof *ret);
	snprintf(folder, sizeof folder, "%s", root);
	do {
		snprintf(path, sizeof path, "%s/.git", folder);
		if (stat(path, &st) == 0) {
			if (S_ISREG(st.st_mode))
				follow(ret, folder, path);
			else if (S_ISDIR(st.st_mode) && strcmp(folder, root) != 0)
				set_folder(ret, path);
			return;
		}
		slash = strrchr(folder, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
}

static int begins(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/');
}

enum repository_part repository_part(const struct repository *repository, const char *path)
{
	static const char worktrees[] = "worktrees/";

	if (!repository->length || strncmp(path, repository->folder, repository->length) != 0 || path[repository->length] != '/')
		return REPOSITORY_NOTHING;
	path += repository->length + 1;
	if (strncmp(path, worktrees, sizeof worktrees - 1) == 0) {
		path = strchr(path + sizeof worktrees - 1, '/');
		if (!path)
			return REPOSITORY_NOTHING;
		path++;
	}
	if (strcmp(path, "HEAD") == 0)
		return REPOSITORY_HEAD;
	if (strcmp(path, "packed-refs") == 0 || begins(path, "refs"))
		return REPOSITORY_NAMES;
	return begins(path, "objects") ? REPOSITORY_OBJECTS : REPOSITORY_NOTHING;
}
