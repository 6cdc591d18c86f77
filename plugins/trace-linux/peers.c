/* peers: the programs that answer the task's sockets.
 *
 *   a Unix socket   the kernel says who listens, once the call is done; a copy of the
 *                   task's socket is kept for that moment, and no longer
 *   this machine    the listening socket is looked up by its port, and its process by
 *                   the descriptors in /proc; each such socket once
 *   elsewhere       the network is no part of the workspace */
#include "config.h"

#include "peers.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "paths.h"
#include "procs.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

enum {
	PATIENCE_US = 5000,      /* longest wait for a call that was let go to be done */
	PAUSE_US = 50,
};

/* ---- trusted programs --------------------------------------------------------- */

bool peers_init(struct peers *p, const vt_step *step)
{
	struct timespec t;
	size_t size = 1;
	uint32_t i;
	char *at;

	memset(p, 0, sizeof *p);
	p->started = procs_now();
	notes_init(&p->told);
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	p->started_s = t.tv_sec;
	for (i = 0; i < step->trusted_count; i++)
		size += step->trusted[i].size + 1;
	p->trusted = at = calloc(1, size);
	if (!at)
		return false;
	for (i = 0; i < step->trusted_count; i++) {
		memcpy(at, step->trusted[i].data, step->trusted[i].size);
		at += step->trusted[i].size + 1;
	}
	return true;
}

void peers_free(struct peers *p)
{
	free(p->trusted);
	p->trusted = NULL;
	notes_free(&p->told);
}

