/* since: lists the paths that differ from a git reference: committed, staged, changed and untracked. */
#include "git.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define DEEPER "git fetch --deepen=100, git fetch --unshallow; where a CI job checks out: fetch-depth: 0"

struct walk {
	vt_call *call;
	vt_sink *paths;
	const char *prefix;        /* where the workspace is inside the repository, with a '/' at the end; "": at its root */
	vt_status status;
};

static vt_status no_reference(git_repository *git, vt_call *call, const char *name)
{
	if (git_repository_is_shallow(git))
		git_report(call, VT_REPORT_ERROR, "shallow",
			   "there is no git reference '%s' in this shallow clone; fetch it (git fetch origin %s), or more history (" DEEPER ")",
			   name, name);
	else
		git_report(call, VT_REPORT_ERROR, "no-reference", "there is no git reference '%s'", name);
	return VT_NONE;
}

static vt_status no_default_branch(git_repository *git, vt_call *call)
{
	git_report(call, VT_REPORT_ERROR, "no-reference",
		   "the default branch is not known: there is no origin/HEAD, origin/main, origin/master, main or master%s",
		   git_repository_is_shallow(git) ? " in this shallow clone; name a reference, or fetch more history (" DEEPER ")" :
		   "; name a reference");
	return VT_NONE;
}

static git_object *commit_of(git_repository *git, const char *name)
{
	git_object *any = NULL, *commit = NULL;

	if (git_revparse_single(&any, git, name))
		return NULL;
	if (git_object_peel(&commit, any, GIT_OBJECT_COMMIT))
		commit = NULL;
	git_object_free(any);
	return commit;
}

/* Finds the default branch. */
static git_object *default_branch(git_repository *git, const char **ret_name)
{
	static const char *const names[] = { "refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master",
		"refs/heads/main", "refs/heads/master" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		git_object *commit = commit_of(git, names[i]);

		*ret_name = names[i] + (i < 3 ? strlen("refs/remotes/") : strlen("refs/heads/"));
		if (commit)
			return commit;
	}
	return NULL;
}

/* Replaces *commit by its merge base with HEAD. */
static vt_status to_base(git_repository *git, vt_call *call, const char *name, git_object **commit)
{
	git_object *base = NULL;
	git_oid head, id;
	int rc = git_reference_name_to_id(&head, git, "HEAD");

	if (rc == 0)
		rc = git_merge_base(&id, git, &head, git_object_id(*commit));
	if (rc == 0)
		rc = git_object_lookup(&base, git, &id, GIT_OBJECT_COMMIT);
	if (rc) {
		if (git_repository_is_shallow(git))
			git_report(call, VT_REPORT_ERROR, "shallow",
				   "this clone is shallow and does not reach the common ancestor with '%s'; fetch more history (" DEEPER ")", name);
		else
			git_report(call, VT_REPORT_ERROR, "no-base", "HEAD and '%s' have no common ancestor", name);
		return VT_NONE;
	}
	git_object_free(*commit);
	*commit = base;
	return VT_OK;
}

static vt_status commit_find(git_repository *git, vt_call *call, const char *reference, git_object **ret)
{
	size_t n = strlen(reference);
	int from_base = n >= 3 && strcmp(reference + n - 3, "...") == 0;
	const char *shown = reference;
	char name[1024];

	snprintf(name, sizeof name, "%.*s", (int)(from_base ? n - 3 : n), reference);
	if (from_base && !name[0]) {
		*ret = default_branch(git, &shown);
		if (!*ret)
			return no_default_branch(git, call);
	} else {
		shown = name;
		*ret = commit_of(git, name);
		if (!*ret)
			return no_reference(git, call, name);
	}
	return from_base ? to_base(git, call, shown, ret) : VT_OK;
}

static void tell(struct walk *w, const char *path)
{
	size_t n = strlen(w->prefix);

	if (w->status == VT_OK && path && strncmp(path, w->prefix, n) == 0)
		w->status = w->paths->write(w->paths, w->call, path + n, strlen(path + n) + 1);
}

static int on_delta(const git_diff_delta *delta, float progress, void *ctx)
{
	struct walk *w = ctx;

	(void)progress;
	if (w->call->stopping(w->call))
		w->status = VT_CANCELLED;
	tell(w, delta->new_file.path);
	if (delta->old_file.path && strcmp(delta->old_file.path, delta->new_file.path))
		tell(w, delta->old_file.path);
	return w->status == VT_OK ? 0 : -1;
}

