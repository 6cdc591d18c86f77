/* far-folder: a far store for tests and measurements: a folder behind a delay, and behind faults.
 *
 *     dir      where objects lie: SPACE-NAME
 *     delay    milliseconds that each call takes
 *     log      a file that gets a line for each call: OPERATION SPACE ITEMS
 *     names    a file that gets a line for each object that is asked for: SPACE-NAME
 *     fault    hang, hang-put, drip, lie, fail, fail-1% (each hundredth item), down, read-only, no-blobs (declines them)
 *     near     true: it is no far store after all
 *     early    a file of such lines: while it exists, other objects of the space ENTRY are not answered */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vt-plugin.h"

struct store {
	char dir[3000], log[3000], names[3000], early[3000], fault[32];
	long delay_ms;
	int near, polite;
	atomic_uint asked;         /* items, for fail-1% */
};

static vt_status fail(vt_call *call, const char *text)
{
	vt_bytes bytes = { text, strlen(text) };

	call->report(call, VT_REPORT_ERROR, "far", bytes);
	return VT_FAILED;
}

static int has_fault(const struct store *s, const char *word)
{
	return strcmp(s->fault, word) == 0;
}

static void append(const char *path, const char *line)
{
	int fd;

	if (!path[0])
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, line, strlen(line)) < 0)
		perror("far-folder");
	if (fd >= 0)
		close(fd);
}

static void note(struct store *s, const char *operation, uint32_t space, uint32_t n)
{
	char line[64];

	snprintf(line, sizeof line, "%s %u %u\n", operation, space, n);
	append(s->log, line);
}

/* Delays a request, and applies the fault. VT_OK: the request arrives. */
static vt_status travel(struct store *s, vt_call *call, int puts)
{
	struct timespec t = { s->delay_ms / 1000, s->delay_ms % 1000 * 1000000 };

	if (has_fault(s, "hang") || (puts && has_fault(s, "hang-put")))
		for (;;) {
			usleep(20000);
			if (s->polite && call->stopping(call))
				return VT_CANCELLED;
		}
	if (has_fault(s, "down")) {
		fail(call, "the server is away");
		return VT_DOWN;
	}
	nanosleep(&t, NULL);
	if (has_fault(s, "fail"))
		return fail(call, "the server answers 500");
	return VT_OK;
}

static vt_status loses(struct store *s, vt_call *call)
{
	return has_fault(s, "fail-1%") && atomic_fetch_add(&s->asked, 1) % 100 == 99 ? fail(call, "the server answers 503") : VT_OK;
}

static void path_of(const struct store *s, uint32_t space, const vt_id *name, char path[4096])
{
	int n = snprintf(path, 4096, "%s/%u-", s->dir, space), i;

	for (i = 0; i < 32; i++)
		n += snprintf(path + n, 3, "%02x", name->byte[i]);
}

/* Waits while the file `early` exists and does not name the object. */
static void be_late(const struct store *s, vt_call *call, const char *name)
{
	char line[256];
	bool named = false;
	FILE *f;

	while (!named && (f = s->early[0] ? fopen(s->early, "re") : NULL) != NULL) {
		while (!named && fgets(line, sizeof line, f))
			named = strncmp(line, name, strlen(name)) == 0;
		fclose(f);
		if (!named && call->stopping(call))
			return;
		if (!named)
			usleep(10000);
	}
}

static vt_status read_one(struct store *s, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	char path[4096], buffer[65536];
	vt_status status = loses(s, call);
	size_t piece = has_fault(s, "drip") ? 1 : sizeof buffer;
	ssize_t n = 0;
	int fd;

	path_of(s, space, name, path);
	snprintf(buffer, sizeof buffer, "%s\n", path + strlen(s->dir) + 1);
	append(s->names, buffer);
	if (space == VT_SPACE_ENTRY)
		be_late(s, call, path + strlen(s->dir) + 1);
	fd = status == VT_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (status != VT_OK || fd < 0)
		return status != VT_OK ? status : VT_NONE;
	while (status == VT_OK && (n = read(fd, buffer, piece)) > 0) {
		if (has_fault(s, "lie"))
			buffer[0] ^= 1;
		if (has_fault(s, "drip"))
			usleep(300000);
		status = into->write(into, call, buffer, (size_t)n);
	}
	close(fd);
	return n < 0 ? fail(call, "an object cannot be read") : status;
}

static vt_status write_one(struct store *s, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	char path[4096], temporary[4200], buffer[65536];
	vt_status status = loses(s, call);
	uint64_t at = 0;
	size_t n = 1;
	int fd;

	if (has_fault(s, "read-only") || (has_fault(s, "no-blobs") && space == VT_SPACE_BLOB))
		return VT_NONE;
	path_of(s, space, name, path);
	snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
	fd = status == VT_OK ? mkostemp(temporary, O_CLOEXEC) : -1;
	if (fd < 0)
		return status != VT_OK ? status : fail(call, "the folder cannot be written");
	while (status == VT_OK && n) {
		status = from->read(from, call, at, buffer, sizeof buffer, &n);
		if (status == VT_OK && n && write(fd, buffer, n) != (ssize_t)n)
			status = fail(call, "the folder cannot be written");
		at += n;
	}
	close(fd);
	if (status == VT_OK && at != from->size)
		status = fail(call, "the source ended early");
	if (status == VT_OK && rename(temporary, path))
		status = fail(call, "the folder cannot be written");
	if (status != VT_OK)
		unlink(temporary);
	return status;
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	vt_status status;

	note(self, "get", space, 1);
	status = travel(self, call, 0);
	return status == VT_OK ? read_one(self, call, space, name, into) : status;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	vt_status status;

	note(self, "put", space, 1);
	status = travel(self, call, 1);
	return status == VT_OK ? write_one(self, call, space, name, from) : status;
}

