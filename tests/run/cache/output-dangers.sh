# vt writes nothing through a link, outside the workspace or into a .git; outputs that cannot
# be restored are made by running the task.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"build":{"command":"sh build.sh","input":["in"],"output":["dist/**"]},
"away":{"command":"sh away.sh","input":[],"output":["out/**"]},
"git":{"command":"sh git.sh","input":[],"output":["repo/**"]},
"fifo":{"command":"sh fifo.sh","input":[],"output":["pipes/**"]}}}'
file in 1
file build.sh 'mkdir -p dist/d; echo x >dist/d/f; echo built'
capture vt run build
mkdir "$T/outside"

rm -rf dist; ln -s "$T/outside" dist
capture vt run build
hasnt "a link in place of the folder: no hit" "$out" '◉'
is "... the task runs" "$rc:$(cat dist/d/f)" 0:x
rm -rf "$T/outside"/* dist; mkdir dist; ln -s "$T/outside" dist/d
capture vt run build
hasnt "... also deeper down" "$out" '◉'
rm -rf dist; mkdir -p dist/d/f/full
capture vt run build
hasnt "a folder in place of the file: no hit" "$out" '◉'
there "... and the folder stays" dist/d/f/full
rm -rf dist; echo x >dist
capture vt run build
hasnt "a file in place of the folder: no hit" "$out" '◉'
rm -rf dist; ln -s nowhere dist-other
capture vt run build
has "with all of them removed: a hit" "$out" '◉ cache hit, replaying'

file away.sh 'mkdir -p out; ln -sfn /etc/passwd out/secret; echo made'
capture vt run -v away
has "a link out of the workspace is not stored" "$out" "Not cached: the output 'out/secret' is a link that leaves the workspace"
capture vt run away
hasnt "... so the next run is no hit" "$out" '◉'
file away.sh 'mkdir -p out; ln -sfn ../../../../../../etc out/secret; echo made'
capture vt run -v away
has "... also as an absolute path" "$out" 'is a link that leaves the workspace'
file away.sh 'mkdir -p out; ln -sfn .. out/up; ln -sfn up/../outside out/secret; echo made'
capture vt run -v away
has "... or through another link" "$out" "Not cached: the output 'out/secret' is a link that leaves the workspace"

file git.sh 'mkdir -p repo/.git; echo evil >repo/.git/config; echo ok >repo/file'
capture vt run git
rm -rf repo
capture vt run git
has "files in a .git are no outputs" "$out" '◉ cache hit, replaying'
gone "... and are not restored" repo/.git
there "... the other files are" repo/file

file fifo.sh 'mkdir -p pipes; [ -p pipes/p ] || mkfifo pipes/p; echo ok >pipes/f'
capture vt run fifo
rm -rf pipes
capture vt run fifo
has "a pipe is no output" "$out" '◉ cache hit, replaying'
is "... and is not opened" "$(ls pipes)" f

# programs
file vite-task.json '{"tasks":{"link":{"command":"sh link.sh","input":[],"output":["node_modules/.bin/made"]}}}'
file link.sh 'mkdir -p node_modules/.bin; ln -sfn ../../tool node_modules/.bin/made'
file node_modules/.bin/other x
vt run link >/dev/null
rm node_modules/.bin/*
capture vt run link
has "a program that \`output\` names: a hit" "$out" '◉ cache hit, replaying'
is "... that program alone is restored" "$(readlink node_modules/.bin/made):$(ls node_modules/.bin)" "../../tool:made"

# one folder, two tasks
pnpm a b
config() { local p; for p in a b; do file packages/$p/vite-task.json "{\"tasks\":{\"build\":{\"command\":\"sh ../../both.sh $p\",\"input\":[],\"output\":[\"../../both/${1:-$p}\"]}}}"; done; }
file both.sh 'cd ../..; mkdir -p both; echo $1 >both/$1; : >here.$1; i=0
while [ ! -e here.a -o ! -e here.b ] && [ $i -lt 400 ]; do sleep 0.05; i=$((i + 1)); done'
config '**'
for i in 1 2; do
	rm -f here.*
	capture vt run -v -r build
	is "two tasks write one folder at once: neither is stored ($i)" "$rc $(printf '%s\n' "$out" | grep -E "^ +→ Not cached: the output 'both/[ab]' may be of '[ab]#build', which ran at the same time$" | grep -o "of '[ab]#build'" | sort | tr '\n' ' ')" "0 of 'a#build' of 'b#build' "
done
capture vt run --concurrency-limit 1 -r build
capture vt run --concurrency-limit 1 -r build
has "... one after the other: both are stored" "$out" "vt run: 2/2 cache hit (100%)"
config
for i in 1 2; do rm -f here.*; capture vt run -r build; done
has "... each its own files: both are" "$out" "vt run: 2/2 cache hit (100%)"
finish
