/* store-http: results on a server that speaks HTTP, in one of four layouts:
 *
 *     flat    any server that takes PUT and GET          URL/SPACE-NAME
 *     bazel   the cache of Bazel                         URL/cas/NAME; URL/ac/NAME holds records of blobs in cas
 *     turbo   the Remote Cache API of Turborepo          URL/v8/artifacts/NAME, one object for a whole result
 *     s3      a bucket                                   URL/SPACE/NAME, signed
 *
 * NAME is in hexadecimal. A call of vt is many requests at once on one lane of connections; see transfer.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "sign.h"
#include "work.h"

enum {
	BATCH = LANE_STREAMS,      /* items of a call: as many as a slow server answers within its 2 s */
	BATCH_BYTES = 8 << 20      /* bytes of all items of a put */
};

static vt_bytes text_bytes(const char *text)
{
	return (vt_bytes){ text, strlen(text) };
}

/* ---- getting -------------------------------------------------------------------------------- */

/* A record while it is received. */
struct record {
	vt_sink sink;
	uint8_t bytes[ACTION_MOST];
};

static vt_status take_record(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct record *r = (struct record *)sink;

	(void)call;
	memcpy(r->bytes + sink->got, data, size);
	sink->got += size;
	return VT_OK;
}

/* Gets the records of objects, and puts the names of their blobs into `blobs`. Items with a record stay VT_OK. */
static void get_records(struct work *w, uint32_t space, vt_get_item *items, vt_id *blobs)
{
	struct record *records = calloc(w->n ? w->n : 1, sizeof *records);
	struct action a;
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		if (!records) {
			w->list[i].skip = true;
			continue;
		}
		records[i].sink = (vt_sink){ .struct_size = sizeof(vt_sink), .write = take_record, .most = ACTION_MOST };
		w->list[i].into = &records[i].sink;
		work_ask(w, i, METHOD_GET, space, &items[i].name);
	}
	work_run(w);
	for (i = 0; i < w->n; i++) {
		items[i].status = work_got(w, &w->list[i]);
		transfer_clear(&w->list[i]);
		w->list[i] = (struct transfer){ .skip = items[i].status != VT_OK };
		if (items[i].status != VT_OK)
			continue;
		/* a record that vt did not write counts as absent */
		if (action_decode(records[i].bytes, (size_t)records[i].sink.got, &a))
			blobs[i] = a.blob;
		else
			w->list[i].skip = true, items[i].status = VT_NONE;
	}
	free(records);
}

static void get_objects(struct work *w, uint32_t space, vt_get_item *items, const vt_id *names)
{
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		if (w->list[i].skip)
			continue;
		w->list[i].into = items[i].into;
		work_ask(w, i, METHOD_GET, space, names ? &names[i] : &items[i].name);
		if (w->list[i].skip)
			items[i].status = VT_FAILED;
	}
	work_run(w);
	for (i = 0; i < w->n; i++)
		if (!w->list[i].skip)
			items[i].status = work_got(w, &w->list[i]);
}

static vt_status get_many(void *self, vt_call *call, uint32_t space, vt_get_item *items, uint32_t n)
{
	struct store *s = self;
	struct work w;
	vt_id *blobs;
	uint32_t i;

	for (i = 0; i < n; i++)
		items[i].status = s->absent ? VT_NONE : VT_FAILED;
	if (s->absent)
		return VT_OK;
	if (!work_begin(&w, s, call, n))
		return VT_FAILED;
	if (s->layout->indirect && (space & VT_SPACE_UNNAMED)) {
		blobs = calloc(n ? n : 1, sizeof *blobs);
		if (blobs) {
			get_records(&w, space, items, blobs);
			get_objects(&w, VT_SPACE_BLOB, items, blobs);
		}
		free(blobs);
	} else {
		get_objects(&w, space, items, NULL);
	}
	work_end(&w);
	return w.down;
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	vt_get_item item = { .name = *name, .into = into };
	vt_status status = get_many(self, call, space, &item, 1);

	return status == VT_OK ? item.status : status;
}

/* ---- putting ---------------------------------------------------------------------------------- */

static bool is_once(struct store *s, uint32_t space)
{
	return s->layout->once && !(space & VT_SPACE_MUTABLE) && !store_is_marked(s, &s->no_once);
}

