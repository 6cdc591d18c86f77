#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum {
	NET_SLICE_MS = 50,         /* time between two questions whether to stop */
	NET_CONNECT_MS = 5000,     /* for one address of the server */
	NET_PIECE = 16 << 10       /* bytes between TLS and the socket at a time */
};

/* A connection. TLS works on two buffers, not on the socket, because OpenSSL's own writing would raise SIGPIPE. */
struct net {
	int fd;
	SSL_CTX *context;          /* NULL: no TLS */
	SSL *ssl;
	BIO *in, *out;             /* bytes from the server, and bytes to it; owned by ssl */
};

void trouble_set(struct trouble *t, const char *fmt, ...)
{
	va_list ap;

	if (t->text[0])
		return;
	va_start(ap, fmt);
	vsnprintf(t->text, sizeof t->text, fmt, ap);
	va_end(ap);
}

static int cancelled(struct trouble *t)
{
	t->cancelled = true;
	trouble_set(t, "vt asked for the end");
	return -1;
}

/* Waits for the descriptor. `most_ms` < 0: as long as vt's patience lasts. */
static int wait_for(int fd, short events, vt_call *call, long most_ms, struct trouble *t)
{
	struct pollfd p = { .fd = fd, .events = events };
	long waited = 0;
	int n;

	for (;;) {
		n = poll(&p, 1, NET_SLICE_MS);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR) {
			trouble_set(t, "%s", strerror(errno));
			return -1;
		}
		if (call->stopping(call))
			return cancelled(t);
		waited += NET_SLICE_MS;
		if ((most_ms >= 0 && waited >= most_ms) || call->left_ms(call) <= 0) {
			trouble_set(t, "no answer in time");
			return -1;
		}
	}
}

/* ---- the socket --------------------------------------------------------------- */

static int connect_to(const struct sockaddr *address, socklen_t size, int family, vt_call *call, struct trouble *t)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), e = 0, one = 1;
	socklen_t e_size = sizeof e;

	t->text[0] = '\0';
	if (fd < 0) {
		trouble_set(t, "%s", strerror(errno));
		return -1;
	}
	if (family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, address, size) < 0) {
		e = errno;
		if ((e == EINPROGRESS || e == EINTR || e == EAGAIN) && wait_for(fd, POLLOUT, call, NET_CONNECT_MS, t) == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &e_size) < 0)
			e = errno;
		if (e && !t->text[0])
			trouble_set(t, "%s", strerror(e));
	}
	if (t->text[0]) {
		close(fd);
		return -1;
	}
	return fd;
}

static int dial_unix(const char *path, vt_call *call, struct trouble *t)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof a.sun_path) {
		trouble_set(t, "the socket's path is too long");
		return -1;
	}
	memcpy(a.sun_path, path, strlen(path));
	return connect_to((struct sockaddr *)&a, sizeof a, AF_UNIX, call, t);
}

static int dial(const struct net_address *to, vt_call *call, struct trouble *t)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list, *a;
	int r, fd = -1;

	if (to->is_unix)
		return dial_unix(to->host, call, t);
	r = getaddrinfo(to->host, to->port, &hints, &list);
	if (r) {
		trouble_set(t, "%s", gai_strerror(r));
		return -1;
	}
	for (a = list; a && fd < 0 && !t->cancelled; a = a->ai_next)
		fd = connect_to(a->ai_addr, a->ai_addrlen, a->ai_family, call, t);
	freeaddrinfo(list);
	return fd;
}

static int send_raw(struct net *n, vt_call *call, const char *data, size_t size, struct trouble *t)
{
	ssize_t sent;

	while (size) {
		sent = send(n->fd, data, size, MSG_NOSIGNAL);
		if (sent >= 0) {
			data += sent;
			size -= (size_t)sent;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (wait_for(n->fd, POLLOUT, call, -1, t) < 0)
				return -1;
		} else if (errno != EINTR) {
			trouble_set(t, "%s", strerror(errno));
			return -1;
		}
	}
	return 0;
}

static long receive_raw(struct net *n, vt_call *call, void *buffer, size_t size, struct trouble *t)
{
	ssize_t got;

	for (;;) {
		got = recv(n->fd, buffer, size, 0);
		if (got > 0)
			return got;
		if (got == 0) {
			trouble_set(t, "the server closed the connection");
			return -1;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (wait_for(n->fd, POLLIN, call, -1, t) < 0)
				return -1;
		} else if (errno != EINTR) {
			trouble_set(t, "%s", strerror(errno));
			return -1;
		}
	}
}

/* ---- TLS ------------------------------------------------------------------------ */

static int tls_trouble(struct net *n, struct trouble *t)
{
	long verified = SSL_get_verify_result(n->ssl);
	unsigned long e = ERR_get_error();

	if (verified != X509_V_OK)
		trouble_set(t, "TLS: the server's certificate: %s", X509_verify_cert_error_string(verified));
	else
		trouble_set(t, "TLS: %s", e && ERR_reason_error_string(e) ? ERR_reason_error_string(e) : "it failed");
	ERR_clear_error();
	return -1;
}

