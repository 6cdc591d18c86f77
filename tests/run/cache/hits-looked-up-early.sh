# Steps are looked up before their turn while all hit: they still see files that earlier steps write or restore meanwhile.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
# a chain of twelve packages: each reads the output of the one before it
file pnpm-workspace.yaml 'packages: ["p*"]'
file package.json '{"name":"r"}'
file p0/src one
for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
	prev=$((i - 1)) deps=
	from=../p$prev/out
	[ $i -gt 0 ] && deps="\"dependencies\":{\"p$prev\":\"workspace:*\"}," || from=src
	file p$i/package.json "{\"name\":\"p$i\",\"version\":\"1.0.0\",${deps}\"scripts\":{}}"
	rooted=p$prev/out
	[ $i -gt 0 ] || rooted=p0/src
	file p$i/vite-task.json "{\"tasks\":{\"build\":{\"command\":\"sh build.sh\",\"input\":[\"build.sh\",{\"pattern\":\"$rooted\",\"base\":\"workspace\"}],\"output\":[\"out\"]}}}"
	file p$i/build.sh "cat $from >out"
done
count() { printf '%s\n' "$out" | grep -o '[0-9]*/12 cache hit' || true; }

capture vt run -r build
is "the first run" "$rc: $(cat p11/out)" "0: one"
capture vt run -r build
is "all are hits" "$(count)" "12/12 cache hit"
order=$(steps | sed 's/\$.*//')
inodes=$(stat -c '%i %y %z' p*/out)
capture vt run -r build
is "... in the order of the chain" "$order" "$(for i in 0 1 2 3 4 5 6 7 8 9 10 11; do echo "~/p$i"; done)"
is "... and no file is touched" "$(stat -c '%i %y %z' p*/out)" "$inodes"

file p0/src two
capture vt run -r build
is "the first changes: all run" "$rc: $(count): $(cat p11/out)" "0: 0/12 cache hit: two"
file p0/src one
capture vt run -r build
is "... and changes back: each is a hit after the outputs of the one before are restored" "$rc: $(count): $(cat p11/out)" "0: 12/12 cache hit: one"

# changes the script of the sixth step: the later steps are looked up before it runs
file p5/build.sh 'cat ../p4/out >out; echo more >>out'
capture vt run -r build
is "a step in the middle changes: earlier ones are hits, later ones run" "$rc: $(count): $(tail -n 1 p11/out)" "0: 5/12 cache hit: more"
file p5/build.sh 'cat ../p4/out >out'
rm p3/out p8/out
capture vt run -r build
is "the old one again, and two outputs are gone: all are hits" "$rc: $(count): $(cat p11/out)" "0: 12/12 cache hit: one"
there "... the first output is back" p3/out
there "... and the second" p8/out
# hits and misses of all runs: a discarded lookup is not counted
asked=$(vt cache stat --json | grep -o '"hits":[0-9]*,"misses":[0-9]*')
is "each step was counted once in each run" "$asked" '"hits":53,"misses":31'
finish
