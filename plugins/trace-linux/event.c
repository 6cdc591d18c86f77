/* event: one call of the task. event_look asks what must be asked while the calling thread
 * stands still; event_remember notes the call when the thread runs again. */
#include "config.h"

#include "event.h"

#include <errno.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "procs.h"
#include "vt-plugin.h"

static void touch(struct touched *t, uint32_t tid)
{
	uint32_t slot, i;

	if (t->n * 2 >= t->size) {
		struct touched bigger = { .size = t->size ? t->size * 2 : 256 };

		bigger.at = calloc(bigger.size, sizeof *bigger.at);
		if (!bigger.at)
			return;
		for (i = 0; i < t->size; i++)
			if (t->at[i])
				touch(&bigger, t->at[i]);
		free(t->at);
		*t = bigger;
	}
	for (slot = tid * 0x9e3779b1u & (t->size - 1); t->at[slot]; slot = (slot + 1) & (t->size - 1))
		if (t->at[slot] == tid)
			return;
	t->at[slot] = tid;
	t->n++;
}

/* Does the call write this path? Then *follow says whether it is followed at the end. */
static bool writes(const struct call_meaning *m, int path, bool *follow)
{
	int i;

	for (i = 0; i < m->acts; i++) {
		if (m->act[i].op != VT_SEEN_WRITE && m->act[i].op != VT_SEEN_RENAME)
			continue;
		if (m->act[i].path == path || m->act[i].op == VT_SEEN_RENAME) {
			*follow = !(m->act[i].flags & VT_SEEN_NOFOLLOW);
			return true;
		}
	}
	return false;
}

/* Was the state of this path before its first write noted already? */
static bool is_told(const struct watch *w, const struct path *p, bool content)
{
	uint32_t name = notes_find(&w->notes, p->text, p->length);

	return name && w->notes.names[name].before >= (content ? BEFORE_ALL : BEFORE_OUTSIDE);
}

static void only_look(struct call_meaning *m)
{
	for (m->acts = 0; m->acts < m->paths; m->acts++) {
		m->act[m->acts].op = VT_SEEN_PROBE;
		m->act[m->acts].flags = VT_SEEN_NOFOLLOW;
		m->act[m->acts].path = m->acts;
	}
}

/* A folder is not moved: why, its name and the content of the other one tell. */
static void fail_to_move(struct call_meaning *m)
{
	only_look(m);
	m->act[m->acts].op = VT_SEEN_LIST;
	m->act[m->acts].flags = VT_SEEN_NOFOLLOW;
	m->act[m->acts++].path = 1;
	m->depends = DEPENDS_NOT;
}

/* Changes the meaning of a call by what is there: a file that the call itself makes is not
 * read, and a call that fails because its file is there makes nothing. */
static void apply_depends(struct call_meaning *m, const enum look_answer there[CALL_PATHS])
{
	switch (m->depends) {
	case DEPENDS_READ:
		if (there[0] != LOOK_ABSENT)
			break;
		m->act[0].op = VT_SEEN_PROBE;
		if (m->acts == 1) {                  /* made by opening it for reading */
			m->act[1] = m->act[0];
			m->act[1].op = VT_SEEN_WRITE;
			m->acts = 2;
		}
		break;
	case DEPENDS_WRITE:
		/* a link also needs the file that gets another name */
		if (there[m->act[m->acts - 1].path] == LOOK_THERE || (m->paths > 1 && there[0] == LOOK_ABSENT))
			m->acts--;
		break;
	case DEPENDS_MKDIR:
		if (there[0] == LOOK_THERE)
			only_look(m);
		break;
	case DEPENDS_RENAME:
		if (there[0] == LOOK_ABSENT || (m->keeps && there[1] == LOOK_THERE))
			only_look(m);
		break;
	default:
		break;
	}
}

