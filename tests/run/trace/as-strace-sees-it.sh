# Real programs: nothing that strace sees is missing from the trace of the same run, with the
# shim and without it; and each prints the same as without a tracer.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
requires strace python3
workspace
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"

# The output of a program, without times and sizes; some tools add a time in brackets only where it is long.
said() { sed -E '/Duration/d; s/ \([0-9][0-9.,]* ?m?s\)//g; s/[0-9][0-9.,]* ?(ms|s|kB|B|KiB|MB)\b/N/g; s/[0-9]+(\.[0-9]+)?/N/g; s/ +/ /g' "$T/said" | sort; }

says=()                              # status and output of each program where it ran first
same() {                             # "story" STATUS
	local now="$2 $(said)"
	if [ "$HOW" = "with the shim" ]; then says[stories]=$now
	else is "$1, $HOW: prints the same" "$now" "${says[stories]}"; fi
}
truth() {                            # "story" command...
	local story=$1
	shift
	stories=$((stories + 1))
	if [ "$HOW" = "not traced" ]; then
		base_env timeout 300 "$@" >"$T/said" 2>/dev/null </dev/null
		same "$story" $?
		return
	fi
	capture base_env TRUTH_OUT="$T/said" timeout 300 python3 "$abs_top_srcdir/tests/run/trace/truth.py" ${WITHOUT_SHIM:+-s} "$HOST" "$TRACER" "$@"
	[ "$rc" = 0 ] || _show truth "$out"
	ok "$story, $HOW: $(printf '%s\n' "$out" | sed -n 's/^\([a-z]* [0-9]*\) missing 0$/\1/p' | paste -sd ' ')" "$rc"
	same "$story" "$(printf '%s\n' "$out" | sed -n 's/^status //p')"
}
lacks() { [ "$HOW" != "with the shim" ] || skip "$@"; return 1; }
if_npm() { [ -d "$NPM/$1" ] || lacks "$2" "npm package $1 is not installed (./bootstrap check installs it)"; }
if_there() { command -v "$1" >/dev/null || lacks "$1" "it is not installed"; }
# the tools of a workspace of JavaScript; TOOLS: a node_modules that has them
TOOLS=${VT_TEST_TOOLS:-$NPM}
if_tool() { [ -e "$TOOLS/.bin/$1" ] || lacks "$1" "it is not below VT_TEST_TOOLS"; }

