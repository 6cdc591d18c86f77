/* settle: the notes as a part should see them. The task has ended and nothing
 * waits any more, so now links may be followed:
 *
 *   /a/link/../b     ".." goes to the parent of what the link names
 *   /tmp/ws/src/x    a link outside may lead into the workspace
 *   /usr/lib/x.so    opened for reading: a library was loaded
 *
 * What remains outside and is no program or library is nobody's business. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "trace.h"
#include "vt-plugin.h"

enum { BATCH = 256 };

/* A name, settled. */
struct settled {
	const char *text;        /* NULL: not looked at yet */
	uint32_t length;
	bool inside;
};

struct settling {
	struct watch *w;
	char real[PATH_MAX];     /* the workspace's root without links in it */
	size_t real_length;
	struct settled *names;   /* beside w->notes.names */
	struct notes folders;    /* directories outside, once each, and beside its names ... */
	char **folders_inside;   /* ... where in the workspace they are; "": nowhere; NULL: not asked */
	uint32_t folders_room;
	struct notes texts;      /* owns what names[].text does not borrow */
};

static bool is_below(const char *path, const char *root, size_t n)
{
	return !strncmp(path, root, n) && (path[n] == '/' || !path[n] || n == 1);
}

/* Without "..": what stands before it is replaced by what it really is. */
static bool without_dots(const char *path, char *ret, size_t size)
{
	size_t n = 0;

	while (*path) {
		size_t part = strcspn(++path, "/");

		if (part == 2 && !memcmp(path, "..", 2)) {
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

/* The same place by way of the workspace's root, if the existing part of `path`
 * is in the workspace; the rest may be missing. Allocated; NULL: outside. */
static char *seen_from_inside(struct settling *s, const char *path)
{
	char begin[PATH_MAX], *real = NULL, *inside = NULL;
	size_t n = strlen(path), size;

	if (n >= sizeof begin)
		return NULL;
	memcpy(begin, path, n + 1);
	while (n && !(real = realpath(begin, NULL))) {
		while (n && begin[--n] != '/')
			;
		begin[n] = '\0';
	}
	if (real && is_below(real, s->real, s->real_length)) {
		const char *rest = s->real_length == 1 ? real : real + s->real_length;

		size = s->w->root_length + strlen(rest) + strlen(path + n) + 1;
		inside = malloc(size);
		if (inside) {
			memcpy(inside, s->w->root, s->w->root_length);
			strcpy(inside + s->w->root_length, rest);
			strcat(inside, path + n);
		}
	}
	free(real);
	return inside;
}

static const char *folder_inside(struct settling *s, const char *path, size_t n)
{
	uint32_t i = notes_name(&s->folders, path, n);

	if (!i)
		return "";
	if (i >= s->folders_room) {
		uint32_t room = s->folders_room ? s->folders_room * 2 : 256;
		char **at = realloc(s->folders_inside, room * sizeof *at);

		if (!at)
			return "";
		memset(at + s->folders_room, 0, (room - s->folders_room) * sizeof *at);
		s->folders_inside = at;
		s->folders_room = room;
	}
	if (!s->folders_inside[i]) {
		s->folders_inside[i] = seen_from_inside(s, s->folders.names[i].text);
		if (!s->folders_inside[i])
			s->folders_inside[i] = strdup("");
	}
	return s->folders_inside[i] ? s->folders_inside[i] : "";
}

static void keep_text(struct settling *s, struct settled *name, const char *text, size_t length)
{
	uint32_t i = notes_name(&s->texts, text, length);

	if (!i) {
		watch_escape(s->w, ESCAPE_FULL, 0, 0);
		return;
	}
	name->text = s->texts.names[i].text;
	name->length = (uint32_t)length;
}

static const struct settled *name_of(struct settling *s, uint32_t index)
{
	struct settled *to = &s->names[index];
	const struct name *from = &s->w->notes.names[index];
	char text[3 * PATH_MAX];
	const char *slash, *folder;

	if (to->text)
		return to;
	to->text = from->text;
	to->length = from->length;
	if (memmem(from->text, from->length, "/..", 3) && without_dots(from->text, text, sizeof text))
		keep_text(s, to, text, strlen(text));
	to->inside = watch_has(s->w, to->text, to->length);
	slash = memrchr(to->text, '/', to->length);
	if (to->inside || !slash || slash == to->text)
		return to;
	folder = folder_inside(s, to->text, (size_t)(slash - to->text));
	if (*folder && strlen(folder) + strlen(slash) < sizeof text) {
		strcpy(text, folder);
		strcat(text, slash);
		keep_text(s, to, text, strlen(text));
		to->inside = true;
	}
	return to;
}

static bool is_library(const char *path)
{
	const char *base = strrchr(path, '/'), *so;

	base = base ? base + 1 : path;
	for (so = base; (so = strstr(so, ".so")); so += 3)
		if (so > base && (!so[3] || so[3] == '.'))
			return true;
	return false;
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* False: nobody wants it. */
static bool settle_note(struct settling *s, const struct note *note, vt_seen *ret)
{
	const struct settled *name = name_of(s, note->name), *other = NULL;

	if (note->op == VT_SEEN_RENAME)
		other = name_of(s, note->other);
	*ret = (vt_seen){
		.op = note->op,
		.flags = note->flags & (uint16_t)~NOTE_LATER,
		.process = note->process,
		.name = { name->text, name->length },
	};
	if (other)
		ret->other = (vt_bytes){ other->text, other->length };
	if (name->inside || (other && other->inside))
		return true;
	if (note->op == VT_SEEN_READ && is_library(name->text))
		ret->op = VT_SEEN_EXEC;
	return ret->op == VT_SEEN_EXEC && ((ret->flags & VT_SEEN_SETUID) || is_file(name->text));
}

static void look_later(struct watch *w)
{
	char path[PATH_MAX];

	for (uint32_t i = 0, n = w->notes.n; i < n; i++) {
		const struct note *note = &w->notes.at[i];
		const struct name *name = &w->notes.names[note->name];

		if (!(note->flags & NOTE_LATER) || name->length >= sizeof path)
			continue;
		memcpy(path, name->text, name->length + 1);
		exec_note(w, note->process, path, true);
	}
}

int32_t settle(struct watch *w, struct vt_call *call, struct vt_notes *into)
{
	struct settling s = { .w = w };
	vt_seen batch[BATCH];
	vt_status status = VT_OK;
	uint32_t n = 0;

	look_later(w);
	notes_init(&s.folders);
	notes_init(&s.texts);
	s.names = calloc(w->notes.names_n, sizeof *s.names);
	if (!s.names) {
		watch_escape(w, ESCAPE_FULL, 0, 0);
		return VT_OK;
	}
	if (!realpath(w->root, s.real) && w->root_length < sizeof s.real)
		memcpy(s.real, w->root, w->root_length + 1);
	s.real_length = strlen(s.real);
	for (uint32_t i = 0; i < w->notes.n && status == VT_OK; i++) {
		n += settle_note(&s, &w->notes.at[i], &batch[n]);
		if (n == BATCH) {
			status = into->add(into, call, batch, n);
			n = 0;
		}
	}
	if (n && status == VT_OK)
		status = into->add(into, call, batch, n);
	for (uint32_t i = 0; i < s.folders_room; i++)
		free(s.folders_inside[i]);
	free(s.folders_inside);
	notes_free(&s.folders);
	notes_free(&s.texts);
	free(s.names);
	return status;
}
