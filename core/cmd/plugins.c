/* vt plugins: lists plugins, shows one, checks a file. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "choose/user_config.h"
#include "cmd/backend.h"
#include "cmd/cmd.h"
#include "cmd/places.h"
#include "cmd/sources.h"
#include "kit/check.h"
#include "kit/list.h"
#include "os/installation.h"
#include "record/directory.h"
#include "report/warnings.h"
#include "report/words.h"
#include "text/json.h"
#include "text/path.h"
#include "text/shown.h"
#include "workspace/workspace.h"

enum { HELP, JSON };

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
	[JSON] = { .name = "json" },
};

static const char help_text[] =
	"Commands:\n"
	"  list [--json]              Show what was found, and where; without a command, too\n"
	"  info NAME [--json]         Show what one plugin offers\n"
	"  check FILE [KEY=VALUE...]  Try whether a plugin keeps its promises\n"
	"\n"
	"Options:\n"
	"      --json                 Print JSON\n"
	"  -h, --help                 Print help\n";

static int run(const struct session *s, int argc, char **argv);

const struct command command_plugins = {
	.name = "plugins", .summary = "List and check plugins", .usage = "vt plugins [COMMAND]", .help = help_text, .run = run,
	.options = options, .options_n = COUNT(options), .flags = COMMAND_NEVER_CACHED,
};

static int run_check(const struct session *s, int argc, char **argv);

const struct command command_plugin_check = {
	.name = "vt-plugin-check", .summary = "Try whether a plugin keeps its promises",
	.usage = "vt-plugin-check <FILE> [KEY=VALUE]...", .run = run_check, .options = options, .options_n = JSON,
	.help = "Arguments:\n"
		"  <FILE>          The plugin, vt-NAME.so\n"
		"  [KEY=VALUE]...  Options of its components\n"
		"\n"
		"Options:\n"
		"  -h, --help  Print help\n",
};

/* Where the worktrees of the repository share results, if they do so already. */
static const char *shared_by_worktrees(const struct session *s, const struct sources *g)
{
	const cJSON *sharing = cJSON_GetObjectItemCaseSensitive(g->user.plugins, "sharing");
	struct worktree_share share;
	struct far_keys keys;
	const char *dir;

	if (directory_place(s->env, g->workspace->root, s->arena, &dir, NULL) < 0 || far_keys_read(s->env, sharing, &keys, NULL) < 0)
		return NULL;
	backend_share(s, g->workspace, &g->user, dir, true, s->arena, &keys, &share);
	return share.results;
}

int sources_look(const struct session *s, struct sources *ret, const char **ret_wrong, struct err *err)
{
	struct sources g = { 0 };
	struct err none = { 0 };
	const char *root = NULL;

	if (installation_find(s->arena, &g.installation, err))
		return -1;
	if (workspace_find(s->cwd, s->arena, &root, &none)) {
		err_clear(&none);
		root = NULL;
	} else if (workspace_load(s->cwd, &g.workspace, &none)) {
		g.workspace = NULL;
		warnings_add(s->warnings, arena_printf(s->arena, "the workspace's configuration is left out: %s", err_take(&none, s->arena)));
	}
	*ret_wrong = user_config_read(places_env(s), root, &g.user, &none) ? err_take(&none, s->arena) : NULL;
	if (g.user.ignored)
		warnings_add(s->warnings, g.user.ignored);
	g.setup = (struct plug_setup){
		.root = root,
		.system_dir = g.installation.plugins,
		.system_prefix = g.installation.prefix,
		.env = places_env(s),
		.workspace_config = g.workspace ? g.workspace->plugins : NULL,
		.workspace_config_file = g.workspace ? g.workspace->config_file : NULL,
		.user_config = g.user.plugins,
		.user_config_file = g.user.file,
		.worktrees = g.workspace ? shared_by_worktrees(s, &g) : NULL,
	};
	*ret = g;
	return 0;
}

int sources_make(const struct session *s, struct sources *ret, struct err *err)
{
	const char *wrong;

	if (sources_look(s, ret, &wrong, err))
		return -1;
	if (!wrong)
		return 0;
	sources_free(ret);
	return err_set(err, ERR_USER, "%s", wrong);
}

