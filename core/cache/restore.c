#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/texts.h"
#include "cache/in_place.h"
#include "cache/inside.h"
#include "os/file.h"
#include "os/stage.h"
#include "plan/step.h"
#include "record/blob.h"
#include "text/path.h"

/* The service that a part gets while it restores. */
struct restoring {
	vt_restoring service;          /* first */
	struct cache *cache;
	struct arena *arena;
	const struct result *result;
	struct facts now;              /* of all recorded outputs, sorted: what is in place */
	const bool *skip;              /* of each recorded output: it is not to be put back; or NULL */
	struct texts folders;          /* folders that are made for the files put back */
	bool *given;                   /* of each recorded output: a part has asked to put it back */
	struct stage *stage;           /* made when something must be written */
	bool no_room;                  /* something could not be written for want of room */
	struct taking {
		vt_sink sink;                  /* first */
		struct restoring *restoring;
		uint32_t type;                 /* VT_META_*; 0: nothing is being written */
		int fd;                        /* of a file; borrowed from stage */
		const char *path;
		char target[PATH_MAX];         /* of a link */
		size_t size;
		uint64_t hole;                 /* of a file: zeros at its end that are not written yet */
		int64_t mtime_ns;
		bool failed;                   /* it could not be written, and why was told */
	} taking;
};

static vt_status say(vt_call *call, const char *code, struct err *err)
{
	char *text = err_join(err);

	call->report(call, VT_REPORT_ERROR, code, (vt_bytes){ text, strlen(text) });
	free(text);
	err_clear(err);
	return VT_FAILED;
}

static bool is_no_room(int number)
{
	return number == ENOSPC || number == EDQUOT;
}

/* The system refused. */
static vt_status say_system(struct restoring *r, vt_call *call, struct err *err)
{
	r->no_room = r->no_room || is_no_room(err->number);
	return say(call, "system", err);
}

