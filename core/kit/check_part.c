/* Trials of parts. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/check.h"
#include "kit/check_step.h"
#include "plug/inside.h"

enum { KEPT_MAX = 64, SECTION_MAX = 1 << 20, BIG = 300000 };

/* ---- what a part answers about a step ------------------------------------------ */

struct trial_findings {
	vt_findings findings;
	struct check *check;
	const char *operation;
	bool only_add, fail;
	uint32_t calls;
	uint64_t sum;                      /* of all answers, independent of their order */
};

static uint64_t sum_of(uint64_t h, vt_bytes b)
{
	size_t i;

	for (i = 0; i < b.size; i++)
		h = (h ^ ((const unsigned char *)b.data)[i]) * 0x100000001b3u;
	return h * 31 + b.size;
}

static vt_status refuse_all(struct trial_findings *f, vt_call *call)
{
	static const char text[] = "no more is taken (this is a trial)";

	f->calls++;
	if (!f->fail)
		return VT_OK;
	call->report(call, VT_REPORT_ERROR, "trial", (vt_bytes){ text, sizeof text - 1 });
	return VT_FAILED;
}

static vt_status on_add(vt_findings *findings, vt_call *call, uint32_t fact, vt_bytes name, vt_bytes detail)
{
	struct trial_findings *f = (struct trial_findings *)findings;

	f->sum += sum_of(sum_of(fact, name), detail);
	check_that(f->check, fact >= VT_FACT_ENV && fact <= VT_FACT_OUTSIDE, "%s adds a fact of kind %u, which is none", f->operation, fact);
	check_that(f->check, name.size && name.data, "%s adds a fact without a name", f->operation);
	return refuse_all(f, call);
}

static vt_status on_output(vt_findings *findings, vt_call *call, vt_bytes path)
{
	struct trial_findings *f = (struct trial_findings *)findings;

	f->sum += sum_of(1, path);
	check_that(f->check, !f->only_add, "key calls output(), it may only add()");
	check_that(f->check, path.size && ((const char *)path.data)[0] != '/', "%s names an output that is not root-relative", f->operation);
	return refuse_all(f, call);
}

static vt_status on_refuse(vt_findings *findings, vt_call *call, uint32_t why, vt_bytes name)
{
	struct trial_findings *f = (struct trial_findings *)findings;

	f->sum += sum_of(why, name);
	check_that(f->check, !f->only_add, "key calls refuse(), it may only add()");
	return refuse_all(f, call);
}

static struct trial_findings findings_make(struct check *k, const char *operation)
{
	return (struct trial_findings){ .findings = { .struct_size = sizeof(vt_findings), .add = on_add, .output = on_output, .refuse = on_refuse },
		.check = k, .operation = operation, .only_add = strcmp(operation, "key") == 0 };
}

static vt_status call_key(struct check *k, struct trial_findings *f)
{
	struct trial_step s;
	struct plug_call call;

	step_make(&s, k->folder);
	call_begin(&call, k->component, "key");
	return call_end(&call, k->component->made->ops.part.key(k->component->self, &call.call, &s.step, &f->findings));
}

static void part_key(struct check *k)
{
	struct trial_findings a = findings_make(k, "key"), b = a, failing = a;
	vt_status s;

	if (!k->component->made->ops.part.key)
		return;
	s = call_key(k, &a);
	check_that(k, s == VT_OK || s == VT_NONE, "key answers %s, expected VT_OK", check_status(s));
	call_key(k, &b);
	check_that(k, a.sum == b.sum && a.calls == b.calls, "key says something else of the same step the second time");
	failing.fail = true;
	s = call_key(k, &failing);
	check_that(k, !failing.calls || s < 0, "key answers %s although add() failed", check_status(s));
	check_that(k, failing.calls <= 1, "key goes on after add() failed");
}

/* The name of what was seen, as its operation and its flags demand. */
static vt_bytes seen_name(uint32_t op, uint32_t flags, unsigned char random)
{
	static const char *const inside[] = { "src/a.ts", "src", "dist/out.js", "deep/er/file with spaces", "\xff\xfe", "a" };
	static const char *const outside[] = { "/usr/include/stdio.h", "/etc/passwd", "/opt/a b", "/\xff\xfe" };
	static const char *const variables[] = { "NODE_ENV", "VITE_*", "A" };
	static const char *const peers[] = { "tcp:192.0.2.1:443", "udp:2001:db8::1:53", "unix:/run/a b", "unix:@abstract" };

	if (op >= VT_SEEN_ENV && op <= VT_SEEN_ENV_PREFIX)
		return text_bytes(variables[random % COUNT(variables)]);
	if (op == VT_SEEN_NET)
		return text_bytes(peers[random % COUNT(peers)]);
	return text_bytes(flags & VT_SEEN_OUTSIDE ? outside[random % COUNT(outside)] : inside[random % COUNT(inside)]);
}