void sources_free(struct sources *g)
{
	if (g->workspace)
		workspace_free(g->workspace);
	user_config_free(&g->user);
}

static const char *text_of(const cJSON *map, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* The text for printing; "-" instead of NULL. */
static const char *word_of(const cJSON *map, const char *key)
{
	const char *text = text_of(map, key);

	return text && *text ? text : "-";
}

static const char *reason_of(const cJSON *row)
{
	const char *text = text_of(cJSON_GetObjectItemCaseSensitive(row, "reason"), "text");

	return text ? text : "";
}

/* ---- list ------------------------------------------------------------------ */

/* What a plugin provides: "part: NAME" for a part, else the kind, with the component's name if it
 * differs from the plugin's. */
static const char *provides(const struct session *s, const cJSON *row)
{
	const char *text = NULL, *name = text_of(row, "name");
	const cJSON *c;

	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(row, "components")) {
		const char *kind = text_of(c, "kind"), *its = text_of(c, "name"), *one;

		if (!kind || !its)
			continue;
		one = strcmp(kind, "part") && strcmp(its, name) == 0 ? kind : arena_printf(s->arena, "%s: %s", kind, its);
		text = text ? arena_printf(s->arena, "%s, %s", text, one) : one;
	}
	return text ? text : "-";
}

/* "in use", or the component's status word ("seccomp"); "" for parts, of which all are used. */
static const char *use_word(const struct list *l, const cJSON *row)
{
	const cJSON *c;
	uint32_t i;

	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(row, "components"))
		for (i = 0; i < l->uses_n; i++) {
			const struct list_use *u = &l->uses[i];
			const char *its = text_of(c, "name");

			if (!its || strcmp(u->name, its) || !u->file || strcmp(u->file, text_of(row, "file")))
				continue;
			if (!u->ready && u->why)
				return u->why;
			if (u->status)
				return u->status;
			if (strcmp(u->kind, "part"))
				return "in use";
		}
	return "";
}

/* The plugin's name; for a skipped file its path, with ~ for the home folder. */
static const char *shown_name(const struct session *s, const cJSON *row)
{
	const char *file = text_of(row, "file"), *home = env_get(s->env, "HOME"), *rest;

	if (strcmp(text_of(row, "state"), "skipped"))
		return text_of(row, "name");
	rest = home && home[0] == '/' ? path_below(home, file) : NULL;
	return rest ? arena_printf(s->arena, "~/%s", rest) : file;
}

struct line {
	const char *name, *version, *provides, *from, *state, *words;
};

static void print_list(const struct session *s, const struct list *l)
{
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(l->json, "plugins"), *row;
	size_t n = 0, name_width = 4, version_width = 7, provides_width = 8;
	struct line *lines = arena_array(s->arena, (size_t)cJSON_GetArraySize(rows) + 1, sizeof *lines);
	char *end;
	size_t i;

	lines[n++] = (struct line){ "NAME", "VERSION", "PROVIDES", "FROM", "STATE", "" };
	cJSON_ArrayForEach(row, rows) {
		const char *reason = reason_of(row);
		struct line *line = &lines[n++];

		*line = (struct line){ shown_name(s, row), word_of(row, "version"), provides(s, row), word_of(row, "origin"),
			word_of(row, "state"), *reason ? reason : use_word(l, row) };
		name_width = strlen(line->name) > name_width ? strlen(line->name) : name_width;
		version_width = strlen(line->version) > version_width ? strlen(line->version) : version_width;
		provides_width = strlen(line->provides) > provides_width ? strlen(line->provides) : provides_width;
	}
	for (i = 0; i < n; i++) {
		const struct line *line = &lines[i];
		char *text = arena_printf(s->arena, "%-*s%-*s%-*s%-9s%-9s%s", (int)name_width + 2, line->name, (int)version_width + 2,
					  line->version, (int)provides_width + 1, line->provides, line->from, line->state, line->words);

		end = text + strlen(text);
		while (end > text && end[-1] == ' ')
			*--end = '\0';
		cmd_line(stdout, "%s", text);
	}
}

