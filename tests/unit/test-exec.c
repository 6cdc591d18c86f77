#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "exec/capture.h"
#include "exec/schedule.h"

/* ---- capture ---- */

/* Chunks as text: "1:abc|2:x|". */
static void add_chunk(void *ctx, int stream, struct bytes data)
{
	struct buf *b = ctx;

	buf_printf(b, "%d:", stream);
	buf_add(b, data.data, data.size);
	buf_byte(b, '|');
}

static int replay(struct bytes bytes, void (*on_piece)(void *ctx, int stream, struct bytes data), void *ctx)
{
	struct replay p;
	struct bytes data;
	int stream, r = replay_begin(&p, bytes, false);

	while (replay_next(&p, &stream, &data)) {
		assert_true(data.size <= 64 << 10);
		on_piece(ctx, stream, data);
	}
	return r;
}

static int spool(void *ctx)
{
	static int fd = -1;

	(void)ctx;
	if (fd < 0)
		fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int no_spool(void *ctx)
{
	(void)ctx;
	return -1;
}

static void output_comes_back_in_its_order(void **state)
{
	struct capture *c = capture_new(spool, NULL, UINT64_MAX);
	struct bytes bytes;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_int_equal(capture_add(c, 1, "one", 3), 0);
	assert_int_equal(capture_add(c, 1, " more", 5), 0);
	assert_int_equal(capture_add(c, 2, "err", 3), 0);
	assert_int_equal(capture_add(c, 1, "", 0), 0);
	assert_int_equal(capture_add(c, 1, "a\0b", 3), 0);
	assert_int_equal(capture_bytes(c, &bytes, &(bool){ false }), 0);
	assert_int_equal(replay(bytes, add_chunk, &b), 0);
	assert_int_equal(b.size, 23);
	assert_memory_equal(b.data, "1:one more|2:err|1:a\0b|", 23);
	capture_free(c);
	buf_free(&b);
}

static void no_output_is_no_chunk(void **state)
{
	struct capture *c = capture_new(spool, NULL, UINT64_MAX);
	struct bytes bytes;
	struct buf b;

	(void)state;
	buf_init(&b, 16);
	assert_int_equal(capture_bytes(c, &bytes, &(bool){ false }), 0);
	assert_int_equal(bytes.size, 0);
	assert_int_equal(replay(bytes, add_chunk, &b), 0);
	assert_int_equal(b.size, 0);
	capture_free(c);
}

struct sum {
	size_t size;
	uint32_t hash;
	int chunks;
};

static void add_sum(void *ctx, int stream, struct bytes data)
{
	struct sum *s = ctx;
	size_t i;

	for (i = 0; i < data.size; i++)
		s->hash = s->hash * 31 + ((const unsigned char *)data.data)[i] + (uint32_t)stream;
	s->size += data.size;
	s->chunks++;
}

/* Adds up the whole capture, in the parts in which it is replayed. */
static void replayed(struct capture *c, struct sum *ret)
{
	struct replay p;
	struct bytes data;
	int stream;

	capture_replay(c, &p);
	while (replay_next(&p, &stream, &data))
		add_sum(ret, stream, data);
}

static void long_output_goes_through_a_file(void **state)
{
	struct capture *c = capture_new(spool, NULL, UINT64_MAX);
	struct sum want = { 0 }, got = { 0 }, emitted = { 0 };
	struct bytes bytes;
	char piece[8192];
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		int stream = i % 100 == 99 ? 2 : 1;

		memset(piece, 'a' + i % 26, sizeof piece);
		assert_int_equal(capture_add(c, stream, piece, sizeof piece), 0);
		add_sum(&want, stream, (struct bytes){ piece, sizeof piece });
	}
	replayed(c, &emitted);
	assert_int_equal(emitted.hash, want.hash);
	assert_int_equal(capture_bytes(c, &bytes, &(bool){ false }), 0);
	assert_int_equal(replay(bytes, add_sum, &got), 0);
	assert_int_equal(got.size, want.size);
	assert_int_equal(got.hash, want.hash);
	assert_true(got.chunks < 160);         /* chunks of 64 KiB, not of 8 */
	/* More output may come after a replay. */
	assert_int_equal(capture_add(c, 1, "x", 1), 0);
	assert_int_equal(capture_bytes(c, &bytes, &(bool){ false }), 0);
	memset(&got, 0, sizeof got);
	assert_int_equal(replay(bytes, add_sum, &got), 0);
	assert_int_equal(got.size, want.size + 1);
	capture_free(c);
}

