#include "config.h"

#include "report/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "os/loop.h"
#include "plan/step.h"
#include "report/screen.h"
#include "report/words.h"
#include "text/shown.h"
#include "workspace/workspace.h"

enum {
	PROGRESS_MS = 200,             /* time between two drawings; a shorter run draws no line */
	PROGRESS_NAME_MIN = 4          /* columns of a name that was cut */
};

/* A running step; the list is in the order of their starts. */
struct running {
	struct running *next;
	const struct step *step;
	int64_t since_ms;
	bool inherits;
};

struct progress {
	struct loop *loop;
	struct screen *screen;
	struct timer *timer;           /* NULL: the run has not begun, or is over */
	struct running *running;
	uint32_t inheriting;           /* running steps that write to the terminal themselves; while there are any, no foot is drawn */
	uint32_t total, done, hits, failed;
};

struct progress *progress_new(struct loop *l, struct screen *screen, uint32_t total)
{
	struct progress *p = xcalloc(1, sizeof *p);

	p->loop = l;
	p->screen = screen;
	p->total = total;
	return p;
}

/* ---- the line ---- */

/* Columns of a character, by its first byte and its code: those of East Asia and pictures take two. */
static unsigned columns_of(const char *at, size_t size)
{
	unsigned char c = (unsigned char)at[0];
	unsigned code;

	if (c < 0x80)
		return 1;
	if (size == 2)
		return 1;
	if (size == 4)
		return 2;
	code = (unsigned)(c & 0x0f) << 12 | ((unsigned)at[1] & 0x3f) << 6 | ((unsigned)at[2] & 0x3f);
	return code >= 0x1100 && !(code >= 0x2000 && code < 0x2e80) ? 2 : 1;
}

/* Adds as much of a text as fits into `room` columns, with a mark if it is cut. Returns the columns. */
static unsigned add_cut(struct buf *b, const char *text, unsigned room)
{
	size_t size = strlen(text), at = 0, n, fits = 0;
	unsigned used = 0, used_fits = 0, one;
	bool safe;

	for (; at < size; at += n) {
		n = shown_next(text + at, size - at, &safe);
		one = columns_of(text + at, n);
		if (used + one > room)
			break;
		used += one;
		if (used + 1 <= room) {
			fits = at + n;
			used_fits = used;
		}
	}
	if (at == size) {
		buf_add(b, text, size);
		return used;
	}
	buf_add(b, text, fits);
	if (room > used_fits)
		buf_text(b, "…");
	return used_fits + 1;
}

static void add_time(char *ret, size_t room, int64_t ms)
{
	long long s = ms / 1000;

	if (s < 60)
		snprintf(ret, room, "%llds", s);
	else if (s < 3600)
		snprintf(ret, room, "%lldm%02llds", s / 60, s % 60);
	else
		snprintf(ret, room, "%lldh%02lldm", s / 3600, s / 60 % 60);
}

static uint32_t count(const struct running *r)
{
	uint32_t n = 0;

	for (; r; r = r->next)
		n++;
	return n;
}

/* Adds the running steps, the longest first, as many as fit. `left`: columns. */
static void add_running(const struct progress *p, unsigned left, struct buf *b)
{
	const struct running *r;
	uint32_t n = count(p->running);
	bool first = true;

	for (r = p->running; r; r = r->next, n--) {
		struct buf shown;
		char time[32], more[32] = "";
		unsigned need;

		add_time(time, sizeof time, os_now_ms() - r->since_ms);
		if (n > 1)
			snprintf(more, sizeof more, ", %u more", n - 1);
		need = 2 + 1 + (unsigned)strlen(time) + (unsigned)strlen(more);
		if (left < need + (first ? PROGRESS_NAME_MIN : (unsigned)strlen(r->step->task->label))) {
			snprintf(more, sizeof more, first ? "  %u running" : ", %u more", n);
			if (left >= strlen(more))
				buf_text(b, more);
			return;
		}
		buf_init(&shown, SIZE_MAX / 2);
		shown_text(&shown, r->step->task->label);
		buf_text(b, first ? "  " : ", ");
		left -= 2 + add_cut(b, buf_str(&shown), left - need) + 1 + (unsigned)strlen(time);
		buf_free(&shown);
		buf_byte(b, ' ');
		buf_text(b, time);
		first = false;
	}
}

static void add_line(const struct progress *p, unsigned room, struct buf *b)
{
	char part[64];
	unsigned used = (unsigned)snprintf(part, sizeof part, "[%u/%u]", p->done, p->total);

	if (used > room)
		return;
	buf_text(b, part);
	if (p->hits) {
		snprintf(part, sizeof part, " %u cache hit%s", p->hits, words_s(p->hits));
		if (used + strlen(part) <= room) {
			used += (unsigned)strlen(part);
			buf_text(b, part);
		}
	}
	if (p->failed) {
		snprintf(part, sizeof part, " %u failed", p->failed);
		if (used + strlen(part) <= room) {
			used += (unsigned)strlen(part);
			buf_text(b, part);
		}
	}
	add_running(p, room - used, b);
}

static void draw(struct progress *p)
{
	struct buf b;

	if (p->inheriting) {
		screen_foot(p->screen, NULL);
		return;
	}
	buf_init(&b, SIZE_MAX / 2);
	add_line(p, screen_foot_room(p->screen), &b);
	screen_foot(p->screen, b.size ? buf_str(&b) : NULL);
	buf_free(&b);
}

static void on_timer(void *ctx)
{
	struct progress *p = ctx;

	p->timer = timer_start(p->loop, PROGRESS_MS, on_timer, p);
	draw(p);
}

/* ---- events ---- */

static void started(struct progress *p, const struct event *e)
{
	struct running *r = xcalloc(1, sizeof *r), **at = &p->running;

	r->step = e->step;
	r->since_ms = os_now_ms();
	r->inherits = e->start->inherits;
	while (*at)
		at = &(*at)->next;
	*at = r;
	p->inheriting += r->inherits;
	if (r->inherits)
		screen_foot(p->screen, NULL);
	if (!p->timer)
		p->timer = timer_start(p->loop, PROGRESS_MS, on_timer, p);
}

static void finished(struct progress *p, const struct event *e)
{
	struct running **at = &p->running, *r;

	while (*at && (*at)->step != e->step)
		at = &(*at)->next;
	if ((r = *at)) {
		*at = r->next;
		p->inheriting -= r->inherits;
		free(r);
	}
	p->done++;
	p->hits += e->outcome->result == END_HIT;
	p->failed += e->outcome->failed;
}

static void stop(struct progress *p)
{
	timer_stop(p->timer);
	p->timer = NULL;
	screen_foot(p->screen, NULL);
}

static void on_event(void *self, const struct event *e)
{
	if (e->kind == EVENT_STARTED)
		started(self, e);
	else if (e->kind == EVENT_FINISHED)
		finished(self, e);
	else if (e->kind == EVENT_RUN_FINISHED)
		stop(self);
}

struct listener progress_listener(struct progress *p)
{
	return (struct listener){ on_event, p };
}

void progress_free(struct progress *p)
{
	struct running *r;

	if (!p)
		return;
	stop(p);
	while ((r = p->running)) {
		p->running = r->next;
		free(r);
	}
	free(p);
}
