/* fingerprint-git: identifies a file by its git blob id.
 *
 * The id of a file that git knows to be unchanged comes from the index: after a fresh clone or
 * checkout nothing is hashed. The index is believed only where it cannot be wrong: same stat
 * data, not racy, not flagged (assume-unchanged, skip-worktree), no attribute or setting that
 * lets two contents have one blob (text, eol, ident, filter, working-tree-encoding,
 * core.autocrlf), and a blob as large as the file (another size shows an attribute that was removed since, or an entry that git
 * itself smudged). All other files are hashed as they are, with git's hash, so that one
 * content has one id. The index is read once. */
#include "git.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPOS_MAX = 64, FOLDERS = 4096 };

/* A repository, or a submodule inside one. */
struct repo {
	char *prefix;              /* of its files, absolute, with a '/' at the end */
	size_t size;               /* of prefix */
	git_repository *git;       /* NULL: it cannot be read, and its files are hashed */
	git_index *index;
	git_odb *odb;              /* for the sizes of blobs */
	int64_t written_ns;        /* when the index was written; an entry of that time or later is racy */
	int filters;               /* a setting lets two contents have one blob */
	int attributes;            /* attributes may come from outside the work tree */
};

struct git {
	pthread_mutex_t lock;      /* guards the members below; not held while a file is hashed */
	struct repo repos[REPOS_MAX];      /* [0]: the workspace's; then submodules, found when first needed */
	uint32_t repos_n;
	int looked;                /* flag: repos[0] was searched for */
	int told;                  /* flag: the missing repository was reported */
	char why[200];             /* why the repository cannot be used; "": it can, or there is none */
	/* folders known to have no attributes in or above them: a small table that forgets */
	struct { uint64_t hash; int known, has; } folders[FOLDERS];
};

vt_status git_report(vt_call *call, uint32_t level, const char *code, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	call->report(call, level, code, (vt_bytes){ text, n < (int)sizeof text ? (size_t)n : sizeof text - 1 });
	return VT_FAILED;
}

vt_status git_failed(vt_call *call, const char *what)
{
	const git_error *e = git_error_last();

	return git_report(call, VT_REPORT_ERROR, "git", "%s: %s", what, e && e->message ? e->message : "git said nothing");
}

git_repository *git_of(vt_bytes root, int *ret_none)
{
	git_repository *git = NULL;
	char path[PATH_MAX];
	int rc;

	*ret_none = 0;
	git_error_clear();
	if (root.size >= sizeof path)
		return NULL;
	memcpy(path, root.data, root.size);
	path[root.size] = '\0';
	rc = git_repository_open_ext(&git, path, GIT_REPOSITORY_OPEN_CROSS_FS, NULL);
	*ret_none = rc == GIT_ENOTFOUND;
	if (rc)
		return NULL;
	if (git_repository_is_bare(git)) {
		git_repository_free(git);
		return NULL;
	}
	return git;
}

/* ---- repositories ------------------------------------------------------------- */

/* Is there a file of attributes for all of the user's or the machine's repositories? */
static int attributes_outside(void)
{
	size_t i;

	static const struct { int level; const char *name; } places[] = {
		{ GIT_CONFIG_LEVEL_XDG, "attributes" }, { GIT_CONFIG_LEVEL_SYSTEM, "gitattributes" },
	};
	int found = 0;

	for (i = 0; i < sizeof places / sizeof *places; i++) {
		git_buf folders = { 0 };
		char path[PATH_MAX];

		/* a list of folders: assume that one has such a file */
		if (git_libgit2_opts(GIT_OPT_GET_SEARCH_PATH, places[i].level, &folders) || !folders.ptr)
			found = 1;
		else if (folders.ptr[0])
			found = found || strchr(folders.ptr, ':') ||
				snprintf(path, sizeof path, "%s/%s", folders.ptr, places[i].name) >= (int)sizeof path || !access(path, F_OK);
		git_buf_dispose(&folders);
	}
	return found;
}

/* core.autocrlf converts files that no attribute names. */
static void settings_read(struct repo *r)
{
	git_config *config = NULL;
	char info[PATH_MAX];
	const char *word;

	r->filters = 1;
	if (git_repository_config_snapshot(&config, r->git))
		return;
	if (git_config_get_string(&word, config, "core.autocrlf"))
		r->filters = 0;
	else
		r->filters = strcasecmp(word, "false") && strcmp(word, "0") && strcasecmp(word, "no") && strcasecmp(word, "off");
	r->attributes = !git_config_get_string(&word, config, "core.attributesfile");
	git_config_free(config);
	if (snprintf(info, sizeof info, "%sinfo/attributes", git_repository_commondir(r->git)) >= (int)sizeof info || !access(info, F_OK))
		r->attributes = 1;
	if (attributes_outside())
		r->attributes = 1;
}

