#include "config.h"

#include "plug/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plug/inside.h"
#include "plug/store_call.h"
#include "text/json.h"

void plug_warn(struct plug *p, const char *text)
{
	if (p->setup.warn)
		p->setup.warn(p->setup.ctx, text);
}

void plug_warn_about(struct component *c, const char *text)
{
	char line[700];

	snprintf(line, sizeof line, "plugin '%s': %s", component_label(c), text);
	plug_warn(c->plug, line);
}

void plug_inform_about(struct component *c, const char *text)
{
	char line[700];

	if (!c->plug->setup.inform)
		return;
	snprintf(line, sizeof line, "plugin '%s': %s", component_label(c), text);
	c->plug->setup.inform(c->plug->setup.ctx, line);
}

/* ---- making and ending ----------------------------------------------------- */

static void component_init(struct component *c, struct plug *p, struct choice *choice)
{
	c->plug = p;
	c->choice = *choice;
	*choice = (struct choice){ 0 };
	pthread_mutex_init(&c->call_lock, NULL);
	pthread_mutex_init(&c->report_lock, NULL);
	pthread_mutex_init(&c->errands.lock, NULL);
	pthread_cond_init(&c->errands.more, NULL);
}

static void component_clear(struct component *c)
{
	choice_free(&c->choice);
	free(c->folder);
	free(c->why);
	pthread_mutex_destroy(&c->call_lock);
	pthread_mutex_destroy(&c->report_lock);
	pthread_mutex_destroy(&c->errands.lock);
	pthread_cond_destroy(&c->errands.more);
}

static int plug_fill(struct plug *p, struct choices *choices, struct err *err)
{
	/* one more may come, see add_local */
	p->chosen = calloc(choices->n + 2, sizeof *p->chosen);
	p->stores = calloc(choices->n + 2, sizeof *p->stores);
	p->ready_parts = calloc(choices->n + 1, sizeof *p->ready_parts);
	if (!p->chosen || !p->stores || !p->ready_parts)
		return err_set(err, ERR_SYSTEM, "out of memory");
	for (; p->chosen_n < choices->n; p->chosen_n++) {
		struct component *c = &p->chosen[p->chosen_n];

		component_init(c, p, &choices->at[p->chosen_n]);
		if (c->choice.kind == VT_KIND_STORE)
			p->stores[p->stores_n++] = c;
		p->has_local |= c->choice.kind == VT_KIND_STORE && strcmp(c->choice.name, "store-local") == 0;
	}
	return 0;
}

