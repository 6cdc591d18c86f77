# The kernel sees every program: static, of another libc, 32 bits, without libc.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
: "${CC:=cc}"

workspace
touch input
file p.c '#include <fcntl.h>
int main(void) { return open("input", O_RDONLY) < 0 || open("missing", O_RDONLY) >= 0; }'
try() {                              # "story" compiler options
	local story=$1; shift
	if "$@" p.c -o p 2>/dev/null; then
		traced ./p
		well "$story"; was "$story: its file" READ input missing
		traced sh -c 'env -i ./p'
		was "$story: as a child without an environment" READ input missing
	else skip "$story" "cannot be built here"; fi
}
try "static" $CC -static
if command -v musl-gcc >/dev/null; then
	try "static musl" musl-gcc -static
	try "dynamic musl" musl-gcc
else skip "musl" "musl-gcc is not installed"; fi

if command -v go >/dev/null; then
	file p.go 'package main
import "os"
func main() { os.Stat("missing"); if _, err := os.Open("input"); err != nil { os.Exit(1) } }'
	if CGO_ENABLED=0 GO111MODULE=off GOCACHE=$T/go go build -o p p.go 2>/dev/null; then
		traced ./p
		well "static Go"; was "static Go: its file" READ input; was "static Go: its probe" PROBE missing
	else skip "static Go" "it cannot be built here"; fi
else skip "static Go" "go is not installed; esbuild, which is one, stands in as-strace-sees-it.sh"; fi

case $(uname -m) in
x86_64)
	file p.c 'static long call(long n, long a, long b, long c) { long r;
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory"); return r; }
void _start(void) { long r = call(2, (long)"input", 0, 0) < 0; call(2, (long)"missing", 0, 0); call(231, r, 0, 0); for (;;); }'
	try "without libc" $CC -nostdlib -static -fno-stack-protector
	file p.c 'static int call(int n, int a, int b, int c) { int r;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory"); return r; }
void _start(void) { int r = call(5, (int)"input", 0, 0) < 0; call(195, (int)"missing", (int)(char[200]){0}, 0); call(252, r, 0, 0); for (;;); }'
	if $CC -m32 -nostdlib -static -fno-stack-protector -fno-pic -no-pie p.c -o p 2>/dev/null && ./p; then
		traced ./p
		well "32 bits"; was "32 bits: its file" READ input; was "32 bits: its probe" PROBE missing
	else skip "32 bits" "cannot be built or run here"; fi
	file p.c 'static long call(long n, long a, long b, long c) { long r;
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory"); return r; }
void _start(void) { call(0x40000000 + 2, (long)"input", 0, 0); call(231, 0, 0, 0); for (;;); }'
	$CC -nostdlib -static -fno-stack-protector p.c -o p 2>/dev/null
	traced ./p
	like "calls of an interface without a table: the program runs" "$rc" 0
	like "... the trace is incomplete, and says why" "$end" "incomplete*another system call interface*" ;;
esac

printf '#!%s\n' "$PWD/static" >by-static
file p.c '#include <fcntl.h>
int main(void) { return open("input", O_RDONLY) < 0; }'
if $CC -static p.c -o static 2>/dev/null; then
	chmod +x by-static
	traced sh -c ./by-static
	well "a script whose interpreter is static"
	was "script and interpreter" EXEC by-static static
fi
finish
