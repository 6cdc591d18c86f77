/* store-memory: a store in one page. It keeps results in memory, so they are gone
 * when vt ends; what it shows is the shape.
 *
 *     cc -shared -fPIC $(pkg-config --cflags vt-plugin) store-memory.c -o vt-store-memory.so
 *     mkdir -p ~/.local/share/vt/plugins-1 && cp vt-store-memory.so ~/.local/share/vt/plugins-1
 *     vt plugins check vt-store-memory.so
 *     vite-task.json: "plugins": { "stores": [{ "use": "store-memory", "limit": "64 MiB" }] }
 *
 * SPDX-License-Identifier: 0BSD */
#include <stdlib.h>
#include <string.h>
#include <vt-plugin.h>

struct item {
	struct item *next;
	uint32_t space;
	vt_id name;
	size_t size;
	unsigned char data[];
};

struct store {
	struct item *items;        /* a real store has an index */
	uint64_t used, limit;      /* bytes */
};

/* Reports a failure in one sentence, which the user reads. */
static vt_status fail(vt_call *call, const char *code, const char *text)
{
	vt_bytes bytes = { text, strlen(text) };

	call->report(call, VT_REPORT_ERROR, code, bytes);
	return VT_FAILED;
}

static struct item **find(struct store *s, uint32_t space, const vt_id *name)
{
	struct item **at = &s->items;

	while (*at && ((*at)->space != space || memcmp(&(*at)->name, name, sizeof *name)))
		at = &(*at)->next;
	return at;
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	struct item *item = *find(self, space, name);

	if (!item)
		return VT_NONE;    /* a miss is an answer, not an error */
	return into->write(into, call, item->data, item->size);
}

static vt_status drop(void *self, vt_call *call, uint32_t space, const vt_id *name, uint32_t why)
{
	struct store *s = self;
	struct item **at = find(s, space, name), *item = *at;

	(void)call, (void)why;
	if (!item)
		return VT_NONE;
	*at = item->next;
	s->used -= item->size;
	free(item);
	return VT_OK;
}

/* Stores all or nothing: the item joins the list once every byte was read. */
static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	struct store *s = self;
	struct item *item;
	vt_status status = VT_OK;
	size_t n = 1, done = 0;

	if (from->size > s->limit || s->used > s->limit - from->size)
		return fail(call, "full", "the memory store is full");
	item = (struct item *)malloc(sizeof *item + (size_t)from->size);
	if (!item)
		return fail(call, "memory", "out of memory");
	while (done < from->size && n && status == VT_OK) {
		if (call->stopping(call))
			status = VT_CANCELLED;
		else
			status = from->read(from, call, done, item->data + done, (size_t)from->size - done, &n);
		done += status == VT_OK ? n : 0;
	}
	if (status == VT_OK && done < from->size)
		status = fail(call, "short", "the source ended early");
	if (status != VT_OK) {
		free(item);
		return status;     /* the source or the store has reported the failure */
	}
	drop(self, call, space, name, VT_DROP_ASKED);      /* the last put wins */
	item->space = space;
	item->name = *name;
	item->size = done;
	item->next = s->items;
	s->items = item;
	s->used += done;
	return VT_OK;
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	(void)host;
	*ret_self = calloc(1, sizeof(struct store));
	return *ret_self ? VT_OK : fail(call, "memory", "out of memory");
}

/* vt has checked the type, and gives a size as bytes: "1.5 GiB" comes as "1610612736". */
static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	struct store *s = self;
	char text[32] = "";

	(void)call, (void)key;     /* there is one option */
	memcpy(text, value.data, value.size < sizeof text ? value.size : sizeof text - 1);
	s->limit = strtoull(text, NULL, 10);
	return VT_OK;
}

static void destroy(void *self)
{
	struct store *s = self;
	struct item *next;

	for (; s->items; s->items = next) {
		next = s->items->next;
		free(s->items);
	}
	free(s);
}

/* ---- what the plugin says about itself: constant ----------------------------- */

static const vt_option limit = { .struct_size = sizeof limit, .name = "limit", .type = "size",
	.fallback = "256 MiB", .help = "most bytes to keep" };
static const vt_option *const options[] = { &limit, NULL };

static const vt_store_ops ops = { .struct_size = sizeof ops, .get = get, .put = put, .drop = drop };

static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_STORE, .name = "store-memory",
	.summary = "keeps results until vt ends", .threads = VT_THREADS_ONE,   /* vt does the locking */
	.options = options, .create = create, .set = set, .destroy = destroy, .ops = &ops,
};

VT_PLUGIN("store-memory", "1.0", "an example", "0BSD", NULL, &component);
