/* component: starts a component. It finds and loads the plugin's file, checks the options, then
 * calls create, set and start. All but component_start itself runs under plug->lock. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plug/inside.h"
#include "choose/value.h"
#include "text/path.h"

static bool unusable(struct component *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool unusable(struct component *c, const char *fmt, ...)
{
	va_list ap;

	free(c->why);
	va_start(ap, fmt);
	if (vasprintf(&c->why, fmt, ap) < 0)
		c->why = NULL;
	va_end(ap);
	atomic_store(&c->state, COMPONENT_UNUSABLE);
	return false;
}

/* Like unusable, for a mistake in a configuration file. */
static bool misconfigured(struct component *c, bool user, const char *place, const char *text)
{
	char *where = choice_where(&c->plug->config, user, place);

	c->why_has_place = true;
	unusable(c, "%s: %s", where ? where : "configuration", text);
	free(where);
	return false;
}

static const struct load_component *component_in(const struct plugin *p, const char *name)
{
	uint32_t i;

	for (i = 0; i < p->components_n; i++)
		if (p->components[i].about.name && strcmp(p->components[i].about.name, name) == 0)
			return &p->components[i];
	return NULL;
}

/* Loading runs code of the plugin, its constructors and vt_plugin_entry. */
static int load_watched(struct plug *p, const struct candidate *c, struct plugin **ret, struct refusal *why)
{
	struct plug_call call = { .operation = "vt_plugin_entry", .scene = { .who = c->name, .what = "vt_plugin_entry" } };
	int r;

	watchdog_begin(p, &call);
	crash_enter(&call.scene);
	r = plugin_load(c->real, c->name, c->pinned ? &c->sha256 : NULL, ret, why);
	crash_leave(&call.scene);
	watchdog_end(p, &call);
	return r;
}

struct plugin *plugin_once(struct plug *p, const struct candidate *c, struct refusal *why)
{
	struct plugin *made = NULL;
	uint32_t i;

	for (i = 0; i < p->plugins_n; i++)
		if (strcmp(p->plugins[i]->path, c->real) == 0)
			return p->plugins[i];
	*why = (struct refusal){ .text = "too many plugins" };
	if (p->plugins_n == PLUG_PLUGINS_MAX || load_watched(p, c, &made, why)) {
		plugin_free(made);
		return NULL;
	}
	return p->plugins[p->plugins_n++] = made;
}

/* Searches every trusted file, for a component that is not named like its file. */
static const struct load_component *search_all(struct plug *p, const char *name)
{
	const struct load_component *found = NULL;
	struct candidates all = { 0 };
	struct refusal why;
	uint32_t i;

	if (find_all(p->find, &all))
		return NULL;
	for (i = 0; !found && i < all.n; i++) {
		struct plugin *its = all.at[i].state == CANDIDATE_TRUSTED ? plugin_once(p, &all.at[i], &why) : NULL;

		found = its ? component_in(its, name) : NULL;
	}
	candidates_clear(&all);
	return found;
}

static bool find_type(struct component *c)
{
	struct plug *p = c->plug;
	struct candidate file = { 0 };
	struct refusal why;
	struct plugin *its;
	bool ok = true;
	uint32_t i;

	for (i = 0; !c->made && i < p->plugins_n; i++)
		c->made = component_in(p->plugins[i], c->choice.name);
	if (c->made)
		return true;
	switch (find_named(p->find, c->choice.name, &file)) {
	case 0:
		its = plugin_once(p, &file, &why);
		if (!its)
			ok = unusable(c, "%s", why.text);
		else
			c->made = component_in(its, c->choice.name);
		break;
	case 1:
		/* the reason why a file is not used says more than "not found" */
		if (file.path)
			ok = unusable(c, "%s is not used: %s", file.path, file.reason);
		break;
	default:
		ok = unusable(c, "out of memory");
	}
	candidate_clear(&file);
	if (ok && !c->made && c->choice.named)
		c->made = search_all(p, c->choice.name);
	if (ok && !c->made)
		ok = unusable(c, "no vt-%s.so was found", c->choice.name);
	return ok;
}

const vt_option *component_option(const struct load_component *made, const char *key)
{
	uint32_t i;

	for (i = 0; i < made->options_n; i++) {
		const char *name = made->options[i].name;
		size_t n = strlen(name);

		if (strcmp(name, key) == 0 || (n > 2 && strcmp(name + n - 2, ".*") == 0 && strncmp(name, key, n - 1) == 0))
			return &made->options[i];
	}
	return NULL;
}