/* Events that tools cause, and impossible ones. */
static void seen_make(struct check *k, vt_seen *seen, uint32_t n)
{
	static const char content[] = "cABCDEFGHIJKLMNOP\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1x";
	static const vt_bytes before[] = { { "d", 1 }, { "f", 1 }, { "fx", 2 }, { "lsrc/a.ts", 9 }, { "o", 1 }, { content, sizeof content - 1 },
		{ NULL, 0 } };
	unsigned char r[6];

	for (; n; n--, seen++) {
		check_random(k, r, sizeof r);
		*seen = (vt_seen){ .op = (uint16_t)(r[0] % (VT_SEEN_NET + 2)), .flags = (uint16_t)((r[1] | r[2] << 8) & 1023), .process = r[3] };
		seen->name = seen_name(seen->op, seen->flags, r[4]);
		if (seen->op == VT_SEEN_RENAME)
			seen->other = seen_name(seen->op, seen->flags, r[5]);
		if (seen->op == VT_SEEN_BEFORE)
			seen->other = before[r[5] % COUNT(before)];
	}
}

static vt_status call_infer(struct check *k, const vt_seen *seen, uint32_t n, struct trial_findings *f)
{
	struct trial_step s;
	struct plug_call call;

	step_make(&s, k->folder);
	call_begin(&call, k->component, "infer");
	return call_end(&call, k->component->made->ops.part.infer(k->component->self, &call.call, &s.step, seen, n, &f->findings));
}

static void part_infer(struct check *k)
{
	struct trial_findings a = findings_make(k, "infer"), b = a, failing = a, none = a;
	vt_seen seen[400];
	const uint32_t n = COUNT(seen);
	vt_status s;

	if (!k->component->made->ops.part.infer)
		return;
	seen_make(k, seen, n);
	s = call_infer(k, NULL, 0, &none);
	check_that(k, s == VT_OK || s == VT_NONE, "infer of nothing seen answers %s, expected VT_OK", check_status(s));
	s = call_infer(k, seen, n, &a);
	check_that(k, s == VT_OK || s == VT_NONE, "infer answers %s, expected VT_OK", check_status(s));
	call_infer(k, seen, n, &b);
	check_that(k, a.sum == b.sum && a.calls == b.calls, "infer says something else of the same run the second time");
	failing.fail = true;
	s = call_infer(k, seen, n, &failing);
	check_that(k, !failing.calls || s < 0, "infer answers %s although a finding was not taken", check_status(s));
}

/* ---- keeping and putting back ------------------------------------------------ */

struct file_source {
	vt_source source;
	const unsigned char *data;
};

static vt_status file_read_on(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct file_source *f = (struct file_source *)source;
	uint64_t left = at < source->size ? source->size - at : 0;
	size_t n = left < size ? (size_t)left : size;

	(void)call;
	if (n)
		memcpy(buffer, f->data + at, n);
	*ret = n;
	return VT_OK;
}

struct trial_file {
	const char *path;
	uint32_t type;
	const void *data;
	size_t size;
	size_t came;                       /* bytes restored so far */
	bool made, differs;
};

struct kept {
	vt_id id;
	unsigned char *data;
	size_t size;
};

struct trial_keep {
	vt_saving saving;
	vt_restoring restoring;
	struct file_source open;
	vt_sink sink;
	struct trial_file *files, *into;
	uint32_t files_n;
	struct kept kept[KEPT_MAX];
	uint32_t kept_n;
	unsigned char *section;
	size_t section_size;
	uint32_t fail_after;               /* host calls that still succeed */
	bool failed;                       /* a host call failed */
};

static bool fails_now(struct trial_keep *t, vt_call *call)
{
	static const char text[] = "it fails now (this is a trial)";

	if (t->fail_after && t->fail_after--)
		return false;
	t->failed = true;
	call->report(call, VT_REPORT_ERROR, "trial", (vt_bytes){ text, sizeof text - 1 });
	return true;
}

static struct trial_file *file_of(struct trial_keep *t, vt_bytes path)
{
	uint32_t i;

	for (i = 0; i < t->files_n; i++)
		if (strlen(t->files[i].path) == path.size && memcmp(t->files[i].path, path.data, path.size) == 0)
			return &t->files[i];
	return NULL;
}

#define OF(member, p) ((struct trial_keep *)((char *)(p) - offsetof(struct trial_keep, member)))

