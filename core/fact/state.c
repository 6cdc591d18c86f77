#include "config.h"

#include "fact/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/map.h"
#include "fact/mac.h"
#include "fact/state_inside.h"
#include "os/loop.h"
#include "os/file.h"
#include "os/tree.h"
#include "plug/setup.h"
#include "text/env_match.h"
#include "text/path.h"

enum {
	STATE_LISTING_MAX = 64 << 20,
	STATE_CHUNK = 16,              /* files a thread takes at once */
	STATE_THREADS = 16,
};

bool state_is_content(struct bytes state)
{
	const char *p = state.data, *nul;

	if (!state.size)
		return false;
	if (p[0] != 'l')
		return p[0] == 'c';
	nul = memchr(p, 0, state.size);
	return nul && nul + 1 < p + state.size && nul[1] == 'c';
}

bool state_is_listing(struct bytes state)
{
	return state.size && *(const char *)state.data == 'd';
}

struct bytes state_listing(struct bytes state)
{
	return (struct bytes){ (const char *)state.data + 1, state.size - 1 };
}

bool state_is_path_kind(unsigned kind)
{
	return kind == FACT_GLOBBED || kind == FACT_FILE || kind == FACT_PROBE || kind == FACT_TYPE || kind == FACT_LIST;
}

struct state_clock *state_clock_new(const char *dir, int root)
{
	struct state_clock *c = xcalloc(1, sizeof *c);

	pthread_mutex_init(&c->lock, NULL);
	c->dir = dir;
	c->root = root;
	c->fd = -1;
	return c;
}

