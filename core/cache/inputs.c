#include "config.h"

#include "cache/save_inside.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/env.h"
#include "effect/left.h"
#include "fact/findings.h"
#include "os/file.h"
#include "plan/step.h"
#include "text/path.h"
#include "workspace/workspace.h"

/* What a part gets to see: writes outside the workspace only if it watches all steps, what was left only if it answers for outputs. */
static const vt_seen *seen_by(struct saving *s, const struct component *part, uint32_t *ret_n)
{
	const vt_component *about = component_description(part);
	const struct seen *seen = s->ran->seen;
	const vt_seen *at;
	vt_seen *left, *both;
	uint32_t n;

	*ret_n = 0;
	if (!seen)
		return NULL;
	*ret_n = seen->n;
	at = about->flags & VT_COMPONENT_WATCH_ALL ? seen_all(seen, s->arena, ret_n) : seen->at;
	if (!(about->roles & VT_ROLE_OUTPUT) || !s->in->traced)
		return at;
	left = left_records(seen, s->cache->root_fd, s->arena, &n);
	both = arena_array(s->arena, (size_t)*ret_n + n + 1, sizeof *both);
	if (*ret_n)
		memcpy(both, at, *ret_n * sizeof *both);
	if (n)
		memcpy(both + *ret_n, left, n * sizeof *both);
	*ret_n += n;
	return both;
}

static int ask_part(struct saving *s, struct component *part, struct facts *facts, uint32_t *ret_why, const char **ret_refused)
{
	const vt_part_ops *ops = component_ops(part);
	struct findings findings;
	struct plug_call call;
	const vt_seen *at;
	uint32_t n, i;

	if (!ops->infer || !part_is_asked(s->cache, part, s->step))
		return 0;
	at = seen_by(s, part, &n);
	findings_init(&findings, s->arena, component_name(part), false);
	call_begin(&call, part, "infer");
	if (call_end(&call, ops->infer(component_self(part), &call.call, s->step->described,
				       at, n, &findings.service)) < 0)
		return save_refuse(s, KEPT_OTHER, arena_printf(s->arena, "%s: %s", component_name(part), call.text));
	if (findings.why && !*ret_why) {
		*ret_why = findings.why;
		*ret_refused = findings.refused;
	}
	for (i = 0; i < findings.facts.n; i++) {
		const struct fact *f = &findings.facts.at[i];

		/* the states of declared inputs from before the run count */
		if ((f->kind == FACT_FILE || f->kind == FACT_PROBE) &&
		    facts_find(&s->in->before, FACT_GLOBBED, f->name, (struct bytes){ "", 0 }))
			continue;
		facts->at = arena_grow(s->arena, facts->at, facts->n, sizeof *facts->at);
		facts->at[facts->n++] = *f;
	}
	for (i = 0; i < findings.outputs.n; i++) {
		texts_add(s->arena, &s->claimed, findings.outputs.at[i]);
	}
	return 0;
}

