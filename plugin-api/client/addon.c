/* The client as a Node-API addon: what the npm package
 * @voidzero-dev/vite-task-client loads from VP_RUN_NODE_CLIENT_PATH.
 *
 * Nothing happens before load(). All state belongs to one of Node's environments, so that workers
 * may load and unload the addon. */
#define NAPI_VERSION 8
#include "config.h"

#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vt-client.h"

enum { ADDON_TEXT = 512 };              /* of one message */

/* A JavaScript string; a short one lies on the stack. */
struct text {
	char few[256], *at;
	size_t size;
	bool has_nul;
};

static void text_free(struct text *t)
{
	if (t->at != t->few)
		free(t->at);
}

static napi_value fail(napi_env env, const char *code, const char *message)
{
	bool pending = false;

	napi_is_exception_pending(env, &pending);
	if (!pending)
		napi_throw_error(env, code, message);
	return NULL;
}

static napi_value fail_call(napi_env env, int result)
{
	int error = errno;
	char message[ADDON_TEXT];

	if (result == VT_CLIENT_FAILED || result == VT_CLIENT_ARGUMENT)
		snprintf(message, sizeof message, "vt run client: %s: %s", vt_client_words(result), strerror(error));
	else
		snprintf(message, sizeof message, "vt run client: %s", vt_client_words(result));
	return fail(env, result == VT_CLIENT_ARGUMENT ? "InvalidArg" : "GenericFailure", message);
}

/* 0; 1: not a string; -1: thrown. */
static int get_text(napi_env env, napi_value v, struct text *ret)
{
	napi_valuetype type;

	if (napi_typeof(env, v, &type) != napi_ok || type != napi_string)
		return 1;
	if (napi_get_value_string_utf8(env, v, NULL, 0, &ret->size) != napi_ok)
		return 1;
	ret->at = ret->size < sizeof ret->few ? ret->few : malloc(ret->size + 1);
	if (!ret->at) {
		ret->at = ret->few;
		fail_call(env, VT_CLIENT_MEMORY);
		return -1;
	}
	napi_get_value_string_utf8(env, v, ret->at, ret->size + 1, &ret->size);
	ret->has_nul = strlen(ret->at) != ret->size;
	return 0;
}

/* Reads options?.tracked, by default true. false: an exception was thrown. */
static bool get_tracked(napi_env env, napi_value options, bool *ret)
{
	napi_valuetype type;
	napi_value tracked;

	*ret = true;
	if (napi_typeof(env, options, &type) != napi_ok || type != napi_object)
		return true;
	if (napi_get_named_property(env, options, "tracked", &tracked) != napi_ok ||
	    napi_typeof(env, tracked, &type) != napi_ok) {
		fail(env, "InvalidArg", "options.tracked cannot be read");
		return false;
	}
	if (type == napi_undefined)
		return true;
	if (type != napi_boolean || napi_get_value_bool(env, tracked, ret) != napi_ok) {
		fail(env, "BooleanExpected", "options.tracked must be a boolean");
		return false;
	}
	return true;
}

static vt_client *this_client(napi_env env, napi_callback_info info, napi_value *args, size_t n)
{
	napi_value self;
	size_t argc = n;
	void *client = NULL;

	if (napi_get_cb_info(env, info, &argc, args, &self, NULL) != napi_ok ||
	    napi_unwrap(env, self, &client) != napi_ok || !client) {
		napi_throw_type_error(env, NULL, "Illegal invocation");
		return NULL;
	}
	return client;
}

