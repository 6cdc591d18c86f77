/* part-value: a part in one page. It makes the machine's name for its kernel a part
 * of every key: results made under one kernel release are no hits under another.
 *
 *     cc -shared -fPIC $(pkg-config --cflags vt-plugin) part-value.c -o vt-part-value.so
 *     vite-task.json: "plugins": { "parts": { "part-value": { "field": "release" } } }
 *
 * SPDX-License-Identifier: 0BSD */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <vt-plugin.h>

struct part {
	char field[16];            /* "sysname", "release" or "machine" */
	struct utsname names;
};

static vt_bytes text_of(const char *s)
{
	vt_bytes bytes = { s, strlen(s) };

	return bytes;
}

static vt_status fail(vt_call *call, const char *code, const char *text)
{
	call->report(call, VT_REPORT_ERROR, code, text_of(text));
	return VT_FAILED;
}

static const char *value_of(const struct part *p)
{
	if (strcmp(p->field, "sysname") == 0)
		return p->names.sysname;
	if (strcmp(p->field, "machine") == 0)
		return p->names.machine;
	return strcmp(p->field, "release") == 0 ? p->names.release : NULL;
}

/* Before the lookup: what the step's result depends on besides what vt knows. A VALUE
 * fact brings its own state; all other facts are names whose state vt finds out. */
static vt_status key(void *self, vt_call *call, const vt_step *step, vt_findings *findings)
{
	const struct part *p = self;

	(void)step;
	return findings->add(findings, call, VT_FACT_VALUE, text_of("kernel"), text_of(value_of(p)));
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	struct part *p = (struct part *)calloc(1, sizeof *p);

	(void)host;
	if (!p)
		return fail(call, "memory", "out of memory");
	*ret_self = p;
	return VT_OK;
}

static vt_status set(void *self, vt_call *call, const char *name, vt_bytes value)
{
	struct part *p = self;

	(void)name;                /* there is one option */
	if (value.size >= sizeof p->field)
		return fail(call, "field", "field is sysname, release or machine");
	memcpy(p->field, value.data, value.size);
	p->field[value.size] = '\0';
	return VT_OK;
}

static vt_status start(void *self, vt_call *call)
{
	struct part *p = self;

	if (uname(&p->names))
		return fail(call, "uname", "uname failed");
	return value_of(p) ? VT_OK : fail(call, "field", "field is sysname, release or machine");
}

static const vt_option field = { .struct_size = sizeof field, .name = "field", .type = "string",
	.fallback = "release", .help = "sysname, release or machine" };
static const vt_option *const options[] = { &field, NULL };

static const vt_part_ops ops = { .struct_size = sizeof ops, .key = key };

static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_PART, .name = "part-value",
	.summary = "the kernel's name as part of every key", .threads = VT_THREADS_MANY,
	.format = 1,               /* raised when the same machine would give another value */
	.options = options, .create = create, .set = set, .start = start, .destroy = free, .ops = &ops,
};

VT_PLUGIN("part-value", "1.0", "an example", "0BSD", NULL, &component);