static int64_t time_ns(struct timespec t)
{
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void repo_open(struct repo *r, git_repository *git)
{
	const char *home = git_repository_workdir(git);
	char path[PATH_MAX];
	struct stat st;

	/* before the index is read: should git write it meanwhile, more files are racy, never fewer */
	if (!home || snprintf(path, sizeof path, "%sindex", git_repository_path(git)) >= (int)sizeof path || stat(path, &st) ||
	    git_repository_odb(&r->odb, git) || git_repository_index(&r->index, git)) {
		git_repository_free(git);
		return;
	}
	r->git = git;
	r->written_ns = time_ns(st.st_mtim);
	if (!r->prefix)
		r->prefix = strdup(home);
	r->size = r->prefix ? strlen(r->prefix) : 0;
	settings_read(r);
}

static struct repo *repo_home(struct git *g, vt_bytes root)
{
	git_repository *git;
	const git_error *e;
	int none;

	if (!g->looked) {
		g->looked = 1;
		git = git_of(root, &none);
		if (git)
			repo_open(&g->repos[0], git);
		e = git_error_last();
		if (!g->repos[0].git && !none)
			snprintf(g->why, sizeof g->why, "%s", e && e->klass != GIT_ERROR_NONE && e->message ? e->message : "it has no index");
		g->repos_n = 1;
	}
	return g->repos[0].git && g->repos[0].prefix ? &g->repos[0] : NULL;
}

/* Finds the submodule of `r` that holds `path`: the files are in its index. */
static struct repo *repo_inner(struct git *g, struct repo *r, const char *full)
{
	const char *rest = full + r->size, *slash = rest;
	char folder[PATH_MAX];
	uint32_t i;

	while ((slash = strchr(slash, '/'))) {
		const git_index_entry *e;
		struct repo *inner;

		snprintf(folder, sizeof folder, "%.*s", (int)(slash - rest), rest);
		e = git_index_get_bypath(r->index, folder, 0);
		slash++;
		if (!e || e->mode != GIT_FILEMODE_COMMIT)
			continue;
		for (i = 1; i < g->repos_n; i++)
			if (g->repos[i].size == (size_t)(slash - full) && strncmp(g->repos[i].prefix, full, g->repos[i].size) == 0)
				return &g->repos[i];
		if (g->repos_n == REPOS_MAX)
			return NULL;
		inner = &g->repos[g->repos_n++];
		inner->prefix = strndup(full, (size_t)(slash - full));
		if (inner->prefix) {
			git_repository *git = NULL;

			if (!git_repository_open(&git, inner->prefix))
				repo_open(inner, git);
			inner->size = strlen(inner->prefix);
		}
		return inner;
	}
	return NULL;
}

/* ---- attributes --------------------------------------------------------------- */

static uint64_t hash_of(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	while (n--)
		h = (h ^ (unsigned char)*s++) * 0x100000001b3u;
	return h | 1;
}

/* Is there a .gitattributes in this folder of r, or above it in r? `n` ends before a '/'. A file
 * that a sparse work tree left out counts too. */
static int folder_has_attributes(struct git *g, const struct repo *r, const char *full, size_t n)
{
	uint64_t h = hash_of(full, n);
	char path[PATH_MAX];
	int has;

	if (g->folders[h % FOLDERS].known && g->folders[h % FOLDERS].hash == h)
		return g->folders[h % FOLDERS].has;
	has = snprintf(path, sizeof path, "%.*s/.gitattributes", (int)n, full) >= (int)sizeof path || !access(path, F_OK) ||
		git_index_get_bypath(r->index, path + r->size, 0);
	if (!has && n + 1 > r->size) {
		size_t up = n;

		while (up && full[up - 1] != '/')
			up--;
		has = up ? folder_has_attributes(g, r, full, up - 1) : 0;
	}
	g->folders[h % FOLDERS].hash = h;
	g->folders[h % FOLDERS].known = 1;
	g->folders[h % FOLDERS].has = has;
	return has;
}

/* May two contents of this file have one blob? */
static int is_filtered(struct git *g, const struct repo *r, const char *full)
{
	static const char *names[] = { "text", "eol", "crlf", "ident", "filter", "working-tree-encoding" };
	const char *values[sizeof names / sizeof *names], *slash = strrchr(full, '/');
	size_t i;

	if (r->filters)
		return 1;
	if (!r->attributes && !folder_has_attributes(g, r, full, (size_t)(slash - full)))
		return 0;
	if (git_attr_get_many(values, r->git, GIT_ATTR_CHECK_FILE_THEN_INDEX, full + r->size, sizeof names / sizeof *names, names))
		return 1;
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		git_attr_value_t kind = git_attr_value(values[i]);

		if (kind != GIT_ATTR_VALUE_UNSPECIFIED && kind != GIT_ATTR_VALUE_FALSE)
			return 1;
	}
	return 0;
}

/* ---- digest ------------------------------------------------------------------- */

static int64_t index_ns(git_index_time t)
{
	return t.seconds * INT64_C(1000000000) + t.nanoseconds;
}

