/* Trials of fingerprints. */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/check.h"
#include "kit/check_step.h"
#include "plug/inside.h"

enum { BIG = 300000 };

static bool file_put(const char *folder, const char *name, const void *data, size_t size, vt_file *ret)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;
	bool ok;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	ok = write(fd, data, size) == (ssize_t)size && !fstat(fd, &st);
	close(fd);
	if (ok)
		*ret = (vt_file){ .path = text_bytes(name), .size = (uint64_t)st.st_size, .inode = st.st_ino, .device = st.st_dev,
			.mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
			.ctime_ns = st.st_ctim.tv_sec * INT64_C(1000000000) + st.st_ctim.tv_nsec };
	return ok;
}

/* Gives the file another name, in the place of what has it. */
static bool file_move(const char *folder, const char *name, const char *to, vt_file *f)
{
	char from_path[PATH_MAX], to_path[PATH_MAX];

	snprintf(from_path, sizeof from_path, "%s/%s", folder, name);
	snprintf(to_path, sizeof to_path, "%s/%s", folder, to);
	f->path = text_bytes(to);
	return rename(from_path, to_path) == 0;
}

static vt_status call_digest(struct check *k, const vt_file *files, uint32_t n, vt_id *ret)
{
	struct plug_call call;

	call_begin(&call, k->component, "digest");
	return call_end(&call, k->component->made->ops.fingerprint.digest(k->component->self, &call.call, text_bytes(k->folder), files, n, ret));
}

static bool same_id(const vt_id *a, const vt_id *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static void digest(struct check *k)
{
	static unsigned char big[BIG];
	static const vt_id zero;
	vt_file f[4];
	vt_id id[4] = { { { 0 } } }, again;
	vt_status s;

	check_random(k, big, sizeof big);
	if (!file_put(k->folder, "a", "one", 3, &f[0]) || !file_put(k->folder, "empty", "", 0, &f[1]) ||
	    !file_put(k->folder, "big", big, BIG, &f[2]))
		return;
	f[3] = f[0];
	f[3].path = text_bytes("vanished");
	s = call_digest(k, f, 4, id);
	if (!check_that(k, s == VT_OK, "digest answers %s, expected VT_OK", check_status(s)))
		return;
	check_that(k, !same_id(&id[1], &zero), "an empty file gets the id that means vanished");
	check_that(k, same_id(&id[3], &zero), "a vanished file gets an id");
	s = call_digest(k, f, 1, &again);
	check_that(k, s == VT_OK && same_id(&again, &id[0]), "the same file gets another id the second time");
	/* a file of its own, with another inode and other times */
	if (!file_put(k->folder, "new", "one", 3, &f[0]) || !file_move(k->folder, "new", "a", &f[0]))
		return;
	s = call_digest(k, f, 1, &again);
	check_that(k, s == VT_OK && same_id(&again, &id[0]), "the same bytes under the same path get another id");
	file_put(k->folder, "a", "two", 3, &f[0]);
	s = call_digest(k, f, 1, &again);
	check_that(k, s == VT_OK && !same_id(&again, &id[0]), "other bytes under the same path get the same id");
	big[BIG - 1] ^= 1;
	file_put(k->folder, "big", big, BIG, &f[2]);
	s = call_digest(k, &f[2], 1, &again);
	check_that(k, s == VT_OK && !same_id(&again, &id[2]), "a changed last byte does not change the id");
	s = call_digest(k, NULL, 0, NULL);
	check_that(k, s == VT_OK || s == VT_NONE, "digest of no files answers %s, expected VT_OK", check_status(s));
}

static vt_status sink_away(vt_sink *s, vt_call *call, const void *data, size_t size)
{
	(void)call;
	(void)data;
	s->got += size;
	return VT_OK;
}

static void changed_since(struct check *k)
{
	const vt_fingerprint_ops *ops = &k->component->made->ops.fingerprint;
	vt_sink sink = { .struct_size = sizeof sink, .write = sink_away, .most = UINT64_MAX };
	struct plug_call call;
	vt_status s;

	if (!ops->changed_since)
		return;
	call_begin(&call, k->component, "changed_since");
	s = call_end(&call, ops->changed_since(k->component->self, &call.call, text_bytes(k->folder), text_bytes("no-such-reference"), &sink));
	check_that(k, s != VT_OK, "changed_since answers VT_OK for a reference that does not exist");
	check_that(k, s != VT_NONE || call.text[0], "changed_since does not report why there is no such reference");
}

static void content_at(struct check *k)
{
	const vt_fingerprint_ops *ops = &k->component->made->ops.fingerprint;
	vt_sink sink = { .struct_size = sizeof sink, .write = sink_away, .most = UINT64_MAX };
	struct plug_call call;
	vt_status s;

	if (!ops->content_at)
		return;
	call_begin(&call, k->component, "content_at");
	s = call_end(&call, ops->content_at(k->component->self, &call.call, text_bytes(k->folder), text_bytes("no-such-reference"), text_bytes("file"), &sink));
	check_that(k, s != VT_OK, "content_at answers VT_OK for a reference that does not exist");
}

const struct check_trial check_fingerprints[] = {
	{ "a digest tells contents apart", VT_KIND_FINGERPRINT, digest, CHECK_PLAIN },
	{ "a reference that does not exist is not one without changes", VT_KIND_FINGERPRINT, changed_since, CHECK_PLAIN },
	{ "a reference that does not exist has no files", VT_KIND_FINGERPRINT, content_at, CHECK_PLAIN },
	{ NULL, 0, NULL, CHECK_PLAIN },
};
