/* auto-output: a disabled stub that holds the place of automatic output tracking. `vt plugins
 * list` shows that it is not available, and no instance is ever created. Where `output` is
 * omitted a hit replays the terminal output and restores no file. */
#include "vt-plugin.h"

static const vt_part_ops ops = { .struct_size = sizeof ops };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_PART,
	.name = "auto-output",
	.summary = "automatic output tracking is not available in this version",
	.threads = VT_THREADS_MANY,
	.flags = VT_COMPONENT_DISABLED,
	.roles = VT_ROLE_OUTPUT,
	.ops = &ops,
};

VT_PLUGIN("auto-output", "0.1.0", "automatic output tracking (disabled stub)", "MIT", NULL, &component);
