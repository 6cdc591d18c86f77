/* output-restore: archives the outputs of a task and puts them back on a hit. Small files share one
 * compressed pack; a large file is a blob of its own, which results with the same content share. */
#include <stdlib.h>
#include <string.h>

#include "manifest.h"
#include "pack.h"
#include "vt-plugin.h"

static vt_status fail(vt_call *call, const char *code, const char *text)
{
	call->report(call, VT_REPORT_ERROR, code, (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

/* ---- saving ------------------------------------------------------------------ */

struct packing {
	vt_saving *saving;
	vt_call *call;
	struct bytes_out raw;          /* of the pack being filled */
	struct pack *packs;
	uint32_t packs_n, items_n;
	struct bytes_out items;
};

static vt_status end_pack(struct packing *p)
{
	struct pack *more;
	vt_status status;

	if (!p->raw.size)
		return VT_OK;
	more = realloc(p->packs, (p->packs_n + 1) * sizeof *more);
	if (!more)
		return fail(p->call, "system", "out of memory");
	p->packs = more;
	status = pack_keep(p->saving, p->call, &p->raw, &p->packs[p->packs_n]);
	if (status == VT_OK) {
		p->packs_n++;
		p->raw.size = 0;
	}
	return status;
}

/* Appends everything from the source to `to`. */
static vt_status read_all(vt_call *call, vt_source *from, struct bytes_out *to)
{
	char piece[16 << 10];
	uint64_t at = 0;
	size_t n = 1;

	while (n) {
		vt_status status = from->read(from, call, at, piece, sizeof piece, &n);

		if (status != VT_OK)
			return status;
		out_add(to, piece, n);
		if (to->failed)
			return fail(call, "system", "out of memory");
		at += n;
	}
	return VT_OK;
}

static vt_status save_small(struct packing *p, vt_source *from, struct item *item)
{
	vt_status status = p->raw.size + item->size > MANIFEST_PACK_RAW ? end_pack(p) : VT_OK;

	item->packed = true;
	item->pack = p->packs_n;
	item->at = (uint32_t)p->raw.size;
	if (status == VT_OK)
		status = read_all(p->call, from, &p->raw);
	if (status == VT_OK && p->raw.size - item->at != item->size)
		return fail(p->call, "changed", "an output changed while it was kept");
	return status;
}

static vt_status save_link(struct packing *p, vt_source *from, struct item *item)
{
	struct bytes_out target = { 0 };
	vt_status status = read_all(p->call, from, &target);

	item->target = (vt_bytes){ target.data, target.size };
	if (status == VT_OK)
		manifest_item(&p->items, item);
	free(target.data);
	return status;
}

static vt_status save_one(struct packing *p, vt_bytes path)
{
	struct item item = { .path = path };
	vt_source *from = NULL;
	vt_status status = p->saving->open(p->saving, p->call, path, &from, &item.meta);

	if (status == VT_NONE)
		return VT_OK;
	if (status != VT_OK)
		return status;
	p->items_n++;
	switch (item.meta.type) {
	case VT_META_LINK:
		return save_link(p, from, &item);
	case VT_META_FILE:
		item.size = from->size;
		if (item.size <= MANIFEST_SMALL)
			status = save_small(p, from, &item);
		else
			status = p->saving->keep(p->saving, p->call, from, &item.blob);
		break;
	default:
		break;
	}
	if (status == VT_OK)
		manifest_item(&p->items, &item);
	return status;
}

static vt_status save(void *self, vt_call *call, const vt_step *step, const vt_bytes *outputs, uint32_t n, vt_saving *saving)
{
	struct packing p = { .saving = saving, .call = call };
	struct bytes_out whole = { 0 };
	vt_status status = VT_OK;
	uint32_t i;

	(void)self;
	(void)step;
	for (i = 0; status == VT_OK && i < n; i++)
		status = call->stopping(call) ? VT_CANCELLED : save_one(&p, outputs[i]);
	if (status == VT_OK)
		status = end_pack(&p);
	if (status == VT_OK) {
		manifest_whole(&whole, p.packs, p.packs_n, p.items_n, &p.items);
		status = whole.failed ? fail(call, "system", "out of memory") : saving->write(saving, call, whole.data, whole.size);
	}
	free(whole.data);
	free(p.items.data);
	free(p.raw.data);
	free(p.packs);
	return status;
}

/* ---- restoring ----------------------------------------------------------------- */

struct unpacking {
	vt_restoring *restoring;
	vt_call *call;
	struct manifest m;
	char *raw;                     /* of pack `which` */
	uint32_t which;
};

static vt_status restore_packed(struct unpacking *u, const struct item *item, vt_sink *into)
{
	if (!item->size)
		return VT_OK;
	if (!u->raw || u->which != item->pack) {
		vt_status status;

		free(u->raw);
		u->raw = NULL;
		status = pack_fetch(u->restoring, u->call, &u->m.packs[item->pack], &u->raw);
		if (status != VT_OK)
			return status == VT_NONE ? fail(u->call, "gone", "the outputs are not in the cache any more") : status;
		u->which = item->pack;
	}
	return into->write(into, u->call, u->raw + item->at, (size_t)item->size);
}

static vt_status restore_one(struct unpacking *u, const struct item *item)
{
	vt_sink *into = NULL;
	vt_status status = u->restoring->create(u->restoring, u->call, item->path, &item->meta, &into);

	if (status != VT_OK)
		return status == VT_NONE ? VT_OK : status;
	if (item->meta.type == VT_META_LINK)
		return into->write(into, u->call, item->target.data, item->target.size);
	if (item->meta.type != VT_META_FILE)
		return VT_OK;
	if (item->packed)
		return restore_packed(u, item, into);
	status = u->restoring->fetch(u->restoring, u->call, &item->blob, into);
	return status == VT_NONE ? fail(u->call, "gone", "the outputs are not in the cache any more") : status;
}

static vt_status restore(void *self, vt_call *call, const vt_step *step, vt_restoring *restoring)
{
	struct unpacking u = { .restoring = restoring, .call = call };
	vt_status status = VT_OK;
	struct item item;
	uint32_t i;

	(void)self;
	(void)step;
	if (manifest_open(restoring->section, &u.m) < 0)
		return fail(call, "corrupt", "the list of outputs is damaged");
	for (i = 0; status == VT_OK && i < u.m.items_n; i++) {
		if (call->stopping(call))
			status = VT_CANCELLED;
		else if (manifest_next(&u.m, &item) < 0)
			status = fail(call, "corrupt", "the list of outputs is damaged");
		else
			status = restore_one(&u, &item);
	}
	manifest_close(&u.m);
	free(u.raw);
	return status;
}

/* ---- the component ---------------------------------------------------------------- */

static const vt_part_ops ops = { .struct_size = sizeof ops, .save = save, .restore = restore };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_PART,
	.name = "output-restore",
	.summary = "keeps declared outputs and puts them back",
	.threads = VT_THREADS_MANY,
	.roles = VT_ROLE_ARCHIVE,
	.format = 1,
	.ops = &ops,
};

VT_PLUGIN("output-restore", "0.1.0", "keeps and restores outputs", "MIT", NULL, &component);
