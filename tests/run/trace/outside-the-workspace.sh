# A file outside counts where the workspace leads there.
. "${0%/*}/../../lib/functions.sh" || exit
mkdir -p "$T/o/mono/ws" "$T/o/linked/deep" "$T/o/linked/.cache" "$T/elsewhere/pkg"; cd "$T/o/mono/ws" || exit
W=$PWD
file package.json '{"name":"app","private":true}'
echo one | tee ../base.json ../../top.json ../../linked/a ../../linked/deep/b ../../linked/.cache/c "$T/elsewhere/pkg/lib" "$T/elsewhere/pkg/other" "$T/elsewhere/alone" >/dev/null
mkdir ../.store; echo one >../.store/x
task() { printf '{"tasks":{"t":"%s"}}\n' "$1" >vite-task.json; rm -rf .vt; capture vt run t; is "$1: runs" "$rc" 0; capture vt run t; has "... hits" "$(steps)" "cache hit"; }
counts() { echo two >"$1"; capture vt run t; has "$2" "$(steps)" "cache miss: '$1' modified"; capture vt run t; has "... hits then" "$(steps)" "cache hit"; }
counts_not() { echo "$RANDOM$RANDOM" >"$1"; capture vt run t; has "$2" "$(steps)" "cache hit"; }

task 'cat ../base.json ../../top.json ../.store/x'
counts "$T/o/mono/base.json" "a file beside the workspace"
counts "$T/o/top.json" "a file two folders up"
counts_not "$T/o/mono/.store/x" "a file in a hidden folder: no input"
rm ../base.json; capture vt run t; has "a file outside that is gone: a miss" "$(steps)" "cache miss: 'base.json' removed from '$T/o/mono'"
echo one >../base.json

task "cat $T/elsewhere/alone"
counts_not "$T/elsewhere/alone" "a file to which no link leads: no input"

mkdir node_modules; ln -s "$T/elsewhere/pkg" node_modules/pkg
file real.sh 'd=$(cd -P node_modules/pkg && pwd); cat node_modules/pkg/lib >/dev/null; cat $d/other'
task 'sh real.sh'
counts "$T/elsewhere/pkg/other" "a file behind a link, by its real name"
echo three >"$T/elsewhere/pkg/lib"; capture vt run t; has "a file behind a link, by the name of the link: a miss when it changes" "$(steps)" "cache miss: 'node_modules/pkg/lib' modified"
if command -v node >/dev/null; then
	mkdir -p "$T/elsewhere/lib"; echo '{"name":"lib","main":"index.js"}' >"$T/elsewhere/lib/package.json"
	echo 'module.exports = require("./deep")' >"$T/elsewhere/lib/index.js"; echo 'module.exports = 1' >"$T/elsewhere/lib/deep.js"
	ln -s "$T/elsewhere/lib" node_modules/lib; file main.cjs 'console.log(require("lib"))'
	task 'node main.cjs'
	echo 'module.exports = 2' >"$T/elsewhere/lib/deep.js"
	capture vt run t; has "a module deep in a linked package: a miss when it changes" "$(steps)" "cache miss: '$T/elsewhere/lib/deep.js' modified"
	has "... and the new one is loaded" "$out" 2
else skip "a linked package" "node is not installed"; fi

file log.sh 'echo x >../log; cat ../log'
task 'sh log.sh'
counts_not "$T/o/mono/log" "a file that the task wrote there itself: no input"

if [ -w /usr/local/include ] && : "${CC:=cc}" && command -v "$CC" >/dev/null; then
	h=/usr/local/include/vt-test-$$.h; cleanup "rm -f $h"; echo '#define V 1' >$h
	printf '#include <%s>\nint v = V;\n' "${h##*/}" >v.c
	task "$CC -c v.c -o v.o"
	echo '#define V 2' >$h; capture vt run t; has "a header of the system: a miss when it changes" "$(steps)" "cache miss: '$h' modified"
else skip "a header of the system" "only root may write one"; fi