static bool option_check(struct component *c, const struct option_value *v, bool url_from_user)
{
	const vt_option *o = component_option(c->made, v->key);
	const char *expected;
	char text[400], *canonical = NULL;

	if (!o)
		snprintf(text, sizeof text, "'%s' has no option `%.100s`", c->choice.name, v->key);
	else if ((o->flags & (VT_OPTION_USER_ONLY | VT_OPTION_SECRET)) && !v->from_user)
		snprintf(text, sizeof text, "option `%.100s` of '%s' is taken from the user's configuration only%s%.200s", v->key,
			 c->choice.name, c->plug->setup.user_config_file ? ", " : "",
			 c->plug->setup.user_config_file ? c->plug->setup.user_config_file : "");
	else if (c->made->about.kind == VT_KIND_STORE && strcmp(o->type, "url") == 0 && !v->from_user)
		snprintf(text, sizeof text, "where '%s' connects to, `%.100s`, is taken from the user's configuration only%s%.200s; the workspace may name it as `optional`",
			 c->choice.name, v->key, c->plug->setup.user_config_file ? ", " : "",
			 c->plug->setup.user_config_file ? c->plug->setup.user_config_file : "");
	else if ((o->flags & VT_OPTION_SECRET) && !v->from_credentials && !url_from_user)
		snprintf(text, sizeof text, "the workspace chose where '%s' connects to, so `%.100s` must stand under `credentials`, by origin",
			 c->choice.name, v->key);
	else if ((expected = value_canonical(o->type, v->text, &canonical)))
		/* the value is not shown: it may be a secret */
		snprintf(text, sizeof text, "option `%.100s` of '%s' must be %s", v->key, c->choice.name, expected);
	else {
		free(canonical);
		return true;
	}
	return misconfigured(c, v->from_user, v->place, text);
}

static const struct option_value *configured(const struct component *c, const vt_option *o)
{
	uint32_t i;

	for (i = 0; i < c->choice.options_n; i++)
		if (strcmp(c->choice.options[i].key, o->name) == 0)
			return &c->choice.options[i];
	return NULL;
}

static bool options_check(struct component *c)
{
	const struct option_value *first = NULL;
	bool url_from_user = true, one_origin = true;
	struct err err = { 0 };
	uint32_t i;

	for (i = 0; i < c->made->options_n; i++) {
		const struct option_value *url = strcmp(c->made->options[i].type, "url") ? NULL : configured(c, &c->made->options[i]);

		if (!url)
			continue;
		/* a secret could go to any URL that the workspace chose */
		url_from_user = url_from_user && url->from_user;
		one_origin = one_origin && (!first || choice_same_origin(first->text, url->text));
		first = first ? first : url;
	}
	if (first && one_origin && choice_credentials(&c->plug->config, &c->choice, first->text, &err)) {
		c->why_has_place = true;
		unusable(c, "%s", err.text[0]);
		err_clear(&err);
		return false;
	}
	for (i = 0; i < c->choice.options_n; i++)
		if (!option_check(c, &c->choice.options[i], url_from_user))
			return false;
	for (i = 0; i < c->made->options_n; i++) {
		const vt_option *o = &c->made->options[i];
		char text[300];

		if (!(o->flags & VT_OPTION_REQUIRED) || configured(c, o))
			continue;
		snprintf(text, sizeof text, "'%s' needs the option `%.100s`", c->choice.name, o->name);
		return misconfigured(c, c->choice.from_user, c->choice.place ? c->choice.place : "", text);
	}
	return true;
}

/* Ends a call that must succeed. Returns why it did not; NULL: it succeeded. */
static const char *problem_of(struct plug_call *call, vt_status status)
{
	status = call_end(call, status);
	if (status == VT_OK)
		return NULL;
	return call->text[0] ? call->text : status == VT_UNSUPPORTED ? "this machine cannot do that" : "it declined";
}

static bool option_set(struct component *c, const vt_option *o, const char *key, const char *text)
{
	struct plug_call call;
	const char *problem;
	char *canonical = NULL;

	/* both were checked: what was configured by option_check, what is the fallback when the plugin was loaded */
	(void)value_canonical(o->type, text, &canonical);
	if (!canonical)
		return unusable(c, "out of memory");
	call_begin(&call, c, "set");
	problem = problem_of(&call, c->made->about.set(c->self, &call.call, key, (vt_bytes){ canonical, strlen(canonical) }));
	free(canonical);
	return problem ? unusable(c, "option `%s`: %s", key, problem) : true;
}

static bool options_set(struct component *c)
{
	uint32_t i, k;

	for (i = 0; i < c->made->options_n; i++) {
		const vt_option *o = &c->made->options[i];
		size_t n = strlen(o->name);
		bool any = false;

		for (k = 0; k < c->choice.options_n; k++) {
			const struct option_value *v = &c->choice.options[k];

			if (strcmp(v->key, o->name) && !(n > 2 && strcmp(o->name + n - 2, ".*") == 0 && strncmp(o->name, v->key, n - 1) == 0))
				continue;
			any = true;
			if (!option_set(c, o, v->key, v->text))
				return false;
		}
		if (!any && o->fallback && !option_set(c, o, o->name, o->fallback))
			return false;
	}
	return true;
}

