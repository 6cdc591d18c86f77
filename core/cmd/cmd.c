#include "config.h"

#include "cmd/cmd.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "report/screen.h"

int cmd_fail(const struct session *s, struct err *err)
{
	bool coloured = screen_has_colours(s->env, s->stderr_tty);
	int code = err->code == ERR_USAGE ? 2 : 1, i;

	fflush(stdout);
	for (i = 0; i < err->n; i++)
		if (i)
			fprintf(stderr, "* %s\n", err->text[i]);
		else
			fprintf(stderr, "%s %s\n", coloured ? "\033[31;1merror:\033[0m" : "error:", err->text[i]);
	err_clear(err);
	return code;
}

/* Texts already told in this run; they are few. */
static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;
static struct map told;

static bool is_news(const char *text)
{
	void **place;
	bool news = false;

	pthread_mutex_lock(&told_lock);
	if (!map_gets(&told, text)) {
		char *key = xstrdup(text);

		place = map_puts(&told, key);
		*place = key;
		news = true;
	}
	pthread_mutex_unlock(&told_lock);
	return news;
}

void cmd_warn(void *ctx, const char *text)
{
	(void)ctx;
	if (is_news(text))
		fprintf(stderr, "warning: %s\n", text);
}

void cmd_note(void *ctx, const char *text)
{
	(void)ctx;
	if (is_news(text))
		fprintf(stderr, "%s\n", text);
}