/* Fails if a component that the configuration names is not ready. */
static int check_named(const struct session *s, const struct list *l)
{
	struct err err = { 0 };
	uint32_t i;

	for (i = 0; i < l->uses_n; i++) {
		const struct list_use *u = &l->uses[i];

		if (!u->named || u->ready)
			continue;
		fflush(stdout);
		if (u->why)
			err_set(&err, ERR_USER, "%s", u->why);
		else
			err_set(&err, ERR_USER, "no vt-%s.so was found", u->name);
		err_wrap(&err, "Plugin '%s' cannot be used", u->name);
		return cmd_fail(s, &err);
	}
	return 0;
}

static void print_json(const cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	shown_json(&b, text ? text : "");
	if (text)
		puts(buf_str(&b));
	buf_free(&b);
	cJSON_free(text);
}

static int list(const struct session *s, bool json)
{
	struct err err = { 0 };
	struct sources g = { 0 };
	struct list l;
	int rc;

	if (sources_make(s, &g, &err))
		return cmd_fail(s, &err);
	if (list_make(&g.setup, &l, &err)) {
		sources_free(&g);
		return cmd_fail(s, &err);
	}
	if (json)
		print_json(l.json);
	else
		print_list(s, &l);
	rc = check_named(s, &l);
	list_free(&l);
	sources_free(&g);
	return rc;
}

/* ---- info ------------------------------------------------------------------ */

static void print_option(const cJSON *o)
{
	const char *fallback = text_of(o, "default"), *help = text_of(o, "help");

	cmd_line(stdout, "    %s (%s%s%s)%s%s%s%s", word_of(o, "name"), word_of(o, "type"),
	       cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "required")) ? ", required" : "",
	       cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "secret")) ? ", secret, by the user only" :
	       cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "userOnly")) ? ", by the user only" : "",
		 fallback ? ", default " : "", fallback ? fallback : "", help ? ": " : "", help ? help : "");
}

static void print_component(const cJSON *c)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(c, "has"), *item;
	const char *summary = text_of(c, "summary");
	struct buf calls;

	puts("");
	cmd_line(stdout, "%s: %s%s%s", word_of(c, "kind"), word_of(c, "name"), summary && *summary ? ", " : "", summary ? summary : "");
	buf_init(&calls, SIZE_MAX / 2);
	cJSON_ArrayForEach(item, list)
		shown_printf(&calls, "%s%s", calls.size ? ", " : "", item->valuestring);
	cmd_line(stdout, "  calls: %s", calls.size ? buf_str(&calls) : "none");
	buf_free(&calls);
	cmd_line(stdout, "  threads: %s", word_of(c, "threads"));
	list = cJSON_GetObjectItemCaseSensitive(c, "options");
	printf(cJSON_GetArraySize(list) ? "  options:\n" : "  options: none\n");
	cJSON_ArrayForEach(item, list)
		print_option(item);
}

static void print_info(const struct list *l, const cJSON *row)
{
	const cJSON *abi = cJSON_GetObjectItemCaseSensitive(row, "abi"), *c;
	const char *text = word_of(row, "state"), *reason = reason_of(row), *version = word_of(row, "version");

	cmd_line(stdout, "name:      %s", word_of(row, "name"));
	cmd_line(stdout, "version:   %s", version);
	cmd_line(stdout, "file:      %s", word_of(row, "file"));
	cmd_line(stdout, "from:      %s", word_of(row, "origin"));
	if (!*reason)
		reason = use_word(l, row);
	cmd_line(stdout, "state:     %s%s%s", text, *reason ? ", " : "", reason);
	if (cJSON_IsObject(abi))
		cmd_line(stdout, "interface: built for %s, needs %d.%d or newer", word_of(abi, "built"), 1,
			 (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(abi, "needs")));
	text = text_of(row, "license");
	if (text && *text)
		cmd_line(stdout, "license:   %s", text);
	text = text_of(row, "homepage");
	if (text && *text)
		cmd_line(stdout, "homepage:  %s", text);
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(row, "components"))
		print_component(c);
}

