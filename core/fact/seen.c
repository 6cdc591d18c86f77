#include "config.h"

#include "fact/seen.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "text/path.h"
#include "text/shown.h"
#include "workspace/workspace.h"

/* No real task does so much; a run that passes a limit is not stored. */
enum { SEEN_PATHS = 1000000, SEEN_NAMES = 100000, SEEN_OUTSIDE = 100000 };

struct inside {
	struct map known;              /* op, flags, name, NUL, other: what was recorded */
	struct arena *keys;
	uint32_t paths, names;
	bool git_head;             /* .git/HEAD was read ... */
	bool git_asked;            /* ... and what says which commit there is */
};

void seen_init(struct seen *s, const char *root, const char *cache_dir, const struct globs *input, const struct globs *output)
{
	struct inside *in = xcalloc(1, sizeof *in);

	*s = (struct seen){ .arena = arena_new(), .root = root, .cache_dir = cache_dir, .input = input, .output = output, .inside = in };
	map_init(&in->known);
	map_init(&s->left_out);
	map_init(&s->foreign);
	in->keys = arena_new();
}

void seen_free(struct seen *s)
{
	struct inside *in = s->inside;

	if (!in)
		return;
	map_free(&in->known);
	map_free(&s->left_out);
	map_free(&s->foreign);
	arena_free(in->keys);
	arena_free(s->arena);
	free(in);
	*s = (struct seen){ .n = 0 };
}

/* Is it the first such record? A repetition adds nothing. */
static bool is_new(struct inside *in, const vt_seen *r)
{
	size_t size = 4 + r->name.size + 1 + r->other.size;
	char small[512], *key = size <= sizeof small ? small : xmalloc(size);
	void **place;
	bool ret;

	memcpy(key, &r->op, 2);
	memcpy(key + 2, &r->flags, 2);
	if (r->name.size)
		memcpy(key + 4, r->name.data, r->name.size);
	key[4 + r->name.size] = '\0';
	if (r->other.size)
		memcpy(key + 5 + r->name.size, r->other.data, r->other.size);
	ret = !map_get(&in->known, key, size);
	if (ret) {
		place = map_put(&in->known, arena_copy(in->keys, key, size), size);
		*place = in;
	}
	if (key != small)
		free(key);
	return ret;
}

static vt_bytes kept(struct arena *a, vt_bytes b)
{
	return (vt_bytes){ b.size ? arena_copy(a, b.data, b.size) : "", b.size };
}

static void record(struct seen *s, const vt_seen *r)
{
	struct inside *in = s->inside;
	vt_seen *at;

	/* the order of writes counts: a file may be made, removed and made again */
	if (r->op != VT_SEEN_WRITE && r->op != VT_SEEN_RENAME && !is_new(in, r))
		return;
	s->at = arena_grow(s->arena, s->at, s->n, sizeof *s->at);
	at = &s->at[s->n++];
	*at = *r;
	at->name = kept(s->arena, r->name);
	at->other = kept(s->arena, r->other);
}

/* Where a path lies. */
enum place { INSIDE, OUTSIDE, LEFT_OUT, NOWHERE };

static enum place below(const char *dir, const char *path, const char **ret)
{
	size_t n = strlen(dir);

	if (n == 1 && dir[0] == '/') {
		*ret = path + 1;
		return INSIDE;
	}
	if (strncmp(path, dir, n) != 0 || (path[n] && path[n] != '/'))
		return OUTSIDE;
	*ret = path[n] ? path + n + 1 : path + n;
	return INSIDE;
}

static bool is_unclean(const char *p)
{
	size_t n = strlen(p);

	return strstr(p, "//") || strstr(p, "/./") || strstr(p, "/../") || (n > 1 && p[n - 1] == '/') ||
	       (n >= 2 && strcmp(p + n - 2, "/.") == 0) || (n >= 3 && strcmp(p + n - 3, "/..") == 0);
}

static enum place place_of(struct seen *s, struct inside *in, vt_bytes given, char *buffer, vt_bytes *ret)
{
	const char *rel, *path = buffer;

	if (!given.size || given.size >= PATH_MAX || memchr(given.data, 0, given.size) || *(const char *)given.data != '/')
		return NOWHERE;
	memcpy(buffer, given.data, given.size);
	buffer[given.size] = '\0';
	if (is_unclean(path))
		path = path_clean(in->keys, path);
	/* a vt in the task writes there, too: that is no effect of the task */
	if (s->cache_dir && below(s->cache_dir, path, &rel) == INSIDE)
		return NOWHERE;
	if (below(s->root, path, &rel) == OUTSIDE) {
		*ret = (vt_bytes){ path, strlen(path) };
		return OUTSIDE;
	}
	*ret = (vt_bytes){ rel, strlen(rel) };
	if ((strncmp(rel, ".git", 4) == 0 && (!rel[4] || rel[4] == '/')) ||
	    (s->input && file_patterns_match(&s->input->no, ret->data, ret->size)))
		return LEFT_OUT;
	return INSIDE;
}

