#include "config.h"

#include "together/run_id.h"

#include <string.h>

#include "base/env.h"

enum { FIELDS = 6, NAME_MAX_SHOWN = 64 };

/* Variables that make one run of a CI system; the first must be set. */
struct system {
	const char *name;
	const char *fields[FIELDS];
};

static const struct system systems[] = {
	{ "github", { "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_JOB" } },
	{ "gitlab", { "CI_PIPELINE_ID", "CI_SERVER_URL", "CI_PROJECT_PATH", "CI_JOB_NAME" } },
	{ "buildkite", { "BUILDKITE_BUILD_ID", "BUILDKITE_STEP_ID" } },
	{ "circleci", { "CIRCLE_WORKFLOW_ID", "CIRCLE_JOB" } },
	{ "azure", { "BUILD_BUILDID", "SYSTEM_COLLECTIONURI", "SYSTEM_STAGEATTEMPT", "SYSTEM_JOBATTEMPT", "SYSTEM_PHASENAME" } },
	{ "bitbucket", { "BITBUCKET_BUILD_NUMBER", "BITBUCKET_REPO_UUID" } },
	{ "semaphore", { "SEMAPHORE_WORKFLOW_ID", "SEMAPHORE_JOB_NAME" } },
	{ "woodpecker", { "CI_PIPELINE_NUMBER", "CI_REPO" } },
	{ "drone", { "DRONE_BUILD_NUMBER", "DRONE_REPO" } },
	{ "travis", { "TRAVIS_BUILD_ID" } },
	{ "jenkins", { "BUILD_TAG", "JENKINS_URL" } },
};

static const char *value_of(const struct env *env, const char *name)
{
	const char *v = env_get(env, name);

	return v ? v : "";
}

/* Cuts the part off a job's name: GitLab calls the jobs of `parallel:` "test 1/4", Semaphore "Test - 1/4". */
static const char *without_part(struct arena *a, const char *name)
{
	size_t n = strlen(name), end;

	while (n && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	if (!name[n] || !n || name[n - 1] != '/')
		return name;
	for (end = --n; n && name[n - 1] >= '0' && name[n - 1] <= '9'; n--)
		;
	return n < end && n && name[n - 1] == ' ' ? arena_strn(a, name, n - 1) : name;
}

const char *run_id_of_ci(const struct env *env, struct arena *a)
{
	const char *ret;
	size_t i, k;

	for (i = 0; i < COUNT(systems); i++) {
		if (!*value_of(env, systems[i].fields[0]))
			continue;
		for (k = 0, ret = systems[i].name; k < FIELDS && systems[i].fields[k]; k++)
			ret = arena_concat(a, ret, "\n", without_part(a, value_of(env, systems[i].fields[k])), NULL);
		return ret;
	}
	return NULL;
}

const char *run_id_runner(const struct env *env, const char *host, long pid, struct arena *a)
{
	static const char *const names[] = { "RUNNER_NAME", "CI_RUNNER_DESCRIPTION", "BUILDKITE_AGENT_NAME", "AGENT_NAME" };
	const char *name = "";
	size_t i;

	for (i = 0; i < COUNT(names) && !*name; i++)
		name = value_of(env, names[i]);
	return arena_printf(a, "%.*s/%ld", NAME_MAX_SHOWN, *name ? name : host, pid);
}