static void a_spool_that_cannot_be_made_keeps_the_beginning(void **state)
{
	struct capture *c = capture_new(no_spool, NULL, UINT64_MAX);
	struct sum got = { 0 };
	struct bytes bytes;
	char piece[8192] = { 0 };
	int i, r = 0;

	(void)state;
	for (i = 0; i < 1000 && r == 0; i++)
		r = capture_add(c, 1, piece, sizeof piece);
	assert_int_equal(r, -1);
	assert_true(i > 100);
	assert_int_equal(capture_bytes(c, &bytes, &(bool){ false }), -1);
	replayed(c, &got);
	assert_int_equal(got.size, (size_t)(i - 1) * sizeof piece);
	capture_free(c);
}

static void no_more_is_kept_than_was_asked_for(void **state)
{
	struct capture *c = capture_new(spool, NULL, 3 << 20);
	struct sum got = { 0 };
	struct bytes bytes;
	char piece[8192] = { 0 };
	int i, r = 0;

	(void)state;
	for (i = 0; i < 1000 && r == 0; i++)
		r = capture_add(c, 1, piece, sizeof piece);
	assert_int_equal(r, -1);
	assert_true(capture_is_full(c));
	assert_int_equal(capture_add(c, 1, "x", 1), -1);
	assert_int_equal(capture_bytes(c, &bytes, &(bool){ false }), -1);
	replayed(c, &got);
	assert_int_equal(got.size, (size_t)(i - 1) * sizeof piece);
	assert_true(got.size <= 3 << 20);
	/* the piece that did not fit is replayed all the same; a restart gives as much room again */
	capture_add_last(c, 2, piece, sizeof piece);
	memset(&got, 0, sizeof got);
	replayed(c, &got);
	assert_int_equal(got.size, (size_t)i * sizeof piece);
	capture_restart(c);
	memset(&got, 0, sizeof got);
	replayed(c, &got);
	assert_int_equal(got.size, 0);
	assert_int_equal(capture_add(c, 1, "again", 5), 0);
	replayed(c, &got);
	assert_int_equal(got.size, 5);
	capture_free(c);
}

static void damaged_bytes_are_not_shown(void **state)
{
	static const struct bytes rows[] = {
		{ "\1\3\0\0\0abc\1", 9 }, { "\1\4\0\0\0abc", 8 }, { "\3\1\0\0\0a", 6 }, { "\1\377\377\377\377a", 6 },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 64);
	for (i = 0; i < COUNT(rows); i++)
		assert_int_equal(replay(rows[i], add_chunk, &b), -1);
	assert_int_equal(b.size, 0);
}

/* ---- schedule ---- */

/* A plan from text: one node for each word, "name:cost<a,b" waits for the nodes a and b;
 * cost is that of each of its steps. "name:cost*2" has two items. */
struct made {
	struct arena *arena;
	struct plan plan;
	char names[26];
	uint64_t costs[104];
};

static uint32_t index_of(const struct made *m, char name)
{
	uint32_t i;

	for (i = 0; i < m->plan.n; i++)
		if (m->names[i] == name)
			return i;
	fail();
	return 0;
}

static void make(struct made *m, uint32_t limit, const char *text)
{
	memset(m->costs, 0, sizeof m->costs);
	m->arena = arena_new();
	m->plan = (struct plan){ .limit = limit, .nodes = arena_array(m->arena, 26, sizeof(struct plan_node)) };
	while (*text) {
		struct plan_node *node = &m->plan.nodes[m->plan.n];
		uint32_t *waits = arena_array(m->arena, 26, sizeof *waits), i, ordinal = 4 * m->plan.n;
		uint64_t cost = 0;

		m->names[m->plan.n] = *text;
		node->items_n = 1;
		node->items = arena_array(m->arena, 4, sizeof *node->items);
		text++;
		if (*text == ':')
			cost = strtoul(text + 1, (char **)(uintptr_t)&text, 10);
		for (i = 0; i < 4; i++) {
			node->items[i] = (struct item){ .kind = ITEM_STEP, .step = arena_alloc(m->arena, sizeof(struct step)) };
			node->items[i].step->ordinal = ordinal + i;
			m->costs[ordinal + i] = cost;
		}
		if (*text == '*')
			node->items_n = (uint32_t)strtoul(text + 1, (char **)(uintptr_t)&text, 10);
		if (*text == '<')
			for (text++; *text && *text != ' '; text += *text == ',')
				waits[node->waits_n++] = index_of(m, *text++);
		node->waits_for = waits;
		m->plan.n++;
		while (*text == ' ')
			text++;
	}
}

