#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/texts.h"
#include "os/file.h"
#include "text/path.h"
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
	file = path_join(a, dir, "package.json");
	r = manifest_open(file, a, &doc, err);
	if (r)
		return r < 0 ? workspace_hide(dir, file, err) : 0;
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

enum {
	PATTERNS_MANY = 1000,
	TRIES_MAX = 1 << 20            /* folders times patterns, where those are many */
};

struct search {
	struct loading *l;
	struct map seen;               /* paths looked at */
	struct map listed;             /* path -> struct listing: many patterns may walk through one folder */
	struct found *found;           /* the folders that may be members, in the order of the search */
	uint32_t found_n;
	struct arena *kept;            /* for that list */
	uint32_t tries;                /* times that a folder was compared with a pattern */
	struct err *err;
};

/* n more comparisons. -1: it takes too long. */
static int count_tries(struct search *s, uint32_t n)
{
	const uint32_t patterns = s->l->w.patterns->n;

	if (patterns <= PATTERNS_MANY)
		return 0;
	if (n <= TRIES_MAX - s->tries) {
		s->tries += n;
		return 0;
	}
	return err_set(s->err, ERR_USER, "The workspace has %u patterns of packages for too many folders; write fewer and wider ones", patterns);
}

/* --- the members --- */

/* Texts of files live shortly: the scratch arena starts afresh now and then. */
static struct arena *scratch(struct loading *l)
{
	if (arena_size(l->scratch) > 1 << 18) {
		arena_free(l->scratch);
		l->scratch = arena_new();
	}
	return l->scratch;
}

struct member *member_add(struct loading *l, const char *path, struct manifest *manifest)
{
	struct member *m;

	l->members = arena_grow(l->w.arena, l->members, l->members_n, sizeof *l->members);
	m = &l->members[l->members_n++];
	*m = (struct member){ .path = path, .manifest = manifest };
	return m;
}

static bool is_passed_over(const char *name, size_t n)
{
	static const char *const names[] = { ".", "..", "node_modules", ".git", ".vt" };
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
			return true;
	return false;
}

/* Resolves a link. false: it leads nowhere, to the root or into node_modules, and is no member. */
static bool follow(struct search *s, const char *link, struct found *ret)
{
	const char *root = s->l->w.root, *real = file_real(path_join(s->l->scratch, root, link), s->l->w.arena);
	const char *below = real ? path_below(root, real) : NULL, *p, *end;

	if (!real || (below && !*below))
		return false;
	*ret = (struct found){ link, NULL, real };
	if (!below)
		return true;
	for (p = below; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, '/');
		if (is_passed_over(p, (size_t)(end - p)))
			return false;
	}
	*ret = (struct found){ below, strcmp(below, link) ? link : NULL, NULL };
	return true;
}

/* Notes the folder: it is a member if it has a package.json. */
static int visit(struct search *s, const char *path, bool through_link)
{
	struct found found = { path, NULL, NULL };
	void **seen;

	if (s->l->w.patterns->any_no && count_tries(s, s->l->w.patterns->n) < 0)
		return -1;
	if (!patterns_want(s->l->w.patterns, path) || (through_link && !follow(s, path, &found)))
		return 0;
	seen = map_puts(&s->seen, found.outside ? found.outside : found.path);
	if (*seen)
		return 0;
	*seen = s;
	s->found = arena_grow(s->kept, s->found, s->found_n, sizeof *s->found);
	s->found[s->found_n++] = found;
	return 0;
}

/* The type of a folder's entry: DT_DIR, DT_LNK (to a folder), or anything else. */
static int type_of(int fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type == DT_DIR)
		return DT_DIR;
	if ((e->d_type != DT_UNKNOWN && e->d_type != DT_LNK) || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return DT_REG;
	if (S_ISLNK(st.st_mode))
		return fstatat(fd, e->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode) ? DT_LNK : DT_REG;
	return S_ISDIR(st.st_mode) ? DT_DIR : DT_REG;
}

/* The folders in a folder, and the links to folders; root-relative. */
struct listing {
	struct texts folders, links;   /* sorted */
};

static void add_path(struct search *s, struct texts *to, const char *dir, const char *name)
{
	texts_add(s->l->w.arena, to, path_join(s->l->w.arena, dir, name));
}

