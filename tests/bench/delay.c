/* delay: a TCP proxy on the loopback behind which everything is some milliseconds away.
 *
 *   delay PORT TO-PORT MILLISECONDS
 *
 * Bytes that come in at either side go out at the other half the time later, in order and at any rate: MILLISECONDS are a
 * round trip, and as many more pass before a new connection carries its first bytes. Ends by a signal. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS = 256, PIECE = 64 << 10, QUEUE = 32 << 20 /* bytes on their way, in one direction */ };

struct piece {
	struct piece *next;
	int64_t due_ns;
	size_t size, at;
	char bytes[];
};

/* One direction. */
struct way {
	int from, to;
	struct piece *first, **last;
	size_t queued;
	int ended;                     /* 1: the sender is done; 2: and the receiver was told */
};

struct pair {
	int a, b;                      /* -1: free */
	int64_t born_ns;
	struct way way[2];
};

static struct pair pairs[PAIRS];
static int64_t half_ns;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct sockaddr_in local(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void way_open(struct way *w, int from, int to)
{
	*w = (struct way){ .from = from, .to = to };
	w->last = &w->first;
}

static void pair_close(struct pair *p)
{
	int i;

	for (i = 0; i < 2; i++)
		while (p->way[i].first) {
			struct piece *next = p->way[i].first->next;

			free(p->way[i].first);
			p->way[i].first = next;
		}
	close(p->a);
	close(p->b);
	p->a = -1;
}

static void take(int listener, int to_port)
{
	struct sockaddr_in to = local(to_port);
	int a = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), b = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, i;

	for (i = 0; i < PAIRS && pairs[i].a >= 0; i++)
		;
	if (a < 0 || b < 0 || i == PAIRS || connect(b, (struct sockaddr *)&to, sizeof to) < 0) {
		if (a >= 0)
			close(a);
		if (b >= 0)
			close(b);
		return;
	}
	setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(b, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	pairs[i] = (struct pair){ .a = a, .b = b, .born_ns = now_ns() };
	way_open(&pairs[i].way[0], a, b);
	way_open(&pairs[i].way[1], b, a);
}

/* false: the connection is over. */
static int read_some(const struct pair *p, struct way *w)
{
	struct piece *piece = malloc(sizeof *piece + PIECE);
	int64_t now = now_ns(), due = now + half_ns, first = p->born_ns + 3 * half_ns;
	ssize_t n = piece ? recv(w->from, piece->bytes, PIECE, MSG_DONTWAIT) : -1;

	if (n <= 0) {
		free(piece);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 1;
		w->ended = w->ended ? w->ended : 1;
		return n == 0;
	}
	piece->next = NULL;
	piece->at = 0;
	piece->size = (size_t)n;
	piece->due_ns = due > first ? due : first;
	*w->last = piece;
	w->last = &piece->next;
	w->queued += (size_t)n;
	return 1;
}

static int write_due(struct way *w, int64_t now)
{
	while (w->first && w->first->due_ns <= now) {
		struct piece *p = w->first;
		ssize_t n = send(w->to, p->bytes + p->at, p->size - p->at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		p->at += (size_t)n;
		w->queued -= (size_t)n;
		if (p->at < p->size)
			return 1;
		w->first = p->next;
		if (!w->first)
			w->last = &w->first;
		free(p);
	}
	if (!w->first && w->ended == 1) {
		shutdown(w->to, SHUT_WR);
		w->ended = 2;
	}
	return 1;
}

/* The events to wait for, and until when. */
static int64_t fill(struct pollfd *fds, int64_t now)
{
	int64_t until = INT64_MAX;
	int i, k;

	for (i = 0; i < PAIRS; i++)
		for (k = 0; k < 2; k++) {
			struct way *w = &pairs[i].way[k];
			struct pollfd *from = &fds[1 + 2 * i + k], *to = &fds[1 + 2 * i + !k];

			if (k == 0)
				from->fd = to->fd = -1;
			if (pairs[i].a < 0)
				continue;
			if (k == 0)
				from->events = to->events = 0;
			from->fd = w->from;
			to->fd = w->to;
			if (!w->ended && w->queued < QUEUE)
				from->events |= POLLIN;
			if (w->first && w->first->due_ns <= now)
				to->events |= POLLOUT;
			else if (w->first && w->first->due_ns < until)
				until = w->first->due_ns;
		}
	return until;
}

static void serve(int listener, int to_port)
{
	static struct pollfd fds[1 + 2 * PAIRS];
	int i, k;

	for (;;) {
		int64_t now = now_ns(), until = fill(fds, now), left = until - now;
		struct timespec t = { .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 };

		fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
		if (ppoll(fds, 1 + 2 * PAIRS, until == INT64_MAX ? NULL : &t, NULL) < 0 && errno != EINTR)
			exit(1);
		now = now_ns();
		for (i = 0; i < PAIRS; i++) {
			int good = 1;

			if (pairs[i].a < 0)
				continue;
			for (k = 0; k < 2 && good; k++)
				if (fds[1 + 2 * i + k].revents & (POLLIN | POLLHUP | POLLERR) && !pairs[i].way[k].ended)
					good = read_some(&pairs[i], &pairs[i].way[k]);
			for (k = 0; k < 2 && good; k++)
				good = write_due(&pairs[i].way[k], now);
			if (!good || (pairs[i].way[0].ended == 2 && pairs[i].way[1].ended == 2))
				pair_close(&pairs[i]);
		}
		if (fds[0].revents)
			take(listener, to_port);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, i;

	if (argc != 4) {
		fprintf(stderr, "usage: delay PORT TO-PORT MILLISECONDS\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < PAIRS; i++)
		pairs[i].a = -1;
	half_ns = (int64_t)(atof(argv[3]) * 500000);
	at = local(atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 128) < 0) {
		perror("delay");
		return 1;
	}
	serve(listener, atoi(argv[2]));
	return 0;
}
