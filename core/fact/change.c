#include "config.h"

#include "fact/change.h"

#include <string.h>

#include "fact/mac.h"
#include "fact/state.h"

/* Walks both lists in lock-step, kind by kind. Of declared variables and untracked patterns the
 * removed and changed ones are told before the added ones. */
struct comparing {
	struct arena *arena;
	struct changes *ret;
	enum changes_extent extent;
	bool tracked_told;         /* a difference of a tool's question was told */
	bool rekeyed_told;         /* it was told that another key made the states of variables */
};

static bool enough(const struct comparing *c)
{
	return c->extent == CHANGES_FIRST && c->ret->n > 0;
}

static bool is_path(uint16_t kind)
{
	return kind == FACT_GLOBBED || kind == FACT_FILE || kind == FACT_PROBE || kind == FACT_TYPE || kind == FACT_LIST;
}

/* Was the path, or the variable that tools asked for, told? A path may differ as a file and in a listing, a variable by its name
 * and by patterns. Looks back 64 changes: both lie near. */
static bool told(const struct changes *all, const struct change *one)
{
	uint32_t i, n = all->n < 64 ? all->n : 64;

	if (!is_path(one->kind) && !one->tracked)
		return false;
	for (i = all->n - n; i < all->n; i++)
		if (is_path(all->at[i].kind) == is_path(one->kind) && all->at[i].tracked == one->tracked && all->at[i].what == one->what &&
		    bytes_order(all->at[i].name, one->name) == 0)
			return true;
	return false;
}

static void tell(struct comparing *c, const struct change *one)
{
	struct changes *all = c->ret;

	if (told(all, one))
		return;
	if (enough(c)) {
		all->partial = true;
		return;
	}
	all->at = arena_grow(c->arena, all->at, all->n, sizeof *all->at);
	all->at[all->n++] = *one;
}

/* Whatever the variable is: its states do not compare. */
static void tell_rekeyed(struct comparing *c)
{
	if (!c->rekeyed_told)
		tell(c, &(struct change){ .what = CHANGE_CHANGED, .kind = CHANGE_KEY, .name = { "team key", 8 } });
	c->rekeyed_told = true;
}

static void tell_tracked(struct comparing *c, enum change_what what, struct bytes name)
{
	if (c->tracked_told && c->extent != CHANGES_ALL) {
		c->ret->partial = true;
		return;
	}
	c->tracked_told = true;
	tell(c, &(struct change){ .what = what, .kind = FACT_ENV, .name = name, .tracked = true });
}

/* The next item of a list of "name\0" + tail bytes. */
struct pairs {
	const char *at, *end;
	size_t tail;
	struct bytes name, value;
};

static bool pairs_next(struct pairs *p)
{
	const char *nul = p->at < p->end ? memchr(p->at, 0, (size_t)(p->end - p->at)) : NULL;

	if (!nul || (size_t)(p->end - nul - 1) < p->tail)
		return false;
	p->name = (struct bytes){ p->at, (size_t)(nul - p->at) };
	p->value = (struct bytes){ nul + 1, p->tail };
	p->at = nul + 1 + p->tail;
	return true;
}

static struct pairs pairs_of(struct bytes b, size_t tail)
{
	const char *data = b.data;

	return (struct pairs){ .at = data, .end = data ? data + b.size : NULL, .tail = tail };
}

static struct bytes joined(struct arena *a, struct bytes dir, struct bytes name)
{
	char *s;

	if (!dir.size)
		return name;
	s = arena_alloc(a, dir.size + 1 + name.size);
	memcpy(s, dir.data, dir.size);
	s[dir.size] = '/';
	memcpy(s + dir.size + 1, name.data, name.size);
	return (struct bytes){ s, dir.size + 1 + name.size };
}

