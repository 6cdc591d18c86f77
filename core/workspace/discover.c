#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "text/glob.h"
#include "text/path.h"
#include "text/yaml.h"
#include "workspace/load.h"

/* --- the root --- */

static bool has_workspaces(const struct json_doc *doc)
{
	return cJSON_GetObjectItemCaseSensitive(json_root(doc), "workspaces") != NULL;
}

/* Looks at one directory. 1: it is the root of a workspace, 0: go on, -1 */
static int look(const char *dir, struct arena *a, struct root *nearest, struct err *err)
{
	const char *file = path_join(a, dir, "pnpm-workspace.yaml");
	struct json_doc *doc;
	int r = file_read(file, WORKSPACE_FILE_MAX, a, &nearest->yaml, err);

	if (r < 0)
		return -1;
	if (r == 0) {
		json_free(nearest->manifest);
		nearest->manifest = NULL;
		nearest->kind = ROOT_PNPM;
		nearest->dir = dir;
		return 1;
	}
	r = manifest_open(path_join(a, dir, "package.json"), a, &doc, err);
	if (r)
		return r < 0 ? -1 : 0;
	r = has_workspaces(doc);
	if (!r && nearest->dir) {
		json_free(doc);
		return 0;
	}
	json_free(nearest->manifest);
	nearest->manifest = doc;
	nearest->dir = dir;
	nearest->kind = r ? ROOT_NPM : ROOT_SINGLE;
	return r;
}

int discover_root(const char *cwd, struct arena *a, struct root *ret, struct err *err)
{
	struct root nearest = { 0 };
	const char *dir = cwd;
	int r;

	while ((r = look(dir, a, &nearest, err)) == 0 && dir[1])
		dir = path_dir(a, dir);
	if (r == 0 && !nearest.dir)
		r = err_set(err, ERR_USER, "Package not found in workspace: `%s`", cwd);
	if (r < 0) {
		json_free(nearest.manifest);
		return -1;
	}
	*ret = nearest;
	return 0;
}

/* --- the patterns --- */

struct pattern {
	const struct glob *glob;
	const char *base;              /* where a walk starts: clean, root-relative */
	bool literal;                  /* base is all there is */
	bool no;                       /* '!' in front */
};

struct patterns {
	struct pattern *at;
	uint32_t n;
	bool any_no;
};

struct search {
	struct loading *l;
	struct patterns *patterns;
	struct map seen;               /* paths looked at */
	struct err *err;
};

static int add_pattern(struct search *s, const char *text)
{
	struct arena *a = s->l->w.arena;
	struct pattern *p;
	const char *whole = text, *rest;
	bool no = false;

	for (; *text == '!'; text++)
		no = !no;
	while (*text == '/' || (text[0] == '.' && text[1] == '/'))
		text += *text == '/' ? 1 : 2;
	rest = glob_rest(text);
	s->patterns->at = arena_grow(a, s->patterns->at, s->patterns->n, sizeof *s->patterns->at);
	p = &s->patterns->at[s->patterns->n++];
	p->base = path_clean(a, glob_base(a, text));
	p->literal = !*rest;
	p->no = no;
	s->patterns->any_no |= no;
	if (*rest) {
		size_t n = strlen(rest);

		/* a slash at the end means nothing more here */
		if (n > 1 && rest[n - 1] == '/' && rest[n - 2] != '\\')
			n--;
		text = path_join(a, glob_escape(a, p->base), arena_strn(a, rest, n));
	} else {
		text = glob_escape(a, p->base);
	}
	if (glob_make(a, text, GLOB_PATH, &p->glob, s->err))
		return err_wrap(s->err, "invalid glob pattern '%s'", whole);
	return 0;
}

/* With exclusions the last pattern that matches decides. */
static bool wanted(const struct patterns *patterns, const char *path)
{
	uint32_t i;

	for (i = patterns->n; i-- > 0;)
		if (glob_match(patterns->at[i].glob, path, strlen(path)))
			return !patterns->at[i].no;
	return false;
}

bool workspace_would_hold(const struct workspace *w, const char *path)
{
	return w->patterns && wanted(w->patterns, path);
}

/* --- the members --- */

static bool is_regular(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && S_ISREG(st.st_mode);
}

/* Texts of files live shortly: the scratch arena starts afresh now and then. */
static struct arena *scratch(struct loading *l)
{
	if (arena_size(l->scratch) > 1 << 18) {
		arena_free(l->scratch);
		l->scratch = arena_new();
	}
	return l->scratch;
}

static struct member *add_member(struct loading *l, const char *path)
{
	struct member *m;

	l->members = arena_grow(l->w.arena, l->members, l->members_n, sizeof *l->members);
	m = &l->members[l->members_n++];
	memset(m, 0, sizeof *m);
	m->path = path;
	m->manifest.name = "";
	return m;
}

static int read_manifest(struct loading *l, const char *file, struct arena *scratch, struct manifest *ret, struct err *err)
{
	struct bytes text;
	int r = file_read(file, WORKSPACE_FILE_MAX, scratch, &text, err);

	return r ? r : manifest_from(file, text, l->root.ranges, l->w.arena, ret, err);
}

/* Is there a package in this folder? Then it is a member. `ahead`: where its files are
 * being read, as the `at`th folder's; or NULL. */
