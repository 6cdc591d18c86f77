# Two runners of one run: each task runs on one of them, and both end with the same results.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
requires jq
workspace
file package.json '{"name":"root","workspaces":["packages/*"]}'
# each task waits until three have begun: more than the two slots of one runner
for i in 1 2 3 4 5 6 7 8; do
	file packages/p$i/package.json "{\"name\":\"p$i\"}"
	file packages/p$i/in "in $i"
	file packages/p$i/vite-task.json "{\"tasks\":{\"build\":{\"command\":\"sh -c 'echo p$i >>$T/begun; until [ \$(wc -l <$T/begun) -ge 3 ]; do sleep 0.05; done; mkdir -p dist; cat in >dist/out; echo p$i >>$T/ran'\",\"input\":[\"in\"],\"output\":[\"dist/**\"]}}}"
done
project store-redis ''
redis_starts main
team "\"url\": \"unix://$T/main.sock\""
: >"$T/ran"
runners -r --together=first --concurrency-limit 2 --summary-file summary.json build -- A B
is "both runners succeed" "$(rc_of A)$(rc_of B)" 00
is "each task ran once" "$(sort "$T/ran" | xargs)" "p1 p2 p3 p4 p5 p6 p7 p8"
a=$(here_of A) b=$(here_of B)
is "both together ran all tasks" "$((a + b))" 8
ok "each ran something" "$((a == 0 || b == 0))"
is "the summary tells what ran where" "$(shared_of A) / $(shared_of B)" "$a of 8 here, $b elsewhere / $b of 8 here, $a elsewhere"
is "... the summary file, too" "$(jq -c .together "$T/A/summary.json")" "{\"tasks\":8,\"here\":$a,\"elsewhere\":$b}"
if command -v node >/dev/null && [ -d "$NPM/ajv" ]; then
	is "... as its schema says" "$(node "$abs_top_srcdir/tests/run/report/valid.cjs" "$NPM" "$abs_top_srcdir/core/man" vt-run.schema.json "$T/A/summary.json" 2>&1)" ""
else
	skip "as its schema says" "node or the npm package ajv is not installed"
fi
is "no warning is printed" "$(cat "$T/A.err" "$T/B.err")" ""
finish
