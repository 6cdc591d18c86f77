/* fingerprint-git on real repositories, made by git itself: an id from the index only where
 * the index cannot be wrong, and the paths that changed since a reference. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/env.h"
#include "plug/setup.h"

/* libgit2 1.5 leaks where a shallow clone does not reach the merge base, and the
 * regular expressions it uses keep their working memory. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libgit2\nleak:libpcre2";
}

struct world {
	struct arena *arena;
	char root[64];
	struct plug *plug;
	struct component *git;
	char warned[600];
};

static void on_warn(void *ctx, const char *text)
{
	struct world *w = ctx;

	snprintf(w->warned + strlen(w->warned), sizeof w->warned - strlen(w->warned), "%s\n", text);
}

/* Runs a script in the root. */
static void sh(struct world *w, const char *script)
{
	char *line = arena_printf(w->arena, "cd %s && export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=a "
		"GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a GIT_ALLOW_PROTOCOL=file; "
		"{ %s\n} >/dev/null 2>&1", w->root, script);

	assert_int_equal(system(line), 0);
}

static void plug_make(struct world *w)
{
	static const char *const none[] = { NULL };
	static char system_dir[4200];
	struct plug_setup setup;
	struct err err = { 0 };

	snprintf(system_dir, sizeof system_dir, "%s/plugins-1", getenv("abs_top_builddir") ? getenv("abs_top_builddir") : ".");
	setup = (struct plug_setup){ .root = w->root, .system_dir = system_dir, .env = env_from(w->arena, (char *const *)none),
		.warn = on_warn, .ctx = w };
	assert_int_equal(plug_new(&setup, &w->plug, &err), 0);
	w->git = plug_named(w->plug, "fingerprint-git");
	assert_non_null(w->git);
}