void state_clock_free(struct state_clock *c)
{
	if (c->fd >= 0)
		close(c->fd);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* A private file whose time is what the workspace's file system calls now: beside the cache,
 * or where the cache is on another file system a file without a name in the workspace. */
static int clock_open(const struct state_clock *c)
{
	struct stat here, there;
	char *name;
	int fd;

	if (!c->dir || stat(c->dir, &here) < 0 || fstat(c->root, &there) < 0)
		return -1;
	if (here.st_dev != there.st_dev)
		return openat(c->root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	fd = open(c->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || asprintf(&name, "%s/clock", c->dir) < 0)
		return fd;
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(name);
	return fd;
}

int64_t state_now(const struct state_world *w)
{
	struct state_clock *c = w->clock;
	struct timespec now;
	struct stat st;

	pthread_mutex_lock(&c->lock);
	if (!c->opened)
		c->fd = clock_open(c);
	c->opened = true;
	pthread_mutex_unlock(&c->lock);
	if (c->fd >= 0 && futimens(c->fd, NULL) == 0 && fstat(c->fd, &st) == 0)
		return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	/* the clock that the kernel stamps files with */
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- variables ------------------------------------------------------------ */

static struct bytes state_of_variable(const struct state_world *w, const struct env *env, struct bytes name, struct arena *a)
{
	const char *value = env_get(env, arena_strn(a, name.data, name.size));
	struct digest d;

	if (!value)
		return (struct bytes){ "", 0 };
	mac_value(w->mac, name.data, name.size, value, &d);
	return (struct bytes){ arena_copy(a, d.byte, sizeof d.byte), sizeof d.byte };
}

static struct bytes state_of_query(const struct state_world *w, const struct env *env, const struct fact *f, struct arena *a)
{
	struct env_list found;
	struct buf b;
	struct bytes ret;
	struct digest d;
	uint32_t i;

	/* the matcher that answered the question */
	if (env_match(a, env, f->kind == FACT_ENV_PREFIX, arena_strn(a, f->name.data, f->name.size), &found, NULL) < 0)
		return (struct bytes){ "", 0 };
	buf_init(&b, STATE_LISTING_MAX);
	for (i = 0; i < found.n; i++) {
		size_t n = strlen(found.at[i].name);

		mac_value(w->mac, found.at[i].name, n, found.at[i].value, &d);
		buf_add(&b, found.at[i].name, n + 1);
		buf_add(&b, d.byte, sizeof d.byte);
	}
	ret = (struct bytes){ arena_copy(a, buf_str(&b), b.size), b.size };
	buf_free(&b);
	return ret;
}

/* ---- paths ---------------------------------------------------------------- */

static struct bytes joined(struct arena *a, struct bytes x, const void *data, size_t size)
{
	char *p;

	if (!x.size && size <= 1)
		return (struct bytes){ size ? arena_copy(a, data, size) : "", size };
	p = arena_alloc(a, x.size + size);
	if (x.size)
		memcpy(p, x.data, x.size);
	memcpy(p + x.size, data, size);
	return (struct bytes){ p, x.size + size };
}

static void set_content(struct filling *f, struct bytes *state, struct bytes before, const vt_id *id, bool executable)
{
	char bytes[1 + sizeof id->byte + 1] = { 'c' };

	memcpy(bytes + 1, id->byte, sizeof id->byte);
	bytes[sizeof bytes - 1] = 'x';
	*state = joined(f->arena, before, bytes, sizeof bytes - !executable);
}

/* Those that the stat index knows are done; the others wait for the fingerprint. */
static void ask_index(struct filling *f)
{
	struct stamp stamps[STAT_AT_ONCE];
	struct stat_answer answers[STAT_AT_ONCE];
	uint32_t i;

	for (i = 0; i < f->young_n; i++)
		stamps[i] = f->young[i].stamp;
	stat_cache_ask(f->w->stats, stamps, f->young_n, answers);
	for (i = 0; i < f->young_n; i++) {
		struct wanted *want = &f->young[i];

		if (answers[i].known) {
			set_content(f, want->state, want->before, &answers[i].id, want->executable);
			continue;
		}
		want->path.data = arena_strn(f->arena, want->path.data, want->path.size);
		f->wanted = arena_grow(f->arena, f->wanted, f->n, sizeof *f->wanted);
		f->wanted[f->n++] = *want;
	}
	f->young_n = 0;
}

void filling_want(struct filling *f, struct bytes *state, struct bytes before, struct bytes path, bool follow,
		  const struct stamp *stamp, bool executable)
{
	struct wanted *want;

	if (f->young_n == STAT_AT_ONCE)
		ask_index(f);
	want = &f->young[f->young_n++];
	*want = (struct wanted){ .state = state, .before = before, .path = path, .follow = follow, .executable = executable,
				 .stamp = *stamp };
}

/* Is it known that nothing can be at `path`? Then no call is made. */
static bool below_nothing(struct filling *f, const char *path)
{
	size_t n;

	if (!f->parent || !f->parent_gone)
		return false;
	n = strlen(f->parent);
	return strncmp(path, f->parent, n) == 0 && path[n] == '/';
}

/* `path` is not there; if its directory is not there either, all below need not be asked. */
static void remember_parent(struct filling *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *parent;

	if (!slash || slash == path)
		return;
	parent = arena_strn(f->arena, path, (size_t)(slash - path));
	if (f->parent && strcmp(f->parent, parent) == 0)
		return;
	f->parent = parent;
	f->parent_gone = fstatat(f->w->root_fd, parent, &st, 0) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

static bool is_left_out(const struct filling *f, const char *dir, const char *name)
{
	const char *own = path_below(f->w->root, f->w->cache_dir);
	size_t n = strlen(dir);

	if (strcmp(name, ".DS_Store") == 0)
		return true;
	if (!own)
		return false;
	if (!n)
		return strcmp(own, name) == 0;
	return strncmp(own, dir, n) == 0 && own[n] == '/' && strcmp(own + n + 1, name) == 0;
}

static struct bytes state_of_listing(struct filling *f, const char *path, struct bytes leave)
{
	struct tree_name *names;
	struct map out;
	struct buf b;
	struct bytes ret;
	uint32_t n, i;
	const char *at = leave.data, *end = at + leave.size;

	if (tree_list(f->w->root_fd, path, f->arena, &names, &n) < 0)
		return (struct bytes){ "x", 1 };
	map_init(&out);
	while (leave.size && at < end) {
		size_t size = strnlen(at, (size_t)(end - at));

		*map_put(&out, at, size) = &out;
		at += size + 1;
	}
	buf_init(&b, STATE_LISTING_MAX);
	buf_byte(&b, 'd');
	for (i = 0; i < n; i++) {
		if (is_left_out(f, path, names[i].name) || map_gets(&out, names[i].name))
			continue;
		buf_add(&b, names[i].name, strlen(names[i].name) + 1);
		buf_byte(&b, names[i].type);
	}
	map_free(&out);
	ret = (struct bytes){ arena_copy(f->arena, buf_str(&b), b.size), b.size };
	buf_free(&b);
	return ret;
}

/* What stands for something that is there. */
static void fill_there(struct filling *f, struct fact *fact, struct bytes before, const char *path, bool follow,
		       const struct stat *st)
{
	unsigned kind = fact->kind;
	struct bytes listing;
	struct stamp stamp;

	if (S_ISREG(st->st_mode)) {
		stamp_of(st, &stamp);
		if (kind == FACT_TYPE || kind == FACT_LIST)
			fact->state = joined(f->arena, before, "f", 1);
		else
			filling_want(f, &fact->state, before, fact->name, follow, &stamp, st->st_mode & S_IXUSR);
	} else if (S_ISDIR(st->st_mode) && (kind == FACT_FILE || kind == FACT_LIST)) {
		/* a listing through a link is told as a listing: names matter, not the link */
		listing = state_of_listing(f, path, fact->detail);
		fact->state = listing;
	} else {
		fact->state = joined(f->arena, before, S_ISDIR(st->st_mode) ? "d" : "o", 1);
	}
}

static void fill_path(struct filling *f, struct fact *fact)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *where;
	struct bytes before = { "", 0 };
	struct stat st;
	ssize_t n;
	bool link;

	fact->state = (struct bytes){ "", 0 };
	if (fact->name.size >= sizeof path)
		return;
	memcpy(path, fact->name.data, fact->name.size);
	path[fact->name.size] = '\0';
	if (below_nothing(f, path))
		return;
	where = path[0] ? path : ".";
	if (fstatat(f->w->root_fd, where, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			remember_parent(f, path);
		return;
	}
	link = S_ISLNK(st.st_mode);
	if (link) {
		n = readlinkat(f->w->root_fd, where, target, sizeof target - 1);
		if (n < 0)
			n = 0;
		target[n] = '\0';
		before = joined(f->arena, (struct bytes){ "l", 1 }, target, (size_t)n + 1);
		fact->state = before;
		if (fstatat(f->w->root_fd, where, &st, 0) < 0)
			return;
	}
	fill_there(f, fact, before, path, link, &st);
}

/* Where a program is now: by its name on PATH when it was found so, else where it was. false: nowhere. */
static bool program_place(struct filling *f, const struct env *env, const struct fact *fact, char place[PATH_MAX])
{
	const char *recorded = arena_strn(f->arena, fact->name.data, fact->name.size);
	const char *dir = env_get(env, "PWD");
	size_t n = strlen(recorded);

	if (fact->detail.size &&
	    file_on_path(path_base(recorded), dir ? dir : f->w->root, env_get(env, "PATH"), f->w->programs, place))
		return true;
	if (recorded[0] != '/' || n >= PATH_MAX)
		return false;
	memcpy(place, recorded, n + 1);
	return true;
}

/* Of a program outside the workspace its content counts; of one inside that PATH gives also its place, for what it
 * loads lies beside it. */
static void fill_program(struct filling *f, const struct env *env, struct fact *fact)
{
	struct bytes before = { "", 0 };
	char place[PATH_MAX];
	const char *below;
	struct stamp stamp;
	struct stat st;

	fact->state = (struct bytes){ "", 0 };
	if (!program_place(f, env, fact, place) || stat(place, &st) < 0)
		return;
	below = fact->detail.size ? path_below(f->w->root, path_clean(f->arena, place)) : NULL;
	if (below)
		before = joined(f->arena, (struct bytes){ "w", 1 }, below, strlen(below) + 1);
	stamp_of(&st, &stamp);
	if (S_ISREG(st.st_mode))
		filling_want(f, &fact->state, before, bytes_text(arena_str(f->arena, place)), true, &stamp, false);
	else
		fact->state = (struct bytes){ "o", 1 };
}

/* ---- contents ------------------------------------------------------------- */

struct digesting {
	const struct state_world *w;
	struct component *fingerprint;
	const vt_file *files;
	vt_id *ids;
	uint32_t n;
	_Atomic uint32_t next;
	_Atomic bool failed;
	pthread_mutex_t lock;          /* text */
	char text[600];
};

static void *digest_some(void *ctx)
{
	struct digesting *d = ctx;
	const vt_fingerprint_ops *ops = component_ops(d->fingerprint);
	const vt_bytes root = { d->w->root, strlen(d->w->root) };

	while (!d->failed) {
		uint32_t at = atomic_fetch_add(&d->next, STATE_CHUNK), n;
		struct plug_call call;
		vt_status status;

		if (at >= d->n)
			break;
		n = d->n - at < STATE_CHUNK ? d->n - at : STATE_CHUNK;
		call_begin(&call, d->fingerprint, "digest");
		status = call_end(&call, ops->digest(component_self(d->fingerprint), &call.call, root, d->files + at, n, d->ids + at));
		if (status == VT_OK)
			continue;
		pthread_mutex_lock(&d->lock);
		if (!d->failed) {
			memcpy(d->text, call.text, sizeof call.text);
			d->failed = true;
		}
		pthread_mutex_unlock(&d->lock);
	}
	return NULL;
}

static unsigned threads_for(const vt_file *files, uint32_t n)
{
	uint64_t bytes = 0;
	unsigned cpus;
	uint32_t i;

	for (i = 0; i < n; i++)
		bytes += files[i].size;
	if (n <= STATE_CHUNK || (n <= 4 * STATE_CHUNK && bytes < 4 << 20))
		return 1;
	cpus = os_cpus();
	if (cpus > STATE_THREADS)
		cpus = STATE_THREADS;
	return n / STATE_CHUNK < cpus ? n / STATE_CHUNK : cpus;
}

/* All of them, on as many threads as it is worth. */
static int digest_all(const struct state_world *w, const vt_file *files, uint32_t n, vt_id *ids, struct err *err)
{
	struct digesting d = { .w = w, .files = files, .ids = ids, .n = n };
	pthread_t thread[STATE_THREADS];
	unsigned want, started = 0, i;

	d.fingerprint = w->fingerprint(w->plug);
	if (!d.fingerprint || !((const vt_fingerprint_ops *)component_ops(d.fingerprint))->digest)
		return err_set(err, ERR_SYSTEM, "there is no fingerprint that works");
	pthread_mutex_init(&d.lock, NULL);
	want = threads_for(files, n);
	while (started + 1 < want && pthread_create(&thread[started], NULL, digest_some, &d) == 0)
		started++;
	digest_some(&d);
	for (i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	pthread_mutex_destroy(&d.lock);
	return d.failed ? err_set(err, ERR_SYSTEM, "%s: %s", component_name(d.fingerprint), d.text) : 0;
}

static bool is_zero(const vt_id *id)
{
	static const vt_id zero;

	return memcmp(id, &zero, sizeof zero) == 0;
}

static void take_id(struct filling *f, const struct wanted *want, const vt_id *id)
{
	struct stat st;
	struct stamp now;
	bool there = fstatat(f->w->root_fd, want->path.data, &st, want->follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0;

	if (is_zero(id)) {
		*want->state = there ? (struct bytes){ "x", 1 } : (struct bytes){ "", 0 };
		return;
	}
	set_content(f, want->state, want->before, id, want->executable);
	stamp_of(&st, &now);
	if (there && stamp_equal(&now, &want->stamp))
		stat_cache_put(f->w->stats, &want->stamp, id, f->now);
}

int filling_digest(struct filling *f, struct err *err)
{
	vt_file *files;
	vt_id *ids;
	uint32_t i;
	int r;

	ask_index(f);
	if (!f->n)
		return 0;
	f->now = state_now(f->w);      /* asked only when something has to be read */
	files = xcalloc(f->n, sizeof *files);
	ids = xcalloc(f->n, sizeof *ids);
	for (i = 0; i < f->n; i++) {
		const struct wanted *want = &f->wanted[i];

		files[i] = (vt_file){
			.path = { want->path.data, want->path.size },
			.size = want->stamp.size,
			.inode = want->stamp.inode,
			.device = want->stamp.device,
			.mtime_ns = want->stamp.mtime_ns,
			.ctime_ns = want->stamp.ctime_ns,
		};
	}
	r = digest_all(f->w, files, f->n, ids, err);
	for (i = 0; r == 0 && i < f->n; i++)
		take_id(f, &f->wanted[i], &ids[i]);
	free(files);
	free(ids);
	return r;
}

int state_fill(const struct state_world *w, const struct env *env, struct facts *facts, struct arena *a, struct err *err)
{
	struct filling f = { .w = w, .arena = a };
	uint32_t i;

	for (i = 0; i < facts->n; i++) {
		struct fact *fact = &facts->at[i];

		switch (fact->kind) {
		case FACT_ENV:
		case FACT_ASKED:
			fact->state = state_of_variable(w, env, fact->name, a);
			break;
		case FACT_ENV_GLOB:
		case FACT_ENV_PREFIX:
			fact->state = state_of_query(w, env, fact, a);
			break;
		case FACT_PROGRAM:
			fill_program(&f, env, fact);
			break;
		default:
			if (state_is_path_kind(fact->kind))
				fill_path(&f, fact);
		}
	}
	return filling_digest(&f, err);
}
