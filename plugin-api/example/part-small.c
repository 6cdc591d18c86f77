/* part-small.c: the release of the kernel as part of every key: results made under one are no hits under another. */
#include <string.h>
#include <sys/utsname.h>
#include <vt-plugin.h>

/* Before the look-up: what the step's result depends on besides what vt knows. A VALUE fact
 * brings its own state; all other facts are names whose state vt finds out. */
static vt_status key(void *self, vt_call *call, const vt_step *step, vt_findings *findings)
{
	static const char none[] = "uname failed";
	struct utsname names;
	vt_bytes name = { "kernel", 6 }, value = { names.release, 0 }, text = { none, sizeof none - 1 };

	(void)self, (void)step;
	if (uname(&names)) {
		call->report(call, VT_REPORT_ERROR, "uname", text);
		return VT_FAILED;
	}
	value.size = strlen(names.release);
	return findings->add(findings, call, VT_FACT_VALUE, name, value);
}

static const vt_part_ops ops = { .struct_size = sizeof ops, .key = key };
static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_PART, .name = "part-small",
	.summary = "the kernel's release as part of every key", .threads = VT_THREADS_MANY,
	.format = 1,               /* raised when the same machine would give another value */
	.ops = &ops,
};
VT_PLUGIN("part-small", "1.0", NULL, "0BSD", NULL, &component);
