/* The host side of plugins, with a real plugin: tests/plugins/vt-scripted.so. */
#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/env.h"
#include "plug/inside.h"
#include "plug/stores.h"
#include "choose/value.h"
#include "text/json.h"

struct world {
	struct arena *arena;
	const struct env *env;
	char folder[64];
	char file[96];             /* <folder>/vite-task.json */
	struct json_doc *workspace, *user;
	struct plug *plug;
	struct err err;
	char warned[2000];         /* each warning, a line */
};

/* Keeps each text once, as vt shows it. */
static void on_warn(void *ctx, const char *text)
{
	struct world *w = ctx;
	const char *at = strstr(w->warned, text);

	if (at && at[strlen(text)] == '\n')
		return;
	strncat(w->warned, text, sizeof w->warned - strlen(w->warned) - 2);
	strcat(w->warned, "\n");
}

static struct json_doc *doc(const char *text, struct world *w)
{
	struct json_doc *d = NULL;

	if (text)
		assert_int_equal(json_read("config.json", text, strlen(text), JSON_COMMENTS, &d, &w->err), 0);
	return d;
}

/* The two configurations: whole files. Returns what plug_new returned. */
static int world_make(struct world *w, const char *workspace, const char *user)
{
	static char path[4200];
	char *entries[] = { path, NULL };
	struct plug_setup setup;
	FILE *f;

	memset(w, 0, sizeof *w);
	w->arena = arena_new();
	snprintf(path, sizeof path, "VT_PLUGIN_PATH=%s/tests/plugins/.libs", getenv("abs_top_builddir") ? getenv("abs_top_builddir") : ".");
	w->env = env_from(w->arena, entries);
	strcpy(w->folder, "/tmp/vt-plug-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->file, sizeof w->file, "%s/vite-task.json", w->folder);
	f = fopen(w->file, "w");
	fputs(workspace ? workspace : "{}", f);
	fclose(f);
	w->workspace = doc(workspace, w);
	w->user = doc(user, w);
	setup = (struct plug_setup){
		.root = w->folder, .cache_dir = NULL, .system_dir = "/nowhere", .env = w->env,
		.workspace_config = w->workspace ? cJSON_GetObjectItem(json_root(w->workspace), "plugins") : NULL,
		.workspace_config_file = w->file,
		.user_config = w->user ? cJSON_GetObjectItem(json_root(w->user), "plugins") : NULL,
		.user_config_file = NULL, .warn = on_warn, .ctx = w,
	};
	return plug_new(&setup, &w->plug, &w->err);
}

static void world_free(struct world *w)
{
	plug_free(w->plug);
	json_free(w->workspace);
	if (w->user)
		json_free(w->user);
	unlink(w->file);
	rmdir(w->folder);
	err_clear(&w->err);
	arena_free(w->arena);
}

static const char *status_of(struct world *w, const char *name)
{
	struct component *c = plug_named(w->plug, name);
	struct plug_call call;
	const char *word;

	assert_non_null(c);
	call_begin(&call, c, "status");
	word = component_description(c)->status(component_self(c), &call.call);
	call_end(&call, VT_OK);
	return word;
}

/* ---- what is put and taken -------------------------------------------------- */

struct text_source {
	vt_source source;
	const char *text;
};

static vt_status text_read(vt_source *s, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct text_source *t = (struct text_source *)s;
	size_t n = strlen(t->text + at);

	(void)call;
	n = n < size ? n : size;
	memcpy(buffer, t->text + at, n);
	*ret = n;
	return VT_OK;
}

static struct text_source source_of(const char *text)
{
	return (struct text_source){ .source = { .struct_size = sizeof(vt_source), .read = text_read, .size = strlen(text) }, .text = text };
}

struct text_into {
	struct stores_into into;
	char got[300];
	size_t n;
	const char *want;
	struct text_source filling;
};

static vt_status into_write(vt_sink *s, vt_call *call, const void *data, size_t size)
{
	struct text_into *t = (struct text_into *)s;

	(void)call;
	memcpy(t->got + t->n, data, size);
	t->n += size;
	t->got[t->n] = '\0';
	return VT_OK;
}

static vt_status into_restart(vt_sink *s, vt_call *call)
{
	(void)call;
	((struct text_into *)s)->n = 0;
	return VT_OK;
}

static bool into_good(struct stores_into *s)
{
	return strcmp(((struct text_into *)s)->got, ((struct text_into *)s)->want) == 0;
}

static vt_source *into_bytes(struct stores_into *s)
{
	struct text_into *t = (struct text_into *)s;

	t->filling = source_of(t->got);
	return &t->filling.source;
}

static vt_status get(struct world *w, const vt_id *id, const char *want, struct text_into *ret)
{
	*ret = (struct text_into){
		.into = { .sink = { .struct_size = sizeof(vt_sink), .write = into_write, .restart = into_restart, .most = UINT64_MAX },
			  .check = into_good, .reopen = into_bytes },
		.want = want,
	};
	return stores_get(w->plug, VT_SPACE_BLOB, id, &ret->into, NULL);
}

static vt_status put(struct world *w, const vt_id *id, const char *text)
{
	struct text_source from = source_of(text);
	vt_put_item item = { .name = *id, .from = &from.source };

	stores_put_many(w->plug, VT_SPACE_BLOB, &item, 1, NULL);
	return item.status;
}

static const vt_id id = { { 1, 2, 3 } };

/* ---- stories ------------------------------------------------------------------ */

static void an_object_of_a_later_store_fills_the_earlier_one(void **state)
{
	struct world w;
	struct text_into into;

	(void)state;
	assert_int_equal(world_make(&w, "{\"plugins\": {\"stores\": [\"near\", \"far\"]}}", NULL), 0);
	assert_int_equal(get(&w, &id, "text", &into), VT_NONE);
	assert_int_equal(put(&w, &id, "text"), VT_OK);
	assert_int_equal(get(&w, &id, "text", &into), VT_OK);
	assert_string_equal(into.got, "text");
	assert_string_equal(status_of(&w, "far"), "token= url= calls=1 most=1");   /* near had it */
	assert_string_equal(w.warned, "");
	world_free(&w);
}

static void a_damaged_blob_is_dropped_and_healed(void **state)
{
	struct world w;
	struct text_into into;

	(void)state;
	assert_int_equal(world_make(&w, "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"script\": \"damage\"}, \"far\"]}}", NULL), 0);
	assert_int_equal(put(&w, &id, "text"), VT_OK);
	assert_int_equal(get(&w, &id, "text", &into), VT_OK);
	assert_string_equal(into.got, "text");
	assert_string_equal(w.warned, "plugin 'near': a damaged blob was dropped\n");
	world_free(&w);
}

static void a_store_that_cannot_take_is_still_asked(void **state)
{
	struct world w;
	struct text_into into;

	(void)state;
	assert_int_equal(world_make(&w, "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"script\": \"fail-put\"}, \"far\"]}}", NULL), 0);
	assert_int_equal(put(&w, &id, "text"), VT_OK);
	assert_int_equal(put(&w, &id, "text"), VT_OK);
	assert_int_equal(get(&w, &id, "text", &into), VT_OK);
	assert_string_equal(status_of(&w, "near"), "token= url= calls=1 most=1");
	assert_string_equal(w.warned, "plugin 'near': the disk is full; nothing more is kept there in this run\n");
	world_free(&w);
}

static void answers_that_fail_are_told_once_and_then_not_asked_for(void **state)
{
	struct world w;
	struct text_into into;
	int i;

	(void)state;
	assert_int_equal(world_make(&w, "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"script\": \"fail-get\"}]}}", NULL), 0);
	for (i = 0; i < 6; i++)
		assert_int_equal(get(&w, &id, "text", &into), i < 3 ? VT_FAILED : VT_NONE);
	assert_string_equal(status_of(&w, "near"), "token= url= calls=3 most=1");
	assert_string_equal(w.warned, "plugin 'near': the line is cut\n"
			    "plugin 'near': the line is cut; it is not used any more in this run\n");
	world_free(&w);
}

static vt_status refuse(vt_sink *s, vt_call *call, const void *data, size_t size)
{
	(void)call, (void)data, (void)size;
	((struct stores_into *)s)->refused = true;
	return VT_FAILED;
}

static void an_object_that_the_caller_cannot_take_does_not_blame_the_store(void **state)
{
	struct stores_into into = { .sink = { .struct_size = sizeof(vt_sink), .write = refuse, .restart = into_restart } };
	struct world w;
	int i;

	(void)state;
	assert_int_equal(world_make(&w, "{\"plugins\": {\"stores\": [\"near\", \"far\"]}}", NULL), 0);
	assert_int_equal(put(&w, &id, "text"), VT_OK);
	for (i = 0; i < 6; i++)
		assert_int_equal(stores_get(w.plug, VT_SPACE_BLOB, &id, &into, NULL), VT_FAILED);
	assert_string_equal(status_of(&w, "near"), "token= url= calls=6 most=1");
	assert_string_equal(status_of(&w, "far"), "token= url= calls=0 most=0");
	assert_string_equal(w.warned, "");
	world_free(&w);
}

static void a_status_that_means_nothing_is_a_failure(void **state)
{
	struct world w;
	struct text_into into;

	(void)state;
	assert_int_equal(world_make(&w, "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"script\": \"unknown-status\"}]}}", NULL), 0);
	assert_int_equal(get(&w, &id, "text", &into), VT_FAILED);
	assert_string_equal(w.warned, "plugin 'near': get answered 4711, which means nothing\n");
	world_free(&w);
}

struct asker {
	struct world *w;
	pthread_t thread;
};

static void *ask(void *ctx)
{
	struct asker *a = ctx;
	struct text_into into;
	int i;

	for (i = 0; i < 10; i++)
		get(a->w, &id, "text", &into);
	return NULL;
}

static void no_more_threads_call_a_plugin_than_it_allows(void **state)
{
	static const struct { const char *name; bool alone; } cases[] = { { "near", true }, { "far", false } };
	char config[120];
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct asker askers[4];
		struct world w;
		const char *word;

		snprintf(config, sizeof config, "{\"plugins\": {\"stores\": [{\"use\": \"%s\", \"script\": \"slow\"}]}}", cases[i].name);
		assert_int_equal(world_make(&w, config, NULL), 0);
		for (k = 0; k < COUNT(askers); k++) {
			askers[k].w = &w;
			assert_int_equal(pthread_create(&askers[k].thread, NULL, ask, &askers[k]), 0);
		}
		for (k = 0; k < COUNT(askers); k++)
			pthread_join(askers[k].thread, NULL);
		word = status_of(&w, cases[i].name);
		if (cases[i].alone)
			assert_string_equal(word, "token= url= calls=40 most=1");
		else
			assert_null(strstr(word, "most=1"));
		world_free(&w);
	}
}