/* Does the index hold this file as it is now? */
static int is_clean(const struct repo *r, const git_index_entry *e, const vt_file *f)
{
	int64_t mtime = index_ns(e->mtime);

	return e->mode != GIT_FILEMODE_LINK && !(e->flags & GIT_INDEX_ENTRY_VALID) &&
		!(e->flags_extended & (GIT_INDEX_ENTRY_SKIP_WORKTREE | GIT_INDEX_ENTRY_INTENT_TO_ADD)) &&
		e->file_size == (uint32_t)f->size && e->ino == (uint32_t)f->inode &&
		mtime == f->mtime_ns && index_ns(e->ctime) == f->ctime_ns &&
		mtime < r->written_ns && !git_oid_is_zero(&e->id);
}

/* Is the blob as large as the file? Never fetches objects that a partial clone left out. */
static int blob_fits(const struct repo *r, const git_index_entry *e, const vt_file *f)
{
	git_object_t type;
	size_t size;

	return !git_odb_read_header(&size, &type, r->odb, &e->id) && type == GIT_OBJECT_BLOB && size == f->size;
}

/* 1: the index has the id. */
static int from_index(struct git *g, struct repo *r, const char *full, const vt_file *f, git_oid *ret)
{
	const git_index_entry *e;
	struct repo *inner;

	for (;;) {
		if (strncmp(full, r->prefix, r->size))
			return 0;
		e = git_index_get_bypath(r->index, full + r->size, 0);
		if (e)
			break;
		inner = repo_inner(g, r, full);
		if (!inner || !inner->git)
			return 0;
		r = inner;
	}
	if (!is_clean(r, e, f) || is_filtered(g, r, full) || !blob_fits(r, e, f))
		return 0;
	*ret = e->id;
	return 1;
}

static int full_path(vt_bytes root, vt_bytes path, char ret[PATH_MAX])
{
	int absolute = path.size && ((const char *)path.data)[0] == '/', n;

	if (memchr(path.data, '\0', path.size))
		return -1;
	n = absolute ? snprintf(ret, PATH_MAX, "%.*s", (int)path.size, (const char *)path.data) :
		snprintf(ret, PATH_MAX, "%.*s%s%.*s", (int)root.size, (const char *)root.data,
			 root.size && ((const char *)root.data)[root.size - 1] == '/' ? "" : "/", (int)path.size, (const char *)path.data);
	return n < PATH_MAX ? 0 : -1;
}

static vt_status digest(void *self, vt_call *call, vt_bytes root, const vt_file *files, uint32_t n, vt_id *ret)
{
	struct git *g = self;
	struct repo *home;
	char full[PATH_MAX];
	git_oid id;
	uint32_t i;

	pthread_mutex_lock(&g->lock);
	home = repo_home(g, root);
	if (!home && !g->told && n) {
		g->told = 1;
		if (g->why[0])
			git_report(call, VT_REPORT_WARNING, "repository", "the git repository cannot be used (%s); every file is hashed", g->why);
		else
			git_report(call, VT_REPORT_WARNING, "no-repository", "no git repository here; every file is hashed");
	}
	pthread_mutex_unlock(&g->lock);
	for (i = 0; i < n; i++) {
		int known = 0;

		if (call->stopping(call))
			return VT_CANCELLED;
		memset(&ret[i], 0, sizeof ret[i]);
		if (full_path(root, files[i].path, full))
			continue;
		if (home) {
			pthread_mutex_lock(&g->lock);
			known = from_index(g, home, full, &files[i], &id);
			pthread_mutex_unlock(&g->lock);
		}
		/* an unreadable or removed file keeps the id that says so */
		if (known || !git_odb_hashfile(&id, full, GIT_OBJECT_BLOB))
			memcpy(ret[i].byte, id.id, GIT_OID_RAWSZ);
	}
	return VT_OK;
}

/* ---- life --------------------------------------------------------------------- */

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	struct git *g = calloc(1, sizeof *g);

	(void)host;
	if (!g)
		return git_report(call, VT_REPORT_ERROR, "memory", "out of memory");
	if (git_libgit2_init() < 0) {
		free(g);
		return git_failed(call, "libgit2 does not start");
	}
#if LIBGIT2_VER_MAJOR > 1 || (LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR >= 5)
	/* safe in a repository of another owner: only the index is read, and libgit2 runs nothing */
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
#endif
	pthread_mutex_init(&g->lock, NULL);
	*ret_self = g;
	return VT_OK;
}

static void destroy(void *self)
{
	struct git *g = self;
	uint32_t i;

	for (i = 0; i < g->repos_n; i++) {
		git_index_free(g->repos[i].index);
		git_odb_free(g->repos[i].odb);
		git_repository_free(g->repos[i].git);
		free(g->repos[i].prefix);
	}
	pthread_mutex_destroy(&g->lock);
	git_libgit2_shutdown();
	free(g);
}

static const vt_fingerprint_ops ops = { .struct_size = sizeof ops, .digest = digest, .changed_since = since, .content_at = content_at };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_FINGERPRINT,
	.name = "fingerprint-git",
	.summary = "git blob ids, from the index where it is certain",
	.threads = VT_THREADS_MANY,
	.format = 1,
	.create = create,
	.destroy = destroy,
	.ops = &ops,
};
VT_PLUGIN("fingerprint-git", "0.1.0", "files recognised by their git blob ids", "MIT", NULL, &component);