static int visit(struct search *s, const char *path, struct ahead *ahead, uint32_t at)
{
	struct arena *short_lived = scratch(s->l);
	const char *file = path_join(short_lived, path_join(short_lived, s->l->w.root, path), "package.json");
	struct manifest manifest;
	struct member *m;
	void **seen;
	int r;

	if (s->patterns->any_no && !wanted(s->patterns, path))
		return 0;
	seen = map_puts(&s->seen, path);
	if (*seen)
		return 0;
	*seen = s;
	if (ahead)
		r = ahead_manifest(ahead, at, short_lived, &manifest, s->err);
	else
		r = read_manifest(s->l, file, short_lived, &manifest, s->err);
	if (r < 0 && !is_regular(file)) {
		err_clear(s->err);
		return 0;
	}
	if (r)
		return r < 0 ? -1 : 0;
	m = add_member(s->l, path);
	m->manifest = manifest;
	m->ahead = ahead;
	m->ahead_at = at;
	return 0;
}

static bool is_folder(int fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool is_passed_over(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "node_modules") == 0
		|| strcmp(name, ".git") == 0 || strcmp(name, ".vt") == 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The folders in a folder, sorted, as root-relative paths. Those that cannot be read hold none. */
static struct texts folders(struct search *s, const char *path)
{
	struct arena *a = s->l->w.arena;
	const char *dir = path_join(scratch(s->l), s->l->w.root, path);
	struct texts list = { 0 };
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (is_passed_over(e->d_name) || !is_folder(dirfd(d), e))
			continue;
		list.at = arena_grow(a, list.at, list.n, sizeof *list.at);
		list.at[list.n++] = path_join(a, path, e->d_name);
	}
	if (d)
		closedir(d);
	if (list.n > 1)
		qsort(list.at, list.n, sizeof *list.at, compare_texts);
	return list;
}

static bool all_match(const struct glob *g, const struct texts *list)
{
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (!glob_match(g, list->at[i], strlen(list->at[i])))
			return false;
	return true;
}

static int walk(struct search *s, const struct glob *g, const char *path)
{
	struct texts list = folders(s, path);
	struct ahead *ahead = all_match(g, &list) ? ahead_start(s->l, &list) : NULL;
	uint32_t i;

	for (i = 0; i < list.n; i++) {
		size_t n = strlen(list.at[i]);

		if (glob_match(g, list.at[i], n) && visit(s, list.at[i], ahead, i))
			return -1;
		if (glob_may_enter(g, list.at[i], n) && walk(s, g, list.at[i]))
			return -1;
	}
	return 0;
}

static int search_all(struct search *s)
{
	uint32_t i;

	for (i = 0; i < s->patterns->n; i++) {
		const struct pattern *p = &s->patterns->at[i];
		size_t n = strlen(p->base);

		/* outside there is nothing to find */
		if (p->no || p->base[0] == '/' || (strncmp(p->base, "..", 2) == 0 && (n == 2 || p->base[2] == '/')))
			continue;
		if (glob_match(p->glob, p->base, n) && visit(s, p->base, NULL, 0))
			return -1;
		if (!p->literal && glob_may_enter(p->glob, p->base, n) && walk(s, p->glob, p->base))
			return -1;
	}
	return 0;
}

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
		ret->at = arena_grow(a, ret->at, ret->n, sizeof *ret->at);
		ret->at[ret->n++] = arena_str(a, item->valuestring);
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

static int read_patterns(struct loading *l, struct texts *ret, struct err *err)
{
	const struct yaml_value *settings = NULL;
	struct arena *a = l->w.arena;
	const char *file;

	if (l->root.kind == ROOT_NPM) {
		file = path_join(a, l->w.root, "package.json");
		if (npm_patterns(l->root.manifest, a, ret, err))
			return err_wrap(err, "Failed to parse JSON file at %s", file);
	} else if (l->root.kind == ROOT_PNPM) {
		file = path_join(a, l->w.root, "pnpm-workspace.yaml");
		if (yaml_read(file, l->root.yaml.data, l->root.yaml.size, a, &settings, err) || yaml_texts(file, settings, "packages", a, ret, err))
			return err_wrap(err, "Failed to parse YAML file at %s", file);
	}
	return read_ranges(l, settings, err);
}

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->path, ((const struct member *)b)->path);
}

/* The root is always a member: the last one, unless a pattern found it. */
static int add_root(struct loading *l, struct err *err)
{
	const char *file = path_join(l->w.arena, l->w.root, "package.json");
	struct json_doc *doc = l->root.manifest;
	struct member *m;
	int r = 0;

	if (!doc)
		r = manifest_open(file, l->scratch, &doc, err);
	if (r < 0)
		return -1;
	m = add_member(l, "");
	if (!r)
		r = manifest_read(doc, file, l->root.ranges, l->w.arena, &m->manifest, err);
	if (!l->root.manifest)
		json_free(doc);
	return r < 0 ? -1 : 0;
}

int discover_members(struct loading *l, struct err *err)
{
	struct search s = { .l = l, .err = err, .patterns = arena_alloc(l->w.arena, sizeof *s.patterns) };
	struct texts texts = { 0 };
	uint32_t i;
	int r;

	r = read_patterns(l, &texts, err);
	for (i = 0; i < texts.n && !r; i++)
		r = add_pattern(&s, texts.at[i]);
	l->w.patterns = s.patterns;
	map_init(&s.seen);
	if (!r)
		r = search_all(&s);
	map_free(&s.seen);
	if (r)
		return -1;
	if (l->members_n > 1)
		qsort(l->members, l->members_n, sizeof *l->members, compare_members);
	if (l->members_n && !l->members[0].path[0])
		return 0;
	return add_root(l, err);
}
