#include "config.h"

#include "choose/trust.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "text/path.h"

struct trust_owners trust_user(void)
{
	return (struct trust_owners){ .uid = { 0, geteuid() }, .n = 2 };
}

/* In a folder of root with the sticky bit no user can change files of another. */
static bool is_sticky(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && st->st_uid == 0;
}

/* Adds the users who may write to this file or folder. Of several groups the first counts. */
static void widen(struct trust_owners *who, const struct stat *st)
{
	who->wide |= st->st_mode & S_IWOTH;
	if ((st->st_mode & S_IWGRP) && !(who->wide & S_IWGRP)) {
		who->wide |= S_IWGRP;
		who->group = st->st_gid;
	}
}

struct trust_owners trust_program(const char *path, const char *prefix)
{
	struct trust_owners who = { .uid = { 0 }, .n = 1 };
	char part[PATH_MAX];
	size_t n = strlen(path), stop = strlen(prefix);
	struct stat st;

	if (n >= sizeof part || lstat(path, &st))
		return who;
	who.uid[who.n++] = st.st_uid;
	memcpy(part, path, n + 1);
	while (n >= stop && lstat(part, &st) == 0) {
		if (!is_sticky(&st))
			widen(&who, &st);
		while (n > 1 && part[n - 1] != '/')
			n--;
		if (n <= 1)
			break;
		part[--n] = '\0';
	}
	return who;
}

/* Is the file's group the owner's private one, as on Debian? Then g+w gives no other user access. */
static bool group_is_private(const struct stat *st)
{
	struct passwd pw, *pw_found = NULL;
	struct group gr, *gr_found = NULL;
	char pw_text[4096], gr_text[16384];
	char **m;

	if (st->st_uid == 0 && st->st_gid == 0)
		return true;
	if (getpwuid_r(st->st_uid, &pw, pw_text, sizeof pw_text, &pw_found) || !pw_found || pw.pw_gid != st->st_gid)
		return false;
	if (getgrgid_r(st->st_gid, &gr, gr_text, sizeof gr_text, &gr_found) || !gr_found || strcmp(gr.gr_name, pw.pw_name))
		return false;
	for (m = gr.gr_mem; *m; m++)
		if (strcmp(*m, pw.pw_name))
			return false;
	return true;
}

/* The other users who can change the file, as a clause; NULL: none. */
static const char *stranger(const struct stat *st, const struct trust_owners *who)
{
	bool known = false;
	int i;

	for (i = 0; i < who->n; i++)
		known = known || who->uid[i] == st->st_uid;
	if (!known)
		return "belongs to another user";
	if (is_sticky(st) || (who->wide & S_IWOTH))
		return NULL;
	if (st->st_mode & S_IWOTH)
		return "can be written by everybody";
	if ((st->st_mode & S_IWGRP) && !((who->wide & S_IWGRP) && who->group == st->st_gid) && !group_is_private(st))
		return "can be written by its group";
	return NULL;
}

int trust_chain(const char *path, const struct trust_owners *who, bool (*known)(const void *ctx, const char *folder), const void *ctx,
		const char **ret_code, char **ret_reason)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	struct stat st;
	const char *what;

	if (n >= sizeof part)
		return -1;
	memcpy(part, path, n + 1);
	for (;;) {
		if (lstat(part, &st)) {
			*ret_code = "unreadable";
			return asprintf(ret_reason, "'%s': %s", part, strerror(errno)) < 0 ? -1 : 1;
		}
		what = stranger(&st, who);
		if (what) {
			*ret_code = "owner";
			return asprintf(ret_reason, "'%s' %s", part, what) < 0 ? -1 : 1;
		}
		if (n <= 1)
			return 0;
		while (n > 1 && part[n - 1] != '/')
			n--;
		if (n > 1)
			n--;
		part[n] = '\0';
		if (known && known(ctx, part))
			return 0;
	}
}

/* Checks a file and the folders above it; through the links in `path`, whose folder must pass too. */
int trust_own_file(const char *path, const char *root, char **ret_reason)
{
	const struct trust_owners who = trust_user();
	char folder[PATH_MAX], real[2][PATH_MAX], *slash;
	const char *code;
	int i, r = 0;

	if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
		return -1;
	slash = strrchr(folder, '/');
	slash[slash == folder] = '\0';
	if (!file_real_in(path, real[0]) || !file_real_in(folder, real[1]))
		return asprintf(ret_reason, "'%s': %s", path, strerror(errno)) < 0 ? -1 : 1;
	for (i = 0; r == 0 && i < 2; i++) {
		if (root && path_below(root, real[i]))
			r = asprintf(ret_reason, "it stands inside the workspace") < 0 ? -1 : 1;
		else
			r = trust_chain(real[i], &who, NULL, NULL, &code, ret_reason);
	}
	return r;
}

/* Is this folder above the prefix? */
static bool is_above(const void *ctx, const char *folder)
{
	const char *prefix = ctx;

	return strcmp(folder, prefix) != 0 && path_below(folder, prefix);
}

int trust_part(const char *path, const char *program, const char *prefix, char **ret_reason)
{
	struct trust_owners who = trust_program(program, prefix);
	const uid_t owner = who.uid[who.n - 1];
	char real[PATH_MAX];
	const char *code;

	if (!file_real_in(path, real))
		return asprintf(ret_reason, "'%s': %s", path, strerror(errno)) < 0 ? -1 : 1;
	if (path_below(prefix, real))
		return trust_chain(real, &who, is_above, prefix, &code, ret_reason);
	who = trust_user();
	who.uid[who.n++] = owner;
	return trust_chain(real, &who, NULL, NULL, &code, ret_reason);
}
