#include "config.h"

#include "report/words.h"

#include <stdbool.h>
#include <string.h>

#include "fact/fact.h"
#include "text/json.h"
#include "text/shown.h"

/* Lines of changed files that are shown, at most. */
enum { WORDS_LINES = 20 };

const char *words_home(const char *cwd)
{
	return *cwd && *cwd != '/' ? "~/" : "";
}

static void add_name(struct buf *b, struct bytes name)
{
	buf_byte(b, '\'');
	shown_add(b, name.data, name.size);
	buf_byte(b, '\'');
}

static bool is_env(const struct change *c)
{
	return c->kind == FACT_ENV || c->kind == FACT_ENV_GLOB || c->kind == FACT_ENV_PREFIX;
}

static bool is_declared_env(const struct change *c)
{
	return c->kind == FACT_ENV && !c->tracked;
}

/* Is it a change of the key? Changes of the key share a line; each other change has its own. */
static bool is_of_key(const struct change *c)
{
	return c->kind == CHANGE_KEY || (c->kind < FACT_GLOBBED && !(is_env(c) && c->tracked));
}

static bool is_config(const struct change *c)
{
	return c->kind == FACT_INPUT_CONFIG || c->kind == FACT_OUTPUT_CONFIG;
}

static struct bytes last_component(struct bytes path)
{
	const char *at = path.data;
	size_t i = path.size;

	while (i > 0 && at[i - 1] != '/')
		i--;
	return (struct bytes){ at + i, path.size - i };
}

static void add_path_change(const struct change *c, struct buf *b)
{
	struct bytes name = last_component(c->name);

	/* a name whose type changed counts as added */
	if (c->what == CHANGE_CHANGED && c->kind != FACT_TYPE && c->kind != FACT_LIST) {
		add_name(b, c->name);
		buf_text(b, " modified");
		return;
	}
	add_name(b, name);
	buf_text(b, c->what == CHANGE_REMOVED ? " removed from " : " added in ");
	if (name.size == c->name.size)
		buf_text(b, "workspace root");
	else
		add_name(b, (struct bytes){ c->name.data, c->name.size - name.size - 1 });
}

static const char *what_word(enum change_what what)
{
	return what == CHANGE_ADDED ? "added" : what == CHANGE_REMOVED ? "removed" : "changed";
}

static bool named(struct bytes name, const char *text)
{
	return name.size == strlen(text) && memcmp(name.data, text, name.size) == 0;
}

/* Adds one change; `brief`: as on the command line. */
static void add_change(const struct change *c, bool brief, struct buf *b)
{
	switch (c->kind) {
	case CHANGE_KEY:
		buf_text(b, "the ");
		shown_add(b, c->name.data, c->name.size);
		buf_text(b, " changed");
		break;
	case FACT_ENV:
	case FACT_ENV_GLOB:
	case FACT_ENV_PREFIX:
		buf_text(b, "env ");
		add_name(b, c->name);
		buf_printf(b, " %s", brief ? "changed" : what_word(c->what));
		break;
	case FACT_UNTRACKED:
		if (brief) {
			buf_text(b, "untracked env config changed");
			break;
		}
		buf_text(b, "untracked env ");
		add_name(b, c->name);
		buf_printf(b, " %s", what_word(c->what));
		break;
	case FACT_PROGRAM_NAME:
		buf_text(b, "program changed");
		break;
	case FACT_ARGS:
		buf_text(b, "args changed");
		break;
	case FACT_CWD:
		buf_text(b, "working directory changed");
		break;
	case FACT_PLATFORM:
		buf_text(b, named(c->name, "format") ? "configuration changed" : "platform changed");
		break;
	case FACT_INPUT_CONFIG:
		buf_text(b, "input configuration changed");
		break;
	case FACT_OUTPUT_CONFIG:
		/* the details call both "input configuration": programs that read them rely on it */
		buf_printf(b, "%s configuration changed", brief ? "output" : "input");
		break;
	case FACT_COMPONENT:
		buf_text(b, "plugin ");
		add_name(b, c->name);
		buf_text(b, " changed");
		break;
	case FACT_PROGRAM:
		buf_text(b, "program ");
		add_name(b, last_component(c->name));
		buf_text(b, " changed");
		break;
	case FACT_GLOBBED:
	case FACT_FILE:
	case FACT_PROBE:
	case FACT_TYPE:
	case FACT_OUTSIDE:
	case FACT_LIST:
		add_path_change(c, b);
		break;
	case FACT_VALUE:
		buf_text(b, "value ");
		add_name(b, c->name);
		buf_printf(b, " %s", brief ? "changed" : what_word(c->what));
		break;
	default:
		buf_text(b, "configuration changed");
	}
}