/* Settles what the call does, and what to tell of its paths, from the state of these paths. */
static void conclude(const struct watch *w, struct event *e)
{
	struct call_meaning *m = &e->means;
	bool follow;
	int i;

	if (m->depends)
		apply_depends(m, e->there);
	for (i = 0; i < m->paths; i++) {
		if (!writes(m, i, &follow))
			e->told[i] = true;
		else if (e->there[i] == LOOK_ABSENT) /* also what the call makes by opening it for reading */
			e->told[i] = is_told(w, &e->path[i], m->content);
	}
}

/* Is it the name of an open file that has none? A link may give it one. */
static bool is_nameless(const struct path *p)
{
	static const char deleted[] = " (deleted)";
	const size_t n = sizeof deleted - 1;

	return p->length > n && memcmp(p->text + p->length - n, deleted, n) == 0;
}

/* Looks at the paths that the call may change, before it does. */
static void look_before(struct watch *w, struct event *e)
{
	struct call_meaning *m = &e->means;
	bool follow;
	int i;

	if (m->depends == DEPENDS_RENAME && e->found[0] == PATH_OK && e->found[1] == PATH_OK &&
	    watch_has(w, e->path[0].text, e->path[0].length) && watch_has(w, e->path[1].text, e->path[1].length) &&
	    look_cannot_move(&w->ground, e->path[0].text, e->path[1].text))
		fail_to_move(m);
	for (i = 0; i < m->paths; i++) {
		const struct path *p = &e->path[i];

		e->told[i] = true;
		e->there[i] = LOOK_UNKNOWN;
		if (e->found[i] != PATH_OK || !watch_has(w, p->text, p->length))
			continue;
		follow = !(m->acts && (m->act[0].flags & VT_SEEN_NOFOLLOW));
		if (writes(m, i, &follow) && !is_told(w, p, m->content)) {
			e->there[i] = look_at(&w->ground, p->text, follow, m->content, &e->before[i]);
			e->told[i] = false;
		} else if (m->depends && !is_nameless(p)) {
			e->there[i] = look_for(&w->ground, p->text, follow);
		}
	}
	conclude(w, e);
}

static bool may_write(const struct call_meaning *m)
{
	bool follow;

	return m->depends || writes(m, 0, &follow) || (m->paths > 1 && writes(m, 1, &follow));
}

/* SA_RESTART, as every architecture here has it; libc's headers and the kernel's differ. */
enum { RESTARTS = 0x10000000 };

/* Is it a signal that only programs send? Its handler runs when a program has sent it. */
static bool is_request(int signal)
{
	return signal == SIGUSR1 || signal == SIGUSR2;
}

/* Does it set a handler without SA_RESTART? */
static void look_at_handler(struct watch *w, const struct seccomp_notif *notice, const struct event *e)
{
	uint64_t wide[2] = { 0 };    /* handler, flags */
	uint32_t narrow[2] = { 0 };

	if (notice->data.arch == call_audit_arch[ARCH_NATIVE]) {
		if (path_peek((pid_t)e->tid, e->means.action, wide, sizeof wide) != sizeof wide)
			return;
	} else {
		if (path_peek((pid_t)e->tid, e->means.action, narrow, sizeof narrow) != sizeof narrow)
			return;
		wide[0] = narrow[0];
		wide[1] = narrow[1];
	}
	/* 0 and 1: what the kernel does, and nothing */
	if (wide[0] > 1 && !(wide[1] & RESTARTS))
		gates_handler(&w->gates, e->tid, is_request((int)notice->data.args[0]), log_interruptions(&w->log));
}

/* The path of the socket that bind makes. An address of another kind, or without a file, has none. */
static enum path_found find_bound(struct watch *w, uint32_t tid, const uint64_t *args, struct path *ret)
{
	struct sockaddr_un un;
	const size_t size = (uint32_t)args[2], name = offsetof(struct sockaddr_un, sun_path);
	char text[sizeof un.sun_path + 1];
	ssize_t n;

	if (size <= name || size > sizeof un)
		return PATH_NONE;
	n = path_peek((pid_t)tid, args[1], &un, size);
	if (n == -EPERM || n == -EACCES) {
		errno = (int)-n;
		return PATH_UNREADABLE;
	}
	if (n != (ssize_t)size || un.sun_family != AF_UNIX || !un.sun_path[0])
		return PATH_NONE;
	memcpy(text, un.sun_path, size - name);
	text[size - name] = '\0';
	return path_of_text(&w->world, (pid_t)tid, text, ret);
}

