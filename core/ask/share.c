/* vt cache push, pull and key: results that are shared with others. */
#include "config.h"

#include "ask/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ask/asking.h"
#include "base/digest.h"
#include "base/sign.h"
#include "cache/cache.h"
#include "cmd/places.h"
#include "cmd/run.h"
#include "far/key.h"
#include "plan/plan.h"
#include "report/words.h"
#include "text/json.h"

enum { DAYS_MAX = 36500 };

/* Converts a number of days to a point in time; 0: all. -1: err. */
static int read_days(const struct command_line *line, const char *days, int64_t *ret_since, struct err *err)
{
	char *end;
	long n;

	*ret_since = 0;
	if (!days)
		return 0;
	n = strtol(days, &end, 10);
	if (*end || end == days || n < 0 || n > DAYS_MAX)
		return args_wrong(&line->args, err, "invalid value '%s' for '--since <DAYS>': a number of days", days);
	*ret_since = (int64_t)time(NULL) - n * 86400;
	return 0;
}

/* Opens the cache for writing. -1: err, also where there is no far store. */
static int open_shared(struct asking *k, struct err *err)
{
	if (backend_cache(&k->backend, err) < 0)
		return -1;
	if (!k->backend.cache)
		return err_set(err, ERR_USER, "the cache cannot be used");
	if (!cache_has_far(k->backend.cache))
		return err_set(err, ERR_USER, "no store of other machines is configured, or none works");
	return 0;
}

int share_push(const struct session *s, const struct command_line *line, const char *days)
{
	struct asking k;
	struct err err = { 0 };
	uint32_t n = 0, failed = 0;
	int64_t since;
	int code;

	if (read_days(line, days, &since, &err) < 0)
		return cmd_fail(s, &err);
	if (asking_open(&k, s, &err) == 0) {
		k.backend.dry = false;
		if (open_shared(&k, &err) == 0)
			(void)cache_push(k.backend.cache, since, &n, &failed, &err);
	}
	code = err.n ? cmd_fail(s, &err) : failed ? 1 : 0;
	if (!code || failed)
		printf("%u result%s sent or there already%s", n - failed, words_s(n - failed), failed ? ", " : "\n");
	if (failed)
		printf("%u not taken\n", failed);
	asking_close(&k);
	return code;
}

/* The name of an option that makes sense only for a run; NULL: none was given. */
static const char *of_running(const struct query_options *o)
{
	const struct {
		bool given;
		const char *name;
	} all[] = {
		{ o->watch, "--watch" }, { o->dry_run, "--dry-run" }, { o->last_details, "--last-details" }, { o->json, "--json" },
		{ o->force, "--force" }, { o->cache != OPTION_CACHE_DEFAULT, o->cache == OPTION_CACHE_ON ? "--cache" : "--no-cache" },
		{ o->parallel, "--parallel" }, { o->limited, "--concurrency-limit" }, { o->continue_given, "--continue" },
		{ o->log_given, "--log" }, { o->shown_given, "--output-logs" }, { o->quiet, "--quiet" }, { o->verbose, "--verbose" },
		{ o->ci_summary, "--ci-summary" }, { o->summary_file, "--summary-file" }, { o->profile, "--profile" }, { o->events, "--events" },
	};
	uint32_t i;

	for (i = 0; i < COUNT(all); i++)
		if (all[i].given)
			return all[i].name;
	return NULL;
}

/* Reads the words behind `pull`: those of `vt run-many` that choose tasks. -1: err. */
static int pull_words(const struct session *s, int argc, char **argv, struct query_options *ret, struct err *err)
{
	const char *odd;
	uint32_t i;

	if (options_parse((uint32_t)argc - 1, (const char *const *)argv + 1, true, s->arena, ret, err) < 0)
		return -1;
	if (ret->help)
		return 0;
	odd = of_running(ret);
	if (odd)
		return err_set(err, ERR_USAGE, "'%s' has no meaning for `vt cache pull`, which runs nothing", odd);
	if (!ret->task)
		return err_set(err, ERR_USAGE, "the following required arguments were not provided:\n  <TASK>...");
	/* no package is chosen: the tasks of all packages */
	if (!options_scoped(ret))
		ret->recursive = true;
	for (i = 0; i < ret->tasks.n; i++)
		if (strchr(ret->tasks.at[i], '#'))
			ret->recursive = false;
	return 0;
}

int share_pull(const struct session *s, const struct command *c, int argc, char **argv)
{
	struct session here = *s;
	struct query_options options;
	struct asking k;
	struct err err = { 0 };
	uint32_t steps = 0, near = 0, came = 0;
	int code = 0;

	if (pull_words(s, argc, argv, &options, &err) < 0 || (options.dir && cmd_enter(&here, options.dir, &err) < 0))
		return cmd_fail(s, &err);
	if (options.help) {
		command_help(c, stdout);
		return 0;
	}
	if (asking_open(&k, &here, &err) == 0 && asking_plan(&k, &options, false, &err) == 0 &&
	    (!options.shards || run_cut_plan(&k.backend, &options, k.arena, k.plan, &err) == 0)) {
		k.backend.dry = false;
		if (open_shared(&k, &err) == 0) {
			cache_plan(k.backend.cache, k.plan);
			cache_pull(k.backend.cache, &steps, &near, &came);
		}
	}
	if (err.n)
		code = cmd_fail(s, &err);
	else
		printf("%u of %u steps came, %u hit already\n", came, steps, near);
	asking_close(&k);
	return code;
}

/* ---- keys ------------------------------------------------------------------------------- */

static void print_hex(const uint8_t *bytes)
{
	struct digest d;
	char hex[DIGEST_HEX_SIZE];

	memcpy(d.byte, bytes, sizeof d.byte);
	digest_hex(&d, hex);
	puts(hex);
}

static int show_public(const struct session *s)
{
	struct user_config user = { 0 };
	struct far_keys keys;
	struct err err = { 0 };
	uint8_t public[SIGN_PUBLIC_SIZE];

	if (user_config_read(places_env(s), NULL, &user, &err) == 0 &&
	    far_keys_read(s->env, cJSON_GetObjectItemCaseSensitive(user.plugins, "sharing"), &keys, &err) == 0) {
		if (keys.signs) {
			sign_public(keys.secret, public);
			print_hex(public);
		} else {
			err_set(&err, ERR_USER, "there is no key to sign with: neither `sharing.sign` in the user's configuration, nor VT_SIGN_KEY");
		}
	}
	user_config_free(&user);
	return err.n ? cmd_fail(s, &err) : 0;
}

int share_key(const struct session *s, const struct command_line *line)
{
	enum { NEW, SHOW_PUBLIC };
	static const char *const verbs[] = { [NEW] = "new", [SHOW_PUBLIC] = "show-public", NULL };
	struct err err = { 0 };
	uint8_t key[32];
	int verb = -1;

	if (line->words_n < 2)
		args_wrong(&line->args, &err, "the following required arguments were not provided:\n  <new|show-public>");
	else if (line->words_n > 2)
		args_unexpected(&line->args, line->words[2], &err);
	else
		verb = command_verb(&line->args, line->words[1], verbs, &err);
	if (verb < 0)
		return cmd_fail(s, &err);
	if (verb == SHOW_PUBLIC)
		return show_public(s);
	digest_random(key, sizeof key);
	print_hex(key);
	return 0;
}
