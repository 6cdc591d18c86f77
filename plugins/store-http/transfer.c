#include "transfer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	SLICE_MS = 50,             /* time between two questions whether to stop */
	MARGIN_MS = 20,            /* time of vt's patience that is left when a lane gives up, to answer in time */
	TRIES = 5,                 /* tries of one request that the server puts off */
	HOPS = 3,                  /* redirections of one request */
	REST_MOST = 64 << 10,      /* bytes that are read of an answer without the object */
	BUFFER = 256 << 10,        /* bytes between libcurl and a connection */
	FDS_MOST = 4096            /* descriptors that are checked, at most */
};

struct lane {
	const struct server *server;
	CURLM *multi;
	CURL *idle[LANE_STREAMS];
	uint32_t idle_n, active;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- life --------------------------------------------------------------------------- */

static bool works;

static void begin(void)
{
	works = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

bool transfer_begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, begin);
	return works;
}

/* Notes the open descriptors, or sets close-on-exec for those that were opened since: older versions of libcurl open the pair that
 * wakes it without. All descriptors of vt have it. */
static void close_at_exec(uint8_t *open, bool note)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int fd = atoi(e->d_name);

		if (e->d_name[0] == '.' || fd < 3 || fd >= FDS_MOST)
			continue;
		if (note)
			open[fd] = 1;
		else if (!open[fd])
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	if (d)
		closedir(d);
}

struct lane *lane_new(const struct server *server)
{
	uint8_t *open = calloc(1, FDS_MOST);
	struct lane *l = calloc(1, sizeof *l);

	if (open)
		close_at_exec(open, true);
	if (l && open)
		l->multi = curl_multi_init();
	if (open)
		close_at_exec(open, false);
	free(open);
	if (!l || !l->multi) {
		free(l);
		return NULL;
	}
	l->server = server;
	curl_multi_setopt(l->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(l->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)LANE_CONNECTIONS);
	curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)LANE_CONNECTIONS);
	return l;
}

void lane_free(struct lane *l)
{
	while (l->idle_n)
		curl_easy_cleanup(l->idle[--l->idle_n]);
	curl_multi_cleanup(l->multi);
	free(l);
}

void transfer_clear(struct transfer *t)
{
	curl_slist_free_all(t->headers);
	t->headers = NULL;
}

bool transfer_header(struct transfer *t, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 3;
	char *line = malloc(size);
	struct curl_slist *more = NULL;

	if (line) {
		/* libcurl sends a header without a value if its name ends with a semicolon, and removes one that has a colon */
		snprintf(line, size, "%s:%s%s", name, *value ? " " : "", value);
		more = curl_slist_append(t->headers, line);
		free(line);
	}
	if (more)
		t->headers = more;
	return more != NULL;
}

/* ---- what libcurl calls --------------------------------------------------------------- */

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)ctx;
	(void)purpose;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static bool has_object(const struct transfer *t)
{
	long code = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
	return t->into && code == 200;
}

/* Reads the date of an answer from its headers. */
static size_t on_header(char *data, size_t one, size_t size, void *ctx)
{
	static const char name[] = "date:";
	struct transfer *t = ctx;
	char text[64];
	size_t n = size - (sizeof name - 1);

	(void)one;
	if (size < sizeof name || strncasecmp(data, name, sizeof name - 1) != 0 || n >= sizeof text)
		return size;
	memcpy(text, data + sizeof name - 1, n);
	text[n] = '\0';
	t->date_s = (int64_t)curl_getdate(text, NULL);
	if (t->date_s < 0)
		t->date_s = 0;
	return size;
}

static size_t on_body(char *data, size_t one, size_t size, void *ctx)
{
	struct transfer *t = ctx;
	size_t n;

	(void)one;
	if (!has_object(t)) {
		n = sizeof t->text - 1 - t->text_n;
		n = n < size ? n : size;
		memcpy(t->text + t->text_n, data, n);
		t->text_n += n;
		t->rest += size;
		return t->rest > REST_MOST ? 0 : size;
	}
	if (size > t->into->most - t->into->got) {
		t->why = "more came than was put there";
		t->inner = VT_FAILED;
		return 0;
	}
	t->inner = t->into->write(t->into, t->call, data, size);
	return t->inner == VT_OK ? size : 0;
}

