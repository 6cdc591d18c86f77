#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell(const struct store *s, vt_call *call, uint32_t level, const char *text)
{
	char sentence[640];

	snprintf(sentence, sizeof sentence, "redis at %s: %s", s->shown, text);
	call->report(call, level, "redis", text_bytes(sentence));
}

static vt_status failed(const struct store *s, vt_call *call, const struct trouble *t)
{
	if (t->cancelled)
		return VT_CANCELLED;
	tell(s, call, VT_REPORT_ERROR, t->text);
	return VT_FAILED;
}

static bool is_error(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* Marks *told, and says whether it was so before. */
static bool mark(struct store *s, bool *told)
{
	bool before;

	pthread_mutex_lock(&s->lock);
	before = *told;
	*told = true;
	pthread_mutex_unlock(&s->lock);
	return before;
}

vt_status peer_refused(struct store *s, vt_call *call, const char *text, bool is_put)
{
	if (is_put && (is_error(text, "NOPERM") || is_error(text, "READONLY"))) {
		if (!mark(s, &s->no_put))
			tell(s, call, VT_REPORT_INFO, "it takes nothing from this user: only read from in this run");
		return VT_NONE;
	}
	if (is_put && is_error(text, "OOM")) {
		if (!mark(s, &s->full))
			tell(s, call, VT_REPORT_WARNING, "it is full (maxmemory): new results are not shared");
		return VT_NONE;
	}
	tell(s, call, VT_REPORT_ERROR, text);
	if (is_error(text, "NOAUTH") || is_error(text, "WRONGPASS") || is_error(text, "NOPERM") || is_error(text, "MOVED"))
		return VT_DOWN;
	return VT_FAILED;
}

void peer_close(struct peer *p)
{
	net_close(p->net);
	free(p);
}

/* One command of words; -1: trouble. */
static int ask(struct peer *p, vt_call *call, const char *const *words, uint32_t n, struct reply *ret, struct trouble *t)
{
	uint32_t i;

	if (resp_command(&p->resp, call, n, t) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (resp_text(&p->resp, call, words[i], t) < 0)
			return -1;
	return resp_reply(&p->resp, call, ret, t);
}

/* Sends user, password and database. VT_OK: the server accepted them. */
static vt_status log_in(struct store *s, vt_call *call, struct peer *p, struct trouble *t)
{
	const char *user = s->user ? s->user : s->url.user, *password = s->password ? s->password : s->url.password;
	const char *auth[3] = { "AUTH", user, password }, *database[2] = { "SELECT" };
	struct reply reply;
	char number[16];

	if (!*user) {
		auth[1] = password;
		auth[2] = NULL;
	}
	if (*password) {
		if (ask(p, call, auth, *user ? 3 : 2, &reply, t) < 0)
			return failed(s, call, t);
		if (reply.kind == REPLY_ERROR) {
			tell(s, call, VT_REPORT_ERROR, reply.text);
			return VT_DOWN;
		}
	}
	if (s->url.database) {
		snprintf(number, sizeof number, "%u", s->url.database);
		database[1] = number;
		if (ask(p, call, database, 2, &reply, t) < 0)
			return failed(s, call, t);
		if (reply.kind == REPLY_ERROR)
			return peer_refused(s, call, reply.text, false);
	}
	return VT_OK;
}

struct peer *peer_idle(struct store *s)
{
	struct peer *p;

	pthread_mutex_lock(&s->lock);
	p = s->idle;
	if (p)
		s->idle = p->next;
	pthread_mutex_unlock(&s->lock);
	return p;
}

vt_status peer_take(struct store *s, vt_call *call, struct peer **ret)
{
	struct trouble t = { .cancelled = false };
	struct peer *p;
	vt_status status;

	if (call->stopping(call))
		return VT_CANCELLED;
	while ((p = peer_idle(s))) {
		/* a server may end a connection that was idle for long */
		if (net_is_quiet(p->net)) {
			*ret = p;
			return VT_OK;
		}
		peer_close(p);
	}
	p = calloc(1, sizeof *p);
	if (!p) {
		tell(s, call, VT_REPORT_ERROR, "out of memory");
		return VT_FAILED;
	}
	p->net = p->resp.net = net_open(&s->url.address, call, &t);
	status = p->net ? log_in(s, call, p, &t) : failed(s, call, &t);
	if (status != VT_OK) {
		peer_close(p);
		return status;
	}
	*ret = p;
	return VT_OK;
}

static void peer_give(struct store *s, struct peer *p)
{
	pthread_mutex_lock(&s->lock);
	p->next = s->idle;
	s->idle = p;
	pthread_mutex_unlock(&s->lock);
}

vt_status peer_leave(struct store *s, vt_call *call, struct peer *p, int r, const struct trouble *t, vt_status status)
{
	if (r == 0) {
		peer_give(s, p);
		return status;
	}
	peer_close(p);
	return failed(s, call, t);
}
