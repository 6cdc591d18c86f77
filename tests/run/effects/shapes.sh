# Which steps hit, and what is there after it, for the shapes that tasks have. Runs: first, second,
# third; after an edit, again; after a flip back, again; without products, again; in a fresh
# checkout with the cache, again. r: it ran, h: a hit, a line "+": files are missing, and it is said.
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
	rm -rf dist gen .info; one; one
	is "$story" "${letters# }" "$want"
}
t() { printf '"%s":{"command":"%s","dependsOn":[%s]%s}' "$1" "$2" "${3:-}" "$o"; }
tsc='play s1 read:src/a write:dist/x:t' clean='play s0 rimraf:dist' fix='play s2 fix:dist/x:+'
o=
shape "a compiler" "r h h | r h | r h | h+ h+ | h+ h+" t "$(t t "$tsc")"
shape "clean && compile" "rr hh hh | rr hh | rr hh | hh+ hh+ | hh+ hh+" t "$(t t "$clean && $tsc")"
shape "compile && fix in place" "rr hh hh | rr hh | rr hh | hh+ hh+ | hh+ hh+" t "$(t t "$tsc && $fix")"
shape "clean && compile && fix" "rrr hhh hhh | rrr hhh | rrr hhh | hhh+ hhh+ | hhh+ hhh+" t "$(t t "$clean && $tsc && $fix")"
shape "an incremental compiler" "r h h | r h | r h | h+ h+ | h+ h+" t "$(t t "play s1 incr:.info:i:src/a:dist/x:src/b:dist/y")"
o=',"output":["dist/**"]'
shape "a compiler, declared" "r h h | r h | h h | h h | h h" t "$(t t "$tsc")"
shape "clean && compile, declared" "rr hh hh | rr hh | hh hh | hh hh | hh hh" t "$(t t "$clean && $tsc")"
shape "compile && fix in place, declared" "rr hh hh | rr hh | hh hh | hh hh | hh hh" t "$(t t "$tsc && $fix")"
shape "clean && compile && fix, declared" "rrr hhh hhh | rrr hhh | hhh hhh | hhh hhh | hhh hhh" t "$(t t "$clean && $tsc && $fix")"
shape "an incremental compiler, declared" "r h h | r h | r h | h h | h h" t "$(t t "play s1 incr:.info:i:src/a:dist/x:src/b:dist/y")"
# a run of uncached tasks alone opens no cache, and its effects are not known all the same
workspace
file package.json '{"name":"w"}'
file vite-task.json '{"tasks":{"t":{"command":"play s1 write:dist/y:k","output":["gen/**"]},"c":{"command":"play s2 rimraf:dist","cache":false}}}'
vt run t >/dev/null
vt run c >/dev/null
capture vt run t
has "what a command took away, and not the user, is made again" "$out" "'dist/y' is not as this task left it"
there "... and is there" dist/y
finish
