#include "config.h"

#include "report/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/step.h"
#include "report/words.h"
#include "text/json.h"
#include "workspace/workspace.h"

enum { NOBODY = UINT32_MAX };

/* The tracks of the trace, which calls them processes. */
enum track { TRACK_PATH = 1, TRACK_COMMANDS, TRACK_CACHE };

struct slice {
	int64_t began_ns, ended_ns;
	const struct step *step;
	enum track track;
	enum span_kind kind;           /* of TRACK_CACHE */
	const char *result;            /* of TRACK_COMMANDS: its result in a word */
	int exit_code;
	uint32_t lane;                 /* slices of a lane do not overlap */
	uint32_t number;               /* in order of arrival; decides between slices of one time */
};

struct profile {
	struct arena *arena;
	const struct plan *plan;
	int64_t zero_ns;
	struct slice *at;
	uint32_t n;
};

struct profile *profile_new(const struct plan *plan, int64_t zero_ns)
{
	struct arena *a = arena_new();
	struct profile *p = arena_alloc(a, sizeof *p);

	p->arena = a;
	p->plan = plan;
	p->zero_ns = zero_ns;
	return p;
}

void profile_free(struct profile *p)
{
	if (p)
		arena_free(p->arena);
}

static struct slice *add(struct profile *p, const struct step *step, int64_t began_ns, int64_t ended_ns)
{
	struct slice *s;

	p->at = arena_grow(p->arena, p->at, p->n, sizeof *p->at);
	s = &p->at[p->n];
	*s = (struct slice){ .began_ns = began_ns, .ended_ns = ended_ns, .step = step, .number = p->n };
	p->n++;
	return s;
}

static const char *result_word(const struct outcome *o)
{
	static const char *const results[] = { "done", "hit", "builtin", "not started" };

	return o->cancelled ? "cancelled" : o->failed ? "failed" : results[o->result];
}

static void on_event(void *self, const struct event *e)
{
	struct slice *s;

	if (e->kind == EVENT_SPAN) {
		s = add(self, e->step, e->span->began_ns, e->span->ended_ns);
		s->track = TRACK_CACHE;
		s->kind = e->span->kind;
	} else if (e->kind == EVENT_FINISHED) {
		s = add(self, e->step, e->outcome->began_ns, e->outcome->ended_ns);
		s->track = TRACK_COMMANDS;
		s->result = result_word(e->outcome);
		s->exit_code = e->outcome->exit_code;
	}
}

struct listener profile_listener(struct profile *p)
{
	return (struct listener){ on_event, p };
}

/* ---- lanes ---- */

static int by_begin(const void *x, const void *y)
{
	const struct slice *a = x, *b = y;

	if (a->began_ns != b->began_ns)
		return a->began_ns < b->began_ns ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* Gives each slice of a track the first lane that is free when it begins. Returns how many lanes there are. */
static uint32_t give_lanes(struct slice *at, uint32_t n, enum track track)
{
	int64_t *free_from = xcalloc(n ? n : 1, sizeof *free_from);
	uint32_t i, lanes = 0, lane;

	for (i = 0; i < n; i++) {
		if (at[i].track != track)
			continue;
		for (lane = 0; lane < lanes && free_from[lane] > at[i].began_ns; lane++)
			;
		if (lane == lanes)
			lanes++;
		free_from[lane] = at[i].ended_ns;
		at[i].lane = lane;
	}
	free(free_from);
	return lanes;
}

/* ---- the critical path ---- */

/* The slice of each step and the step before it, by ordinal. */
struct chain {
	const struct slice **slice;    /* NULL: it did not run */
	uint32_t *before;              /* the step that it waited for last; NOBODY: none */
};

static bool ends_later(const struct chain *c, uint32_t a, uint32_t b)
{
	return b == NOBODY || (a != NOBODY && c->slice[a]->ended_ns > c->slice[b]->ended_ns);
}

static uint32_t walk_plan(const struct chain *c, const struct plan *plan, uint32_t before);

/* The last step of a node that ran, where `before` is the step it waited for. */
static uint32_t walk_node(const struct chain *c, const struct plan_node *node, uint32_t before)
{
	uint32_t i;

	for (i = 0; i < node->items_n; i++) {
		const struct item *item = &node->items[i];

		if (item->kind == ITEM_PLAN) {
			before = walk_plan(c, item->plan, before);
		} else if (c->slice[item->step->ordinal]) {
			c->before[item->step->ordinal] = before;
			before = item->step->ordinal;
		}
	}
	return before;
}

/* The step of a plan that ended last. Nodes come after those they wait for; the stack is on the heap: chains may be long. */
static uint32_t walk_plan(const struct chain *c, const struct plan *plan, uint32_t before)
{
	enum { NEW, OPEN, DONE };
	uint32_t n = plan->n ? plan->n : 1, depth, start, i, last = NOBODY;
	unsigned char *state = xcalloc(n, sizeof *state);
	uint32_t *stack = xcalloc(n, sizeof *stack), *ended = xcalloc(n, sizeof *ended);

	for (start = 0; start < plan->n; start++) {
		depth = 0;
		if (state[start] == NEW)
			stack[depth++] = start;
		while (depth) {
			uint32_t at = stack[depth - 1], after = NOBODY;
			const struct plan_node *node = &plan->nodes[at];

			state[at] = OPEN;
			for (i = 0; i < node->waits_n && state[node->waits_for[i]] != NEW; i++)
				if (ends_later(c, ended[node->waits_for[i]], after))
					after = ended[node->waits_for[i]];
			if (i < node->waits_n) {
				stack[depth++] = node->waits_for[i];
				continue;
			}
			ended[at] = walk_node(c, node, after == NOBODY ? before : after);
			state[at] = DONE;
			if (ends_later(c, ended[at], last))
				last = ended[at];
			depth--;
		}
	}
	free(state);
	free(stack);
	free(ended);
	return last == NOBODY ? before : last;
}

/* Copies the slices of the critical path behind `at`. Returns how many there are. */
static uint32_t add_path(const struct profile *p, const struct slice *from, uint32_t n, struct slice *to)
{
	uint32_t steps = p->plan->steps ? p->plan->steps : 1, i, at, path = 0;
	struct chain c = { xcalloc(steps, sizeof *c.slice), xcalloc(steps, sizeof *c.before) };

	for (i = 0; i < n; i++)
		if (from[i].track == TRACK_COMMANDS && from[i].step->ordinal < steps)
			c.slice[from[i].step->ordinal] = &from[i];
	for (at = walk_plan(&c, p->plan, NOBODY); at != NOBODY; at = c.before[at]) {
		to[path] = *c.slice[at];
		to[path].track = TRACK_PATH;
		to[path++].lane = 0;
	}
	free(c.slice);
	free(c.before);
	return path;
}

/* ---- writing ---- */

static void add_name(struct buf *b, const char *what, int pid, uint32_t tid, const char *name)
{
	buf_printf(b, "{\"ph\":\"M\",\"pid\":%d,\"tid\":%u,\"name\":\"%s\",\"args\":{\"name\":\"%s\"}},\n", pid, tid, what, name);
	if (tid == 0)
		buf_printf(b, "{\"ph\":\"M\",\"pid\":%d,\"tid\":0,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":%d}},\n", pid, pid);
}