/* Is the folder certainly the user's own? `closed`: its rights must say so too, as in record/directory. false with
 * errno ENOENT: there is none. */
static bool is_private(const char *path, bool follow, bool closed)
{
	struct stat st;

	if ((follow ? stat(path, &st) : lstat(path, &st)) < 0)
		return false;
	errno = 0;
	return S_ISDIR(st.st_mode) && (st.st_uid == getauxval(AT_EUID) || st.st_uid == 0) && !(st.st_mode & (closed ? 077 : 022));
}

/* Makes <cache>/plugins, once: a component then makes its own folder with one mkdir. false: a repository may have
 * brought the folder that stands there. */
static bool make_parent(struct plug *p)
{
	const char *cache = p->setup.cache_dir, *below = p->setup.root ? path_below(p->setup.root, cache) : NULL;
	bool given = !below || strcmp(below, ".vt") != 0;
	char parent[PATH_MAX];

	if (p->folder_asked)
		return p->folder_private;
	p->folder_asked = true;
	if (snprintf(parent, sizeof parent, "%s/plugins", cache) >= (int)sizeof parent || (!is_private(cache, given, !given) && errno != ENOENT))
		return false;
	p->folder_private = is_private(parent, false, !given);
	/* without a folder a component keeps nothing there: the cache may be read-only */
	if (!p->folder_private && errno == ENOENT)
		p->folder_private = mkdir(parent, 0700) == 0 || errno != EEXIST || is_private(parent, false, !given);
	return p->folder_private;
}

static bool host_make(struct component *c)
{
	const char *cache = c->plug->setup.cache_dir;

	if (cache && make_parent(c->plug) && asprintf(&c->folder, "%s/plugins/%s", cache, component_label(c)) < 0)
		return unusable(c, "out of memory");
	c->host = (vt_host){ .struct_size = sizeof c->host, .abi_major = VT_ABI_MAJOR, .abi_minor = VT_ABI_MINOR,
		.version = PACKAGE_VERSION, .folder = c->folder, .cache = cache };
	return true;
}

/* A store that cannot say how it is to be called is called as any. */
static void ask_wants(struct component *c)
{
	vt_wants wants = { .struct_size = sizeof wants };
	struct plug_call call;

	if (c->made->about.kind != VT_KIND_STORE || !c->made->ops.store.wants)
		return;
	call_begin(&call, c, "wants");
	if (call_end(&call, c->made->ops.store.wants(c->self, &call.call, &wants)) == VT_OK)
		c->wants = wants;
}

static bool start_now(struct component *c)
{
	const vt_component *about;
	struct plug_call call;
	const char *problem;

	if (!find_type(c))
		return false;
	about = &c->made->about;
	if (c->choice.kind && about->kind != c->choice.kind)
		return unusable(c, "it is a %s, not a %s", kind_word(about->kind), kind_word(c->choice.kind));
	if (about->flags & VT_COMPONENT_DISABLED)
		return unusable(c, "%s", about->summary && about->summary[0] ? about->summary : "it is disabled");
	if (!options_check(c) || !host_make(c))
		return false;
	if (about->create) {
		call_begin(&call, c, "create");
		problem = problem_of(&call, about->create(&c->host, &call.call, &c->self));
		if (problem)
			return unusable(c, "%s", problem);
	}
	if (options_set(c)) {
		problem = NULL;
		if (about->start) {
			call_begin(&call, c, "start");
			problem = problem_of(&call, about->start(c->self, &call.call));
		}
		if (!problem) {
			ask_wants(c);
			c->serial = about->threads != VT_THREADS_MANY;
			c->plug->created[c->plug->created_n++] = c;
			atomic_store(&c->state, COMPONENT_READY);
			return true;
		}
		unusable(c, "%s", problem);
	}
	call_begin(&call, c, "destroy");
	if (about->destroy)
		about->destroy(c->self);
	call_end(&call, VT_OK);
	c->self = NULL;
	return false;
}

bool component_start(struct component *c)
{
	int state = atomic_load(&c->state);

	if (state == COMPONENT_NEW) {
		pthread_mutex_lock(&c->plug->lock);
		if (atomic_load(&c->state) == COMPONENT_NEW)
			start_now(c);
		pthread_mutex_unlock(&c->plug->lock);
		state = atomic_load(&c->state);
	}
	return state == COMPONENT_READY;
}
