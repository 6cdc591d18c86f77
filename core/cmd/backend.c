#include "config.h"

#include "cmd/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/texts.h"
#include "cache/cache.h"
#include "choose/choice.h"
#include "cmd/places.h"
#include "lock/lock.h"
#include "os/crash.h"
#include "os/file.h"
#include "os/terminal.h"
#include "plug/call.h"
#include "plug/setup.h"
#include "record/directory.h"
#include "report/warnings.h"
#include "text/path.h"
#include "text/json.h"
#include "text/shown.h"
#include "workspace/workspace.h"

enum { CHANGED_MAX = 1 << 26 };        /* bytes of paths that changed since a reference, at most */

void backend_init(struct backend *b, const struct session *s, bool dry)
{
	memset(b, 0, sizeof *b);
	b->dry = dry;
	b->code = -1;
	b->session = s;
	b->arena = arena_new();
}

static void plugin_warns(void *ctx, const char *text)
{
	const struct backend *b = ctx;

	warnings_add(b->session->warnings, text);
}

static void plugin_informs(void *ctx, const char *text)
{
	const struct backend *b = ctx;

	warnings_note(b->session->warnings, text);
}

/* Ends the program, because a plugin holds one of its threads. The supervisor ends the tasks. */
static void plugin_hangs(void *ctx, const char *text, int signum)
{
	const struct backend *b = ctx;
	int code = b->code;
	char line[1024], shown[768];

	shown_cut(shown, sizeof shown, text, strlen(text));
	if (code >= 0)
		snprintf(line, sizeof line, "warning: %s; vt ends without waiting for it\n", shown);
	else if (signum)
		snprintf(line, sizeof line, "error: %s; vt ends without waiting for it\n", shown);
	else
		snprintf(line, sizeof line, "error: %s\n* vt cannot go on; VT_PLUGIN_PATIENCE sets how many seconds it waits\n", shown);
	warnings_last(b->session->warnings, line);
	terminal_restore();
	_exit(code >= 0 ? code : signum ? 128 + signum : 1);
}

void backend_share(const struct session *s, const struct workspace *w, const struct user_config *user, const char *cache_dir, bool dry,
		   struct arena *a, struct far_keys *keys, struct worktree_share *ret)
{
	const struct choice_config config = { .workspace = w->plugins, .user = user->plugins };
	struct err err = { 0 };

	*ret = (struct worktree_share){ 0 };
	if (!choice_worktrees(&config, keys->keyed))
		return;
	if (worktree_share(places_env(s), w->root, cache_dir, dry, a, ret, &err) < 0)
		warnings_add(s->warnings, arena_printf(a, "results are not shared with other worktrees: %s", err_take(&err, a)));
	else if (ret->results && !keys->keyed)
		far_keys_of_worktrees(ret->key, keys);
}

int backend_plugins(struct backend *b, struct err *err)
{
	const struct session *s = b->session;
	struct plug_setup setup = {
		.root = b->workspace->root,
		.env = places_env(s),
		.workspace_config = b->workspace->plugins,
		.workspace_config_file = b->workspace->config_file,
		.warn = plugin_warns,
		.inform = b->informs ? plugin_informs : NULL,
		.hangs = plugin_hangs,
		.ctx = b,
	};

	if (b->plug)
		return 0;
	user_config_free(&b->user);
	if (directory_place(s->env, b->workspace->root, b->arena, &b->cache_dir, err) < 0 ||
	    installation_find(b->arena, &b->installation, err) < 0 || user_config_read(places_env(s), b->workspace->root, &b->user, err) < 0)
		return -1;
	if (b->user.ignored)
		warnings_add(s->warnings, b->user.ignored);
	if (far_keys_read(s->env, cJSON_GetObjectItemCaseSensitive(b->user.plugins, "sharing"), &b->keys, err) < 0)
		return -1;
	/* where this vt runs in a step that another one watches, that one must be able to read what it does */
	if ((b->keys.keyed || b->keys.signs || b->user.plugins) && !env_get(s->env, "FSPY"))
		crash_hide_memory();
	backend_share(s, b->workspace, &b->user, b->cache_dir, b->dry, b->arena, &b->keys, &b->share);
	setup.worktrees = b->share.results;
	setup.cache_dir = b->cache_dir;
	setup.system_dir = b->installation.plugins;
	setup.system_prefix = b->installation.prefix;
	setup.user_config = b->user.plugins;
	setup.user_config_file = b->user.file;
	return plug_new(&setup, &b->plug, err);
}

int backend_cache(struct backend *b, struct err *err)
{
	struct cache_setup setup = {
		.workspace = b->workspace,
		.env = b->session->env,
		.warn = warnings_add,
		.ctx = b->session->warnings,
		.dry = b->dry,
		.lists = b->lists,
		.explains = b->explains,
		.programs = b->session->programs,
	};

	if (b->cache_opened)
		return 0;
	if (backend_plugins(b, err) < 0 || plug_check_named(b->plug, err) < 0)
		return -1;
	setup.dir = b->cache_dir;
	setup.keys = &b->keys;
	setup.progress = warnings_note;
	setup.plug = b->plug;
	setup.prefetch = b->prefetch;
	b->prefetch = NULL;
	b->cache_opened = true;
	b->cache = cache_open(&setup);
	if (b->cache && !cache_works(b->cache)) {
		cache_close(b->cache);
		b->cache = NULL;
	}
	if (b->cache && !b->dry && b->share.is_new && b->share.main)
		worktree_fill(&b->share, b->installation.executable, env_entries(b->session->env, b->arena), warnings_note, b->session->warnings);
	return 0;
}