static void add_declared(const struct changes *why, struct buf *b)
{
	uint32_t i, n = 0;

	for (i = 0; i < why->n; i++)
		n += is_declared_env(&why->at[i]);
	buf_text(b, n > 1 ? "envs " : "env ");
	for (i = 0, n = 0; i < why->n; i++) {
		if (!is_declared_env(&why->at[i]))
			continue;
		if (n++)
			buf_text(b, ", ");
		add_name(b, why->at[i].name);
	}
	buf_text(b, " changed");
}

void words_reason(const struct changes *why, struct buf *b)
{
	if (why->n == 0)
		buf_text(b, "configuration changed");
	else if (is_declared_env(&why->at[0]))
		add_declared(why, b);
	else
		add_change(&why->at[0], true, b);
}

void words_details(const struct changes *why, struct buf *b)
{
	uint32_t i, lines = 0, more = 0;
	size_t start = b->size;

	for (i = 0; i < why->n; i++) {
		if (!is_of_key(&why->at[i]))
			continue;
		/* a changed configuration of inputs is shown only if nothing else changed */
		if (is_config(&why->at[i]) && b->size > start)
			continue;
		if (b->size > start)
			buf_text(b, "; ");
		add_change(&why->at[i], false, b);
	}
	for (i = 0; i < why->n; i++) {
		if (is_of_key(&why->at[i]))
			continue;
		if (lines++ >= WORDS_LINES) {
			more++;
			continue;
		}
		if (b->size > start)
			buf_byte(b, '\n');
		add_change(&why->at[i], false, b);
	}
	if (more)
		buf_printf(b, "\n(and %u more)", more);
	if (b->size == start)
		buf_text(b, "configuration changed");
}

static void quote(struct buf *b, struct bytes text)
{
	json_quote(b, text.size ? text.data : "", text.size);
}

static void add_json(const struct change *c, struct buf *b)
{
	const char *setting = NULL;

	switch (c->kind) {
	case FACT_PROGRAM_NAME:
	case FACT_ARGS:
	case FACT_CWD:
		buf_printf(b, "{\"kind\":\"%s\",\"from\":",
			   c->kind == FACT_ARGS ? "args" : c->kind == FACT_CWD ? "cwd" : "program");
		quote(b, c->was);
		buf_text(b, ",\"to\":");
		quote(b, c->is);
		buf_byte(b, '}');
		return;
	case FACT_ENV:
	case FACT_ENV_GLOB:
	case FACT_ENV_PREFIX:
	case FACT_GLOBBED:
	case FACT_FILE:
	case FACT_PROBE:
	case FACT_TYPE:
	case FACT_LIST:
	case FACT_OUTSIDE:
	case FACT_PROGRAM:
		buf_text(b, is_env(c) ? "{\"kind\":\"env\",\"name\":" : "{\"kind\":\"file\",\"path\":");
		quote(b, c->name);
		buf_printf(b, ",\"change\":\"%s\"}", what_word(c->what));
		return;
	case FACT_UNTRACKED:
		setting = "untrackedEnv";
		break;
	case FACT_INPUT_CONFIG:
		setting = "input";
		break;
	case FACT_OUTPUT_CONFIG:
		setting = "output";
		break;
	case FACT_PLATFORM:
		setting = "platform";
		break;
	}
	buf_text(b, "{\"kind\":\"config\",\"setting\":");
	if (setting)
		json_quote(b, setting, strlen(setting));
	else
		quote(b, c->name);
	buf_byte(b, '}');
}

void words_json(const struct changes *why, struct buf *b)
{
	uint32_t i;
	bool untracked = false;

	for (i = 0; i < why->n; i++) {
		/* One setting is told once, however many patterns of it changed. */
		if (why->at[i].kind == FACT_UNTRACKED && untracked)
			continue;
		untracked = untracked || why->at[i].kind == FACT_UNTRACKED;
		if (i > 0)
			buf_byte(b, ',');
		add_json(&why->at[i], b);
	}
}

const char *words_s(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void words_duration(int64_t ms, struct buf *b)
{
	int64_t hundredths = ms / 10, rest = ms % 10;

	if (ms <= 0) {
		buf_text(b, "0ns");
		return;
	}
	if (ms < 1000) {
		buf_printf(b, "%dms", (int)ms);
		return;
	}
	if (rest > 5 || (rest == 5 && hundredths % 2))
		hundredths++;
	buf_printf(b, "%lld", (long long)(hundredths / 100));
	if (hundredths % 100)
		buf_printf(b, ".%02d", (int)(hundredths % 100));
	buf_byte(b, 's');
}
