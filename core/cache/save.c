#include "config.h"

#include "cache/archive.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/texts.h"
#include "cache/inside.h"
#include "cache/key.h"
#include "cache/remember.h"
#include "cache/save_inside.h"
#include "effect/changed_during.h"
#include "effect/cover.h"
#include "effect/early.h"
#include "effect/record.h"
#include "far/format.h"
#include "os/file.h"
#include "plan/step.h"
#include "record/blob.h"
#include "record/history.h"
#include "workspace/workspace.h"

enum { SAVE_RESULT_MAX = 256 << 20 };

int save_refuse(struct saving *s, enum kept_why why, const char *text)
{
	s->kept->why = why;
	s->kept->text = text;
	return -1;
}

/* ---- may this run be kept at all? ------------------------------------------ */

static bool was_traced(const struct seen *seen)
{
	uint32_t i;

	for (i = 0; seen && i < seen->n; i++)
		if (seen->at[i].op >= VT_SEEN_READ && seen->at[i].op <= VT_SEEN_EXEC)
			return true;
	return false;
}

static const char *not_available(struct arena *a, const char *cause)
{
	return arena_printf(a, "automatic input tracking is not available (%s). Configure `input` to enable caching.", cause);
}

static int64_t time_by(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Was the time of day set back since the start? Then the times of files do not tell what came later. A clock that is
 * slowed down loses less than a thousandth. */
static bool clock_went_back(const struct found_inside *in)
{
	const int64_t real = time_by(CLOCK_REALTIME) - in->real_ns, boot = time_by(CLOCK_BOOTTIME) - in->boot_ns;

	return in->boot_ns && real < boot - boot / 1000 - 100 * 1000 * 1000;
}

static int check_run(struct saving *s)
{
	const struct ran *ran = s->ran;
	const struct seen *seen = ran->seen;

	if (seen && seen->broken)
		return save_refuse(s, KEPT_COMMUNICATION, arena_printf(s->arena, "task communication failed (%s)", seen->broken));
	if (seen && seen->opted_out && !s->step->rules->deaf)
		return save_refuse(s, KEPT_OPTED_OUT, "the task opted out of caching");
	if (ran->cancelled)
		return save_refuse(s, KEPT_CANCELLED, NULL);
	if (ran->exit_code)
		return save_refuse(s, KEPT_EXIT_CODE, NULL);
	if (clock_went_back(s->in))
		return save_refuse(s, KEPT_OTHER, "the clock was set back while the task ran");
	if (ran->output_size > CACHE_TERMINAL_MAX)
		return save_refuse(s, KEPT_OTHER, "it printed more than 1 GiB");
	if (s->in->not_kept)
		return save_refuse(s, s->in->untraceable ? KEPT_UNTRACED : KEPT_OTHER, s->in->not_kept);
	if (!s->in->keyed)
		return save_refuse(s, KEPT_OTHER, "the cache is not available");
	if (s->in->traced && seen && seen->untraced && !step_is_automatic(s->cache, s->step))
		return save_refuse(s, KEPT_UNTRACED, arena_printf(s->arena, "'%s' wants to see what it does, and it could not all be followed (%s)",
							     component_name(s->cache->watcher), seen->untraced));
	if (s->in->traced && seen && seen->untraced)
		return save_refuse(s, KEPT_UNTRACED,
			      was_traced(seen) ? arena_printf(s->arena, "automatic input tracking is incomplete (%s). Configure `input` to enable caching.",
							      seen->untraced)
					       : not_available(s->arena, seen->untraced));
	return 0;
}

/* ---- what it left ----------------------------------------------------------------- */

static void tell_ledger(struct saving *s, const struct record *r)
{
	uint32_t i;

	for (i = 0; i < r->lines_n; i++)
		ledger_put(s->cache->ledger, &r->lines[i]);
	ledger_ran(s->cache->ledger, s->in->eyes.own, &r->effects);
}

/* The first pipe or device that the run opened and had not made: anybody may have answered there. NULL: none. */
static const char *opened_special(const struct saving *s)
{
	uint32_t i;

	for (i = 0; i < s->after.n; i++) {
		const struct fact *f = &s->after.at[i];

		if (f->kind == FACT_FILE && f->state.size && *(const char *)f->state.data == 'o')
			return arena_strn(s->arena, f->name.data, f->name.size);
	}
	return NULL;
}

/* Watched: each path is known. *ret_wrote: one that it read and wrote, and that it did not make. */
static int record_watched(struct saving *s, bool disputed, const char **ret_wrote, struct err *err)
{
	struct before *before = before_new(&s->cache->world, s->cache->ledger, s->ran->seen, s->in->started_ns, s->arena);
	struct record r = {
		.world = &s->cache->world, .ledger = s->cache->ledger, .before = before, .eyes = &s->in->eyes,
		.seen = s->ran->seen, .cover = s->cover, .arena = s->arena, .facts = s->after, .known = &s->in->early, .started_ns = s->in->started_ns,
		.ended_ns = s->ended_ns,
	};
	const bool lost = before->lost;
	const char *special;
	int failed = record_run(&r, err);

	before_free(before);
	if (failed < 0)
		return -1;
	s->after = r.facts;
	s->effects = r.effects;
	tell_ledger(s, &r);
	s->kept->known = true;
	s->watched = true;
	*ret_wrote = r.refused;
	if (s->kept->why != KEPT_STORED)
		return 0;
	/* where another task of vt wrote it, this is told */
	if (r.taken && !disputed)
		save_refuse(s, KEPT_CHANGED, arena_printf(s->arena, "'%s' was changed by somebody else while the task ran", r.taken));
	else if (lost)
		save_refuse(s, KEPT_OTHER, "it moved a folder with more files than can be recorded");
	else if ((special = opened_special(s)) != NULL)
		save_refuse(s, KEPT_OTHER, arena_printf(s->arena, "it opened '%s', a pipe or a device, where any program may have answered", special));
	return 0;
}

/* Not watched: of the declared outputs alone it is known. */
static int record_declared_outputs(struct saving *s, struct err *err)
{
	struct record r = {
		.world = &s->cache->world, .ledger = s->cache->ledger, .eyes = &s->in->eyes, .cover = s->cover, .arena = s->arena,
		.started_ns = s->in->started_ns,
	};

	if (record_declared(&r, &s->step->rules->output, err) < 0)
		return -1;
	s->effects = r.effects;
	tell_ledger(s, &r);
	return 0;
}

static int record(struct saving *s, bool disputed, const char **ret_wrote, struct err *err)
{
	/* a step of declared inputs stays one when a part watches it */
	return s->in->traced && s->ran->seen && step_is_automatic(s->cache, s->step) ? record_watched(s, disputed, ret_wrote, err) : record_declared_outputs(s, err);
}

/* ---- taking ----------------------------------------------------------------------- */

/* Reads the mapped terminal output. */
struct printed {
	vt_source source;              /* first */
	const struct ran *ran;
};

static vt_status read_printed(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct printed *p = (struct printed *)source;

	(void)call;
	if (at > p->ran->output_size)
		at = p->ran->output_size;
	if (size > p->ran->output_size - at)
		size = p->ran->output_size - at;
	memcpy(buffer, (const char *)p->ran->output + at, size);
	file_forget_pages((const char *)p->ran->output + at, size);
	*ret = size;
	return VT_OK;
}

static int take_terminal(struct saving *s, struct batch *batch, struct result *r, struct err *err)
{
	struct printed from = { .source = { .struct_size = sizeof(vt_source), .read = read_printed, .size = s->ran->output_size }, .ran = s->ran };

	if (!s->ran->output_size)
		return 0;
	if (!s->ran->output)
		return err_set(err, ERR_SYSTEM, "the terminal output is not there");
	r->output_size = s->ran->output_size;
	if (!s->ran->output_mapped)
		return batch_take(batch, s->ran->output, s->ran->output_size, &r->output, err);
	return batch_take_source(batch, NULL, &from.source, &r->output, NULL, err);
}

/* The effects whose bytes are not kept. */
static void keep_rest(struct saving *s, struct result *r)
{
	uint32_t i;

	for (i = 0; i < s->effects.n; i++)
		if (!output_find(&r->outputs, s->effects.at[i].name))
			facts_add(&r->effects, s->arena, &s->effects.at[i]);
}

/* Are the bytes that were kept those that the run was seen to leave? */
static int check_kept(struct saving *s, const struct facts *outputs, struct err *err)
{
	uint32_t i;

	for (i = 0; i < outputs->n; i++) {
		const struct fact *kept = &outputs->at[i], *left = output_find(&s->effects, kept->name);

		if (left && state_is_content(left->state) && state_is_content(kept->state) &&
		    memcmp(left->state.data, kept->state.data, 1 + sizeof(vt_id)) != 0)
			return err_set(err, ERR_SYSTEM, "the output '%.*s' changed while it was kept", (int)kept->name.size,
				       (const char *)kept->name.data);
	}
	return 0;
}

static int take(struct saving *s, struct batch *batch, vt_id *ret, struct err *err)
{
	struct result r = { .key = s->in->id, .ms = s->ran->ms, .before = s->in->before, .known = s->watched };
	struct choosing choosing = {
		.cache = s->cache, .step = s->step, .cover = s->cover, .eyes = &s->in->eyes, .effects = &s->effects,
		.claimed = &s->claimed, .after = &s->after, .arena = s->arena,
	};
	const struct step *whose;
	const struct fact *shared;
	struct buf b;
	int failed;

	if (archive_choose(&choosing, err) < 0)
		return -1;
	s->outputs = choosing.outputs;
	r.after = s->after;
	if (take_terminal(s, batch, &r, err) < 0 ||
	    archive_outputs(s->cache, s->step, &s->outputs, s->in->started_ns, batch, s->arena, &r, err) < 0)
		return -1;
	if (check_kept(s, &r.outputs, err) < 0)
		return -1;
	keep_rest(s, &r);
	s->rest = r.effects;
	s->outputs_kept = r.outputs;
	shared = overlap_others(&s->in->overlap, &r.outputs, s->arena, &whose);
	if (shared)
		return err_set(err, ERR_SYSTEM, "the output '%.*s' may be of '%s', which ran at the same time", (int)shared->name.size,
			       (const char *)shared->name.data, whose->task->label);
	buf_init(&b, SAVE_RESULT_MAX);
	failed = result_encode(&r, &b) < 0 ? err_set(err, ERR_SYSTEM, "the result is too large")
					   : batch_take(batch, b.data, b.size, ret, err);
	buf_free(&b);
	return failed;
}

static int joined_refusal(struct saving *s, enum kept_why why, struct err *err)
{
	return save_refuse(s, why, err_take(err, s->arena));
}

/* Is it the first time that the step has this `output`? */
static bool output_is_new(const struct found *found)
{
	uint32_t i;

	for (i = 0; i < found->why.n; i++)
		if (found->why.at[i].kind == FACT_OUTPUT_CONFIG)
			return true;
	return found->state == FOUND_NOTHING;
}

/* Told of the last command of a task: those before it may clear the way. */
static void tell_empty_output(struct saving *s)
{
	const struct file_patterns *yes = &s->step->rules->output.yes;
	const struct step *next = s->step->later ? s->step->later->step : NULL;
	struct texts matched;
	struct buf b;
	uint32_t i, n = 0;

	if (s->outputs.n || !output_is_new(s->found) || (next && next->task == s->step->task) ||
	    state_matches(&s->cache->world, &s->step->rules->output, s->arena, &matched, NULL) < 0 || matched.n)
		return;
	buf_init(&b, 1000);
	for (i = 0; i < yes->n; i++)
		if (!yes->at[i].implied)
			buf_printf(&b, "%s%s", n++ ? ", " : "", yes->at[i].text);
	if (n)
		cache_warn(s->cache, "%s: its output matched nothing (%s); a hit puts nothing back", s->step->task->label, buf_str(&b));
	buf_free(&b);
}

static int decide_and_take(struct saving *s, struct batch **batch)
{
	const char *refused = NULL, *wrote = NULL, *disputed = NULL;
	bool bad;
	struct err err = { 0 };
	uint32_t why = 0;
	struct result_tags tags;
	vt_id result;

	if (s->ran->seen && s->ran->seen->refused) {
		refused = s->ran->seen->refused;
		why = VT_REFUSE_OTHER;
	}

	s->cover = cover_new(s->arena, &s->step->rules->input, &s->step->rules->output, &s->cache->setup.workspace->tool_caches);
	if (s->ran->seen)
		disputed = overlap_wrote(&s->in->overlap, s->ran->seen, s->cover, &s->in->step, &s->in->id, s->arena);
	changed_during_init(&s->changes, s->cache->root_fd, s->in->started_ns, s->ran->seen);
	if (check_run(s) < 0)
		return -1;
	if (inputs_find(s, &why, &refused) < 0)
		return -1;
	s->old = arena_array(s->arena, s->after.n + 1, sizeof *s->old);
	if (known_fill(&s->in->early, &s->cache->world, s->step->full_env, &s->after, s->in->started_ns, s->old, s->arena, &err) < 0)
		return joined_refusal(s, KEPT_OTHER, &err);
	s->changes.now_ns = state_now(&s->cache->world);
	bad = inputs_check(s) < 0;
	if (record(s, disputed != NULL, &wrote, &err) < 0)
		return joined_refusal(s, KEPT_OTHER, &err);
	if (bad || s->kept->why != KEPT_STORED)
		return -1;
	if (wrote)
		return save_refuse(s, KEPT_READ_AND_WROTE, arena_printf(s->arena, "read and wrote '%s'", wrote));
	if (why == VT_REFUSE_READ_AND_WROTE)
		return save_refuse(s, KEPT_READ_AND_WROTE, arena_printf(s->arena, "read and wrote '%s'", refused));
	if (why)
		return save_refuse(s, KEPT_OTHER, refused);
	if (disputed)
		return save_refuse(s, KEPT_OTHER, disputed);
	if (s->ran->pipe_held)
		return save_refuse(s, KEPT_PIPE_HELD, "something still held its output 10 seconds after it had ended");
	if (take(s, *batch, &result, &err) < 0)
		return joined_refusal(s, KEPT_STORE_FAILED, &err);
	result_tags_before(&s->in->before, &tags);
	result_tags_after(&s->after, &tags);
	batch_publish(*batch, &s->in->id, &result, &tags);
	*batch = NULL;
	disputed = overlap_stored(&s->in->overlap, &result, s->arena);
	if (disputed)
		return save_refuse(s, KEPT_OTHER, disputed);
	memcpy(s->kept->result.byte, result.byte, sizeof result.byte);
	s->kept->whole = effects_are_kept(&s->rest, &s->outputs_kept);
	tell_empty_output(s);
	return 0;
}

/* The key has declared variables: their states are others' only where the team has a key. */
static const char *why_not_shared(struct saving *s)
{
	const struct far_keys *keys = s->cache->setup.keys;
	const char *ret;

	if (!cache_has_far(s->cache))
		return NULL;
	ret = far_refusal(keys, &s->after, s->arena);
	return ret ? ret : far_refusal(keys, &s->in->key, s->arena);
}

/* ---- the doors ------------------------------------------------------------------- */

void cache_look_early(struct cache *c, const struct step *step, struct found *found, const struct seen *seen, const _Atomic bool *in_vain)
{
	struct found_inside *in = found->inside;

	if (step->rules && cache_ready(c) && in->keyed && !in->not_kept && !seen->untraced && !seen->refused && !seen->broken)
		early_look(&c->world, seen, in->started_ns, in_vain, found->arena, &in->early);
}

void cache_save(struct cache *c, const struct step *step, struct found *found, const struct ran *ran, struct kept *ret)
{
	struct saving s = {
		.cache = c, .step = step, .found = found, .in = found->inside, .arena = found->arena, .ran = ran, .kept = ret,
	};
	struct batch *batch;

	*ret = (struct kept){ .why = KEPT_STORED };
	if (!step->rules || !cache_ready(c)) {
		*ret = (struct kept){ .why = KEPT_OTHER };
		return;
	}
	if (c->world.programs)
		file_memo_forget(c->world.programs);      /* the step may have changed them */
	if (ran->seen && ran->seen->setuid && geteuid() != 0)
		history_set_setuid(c->history, &s.in->step);
	s.ended_ns = ran->ended_ns ? ran->ended_ns : cache_moment(c);
	batch = batch_new(c->blobs);
	if (decide_and_take(&s, &batch) == 0)
		history_put(c->history, &s.in->step, &s.in->id, &s.in->key, ran->ms);
	else
		batch_give_up(batch);
	if (ret->why == KEPT_STORED) {
		s.in->after = s.after;
		ret->not_shared = why_not_shared(&s);
	}
	s.in->left = s.effects;
	if (ret->why != KEPT_STORED && ret->text && s.in->keyed)
		history_put_reason(c->history, &s.in->step, &s.in->id, ret->text);
	changed_during_free(&s.changes);
	remember_run(c, step, found, ran, &s.effects, ret, s.arena);
	if (ret->why == KEPT_STORED) {
		uint32_t i;

		found->inputs = (struct texts){ 0 };
		for (i = 0; i < s.in->before.n + s.after.n; i++) {
			const struct fact *f = i < s.in->before.n ? &s.in->before.at[i] : &s.after.at[i - s.in->before.n];

			if (!state_is_path_kind(f->kind) || !state_is_content(f->state))
				continue;
			texts_add(found->arena, &found->inputs, arena_strn(found->arena, f->name.data, f->name.size));
		}
		found->outputs = s.outputs;
		found->effects = (struct texts){ 0 };
		if (c->setup.lists)
			tell_effects(found->arena, &s.rest, &found->effects);
	}
}

/* What is declared was looked at for the lookup, which may have taken its time: an edit
 * since then is older than the start, but not in what was seen. The stat index knows
 * the contents, so this is the names and a stat each. */
static void look_again(struct cache *c, const struct step *step, struct found *found)
{
	struct found_inside *in = found->inside;
	struct facts now;
	struct err err = { 0 };

	if (!in->keyed || in->not_kept || !step->rules->input.yes.n)
		return;
	if (state_globbed(&c->world, &step->rules->input, found->arena, &now, &err) == 0) {
		in->before = now;
		return;
	}
	in->not_kept = err_take(&err, found->arena);
}

void cache_before_run(struct cache *c, const struct step *step, struct found *found, struct cache_plan_for_step *ret)
{
	struct found_inside *in = found->inside;
	char why[400];

	*ret = (struct cache_plan_for_step){ 0 };
	if (!step->rules || !cache_ready(c))
		return;
	if (c->watcher && !step_is_automatic(c, step) && !in->not_kept) {
		in->traced = !history_is_setuid(c->history, &in->step) && plug_tracer(c->setup.plug);
		if (!in->traced)
			in->not_kept = arena_printf(found->arena, "'%s' wants to see what it does, and it cannot be watched", component_name(c->watcher));
	}
	if (step_is_automatic(c, step) && !in->not_kept) {
		in->untraceable = true;
		if (history_is_setuid(c->history, &in->step))
			in->not_kept = not_available(found->arena, "it starts a set-uid program, which tracing would break");
		else if (step->rules->input.automatic && !(c->roles & VT_ROLE_INPUT)) {
			plug_role_why(c->setup.plug, VT_ROLE_INPUT, why, sizeof why);
			in->not_kept = not_available(found->arena, why);
		} else if (!plug_tracer(c->setup.plug)) {
			plug_tracer_why(c->setup.plug, why, sizeof why);
			in->not_kept = not_available(found->arena, why);
		} else {
			in->traced = true;
			in->untraceable = false;
		}
	}
	if (in->no_room && !in->not_kept)
		in->not_kept = "there was no room to put its outputs back";
	in->started_ns = clock_mark(c->world.clock);
	in->real_ns = time_by(CLOCK_REALTIME);
	in->boot_ns = time_by(CLOCK_BOOTTIME);
	look_again(c, step, found);
	ret->trace = in->traced;
	ret->not_kept = in->not_kept;
}

int64_t cache_moment(struct cache *c)
{
	return clock_mark(c->world.clock);
}

int64_t cache_gone_moment(struct cache *c)
{
	return clock_gone(c->world.clock);
}

void cache_starts(struct cache *c, const struct step *step, struct found *found)
{
	if (found->inside && step->rules)
		overlap_join(c, step, &found->inside->overlap);
}