programs() {
mkdir -p src many tree/a/b
for i in $(seq 300); do echo "exports.x = $i;" >many/m$i.cjs; echo "require('./many/m$i.cjs');"; done >many.cjs
for i in $(seq 40); do echo $i >tree/f$i; echo $i >tree/a/f$i; echo $i >tree/a/b/f$i; done
file src/a.ts 'export const a: string = "A";'
file src/main.ts "import { a } from './a'; console.log(a);"
file index.html '<!doctype html><script type="module" src="/src/main.ts"></script>'
file package.json '{"name":"app","private":true,"type":"module"}'
file tsconfig.json '{"compilerOptions":{"module":"esnext","moduleResolution":"bundler","outDir":"tsout","types":[]},"include":["src"]}'
file main.c '#include <stdio.h>
int main(void) { return puts("x") < 0; }'
file build.sh 'set -e; for f in tree/*; do test -f "$f" && cat "$f"; done >all; mkdir -p out/x; cp all out/x; mv out/x/all out/y; rm -r out/x
(cd tree && ls -l a >/dev/null && find . -newer ../all); [ -e missing ] || ln -s all link; cat link; rm link all'

truth "a shell script" sh build.sh
truth "100 programs one after the other" sh -c 'i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i + 1)); done'
truth "find" find tree -size +1M
truth "cp, rm" sh -c 'cp -r tree copy && rm -rf copy'
git init -q . 2>/dev/null && git add tree && truth "git" git status
truth "a compiler" "${CC:-cc}" -o prog main.c
if command -v node >/dev/null; then
	truth "node with 300 modules" node many.cjs
	if_npm vite "vite" && { own_modules; truth "vite build" node node_modules/vite/bin/vite.js build
		truth "vite build, again" node node_modules/vite/bin/vite.js build; }
	if_npm typescript "tsc" && { own_modules; truth "tsc" node node_modules/typescript/bin/tsc -p .; }
	if_npm esbuild "esbuild" && truth "esbuild" "$NPM/.bin/esbuild" src/main.ts --bundle --outfile=out.js
	if_npm oxlint "oxlint" && truth "oxlint" node "$NPM/oxlint/bin/oxlint" src
else lacks "node" "it is not installed"; fi

# other tools that people run
mkdir -p mk/sub src/a
file mk/Makefile 'include one.mk
-include none.mk
include $(wildcard *.mkw)
VPATH = sub:../tree
all: t.o; @cat $<; $(MAKE) -C sub
t.o: f1; cp $< $@'
echo X=1 >mk/one.mk; echo Y=1 >mk/two.mkw; echo 'all: ; ls ..' >mk/sub/Makefile
file src/a/next.h '#if __has_include("maybe.h")
#include "maybe.h"
#endif'
file src/m.cc '#include <vector>
#include <next.h>
int main() { return 0; }'
file p.pl 'use File::Find; find(sub { -f && open(my $f, "<", $_) }, "tree"); print glob("*/*.h"); rename "all2", "all3";'
file q.cjs 'const fs = require("fs"); fs.cpSync("mk", "mk2", { recursive: true }); fs.rmSync("mk2", { recursive: true });
fs.existsSync("nope/x"); fs.opendirSync("src").closeSync(); fs.watch("src").close(); fs.realpathSync.native("mk/../src");
fs.readdirSync(".", { recursive: true }); fs.statfsSync("."); import("node:fs/promises").then(p => p.readFile("package.json"));'
file b.sh 'shopt -s globstar nullglob; for f in **/*.h mk/*.{mk,none}; do [[ $f -nt main.c ]]; done; source mk/one.mk; x=$(<main.c)
cd src; pushd ../mk >/dev/null; exec 5<../p.pl; cat <&5 >/dev/null; cd -P ..; type -a bash; wc -c mk/*.mk; trap "cat mk/one.mk" EXIT'
truth "bash" bash b.sh
if_there python3 && truth "python and its modules" python3 -c 'import json, os, http.client, asyncio; print(len(os.listdir(".")))'
if_there perl && truth "perl" perl p.pl
if_there make && truth "make and what it includes" make -C mk
if_there g++ && truth "where a compiler looks for headers" g++ -I mk -isystem src/a -I nowhere -c src/m.cc -o m.o
if_there tar && truth "tar" sh -c 'tar cf x.tar tree src && mkdir un && tar xf x.tar -C un'
if [ -d .git ]; then
	git add src mk && git -c user.name=x -c user.email=x@y commit -qm 1 && git branch other && git rm -q --cached src/a/next.h &&
		git -c user.name=x -c user.email=x@y commit -qm 2
	truth "git checkout" git checkout -qf other
fi
if_there node && truth "node and its file functions" node q.cjs
file A.java 'public class A { public static void main(String[] a) { System.out.println(new java.io.File("main.c").exists()); } }'
if_there javac && truth "javac" javac A.java
if_there java && [ -e A.class ] && truth "java" java A
if_there ruby && truth "ruby" ruby -e 'require "json"; puts Dir.glob("**/*.h"); File.exist?("nope")'
file cargo/Cargo.toml '[package]
name = "x"
version = "0.1.0"
edition = "2021"'
file cargo/src/main.rs 'fn main() { println!("{}", std::fs::metadata("main.c").is_ok()); }'
if_there cargo && (cd cargo && cargo build -q --offline) 2>/dev/null && truth "cargo" cargo build -q --offline --manifest-path cargo/Cargo.toml
file cm/CMakeLists.txt 'cmake_minimum_required(VERSION 3.10)
project(x C)
add_executable(x ../main.c)'
file g/go.mod 'module x'
file g/main.go 'package main
import "fmt"
func main() { fmt.Println(1) }'
if_there go && truth "go build" go build -C g -o x .
if_there cmake && if_there ninja && truth "cmake and ninja" sh -c 'cmake -G Ninja -S cm -B cm/b && ninja -C cm/b'

# the tools of a workspace of JavaScript
[ "$TOOLS" = "$NPM" ] || { mkdir app && cd app && cp -al "$TOOLS" node_modules 2>/dev/null || cp -a "$TOOLS" node_modules; }
mkdir -p src pages
file src/b.js "export const b = 'B';"
file src/b.mjs "import { b } from './b'; console.log(b);"
file src/b.spec.js "import { test, expect } from 'vitest'; import { b } from './b.js'; test('b', () => expect(b).toBe('B'));"
file src/s.cjs 'exports.sum = (a, b) => a + b;'
file src/s.test.cjs "const { sum } = require('./s.cjs'); test('s', () => { expect(sum(1, 2)).toBe(3); });"
file eslint.config.mjs "export default [{ rules: { semi: 'error' } }];"
file jest.config.cjs "module.exports = { testMatch: ['**/*.test.cjs'], moduleFileExtensions: ['cjs', 'js', 'json'], watchman: false };"
file pages/index.jsx 'export default function P() { return <p>hi</p>; }'
[ -e package.json ] || file package.json '{"name":"app","private":true}'
export CI=1 NEXT_TELEMETRY_DISABLED=1
if_tool webpack && truth "webpack" node_modules/.bin/webpack --mode production ./src/b.js
if_tool rollup && truth "rollup" node_modules/.bin/rollup src/b.js -o dist/r.js
if_tool eslint && truth "eslint" node_modules/.bin/eslint src/b.js
if_tool jest && truth "jest" node_modules/.bin/jest -c jest.config.cjs
if_tool vitest && truth "vitest" node_modules/.bin/vitest run src/b.spec.js
if_tool next && truth "next build" node_modules/.bin/next build
cd "$W" || exit
}

for HOW in "with the shim" "without it" "not traced"; do
	WITHOUT_SHIM='' stories=0
	[ "$HOW" != "without it" ] || WITHOUT_SHIM=1
	workspace
	programs
done
finish
