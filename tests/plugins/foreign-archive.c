/* A part by a third party that keeps outputs in the place of output-restore: one
 * blob per file, and a section of fixed records: meta, id, path length, path. */
#include <stdlib.h>
#include <string.h>

#include "vt-plugin.h"

struct record {
	vt_meta meta;
	vt_id id;
	uint32_t path_size, reserved;
};

static vt_status save(void *self, vt_call *call, const vt_step *step, const vt_bytes *outputs, uint32_t n,
		      vt_saving *saving)
{
	uint32_t i;

	(void)self;
	(void)step;
	for (i = 0; i < n; i++) {
		struct record record;
		vt_source *source;
		vt_status r;

		memset(&record, 0, sizeof record);
		r = saving->open(saving, call, outputs[i], &source, &record.meta);
		if (r == VT_NONE)
			continue;
		if (r == VT_OK && record.meta.type != VT_META_DIR)
			r = saving->keep(saving, call, source, &record.id);
		record.path_size = (uint32_t)outputs[i].size;
		if (r == VT_OK)
			r = saving->write(saving, call, &record, sizeof record);
		if (r == VT_OK)
			r = saving->write(saving, call, outputs[i].data, outputs[i].size);
		if (r != VT_OK)
			return r;
	}
	return VT_OK;
}

static vt_status restore(void *self, vt_call *call, const vt_step *step, vt_restoring *restoring)
{
	const unsigned char *p = restoring->section.data, *end = p + restoring->section.size;

	(void)self;
	(void)step;
#ifdef FORGETFUL               /* tests/run/plugins/third-party-parts.sh: says that all is well, and puts nothing back */
	p = end;
#endif
	while (p < end) {
		struct record record;
		vt_bytes path;
		vt_sink *sink;
		vt_status r;

		if ((size_t)(end - p) < sizeof record)
			return VT_FAILED;
		memcpy(&record, p, sizeof record);
		p += sizeof record;
		if ((size_t)(end - p) < record.path_size)
			return VT_FAILED;
		path.data = p;
		path.size = record.path_size;
		p += record.path_size;
		r = restoring->create(restoring, call, path, &record.meta, &sink);
		if (r == VT_OK && record.meta.type != VT_META_DIR)
			r = restoring->fetch(restoring, call, &record.id, sink);
		if (r != VT_OK && r != VT_NONE)
			return r;
	}
	return VT_OK;
}

static const vt_part_ops ops = { .struct_size = sizeof ops, .save = save, .restore = restore };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_PART,
	.name = "foreign-archive",
	.summary = "outputs, by somebody else",
	.threads = VT_THREADS_MANY,
	.roles = VT_ROLE_ARCHIVE,
	.format = 1,
	.ops = &ops,
};

VT_PLUGIN("foreign-archive", "1.0", "outputs, by somebody else", "0BSD", NULL, &component);
