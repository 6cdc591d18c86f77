/* settle: turns the notes into the records that a part sees. The task has ended, so links
 * can be followed now:
 *
 *   /a/link/../b             ".." goes to the parent of what the link names
 *   /tmp/ws/src/x            a link outside may lead into the workspace
 *   node_modules/p/out.js    what the task wrote as packages/p/out.js
 *   /usr/lib/x.so            opened for reading: a library was loaded
 *
 * Paths keep the names that the task used, except those of files that it wrote: the part
 * must see that two names are one file. Of paths outside only what was written is kept, programs,
 * libraries and the files that outside.h tells. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outside.h"
#include "trace.h"
#include "vt-plugin.h"

enum { BATCH = 256 };

/* A text that one of the tables below owns, or the watch. */
struct text {
	const char *at;
	uint32_t length;
	bool made;               /* found through a link that the task made and removed */
};

/* What a name of the notes means. */
struct settled {
	struct text used;        /* the task's name for it, without ".."; at NULL: not settled yet */
	struct text real;        /* below the workspace's root, without links except the last part; at NULL: outside */
	struct text end;         /* the target of its last part if that is a link, else the name; at NULL: not asked yet */
};

struct settling {
	struct watch *w;
	char root[PATH_MAX];     /* the workspace's root without links in it */
	size_t root_length;
	struct settled *names;   /* beside w->notes.names */
	struct notes folders;    /* the directories that were asked for ... */
	struct text *folders_real;   /* ... and their real paths, by index; at NULL: not asked yet */
	uint32_t folders_room;
	struct notes texts;      /* owns texts made here */
	struct notes written;    /* real names that the task wrote, and their directories */
	struct notes moved;      /* real names that something was renamed to */
	struct notes links;      /* names that tell_links has asked for */
	struct notes made;       /* names outside that the task wrote */
	struct notes loaded;     /* names of libraries outside that were loaded, without their folders */
	struct outside outside;
	bool full;
};

/* ---- texts -------------------------------------------------------------------- */

static struct text kept(struct settling *s, const char *a, size_t a_length, const char *b, size_t b_length)
{
	char text[3 * PATH_MAX];
	uint32_t i = 0;

	if (a_length + b_length < sizeof text) {
		memcpy(text, a, a_length);
		memcpy(text + a_length, b, b_length);
		i = notes_name(&s->texts, text, a_length + b_length);
	}
	if (!i) {
		s->full = true;
		return (struct text){ .at = "/", .length = 1 };
	}
	return (struct text){ .at = s->texts.names[i].text, .length = s->texts.names[i].length };
}

/* Removes "..": the part before it is replaced by its real path. */
static bool without_dots(const char *path, char *ret, size_t size)
{
	size_t n = 0;

	while (*path) {
		size_t part = strcspn(++path, "/");

		if (part == 2 && memcmp(path, "..", 2) == 0) {
			char *real;

			ret[n] = '\0';
			real = n ? realpath(ret, NULL) : NULL;
			if (real && strlen(real) < size) {
				n = strlen(real);
				memcpy(ret, real, n);
			}
			free(real);
			while (n && ret[--n] != '/')
				;
		} else {
			if (n + part + 2 > size)
				return false;
			ret[n++] = '/';
			memcpy(ret + n, path, part);
			n += part;
		}
		path += part;
	}
	if (!n)
		ret[n++] = '/';
	ret[n] = '\0';
	return true;
}

/* ---- where things really are ------------------------------------------------------ */

/* The target of a link that the task made at `path` and removed; else the path. */
static struct text followed_made(struct settling *s, struct text path)
{
	uint32_t i = notes_find(&s->w->notes, path.at, path.length), link = i ? s->w->notes.names[i].link : 0;
	const char *target = link ? s->w->states.names[link].text : "", *slash = strrchr(path.at, '/');
	char text[2 * PATH_MAX + 2], clean[2 * PATH_MAX + 2], *real = NULL;
	struct text ret = path;

	if (!link)
		return path;
	if (target[0] == '/')
		real = realpath(target, NULL);
	/* its folder may be gone, too */
	else if (snprintf(text, sizeof text, "%.*s/%s", (int)(slash - path.at), path.at, target) < (int)sizeof text &&
		 without_dots(text, clean, sizeof clean))
		real = realpath(clean, NULL);
	if (real) {
		ret = kept(s, real, strlen(real), "", 0);
		ret.made = true;
	}
	free(real);
	return ret;
}