int plug_new(const struct plug_setup *setup, struct plug **ret, struct err *err)
{
	struct plug *p = calloc(1, sizeof *p);
	struct choices choices = { 0 };
	struct find_setup find = { .root = setup->root, .system_dir = setup->system_dir, .system_prefix = setup->system_prefix, .env = setup->env,
		.paths = cJSON_GetObjectItemCaseSensitive(setup->user_config, "paths"), .config_file = setup->user_config_file };
	int rc;

	if (!p)
		return err_set(err, ERR_SYSTEM, "out of memory");
	p->setup = *setup;
	p->config = (struct choice_config){ .root = setup->root, .workspace = setup->workspace_config, .user = setup->user_config,
		.workspace_file = setup->workspace_config_file, .user_file = setup->user_config_file, .worktrees = setup->worktrees };
	pthread_mutex_init(&p->lock, NULL);
	watchdog_init(p);
	if (setup->hangs)
		crash_catch();
	rc = choices_read(&p->config, &choices, err);
	if (rc == 0)
		rc = plug_fill(p, &choices, err);
	if (rc == 0)
		rc = find_new(&find, &p->find, err);
	choices_free(&choices);
	if (rc) {
		plug_free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

void plug_free(struct plug *p)
{
	bool abandoned = false;
	uint32_t i;

	if (!p)
		return;
	while (p->created_n) {
		struct component *c = p->created[--p->created_n];
		struct plug_call call;

		store_calls_end(c);
		/* a thread is still inside of it */
		abandoned = abandoned || atomic_load(&c->abandoned);
		if (atomic_load(&c->abandoned))
			continue;
		call_begin(&call, c, "destroy");
		if (c->made->about.destroy)
			c->made->about.destroy(c->self);
		call_end(&call, VT_OK);
	}
	watchdog_free(p);
	if (abandoned)
		return;                /* not freed: the process ends soon */
	for (i = 0; i < p->chosen_n; i++)
		component_clear(&p->chosen[i]);
	for (i = 0; i < p->extras_n; i++) {
		component_clear(p->extras[i]);
		free(p->extras[i]);
	}
	for (i = 0; i < p->plugins_n; i++)
		plugin_free(p->plugins[i]);
	free(p->chosen);
	free(p->stores);
	free(p->ready_parts);
	find_free(p->find);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

volatile int *plug_stopping(struct plug *p)
{
	return &p->stopping;
}

/* Is there a file for it? It is not loaded: that may take longer than a run of hits. */
static bool has_file(struct component *c)
{
	struct candidate file = { 0 };
	bool ret;

	pthread_mutex_lock(&c->plug->lock);
	ret = find_named(c->plug->find, c->choice.name, &file) == 0;
	candidate_clear(&file);
	pthread_mutex_unlock(&c->plug->lock);
	return ret;
}

/* A store beside the local one is loaded when it is needed, and one that is optional need not be there. */
static bool can_wait(struct component *c)
{
	if (c->choice.kind != VT_KIND_STORE || strcmp(c->choice.name, "store-local") == 0)
		return false;
	return c->choice.store.optional || (c->plug->has_local && has_file(c));
}

/* Are all stores that the configuration lists far ones, or not there, as `optional` allows? */
static bool lists_far_only(struct plug *p)
{
	uint32_t i, named = 0;

	for (i = 0; i < p->stores_n; i++) {
		struct component *c = p->stores[i];

		if (!c->choice.named)
			continue;
		named++;
		if (component_start(c) && !(c->wants.flags & VT_WANTS_FAR))
			return false;
	}
	return named > 0;
}

/* Far stores need a near one beside them: results are kept there first. */
static int add_local(struct plug *p, struct err *err)
{
	struct choices local = { 0 };
	struct component *c = &p->chosen[p->chosen_n];

	if (choices_add_local(&p->config, &local, err) == 0) {
		component_init(c, p, &local.at[0]);
		p->chosen_n++;
		p->stores[p->stores_n++] = c;
		p->has_local = true;
	}
	choices_free(&local);
	return p->has_local ? 0 : -1;
}

int plug_check_named(struct plug *p, struct err *err)
{
	uint32_t i;

	for (i = 0; i < p->chosen_n; i++) {
		struct component *c = &p->chosen[i];

		if (!c->choice.named || can_wait(c) || component_start(c))
			continue;
		err_set(err, ERR_USER, "%s", c->why ? c->why : "out of memory");
		if (!c->why_has_place)
			err_wrap(err, "Plugin '%s' cannot be used", c->choice.name);
		return -1;
	}
	return !p->has_local && lists_far_only(p) ? add_local(p, err) : 0;
}

/* ---- the chosen ------------------------------------------------------------ */

static struct component *chosen_of(struct plug *p, uint32_t kind)
{
	uint32_t i;

	for (i = 0; i < p->chosen_n; i++)
		if (p->chosen[i].choice.kind == kind)
			return &p->chosen[i];
	return NULL;
}

void plug_warn_unusable(struct component *c)
{
	char line[700];

	snprintf(line, sizeof line, "plugin '%s' cannot be used: %s", component_label(c), c->why ? c->why : "out of memory");
	plug_warn(c->plug, line);
}

struct component *plug_tracer(struct plug *p)
{
	struct component *c = chosen_of(p, VT_KIND_TRACER);

	return c && component_start(c) ? c : NULL;
}

struct component *plug_fingerprint(struct plug *p)
{
	struct component *c = chosen_of(p, VT_KIND_FINGERPRINT);

	if (c && component_start(c))
		return c;
	if (c)
		plug_warn_unusable(c);
	return NULL;
}

uint32_t plug_parts(struct plug *p, struct component *const **ret)
{
	uint32_t i;

	if (!atomic_load(&p->listed_parts)) {
		for (i = 0; i < p->chosen_n; i++)
			if (p->chosen[i].choice.kind == VT_KIND_PART)
				component_start(&p->chosen[i]);
		pthread_mutex_lock(&p->lock);
		for (i = 0; !atomic_load(&p->listed_parts) && i < p->chosen_n; i++) {
			struct component *c = &p->chosen[i];

			if (c->choice.kind == VT_KIND_PART && atomic_load(&c->state) == COMPONENT_READY)
				p->ready_parts[p->ready_parts_n++] = c;
		}
		atomic_store(&p->listed_parts, 1);
		pthread_mutex_unlock(&p->lock);
	}
	*ret = p->ready_parts;
	return p->ready_parts_n;
}

uint32_t plug_chosen_stores(struct plug *p, struct component ***ret)
{
	*ret = p->stores;
	return p->stores_n;
}

/* Under plug->lock. NULL: out of memory or too many. */
static struct component *extra_make(struct plug *p, const char *name)
{
	struct choice choice = { .name = strdup(name), .named = true };
	struct component *c = p->extras_n < PLUG_EXTRAS_MAX ? calloc(1, sizeof *c) : NULL;
	struct err err = { 0 };

	if (!choice.name || !c || choice_options(&p->config, &choice, &err)) {
		err_clear(&err);
		choice_free(&choice);
		free(c);
		return NULL;
	}
	component_init(c, p, &choice);
	return p->extras[p->extras_n++] = c;
}

static struct component *component_named(struct plug *p, const char *name)
{
	struct component *c = NULL;
	uint32_t i;

	for (i = 0; !c && i < p->chosen_n; i++)
		if (strcmp(p->chosen[i].choice.name, name) == 0)
			c = &p->chosen[i];
	pthread_mutex_lock(&p->lock);
	for (i = 0; !c && i < p->extras_n; i++)
		if (strcmp(p->extras[i]->choice.name, name) == 0)
			c = p->extras[i];
	if (!c)
		c = extra_make(p, name);
	pthread_mutex_unlock(&p->lock);
	return c;
}

struct component *plug_named(struct plug *p, const char *name)
{
	struct component *c = component_named(p, name);

	if (c && component_start(c))
		return c;
	if (c)
		plug_warn_unusable(c);
	return NULL;
}

int plug_adopt(struct plug *p, const char *real, const char *name, struct refusal *why)
{
	struct candidate c = { .real = (char *)real, .name = (char *)name };

	return plugin_once(p, &c, why) ? 0 : -1;
}

void plug_named_why(struct plug *p, const char *name, char *ret, size_t room)
{
	struct component *c = component_named(p, name);

	snprintf(ret, room, "%s", c && c->why ? c->why : "out of memory");
}

uint32_t plug_roles(struct plug *p)
{
	struct component *const *parts;
	uint32_t n = plug_parts(p, &parts), roles = 0, i;

	for (i = 0; i < n; i++)
		roles |= parts[i]->made->about.roles;
	return roles;
}

/* ---- why not --------------------------------------------------------------- */

static void why_not(struct component *c, const char *name, char *ret, size_t room)
{
	if (!c)
		snprintf(ret, room, "plugin '%s' is switched off", name);
	else
		snprintf(ret, room, "plugin '%s' cannot be used: %s", name, c->why ? c->why : "out of memory");
}

void plug_tracer_why(struct plug *p, char *ret, size_t room)
{
	struct component *c = chosen_of(p, VT_KIND_TRACER);

	if (c)
		component_start(c);
	why_not(c, c ? c->choice.name : "trace-linux", ret, room);
}

void plug_role_why(struct plug *p, uint32_t role, char *ret, size_t room)
{
	const char *name = role == VT_ROLE_ENV ? "env-tracking" : role == VT_ROLE_INPUT ? "auto-input" :
		role == VT_ROLE_ARCHIVE ? "output-restore" : "auto-output";
	struct component *c = NULL;
	uint32_t i;

	for (i = 0; !c && i < p->chosen_n; i++)
		if (p->chosen[i].choice.kind == VT_KIND_PART && strcmp(p->chosen[i].choice.name, name) == 0)
			c = &p->chosen[i];
	if (c)
		component_start(c);
	why_not(c, name, ret, room);
}

const vt_component *component_description(const struct component *c)
{
	return &c->made->about;
}

const void *component_ops(const struct component *c)
{
	return &c->made->ops;
}

const char *component_label(const struct component *c)
{
	return choice_label(&c->choice);
}

const char *component_name(const struct component *c)
{
	return c->choice.name;
}

void *component_self(const struct component *c)
{
	return c->self;
}
