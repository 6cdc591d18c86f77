#include "config.h"

#include "query/select.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/texts.h"
#include "query/changed.h"
#include "query/filter.h"
#include "query/options.h"
#include "text/glob.h"
#include "text/path.h"
#include "workspace/workspace.h"

/* A selection that is being made. */
struct selecting {
	const struct query_world *world;
	const struct workspace *w;
	struct arena *a;
	struct err *err;
	uint32_t **dependents;             /* per package: those that need it; made at the first `...x` */
	uint32_t *dependents_n;
	bool moving;                       /* the selection depends on changed files */
};

/* [package#]task, split at the last '#'. */
static const char *split(const char *text, struct arena *a, const char **ret_package)
{
	const char *hash = strrchr(text, '#');

	*ret_package = hash ? arena_strn(a, text, (size_t)(hash - text)) : NULL;
	return hash ? hash + 1 : text;
}

static int blank(const char *s)
{
	return !s[strspn(s, " \t\n\r\f")];
}

static int conflicts(const struct query_options *o, const char *package, struct err *err)
{
	uint32_t i;

	for (i = 0; i < o->filters.n; i++)
		if (blank(o->filters.at[i]))
			return err_set(err, ERR_USER, "--filter value is empty");
	if (o->recursive && o->transitive)
		return err_set(err, ERR_USER, "--recursive and --transitive cannot be used together");
	if (package && o->recursive)
		return err_set(err, ERR_USER, "cannot specify package name with --recursive");
	if (o->filters.n && o->transitive)
		return err_set(err, ERR_USER, "--filter and --transitive cannot be used together");
	if (o->affected && o->recursive)
		return err_set(err, ERR_USER, "--affected and --recursive cannot be used together");
	if (o->affected && o->transitive)
		return err_set(err, ERR_USER, "--affected and --transitive cannot be used together");
	if (package && o->affected)
		return err_set(err, ERR_USER, "cannot specify package name with --affected");
	if (package && o->filters.n)
		return err_set(err, ERR_USER, "cannot specify package name with --filter");
	if (package && o->workspace_root)
		return err_set(err, ERR_USER, "cannot specify package name with --workspace-root");
	return 0;
}

/* "@scope/name" for `name`, when just one package is called so. *ret_n: how many are. */
static const struct package *scoped(const struct workspace *w, const char *name, uint32_t *ret_n)
{
	const struct package *found = NULL;
	uint32_t i;

	*ret_n = 0;
	for (i = 0; i < w->packages_n; i++) {
		const char *slash;

		if (w->packages[i].name[0] != '@' || !(slash = strchr(w->packages[i].name, '/')) || strcmp(slash + 1, name) != 0)
			continue;
		found = &w->packages[i];
		(*ret_n)++;
	}
	return *ret_n == 1 ? found : NULL;
}

static int not_found(struct selecting *s, const char *name)
{
	struct buf b;
	uint32_t i, n = 0;
	int r;

	buf_init(&b, 1 << 20);
	for (i = 0; i < s->w->packages_n; i++) {
		const char *slash = s->w->packages[i].name[0] == '@' ? strchr(s->w->packages[i].name, '/') : NULL;

		if (slash && strcmp(slash + 1, name) == 0)
			buf_printf(&b, "%s'%s'", n++ ? " or " : "; did you mean ", s->w->packages[i].name);
	}
	r = err_set(s->err, ERR_USER, "Package '%s' not found in the workspace%s%s", name, buf_str(&b), n ? "?" : "");
	buf_free(&b);
	return r;
}

static int ambiguous(struct selecting *s, const char *name)
{
	struct buf b;
	uint32_t i, n = 0;
	int r;

	buf_init(&b, 1 << 20);
	for (i = 0; i < s->w->packages_n; i++)
		if (strcmp(s->w->packages[i].name, name) == 0)
			buf_printf(&b, "%s%s", n++ ? ", " : "", s->w->packages[i].dir);
	r = err_set(s->err, ERR_USER, "Package name '%s' is ambiguous; found in multiple locations: %s", name, buf_str(&b));
	buf_free(&b);
	return r;
}

