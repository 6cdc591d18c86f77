#include "config.h"

#include "report/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "plan/step.h"
#include "report/screen.h"
#include "report/words.h"
#include "text/shown.h"
#include "workspace/workspace.h"

/* Bytes of a line. A longer one is written in pieces. */
enum { LIVE_LINE = 1 << 20 };

/* The unfinished lines of a running step; labeled mode only. */
struct partial {
	struct buf line[2];
};

/* A running step. In interleaved mode only those that inherit are listed. A list will do, because few
 * run at a time. */
struct running {
	struct running *next;
	const struct step *step;
	struct partial partial;
	bool inherits;             /* it writes to the terminal itself */
	bool headed;               /* grouped: the header of its block was written */
};

struct live {
	enum log_mode mode;
	struct screen *screen;
	struct running *running;
	uint32_t running_n;        /* all running steps, listed or not */
	uint32_t inheriting;       /* running steps that inherit */
	struct buf text;           /* scratch for one event */
	struct buf held;           /* warnings that wait for the end of a line */
};

struct live *live_new(enum log_mode mode, struct screen *screen)
{
	struct live *l = xcalloc(1, sizeof *l);

	l->mode = mode;
	l->screen = screen;
	buf_init(&l->text, SIZE_MAX / 2);
	buf_init(&l->held, SIZE_MAX / 2);
	return l;
}

static void running_free(struct running *r)
{
	buf_free(&r->partial.line[0]);
	buf_free(&r->partial.line[1]);
	free(r);
}

/* ---- warnings ---- */

/* May vt write a line of its own now? Both streams may be the same terminal. */
static bool is_between_lines(const struct live *l)
{
	return !l->inheriting && screen_at_line_start(l->screen, 1) && screen_at_line_start(l->screen, 2);
}

static void tell_held(struct live *l)
{
	if (!l->held.size || !is_between_lines(l))
		return;
	screen_write(l->screen, 2, l->held.data, l->held.size);
	buf_clear(&l->held);
}

/* Writes the warnings at last, with a newline first if a task left a line unfinished. */
static void tell_held_at_last(struct live *l)
{
	if (!l->held.size)
		return;
	if (!screen_at_line_start(l->screen, 2))
		screen_write(l->screen, 2, "\n", 1);
	screen_write(l->screen, 2, l->held.data, l->held.size);
	buf_clear(&l->held);
}

static void warning(struct live *l, const char *line)
{
	buf_text(&l->held, line);
	tell_held(l);
}

/* Writes a task's output; held warnings go behind the first complete line. */
static void write_output(struct live *l, int stream, struct bytes output)
{
	const char *at = output.data, *nl = l->held.size ? memchr(at, '\n', output.size) : NULL;
	size_t n = nl ? (size_t)(nl - at) + 1 : 0;

	if (n) {
		screen_write(l->screen, stream, at, n);
		tell_held(l);
	}
	screen_write(l->screen, stream, at + n, output.size - n);
	tell_held(l);
}

void live_free(struct live *l)
{
	struct running *r;

	if (!l)
		return;
	tell_held_at_last(l);
	while ((r = l->running)) {
		l->running = r->next;
		running_free(r);
	}
	buf_free(&l->held);
	buf_free(&l->text);
	free(l);
}

void live_command(const struct step *step, struct buf *b)
{
	screen_stylef(b, "34", "%s%s$ %s", words_home(step->cwd), step->cwd, step->shown);
}

static void add_status(struct buf *b, const char *codes, const char *symbol, const char *text)
{
	buf_byte(b, ' ');
	screen_style(b, codes, symbol);
	buf_byte(b, ' ');
	screen_style(b, "90", text);
}

void live_status(const struct step *step, const struct step_start *start, bool executing, struct buf *b)
{
	struct buf reason;

	switch (start->status) {
	case START_DISABLED:
		buf_init(&reason, SIZE_MAX / 2);
		shown_printf(&reason, "cache disabled%s%s", step->uncached ? ": " : "", step->uncached ? step->uncached : "");
		add_status(b, "30", "⊘", buf_str(&reason));
		buf_free(&reason);
		break;
	case START_HIT:
		add_status(b, "32", "◉", executing ? "cache hit, replaying" : "cache hit");
		break;
	case START_MISS:
		buf_init(&reason, SIZE_MAX / 2);
		buf_text(&reason, "cache miss: ");
		if (start->because)
			shown_text(&reason, start->because);
		else
			words_reason(start->why, &reason);
		if (executing)
			buf_text(&reason, ", executing");
		add_status(b, "90", "○", buf_str(&reason));
		buf_free(&reason);
		break;
	case START_FIRST:
		break;
	}
}