if : "${CC:=cc}" && command -v "$CC" >/dev/null; then
	mkdir -p "$T/elsewhere/sdk" "$T/elsewhere/l1" "$T/elsewhere/l2"; echo '#define V 1' >"$T/elsewhere/sdk/sdk.h"
	printf '#include <sdk.h>\nint v = V;\n' >v.c
	task "$CC -isystem $T/elsewhere/sdk -c v.c -o sdk.o"
	echo '#define V 2' >"$T/elsewhere/sdk/sdk.h"; capture vt run t
	has "a header elsewhere: a miss when it changes" "$(steps)" "cache miss: '$T/elsewhere/sdk/sdk.h' modified"
	echo 'int v(void) { return 1; }' >q.c; $CC -shared -fPIC q.c -o "$T/elsewhere/l2/libq.so"
	printf '#include <stdio.h>\nint v(void);\nint main(void) { printf("%%d\\n", v()); return 0; }\n' >m.c
	$CC m.c -o m -L"$T/elsewhere/l2" -lq -Wl,-rpath,"$T/elsewhere/l1:$T/elsewhere/l2"
	task ./m
	echo 'int v(void) { return 2; }' >q.c; $CC -shared -fPIC q.c -o "$T/elsewhere/l1/libq.so"
	capture vt run t; has "a library that comes earlier on the path: a miss" "$(steps)" "cache miss: 'libq.so' added in '$T/elsewhere/l1'"
	has "... and that library is loaded" "$out" 2
	rm "$T/elsewhere/l1/libq.so"; capture vt run t; has "... gone again: the earlier one is loaded" "$out" 1
else skip "a header elsewhere" "no compiler"; fi

# make reads no header of a product that it finds up to date, but asks for its time
if command -v make >/dev/null && : "${CC:=cc}" && command -v "$CC" >/dev/null; then
	echo '#define V 1' >"$T/elsewhere/sdk/sdk.h"; printf '#include <stdio.h>\nint v(void);\nint main(void) { printf("%%d\\n", v()); return 0; }\n' >main.c
	printf '#include <sdk.h>\nint v(void);\nint v(void) { return V; }\n' >v.c
	file Makefile "CC = $CC
CPPFLAGS = -MMD -isystem $T/elsewhere/sdk
app: main.o v.o
	\$(CC) -o \$@ main.o v.o && ./app
main.o v.o: $T/elsewhere/sdk/sdk.h"
	rm -f v.o main.o app
	task 'make -s'
	echo '/* changed */' >>main.c; touch -d '+2 seconds' main.c; capture vt run t; has "make, a source is edited: a miss" "$(steps)" "cache miss: 'main.c' modified"
	capture vt run t; has "... then a hit" "$(steps)" "cache hit"
	echo '#define V 2' >"$T/elsewhere/sdk/sdk.h"; touch -d '+4 seconds' "$T/elsewhere/sdk/sdk.h"
	capture vt run t; has "... a header of the other object changes: a miss" "$(steps)" "cache miss: '$T/elsewhere/sdk/sdk.h' modified"
	has "... and it is compiled again" "$out" $'\n2'
else skip "make and a header elsewhere" "make or a compiler is not here"; fi

# a temporary folder holds files of any user, also where the workspace lies in it
d=$(mktemp -d /tmp/vt-test.XXXXXX) && b=/tmp/${d##*/}.json; cleanup "rm -rf $d $b"
cd "$d" || exit; file package.json '{"name":"app","private":true}'; echo one >"$b"
task "cat ../${b##*/}"
counts_not "$b" "a workspace in a temporary folder: a file beside it is no input"
cd "$W" || exit

# the home folder is where it ends, and what tools keep there is no input
rm -rf .vt; mkdir -p ../../go/pkg; echo one | tee "$T/above.json" ../../go/pkg/m.go ../../.npmrc >/dev/null
file vite-task.json '{"tasks":{"t":"cat ../../top.json ../base.json ../../../above.json ../../go/pkg/m.go ../../.npmrc"}}'
with HOME=$T/o capture vt run t; with HOME=$T/o capture vt run t; has "below a home folder: hits" "$(steps)" "cache hit"
for f in above.json o/go/pkg/m.go o/.npmrc; do
	echo five >"$T/$f"; with HOME=$T/o capture vt run t; has "$f, above the home folder, of a tool or hidden: no input" "$(steps)" "cache hit"
done
echo five >../../top.json; with HOME=$T/o capture vt run t; has "a file in the home folder: a miss when it changes" "$(steps)" "cache miss: '$T/o/top.json' modified"
finish
