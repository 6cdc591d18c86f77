# vt why tells whether a task would hit, every change against the nearest run with its cause, and the result of the last run.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires jq
workspace
pnpm gen use
tools
tool make-out 'mkdir -p dist; cat src.txt >dist/o.txt'
tool read-write 'cat state; echo more >>state'
file packages/gen/vite-task.json '{"tasks":{"gen":{"command":"make-out","output":["dist/**"]}}}'
file packages/gen/src.txt one
file packages/use/package.json '{"name":"use","dependencies":{"gen":"workspace:*"},"scripts":{"plain":"print plain"}}'
file packages/use/vite-task.json '{"tasks":{"use":{"command":"print-file ../gen/dist/o.txt in in2","dependsOn":["gen#gen"],"env":["MODE"]},
 "rw":{"command":"read-write"},"bad":{"command":"fail 3"},"ask":{"command":"sh -c \"echo $1\""},"two":{"command":"print-file in && print-file in2"}}}'
file packages/use/in one
file packages/use/in2 one
file packages/use/state one
capture with USER=ann vt why use#use
has "before the first run: would run" "$rc $out" "0 use#use  ~/packages/use\$ print-file ../gen/dist/o.txt in in2"
gone "no cache is made by asking" .vt
with USER=ann vt run use#use >/dev/null 2>&1
capture vt why use#use
has "after a run: would hit" "$out" "  would hit: "
like "... when, by whom and where it last ran" "$out" "*  last ran 20[0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] by ann on $(hostname): *s, exit code 0
    it read * files and left 0*"
is "... --json" "$(vt why use#use --json | jq -c '.steps|map([.task,.verdict,.before,.lastRun.user,.lastRun.kept,.lastRun.watched])')" '[["use#use","hit",[],"ann",true,true]]'
file packages/use/in two
file packages/use/in2 two
capture with MODE=x vt why use#use
has "another env: told, with every changed file" "$out" "  would miss: 3 things are not as in the nearest run that is known
    env 'MODE' added
    'packages/use/in' modified
    'packages/use/in2' modified
"
sed 's/print-file /print-file in3 /' packages/use/vite-task.json >"$T/config" && cp packages/use/vite-task.json "$T/config-before" && mv "$T/config" packages/use/vite-task.json
capture vt why use#use
has "another command: told, with every changed file" "$out" "  would miss: 3 things are not as in the nearest run that is known
"
has "... by name" "$out" "    'packages/use/in2' modified
"
mv "$T/config-before" packages/use/vite-task.json
capture vt why use#use
has "several changes: all are told" "$out" "  would miss: 2 things are not as in the nearest run that is known
    'packages/use/in' modified
    'packages/use/in2' modified
"
capture vt run --dry-run use#use
has "the verdict: that of a dry run" "$out" "cache miss: 'packages/use/in' modified"
file packages/use/in one
file packages/use/in2 one
file packages/gen/src.txt two
capture vt why use#use
has "a step that waits for one that would run: told" "$out" "  that may change, for one step runs before it:
    gen#gen (make-out): 'packages/gen/src.txt' modified
"
is "... --json" "$(vt why use#use --json | jq -c '.steps[0].before')" "[{\"task\":\"gen#gen\",\"command\":\"make-out\",\"reason\":\"'packages/gen/src.txt' modified\"}]"
vt run gen#gen >/dev/null
capture vt why use#use
has "a file that another step changed: the step is named" "$out" "    'packages/gen/dist/o.txt' modified, left by gen#gen (make-out)
"
is "... --json names it, too" "$(vt why use#use --json | jq -c '.steps[0].changes')" '[{"kind":"file","path":"packages/gen/dist/o.txt","change":"changed","leftBy":{"task":"gen#gen","command":"make-out"}}]'
vt run --ignore-depends-on use#use >/dev/null
vt run use#rw >/dev/null
capture vt why use#rw
has "the last run: why it was not kept" "$out" "    its result was not kept: read and wrote 'packages/use/state'"
has "... what it left" "$out" "and left 1"
vt run use#bad >/dev/null
capture vt why use#bad
has "the last run: its failure" "$out" ", exit code 3
    its result was not kept: it failed"
capture vt why use#plain
has "an uncached task: told" "$out" "  is not cached: "
capture vt why --cache use#plain
has "... with --cache it has a verdict" "$out" "  would run: no result of it is known"
capture vt why use#two
is "several commands: each has a verdict" "$(grep -c '^use#two  ' <<<"$out")" 2
vt run use#ask one >/dev/null
capture vt why use#ask one
has "the arguments of the run: its verdict" "$out" "would hit"
capture vt why use#ask -- two
hasnt "... other arguments: another one" "$out" "would hit"
cp -a .vt "$T/before"
vt why -r use >/dev/null
is "asking: changes nothing in the cache" "$(diff -r .vt "$T/before" 2>&1)" ""
capture vt why nosuch
is "an unknown task: an error" "$rc ${err%%$'\n'*}" "1 error: Task \"nosuch\" not found"
capture vt why
is "no task: an error" "$rc ${err%%$'\n'*}" "2 error: the following required arguments were not provided:"
truncate -s 40 .vt/v*/last/*
capture vt why use#use
has "a damaged record: as if there was none" "$rc $out" "0 use#use"
has "... without a warning" "$out" "  its last run here is not known"
mkdir -p node_modules/.bin
ln -sfn "$VT" node_modules/.bin/vt
tool asks 'for n; do vt client get-env "$n"; done; true'
file packages/use/vite-task.json '{"tasks":{"asks":{"command":"asks ONE TWO THREE"}}}'
with ONE=1 TWO=1 THREE=1 vt run use#asks >/dev/null
has "variables that its tools asked for: each change is told" "$(with ONE=2 TWO=1 vt why use#asks)" "  would miss: 2 things are not as in the nearest run that is known
    env 'ONE' changed
    env 'THREE' removed
"
if command -v python3 >/dev/null; then
	file packages/use/vite-task.json '{"tasks":{"net":{"command":"python3 -B net.py"}}}'
	file packages/use/net.py 'import os, socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(1)
c = socket.create_connection(s.getsockname())
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(("127.0.0.1", 5353))
d = socket.socket(socket.AF_UNIX); d.bind("\0vt-why-%d" % os.getpid()); d.listen(1)
e = socket.socket(socket.AF_UNIX); e.connect(d.getsockname())'
	vt run use#net >/dev/null
	like "sockets that it talked to: told" "$(vt why use#net)" "*    it talked to tcp:127.0.0.1:*, udp:127.0.0.1:5353, unix:@vt-why-*"
	is "... without that of vt" "$(vt why --json use#net | jq '.steps[0].lastRun.network|length')" 3
else
	skip "what it talked to" "python3 is not installed"
fi
finish
