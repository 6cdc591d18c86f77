#include "config.h"

#include "cache/in_place.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cache/inside.h"
#include "fact/folder.h"
#include "fact/stat_cache.h"
#include "record/blob.h"

bool output_link_is_same(const struct cache *c, const char *path, struct bytes state)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(c->root_fd, path, target, sizeof target);

	return n > 0 && state.size == (size_t)n + 2 && memcmp((const char *)state.data + 1, target, (size_t)n) == 0;
}

/* The stat of the name that was entered last. -1: it is missing. */
static int look(const struct folder *f, struct stat *ret)
{
	const char *rest;
	int dir = folder_at(f, &rest);

	return fstatat(dir, rest, ret, AT_SYMLINK_NOFOLLOW);
}

/* Files that look as they were recorded; what they hold is asked of the index for several at once. */
struct looked {
	struct stamp stamps[STAT_AT_ONCE];
	const uint8_t *ids[STAT_AT_ONCE];      /* the ids that they should have */
	uint32_t n;
};

static bool index_agrees(const struct cache *c, struct looked *files)
{
	struct stat_answer answers[STAT_AT_ONCE];
	bool all = true;
	uint32_t i;

	stat_cache_ask(c->world.stats, files->stamps, files->n, answers);
	for (i = 0; all && i < files->n; i++)
		all = answers[i].known && memcmp(files->ids[i], answers[i].id.byte, sizeof answers[i].id.byte) == 0;
	files->n = 0;
	return all;
}

/* Does this output, which was entered last, look as it was recorded? A file is then one of `files`. */
static bool looks_right(const struct cache *c, const struct folder *f, const struct fact *output, struct looked *files)
{
	const char *state = output->state.data;
	struct output_meta meta;
	struct stat st;

	if (!output->state.size || output_meta_decode(output->detail, &meta) < 0 || look(f, &st) < 0)
		return false;
	if (*state == 'd')
		return S_ISDIR(st.st_mode);
	if (*state == 'l')
		return S_ISLNK(st.st_mode) && output_link_is_same(c, f->path, output->state);
	if (!state_is_content(output->state) || !S_ISREG(st.st_mode) || (st.st_mode & 0777) != meta.mode ||
	    output->state.size != 1 + sizeof(vt_id))
		return false;
	stamp_of(&st, &files->stamps[files->n]);
	files->ids[files->n] = (const uint8_t *)state + 1;
	return files->stamps[files->n++].mtime_ns == meta.mtime_ns;
}

bool outputs_in_place(const struct cache *c, const struct facts *outputs)
{
	struct folder folder;
	struct looked files = { .n = 0 };
	bool all = true;
	uint32_t i;

	folder_init(&folder, c->root_fd);
	for (i = 0; all && i < outputs->n; i++)
		all = folder_enter(&folder, &outputs->at[i], outputs->n - i) && looks_right(c, &folder, &outputs->at[i], &files) &&
		      (files.n < STAT_AT_ONCE || index_agrees(c, &files));
	folder_leave(&folder);
	return all && index_agrees(c, &files);
}

/* Is this output unchanged, at any time of change? */
bool output_is_as_recorded(const struct cache *c, const struct fact *then, const struct fact *now)
{
	struct folder folder;
	struct output_meta meta;
	struct stat st;

	folder_init(&folder, c->root_fd);
	if (!then->state.size || output_meta_decode(then->detail, &meta) < 0 || !folder_enter(&folder, then, 1) || look(&folder, &st) < 0)
		return false;
	switch (*(const char *)then->state.data) {
	case 'd':
		return S_ISDIR(st.st_mode);
	case 'l':
		return S_ISLNK(st.st_mode) && output_link_is_same(c, folder.path, then->state);
	default:
		return S_ISREG(st.st_mode) && (st.st_mode & 0777) == meta.mode && bytes_order(then->state, now->state) == 0;
	}
}

bool cache_in_place(struct cache *c, const struct found *found)
{
	const struct found_inside *in = found->inside;

	if (!in->hit || in->restore)
		return false;
	blob_used(c->blobs, in->hit->blobs, in->hit->blobs_n);
	return true;
}