/* Puts the items whose status is VT_FAILED. `names`: names in place of the items' own. */
static void put_objects(struct work *w, uint32_t space, vt_put_item *items, const vt_id *names)
{
	bool once = is_once(w->store, space);
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		struct transfer *t = &w->list[i];

		t->skip = items[i].status != VT_FAILED;
		if (t->skip)
			continue;
		t->from = items[i].from;
		t->once = once;
		work_ask(w, i, METHOD_PUT, space, names ? &names[i] : &items[i].name);
	}
	work_run(w);
	for (i = 0; i < w->n; i++) {
		struct transfer *t = &w->list[i];

		if (t->skip)
			continue;
		if (once && t->status == VT_OK && t->code == 501) {
			store_mark(w->store, &w->store->no_once);
			continue;      /* the item counts as failed, and is put again without the header */
		}
		items[i].status = work_put(w, t);
		if (items[i].status == VT_FAILED)
			items[i].status = VT_CANCELLED;    /* marks the item as tried */
	}
	for (i = 0; i < w->n; i++) {
		transfer_clear(&w->list[i]);
		w->list[i] = (struct transfer){ 0 };
	}
	if (once && store_is_marked(w->store, &w->store->no_once))
		put_objects(w, space, items, names);
}

/* The bytes of a record. */
struct record_source {
	vt_source source;
	uint8_t bytes[ACTION_WRITTEN_MOST];
};

static vt_status give_record(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	(void)call;
	*ret = source->size - at < size ? (size_t)(source->size - at) : size;
	memcpy(buffer, ((struct record_source *)source)->bytes + at, *ret);
	return VT_OK;
}

/* Puts the blobs first, so that a reader of a record finds its blob. */
static void put_indirect(struct work *w, uint32_t space, vt_put_item *items)
{
	struct record_source *records = calloc(w->n ? w->n : 1, sizeof *records);
	vt_put_item *second = calloc(w->n ? w->n : 1, sizeof *second);
	vt_id *blobs = calloc(w->n ? w->n : 1, sizeof *blobs);
	uint32_t i;

	for (i = 0; records && second && blobs && i < w->n; i++) {
		vt_status status = items[i].status == VT_FAILED ? sha256_of_source(items[i].from, w->call, &blobs[i]) : VT_NONE;
		struct action a = { .blob = blobs[i], .size = items[i].from->size };

		if (status != VT_OK) {
			items[i].status = status == VT_FAILED ? VT_CANCELLED : status;
			continue;
		}
		records[i].source = (vt_source){ .struct_size = sizeof(vt_source), .read = give_record, .size = action_encode(&a, records[i].bytes) };
	}
	if (records && second && blobs) {
		put_objects(w, VT_SPACE_BLOB, items, blobs);
		for (i = 0; i < w->n; i++)
			second[i] = (vt_put_item){ .name = items[i].name, .from = &records[i].source,
						   .status = items[i].status == VT_OK ? VT_FAILED : VT_NONE };
		put_objects(w, space, second, NULL);
		for (i = 0; i < w->n; i++)
			if (items[i].status == VT_OK)
				items[i].status = second[i].status;
	}
	free(records);
	free(second);
	free(blobs);
}

static vt_status put_many(void *self, vt_call *call, uint32_t space, vt_put_item *items, uint32_t n)
{
	struct store *s = self;
	bool nothing = s->absent || store_is_marked(s, &s->no_put);
	struct work w;
	uint32_t i;

	for (i = 0; i < n; i++)
		items[i].status = nothing ? VT_NONE : VT_FAILED;
	if (nothing)
		return VT_OK;
	if (!work_begin(&w, s, call, n))
		return VT_FAILED;
	if (s->layout->indirect && (space & VT_SPACE_UNNAMED))
		put_indirect(&w, space, items);
	else
		put_objects(&w, space, items, NULL);
	for (i = 0; i < n; i++)
		if (items[i].status == VT_CANCELLED && !call->stopping(call))
			items[i].status = VT_FAILED;
	work_end(&w);
	return w.down;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	vt_put_item item = { .name = *name, .from = from };
	vt_status status = put_many(self, call, space, &item, 1);

	return status == VT_OK ? item.status : status;
}

/* ---- the rest ----------------------------------------------------------------------------------- */

