# Inputs beside the package: patterns with a `cwd`, exclusions next door, long paths, and a
# task whose own LD_PRELOAD answers for a file.
. "${0%/*}/../../lib/functions.sh" || exit
second() { capture vt run "$@"; capture vt run "$@"; has "${1}: the second run is a hit" "$out" "cache hit, replaying"; }

# patterns are relative to the package, not to the task's cwd
workspace
pnpm app
mkdir -p src other packages/app/src packages/app/sub/src
for f in src/root.ts other/o.ts packages/app/src/a.ts packages/app/sub/src/b.ts; do echo 1 >$f; done
file package.json '{"name":"root"}'
file vite-task.json '{"tasks":{"here":{"command":"true","input":["src/**"]},"there":{"command":"true","cwd":"other","input":["src/**"]}}}'
file packages/app/vite-task.json '{"tasks":{"here":{"command":"true","input":["src/**"]},"there":{"command":"true","cwd":"sub","input":["src/**"]}}}'
for t in here there; do
	second $t
	echo 2 >>src/root.ts; capture vt run $t
	has "root, $t: its src counts" "$out" "cache miss: 'src/root.ts' modified"
	echo 2 >>other/o.ts; echo 2 >>packages/app/src/a.ts; capture vt run $t
	has "root, $t: what is elsewhere does not" "$out" "cache hit"
	second app#$t
	echo 3 >>packages/app/src/a.ts; capture vt run app#$t
	has "app, $t: its src counts" "$out" "cache miss: 'packages/app/src/a.ts' modified"
	echo 3 >>src/root.ts; echo 3 >>packages/app/sub/src/b.ts; capture vt run app#$t
	has "app, $t: the root's and the cwd's do not" "$out" "cache hit"
done

# an input whose whole path is longer than a system call takes
workspace
part=$(printf 'd%.0s' {1..200}) below=
for i in {1..14}; do mkdir $part && cd ./$part || exit; done
for i in {1..10}; do below+=$part/; done
mkdir -p "$below"
file package.json '{"name":"w"}'
file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"cat ${below}f\",\"input\":[\"${below}f\"]}}}"
echo 1 >"${below}f"
second t
echo 2 >"${below}f"; capture vt run t
has "a file with a path of $((${#PWD} + ${#below})) bytes counts" "$out" "f' modified, executing"

# automatic inputs, without the excluded files of another package
workspace
pnpm app shared
mkdir -p packages/shared/src packages/shared/dist
echo 1 >packages/shared/src/s; echo 1 >packages/shared/dist/d
file packages/app/vite-task.json '{"tasks":{"t":{"command":"cat ../shared/src/s ../shared/dist/d","input":[{"auto":true},"!../shared/dist/**"]}}}'
second app#t
echo 2 >packages/shared/dist/d; capture vt run app#t
has "the excluded neighbour does not count" "$out" "cache hit"
echo 2 >packages/shared/src/s; capture vt run app#t
has "the other does" "$out" "cache miss: 'packages/shared/src/s' modified"
# ... and without excluded files of the package itself
mkdir -p packages/app/src packages/app/dist
echo 1 >packages/app/src/s; echo 1 >packages/app/dist/d
file packages/app/vite-task.json '{"tasks":{"own":{"command":"cat src/s dist/d","input":[{"auto":true},"!dist/**"]}}}'
second app#own
echo 2 >packages/app/dist/d; capture vt run app#own
has "the package's own excluded folder does not count" "$out" "cache hit"
echo 2 >packages/app/src/s; capture vt run app#own
has "... its other files count" "$out" "cache miss: 'packages/app/src/s' modified"

# a preloaded library that answers for a file: the file is not read, so it does not count
workspace
file package.json '{"name":"root"}'
cat >short.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
static int answer(const char *p) { return strstr(p, "answered.txt") != 0; }
int open(const char *p, int flags, ...)
{
	int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	va_list ap;
	int mode;
	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return next(answer(p) ? "/dev/null" : p, flags, mode);
}
int open64(const char *p, int flags, ...) { return open(p, flags, 0); }
C
if ${CC:-cc} -shared -fPIC -o "$T/short.so" short.c -ldl 2>/dev/null; then
	rm short.c
	cat >reader.c <<'C'
#include <fcntl.h>
#include <unistd.h>
int main(void)
{
	char b[64];
	const char *names[] = { "answered.txt", "real.txt" };
	for (int i = 0; i < 2; i++) {
		int fd = open(names[i], O_RDONLY);
		ssize_t n = fd < 0 ? 0 : read(fd, b, sizeof b);
		if (n > 0 && write(1, b, (size_t)n) != n)
			return 1;
	}
	return 0;
}
C
	${CC:-cc} -o reader reader.c && rm reader.c
	echo answered >answered.txt; echo real >real.txt
	file vite-task.json '{"tasks":{"t":"./reader"}}'
	export LIB="$T/short.so"
	capture with LD_PRELOAD="$LIB" vt run t
	is "the task keeps its preloaded library" "$out" '$ ./reader
real'
	capture with LD_PRELOAD="$LIB" vt run t
	has "... the second run is a hit" "$out" "cache hit"
	echo more >>answered.txt
	capture with LD_PRELOAD="$LIB" vt run t
	has "the file it answers for does not count" "$out" "cache hit"
	echo more >>real.txt
	capture with LD_PRELOAD="$LIB" vt run t
	has "the real one does" "$out" "cache miss: 'real.txt' modified"
else
	skip "a preloaded library" "the compiler makes no shared library here"
fi
finish
