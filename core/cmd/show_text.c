#include "config.h"

#include "cmd/show.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "cmd/backend.h"
#include "cmd/dry.h"
#include "exec/schedule.h"
#include "plan/plan.h"
#include "query/options.h"
#include "report/live.h"
#include "report/screen.h"
#include "text/strip.h"
#include "workspace/workspace.h"

/* A dry run on its way to text. */
struct showing {
	const struct dry_run *dry;
	struct buf b;
	enum option_log log;
};

static void step_text(struct showing *d, const struct step *step)
{
	static const enum start_status shown[] = { START_HIT, START_MISS, START_MISS, START_FIRST, START_DISABLED, START_MISS };
	const struct dry_step *at = &d->dry->at[step->ordinal];
	struct step_start start = { .status = step->echo ? START_DISABLED : shown[at->status], .because = at->reason };

	if (at->status == DRY_ERROR)
		start.because = dry_trouble(at);
	if (d->log != OPTION_LOG_INTERLEAVED) {
		screen_stylef(&d->b, "90", "[%s]", step->task->label);
		buf_byte(&d->b, ' ');
	}
	live_command(step, &d->b);
	if (at->no_program)
		screen_stylef(&d->b, "90", " ○ program '%s' not found yet", step->argv.at[0]);
	else if (at->status == DRY_UNKNOWN)
		screen_style(&d->b, "90", " ○ cache status not known before earlier steps have run");
	else
		live_status(step, &start, false, &d->b);
	buf_byte(&d->b, '\n');
}

/* Writes a level in the order in which its steps would run one at a time. */
static void level_text(struct showing *d, struct schedule *s, struct level *l)
{
	struct place *p;

	while (l->left && (p = schedule_take(l)) != NULL) {
		const struct item *item = place_item(p);
		struct level **nested = s->end;

		schedule_hold(p);
		if (item && item->kind == ITEM_PLAN) {
			schedule_enter(s, p);
			level_text(d, s, *nested);
			continue;
		}
		if (item && item->kind != ITEM_CD)
			step_text(d, item->step);
		schedule_done(s, p, false);
	}
}

static void plan_text(struct showing *d, const struct plan *plan)
{
	struct schedule s;

	schedule_init(&s, plan, d->dry->costs);
	level_text(d, &s, s.levels);
	schedule_free(&s);
}

static void end_text(struct showing *d)
{
	const struct dry_run *dry = d->dry;

	screen_style(&d->b, "34;1", "vt run:");
	buf_printf(&d->b, " %u/%u cache hit (%u%%), nothing was run.", dry->hits, dry->leaves,
		   dry->leaves ? (uint32_t)((uint64_t)dry->hits * 100 / dry->leaves) : 0);
}

static void without_colours(struct buf *b)
{
	struct strip strip = { 0 };
	struct buf plain;

	buf_init(&plain, SHOW_MAX);
	strip_add(&strip, b->data, b->size, &plain);
	buf_free(b);
	*b = plain;
}

static void dry_text(const struct session *s, const struct plan *plan, enum option_log log, const struct dry_run *dry, struct buf *ret)
{
	struct showing d = { .dry = dry, .log = log };

	buf_init(&d.b, SHOW_MAX);
	plan_text(&d, plan);
	end_text(&d);
	if (!screen_has_colours(s->env, s->stdout_tty))
		without_colours(&d.b);
	*ret = d.b;
}

int show_print(const struct session *s, struct buf *b)
{
	struct err err = { 0 };

	buf_byte(b, '\n');
	if (b->full)
		err_set(&err, ERR_SYSTEM, "This is too large to be printed");
	else if (fwrite(b->data, 1, b->size, stdout) != b->size || fflush(stdout) != 0)
		err_errno(&err, errno, "Cannot write to standard output");
	buf_free(b);
	return err.n ? cmd_fail(s, &err) : 0;
}

int show_dry_run(struct backend *b, const struct plan *plan, const struct query_options *options)
{
	struct dry_run dry = { 0 };
	struct err err = { 0 };
	struct buf shown;
	int code;

	if (dry_look(b, plan, &dry, &err) < 0) {
		code = cmd_fail(b->session, &err);
	} else {
		if (options->json)
			show_dry_json(b->workspace, plan, &dry, &shown);
		else
			dry_text(b->session, plan, options->log, &dry, &shown);
		code = show_print(b->session, &shown);
	}
	dry_free(&dry);
	return code;
}