static void add_label(const struct step *step, struct buf *b)
{
	screen_stylef(b, "90", "[%s]", step->task->label);
}

static void started(struct live *l, const struct event *e)
{
	struct running *r;

	l->running_n++;
	l->inheriting += e->start->inherits;
	if (l->mode != LOG_INTERLEAVED || e->start->inherits) {
		r = xcalloc(1, sizeof *r);
		r->step = e->step;
		r->inherits = e->start->inherits;
		buf_init(&r->partial.line[0], LIVE_LINE);
		buf_init(&r->partial.line[1], LIVE_LINE);
		r->next = l->running;
		l->running = r;
	}
	if (l->mode != LOG_INTERLEAVED) {
		add_label(e->step, &l->text);
		buf_byte(&l->text, ' ');
	}
	live_command(e->step, &l->text);
	live_status(e->step, e->start, true, &l->text);
	buf_byte(&l->text, '\n');
	screen_write(l->screen, 1, l->text.data, l->text.size);
}

static struct running *find(struct live *l, const struct step *step)
{
	struct running *r;

	for (r = l->running; r && r->step != step; r = r->next)
		;
	return r;
}

/* Writes the label, the kept part of the line, and the rest of it. */
static void write_line(struct live *l, const struct step *step, int stream, struct buf *line, struct bytes rest)
{
	buf_clear(&l->text);
	add_label(step, &l->text);
	buf_byte(&l->text, ' ');
	buf_add(&l->text, line->data, line->size);
	buf_add(&l->text, rest.data, rest.size);
	screen_write(l->screen, stream, l->text.data, l->text.size);
	buf_clear(line);
	tell_held(l);
}

static void labeled(struct live *l, struct running *r, const struct event *e)
{
	struct buf *line = &r->partial.line[e->stream == 2];
	const char *at = e->output.data, *end = at + e->output.size, *nl;

	while ((nl = memchr(at, '\n', (size_t)(end - at)))) {
		write_line(l, e->step, e->stream, line, (struct bytes){ at, (size_t)(nl - at) + 1 });
		at = nl + 1;
	}
	if (buf_add(line, at, (size_t)(end - at)) < 0)
		write_line(l, e->step, e->stream, line, (struct bytes){ at, (size_t)(end - at) });
}

static void grouped(struct live *l, struct running *r, const struct event *e)
{
	if (!r->headed) {
		r->headed = true;
		screen_style(&l->text, "90", "──");
		buf_byte(&l->text, ' ');
		add_label(e->step, &l->text);
		buf_byte(&l->text, ' ');
		screen_style(&l->text, "90", "──");
		buf_byte(&l->text, '\n');
		screen_write(l->screen, 1, l->text.data, l->text.size);
	}
	write_output(l, 1, e->output);
}

static void output(struct live *l, const struct event *e)
{
	struct running *r;

	if (l->mode == LOG_INTERLEAVED) {
		write_output(l, e->stream, e->output);
		return;
	}
	r = find(l, e->step);
	if (!r || e->output.size == 0)
		return;
	if (l->mode == LOG_LABELED)
		labeled(l, r, e);
	else
		grouped(l, r, e);
}

static void finished(struct live *l, const struct event *e)
{
	struct running **at, *r;
	int i;

	for (at = &l->running; *at && (*at)->step != e->step; at = &(*at)->next)
		;
	if ((r = *at)) {
		for (i = 0; i < 2; i++)
			if (r->partial.line[i].size > 0)
				write_line(l, e->step, i + 1, &r->partial.line[i], (struct bytes){ "", 0 });
		*at = r->next;
		l->inheriting -= r->inherits;
		running_free(r);
		buf_clear(&l->text);
	}
	l->running_n--;
	if (e->outcome->trouble) {
		screen_style(&l->text, "31;1", "✗");
		buf_byte(&l->text, ' ');
		screen_style(&l->text, "31", e->outcome->trouble);
		buf_byte(&l->text, '\n');
	}
	buf_byte(&l->text, '\n');
	screen_write(l->screen, 1, l->text.data, l->text.size);
	if (l->running_n)
		tell_held(l);
	else
		tell_held_at_last(l);
}

static void on_event(void *self, const struct event *e)
{
	struct live *l = self;

	buf_clear(&l->text);
	switch (e->kind) {
	case EVENT_STARTED:
		started(l, e);
		break;
	case EVENT_OUTPUT:
		output(l, e);
		break;
	case EVENT_FINISHED:
		finished(l, e);
		break;
	case EVENT_RUN_FINISHED:
		tell_held_at_last(l);
		break;
	case EVENT_WARNING:
		warning(l, e->text);
		break;
	}
}

struct listener live_listener(struct live *l)
{
	return (struct listener){ on_event, l };
}