/* Is the caller a vt inside the task? It goes on without a tracer, and says so. */
static bool is_supervisor(uint32_t tid)
{
	char name[32];

	return procs_name(tid, name, sizeof name) && strcmp(name, "vt-supervisor") == 0;
}

void event_look(struct watch *w, const struct seccomp_notif *notice, struct event *e)
{
	uint64_t how[3] = { 0 };     /* struct open_how: flags, mode, resolve */
	int i;

	e->tid = notice->pid;
	e->native = notice->data.arch == call_audit_arch[ARCH_NATIVE];
	e->peer.socket = -1;
	e->peer.datagram = false;
	e->call = call_find(notice->data.arch, notice->data.nr);
	if (!e->call) {
		watch_escape(w, ESCAPE_FOREIGN, notice->data.arch, e->tid);
		return;
	}
	if (e->call->does == DOES_OPEN_HOW &&
	    path_peek((pid_t)e->tid, notice->data.args[e->call->extra], how, sizeof how) != sizeof how)
		memset(how, 0, sizeof how);
	if (how[2] & RESOLVE_IN_ROOT)
		watch_escape(w, ESCAPE_ROOT, 0, e->tid);
	call_decode(e->call, (const uint64_t *)notice->data.args, how[0], &e->means);
	if (e->means.chroot || e->means.mount) {
		log_close(&w->log);          /* the shim knows nothing of other roots */
		path_world_look(&w->world);
	}
	if (e->means.mount || e->means.by_handle)
		w->ground.careful = true;    /* before the call is done */
	e->target_length = e->means.target ? path_text((pid_t)e->tid, e->means.target, e->target) : -1;
	if (e->means.connect && !w->escape)
		peer_look(&e->peer, e->tid, (const uint64_t *)notice->data.args);
	if (e->means.action)
		look_at_handler(w, notice, e);
	if (e->means.sends)
		gates_requested(&w->gates, log_interruptions(&w->log));
	if (e->means.by_handle)
		watch_escape(w, ESCAPE_HANDLE, 0, e->tid);
	if (e->means.listens && !is_supervisor(e->tid))
		watch_escape(w, ESCAPE_LISTENER, 0, e->tid);
	for (i = 0; i < e->means.paths; i++) {
		e->found[i] = e->means.bind ? find_bound(w, e->tid, (const uint64_t *)notice->data.args, &e->path[i])
					    : path_find(&w->world, (pid_t)e->tid, &e->means.path[i], &e->path[i]);
		if (e->found[i] == PATH_UNREADABLE)
			watch_escape(w, ESCAPE_MEMORY, errno, e->tid);
		else if (e->found[i] == PATH_ELSEWHERE)
			watch_escape(w, ESCAPE_MOUNTS, 0, e->tid);
		else if (e->found[i] == PATH_LONG)
			watch_escape(w, ESCAPE_LONG, 0, e->tid);
	}
	e->told[0] = e->told[1] = true;
	if (may_write(&e->means))
		look_before(w, e);
}

static uint16_t seen_of(enum look_answer there)
{
	return there == LOOK_THERE ? VT_SEEN_THERE : there == LOOK_ABSENT ? VT_SEEN_ABSENT : 0;
}

/* Notes, once for each path, whether it exists when the task first asks for it. If
 * that has changed at the end, and not by the task, another program has changed it. The
 * thread runs again, but each change of its own is another call. The newest note is of
 * this path. */
static void sight(struct watch *w, const struct path *p, enum look_answer known)
{
	struct note *note = &w->notes.at[w->notes.n - 1];
	struct name *name = &w->notes.names[note->name];

	if (name->sighted)
		return;
	name->sighted = true;
	note->flags |= seen_of(known == LOOK_UNKNOWN ? look_for(&w->ground, p->text, false) : known);
}