void backend_prefetch(struct backend *b, const char *root)
{
	const char *dir;

	/* a wrong setting is reported when the cache is opened */
	if (directory_place(b->session->env, root, b->arena, &dir, NULL) == 0)
		b->prefetch = cache_prefetch_start(dir, root);
}

/* ---- what has changed since ------------------------------------------------- */

/* Collects what a plugin writes. */
struct bytes_sink {
	vt_sink sink;                  /* first: the plugin gets its address */
	struct buf bytes;
};

static vt_status write_bytes(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	call_check(call, 1, "vt_sink.write");
	if (buf_add(&((struct bytes_sink *)sink)->bytes, data, size) < 0)
		return VT_FAILED;
	sink->got += size;
	return VT_OK;
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

int backend_changed_since(struct backend *b, const char *reference, struct arena *a, struct texts *ret, struct err *err)
{
	struct bytes_sink sink = { .sink = { .struct_size = sizeof(vt_sink), .write = write_bytes, .most = UINT64_MAX } };
	const vt_fingerprint_ops *ops;
	vt_bytes root = { b->workspace->root, strlen(b->workspace->root) }, ref = { reference, strlen(reference) };
	struct component *c;
	struct plug_call call;
	vt_status status;
	const char *at;

	if (backend_plugins(b, err) < 0)
		return -1;
	if (!(c = who_knows(b->plug)))
		return err_set(err, ERR_USER, "the plugin 'fingerprint-git', which knows what has changed, cannot be used");
	ops = component_ops(c);
	buf_init(&sink.bytes, CHANGED_MAX);
	call_begin(&call, c, "changed_since");
	status = call_end(&call, ops->changed_since(component_self(c), &call.call, root, ref, &sink.sink));
	if (status != VT_OK) {
		buf_free(&sink.bytes);
		return err_set(err, ERR_USER, "%s", call.text[0] ? call.text : "there is no such git reference");
	}
	for (at = sink.bytes.data; at && at < sink.bytes.data + sink.bytes.size; at += strlen(at) + 1)
		texts_add(a, ret, arena_str(a, at));
	buf_free(&sink.bytes);
	return 0;
}

/* A file's content at a reference, ended by NUL. 1: it is not there. */
static int content_at(struct backend *b, const char *reference, const char *path, struct buf *ret, struct err *err)
{
	struct bytes_sink sink = { .sink = { .struct_size = sizeof(vt_sink), .write = write_bytes, .most = UINT64_MAX } };
	vt_bytes root = { b->workspace->root, strlen(b->workspace->root) }, ref = { reference, strlen(reference) }, file = { path, strlen(path) };
	struct component *c = who_knows(b->plug);
	const vt_fingerprint_ops *ops = c ? component_ops(c) : NULL;
	struct plug_call call;
	vt_status status;

	if (!ops || !VT_HAS(ops, content_at))
		return err_set(err, ERR_USER, "the plugin that knows what has changed does not know what was there before");
	buf_init(&sink.bytes, LOCK_FILE_MAX);
	call_begin(&call, c, "content_at");
	status = call_end(&call, ops->content_at(component_self(c), &call.call, root, ref, file, &sink.sink));
	buf_str(&sink.bytes);
	*ret = sink.bytes;
	if (status == VT_OK || status == VT_NONE)
		return status == VT_NONE;
	return err_set(err, ERR_USER, "%s", call.text[0] ? call.text : "what was there before cannot be read");
}

/* -1: err: it cannot be known. */
static int compare(struct backend *b, const char *reference, const char *path, bool *ret, struct err *err)
{
	struct arena *a = arena_new();
	struct bytes now;
	struct buf then;
	int r;

	buf_init(&then, LOCK_FILE_MAX);
	r = file_read(path_join(a, b->workspace->root, path), LOCK_FILE_MAX, a, &now, err);
	if (r > 0)
		r = err_set(err, ERR_USER, "%s is not there any more", path);
	if (r == 0)
		r = content_at(b, reference, path, &then, err);
	if (r > 0)
		r = err_set(err, ERR_USER, "%s was not there", path);
	if (r == 0)
		r = lock_compare(b->workspace, path, (struct bytes){ then.data, then.size }, now, ret, err);
	buf_free(&then);
	arena_free(a);
	return r;
}

bool backend_relocked(struct backend *b, const char *reference, const char *path, const char *asked, bool *ret)
{
	struct err err = { 0 };
	char *text;

	if (!lock_is(path))
		return false;
	if (compare(b, reference, path, ret, &err) < 0) {
		memset(ret, true, b->workspace->packages_n * sizeof *ret);
		text = err_join(&err);
		warnings_add(b->session->warnings, arena_printf(b->arena, "%s: what changed in %s is not known, so all packages count as changed: %s", asked, path, text));
		free(text);
		err_clear(&err);
	}
	return true;
}

void backend_close_cache(struct backend *b)
{
	if (b->cache)
		cache_close(b->cache);
	if (b->plug)
		plug_free(b->plug);
	cache_prefetch_free(b->prefetch);
	b->cache = NULL;
	b->plug = NULL;
	b->prefetch = NULL;
}

void backend_close(struct backend *b)
{
	backend_close_cache(b);
	user_config_free(&b->user);
	arena_free(b->arena);
	memset(b, 0, sizeof *b);
}
