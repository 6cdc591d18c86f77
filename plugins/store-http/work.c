#include "work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "words.h"

void store_tell(const struct store *s, vt_call *call, uint32_t level, const char *text)
{
	char sentence[512];

	snprintf(sentence, sizeof sentence, "%s: %s", s->settings.host, text);
	call->report(call, level, "http", (vt_bytes){ sentence, strlen(sentence) });
}

bool store_mark(struct store *s, bool *told)
{
	bool before;

	pthread_mutex_lock(&s->lock);
	before = *told;
	*told = true;
	pthread_mutex_unlock(&s->lock);
	return before;
}

bool store_is_marked(struct store *s, const bool *told)
{
	bool ret;

	pthread_mutex_lock(&s->lock);
	ret = *told;
	pthread_mutex_unlock(&s->lock);
	return ret;
}

/* ---- lanes -------------------------------------------------------------------------- */

/* NULL: the failure was reported. */
static struct lane *take_lane(struct store *s, vt_call *call)
{
	struct lane *l = NULL;

	pthread_mutex_lock(&s->lock);
	if (s->idle_n)
		l = s->idle[--s->idle_n];
	pthread_mutex_unlock(&s->lock);
	if (!l)
		l = lane_new(&s->server);
	if (!l)
		store_tell(s, call, VT_REPORT_ERROR, "out of memory");
	return l;
}

static void give_lane(struct store *s, struct lane *l)
{
	pthread_mutex_lock(&s->lock);
	if (s->idle_n < LANES) {
		s->idle[s->idle_n++] = l;
		l = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	if (l)
		lane_free(l);
}

bool work_begin(struct work *w, struct store *s, vt_call *call, uint32_t n)
{
	*w = (struct work){ .store = s, .call = call, .n = n, .down = VT_OK };
	w->list = calloc(n ? n : 1, sizeof *w->list);
	if (!w->list)
		store_tell(s, call, VT_REPORT_ERROR, "out of memory");
	else
		w->lane = take_lane(s, call);
	if (w->lane)
		return true;
	free(w->list);
	return false;
}

void work_end(struct work *w)
{
	uint32_t i;

	for (i = 0; i < w->n; i++)
		transfer_clear(&w->list[i]);
	free(w->list);
	give_lane(w->store, w->lane);
}

/* ---- requests ------------------------------------------------------------------------ */

static bool write_request(struct store *s, struct transfer *t, vt_call *call)
{
	return s->layout->address(&s->settings, t, t->space, &t->name, call) && (!t->once || transfer_header(t, "If-None-Match", "*"));
}

/* Signs a request again when a clock is wrong here or there: the first answer that says so tells the server's clock, and all
 * later requests use it. */
static bool sign_anew(struct transfer *t, vt_call *call)
{
	struct store *s = t->owner;
	int64_t ahead = t->date_s - (int64_t)time(NULL);
	bool first, again;
	char text[120];

	if (!s->layout->is_skewed(t))
		return false;
	pthread_mutex_lock(&s->lock);
	first = !s->clock_known;
	s->clock_known = true;
	if (first)
		s->settings.clock_s = ahead;
	again = t->clock_s != s->settings.clock_s;
	pthread_mutex_unlock(&s->lock);
	if (!again)
		return false;
	if (first) {
		snprintf(text, sizeof text, "its clock is %" PRId64 " s %s this machine's: requests are signed by its clock", ahead < 0 ? -ahead : ahead,
			 ahead < 0 ? "behind" : "ahead of");
		store_tell(s, call, VT_REPORT_INFO, text);
	}
	transfer_clear(t);
	t->status = VT_OK;
	return write_request(s, t, call);
}

void work_ask(struct work *w, uint32_t i, enum method method, uint32_t space, const vt_id *name)
{
	struct transfer *t = &w->list[i];

	t->method = method;
	t->space = space;
	t->name = *name;
	t->owner = w->store;
	t->renew = w->store->layout->is_skewed ? sign_anew : NULL;
	if (!write_request(w->store, t, w->call)) {
		t->skip = true;
		if (t->status == VT_OK)
			store_tell(w->store, w->call, VT_REPORT_ERROR, "out of memory");
	}
}

void work_run(struct work *w)
{
	lane_run(w->lane, w->call, w->list, w->n);
}

/* ---- what an answer means ---------------------------------------------------------------- */

static vt_status answered_badly(struct work *w, const struct transfer *t)
{
	static const char *const verbs[] = { "GET", "PUT", "HEAD", "DELETE" };
	const struct layout *layout = w->store->layout;
	bool lost = t->code == 401 || (layout->is_lost && layout->is_lost(t)) || (t->method == METHOD_GET && t->code == 403) ||
		    (t->code >= 300 && t->code < 400);
	char line[400], answer[320];

	answer_words(t->code, t->text, answer, sizeof answer);
	snprintf(line, sizeof line, "%s is answered with %s", verbs[t->method], answer);
	store_tell(w->store, w->call, VT_REPORT_ERROR, line);
	if (!lost || t->away)
		return VT_FAILED;
	w->down = VT_DOWN;
	return VT_DOWN;
}

/* Reports why no answer came. */
static vt_status failed(struct work *w, const struct transfer *t)
{
	/* a sink or a source has reported why; a lane's reason is in `text` */
	if (t->status == VT_FAILED && t->text[0])
		store_tell(w->store, w->call, VT_REPORT_ERROR, t->text);
	if (t->distrusted)
		w->down = VT_DOWN;
	return t->status == VT_NONE ? VT_FAILED : t->status;
}

vt_status work_got(struct work *w, const struct transfer *t)
{
	if (t->status != VT_OK)
		return failed(w, t);
	if (t->code == 200 || (t->method == METHOD_HEAD && t->code == 204))
		return VT_OK;
	return t->code == 404 || t->code == 410 ? VT_NONE : answered_badly(w, t);
}

static vt_status only_read(struct work *w)
{
	if (!store_mark(w->store, &w->store->no_put))
		store_tell(w->store, w->call, VT_REPORT_INFO, "it takes nothing from this user: only read from in this run");
	return VT_NONE;
}

vt_status work_put(struct work *w, const struct transfer *t)
{
	struct store *s = w->store;
	const struct layout *layout = s->layout;

	if (t->status != VT_OK)
		return failed(w, t);
	if (layout->takes_nothing && layout->takes_nothing(t))
		return only_read(w);
	/* 412, 409: the object exists, or another client is putting the same one */
	if (t->code / 100 == 2 || (layout->once && (t->code == 412 || t->code == 409)))
		return VT_OK;
	switch (t->code) {
	case 403: case 405:
		if (layout->is_lost && layout->is_lost(t))
			break;
		return only_read(w);
	case 413:
		return VT_NONE;
	case 507:
		if (!store_mark(s, &s->full))
			store_tell(s, w->call, VT_REPORT_WARNING, "it is full: new results are not shared");
		return VT_NONE;
	default:
		break;
	}
	return answered_badly(w, t);
}