/* Runs it as if each step took one turn: names of the steps that run together, turns
 * separated by blanks. */
static char *order(struct made *m)
{
	struct place *running[26], *p;
	struct schedule s;
	struct buf b;
	struct level *l;
	uint32_t n, i;
	int turns = 0;

	buf_init(&b, 1024);
	schedule_init(&s, &m->plan, m->costs);
	while (!schedule_complete(&s) && turns++ < 100) {
		n = 0;
		for (l = s.levels; l; l = l->next) {
			while ((l->going_n || schedule_free_slots(l)) && (p = schedule_take(l))) {
				assert_true(schedule_hold(p));
				if (place_item(p)->kind == ITEM_PLAN)
					schedule_enter(&s, p);
				else
					running[n++] = p;
			}
		}
		if (b.size)
			buf_byte(&b, ' ');
		for (i = 0; i < n; i++)
			buf_byte(&b, running[i]->level->plan == &m->plan ? m->names[running[i]->node] : '0' + (int)running[i]->node);
		for (i = 0; i < n; i++)
			schedule_done(&s, running[i], false);
	}
	schedule_free(&s);
	return b.data ? b.data : strdup("");
}

static void assert_order(uint32_t limit, const char *plan, const char *want)
{
	struct made m;
	char *got;

	make(&m, limit, plan);
	got = order(&m);
	assert_string_equal(got, want);
	free(got);
	arena_free(m.arena);
}

static void the_longest_chain_comes_first(void **state)
{
	(void)state;
	assert_order(4, "a b<a c<b", "a b c");
	assert_order(1, "a b c<b d<c", "b c a d");
	assert_order(2, "a b c<b d", "ba cd");
	/* two chains that do not touch: the one that costs more, though it is shorter */
	assert_order(1, "a:8 b:8<a c:8<b x:64 y:8<x", "x a b c y");
	assert_order(1, "a:8 b:8<a x:8 y:8<x", "a x b y");
	assert_order(1, "a:1 b:2*2 c:4 d:8", "d b b c a");
	assert_order(4, "a b c d e f", "abcd ef");
	assert_order(UINT32_MAX, "a b c d e f", "abcdef");
	assert_order(0, "a b", "a b");
	assert_order(4, "", "");
}

static void a_node_keeps_its_slot_for_all_its_items(void **state)
{
	(void)state;
	assert_order(1, "a*2 b*3", "a a b b b");
	assert_order(2, "a*2 b c", "ab ac");
	assert_order(4, "a*2 b<a", "a a b");
}

static void a_nested_plan_has_slots_of_its_own(void **state)
{
	struct made outer, inner, empty;
	char *got;

	(void)state;
	make(&inner, 3, "x y z w");
	make(&empty, 3, "");
	make(&outer, 1, "a:2*2 b:1 c<b");
	/* a costs as much as the longest in its nested plan, and 2 */
	outer.plan.nodes[0].items[0] = (struct item){ .kind = ITEM_PLAN, .plan = &inner.plan };
	got = order(&outer);
	assert_string_equal(got, "012 3 a b c");
	free(got);
	outer.plan.nodes[0].items[0].plan = &empty.plan;
	got = order(&outer);
	assert_string_equal(got, "a b c");
	free(got);
	arena_free(inner.arena);
	arena_free(empty.arena);
	arena_free(outer.arena);
}

static void what_was_put_back_comes_again_in_its_place(void **state)
{
	struct made m;
	struct schedule s;
	struct place *a, *b;

	(void)state;
	make(&m, 1, "a b c");
	schedule_init(&s, &m.plan, NULL);
	a = schedule_take(s.levels);
	b = schedule_take(s.levels);
	assert_int_equal(a->node, 0);
	assert_int_equal(b->node, 1);
	schedule_back(b);
	schedule_back(a);
	assert_ptr_equal(schedule_take(s.levels), a);
	assert_true(schedule_hold(a));
	assert_ptr_equal(schedule_take(s.levels), b);
	assert_false(schedule_hold(b));
	schedule_back(b);
	schedule_done(&s, a, false);
	assert_true(schedule_hold(schedule_take(s.levels)));
	assert_false(schedule_complete(&s));
	schedule_free(&s);
	arena_free(m.arena);
}

