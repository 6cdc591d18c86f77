# --watch knows the files that tasks write, also uncached ones or ones with declared inputs: they start nothing; an edit of the
# same package meanwhile does.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
file package.json '{"name":"r"}'
mkdir src
# a formatter: capital letters; `go` lets it come to the last file
cat >format.sh <<'X'
for f in src/a src/z; do
	if [ $f = src/z ]; then
		: >"$GATE/between"
		until [ -e "$GATE/go" ]; do sleep 0.02; done
	fi
	tr a-z A-Z <$f >"$GATE/text"
	cmp -s "$GATE/text" $f || cat "$GATE/text" >$f
done
X
export GATE=$T/gate; mkdir -p "$GATE"
gate() { rm -f "$GATE"/*; }
runs() { grep -c 'vt run: waiting' "$T/log"; }
_were() { [ "$(runs)" -ge "$1" ]; }
after() { until_true _were "$1"; settled; }    # after N: so many runs are over, and no other comes
all() { cat src/*; }
between() { until_true [ -e "$GATE/between" ]; }
cached='"untrackedEnv":["GATE"],"input":["src/**"]'
formatter() {                  # formatter NAME SETTINGS: whose edits start what, with git and without
	local where=$1
	file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"sh format.sh\",$2}}}"
	_env=(GATE="$GATE")
	rm -rf src; mkdir src; printf 'one\n' | tee src/a >src/z
	[ ! -d .git ] || { git add -A . && git -c user.name=x -c user.email=x@y commit -qm "$(date +%N)"; }
	gate; : >"$GATE/go"
	watching run t
	settled
	is "$where: files that it formats start nothing" "$(runs) $(all)" "1 ONE
ONE"
	edit src/a two
	after 2
	is "... in no run" "$(runs) $(all)" "2 TWO
ONE"
	# a run that goes on while a user edits
	gate
	edit src/a three
	between
	edit src/other beside
	: >"$GATE/go"
	after 4
	has "... an edit of another file while it runs does" "$(cat "$T/log")" "vt run: 'src/other' changed"
	is "... once" "$(runs)" 4
	gate
	edit src/a four
	between
	printf 'five\n' >src/a         # in place, behind the formatter's back
	printf 'six\n' >src/z
	: >"$GATE/go"
	after 6
	is "... and one of a file that it has formatted already" "$(runs) $(cat src/a src/z)" "6 FIVE
SIX"
	watched INT

	printf 'one\n' | tee src/a >src/z
	gate
	watch_start run t
	between
	edit src/late late
	: >"$GATE/go"
	after 2
	has "... also in the first run" "$(cat "$T/log")" "vt run: 'src/late' changed"
	is "... once" "$(runs) $(cat src/a src/z)" "2 ONE
ONE"
	watched INT

	printf 'one\n' | tee src/a >src/z
	gate
	watch_start run t
	between
	printf 'five\n' >src/a
	: >"$GATE/go"
	after 2
	is "... and there one of a file that it has formatted already" "$(runs) $(cat src/a src/z)" "2 FIVE
ONE"
	watched INT
	_env=()
}
formatter "not cached" '"cache":false'
formatter "declared inputs" "$cached"
if command -v git >/dev/null; then
	git init -q . && echo .vt >.gitignore
	formatter "not cached, with git" '"cache":false'
	formatter "declared inputs, with git" "$cached"
	rm -rf .git
else
	skip "files that git tracks" "git is not installed"
fi

# folders that come, go and get another name
file vite-task.json '{"tasks":{"t":{"command":"sh -c \"cat src/a; rm -rf out old; mkdir -p tmp/deep; date +%N >tmp/deep/made; mv tmp out; cp -r out old; mv old/deep src/moved-$(date +%N)\"","cache":false}}}'
watching run t
settled
edit src/a again
again
settled
is "folders that it makes, moves and takes away start nothing" "$(runs)" 2
watched INT
rm -rf src/moved-* out old

# a hit whose restore makes files, and takes some away; and tasks that read them, kept, failing or not cached
file vite-task.json '{"tasks":{
	"build":{"command":"sh -c \"rm -rf dist; cp -r src dist\"","output":["dist/**"]},
	"fails":{"command":"sh -c \"ls dist; cat dist/*; test -e dist/x\"","dependsOn":["build"]},
	"raw":{"command":"ls dist","cache":false,"dependsOn":["build"]},
	"kept":{"command":"sh -c \"cat dist/* >all\"","dependsOn":["build"],"output":["all"]}}}'
rm -rf src; mkdir src; echo 1 >src/a
watching run-many fails raw kept
settled
edit src/x 2
again
settled
rm src/x
again
settled
is "a restore that takes a file away starts nothing" "$(runs) $(ls dist)" "3 a"
edit src/a 3
again
settled
is "a folder that is made anew without a name that a task looks for starts nothing" "$(runs) $(cat dist/a)" "4 3"
edit src/a 1
again
settled
edit src/x 2
again
is "... and what failed without it is looked up again when a restore brings it back" "$(grep -c 'test -e dist/x" ◉ cache hit' <<<"$seen")" 1
settled
is "... and that starts no run" "$(runs) $(echo $(ls dist))" "6 a x"
watched INT

# a task that fails
file vite-task.json '{"tasks":{"t":{"command":"sh -c \"date +%N >src/out; exit 3\"","cache":false}}}'
watching run t
settled
is "files of a task that fails: start no run" "$(runs)" 1
watched INT

# a task that writes a file it has read more than once looks like one beside which a user edits
file vite-task.json '{"tasks":{"t":{"command":"sh -c \"cat src/a >>src/a.log; cat src/a.log >>src/log; cat src/log >>src/a.log; cat src/a.log | tail -n 5 >src/log\"","cache":false}}}'
watching run t
settled
edit src/a more
again
settled
n=$(runs)
ok "a task that writes a file twice is run once more at most" $((n > 3))
edit src/a "and more"
again
settled
is "... and not again" "$(runs)" $((n + 1))
watched INT

# a tracer takes the rights from a set-uid program, unless it may do all
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	workspace setuid
	file package.json '{"name":"r"}'
	cp "$(command -v id)" sid; chmod 4755 sid
	file vite-task.json '{"tasks":{"t":{"command":"sh -c \"test $(./sid -u) = 0 && cat in\"","cache":false}}}'
	echo text >in
	chmod 755 "$T"; chown -R 65534:65534 "$PWD" "$T/home" "$T/run"; chown 0:0 sid; chmod 4755 sid
	as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
	if [ "$($as_user ./sid -u)" = 0 ]; then
		printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$as_user" "$VT" >"$T/as-user"; chmod 755 "$T/as-user"
		VT=$T/as-user watching run t
		after 2
		has "a task that starts a set-uid program is run again, and has its rights" "$(cat "$T/log")" "text"
		edit in "other words"
		after 3
		has "... and keeps them" "$(cat "$T/log")" "other words"
		is "... from then on" "$(runs)" 3
		watched INT
		is "... and ends well" "$rc" 0
	else skip "set-uid programs" "they have no rights here"; fi
else skip "set-uid programs" "only root can make one"; fi

# files that one task writes in the package of another
workspace between
pnpm a b
gen() { file packages/a/vite-task.json "{\"tasks\":{\"gen\":{\"command\":\"sh -c \\\"cat in; date +%N >../b/gen\\\"\",\"cache\":false}}}"; }
gen; echo 1 >packages/a/in; echo 1 >packages/b/in
for depends in '' ',"dependsOn":["a#gen"]'; do
	file packages/b/vite-task.json "{\"tasks\":{\"use\":{\"command\":\"sh -c \\\"cat gen in; date +%N >../a/used\\\"\",\"cache\":false$depends}}}"
	watching run-many gen use -r
	settled
	is "tasks that write into each other's packages are one run$depends" "$(runs)" 1
	edit packages/a/in 2
	again
	settled
	is "... also after an edit" "$(runs)" 2
	has "... of what it concerns" "$seen$(cat "$T/log")" "packages/a/in' changed"
	edit packages/b/gen mine
	again
	settled
	is "... and an edit of what was written is one" "$(runs)" 3
	watched INT
done

# without a tracer the times, git and the earlier state have to tell
workspace untraced
file package.json '{"name":"r"}'
mkdir src
file vite-task.json '{"plugins":{"tracer":false},"tasks":{"t":{"command":"sh -c \"date +%N >>src/in; date +%N >out\"","cache":false}}}'
watching run t
settled
is "no tracer: what a task wrote in its package starts nothing" "$(runs)" 1
watched INT
if command -v git >/dev/null; then
	git init -q . && git add src && git -c user.name=x -c user.email=x@y commit -qm one
	watching run t
	upto "starts them no more"
	settled
	ok "no tracer: a task that writes what git tracks does not run for ever ($(runs) runs)" $(($(runs) > 6))
	edit src/other x
	again
	has "... but for every edit" "$seen" "src/other"
	watched INT
fi
finish
