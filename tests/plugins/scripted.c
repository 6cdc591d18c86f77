/* Stores that do what their option `script` says, for the tests of the room plug:
 * "fail-get", "fail-put", "damage", "no-start", "unknown-status", "slow", "at-half". */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vt-plugin.h"

struct item {
	struct item *next;
	uint32_t space;
	vt_id name;
	size_t size;
	unsigned char data[256];
};

struct store {
	char script[64], token[64], url[128];
	struct item *items;
	atomic_int inside;         /* calls at this moment */
	atomic_int most;           /* the most calls at one moment, ever */
	atomic_int calls;
	char status[400];
};

static vt_status fail(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "script", (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

static void enter(struct store *s)
{
	int n = atomic_fetch_add(&s->inside, 1) + 1;

	if (n > atomic_load(&s->most))
		atomic_store(&s->most, n);
	atomic_fetch_add(&s->calls, 1);
	if (strstr(s->script, "slow"))
		usleep(2000);
}

/* Once the file `started` is there: makes `asked`, waits for `half`, then fails. */
static int fails_at_half(void)
{
	FILE *f;
	int i;

	if (access("started", F_OK) < 0)
		return 0;
	if ((f = fopen("asked", "w")))
		fclose(f);
	for (i = 0; i < 6000 && access("half", F_OK) < 0; i++)
		usleep(10000);
	return 1;
}

static struct item *find(struct store *s, uint32_t space, const vt_id *name)
{
	struct item *i = s->items;

	while (i && (i->space != space || memcmp(&i->name, name, sizeof *name)))
		i = i->next;
	return i;
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	struct store *s = self;
	struct item *i;
	vt_status status = VT_NONE;

	enter(s);
	i = find(s, space, name);
	if (strstr(s->script, "fail-get") || (strstr(s->script, "at-half") && fails_at_half()))
		status = fail(call, "the line is cut");
	else if (strstr(s->script, "unknown-status"))
		status = 4711;
	else if (i && strstr(s->script, "damage"))
		status = into->write(into, call, "damaged", 7);
	else if (i)
		status = into->write(into, call, i->data, i->size);
	atomic_fetch_sub(&s->inside, 1);
	return status;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	struct store *s = self;
	struct item *i;
	size_t n = 1;

	if (strstr(s->script, "fail-put"))
		return fail(call, "the disk is full");
	i = calloc(1, sizeof *i);
	if (!i)
		return fail(call, "out of memory");
	i->space = space;
	i->name = *name;
	while (n && i->size < sizeof i->data) {
		if (from->read(from, call, i->size, i->data + i->size, sizeof i->data - i->size, &n)) {
			free(i);
			return VT_FAILED;
		}
		i->size += n;
	}
	i->next = s->items;
	s->items = i;
	return VT_OK;
}

static vt_status drop(void *self, vt_call *call, uint32_t space, const vt_id *name, uint32_t why)
{
	struct item *i = find(self, space, name);

	(void)call, (void)why;
	if (i)
		i->space = 0;
	return VT_OK;
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	(void)host;
	*ret_self = calloc(1, sizeof(struct store));
	return *ret_self ? VT_OK : fail(call, "out of memory");
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	struct store *s = self;
	char *to = strcmp(key, "script") == 0 ? s->script : strcmp(key, "token") == 0 ? s->token : s->url;

	if (strcmp(key, "mirror") == 0)
		return VT_OK;
	if (value.size >= sizeof s->token)
		return fail(call, "too long");
	memcpy(to, value.data, value.size);
	return VT_OK;
}

static vt_status start(void *self, vt_call *call)
{
	struct store *s = self;

	return strstr(s->script, "no-start") ? fail(call, "nobody answers") : VT_OK;
}

static void destroy(void *self)
{
	struct store *s = self;

	while (s->items) {
		struct item *i = s->items;

		s->items = i->next;
		free(i);
	}
	free(s);
}

static const char *status(void *self, vt_call *call)
{
	struct store *s = self;

	(void)call;
	snprintf(s->status, sizeof s->status, "token=%s url=%s calls=%d most=%d", s->token, s->url, atomic_load(&s->calls), atomic_load(&s->most));
	return s->status;
}

static const vt_option script = { .struct_size = sizeof script, .name = "script", .type = "string", .fallback = "" };
static const vt_option token = { .struct_size = sizeof token, .name = "token", .type = "string", .flags = VT_OPTION_SECRET };
static const vt_option url = { .struct_size = sizeof url, .name = "url", .type = "url" };
static const vt_option helper = { .struct_size = sizeof helper, .name = "helper", .type = "path", .flags = VT_OPTION_USER_ONLY };
static const vt_option mirror = { .struct_size = sizeof mirror, .name = "mirror", .type = "url" };
static const vt_option *const options[] = { &script, &token, &url, &mirror, &helper, NULL };

static const vt_store_ops ops = { .struct_size = sizeof ops, .get = get, .put = put, .drop = drop };

#define STORE(variable, its_name, promise) \
	static const vt_component variable = { .struct_size = sizeof variable, .kind = VT_KIND_STORE, .name = its_name, \
		.summary = "does as it is told", .threads = promise, .options = options, .create = create, .set = set, \
		.start = start, .destroy = destroy, .status = status, .ops = &ops }
STORE(near_store, "near", VT_THREADS_ONE);
STORE(far_store, "far", VT_THREADS_MANY);

VT_PLUGIN("scripted", "1.0", NULL, NULL, NULL, &near_store, &far_store);
