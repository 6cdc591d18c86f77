# Which steps hit, for the shapes that tasks have. Runs: first, second, third; after an edit, again;
# after a flip back, again; without products, again; in a fresh checkout with the cache, again; in
# one whose ledger is lost, again. r: it ran, h: a hit, "+": files are missing, and the summary says so.
. "${0%/*}/../../lib/functions.sh" || exit
mkdir "$T/bin"
cp "$abs_top_builddir/tests/lib/play" "$T/bin/play"
PATH=$T/bin:$PATH
one() {                        # one run: a letter per step
	capture vt run "$goal"
	[ "$rc" = 0 ] || letters=" exit:$rc"
	letters+=" $(printf '%s\n' "$out" | awk '/[$] play / { printf "%s", /cache hit, replaying$/ ? "h" : "r" }')"
	case $out in *"it made is missing"*|*"it made are missing"*) letters+=+;; esac
}
# shape STORY WANT GOAL TASKS: TASKS is vite-task.json's map
shape() {
	local story=$1 want=$2 goal=$3 letters=
	rm -rf "$T/w"; workspace
	file package.json '{"name":"w"}'
	file vite-task.json "{\"tasks\":{$4}}"
	file src/a 0; file src/b 0
	one; one; one; letters+=" |"
	echo 1 >src/a; one; one; letters+=" |"
	echo 0 >src/a; one; one; letters+=" |"
	rm -rf dist; one; one; letters+=" |"
	rm -rf dist gen .info; one; one; letters+=" |"
	find .vt -name ledger -delete; rm -rf dist gen .info; one; one
	is "$story" "${letters# }" "$want"
}
t() { printf '"%s":{"command":"%s","dependsOn":[%s]@}' "$1" "$2" "${3:-}"; }
u() { printf '"%s":{"command":"%s","cache":false}' "$1" "$2"; }
tsc='play s1 read:src/a write:dist/x:t' clean='play s0 rimraf:dist' fix='play s2 fix:dist/x:+' inc='play s1 incr:.info:i:src/a:dist/x:src/b:dist/y'
gen='play s1 read:src/b write:gen/g:g' use='play s2 read:gen/g read:src/a write:dist/x:t'
# both STORY WANT WANT-DECLARED TASKS: without and with `output`, which stands where TASKS has an @
both() {
	shape "$1" "$2" t "${4//@/}"
	shape "$1, declared" "$3" t "${4//@/,\"output\":[\"dist/**\",\"gen/**\"]}"
}
both "a compiler" "r h h | r h | r h | h+ h+ | h+ h+ | r h" \
	"r h h | r h | h h | h h | h h | h h" "$(t t "$tsc")"
both "clean && compile" "rr hh hh | rr hh | rr hh | hh+ hh+ | hh+ hh+ | hr hh" \
	"rr hh hh | rr hh | hh hh | hh hh | hh hh | hh hh" "$(t t "$clean && $tsc")"
both "clean && compile && fix" "rrr hhh hhh | rrr hhh | rrr hhh | hhh+ hhh+ | hhh+ hhh+ | hrr hhh" \
	"rrr hhh hhh | rrr hhh | hhh hhh | hhh hhh | hhh hhh | hhh hhh" "$(t t "$clean && $tsc && $fix")"
both "compile && fix in place" "rr hh hh | rr hh | rr hh | hh+ hh+ | hh+ hh+ | rr hh" \
	"rr hh hh | rr hh | hh hh | hh hh | hh hh | hh hh" "$(t t "$tsc && $fix")"
both "compile <- fix in place" "rr hh hh | rr hh | rr hh | rr hh | rr hh | rr hh" \
	"rr hh hh | rr hh | hh hh | hh hh | hh hh | hh hh" "$(t b "$tsc"),$(t t "$fix" '"b"')"
both "clean <- compile" "rr rr hh | rr hh | rr hh | hh+ hh+ | hh+ hh+ | hr hh" \
	"rr rh hh | hr hh | hh hh | hh hh | hh hh | hh hh" "$(t b "$clean"),$(t t "$tsc" '"b"')"
