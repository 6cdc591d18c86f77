#include "config.h"

#include "report/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "os/loop.h"
#include "os/stream.h"
#include "report/strip.h"
#include "text/shown.h"

enum { SCREEN_GATHER = 64 * 1024 };

struct screen {
	struct loop *loop;
	struct output *out[2];     /* fd 1, fd 2 */
	bool coloured[2];
	bool in_line[2];           /* the stream's last line is unfinished */
	struct strip strip[2];
	struct buf gathered;       /* text not handed over yet */
	int gathering;             /* its stream: 0 stdout, 1 stderr */
	int error;                 /* errno of the first failed write to stdout */
	bool posted;               /* the loop will call on_turn */
	bool closed;               /* on_turn frees the screen */
	void (*on_drained)(void *ctx);
	void *drained_ctx;
};

static bool is_forced(const char *v)
{
	char *end;

	if (!v)
		return false;
	if (*v == '\0' || strcmp(v, "true") == 0)
		return true;
	return strtol(v, &end, 10) >= 1 && *end == '\0';
}

bool screen_has_colours(const struct env *env, bool tty)
{
	const char *v;

	if (is_forced(env_get(env, "FORCE_COLOR")))
		return true;
	if ((v = env_get(env, "CLICOLOR_FORCE")) && *v && strcmp(v, "0") != 0)
		return true;
	if ((v = env_get(env, "NO_COLOR")) && strcmp(v, "0") != 0)
		return false;
	v = env_get(env, "TERM");
	if (v && strcmp(v, "dumb") == 0)
		return false;
	return tty && (v || env_get(env, "COLORTERM") || env_get(env, "CI"));
}

struct screen *screen_open(struct loop *l, bool colours_out, bool colours_err)
{
	struct screen *s = xcalloc(1, sizeof *s);

	s->loop = l;
	s->out[0] = output_open(l, 1);
	s->out[1] = output_open(l, 2);
	s->coloured[0] = colours_out;
	s->coloured[1] = colours_err;
	buf_init(&s->gathered, SIZE_MAX / 2);
	return s;
}

static void hand_over(struct screen *s)
{
	int e;

	if (s->gathered.size == 0)
		return;
	e = output_write(s->out[s->gathering], s->gathered.data, s->gathered.size);
	if (e && s->gathering == 0 && !s->error)
		s->error = e;
	/* the memory of a rare long output is given back */
	if (s->gathered.room > 4 * SCREEN_GATHER)
		buf_free(&s->gathered);
	else
		buf_clear(&s->gathered);
}

static void on_turn(void *ctx)
{
	struct screen *s = ctx;

	s->posted = false;
	if (s->closed)
		free(s);
	else
		hand_over(s);
}

/* Size of the text without the colour sequences at its end. */
static size_t without_last_colours(const char *data, size_t size)
{
	size_t n = size;

	while (n && data[n - 1] == 'm') {
		for (n--; n && (data[n - 1] == ';' || (data[n - 1] >= '0' && data[n - 1] <= '9')); n--)
			;
		if (n < 2 || data[n - 1] != '[' || data[n - 2] != '\033')
			return size;
		size = n -= 2;
	}
	return size;
}

bool screen_at_line_start(const struct screen *s, int stream)
{
	return !s->in_line[stream == 2];
}

void screen_write(struct screen *s, int stream, const void *data, size_t size)
{
	int i = stream == 2;
	size_t text = without_last_colours(data, size);

	if (text)
		s->in_line[i] = ((const char *)data)[text - 1] != '\n';
	if (i != s->gathering) {
		hand_over(s);
		s->gathering = i;
	}
	if (s->coloured[i])
		buf_add(&s->gathered, data, size);
	else
		strip_add(&s->strip[i], data, size, &s->gathered);
	if (s->gathered.size >= SCREEN_GATHER)
		hand_over(s);
	if (s->gathered.size > 0 && !s->posted) {
		s->posted = true;
		loop_post(s->loop, on_turn, s);
	}
}

int screen_flush(struct screen *s)
{
	hand_over(s);
	return s->error;
}

size_t screen_waiting(const struct screen *s)
{
	return s->gathered.size + output_queued(s->out[0]) + output_queued(s->out[1]);
}

static void on_drained(void *ctx)
{
	struct screen *s = ctx;

	if (s->on_drained)
		s->on_drained(s->drained_ctx);
}

void screen_on_drained(struct screen *s, void (*fn)(void *ctx), void *ctx)
{
	s->on_drained = fn;
	s->drained_ctx = ctx;
	output_on_drained(s->out[0], on_drained, s);
	output_on_drained(s->out[1], on_drained, s);
}

int screen_close(struct screen *s)
{
	int e;

	hand_over(s);
	e = output_close(s->out[0]);
	if (!s->error)
		s->error = e;
	output_close(s->out[1]);
	e = s->error;
	buf_free(&s->gathered);
	s->closed = true;
	if (!s->posted)
		free(s);
	return e;
}

void screen_style(struct buf *b, const char *codes, const char *text)
{
	buf_text(b, "\033[");
	buf_text(b, codes);
	buf_byte(b, 'm');
	shown_text(b, text);
	buf_text(b, "\033[0m");
}

void screen_stylef(struct buf *b, const char *codes, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	screen_style(b, codes, text ? text : "");
	free(text);
}