static int by_name(struct selecting *s, const char *name, const struct package **ret)
{
	const struct package *found = NULL;
	uint32_t i, n = 0;

	for (i = 0; i < s->w->packages_n; i++)
		if (strcmp(s->w->packages[i].name, name) == 0) {
			found = &s->w->packages[i];
			n++;
		}
	if (n > 1)
		return ambiguous(s, name);
	if (!n)
		found = scoped(s->w, name, &n);
	if (!found)
		return not_found(s, name);
	*ret = found;
	return 0;
}

static void make_dependents(struct selecting *s)
{
	const struct workspace *w = s->w;
	uint32_t i, k;

	if (s->dependents)
		return;
	s->dependents = arena_array(s->a, w->packages_n, sizeof *s->dependents);
	s->dependents_n = arena_array(s->a, w->packages_n, sizeof *s->dependents_n);
	for (i = 0; i < w->packages_n; i++)
		for (k = 0; k < w->packages[i].needs_n; k++) {
			uint32_t to = w->packages[i].needs[k].to->index;

			s->dependents[to] = arena_grow(s->a, s->dependents[to], s->dependents_n[to], sizeof **s->dependents);
			s->dependents[to][s->dependents_n[to]++] = i;
		}
}

/* Adds all packages that are reached from those selected. */
static void reach(struct selecting *s, bool *in, bool backwards)
{
	const struct workspace *w = s->w;
	uint32_t *todo = arena_array(s->a, w->packages_n, sizeof *todo), n = 0, i;

	if (backwards)
		make_dependents(s);
	for (i = 0; i < w->packages_n; i++)
		if (in[i])
			todo[n++] = i;
	while (n) {
		uint32_t at = todo[--n], edges = backwards ? s->dependents_n[at] : w->packages[at].needs_n;

		for (i = 0; i < edges; i++) {
			uint32_t to = backwards ? s->dependents[at][i] : w->packages[at].needs[i].to->index;

			if (!in[to]) {
				in[to] = true;
				todo[n++] = to;
			}
		}
	}
}

static bool *copy(struct selecting *s, const bool *in)
{
	return arena_copy(s->a, in, s->w->packages_n * sizeof *in);
}

static bool any(const bool *in, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && !in[i])
		i++;
	return i < n;
}

/* The packages at a directory as typed: without wildcards just that one, else all
 * whose path below the leading literal part matches the rest. */
struct dir_match {
	const char *base;                  /* absolute, clean */
	const struct glob *rest;           /* NULL: exactly the base */
	bool itself;                       /* the rest matches nothing at all, too */
};

/* Where the first component with a wildcard begins; the end when there is none. */
static const char *wildcards(struct arena *a, const char *dir)
{
	const char *rest = dir, *end;

	for (;; rest = end + 1) {
		end = strchrnul(rest, '/');
		if (glob_has_magic(arena_strn(a, rest, (size_t)(end - rest))))
			return rest;
		if (!*end)
			return end;
	}
}

/* The absolute path of `path`, which is meant from the directory of the call. */
static const char *absolute(struct selecting *s, const char *path)
{
	return path_clean(s->a, path_join(s->a, s->world->cwd, path));
}

/* Is there a package at this absolute path? Wildcards in it have no meaning. */
static bool has_package(struct selecting *s, const char *path)
{
	uint32_t i;

	for (i = 0; i < s->w->packages_n; i++)
		if (strcmp(s->w->packages[i].dir, path) == 0)
			return true;
	return false;
}

static int dir_match(struct selecting *s, const char *dir, struct dir_match *ret)
{
	const char *rest;

	memset(ret, 0, sizeof *ret);
	ret->base = absolute(s, dir);
	if (has_package(s, ret->base))
		return 0;
	rest = wildcards(s->a, dir);
	ret->base = absolute(s, glob_base(s->a, arena_strn(s->a, dir, (size_t)(rest - dir))));
	if (!*rest)
		return 0;
	ret->itself = strcmp(rest, "*") == 0 || strcmp(rest, "**") == 0;
	return glob_make(s->a, rest, GLOB_PATH, &ret->rest, s->err);
}

static bool path_in_dir(const struct dir_match *m, const char *path)
{
	const char *below = path_below(m->base, path);

	if (!below)
		return false;
	if (!*below)
		return !m->rest || m->itself;
	return m->rest && glob_match(m->rest, below, strlen(below));
}

