#include "config.h"

#include <string.h>

#include "os/file.h"
#include "base/texts.h"
#include "text/glob.h"
#include "text/path.h"
#include "text/yaml.h"
#include "workspace/load.h"

enum { NEGATIONS_MAX = 64 };           /* in one pattern: it is compiled once for each */

/* --- the root's settings --- */

static int npm_patterns(const struct json_doc *doc, struct arena *a, struct texts *ret, struct err *err)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(json_root(doc), "workspaces"), *list = node, *item;

	if (cJSON_IsObject(node)) {
		list = cJSON_GetObjectItemCaseSensitive(node, "packages");
		if (!list)
			return json_fail(doc, node, err, "missing field `packages`, expected a sequence of patterns");
	}
	if (!cJSON_IsArray(list))
		return json_fail_type(doc, list, err, list == node ? "a sequence of patterns or a map with `packages`" : "a sequence of patterns");
	for (item = list->child; item; item = item->next) {
		if (!cJSON_IsString(item))
			return json_fail_type(doc, item, err, "a string");
		texts_add(a, ret, arena_str(a, item->valuestring));
	}
	return 0;
}

static bool links(const char *value)
{
	return strcmp(value, "true") == 0 || strcmp(value, "deep") == 0;
}

/* link-workspace-packages in the text of an .npmrc: the last one counts. */
static bool npmrc_links(struct bytes text)
{
	static const char key[] = "link-workspace-packages";
	const char *p = text.data, *end = p + text.size, *line_end;
	bool ret = false;

	for (; p < end; p = line_end + 1) {
		const char *value;
		size_t n;

		line_end = memchr(p, '\n', (size_t)(end - p));
		if (!line_end)
			line_end = end;
		p += strspn(p, " \t");
		if (strncmp(p, key, strlen(key)) != 0)
			continue;
		value = p + strlen(key);
		value += strspn(value, " \t");
		if (*value != '=')
			continue;
		value += 1 + strspn(value + 1, " \t\"");
		n = strcspn(value, " \t\r\n\";#");
		ret = n == 4 && (memcmp(value, "true", n) == 0 || memcmp(value, "deep", n) == 0);
	}
	return ret;
}

/* Whether plain ranges mean members: pnpm asks linkWorkspacePackages, in its own file before .npmrc. */
static int read_ranges(struct loading *l, const struct yaml_value *settings, struct err *err)
{
	const char *value = yaml_text(yaml_get(settings, "linkWorkspacePackages"));
	struct bytes text;
	int r;

	l->root.ranges = l->root.kind == ROOT_NPM;
	if (l->root.kind != ROOT_PNPM)
		return 0;
	if (value) {
		l->root.ranges = links(value);
		return 0;
	}
	r = file_read(path_join(l->scratch, l->w.root, ".npmrc"), WORKSPACE_FILE_MAX, l->scratch, &text, err);
	if (r < 0)
		return -1;
	l->root.ranges = r == 0 && npmrc_links(text);
	return 0;
}

static int read_texts(struct loading *l, struct texts *ret, struct err *err)
{
	const struct yaml_value *settings = NULL;
	struct arena *a = l->w.arena;
	const char *file;

	if (l->root.kind == ROOT_NPM) {
		file = path_join(a, l->w.root, "package.json");
		if (npm_patterns(l->root.manifest, a, ret, err)) {
			workspace_hide(l->w.root, file, err);
			return err_wrap(err, "Failed to parse JSON file at %s", file);
		}
	} else if (l->root.kind == ROOT_PNPM) {
		file = path_join(a, l->w.root, "pnpm-workspace.yaml");
		if (yaml_read(file, l->root.yaml.data, l->root.yaml.size, a, &settings, err) || yaml_texts(file, settings, "packages", a, ret, err)) {
			workspace_hide(l->w.root, file, err);
			return err_wrap(err, "Failed to parse YAML file at %s", file);
		}
	}
	return read_ranges(l, settings, err);
}

/* --- the parts of a pattern --- */

/* Behind the `)` that closes the `(` at p; NULL: none does. */
static const char *closing(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
	}
	return NULL;
}

/* The next `!(...)` from p on, its end in *ret_end; NULL: there is none. */
static const char *negation(const char *p, const char **ret_end)
{
	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (p[0] == '!' && p[1] == '(' && (*ret_end = closing(p + 1)))
			return p;
	}
	return NULL;
}

/* The pattern with `*` for each `!(...)`, but with `@(...)` for the `which`th. */
static const char *unnegated(struct arena *a, const char *text, uint32_t which)
{
	const char *at, *end, *out = "";
	uint32_t i;

	for (i = 0; (at = negation(text, &end)); i++, text = end)
		out = i == which ? arena_printf(a, "%s%.*s@%.*s", out, (int)(at - text), text, (int)(end - at - 1), at + 1)
				 : arena_printf(a, "%s%.*s*", out, (int)(at - text), text);
	return arena_printf(a, "%s%s", out, text);
}

/* Where the first component with magic begins; the end of a literal pattern. */
static const char *magic_component(const char *text)
{
	const char *rest = text, *p;

	for (p = text; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (strchr("*?[]{}", *p) || (*p == '(' && p > text && strchr("@+!", p[-1])))
			return rest;
		else if (*p == '/')
			rest = p + 1;
	}
	return p;
}

