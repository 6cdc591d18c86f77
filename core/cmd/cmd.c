#include "config.h"

#include "cmd/cmd.h"

#include <stdio.h>

#include "report/screen.h"
#include "report/warnings.h"

int cmd_fail(const struct session *s, struct err *err)
{
	bool coloured = screen_has_colours(s->env, s->stderr_tty);
	int code = err->code == ERR_USAGE ? 2 : 1, i;

	fflush(stdout);
	warnings_flush(s->warnings);
	for (i = 0; i < err->n; i++)
		if (i)
			fprintf(stderr, "* %s\n", err->text[i]);
		else
			fprintf(stderr, "%s %s\n", coloured ? "\033[31;1merror:\033[0m" : "error:", err->text[i]);
	err_clear(err);
	return code;
}