/* A package that was found through a link may be named by either place. */
static bool in_dir(struct selecting *s, const struct dir_match *m, const struct package *p)
{
	return path_in_dir(m, p->dir) || (p->link && path_in_dir(m, path_join(s->a, s->w->root, p->link)));
}

static int keep_changed(struct selecting *s, const char *reference, bool *in)
{
	bool *changed = arena_array(s->a, s->w->packages_n, sizeof *changed);
	uint32_t i;

	s->moving = true;
	if (changed_packages(s->world, reference, arena_printf(s->a, "--filter '[%s]'", reference), s->a, changed, s->err) < 0)
		return -1;
	for (i = 0; i < s->w->packages_n; i++)
		in[i] = in[i] && changed[i];
	return 0;
}

/* --affected: of what is in, the packages changed since the merge base, and their dependents. */
static int keep_affected(struct selecting *s, const char *reference, bool *in)
{
	bool *affected = arena_array(s->a, s->w->packages_n, sizeof *affected);
	const char *asked = *reference ? arena_printf(s->a, "--affected=%s", reference) : "--affected";
	uint32_t i;

	s->moving = true;
	if (changed_packages(s->world, arena_printf(s->a, "%s...", reference), asked, s->a, affected, s->err) < 0)
		return -1;
	reach(s, affected, true);
	for (i = 0; i < s->w->packages_n; i++)
		in[i] = in[i] && affected[i];
	if (!any(in, s->w->packages_n) && s->world->warn)
		s->world->warn(s->world->ctx, arena_printf(s->a, "No packages are affected by changes since %s",
							   *reference ? reference : "the default branch"));
	return 0;
}

/* The packages a filter names, before any traversal. */
static int seeds(struct selecting *s, const struct filter *f, bool *in)
{
	const struct workspace *w = s->w;
	struct dir_match dir;
	const char *name = f->name, *typed = f->dir, *reference = f->reference;
	bool exact = false;
	uint32_t i, n;

	if (f->with_reference && has_package(s, absolute(s, f->with_reference))) {
		typed = f->with_reference;
		reference = NULL;
	}
	if (typed && dir_match(s, typed, &dir) < 0)
		return -1;
	if (name && !f->name_glob) {
		for (i = 0; i < w->packages_n; i++)
			exact |= strcmp(w->packages[i].name, name) == 0;
		if (!exact) {
			const struct package *p = scoped(w, name, &n);

			if (!p)
				return 0;
			name = p->name;
		}
	}
	for (i = 0; i < w->packages_n; i++) {
		const struct package *p = &w->packages[i];

		if (name && !(f->name_glob ? glob_match(f->name_glob, p->name, strlen(p->name)) : strcmp(p->name, name) == 0))
			continue;
		in[i] = !typed || in_dir(s, &dir, p);
	}
	return reference ? keep_changed(s, reference, in) : 0;
}

static int filter_one(struct selecting *s, const struct filter *f, bool *ret)
{
	uint32_t i, n = s->w->packages_n;
	bool *seed;

	if (seeds(s, f, ret) < 0)
		return -1;
	seed = copy(s, ret);
	if (f->dependents)
		reach(s, ret, true);
	if (f->dependencies)
		reach(s, ret, false);
	for (i = 0; f->without_self && i < n; i++)
		ret[i] = ret[i] && !seed[i];
	return 0;
}

