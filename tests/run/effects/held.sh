# Held hits, which count only together with hits after them: they write nothing, and are printed once.
. "${0%/*}/../../lib/functions.sh" || exit
mkdir "$T/bin"
cp "$abs_top_builddir/tests/lib/play" "$T/bin/play"
PATH=$T/bin:$PATH
letters() { printf '%s\n' "$out" | awk '/[$] play / { printf "%s", /cache hit, replaying$/ ? "h" : "r" }'; }
stamps() { find dist gen packages -type f -printf '%p %i %T@ %C@\n' 2>/dev/null | sort; }
for output in '' ',"output":["dist/**"]'; do
	workspace
	file package.json '{"name":"w"}'
	file vite-task.json "{\"tasks\":{
	\"build\":{\"command\":\"play s1 read:src/a write:dist/x:t\"$output},
	\"fix\":{\"command\":\"play s2 fix:dist/x:+ probe:src/b\",\"dependsOn\":[\"build\"]$output},
	\"look\":{\"command\":\"play s3 read:dist/x\",\"cache\":false,\"dependsOn\":[\"build\"]},
	\"both\":{\"command\":\"play s4 read:src/c\",\"cache\":false,\"dependsOn\":[\"fix\"]}}}"
	file src/a 0
	vt run fix >/dev/null
	before=$(stamps)
	capture vt run both
	is "build and fix before an uncached task: hit${output:+, declared}" "$(letters | tr -d r)" hh
	is "... and no file is touched" "$(stamps)" "$before"
	capture vt run --dry-run fix
	is "... as a dry run says" "$(printf '%s\n' "$out" | grep -c '◉ cache hit$')" 2
	# fix must run: it finds the product of build
	echo >src/b
	want=$(cat dist/x)
	capture vt run fix
	is "fix runs on the product of build${output:+, declared}" "$(letters)" "$([ "$output" ] && echo hr || echo rr)"
	is "... and leaves the same" "$(cat dist/x)" "$want"
	# an uncached task that waits for build finds the product of build
	capture vt run look
	has "a task that waits for build: sees the product of build${output:+, declared}" "$out" "s3 "
	is "... not the one that fix changed" "$(cat dist/x)" "${want%+}"
done
# many packages, each with a nested run behind a clean
workspace
file package.json '{"name":"w","private":true,"workspaces":["packages/*"]}'
file package-lock.json '{}'
for i in $(seq 1 50); do
	file "packages/p$i/package.json" "{\"name\":\"p$i\",\"dependencies\":{$( [ "$i" = 1 ] || echo "\"p$((i / 2))\":\"*\"")}}"
	file "packages/p$i/vite-task.json" '{"tasks":{"build":{"command":"play s0 rimraf:dist && vt run compile"},"compile":{"command":"play s1 read:a write:dist/x:t"}}}'
	echo "$i" >"packages/p$i/a"
done
capture vt run -r build
is "packages with a nested run behind a clean: run" "$rc" 0
before=$(stamps)
capture vt run -r build
is "... all hit" "$(letters | tr -d '\n' | wc -c) $(letters | tr -d 'h\n' | wc -c)" "100 0"
is "... no file is touched" "$(stamps)" "$before"
echo edited >packages/p7/a
capture vt run -r build
is "... after an edit its package alone runs" "$(letters | tr -d 'h\n')" rr
capture vt run -r build
is "... then all hit" "$(letters | tr -d 'h\n')" ""
# a task that fails beside held hits
workspace
file package.json '{"name":"w"}'
file vite-task.json '{"tasks":{
	"build":"play s1 read:src/a write:dist/x:t",
	"fix":{"command":"play s2 fix:dist/x:+","dependsOn":["build","slow"]},
	"slow":{"command":"sh -c \"while [ ! -e go ]; do sleep 0.01; done; exit 0\"","cache":false}},"cache":true}'
file src/a 0
touch go
vt run fix >/dev/null
capture vt run fix
is "held hits beside a task that ends well: hit" "$(letters)" hh
sed -i 's/exit 0/exit 3/' vite-task.json
before=$(stamps)
capture vt run fix
is "a task that fails while a hit waits for it: its status" "$rc" 3
is "... no file is touched" "$(stamps)" "$before"
# one step makes and removes a folder, another makes it again: a run would remove a file of the user in it
for output in '' ',"output":["dist/**"]'; do
	workspace
	file package.json '{"name":"w"}'
	file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"play s1 remove:dist/y write:dist/y:k rimraf:dist && play s2 read:src/a write:dist/x:t\"$output}},\"cache\":true}"
	file src/a 0
	vt run t >/dev/null
	capture vt run t
	is "a folder made, removed and made again: both hit${output:+, declared}" "$(letters)" hh
	echo user >dist/n
	capture vt run t
	gone "... but not with the user's file in it" dist/n
done
# a cd into a folder that a hit leaves
workspace
file package.json '{"name":"w"}'
file vite-task.json '{"tasks":{"t":"play s1 write:dist/in/x:t && cd dist/in && play s2 read:x && cd ../.. && play s3 rimraf:dist"},"cache":true}'
for i in 1 2 3; do
	capture vt run t
	is "a cd into a folder that one hit makes and another removes: $i" "$rc" 0
done
finish