both "clean uncached && compile" "rr rr rr | rr rr | rr rr | rr rr | rr rr | rr rr" \
	"rr rh rh | rr rh | rh rh | rh rh | rh rh | rh rh" "$(u b "$clean"),$(t t "vt run b && $tsc")"
both "clean && vt run compile" "rr hh hh | rr hh | rr hh | hh+ hh+ | hh+ hh+ | hr hh" \
	"rr hh hh | rr hh | hh hh | hh hh | hh hh | hh hh" "$(t b "$tsc"),$(t t "$clean && vt run b")"
both "vt run compile && fix in place" "rr hh hh | rr hh | rr hh | rr hh | rr hh | rr hh" \
	"rr hh hh | rr hh | hh hh | hh hh | hh hh | hh hh" "$(t b "$tsc"),$(t t "vt run b && $fix")"
both "an incremental compiler" "r h h | r h | r h | h+ h+ | h+ h+ | r h" \
	"r h h | r h | r h | h h | h h | h h" "$(t t "$inc")"
both "generate && compile" "rr hh hh | hr hh | hr hh | hh+ hh+ | rh+ hh+ | rr hh" \
	"rr hh hh | hr hh | hh hh | hh hh | hh hh | hh hh" "$(t t "$gen && $use")"
both "generate <- compile" "rr hh hh | hr hh | hr hh | hh+ hh+ | rh+ hh+ | rr hh" \
	"rr hh hh | hr hh | hh hh | hh hh | hh hh | hh hh" "$(t b "$gen"),$(t t "$use" '"b"')"
both "an incremental library <- compile" "rr hh hh | hh hh | hh hh | rh+ hh+ | rh+ hh+ | rr hh" \
	"rr hh hh | hh hh | hh hh | hh hh | hh hh | hh hh" "$(t b "play s1 incr:.info:i:src/b:dist/y"),$(t t "play s2 read:dist/y write:dist/x:t" '"b"')"
both "two builds into one folder" "rr hh hh | rr hh | rr hh | rr hh | rr hh | rr hh" \
	"rr hh hh | rr hh | hh hh | hh hh | hh hh | hh hh" "$(t b "play s1 read:src/a write:dist/x:d"),$(t t "play s2 read:src/a write:dist/x:p" '"b"')"
both "compile && list" "rr hh hh | rh hh | rh hh | rh hh | rh hh | rh hh" \
	"rr hh hh | rh hh | hh hh | hh hh | hh hh | hh hh" "$(t t "$tsc && play s2 list:dist")"
# A missing product of the copy, the last command, may stay missing; a missing product of the compiler may not: the commands
# after the compiler would find it in a run.
both "compile && copy" "rr hh hh | rh hh | rh hh | rh+ hh+ | rh+ hh+ | rr hh" \
	"rr hh hh | rh hh | hh hh | hh hh | hh hh | hh hh" "$(t t "$tsc && play s2 copy:src/b:dist/l")"
both "lint the product && compile" "rr rh hh | rr rh | rr hh | hh+ hh+ | hh+ hh+ | hr hh" \
	"rr rh hh | rr rh | rh hh | hh hh | hh hh | hh hh" "$(t t "play s0 read:src/a read:dist/x && $tsc")"
tasks=$(t t "$tsc && play s2 fix:src/a:+")
shape "compile && rewrite the source" "rr rr hh | rr rr | rr rh | rh hh | rh hh | rh hh" t "${tasks//@/}"
# a run of uncached tasks alone opens no cache, so that its effects are not recorded
workspace
file package.json '{"name":"w"}'
file vite-task.json '{"tasks":{"t":{"command":"play s1 write:dist/y:k","output":["gen/**"]},"c":{"command":"play s2 rimraf:dist","cache":false}}}'
vt run t >/dev/null
vt run c >/dev/null
capture vt run t
has "a file that a command removed, and not the user: made again" "$out" "'dist/y' is not as this task left it"
there "... and is there" dist/y
finish