static int tls_flush(struct net *n, vt_call *call, struct trouble *t)
{
	char piece[NET_PIECE];
	int size;

	while ((size = BIO_read(n->out, piece, sizeof piece)) > 0)
		if (send_raw(n, call, piece, (size_t)size, t) < 0)
			return -1;
	return 0;
}

/* After a TLS call that returned `r` <= 0: moves bytes, so that it can be made again. */
static int tls_go_on(struct net *n, int r, vt_call *call, struct trouble *t)
{
	int why = SSL_get_error(n->ssl, r);
	char piece[NET_PIECE];
	long got;

	if (tls_flush(n, call, t) < 0)
		return -1;
	if (why == SSL_ERROR_ZERO_RETURN) {
		trouble_set(t, "the server closed the connection");
		return -1;
	}
	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
		return tls_trouble(n, t);
	if (why == SSL_ERROR_WANT_WRITE)
		return 0;
	got = receive_raw(n, call, piece, sizeof piece, t);
	if (got < 0)
		return -1;
	BIO_write(n->in, piece, (int)got);
	return 0;
}

static int tls_start(struct net *n, const struct net_address *to, vt_call *call, struct trouble *t)
{
	struct in6_addr numeric;
	bool is_number = inet_pton(AF_INET, to->host, &numeric) == 1 || inet_pton(AF_INET6, to->host, &numeric) == 1;
	int r;

	n->context = SSL_CTX_new(TLS_client_method());
	if (!n->context || SSL_CTX_set_min_proto_version(n->context, TLS1_2_VERSION) != 1 ||
	    (to->ca ? SSL_CTX_load_verify_locations(n->context, to->ca, NULL) : SSL_CTX_set_default_verify_paths(n->context)) != 1) {
		ERR_clear_error();
		trouble_set(t, "TLS: the trusted certificates%s%s cannot be read", to->ca ? " in " : "", to->ca ? to->ca : "");
		return -1;
	}
	SSL_CTX_set_verify(n->context, SSL_VERIFY_PEER, NULL);
	n->ssl = SSL_new(n->context);
	n->in = BIO_new(BIO_s_mem());
	n->out = BIO_new(BIO_s_mem());
	if (!n->ssl || !n->in || !n->out) {
		BIO_free(n->in);
		BIO_free(n->out);
		trouble_set(t, "TLS: out of memory");
		return -1;
	}
	SSL_set_bio(n->ssl, n->in, n->out);
	if (is_number)
		r = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(n->ssl), to->host);
	else
		r = SSL_set1_host(n->ssl, to->host) == 1 && SSL_set_tlsext_host_name(n->ssl, to->host) == 1;
	if (r != 1)
		return tls_trouble(n, t);
	while ((r = SSL_connect(n->ssl)) != 1)
		if (tls_go_on(n, r, call, t) < 0)
			return -1;
	return tls_flush(n, call, t);
}

/* ---- both ------------------------------------------------------------------------- */

struct net *net_open(const struct net_address *to, vt_call *call, struct trouble *t)
{
	struct net *n = calloc(1, sizeof *n);

	if (!n) {
		trouble_set(t, "out of memory");
		return NULL;
	}
	n->fd = dial(to, call, t);
	if (n->fd < 0 || (to->is_tls && tls_start(n, to, call, t) < 0)) {
		net_close(n);
		return NULL;
	}
	return n;
}

void net_close(struct net *n)
{
	if (!n)
		return;
	SSL_free(n->ssl);
	SSL_CTX_free(n->context);
	if (n->fd >= 0)
		close(n->fd);
	free(n);
}

bool net_is_quiet(const struct net *n)
{
	char byte;
	ssize_t got = recv(n->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	/* with TLS a server may send tickets for later sessions at any time */
	return got < 0 ? errno == EAGAIN || errno == EWOULDBLOCK : got > 0 && n->ssl;
}

int net_send(struct net *n, vt_call *call, const void *data, size_t size, struct trouble *t)
{
	const char *at = data;
	int r;

	if (!n->ssl)
		return send_raw(n, call, at, size, t);
	while (size) {
		r = SSL_write(n->ssl, at, size > NET_PIECE ? NET_PIECE : (int)size);
		if (r > 0) {
			at += r;
			size -= (size_t)r;
			if (tls_flush(n, call, t) < 0)
				return -1;
		} else if (tls_go_on(n, r, call, t) < 0) {
			return -1;
		}
	}
	return 0;
}

long net_receive(struct net *n, vt_call *call, void *buffer, size_t size, struct trouble *t)
{
	int r;

	if (!n->ssl)
		return receive_raw(n, call, buffer, size, t);
	while ((r = SSL_read(n->ssl, buffer, size > NET_PIECE ? NET_PIECE : (int)size)) <= 0)
		if (tls_go_on(n, r, call, t) < 0)
			return -1;
	return r;
}