/* Two lists of pairs in lock-step; each difference goes to `report`. */
static void scan(struct comparing *c, struct pairs then, struct pairs now, const struct fact *of,
		 void (*report)(struct comparing *, const struct fact *, enum change_what, struct bytes name))
{
	bool a = pairs_next(&then), b = pairs_next(&now);

	while ((a || b) && !(enough(c) && c->ret->partial)) {
		int d = !a ? 1 : !b ? -1 : bytes_order(then.name, now.name);

		if (d < 0)
			report(c, of, CHANGE_REMOVED, then.name);
		else if (d > 0)
			report(c, of, CHANGE_ADDED, now.name);
		else if (mac_keys_differ(then.value, now.value))
			tell_rekeyed(c);
		else if (bytes_order(then.value, now.value) != 0)
			report(c, of, CHANGE_CHANGED, then.name);
		if (d <= 0)
			a = pairs_next(&then);
		if (d >= 0)
			b = pairs_next(&now);
	}
}

static void report_entry(struct comparing *c, const struct fact *list, enum change_what what, struct bytes name)
{
	/* a name with another type counts as added */
	tell(c, &(struct change){ .what = what == CHANGE_CHANGED ? CHANGE_ADDED : what, .kind = FACT_LIST,
				  .name = joined(c->arena, list->name, name) });
}

static void report_tracked(struct comparing *c, const struct fact *query, enum change_what what, struct bytes name)
{
	(void)query;
	tell_tracked(c, what, name);
}

static void report_pattern_gone(struct comparing *c, const struct fact *of, enum change_what what, struct bytes name)
{
	(void)of;
	if (what == CHANGE_REMOVED)
		tell(c, &(struct change){ .what = what, .kind = FACT_UNTRACKED, .name = name });
}

static void report_pattern_new(struct comparing *c, const struct fact *of, enum change_what what, struct bytes name)
{
	(void)of;
	if (what == CHANGE_ADDED)
		tell(c, &(struct change){ .what = what, .kind = FACT_UNTRACKED, .name = name });
}

/* Arguments as one printable line. */
static struct bytes spaced(struct arena *a, struct bytes args)
{
	char *s = arena_copy(a, args.data, args.size);
	size_t i;

	for (i = 0; i < args.size; i++)
		if (!s[i])
			s[i] = ' ';
	return (struct bytes){ s, args.size ? args.size - 1 : 0 };
}

static enum change_what by_presence(struct bytes was, struct bytes is)
{
	return !was.size ? CHANGE_ADDED : !is.size ? CHANGE_REMOVED : CHANGE_CHANGED;
}

/* A file that cannot be opened counts as missing. */
static bool is_missing(struct bytes state)
{
	return !state.size || (state.size == 1 && *(const char *)state.data == 'x');
}

static bool is_link(struct bytes state)
{
	return state.size && *(const char *)state.data == 'l';
}

/* The same fact on both sides, with different states. */
static void differ(struct comparing *c, const struct fact *then, const struct fact *now)
{
	struct change one = { .what = CHANGE_CHANGED, .kind = then->kind, .name = then->name };
	bool was_file, is_file;

	if ((then->kind == FACT_ENV || then->kind == FACT_ASKED) && mac_keys_differ(then->state, now->state)) {
		tell_rekeyed(c);
		return;
	}
	switch (then->kind) {
	case FACT_OUTSIDE:
		if (state_is_listing(then->state) && state_is_listing(now->state)) {
			scan(c, pairs_of(state_listing(then->state), 1), pairs_of(state_listing(now->state), 1), then, report_entry);
			return;
		}
		one.what = by_presence(then->state, now->state);
		break;
	case FACT_ENV:
		one.what = by_presence(then->state, now->state);
		break;
	case FACT_ASKED:
		tell_tracked(c, by_presence(then->state, now->state), then->name);
		return;
	case FACT_ENV_GLOB:
	case FACT_ENV_PREFIX:
		scan(c, pairs_of(then->state, DIGEST_SIZE), pairs_of(now->state, DIGEST_SIZE), then, report_tracked);
		return;
	case FACT_UNTRACKED:
		scan(c, pairs_of(then->state, 0), pairs_of(now->state, 0), then, report_pattern_gone);
		scan(c, pairs_of(then->state, 0), pairs_of(now->state, 0), then, report_pattern_new);
		return;
	case FACT_LIST:
	case FACT_FILE:
	case FACT_PROBE:
	case FACT_GLOBBED:
		if (then->kind != FACT_PROBE && state_is_listing(then->state) && state_is_listing(now->state)) {
			scan(c, pairs_of(state_listing(then->state), 1), pairs_of(state_listing(now->state), 1), then, report_entry);
			return;
		}
		was_file = state_is_content(then->state);
		is_file = state_is_content(now->state);
		one.what = is_missing(now->state) ? CHANGE_REMOVED :
			   (was_file && is_file) || (is_link(then->state) && is_link(now->state)) ? CHANGE_CHANGED : CHANGE_ADDED;
		break;
	case FACT_TYPE:
		one.what = now->state.size ? CHANGE_ADDED : CHANGE_REMOVED;
		break;
	case FACT_ARGS:
		one.was = spaced(c->arena, then->state);
		one.is = spaced(c->arena, now->state);
		break;
	case FACT_PROGRAM_NAME:
	case FACT_CWD:
		one.was = then->state;
		one.is = now->state;
		break;
	default:
		break;
	}
	tell(c, &one);
}

