#include "config.h"

#include "cache/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/texts.h"
#include "cache/inside.h"
#include "effect/cover.h"
#include "effect/record.h"
#include "os/file.h"
#include "os/stage.h"
#include "os/tree.h"
#include "plan/step.h"
#include "record/blob.h"
#include "text/glob.h"
#include "text/path.h"
#include "workspace/workspace.h"

enum { ARCHIVE_SECTION = 64 << 20 };

/* The service that a part gets while it saves. */
struct archive_saving {
	vt_saving service;             /* first */
	struct cache *cache;
	struct batch *batch;
	struct arena *arena;
	int64_t started_ns;
	struct facts opened;           /* FACT_FILE; detail: output_meta */
	struct stamp *stamps;          /* of opened, by the same index */
	struct buf section;
	vt_id *blobs;
	uint32_t blobs_n;
	struct opened {
		vt_source source;              /* first */
		int fd;                        /* of a file, or -1 */
		char target[PATH_MAX];         /* of a link */
	} file;
	const char *not_kept;                /* the reason that the user is told */
};

bool output_is_allowed(const struct cache *c, const char *path, size_t size)
{
	const char *own = path_below(c->world.root, c->world.cache_dir);
	size_t n = own ? strlen(own) : 0, i, start = 0;

	if (!path_is_safe(path, size) || stage_is_unfinished(path, size))
		return false;
	if (n && size >= n && memcmp(path, own, n) == 0 && (size == n || path[n] == '/'))
		return false;
	for (i = 0; i <= size; i++) {
		if (i < size && path[i] != '/')
			continue;
		if (i - start == 4 && memcmp(path + start, ".git", 4) == 0)
			return false;
		start = i + 1;
	}
	return true;
}

bool output_link_stays(const struct cache *c, const char *path, const char *target)
{
	struct arena *a = arena_new();
	const char *written = target[0] == '/' ? target : path_join(a, path_join(a, c->world.root, path_dir(a, path)), target);
	const char *clean = path_clean(a, written), *real;
	bool ret = target[0] && path_below(c->world.root, clean) != NULL;

	/* the target may lead further through other links, and `..` goes up from where they lead */
	if (ret && ((real = file_real(written, a)) || (real = file_real(clean, a))))
		ret = path_below(c->world.root, real) != NULL;
	arena_free(a);
	return ret;
}

/* ---- the service ------------------------------------------------------------ */

static vt_status say(vt_call *call, const char *code, const char *text)
{
	call->report(call, VT_REPORT_ERROR, code, (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

static vt_status read_opened(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct opened *o = (struct opened *)source;
	ssize_t n;

	call_check(call, 1, "vt_source.read");
	if (o->fd < 0) {
		size_t all = strlen(o->target);

		n = at < all ? (ssize_t)(all - at) : 0;
		if ((size_t)n > size)
			n = (ssize_t)size;
		memcpy(buffer, o->target + (all - (size_t)n < at ? all : at), (size_t)n);
	} else {
		do
			n = pread(o->fd, buffer, size, (off_t)at);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return say(call, "system", "an output could not be read");
	}
	*ret = (size_t)n;
	return VT_OK;
}

static void close_opened(struct archive_saving *s)
{
	if (s->file.fd >= 0)
		close(s->file.fd);
	s->file.fd = -1;
}

static void record(struct archive_saving *s, const char *path, const struct stat *st, struct bytes state)
{
	struct stamp stamp;
	struct output_meta meta = { .mode = st->st_mode & 0777 };

	stamp_of(st, &stamp);
	meta.mtime_ns = stamp.mtime_ns;
	meta.made = stamp.mtime_ns >= s->started_ns || stamp.ctime_ns >= s->started_ns;
	s->stamps = arena_grow(s->arena, s->stamps, s->opened.n, sizeof *s->stamps);
	s->stamps[s->opened.n] = stamp;
	facts_add(&s->opened, s->arena, &(struct fact){
		.kind = FACT_FILE, .name = bytes_text(path), .detail = output_meta_encode(s->arena, &meta), .state = state,
	});
}

static vt_status open_link(struct archive_saving *s, vt_call *call, const char *path, int dir, const char *name, const struct stat *st)
{
	ssize_t n = readlinkat(dir, name, s->file.target, sizeof s->file.target - 1);
	char state[1 + PATH_MAX];

	if (n < 0)
		return VT_NONE;
	s->file.target[n] = '\0';
	if (!output_link_stays(s->cache, path, s->file.target)) {
		s->not_kept = arena_printf(s->arena, "the output '%s' is a link that leaves the workspace", path);
		return say(call, "link", "a link leaves the workspace");
	}
	state[0] = 'l';
	memcpy(state + 1, s->file.target, (size_t)n + 1);
	record(s, path, st, (struct bytes){ state, (size_t)n + 2 });
	return VT_OK;
}

static vt_status open_there(struct archive_saving *s, vt_call *call, const char *path, int dir, const char *name, vt_meta *meta)
{
	struct stat st;
	vt_status status = VT_OK;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return VT_NONE;
	s->file.target[0] = '\0';
	s->file.source = (vt_source){ .struct_size = sizeof s->file.source, .read = read_opened };
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_ISUID | S_ISGID | S_ISVTX)))
		return VT_NONE;        /* such a bit is never put back: a hit needs the file in place */
	if (S_ISREG(st.st_mode)) {
		s->file.fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (s->file.fd < 0 && errno != ENOENT) {
			s->not_kept = arena_printf(s->arena, "the output '%s' cannot be read", path);
			return say(call, "system", "an output cannot be read");
		}
		if (s->file.fd < 0 || fstat(s->file.fd, &st) < 0 || !S_ISREG(st.st_mode))
			return VT_NONE;
		s->file.source.size = (uint64_t)st.st_size;
		meta->type = VT_META_FILE;
		record(s, path, &st, (struct bytes){ "", 0 });
	} else if (S_ISLNK(st.st_mode)) {
		meta->type = VT_META_LINK;
		status = open_link(s, call, path, dir, name, &st);
		s->file.source.size = strlen(s->file.target);
	} else if (S_ISDIR(st.st_mode)) {
		meta->type = VT_META_DIR;
		record(s, path, &st, (struct bytes){ "d", 1 });
	} else {
		return VT_NONE;
	}
	meta->mode = st.st_mode & 0777;
	meta->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return status;
}