/* Notes what a path was, before the first note of a change. */
static void remember_before(struct watch *w, struct event *e, int i)
{
	const struct look_state *state = &e->before[i];
	uint16_t flags = seen_of(e->there[i]);
	bool only_attributes = e->means.act[0].flags & VT_SEEN_ATTRIBUTE, follow = false;
	uint32_t text = 0;

	if (e->told[i])
		return;
	e->told[i] = true;
	writes(&e->means, i, &follow);
	if (!follow)
		flags |= VT_SEEN_NOFOLLOW;
	else if (only_attributes && e->there[i] == LOOK_ABSENT && look_for(&w->ground, e->path[i].text, false) == LOOK_THERE)
		return;                      /* a link to nothing: the call fails, the link is there as before */
	if (e->there[i] == LOOK_THERE) {
		text = notes_name(&w->states, state->bytes, state->size);
		if (!text)
			w->notes.full = true;
	}
	notes_before(&w->notes, flags, e->tid, e->path[i].text, e->path[i].length, text,
		     text && state->bytes[0] == 'f' && only_attributes ? BEFORE_OUTSIDE : BEFORE_ALL);
}

/* Keeps the target of a link that the task makes: the link may be gone at the step's end. */
static void remember_link(struct watch *w, const struct event *e)
{
	const struct path *p = &e->path[0];
	uint32_t name, text;

	if (e->target_length <= 0 || e->found[0] != PATH_OK)
		return;
	text = notes_name(&w->states, e->target, (size_t)e->target_length);
	name = notes_name(&w->notes, p->text, p->length);
	w->links_made = true;
	if (text && name)
		w->notes.names[name].link = text;
	else
		w->notes.full = true;
}

/* May the name lead to an open file of a process? */
static bool is_of_process(const char *path)
{
	return strncmp(path, "/dev/std", 8) == 0 || strncmp(path, "/dev/fd/", 8) == 0 ||
	       (strncmp(path, "/proc/", 6) == 0 && (strstr(path, "/fd/") || strstr(path, "/root/") || strstr(path, "/cwd/")));
}

/* May the call leave a file of its own at this path? */
static bool leaves_file(const struct call_meaning *m, int path)
{
	int i;

	for (i = 0; i < m->acts; i++)
		if ((m->act[i].op == VT_SEEN_RENAME && m->act[i].path != path) ||
		    (m->act[i].op == VT_SEEN_WRITE && m->act[i].path == path && !m->target &&
		     !(m->act[i].flags & (VT_SEEN_ATTRIBUTE | VT_SEEN_REMOVED | VT_SEEN_DIRECTORY))))
			return true;
	return false;
}

/* Tells the stamps of a call that may change files; `made`: it is over. Of a link the file itself counts, too: it may be
 * written by its other name. */
static void tell_stamps(struct watch *w, const struct event *e, bool made)
{
	const struct call_meaning *m = &e->means;
	bool follow;
	int i;

	if (!writes(m, 0, &follow) && !writes(m, 1, &follow))
		return;
	if (!made)
		stamps_changing(&w->stamps, e->tid, e->call->number[e->native ? ARCH_NATIVE : ARCH_COMPAT]);
	w->stamps.maps |= m->maps;
	for (i = 0; i < m->paths; i++)
		if (e->found[i] == PATH_OK && !is_of_process(e->path[i].text))
			stamps_wrote(w, e->path[i].text, e->path[i].length, leaves_file(m, i));
		else if (!m->bind)
			stamps_blind(&w->stamps);
}

