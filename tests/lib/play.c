/* play: a made-up build tool. Each argument is something that tools do with files; what
 * it reads goes into all that it writes and prints after that.
 *
 *   play [-C FOLDER] NAME OP...
 *     read:P  probe:P  list:D            look: content, existence, names
 *     write:P:SALT                       blind, all anew
 *     once:P:SALT                        only if it is missing
 *     ifelse:A:P:Q:SALT                  writes P where A exists, else Q
 *     remove:P  rimraf:D  rename:P:Q  copy:P:Q
 *     fix:P:MARK                         in place: puts MARK at the end, unless it is there
 *     same:P                             reads it and writes the same again
 *     incr:INFO:SALT:SRC:OUT[:SRC:OUT]   remembers in INFO what it made OUT from
 *     link:TARGET:P                      a symbolic link, made anew
 *     mode:P:OCTAL                       gives it this mode
 *     mkdir:D                            mkdir -p
 *     touch:P                            times only, if it is there
 *     swap:P:TMP                         renames it away and back
 *     fail                               exit 3
 *     failif:P                           exit 3 if P holds "1"
 *     memo:P                             what a tool keeps for itself: reads and writes it, and is the same without
 * Prints "NAME HASH" at the end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t acc = 14695981039346656037u;

static uint64_t mix(uint64_t h, const char *s, size_t n)
{
	while (n--)
		h = (h ^ (unsigned char)*s++) * 1099511628211u;
	return h;
}

static void note(const char *s)
{
	acc = mix(acc, s, strlen(s) + 1);
}

static char *slurp(const char *path)
{
	static char text[1 << 16];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

static void parents(const char *path)
{
	char dir[4096], *p;

	snprintf(dir, sizeof dir, "%s", path);
	for (p = dir; (p = strchr(p + 1, '/')) != NULL; *p = '/') {
		*p = '\0';
		mkdir(dir, 0777);
	}
}

static void spew(const char *path, const char *text)
{
	int fd;

	parents(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		fprintf(stderr, "play: %s: %s\n", path, strerror(errno));
		exit(4);
	}
	close(fd);
}

static void make(const char *path, const char *salt, int all)
{
	char text[24];

	snprintf(text, sizeof text, "%016llx", (unsigned long long)mix(all ? acc : 0, salt, strlen(salt)));
	spew(path, text);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
	DIR *d = opendir(path);
	char *names[1000];
	struct dirent *e;
	int n = 0, i;

	while (d && n < 1000 && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			names[n++] = strdup(e->d_name);
	if (d)
		closedir(d);
	qsort(names, (size_t)n, sizeof *names, by_name);
	for (i = 0; i < n; i++)
		note(names[i]);
	note("/");
}

static void rimraf(const char *path)
{
	char below[4096];
	struct dirent *e;
	DIR *d;

	if (unlink(path) == 0 || (errno != EISDIR && errno != EPERM))
		return;
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(below, sizeof below, "%s/%s", path, e->d_name);
		rimraf(below);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static void incr(char **w, int n)
{
	char *old = slurp(w[1]), was[1 << 16], now[4096] = "", line[256];
	int i;

	snprintf(was, sizeof was, "%s", old ? old : "");
	for (i = 3; i + 1 < n; i += 2) {
		const char *c = slurp(w[i]);
		uint64_t v;

		if (!c)
			continue;
		v = mix(mix(0, w[2], strlen(w[2])), c, strlen(c));
		snprintf(line, sizeof line, "%s=%016llx\n", w[i], (unsigned long long)v);
		if (!strstr(was, line) || access(w[i + 1], F_OK) < 0) {
			char text[24];

			snprintf(text, sizeof text, "%016llx", (unsigned long long)v);
			spew(w[i + 1], text);
		}
		strcat(now, line);
	}
	if (*now && strcmp(now, was))
		spew(w[1], now);
}

static void op(char *word)
{
	char *w[16], *s = word, text[1 << 16];
	int n = 0;

	while (n < 16 && (w[n] = strsep(&s, ":")) != NULL)
		n++;
	if (!strcmp(w[0], "read")) {
		const char *c = slurp(w[1]);
		note(c ? c : "-");
	} else if (!strcmp(w[0], "probe")) {
		note(access(w[1], F_OK) == 0 ? "there" : "-");
	} else if (!strcmp(w[0], "list")) {
		list(w[1]);
	} else if (!strcmp(w[0], "write")) {
		make(w[1], w[2], 1);
	} else if (!strcmp(w[0], "once")) {
		if (access(w[1], F_OK) < 0)
			make(w[1], w[2], 0);
	} else if (!strcmp(w[0], "ifelse")) {
		make(access(w[1], F_OK) == 0 ? w[2] : w[3], w[4], 1);
	} else if (!strcmp(w[0], "remove")) {
		unlink(w[1]);
	} else if (!strcmp(w[0], "rimraf")) {
		rimraf(w[1]);
	} else if (!strcmp(w[0], "rename")) {
		if (access(w[1], F_OK) == 0) {
			parents(w[2]);
			rename(w[1], w[2]);
		}
	} else if (!strcmp(w[0], "copy")) {
		const char *c = slurp(w[1]);
		if (c) {
			snprintf(text, sizeof text, "%s", c);
			spew(w[2], text);
		}
	} else if (!strcmp(w[0], "fix") || !strcmp(w[0], "same")) {
		const char *c = slurp(w[1]);
		if (c) {
			size_t k = n > 2 ? strlen(w[2]) : 0, m = strlen(c);

			snprintf(text, sizeof text, "%s%s", c, k && (m < k || strcmp(c + m - k, w[2])) ? w[2] : "");
			spew(w[1], text);
		}
	} else if (!strcmp(w[0], "incr")) {
		incr(w, n);
	} else if (!strcmp(w[0], "link")) {
		parents(w[2]);
		unlink(w[2]);
		if (symlink(w[1], w[2]) < 0)
			exit(4);
	} else if (!strcmp(w[0], "mode")) {
		chmod(w[1], (mode_t)strtol(w[2], NULL, 8));
	} else if (!strcmp(w[0], "mkdir")) {
		parents(w[1]);
		mkdir(w[1], 0777);
	} else if (!strcmp(w[0], "touch")) {
		utimensat(AT_FDCWD, w[1], NULL, 0);
	} else if (!strcmp(w[0], "swap")) {
		if (rename(w[1], w[2]) == 0)
			rename(w[2], w[1]);
	} else if (!strcmp(w[0], "fail")) {
		exit(3);
	} else if (!strcmp(w[0], "failif")) {
		const char *c = slurp(w[1]);

		if (c && !strcmp(c, "1"))
			exit(3);
		note(c ? c : "-");
	} else if (!strcmp(w[0], "memo")) {
		const char *c = slurp(w[1]);

		snprintf(text, sizeof text, "%.100s%016llx", c ? c : "", (unsigned long long)acc);
		spew(w[1], text);
	} else {
		fprintf(stderr, "play: what is '%s'?\n", w[0]);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	int i;

	if (argc > 2 && !strcmp(argv[1], "-C")) {
		if (chdir(argv[2]) < 0)
			return 4;
		argc -= 2;
		argv += 2;
	}
	for (i = 2; i < argc; i++)
		op(argv[i]);
	if (argc > 1)
		printf("%s %016llx\n", argv[1], (unsigned long long)acc);
	return 0;
}