static int unmatched(struct selecting *s, const struct texts *tokens, bool fail)
{
	struct buf b;
	uint32_t i;
	int r;

	if (!fail) {
		for (i = 0; i < tokens->n && s->world->warn; i++)
			s->world->warn(s->world->ctx, arena_printf(s->a, "No packages matched the filter: %s", tokens->at[i]));
		return 0;
	}
	buf_init(&b, 1 << 20);
	for (i = 0; i < tokens->n; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", tokens->at[i]);
	r = err_set(s->err, ERR_USER, "No packages matched the filter: %s", buf_str(&b));
	buf_free(&b);
	return r;
}

static int filtered(struct selecting *s, const struct query_options *o, const struct filters *filters, bool *in)
{
	uint32_t n = s->w->packages_n, i, k;
	struct texts nothing = { NULL, 0 };
	bool includes = false;

	for (i = 0; i < filters->n; i++)
		includes |= !filters->at[i].exclude;
	for (i = 0; i < n; i++)
		in[i] = !includes && !o->workspace_root;
	if (o->workspace_root)
		in[s->w->root_package->index] = true;
	for (i = 0; i < filters->n; i++) {
		bool *one;

		if (filters->at[i].exclude)
			continue;
		one = arena_array(s->a, n, sizeof *one);
		if (filter_one(s, &filters->at[i], one) < 0)
			return -1;
		if (!any(one, n)) {
			texts_add(s->a, &nothing, filters->at[i].text);
		}
		for (k = 0; k < n; k++)
			in[k] |= one[k];
	}
	for (i = 0; i < filters->n; i++) {
		bool *one;

		if (!filters->at[i].exclude)
			continue;
		one = arena_array(s->a, n, sizeof *one);
		if (filter_one(s, &filters->at[i], one) < 0)
			return -1;
		for (k = 0; k < n; k++)
			in[k] = in[k] && !one[k];
	}
	return nothing.n ? unmatched(s, &nothing, o->fail_if_no_match) : 0;
}

/* The text that is equal for equal selections. */
static const char *sameness(struct selecting *s, const struct query_options *o, const char *package,
			    const struct filters *filters, const struct package *here)
{
	struct buf b;
	const char *ret;
	uint32_t i;

	buf_init(&b, 1 << 20);
	if (o->picked)
		buf_printf(&b, "at %s", o->picked->path);
	else if (filters->n) {
		buf_printf(&b, "filter%s", o->workspace_root ? " and root" : "");
		for (i = 0; i < filters->n; i++)
			buf_printf(&b, "\n%s%s%s", filters->at[i].text, filters->at[i].dir ? "\t" : "", filters->at[i].dir ? s->world->cwd : "");
	} else if (o->recursive || (o->affected && !o->workspace_root))
		buf_text(&b, "all");
	else if (package)
		buf_printf(&b, "%s %s", o->transitive ? "below name" : "name", package);
	else
		buf_printf(&b, "%s %s", o->transitive ? "below" : "at", here->path);
	if (o->affected)
		buf_printf(&b, "\naffected %s", o->affected);
	buf_printf(&b, "\n#%s%s", o->task, o->ignore_depends_on ? "\nalone" : "");
	ret = arena_str(s->a, buf_str(&b));
	buf_free(&b);
	return ret;
}

int select_packages(const struct query_world *world, const struct query_options *o, struct arena *a,
		    struct selection *ret, struct err *err)
{
	const struct workspace *w = world->workspace;
	struct selecting s = { .world = world, .w = w, .a = a, .err = err };
	struct selection sel = { .in = arena_array(a, w->packages_n, sizeof *sel.in) };
	const struct package *here = o->picked;
	struct filters filters = { NULL, 0 };
	const char *package = NULL;
	uint32_t i;

	sel.task = o->task;
	if (!o->picked)
		sel.task = split(o->task, a, &package);
	if (conflicts(o, package, err) < 0 || filters_parse(&o->filters, a, &filters, err) < 0)
		return 1;
	if (filters.n) {
		if (filtered(&s, o, &filters, sel.in) < 0)
			return -1;
	} else if (o->recursive || (o->affected && !o->workspace_root)) {
		memset(sel.in, true, w->packages_n * sizeof *sel.in);
	} else {
		if (package && by_name(&s, package, &here) < 0)
			return -1;
		if (!here)
			here = o->workspace_root ? w->root_package : workspace_package_at(w, world->cwd);
		if (!here)                         /* a nested run after a cd to somewhere else */
			return err_set(err, ERR_USER, "Package not found in workspace: `%s`", world->cwd);
		sel.in[here->index] = true;
		if (o->transitive)
			reach(&s, sel.in, false);
	}
	if (o->affected && keep_affected(&s, o->affected, sel.in) < 0)
		return -1;
	sel.moving = s.moving;
	for (i = 0; i < w->packages_n; i++)
		sel.n += sel.in[i];
	sel.same = sameness(&s, o, package, &filters, here);
	*ret = sel;
	return 0;
}
