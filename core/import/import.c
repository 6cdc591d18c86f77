#include "config.h"

#include "import/import.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/texts.h"
#include "cmd/cmd.h"
#include "import/turbo.h"
#include "os/file.h"
#include "text/path.h"
#include "workspace/workspace.h"

static int run(const struct session *s, int argc, char **argv);

enum { HELP, WRITE };

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
	[WRITE] = { .name = "write", .letter = 'w' },
};

const struct command command_import = {
	.name = "import",
	.summary = "Move from another runner",
	.usage = "vt import [OPTIONS] turbo",
	.help =
"Prints the vite-task.json files that say what turbo.json and the configurations\n"
"of packages say, and lists what has no counterpart.\n"
"\n"
"Options:\n"
"  -w, --write  Write the files instead; none that is there is replaced\n"
"  -h, --help   Print help\n",
	.run = run, .options = options, .options_n = COUNT(options), .flags = COMMAND_NEVER_CACHED,
};

void import_note(struct import *im, const char *fmt, ...)
{
	const char *text;
	va_list ap;
	uint32_t i;

	va_start(ap, fmt);
	text = arena_vprintf(im->a, fmt, ap);
	va_end(ap);
	for (i = 0; i < im->notes.n; i++)
		if (strcmp(im->notes.at[i], text) == 0)
			return;
	texts_add(im->a, &im->notes, text);
}

cJSON *import_file(struct import *im, const struct package *p)
{
	if (!im->files[p->index])
		im->files[p->index] = cJSON_CreateObject();
	return im->files[p->index];
}

static const char *file_of(struct import *im, const struct package *p)
{
	return path_join(im->a, p->path, "vite-task.json");
}

static void tell_notes(const struct import *im)
{
	uint32_t i;

	if (im->notes.n)
		cmd_line(stderr, "To know:");
	for (i = 0; i < im->notes.n; i++)
		cmd_line(stderr, "- %s", im->notes.at[i]);
}

static void text_of(const cJSON *file, struct buf *ret)
{
	buf_init(ret, SIZE_MAX / 2);
	import_print(file, ret);
}

static void print_files(struct import *im)
{
	const struct workspace *w = im->workspace;
	uint32_t i, k;
	struct buf b;

	/* the root's file first */
	for (k = 0; k <= w->packages_n; k++) {
		const struct package *p = k ? &w->packages[k - 1] : w->root_package;

		i = p->index;
		if (!im->files[i] || (k && p == w->root_package))
			continue;
		cmd_line(stdout, "// %s", file_of(im, p));
		text_of(im->files[i], &b);
		fwrite(b.data, 1, b.size, stdout);
		buf_free(&b);
	}
}

/* -1: one of the files exists. No file is replaced, so all are checked before the first is written. */
static int check_free(struct import *im, struct err *err)
{
	const struct workspace *w = im->workspace;
	struct stat unused;
	uint32_t i;

	for (i = 0; i < w->packages_n; i++)
		if (im->files[i] && lstat(path_join(im->a, w->packages[i].dir, "vite-task.json"), &unused) == 0)
			return err_set(err, ERR_USER, "%s is there already; without --write all is printed, to be joined by hand",
				       file_of(im, &w->packages[i]));
	return 0;
}

static int write_files(struct import *im, struct err *err)
{
	const struct workspace *w = im->workspace;
	uint32_t i;
	int r = check_free(im, err);

	for (i = 0; i < w->packages_n && r == 0; i++) {
		struct buf b;

		if (!im->files[i])
			continue;
		text_of(im->files[i], &b);
		r = file_write(path_join(im->a, w->packages[i].dir, "vite-task.json"), b.data, b.size, 0644, err);
		buf_free(&b);
		if (r == 0)
			cmd_line(stdout, "wrote %s", file_of(im, &w->packages[i]));
	}
	return r;
}

/* Loads the workspace with the written files, to prove that they are valid. */
static int check_written(const struct session *s, struct err *err)
{
	struct workspace *w = NULL;

	if (workspace_load(s->cwd, &w, err) < 0)
		return err_wrap(err, "The files were written, but vt cannot use them");
	workspace_free(w);
	return 0;
}

static int import(const struct session *s, struct import *im, bool write)
{
	struct err err = { 0 };
	int r = turbo_import(im, &err);

	if (r == 0 && write)
		r = write_files(im, &err);
	else if (r == 0)
		print_files(im);
	if (r == 0) {
		fflush(stdout);
		tell_notes(im);
	}
	if (r == 0 && write)
		r = check_written(s, &err);
	return r < 0 ? cmd_fail(s, &err) : 0;
}

static int run(const struct session *s, int argc, char **argv)
{
	static const char *const sources[] = { "turbo", NULL };
	struct import im = { .a = s->arena };
	struct workspace *w = NULL;
	struct command_line l;
	struct err err = { 0 };
	uint32_t i;
	int code = command_read_line(&command_import, s, argc, argv, &l);

	if (code >= 0)
		return code;
	if (l.words_n != 1)
		args_wrong(&l.args, &err, l.words_n ? "unexpected argument '%s' found" : "no runner was named: vt import turbo", l.words_n ? l.words[1] : "");
	else
		command_verb(&l.args, l.words[0], sources, &err);
	if (err.n || workspace_load(s->cwd, &w, &err) < 0)
		return cmd_fail(s, &err);
	im.workspace = w;
	im.files = arena_array(im.a, w->packages_n, sizeof(struct cJSON *));
	code = import(s, &im, command_line_has(&l, WRITE));
	for (i = 0; i < w->packages_n; i++)
		cJSON_Delete(im.files[i]);
	workspace_free(w);
	return code;
}
