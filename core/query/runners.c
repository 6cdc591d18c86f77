#include "config.h"

#include "query/runners.h"

#include <string.h>

#include "text/path.h"

/* The unread words of one simple command. */
struct rest {
	const char *const *at;
	uint32_t n;
};

/* Options of these programs that take the next word; ended by NULL. */
static const char *const takes_value[] = {
	"-F", "--filter", "--filter-prod", "-C", "--dir", "--prefix", "--cwd", "--workspace-concurrency", "--reporter", "--loglevel",
	"-w", "--workspace", "--from", "--include", "--exclude", "-j", "--jobs", "--concurrency", "--scope", "--ignore", "--stream-prefix",
	"-p", "--projects", "--parallel-count", "--log-order", "--output-logs", "--env-mode", "--cache-dir", NULL
};

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* Is it this option, or "--option=value"? */
static bool is_option(const char *word, const char *option)
{
	size_t n = strlen(option);

	return strncmp(word, option, n) == 0 && (!word[n] || word[n] == '=');
}

static bool has_option(const struct rest *r, const char *const *list)
{
	uint32_t i;

	for (i = 0; i < r->n && strcmp(r->at[i], "--") != 0; i++) {
		const char *const *o;

		for (o = list; *o; o++)
			if (is_option(r->at[i], *o))
				return true;
	}
	return false;
}

/* The next word that is no option and no option's value, taken off; NULL: there is none. */
static const char *next_word(struct rest *r)
{
	while (r->n) {
		const char *word = *r->at++;

		r->n--;
		if (word[0] != '-')
			return word;
		if (strcmp(word, "--") == 0 || (is_one_of(word, takes_value) && r->n)) {
			if (word[2] || word[1] != '-')
				r->at++, r->n--;
		}
	}
	return NULL;
}

/* "run build" or "build": the script; for npm only the former, or one of the few it runs by name. */
static const char *script_word(struct rest *r, bool is_npm)
{
	static const char *const run[] = { "run", "run-script", "rum", "urn", NULL };
	static const char *const named[] = { "test", "start", "stop", "restart", NULL };
	const char *word = next_word(r);

	if (!word)
		return NULL;
	if (is_one_of(word, run))
		return next_word(r);
	if (!is_npm || is_one_of(word, named))
		return word;
	return strcmp(word, "t") == 0 || strcmp(word, "tst") == 0 ? "test" : NULL;
}

static bool same(const char *word, const char *task)
{
	return word && strcmp(word, task) == 0;
}

/* Is the task one of "a,b,c"? */
static bool among(const char *list, const char *task)
{
	size_t n = strlen(task);

	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		if (strncmp(list, task, n) == 0 && (!list[n] || list[n] == ','))
			return true;
	return false;
}

static bool program_everywhere(const char *program, struct rest r, const char *task);

static bool pnpm_everywhere(struct rest r, const char *task)
{
	static const char *const many[] = { "-r", "--recursive", "-F", "--filter", "--filter-prod", NULL };
	static const char *const words[] = { "recursive", "multi", "m", NULL };
	static const char *const launch[] = { "exec", "dlx", NULL };
	bool all = has_option(&r, many);
	struct rest before = r;
	const char *word = next_word(&r);

	if (word && is_one_of(word, launch))
		return (word = next_word(&r)) && program_everywhere(word, r, task);
	if (word && is_one_of(word, words))
		all = true;
	else
		r = before;
	word = script_word(&r, false);
	return word && ((all && same(word, task)) || program_everywhere(word, r, task));
}

static bool npm_everywhere(struct rest r, const char *task)
{
	static const char *const many[] = { "-ws", "--workspaces", "-w", "--workspace", NULL };
	static const char *const launch[] = { "exec", "x", NULL };
	bool all = has_option(&r, many);
	struct rest before = r;
	const char *word = next_word(&r);

	if (word && is_one_of(word, launch))
		return (word = next_word(&r)) && program_everywhere(word, r, task);
	return all && same(script_word(&before, true), task);
}

static bool yarn_everywhere(struct rest r, const char *task)
{
	const char *word = next_word(&r);

	if (!word)
		return false;
	if (strcmp(word, "workspaces") == 0) {
		word = next_word(&r);
		return word && (strcmp(word, "run") == 0 || strcmp(word, "foreach") == 0) && same(script_word(&r, false), task);
	}
	if (strcmp(word, "run") == 0 || strcmp(word, "exec") == 0 || strcmp(word, "dlx") == 0)
		word = next_word(&r);
	return word && program_everywhere(word, r, task);
}

static bool bun_everywhere(struct rest r, const char *task)
{
	static const char *const many[] = { "-F", "--filter", "--workspaces", NULL };
	bool all = has_option(&r, many);
	const char *word = script_word(&r, false);

	if (word && strcmp(word, "x") == 0)
		word = next_word(&r);
	return word && ((all && same(word, task)) || program_everywhere(word, r, task));
}

static bool turbo_everywhere(struct rest r, const char *task)
{
	const char *word = next_word(&r);

	if (same(word, "run"))
		word = next_word(&r);
	for (; word; word = next_word(&r))
		if (same(word, task))
			return true;
	return false;
}