/* `exact`: e->there says what was there itself, links not followed, for each path that the call may change. */
static void remember(struct watch *w, struct event *e, bool exact)
{
	const struct call_meaning *m = &e->means;
	char name[sizeof w->escape_name];
	int i;

	if (m->acts && e->found[0] == PATH_OK && log_is_asked(e->path[0].text, e->path[0].length))
		return;
	if (m->acts && e->found[0] == PATH_OK && gates_is_shim(&w->gates, e->path[0].text, e->path[0].length)) {
		if (e->native)
			gates_load(&w->gates, e->tid);
		return;                      /* the shim is vt's, not the task's */
	}
	if (m->connect && e->peer.datagram)
		peer_note_datagram(&w->peers, &e->peer);
	if (e->peer.socket >= 0 && peer_was_before(&w->peers, &w->world, &e->peer, name, sizeof name))
		watch_escape_named(w, ESCAPE_PEER, e->tid, name);
	if (m->exec)
		gates_start(&w->gates, e->tid);
	tell_stamps(w, e, exact);
	for (i = 0; i < m->acts; i++) {
		const struct path *p = &e->path[m->act[i].path], *other = &e->path[!m->act[i].path];
		bool two = m->act[i].op == VT_SEEN_RENAME, fresh;

		if (e->found[m->act[i].path] != PATH_OK || (two && e->found[!m->act[i].path] != PATH_OK))
			continue;
		if (two || m->act[i].op == VT_SEEN_WRITE)
			remember_before(w, e, m->act[i].path);
		if (two)
			remember_before(w, e, !m->act[i].path);
		fresh = notes_add(&w->notes, m->act[i].op, m->act[i].flags, e->tid, p->text, p->length,
				  two ? other->text : NULL, two ? other->length : 0);
		if (watch_has(w, p->text, p->length)) {
			touch(&w->touched, e->tid);
			if (fresh && m->act[i].op != VT_SEEN_WRITE && !two)
				sight(w, p, exact ? e->there[m->act[i].path] : LOOK_UNKNOWN);
		}
		if (fresh && m->exec && !exec_note(w, e->tid, p->text, NULL, false))
			w->notes.at[w->notes.n - 1].flags |= NOTE_LATER;
	}
	if (m->target)
		remember_link(w, e);
	if (w->notes.full)
		watch_escape(w, ESCAPE_FULL, 0, 0);
}

void event_remember(struct watch *w, struct event *e)
{
	remember(w, e, false);
}

/* ---- calls by the gate --------------------------------------------------------- */

/* What the result of a call says about the name itself. A link whose target is absent may exist all the same. */
static enum look_answer answer_of(uint32_t result, uint16_t flags)
{
	return result == SHIM_WORKED ? LOOK_THERE :
	       result == SHIM_ABSENT && (flags & VT_SEEN_NOFOLLOW) ? LOOK_ABSENT : LOOK_UNKNOWN;
}

/* What a record says of a path before a call that may change it. False: the shim never says so. */
static bool take_before(const struct watch *w, struct event *e, int i, uint8_t before)
{
	e->told[i] = true;
	e->there[i] = LOOK_UNKNOWN;
	switch (before) {
	case SHIM_BEFORE_NOT_TOLD:
		return true;
	case SHIM_BEFORE_ABSENT:
	case SHIM_BEFORE_TOLD_ABSENT:
		e->there[i] = LOOK_ABSENT;
		break;
	case SHIM_BEFORE_FOLDER:
	case SHIM_BEFORE_TOLD_THERE:
	case SHIM_BEFORE_THERE:
		e->there[i] = LOOK_THERE;
		break;
	default:
		return false;
	}
	e->told[i] = (before != SHIM_BEFORE_ABSENT && before != SHIM_BEFORE_FOLDER) || is_told(w, &e->path[i], e->means.content);
	e->before[i].bytes[0] = 'd';
	e->before[i].size = 1;
	return true;
}

/* Takes the new name from a link that failed: the file, or the folder of the name, was missing. */
static void give_no_name(struct call_meaning *m)
{
	m->acts--;
	m->depends = DEPENDS_NOT;
}

