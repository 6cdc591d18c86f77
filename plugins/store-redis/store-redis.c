/* store-redis: results on a Redis server, or on one that speaks its protocol (Valkey, KeyDB, Dragonfly).
 *
 * An object is a string under PREFIX:SPACE:NAME, a lease one under PREFIX:lease:NAME; NAME is in
 * hexadecimal. An object expires `ttl` after its last put, or after the last run that would have put
 * it asked whether the server has it: so the blobs of a new result live as long as the result. Many
 * objects are got with one MGET; many are put with one SET each, all sent before the first answer is
 * read. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

enum {
	PARALLEL = 4,              /* calls at once */
	BATCH = 512,               /* items of a call */
	BATCH_BYTES = 8 << 20,     /* of all items of a put */
	MOST = 512 << 20,          /* bytes of one string, as Redis has it */
	KEY_MOST = 160             /* bytes of a key, with its NUL */
};

/* ---- keys ---------------------------------------------------------------------------- */

static int send_key(const struct store *s, struct peer *p, vt_call *call, const char *space, const vt_id *name, struct trouble *t)
{
	char key[KEY_MOST];
	int n = snprintf(key, sizeof key - 65, "%s:%s:", s->prefix, space), i;

	for (i = 0; i < 32; i++)
		n += snprintf(key + n, 3, "%02x", name->byte[i]);
	return resp_word(&p->resp, call, key, (size_t)n, t);
}

static int send_name(const struct store *s, struct peer *p, vt_call *call, uint32_t space, const vt_id *name, struct trouble *t)
{
	char number[16];

	snprintf(number, sizeof number, "%u", space);
	return send_key(s, p, call, number, name, t);
}

/* ---- getting ------------------------------------------------------------------------- */

/* Reads the answer for one object. -1: trouble. */
static int receive_one(struct store *s, vt_call *call, struct peer *p, vt_get_item *item, struct trouble *t)
{
	struct reply reply;

	if (resp_reply(&p->resp, call, &reply, t) < 0)
		return -1;
	switch (reply.kind) {
	case REPLY_NOTHING:
		item->status = VT_NONE;
		return 0;
	case REPLY_BULK:
		if (resp_bulk(&p->resp, call, reply.number, item->into, &item->status, t) < 0)
			return -1;
		return 0;
	case REPLY_ERROR:
		item->status = peer_refused(s, call, reply.text, false);
		return 0;
	default:
		trouble_set(t, "the answer is not one of a Redis server");
		return -1;
	}
}