/* The repository, made before the plugin sees it; then the plugin. */
static void world_make(struct world *w, const char *script)
{

	memset(w, 0, sizeof *w);
	w->arena = arena_new();
	strcpy(w->root, "/tmp/vt-git-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	sh(w, script);
	plug_make(w);
}

static void world_free(struct world *w)
{
	plug_free(w->plug);
	sh(w, "cd /tmp; rm -rf \"$OLDPWD\"");
	arena_free(w->arena);
}

static vt_file file_of(struct world *w, const char *path)
{
	char *full = arena_printf(w->arena, "%s/%s", w->root, path);
	struct stat st;

	assert_int_equal(stat(full, &st), 0);
	return (vt_file){ .path = { path, strlen(path) }, .size = (uint64_t)st.st_size, .inode = st.st_ino, .device = st.st_dev,
		.mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
		.ctime_ns = st.st_ctim.tv_sec * INT64_C(1000000000) + st.st_ctim.tv_nsec };
}

static const char *digest_of(struct world *w, const vt_file *f)
{
	const vt_fingerprint_ops *ops = component_ops(w->git);
	struct plug_call call;
	char *hex = arena_alloc(w->arena, 41);
	vt_id id;
	int i;

	call_begin(&call, w->git, "digest");
	assert_int_equal(call_end(&call, ops->digest(component_self(w->git), &call.call, (vt_bytes){ w->root, strlen(w->root) }, f, 1, &id)), VT_OK);
	for (i = 0; i < 20; i++)
		snprintf(hex + 2 * i, 3, "%02x", id.byte[i]);
	return hex;
}

/* Is the id of `path` taken from the index? What it says of a file whose bytes are changed under the plugin's feet. */
static bool from_index(struct world *w, const char *path)
{
	vt_file before = file_of(w, path);

	sh(w, arena_printf(w->arena, "printf other >%s", path));
	return strcmp(digest_of(w, &before), "27fa34919ae70aa0d7eaccdfbf393cfc440e7d25") != 0;   /* "other" */
}

/* a.txt in a repository whose index is younger than it. */
#define REPOSITORY "git init -q; printf one >a.txt; touch -d '1 hour ago' a.txt; git add a.txt; "

static void the_id_is_gits(void **state)
{
	struct world w;
	vt_file f;

	(void)state;
	world_make(&w, REPOSITORY "printf two >new.txt");
	f = file_of(&w, "a.txt");
	assert_string_equal(digest_of(&w, &f), "43dd47ea691c90a5fa7827892c70241913351963");      /* git hash-object: "one" */
	f = file_of(&w, "new.txt");
	assert_string_equal(digest_of(&w, &f), "64c5e5885a4b06010b3a0c20edb7900dd0311025");      /* "two" */
	assert_string_equal(w.warned, "");
	world_free(&w);
}

static void the_index_is_believed_only_where_it_cannot_be_wrong(void **state)
{
	size_t i;

	static const struct { const char *story, *script; bool believed; } cases[] = {
		{ "clean", REPOSITORY, true },
		{ "racy: as young as the index", REPOSITORY "sleep 0.02; git add a.txt; touch a.txt; git add a.txt; touch -r a.txt .git/index", false },
		{ "changed after it was staged", REPOSITORY "printf two >a.txt; touch -d '2 hours ago' a.txt", false },
		{ "not in the index", "git init -q; printf one >a.txt; touch -d '1 hour ago' a.txt; printf x >b; git add b", false },
		{ "assume-unchanged", REPOSITORY "git update-index --assume-unchanged a.txt", false },
		{ "skip-worktree", REPOSITORY "git update-index --skip-worktree a.txt", false },
		{ "only intended", "git init -q; printf one >a.txt; touch -d '1 hour ago' a.txt; git add -N a.txt", false },
		{ "text", REPOSITORY "echo '*.txt text' >.gitattributes", false },
		{ "a filter", REPOSITORY "echo '*.txt filter=x' >.gitattributes", false },
		{ "ident", REPOSITORY "echo '* ident' >.git/info/attributes", false },
		{ "no attribute of this file", REPOSITORY "echo '*.md text' >.gitattributes", true },
		{ "attributes taken back", REPOSITORY "printf '* text=auto\\n*.txt -text\\n' >.gitattributes", true },
		{ "an end of line", REPOSITORY "echo 'a.txt eol=lf' >.gitattributes", false },
		{ "an encoding", REPOSITORY "echo 'a.txt working-tree-encoding=UTF-16' >.gitattributes", false },
		{ "the old word for text", REPOSITORY "echo 'a.txt crlf=input' >.gitattributes", false },
		{ "text=auto for all", REPOSITORY "echo '* text=auto' >.gitattributes", false },
		{ "a macro", REPOSITORY "printf '[attr]mine text\\n*.txt mine\\n' >.gitattributes", false },
		{ "binary", REPOSITORY "echo 'a.txt binary' >.gitattributes", true },
		{ "attributes of the user", REPOSITORY "echo '*.txt text' >.git/mine; git config core.attributesFile .git/mine", false },
		{ "attributes that are not checked out", REPOSITORY "echo '*.txt text' >.gitattributes; git add .gitattributes; "
		  "git update-index --skip-worktree .gitattributes; rm .gitattributes", false },
		{ "added as text, no text any more", "git init -q; echo '*.txt text' >.gitattributes; printf 'a\\r\\n' >a.txt; touch -d '1 hour ago' a.txt; "
		  "git add a.txt; rm .gitattributes; git update-index --refresh || :", false },
		{ "added with core.autocrlf, which is off now", "git init -q; git config core.autocrlf input; printf 'a\\r\\n' >a.txt; "
		  "touch -d '1 hour ago' a.txt; git add a.txt; git config core.autocrlf false", false },
		{ "a blob that is not here", REPOSITORY "rm -rf .git/objects/??", false },
		{ "an index of another version", REPOSITORY "git update-index --index-version 4", true },
		{ "an index in two files", REPOSITORY "git update-index --split-index", false },
		{ "another hash", "git init -q --object-format=sha256; printf one >a.txt; touch -d '1 hour ago' a.txt; git add a.txt", false },
		{ "in conflict", REPOSITORY "id=$(git hash-object -w a.txt); printf \"0 $(printf '%040d' 0)\\ta.txt\\n100644 $id 1\\ta.txt\\n100644 $id 2\\ta.txt\\n\" | "
		  "git update-index --index-info", false },
		{ "core.autocrlf", REPOSITORY "git config core.autocrlf input", false },
		{ "core.autocrlf=false", REPOSITORY "git config core.autocrlf false", true },
	};

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct world w;

		world_make(&w, cases[i].script);
		if (from_index(&w, "a.txt") != cases[i].believed)
			fail_msg("%s: expected %s", cases[i].story, cases[i].believed ? "the index" : "the file");
		world_free(&w);
	}
}