/* A folder that cannot be read holds nothing. */
static const struct listing *list_folder(struct search *s, const char *path)
{
	struct listing *list = map_gets(&s->listed, path);
	DIR *d;
	struct dirent *e;

	if (list)
		return list;
	list = arena_alloc(s->l->w.arena, sizeof *list);
	*map_puts(&s->listed, arena_str(s->l->w.arena, path)) = list;
	d = opendir(path_join(scratch(s->l), s->l->w.root, path));
	while (d && (e = readdir(d))) {
		int type;

		if (is_passed_over(e->d_name, strlen(e->d_name)))
			continue;
		type = type_of(dirfd(d), e);
		if (type == DT_DIR)
			add_path(s, &list->folders, path, e->d_name);
		else if (type == DT_LNK)
			add_path(s, &list->links, path, e->d_name);
	}
	if (d)
		closedir(d);
	texts_sort(&list->folders);
	texts_sort(&list->links);
	return list;
}

static int walk(struct search *s, const struct pattern *p, const char *path, bool through_link);

static int walk_list(struct search *s, const struct pattern *p, const struct texts *list, bool through_link)
{
	uint32_t i;

	if (count_tries(s, list->n) < 0)
		return -1;
	for (i = 0; i < list->n; i++) {
		if (pattern_match(p, list->at[i]) && visit(s, list->at[i], through_link))
			return -1;
		if (pattern_may_enter(p, list->at[i]) && walk(s, p, list->at[i], through_link))
			return -1;
	}
	return 0;
}

/* A link that the pattern matches is a member. `**` does not enter links, so that the walk ends. */
static int walk(struct search *s, const struct pattern *p, const char *path, bool through_link)
{
	const struct listing *list = list_folder(s, path);
	uint32_t i;

	if (walk_list(s, p, &list->folders, through_link))
		return -1;
	if (!pattern_is_open(p))
		return walk_list(s, p, &list->links, true);
	for (i = 0; i < list->links.n; i++)
		if (pattern_match(p, list->links.at[i]) && visit(s, list->links.at[i], true))
			return -1;
	return 0;
}

/* Does the way from the root to a folder pass through a link? */
static bool is_through_link(struct search *s, const char *path)
{
	const char *dir, *real;

	if (!*path)
		return false;
	dir = path_join(scratch(s->l), s->l->w.root, path);
	real = file_real(dir, s->l->scratch);
	return real && strcmp(dir, real) != 0;
}

static int search_all(struct search *s)
{
	const struct patterns *patterns = s->l->w.patterns;
	uint32_t i;

	for (i = 0; i < patterns->n; i++) {
		const struct pattern *p = &patterns->at[i];
		size_t n = strlen(p->base);
		bool through_link;

		if (p->no)
			continue;
		if (p->base[0] == '/' || (strncmp(p->base, "..", 2) == 0 && (n == 2 || p->base[2] == '/'))) {
			workspace_warn(&s->l->w, arena_printf(s->l->w.arena, "the pattern '%s' of the workspace's packages leads out of the workspace; "
							      "what it matches there is left out", p->written));
			continue;
		}
		through_link = is_through_link(s, p->base);
		if (pattern_match(p, p->base) && visit(s, p->base, through_link))
			return -1;
		if (!p->literal && pattern_may_enter(p, p->base) && walk(s, p, p->base, through_link))
			return -1;
	}
	return 0;
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
	struct manifest *m = arena_alloc(l->w.arena, sizeof *m);
	int r = 0;

	if (!doc)
		r = manifest_open(file, l->scratch, &doc, err);
	if (r < 0)
		return workspace_hide(l->w.root, file, err);
	m->name = "";
	member_add(l, "", m);
	if (!r)
		r = manifest_read(doc, file, l->root.ranges, l->w.arena, m, err);
	if (!l->root.manifest)
		json_free(doc);
	return r < 0 ? workspace_hide(l->w.root, file, err) : 0;
}

int discover_members(struct loading *l, struct err *err)
{
	struct search s = { .l = l, .kept = arena_new(), .err = err };
	int r;

	map_init(&s.seen);
	map_init(&s.listed);
	r = patterns_read(l, err);
	if (!r)
		r = search_all(&s);
	if (!r)
		r = members_read(l, s.found, s.found_n, err);
	map_free(&s.seen);
	map_free(&s.listed);
	arena_free(s.kept);
	if (r)
		return -1;
	if (l->members_n > 1)
		qsort(l->members, l->members_n, sizeof *l->members, compare_members);
	if (l->members_n && !l->members[0].path[0])
		return 0;
	return add_root(l, err);
}
