# Real tools without a word of configuration: a hit on the second unchanged run and on the third,
# a miss after an edit, a hit after that. Tools that are not installed are skipped; VT_TEST_MORE_NPM names a
# node_modules with more of them than ./bootstrap installs.
. "${0%/*}/../../lib/functions.sh" || exit
# tool NAME PROGRAM COMMAND EDITED-FILE: h a hit, r it ran, ! it failed
tool() {
	local name=$1 program=$2 command=$3 edited=$4 letters='' i
	command -v "$program" >/dev/null || [ -x "$program" ] || { skip "$name" "$program is not installed"; return; }
	for i in 1 2 3 edit 5; do
		[ $i != edit ] || echo "${comment-//} edited" >>"$edited"
		capture vt run "$command"
		[ "$rc" = 0 ] || letters+='!'
		case $out in *'cache hit, replaying'*) letters+=h ;; *) letters+=r ;; esac
	done
	is "$name" "$letters" rhhrh
}
# chain NAME EDITED-FILE: two commands; hits in the second and third run and in the one after an edit's
chain() {
	local i counts=
	for i in 1 2 3 edit 5; do
		[ $i != edit ] || echo "int edited;" >>"$2"
		capture vt run t
		counts+=" $rc:$(printf '%s' "$out" | grep -c 'cache hit, replaying')"
	done
	like "$1: hits in five runs, an edit before the fourth" "$counts" " 0:0 0:2 0:2 0:[01] 0:2"
}
project() {                    # project COMMAND: a new one with one script
	workspace
	mkdir src
	file package.json "{\"name\":\"p\",\"type\":\"module\",\"scripts\":{\"t\":\"$1\"}}"
	file vite-task.json '{"cache":true}'
	echo 'export const a: number = 1;' >src/a.ts
	echo 'export const b = 1;' >src/b.js
	[ ! -d "$NPM" ] || own_modules
}
tsconfig() { file tsconfig.json "{\"compilerOptions\":{$1\"rootDir\":\"src\",\"module\":\"esnext\",\"target\":\"es2020\",\"types\":[]},\"include\":[\"src\"]}"; }

for flags in '-p .' '-p . --noEmit' '-b'; do
	project "tsc $flags"; tsconfig '"incremental":true,"outDir":"dist",'
	tool "tsc $flags, incremental" "$NPM/.bin/tsc" t src/a.ts
done
project 'rm -rf dist && tsc -p . && cp package.json dist/'; tsconfig '"outDir":"dist",'
capture vt run t
if [ -x "$NPM/.bin/tsc" ]; then
	capture vt run t
	is "clean, compile and copy: three hits" "$(printf "%s" "$out" | grep -c "cache hit, replaying")" 3
else skip "clean, compile and copy" "tsc is not installed"; fi
project 'esbuild src/b.js --bundle --outfile=dist/b.js'; tool esbuild "$NPM/.bin/esbuild" t src/b.js
project 'vite build'; echo '<script type=module src=src/b.js></script>' >index.html; tool 'vite build' "$NPM/.bin/vite" t src/b.js
project 'oxlint src'; tool oxlint "$NPM/.bin/oxlint" t src/b.js

project 'make -s'
printf 'int main(void) { return 0; }\n' >src/x.c
printf 'all: x\nx: x.o\n\tcc -o x x.o\nx.o: src/x.c\n\tcc -c -o x.o src/x.c\n' >Makefile
tool 'make and a compiler' make t src/x.c
project 'python3 -m src.m'; printf 'from src import n\n' >src/m.py; echo 'X = 1' >src/n.py; : >src/__init__.py
comment='#' tool 'python, which keeps compiled modules' python3 t src/n.py
project "sh -c 'cat src/b.js > src/generated.js'"; tool 'a generator that writes the same bytes again' sh t src/b.js
project "sh -c 'cp -n default.conf conf; cat conf'"; echo a >default.conf
tool 'a copy of a default where a file is missing' cp t conf

# a fresh checkout in which .vt alone was kept
project 'tsc -p .'; tsconfig '"incremental":true,"outDir":"dist",'
if [ -x "$NPM/.bin/tsc" ]; then
	file vite-task.json '{"cache":true,"tasks":{"b":{"command":"tsc -p .","output":["dist/**","*.tsbuildinfo"]}}}'
	vt run b >/dev/null
	rm -rf dist ./*.tsbuildinfo
	capture vt run b
	has "tsc --incremental in a fresh checkout with the cache: a hit" "$out" "cache hit, replaying"
	there "... its files are there" dist/a.js
	project 'tsc -p .'; tsconfig '"incremental":true,"outDir":"dist",'
	capture vt run t
	rm -rf dist ./*.tsbuildinfo
	capture vt run t
	has "... undeclared ones are said to be missing" "$out" "it made are missing"
	echo 'export const c = 1;' >>src/a.ts
	capture vt run t
	there "... and the next run makes them" dist/a.js
else skip "tsc --incremental in a fresh checkout" "tsc is not installed"; fi

project 'go build -o app'
printf 'module x\n\ngo 1.18\n' >go.mod; printf 'package main\n\nfunc main() {}\n' >main.go
tool 'go build' go t main.go
# rustup finds its toolchains by HOME, which the test replaces
for rust in "$(getent passwd "$(id -u)" | cut -d: -f6)"/.rustup/toolchains/*/bin; do [ ! -x "$rust/cargo" ] || PATH=$rust:$PATH; done
project 'cargo build -q --offline'
printf '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n' >Cargo.toml; echo 'fn main() {}' >src/main.rs
tool 'cargo build' cargo t src/main.rs
project 'cargo build -q --offline && cp target/debug/x out'
printf '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n' >Cargo.toml; echo 'fn main() {}' >src/main.rs
if command -v cargo >/dev/null; then
	vt run t >/dev/null
	capture vt run t
	is "cargo build && cp: two hits" "$(printf "%s" "$out" | grep -c "cache hit, replaying")" 2
	printf 'fn main() {\n\tprintln!("2");\n}\n' >src/main.rs
	vt run t >/dev/null
	is "... after an edit the copy is the new program" "$(./out)" 2
	rm out
	capture vt run t
	is "... then both hit" "$(printf "%s" "$out" | grep -c "cache hit, replaying")" 2