/* ---- what git says: .git ----
 *
 * Which commit is checked out is in HEAD, refs and packed-refs. They count for a command
 * that read refs, packed-refs or objects. One that opened HEAD alone does not depend on
 * it: git does so wherever it looks for its folder. */

/* The path below .git; NULL: it lies elsewhere. */
static const char *below_git(vt_bytes name)
{
	return name.size > 5 && memcmp(name.data, ".git/", 5) == 0 ? (const char *)name.data + 5 : NULL;
}

static bool begins(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/');
}

/* Does the path name a commit, in .git? It ends with NUL. */
static bool names_commit(const char *path)
{
	return strcmp(path, "HEAD") == 0 || strcmp(path, "packed-refs") == 0 || begins(path, "refs");
}

static void add_path(struct seen *s, const vt_seen *given, vt_bytes name, vt_bytes other);

/* The place of a path that was left out, after all. */
static enum place git_place(struct seen *s, const vt_seen *given, vt_bytes name)
{
	struct inside *in = s->inside;
	const char *path = below_git(name);
	bool looks = given->op == VT_SEEN_READ || given->op == VT_SEEN_LIST, head = path && strcmp(path, "HEAD") == 0;

	/* before a name is looked for among the packed ones */
	looks = looks || (given->op == VT_SEEN_PROBE && path && strncmp(path, "refs/", 5) == 0);

	if (!path || (!names_commit(path) && strncmp(path, "objects/", 8) != 0))
		return LEFT_OUT;
	if (looks && !head && !in->git_asked) {
		in->git_asked = true;
		if (in->git_head)
			add_path(s, &(vt_seen){ .op = VT_SEEN_READ }, (vt_bytes){ ".git/HEAD", 9 }, (vt_bytes){ "", 0 });
	}
	if (looks && head)
		in->git_head = true;
	if (!names_commit(path) || !in->git_asked || (!looks && given->op != VT_SEEN_WRITE && given->op != VT_SEEN_RENAME))
		return LEFT_OUT;
	return INSIDE;
}

static bool is_env(unsigned op)
{
	return op == VT_SEEN_ENV || op == VT_SEEN_ENV_GLOB || op == VT_SEEN_ENV_PREFIX;
}

static void add_path(struct seen *s, const vt_seen *given, vt_bytes name, vt_bytes other)
{
	struct inside *in = s->inside;
	vt_seen r = *given;
	uint32_t n = s->n;

	if (in->paths >= SEEN_PATHS) {
		if (!s->untraced)
			s->untraced = "this task used more files than can be recorded";
		return;
	}
	r.name = name;
	r.other = other;
	r.flags &= (uint16_t)~VT_SEEN_OUTPUT;
	if (s->output && globs_match(s->output, name.data, name.size))
		r.flags |= VT_SEEN_OUTPUT;
	record(s, &r);
	in->paths += s->n - n;                 /* a repetition is not counted */
}

/* A rename with one end inside is a write or a removal of that end. */
static void add_rename(struct seen *s, const vt_seen *given, enum place from, vt_bytes name, enum place to, vt_bytes other)
{
	static const vt_bytes none = { "", 0 };
	vt_seen r = *given;

	if (from == INSIDE && to == INSIDE) {
		add_path(s, given, name, other);
		return;
	}
	r.op = VT_SEEN_WRITE;
	if (to == INSIDE) {
		add_path(s, &r, other, none);
	} else if (from == INSIDE) {
		r.flags |= VT_SEEN_REMOVED;
		add_path(s, &r, name, none);
	}
}

static void add_outside(struct seen *s, const vt_seen *given, enum place from, vt_bytes name, enum place to, vt_bytes other)
{
	struct seen_outside *o;

	if (s->outside_n == SEEN_OUTSIDE) {
		if (!s->untraced)
			s->untraced = "this task wrote more files outside the workspace than can be recorded";
		return;
	}
	s->outside = arena_grow(s->arena, s->outside, s->outside_n, sizeof *s->outside);
	o = &s->outside[s->outside_n++];
	*o = (struct seen_outside){ .record = *given, .at = s->n };
	o->record.flags = (uint16_t)((given->flags & ~VT_SEEN_OUTPUT) | VT_SEEN_OUTSIDE);
	if (given->op == VT_SEEN_RENAME && (from != OUTSIDE || to != OUTSIDE))
		o->record.op = VT_SEEN_WRITE;
	o->record.name = kept(s->arena, from == OUTSIDE ? name : other);
	o->record.other = kept(s->arena, o->record.op == VT_SEEN_RENAME ? other : (vt_bytes){ "", 0 });
	if (given->op == VT_SEEN_RENAME && from == OUTSIDE && to != OUTSIDE)
		o->record.flags |= VT_SEEN_REMOVED;
}