static size_t on_read(char *buffer, size_t one, size_t size, void *ctx)
{
	struct transfer *t = ctx;
	size_t n = 0;

	size *= one;
	if (t->at == t->from->size)
		return 0;
	if (size > t->from->size - t->at)
		size = (size_t)(t->from->size - t->at);
	t->inner = t->from->read(t->from, t->call, t->at, buffer, size, &n);
	if (t->inner == VT_OK && (n == 0 || n > size)) {
		t->why = "what is to be sent ended early";
		t->inner = VT_FAILED;
	}
	if (t->inner != VT_OK)
		return CURL_READFUNC_ABORT;
	t->at += n;
	return n;
}

static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct transfer *t = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->from->size)
		return CURL_SEEKFUNC_CANTSEEK;
	t->at = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* ---- one request ------------------------------------------------------------------------ */

static void set_protocols(CURL *e)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(e, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* Chooses the version of HTTP. Only TLS tells which one a server speaks; without TLS no request waits for the first connection. */
static void set_version(CURL *e, const struct transfer *t)
{
	bool tls = strncasecmp(t->url, "https:", 6) == 0;

	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, tls ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
}

static void set_method(CURL *e, struct transfer *t)
{
	switch (t->method) {
	case METHOD_GET:
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
		break;
	case METHOD_HEAD:
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
		break;
	case METHOD_DELETE:
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "DELETE");
		break;
	case METHOD_PUT:
		/* with the size the request has a Content-Length, also over HTTP/1.1 */
		curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->from->size);
		curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(e, CURLOPT_READDATA, t);
		curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(e, CURLOPT_SEEKDATA, t);
		break;
	}
}

static void set_credentials(CURL *e, const struct server *s, const struct transfer *t)
{
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
	if (!s->user && !s->password)
		return;
	curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(e, CURLOPT_USERNAME, s->user ? s->user : "");
	curl_easy_setopt(e, CURLOPT_PASSWORD, s->password ? s->password : "");
}

static bool start(struct lane *l, struct transfer *t)
{
	CURL *e = l->idle_n ? l->idle[--l->idle_n] : curl_easy_init();

	if (!e)
		return false;
	curl_easy_reset(e);
	t->easy = e;
	t->at = t->rest = 0;
	t->text_n = 0;
	t->text[0] = t->error[0] = '\0';
	t->code = 0;
	t->date_s = 0;
	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_URL, t->url);
	set_protocols(e);
	set_method(e, t);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	set_version(e, t);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_USERAGENT, l->server->agent);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)BUFFER);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	if (t->renew) {
		curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
		curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	}
	if (l->server->ca)
		curl_easy_setopt(e, CURLOPT_CAINFO, l->server->ca);
	if (!t->away)
		set_credentials(e, l->server, t);
	if (curl_multi_add_handle(l->multi, e) != CURLM_OK) {
		curl_easy_cleanup(e);
		t->easy = NULL;
		return false;
	}
	l->active++;
	return true;
}

static void stop(struct lane *l, struct transfer *t)
{
	curl_multi_remove_handle(l->multi, t->easy);
	l->idle[l->idle_n++] = t->easy;
	l->active--;
	t->easy = NULL;
}

static void end(struct transfer *t, vt_status status, const char *text)
{
	t->status = status;
	t->done = true;
	if (text)
		snprintf(t->text, sizeof t->text, "%s", text);
}

/* ---- the end of a request ------------------------------------------------------------------ */

/* Must the request be made again later? */
static bool is_put_off(struct transfer *t, vt_call *call)
{
	curl_off_t after_s = 0;
	int64_t wait_ms;

	if ((t->code != 429 && t->code != 503) || ++t->tries >= TRIES)
		return false;
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after_s);
	wait_ms = after_s > 0 && after_s < 3600 ? (int64_t)after_s * 1000 : INT64_C(100) << t->tries;
	if (after_s >= 3600 || wait_ms > call->left_ms(call) - 2 * MARGIN_MS)
		return false;
	t->not_before_ms = now_ms() + wait_ms;
	return true;
}

/* Must the request follow a redirection? Sets its address; without credentials, and never from TLS to plain HTTP. */
static bool is_sent_on(struct transfer *t)
{
	char *url = NULL;

	if (t->code < 301 || t->code > 308 || t->code == 304 || (t->method != METHOD_GET && t->method != METHOD_HEAD) || t->hops++ >= HOPS)
		return false;
	curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &url);
	if (!url || strlen(url) >= sizeof t->url || (strncasecmp(t->url, "https:", 6) == 0 && strncasecmp(url, "https:", 6) != 0))
		return false;
	strcpy(t->url, url);
	t->away = true;
	return true;
}

