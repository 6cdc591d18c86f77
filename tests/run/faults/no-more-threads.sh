# No thread can be made from the Nth on: with each N the run ends, keeps its results, and says at most once
# that a thread is missing.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
cat >"$T/few.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* Fails from the THREADS-th call on, in vt alone: what it starts inherits the variable without effect. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	static int made;

	if (!next)
		next = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
	if (__sync_add_and_fetch(&made, 1) >= atoi(getenv("THREADS")))
		return EAGAIN;
	return next(thread, attr, fn, arg);
}
C
${CC:-cc} -shared -fPIC -o "$T/few.so" "$T/few.c" -ldl -lpthread 2>"$T/cc.err" || skip_all "no shared library can be built here"
file package.json '{"name":"few"}'
# more bytes in small files than may wait in memory for the publisher
file make.sh 'mkdir -p $1 && cd $1 && dd if=/dev/zero bs=200000 count=400 status=none | tr "\0" $2 | split -b 200000 - f'
file vite-task.json '{"tasks":{
	"first":{"command":"sh make.sh one a","input":[],"output":["one/**"]},
	"second":{"command":"sh make.sh two b","input":[],"output":["two/**"],"dependsOn":["first"]}}}'
preload="$T/few.so"
[[ ${ASAN_OPTIONS-} ]] && preload="$(${CC:-cc} -print-file-name=libasan.so) $preload"
told=no
for n in 1 2 3 4 5 6 7; do
	rm -rf .vt one two
	VT_TIMEOUT=60 capture with LD_PRELOAD="$preload" THREADS=$n vt run second
	is "no thread from number $n on: the run ends well" $rc 0
	is "... says it at most once" $(($(grep -c "no thread can be made" <<<"$err") < 2)) 1
	[[ $err != *"no thread can be made"* ]] || told=yes
	capture vt run second
	is "... keeps both results" "$(grep -c '^\$ .*cache hit' <<<"$out")" 2
done
is "one of the runs said that a thread is missing" $told yes
finish