const vt_seen *seen_all(const struct seen *s, struct arena *a, uint32_t *ret_n)
{
	vt_seen *all;
	uint32_t i, k = 0, n = 0;

	*ret_n = s->n + s->outside_n;
	if (!s->outside_n)
		return s->at;
	all = arena_array(a, *ret_n, sizeof *all);
	for (i = 0; i <= s->n; i++) {
		while (k < s->outside_n && s->outside[k].at == i)
			all[n++] = s->outside[k++].record;
		if (i < s->n)
			all[n++] = s->at[i];
	}
	return all;
}

/* Remembers a written path that is no input: the write explains why the directory changed. */
static void leave_out(struct seen *s, enum place place, vt_bytes name)
{
	struct inside *in = s->inside;

	if (place == LEFT_OUT && s->left_out.n < SEEN_PATHS && !map_get(&s->left_out, name.data, name.size))
		*map_put(&s->left_out, arena_copy(in->keys, name.data, name.size), name.size) = in;
}

/* Not a moment of the run: parts do not see it. */
static void add_foreign(struct seen *s, enum place place, vt_bytes name)
{
	struct inside *in = s->inside;

	if (place == INSIDE && s->foreign.n < SEEN_PATHS)
		*map_put(&s->foreign, arena_copy(in->keys, name.data, name.size), name.size) = in;
}

void seen_add(struct seen *s, const vt_seen *given)
{
	static const vt_bytes none = { "", 0 };
	struct inside *in = s->inside;
	char buffer[PATH_MAX], buffer2[PATH_MAX];
	vt_bytes name = none, other = none;
	enum place from, to;

	if (is_env(given->op) || given->op == VT_SEEN_NET || given->op == VT_SEEN_IGNORE_INPUT || given->op == VT_SEEN_IGNORE_OUTPUT) {
		uint32_t n = s->n;

		if (in->names < SEEN_NAMES)
			record(s, given);
		else if (is_env(given->op) && !s->broken)
			s->broken = "the task asked for more variables than can be recorded";
		in->names += s->n - n;         /* a repetition is not counted */
		return;
	}
	if (given->op == VT_SEEN_EXEC && (given->flags & VT_SEEN_SETUID))
		s->setuid = true;
	from = place_of(s, in, given->name, buffer, &name);
	if (given->op == VT_SEEN_WRITE && (given->flags & VT_SEEN_FOREIGN)) {
		add_foreign(s, from, name);
		return;
	}
	if (from == LEFT_OUT)
		from = git_place(s, given, name);
	if (given->op == VT_SEEN_WRITE || given->op == VT_SEEN_RENAME)
		leave_out(s, from, name);
	if (given->op == VT_SEEN_RENAME) {
		to = place_of(s, in, given->other, buffer2, &other);
		if (to == LEFT_OUT)
			to = git_place(s, given, other);
		leave_out(s, to, other);
		if (from == OUTSIDE || to == OUTSIDE)
			add_outside(s, given, from, name, to, other);
		add_rename(s, given, from, name, to, other);
	} else if (given->op == VT_SEEN_WRITE && from == OUTSIDE) {
		add_outside(s, given, from, name, OUTSIDE, none);
	} else if (given->op == VT_SEEN_BEFORE && from == INSIDE) {
		add_path(s, given, name, given->other);
	} else if (from == INSIDE) {
		add_path(s, given, name, none);
	} else if (from == OUTSIDE && (given->op == VT_SEEN_EXEC || given->op == VT_SEEN_READ)) {
		vt_seen r = *given;

		r.flags |= VT_SEEN_OUTSIDE;
		add_path(s, &r, name, none);
	}
}

void seen_refuse(struct seen *s, const void *sentence, size_t size)
{
	char line[513];

	if (s->refused || !size)
		return;
	shown_cut(line, sizeof line, sentence, size);
	s->refused = arena_str(s->arena, line);
}

void seen_env(struct seen *s, uint16_t op, const char *name, size_t size)
{
	seen_add(s, &(vt_seen){ .op = op, .name = { name, size }, .other = { "", 0 } });
}