static bool is_renewed(struct transfer *t, vt_call *call)
{
	bool ret = t->renew && !t->away && t->renew(t, call);

	if (ret)
		t->renew = NULL;
	return ret;
}

static void finish(struct lane *l, struct transfer *t, CURLcode r, vt_call *call)
{
	bool again = false;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->code);
	t->text[t->text_n] = '\0';
	if (t->inner != VT_OK)
		end(t, t->inner, t->why);
	else if (r == CURLE_OK || t->rest > REST_MOST)
		again = is_put_off(t, call) || is_sent_on(t) || is_renewed(t, call);
	/* a server may answer before it has read all of a request that it refuses, and close */
	else if (t->code < 400) {
		t->distrusted = r == CURLE_PEER_FAILED_VERIFICATION || r == CURLE_SSL_CACERT_BADFILE;
		end(t, VT_FAILED, t->error[0] ? t->error : curl_easy_strerror(r));
	}
	stop(l, t);
	if (!again && !t->done)
		end(t, VT_OK, NULL);
}

/* Collects requests that have ended. Returns whether there was one. */
static bool collect(struct lane *l, vt_call *call)
{
	struct transfer *t;
	bool ret = false;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(l->multi, &left))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		finish(l, t, m->data.result, call);
		ret = true;
	}
	return ret;
}

/* ---- many requests --------------------------------------------------------------------------- */

/* Starts all requests that may start. Returns whether any is left; *ret_wait_ms: until the first of the waiting ones. */
static bool start_more(struct lane *l, struct transfer *list, uint32_t n, int *ret_wait_ms)
{
	int64_t now = now_ms(), wait;
	bool left = false;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct transfer *t = &list[i];

		if (t->done)
			continue;
		left = true;
		if (t->easy)
			continue;
		wait = t->not_before_ms - now;
		if (wait > 0)
			*ret_wait_ms = wait < *ret_wait_ms ? (int)wait : *ret_wait_ms;
		else if (l->active < LANE_STREAMS && !start(l, t))
			end(t, VT_FAILED, "out of memory");
	}
	return left;
}

static void give_up(struct lane *l, struct transfer *list, uint32_t n, vt_status status, const char *text)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (list[i].done)
			continue;
		if (list[i].easy)
			stop(l, &list[i]);
		end(&list[i], status, text);
	}
}

static void run(struct lane *l, vt_call *call, struct transfer *list, uint32_t n)
{
	int running, wait_ms = SLICE_MS;
	int64_t left;
	bool ended;

	while (start_more(l, list, n, &wait_ms)) {
		if (curl_multi_perform(l->multi, &running) != CURLM_OK) {
			give_up(l, list, n, VT_FAILED, "libcurl failed");
			return;
		}
		ended = collect(l, call);
		left = call->left_ms(call) - MARGIN_MS;
		if (call->stopping(call)) {
			give_up(l, list, n, VT_CANCELLED, NULL);
		} else if (left <= 0) {
			give_up(l, list, n, VT_FAILED, "no answer in time");
		} else if (l->active && !ended) {
			curl_multi_poll(l->multi, NULL, 0, left < wait_ms ? (int)left : wait_ms, NULL);
		} else if (!ended) {
			struct timespec nap = { .tv_nsec = (long)(left < wait_ms ? left : wait_ms) * 1000000L };

			nanosleep(&nap, NULL);
		}
		wait_ms = SLICE_MS;
	}
}

void lane_run(struct lane *l, vt_call *call, struct transfer *list, uint32_t n)
{
	const struct timespec none = { 0 };
	sigset_t pipe, before, pending;
	uint32_t i;
	bool was;

	for (i = 0; i < n; i++) {
		list[i].call = call;
		list[i].done = list[i].skip;
		list[i].status = list[i].skip ? VT_NONE : VT_CANCELLED;
	}
	/* TLS writes to a connection that the server closed: that is an error here, not a signal */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	was = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	run(l, call, list, n);
	while (!was && sigtimedwait(&pipe, NULL, &none) < 0 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
