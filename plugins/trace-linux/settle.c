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

#include "leads.h"
#include "vt-plugin.h"

enum {
	BATCH = 256,
	FOREIGN_MAX = 64,        /* files that are looked at more closely */
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

/* The name under which a path is told. */
static struct text told(struct settling *s, struct settled *name, uint16_t op, uint16_t flags)
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

/* Does `told` ask where the name's last part leads? */
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
	struct text name = told(s, lead, note->op, note->flags), other = { .at = "" };

	if (note->op == VT_SEEN_RENAME)
		other = told(s, name_lead(s, note->other), note->op, note->flags);
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
	notes_init(&s->started);
	s->names = calloc(w->notes.names_n, sizeof *s->names);
	if (!realpath(w->root, s->root) && w->root_length < sizeof s->root)
		memcpy(s->root, w->root, w->root_length + 1);
	s->root_length = strlen(s->root);
	outside_init(&s->outside, s->root, w->home);
	repository_find(&s->repository, s->root);
	return s->names;
}

static void end(struct settling *s)
{
	free(s->names);
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
}

/* Tells the folders before a "..": in "a/b/../c" another "a/b" would mean another "c".
 * Told last, because paths that the task made need no look. */
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
			way = text_kept(s, way.at, way.length, "", 0);
			if (memmem(way.at, way.length, "/..", 3) && text_without_dots(way.at, text, sizeof text))
				way = text_kept(s, text, strlen(text), "", 0);
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
	if (!text_without_dots(text, clean, sizeof clean))
		return path;
	return text_kept(s, clean, strlen(clean), "", 0);
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
		way = text_kept(s, path.at, i, "", 0);
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

/* Tells the links on the way to files that are told under the name that the task wrote them
 * by: another link would mean another file. Told last, too. */
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
			struct settled *name = name_lead(s, k ? note->other : note->name);
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

/* Tells the addresses that the task connected to. */
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

/* ---- what another program wrote ----------------------------------------------------- */

static bool is_at_or_above(struct text folder, struct text path)
{
	return folder.at && path.at && folder.length <= path.length && memcmp(folder.at, path.at, folder.length) == 0 &&
	       (folder.length == path.length || path.at[folder.length] == '/');
}

/* Did the name lead to `path` by a link of the task in whose place something else is now? */
static bool led_to(struct settling *s, const struct name *name, struct text path)
{
	size_t i;

	for (i = 1; s->w->links_made && i <= name->length; i++) {
		struct text way = { .at = name->text, .length = (uint32_t)i }, to;

		if ((i < name->length && name->text[i] != '/') || !notes_find(&s->w->notes, way.at, i))
			continue;
		way = text_kept(s, way.at, way.length, "", 0);
		to = link_made(s, way);
		if (to.at != way.at && is_at_or_above(text_kept(s, to.at, to.length, name->text + i, name->length - i), path))
			return true;
	}
	return false;
}

/* May a call that wrote the name `by` after the stamp was taken have changed the file, or moved a folder above it? */
static bool reaches(struct settling *s, uint32_t by, uint32_t name, const struct stamp_state *now)
{
	const struct name *names = s->w->notes.names;
	struct settled *a = name_lead(s, by), *b = name_lead(s, name);
	struct stamp_state state;

	return is_at_or_above((struct text){ .at = names[by].text, .length = names[by].length },
			      (struct text){ .at = names[name].text, .length = names[name].length }) ||
	       is_at_or_above(a->used, b->used) || is_at_or_above(a->real, b->real) || is_at_or_above(name_end(s, a), name_end(s, b)) ||
	       (stamps_state(s->w, names[by].text, &state) && state.device == now->device && state.inode == now->inode) ||
	       led_to(s, &names[by], name_end(s, b));
}

/* Has the file changed since its stamp was taken, and by no call of the task? */
static bool is_foreign(struct settling *s, const struct stamp *stamp, uint32_t *looked)
{
	const struct notes *notes = &s->w->notes;
	struct stamp_state now = { .inode = 0 };
	struct stat st;
	uint32_t i;

	if (stamp->looks != STAMPED || !stamps_holds(s->w, stamp))
		return false;
	if (stamps_state(s->w, notes->names[stamp->name].text, &now) && stamp_states_agree(&now, &stamp->state))
		return false;
	/* a name more may be of the task; what is gone the host finds */
	if (stat(notes->names[stamp->name].text, &st) != 0 || (S_ISREG(st.st_mode) && st.st_nlink != 1) || ++*looked > FOREIGN_MAX)
		return false;
	for (i = 1; i < notes->names_n; i++)
		if (notes->names[i].wrote > stamp->turn && reaches(s, i, stamp->name, &now))
			return false;
	return true;
}

static vt_status tell_foreign(struct settling *s, struct vt_call *call, struct vt_notes *into)
{
	const struct stamps *stamps = &s->w->stamps;
	vt_status status = VT_OK;
	uint32_t i, looked = 0;

	for (i = 0; i < stamps->n && status == VT_OK; i++) {
		const struct stamp *stamp = &stamps->at[i];
		vt_seen seen = { .op = VT_SEEN_WRITE, .flags = VT_SEEN_FOREIGN, .other = { "", 0 } };
		struct text name;

		if (s->w->notes.names[stamp->name].stamp != i + 1 || !is_foreign(s, stamp, &looked))
			continue;
		name = told(s, name_lead(s, stamp->name), VT_SEEN_WRITE, 0);
		seen.name = (vt_bytes){ name.at, name.length };
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
		expect_names(&s);
		find_made_outside(&s);
		find_loaded(&s);
		find_started(&s);
		find_asked(&s);
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
		if (status == VT_OK)
			status = tell_foreign(&s, call, into);
	} else {
		s.full = true;
	}
	if (s.full)
		watch_escape(w, ESCAPE_FULL, 0, 0);
	end(&s);
	return status;
}