/* A fact on one side only. */
static void alone(struct comparing *c, const struct fact *f, enum change_what what)
{
	switch (f->kind) {
	case FACT_ASKED:
		tell_tracked(c, what, f->name);
		break;
	case FACT_ENV_GLOB:
	case FACT_ENV_PREFIX:
		tell_tracked(c, CHANGE_CHANGED, f->name);
		break;
	default:
		tell(c, &(struct change){ .what = what, .kind = f->kind, .name = f->name });
	}
}

/* The declared variables: [then, now) of kind FACT_ENV. */
static void declared(struct comparing *c, const struct facts *then, const struct facts *now)
{
	uint32_t i;
	const struct fact *other;

	for (i = 0; i < then->n; i++) {
		other = facts_find(now, FACT_ENV, then->at[i].name, then->at[i].detail);
		if (!other)
			alone(c, &then->at[i], CHANGE_REMOVED);
		else if (bytes_order(then->at[i].state, other->state) != 0 && then->at[i].state.size)
			differ(c, &then->at[i], other);
	}
	for (i = 0; i < now->n; i++) {
		other = facts_find(then, FACT_ENV, now->at[i].name, now->at[i].detail);
		if (!other)
			alone(c, &now->at[i], CHANGE_ADDED);
		else if (bytes_order(now->at[i].state, other->state) != 0 && !other->state.size)
			differ(c, other, &now->at[i]);
	}
}

static struct facts of_env(const struct facts *f)
{
	uint32_t n = 0;

	while (n < f->n && f->at[n].kind == FACT_ENV)
		n++;
	return (struct facts){ f->at, n };
}

void change_list(const struct facts *then, const struct facts *now, enum changes_extent extent, struct arena *a, struct changes *ret)
{
	struct comparing c = { .arena = a, .ret = ret, .extent = extent };
	const struct facts env_then = of_env(then), env_now = of_env(now);
	uint32_t i = env_then.n, k = env_now.n;

	*ret = (struct changes){ 0 };
	declared(&c, &env_then, &env_now);
	while ((i < then->n || k < now->n) && !enough(&c)) {
		int d = i >= then->n ? 1 : k >= now->n ? -1 : fact_order(&then->at[i], &now->at[k]);

		if (d < 0)
			alone(&c, &then->at[i], CHANGE_REMOVED);
		else if (d > 0)
			alone(&c, &now->at[k], CHANGE_ADDED);
		else if (bytes_order(then->at[i].state, now->at[k].state) != 0)
			differ(&c, &then->at[i], &now->at[k]);
		i += d <= 0;
		k += d >= 0;
	}
	if (enough(&c) && (i < then->n || k < now->n))
		ret->partial = true;
}