static bool is_trusted(const struct peers *p, const char *name)
{
	const char *at;

	for (at = p->trusted; *at; at += strlen(at) + 1)
		if (strcmp(at, name) == 0)
			return true;
	return false;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Sockets that serve all users: names of users and hosts, the system, the desktop. */
static bool is_public_path(const char *path)
{
	static const char *const places[] = {
		"/run/nscd/", "/run/nslcd/", "/var/lib/sss/pipes/", "/run/avahi-daemon/", "/run/systemd/", "/run/dbus/",
		"/tmp/.X11-unix/", "@/tmp/.X11-unix/", "@/tmp/dbus-", "/tmp/dbus-", "/tmp/ssh-",
	};
	const char *base = strrchr(path, '/');
	size_t i;

	if (begins(path, "/var/run/"))
		path += 4;
	for (i = 0; i < sizeof places / sizeof *places; i++)
		if (begins(path, places[i]))
			return true;
	return begins(path, "/run/user/") && base && (strcmp(base, "/bus") == 0 || begins(base, "/wayland-") || strstr(path, "/systemd/"));
}

static bool is_public_program(const char *name)
{
	static const char *const names[] = {
		"nscd", "nslcd", "sssd_nss", "dbus-daemon", "dbus-broker", "Xorg", "X", "Xwayland", "Xvfb", "ssh-agent",
	};
	size_t i;

	if (begins(name, "systemd"))
		return true;
	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Is it the port of a proxy that a variable of the process names? */
static bool is_proxy(uint32_t tid, unsigned port)
{
	char file[64], text[32 * 1024], end[16];
	size_t n, length = (size_t)snprintf(end, sizeof end, ":%u", port);
	const char *at, *name, *colon;
	FILE *f;

	snprintf(file, sizeof file, "/proc/%u/environ", tid);
	f = fopen(file, "re");
	if (!f)
		return false;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	for (at = text; at < text + n; at += strlen(at) + 1) {
		name = strchr(at, '=');
		if (!name || name - at < 6 || strncasecmp(name - 6, "_proxy", 6) != 0)
			continue;
		colon = strrchr(name, ':');
		if (colon && strncmp(colon, end, length) == 0 && strspn(colon + length, "/") == strlen(colon + length))
			return true;
	}
	return false;
}

/* ---- a process ----------------------------------------------------------------- */

/* Did the process run before the step? A process that is gone by now counts as one that did. */
static bool was_before(const struct peers *p, pid_t pid)
{
	uint64_t started = procs_started(pid);

	return pid != getpid() && (!started || started < p->started);
}

static void name_of(pid_t pid, char *name, size_t size)
{
	if (!procs_name((uint32_t)pid, name, size))
		snprintf(name, size, "?");
}

/* Notes an address that the task connected to; without memory the note is lost. */
static void note(struct peers *p, const char *name)
{
	if (p->told.names_n <= PEERS_TOLD)
		notes_name(&p->told, name, strlen(name));
}

/* ---- Unix ------------------------------------------------------------------------ */

/* "/run/x", or "@x" without a file; "": it has no name. */
static void unix_name(struct path_world *world, const struct peer *peer, struct path *path, char *ret, size_t size)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&peer->to;
	size_t n = peer->size - offsetof(struct sockaddr_un, sun_path);
	char text[sizeof un->sun_path + 1];

	ret[0] = '\0';
	if (peer->size <= offsetof(struct sockaddr_un, sun_path) || n > sizeof un->sun_path)
		return;
	memcpy(text, un->sun_path, n);
	text[n] = '\0';
	if (!text[0])
		snprintf(ret, size, "@%.*s", (int)(n - 1), text + 1);
	else if (path_of_text(world, (pid_t)peer->tid, text, path) == PATH_OK)
		snprintf(ret, size, "%s", path->text);
}

/* Waits until the call is done, or long enough. */
static bool is_connected(int socket)
{
	static const struct timespec pause = { 0, PAUSE_US * 1000 };
	struct sockaddr_storage to;
	socklen_t size;
	int us;

	for (us = 0; us <= PATIENCE_US; us += PAUSE_US) {
		size = sizeof to;
		if (getpeername(socket, (struct sockaddr *)&to, &size) == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* A file that was made since the step began was made by the step. */
static bool is_new(const struct peers *p, const char *path)
{
	struct stat st;

	return path[0] == '/' && lstat(path, &st) == 0 && st.st_ctim.tv_sec > p->started_s;
}

static bool unix_was_before(struct peers *p, struct path_world *world, const struct peer *peer, char *name, size_t size)
{
	char path[PATH_MAX + 8] = "unix:";
	struct ucred who = { 0 };
	socklen_t n = sizeof who;
	struct path room;

	unix_name(world, peer, &room, path + 5, sizeof path - 5);
	if (is_public_path(path + 5) || !is_connected(peer->socket))
		return false;
	if (getsockopt(peer->socket, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && who.pid == getpid())
		return false;                /* vt's own channel */
	note(p, path);
	if (is_trusted(p, path))
		return false;
	if (who.pid > 0) {
		if (!was_before(p, who.pid) || (!procs_started(who.pid) && is_new(p, path + 5)))
			return false;
		name_of(who.pid, name, size);
		return !is_public_program(name);
	}
	/* a process that cannot be seen from here */
	snprintf(name, size, "%s", path);
	return true;
}

/* ---- this machine ------------------------------------------------------------------ */

/* The address without the mapping of the older protocol into the newer. */
static int address_of(const struct peer *peer, struct in6_addr *ret, unsigned *port)
{
	const struct sockaddr_in *four = (const void *)&peer->to;
	const struct sockaddr_in6 *six = (const void *)&peer->to;

	memset(ret, 0, sizeof *ret);
	if (peer->to.ss_family == AF_INET) {
		*port = ntohs(four->sin_port);
		memcpy(ret, &four->sin_addr, 4);
		return 4;
	}
	*port = ntohs(six->sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		memcpy(ret, six->sin6_addr.s6_addr + 12, 4);
		return 4;
	}
	*ret = six->sin6_addr;
	return 6;
}

static void note_address(struct peers *p, const char *kind, const struct in6_addr *address, int version, unsigned port)
{
	char text[INET6_ADDRSTRLEN], name[INET6_ADDRSTRLEN + 24];

	if (!inet_ntop(version == 4 ? AF_INET : AF_INET6, address, text, sizeof text))
		return;
	snprintf(name, sizeof name, version == 4 ? "%s:%s:%u" : "%s:[%s]:%u", kind, text, port);
	note(p, name);
}

/* May a socket be bound to it? Then it is an address of this machine. */
static bool is_here(const struct in6_addr *address, int version)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = *address };
	int fd, r;

	memcpy(&four.sin_addr, address, 4);
	if (version == 4 ? address->s6_addr[0] == 127 || four.sin_addr.s_addr == INADDR_ANY :
	    IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address))
		return true;
	fd = socket(version == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	r = version == 4 ? bind(fd, (struct sockaddr *)&four, sizeof four) : bind(fd, (struct sockaddr *)&six, sizeof six);
	close(fd);
	return r == 0;
}

/* The listening socket of this port, as the thread's network has it; 0: there is none. */
static unsigned long listener_in(uint32_t tid, const char *table, unsigned port)
{
	char file[64], line[512];
	unsigned long inode = 0, found;
	unsigned local, state;
	FILE *f;

	snprintf(file, sizeof file, "/proc/%u/net/%s", tid, table);
	f = fopen(file, "re");
	if (!f)
		return 0;
	/* listening sockets come first in the file */
	while (!inode && fgets(line, sizeof line, f)) {
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu", &local, &state, &found) != 3)
			continue;
		if (state != 0x0A)
			break;
		if (local == port)
			inode = found;
	}
	fclose(f);
	return inode;
}

/* The process that holds this socket; 0: none whose /proc may be read. */
static pid_t holder_of(unsigned long inode)
{
	char want[64], file[64 + 256], target[64];
	DIR *all = opendir("/proc"), *fds;
	const struct dirent *process, *fd;
	pid_t ret = 0;
	ssize_t n;

	snprintf(want, sizeof want, "socket:[%lu]", inode);
	while (all && !ret && (process = readdir(all)) != NULL) {
		if (process->d_name[0] < '1' || process->d_name[0] > '9')
			continue;
		snprintf(file, sizeof file, "/proc/%.20s/fd", process->d_name);
		fds = opendir(file);
		while (fds && !ret && (fd = readdir(fds)) != NULL) {
			n = readlinkat(dirfd(fds), fd->d_name, target, sizeof target - 1);
			if (n <= 0)
				continue;
			target[n] = '\0';
			if (strcmp(target, want) == 0)
				ret = (pid_t)strtol(process->d_name, NULL, 10);
		}
		if (fds)
			closedir(fds);
	}
	if (all)
		closedir(all);
	return ret;
}

static bool inet_was_before(struct peers *p, const struct peer *peer, char *name, size_t size)
{
	struct in6_addr address;
	unsigned port;
	int version = address_of(peer, &address, &port);
	char text[32];
	unsigned long listener;
	pid_t holder;
	uint32_t i;
	bool before;

	note_address(p, "tcp", &address, version, port);
	snprintf(text, sizeof text, "tcp:%u", port);
	if (!is_here(&address, version) || is_trusted(p, text))
		return false;
	/* the stub that asks for names: 127.0.0.53 and .54 */
	if (version == 4 && port == 53 && address.s6_addr[0] == 127 && (address.s6_addr[3] == 53 || address.s6_addr[3] == 54))
		return false;
	listener = listener_in(peer->tid, "tcp", port);
	if (!listener)
		listener = listener_in(peer->tid, "tcp6", port);
	if (!listener)
		return false;                /* the connection will be refused */
	for (i = 0; i < PEERS_KNOWN; i++)
		if (p->known[i].socket == listener)
			return !p->known[i].own;
	holder = holder_of(listener);
	before = !holder || was_before(p, holder);
	if (holder)
		name_of(holder, name, size);
	else
		snprintf(name, size, "%s", text);
	if (before && ((holder && is_public_program(name)) || is_proxy(peer->tid, port)))
		before = false;
	p->known[p->next].socket = listener;
	p->known[p->next].own = !before;
	p->next = (p->next + 1) % PEERS_KNOWN;
	return before;
}

/* ---- a call ---------------------------------------------------------------------------- */

static int copy_of(uint32_t tid, int fd)
{
	int process = (int)syscall(SYS_pidfd_open, (pid_t)procs_process_of(tid), 0), ret;

	if (process < 0)
		return -1;
	ret = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	close(process);
	return ret;
}

void peer_look(struct peer *peer, uint32_t tid, const uint64_t *args)
{
	int type = 0;
	socklen_t n = sizeof type;

	*peer = (struct peer){ .socket = -1, .tid = tid, .size = (socklen_t)args[2] };
	if (peer->size > sizeof peer->to || peer->size < sizeof(sa_family_t) ||
	    path_peek((pid_t)tid, args[1], &peer->to, peer->size) != (ssize_t)peer->size)
		return;
	if (peer->to.ss_family != AF_UNIX && (peer->to.ss_family != AF_INET || peer->size < sizeof(struct sockaddr_in)) &&
	    (peer->to.ss_family != AF_INET6 || peer->size < sizeof(struct sockaddr_in6)))
		return;
	peer->socket = copy_of(tid, (int)args[0]);
	if (peer->socket >= 0 && getsockopt(peer->socket, SOL_SOCKET, SO_TYPE, &type, &n) == 0 &&
	    type != SOCK_STREAM && type != SOCK_SEQPACKET) {
		close(peer->socket);
		peer->socket = -1;
		peer->datagram = type == SOCK_DGRAM;
	}
}

void peer_note_datagram(struct peers *p, const struct peer *peer)
{
	struct in6_addr address;
	unsigned port;
	int version;

	if (!peer->datagram || (peer->to.ss_family != AF_INET && peer->to.ss_family != AF_INET6))
		return;
	version = address_of(peer, &address, &port);
	if (port)                            /* 0: the connect only asks for a route */
		note_address(p, "udp", &address, version, port);
}

bool peer_was_before(struct peers *p, struct path_world *world, struct peer *peer, char *name, size_t size)
{
	bool ret;

	if (peer->socket < 0)
		return false;
	if (peer->to.ss_family == AF_UNIX) {
		ret = unix_was_before(p, world, peer, name, size);
		close(peer->socket);
	} else {
		/* nothing more to learn from it, and the task may want it closed */
		close(peer->socket);
		ret = inet_was_before(p, peer, name, size);
	}
	peer->socket = -1;
	return ret;
}