static vt_status differences(git_repository *git, vt_call *call, git_object *commit, const char *prefix, vt_sink *paths)
{
	git_diff_options options;
	struct walk w = { call, paths, prefix, VT_OK };
	git_object *tree = NULL;
	git_diff *diff = NULL;
	int rc;

	git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
	options.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS | GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_SKIP_BINARY_CHECK;
	rc = git_object_peel(&tree, commit, GIT_OBJECT_TREE);
	if (rc == 0)
		rc = git_diff_tree_to_workdir_with_index(&diff, git, (git_tree *)tree, &options);
	if (rc == 0)
		rc = git_diff_foreach(diff, on_delta, NULL, NULL, NULL, &w);
	if (rc && w.status == VT_OK)
		w.status = git_failed(call, "git cannot compare");
	git_diff_free(diff);
	git_object_free(tree);
	return w.status;
}

/* A question about a reference: the repository, the reference's commit, and the workspace's place. */
struct question {
	git_repository *git;
	git_object *commit;
	char prefix[PATH_MAX];     /* path inside the repository, with a '/' at the end; "": its root */
};

static void question_free(struct question *q)
{
	git_object_free(q->commit);
	git_repository_free(q->git);
}

/* VT_OK: the caller may fill in the other members, and frees all; else there is nothing to free. */
static vt_status question_make(vt_call *call, vt_bytes root, vt_bytes reference, struct question *q)
{
	char name[1024];
	const char *home;
	vt_status status;
	int none;

	memset(q, 0, sizeof *q);
	q->git = git_of(root, &none);
	if (!q->git) {
		git_report(call, VT_REPORT_ERROR, "no-repository", "'%.*s' is in no git repository", (int)root.size, (const char *)root.data);
		return VT_NONE;
	}
	if (reference.size >= sizeof name || !reference.size) {
		git_repository_free(q->git);
		git_report(call, VT_REPORT_ERROR, "no-reference", "there is no such git reference");
		return VT_NONE;
	}
	memcpy(name, reference.data, reference.size);
	name[reference.size] = '\0';
	home = git_repository_workdir(q->git);
	if (root.size + 1 > strlen(home))
		snprintf(q->prefix, sizeof q->prefix, "%.*s/", (int)(root.size - strlen(home)), (const char *)root.data + strlen(home));
	status = commit_find(q->git, call, name, &q->commit);
	if (status != VT_OK)
		question_free(q);
	return status;
}

vt_status since(void *self, vt_call *call, vt_bytes root, vt_bytes reference, vt_sink *paths)
{
	struct question q;
	vt_status status = question_make(call, root, reference, &q);

	(void)self;
	if (status != VT_OK)
		return status;
	status = differences(q.git, call, q.commit, q.prefix, paths);
	question_free(&q);
	return status;
}

vt_status content_at(void *self, vt_call *call, vt_bytes root, vt_bytes reference, vt_bytes path, vt_sink *content)
{
	struct question q;
	vt_status status = question_make(call, root, reference, &q);
	git_tree_entry *entry = NULL;
	git_object *tree = NULL;
	git_blob *blob = NULL;
	char full[PATH_MAX];
	int rc;

	(void)self;
	if (status != VT_OK)
		return status;
	rc = snprintf(full, sizeof full, "%s%.*s", q.prefix, (int)path.size, (const char *)path.data) < (int)sizeof full ? 0 : -1;
	if (rc == 0)
		rc = git_object_peel(&tree, q.commit, GIT_OBJECT_TREE);
	if (rc == 0)
		rc = git_tree_entry_bypath(&entry, (git_tree *)tree, full);
	if (rc == 0 && (git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK || git_tree_entry_type(entry) != GIT_OBJECT_BLOB))
		rc = GIT_ENOTFOUND;
	if (rc == 0)
		rc = git_blob_lookup(&blob, q.git, git_tree_entry_id(entry));
	if (rc == 0)
		status = content->write(content, call, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
	else
		status = rc == GIT_ENOTFOUND ? VT_NONE : git_failed(call, "git cannot read");
	git_blob_free(blob);
	git_tree_entry_free(entry);
	git_object_free(tree);
	question_free(&q);
	return status;
}