/* Names of the places that schedule_upcoming gives, until it gives none. */
static char *upcoming(struct schedule *s, const struct made *m)
{
	struct place *p;
	struct buf b;
	char *ret;

	buf_init(&b, 64);
	while ((p = schedule_upcoming(s)))
		buf_byte(&b, p->level->plan == &m->plan ? m->names[p->node] : '0' + (int)p->node);
	ret = xstrdup(buf_str(&b));
	buf_free(&b);
	return ret;
}

static void upcoming_places_are_named_once_in_the_order_of_their_turns(void **state)
{
	struct made outer, inner;
	struct schedule s;
	struct place *p;
	char *got;

	(void)state;
	make(&inner, 1, "x y<x");
	make(&outer, 1, "a b c<b d<c e");
	outer.plan.nodes[4].items[0] = (struct item){ .kind = ITEM_PLAN, .plan = &inner.plan };
	schedule_init(&s, &outer.plan, NULL);
	p = schedule_take(s.levels);
	assert_int_equal(outer.names[p->node], 'b');
	got = upcoming(&s, &outer);
	assert_string_equal(got, "cead");          /* not b: it was taken */
	free(got);
	p = &s.levels->places[4];
	schedule_enter(&s, p);
	got = upcoming(&s, &outer);
	assert_string_equal(got, "01");            /* the nested plan's, once it was entered */
	free(got);
	schedule_free(&s);
	arena_free(inner.arena);
	arena_free(outer.arena);
}

/* ---- what follows ---- */

/* A plan, and another one nested in it (or NULL): names a b c and 0 1 2. */
struct followed {
	const struct made *outer, *inner;
	struct schedule schedule;
	const char *processes;     /* names of nodes whose steps the cache is not asked about */
};

static char name_in(const struct plan *plan, const char *names, const struct step *step)
{
	uint32_t i, k;

	for (i = 0; i < plan->n; i++)
		for (k = 0; k < 4; k++)
			if (plan->nodes[i].items[k].kind == ITEM_STEP && plan->nodes[i].items[k].step == step)
				return names[i];
	return 0;
}

static char name_of(const struct followed *f, const struct step *step)
{
	char name = name_in(&f->outer->plan, f->outer->names, step);

	return !name && f->inner ? name_in(&f->inner->plan, "0123", step) : name;
}

static bool is_looked_up(const void *ctx, const struct step *step)
{
	const struct followed *f = ctx;

	return !strchr(f->processes, name_of(f, step));
}

static struct place *place_named(const struct followed *f, char name)
{
	return name >= 'a' ? &f->schedule.levels->places[index_of(f->outer, name)] : &f->schedule.levels->next->places[name - '0'];
}

static char *words_of(const struct followed *f, const struct following *r)
{
	struct buf b;
	char *ret;
	uint32_t i;

	buf_init(&b, 64);
	for (i = 0; i < r->n; i++)
		buf_byte(&b, name_of(f, r->steps[i]));
	for (i = 0; i < r->parked_n; i++)
		buf_printf(&b, " joins:%c", f->outer->names[r->parked[i]->node]);
	buf_printf(&b, "%s%s", r->open ? " open" : "", r->starts ? " starts" : "");
	ret = xstrdup(buf_str(&b));
	buf_free(&b);
	return ret;
}

/* Steps that follow from the places named, then "joins:x" for a parked place, "open", "starts". */
static void assert_follows(struct followed *f, const char *from, const char *want)
{
	struct arena *a = arena_new();
	struct place *places[8];
	struct following r;
	uint32_t n = 0;
	char *got;

	for (; *from; from++)
		places[n++] = place_named(f, *from);
	schedule_follow(&f->schedule, places, n, is_looked_up, f, a, &r);
	got = words_of(f, &r);
	assert_string_equal(got, want);
	free(got);
	arena_free(a);
}

static void assert_plan_follows(const char *plan, const char *processes, const char *from, const char *want)
{
	struct made m;
	struct followed f = { .outer = &m, .processes = processes };

	make(&m, 8, plan);
	schedule_init(&f.schedule, &m.plan, NULL);
	assert_follows(&f, from, want);
	schedule_free(&f.schedule);
	arena_free(m.arena);
}

static void what_waits_for_hits_follows_them(void **state)
{
	(void)state;
	assert_plan_follows("a b<a c<b d", "", "a", "abc");
	assert_plan_follows("a*3 b<a", "", "a", "aaab");
	assert_plan_follows("a b<a c<a d<b,c", "", "a", "abcd");
	assert_plan_follows("a b c<a,b", "", "ab", "abc");
}