/* Notes a change that a program made by the gate. */
static bool remember_change(struct watch *w, const struct shim_record *record, struct event *e, const char *other, uint32_t result)
{
	struct call_meaning *m = &e->means;
	int i;

	e->tid = record->process;
	e->native = true;
	e->peer.socket = -1;
	e->peer.datagram = false;
	e->target_length = -1;
	if (m->target) {
		memcpy(e->target, other, (size_t)record->other_length + 1);
		e->target_length = record->other_length;
	} else if (m->paths > 1 && !path_given(other, record->other_length, &e->path[1])) {
		return false;
	}
	for (i = 0; i < m->paths; i++) {
		e->found[i] = PATH_OK;
		if (!take_before(w, e, i, record->before[i]))
			return false;
	}
	if (m->depends == DEPENDS_WRITE && m->paths > 1) {
		if (result == SHIM_WORKED)
			e->there[0] = LOOK_THERE;    /* the path that was given a new name */
		else if (result == SHIM_ABSENT)
			give_no_name(m);
	}
	if (m->depends == DEPENDS_RENAME && (result == SHIM_ABSENT || result == SHIM_FAILED) && e->there[0] != LOOK_ABSENT &&
	    !(m->keeps && e->there[1] == LOOK_THERE)) {
		/* the shim tells a path only once: a later change may need what is there now */
		remember_before(w, e, 0);
		remember_before(w, e, 1);
		fail_to_move(m);
	}
	conclude(w, e);
	remember(w, e, true);
	return true;
}

/* Notes the start of a program; `folder`: where the thread stood. */
static void remember_start(struct watch *w, uint32_t tid, const struct path *path, const char *folder)
{
	gates_start(&w->gates, tid);
	if (watch_has(w, path->text, path->length))
		touch(&w->touched, tid);
	if (!notes_add(&w->notes, VT_SEEN_EXEC, 0, tid, path->text, path->length, NULL, 0))
		return;
	if (watch_has(w, path->text, path->length))
		sight(w, path, LOOK_UNKNOWN);
	if (!exec_note(w, tid, path->text, folder, false))
		w->notes.at[w->notes.n - 1].flags |= NOTE_LATER;
}

/* Can the shim have written a record of this call? */
static bool is_of_shim(const struct call *c, const struct shim_record *record)
{
	switch (c->does) {
	case DOES_LINK:
	case DOES_RENAME:
	case DOES_SYMLINK:
	case DOES_EXEC:
		return record->other_length > 0;
	case DOES_OPEN:
	case DOES_PROBE:
	case DOES_FD_STAT:
	case DOES_LPROBE:
	case DOES_HANDLE_AT:
	case DOES_CHDIR:
	case DOES_WRITE:
	case DOES_LWRITE:
	case DOES_CUT:
	case DOES_MAKE:
	case DOES_MKDIR:
	case DOES_RMDIR:
	case DOES_UNLINK:
		return record->other_length == 0;
	default:
		return false;
	}
}

/* Notes a call that a program made by the gate. */
static bool remember_logged(void *ctx, const struct shim_record *record, const char *text, const char *other, uint32_t result)
{
	struct watch *w = ctx;
	struct event e;
	const struct call *call = call_find(call_audit_arch[ARCH_NATIVE], record->number);
	const struct call_meaning *m = &e.means;
	const struct path *path = &e.path[0];
	uint64_t args[6] = { 0 };
	bool fresh;

	if (!call || !is_of_shim(call, record) || !path_given(text, record->length, &e.path[0]))
		return false;
	if (call->extra != NO)
		args[call->extra] = record->extra;
	if (call->does == DOES_SYMLINK)
		args[0] = 1;                 /* the link's text is in the record */
	call_decode(call, args, 0, &e.means);
	if (m->exec) {
		remember_start(w, record->process, path, other);
		return other[0] == '/';
	}
	if (may_write(m))
		return remember_change(w, record, &e, other, result);
	if (m->acts != 1 || m->paths != 1)
		return false;
	fresh = notes_add(&w->notes, m->act[0].op, m->act[0].flags, record->process, path->text, path->length, NULL, 0);
	if (watch_has(w, path->text, path->length)) {
		touch(&w->touched, record->process);
		if (fresh)
			sight(w, path, answer_of(result, m->act[0].flags));
	}
	return true;
}

void event_read_log(struct watch *w)
{
	log_read(&w->log, remember_logged, w);
	if (w->log.damaged)
		watch_escape(w, ESCAPE_LOG, 0, 0);
	if (w->notes.full)
		watch_escape(w, ESCAPE_FULL, 0, 0);
}
