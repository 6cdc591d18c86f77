# A result holds the files that its task left: sparse files, links, modes, and no file that another program changed.
. "${0%/*}/../../lib/functions.sh" || exit
status() { case $out in *'cache hit, replaying'*) echo hit ;; *) echo ran ;; esac; }
task() { workspace; file package.json '{"name":"w"}'; file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"sh t.sh\"${1:+,$1}}}}"; cat >t.sh; }

task '"output":["dist/**"]' <<'SH'
mkdir -p dist
truncate -s 64M dist/holes
printf x | dd of=dist/holes bs=1 seek=1000000 conv=notrunc 2>/dev/null
printf y | dd of=dist/holes bs=1 seek=40000000 conv=notrunc 2>/dev/null
truncate -s 1M dist/hole
printf begin >dist/short
SH
capture vt run -v t
hasnt "a sparse file: kept" "$out" "Not cached"
before=$(cksum dist/*)
rm -rf dist
capture vt run -v t
is "a sparse file: restored" "$(status) $(cksum dist/*)" "hit $before"
is "... as a sparse one" "$(($(du -k dist/holes | cut -f1) < 1024))" 1

# folders with content are restored with their modes, also with modes that forbid writing
task '"output":["dist/**"]' <<'SH'
umask 022; mkdir -p dist/private/deep dist/fixed dist/usual dist/empty
for f in private/deep/a private/b fixed/c usual/d; do echo 1 >dist/$f; done
chmod 700 dist/private; chmod 775 dist/private/deep; chmod 711 dist/empty; chmod 555 dist/fixed
SH
modes() { find dist -type d -printf '%m %p\n' | sort -k 2; }
vt run t >/dev/null
before=$(modes)
chmod -R u+w dist; rm -rf dist
capture vt run t
is "folders: restored with their modes" "$(status) $(modes)" "hit $before"
chmod -R u+w dist; rm -rf dist/private
capture vt run t
is "... also when they alone are missing" "$(status) $(modes | grep private)" "hit $(grep private <<<"$before")"

# a hard link to an input does not change the input
task <<'SH'
ln -f src x; cat src
SH
echo 1 >src
for i in 1 2 3; do capture vt run t; letters+=$(status); done
is "a task that links its input to another name: kept" "$letters" ranhithit
echo 2 >src
capture vt run t
is "... and an edit is a miss" "$(status)" ran

# attributes of an input do not count, except the executable bit
for change in 'chmod 644 in/src' 'touch in/src' 'chown "$(id -u)" in/src' 'chmod -R a+rX in' 'chmod +x in/src'; do
	task <<<"$change; cat in/src"
	mkdir in; echo 1 >in/src; letters=
	for i in 1 2 3; do capture vt run t; letters+=" $(status)"; done
	echo 2 >in/src
	capture vt run t
	is "a task that begins with $change" "$letters, edited: $(status)" " ran $([[ $change = *+x* ]] && echo ran || echo hit) hit, edited: ran"
done

# a task that looks through a link that it makes: the target counts
task <<'SH'
ln -sfn later/file link; cat link 2>/dev/null || echo none
SH
vt run t >/dev/null
capture vt run t
is "a task that looks through a link that it makes: kept" "$(status)" hit
mkdir later; echo there >later/file
capture vt run t
has "... and a file that appears behind the link is a miss" "$out" there

# an output that matches nothing
task '"output":["dist/**","build/*.js"]' <<'SH'
cat t.sh >/dev/null
SH
capture vt run t
has "an output pattern without a match: told" "$err" "warning: w#t: its output matched nothing (build/*.js, dist/**); a hit puts nothing back"
echo '# edited' >>t.sh
capture vt run t
is "... once" "$err" ""
task '"output":["dist/**","build/*.js"]' <<'SH'
mkdir -p dist; echo 1 >dist/x
SH
capture vt run t
is "an output pattern with a match: not told" "$err" ""

# a product that another program removes
task '"output":["dist/**"]' <<'SH'
mkdir -p dist; echo 1 >dist/a; echo 1 >dist/b; echo >ready
while [ -e ready ]; do sleep 0.01; done
SH
vt run -v t >"$T/said" 2>&1 &
until_true test -e ready
rm dist/b ready
wait
has "a product that somebody removed meanwhile: the run is not kept" "$(cat "$T/said")" "Not cached: 'dist/b' was changed by somebody else while the task ran"

# products that the task itself takes away with their folder, and a link that it cannot make
task <<'SH'
mkdir -p sub; echo 1 >sub/a; rm -rf other; mv sub other; mkdir sub
SH
capture vt run -v t
hasnt "a product that the task moved with its folder: the run is kept" "$out" "Not cached"
task <<'SH'
(echo 1 >sub/a) 2>/dev/null; mkdir sub
SH
capture vt run -v t
hasnt "a file that the task tried to make before its folder: the run is kept" "$out" "Not cached"
task <<'SH'
ln missing linked 2>/dev/null; ln missing/x linked 2>/dev/null; ln there missing/y 2>/dev/null; echo >made
SH
echo 1 >there
capture vt run -v t
hasnt "a link to nothing: the run is kept" "$out" "Not cached"
echo 1 >missing
capture vt run t
is "... and a miss once the file is there" "$(status) $(<linked)" "ran 1"

# a product that another program writes again while the run is being kept, which a large file prolongs
task '"output":["dist/**"]' <<'SH'
cat round; mkdir -p dist; truncate -s 16M dist/a; echo 1 >dist/b; echo >ready
SH
outsider() { while [ -e going ]; do [ ! -e ready ] || echo outsider >dist/b; done; }
touch going
outsider 2>/dev/null &
round() {
	rm -f ready; echo $((++rounds)) >round
	capture vt run -v t
	[[ $out == *"Not cached: 'dist/b' was changed by somebody else while the task ran"* ]]
}
rounds=0
until_true round
rm -f going ready
wait
has "a product that somebody changed meanwhile: the run is not kept" "$out" "'dist/b' was changed by somebody else"
echo mine >dist/b
capture vt run t
is "... and the task runs again" "$(status) $(<dist/b)" "ran 1"

# two tasks at once, of which one writes undeclared into the other's output: each of them may write and end last
for last in a b; do
	workspace
	file package.json '{"name":"w"}'
	file vite-task.json '{"tasks":{"a":{"command":"sh a.sh","output":["dist/**"]},"b":"sh b.sh","both":{"command":"true","cache":false,"dependsOn":["a","b"]}},"cache":true}'
	mkdir -p "$T/turn"; rm -f "$T/turn/"*
	turn() { echo "until [ -e $T/turn/$1 ]; do sleep 0.01; done; $3; : >$T/turn/$2"; }
	a='mkdir -p dist; echo a >dist/x; echo a >dist/own' b='mkdir -p dist; echo b >dist/x'
	if [ $last = b ]; then turn 0 1 "$a" >a.sh; turn 1 2 "$b" >b.sh; turn 2 3 : >>a.sh
	else turn 0 1 "$b" >b.sh; turn 1 2 "$a" >a.sh; turn 2 3 : >>b.sh; fi
	touch "$T/turn/0"
	capture vt run -v --concurrency-limit 2 both
	has "two tasks write one file at once, $last last: the run that ends last is not kept" "$out" "Not cached: the output 'dist/x' may be of 'w#"
	for task in a b; do
		capture vt run $task
		like "... and no run of $task is" "$(status) $out $(<dist/x)" "ran *the last run was not kept: the output 'dist/x' may be of 'w#$([ $task = a ] && echo b || echo a)', which ran at the same time* $task"
	done
	# the result of a run that found dist/x as b left it knows a dist with another task's file; that of the next run does not
	vt run a >/dev/null
	vt run a >/dev/null
	capture vt run a
	is "... by itself a is kept" "$(status) $(<dist/x)" "hit a"
done

# the time of day goes back while a task runs: the times of files prove nothing then
if $CC -shared -fPIC -O1 -o "$T/clock.so" "$abs_top_srcdir/tests/lib/clock.c" -ldl 2>"$T/cc.log"; then
	task '"output":["dist/**"]' <<-SH
	mkdir -p dist; cat src >dist/x; [ ! -e "$T/set" ] || cp "$T/set" "$T/off"
	SH
	echo 1 >src; echo -60 >"$T/set"
	with LD_PRELOAD="$T/clock.so" CLOCK_OFF_FILE="$T/off" capture vt run -v t
	has "a run during which the clock was set back is not kept" "$out" "Not cached: the clock was set back while the task ran"
	with LD_PRELOAD="$T/clock.so" CLOCK_OFF_FILE="$T/off" capture vt run -v t
	hasnt "... a run by a clock that is wrong all the time is kept" "$out" "Not cached"
	rm "$T/set" "$T/off"
else
	skip "a run during which the clock was set back is not kept" "no C compiler works here: $(head -n 1 "$T/cc.log")"
fi

# a name that another program removes from a folder that the task lists, and in which the task makes names itself
task <<'SH'
ls list; echo 1 >list/made; cat go
[ ! -e list/stop ] || { echo >ready; while [ -e ready ]; do sleep 0.01; done; }
SH
mkdir list; echo 1 >list/a; echo 1 >list/b; echo 1 >go
vt run t >/dev/null
echo 2 >go; echo 1 >list/stop
vt run -v t >"$T/said" 2>&1 &
until_true test -e ready
rm list/b ready
wait
has "a name that somebody took from a listed folder: the run is not kept" "$(cat "$T/said")" "Not cached: 'list' changed while the task ran"

# a folder with more files than can be recorded
task <<'SH'
mv big moved
SH
mkdir big; (cd big && seq 20001 | xargs touch)
capture vt run -v t
has "a folder with too many files that is moved: the run is not kept" "$out" "Not cached: it moved a folder with more files than can be recorded"

# -vv lists what a run left
task '"output":["dist/**"]' <<'SH'
cat many/*/* >/dev/null; mkdir -p dist; echo 1 >dist/x; echo 1 >other; rm old
SH
mkdir -p many/a many/b; for i in 1 2 3 4 5 6 7 8 9; do echo 1 >many/a/$i; done; echo 1 >many/b/1; echo 1 >old
capture vt run -vv t
has "-vv: lists products that are not restored" "$out" "      Left, and not kept:
        'old' (removed)
        'other'"
has "-vv: tells the number of inputs in a folder with many" "$out" "        9 files in 'many/a'
        'many/b/1'"
capture vt run --last-details
has "--last-details: lists them afterwards" "$out" "'other'"

# the compact summary names a run that was not kept
workspace
file package.json '{"name":"w"}'
file vite-task.json '{"tasks":{"a":"sh -c \"echo >>src\"","b":{"command":"echo b","dependsOn":["a"]}},"cache":true}'
echo 1 >src
capture vt run b
has "the compact summary: tells what was not kept, and why" "$out" "w#a not cached because it modified its input."

# another fingerprint plugin names contents differently
if [ -e "$abs_top_builddir/plugins-1/vt-fingerprint-git.so" ]; then
	task <<'SH'
cat src >/dev/null; cat src >copy; cp copy src; touch src; cat src
SH
	file vite-task.json '{"plugins":{"fingerprint":"fingerprint-git"},"tasks":{"t":"sh t.sh"},"cache":true}'
	echo 1 >src; letters=
	for i in 1 2 3; do capture vt run t; letters+=$(status); done
	is "fingerprint-git: a file written again with its content is a hit" "$letters" ranhithit
	echo 2 >src
	capture vt run t
	is "fingerprint-git: an edit is a miss" "$(status)" ran
else
	skip "fingerprint-git: a file written again with its content is a hit" "fingerprint-git is not built"
fi
finish