static void worktrees_and_submodules_have_indexes_of_their_own(void **state)
{
	struct world w;

	(void)state;
	world_make(&w, "git init -q lib; cd lib; printf one >a.txt; touch -d '1 hour ago' a.txt; git add .; git commit -qm 1; cd ..; "
		   "git init -q main; cd main; git submodule add -q ../lib inner; printf x >x; git add .; git commit -qm 1; "
		   "touch -d '1 hour ago' inner/a.txt; git -C inner add a.txt; git -C inner status; "
		   "git worktree add -q ../tree; cd ../tree; touch -d '1 hour ago' x; git add x; git status");
	strcat(w.root, "/main");
	assert_true(from_index(&w, "inner/a.txt"));
	*strrchr(w.root, '/') = '\0';
	world_free(&w);
	world_make(&w, "git init -q main; cd main; printf x >x; git add .; git commit -qm 1; git worktree add -q ../tree; cd ../tree; "
		   "touch -d '1 hour ago' x; git update-index --refresh");
	strcat(w.root, "/tree");
	assert_true(from_index(&w, "x"));
	*strrchr(w.root, '/') = '\0';
	world_free(&w);
}

static void a_missing_repository_is_told_once(void **state)
{
	struct world w;
	vt_file f;

	(void)state;
	world_make(&w, "printf one >a.txt");
	f = file_of(&w, "a.txt");
	assert_string_equal(digest_of(&w, &f), "43dd47ea691c90a5fa7827892c70241913351963");
	assert_string_equal(digest_of(&w, &f), "43dd47ea691c90a5fa7827892c70241913351963");
	assert_string_equal(w.warned, "plugin 'fingerprint-git': no git repository here; every file is hashed\n");
	world_free(&w);
}

/* After every git command the id follows the bytes: equal bytes, equal ids; other bytes, other ids. */
static void one_content_has_one_id(void **state)
{
	size_t i;
	int k;

	static const char *const scripts[] = {
		"git add a.txt", "touch a.txt", "git commit -qm 1", "printf two >a.txt", "git add a.txt", "printf one >a.txt", "git add a.txt",
		"echo '*.txt text' >.gitattributes", "printf 'x\\r\\n' >a.txt", "git add a.txt", "rm .gitattributes", "git add --renormalize .",
		"printf 'x\\n' >a.txt", "git add a.txt", "git stash -q", "git stash pop -q", "git rm -q --cached a.txt", ": >a.txt", "git add a.txt",
		"git update-index --assume-unchanged a.txt", "printf three >a.txt", "git update-index --no-assume-unchanged a.txt", "git add a.txt",
		"printf THREE >a.txt; touch -r .git/index a.txt", "git config core.autocrlf true", "printf 'y\\r\\n' >a.txt", "git add a.txt",
		"git config core.autocrlf false", "printf 'y\\n' >a.txt",
	};
	struct world w;

	(void)state;
	world_make(&w, "git init -q; printf one >a.txt");
	for (i = 0; i < COUNT(scripts); i++) {
		struct stat st;
		vt_file f;
		char *raw, *said, *path = arena_printf(w.arena, "%s/a.txt", w.root);
		char hex[41] = "";
		FILE *p;

		sh(&w, scripts[i]);
		/* once racy, once with an index that is younger */
		for (k = 0; k < 2; k++) {
			if (k)
				sh(&w, "touch -d '1 hour ago' a.txt; git update-index -q --refresh || :");
			plug_free(w.plug);
			plug_make(&w);
			if (stat(path, &st))
				continue;
			f = file_of(&w, "a.txt");
			said = (char *)digest_of(&w, &f);
			raw = arena_printf(w.arena, "git hash-object --no-filters %s", path);
			p = popen(raw, "r");
			assert_int_equal(fread(hex, 1, 40, p), 40);
			pclose(p);
			if (strcmp(said, hex))
				fail_msg("after `%s`: %s, the bytes are %s", scripts[i], said, hex);
		}
	}
	world_free(&w);
}