static vt_status keep_open(vt_saving *s, vt_call *call, vt_bytes path, vt_source **ret, vt_meta *ret_meta)
{
	struct trial_keep *t = OF(saving, s);
	struct trial_file *f = file_of(t, path);

	if (fails_now(t, call))
		return VT_FAILED;
	if (!f)
		return VT_NONE;
	t->open = (struct file_source){ .source = { .struct_size = sizeof(vt_source), .read = file_read_on, .size = f->size }, .data = f->data };
	*ret = &t->open.source;
	*ret_meta = (vt_meta){ f->type, 0640, 1234567890123456789 };
	return VT_OK;
}

static vt_status keep_keep(vt_saving *s, vt_call *call, vt_source *from, vt_id *ret)
{
	struct trial_keep *t = OF(saving, s);
	struct kept *k = &t->kept[t->kept_n];
	size_t n = 1;

	if (fails_now(t, call) || t->kept_n == KEPT_MAX || from->size > (64u << 20))
		return VT_FAILED;
	k->data = malloc(from->size + 1);
	k->size = 0;
	while (k->data && n) {
		if (from->read(from, call, k->size, k->data + k->size, from->size + 1 - k->size, &n))
			return VT_FAILED;
		k->size += n;
		if (k->size > from->size)
			return VT_FAILED;
	}
	memset(&k->id, 0, sizeof k->id);
	k->id.byte[0] = (uint8_t)++t->kept_n;
	k->id.byte[31] = 0x5a;
	*ret = k->id;
	return VT_OK;
}

static vt_status keep_write(vt_saving *s, vt_call *call, const void *data, size_t size)
{
	struct trial_keep *t = OF(saving, s);

	if (fails_now(t, call) || t->section_size + size > SECTION_MAX)
		return VT_FAILED;
	memcpy(t->section + t->section_size, data, size);
	t->section_size += size;
	return VT_OK;
}

static vt_status restored_write(vt_sink *s, vt_call *call, const void *data, size_t size)
{
	struct trial_file *f = OF(sink, s)->into;

	(void)call;
	if (f->came + size > f->size || memcmp((const char *)f->data + f->came, data, size))
		f->differs = true;
	f->came += size;
	s->got += size;
	return VT_OK;
}

static vt_status restore_create(vt_restoring *r, vt_call *call, vt_bytes path, const vt_meta *meta, vt_sink **ret)
{
	struct trial_keep *t = OF(restoring, r);
	struct trial_file *f = file_of(t, path);

	if (fails_now(t, call) || !f)
		return VT_FAILED;
	f->made = true;
	f->came = 0;
	f->differs = meta->type != f->type || (meta->mode & 0777) != 0640 || meta->mtime_ns != 1234567890123456789;
	t->into = f;
	t->sink = (vt_sink){ .struct_size = sizeof t->sink, .write = restored_write, .most = UINT64_MAX };
	*ret = &t->sink;
	return VT_OK;
}

static vt_status restore_fetch(vt_restoring *r, vt_call *call, const vt_id *id, vt_sink *into)
{
	struct trial_keep *t = OF(restoring, r);
	uint32_t i = 0;
	size_t at;

	if (fails_now(t, call))
		return VT_FAILED;
	while (i < t->kept_n && memcmp(&t->kept[i].id, id, sizeof *id))
		i++;
	if (i == t->kept_n)
		return VT_FAILED;
	for (at = 0; at < t->kept[i].size; at += 65536) {
		size_t n = t->kept[i].size - at < 65536 ? t->kept[i].size - at : 65536;
		vt_status s = into->write(into, call, t->kept[i].data + at, n);

		if (s)
			return s;
	}
	return VT_OK;
}

static vt_status call_save(struct check *k, struct trial_keep *t, const vt_bytes *outputs, uint32_t n)
{
	struct trial_step s;
	struct plug_call call;
	uint32_t i;

	step_make(&s, k->folder);
	t->section_size = 0;
	for (i = 0; i < t->kept_n; i++)
		free(t->kept[i].data);
	t->kept_n = 0;
	call_begin(&call, k->component, "save");
	return call_end(&call, k->component->made->ops.part.save(k->component->self, &call.call, &s.step, outputs, n, &t->saving));
}

static vt_status call_restore(struct check *k, struct trial_keep *t)
{
	struct trial_step s;
	struct plug_call call;
	uint32_t i;

	step_make(&s, k->folder);
	for (i = 0; i < t->files_n; i++)
		t->files[i].made = false;
	t->restoring.section = (vt_bytes){ t->section, t->section_size };
	call_begin(&call, k->component, "restore");
	return call_end(&call, k->component->made->ops.part.restore(k->component->self, &call.call, &s.step, &t->restoring));
}