/* The literal components in front, unescaped and clean. */
static const char *base_of(struct arena *a, const char *text, const char *rest)
{
	char *out = arena_strn(a, text, (size_t)(rest - text)), *to = out;
	const char *p;

	for (p = out; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		*to++ = *p;
	}
	*to = '\0';
	return path_clean(a, out);
}

/* Finds a construct that npm or pnpm knows and vt does not; NULL: there is none. */
static const char *unknown_construct(struct arena *a, const char *text)
{
	const char *p, *end, *dots;

	for (p = text; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
		} else if (p[0] == '[' && p[1] == '[' && p[2] == ':') {
			end = strstr(p, "]]");
			return arena_strn(a, p, end ? (size_t)(end + 2 - p) : strlen(p));
		} else if (*p == '{' && (end = strchr(p, '}'))) {
			dots = strstr(p, "..");
			if (dots && dots < end && dots > p + 1 && dots + 2 < end && !memchr(p, ',', (size_t)(end - p)))
				return arena_strn(a, p, (size_t)(end + 1 - p));
		}
	}
	if ((p = negation(text, &end)) && negation(p + 2, &dots) && negation(p + 2, &dots) < end)
		return arena_strn(a, p, (size_t)(end - p));
	return NULL;
}

static void warn_of(struct loading *l, const char *pattern)
{
	struct arena *a = l->w.arena;
	const char *what = unknown_construct(a, pattern);

	if (what)
		workspace_warn(&l->w, arena_printf(a, "the pattern '%s' of the workspace's packages has '%s', which vt does not know; "
						   "write the folders out, or some packages are left out", pattern, what));
}

/* --- patterns --- */

static int make_glob(struct loading *l, const char *text, const char *whole, const struct glob **ret, struct err *err)
{
	if (glob_make(l->w.arena, text, GLOB_MEMBER, ret, err))
		return err_wrap(err, "invalid glob pattern '%s'", whole);
	return 0;
}

/* `text` seen from the root: its base escaped, then the rest without the slash at its end, which
 * means nothing more here. */
static const char *rooted(struct arena *a, const struct pattern *p, const char *rest)
{
	size_t n = strlen(rest);

	if (!n)
		return glob_escape(a, p->base);
	if (n > 1 && rest[n - 1] == '/' && rest[n - 2] != '\\')
		n--;
	return path_join(a, glob_escape(a, p->base), arena_strn(a, rest, n));
}

static int add_pattern(struct loading *l, struct patterns *patterns, const char *text, struct err *err)
{
	struct arena *a = l->w.arena;
	struct pattern *p;
	const char *whole = text, *rest, *end;
	bool no = false;
	uint32_t i;

	warn_of(l, text);
	for (; *text == '!' && text[1] != '('; text++)
		no = !no;
	while (*text == '/' || (text[0] == '.' && text[1] == '/'))
		text += *text == '/' ? 1 : 2;
	patterns->at = arena_grow(a, patterns->at, patterns->n, sizeof *patterns->at);
	p = &patterns->at[patterns->n++];
	memset(p, 0, sizeof *p);
	p->written = whole;
	rest = magic_component(text);
	p->base = base_of(a, text, rest);
	p->literal = !*rest;
	p->no = no;
	patterns->any_no |= no;
	p->open = strstr(rest, "**") != NULL;
	text = rooted(a, p, rest);
	for (rest = text; (rest = negation(rest, &end)); rest = end)
		p->but_n++;
	if (p->but_n > NEGATIONS_MAX)
		return err_set(err, ERR_USER, "A pattern of the workspace's packages has more than %d `!(...)`; write several patterns", NEGATIONS_MAX);
	if (make_glob(l, unnegated(a, text, UINT32_MAX), whole, &p->glob, err))
		return -1;
	p->but = arena_array(a, (size_t)p->but_n + 1, sizeof *p->but);
	for (i = 0; i < p->but_n; i++)
		if (make_glob(l, unnegated(a, text, i), whole, &p->but[i], err))
			return -1;
	return 0;
}

bool pattern_match(const struct pattern *p, const char *path)
{
	size_t n = strlen(path);
	uint32_t i;

	if (!glob_match(p->glob, path, n))
		return false;
	for (i = 0; i < p->but_n; i++)
		if (glob_match(p->but[i], path, n))
			return false;
	return true;
}

bool pattern_may_enter(const struct pattern *p, const char *path)
{
	return glob_may_enter(p->glob, path, strlen(path));
}

bool pattern_is_open(const struct pattern *p)
{
	return p->open;
}

/* The last pattern that matches decides, whether it includes or excludes. */
static bool last_says(const struct patterns *patterns, const char *path)
{
	uint32_t i;

	for (i = patterns->n; i-- > 0;)
		if (pattern_match(&patterns->at[i], path))
			return !patterns->at[i].no;
	return false;
}

bool patterns_want(const struct patterns *patterns, const char *path)
{
	return !patterns->any_no || last_says(patterns, path);
}

bool workspace_would_hold(const struct workspace *w, const char *path)
{
	return w->patterns && last_says(w->patterns, path);
}

int patterns_read(struct loading *l, struct err *err)
{
	struct patterns *patterns = arena_alloc(l->w.arena, sizeof *patterns);
	struct texts texts = { NULL, 0 };
	uint32_t i;

	if (read_texts(l, &texts, err))
		return -1;
	for (i = 0; i < texts.n; i++)
		if (add_pattern(l, patterns, texts.at[i], err))
			return -1;
	l->w.patterns = patterns;
	return 0;
}
