/* store-local: keeps results in the cache's own directory. Entries and small blobs
 * are records of one log, large blobs are files. Bounded: what was not used for
 * the longest time goes first. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "log.h"
#include "vt-plugin.h"

enum { STORE_SMALL = 64 << 10, STORE_PIECE = 64 << 10 };
#define STORE_BOUND (UINT64_C(10) << 30)

struct store {
	char *dir;                     /* below the cache */
	struct log log;
	uint64_t bound;                /* option "size" */
	_Atomic uint32_t told_bad;     /* damaged records that were told */
	vt_call *settling;             /* during settle */
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

/* A warning travels with whatever the call answers. */
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
		return VT_NONE;                /* collected by another process, or cut: the core drops what it cannot verify */
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

static bool known(uint32_t space)
{
	return space == VT_SPACE_BLOB || space == VT_SPACE_ENTRY;
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	struct store *s = self;
	void *data = NULL;
	uint64_t size = 0;
	vt_status status = VT_NONE;
	int r;

	if (!known(space))
		return VT_UNSUPPORTED;
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

/* Up to one more than what is small. */
static vt_status read_first(vt_call *call, vt_source *from, char *data, size_t *ret)
{
	size_t n = 1;

	*ret = 0;
	while (*ret <= STORE_SMALL && n) {
		vt_status status = from->read(from, call, data + *ret, STORE_SMALL + 1 - *ret, &n);

		if (status != VT_OK)
			return status;
		*ret += n;
	}
	return VT_OK;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	struct store *s = self;
	uint64_t size;
	size_t first;
	char *data;
	vt_status status;
	int fd = -1;

	if (!known(space))
		return VT_UNSUPPORTED;
	if (space == VT_SPACE_BLOB && log_has(&s->log, space, name)) {
		void *there = NULL;
		int r = log_get(&s->log, space, name, &there, &size);

		free(there);
		if (r == 2 && (fd = files_open(s->log.dir, name, &size)) >= 0)
			close(fd);
		if (r == 0 || fd >= 0) {
			log_use(&s->log, space, name);
			return VT_OK;
		}
	}
	data = malloc(STORE_SMALL + 1);
	if (!data)
		return fail(call, "system", "out of memory");
	status = read_first(call, from, data, &first);
	if (status == VT_OK && first <= STORE_SMALL) {
		if (first != from->size)
			status = fail(call, "short", "what is to be kept ended early");
		else if (log_put(&s->log, s->dir, LOG_DATA, space, name, data, first) < 0)
			status = fail_errno(call, "cannot write to the cache");
	} else if (status == VT_OK) {
		/* the folder first: a file is told to the log once it is there */
		if ((s->log.dir < 0 && log_put(&s->log, s->dir, LOG_TOUCH, space, name, NULL, 0) < 0) ||
		    files_put(s->log.dir, name, call, from, data, first, &size) < 0 ||
		    log_put(&s->log, s->dir, LOG_FILE, space, name, NULL, size) < 0)
			status = errno == ENODATA ? fail(call, "short", "what is to be kept ended early") :
				errno != ECANCELED ? fail_errno(call, "cannot write to the cache") :
				call->stopping(call) ? VT_CANCELLED : VT_FAILED;   /* the source has said why */
	}
	free(data);
	return status;
}

static vt_status drop(void *self, vt_call *call, uint32_t space, const vt_id *name)
{
	struct store *s = self;

	if (!known(space))
		return VT_UNSUPPORTED;
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

/* ---- settling ------------------------------------------------------------------ */

static bool is_stopping(void *ctx)
{
	struct store *s = ctx;

	return s->settling->stopping(s->settling);
}

static void remove_file(void *ctx, const uint8_t name[LOG_NAME])
{
	struct store *s = ctx;
	vt_id id;

	memcpy(&id, name + 1, sizeof id);
	files_remove(s->log.dir, &id);
}

static int is_known(void *ctx, const vt_id *id)
{
	struct store *s = ctx;

	return log_has(&s->log, VT_SPACE_BLOB, id);
}

/* A tenth of the disk, or what was configured, whichever is less. */
static uint64_t bound_of(const struct store *s)
{
	struct statvfs disk;
	uint64_t tenth;

	if (s->log.dir < 0 || fstatvfs(s->log.dir, &disk) < 0)
		return s->bound;
	tenth = (uint64_t)disk.f_blocks * disk.f_frsize / 10;
	return tenth && tenth < s->bound ? tenth : s->bound;
}

/* For `vt cache stat`. */
static void write_about(struct store *s, uint64_t bound)
{
	char text[200];
	uint64_t entries, blobs;
	uint32_t oldest;
	int fd = openat(s->log.dir, "about.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), n;

	if (fd < 0)
		return;
	log_figures(&s->log, &entries, &blobs, &oldest);
	n = snprintf(text, sizeof text, "entries %llu\nblobs %llu\nbytes %llu\nbound %llu\noldest %llu\n", (unsigned long long)entries,
		     (unsigned long long)blobs, (unsigned long long)log_bytes(&s->log), (unsigned long long)bound,
		     (unsigned long long)oldest * 86400);
	if (write(fd, text, (size_t)n) != n || renameat(s->log.dir, "about.new", s->log.dir, "about") < 0)
		(void)unlinkat(s->log.dir, "about.new", 0);
	close(fd);
}

static vt_status settle(void *self, vt_call *call)
{
	struct store *s = self;
	struct log_settle how = { .stop = is_stopping, .remove = remove_file, .ctx = s };
	bool changed;

	if (s->log.dir < 0)
		return VT_OK;
	s->settling = call;
	how.bound = bound_of(s);
	changed = s->log.changed || s->log.touches || s->log.bad;
	/* it failed to tidy up: the next run will */
	if (log_settle(&s->log, &how) == 0) {
		if (how.swept)
			files_sweep(s->log.dir, is_known, s);
		if (changed || how.swept)
			write_about(s, how.bound);
	}
	s->settling = NULL;
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
	if (!s || asprintf(&s->dir, "%s/store-1", cache) < 0) {
		free(s);
		return fail(call, "system", "out of memory");
	}
	s->bound = STORE_BOUND;
	log_init(&s->log);
	*ret_self = s;
	return VT_OK;
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	static const struct { const char *unit; double factor; } units[] = {
		{ "", 1 }, { "B", 1 }, { "K", 1024 }, { "KiB", 1024 }, { "KB", 1e3 }, { "M", 1048576 }, { "MiB", 1048576 }, { "MB", 1e6 },
		{ "G", 1073741824 }, { "GiB", 1073741824 }, { "GB", 1e9 }, { "T", 1099511627776 }, { "TiB", 1099511627776 }, { "TB", 1e12 },
	};
	struct store *s = self;
	char text[64], *end;
	double n;
	unsigned i;

	if (strcmp(key, "size") != 0 || value.size >= sizeof text)
		return fail(call, "option", "cannot use `%.100s`", key);
	memcpy(text, value.data, value.size);
	text[value.size] = '\0';
	n = strtod(text, &end);
	while (*end == ' ')
		end++;
	for (i = 0; i < sizeof units / sizeof units[0] && strcmp(end, units[i].unit) != 0; i++)
		;
	if (end == text || !(n > 0) || i == sizeof units / sizeof units[0] || n * units[i].factor > 1e18)
		return fail(call, "option", "'%s' is no size", text);
	s->bound = (uint64_t)(n * units[i].factor);
	return VT_OK;
}

static vt_status start(void *self, vt_call *call)
{
	struct store *s = self;

	return log_open(&s->log, s->dir) < 0 ? fail_errno(call, "cannot open the local store") : VT_OK;
}

static void destroy(void *self)
{
	struct store *s = self;

	log_close(&s->log);
	free(s->dir);
	free(s);
}

static const vt_store_ops ops = {
	.struct_size = sizeof ops,
	.get = get,
	.put = put,
	.drop = drop,
	.used = used,
	.settle = settle,
};

static const vt_option size_option = {
	.struct_size = sizeof size_option,
	.name = "size",
	.type = "size",
	.fallback = "10 GiB",
	.help = "the most that is kept; never more than a tenth of the disk",
};

static const vt_option *const options[] = { &size_option, NULL };

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

static const vt_component *const components[] = { &component, NULL };

static const vt_plugin plugin = {
	.struct_size = sizeof plugin,
	.abi_major = VT_ABI_MAJOR,
	.abi_minor = VT_ABI_MINOR,
	.name = "store-local",
	.version = "0.1.0",
	.summary = "the local store",
	.license = "MIT",
	.homepage = "",
	.components = components,
};

const vt_plugin *vt_plugin_entry(uint32_t host_major)
{
	return host_major == VT_ABI_MAJOR ? &plugin : NULL;
}