/* Lets each host call fail in turn; then cuts the section and flips its bits. */
static void keep_faults(struct check *k, struct trial_keep *t, const vt_bytes *outputs, uint32_t n)
{
	vt_status s = VT_FAILED;
	uint32_t i;

	for (i = 0; i < 40 && s != VT_OK; i++) {
		t->fail_after = i;
		t->failed = false;
		s = call_save(k, t, outputs, n);
		check_that(k, s != VT_OK || !t->failed, "save answers VT_OK although its %u. call of a service failed", i + 1);
	}
	t->fail_after = UINT32_MAX;
	if (call_save(k, t, outputs, n) != VT_OK)
		return;
	for (i = 0, s = VT_FAILED; i < 40 && s != VT_OK; i++) {
		t->fail_after = i;
		t->failed = false;
		s = call_restore(k, t);
		check_that(k, s != VT_OK || !t->failed, "restore answers VT_OK although its %u. call of a service failed", i + 1);
	}
	t->fail_after = UINT32_MAX;
	for (i = 0; i < 200 && t->section_size; i++) {
		unsigned char r[4], was;
		size_t at, whole = t->section_size;

		check_random(k, r, sizeof r);
		at = (((size_t)r[0] << 16) | ((size_t)r[1] << 8) | r[2]) % whole;
		was = t->section[at];
		if (i & 1)
			t->section[at] ^= (unsigned char)(r[3] | 1);
		else
			t->section_size = at;
		call_restore(k, t);
		t->section[at] = was;
		t->section_size = whole;
	}
}

static void part_keep(struct check *k)
{
	uint32_t i;

	static unsigned char section[SECTION_MAX];
	static unsigned char big[BIG];
	struct trial_file files[] = {
		{ .path = "dist/a.js", .type = VT_META_FILE, .data = "let a = 1\n", .size = 10 },
		{ .path = "dist/big.bin", .type = VT_META_FILE, .data = big, .size = BIG },
		{ .path = "dist/empty", .type = VT_META_FILE, .data = "", .size = 0 },
		{ .path = "dist/empty folder", .type = VT_META_DIR, .data = "", .size = 0 },
		{ .path = "dist/link", .type = VT_META_LINK, .data = "a.js", .size = 4 },
		{ .path = "dist/\xffname\n", .type = VT_META_FILE, .data = "bytes", .size = 5 },
	};
	struct trial_keep t = {
		.saving = { .struct_size = sizeof(vt_saving), .open = keep_open, .keep = keep_keep, .write = keep_write },
		.restoring = { .struct_size = sizeof(vt_restoring), .create = restore_create, .fetch = restore_fetch },
		.files = files, .files_n = COUNT(files), .section = section, .fail_after = UINT32_MAX,
	};
	const vt_part_ops *ops = &k->component->made->ops.part;
	vt_bytes outputs[COUNT(files) + 1];
	vt_status s;

	if (!ops->save || !ops->restore)
		return;
	check_random(k, big, sizeof big);
	for (i = 0; i < COUNT(files); i++)
		outputs[i] = text_bytes(files[i].path);
	s = call_save(k, &t, outputs, 0);
	check_that(k, s == VT_OK || s == VT_NONE, "save of no outputs answers %s, expected VT_OK", check_status(s));
	outputs[COUNT(files)] = text_bytes("dist/vanished");
	s = call_save(k, &t, outputs, COUNT(files));
	if (s == VT_NONE || !check_that(k, s == VT_OK, "save answers %s, expected VT_OK", check_status(s)))
		return;
	s = call_restore(k, &t);
	check_that(k, s == VT_OK, "restore answers %s, expected VT_OK", check_status(s));
	for (i = 0; s == VT_OK && i < COUNT(files); i++) {
		check_that(k, files[i].made, "restore leaves out '%s'", i == 5 ? "a name that is not UTF-8" : files[i].path);
		check_that(k, !files[i].made || (!files[i].differs && files[i].came == files[i].size),
			   "restore gives '%s' back otherwise than it was", i == 5 ? "a name that is not UTF-8" : files[i].path);
	}
	s = call_save(k, &t, outputs, COUNT(files) + 1);
	check_that(k, s != VT_CANCELLED, "save with an output that vanished answers VT_CANCELLED, though nobody asked");
	keep_faults(k, &t, outputs, COUNT(files));
	for (i = 0; i < t.kept_n; i++)
		free(t.kept[i].data);
}

const struct check_trial check_parts[] = {
	{ "key says the same of the same step", VT_KIND_PART, part_key, CHECK_PLAIN },
	{ "infer says the same of the same run", VT_KIND_PART, part_infer, CHECK_PLAIN },
	{ "what was saved is restored, or nothing is", VT_KIND_PART, part_keep, CHECK_PLAIN },
	{ NULL, 0, NULL, CHECK_PLAIN },
};