/* The target if the last part of `path` is a link, else the path. */
static struct text followed(struct settling *s, struct text path)
{
	char target[2], *real;
	struct text ret = path;

	if (readlink(path.at, target, sizeof target) < 0)
		return errno == ENOENT ? followed_made(s, path) : path;
	real = realpath(path.at, NULL);
	if (real)
		ret = kept(s, real, strlen(real), "", 0);
	free(real);
	return ret;
}

/* The path of a directory without links; asked once for each, whether it exists or not. */
static struct text folder_real(struct settling *s, const char *path, size_t n)
{
	const char *slash = memrchr(path, '/', n);
	struct text above, real;
	uint32_t i;

	if (n <= 1 || !slash)
		return (struct text){ .at = "" };
	i = notes_name(&s->folders, path, n);
	if (!i) {
		s->full = true;
		return (struct text){ .at = "" };
	}
	if (i >= s->folders_room) {
		uint32_t room = i * 2 + 256;
		struct text *at = realloc(s->folders_real, room * sizeof *at);

		if (!at) {
			s->full = true;
			return (struct text){ .at = "" };
		}
		memset(at + s->folders_room, 0, (room - s->folders_room) * sizeof *at);
		s->folders_real = at;
		s->folders_room = room;
	}
	if (s->folders_real[i].at)
		return s->folders_real[i];
	above = folder_real(s, path, (size_t)(slash - path));
	real = followed(s, kept(s, above.at, above.length, slash, n - (size_t)(slash - path)));
	real.made |= above.made;
	if (real.length == 1)
		real = (struct text){ .at = "" };
	s->folders_real[i] = real;
	return real;
}

/* A real path as a name below the workspace's root as vt was given it; at NULL: outside. */
static struct text by_root(struct settling *s, struct text real)
{
	size_t n = s->root_length == 1 ? 0 : s->root_length;

	if (real.length < n || memcmp(real.at, s->root, n) || (real.length > n && real.at[n] != '/'))
		return (struct text){ .at = NULL };
	if (n == (s->w->root_length == 1 ? 0 : s->w->root_length) && memcmp(s->root, s->w->root, n) == 0)
		return real;
	return kept(s, s->w->root, s->w->root_length, real.at + n, real.length - n);
}

/* Asked once for each name, however often the task used it. */
static struct text end_of(struct settling *s, struct settled *name)
{
	if (!name->end.at)
		name->end = followed(s, name->real.at ? name->real : name->used);
	return name->end;
}

static struct settled *name_of(struct settling *s, uint32_t index)
{
	struct settled *to = &s->names[index];
	const struct name *from = &s->w->notes.names[index];
	char text[3 * PATH_MAX];
	const char *slash;
	struct text folder, real;

	if (to->used.at)
		return to;
	to->used = (struct text){ .at = from->text, .length = from->length };
	if (memmem(from->text, from->length, "/..", 3) && without_dots(from->text, text, sizeof text))
		to->used = kept(s, text, strlen(text), "", 0);
	slash = memrchr(to->used.at, '/', to->used.length);
	if (!slash)
		return to;
	folder = folder_real(s, to->used.at, (size_t)(slash - to->used.at));
	real = to->used;
	if (folder.length != (size_t)(slash - to->used.at) || memcmp(folder.at, to->used.at, folder.length))
		real = kept(s, folder.at, folder.length, slash, to->used.length - (size_t)(slash - to->used.at));
	to->real = by_root(s, real);
	to->real.made = folder.made;
	return to;
}

/* ---- what the task wrote ---------------------------------------------------------- */

static void add_written(struct settling *s, struct text real)
{
	const char *slash = memrchr(real.at, '/', real.length);

	notes_name(&s->written, real.at, real.length);
	if (slash > real.at)
		notes_name(&s->written, real.at, (size_t)(slash - real.at));
}

static void find_written(struct settling *s)
{
	const struct notes *notes = &s->w->notes;
	uint32_t i;

	for (i = 0; i < notes->n; i++) {
		const struct note *note = &notes->at[i];
		struct settled *name;
		struct text real;

		if (note->op != VT_SEEN_WRITE && note->op != VT_SEEN_RENAME)
			continue;
		name = name_of(s, note->op == VT_SEEN_WRITE ? note->name : note->other);
		if (!name->real.at)
			continue;
		add_written(s, name->real);
		if (note->op == VT_SEEN_RENAME)
			notes_name(&s->moved, name->real.at, name->real.length);
		if (note->flags & VT_SEEN_NOFOLLOW)
			continue;
		real = by_root(s, end_of(s, name));
		if (real.at)
			add_written(s, real);
	}
}