static void add_slice(const struct profile *p, const struct slice *s, struct buf *b)
{
	static const char *const spans[] = { "look up", "restore", "store" };
	int64_t us = (s->began_ns - p->zero_ns) / 1000, end_us = (s->ended_ns - p->zero_ns) / 1000;
	const char *label = s->step->task->label;
	struct buf name;

	buf_init(&name, SIZE_MAX / 2);
	if (s->track == TRACK_CACHE)
		buf_printf(&name, "%s ", spans[s->kind]);
	buf_text(&name, label);
	buf_text(b, "{\"ph\":\"X\",\"name\":");
	json_quote(b, name.data, name.size);
	buf_printf(b, ",\"cat\":\"%s\",\"pid\":%d,\"tid\":%u,\"ts\":%lld,\"dur\":%lld,\"args\":{\"command\":",
		   s->track == TRACK_CACHE ? spans[s->kind] : s->track == TRACK_PATH ? "critical path" : s->result,
		   (int)s->track, s->lane + 1, (long long)us, (long long)(end_us - us));
	json_quote(b, s->step->shown, strlen(s->step->shown));
	if (s->track != TRACK_CACHE)
		buf_printf(b, ",\"result\":\"%s\",\"exitCode\":%d", s->result, s->exit_code);
	buf_text(b, "}}");
	buf_free(&name);
}

void profile_write(const struct profile *p, struct buf *b)
{
	struct slice *at = xcalloc(2 * (size_t)p->n + 1, sizeof *at);
	uint32_t commands, cache, path, i;

	if (p->n)
		memcpy(at, p->at, p->n * sizeof *at);
	qsort(at, p->n, sizeof *at, by_begin);
	commands = give_lanes(at, p->n, TRACK_COMMANDS);
	cache = give_lanes(at, p->n, TRACK_CACHE);
	path = add_path(p, at, p->n, at + p->n);
	buf_text(b, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
	add_name(b, "process_name", TRACK_PATH, 0, "critical path");
	add_name(b, "process_name", TRACK_COMMANDS, 0, "commands");
	add_name(b, "process_name", TRACK_CACHE, 0, "cache");
	add_name(b, "thread_name", TRACK_PATH, 1, "critical path");
	for (i = 0; i < commands; i++)
		add_name(b, "thread_name", TRACK_COMMANDS, i + 1, "commands");
	for (i = 0; i < cache; i++)
		add_name(b, "thread_name", TRACK_CACHE, i + 1, "cache");
	for (i = 0; i < p->n + path; i++) {
		add_slice(p, &at[i], b);
		buf_text(b, i + 1 < p->n + path ? ",\n" : "\n");
	}
	if (p->n + path == 0)
		add_name(b, "thread_name", TRACK_PATH, 2, "nothing ran");
	while (b->size && (b->data[b->size - 1] == '\n' || b->data[b->size - 1] == ','))
		b->size--;
	buf_text(b, "\n]}\n");
	free(at);
}