static void a_named_plugin_must_work(void **state)
{
	struct world w;

	(void)state;
	assert_int_equal(world_make(&w, "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"script\": \"no-start\"}]}}", NULL), 0);
	assert_int_equal(plug_check_named(w.plug, &w.err), -1);
	assert_string_equal(w.err.text[0], "Plugin 'near' cannot be used");
	assert_string_equal(w.err.text[1], "nobody answers");
	world_free(&w);
}

static void a_missing_default_plugin_is_one_warning(void **state)
{
	struct world w;
	struct text_into into;
	char why[200];

	(void)state;
	assert_int_equal(world_make(&w, NULL, NULL), 0);
	assert_int_equal(plug_check_named(w.plug, &w.err), 0);
	assert_int_equal(get(&w, &id, "text", &into), VT_NONE);
	assert_int_equal(get(&w, &id, "text", &into), VT_NONE);
	assert_null(plug_fingerprint(w.plug));
	assert_null(plug_tracer(w.plug));
	assert_int_equal(plug_roles(w.plug), 0);
	assert_string_equal(w.warned, "plugin 'store-local' cannot be used: no vt-store-local.so was found\n"
			    "plugin 'fingerprint-content' cannot be used: no vt-fingerprint-content.so was found\n");
	plug_tracer_why(w.plug, why, sizeof why);
	assert_string_equal(why, "plugin 'trace-linux' cannot be used: no vt-trace-linux.so was found");
	plug_role_why(w.plug, VT_ROLE_ENV, why, sizeof why);
	assert_string_equal(why, "plugin 'env-tracking' cannot be used: no vt-env-tracking.so was found");
	world_free(&w);
}

