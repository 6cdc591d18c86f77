#include "config.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

__attribute__((format(printf, 1, 0)))
static char *format(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return xstrdup(fmt);
	return text;
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err_clear(err);
	va_start(ap, fmt);
	err->text[0] = format(fmt, ap);
	va_end(ap);
	err->n = 1;
	err->code = code;
	return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	if (err->n == ERR_DEPTH)           /* keep the cause, lose the context just inside the new one */
		free(err->text[0]);
	else
		memmove(err->text + 1, err->text, (size_t)err->n++ * sizeof err->text[0]);
	va_start(ap, fmt);
	err->text[0] = format(fmt, ap);
	va_end(ap);
	if (err->code == ERR_NONE)
		err->code = ERR_USER;
	return -1;
}

int err_errno(struct err *err, int number, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (!err)
		return -1;
	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	err_set(err, ERR_SYSTEM, "%s: %s", text, strerror(number));
	err->number = number;
	free(text);
	return -1;
}

void err_clear(struct err *err)
{
	int i;

	for (i = 0; i < err->n; i++)
		free(err->text[i]);
	memset(err, 0, sizeof *err);
}

char *err_join(const struct err *err)
{
	struct buf b;
	int i;

	buf_init(&b, SIZE_MAX / 4);
	for (i = 0; i < err->n; i++)
		buf_printf(&b, "%s%s", i ? ": " : "", err->text[i]);
	return b.data ? b.data : xstrdup("");
}

const char *err_take(struct err *err, struct arena *a)
{
	char *text = err_join(err);
	const char *ret = arena_str(a, text);

	free(text);
	err_clear(err);
	return ret;
}
