/* For the tests of the room workspace: a folder of real files, and what comes of it as text. */
#ifndef WORKSPACE_HELP_H
#define WORKSPACE_HELP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"
#include "text/path.h"
#include "workspace/workspace.h"

static struct arena *a;
static char *dir;                          /* of the test; real */
static struct workspace *w;

static int begin(void **state)
{
	char name[] = "/tmp/vt-workspace-XXXXXX";

	(void)state;
	a = arena_new();
	dir = realpath(mkdtemp(name), NULL);
	w = NULL;
	return dir ? 0 : -1;
}

static int end(void **state)
{
	struct err e = { 0 };

	(void)state;
	workspace_free(w);
	w = NULL;
	file_remove_tree(dir, &e);
	free(dir);
	arena_free(a);
	return 0;
}

static const char *in(const char *name)
{
	return path_join(a, dir, name);
}

static void file(const char *name, const char *text)
{
	struct err e = { 0 };

	assert_int_equal(file_mkdirs(path_dir(a, in(name)), 0755, &e), 0);
	assert_int_equal(file_write(in(name), text, strlen(text), 0644, &e), 0);
}

/* "error\n* cause\n* cause"; "" when it loads. The folder is written as <w>. */
static const char *failure(const char *cwd)
{
	struct err e = { 0 };
	const char *text = "", *p;
	char *out;
	int i;

	workspace_free(w);
	w = NULL;
	if (workspace_load(in(cwd), &w, &e) == 0)
		return "";
	for (i = 0; i < e.n; i++)
		text = arena_printf(a, "%s%s%s", text, i ? "\n* " : "", e.text[i]);
	err_clear(&e);
	out = arena_alloc(a, strlen(text) * 2 + 4);
	for (p = text; *p;) {
		if (strncmp(p, dir, strlen(dir)) == 0) {
			strcat(out, "<w>");
			p += strlen(dir);
		} else {
			strncat(out, p++, 1);
		}
	}
	return out;
}

static inline void load(const char *cwd)
{
	const char *text = failure(cwd);

	if (*text)
		fail_msg("it should load, but: %s", text);
}

static inline void fails(const char *message)
{
	assert_string_equal(failure(""), message);
}

/* The paths in order, joined by blanks; the root as ".". */
static inline const char *members(void)
{
	const char *out = "";
	uint32_t i;

	for (i = 0; i < w->packages_n; i++)
		out = arena_printf(a, "%s%s%s", out, i ? " " : "", w->packages[i].path[0] ? w->packages[i].path : ".");
	return out;
}

/* What a package needs: "path:types ..." */
static inline const char *needs(const char *path)
{
	const struct package *p = workspace_package(w, path);
	const char *out = "";
	uint32_t i;

	assert_non_null(p);
	for (i = 0; i < p->needs_n; i++)
		out = arena_printf(a, "%s%s%s:%u", out, i ? " " : "", p->needs[i].to->path, p->needs[i].types);
	return out;
}

static inline const struct task *task(const char *path, const char *name)
{
	const struct package *p = workspace_package(w, path);
	const struct task *t;

	assert_non_null(p);
	t = workspace_task(p, name);
	assert_non_null(t);
	return t;
}

static inline const char *patterns(const struct file_patterns *list)
{
	const char *out = "";
	uint32_t i;

	for (i = 0; i < list->n; i++)
		out = arena_printf(a, "%s%s%s", out, i ? " " : "", list->at[i].text);
	return out;
}

static inline const char *texts(const struct texts *t)
{
	const char *out = "";
	uint32_t i;

	for (i = 0; i < t->n; i++)
		out = arena_printf(a, "%s%s%s", out, i ? " " : "", t->at[i]);
	return out;
}
#endif
