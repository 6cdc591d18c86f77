#include "config.h"

#include "cache/in_place.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cache/inside.h"
#include "fact/stat_cache.h"
#include "record/blob.h"

bool output_link_is_same(const struct cache *c, const char *path, struct bytes state)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(c->root_fd, path, target, sizeof target);

	return n > 0 && state.size == (size_t)n + 2 && memcmp((const char *)state.data + 1, target, (size_t)n) == 0;
}

/* Looks at one name after the other. Where many stand in one folder it is kept open: the
 * kernel need not go down to it again for each. */
struct looker {
	const struct cache *c;
	int fd;                        /* of the folder, or -1 */
	size_t folder;                 /* the size of its name, with the slash */
	char path[PATH_MAX];           /* the last name; it begins with the folder's */
};

enum { LOOK_MANY = 8 };

/* At names[0]: is it worth it? They are sorted: what the first and the last of some begin with, all of them do. */
static void look_into(struct looker *l, const struct fact *names, uint32_t left)
{
	const char *first = names[0].name.data, *slash;
	const struct bytes *last = &names[LOOK_MANY - 1].name;
	char folder[PATH_MAX];

	if (l->fd >= 0) {
		if (names[0].name.size > l->folder && memcmp(first, l->path, l->folder) == 0)
			return;
		close(l->fd);
		l->fd = -1;
	}
	if (left < LOOK_MANY || !(slash = memrchr(first, '/', names[0].name.size)))
		return;
	l->folder = (size_t)(slash - first) + 1;
	if (l->folder >= sizeof folder || last->size <= l->folder || memcmp(first, last->data, l->folder) != 0)
		return;
	memcpy(folder, first, l->folder);
	folder[l->folder - 1] = '\0';
	l->fd = openat(l->c->root_fd, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void look_end(struct looker *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* The stat of a recorded name. -1: it is missing. The name is in l->path. */
static int look(struct looker *l, struct bytes name, struct stat *ret)
{
	if (name.size >= PATH_MAX)
		return -1;
	memcpy(l->path, name.data, name.size);
	l->path[name.size] = '\0';
	return fstatat(l->fd >= 0 ? l->fd : l->c->root_fd, l->path + (l->fd >= 0 ? l->folder : 0), ret, AT_SYMLINK_NOFOLLOW);
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

/* Does this output look as it was recorded? A file is then one of `files`. */
static bool looks_right(struct looker *l, const struct fact *output, struct looked *files)
{
	const char *state = output->state.data;
	struct output_meta meta;
	struct stat st;

	if (!output->state.size || output_meta_decode(output->detail, &meta) < 0 || look(l, output->name, &st) < 0)
		return false;
	if (*state == 'd')
		return S_ISDIR(st.st_mode);
	if (*state == 'l')
		return S_ISLNK(st.st_mode) && output_link_is_same(l->c, l->path, output->state);
	if (!state_is_content(output->state) || !S_ISREG(st.st_mode) || (st.st_mode & 0777) != meta.mode ||
	    output->state.size != 1 + sizeof(vt_id))
		return false;
	stamp_of(&st, &files->stamps[files->n]);
	files->ids[files->n] = (const uint8_t *)state + 1;
	return files->stamps[files->n++].mtime_ns == meta.mtime_ns;
}

bool outputs_in_place(const struct cache *c, const struct facts *outputs)
{
	struct looker l = { .c = c, .fd = -1 };
	struct looked files = { .n = 0 };
	bool all = true;
	uint32_t i;

	for (i = 0; all && i < outputs->n; i++) {
		look_into(&l, &outputs->at[i], outputs->n - i);
		all = looks_right(&l, &outputs->at[i], &files) && (files.n < STAT_AT_ONCE || index_agrees(c, &files));
	}
	look_end(&l);
	return all && index_agrees(c, &files);
}

/* Is this output unchanged, at any time of change? */
bool output_is_as_recorded(const struct cache *c, const struct fact *then, const struct fact *now)
{
	struct looker l = { .c = c, .fd = -1 };
	struct output_meta meta;
	struct stat st;

	if (!then->state.size || output_meta_decode(then->detail, &meta) < 0 || look(&l, then->name, &st) < 0)
		return false;
	switch (*(const char *)then->state.data) {
	case 'd':
		return S_ISDIR(st.st_mode);
	case 'l':
		return S_ISLNK(st.st_mode) && output_link_is_same(c, l.path, then->state);
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
