#include "config.h"

#include "store-host.h"

#include <dirent.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/file.h"

const vt_component *component;
const vt_store_ops *ops;
char folder[] = "/tmp/vt-store-XXXXXX";
char reported[600];
int day;

/* Instead of the C library's, for the plugin too. */
time_t time(time_t *ret) __attribute__((visibility("default")));

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += (time_t)day * 86400;
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

/* ---- a host in twenty lines --------------------------------------------------- */

static void report(vt_call *c, uint32_t level, const char *code, vt_bytes text)
{
	(void)c;
	snprintf(reported, sizeof reported, "%u %s %.*s", level, code, (int)text.size, (const char *)text.data);
}

static int stopping(vt_call *c)
{
	(void)c;
	return 0;
}

static int64_t left_ms(vt_call *c)
{
	(void)c;
	return INT64_MAX;
}

vt_call call = { .struct_size = sizeof call, .report = report, .stopping = stopping, .left_ms = left_ms };

void *store_open(const char *size)
{
	static vt_host host;
	void *self = NULL;

	host = (vt_host){ .struct_size = sizeof host, .abi_major = VT_ABI_MAJOR, .folder = folder, .cache = folder };
	assert_int_equal(component->create(&host, &call, &self), VT_OK);
	if (size)
		assert_int_equal(component->set(self, &call, "size", (vt_bytes){ size, strlen(size) }), VT_OK);
	assert_int_equal(component->start(self, &call), VT_OK);
	return self;
}

void store_close(void *self)
{
	assert_int_equal(ops->settle(self, &call), VT_OK);
	component->destroy(self);
}

struct memory {
	union { vt_source source; vt_sink sink; } is;
	const char *data;
	size_t size;
	char *got;
};

static vt_status read_memory(vt_source *s, vt_call *c, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct memory *m = (struct memory *)s;

	(void)c;
	assert_true(at <= m->size);
	if (size > m->size - at)
		size = m->size - at;
	if (size > 10007)
		size = 10007;                  /* in pieces, as they come */
	memcpy(buffer, m->data + at, size);
	*ret = size;
	return VT_OK;
}

static vt_status write_memory(vt_sink *s, vt_call *c, const void *data, size_t size)
{
	struct memory *m = (struct memory *)s;

	(void)c;
	m->got = realloc(m->got, m->size + size + 1);
	memcpy(m->got + m->size, data, size);
	m->size += size;
	return VT_OK;
}

vt_id id_of(unsigned n)
{
	vt_id id;

	memset(id.byte, (int)(n * 37 + 1), sizeof id.byte);
	memcpy(id.byte, &n, sizeof n);
	return id;
}

/* Content that tells its number and its size. */
static char *content_of(unsigned n, size_t size)
{
	char *data = malloc(size + 32);
	size_t i;

	for (i = 0; i < size; i += 8)
		snprintf(data + i, 32, "%07u,", (unsigned)(n * 131 + i) % 10000000);
	return data;
}

vt_status put_in(void *self, unsigned space, unsigned n, size_t size)
{
	char *data = content_of(n, size);
	struct memory m = { .is.source = { .struct_size = sizeof(vt_source), .read = read_memory, .size = size }, .data = data, .size = size };
	vt_id id = id_of(n);
	vt_status status = ops->put(self, &call, space, &id, &m.is.source);

	free(data);
	return status;
}

int there(void *self, unsigned space, unsigned n, size_t size)
{
	struct memory m = { .is.sink = { .struct_size = sizeof(vt_sink), .write = write_memory, .most = UINT64_MAX } };
	vt_id id = id_of(n);
	vt_status status = ops->get(self, &call, space, &id, &m.is.sink);
	char *want = content_of(n, size);
	int ret = status == VT_NONE ? 0 : status == VT_OK && m.size == size && (!size || memcmp(m.got, want, size) == 0) ? 1 : -1;

	free(want);
	free(m.got);
	return ret;
}

const char *file(const char *name)
{
	static char path[600];

	snprintf(path, sizeof path, "%s/store-2/%s", folder, name);
	return path;
}

off_t size_of(const char *name)
{
	struct stat st;

	return stat(file(name), &st) < 0 ? -1 : st.st_size;
}

unsigned count_files(void)
{
	char path[200];
	unsigned i, n = 0;

	for (i = 0; i < 256; i++) {
		DIR *d;
		struct dirent *e;

		snprintf(path, sizeof path, "files/%02x", i);
		d = opendir(file(path));
		while (d && (e = readdir(d)))
			n += e->d_name[0] != '.';
		if (d)
			closedir(d);
	}
	return n;
}

int oldest_days(void)
{
	FILE *f = fopen(file("about"), "r");
	long long seconds = -86400;
	char line[100];

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "oldest ", 7) == 0)
			seconds = atoll(line + 7);
	if (f)
		fclose(f);
	return seconds < 0 ? -1 : (int)(time(NULL) / 86400 - seconds / 86400);
}

int set_up(void **state)
{
	(void)state;
	day = 0;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	reported[0] = '\0';
	return mkdtemp(folder) ? 0 : -1;
}

int tear_down(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

int store_load(void)
{
	const char *build = getenv("abs_top_builddir");
	const vt_plugin *(*entry)(uint32_t) = NULL;
	char path[4200];
	void *plugin;

	snprintf(path, sizeof path, "%s/plugins/store-local/.libs/vt-store-local.so", build ? build : ".");
	plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (plugin)
		*(void **)&entry = dlsym(plugin, "vt_plugin_entry");
	if (!entry) {
		printf("Bail out! %s\n", dlerror());
		return 0;
	}
	component = entry(VT_ABI_MAJOR)->components[0];
	ops = component->ops;
	return 1;
}