static int send_mget(struct store *s, vt_call *call, struct peer *p, uint32_t space, const vt_get_item *items, uint32_t n, struct trouble *t)
{
	uint32_t i;

	if (resp_command(&p->resp, call, n + 1, t) < 0 || resp_text(&p->resp, call, "MGET", t) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (send_name(s, p, call, space, &items[i].name, t) < 0)
			return -1;
	return 0;
}

static int mget(struct store *s, vt_call *call, struct peer *p, uint32_t space, vt_get_item *items, uint32_t n, vt_status *ret, struct trouble *t)
{
	struct reply reply;
	uint32_t i;

	if (send_mget(s, call, p, space, items, n, t) < 0 || resp_reply(&p->resp, call, &reply, t) < 0)
		return -1;
	if (reply.kind == REPLY_ERROR) {
		*ret = peer_refused(s, call, reply.text, false);
		return 0;
	}
	if (reply.kind != REPLY_ARRAY || reply.number != n) {
		trouble_set(t, "the answer is not one of a Redis server");
		return -1;
	}
	for (i = 0; i < n; i++)
		if (receive_one(s, call, p, &items[i], t) < 0)
			return -1;
	return 0;
}

static vt_status get_many(void *self, vt_call *call, uint32_t space, vt_get_item *items, uint32_t n)
{
	struct trouble t = { .cancelled = false };
	struct store *s = self;
	struct peer *p;
	vt_status status;
	uint32_t i;
	int r;

	for (i = 0; i < n; i++)
		items[i].status = VT_FAILED;
	status = peer_take(s, call, &p);
	if (status != VT_OK)
		return status;
	r = mget(s, call, p, space, items, n, &status, &t);
	return peer_leave(s, call, p, r, &t, status);
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	vt_get_item item = { .name = *name, .into = into };
	vt_status status = get_many(self, call, space, &item, 1);

	return status == VT_OK ? item.status : status;
}

/* ---- putting ------------------------------------------------------------------------- */

static int send_set(struct store *s, vt_call *call, struct peer *p, uint32_t space, const vt_put_item *item, struct trouble *t)
{
	if (resp_command(&p->resp, call, s->ttl_ms ? 5 : 3, t) < 0 || resp_text(&p->resp, call, "SET", t) < 0 ||
	    send_name(s, p, call, space, &item->name, t) < 0 || resp_source(&p->resp, call, item->from, t) < 0)
		return -1;
	return !s->ttl_ms ? 0 : resp_text(&p->resp, call, "PX", t) < 0 ? -1 : resp_number(&p->resp, call, s->ttl_ms, t);
}

static int set_all(struct store *s, vt_call *call, struct peer *p, uint32_t space, vt_put_item *items, uint32_t n, struct trouble *t)
{
	struct reply reply;
	uint32_t i;

	/* answers are five bytes each, so that the server can always send them */
	for (i = 0; i < n; i++) {
		if (call->stopping(call)) {
			t->cancelled = true;
			return -1;
		}
		if (items[i].status == VT_FAILED && send_set(s, call, p, space, &items[i], t) < 0)
			return -1;
	}
	for (i = 0; i < n; i++) {
		if (items[i].status != VT_FAILED)
			continue;
		if (resp_reply(&p->resp, call, &reply, t) < 0)
			return -1;
		items[i].status = reply.kind == REPLY_ERROR ? peer_refused(s, call, reply.text, true) : VT_OK;
	}
	return 0;
}

static vt_status put_many(void *self, vt_call *call, uint32_t space, vt_put_item *items, uint32_t n)
{
	struct trouble t = { .cancelled = false };
	struct store *s = self;
	struct peer *p;
	vt_status status;
	uint32_t i;
	bool nothing;

	pthread_mutex_lock(&s->lock);
	nothing = s->no_put;
	pthread_mutex_unlock(&s->lock);
	for (i = 0; i < n; i++)
		items[i].status = nothing || items[i].from->size > MOST ? VT_NONE : VT_FAILED;
	if (nothing)
		return VT_OK;
	status = peer_take(s, call, &p);
	return status == VT_OK ? peer_leave(s, call, p, set_all(s, call, p, space, items, n, &t), &t, VT_OK) : status;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	vt_put_item item = { .name = *name, .from = from };
	vt_status status = put_many(self, call, space, &item, 1);

	return status == VT_OK ? item.status : status;
}

/* ---- the rest ------------------------------------------------------------------------ */

/* Sends COMMAND NAME [TTL] for each name, then reads a number for each; into ret[] whether it is not 0. */
static int each(struct store *s, vt_call *call, struct peer *p, const char *command, uint64_t ttl_ms, uint32_t space, const vt_id *names, uint32_t n,
		uint8_t *ret, vt_status *ret_status, struct trouble *t)
{
	struct reply reply;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (resp_command(&p->resp, call, ttl_ms ? 3 : 2, t) < 0 || resp_text(&p->resp, call, command, t) < 0 ||
		    send_name(s, p, call, space, &names[i], t) < 0 || (ttl_ms && resp_number(&p->resp, call, ttl_ms, t) < 0))
			return -1;
	for (i = 0; i < n; i++) {
		if (resp_reply(&p->resp, call, &reply, t) < 0)
			return -1;
		ret[i] = reply.kind == REPLY_NUMBER && reply.number > 0;
		if (reply.kind == REPLY_ERROR && *ret_status == VT_OK)
			*ret_status = peer_refused(s, call, reply.text, true);
	}
	return 0;
}

static vt_status has(void *self, vt_call *call, uint32_t space, const vt_id *names, uint32_t n, uint8_t *ret)
{
	struct trouble t = { .cancelled = false };
	struct store *s = self;
	struct peer *p;
	vt_status status = peer_take(s, call, &p);
	int r;

	if (status != VT_OK)
		return status;
	/* both commands answer whether the key exists */
	r = each(s, call, p, s->ttl_ms ? "PEXPIRE" : "EXISTS", s->ttl_ms, space, names, n, ret, &status, &t);
	return peer_leave(s, call, p, r, &t, status);
}

static vt_status drop(void *self, vt_call *call, uint32_t space, const vt_id *name, uint32_t why)
{
	struct trouble t = { .cancelled = false };
	struct store *s = self;
	struct peer *p;
	uint8_t there = 0;
	vt_status status = peer_take(s, call, &p);
	int r;

	(void)why;
	if (status == VT_OK) {
		r = each(s, call, p, "DEL", 0, space, name, 1, &there, &status, &t);
		status = peer_leave(s, call, p, r, &t, status);
	}
	return status == VT_OK && !there ? VT_NONE : status;
}

static vt_status wants(void *self, vt_call *call, vt_wants *ret)
{
	(void)self;
	(void)call;
	ret->flags = VT_WANTS_FAR;
	ret->parallel = PARALLEL;
	ret->batch = BATCH;
	ret->batch_bytes = BATCH_BYTES;
	ret->most = MOST;
	return VT_OK;
}

/* EVAL SCRIPT 1 PREFIX:lease:NAME OWNER [TTL] */
static int eval_lease(struct store *s, vt_call *call, struct peer *p, const char *script, const vt_id *name, const vt_id *owner, uint32_t ttl_ms,
		      struct reply *ret, struct trouble *t)
{
	if (resp_command(&p->resp, call, ttl_ms ? 6 : 5, t) < 0 || resp_text(&p->resp, call, "EVAL", t) < 0 ||
	    resp_text(&p->resp, call, script, t) < 0 || resp_text(&p->resp, call, "1", t) < 0 || send_key(s, p, call, "lease", name, t) < 0 ||
	    resp_word(&p->resp, call, owner->byte, sizeof owner->byte, t) < 0 || (ttl_ms && resp_number(&p->resp, call, ttl_ms, t) < 0))
		return -1;
	return resp_reply(&p->resp, call, ret, t);
}

static vt_status lease(void *self, vt_call *call, const vt_id *name, const vt_id *owner, uint32_t ttl_ms, vt_id *ret_owner)
{
	/* a script runs alone: no other client comes between the check and the taking */
	static const char script[] =
		"local o = redis.call('GET', KEYS[1])\n"
		"if o and o ~= ARGV[1] then return o end\n"
		"redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
		"return ARGV[1]";
	struct trouble t = { .cancelled = false };
	struct store *s = self;
	struct reply reply;
	struct peer *p;
	vt_status status = peer_take(s, call, &p);
	int r;

	if (status != VT_OK)
		return status;
	r = eval_lease(s, call, p, script, name, owner, ttl_ms ? ttl_ms : 1, &reply, &t);
	if (r == 0 && reply.kind == REPLY_ERROR)
		status = peer_refused(s, call, reply.text, false);
	else if (r == 0)
		r = resp_bytes(&p->resp, call, &reply, ret_owner->byte, sizeof ret_owner->byte, &t);
	status = peer_leave(s, call, p, r, &t, status);
	return status == VT_OK && memcmp(ret_owner->byte, owner->byte, sizeof owner->byte) != 0 ? VT_NONE : status;
}

static vt_status release(void *self, vt_call *call, const vt_id *name, const vt_id *owner)
{
	static const char script[] =
		"if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
		"return redis.call('DEL', KEYS[1])";
	struct trouble t = { .cancelled = false };
	struct store *s = self;
	struct reply reply;
	struct peer *p;
	vt_status status = peer_take(s, call, &p);
	int r;

	if (status != VT_OK)
		return status;
	r = eval_lease(s, call, p, script, name, owner, 0, &reply, &t);
	if (r == 0 && reply.kind == REPLY_ERROR)
		status = peer_refused(s, call, reply.text, false);
	else if (r == 0 && reply.number == 0)
		status = VT_NONE;
	return peer_leave(s, call, p, r, &t, status);
}

/* ---- options ------------------------------------------------------------------------- */

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	struct store *s = calloc(1, sizeof *s);

	(void)host;
	if (!s) {
		call->report(call, VT_REPORT_ERROR, "memory", text_bytes("out of memory"));
		return VT_FAILED;
	}
	pthread_mutex_init(&s->lock, NULL);
	*ret_self = s;
	return VT_OK;
}

