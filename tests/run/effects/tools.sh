# Real tools without a word of configuration: a hit on the second unchanged run and on the third,
# a miss after an edit, a hit after that. Tools that are not here are skipped.
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
comment='#' tool 'python, which keeps what it compiled' python3 t src/n.py
project "sh -c 'cat src/b.js > src/generated.js'"; tool 'a generator that writes the same again' sh t src/b.js
project "sh -c 'cp -n default.conf conf; cat conf'"; echo a >default.conf
tool 'a default for what is missing' cp t conf
finish
