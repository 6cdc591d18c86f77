#include "config.h"

#include "report/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "os/loop.h"
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

/* A running step. In interleaved mode with everything shown only those that inherit are listed. A list will
 * do, because few run at a time. */
struct running {
	struct running *next;
	const struct step *step;
	struct partial partial;
	bool inherits;             /* the step writes to the terminal itself */
	bool headed;               /* grouped: the header of its block was written */
	bool failed;               /* its process has ended, and it counts as failed */
	bool muted;                /* its output is not shown */
	bool silent;               /* `head` is its command line, which was not shown yet */
	uint32_t fold;             /* the number of the fold that is open; 0: none */
	struct buf head;
};

struct live {
	struct live_setup setup;
	struct running *running;
	uint32_t running_n;        /* all running steps, listed or not */
	uint32_t inheriting;       /* running steps that inherit */
	uint32_t folds;            /* begun so far */
	struct buf text;           /* scratch for one event */
	struct buf held;           /* warnings that wait for the end of a line */
};

struct live *live_new(const struct live_setup *setup)
{
	struct live *l = xcalloc(1, sizeof *l);

	l->setup = *setup;
	buf_init(&l->text, SIZE_MAX / 2);
	buf_init(&l->held, SIZE_MAX / 2);
	return l;
}

static void running_free(struct running *r)
{
	buf_free(&r->partial.line[0]);
	buf_free(&r->partial.line[1]);
	buf_free(&r->head);
	free(r);
}

/* ---- warnings ---- */

/* May vt write a line of its own now? Both streams may be the same terminal. */
static bool is_between_lines(const struct live *l)
{
	return !l->inheriting && screen_at_line_start(l->setup.screen, 1) && screen_at_line_start(l->setup.screen, 2);
}

static void tell_held(struct live *l)
{
	if (!l->held.size || !is_between_lines(l))
		return;
	screen_write(l->setup.screen, 2, l->held.data, l->held.size);
	buf_clear(&l->held);
}

/* Writes the held warnings, with a newline first if a task left a line unfinished. */
static void tell_held_at_last(struct live *l)
{
	if (!l->held.size)
		return;
	if (!screen_at_line_start(l->setup.screen, 2))
		screen_write(l->setup.screen, 2, "\n", 1);
	screen_write(l->setup.screen, 2, l->held.data, l->held.size);
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
		screen_write(l->setup.screen, stream, at, n);
		tell_held(l);
	}
	screen_write(l->setup.screen, stream, at + n, output.size - n);
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
		buf_init(&reason, SIZE_MAX / 2);
		buf_text(&reason, "cache hit");
		if (start->origin)
			shown_printf(&reason, " (%s)", start->origin);
		buf_text(&reason, executing ? ", replaying" : "");
		add_status(b, "32", "◉", buf_str(&reason));
		buf_free(&reason);
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

static struct running *list(struct live *l, const struct event *e)
{
	struct running *r = xcalloc(1, sizeof *r);
	enum shown shown = l->setup.shown;

	r->step = e->step;
	r->inherits = e->start->inherits;
	r->silent = shown == SHOWN_ERRORS || shown == SHOWN_NONE;
	r->muted = r->silent || (shown == SHOWN_NEW && e->start->status == START_HIT);
	buf_init(&r->partial.line[0], LIVE_LINE);
	buf_init(&r->partial.line[1], LIVE_LINE);
	buf_init(&r->head, SIZE_MAX / 2);
	r->next = l->running;
	l->running = r;
	return r;
}

static void started(struct live *l, const struct event *e)
{
	struct running *r = NULL;

	l->running_n++;
	l->inheriting += e->start->inherits;
	if (l->setup.mode != LOG_INTERLEAVED || e->start->inherits || l->setup.shown != SHOWN_FULL)
		r = list(l, e);
	if (l->setup.mode != LOG_INTERLEAVED) {
		add_label(e->step, &l->text);
		buf_byte(&l->text, ' ');
	}
	live_command(e->step, &l->text);
	live_status(e->step, e->start, !(r && r->muted && e->start->status == START_HIT), &l->text);
	buf_byte(&l->text, '\n');
	if (r && r->silent)
		buf_add(&r->head, l->text.data, l->text.size);
	else
		screen_write(l->setup.screen, 1, l->text.data, l->text.size);
}