static vt_status drop(void *self, vt_call *call, uint32_t space, const vt_id *name, uint32_t why)
{
	char path[4096];
	vt_status status;

	(void)why;
	note(self, "drop", space, 1);
	status = travel(self, call, 0);
	path_of(self, space, name, path);
	return status != VT_OK ? status : unlink(path) ? VT_NONE : VT_OK;
}

static vt_status get_many(void *self, vt_call *call, uint32_t space, vt_get_item *items, uint32_t n)
{
	vt_status status;
	uint32_t i;

	note(self, "get_many", space, n);
	status = travel(self, call, 0);
	for (i = 0; i < n && status == VT_OK && !call->stopping(call); i++)
		items[i].status = read_one(self, call, space, &items[i].name, items[i].into);
	return status;
}

static vt_status put_many(void *self, vt_call *call, uint32_t space, vt_put_item *items, uint32_t n)
{
	vt_status status;
	uint32_t i;

	note(self, "put_many", space, n);
	status = travel(self, call, 1);
	for (i = 0; i < n && status == VT_OK && !call->stopping(call); i++)
		items[i].status = write_one(self, call, space, &items[i].name, items[i].from);
	return status;
}

static vt_status has(void *self, vt_call *call, uint32_t space, const vt_id *names, uint32_t n, uint8_t *ret)
{
	char path[4096];
	vt_status status;
	uint32_t i;

	note(self, "has", space, n);
	status = travel(self, call, 0);
	for (i = 0; i < n && status == VT_OK; i++) {
		path_of(self, space, &names[i], path);
		ret[i] = access(path, F_OK) == 0;
	}
	return status;
}

static vt_status wants(void *self, vt_call *call, vt_wants *ret)
{
	struct store *s = self;

	(void)call;
	ret->flags = s->near ? 0 : VT_WANTS_FAR;
	return VT_OK;
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	(void)host;
	*ret_self = calloc(1, sizeof(struct store));
	return *ret_self ? VT_OK : fail(call, "out of memory");
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
	else if (strcmp(key, "names") == 0)
		memcpy(s->names, text, sizeof s->names);
	else if (strcmp(key, "early") == 0)
		memcpy(s->early, text, sizeof s->early);
	else if (strcmp(key, "fault") == 0)
		snprintf(s->fault, sizeof s->fault, "%.30s", text);
	else if (strcmp(key, "delay") == 0)
		s->delay_ms = atol(text);
	else if (strcmp(key, "near") == 0)
		s->near = text[0] == '1';
	else
		s->polite = text[0] == '1';
	return VT_OK;
}

static vt_status start(void *self, vt_call *call)
{
	static const char text[] = "it is a folder";
	struct store *s = self;

	call->report(call, VT_REPORT_INFO, "far", (vt_bytes){ text, sizeof text - 1 });
	return mkdir(s->dir, 0700) == 0 || errno == EEXIST ? VT_OK : fail(call, "the folder cannot be made");
}

static const vt_option all[] = {
	{ .struct_size = sizeof all[0], .name = "dir", .type = "path", .flags = VT_OPTION_REQUIRED },
	{ .struct_size = sizeof all[0], .name = "log", .type = "path" },
	{ .struct_size = sizeof all[0], .name = "fault", .type = "string" },
	{ .struct_size = sizeof all[0], .name = "delay", .type = "duration" },
	{ .struct_size = sizeof all[0], .name = "near", .type = "bool" },
	{ .struct_size = sizeof all[0], .name = "polite", .type = "bool" },      /* it asks stopping() while it hangs */
	{ .struct_size = sizeof all[0], .name = "names", .type = "path" },
	{ .struct_size = sizeof all[0], .name = "early", .type = "path" },
};
static const vt_option *const options[] = { &all[0], &all[1], &all[2], &all[3], &all[4], &all[5], &all[6], &all[7], NULL };

static const vt_store_ops many = {
	.struct_size = sizeof many, .get = get, .put = put, .drop = drop, .get_many = get_many, .put_many = put_many, .has = has, .wants = wants,
};
static const vt_store_ops single = { .struct_size = sizeof single, .get = get, .put = put, .drop = drop, .wants = wants };

#define STORE(variable, its_name, its_ops) \
	static const vt_component variable = { .struct_size = sizeof variable, .kind = VT_KIND_STORE, .name = its_name, \
		.summary = "a folder behind a delay", .threads = VT_THREADS_MANY, .options = options, .create = create, .set = set, \
		.start = start, .destroy = free, .ops = its_ops }
STORE(far_folder, "far-folder", &many);
STORE(far_single, "far-single", &single);

VT_PLUGIN("far-folder", "1.0", "far stores for tests", NULL, NULL, &far_folder, &far_single);
