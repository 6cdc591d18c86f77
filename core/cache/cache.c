#include "config.h"

#include "cache/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/ahead.h"
#include "cache/key.h"
#include "far/far.h"
#include "os/file.h"
#include "plan/step.h"
#include "plug/stores.h"
#include "record/blob.h"
#include "record/directory.h"
#include "record/history.h"
#include "record/last_run.h"
#include "text/path.h"
#include "workspace/workspace.h"

enum { OPEN_TRIES = 10 };              /* while others remove the cache */
enum { PREFETCH_LEAST = 128 << 10 };      /* bytes of the stat index from which a thread is worth its start */

void cache_warn(struct cache *c, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (c->setup.warn)
		c->setup.warn(c->setup.ctx, text);
}

/* ---- reading files while the plan is made ------------------------------------ */

struct cache_prefetch {
	struct directory dir;          /* the files' */
	struct stat_cache *stats;      /* NULL: taken */
	struct history *history;       /* NULL: taken */
	struct ledger *ledger;         /* NULL: taken */
	pthread_t reader;
	bool reading;                  /* the reader has not been joined */
	struct reading {               /* the reader's own pointers: to all, taken or not */
		struct stat_cache *stats;
		struct history *history;
		struct ledger *ledger;
	} of;
};

static void *read_all(void *ctx)
{
	const struct reading *r = ctx;

	history_load(r->history);
	stat_cache_load(r->stats);
	ledger_load(r->ledger);
	return NULL;
}

struct cache_prefetch *cache_prefetch_start(const char *dir, const char *root)
{
	struct arena *a = arena_new();
	const char *stats = path_join(a, dir, "v" CACHE_FORMAT "/stat");
	struct cache_prefetch *prefetch = NULL;
	struct stat st;

	if (lstat(stats, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= PREFETCH_LEAST) {
		prefetch = xcalloc(1, sizeof *prefetch);
		directory_init(&prefetch->dir, dir, root, true);
		/* why it cannot be used is reported when the cache is opened */
		if (directory_open(&prefetch->dir, NULL)) {
			cache_prefetch_free(prefetch);
			arena_free(a);
			return NULL;
		}
		prefetch->of.stats = prefetch->stats = stat_cache_new(prefetch->dir.inner_fd, "stat");
		prefetch->of.history = prefetch->history = history_new(prefetch->dir.inner_fd, "history");
		prefetch->of.ledger = prefetch->ledger = ledger_new(prefetch->dir.inner_fd, "ledger");
		prefetch->reading = pthread_create(&prefetch->reader, NULL, read_all, &prefetch->of) == 0;
	}
	arena_free(a);
	return prefetch;
}

static void join_prefetch(struct cache_prefetch *p)
{
	if (!p || !p->reading)
		return;
	pthread_join(p->reader, NULL);
	p->reading = false;
}

void cache_prefetch_free(struct cache_prefetch *p)
{
	if (!p)
		return;
	join_prefetch(p);
	stat_cache_close(p->stats, false);
	history_free(p->history, false);
	ledger_close(p->ledger, false);
	directory_free(&p->dir);
	free(p);
}

/* Takes over the index, the history and the ledger, which the reader may still be reading: each has a lock of its own. They are
 * closed after join_prefetch and before cache_prefetch_free. */
static void take_prefetch(struct cache *c, struct cache_prefetch *p)
{
	c->world.stats = p->stats;
	c->history = p->history;
	c->ledger = p->ledger;
	p->stats = NULL;
	p->history = NULL;
	p->ledger = NULL;
}

/* ---- opening and closing ---------------------------------------------------- */

/* Other processes may remove the cache meanwhile. */
static int open_directory(struct cache *c, struct err *err)
{
	int tries, r;

	for (tries = 0; tries < OPEN_TRIES; tries++) {
		r = directory_open(&c->dir, err);
		if (r == 0)
			r = directory_check_tracked(&c->dir, c->root_fd, err);
		if (r)
			return r;
		if (c->setup.dry && faccessat(c->dir.inner_fd, "key", R_OK, 0) < 0)
			return 1;
		if (mac_load(c->dir.inner_fd, "key", NULL, &c->mac) == 0)
			return 0;
		if (errno != ENOENT)
			return err_errno(err, errno, "'%s/key' cannot be used; remove it", c->dir.inner);
	}
	return err_set(err, ERR_USER, "'%s' is being removed by another process", c->dir.path);
}

static int use_directory(struct cache *c, struct err *err)
{
	int r = open_directory(c, err);

	/* the team's: equal values have equal states on all its machines */
	if (r == 0 && c->setup.keys && c->setup.keys->keyed)
		mac_use(&c->mac, c->setup.keys->state);
	return r;
}

struct cache *cache_open(const struct cache_setup *setup)
{
	struct cache *c = xcalloc(1, sizeof *c);
	struct err err = { 0 };
	char *text;
	int r;

