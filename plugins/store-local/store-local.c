/* store-local: keeps results in the cache's own directory. Entries and small blobs
 * are records of one log, large blobs are files. It is bounded by its own size and by what must
 * stay free on the disk; the least recently used is removed first. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "limits.h"
#include "log.h"
#include "size.h"
#include "vt-plugin.h"

/* Bytes: larger blobs are files; nothing else is a file, and larger than this it is declined. */
enum { STORE_SMALL = 64 << 10, STORE_UNNAMED = 4 << 20, STORE_PIECE = 64 << 10, STORE_GATHERED = 1 << 20 };

struct store {
	char *dir;                     /* below the cache */
	struct log log;
	struct limits limits;
	_Atomic uint32_t told_bad;     /* damaged records already reported */
};

static vt_status fail(vt_call *call, const char *code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static vt_status fail(vt_call *call, const char *code, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	call->report(call, VT_REPORT_ERROR, code, (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

static vt_status fail_errno(vt_call *call, const char *what)
{
	return fail(call, errno == ENOSPC || errno == EDQUOT ? "full" : "system", "%s: %s", what, strerror(errno));
}

/* Reports a warning; the call goes on. */
static void tell_bad(struct store *s, vt_call *call)
{
	static const char text[] = "damaged records were dropped";

	uint32_t bad = s->log.bad;

	if (bad > atomic_exchange(&s->told_bad, bad))
		call->report(call, VT_REPORT_WARNING, "damaged", (vt_bytes){ text, sizeof text - 1 });
}

/* ---- getting ------------------------------------------------------------------ */

static vt_status push(vt_call *call, vt_sink *into, const char *data, uint64_t size)
{
	vt_status status = VT_OK;

	while (size && status == VT_OK) {
		size_t n = size < STORE_PIECE ? (size_t)size : STORE_PIECE;

		status = into->write(into, call, data, n);
		data += n;
		size -= n;
	}
	return status;
}

static vt_status get_file(struct store *s, vt_call *call, const vt_id *id, uint64_t want, vt_sink *into)
{
	uint64_t size;
	char *piece;
	vt_status status = VT_OK;
	ssize_t n = 1;
	int fd = files_open(s->log.dir, id, &size);

	if (fd < 0 || size != want) {
		if (fd >= 0)
			close(fd);
		return VT_NONE;                /* another process removed it, or it was cut short: the core drops what it cannot verify */
	}
	piece = malloc(STORE_PIECE);
	if (!piece)
		status = fail(call, "system", "out of memory");
	while (status == VT_OK && n > 0) {
		n = read(fd, piece, STORE_PIECE);
		if (n < 0)
			status = errno == EINTR ? VT_OK : fail_errno(call, "cannot read a blob");
		else if (call->stopping(call))
			status = VT_CANCELLED;
		else if (n > 0)
			status = into->write(into, call, piece, (size_t)n);
		if (n < 0 && status == VT_OK)
			n = 1;
	}
	free(piece);
	close(fd);
	return status;
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	struct store *s = self;
	void *data = NULL;
	uint64_t size = 0;
	vt_status status = VT_NONE;
	int r;

	r = log_get(&s->log, space, name, &data, &size);
	if (r < 0)
		return fail_errno(call, "cannot read the log");
	tell_bad(s, call);
	if (r == 0)
		status = push(call, into, data, size);
	else if (r == 2)
		status = get_file(s, call, name, size, into);
	free(data);
	if (status == VT_OK)
		log_use(&s->log, space, name);
	return status;
}

/* ---- putting ------------------------------------------------------------------ */

static vt_status want_room(struct store *s, vt_call *call, uint64_t size)
{
	uint64_t kept_free;
	char text[SIZE_TEXT];
	int r = log_make_folder(&s->log, s->dir);

	if (r == 0)
		r = limits_want(&s->limits, call, size, &kept_free);
	if (r == 1)
		return fail(call, "full", "keeping more would leave less than %s free (option 'free'): lower it, or make room on the disk of '%s'",
			    size_write(kept_free, text), s->dir);
	return r < 0 ? fail_errno(call, "cannot write to the cache") : VT_OK;
}

struct putting {
	struct store *store;
	vt_call *call;
	uint64_t size;
	uint32_t seen;                 /* limits_seen when the put began */
	bool tried;                    /* flag: room was made after a failure */
};

/* Makes room after a write failed with errno, once: the disk had promised enough, but a quota is smaller, or
 * another process was faster. true: try again. Leaves errno unchanged. */
static bool has_room_now(void *ctx)
{
	struct putting *p = ctx;
	int number = errno;
	bool ret;

	if (p->tried || (number != ENOSPC && number != EDQUOT))
		return false;
	p->tried = true;
	ret = limits_make_room(&p->store->limits, p->call, 0, p->size, p->seen);
	errno = number;
	return ret;
}

static int note(struct putting *p, enum log_kind kind, uint32_t space, const vt_id *name, const void *data, uint64_t size)
{
	struct store *s = p->store;
	int r;

	do
		r = log_put(&s->log, s->dir, kind, space, name, data, size);
	while (r < 0 && has_room_now(p));
	return r;
}

/* Records a file in the log once it is in place; removes it if that fails. */
static int put_file(struct putting *p, uint32_t space, const vt_id *name, vt_source *from, const void *first, size_t first_size)
{
	struct store *s = p->store;
	struct files_put file = { .call = p->call, .from = from, .first = first, .first_size = first_size, .again = has_room_now, .ctx = p };
	int number;

	if (files_put(s->log.dir, name, &file) < 0)
		return -1;
	if (note(p, LOG_FILE, space, name, NULL, file.size) == 0)
		return 0;
	number = errno;
	if (!log_has(&s->log, space, name))
		files_remove(s->log.dir, name);
	errno = number;
	return -1;
}

/* Reads up to `most` bytes. */
static vt_status read_first(vt_call *call, vt_source *from, char *data, size_t most, size_t *ret)
{
	size_t n = 1;

	*ret = 0;
	while (*ret < most && n) {
		vt_status status = from->read(from, call, *ret, data + *ret, most - *ret, &n);

		if (status != VT_OK)
			return status;
		*ret += n;
	}
	return VT_OK;
}

/* Is the blob stored already? Marks it as used first, so that this process does not collect it meanwhile. */
static bool is_kept(struct store *s, uint32_t space, const vt_id *name)
{
	void *there = NULL;
	uint64_t size;
	int r, fd = -1;

	if (space & VT_SPACE_MUTABLE || !log_has(&s->log, space, name))
		return false;
	log_use(&s->log, space, name);
	r = log_get(&s->log, space, name, &there, &size);
	free(there);
	if (r == 2 && (fd = files_open(s->log.dir, name, &size)) >= 0)
		close(fd);
	return r == 0 || fd >= 0;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	struct store *s = self;
	struct putting p = { .store = s, .call = call, .size = from->size, .seen = limits_seen(&s->limits) };
	const size_t small = space == VT_SPACE_BLOB ? STORE_SMALL : STORE_UNNAMED;
	size_t first;
	char *data;
	vt_status status;

	if (space != VT_SPACE_BLOB && from->size > STORE_UNNAMED)
		return VT_NONE;
	if (is_kept(s, space, name))
		return VT_OK;
	status = want_room(s, call, from->size);
	if (status != VT_OK)
		return status;
	data = malloc(from->size < small ? (size_t)from->size + 1 : small + 1);
	if (!data)
		return fail(call, "system", "out of memory");
	status = read_first(call, from, data, from->size < small ? (size_t)from->size + 1 : small + 1, &first);
	if (status == VT_OK && first <= small && first <= from->size) {
		if (first != from->size)
			status = fail(call, "short", "what is to be kept ended early");
		else if (note(&p, LOG_DATA, space, name, data, first) < 0)
			status = fail_errno(call, "cannot write to the cache");
	} else if (status == VT_OK && space != VT_SPACE_BLOB) {
		status = fail(call, "long", "what is to be kept has more bytes than it said");
	} else if (status == VT_OK && put_file(&p, space, name, from, data, first) < 0) {
		status = errno == ENODATA ? fail(call, "short", "what is to be kept ended early") :
			errno != ECANCELED ? fail_errno(call, "cannot write to the cache") :
			call->stopping(call) ? VT_CANCELLED : VT_FAILED;       /* the source has reported why */
	}
	free(data);
	return status;
}

/* Small objects that go into the log together. */
struct gathered {
	struct store *store;
	uint32_t space;
	struct log_piece pieces[LOG_PIECES];
	vt_put_item *items[LOG_PIECES];
	uint64_t bytes;                /* in all pieces */
	uint32_t n;
};

/* Appends what was gathered. What cannot be appended at once is put piece by piece, which makes room, and tells why not. */
static void append_gathered(struct gathered *g, vt_call *call)
{
	uint32_t i;
	bool all = g->n && log_put_many(&g->store->log, g->store->dir, g->space, g->pieces, g->n) == 0;

	for (i = 0; i < g->n; i++) {
		g->items[i]->status = all ? VT_OK : put(g->store, call, g->space, &g->items[i]->name, g->items[i]->from);
		free((void *)(uintptr_t)g->pieces[i].data);
	}
	g->n = 0;
	g->bytes = 0;
}

static bool is_gathered(const struct gathered *g, const vt_id *name)
{
	uint32_t i;

	for (i = 0; i < g->n; i++)
		if (memcmp(g->pieces[i].name->byte, name->byte, sizeof name->byte) == 0)
			return true;
	return false;
}

/* Gathers an object. false: it is not for the log, or does not come, or there is no room; put() tells which. */
static bool gather(struct gathered *g, vt_call *call, vt_put_item *item)
{
	const uint64_t size = item->from->size;
	size_t got;
	char *data;

	if (size > STORE_SMALL || is_kept(g->store, g->space, &item->name) || is_gathered(g, &item->name) ||
	    want_room(g->store, call, size) != VT_OK)
		return false;
	data = malloc((size_t)size + 1);
	if (!data || read_first(call, item->from, data, (size_t)size + 1, &got) != VT_OK || got != size) {
		free(data);
		return false;
	}
	g->pieces[g->n] = (struct log_piece){ &item->name, data, (uint32_t)size };
	g->items[g->n++] = item;
	g->bytes += size;
	return true;
}

static vt_status put_many(void *self, vt_call *call, uint32_t space, vt_put_item *items, uint32_t n)
{
	struct gathered *g = calloc(1, sizeof *g);
	uint32_t i;

	if (!g)
		return fail(call, "system", "out of memory");
	g->store = self;
	g->space = space;
	for (i = 0; i < n; i++) {
		if (g->n == LOG_PIECES || g->bytes > STORE_GATHERED)
			append_gathered(g, call);
		if (gather(g, call, &items[i]))
			continue;
		append_gathered(g, call);
		items[i].status = put(self, call, space, &items[i].name, items[i].from);
	}
	append_gathered(g, call);
	free(g);
	return VT_OK;
}

static vt_status drop(void *self, vt_call *call, uint32_t space, const vt_id *name, uint32_t why)
{
	struct store *s = self;

	(void)why;
	if (!log_has(&s->log, space, name))
		return VT_OK;
	if (log_put(&s->log, s->dir, LOG_DROP, space, name, NULL, 0) < 0)
		return fail_errno(call, "cannot write to the cache");
	if (s->log.dir >= 0)
		files_remove(s->log.dir, name);
	return VT_OK;
}

static vt_status used(void *self, vt_call *call, const vt_id *blobs, uint32_t n)
{
	struct store *s = self;
	uint32_t i;

	(void)call;
	for (i = 0; i < n; i++)
		log_use(&s->log, VT_SPACE_BLOB, &blobs[i]);
	return VT_OK;
}

/* The names go out in pieces: no lock is held while the sink takes them. */
static vt_status list(void *self, vt_call *call, uint32_t space, int64_t since_s, vt_sink *names)
{
	struct store *s = self;
	vt_id *at;
	size_t n = log_list(&s->log, space, since_s > 0 ? (uint32_t)(since_s / 86400) : 0, &at), i;
	vt_status status = VT_OK;

	for (i = 0; i < n && status == VT_OK; i += 512)
		status = names->write(names, call, at + i, (n - i < 512 ? n - i : 512) * sizeof *at);
	free(at);
	return status;
}

/* ---- settling ------------------------------------------------------------------ */

static int is_known(void *ctx, const vt_id *id)
{
	struct store *s = ctx;

	return log_has(&s->log, VT_SPACE_BLOB, id);
}

/* For `vt cache stat`. Written in place, always as many bytes: a file put in the place of another costs the file system
 * as much as all else that a settled store does. */
static void write_about(struct store *s, uint64_t bound)
{
	char text[200];
	uint64_t entries, blobs;
	uint32_t oldest;
	int fd = openat(s->log.dir, "about", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600), n;

	if (fd < 0) {
		/* a pipe or a link, which no store makes: the next run makes a file */
		(void)unlinkat(s->log.dir, "about", 0);
		return;
	}
	log_figures(&s->log, &entries, &blobs, &oldest);
	n = snprintf(text, sizeof text, "entries %20llu\nblobs %20llu\nbytes %20llu\nbound %20llu\noldest %20llu\n", (unsigned long long)entries,
		     (unsigned long long)blobs, (unsigned long long)log_bytes(&s->log), (unsigned long long)bound,
		     (unsigned long long)oldest * 86400);
	if (pwrite(fd, text, (size_t)n, 0) != n)
		(void)unlinkat(s->log.dir, "about", 0);
	close(fd);
}

static vt_status settle(void *self, vt_call *call)
{
	struct store *s = self;
	bool changed, swept;
	uint64_t bound;

	if (s->log.dir < 0)
		return VT_OK;
	changed = s->log.changed || s->log.touches || s->log.bad;
	/* tidying up failed: the next run tries again */
	if (limits_settle(&s->limits, call, changed, &bound, &swept) == 0) {
		if (swept)
			files_sweep(s->log.dir, is_known, s);
		if (changed || swept)
			write_about(s, bound);
	}
	return VT_OK;
}

/* ---- the component ---------------------------------------------------------------- */

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	struct store *s = calloc(1, sizeof *s);
	const char *cache = host->cache;

	if (!cache) {
		free(s);
		return fail(call, "cache", "there is no cache directory");
	}
	if (!s || asprintf(&s->dir, "%s/store-2", cache) < 0) {
		free(s);
		return fail(call, "system", "out of memory");
	}
	log_init(&s->log);
	limits_init(&s->limits, &s->log);
	*ret_self = s;
	return VT_OK;
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	struct store *s = self;
	bool is_free = strcmp(key, "free") == 0;
	char text[32] = "";
	uint64_t size;

	if ((!is_free && strcmp(key, "size") != 0) || value.size >= sizeof text)
		return fail(call, "option", "cannot use `%.100s`", key);
	memcpy(text, value.data, value.size);
	size = strtoull(text, NULL, 10);
	if (!is_free && !size)
		return fail(call, "option", "nothing would be kept");
	*(is_free ? &s->limits.free : &s->limits.bound) = size;
	return VT_OK;
}

static vt_status start(void *self, vt_call *call)
{
	struct store *s = self;

	if (log_open(&s->log, s->dir) >= 0)
		return VT_OK;
	switch (errno) {
	case ENOTDIR:
	case ELOOP:
		return fail(call, "system", "'%s' is no folder; remove it", s->dir);
	case EPERM:
		return fail(call, "system", "'%s' belongs to others or is open to them; remove it", s->dir);
	case EPROTONOSUPPORT:
		return fail(call, "system", "another version of vt made the log in '%s'; vt cache clean removes it", s->dir);
	default:
		return fail_errno(call, "cannot open the local store");
	}
}

static void destroy(void *self)
{
	struct store *s = self;

	limits_destroy(&s->limits);
	log_close(&s->log);
	free(s->dir);
	free(s);
}

static const vt_store_ops ops = {
	.struct_size = sizeof ops,
	.get = get,
	.put = put,
	.put_many = put_many,
	.drop = drop,
	.used = used,
	.list = list,
	.settle = settle,
};

static const vt_option size_option = {
	.struct_size = sizeof size_option,
	.name = "size",
	.type = "size",
	.fallback = "10 GiB",
	.help = "the most that is kept; never more than a tenth of the disk",
};

static const vt_option free_option = {
	.struct_size = sizeof free_option,
	.name = "free",
	.type = "size",
	.fallback = "1 GiB",
	.help = "what stays free on the disk; never more than a twentieth of it",
};

static const vt_option *const options[] = { &size_option, &free_option, NULL };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_STORE,
	.name = "store-local",
	.summary = "keeps results in the cache directory",
	.threads = VT_THREADS_MANY,
	.format = 1,
	.options = options,
	.create = create,
	.set = set,
	.start = start,
	.destroy = destroy,
	.ops = &ops,
};

VT_PLUGIN("store-local", "0.1.0", "the local store", "MIT", NULL, &component);