static bool is_written(const struct settling *s, struct text real)
{
	if (notes_find(&s->written, real.at, real.length))
		return true;
	while (s->moved.names_n > 1 && real.length) {
		if (notes_find(&s->moved, real.at, real.length))
			return true;
		while (real.length && real.at[--real.length] != '/')
			;
	}
	return false;
}

/* The name to tell. */
static struct text told(struct settling *s, struct settled *name, uint16_t op, uint16_t flags)
{
	struct text real = name->real, end;

	if (s->w->links_made && !(flags & VT_SEEN_NOFOLLOW) && op != VT_SEEN_WRITE && op != VT_SEEN_BEFORE) {
		end = end_of(s, name);
		real = end.made ? by_root(s, end) : real;
		if (end.made)
			return real.at ? real : end;
	}
	if (!real.at) {
		/* a link outside may lead to a file of the workspace; links of /proc do not count */
		if (!(flags & VT_SEEN_NOFOLLOW) && strncmp(name->used.at, "/proc/", 6))
			real = by_root(s, end_of(s, name));
		return real.at ? real : name->used;
	}
	if (s->written.names_n > 1 && op != VT_SEEN_PROBE && !(flags & VT_SEEN_NOFOLLOW)) {
		real = by_root(s, end_of(s, name));
		if (!real.at || !is_written(s, real))
			real = name->real;
	}
	if (op == VT_SEEN_WRITE || op == VT_SEEN_RENAME || op == VT_SEEN_BEFORE || is_written(s, real))
		return real;
	if (real.made)
		return real;
	/* a name outside may lead inside */
	return watch_has(s->w, name->used.at, name->used.length) ? name->used : name->real;
}

/* The loader's index of libraries changes whenever one is installed: what is loaded counts. */
static bool is_library(const char *path)
{
	const char *base = strrchr(path, '/'), *so;

	if (strcmp(path, "/etc/ld.so.cache") == 0)
		return false;
	base = base ? base + 1 : path;
	for (so = base; (so = strstr(so, ".so")); so += 3)
		if (so > base && (!so[3] || so[3] == '.'))
			return true;
	return false;
}

/* Finds the links of the workspace that lead out of it. */
static void find_links_out(struct settling *s)
{
	const struct notes *notes = &s->w->notes;
	uint32_t i;
	size_t n;

	for (i = 1; i < notes->names_n; i++) {
		const struct settled *name = name_of(s, i);
		struct text way;

		if (name->real.at || !watch_has(s->w, name->used.at, name->used.length))
			continue;
		for (n = s->w->root_length + 1; n < name->used.length; n++) {
			if (name->used.at[n] != '/')
				continue;
			way = folder_real(s, name->used.at, n);
			if (way.length && !by_root(s, way).at) {
				outside_link(&s->outside, way.at, way.length);
				break;
			}
		}
	}
}