/* ---- changed since ------------------------------------------------------------ */

struct text_sink {
	vt_sink sink;
	char text[400];
	size_t n;
};

static vt_status sink_write(vt_sink *s, vt_call *call, const void *data, size_t size)
{
	struct text_sink *t = (struct text_sink *)s;
	size_t i;

	(void)call;
	memcpy(t->text + t->n, data, size);
	for (i = t->n; i < t->n + size; i++)
		t->text[i] = t->text[i] ? t->text[i] : ' ';
	t->n += size;
	return VT_OK;
}

/* The paths, each followed by a space; or the report. */
static const char *changed(struct world *w, const char *reference)
{
	const vt_fingerprint_ops *ops = component_ops(w->git);
	struct text_sink into = { .sink = { .struct_size = sizeof(vt_sink), .write = sink_write, .most = UINT64_MAX } };
	struct plug_call call;
	vt_status s;

	call_begin(&call, w->git, "changed_since");
	s = call_end(&call, ops->changed_since(component_self(w->git), &call.call, (vt_bytes){ w->root, strlen(w->root) },
					       (vt_bytes){ reference, strlen(reference) }, &into.sink));
	return arena_str(w->arena, s == VT_OK ? into.text : call.text);
}

/* The content of a file at a reference, blanks for its ends of lines; "none"; or the report. */
static const char *content(struct world *w, const char *reference, const char *path)
{
	const vt_fingerprint_ops *ops = component_ops(w->git);
	struct text_sink into = { .sink = { .struct_size = sizeof(vt_sink), .write = sink_write, .most = UINT64_MAX } };
	struct plug_call call;
	vt_status s;

	call_begin(&call, w->git, "content_at");
	s = call_end(&call, ops->content_at(component_self(w->git), &call.call, (vt_bytes){ w->root, strlen(w->root) },
					    (vt_bytes){ reference, strlen(reference) }, (vt_bytes){ path, strlen(path) }, &into.sink));
	return s == VT_OK ? arena_str(w->arena, into.text) : call.text[0] ? arena_str(w->arena, call.text) : "none";
}

#define HISTORY "git init -q -b main; printf 1 >a; printf 1 >b; printf 1 >c; mkdir sub; printf 1 >sub/d; git add .; git commit -qm 1; " \
	"git checkout -qb work; printf 2 >a; git commit -qam 2; printf 3 >b; git add b; printf 4 >c; printf 5 >new; "

static void committed_staged_changed_and_new(void **state)
{
	struct world w;

	(void)state;
	world_make(&w, HISTORY);
	assert_string_equal(changed(&w, "main"), "a b c new ");
	assert_string_equal(changed(&w, "HEAD"), "b c new ");
	assert_string_equal(changed(&w, "nosuch"), "there is no git reference 'nosuch'");
	world_free(&w);
	world_make(&w, HISTORY "git rm -qf sub/d; mkdir -p sub; printf 6 >sub/e");
	assert_string_equal(changed(&w, "main"), "a b c new sub/d sub/e ");
	strcat(w.root, "/sub");
	assert_string_equal(changed(&w, "main"), "d e ");
	*strrchr(w.root, '/') = '\0';
	world_free(&w);
}