static vt_status wrong(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "option", text_bytes(text));
	return VT_FAILED;
}

static vt_status set_url(struct store *s, vt_call *call, const char *text)
{
	const char *why = redis_url_read(text, &s->url);
	char sentence[256];

	if (why) {
		snprintf(sentence, sizeof sentence, "'url' is no address of a Redis server: %s", why);
		return wrong(call, sentence);
	}
	snprintf(s->shown, sizeof s->shown, "%s%s%s", s->url.address.host, s->url.address.is_unix ? "" : ":", s->url.address.port);
	return VT_OK;
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	struct store *s = self;
	char *text = strndup(value.data, value.size);
	vt_status status = VT_OK;

	if (!text)
		return wrong(call, "out of memory");
	if (strcmp(key, "url") == 0) {
		status = set_url(s, call, text);
	} else if (strcmp(key, "ttl") == 0) {
		s->ttl_ms = strtoull(text, NULL, 10);
	} else if (strcmp(key, "prefix") == 0) {
		if (strlen(text) > PREFIX_MOST)
			status = wrong(call, "'prefix' is longer than 64 bytes");
		else
			strcpy(s->prefix, text);
	} else {
		char **to = strcmp(key, "user") == 0 ? &s->user : strcmp(key, "password") == 0 ? &s->password : &s->ca;

		*to = text;
		s->url.address.ca = s->ca;
		return VT_OK;
	}
	free(text);
	return status;
}

