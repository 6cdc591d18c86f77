#include "config.h"

#include "report/warnings.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "os/loop.h"
#include "text/shown.h"

enum {
	TEXTS_MAX = 10000,             /* different texts; later ones are dropped */
	LAST_WAIT_MS = 1000            /* wait of warnings_last for room in the pipe */
};

struct warning {
	struct warning *next;
	char line[];                   /* newline included */
};

struct warnings {
	pthread_mutex_t lock;          /* guards all below; the loop's lock is taken inside it */
	pthread_t main;                /* the main thread */
	struct map known;              /* every line that was added; its values own the warnings */
	struct warning *first, **end;  /* warnings not shown yet, in order */
	struct loop *loop;             /* NULL: not attached; only the main thread writes it */
	struct listener listener;
	bool posted;                   /* the loop will call tell_posted */
};

struct warnings *warnings_new(void)
{
	struct warnings *w = xcalloc(1, sizeof *w);

	pthread_mutex_init(&w->lock, NULL);
	w->main = pthread_self();
	map_init(&w->known);
	w->end = &w->first;
	return w;
}

void warnings_free(struct warnings *w)
{
	uint32_t i;

	if (!w)
		return;
	for (i = 0; i < w->known.n; i++)
		free(w->known.at[i].value);
	map_free(&w->known);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Takes the list of warnings not shown yet. Its members live as long as w. */
static struct warning *take_all(struct warnings *w)
{
	struct warning *list;

	pthread_mutex_lock(&w->lock);
	list = w->first;
	w->first = NULL;
	w->end = &w->first;
	pthread_mutex_unlock(&w->lock);
	return list;
}

void warnings_flush(struct warnings *w)
{
	struct warning *at, *next;

	for (at = take_all(w); at; at = next) {
		next = at->next;
		if (w->loop)
			w->listener.on_event(w->listener.self, &(struct event){ .kind = EVENT_WARNING, .text = at->line });
		else
			fputs(at->line, stderr);
	}
}

/* Runs on the loop. If the loop was detached meanwhile, the main thread shows them later. */
static void tell_posted(void *ctx)
{
	struct warnings *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->posted = false;
	pthread_mutex_unlock(&w->lock);
	if (w->loop)
		warnings_flush(w);
}

static struct warning *new_line(const char *prefix, const char *text)
{
	struct warning *ret;
	struct buf line;

	buf_init(&line, SIZE_MAX / 2);
	buf_text(&line, prefix);
	shown_text(&line, text);
	buf_byte(&line, '\n');
	ret = xmalloc(sizeof *ret + line.size + 1);
	ret->next = NULL;
	memcpy(ret->line, buf_str(&line), line.size + 1);
	buf_free(&line);
	return ret;
}

static void add(struct warnings *w, const char *prefix, const char *text)
{
	struct warning *line = new_line(prefix, text);
	bool at_once;

	pthread_mutex_lock(&w->lock);
	if (w->known.n >= TEXTS_MAX || map_gets(&w->known, line->line)) {
		pthread_mutex_unlock(&w->lock);
		free(line);
		return;
	}
	*map_puts(&w->known, line->line) = line;
	*w->end = line;
	w->end = &line->next;
	if (w->loop && !w->posted) {
		w->posted = true;
		loop_post(w->loop, tell_posted, w);
	}
	at_once = !w->loop && pthread_equal(w->main, pthread_self());
	pthread_mutex_unlock(&w->lock);
	if (at_once)
		warnings_flush(w);
}

void warnings_add(void *w, const char *text)
{
	add(w, "warning: ", text);
}

void warnings_note(void *w, const char *text)
{
	add(w, "", text);
}

void warnings_attach(struct warnings *w, struct loop *l, struct listener listener)
{
	pthread_mutex_lock(&w->lock);
	w->loop = l;
	w->listener = listener;
	pthread_mutex_unlock(&w->lock);
	warnings_flush(w);
}

void warnings_detach(struct warnings *w)
{
	warnings_flush(w);
	pthread_mutex_lock(&w->lock);
	w->loop = NULL;
	pthread_mutex_unlock(&w->lock);
}

void warnings_last(struct warnings *w, const char *text)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct warning *at;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (at = take_all(w); at; at = at->next)
		buf_text(&b, at->line);
	buf_text(&b, text);
	if (poll(&p, 1, LAST_WAIT_MS) > 0 && write(STDERR_FILENO, b.data, b.size) < 0)
		p.revents = 0;         /* nothing more can be done */
	buf_free(&b);
}
