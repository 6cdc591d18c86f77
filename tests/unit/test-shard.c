#include "config.h"

#include "paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "together/shard.h"

enum { PLANS = 200, PACKAGES_MAX = 24, PARTS_MAX = 7 };

static uint32_t next_random(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

/* SEED=n repeats a run. */
static uint32_t seed_of(void)
{
	const char *text = getenv("SEED");
	uint32_t ret = text ? (uint32_t)strtoul(text, NULL, 10) : (uint32_t)getpid();

	fprintf(stderr, "# SEED=%u\n", ret);
	return ret;
}

/* Packages that need each other, two tasks in each; some wait for another. */
static struct world *random_world(uint32_t *state, uint32_t *ret_n)
{
	struct world *w = world_new();
	struct package *p[PACKAGES_MAX];
	struct task *build[PACKAGES_MAX];
	uint32_t i, k, n = *ret_n = 1 + next_random(state, PACKAGES_MAX);

	for (i = 0; i < n; i++) {
		p[i] = world_package(w, arena_printf(w->a, "packages/p%u", i), arena_printf(w->a, "p%u", i));
		build[i] = world_task(w, p[i], "build", next_random(state, 4) ? "a && b" : "echo only");
		if (next_random(state, 3))
			world_after(w, world_task(w, p[i], "test", "c"), build[i]);
		for (k = 0; k < i; k++)
			if (next_random(state, 5) == 0)
				world_need(w, p[i], p[k]);
	}
	world_package(w, "", "root");
	world_done(w);
	return w;
}

static struct plan *planned(struct world *w, const char *words)
{
	struct plan *plan;
	const char *why = world_plan(w, "", words, &plan);

	if (*why)
		fail_msg("%s: %s", words, why);
	return plan;
}

/* Durations of about half of the tasks. */
static struct shard_times *random_times(struct world *w, const struct plan *plan, uint32_t *state)
{
	struct shard_times *t = arena_alloc(w->a, sizeof *t);
	uint32_t i;

	map_init(&t->ms);
	for (i = 0; i < plan->n; i++)
		if (next_random(state, 2)) {
			uint64_t *ms = arena_alloc(w->a, sizeof *ms);

			*ms = next_random(state, 10000);
			*map_puts(&t->ms, plan->nodes[i].task->label) = ms;
		}
	return t;
}

static bool has(const struct plan *plan, const char *label, bool requested)
{
	uint32_t i;

	for (i = 0; i < plan->n; i++)
		if (strcmp(plan->nodes[i].task->label, label) == 0 && (plan->nodes[i].requested || !requested))
			return true;
	return false;
}

/* Is each task that this one waits for in the part, as in the whole? */
static void assert_complete(const struct plan *all, const struct plan *part)
{
	uint32_t i, k, j;

	for (i = 0; i < part->n; i++) {
		for (j = 0; all->nodes[j].task != part->nodes[i].task; j++)
			assert_true(j < all->n);
		assert_int_equal(part->nodes[i].waits_n, all->nodes[j].waits_n);
		for (k = 0; k < part->nodes[i].waits_n; k++)
			assert_ptr_equal(part->nodes[part->nodes[i].waits_for[k]].task, all->nodes[all->nodes[j].waits_for[k]].task);
	}
}

static void assert_numbered(const struct plan *plan)
{
	uint32_t i;

	for (i = 0; i < plan->steps; i++)
		assert_int_equal(world_step(plan, i)->ordinal, i);
}

/* The words with their parts: each requested task is in exactly one. */
static void check_parts(struct world *w, const char *words, uint32_t *state)
{
	struct plan *all = planned(w, words);
	struct shard_times *times = next_random(state, 2) ? random_times(w, all, state) : NULL;
	uint32_t parts = 1 + next_random(state, PARTS_MAX), k, i, sum = 0;
	uint32_t *in = arena_array(w->a, all->n + 1, sizeof *in);

	for (k = 0; k < parts; k++) {
		struct plan *part = planned(w, words);

		sum += shard_cut(part, k, parts, times, w->a);
		assert_complete(all, part);
		assert_numbered(part);
		for (i = 0; i < all->n; i++)
			in[i] += has(part, all->nodes[i].task->label, true);
	}
	for (i = 0; i < all->n; i++) {
		assert_int_equal(in[i], all->nodes[i].requested);
		sum -= all->nodes[i].requested;
	}
	assert_int_equal(sum, 0);
	if (times)
		map_free(&times->ms);
}

static void every_requested_task_is_in_exactly_one_part(void **state)
{
	uint32_t random = seed_of(), i, n;

	(void)state;
	for (i = 0; i < PLANS; i++) {
		struct world *w = random_world(&random, &n);

		check_parts(w, "-r build", &random);
		check_parts(w, "-r --parallel build", &random);
		check_parts(w, "-t p0#build", &random);
		world_free(w);
	}
}

static struct world *flat(uint32_t n)
{
	struct world *w = world_new();
	uint32_t i;

	for (i = 0; i < n; i++) {
		char *name = arena_printf(w->a, "p%u", i);

		world_task(w, world_package(w, arena_printf(w->a, "packages/%s", name), name), "x", "a");
	}
	world_package(w, "", "root");
	world_done(w);
	return w;
}

static void without_durations_the_parts_have_as_many_tasks(void **state)
{
	struct world *w = flat(10);
	struct plan *plan = planned(w, "-r x");
	uint32_t *of = shard_assign(plan, 4, NULL, w->a), count[4] = { 0 }, i;

	(void)state;
	for (i = 0; i < plan->n; i++)
		count[of[i]]++;
	assert_int_equal(count[0], 3);
	assert_int_equal(count[1], 3);
	assert_int_equal(count[2], 2);
	assert_int_equal(count[3], 2);
	world_free(w);
}

static void the_longest_is_alone_where_the_others_are_short(void **state)
{
	static uint64_t ms[] = { 1000, 9000, 1000, 3000, 2000, 2000 };
	struct world *w = flat(COUNT(ms));
	struct plan *plan = planned(w, "-r x");
	struct shard_times t;
	uint32_t *of, i;

	(void)state;
	map_init(&t.ms);
	for (i = 0; i < COUNT(ms); i++)
		*map_puts(&t.ms, plan->nodes[i].task->label) = &ms[i];
	of = shard_assign(plan, 2, &t, w->a);
	for (i = 0; i < COUNT(ms); i++)
		assert_int_equal(of[i], i == 1 ? 0 : 1);
	map_free(&t.ms);
	world_free(w);
}

static void a_chain_of_needs_stays_together(void **state)
{
	struct world *w = world_new();
	struct package *p[6];
	struct plan *plan;
	uint32_t *of, i;

	(void)state;
	for (i = 0; i < 6; i++) {
		p[i] = world_package(w, arena_printf(w->a, "packages/p%u", i), arena_printf(w->a, "p%u", i));
		world_task(w, p[i], "build", "a");
	}
	world_need(w, p[1], p[0]);
	world_need(w, p[2], p[1]);
	world_need(w, p[4], p[3]);
	world_need(w, p[5], p[4]);
	world_package(w, "", "root");
	world_done(w);
	plan = planned(w, "-r build");
	of = shard_assign(plan, 2, NULL, w->a);
	for (i = 0; i < plan->n; i++)
		assert_int_equal(of[i] == of[0], (plan->nodes[i].task->package->name[1] < '3') == (plan->nodes[0].task->package->name[1] < '3'));
	world_free(w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_requested_task_is_in_exactly_one_part),
		cmocka_unit_test(without_durations_the_parts_have_as_many_tasks),
		cmocka_unit_test(the_longest_is_alone_where_the_others_are_short),
		cmocka_unit_test(a_chain_of_needs_stays_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