else skip "cargo build && cp" "cargo is not installed"; fi

cmake_project() {
	project "$1"
	printf 'cmake_minimum_required(VERSION 3.10)\nproject(x C)\nadd_executable(x src/x.c)\n' >CMakeLists.txt
	echo 'int main(void) { return 0; }' >src/x.c
}
cmake_project 'ninja -C build'
if command -v ninja >/dev/null && command -v cmake >/dev/null; then cmake -G Ninja -B build . >/dev/null; fi
tool 'ninja, configured before' ninja t src/x.c
# cmake and ninja both rewrite .ninja_log, in another order each time
cmake_project 'cmake -G Ninja -B build . && ninja -C build'
if command -v ninja >/dev/null && command -v cmake >/dev/null; then
	chain 'cmake && ninja' src/x.c
else skip "cmake && ninja" "cmake or ninja is not installed"; fi

project 'sqlite3 data.db .dump'
if command -v sqlite3 >/dev/null; then
	sqlite3 data.db 'create table t(a); insert into t values(1);'
	letters=
	for i in 1 2 3 edit 5; do
		[ $i != edit ] || sqlite3 data.db 'insert into t values(2);'
		capture vt run t
		case $out in *'cache hit, replaying'*) letters+=h ;; *) letters+=r ;; esac
	done
	is "sqlite3 that only reads" "$letters" rhhrh
else skip "sqlite3 that only reads" "sqlite3 is not installed"; fi
project 'pytest -q'; printf 'import m\ndef test_a():\n    assert m.X\n' >test_a.py; echo 'X = 1' >m.py
comment='#' tool pytest pytest t m.py
project 'latexmk -pdf -interaction=batchmode x.tex'; printf '%s\n' '\documentclass{article}' '\begin{document}' x '\end{document}' >x.tex
comment='%' tool latexmk latexmk t x.tex

# ---- from npm, if installed
MORE=${VT_TEST_MORE_NPM:-$NPM}
more() {                       # more COMMAND: a project with these modules, and with no watchman
	project "$1"
	rm -rf node_modules; mkdir -p node_modules/.bin
	[ ! -d "$MORE" ] || ln -sfn "$MORE"/* node_modules/
	[ ! -d "$MORE/.bin" ] || ln -sfn "$MORE"/.bin/* node_modules/.bin/
	printf '#!/bin/sh\nexit 1\n' >node_modules/.bin/watchman; chmod +x node_modules/.bin/watchman
}
more webpack
echo 'export default { mode: "development", entry: "./src/b.js", cache: { type: "filesystem" } };' >webpack.config.js
tool 'webpack with its cache in files' "$MORE/.bin/webpack" t src/b.js
more 'parcel build index.html --no-source-maps'
echo '<script type=module src=src/b.js></script>' >index.html
tool parcel "$MORE/.bin/parcel" t src/b.js
more 'rollup -c'
printf '%s\n' 'import ts from "rollup-plugin-typescript2";' 'export default { input: "src/a.ts", output: { file: "dist/a.js" }, plugins: [ts()] };' >rollup.config.mjs
file tsconfig.json '{"compilerOptions":{"module":"esnext","target":"es2020","types":[],"skipLibCheck":true},"include":["src"]}'
if [ -d "$MORE/rollup-plugin-typescript2" ]; then tool 'rollup with typescript2' "$MORE/.bin/rollup" t src/a.ts
else skip 'rollup with typescript2' "rollup-plugin-typescript2 is not installed"; fi
more 'tsup src/a.ts'; tool tsup "$MORE/.bin/tsup" t src/a.ts
more 'jest --watchman=false'; echo 'test("x", () => { expect(1).toMatchSnapshot(); });' >src/b.test.cjs
echo 'export default { testMatch: ["**/*.test.cjs"] };' >jest.config.mjs
tool 'jest with a snapshot' "$MORE/.bin/jest" t src/b.test.cjs
more 'eslint --cache src'; echo 'export default [{}];' >eslint.config.mjs
tool 'eslint --cache' "$MORE/.bin/eslint" t src/b.js
more 'prettier --check --cache src'; tool 'prettier --cache' "$MORE/.bin/prettier" t src/b.js
more 'vitest run'; echo 'import { test, expect } from "vitest"; import { b } from "./b.js"; test("x", () => expect(b).toBeGreaterThan(0));' >src/b.test.js
file vite-task.json '{"cache":true,"tasks":{"t":{"cache":{"heedOptOut":false}}}}'
tool 'vitest, whose wish not to be cached is not heeded' "$MORE/.bin/vitest" t src/b.js
if [ -d "$MORE/next" ]; then
	more 'next build'; rm -rf node_modules; cp -a "$MORE" node_modules
	mkdir app
	echo 'export default function L({ children }) { return <html><body>{children}</body></html>; }' >app/layout.js
	echo 'export default function P() { return <p>1</p>; }' >app/page.js
	tool 'next build' "$MORE/.bin/next" t app/page.js
else skip 'next build' "next is not installed"; fi
finish