static void what_waits_for_a_process_does_not_follow(void **state)
{
	(void)state;
	assert_plan_follows("a b<a c<b", "b", "a", "a starts");
	assert_plan_follows("a b<a c<b d<a,c", "b", "a", "a starts");
	assert_plan_follows("a b<a c<a d<b,c e<c", "b", "a", "ace starts");
	assert_plan_follows("a b<a", "a", "a", " starts");
}

static void what_waits_for_others_too_is_open_until_they_join(void **state)
{
	struct made m;
	struct followed f = { .outer = &m, .processes = "" };
	struct place *b;

	(void)state;
	assert_plan_follows("a b c<a,b", "", "a", "a open");
	make(&m, 8, "a b c<a,b");
	schedule_init(&f.schedule, &m.plan, NULL);
	(void)schedule_take(f.schedule.levels);
	b = schedule_take(f.schedule.levels);
	assert_ptr_equal(b, place_named(&f, 'b'));
	schedule_park(b);
	assert_follows(&f, "a", "a joins:b");
	assert_follows(&f, "ab", "abc");
	/* one that is complete need not join */
	schedule_back(b);
	assert_ptr_equal(schedule_take(f.schedule.levels), b);
	assert_true(schedule_hold(b));
	schedule_done(&f.schedule, b, false);
	assert_follows(&f, "a", "ac");
	schedule_free(&f.schedule);
	arena_free(m.arena);
}

static void a_nested_plan_follows_and_is_followed(void **state)
{
	struct made outer, inner;
	struct followed f = { .outer = &outer, .inner = &inner, .processes = "" };

	(void)state;
	make(&inner, 8, "x y<x z");
	make(&outer, 8, "a*2 b<a");
	outer.plan.nodes[0].items[0] = (struct item){ .kind = ITEM_PLAN, .plan = &inner.plan };
	schedule_init(&f.schedule, &outer.plan, NULL);
	assert_follows(&f, "a", "012ab");
	f.processes = "1";
	assert_follows(&f, "a", "02 starts");
	f.processes = "2";
	assert_follows(&f, "a", "01 starts");
	/* entered: from places in it */
	f.processes = "";
	schedule_enter(&f.schedule, schedule_take(f.schedule.levels));
	assert_follows(&f, "0", "01 open");
	assert_follows(&f, "02", "021ab");
	f.processes = "b";
	assert_follows(&f, "02", "021a starts");
	schedule_free(&f.schedule);
	arena_free(inner.arena);
	arena_free(outer.arena);
}

static void all_that_comes_after_waits_for_nobody_else(void **state)
{
	struct made m;
	struct followed f = { .outer = &m, .processes = "" };
	struct arena *a = arena_new();
	struct following r;
	char *got;

	(void)state;
	make(&m, 8, "a*3 b c<a,b d<c e<b");
	schedule_init(&f.schedule, &m.plan, NULL);
	schedule_all_after(&f.schedule, place_named(&f, 'a'), 2, is_looked_up, &f, a, &r);
	got = words_of(&f, &r);
	assert_string_equal(got, "acd");
	free(got);
	schedule_free(&f.schedule);
	arena_free(m.arena);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_comes_back_in_its_order),
		cmocka_unit_test(no_output_is_no_chunk),
		cmocka_unit_test(long_output_goes_through_a_file),
		cmocka_unit_test(a_spool_that_cannot_be_made_keeps_the_beginning),
		cmocka_unit_test(no_more_is_kept_than_was_asked_for),
		cmocka_unit_test(damaged_bytes_are_not_shown),
		cmocka_unit_test(the_longest_chain_comes_first),
		cmocka_unit_test(a_node_keeps_its_slot_for_all_its_items),
		cmocka_unit_test(a_nested_plan_has_slots_of_its_own),
		cmocka_unit_test(what_was_put_back_comes_again_in_its_place),
		cmocka_unit_test(upcoming_places_are_named_once_in_the_order_of_their_turns),
		cmocka_unit_test(what_waits_for_hits_follows_them),
		cmocka_unit_test(what_waits_for_a_process_does_not_follow),
		cmocka_unit_test(what_waits_for_others_too_is_open_until_they_join),
		cmocka_unit_test(a_nested_plan_follows_and_is_followed),
		cmocka_unit_test(all_that_comes_after_waits_for_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