static bool is_utf8(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		unsigned c = *p++, more, low = 0x80, high = 0xbf;

		if (c < 0x80)
			continue;
		if (c >= 0xc2 && c <= 0xdf)
			more = 1;
		else if (c >= 0xe0 && c <= 0xef)
			more = 2;
		else if (c >= 0xf0 && c <= 0xf4)
			more = 3;
		else
			return false;
		/* the second byte's bounds exclude overlong forms, surrogates and characters past U+10FFFF */
		if (c == 0xe0)
			low = 0xa0;
		else if (c == 0xed)
			high = 0x9f;
		else if (c == 0xf0)
			low = 0x90;
		else if (c == 0xf4)
			high = 0x8f;
		if ((size_t)(end - p) < more || *p < low || *p > high)
			return false;
		for (p++; --more; p++)
			if ((*p & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static napi_value fail_value(napi_env env, const char *name)
{
	char message[ADDON_TEXT];

	snprintf(message, sizeof message, "env value for %.400s is not valid UTF-8", name);
	return fail(env, "GenericFailure", message);
}

/* ---- the methods ------------------------------------------------------------- */

static napi_value disable_cache(napi_env env, napi_callback_info info)
{
	vt_client *c = this_client(env, info, NULL, 0);
	int ret;

	if (!c)
		return NULL;
	ret = vt_client_disable_cache(c);
	return ret ? fail_call(env, ret) : NULL;
}

static napi_value ignore(napi_env env, napi_callback_info info, int (*say)(vt_client *, const char *))
{
	napi_value path;
	vt_client *c = this_client(env, info, &path, 1);
	struct text t = { .at = t.few };
	int ret;

	if (!c)
		return NULL;
	ret = get_text(env, path, &t);
	if (ret > 0)
		fail(env, "StringExpected", "the path must be a string");
	else if (!ret && t.has_nul)
		fail(env, "InvalidArg", "the path holds a NUL");
	else if (!ret && (ret = say(c, t.at)) != 0)
		fail_call(env, ret);
	text_free(&t);
	return NULL;
}

static napi_value ignore_input(napi_env env, napi_callback_info info)
{
	return ignore(env, info, vt_client_ignore_input);
}

static napi_value ignore_output(napi_env env, napi_callback_info info)
{
	return ignore(env, info, vt_client_ignore_output);
}

static napi_value ask_env(napi_env env, vt_client *c, const char *name, bool tracked)
{
	napi_value ret = NULL;
	char *value;
	size_t size;
	int error = vt_client_get_env(c, name, tracked, &value, &size);

	if (error == VT_CLIENT_NONE)
		return NULL;
	if (error)
		return fail_call(env, error);
	if (!is_utf8(value, size))
		fail_value(env, name);
	else if (napi_create_string_utf8(env, value, size, &ret) != napi_ok)
		ret = fail(env, "GenericFailure", "the value is too long for JavaScript");
	vt_client_free(value);
	return ret;
}

static napi_value get_env(napi_env env, napi_callback_info info)
{
	napi_value args[2], ret = NULL;
	vt_client *c = this_client(env, info, args, 2);
	struct text name = { .at = name.few };
	bool tracked;
	int bad;

	if (!c)
		return NULL;
	bad = get_text(env, args[0], &name);
	if (bad > 0)
		fail(env, "StringExpected", "the name must be a string");
	else if (!bad && get_tracked(env, args[1], &tracked) && !name.has_nul)
		ret = ask_env(env, c, name.at, tracked);
	text_free(&name);
	return ret;
}

struct collecting {
	napi_env env;
	napi_value into;
};

static int add_env(void *ctx, const char *name, const char *value, size_t size)
{
	struct collecting *to = ctx;
	napi_property_descriptor p = { .attributes = napi_default_jsproperty };

	if (!is_utf8(value, size)) {
		fail_value(to->env, name);
		return 1;
	}
	/* defined, not assigned: a variable may be called __proto__ */
	if (napi_create_string_utf8(to->env, name, NAPI_AUTO_LENGTH, &p.name) != napi_ok ||
	    napi_create_string_utf8(to->env, value, size, &p.value) != napi_ok ||
	    napi_define_properties(to->env, to->into, 1, &p) != napi_ok) {
		fail(to->env, "GenericFailure", "the variables do not fit into an object");
		return 1;
	}
	return 0;
}

/* A string is a glob, { prefix } a prefix. 0; -1: thrown. */
static int get_query(napi_env env, napi_value query, struct text *ret, int *ret_kind)
{
	napi_valuetype type = napi_undefined;
	napi_value prefix;
	int bad;

	napi_typeof(env, query, &type);
	*ret_kind = type == napi_object ? VT_CLIENT_PREFIX : VT_CLIENT_GLOB;
	if (type == napi_object) {
		if (napi_get_named_property(env, query, "prefix", &prefix) != napi_ok) {
			fail(env, "InvalidArg", "query.prefix cannot be read");
			return -1;
		}
		query = prefix;
	}
	bad = get_text(env, query, ret);
	if (bad > 0)
		fail(env, "InvalidArg", "the query must be a string or { prefix: string }");
	return bad ? -1 : 0;
}

static napi_value ask_envs(napi_env env, vt_client *c, int kind, const struct text *query, bool tracked)
{
	struct collecting to = { env, NULL };
	int error;

	if (napi_create_object(env, &to.into) != napi_ok)
		return fail(env, "GenericFailure", "no object could be made");
	if (query->has_nul)
		return to.into;         /* no variable's name has a NUL */
	error = vt_client_get_envs(c, kind, query->at, tracked, add_env, &to);
	if (error == VT_CLIENT_PATTERN) {
		char message[ADDON_TEXT];

		snprintf(message, sizeof message, "invalid glob pattern: \"%.400s\"", query->at);
		return fail(env, "GenericFailure", message);
	}
	if (error < 0)
		return fail_call(env, error);
	return error ? NULL : to.into;
}

static napi_value get_envs(napi_env env, napi_callback_info info)
{
	napi_value args[2], ret = NULL;
	vt_client *c = this_client(env, info, args, 2);
	struct text query = { .at = query.few };
	bool tracked;
	int kind;

	if (!c)
		return NULL;
	if (!get_query(env, args[0], &query, &kind) && get_tracked(env, args[1], &tracked))
		ret = ask_envs(env, c, kind, &query, tracked);
	text_free(&query);
	return ret;
}

/* ---- load -------------------------------------------------------------------- */

static void client_gone(napi_env env, void *client, void *hint)
{
	(void)env;
	(void)hint;
	vt_client_close(client);
}

/* `new client.constructor()` comes here too: that object has no client, and its methods throw. */
static napi_value construct(napi_env env, napi_callback_info info)
{
	napi_value self = NULL;

	napi_get_cb_info(env, info, NULL, NULL, &self, NULL);
	return self;
}

static napi_value load(napi_env env, napi_callback_info info)
{
	napi_value class, ret;
	napi_ref ref;
	char message[ADDON_TEXT];
	vt_client *c;
	int error = vt_client_open(NULL, 0, &c);

	(void)info;
	if (error == VT_CLIENT_NONE)
		return fail(env, "GenericFailure",
			    "vt run client: runner IPC env is not set; this module is only usable inside a `vt run` task");
	if (error) {
		snprintf(message, sizeof message, "vt run client: failed to connect to runner IPC: %s",
			 error == VT_CLIENT_FAILED ? strerror(errno) : vt_client_words(error));
		return fail(env, "GenericFailure", message);
	}
	if (napi_get_instance_data(env, (void **)&ref) != napi_ok || !ref ||
	    napi_get_reference_value(env, ref, &class) != napi_ok ||
	    napi_new_instance(env, class, 0, NULL, &ret) != napi_ok ||
	    napi_wrap(env, ret, c, client_gone, NULL, NULL) != napi_ok) {
		vt_client_close(c);
		return fail(env, "GenericFailure", "vt run client: no client object could be made");
	}
	return ret;
}

static void instance_gone(napi_env env, void *ref, void *hint)
{
	(void)hint;
	napi_delete_reference(env, ref);
}

NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports);

napi_value napi_register_module_v1(napi_env env, napi_value exports)
{
	static const napi_property_attributes usual = napi_default_method;
	const napi_property_descriptor methods[] = {
		{ "disableCache", NULL, disable_cache, NULL, NULL, NULL, usual, NULL },
		{ "getEnv", NULL, get_env, NULL, NULL, NULL, usual, NULL },
		{ "getEnvs", NULL, get_envs, NULL, NULL, NULL, usual, NULL },
		{ "ignoreInput", NULL, ignore_input, NULL, NULL, NULL, usual, NULL },
		{ "ignoreOutput", NULL, ignore_output, NULL, NULL, NULL, usual, NULL },
	};
	const napi_property_descriptor own = { "load", NULL, load, NULL, NULL, NULL, napi_default_jsproperty, NULL };
	napi_value class;
	napi_ref ref;

	if (napi_define_class(env, "RunnerClient", NAPI_AUTO_LENGTH, construct, NULL, sizeof methods / sizeof methods[0],
			      methods, &class) != napi_ok ||
	    napi_create_reference(env, class, 1, &ref) != napi_ok)
		return fail(env, "GenericFailure", "vt run client: Node refused the client's class");
	if (napi_set_instance_data(env, ref, instance_gone, NULL) != napi_ok ||
	    napi_define_properties(env, exports, 1, &own) != napi_ok)
		return fail(env, "GenericFailure", "vt run client: Node refused the module");
	return exports;
}