static vt_status start(void *self, vt_call *call)
{
	struct store *s = self;

	(void)call;
	s->url.address.ca = s->ca;
	return VT_OK;
}

static void destroy(void *self)
{
	struct store *s = self;
	struct peer *p;

	while ((p = peer_idle(s)))
		peer_close(p);
	pthread_mutex_destroy(&s->lock);
	free(s->user);
	free(s->password);
	free(s->ca);
	free(s);
}

static const vt_option url = { .struct_size = sizeof url, .name = "url", .type = "url", .flags = VT_OPTION_REQUIRED | VT_OPTION_USER_ONLY,
	.help = "the server: redis://HOST:PORT/DATABASE, rediss:// with TLS, or unix:///PATH" };
static const vt_option user = { .struct_size = sizeof user, .name = "user", .type = "string", .flags = VT_OPTION_USER_ONLY,
	.help = "the user's name (ACL)" };
static const vt_option password = { .struct_size = sizeof password, .name = "password", .type = "string", .flags = VT_OPTION_SECRET,
	.help = "the user's password" };
static const vt_option ca = { .struct_size = sizeof ca, .name = "ca", .type = "path", .flags = VT_OPTION_USER_ONLY,
	.help = "a file of certificates (PEM) to trust instead of the system's" };
static const vt_option prefix = { .struct_size = sizeof prefix, .name = "prefix", .type = "string", .fallback = "vt",
	.help = "what each key begins with" };
static const vt_option ttl = { .struct_size = sizeof ttl, .name = "ttl", .type = "duration", .fallback = "30d",
	.help = "how long an object stays after it was put; 0: for ever" };
static const vt_option *const options[] = { &url, &user, &password, &ca, &prefix, &ttl, NULL };

static const vt_store_ops ops = {
	.struct_size = sizeof ops, .get = get, .put = put, .drop = drop, .get_many = get_many, .put_many = put_many, .has = has, .wants = wants,
	.lease = lease, .release = release,
};

static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_STORE, .name = "store-redis", .summary = "keeps results on a Redis server",
	.threads = VT_THREADS_MANY, .options = options, .create = create, .set = set, .start = start, .destroy = destroy, .ops = &ops,
};

VT_PLUGIN("store-redis", "0.1.0", "keeps results on a Redis server", "MIT", NULL, &component);
