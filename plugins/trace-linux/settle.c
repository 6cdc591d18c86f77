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

#include "settle.h"

enum {
	NOTES_MANY = 64,         /* with fewer, counting the names of each folder costs more than it saves */
};

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
		name = name_lead(s, note->op == VT_SEEN_WRITE ? note->name : note->other);
		if (!name->real.at)
			continue;
		add_written(s, name->real);
		if (note->op == VT_SEEN_RENAME)
			notes_name(&s->moved, name->real.at, name->real.length);
		if (note->flags & VT_SEEN_NOFOLLOW)
			continue;
		real = text_by_root(s, name_end(s, name));
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

struct text settle_told(struct settling *s, struct settled *name, uint16_t op, uint16_t flags)
{
	struct text real = name->real, end;

	if (s->w->links_made && !(flags & VT_SEEN_NOFOLLOW) && op != VT_SEEN_WRITE && op != VT_SEEN_BEFORE) {
		end = name_end(s, name);
		real = end.made ? text_by_root(s, end) : real;
		if (end.made)
			return real.at ? real : end;
	}
	if (!real.at) {
		/* a link outside may lead to a file of the workspace; links of /proc do not count */
		if (!(flags & VT_SEEN_NOFOLLOW) && strncmp(name->used.at, "/proc/", 6))
			real = text_by_root(s, name_end(s, name));
		return real.at ? real : name->used;
	}
	if (s->written.names_n > 1 && op != VT_SEEN_PROBE && !(flags & VT_SEEN_NOFOLLOW)) {
		real = text_by_root(s, name_end(s, name));
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

/* Does settle_told ask where the name's last part leads? */
static bool is_followed(const struct settling *s, const struct settled *name, uint16_t op, uint16_t flags)
{
	if (flags & VT_SEEN_NOFOLLOW)
		return false;
	if (!name->real.at)
		return strncmp(name->used.at, "/proc/", 6) != 0;
	return (s->written.names_n > 1 && op != VT_SEEN_PROBE) || (s->w->links_made && op != VT_SEEN_WRITE && op != VT_SEEN_BEFORE);
}

/* Counts the names of each folder whose last parts will be followed. */
static void expect_names(struct settling *s)
{
	const struct notes *notes = &s->w->notes;
	struct settled *name;
	uint32_t i;

	for (i = 0; i < notes->n && notes->n >= NOTES_MANY; i++) {
		name = name_lead(s, notes->at[i].name);
		if (is_followed(s, name, notes->at[i].op, notes->at[i].flags))
			name_expect(s, name);
	}
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
		const struct settled *name = name_lead(s, i);
		struct text way;

		if (name->real.at || !watch_has(s->w, name->used.at, name->used.length))
			continue;
		for (n = s->w->root_length + 1; n < name->used.length; n++) {
			if (name->used.at[n] != '/')
				continue;
			way = folder_real(s, name->used.at, n);
			if (way.length && !text_by_root(s, way).at) {
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
		if (!name_lead(s, at)->real.at)
			notes_name(&s->made, s->names[at].used.at, s->names[at].used.length);
	}
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* The same of a name that was told; the look whether it is a link tells mostly. */
static bool names_file(struct settling *s, struct settled *lead, struct text name)
{
	return name_end(s, lead).at == name.at ? lead->file : is_file(name.at);
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

/* Finds the programs that were started: each counts by its content, whatever its name. */
static void find_started(struct settling *s)
{
	const struct notes *notes = &s->w->notes;
	struct text name;
	uint32_t i;

	for (i = 0; i < notes->n; i++) {
		if (notes->at[i].op != VT_SEEN_EXEC)
			continue;
		name = name_end(s, name_lead(s, notes->at[i].name));
		notes_name(&s->started, name.at, name.length);
	}
}

static bool was_started(struct settling *s, struct settled *lead)
{
	const struct text end = name_end(s, lead);

	return notes_find(&s->started, end.at, end.length);
}

/* Is it a library that was looked for at this path and found elsewhere? A file here would
 * have been loaded instead. */
static bool is_earlier_library(const struct settling *s, const char *path)
{
	const char *base = base_of(path);

	return is_library(path) && notes_find(&s->loaded, base, strlen(base)) && access(path, F_OK) != 0 && errno == ENOENT;
}

/* Does the note tell of a look at this part of the repository? git asks whether its folders exist wherever it runs. */
static bool looks_at(const struct note *note, const char *path, enum repository_part part)
{
	return note->op == VT_SEEN_READ || note->op == VT_SEEN_LIST ||
	       (note->op == VT_SEEN_PROBE && part == REPOSITORY_NAMES && strstr(path + 1, "/refs/"));
}

static void find_asked(struct settling *s)
{
	const struct notes *notes = &s->w->notes;
	uint32_t i;

	for (i = 0; s->repository.length && i < notes->n && !s->asks_git; i++) {
		const char *path = name_lead(s, notes->at[i].name)->used.at;
		enum repository_part part = path ? repository_part(&s->repository, path) : REPOSITORY_NOTHING;

		s->asks_git = (part == REPOSITORY_NAMES || part == REPOSITORY_OBJECTS) && looks_at(&notes->at[i], path, part);
	}
}

/* Does the file outside tell which commit is checked out, to a task that asked for one? It may be missing. */
static bool names_commit(const struct settling *s, const struct note *note, const char *path)
{
	enum repository_part part = s->asks_git ? repository_part(&s->repository, path) : REPOSITORY_NOTHING;

	return (part == REPOSITORY_NAMES || part == REPOSITORY_HEAD) && looks_at(note, path, part);
}

/* Makes the record of a note. False: the note does not count. */
static bool settle_note(struct settling *s, const struct note *note, vt_seen *ret)
{
	struct settled *lead = name_lead(s, note->name);
	struct text name = settle_told(s, lead, note->op, note->flags), other = { .at = "" };

	if (note->op == VT_SEEN_RENAME)
		other = settle_told(s, name_lead(s, note->other), note->op, note->flags);
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
	if (names_commit(s, note, name.at)) {
		ret->op = VT_SEEN_READ;
		return !notes_find(&s->made, name.at, name.length);
	}
	if (note->op == VT_SEEN_READ && is_library(name.at))
		ret->op = VT_SEEN_EXEC;
	else if ((note->op == VT_SEEN_READ || note->op == VT_SEEN_PROBE) && outside_counts(&s->outside, name.at) &&
		 !notes_find(&s->made, name.at, name.length)) {
		if (note->op == VT_SEEN_PROBE && was_started(s, lead))
			return false;
		/* a look counts as a reading: a tool that has read the file in an earlier run only asks for its time */
		ret->op = VT_SEEN_READ;
		return names_file(s, lead, name);
	}
	return ret->op == VT_SEEN_EXEC && ((ret->flags & VT_SEEN_SETUID) || names_file(s, lead, name));
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
		exec_note(w, note->process, path, NULL, true);
	}
}

static struct settling *begin(struct watch *w)
{
	struct settling *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->w = w;
	notes_init(&s->folders);
	notes_init(&s->texts);
	notes_init(&s->written);
	notes_init(&s->moved);
	notes_init(&s->links);
	notes_init(&s->made);
	notes_init(&s->loaded);
	notes_init(&s->started);
	s->names = calloc(w->notes.names_n, sizeof *s->names);
	if (!realpath(w->root, s->root) && w->root_length < sizeof s->root)
		memcpy(s->root, w->root, w->root_length + 1);
	s->root_length = strlen(s->root);
	outside_init(&s->outside, s->root, w->home);
	repository_find(&s->repository, s->root);
	s->records = calloc(w->notes.n + 1, sizeof *s->records);
	if (s->names && s->records)
		return s;
	settle_free(s);
	return NULL;
}

void settle_free(struct settling *s)
{
	if (!s)
		return;
	free(s->names);
	free(s->records);
	free(s->folders_real);
	listings_free(&s->listings);
	notes_free(&s->folders);
	notes_free(&s->texts);
	notes_free(&s->written);
	notes_free(&s->moved);
	notes_free(&s->links);
	notes_free(&s->made);
	notes_free(&s->loaded);
	notes_free(&s->started);
	outside_free(&s->outside);
	free(s);
}

struct settling *settle_find(struct watch *w)
{
	struct settling *s;
	uint32_t i;

	look_later(w);
	s = begin(w);
	if (!s)
		return NULL;
	find_written(s);
	find_links_out(s);
	expect_names(s);
	find_made_outside(s);
	find_loaded(s);
	find_started(s);
	find_asked(s);
	for (i = 0; i < w->notes.n && !atomic_load(&w->abandoned); i++)
		s->records_n += settle_note(s, &w->notes.at[i], &s->records[s->records_n]);
	return s;
}
