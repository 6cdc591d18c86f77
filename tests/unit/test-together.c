#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/env.h"
#include "base/mem.h"
#include "far/key.h"
#include "together/notice.h"
#include "together/run_id.h"

/* The run id of these variables; "" for variables of no CI system. */
static const char *run_of(struct arena *a, const char *const *vars)
{
	const char *id = run_id_of_ci(env_from(a, (char *const *)(uintptr_t)vars), a);

	return id ? id : "";
}

static void each_ci_system_names_its_run(void **state)
{
	static const char *const rows[][6] = {
		{ "GITHUB_RUN_ID=7", "GITHUB_RUN_ATTEMPT=2", "GITHUB_REPOSITORY=o/r", "GITHUB_JOB=build" },
		{ "CI_PIPELINE_ID=7", "CI_JOB_NAME=build 1/4" },
		{ "BUILDKITE_BUILD_ID=x" }, { "CIRCLE_WORKFLOW_ID=x" }, { "BUILD_BUILDID=7", "SYSTEM_PHASENAME=job" },
		{ "BITBUCKET_BUILD_NUMBER=7" }, { "SEMAPHORE_WORKFLOW_ID=x" }, { "CI_PIPELINE_NUMBER=7" }, { "DRONE_BUILD_NUMBER=7" },
		{ "TRAVIS_BUILD_ID=7" }, { "BUILD_TAG=jenkins-x-7" },
	};
	static const char *const none[] = { "CI=true", "GITHUB_RUN_ID=", NULL };
	struct arena *a = arena_new();
	size_t i, k;

	(void)state;
	assert_string_equal(run_of(a, none), "");
	for (i = 0; i < COUNT(rows); i++)
		assert_string_not_equal(run_of(a, rows[i]), "");
	for (i = 0; i < COUNT(rows); i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(run_of(a, rows[i]), run_of(a, rows[k]));
	arena_free(a);
}

static void jobs_of_one_matrix_are_one_run_and_attempts_are_two(void **state)
{
	static const char *const first[] = { "CI_PIPELINE_ID=7", "CI_JOB_NAME=build 1/4", "CI_NODE_INDEX=1", NULL };
	static const char *const fourth[] = { "CI_PIPELINE_ID=7", "CI_JOB_NAME=build 4/4", "CI_NODE_INDEX=4", NULL };
	static const char *const other[] = { "CI_PIPELINE_ID=7", "CI_JOB_NAME=lint 1/4", NULL };
	static const char *const once[] = { "GITHUB_RUN_ID=7", "GITHUB_RUN_ATTEMPT=1", NULL }, *const again[] = { "GITHUB_RUN_ID=7", "GITHUB_RUN_ATTEMPT=2", NULL };
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(run_of(a, first), run_of(a, fourth));
	assert_string_not_equal(run_of(a, first), run_of(a, other));
	assert_string_not_equal(run_of(a, once), run_of(a, again));
	arena_free(a);
}

static struct far_keys team(uint8_t which)
{
	struct far_keys k = { .keyed = true };

	memset(k.names, which, sizeof k.names);
	memset(k.seals, which, sizeof k.seals);
	return k;
}

static void a_notice_comes_back_whole_and_only_under_its_name_and_key(void **state)
{
	const struct far_keys mine = team(1), others = team(2), nobody = { .keyed = false };
	struct notice n = { .state = NOTICE_FAILED, .code = 7, .runner = "r/1", .label = "web#build", .key = { "key", 3 } }, back;
	const vt_id name = { { 1 } }, other = { { 2 } };
	struct arena *a = arena_new();
	struct buf b;
	size_t i;

	(void)state;
	memset(n.owner.byte, 9, sizeof n.owner.byte);
	buf_init(&b, NOTICE_MAX + 1024);
	notice_encode(&mine, &name, &n, &b);
	assert_int_equal(notice_decode(&mine, false, &name, (struct bytes){ b.data, b.size }, a, &back), 0);
	assert_int_equal(back.state, NOTICE_FAILED);
	assert_int_equal(back.code, 7);
	assert_string_equal(back.runner, "r/1");
	assert_string_equal(back.label, "web#build");
	assert_int_equal(back.key.size, 3);
	assert_memory_equal(back.owner.byte, n.owner.byte, sizeof n.owner.byte);
	assert_int_equal(notice_decode(&mine, false, &other, (struct bytes){ b.data, b.size }, a, &back), -1);
	assert_int_equal(notice_decode(&others, false, &name, (struct bytes){ b.data, b.size }, a, &back), -1);
	assert_int_equal(notice_decode(&nobody, false, &name, (struct bytes){ b.data, b.size }, a, &back), -1);
	assert_int_equal(notice_decode(&nobody, true, &name, (struct bytes){ b.data, b.size }, a, &back), 0);
	/* a notice that is cut or changed is refused */
	for (i = 0; i < b.size; i++) {
		assert_int_equal(notice_decode(&mine, false, &name, (struct bytes){ b.data, i }, a, &back), -1);
		b.data[i] ^= 1;
		assert_int_equal(notice_decode(&mine, false, &name, (struct bytes){ b.data, b.size }, a, &back), -1);
		b.data[i] ^= 1;
	}
	buf_free(&b);
	arena_free(a);
}

static void names_differ_by_run_repository_plan_and_task(void **state)
{
	const struct far_keys k = team(1);
	const struct digest plan = { { 1 } }, other = { { 2 } };
	vt_id a, b, c, d, x, y;

	(void)state;
	notice_run(&k, "1", "r", &plan, &a);
	notice_run(&k, "2", "r", &plan, &b);
	notice_run(&k, "1", "s", &plan, &c);
	notice_run(&k, "1", "r", &other, &d);
	assert_memory_not_equal(a.byte, b.byte, sizeof a.byte);
	assert_memory_not_equal(a.byte, c.byte, sizeof a.byte);
	assert_memory_not_equal(a.byte, d.byte, sizeof a.byte);
	notice_task(&k, &a, "web#build", &x);
	notice_task(&k, &a, "web#test", &y);
	assert_memory_not_equal(x.byte, y.byte, sizeof x.byte);
	notice_task(&k, &b, "web#build", &y);
	assert_memory_not_equal(x.byte, y.byte, sizeof x.byte);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_ci_system_names_its_run),
		cmocka_unit_test(jobs_of_one_matrix_are_one_run_and_attempts_are_two),
		cmocka_unit_test(a_notice_comes_back_whole_and_only_under_its_name_and_key),
		cmocka_unit_test(names_differ_by_run_repository_plan_and_task),
	};

	return digest_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
