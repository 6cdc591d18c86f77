#include "config.h"

#include "fact/content.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "os/loop.h"           /* for os_cpus */
#include "plug/setup.h"

enum {
	CONTENT_CHUNK = 16,            /* files that a thread takes at once */
	CONTENT_THREADS = 16,
};

static void set_content(struct contents *c, struct bytes *state, struct bytes before, const vt_id *id, bool executable)
{
	char bytes[1 + sizeof id->byte + 1] = { 'c' };

	memcpy(bytes + 1, id->byte, sizeof id->byte);
	bytes[sizeof bytes - 1] = 'x';
	*state = bytes_join(c->arena, before, bytes, sizeof bytes - !executable);
}

/* Sets the states that the stat index knows; the other files wait for the fingerprint. */
static void ask_index(struct contents *c)
{
	struct stamp stamps[STAT_AT_ONCE];
	struct stat_answer answers[STAT_AT_ONCE];
	uint32_t i;

	if (!c->young_n)
		return;
	for (i = 0; i < c->young_n; i++)
		stamps[i] = c->young[i].stamp;
	stat_cache_ask(c->w->stats, stamps, c->young_n, answers);
	for (i = 0; i < c->young_n; i++) {
		struct wanted *want = &c->young[i];

		if (answers[i].known) {
			set_content(c, want->state, want->before, &answers[i].id, want->executable);
			if (want->settled)
				*want->settled = true;
			continue;
		}
		want->path.data = arena_strn(c->arena, want->path.data, want->path.size);
		c->wanted = arena_grow(c->arena, c->wanted, c->n, sizeof *c->wanted);
		c->wanted[c->n++] = *want;
	}
	c->young_n = 0;
}

void content_want(struct contents *c, const struct wanted *want)
{
	if (c->young_n == STAT_AT_ONCE)
		ask_index(c);
	c->young[c->young_n++] = *want;
}

/* ---- asking the fingerprint ---------------------------------------------------- */

struct digesting {
	const struct state_world *w;
	struct component *fingerprint;
	const vt_file *files;
	vt_id *ids;
	uint32_t n;
	_Atomic uint32_t next;         /* the first file that no thread has taken */
	_Atomic bool failed;
	pthread_mutex_t lock;          /* guards text */
	char text[600];                /* why it failed */
};

static void *digest_some(void *ctx)
{
	struct digesting *d = ctx;
	const vt_fingerprint_ops *ops = component_ops(d->fingerprint);
	const vt_bytes root = { d->w->root, strlen(d->w->root) };

	while (!d->failed) {
		uint32_t at = atomic_fetch_add(&d->next, CONTENT_CHUNK), n;
		struct plug_call call;
		vt_status status;

		if (at >= d->n)
			break;
		n = d->n - at < CONTENT_CHUNK ? d->n - at : CONTENT_CHUNK;
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
	if (n <= CONTENT_CHUNK || (n <= 4 * CONTENT_CHUNK && bytes < 4 << 20))
		return 1;
	cpus = os_cpus();
	if (cpus > CONTENT_THREADS)
		cpus = CONTENT_THREADS;
	return n / CONTENT_CHUNK < cpus ? n / CONTENT_CHUNK : cpus;
}

/* Asks for all files, on as many threads as are worth their start. */
static int digest_all(const struct state_world *w, const vt_file *files, uint32_t n, vt_id *ids, struct err *err)
{
	struct digesting d = { .w = w, .files = files, .ids = ids, .n = n };
	pthread_t thread[CONTENT_THREADS];
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

static void take_id(struct contents *c, const struct wanted *want, const vt_id *id)
{
	struct stat st;
	struct stamp now;
	bool there = fstatat(c->w->root_fd, want->path.data, &st, want->follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0;

	if (is_zero(id)) {
		*want->state = there ? (struct bytes){ "x", 1 } : (struct bytes){ "", 0 };
		return;
	}
	set_content(c, want->state, want->before, id, want->executable);
	stamp_of(&st, &now);
	if (there && stamp_equal(&now, &want->stamp))
		stat_cache_put(c->w->stats, &want->stamp, id, c->now);
}

int content_find(struct contents *c, struct err *err)
{
	vt_file *files;
	vt_id *ids;
	uint32_t i;
	int r;

	ask_index(c);
	if (!c->n)
		return 0;
	c->now = state_now(c->w);      /* a file has to be read: only then is the clock needed */
	files = xcalloc(c->n, sizeof *files);
	ids = xcalloc(c->n, sizeof *ids);
	for (i = 0; i < c->n; i++) {
		const struct wanted *want = &c->wanted[i];

		files[i] = (vt_file){
			.path = { want->path.data, want->path.size },
			.size = want->stamp.size,
			.inode = want->stamp.inode,
			.device = want->stamp.device,
			.mtime_ns = want->stamp.mtime_ns,
			.ctime_ns = want->stamp.ctime_ns,
		};
	}
	r = digest_all(c->w, files, c->n, ids, err);
	for (i = 0; r == 0 && i < c->n; i++)
		take_id(c, &c->wanted[i], &ids[i]);
	free(files);
	free(ids);
	return r;
}
