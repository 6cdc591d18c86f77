# A traced task sees the same world: descriptors, environment, debuggers, sanitizers.
. "${0%/*}/../../lib/functions.sh" || exit
: "${CC:=cc}"
workspace
file package.json '{"name":"app","private":true}'
# run COMMAND: traced, as a task; bare: the same command on its own; both as $out and $err
task() { printf '{"tasks":{"t":{"command":"%s"%s}}}\n' "$1" "${2-}" >vite-task.json; rm -rf .vt; }
run() { capture vt run t; out=$(printf '%s\n' "$out" | sed '1d;/^$/,$d'); }

task 'sh -c \"ls /proc/self/fd\"' ',"input":[]'; run; untraced=$out
task 'sh -c \"ls /proc/self/fd\"'; run
is "a traced task has no other descriptors" "$out" "$untraced"
task 'sh -c \"echo FSPY=$FSPY; grep -c ^Seccomp:.2 /proc/self/status\"'; run
is "FSPY=1 tells a task that it is traced" "$out" $'FSPY=1\n1'
task 'sh -c \"echo FSPY=$FSPY; grep -c ^Seccomp:.2 /proc/self/status\"' ',"input":[]'; run
is "FSPY is not set where it is not traced" "$out" $'FSPY=\n0'
task 'sh -c \"exit 3\"'; run; is "its exit code is passed on" "$rc" 3
task 'sh -c \"kill -SEGV $$\"'; run; is "its signal is passed on" "$rc" 139

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	echo x >in
	task 'strace -f -o log cat in'; run
	is "strace inside a task works" "$rc $out" "0 x"
	has "... strace sees the calls" "$(cat log)" '"in"'
	capture vt run t; has "... the task is kept" "$out" "cache hit"
	echo y >in; capture vt run t; has "... its reads are followed" "$out" "cache miss: 'in' modified"
else skip "strace" "it does not work here"; fi

file p.c '#include <fcntl.h>
#include <stdlib.h>
int main(int argc, char **argv) { (void)argv; char *volatile p = malloc(8); if (open("in", O_RDONLY) < 0) return 2; if (argc > 1) p = 0; else free(p); return 0; }'
if $CC -g -fsanitize=address p.c -o asan 2>/dev/null && ./asan; then
	./asan leak 2>/dev/null; leaks=$?
	task './asan'; run; is "an address sanitizer in a task works" "$rc $err" "0 "
	task './asan leak'; run; is "... it finds leaks as before" "$rc" "$leaks"
	task './asan'; run; capture vt run t; has "... the task is kept" "$out" "cache hit"
	echo z >in; capture vt run t; has "... its reads are followed" "$out" "cache miss: 'in' modified"; echo y >in
	if $CC -g -fsanitize=address -static-libasan p.c -o asan 2>/dev/null; then
		task './asan leak'; run; is "... also when it is linked in" "$rc" "$leaks"
	else skip "a sanitizer that is linked in" "there is none"; fi
	# each sanitizer with a library of its own wants to be the first one of the program
	for how in "gcc -fsanitize=thread" "gcc -fsanitize=undefined" "gcc -fsanitize=leak" "clang -fsanitize=address -shared-libasan" \
		"clang -fsanitize=undefined -shared-libsan"; do
		dir=$(dirname "$(clang -print-file-name=libclang_rt.asan-x86_64.so 2>/dev/null)")
		if $how -g p.c -Wl,-rpath,"$dir" -o sane 2>/dev/null && ./sane 2>/dev/null; then
			task './sane'; run; is "$how: the task starts as ever" "$rc $err" "0 "
			capture vt run t; has "$how: it is kept" "$out" "cache hit"
		else skip "$how" "it cannot be used here"; fi
	done
else skip "sanitizers" "they cannot be used here"; fi

# a workspace with another way in
workspace; file package.json '{"name":"app","private":true}'; echo 1 >in
ln -s "$W" "$T/other"; cd "$T/other"
task 'sh -c \"cat $PWD/in\"'; run; capture vt run t
has "a workspace entered by a link: a hit" "$out" "cache hit"
echo 2 >in; capture vt run t; has "... and an edit of its input is a miss" "$out" "cache miss: 'in' modified"

# a program that the user wants loaded first
if printf '#include <stdlib.h>\n__attribute__((constructor)) static void hello(void) { setenv("LOADED", "by the user", 1); }\n' >l.c && $CC -shared -fPIC l.c -o l.so 2>/dev/null; then
	echo 'echo $LOADED ${LD_PRELOAD%%:*}; cat in' >loaded.sh
	task 'sh loaded.sh'
	with LD_PRELOAD="$PWD/l.so" run
	is "LD_PRELOAD of the user: comes first" "$out" "by the user $PWD/l.so
2"
	file vite-task.json '{"plugins":{"options":{"trace-linux":{"shim":false}}},"tasks":{"t":{"command":"sh loaded.sh"}}}'
	echo 'echo $LOADED $LD_PRELOAD; cat in' >loaded.sh; rm -rf .vt
	with LD_PRELOAD="$PWD/l.so" run
	is "... and alone where the shim is off" "$out" "by the user $PWD/l.so
2"
else skip "LD_PRELOAD" "no shared library can be built here"; fi

# many tasks at a time, and how many descriptors runner and supervisor then have
workspace
names=(); for i in $(seq 100); do names+=(p$i); done
pnpm "${names[@]}"
# the supervisor closes a listener when it hears that no process is left: in a moment
count='for i in $(seq 100); do ls /proc/$PPID/fd >keeper; [ $(wc -l <keeper) -le 5 ] && break; sleep 0.2; done
read _ _ _ up _ </proc/$PPID/stat; ls /proc/$up/fd >runner; echo $PPID >pid'
file package.json '{"name":"root","private":true}'
file vite-task.json "{\"tasks\":{\"one\":{\"command\":\"sh count\",\"cache\":false},\"all\":{\"command\":\"sh count\",\"cache\":false,\"dependsOn\":[$(printf '"%s#t",' "${names[@]}" | sed 's/,$//')]}}}"
echo "$count" >count
for p in "${names[@]}"; do echo "$p" >packages/$p/in; file packages/$p/vite-task.json '{"tasks":{"t":{"command":"sh -c \"cat in; sleep 0.1; cat in\""}}}'; done
vt run one >/dev/null; one="$(wc -l <runner) $(wc -l <keeper)"
capture vt run --concurrency-limit 100 all
is "100 traced tasks at once: all run" "$rc" 0
is "... no descriptor stays open in the runner or its supervisor" "$(wc -l <runner) $(wc -l <keeper)" "$one"
gone "... the supervisor ends" "/proc/$(cat pid)"
capture vt run all
has "... all are kept" "$out" "100/101 cache hit"

finish