static vt_status has(void *self, vt_call *call, uint32_t space, const vt_id *names, uint32_t n, uint8_t *ret)
{
	struct store *s = self;
	vt_status status = VT_OK, one;
	struct work w;
	uint32_t i;

	memset(ret, 0, n);
	if (s->absent)
		return VT_OK;
	if (!work_begin(&w, s, call, n))
		return VT_FAILED;
	for (i = 0; i < n; i++)
		work_ask(&w, i, METHOD_HEAD, space, &names[i]);
	work_run(&w);
	for (i = 0; i < n && status == VT_OK; i++) {
		const struct transfer *t = &w.list[i];

		/* some servers do not know HEAD, among them servers behind a redirection */
		if (t->status == VT_OK && (t->code == 405 || t->code == 501 || t->away)) {
			if (t->code == 200)
				ret[i] = 1;
			else if (!t->away)
				status = VT_UNSUPPORTED;
			continue;
		}
		one = work_got(&w, t);
		ret[i] = one == VT_OK;
		if (one < 0)
			status = one;
	}
	work_end(&w);
	return w.down == VT_OK ? status : w.down;
}

static vt_status drop(void *self, vt_call *call, uint32_t space, const vt_id *name, uint32_t why)
{
	struct store *s = self;
	vt_status status;
	struct work w;

	(void)why;
	if (s->absent || !s->layout->drops || store_is_marked(s, &s->no_put))
		return VT_NONE;
	if (!work_begin(&w, s, call, 1))
		return VT_FAILED;
	work_ask(&w, 0, METHOD_DELETE, space, name);
	work_run(&w);
	/* a user without the right to delete declines the call */
	if (w.list[0].status == VT_OK && (w.list[0].code == 403 || w.list[0].code == 405 || w.list[0].code == 501))
		status = VT_NONE;
	else if (w.list[0].status == VT_OK && w.list[0].code / 100 == 2)
		status = VT_OK;
	else
		status = work_got(&w, &w.list[0]);
	work_end(&w);
	return w.down == VT_OK ? status : w.down;
}

static vt_status wants(void *self, vt_call *call, vt_wants *ret)
{
	struct store *s = self;

	(void)call;
	ret->flags = VT_WANTS_FAR | s->layout->wants | (s->absent ? VT_WANTS_NO_PUT : 0);
	ret->parallel = LANES;
	ret->batch = BATCH;
	ret->batch_bytes = BATCH_BYTES;
	return VT_OK;
}

/* ---- options ---------------------------------------------------------------------------------------- */

static vt_status wrong(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "option", text_bytes(text));
	return VT_FAILED;
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	struct store *s;

	if (!transfer_begin())
		return wrong(call, "libcurl does not work here");
	s = calloc(1, sizeof *s);
	if (!s)
		return wrong(call, "out of memory");
	snprintf(s->server.agent, sizeof s->server.agent, "vt/%s", host->version);
	pthread_mutex_init(&s->lock, NULL);
	*ret_self = s;
	return VT_OK;
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	struct store *s = self;
	const char *why = NULL;
	char *text = strndup(value.data ? value.data : "", value.size);

	if (!text)
		return wrong(call, "out of memory");
	if (strcmp(key, "layout") != 0)
		why = settings_set(&s->settings, key, text);
	else if (!(s->layout = layout_of(text)))
		why = "'layout' must be flat, bazel, turbo or s3";
	free(text);
	return why ? wrong(call, why) : VT_OK;
}

static vt_status start(void *self, vt_call *call)
{
	struct store *s = self;
	struct settings *its = &s->settings;
	const char *why = s->layout->check ? s->layout->check(its) : NULL;
	char sentence[200];

	if (why)
		return wrong(call, why);
	if (!its->url && its->automatic && s->layout->may_be_absent) {
		s->absent = true;
		return VT_OK;
	}
	if (!its->url)
		return wrong(call, "it needs the option `url`");
	why = settings_read_url(its);
	if (why) {
		snprintf(sentence, sizeof sentence, "'url' is no address of a server: %s", why);
		return wrong(call, sentence);
	}
	s->server.user = its->user;
	s->server.password = its->password;
	s->server.ca = its->ca;
	return VT_OK;
}

static void destroy(void *self)
{
	struct store *s = self;

	while (s->idle_n)
		lane_free(s->idle[--s->idle_n]);
	pthread_mutex_destroy(&s->lock);
	settings_clear(&s->settings);
	free(s);
}

static const vt_store_ops ops = {
	.struct_size = sizeof ops, .get = get, .put = put, .drop = drop, .get_many = get_many, .put_many = put_many, .has = has, .wants = wants,
};

static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_STORE, .name = "store-http", .summary = "keeps results on a server that speaks HTTP",
	.threads = VT_THREADS_MANY, .options = settings_options, .create = create, .set = set, .start = start, .destroy = destroy, .ops = &ops,
};

VT_PLUGIN("store-http", "0.1.0", "keeps results on a server that speaks HTTP", "MIT", NULL, &component);
