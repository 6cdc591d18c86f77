#include "config.h"

#include "cmd/cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "report/screen.h"
#include "report/warnings.h"
#include "text/shown.h"

/* Prints a sentence as it may be shown. Errors of the command line take several lines. */
static void print_sentence(const char *text, bool has_lines)
{
	const char *nl;

	for (; has_lines && (nl = strchr(text, '\n')); text = nl + 1)
		cmd_line(stderr, "%.*s", (int)(nl - text), text);
	cmd_line(stderr, "%s", text);
}

void cmd_line(FILE *to, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	buf_init(&b, SIZE_MAX / 2);
	va_start(ap, fmt);
	shown_vprintf(&b, fmt, ap);
	va_end(ap);
	buf_byte(&b, '\n');
	fwrite(b.data, 1, b.size, to);
	buf_free(&b);
}

int cmd_enter(struct session *s, const char *dir, struct err *err)
{
	char *cwd;

	if (chdir(dir) < 0)
		return err_errno(err, errno, "Cannot enter the folder '%s'", dir);
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return err_errno(err, errno, "Cannot tell the current directory");
	s->cwd = arena_str(s->arena, cwd);
	free(cwd);
	return 0;
}

int cmd_fail(const struct session *s, struct err *err)
{
	bool coloured = screen_has_colours(s->env, s->stderr_tty);
	int code = err->code == ERR_USAGE ? 2 : 1, i;

	fflush(stdout);
	warnings_flush(s->warnings);
	for (i = 0; i < err->n; i++) {
		fputs(i ? "* " : coloured ? "\033[31;1merror:\033[0m " : "error: ", stderr);
		print_sentence(err->text[i], err->code == ERR_USAGE);
	}
	err_clear(err);
	return code;
}