static void find_made_outside(struct settling *s)
{
	const struct notes *notes = &s->w->notes;
	uint32_t i, at;

	for (i = 0; i < notes->n; i++) {
		if (notes->at[i].op != VT_SEEN_WRITE && notes->at[i].op != VT_SEEN_RENAME)
			continue;
		at = notes->at[i].op == VT_SEEN_WRITE ? notes->at[i].name : notes->at[i].other;
		if (!name_of(s, at)->real.at)
			notes_name(&s->made, s->names[at].used.at, s->names[at].used.length);
	}
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void find_loaded(struct settling *s)
{
	const struct notes *notes = &s->w->notes;
	uint32_t i;

	for (i = 0; i < notes->n; i++) {
		const char *path = notes->names[notes->at[i].name].text;

		if (notes->at[i].op == VT_SEEN_READ && is_library(path) && is_file(path))
			notes_name(&s->loaded, base_of(path), strlen(base_of(path)));
	}
}

/* A library that was looked for here and was found elsewhere: if it were here it would be
 * another. */
static bool is_earlier_library(const struct settling *s, const char *path)
{
	const char *base = base_of(path);

	return is_library(path) && notes_find(&s->loaded, base, strlen(base)) && access(path, F_OK) != 0 && errno == ENOENT;
}

/* Makes the record of a note. False: the note does not count. */
static bool settle_note(struct settling *s, const struct note *note, vt_seen *ret)
{
	struct text name = told(s, name_of(s, note->name), note->op, note->flags), other = { .at = "" };

	if (note->op == VT_SEEN_RENAME)
		other = told(s, name_of(s, note->other), note->op, note->flags);
	else if (note->op == VT_SEEN_BEFORE && note->other)
		other = (struct text){ .at = s->w->states.names[note->other].text, .length = s->w->states.names[note->other].length };
	*ret = (vt_seen){
		.op = note->op,
		.flags = note->flags & (uint16_t)~NOTE_LATER,
		.process = note->process,
		.name = { name.at, name.length },
		.other = { other.at, other.length },
	};
	if (watch_has(s->w, name.at, name.length) || (note->op == VT_SEEN_RENAME && watch_has(s->w, other.at, other.length)))
		return true;
	/* for parts that watch all steps */
	if (note->op == VT_SEEN_WRITE)
		return true;
	if (note->op == VT_SEEN_READ && is_earlier_library(s, name.at))
		return !notes_find(&s->made, name.at, name.length);
	if (note->op == VT_SEEN_READ && is_library(name.at))
		ret->op = VT_SEEN_EXEC;
	else if (note->op == VT_SEEN_READ && outside_counts(&s->outside, name.at) && !notes_find(&s->made, name.at, name.length))
		return is_file(name.at);
	return ret->op == VT_SEEN_EXEC && ((ret->flags & VT_SEEN_SETUID) || is_file(name.at));
}

static void look_later(struct watch *w)
{
	char path[PATH_MAX];
	uint32_t i, n;

	for (i = 0, n = w->notes.n; i < n; i++) {
		const struct note *note = &w->notes.at[i];
		const struct name *name = &w->notes.names[note->name];

		if (!(note->flags & NOTE_LATER) || name->length >= sizeof path)
			continue;
		memcpy(path, name->text, name->length + 1);
		exec_note(w, note->process, path, true);
	}
}

static bool begin(struct settling *s, struct watch *w)
{
	*s = (struct settling){ .w = w };
	notes_init(&s->folders);
	notes_init(&s->texts);
	notes_init(&s->written);
	notes_init(&s->moved);
	notes_init(&s->links);
	notes_init(&s->made);
	notes_init(&s->loaded);
	s->names = calloc(w->notes.names_n, sizeof *s->names);
	if (!realpath(w->root, s->root) && w->root_length < sizeof s->root)
		memcpy(s->root, w->root, w->root_length + 1);
	s->root_length = strlen(s->root);
	outside_init(&s->outside, s->root, w->home);
	return s->names;
}

static void end(struct settling *s)
{
	free(s->names);
	free(s->folders_real);
	notes_free(&s->folders);
	notes_free(&s->texts);
	notes_free(&s->written);
	notes_free(&s->moved);
	notes_free(&s->links);
	notes_free(&s->made);
	notes_free(&s->loaded);
	outside_free(&s->outside);
}

/* "a/b/../c" goes by way of "a/b": were that another directory, "c" would be another
 * file. Told last, for what the task made itself needs no looking at. */
static vt_status tell_ways(struct settling *s, struct vt_call *call, struct vt_notes *into)
{
	const struct notes *notes = &s->w->notes;
	char text[3 * PATH_MAX];
	vt_status status = VT_OK;
	uint32_t i;

	for (i = 1; i < notes->names_n && status == VT_OK; i++) {
		const struct name *name = &notes->names[i];
		const char *dots = name->text;

		while (status == VT_OK && (dots = strstr(dots, "/..")) != NULL) {
			struct text way = { .at = name->text, .length = (uint32_t)(dots - name->text) };
			vt_seen seen = { .op = VT_SEEN_PROBE, .flags = VT_SEEN_DIRECTORY };

			dots += 3;
			if ((*dots && *dots != '/') || !way.length)
				continue;
			way = kept(s, way.at, way.length, "", 0);
			if (memmem(way.at, way.length, "/..", 3) && without_dots(way.at, text, sizeof text))
				way = kept(s, text, strlen(text), "", 0);
			if (!watch_has(s->w, way.at, way.length))
				continue;
			seen.name = (vt_bytes){ way.at, way.length };
			seen.other = (vt_bytes){ "", 0 };
			status = into->add(into, call, &seen, 1);
		}
	}
	return status;
}

/* Where the link `path` leads, without ".."; at NULL: it is no link. */
static struct text leads_to(struct settling *s, struct text path)
{
	char target[PATH_MAX], text[3 * PATH_MAX], clean[3 * PATH_MAX];
	const char *slash = memrchr(path.at, '/', path.length), *to = target;
	ssize_t n = readlink(path.at, target, sizeof target - 1);

	if (n <= 0)
		return (struct text){ .at = NULL };
	target[n] = '\0';
	while (to[0] == '.' && to[1] == '/')
		to += 2;
	if (to[0] == '/')
		snprintf(text, sizeof text, "%s", to);
	else
		snprintf(text, sizeof text, "%.*s/%s", (int)(slash - path.at), path.at, to);
	if (!without_dots(text, clean, sizeof clean))
		return path;
	return kept(s, clean, strlen(clean), "", 0);
}

/* Each link on the way to `path`, and on the way from it to where it leads in the end. */
static vt_status tell_links_on(struct settling *s, struct vt_call *call, struct vt_notes *into, struct text path)
{
	vt_status status = VT_OK;
	size_t i;

	for (i = 1; i <= path.length && status == VT_OK; i++) {
		vt_seen seen = { .op = VT_SEEN_PROBE, .flags = VT_SEEN_NOFOLLOW, .other = { "", 0 } };
		struct text way, next;

		if ((i < path.length && path.at[i] != '/') || !watch_has(s->w, path.at, i) || notes_find(&s->links, path.at, i))
			continue;
		way = kept(s, path.at, i, "", 0);
		/* once for each: this ends circles of links */
		if (!notes_name(&s->links, way.at, way.length)) {
			s->full = true;
			break;
		}
		next = leads_to(s, way);
		if (!next.at)
			continue;
		seen.name = (vt_bytes){ way.at, way.length };
		status = into->add(into, call, &seen, 1);
		if (status == VT_OK)
			status = tell_links_on(s, call, into, next);
	}
	return status;
}

/* What is told under the name that the task wrote it by was found by way of links: were
 * they others, it would be another file. Told last, too. */
static vt_status tell_links(struct settling *s, struct vt_call *call, struct vt_notes *into)
{
	const struct notes *notes = &s->w->notes;
	vt_status status = VT_OK;
	uint32_t i;
	int k;

	for (i = 0; i < notes->n && status == VT_OK; i++) {
		const struct note *note = &notes->at[i];
		bool writes = note->op == VT_SEEN_WRITE || note->op == VT_SEEN_RENAME || note->op == VT_SEEN_BEFORE;

		for (k = 0; k < (note->op == VT_SEEN_RENAME ? 2 : 1) && status == VT_OK; k++) {
			struct settled *name = name_of(s, k ? note->other : note->name);
			struct text used = name->used;

			if (told(s, name, note->op, note->flags).at == used.at)
				continue;
			/* the last part is what the write made, unless the write followed a link there */
			if (note->op != VT_SEEN_RENAME && !(note->flags & VT_SEEN_NOFOLLOW))
				writes = false;
			while (writes && used.length && used.at[used.length - 1] != '/')
				used.length--;
			if (writes && used.length)
				used.length--;
			status = tell_links_on(s, call, into, used);
		}
	}
	return status;
}

/* What the task connected to. */
static vt_status tell_peers(const struct watch *w, struct vt_call *call, struct vt_notes *into)
{
	const struct notes *told = &w->peers.told;
	vt_status status = VT_OK;
	uint32_t i;

	for (i = 1; i < told->names_n && status == VT_OK; i++) {
		vt_seen seen = { .op = VT_SEEN_NET, .name = { told->names[i].text, told->names[i].length }, .other = { "", 0 } };

		status = into->add(into, call, &seen, 1);
	}
	return status;
}

int32_t settle(struct watch *w, struct vt_call *call, struct vt_notes *into)
{
	struct settling s;
	vt_seen batch[BATCH];
	vt_status status = VT_OK;
	uint32_t n = 0;
	uint32_t i;

	look_later(w);
	if (begin(&s, w)) {
		find_written(&s);
		find_links_out(&s);
		find_made_outside(&s);
		find_loaded(&s);
		for (i = 0; i < w->notes.n && status == VT_OK; i++) {
			n += settle_note(&s, &w->notes.at[i], &batch[n]);
			if (n == BATCH) {
				status = into->add(into, call, batch, n);
				n = 0;
			}
		}
		if (n && status == VT_OK)
			status = into->add(into, call, batch, n);
		if (status == VT_OK)
			status = tell_ways(&s, call, into);
		if (status == VT_OK)
			status = tell_links(&s, call, into);
		if (status == VT_OK)
			status = tell_peers(w, call, into);
	} else {
		s.full = true;
	}
	if (s.full)
		watch_escape(w, ESCAPE_FULL, 0, 0);
	end(&s);
	return status;
}