/* Is the row a plugin of this name, or one with a component of this name? */
static bool row_is(const cJSON *row, const char *name)
{
	const cJSON *c;

	if (strcmp(text_of(row, "name"), name) == 0)
		return true;
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(row, "components"))
		if (text_of(c, "name") && strcmp(text_of(c, "name"), name) == 0)
			return true;
	return false;
}

static int info(const struct session *s, const char *name, bool json)
{
	struct err err = { 0 };
	struct sources g = { 0 };
	struct list l;
	const cJSON *row;
	bool found = false;

	if (sources_make(s, &g, &err))
		return cmd_fail(s, &err);
	if (list_make(&g.setup, &l, &err)) {
		sources_free(&g);
		return cmd_fail(s, &err);
	}
	cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(l.json, "plugins")) {
		if (!row_is(row, name))
			continue;
		if (found && !json)
			puts("");
		found = true;
		if (json)
			print_json(row);
		else
			print_info(&l, row);
	}
	list_free(&l);
	sources_free(&g);
	if (found)
		return 0;
	err_set(&err, ERR_USER, "There is no plugin '%s'; `vt plugins list` shows what was found and where", name);
	return cmd_fail(s, &err);
}

/* ---- check ----------------------------------------------------------------- */

static void print_trial(void *ctx, const char *component, bool good, const char *text)
{
	(void)ctx;
	cmd_line(stdout, "%-6s %s%s%s", good ? "ok" : "WRONG", component, *component ? ": " : "", text);
}

/* Checks a file. words: the file, then options of its components as KEY=VALUE. */
static int check(const struct session *s, const char *const *words, uint32_t n)
{
	struct check_told told = { .line = print_trial };
	struct err err = { 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (check_file(words[0], words + 1, n - 1, s->env, &told, &err))
		return cmd_fail(s, &err);
	if (told.faults)
		printf("%u trial%s, %u fault%s; VT_CHECK_SEED=%llu repeats %s\n", told.trials, words_s(told.trials), told.faults,
		       words_s(told.faults), (unsigned long long)told.seed, told.trials == 1 ? "it" : "them");
	else
		printf("%u trial%s, no faults\n", told.trials, words_s(told.trials));
	return told.faults ? 1 : 0;
}

/* ---- the command ----------------------------------------------------------- */

static int run_check(const struct session *s, int argc, char **argv)
{
	struct command_line line;
	struct err err = { 0 };
	int code = command_read_line(&command_plugin_check, s, argc, argv, &line);

	if (code >= 0)
		return code;
	if (line.words_n)
		return check(s, line.words, line.words_n);
	args_wrong(&line.args, &err, "the following required arguments were not provided:\n  <FILE>");
	return cmd_fail(s, &err);
}

static int run(const struct session *s, int argc, char **argv)
{
	enum { LIST, INFO, CHECK };
	static const char *const verbs[] = { [LIST] = "list", [INFO] = "info", [CHECK] = "check", NULL };
	static const uint32_t most[] = { [LIST] = 1, [INFO] = 2, [CHECK] = UINT32_MAX };      /* words, with the verb */
	struct command_line line;
	struct err err = { 0 };
	bool json;
	int verb, code = command_read_line(&command_plugins, s, argc, argv, &line);

	if (code >= 0)
		return code;
	json = command_line_has(&line, JSON);
	verb = command_verb(&line.args, line.words_n ? line.words[0] : verbs[LIST], verbs, &err);
	if (verb < 0)
		return cmd_fail(s, &err);
	if (line.words_n > most[verb])
		args_unexpected(&line.args, line.words[most[verb]], &err);
	else if (verb != LIST && line.words_n < 2)
		args_wrong(&line.args, &err, "the following required arguments were not provided:\n  <%s>", verb == INFO ? "NAME" : "FILE");
	else if (verb == CHECK && json)
		args_unexpected(&line.args, "--json", &err);
	if (err.n)
		return cmd_fail(s, &err);
	if (verb == LIST)
		return list(s, json);
	return verb == INFO ? info(s, line.words[1], json) : check(s, line.words + 1, line.words_n - 1);
}