static void files_as_they_were(void **state)
{
	struct world w;

	(void)state;
	world_make(&w, HISTORY "ln -s a link; git add link; git commit -qm 6");
	assert_string_equal(content(&w, "main", "a"), "1");
	assert_string_equal(content(&w, "HEAD", "a"), "2");
	assert_string_equal(content(&w, "main...", "b"), "1");
	assert_string_equal(content(&w, "...", "b"), "1");
	assert_string_equal(content(&w, "main", "sub/d"), "1");
	assert_string_equal(content(&w, "main", "new"), "none");
	assert_string_equal(content(&w, "main", "sub"), "none");
	assert_string_equal(content(&w, "HEAD", "link"), "none");
	assert_string_equal(content(&w, "nosuch", "a"), "there is no git reference 'nosuch'");
	strcat(w.root, "/sub");
	assert_string_equal(content(&w, "main", "d"), "1");
	*strrchr(w.root, '/') = '\0';
	world_free(&w);
}

static void since_the_merge_base(void **state)
{
	struct world w;

	(void)state;
	world_make(&w, HISTORY "git stash -q; git checkout -q main; printf 9 >sub/d; git commit -qam 9; git checkout -q work; git stash pop -q");
	assert_string_equal(changed(&w, "main"), "a b c new sub/d ");
	assert_string_equal(changed(&w, "main..."), "a b c new ");
	assert_string_equal(changed(&w, "..."), "a b c new ");
	world_free(&w);
}

static void a_default_branch_of_another_name_must_be_told(void **state)
{
	struct world w;

	(void)state;
	world_make(&w, "git init -q -b trunk; printf 1 >a; git add a; git commit -qm 1; git checkout -qb work; printf 2 >a");
	assert_string_equal(changed(&w, "..."), "the default branch is not known: there is no origin/HEAD, origin/main, origin/master, "
			    "main or master; name a reference");
	assert_string_equal(changed(&w, "trunk..."), "a ");
	world_free(&w);
	world_make(&w, "git init -q -b trunk o; cd o; printf 1 >a; git add a; git commit -qm 1; cd ..; git clone -q file://$PWD/o s; "
		   "cd s; git checkout -qb work; printf 2 >a; git add a; git commit -qm 2");
	strcat(w.root, "/s");
	assert_string_equal(changed(&w, "..."), "a ");
	*strrchr(w.root, '/') = '\0';
	world_free(&w);
}

static void a_shallow_clone_says_what_to_do(void **state)
{
	struct world w;

	(void)state;
	world_make(&w, "git init -q -b main o; cd o; for i in 1 2 3; do printf $i >a; git add a; git commit -qm $i; done; git branch old HEAD~2; "
		   "cd ..; git clone -q --depth=1 --no-single-branch file://$PWD/o s");
	strcat(w.root, "/s");
	assert_string_equal(changed(&w, "origin/old..."), "this clone is shallow and does not reach the common ancestor with 'origin/old'; "
			    "fetch more history (git fetch --deepen=100, git fetch --unshallow; where a CI job checks out: fetch-depth: 0)");
	assert_string_equal(changed(&w, "v1"), "there is no git reference 'v1' in this shallow clone; fetch it (git fetch origin v1), "
			    "or more history (git fetch --deepen=100, git fetch --unshallow; where a CI job checks out: fetch-depth: 0)");
	*strrchr(w.root, '/') = '\0';
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_id_is_gits),
		cmocka_unit_test(one_content_has_one_id),
		cmocka_unit_test(the_index_is_believed_only_where_it_cannot_be_wrong),
		cmocka_unit_test(worktrees_and_submodules_have_indexes_of_their_own),
		cmocka_unit_test(a_missing_repository_is_told_once),
		cmocka_unit_test(committed_staged_changed_and_new),
		cmocka_unit_test(files_as_they_were),
		cmocka_unit_test(since_the_merge_base),
		cmocka_unit_test(a_default_branch_of_another_name_must_be_told),
		cmocka_unit_test(a_shallow_clone_says_what_to_do),
	};

	if (system("git --version >/dev/null 2>&1")) {
		puts("1..0 # SKIP git is not installed");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
