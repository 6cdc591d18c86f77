/* leads: where the names of the notes lead. */
#include "config.h"

#include "leads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- texts -------------------------------------------------------------------- */

struct text text_kept(struct settling *s, const char *a, size_t a_length, const char *b, size_t b_length)
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
bool text_without_dots(const char *path, char *ret, size_t size)
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

struct text link_made(struct settling *s, struct text path)
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
		 text_without_dots(text, clean, sizeof clean))
		real = realpath(clean, NULL);
	if (real) {
		ret = text_kept(s, real, strlen(real), "", 0);
		ret.made = true;
	}
	free(real);
	return ret;
}

/* The target if the last part of `path` is a link, else the path. `folder`: its index, where a listing may answer; else 0.
 * *ret_file: a regular file, and no link. */
static struct text followed(struct settling *s, struct text path, uint32_t folder, bool *ret_file)
{
	enum listed listed = folder ? listings_find(&s->listings, folder, path.at, path.length) : LISTED_NOT;
	struct text ret = path;
	struct stat st;
	char *real;

	*ret_file = listed == LISTED_FILE;
	if (listed != LISTED_NOT)
		return path;
	if (lstat(path.at, &st) < 0)
		return errno == ENOENT ? link_made(s, path) : path;
	*ret_file = S_ISREG(st.st_mode);
	if (!S_ISLNK(st.st_mode))
		return path;
	real = realpath(path.at, NULL);
	if (real)
		ret = text_kept(s, real, strlen(real), "", 0);
	free(real);
	return ret;
}

/* The path of a directory without links; asked once for each, whether it exists or not. */
struct text folder_real(struct settling *s, const char *path, size_t n)
{
	const char *slash = memrchr(path, '/', n);
	struct text above, real;
	bool file;
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
	real = followed(s, text_kept(s, above.at, above.length, slash, n - (size_t)(slash - path)), 0, &file);
	real.made |= above.made;
	if (real.length == 1)
		real = (struct text){ .at = "" };
	s->folders_real[i] = real;
	return real;
}

/* A real path as a name below the workspace's root as vt was given it; at NULL: outside. */
struct text text_by_root(struct settling *s, struct text real)
{
	size_t n = s->root_length == 1 ? 0 : s->root_length;

	if (real.length < n || memcmp(real.at, s->root, n) || (real.length > n && real.at[n] != '/'))
		return (struct text){ .at = NULL };
	if (n == (s->w->root_length == 1 ? 0 : s->w->root_length) && memcmp(s->root, s->w->root, n) == 0)
		return real;
	return text_kept(s, s->w->root, s->w->root_length, real.at + n, real.length - n);
}

void name_expect(struct settling *s, struct settled *name)
{
	struct text path = name->real.at ? name->real : name->used;
	const char *slash = memrchr(path.at, '/', path.length);

	if (name->end.at || name->folder || !slash)
		return;
	name->folder = notes_name(&s->folders, path.at, (size_t)(slash - path.at));
	if (name->folder)
		listings_expect(&s->listings, name->folder);
}

/* Asked once for each name, however often the task used it. */
struct text name_end(struct settling *s, struct settled *name)
{
	if (!name->end.at)
		name->end = followed(s, name->real.at ? name->real : name->used, name->folder, &name->file);
	return name->end;
}

struct settled *name_lead(struct settling *s, uint32_t index)
{
	struct settled *to = &s->names[index];
	const struct name *from = &s->w->notes.names[index];
	char text[3 * PATH_MAX];
	const char *slash;
	struct text folder, real;

	if (to->used.at)
		return to;
	to->used = (struct text){ .at = from->text, .length = from->length };
	if (memmem(from->text, from->length, "/..", 3) && text_without_dots(from->text, text, sizeof text))
		to->used = text_kept(s, text, strlen(text), "", 0);
	slash = memrchr(to->used.at, '/', to->used.length);
	if (!slash)
		return to;
	folder = folder_real(s, to->used.at, (size_t)(slash - to->used.at));
	real = to->used;
	if (folder.length != (size_t)(slash - to->used.at) || memcmp(folder.at, to->used.at, folder.length))
		real = text_kept(s, folder.at, folder.length, slash, to->used.length - (size_t)(slash - to->used.at));
	to->real = text_by_root(s, real);
	to->real.made = folder.made;
	return to;
}
