/* far-log: a far store for measurements: one file behind a delay. An object is a line of that file, so that the store costs this
 * machine next to nothing, as a server elsewhere does, and only vt is measured.
 *
 *     dir      where the file lies
 *     delay    milliseconds that each call takes
 *     log      a file that gets a line for each call: OPERATION SPACE ITEMS
 *
 * far-log takes batches, far-log-single does not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vt-plugin.h"

enum {
	SLOTS = 1 << 16,               /* of the index; the objects of a measurement fill a small part of it */
	FILE_MAX = 1 << 30             /* bytes of the file, at most */
};

/* Before each object in the file. */
struct head {
	vt_id name;
	uint64_t size;
	uint32_t space, reserved;
};

struct store {
	char dir[3000], log[3000];
	long delay_ms;
	int fd;
	const char *all;           /* the file, mapped; it only grows */
	pthread_mutex_t lock;      /* guards all below */
	size_t size;               /* bytes of the file that are in the index */
	size_t slots[SLOTS];       /* 1 + where the newest object of a name begins in `all`; 0: none */
};

static vt_status fail(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "far", (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

static void travel(struct store *s, const char *operation, uint32_t space, uint32_t n)
{
	struct timespec t = { s->delay_ms / 1000, s->delay_ms % 1000 * 1000000 };
	char line[64];
	int fd, size = snprintf(line, sizeof line, "%s %u %u\n", operation, space, n);

	fd = s->log[0] ? open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	if (fd >= 0) {
		if (write(fd, line, (size_t)size) < 0)
			perror("far-log");
		close(fd);
	}
	if (s->delay_ms)
		nanosleep(&t, NULL);
}

/* With the lock: the slot of a name, or the free one where it would be. */
static size_t *slot_of(struct store *s, uint32_t space, const vt_id *name)
{
	struct head head;
	size_t i;

	memcpy(&i, name->byte, sizeof i);
	for (i += space;; i++) {
		size_t *slot = &s->slots[i % SLOTS];

		if (!*slot)
			return slot;
		memcpy(&head, s->all + *slot - 1, sizeof head);
		if (head.space == space && memcmp(head.name.byte, name->byte, sizeof name->byte) == 0)
			return slot;
	}
}

/* Called with the lock: indexes what any process has written since. */
static vt_status refresh(struct store *s, vt_call *call)
{
	struct head head;
	struct stat st;

	if (fstat(s->fd, &st) < 0 || st.st_size > FILE_MAX)
		return fail(call, "the file cannot be read");
	while (s->size < (size_t)st.st_size) {
		memcpy(&head, s->all + s->size, sizeof head);
		*slot_of(s, head.space, &head.name) = s->size + 1;
		s->size += sizeof head + head.size;
	}
	return VT_OK;
}

static vt_status get_items(struct store *s, vt_call *call, uint32_t space, vt_get_item *items, uint32_t n)
{
	vt_status status = VT_OK;
	struct head head;
	uint32_t i;

	for (i = 0; i < n && status == VT_OK; i++) {
		size_t at;

		pthread_mutex_lock(&s->lock);
		status = i ? VT_OK : refresh(s, call);
		at = *slot_of(s, space, &items[i].name);
		pthread_mutex_unlock(&s->lock);
		items[i].status = status == VT_OK ? VT_NONE : status;
		if (status != VT_OK || !at)
			continue;
		memcpy(&head, s->all + at - 1, sizeof head);
		items[i].status = items[i].into->write(items[i].into, call, s->all + at - 1 + sizeof head, head.size);
	}
	return status;
}

/* All of a call's objects go into the file by one write, which no other process's comes between. */
static vt_status put_items(struct store *s, vt_call *call, uint32_t space, vt_put_item *items, uint32_t n)
{
	size_t all = 0, at = 0, got;
	vt_status status = VT_OK;
	char *buffer;
	uint32_t i;

	for (i = 0; i < n; i++)
		all += sizeof(struct head) + items[i].from->size;
	buffer = malloc(all + 1);
	for (i = 0; buffer && i < n && status == VT_OK; i++) {
		const struct head head = { .name = items[i].name, .size = items[i].from->size, .space = space };
		uint64_t from;

		memcpy(buffer + at, &head, sizeof head);
		at += sizeof head;
		for (from = 0, got = 1; from < head.size && got && status == VT_OK; from += got, at += got)
			status = items[i].from->read(items[i].from, call, from, buffer + at, head.size - from, &got);
		items[i].status = status;
	}
	if (status == VT_OK && (!buffer || at != all || write(s->fd, buffer, all) != (ssize_t)all))
		status = fail(call, "the file cannot be written");
	free(buffer);
	return status;
}

static vt_status get_many(void *self, vt_call *call, uint32_t space, vt_get_item *items, uint32_t n)
{
	travel(self, "get_many", space, n);
	return get_items(self, call, space, items, n);
}

static vt_status put_many(void *self, vt_call *call, uint32_t space, vt_put_item *items, uint32_t n)
{
	travel(self, "put_many", space, n);
	return put_items(self, call, space, items, n);
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	vt_get_item item = { .name = *name, .into = into };
	vt_status status;

	travel(self, "get", space, 1);
	status = get_items(self, call, space, &item, 1);
	return status == VT_OK ? item.status : status;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	vt_put_item item = { .name = *name, .from = from };

	travel(self, "put", space, 1);
	return put_items(self, call, space, &item, 1);
}

static vt_status has(void *self, vt_call *call, uint32_t space, const vt_id *names, uint32_t n, uint8_t *ret)
{
	struct store *s = self;
	vt_status status;
	uint32_t i;

	travel(s, "has", space, n);
	pthread_mutex_lock(&s->lock);
	status = refresh(s, call);
	for (i = 0; i < n && status == VT_OK; i++)
		ret[i] = *slot_of(s, space, &names[i]) != 0;
	pthread_mutex_unlock(&s->lock);
	return status;
}

static vt_status wants(void *self, vt_call *call, vt_wants *ret)
{
	(void)self, (void)call;
	ret->flags = VT_WANTS_FAR;
	return VT_OK;
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	struct store *s = calloc(1, sizeof *s);

	(void)host;
	*ret_self = s;
	if (!s)
		return fail(call, "out of memory");
	s->fd = -1;
	return pthread_mutex_init(&s->lock, NULL) ? fail(call, "no lock can be made") : VT_OK;
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	struct store *s = self;
	char text[3000] = "";

	(void)call;
	memcpy(text, value.data, value.size < sizeof text ? value.size : sizeof text - 1);
	if (strcmp(key, "dir") == 0)
		memcpy(s->dir, text, sizeof s->dir);
	else if (strcmp(key, "log") == 0)
		memcpy(s->log, text, sizeof s->log);
	else
		s->delay_ms = atol(text);
	return VT_OK;
}

static vt_status start(void *self, vt_call *call)
{
	struct store *s = self;
	char path[3100];

	if (mkdir(s->dir, 0700) < 0 && errno != EEXIST)
		return fail(call, "the folder cannot be made");
	snprintf(path, sizeof path, "%s/objects", s->dir);
	s->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return fail(call, "the file cannot be opened");
	s->all = mmap(NULL, FILE_MAX, PROT_READ, MAP_SHARED, s->fd, 0);
	return s->all == MAP_FAILED ? fail(call, "the file cannot be mapped") : VT_OK;
}

static void destroy(void *self)
{
	struct store *s = self;

	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->lock);
	if (s->all && s->all != MAP_FAILED)
		munmap((void *)(uintptr_t)s->all, FILE_MAX);
	free(s);
}

static const vt_option all[] = {
	{ .struct_size = sizeof all[0], .name = "dir", .type = "path", .flags = VT_OPTION_REQUIRED },
	{ .struct_size = sizeof all[0], .name = "log", .type = "path" },
	{ .struct_size = sizeof all[0], .name = "delay", .type = "duration" },
};
static const vt_option *const options[] = { &all[0], &all[1], &all[2], NULL };

static const vt_store_ops many = { .struct_size = sizeof many, .get = get, .put = put, .get_many = get_many, .put_many = put_many, .has = has, .wants = wants };
static const vt_store_ops single = { .struct_size = sizeof single, .get = get, .put = put, .wants = wants };

#define STORE(variable, its_name, its_ops) \
	static const vt_component variable = { .struct_size = sizeof variable, .kind = VT_KIND_STORE, .name = its_name, \
		.summary = "a file behind a delay", .threads = VT_THREADS_MANY, .options = options, .create = create, .set = set, \
		.start = start, .destroy = destroy, .ops = its_ops }
STORE(far_log, "far-log", &many);
STORE(far_log_single, "far-log-single", &single);

VT_PLUGIN("far-log", "1.0", "far stores for measurements", NULL, NULL, &far_log, &far_log_single);
