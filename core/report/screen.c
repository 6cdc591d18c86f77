#include "config.h"

#include "report/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "os/loop.h"
#include "os/stream.h"
#include "text/shown.h"
#include "text/strip.h"

enum {
	SCREEN_GATHER = 64 * 1024,
	SCREEN_COLUMNS = 80            /* columns of a terminal that does not tell them */
};

#define FOOT_ERASE "\r\033[K"

struct screen {
	struct loop *loop;
	struct output *out[2];     /* fd 1, fd 2 */
	bool coloured[2];
	bool in_line[2];           /* the stream's last line is unfinished */
	struct strip strip[2];
	struct buf gathered;       /* text not handed over yet */
	int gathering;             /* its stream: 0 stdout, 1 stderr */
	int error;                 /* errno of the first failed write to stdout */
	char *foot;                /* text of the foot; NULL: none */
	bool foot_drawn;           /* there is a foot on the terminal */
	int foot_on;               /* the stream it is written to: 0 stdout, 1 stderr */
	bool tty[2];               /* the streams that the foot must not be mixed with */
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

static void put(struct screen *s, int stream, const char *data, size_t size)
{
	int e = output_write(s->out[stream], data, size);

	if (e && stream == 0 && !s->error)
		s->error = e;
}

/* May the foot be drawn? Not behind an unfinished line, and not while the terminal takes nothing. */
static bool foot_fits(const struct screen *s)
{
	return s->foot && !(s->tty[0] && s->in_line[0]) && !(s->tty[1] && s->in_line[1]) &&
	       output_queued(s->out[0]) + output_queued(s->out[1]) == 0;
}

static void add_foot(struct screen *s, struct buf *b)
{
	bool coloured = s->coloured[s->foot_on];

	buf_text(b, coloured ? "\033[90m" : "");
	shown_text(b, s->foot);
	buf_text(b, coloured ? "\033[0m" : "");
	s->foot_drawn = true;
}

/* Erases the foot and draws the present one, in one write. */
static void draw_foot(struct screen *s)
{
	struct buf b;

	buf_init(&b, SCREEN_GATHER);
	if (s->foot_drawn)
		buf_text(&b, FOOT_ERASE);
	s->foot_drawn = false;
	if (foot_fits(s))
		add_foot(s, &b);
	if (b.size > 0)
		put(s, s->foot_on, b.data, b.size);
	buf_free(&b);
}

static void erase_foot(struct screen *s)
{
	if (s->foot_drawn)
		put(s, s->foot_on, FOOT_ERASE, strlen(FOOT_ERASE));
	s->foot_drawn = false;
}

static void hand_over(struct screen *s)
{
	if (s->gathered.size == 0)
		return;
	erase_foot(s);
	put(s, s->gathering, s->gathered.data, s->gathered.size);
	/* frees the memory of a rare long output */
	if (s->gathered.room > 4 * SCREEN_GATHER)
		buf_free(&s->gathered);
	else
		buf_clear(&s->gathered);
	if (s->foot)
		draw_foot(s);
}

void screen_foot_on(struct screen *s, bool stdout_tty, bool stderr_tty)
{
	s->tty[0] = stdout_tty;
	s->tty[1] = stderr_tty;
	s->foot_on = stdout_tty ? 0 : 1;
}

unsigned screen_foot_room(const struct screen *s)
{
	unsigned columns = output_columns(s->out[s->foot_on]);

	/* in the last column some terminals wrap at once */
	return columns ? columns - 1 : SCREEN_COLUMNS - 1;
}

void screen_foot(struct screen *s, const char *text)
{
	if (!text && !s->foot && !s->foot_drawn)
		return;
	free(s->foot);
	s->foot = text ? xstrdup(text) : NULL;
	if (s->gathered.size == 0)
		draw_foot(s);
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

static void gather(struct screen *s, int stream, const void *data, size_t size, bool as_it_is)
{
	int i = stream == 2;
	size_t text = without_last_colours(data, size);

	if (text)
		s->in_line[i] = ((const char *)data)[text - 1] != '\n';
	if (i != s->gathering) {
		hand_over(s);
		s->gathering = i;
	}
	if (s->coloured[i] || as_it_is)
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

void screen_write(struct screen *s, int stream, const void *data, size_t size)
{
	gather(s, stream, data, size, false);
}

void screen_mark(struct screen *s, int stream, const void *data, size_t size)
{
	gather(s, stream, data, size, true);
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
	screen_foot(s, NULL);
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

static void begin_style(struct buf *b, const char *codes)
{
	buf_text(b, "\033[");
	buf_text(b, codes);
	buf_byte(b, 'm');
}

void screen_style(struct buf *b, const char *codes, const char *text)
{
	begin_style(b, codes);
	shown_text(b, text);
	buf_text(b, "\033[0m");
}

void screen_stylef(struct buf *b, const char *codes, const char *fmt, ...)
{
	va_list ap;

	begin_style(b, codes);
	va_start(ap, fmt);
	shown_vprintf(b, fmt, ap);
	va_end(ap);
	buf_text(b, "\033[0m");
}