static vt_status service_open(vt_saving *service, vt_call *call, vt_bytes given, vt_source **ret, vt_meta *ret_meta)
{
	struct archive_saving *s = (struct archive_saving *)service;
	const char *path, *name;
	vt_status status;
	vt_meta meta = { 0 };
	int dir;

	call_check(call, 1, "vt_saving.open");
	close_opened(s);
	if (!output_is_allowed(s->cache, given.data, given.size))
		return say(call, "path", "an output has a name that cannot be");
	path = arena_strn(s->arena, given.data, given.size);
	dir = tree_open_parent(s->cache->root_fd, path, &name);
	if (dir < 0)
		return VT_NONE;
	status = open_there(s, call, path, dir, name, &meta);
	close(dir);
	if (status == VT_OK) {
		*ret = &s->file.source;
		*ret_meta = meta;
	}
	return status;
}

static vt_status service_keep(vt_saving *service, vt_call *call, vt_source *from, vt_id *ret)
{
	struct archive_saving *s = (struct archive_saving *)service;
	struct err err = { 0 };

	call_check(call, 1, "vt_saving.keep");
	if (batch_take_source(s->batch, call, from, ret, NULL, &err) < 0) {
		s->not_kept = err_take(&err, s->arena);
		return say(call, "store", s->not_kept);
	}
	s->blobs = arena_grow(s->arena, s->blobs, s->blobs_n, sizeof *s->blobs);
	s->blobs[s->blobs_n++] = *ret;
	return VT_OK;
}

static vt_status service_write(vt_saving *service, vt_call *call, const void *data, size_t size)
{
	struct archive_saving *s = (struct archive_saving *)service;

	call_check(call, 1, "vt_saving.write");
	return buf_add(&s->section, data, size) < 0 ? say(call, "large", "the list of outputs is too large") : VT_OK;
}

/* ---- the states ---------------------------------------------------------------- */