static void a_component_that_is_switched_off_says_so(void **state)
{
	struct world w;
	char why[200];

	(void)state;
	assert_int_equal(world_make(&w, "{\"plugins\": {\"tracer\": false, \"parts\": {\"auto-input\": false}}}", NULL), 0);
	plug_tracer_why(w.plug, why, sizeof why);
	assert_string_equal(why, "plugin 'trace-linux' is switched off");
	plug_role_why(w.plug, VT_ROLE_INPUT, why, sizeof why);
	assert_string_equal(why, "plugin 'auto-input' is switched off");
	world_free(&w);
}

/* What a configuration comes to: an error, or none. */
static void configurations(void **state)
{
	size_t i;

	static const struct { const char *workspace, *user, *error; } cases[] = {
		{ "{\"plugins\": {\"stores\": [\"near\"]}}", NULL, NULL },
		{ "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"nosuch\": 1}]}}", NULL,
		  "vite-task.json:1:51: 'near' has no option `nosuch`" },
		{ "{\n \"plugins\": {\n  \"stores\": [{\"use\": \"near\",\n   \"helper\": \"/bin/sh\"}]}}", NULL,
		  "vite-task.json:4:14: option `helper` of 'near' is taken from the user's configuration only" },
		{ "{\"plugins\": {\"stores\": [\"near\"]}}", "{\"plugins\": {\"options\": {\"near\": {\"helper\": \"/bin/sh\"}}}}", NULL },
		{ "{\"plugins\": {\"stores\": [\"near\"]}}", "{\"plugins\": {\"options\": {\"near\": {\"helper\": \"bin/sh\"}}}}",
		  "the user's configuration: option `helper` of 'near' must be an absolute path" },
		{ "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"token\": \"x\"}]}}", NULL,
		  "vite-task.json:1:50: option `token` of 'near' is taken from the user's configuration only" },
		{ "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"url\": \"https://evil\"}]}}", "{\"plugins\": {\"options\": {\"near\": {\"token\": \"x\"}}}}",
		  "vite-task.json:1:48: where 'near' connects to, `url`, is taken from the user's configuration only; the workspace may name it as `optional`" },
		{ "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"mirror\": \"https://evil\"}]}}",
		  "{\"plugins\": {\"options\": {\"near\": {\"url\": \"https://a\", \"token\": \"x\"}}}}",
		  "vite-task.json:1:51: where 'near' connects to, `mirror`, is taken from the user's configuration only; the workspace may name it as `optional`" },
		{ "{\"plugins\": {\"stores\": [\"near\", \"near\"]}}", NULL, "vite-task.json:1:33: the store 'near' is listed twice; `as` gives the second a name of its own" },
		{ "{\"plugins\": {\"stores\": [\"near\", {\"use\": \"near\", \"as\": \"pr\", \"timeout\": \"5s\", \"below\": \"9 MiB\", \"budget\": \"1m\"}]}}",
		  "{\"plugins\": {\"options\": {\"pr\": {\"mode\": \"read\", \"unsealed\": true}}}}", NULL },
		{ "{\"plugins\": {\"stores\": [\"near\", {\"use\": \"near\", \"as\": \"../x\"}]}}", NULL, "vite-task.json:1:33: `as` must be a name of a-z 0-9 . _ -" },
		{ "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"mode\": \"read\"}]}}", NULL,
		  "vite-task.json:1:49: `mode` of a store is taken from the user's configuration only" },
		{ "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"unsealed\": true}]}}", NULL,
		  "vite-task.json:1:53: `unsealed` of a store is taken from the user's configuration only" },
		{ "{\"plugins\": {\"stores\": [\"near\"]}}", "{\"plugins\": {\"options\": {\"near\": {\"mode\": \"push\"}}}}",
		  "the user's configuration: `mode` must be \"read\", \"write\" or \"both\"" },
		{ "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"timeout\": \"soon\"}]}}", NULL,
		  "vite-task.json:1:52: `timeout` must be a duration as 500ms, 30s, 5m, 2h or 1d" },
		{ "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"budget\": \"lots\"}]}}", NULL,
		  "vite-task.json:1:51: `budget` must be a duration as 30s or a size as 500 MiB" },
		{ "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"optional\": 1}]}}", NULL, "vite-task.json:1:53: `optional` must be true or false" },
		{ "{\"plugins\": {\"stores\": [\"near\", {\"use\": \"nowhere\", \"optional\": true}]}}", NULL, NULL },
		{ "{\"plugins\": {\"stores\": [\"../near\"]}}", NULL,
		  "vite-task.json:1:25: '../near' is not a plugin's name: it is given by name, never by path" },
		{ "{\"plugins\": {\"stores\": {}}}", NULL, "vite-task.json:1:24: `plugins.stores` must be a list; found map" },
		{ "{\"plugins\": {\"nosuch\": 1}}", NULL, "vite-task.json:1:24: unknown key `nosuch` in `plugins`; known are tracer, fingerprint, stores, parts, worktrees, options" },
		{ "{\"plugins\": {\"credentials\": {}}}", NULL, "vite-task.json:1:29: `plugins.credentials` is taken from the user's configuration only" },
		{ "{\"plugins\": {\"fingerprint\": \"near\"}}", NULL, "it is a store, not a fingerprint" },
		{ "{\"plugins\": {\"parts\": {\"near\": 1}}}", NULL,
		  "vite-task.json:1:32: `plugins.parts.near` must be true, false or a map of options; found integer `1`" },
	};

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct world w;
		int rc = world_make(&w, cases[i].workspace, cases[i].user);

		if (rc == 0)
			rc = plug_check_named(w.plug, &w.err);
		if (!cases[i].error) {
			assert_int_equal(rc, 0);
		} else {
			assert_int_equal(rc, -1);
			assert_string_equal(w.err.text[w.err.n - 1], cases[i].error);
		}
		world_free(&w);
	}
}