static bool lerna_everywhere(struct rest r, const char *task)
{
	const char *word = next_word(&r);

	return same(word, "run") && among(next_word(&r), task);
}

static bool nx_everywhere(struct rest r, const char *task)
{
	static const char *const options[] = { "-t", "--target", "--targets", NULL };
	const char *word = next_word(&r);
	bool targets = false;

	if (!same(word, "run-many") && !same(word, "affected"))
		return false;
	for (; r.n; r.at++, r.n--) {
		const char *eq = strchr(*r.at, '=');

		if ((*r.at)[0] != '-') {
			if (targets && among(*r.at, task))
				return true;
			continue;
		}
		targets = has_option(&(struct rest){ r.at, 1 }, options);
		if (targets && eq && among(eq + 1, task))
			return true;
	}
	return false;
}

static bool launched_everywhere(struct rest r, const char *task)
{
	const char *word = next_word(&r);

	return word && program_everywhere(word, r, task);
}

static bool program_everywhere(const char *program, struct rest r, const char *task)
{
	static const struct {
		const char *name;
		bool (*everywhere)(struct rest r, const char *task);
	} programs[] = {
		{ "pnpm", pnpm_everywhere }, { "npm", npm_everywhere }, { "yarn", yarn_everywhere }, { "bun", bun_everywhere },
		{ "turbo", turbo_everywhere }, { "lerna", lerna_everywhere }, { "nx", nx_everywhere },
		{ "npx", launched_everywhere }, { "pnpx", launched_everywhere }, { "bunx", launched_everywhere },
	};
	size_t i;

	program = path_base(program);
	for (i = 0; i < COUNT(programs); i++)
		if (strcmp(program, programs[i].name) == 0)
			return programs[i].everywhere(r, task);
	return false;
}

/* --- the words of a command --- */

/* Skips "A=b", env and cross-env. */
static struct rest skip_assignments(struct rest r)
{
	static const char *const env[] = { "env", "cross-env", "cross-env-shell", NULL };

	while (r.n && (is_one_of(*r.at, env) || (strchr(*r.at, '=') && (*r.at)[0] != '-' && (*r.at)[0] != '=')))
		r.at++, r.n--;
	return r;
}

/* Cuts the next simple command off a text, as a shell would but for expansions: up to `;`, `&`, `|`,
 * a parenthesis or a line's end. Quotes go. false: the text is at its end. */
static bool next_command(const char **text, struct arena *a, struct texts *words, const char **ret_shown)
{
	const char *p = *text, *start;
	char *word = arena_alloc(a, strlen(p) + 1);
	size_t n = 0;
	char quote = 0;
	bool any = false;

	words->n = 0;
	while (*p && strchr(" \t\n;&|()", *p))
		p++;
	for (start = p; ; p++) {
		bool ends = !*p || (!quote && strchr(";&|()\n", *p));

		if (any && (ends || (!quote && (*p == ' ' || *p == '\t')))) {
			words->at = arena_grow(a, words->at, words->n, sizeof *words->at);
			words->at[words->n++] = arena_strn(a, word, n);
			n = 0;
			any = false;
		}
		if (ends)
			break;
		if (quote ? *p == quote : *p == '"' || *p == '\'') {
			quote = quote ? 0 : *p;
			any = true;
		} else if (quote || (*p != ' ' && *p != '\t')) {
			if (*p == '\\' && p[1] && quote != '\'')
				p++;
			word[n++] = *p;
			any = true;
		}
	}
	while (p > start && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	*ret_shown = arena_strn(a, start, (size_t)(p - start));
	*text = p;
	return *start;
}

const char *runners_everywhere(const struct texts *command, const char *task, struct arena *a)
{
	struct texts words = { NULL, 0 };
	const char *text, *shown;
	uint32_t i;

	for (i = 0; i < command->n; i++)
		for (text = command->at[i]; next_command(&text, a, &words, &shown); ) {
			struct rest r = skip_assignments((struct rest){ words.at, words.n });

			if (r.n && program_everywhere(*r.at, (struct rest){ r.at + 1, r.n - 1 }, task))
				return shown;
		}
	return NULL;
}

const char *runners_script(const struct texts *argv)
{
	static const char *const elsewhere[] = {
		"-r", "--recursive", "-F", "--filter", "--filter-prod", "-C", "--dir", "-ws", "--workspaces", "-w", "--workspace",
		"--workspace-root", "--prefix", "--cwd", "--if-present", "-t", "--transitive", "--affected", NULL
	};
	static const char *const programs[] = { "npm", "pnpm", "yarn", "bun", NULL };
	struct rest r = skip_assignments((struct rest){ argv->at, argv->n });
	const char *program, *word;
	bool is_manager;

	if (!r.n)
		return NULL;
	program = path_base(*r.at++);
	r.n--;
	is_manager = is_one_of(program, programs);
	if ((!is_manager && strcmp(program, "vt") != 0 && strcmp(program, "vp") != 0) || has_option(&r, elsewhere))
		return NULL;
	if (is_manager)
		return script_word(&r, strcmp(program, "npm") == 0);
	word = next_word(&r);
	word = same(word, "run") ? next_word(&r) : NULL;
	return word && !strchr(word, '#') ? word : NULL;
}