/* Are these names of one file? A folder of PATH may be written with "..", or be a link. */
static bool is_same_file(const char *place, struct bytes name)
{
	char other[PATH_MAX];
	struct stat a, b;

	if (strlen(place) == name.size && memcmp(place, name.data, name.size) == 0)
		return true;
	if (name.size >= sizeof other)
		return false;
	memcpy(other, name.data, name.size);
	other[name.size] = '\0';
	return stat(place, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Is this what PATH gives for the program's name? Then it is looked for there again. */
static bool is_on_path(const struct saving *s, struct bytes name)
{
	const struct step *step = s->step;
	struct file_memo *memo = s->cache->world.programs;
	char place[PATH_MAX];
	const char *slash = memrchr(name.data, '/', name.size);
	const char *base = slash ? slash + 1 : name.data;
	size_t n = name.size - (size_t)(base - (const char *)name.data);
	char wanted[NAME_MAX + 1];

	if (!n || n >= sizeof wanted)
		return false;
	memcpy(wanted, base, n);
	wanted[n] = '\0';
	/* most libraries cannot be executed: then no folder of PATH need be asked */
	return file_memo_executable(memo, arena_strn(s->arena, name.data, name.size)) &&
	       file_on_path(wanted, step->dir, env_get(step->full_env, "PATH"), memo, place) && is_same_file(place, name);
}

/* A step that was not traced depends on the file it starts. */
static void add_file_of_program(struct saving *s, struct facts *facts, const char *program)
{
	const char *below = path_below(s->cache->world.root, program);
	struct fact f = { .kind = FACT_PROGRAM, .name = bytes_text(program) };

	if (below) {
		f = (struct fact){ .kind = FACT_FILE, .name = bytes_text(below) };
		if (facts_find(&s->in->before, FACT_GLOBBED, f.name, (struct bytes){ "", 0 }))
			return;
	}
	facts_add(facts, s->arena, &f);
}

/* The program that a step starts. Of one in the workspace that PATH gave, another may come before it. */
static void add_program(struct saving *s, struct facts *facts)
{
	const struct step *step = s->step;
	const char *name = step->argv.at[0];
	const char *program = step->shell ? STEP_SHELL : file_find_program(name, step->dir, step->path, s->cache->world.programs, s->arena);

	if (!program)
		return;
	program = path_clean(s->arena, program);
	if (!s->in->traced || !step->rules->input.automatic)
		add_file_of_program(s, facts, program);
	if (!step->shell && !strchr(name, '/') && path_below(s->cache->world.root, program))
		facts_add(facts, s->arena, &(struct fact){ .kind = FACT_PROGRAM, .name = bytes_text(name), .detail = bytes_text("p") });
}

/* A path that a part calls the task's own product is no input, even if it was asked about before it existed. */
static void drop_products(struct saving *s)
{
	uint32_t i, n = 0;

	texts_sort(&s->claimed);
	for (i = 0; s->claimed.n && i < s->after.n; i++) {
		const struct fact *f = &s->after.at[i];
		const char *name = arena_strn(s->arena, f->name.data, f->name.size);

		if ((f->kind == FACT_FILE || f->kind == FACT_PROBE || f->kind == FACT_TYPE) && texts_has(&s->claimed, name))
			continue;
		s->after.at[n++] = *f;
	}
	s->after.n = s->claimed.n ? n : s->after.n;
}

int inputs_find(struct saving *s, uint32_t *ret_why, const char **ret_refused)
{
	const struct cache *c = s->cache;
	uint32_t i;

	for (i = 0; i < c->parts_n; i++)
		if (ask_part(s, c->parts[i], &s->after, ret_why, ret_refused) < 0)
			return -1;
	drop_products(s);
	add_program(s, &s->after);
	for (i = 0; i < s->after.n; i++)
		if (s->after.at[i].kind == FACT_PROGRAM && is_on_path(s, s->after.at[i].name))
			s->after.at[i].detail = bytes_text("p");
	facts_sort(&s->after);
	return 0;
}

/* ---- did an input change during the run? --------------------------------------------- */

static int changed(struct saving *s, struct bytes name)
{
	return save_refuse(s, KEPT_CHANGED, arena_printf(s->arena, "'%.*s' changed while the task ran", (int)name.size, (const char *)name.data));
}

/* Declared inputs: their content was taken before the run. What `output` covers the task may write. */
static int check_before(struct saving *s)
{
	uint32_t i;

	for (i = 0; i < s->in->before.n; i++) {
		const struct bytes name = s->in->before.at[i].name;

		if (changed_during_written(&s->changes, name) || !changed_during_newer(&s->changes, name))
			continue;
		if (!globs_match(&s->step->rules->output, name.data, name.size))
			return changed(s, name);
	}
	return 0;
}

/* Does a file of which only the ctime moved have the state that a step left? Then no other program changed it. */
static bool is_as_left(struct saving *s, const struct fact *f)
{
	struct left line;

	return f->kind == FACT_FILE && state_is_content(f->state) && changed_during_touched(&s->changes, f->name) &&
	       ledger_get(s->cache->ledger, f->name, &line) && bytes_order(line.state, f->state) == 0;
}

/* A folder that the lookup had listed, too: a name that went away since, and that the task did not take away? */
static bool lost_name(struct saving *s, const struct fact *f)
{
	const struct fact *then;

	if ((f->kind != FACT_FILE && f->kind != FACT_LIST) || !state_is_listing(f->state))
		return false;
	then = facts_find(&s->in->known, f->kind, f->name, f->detail);
	return then && state_is_listing(then->state) &&
	       changed_during_lost(&s->changes, f->name, state_listing(then->state), state_listing(f->state));
}

static int check_after(struct saving *s)
{
	uint32_t i;

	for (i = 0; i < s->after.n; i++)
		if ((changed_during_run(&s->changes, &s->after.at[i], s->old[i]) && !is_as_left(s, &s->after.at[i])) || lost_name(s, &s->after.at[i]))
			return changed(s, s->after.at[i].name);
	return 0;
}

int inputs_check(struct saving *s)
{
	return check_before(s) < 0 || check_after(s) < 0 ? -1 : 0;
}