static void a_token_goes_to_its_origin_alone(void **state)
{
	static const struct { const char *options, *status; } cases[] = {
		{ "\"url\": \"https://cache.corp/a\"", "token=t0p url=https://cache.corp/a calls=0 most=0" },
		{ "\"url\": \"https://cache.corp.evil/a\"", "token= url=https://cache.corp.evil/a calls=0 most=0" },
		{ "\"url\": \"https://cache.corp@evil/a\"", "token= url=https://cache.corp@evil/a calls=0 most=0" },
		/* a second place to which the token could be sent */
		{ "\"url\": \"https://cache.corp/a\", \"mirror\": \"https://evil/a\"", "token= url=https://cache.corp/a calls=0 most=0" },
		{ "\"url\": \"https://cache.corp/a\", \"mirror\": \"https://cache.corp/b\"", "token=t0p url=https://cache.corp/a calls=0 most=0" },
	};
	char user[400];
	struct world w;
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		snprintf(user, sizeof user, "{\"plugins\": {\"options\": {\"near\": {%s}}, \"credentials\": {\"https://Cache.corp\": {\"token\": \"t0p\"}}}}",
			 cases[i].options);
		assert_int_equal(world_make(&w, "{\"plugins\": {\"stores\": [\"near\"]}}", user), 0);
		assert_string_equal(status_of(&w, "near"), cases[i].status);
		world_free(&w);
	}
}