	c->setup = *setup;
	directory_init(&c->dir, setup->dir, setup->workspace->root, setup->dry);
	pthread_mutex_init(&c->lock, NULL);
	map_init(&c->whos);
	c->root_fd = open(setup->workspace->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = c->root_fd < 0 ? err_errno(&err, errno, "cannot open '%s'", setup->workspace->root) : use_directory(c, &err);
	c->dir.usable = r == 0;
	if (r < 0) {
		text = err_join(&err);
		cache_warn(c, "the cache is not used: %s", text);
		free(text);
	}
	err_clear(&err);
	if (c->dir.usable && !setup->dry)
		directory_sweep(&c->dir, true);
	c->world = (struct state_world){
		.root = setup->workspace->root,
		.cache_dir = c->dir.path,
		.root_fd = c->root_fd,
		.clock = clock_new(c->dir.usable && !setup->dry ? c->dir.inner_fd : -1, c->root_fd),
		.programs = setup->programs,
		.mac = &c->mac,
		.plug = setup->plug,
		.fingerprint = plug_fingerprint,
	};
	return c;
}

static void on_kept(void *ctx, const vt_id *result)
{
	struct far *far = cache_far(ctx);

	if (far)
		far_offer(far, result);
}

static char *backend_of(struct component *fingerprint)
{
	const vt_component *about = component_description(fingerprint);
	char text[300];

	snprintf(text, sizeof text, "%s %u", component_name(fingerprint), (unsigned)about->format);
	return xstrdup(text);
}

static void make_ready(struct cache *c)
{
	struct component *fingerprint = plug_fingerprint(c->setup.plug);
	char *backend;
	uint32_t i;

	if (!fingerprint || !stores_any(c->setup.plug))
		return;
	c->parts_n = plug_parts(c->setup.plug, &c->parts);
	c->roles = plug_roles(c->setup.plug);
	for (i = 0; i < c->parts_n && !c->watcher; i++)
		if (component_description(c->parts[i])->flags & VT_COMPONENT_WATCH_ALL)
			c->watcher = c->parts[i];
	if (c->setup.prefetch) {
		take_prefetch(c, c->setup.prefetch);
	} else {
		c->world.stats = stat_cache_new(c->dir.inner_fd, "stat");
		c->history = history_new(c->dir.inner_fd, "history");
		c->ledger = ledger_new(c->dir.inner_fd, "ledger");
	}
	ledger_load(c->ledger);        /* unless the prefetch has */
	backend = backend_of(fingerprint);
	stat_cache_use(c->world.stats, backend);
	free(backend);
	c->blobs = blobs_new(c->setup.plug, &c->dir, c->setup.warn, c->setup.ctx);
	blobs_on_kept(c->blobs, on_kept, c);
	c->works = true;
}

bool cache_ready(struct cache *c)
{
	if (!c->dir.usable)
		return false;
	pthread_mutex_lock(&c->lock);
	if (!c->ready) {
		make_ready(c);
		c->ready = true;
	}
	pthread_mutex_unlock(&c->lock);
	return c->works;
}

bool cache_works(const struct cache *c)
{
	return cache_ready((struct cache *)(uintptr_t)c);
}

/* Checks the places of vt's files: anything but a file there cannot be read nor replaced. */
static void check_files(struct cache *c)
{
	static const char *const files[] = { "stat", "history", "ledger", "counts" };
	struct stat st;
	size_t i;

	for (i = 0; i < COUNT(files); i++)
		if (fstatat(c->dir.inner_fd, files[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
			cache_warn(c, "'%s/%s' is a folder where the cache has a file; remove it", c->dir.inner, files[i]);
}

/* Hits, misses, and hits of far stores since the cache was made: 24 bytes. Two runs at once may lose a count. */
static void add_counts(struct cache *c)
{
	uint64_t n[3] = { 0, 0, 0 };
	struct stat st;
	int fd;

	if (!c->hits && !c->misses)
		return;
	fd = openat(c->dir.inner_fd, "counts", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	if (fd < 0)
		return;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		unlinkat(c->dir.inner_fd, "counts", 0);
		close(fd);
		return;
	}
	if (pread(fd, n, sizeof n, 0) != (ssize_t)sizeof n)
		n[0] = n[1] = n[2] = 0;
	n[0] += c->hits;
	n[1] += c->misses;
	n[2] += c->far_hits;
	if (pwrite(fd, n, sizeof n, 0) != (ssize_t)sizeof n)
		unlinkat(c->dir.inner_fd, "counts", 0);        /* half a count is none */
	close(fd);
}

void cache_not_watched(const char *dir, const char *root)
{
	struct directory d;
	struct ledger *l;

	directory_init(&d, dir, root, true);
	if (directory_open(&d, NULL) == 0 && faccessat(d.inner_fd, "ledger", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		l = ledger_new(d.inner_fd, "ledger");
		ledger_load(l);
		ledger_unknown(l);
		ledger_close(l, false);
	}
	directory_free(&d);
}

void cache_something_ran(struct cache *c, bool known)
{
	if (!known && cache_ready(c) && !c->setup.dry)
		ledger_unknown(c->ledger);
	if (c->world.programs)
		file_memo_forget(c->world.programs);
}

void cache_plan(struct cache *c, const struct plan *plan)
{
	c->plan = plan;
}

struct far *cache_far(struct cache *c)
{
	struct far *ret;

	if (!c->setup.keys || c->setup.dry)
		return NULL;
	pthread_mutex_lock(&c->lock);
	if (!c->far_opened && c->works) {
		struct far_setup setup = { .plug = c->setup.plug, .blobs = c->blobs, .keys = c->setup.keys, .stop = plug_stopping(c->setup.plug),
			.progress = c->setup.progress, .ctx = c->setup.ctx };

		c->far_opened = true;
		c->far = far_open(&setup);
		c->ahead = c->far ? ahead_new(c) : NULL;
	}
	ret = c->far;
	pthread_mutex_unlock(&c->lock);
	return ret;
}

struct far *cache_open_far(struct cache *c)
{
	struct far *ret;

	pthread_mutex_lock(&c->lock);
	ret = c->far;
	pthread_mutex_unlock(&c->lock);
	return ret;
}

bool cache_has_far(struct cache *c)
{
	return cache_ready(c) && cache_far(c);
}

struct far *cache_far_stores(struct cache *c)
{
	return cache_ready(c) ? cache_far(c) : NULL;
}

void cache_get_again(struct cache *c, const struct plan_node *node)
{
	if (!cache_ready(c) || !cache_far(c))
		return;
	c->shared = 1;
	ahead_again(c->ahead, node);
}

void cache_flush(struct cache *c)
{
	if (cache_ready(c))
		blobs_flush(c->blobs);
}

int cache_push(struct cache *c, int64_t since_s, uint32_t *ret_n, uint32_t *ret_failed, struct err *err)
{
	struct entry entry;
	struct digest key;
	vt_id *names = NULL;
	size_t n = 0, i;
	uint32_t k;

	*ret_n = *ret_failed = 0;
	if (!cache_has_far(c))
		return 0;
	if (stores_list(c->setup.plug, VT_SPACE_ENTRY, since_s, &names, &n) != VT_OK)
		return err_set(err, ERR_USER, "no store can list what it holds");
	for (i = 0; i < n; i++) {
		memcpy(key.byte, names[i].byte, sizeof key.byte);
		if (blob_entry(c->blobs, &key, &entry) != 0)
			continue;
		/* the last used comes last, and so stands in front there, too */
		for (k = entry.n; k-- > 0;)
			far_offer(c->far, &entry.results[k]);
	}
	free(names);
	*ret_failed = far_flush(c->far, ret_n);
	return 0;
}

void cache_pull(struct cache *c, uint32_t *ret_steps, uint32_t *ret_near, uint32_t *ret_came)
{
	*ret_steps = *ret_near = *ret_came = 0;
	if (cache_ready(c) && cache_far(c))
		*ret_came = ahead_pull(c->ahead, ret_steps, ret_near);
}

int cache_tmp(struct cache *c)
{
	return directory_tmp(&c->dir);
}

void cache_close(struct cache *c)
{
	bool save;

	if (!c)
		return;
	save = c->works && !c->setup.dry;
	join_prefetch(c->setup.prefetch);
	if (c->blobs)
		blobs_flush(c->blobs);         /* the publisher may open the far stores until here */
	ahead_free(c->ahead);
	if (c->far) {
		blobs_flush(c->blobs);         /* a result from a far store is near before others get it */
		far_close(c->far);
	}
	overlap_forget(c);
	blobs_free(c->blobs, save);
	history_free(c->history, save);
	ledger_close(c->ledger, save);
	map_free(&c->whos);
	stat_cache_close(c->world.stats, save);
	cache_prefetch_free(c->setup.prefetch);
	if (save)
		add_counts(c);
	if (save)
		check_files(c);
	if (save && c->misses) {
		directory_sweep(&c->dir, false);
		last_run_sweep(c->dir.inner_fd);
		directory_sweep_unfinished(c->dir.fd);
		directory_sweep_old(c->dir.fd);
		directory_sweep_unfinished(c->dir.inner_fd);
	}
	directory_free(&c->dir);
	clock_free(c->world.clock);
	if (c->root_fd >= 0)
		close(c->root_fd);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void durations_of(struct cache *c, const struct plan *plan, uint64_t *ret)
{
	uint32_t i, j;

	for (i = 0; i < plan->n; i++) {
		for (j = 0; j < plan->nodes[i].items_n; j++) {
			const struct item *item = &plan->nodes[i].items[j];
			struct digest id;

			if (item->kind == ITEM_PLAN) {
				durations_of(c, item->plan, ret);
			} else if (item->step->rules) {
				key_step(item->step, &id);
				ret[item->step->ordinal] = history_duration(c->history, &id);
			}
		}
	}
}

void cache_durations(struct cache *c, const struct plan *plan, uint64_t *ret)
{
	if (cache_ready(c))
		durations_of(c, plan, ret);
}

/* ---- what the other files ask ------------------------------------------------- */

bool step_is_automatic(const struct cache *c, const struct step *step)
{
	return step->rules->input.automatic || (!step->rules->output.given && (c->roles & VT_ROLE_OUTPUT));
}

bool part_is_asked(const struct cache *c, const struct component *part, const struct step *step)
{
	uint32_t roles = component_description(part)->roles;

	if (!roles || (roles & VT_ROLE_ENV))
		return true;
	if ((roles & VT_ROLE_INPUT) && step->rules->input.automatic)
		return true;
	if ((roles & VT_ROLE_OUTPUT) && !step->rules->output.given)
		return true;
	return (roles & VT_ROLE_ARCHIVE) &&
	       (step->rules->output.yes.n || (!step->rules->output.given && (c->roles & VT_ROLE_OUTPUT)));
}
