# Modes of files that a hit leaves: as a run would, also where a command of its own sets them.
. "${0%/*}/../../lib/functions.sh" || exit
umask 022
mode() { stat -c %a "$1" 2>/dev/null; }
status() { printf '%s' "$out" | grep -c 'cache hit, replaying'; }

project() {                    # project TASKS
	workspace
	file package.json '{"name":"w"}'
	file vite-task.json "{\"tasks\":{$1}}"
	echo 1 >src
}
chain() { project "\"t\":{\"command\":\"sh build.sh && $2\"$1}"; echo 'rm -rf dist; mkdir dist; cp src dist/key; cp src dist/b' >build.sh; }
declared=',"output":["dist/**"]'
told() { echo "${1:+declared}" | sed 's/^$/omitted/'; }

for set in 'chmod 400 dist/key' 'chmod 600 dist/key' 'chmod 777 dist/key'; do
	wanted=${set#chmod } wanted=${wanted% *}
	for how in "$declared" ''; do
		name="$set in a step of its own, output $(told "$how")"
		chain "$how" "$set"
		vt run t >/dev/null
		capture vt run t
		is "$name: unchanged, both steps hit" "$(status)" 2
		is "... and the mode stays" "$(mode dist/key)" "$wanted"
		echo 2 >src
		vt run t >/dev/null
		is "... after an edit" "$(mode dist/key)" "$wanted"
		echo 1 >src
		vt run t >/dev/null
		is "... after a flip back" "$(mode dist/key) $(cat dist/key)" "$wanted 1"
		capture vt run t
		is "... and then both hit" "$(status)" 2
		chmod 640 dist/key
		vt run t >/dev/null
		is "... after somebody set another mode" "$(mode dist/key)" "$wanted"
	done
	chain "$declared" "$set"
	vt run t >/dev/null
	rm -r dist
	capture vt run t
	is "$set: put back by two hits" "$(status) $(mode dist/key) $(mode dist/b)" "2 $wanted 644"
done

chain "$declared" 'chmod 644 dist/key'
echo 'chmod 400 dist/key' >>build.sh
vt run t >/dev/null
rm -r dist
capture vt run t
is "a step that gives the usual mode back: kept, too" "$(status) $(mode dist/key)" "2 644"

project "\"build\":{\"command\":\"sh build.sh\"$declared},\"t\":{\"command\":\"chmod 400 dist/key\",\"dependsOn\":[\"build\"]$declared}"
echo 'rm -rf dist; mkdir dist; cp src dist/key' >build.sh
vt run t >/dev/null; vt run t >/dev/null
capture vt run t
is "a task that sets the mode of another's product: both hit, and it stays" "$(status) $(mode dist/key)" "2 400"
rm -r dist
capture vt run t
is "... is put back" "$(status) $(mode dist/key)" "2 400"

chain "$declared" 'touch -c -d @1500000000 dist/key'
vt run t >/dev/null
capture vt run t
is "a step that sets the time: hits, and nothing is touched" "$(status) $(stat -c %Y dist/key)" "2 1500000000"

project "\"t\":{\"command\":\"chmod 600 mine\"}"
echo 1 >mine; chmod 644 mine
vt run t >/dev/null
capture vt run t
is "a step that sets the mode of the user's file: hits" "$(status) $(mode mine)" "1 600"
rm mine; echo 1 >mine; chmod 644 mine
capture vt run t
is "... runs again where the user gives it another one" "$(status) $(mode mine)" "0 600"
capture vt run t
is "... and then hits" "$(status) $(mode mine)" "1 600"
for output in other mine; do
	project "\"t\":{\"command\":\"chmod 600 mine\",\"output\":[\"$output\"]}"
	echo 1 >mine; chmod 644 mine
	vt run t >/dev/null 2>&1
	chmod 644 mine
	capture vt run t
	is "... with \"$output\" as output: runs again, or the hit sets it" "$(status) $(mode mine)" "$([ $output = mine ] && echo 1 || echo 0) 600"
	capture vt run t
	is "... and then hits" "$(status) $(mode mine)" "1 600"
done
project '"t":{"command":"chmod 600 mine && chmod 640 mine"},"late":{"command":"chmod 600 mine","dependsOn":["t"]}'
echo 1 >mine; chmod 644 mine
vt run t >/dev/null
capture vt run t
is "two steps that set the mode of one file: both hit" "$(status) $(mode mine)" "2 640"
vt run late >/dev/null
capture vt run late
is "... and a task after them, too" "$(status) $(mode mine)" "3 600"
capture vt run t
is "... alone, the first task sets its own again" "$(mode mine)" "640"

# ---- bits that are never put back
for how in "$declared" ''; do
	name="a file that is set-uid, output $(told "$how")"
	project "\"t\":{\"command\":\"sh build.sh\"$how}"
	echo 'rm -rf dist; mkdir dist; cp src dist/key; cp src dist/b; chmod 4755 dist/key' >build.sh
	vt run t >/dev/null
	capture vt run t
	is "$name: hits while it is in place" "$(status) $(mode dist/key)" "1 4755"
	chmod u-s dist/key
	capture vt run t
	is "... runs once the bit is gone" "$(status) $(mode dist/key)" "0 4755"
	echo 2 >src; vt run t >/dev/null; echo 1 >src
	vt run t >/dev/null
	is "... after a flip back" "$(mode dist/key) $(cat dist/key)" "4755 1"
done
project "\"t\":{\"command\":\"sh build.sh\"$declared}"
echo 'rm -rf dist; mkdir dist; cp src dist/key; chmod 2755 dist/key' >build.sh
vt run t >/dev/null
rm -r dist
vt run t >/dev/null
is "a file that is set-gid, taken away: is made anew" "$(mode dist/key)" 2755
finish