static void the_users_configuration_wins(void **state)
{
	struct world w;

	(void)state;
	assert_int_equal(world_make(&w, "{\"plugins\": {\"stores\": [{\"use\": \"near\", \"script\": \"no-start\"}]}}",
				    "{\"plugins\": {\"options\": {\"near\": {\"url\": \"https://b\", \"script\": \"\"}}}}"), 0);
	assert_string_equal(status_of(&w, "near"), "token= url=https://b calls=0 most=0");
	world_free(&w);
}

static void values_of_options_are_handed_on_in_one_form(void **state)
{
	static const struct { const char *type, *text, *given; } values[] = {
		{ "size", "0", "0" }, { "size", "1.5 GiB", "1610612736" }, { "size", "10GB", "10000000000" }, { "size", "7", "7" },
		{ "size", "1e40", NULL }, { "size", "", NULL }, { "size", "x", NULL }, { "size", "-1", NULL }, { "size", "5 miles", NULL },
		{ "size", "nan", NULL }, { "size", "0x10", NULL },
		{ "duration", "90s", "90000" }, { "duration", "1.5h", "5400000" }, { "duration", "1d", "86400000" }, { "duration", "250 ms", "250" },
		{ "duration", "5", NULL }, { "duration", "5 weeks", NULL },
		{ "bool", "true", "1" }, { "bool", "false", "0" }, { "bool", "yes", NULL },
		{ "int", "-12", "-12" }, { "int", "1.5", NULL }, { "int", "99999999999999999999", NULL },
		{ "url", "https://x:1/y", "https://x:1/y" }, { "url", "x", NULL }, { "path", "/a b", "/a b" }, { "path", "a", NULL },
		{ "string", "", "" },
	};
	const char *expected;
	char *given;
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(values); i++) {
		expected = value_canonical(values[i].type, values[i].text, &given);
		if (!values[i].given && expected && !given)
			continue;
		if (expected || !given || !values[i].given || strcmp(given, values[i].given) != 0)
			fail_msg("%s '%s' gives '%s', expected '%s'", values[i].type, values[i].text, given ? given : "nothing",
				 values[i].given ? values[i].given : "nothing");
		free(given);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_of_a_later_store_fills_the_earlier_one),
		cmocka_unit_test(a_damaged_blob_is_dropped_and_healed),
		cmocka_unit_test(a_store_that_cannot_take_is_still_asked),
		cmocka_unit_test(answers_that_fail_are_told_once_and_then_not_asked_for),
		cmocka_unit_test(an_object_that_the_caller_cannot_take_does_not_blame_the_store),
		cmocka_unit_test(a_status_that_means_nothing_is_a_failure),
		cmocka_unit_test(no_more_threads_call_a_plugin_than_it_allows),
		cmocka_unit_test(a_named_plugin_must_work),
		cmocka_unit_test(a_missing_default_plugin_is_one_warning),
		cmocka_unit_test(a_component_that_is_switched_off_says_so),
		cmocka_unit_test(configurations),
		cmocka_unit_test(a_token_goes_to_its_origin_alone),
		cmocka_unit_test(the_users_configuration_wins),
		cmocka_unit_test(values_of_options_are_handed_on_in_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
