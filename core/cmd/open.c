#include "config.h"

#include "cmd/open.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "cache/prefetch.h"
#include "plug/call.h"
#include "plug/setup.h"
#include "record/directory.h"
#include "workspace/workspace.h"

enum { CHANGED_MAX = 1 << 26 };        /* bytes of paths since a reference */

void open_init(struct open *o, const struct session *s, bool dry)
{
	memset(o, 0, sizeof *o);
	o->dry = dry;
	o->code = -1;
	o->session = s;
	o->arena = arena_new();
}

/* A plugin does not come back, and with it a thread of this program. The supervisor ends the tasks. */
static void plugin_hangs(void *ctx, const char *text)
{
	const struct open *o = ctx;
	int code = o->code;

	if (code >= 0)
		fprintf(stderr, "warning: %s; vt ends without waiting for it\n", text);
	else
		fprintf(stderr, "error: %s\n* vt cannot go on; VT_PLUGIN_PATIENCE sets how many seconds it waits\n", text);
	_exit(code >= 0 ? code : 1);
}

static int plugins_now(struct open *o, struct err *err)
{
	const struct session *s = o->session;
	struct plug_setup setup = {
		.root = o->workspace->root,
		.env = s->env,
		.workspace_config = o->workspace->plugins,
		.workspace_config_file = o->workspace->config_file,
		.warn = cmd_warn,
		.hangs = plugin_hangs,
		.ctx = o,
	};

	if (o->plug)
		return 0;
	user_config_free(&o->user);
	if (directory_place(s->env, o->workspace->root, o->arena, &o->cache_dir, err) < 0 ||
	    file_places(o->arena, &o->places, err) < 0 || user_config_read(s->env, &o->user, err) < 0)
		return -1;
	setup.cache_dir = o->cache_dir;
	setup.system_dir = o->places.plugins;
	setup.user_config = o->user.plugins;
	setup.user_config_file = o->user.file;
	return plug_new(&setup, &o->plug, err);
}

static int cache_now(struct open *o, struct err *err)
{
	struct cache_setup setup = {
		.workspace = o->workspace,
		.env = o->session->env,
		.warn = cmd_warn,
		.ctx = (void *)(uintptr_t)o->session,
		.dry = o->dry,
		.programs = o->session->programs,
	};

	if (plugins_now(o, err) < 0 || plug_check_named(o->plug, err) < 0)
		return -1;
	setup.dir = o->cache_dir;
	setup.plug = o->plug;
	setup.prefetch = o->prefetch;
	o->prefetch = NULL;
	o->cache_opened = true;
	o->cache = cache_open(&setup);
	if (o->cache && !cache_works(o->cache)) {
		cache_close(o->cache);
		o->cache = NULL;
	}
	return 0;
}

/* ---- ahead ------------------------------------------------------------------ */

/* What fails here is tried again, and told, by whoever needs it. */
static void *open_all(void *ctx)
{
	struct err err = { 0 };

	(void)cache_now(ctx, &err);
	err_clear(&err);
	return NULL;
}

void open_read_ahead(struct open *o, const char *root)
{
	const char *dir;

	/* a setting that is wrong is told when the cache is opened */
	if (directory_place(o->session->env, root, o->arena, &dir, NULL) == 0)
		o->prefetch = cache_prefetch_start(dir);
}

void open_ahead(struct open *o)
{
	/* where there is much to read there is a cache, and it is as good as certain that it is wanted */
	if (o->prefetch)
		o->opening = pthread_create(&o->opener, NULL, open_all, o) == 0;
}

static void wait_for_opener(struct open *o)
{
	if (o->opening)
		pthread_join(o->opener, NULL);
	o->opening = false;
}

int open_plugins(struct open *o, struct err *err)
{
	wait_for_opener(o);
	return plugins_now(o, err);
}

int open_cache(struct open *o, struct err *err)
{
	wait_for_opener(o);
	return o->cache_opened ? 0 : cache_now(o, err);
}

/* ---- what has changed since ------------------------------------------------- */

/* Paths as they are told, each ended by NUL. */
struct paths_sink {
	vt_sink sink;                  /* first: what the plugin gets */
	struct buf bytes;
};

static vt_status write_paths(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	call_check(call, 1, "vt_sink.write");
	return buf_add(&((struct paths_sink *)sink)->bytes, data, size) < 0 ? VT_FAILED : VT_OK;
}

static struct component *who_knows(struct plug *plug)
{
	static const char *const names[] = { NULL, "fingerprint-git" };
	uint32_t i;

	for (i = 0; i < COUNT(names); i++) {
		struct component *c = names[i] ? plug_named(plug, names[i]) : plug_fingerprint(plug);
		const vt_fingerprint_ops *ops = c ? component_ops(c) : NULL;

		if (c && component_description(c)->kind == VT_KIND_FINGERPRINT && ops && ops->changed_since)
			return c;
	}
	return NULL;
}

int open_changed_since(struct open *o, const char *reference, struct arena *a, struct texts *ret, struct err *err)
{
	struct paths_sink sink = { .sink.write = write_paths };
	const vt_fingerprint_ops *ops;
	vt_bytes root = { o->workspace->root, strlen(o->workspace->root) }, ref = { reference, strlen(reference) };
	struct component *c;
	struct plug_call call;
	vt_status status;
	const char *at;

	if (open_plugins(o, err) < 0)
		return -1;
	if (!(c = who_knows(o->plug)))
		return err_set(err, ERR_USER, "the plugin 'fingerprint-git', which knows what has changed, cannot be used");
	ops = component_ops(c);
	buf_init(&sink.bytes, CHANGED_MAX);
	call_begin(&call, c, "changed_since");
	status = call_end(&call, ops->changed_since(component_self(c), &call.call, root, ref, &sink.sink));
	if (status != VT_OK) {
		buf_free(&sink.bytes);
		return err_set(err, ERR_USER, "%s", call.text[0] ? call.text : "there is no such git reference");
	}
	for (at = sink.bytes.data; at && at < sink.bytes.data + sink.bytes.size; at += strlen(at) + 1) {
		ret->at = arena_grow(a, ret->at, ret->n, sizeof *ret->at);
		ret->at[ret->n++] = arena_str(a, at);
	}
	buf_free(&sink.bytes);
	return 0;
}

void open_close_cache(struct open *o)
{
	wait_for_opener(o);
	if (o->cache)
		cache_close(o->cache);
	if (o->plug)
		plug_free(o->plug);
	cache_prefetch_free(o->prefetch);
	o->cache = NULL;
	o->plug = NULL;
	o->prefetch = NULL;
}

void open_close(struct open *o)
{
	open_close_cache(o);
	user_config_free(&o->user);
	arena_free(o->arena);
	memset(o, 0, sizeof *o);
}
