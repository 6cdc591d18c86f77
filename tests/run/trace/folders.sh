# A program with the shim reads folders as without it, and no reading waits for the tracer.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
: "${CC:=cc}"
FOLDERS=$abs_top_builddir/tests/plugins/trace-folders
workspace
world() {
	cd "$W" && rm -rf few many gone empty file && mkdir few many gone empty && echo x >file || exit
	(cd few && : >a && : >b && : >.hidden && mkdir c && ln -s a l)
	(cd many && seq -f "a-name-that-is-not-short-%04g" 2000 | xargs touch)
}
world; capture "$FOLDERS"; untraced=$out; is "folders without tracing: read" "$rc $err" "0 "
world; traced "$FOLDERS"; is "folders by the gate: each function answers the same" "$rc $(cat "$T/out")" "0 $untraced"
is "... the trace is complete" "$end" complete
was "each folder: listed" LIST few many empty gone
was "a file and a missing name: listed" LIST file nothing
world; HOST_OPTIONS=-s; traced "$FOLDERS"; HOST_OPTIONS=
is "folders without the shim: each function answers the same" "$rc $(cat "$T/out")" "0 $untraced"
if command -v musl-gcc >/dev/null && musl-gcc -I"$abs_top_builddir" "$abs_top_srcdir/tests/plugins/trace-folders.c" -o "$T/musl" 2>/dev/null && world && "$T/musl" >/dev/null 2>&1; then
	world; capture "$T/musl"; untraced=$out
	world; traced "$T/musl"; is "with musl" "$rc $(cat "$T/out")" "0 $untraced"
else skip "with musl" "it is not installed"; fi
for cc in "gcc -fsanitize=address" "clang -fsanitize=address" "clang -fsanitize=memory" "gcc -fsanitize=thread" "clang -fsanitize=thread"; do
	if $cc -g -I"$abs_top_builddir" "$abs_top_srcdir/tests/plugins/trace-folders.c" -o "$T/sane" 2>/dev/null && world && "$T/sane" >"$T/plain" 2>/dev/null; then
		world; traced "$T/sane"; is "$cc" "$rc $(cat "$T/out")" "0 $(cat "$T/plain")"
	else skip "$cc" "it cannot be used here"; fi
done
# real programs
for command in "ls -laR --time-style=+" "find . -printf %p,%y,%s\n" "du -a" "grep -r x ." "tar -cf - few many" "rsync -a few/ copy/" "python3 -c import\ os;[print(sorted(x))for\ x\ in\ os.walk(\".\")]" \
	"perl -e opendir(D,\"many\");print(sort(readdir(D)));rewinddir(D);print(telldir(D)*0,scalar(my@a=readdir(D)))" "ruby -e p(Dir.entries(\"many\").sort,Dir.glob(\"**/*\").sort)" \
	"node -e console.log(fs.readdirSync(\"many\").sort(),fs.opendirSync(\"few\").readSync().name.length>0)" "git status --porcelain --ignored"; do
	IFS=$'\x01' read -ra words <<<"$(printf '%s' "$command" | sed 's/\\ /\x02/g; s/ /\x01/g; s/\x02/ /g')"
	if command -v "${words[0]}" >/dev/null; then
		world; [ "${words[0]}" != git ] || { rm -rf .git; git init -q . && git add few && : >few/new; }
		base_env "${words[@]}" >"$T/plain" 2>/dev/null </dev/null
		traced "${words[@]}"
		is "${words[0]}: the same output" "$(sort "$T/out" | cksum)" "$(sort "$T/plain" | cksum)"
		is "${words[0]}: the trace is complete" "$end" complete
		rm -rf .git copy
	else skip "${words[0]}" "it is not installed"; fi
done
finish