/* Shows the command line of a step that was held back. */
static void show_head(struct live *l, struct running *r)
{
	if (r->silent)
		screen_write(l->setup.screen, 1, r->head.data, r->head.size);
	r->silent = false;
}

static void ended(struct live *l, struct running *r, const struct event *e)
{
	r->failed = e->failed;
	if (!e->failed || l->setup.shown != SHOWN_ERRORS)
		return;
	show_head(l, r);
	r->muted = false;
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
	screen_write(l->setup.screen, stream, l->text.data, l->text.size);
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

/* The line above a block: a fold's, or one of vt's own, which also stands above what a failed step printed. */
static void add_block_head(struct live *l, struct running *r)
{
	if (l->setup.ci != CI_NONE && !r->failed) {
		r->fold = ++l->folds;
		ci_fold(l->setup.ci, r->step->task->label, r->fold, os_real_ns() / 1000000000, &l->text);
		return;
	}
	screen_style(&l->text, "90", "──");
	buf_byte(&l->text, ' ');
	add_label(r->step, &l->text);
	buf_byte(&l->text, ' ');
	screen_style(&l->text, "90", "──");
	buf_byte(&l->text, '\n');
}

static void grouped(struct live *l, struct running *r, const struct event *e)
{
	if (!r->headed) {
		r->headed = true;
		add_block_head(l, r);
		if (r->fold)
			screen_mark(l->setup.screen, 1, l->text.data, l->text.size);
		else
			screen_write(l->setup.screen, 1, l->text.data, l->text.size);
	}
	write_output(l, 1, e->output);
}

static void end_fold(struct live *l, struct running *r)
{
	if (!r->fold)
		return;
	buf_clear(&l->text);
	if (!screen_at_line_start(l->setup.screen, 1))
		buf_byte(&l->text, '\n');
	ci_unfold(l->setup.ci, r->step->task->label, r->fold, os_real_ns() / 1000000000, &l->text);
	screen_mark(l->setup.screen, 1, l->text.data, l->text.size);
}

static void output(struct live *l, const struct event *e)
{
	struct running *r;

	r = l->running ? find(l, e->step) : NULL;
	if (r && r->muted)
		return;
	if (l->setup.mode == LOG_INTERLEAVED)
		write_output(l, e->stream, e->output);
	else if (r && e->output.size > 0 && l->setup.mode == LOG_LABELED)
		labeled(l, r, e);
	else if (r && e->output.size > 0)
		grouped(l, r, e);
}

/* Removes a step from the list, and writes the rest of its output. Returns whether any of it was shown. */
static bool take_off(struct live *l, struct running **at, bool trouble)
{
	struct running *r = *at;
	bool shown;
	int i;

	for (i = 0; i < 2; i++)
		if (r->partial.line[i].size > 0)
			write_line(l, r->step, i + 1, &r->partial.line[i], (struct bytes){ "", 0 });
	end_fold(l, r);
	if (trouble)
		show_head(l, r);
	shown = trouble || !r->muted;
	*at = r->next;
	l->inheriting -= r->inherits;
	running_free(r);
	buf_clear(&l->text);
	return shown;
}

static void finished(struct live *l, const struct event *e)
{
	struct running **at = &l->running;
	bool shown = true;

	while (*at && (*at)->step != e->step)
		at = &(*at)->next;
	if (*at)
		shown = take_off(l, at, e->outcome->trouble != NULL);
	l->running_n--;
	if (e->outcome->trouble) {
		screen_style(&l->text, "31;1", "✗");
		buf_byte(&l->text, ' ');
		screen_style(&l->text, "31", e->outcome->trouble);
		buf_byte(&l->text, '\n');
	}
	if (shown) {
		buf_byte(&l->text, '\n');
		screen_write(l->setup.screen, 1, l->text.data, l->text.size);
	}
	if (l->running_n)
		tell_held(l);
	else
		tell_held_at_last(l);
}

static void on_event(void *self, const struct event *e)
{
	struct live *l = self;
	struct running *r;

	buf_clear(&l->text);
	switch (e->kind) {
	case EVENT_STARTED:
		started(l, e);
		break;
	case EVENT_ENDED:
		if ((r = find(l, e->step)))
			ended(l, r, e);
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
	case EVENT_SPAN:
	case EVENT_STILL_FAILING:
		break;
	}
}

struct listener live_listener(struct live *l)
{
	return (struct listener){ on_event, l };
}
