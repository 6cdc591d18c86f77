#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "os/file.h"
#include "os/loop.h"
#include "text/path.h"
#include "workspace/load.h"

/* members: reads package.json and vite-task.json of the folders that may be members, on two threads if there are many: with 1000
 * packages the second thread spares 6 % of the wall time of a run that only hits, on two processors. */

enum {
	FOLDERS_MANY = 64,             /* folders that are worth a second thread */
	FOLDERS_SLICE = 16,            /* folders that a thread takes at a time */
	SCRATCH_MOST = 1 << 15         /* bytes of files' texts, after which they are forgotten */
};

/* The files of one folder. The loader reads a wrong file again, and tells its error in the order of the
 * folders. */
struct folder {
	bool none;                     /* the folder has no package.json */
	struct manifest *manifest;     /* NULL: missing or wrong */
	struct config *config;         /* NULL: missing or wrong, or the folder is the root or no member */
};

struct folders {
	struct loading *l;
	const struct found *found;
	struct folder *at;             /* one for each found folder, filled by one thread */
	uint32_t n;
	_Atomic uint32_t next;         /* the first that no thread has taken */
};

/* The place to look for package.json: the folder as it was found, through a link if it is one. */
static const char *manifest_place(const struct found *f, struct arena *a)
{
	return path_join(a, f->link ? f->link : f->path, "package.json");
}

/* Reads package.json. 1: the folder has none. */
static int read_manifest(const struct loading *l, const struct found *f, struct arena *a, struct arena *scratch, struct manifest *ret, struct err *err)
{
	const char *place = manifest_place(f, scratch), *file = path_join(scratch, l->w.root, place);
	struct bytes text;
	int r = file_read_below(l->root_fd, place, file, WORKSPACE_FILE_MAX, scratch, &text, err);

	if (r == 0 && manifest_from(file, text, l->root.ranges, a, ret, err) < 0)
		r = workspace_hide(l->w.root, file, err);
	return r;
}

static void read_folder(const struct loading *l, const struct found *f, struct arena *a, struct arena *scratch, struct folder *ret)
{
	struct manifest m;
	struct config c;
	int r = read_manifest(l, f, a, scratch, &m, NULL);

	ret->none = r > 0;
	if (r)
		return;
	ret->manifest = arena_copy(a, &m, sizeof m);
	if (f->path[0] && config_open(l, f->path, a, scratch, &c, NULL) >= 0)
		ret->config = arena_copy(a, &c, sizeof c);
}

static void read_some(struct folders *s, struct arena *a)
{
	struct arena *scratch = arena_new();
	uint32_t i, end;

	while ((i = atomic_fetch_add(&s->next, FOLDERS_SLICE)) < s->n) {
		for (end = i + FOLDERS_SLICE < s->n ? i + FOLDERS_SLICE : s->n; i < end; i++)
			read_folder(s->l, &s->found[i], a, scratch, &s->at[i]);
		if (arena_size(scratch) > SCRATCH_MOST) {
			arena_free(scratch);
			scratch = arena_new();
		}
	}
	arena_free(scratch);
}

static void *read_beside(void *ctx)
{
	struct folders *s = ctx;

	read_some(s, s->l->beside);
	return NULL;
}

static void read_all(struct folders *s)
{
	pthread_t thread;
	bool two = false;

	if (s->n >= FOLDERS_MANY && os_cpus() > 1) {
		s->l->beside = arena_new();
		two = pthread_create(&thread, NULL, read_beside, s) == 0;
	}
	read_some(s, s->l->w.arena);
	if (two)
		pthread_join(thread, NULL);
}

static bool is_regular(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

/* Adds the folder if it is a member. */
static int add(struct loading *l, const struct found *f, const struct folder *folder, struct err *err)
{
	struct manifest *manifest = folder->manifest;
	struct member *m;
	int r = 0;

	if (folder->none)
		return 0;
	if (!manifest) {
		manifest = arena_alloc(l->w.arena, sizeof *manifest);
		r = read_manifest(l, f, l->w.arena, l->scratch, manifest, err);
	}
	if (r < 0 && !is_regular(l->root_fd, manifest_place(f, l->scratch))) {
		err_clear(err);
		return 0;
	}
	if (r)
		return r < 0 ? -1 : 0;
	m = member_add(l, f->path, manifest);
	m->link = f->link;
	m->outside = f->outside;
	m->config = folder->config;
	return 0;
}

int members_read(struct loading *l, const struct found *found, uint32_t n, struct err *err)
{
	struct folders s = { .l = l, .found = found, .n = n };
	uint32_t i;
	int r = 0;

	s.at = xcalloc(n, sizeof *s.at);
	read_all(&s);
	for (i = 0; i < n && !r; i++)
		r = add(l, &found[i], &s.at[i], err);
	free(s.at);
	return r;
}