/* Reads the content ids of the taken outputs. An output that changed since it was taken is an error. */
static int fill_states(struct archive_saving *s, struct result *r, struct err *err)
{
	struct facts now = { 0 };
	uint32_t i;

	for (i = 0; i < s->opened.n; i++)
		if (!s->opened.at[i].state.size)
			facts_name(&now, s->arena, FACT_FILE, s->opened.at[i].name.data, s->opened.at[i].name.size);
	facts_sort(&now);
	if (state_fill(&s->cache->world, NULL, &now, s->arena, err) < 0)
		return -1;
	for (i = 0; i < s->opened.n; i++) {
		struct fact *f = &s->opened.at[i];
		const struct fact *is = facts_find(&now, FACT_FILE, f->name, (struct bytes){ "", 0 });
		struct stat st;
		struct stamp stamp;

		if (f->state.size)
			continue;
		if (fstatat(s->cache->root_fd, f->name.data, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			stamp_of(&st, &stamp);
			if (stamp_equal(&stamp, &s->stamps[i]) && is && is->state.size && *(const char *)is->state.data == 'c') {
				f->state = is->state;
				continue;
			}
		}
		return err_set(err, ERR_SYSTEM, "the output '%.*s' changed while it was kept", (int)f->name.size, (const char *)f->name.data);
	}
	facts_sort(&s->opened);
	r->outputs = s->opened;
	return 0;
}

/* ---- which outputs ------------------------------------------------------------------ */

/* Refuses an output folder behind a symbolic link: a hit puts nothing back through links. */
static int check_no_link(struct choosing *s, const char *base, bool literal, struct err *err)
{
	char *at = arena_str(s->arena, base), *slash;
	struct stat st;

	for (slash = at; *slash; slash++) {
		char was;

		slash = strchrnul(slash, '/');
		was = *slash;
		if (!was && literal)
			break;         /* the output itself may be a link */
		*slash = '\0';
		if (fstatat(s->cache->root_fd, at, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
			return err_set(err, ERR_SYSTEM, "the output folder '%s' is a symbolic link", at);
		*slash = was;
		if (!was)
			break;
	}
	return 0;
}

static void keep_output(struct choosing *s, const char *path)
{
	if (!output_is_allowed(s->cache, path, strlen(path)))
		return;
	texts_add(s->arena, &s->outputs, path);
}

/* Adds a path under `output` that no step left: its state counts as an input. */
static void add_as_found(struct choosing *s, struct layer *disk, struct facts *more, struct bytes path)
{
	struct left left;
	bool as_left;

	if (!output_is_allowed(s->cache, path.data, path.size) || output_find(s->effects, path) ||
	    (layer_left(disk, path, &left, &as_left, NULL) > 0 && as_left))
		return;
	facts_name(more, s->arena, FACT_FILE, path.data, path.size);
}

static int find_strangers(struct choosing *s, struct err *err)
{
	struct texts matched;
	struct facts more = { 0 };
	struct layer disk;
	uint32_t i;

	if (state_matches(&s->cache->world, &s->step->rules->output, s->arena, &matched, err) < 0)
		return -1;
	layer_init(&disk, &s->cache->world, s->cache->ledger, s->arena);
	for (i = 0; i < matched.n; i++)
		add_as_found(s, &disk, &more, bytes_text(matched.at[i]));
	layer_free(&disk);
	facts_sort(&more);
	if (state_fill(&s->cache->world, NULL, &more, s->arena, err) < 0)
		return -1;
	for (i = 0; i < more.n; i++)
		if (!facts_find(s->after, FACT_FILE, more.at[i].name, (struct bytes){ "", 0 }))
			facts_add(s->after, s->arena, &more.at[i]);
	facts_sort(s->after);
	return 0;
}

enum { FOLDER_MODE = 0755 };           /* the mode that mkdir gives under the usual umask */

/* Keeps the folders above an output that have another mode: restoring makes the others anew. */
static void keep_folders(struct choosing *s, struct bytes path)
{
	const char *slash;
	struct stat st;
	struct left line;
	uint32_t later;

	while ((slash = memrchr(path.data, '/', path.size)) != NULL) {
		const char *name;

		path.size = (size_t)(slash - (const char *)path.data);
		if (bytes_order(path, s->folder) == 0)
			return;
		name = arena_strn(s->arena, path.data, path.size);
		if (cover_output_folder(s->cover, path) && ledger_get(s->cache->ledger, path, &line) &&
		    eyes_whose(s->eyes, &line, &later) != WHOSE_OTHER && *(const char *)line.state.data == 'd' &&
		    fstatat(s->cache->root_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) != FOLDER_MODE)
			keep_output(s, name);
	}
}

static bool is_made_folder(const struct fact *effect)
{
	return *(const char *)effect->state.data == 'd' && (*(const char *)effect->detail.data & EFFECT_MADE);
}

/* Chooses the outputs whose bytes are to be kept. */
int archive_choose(struct choosing *s, struct err *err)
{
	const struct file_patterns *globs = &s->step->rules->output.yes;
	uint32_t i;

	for (i = 0; i < globs->n; i++)
		if (!globs->at[i].implied && check_no_link(s, globs->at[i].base, !*glob_rest(globs->at[i].text), err) < 0)
			return -1;
	for (i = 0; i < s->claimed->n; i++)
		keep_output(s, s->claimed->at[i]);
	for (i = 0; i < s->effects->n; i++) {
		const struct fact *f = &s->effects->at[i];

		if (f->state.size && (is_made_folder(f) ? cover_output_folder : cover_output)(s->cover, f->name)) {
			const char *slash = memrchr(f->name.data, '/', f->name.size);

			keep_output(s, arena_strn(s->arena, f->name.data, f->name.size));
			keep_folders(s, f->name);
			s->folder = (struct bytes){ f->name.data, slash ? (size_t)(slash - (const char *)f->name.data) : 0 };
		}
	}
	texts_sort(&s->outputs);
	return globs->n ? find_strangers(s, err) : 0;
}

/* ---- the door -------------------------------------------------------------------- */

static int ask_part(struct archive_saving *s, const vt_step *described, struct component *part, const vt_bytes *outputs, uint32_t n,
		    struct result *r, struct err *err)
{
	const vt_part_ops *ops = component_ops(part);
	struct plug_call call;
	vt_status status;

	buf_init(&s->section, ARCHIVE_SECTION);
	call_begin(&call, part, "save");
	status = call_end(&call, ops->save(component_self(part), &call.call, described, outputs, n, &s->service));
	close_opened(s);
	if (status == VT_OK) {
		r->sections = arena_grow(s->arena, r->sections, r->sections_n, sizeof *r->sections);
		r->sections[r->sections_n++] = (struct section){
			.part = bytes_text(component_name(part)),
			.bytes = { arena_copy(s->arena, buf_str(&s->section), s->section.size), s->section.size },
		};
	}
	buf_free(&s->section);
	if (status == VT_OK || status == VT_NONE)
		return 0;
	return s->not_kept ? err_set(err, ERR_SYSTEM, "%s", s->not_kept)
			   : err_set(err, ERR_SYSTEM, "%s: %s", component_name(part), call.text);
}

int archive_outputs(struct cache *c, const struct step *step, const struct texts *outputs, int64_t started_ns, struct batch *batch,
		 struct arena *a, struct result *r, struct err *err)
{
	struct archive_saving s = {
		.service = { .struct_size = sizeof s.service, .open = service_open, .keep = service_keep, .write = service_write },
		.cache = c, .batch = batch, .arena = a, .started_ns = started_ns, .file = { .fd = -1 },
	};
	vt_bytes *names;
	uint32_t i;

	if (!outputs->n)
		return 0;
	names = arena_array(a, outputs->n, sizeof *names);
	for (i = 0; i < outputs->n; i++)
		names[i] = (vt_bytes){ outputs->at[i], strlen(outputs->at[i]) };
	for (i = 0; i < c->parts_n; i++) {
		const vt_part_ops *ops = component_ops(c->parts[i]);

		if (ops->save && (component_description(c->parts[i])->roles & VT_ROLE_ARCHIVE) && part_is_asked(c, c->parts[i], step) &&
		    ask_part(&s, step->described, c->parts[i], names, outputs->n, r, err) < 0)
			return -1;
	}
	r->blobs = s.blobs;
	r->blobs_n = s.blobs_n;
	return fill_states(&s, r, err);
}

/* Is one of the outputs below the folder? They are sorted. */
static bool has_output_below(const struct facts *outputs, struct bytes folder)
{
	uint32_t i;

	for (i = 0; i < outputs->n; i++) {
		struct bytes name = outputs->at[i].name;

		if (!folder.size || (name.size > folder.size && memcmp(name.data, folder.data, folder.size) == 0 && ((const char *)name.data)[folder.size] == '/'))
			return true;
	}
	return false;
}

bool effects_are_kept(const struct facts *effects, const struct facts *outputs)
{
	uint32_t i;

	for (i = 0; i < effects->n; i++) {
		const struct fact *e = &effects->at[i];
		bool folder = e->state.size && *(const char *)e->state.data == 'd';
		bool made = e->detail.size && (*(const unsigned char *)e->detail.data & EFFECT_MADE);

		if (!folder || (made && !has_output_below(outputs, e->name)))
			return false;
	}
	return true;
}
