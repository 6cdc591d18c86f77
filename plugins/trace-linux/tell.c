/* tell: hands the records over, and those that only the whole of them shows: the folders before
 * "..", links on the way to what the task wrote, addresses, and what another program wrote. */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settle.h"

enum {
	BATCH = 256,
	FOREIGN_MAX = 64,        /* files that are looked at more closely */
};

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

			if (settle_told(s, name, note->op, note->flags).at == used.at)
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
		name = settle_told(s, name_lead(s, stamp->name), VT_SEEN_WRITE, 0);
		seen.name = (vt_bytes){ name.at, name.length };
		status = into->add(into, call, &seen, 1);
	}
	return status;
}

vt_status settle_tell(struct settling *s, struct vt_call *call, struct vt_notes *into)
{
	vt_status status = VT_OK;
	uint32_t i, n;

	for (i = 0; i < s->records_n && status == VT_OK; i += n) {
		n = s->records_n - i < BATCH ? s->records_n - i : BATCH;
		status = into->add(into, call, &s->records[i], n);
	}
	if (status == VT_OK)
		status = tell_ways(s, call, into);
	if (status == VT_OK)
		status = tell_links(s, call, into);
	if (status == VT_OK)
		status = tell_peers(s->w, call, into);
	if (status == VT_OK)
		status = tell_foreign(s, call, into);
	if (s->full)
		watch_escape(s->w, ESCAPE_FULL, 0, 0);
	return status;
}