static vt_status say_text(vt_call *call, const char *code, const char *text)
{
	call->report(call, VT_REPORT_ERROR, code, (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

/* ---- writing ------------------------------------------------------------------- */

enum { HOLE_BLOCK = 4096 };            /* zeros that become a hole, as in a sparse file */

static bool is_zero(const char *p, size_t size)
{
	return !p[0] && memcmp(p, p + 1, size - 1) == 0;
}

/* Bytes from `p` on that are all to be left out, or all to be written; *ret_zero tells which. */
static size_t same_piece(const char *p, size_t size, bool *ret_zero)
{
	size_t n;

	*ret_zero = size >= HOLE_BLOCK && is_zero(p, HOLE_BLOCK);
	for (n = HOLE_BLOCK; n < size; n += HOLE_BLOCK)
		if ((size - n >= HOLE_BLOCK && is_zero(p + n, HOLE_BLOCK)) != *ret_zero)
			break;
	return n < size ? n : size;
}

/* Writes what is no long run of zeros. -1 with errno. */
static int write_file(struct taking *t, const char *p, size_t size)
{
	while (size) {
		bool zero;
		size_t n = same_piece(p, size, &zero);

		if (zero) {
			t->hole += n;
		} else {
			if (t->hole && lseek(t->fd, (off_t)t->hole, SEEK_CUR) < 0)
				return -1;
			t->hole = 0;
			if (file_write_all(t->fd, p, n) < 0)
				return -1;
		}
		p += n;
		size -= n;
	}
	return 0;
}

/* A file may end with a hole. -1 with errno. */
static int end_file(struct taking *t)
{
	const off_t at = t->hole ? lseek(t->fd, 0, SEEK_CUR) : 0;
	const int ret = t->hole ? (at < 0 ? -1 : ftruncate(t->fd, at + (off_t)t->hole)) : 0;

	t->hole = 0;
	return ret;
}

static vt_status write_taking(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct taking *t = (struct taking *)sink;

	call_check(call, 1, "vt_sink.write");
	switch (t->type) {
	case VT_META_FILE:
		if (write_file(t, data, size) < 0) {
			struct err err = { 0 };

			err_errno(&err, errno, "cannot write '%s'", t->path);
			t->failed = true;
			return say_system(t->restoring, call, &err);
		}
		sink->got += size;
		return VT_OK;
	case VT_META_LINK:
		if (size >= sizeof t->target - t->size || memchr(data, 0, size))
			return say_text(call, "link", "a link's target cannot be");
		memcpy(t->target + t->size, data, size);
		t->size += size;
		sink->got += size;
		return VT_OK;
	default:
		return say_text(call, "late", "nothing is being written");
	}
}

static vt_status write_anew(vt_sink *sink, vt_call *call)
{
	struct taking *t = (struct taking *)sink;

	call_check(call, 1, "vt_sink.restart");
	if (t->type == VT_META_FILE && (ftruncate(t->fd, 0) < 0 || lseek(t->fd, 0, SEEK_SET) < 0))
		return VT_UNSUPPORTED;
	t->size = 0;
	t->hole = 0;
	sink->got = 0;
	return VT_OK;
}

/* A file or link is complete when the next thing begins. */
static vt_status end_taking(struct restoring *r, vt_call *call)
{
	struct taking *t = &r->taking;
	struct err err = { 0 };
	uint32_t type = t->type;

	t->type = 0;
	if (type == VT_META_FILE && end_file(t) < 0) {
		err_errno(&err, errno, "cannot write '%s'", t->path);
		t->failed = true;
		return say_system(r, call, &err);
	}
	if (type != VT_META_LINK)
		return VT_OK;
	t->target[t->size] = '\0';
	if (!output_link_stays(r->cache, t->path, t->target))
		return say_text(call, "link", "a link leaves the workspace");
	return stage_link(r->stage, t->path, t->target, t->mtime_ns, &err) < 0 ? say_system(r, call, &err) : VT_OK;
}

static struct stage *stage_of(struct restoring *r)
{
	if (!r->stage)
		r->stage = stage_new(r->cache->root_fd, directory_tmp(&r->cache->dir));
	return r->stage;
}

/* ---- is it there already? --------------------------------------------------------- */

/* The file at `path`, compared with the recorded one. */
enum place { PLACE_EMPTY, PLACE_OTHER, PLACE_SAME_CONTENT, PLACE_SAME };

static enum place look_at(const struct restoring *r, const char *path, const struct fact *then, const vt_meta *meta)
{
	const struct bytes name = bytes_text(path);
	const struct fact *now;
	struct stat st;
	struct stamp stamp;

	if (fstatat(r->cache->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? PLACE_EMPTY : PLACE_OTHER;
	switch (meta->type) {
	case VT_META_LINK:
		return S_ISLNK(st.st_mode) && output_link_is_same(r->cache, path, then->state) ? PLACE_SAME : PLACE_OTHER;
	case VT_META_DIR:
		/* its time changes whenever something else comes and goes in it */
		return S_ISDIR(st.st_mode) ? PLACE_SAME : PLACE_OTHER;
	default:
		now = facts_find(&r->now, FACT_FILE, name, (struct bytes){ "", 0 });
		if (!S_ISREG(st.st_mode) || !now || !state_is_content(then->state) || bytes_order(then->state, now->state) != 0)
			return PLACE_OTHER;
		stamp_of(&st, &stamp);
		return (st.st_mode & 0777) == meta->mode && stamp.mtime_ns == meta->mtime_ns ? PLACE_SAME : PLACE_SAME_CONTENT;
	}
}

/* Is the path still absent, or as some step left it? A program may have written there since the decision. */
static bool may_write(struct restoring *r, const char *path)
{
	struct fact one = { .kind = FACT_LEFT, .name = bytes_text(path), .detail = { "", 0 } };
	struct facts f = { &one, 1 };
	struct left left;

	if (state_fill(&r->cache->world, NULL, &f, r->arena, NULL) < 0)
		return false;
	return !one.state.size || (ledger_get(r->cache->ledger, one.name, &left) && bytes_order(left.state, one.state) == 0);
}

/* ---- the service -------------------------------------------------------------------- */

static vt_status create(vt_restoring *service, vt_call *call, vt_bytes given, const vt_meta *meta, vt_sink **ret)
{
	struct restoring *r = (struct restoring *)service;
	const struct fact *then;
	struct err err = { 0 };
	enum place place;
	const char *path;
	int failed;

	call_check(call, 1, "vt_restoring.create");
	if (end_taking(r, call) != VT_OK)
		return VT_FAILED;
	if (!output_is_allowed(r->cache, given.data, given.size))
		return say_text(call, "path", "an output has a name that cannot be");
	path = arena_strn(r->arena, given.data, given.size);
	then = output_find(&r->result->outputs, bytes_text(path));
	if (!then)
		return say_text(call, "path", "an output is put back that was never kept");
	r->given[then - r->result->outputs.at] = true;
	if (r->skip && r->skip[then - r->result->outputs.at])
		return VT_NONE;
	place = look_at(r, path, then, meta);
	if (place == PLACE_SAME)
		return VT_NONE;
	if (place == PLACE_OTHER && !may_write(r, path)) {
		err_set(&err, ERR_SYSTEM, "'%s' is not as this task left it", path);
		r->taking.failed = true;
		return say(call, "theirs", &err);
	}
	if (place == PLACE_SAME_CONTENT) {
		failed = stage_meta(stage_of(r), path, meta->mode, meta->mtime_ns, &err);
		return failed < 0 ? say_system(r, call, &err) : VT_NONE;
	}
	r->taking = (struct taking){
		.sink = { .struct_size = sizeof(vt_sink), .write = write_taking, .restart = write_anew, .most = UINT64_MAX },
		.restoring = r, .path = path, .mtime_ns = meta->mtime_ns,
	};
	switch (meta->type) {
	case VT_META_FILE:
		failed = stage_file(stage_of(r), path, meta->mode, meta->mtime_ns, &r->taking.fd, &err);
		break;
	case VT_META_LINK:
		stage_of(r);
		failed = 0;
		break;
	case VT_META_DIR:
		failed = stage_dir(stage_of(r), path, meta->mode, meta->mtime_ns, &err);
		break;
	default:
		return VT_UNSUPPORTED;
	}
	if (failed < 0)
		return say_system(r, call, &err);
	r->taking.type = meta->type == VT_META_DIR ? 0 : meta->type;
	*ret = &r->taking.sink;
	return VT_OK;
}

static vt_status fetch(vt_restoring *service, vt_call *call, const vt_id *id, vt_sink *into)
{
	struct restoring *r = (struct restoring *)service;
	vt_status status;

	call_check(call, 1, "vt_restoring.fetch");
	status = blob_fetch(r->cache->blobs, call, id, into);
	if (status == VT_FAILED && r->taking.failed)
		return status;
	return status == VT_OK || status == VT_NONE ? status : say_text(call, "fetch", "a part of the outputs could not be read from the cache");
}

/* ---- what is left over ------------------------------------------------------------ */

/* Removes files that earlier runs of the step made and this result lacks, as decided before. */
static int remove_leftovers(struct restoring *r, const struct found_inside *in, struct err *err)
{
	uint32_t i;

	for (i = in->remove.n; i-- > 0; ) {    /* a folder after what it holds */
		if (!may_write(r, in->remove.at[i]))
			return err_set(err, ERR_SYSTEM, "'%s' is not as this task left it", in->remove.at[i]);
		if (stage_remove(stage_of(r), in->remove.at[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the door ------------------------------------------------------------------------------ */

static struct component *part_named(const struct cache *c, struct bytes name)
{
	uint32_t i;

	for (i = 0; i < c->parts_n; i++)
		if (bytes_order(bytes_text(component_name(c->parts[i])), name) == 0)
			return c->parts[i];
	return NULL;
}

static int ask_part(struct restoring *r, const vt_step *described, const struct section *section, struct err *err)
{
	struct component *part = part_named(r->cache, section->part);
	const vt_part_ops *ops = part ? component_ops(part) : NULL;
	struct plug_call call;
	vt_status status;

	if (!ops || !ops->restore)
		return err_set(err, ERR_SYSTEM, "'%.*s', which kept the outputs, is not there", (int)section->part.size,
			       (const char *)section->part.data);
	r->service.section = (vt_bytes){ section->bytes.data, section->bytes.size };
	r->taking.type = 0;
	call_begin(&call, part, "restore");
	call.stop = plug_stopping(r->cache->setup.plug);
	status = ops->restore(component_self(part), &call.call, described, &r->service);
	if (status == VT_OK)
		status = end_taking(r, &call.call);
	status = call_end(&call, status);
	return status == VT_OK ? 0 : err_set(err, ERR_SYSTEM, "%s: %s", component_name(part), call.text);
}

/* ---- putting back ---------------------------------------------------------------------- */

static int look_in_place(struct restoring *r, struct err *err)
{
	const struct facts *outputs = &r->result->outputs;
	uint32_t i;

	r->now.at = arena_array(r->arena, outputs->n + 1, sizeof *r->now.at);
	r->now.n = outputs->n;
	for (i = 0; i < outputs->n; i++)
		r->now.at[i] = (struct fact){ .kind = FACT_FILE, .name = outputs->at[i].name, .detail = { "", 0 } };
	return state_fill(&r->cache->world, NULL, &r->now, r->arena, err);
}

/* The folders of what is to be put back that are not there. */
static void find_folders(struct restoring *r)
{
	const struct facts *outputs = &r->result->outputs;
	const char *last = "";
	struct stat st;
	uint32_t i;

	for (i = 0; i < outputs->n; i++) {
		const struct bytes name = outputs->at[i].name;
		const char *dir;

		if ((r->skip && r->skip[i]) || r->now.at[i].state.size)
			continue;
		dir = path_dir(r->arena, arena_strn(r->arena, name.data, name.size));
		for (; dir[0] && strcmp(dir, last) != 0; dir = path_dir(r->arena, dir)) {
			if (fstatat(r->cache->root_fd, dir, &st, AT_SYMLINK_NOFOLLOW) == 0)
				break;
			texts_add(r->arena, &r->folders, dir);
		}
		last = path_dir(r->arena, arena_strn(r->arena, name.data, name.size));
	}
	texts_sort(&r->folders);
}

/* The names that are new. */
static struct left *new_names(struct restoring *r, const struct found_inside *in, uint32_t *ret_n)
{
	const struct facts *outputs = &r->result->outputs;
	struct left *lines = arena_array(r->arena, (size_t)outputs->n + r->folders.n + 1, sizeof *lines);
	uint32_t i, n = 0;

	for (i = 0; i < outputs->n; i++)
		if (!in->skip[i] && r->now.at[i].state.size == 0 && outputs->at[i].state.size > 0)
			lines[n++] = (struct left){ .path = outputs->at[i].name, .state = outputs->at[i].state,
						    .step = in->eyes.own, .maker = in->makers[i] };
	for (i = 0; i < r->folders.n; i++)
		lines[n++] = (struct left){ .path = bytes_text(r->folders.at[i]), .state = bytes_text("d"),
					    .step = in->eyes.own, .maker = in->eyes.own };
	*ret_n = n;
	return lines;
}

/* Puts all in place. The ledger's file gets the new names before: a vt that is killed here would leave files without a maker. When
 * nothing was put in place it gets the earlier lines back. */
static int commit(struct restoring *r, const struct found_inside *in, struct err *err)
{
	struct left *lines, before;
	uint32_t n, i;

	if (!r->stage)
		return 0;
	lines = new_names(r, in, &n);
	ledger_announce(r->cache->ledger, lines, n);
	if (stage_commit(r->stage, err) == 0)
		return 0;
	for (i = 0; i < n; i++) {
		before = (struct left){ .path = lines[i].path, .state = bytes_text(""), .step = in->eyes.own };
		(void)ledger_get(r->cache->ledger, lines[i].path, &before);
		lines[i] = before;
	}
	ledger_announce(r->cache->ledger, lines, n);
	return -1;
}

static int restore(struct restoring *r, const struct step *step, const struct found_inside *in, struct err *err)
{
	const vt_step *described = step->described;
	const struct facts *outputs = &r->result->outputs;
	uint32_t i;

	if (look_in_place(r, err) < 0)
		return -1;
	find_folders(r);
	r->given = arena_array(r->arena, outputs->n + 1, sizeof *r->given);
	for (i = 0; i < r->result->sections_n; i++)
		if (ask_part(r, described, &r->result->sections[i], err) < 0)
			return -1;
	/* all of them, or it is no hit */
	for (i = 0; i < outputs->n; i++)
		if (!r->given[i])
			return err_set(err, ERR_SYSTEM, "the output '%.*s' was not put back", (int)outputs->at[i].name.size,
				       (const char *)outputs->at[i].name.data);
	if (remove_leftovers(r, in, err) < 0)
		return -1;
	return commit(r, in, err);
}

bool cache_would_change(struct cache *c, const struct found *found)
{
	const struct found_inside *in = found->inside;
	struct restoring r = { .cache = c, .arena = found->arena, .result = in->hit };
	uint32_t i;

	if (!in->hit || cache_in_place(c, found))
		return false;
	if (look_in_place(&r, NULL) < 0 || in->remove.n)
		return true;
	for (i = 0; i < r.now.n; i++)
		if (!in->skip[i] && !output_is_as_recorded(c, &r.result->outputs.at[i], &r.now.at[i]))
			return true;
	return false;
}

/* What a run would have left: the ledger has it of what was put back or removed. */
static void note_lines(struct restoring *r, const struct found_inside *in)
{
	const struct facts *outputs = &r->result->outputs;
	struct left left = { .step = in->eyes.own };
	uint32_t i;

	for (i = 0; i < outputs->n; i++) {
		if (in->skip[i] || bytes_order(r->now.at[i].state, outputs->at[i].state) == 0)
			continue;
		left.path = outputs->at[i].name;
		left.state = outputs->at[i].state;
		left.maker = in->makers[i];
		ledger_put(r->cache->ledger, &left);
	}
	left.maker = in->eyes.own;
	left.state = bytes_text("d");
	for (i = 0; i < r->folders.n; i++) {
		left.path = bytes_text(r->folders.at[i]);
		ledger_put(r->cache->ledger, &left);
	}
	for (i = 0; i < in->remove.n; i++) {
		left.path = bytes_text(in->remove.at[i]);
		left.state = (struct bytes){ "", 0 };
		left.maker = in->eyes.own;
		ledger_put(r->cache->ledger, &left);
	}
}

int cache_restore(struct cache *c, const struct step *step, struct found *found, const char **ret_why)
{
	struct found_inside *in = found->inside;
	struct restoring r = {
		.service = { .struct_size = sizeof r.service, .create = create, .fetch = fetch },
		.cache = c, .arena = found->arena, .result = in->hit,
	};
	struct err err = { 0 };
	int failed;

	if (!in->hit || !in->restore)
		return 0;
	r.skip = in->skip;
	overlap_join(c, step, &in->overlap);
	failed = restore(&r, step, in, &err);
	if (failed == 0)
		note_lines(&r, in);
	stage_free(r.stage);
	blob_used(c->blobs, in->hit->blobs, in->hit->blobs_n);
	in->no_room = failed < 0 && (r.no_room || is_no_room(err.number));
	if (failed < 0)
		*ret_why = err_take(&err, found->arena);
	return failed;
}
