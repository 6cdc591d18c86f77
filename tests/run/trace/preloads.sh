# Libraries that a user loads into programs, and programs that load some into others, do the same as without vt:
# as an uncached task, as a watched one, and as a hit.
. "${0%/*}/../../lib/functions.sh" || exit
: "${CC:=cc}"
command -v "$CC" >/dev/null || skip_all "no compiler"
workspace
file p.c '#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static int found;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* looks often enough for the gate to be opened */
static void *look(void *p)
{
	char name[16];
	struct stat st;
	int i;

	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "none%d", i);
		pthread_mutex_lock(&lock);
		found += !access(name, F_OK) + !stat(name, &st) + !lstat("in", &st);
		pthread_mutex_unlock(&lock);
	}
	return p;
}
int main(void)
{
	char line[64], real[PATH_MAX], temporary[] = "/tmp/vt-preload-XXXXXX";
	pthread_t threads[2];
	struct dirent *e;
	void *library;
	int fd, status;
	pid_t pid;
	FILE *f;
	DIR *d;

	for (fd = 0; fd < 2; fd++)
		if (pthread_create(&threads[fd], 0, look, 0)) return 2;
	for (fd = 0; fd < 2; fd++)
		pthread_join(threads[fd], 0);
	if (!(f = fopen("in", "r")) || !fgets(line, sizeof line, f) || fclose(f)) return 3;
	if (!realpath("d/../in", real) || strcmp(real + strlen(real) - 3, "/in")) return 4;
	if (!(d = opendir("d"))) return 5;
	while ((e = readdir(d)) != 0) found += 1000;
	closedir(d);
	if ((fd = mkstemp(temporary)) < 0 || unlink(temporary)) return 6;
	close(fd);
	if (mkdir("new", 0755) || chdir("new") || chdir("..") || rmdir("new")) return 7;
	if (!(f = fopen("made", "w")) || fputs("1\n", f) < 0 || fclose(f) || chmod("made", 0600) || rename("made", "left")) return 8;
	if ((pid = fork()) == 0) _exit(look(0) ? 1 : 9);
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 9) return 9;
	if (system("cat in; ls d")) return 10;
	if ((library = dlopen("libm.so.6", RTLD_NOW)) != 0) dlclose(library);
	printf("%d found, %s", found, line);
	return 0;
}'
$CC -g p.c -o p -pthread -ldl 2>/dev/null || skip_all "the program cannot be built"
echo x >in; mkdir d; touch d/a d/b
file package.json '{"name":"app","private":true}'
file vite-task.json '{"tasks":{"uncached":{"command":"sh t.sh","cache":false},"watched":"sh t.sh"}}'
# what the program printed, without vt's own lines, the numbers of processes and addresses
printed() { sed -E '/^\$ /d; /^---$/,$d; /^$/d; s/0x[0-9a-f]+|[0-9]{3,}/N/g' "$1"; }
# alike "story" SHELL-COMMAND
alike() {
	local story=$1 untraced how
	printf '%s\n' "$2" >t.sh
	rm -rf left .vt
	capture base_env timeout 60 sh t.sh; untraced="$rc $(printed "$T/out")"
	if [ "$rc" != 0 ]; then skip "$story" "it fails without vt, with status $rc"; return; fi
	for how in uncached watched hit; do
		capture vt run ${how/hit/watched}
		is "$story, $how: as without vt" "$rc $(printed "$T/out")" "$untraced"
		[ $how != hit ] || has "... which is a hit" "$out" "cache hit"
	done
}
# preload NAME...: the library of that name, wherever the system has it
preload() {
	local name path
	for name; do
		path=$(find /usr/lib /usr/lib64 /usr/local/lib -name "$name" -print 2>/dev/null | grep -v -e /lib32/ -e /libx32/ | head -n 1)
		[ -n "$path" ] || path=$(gcc -print-file-name="$name" 2>/dev/null | grep /) || path=$(clang -print-file-name="$name" 2>/dev/null | grep /)
		if [ -e "$path" ]; then alike "$name" "ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$path\${LD_PRELOAD:+:\$LD_PRELOAD} ./p"
		else skip "$name" "it is not installed"; fi
	done
}
alike "nothing" ./p
preload libtcmalloc_minimal.so.4 libjemalloc.so.2 libmimalloc.so.2 libc_malloc_debug.so.0 libeatmydata.so libsocket_wrapper.so libuid_wrapper.so \
	libnss_wrapper.so libfakechroot.so libasan.so libclang_rt.asan-x86_64.so libclang_rt.scudo_standalone-x86_64.so

# LD_AUDIT
file audit.c 'unsigned la_version(unsigned version);
unsigned la_version(unsigned version) { return version; }'
if $CC -shared -fPIC audit.c -o audit.so 2>/dev/null; then alike "LD_AUDIT" "LD_AUDIT=$PWD/audit.so ./p"; else skip "LD_AUDIT" "the library cannot be built"; fi
# a library of the user that answers itself
file own.c 'extern int strcmp(const char *, const char *);
int access(const char *path, int mode);
int access(const char *path, int mode) { (void)mode; return strcmp(path, "none7") ? -1 : 0; }'
if $CC -shared -fPIC own.c -o own.so 2>/dev/null; then alike "a library that answers access" "LD_PRELOAD=$PWD/own.so\${LD_PRELOAD:+:\$LD_PRELOAD} ./p"
else skip "a library that answers access" "it cannot be built"; fi
for options in verify_asan_link_order=0 verify_asan_link_order=1; do
	if gcc -g -fsanitize=address p.c -o sane -pthread -ldl 2>/dev/null && ./sane >/dev/null 2>&1; then alike "$options" "ASAN_OPTIONS=$options ./sane"
	else skip "$options" "the sanitizer cannot be used here"; fi
done
while read -r program options; do
	if command -v "$program" >/dev/null; then alike "$program" "$program $options ./p"; else skip "$program" "it is not installed"; fi
done <<'END'
setarch -R
stdbuf -oL
eatmydata
faketime 2020-01-01
datefudge 2020-01-01
fakeroot
fakechroot
torsocks -q
proxychains4 -q
tsocks
valgrind -q
ltrace -o /dev/null
strace -f -o /dev/null
END
finish
