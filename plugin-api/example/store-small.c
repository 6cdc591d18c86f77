/* store-small.c */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vt-plugin.h>

static vt_status fail(vt_call *call, const char *text)
{
	vt_bytes bytes = { text, strlen(text) };

	call->report(call, VT_REPORT_ERROR, "io", bytes);
	return VT_FAILED;
}

static void path_of(void *self, uint32_t space, const vt_id *name, char path[4096])
{
	int n = snprintf(path, 4000, "%s/%u-", (const char *)self, space), i;

	for (i = 0; i < 32; i++)
		n += snprintf(path + n, 3, "%02x", name->byte[i]);
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	char path[4096], buffer[65536];
	vt_status status = VT_OK;
	ssize_t n = 0;
	int fd;

	path_of(self, space, name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return VT_NONE;
	while (status == VT_OK && (n = read(fd, buffer, sizeof buffer)) > 0)
		status = into->write(into, call, buffer, (size_t)n);
	close(fd);
	return n < 0 ? fail(call, "a stored file cannot be read") : status;
}

/* Whole or nothing: written under another name, then renamed. */
static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	char path[4096], temporary[4200], buffer[65536];
	vt_status status = VT_OK;
	uint64_t done = 0;
	size_t n = 1;
	int fd;

	mkdir(self, 0700);
	path_of(self, space, name, path);
	snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return fail(call, "the folder cannot be written");
	while (status == VT_OK && n) {
		status = call->stopping(call) ? VT_CANCELLED : from->read(from, call, done, buffer, sizeof buffer, &n);
		if (status == VT_OK && n && write(fd, buffer, n) != (ssize_t)n)
			status = fail(call, "the folder cannot be written");
		done += n;
	}
	if (status == VT_OK && done != from->size)
		status = fail(call, "the source ended early");
	if (close(fd) || (status == VT_OK && rename(temporary, path)))
		status = fail(call, "the folder cannot be written");
	if (status != VT_OK)
		unlink(temporary);
	return status;
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	*ret_self = host->folder ? strdup(host->folder) : NULL;
	return *ret_self ? VT_OK : fail(call, "no folder to keep anything in");
}

static const vt_store_ops ops = { .struct_size = sizeof ops, .get = get, .put = put };
static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_STORE, .name = "store-small", .summary = "a file per name",
	.threads = VT_THREADS_MANY, .create = create, .destroy = free, .ops = &ops,
};
VT_PLUGIN("store-small", "1.0", NULL, "0BSD", NULL, &component);
