# Runners that differ: another node, other variables, other files; results that do not fit are made again.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
workspace
file package.json '{"name":"root","workspaces":["packages/*"]}'
# two versions of a program, in one place that PATH names in each checkout
mkdir bin
for i in 1 2 3 4 5 6 7 8; do
	file packages/p$i/package.json "{\"name\":\"p$i\"}"
	file packages/p$i/in "in $i"
	file packages/p$i/vite-task.json "{\"tasks\":{\"t\":{\"command\":\"tool p$i\",\"output\":[\"out\"]},\"after\":{\"command\":\"true\",\"dependsOn\":[\"t\"]},\"e\":{\"command\":\"sh -c 'sleep 0.2; echo p$i >>$T/ran; cat in >out'\",\"env\":[\"MODE\"],\"input\":[\"in\"],\"output\":[\"out\"]},\"after-e\":{\"command\":\"true\",\"dependsOn\":[\"e\"]}}}"
done
project store-redis ''
redis_starts main
team "\"url\": \"unix://$T/main.sock\""
: >"$T/ran"
for n in A B; do
	(clone $n)
	mkdir -p "$T/bin-$n"
	printf '#!/bin/sh\n# version %s\nsleep 0.2\ncat in >out\n: >%s/ran-%s-$1\n' $n "$T" $n >"$T/$n-tool"
	mkdir -p "$T/$n/node_modules/.bin"
	cp "$T/$n-tool" "$T/$n/node_modules/.bin/tool"; chmod +x "$T/$n/node_modules/.bin/tool"
done
runners -r --together=differ --concurrency-limit 1 after -- A B
is "two versions of a program: both runners succeed" "$(rc_of A) $(rc_of B)" "0 0"
is "... each task ran on one of them" "$(cd "$T" && ls -d ran-?-* | cut -d- -f3 | sort -u | xargs)" "p1 p2 p3 p4 p5 p6 p7 p8"
is "... what was needed is on both" "$(cat "$T"/[AB]/packages/*/out | wc -l)" 16
# one of them ran four or more, so that the other had as many that did not fit
said=$(cat "$T/A.err" "$T/B.err" | grep 'do not fit here, it is not waited for any more')
like "... after three results that do not fit a runner is not waited for" "$(grep -c . <<<"$said")" "[12]"
has "... and the file that differs is named" "$said" "'node_modules/.bin/tool' modified"

# a variable of the key
: >"$T/ran"; rm -rf "$T/A" "$T/B"
(clone A) && (clone B)
with MODE=one runner A -r --together=modes --concurrency-limit 1 after-e; a=$!
with MODE=two runner B -r --together=modes --concurrency-limit 1 after-e; wait $! $a
is "another variable of the key: both runners succeed" "$(rc_of A) $(rc_of B)" "0 0"
has "... and the variable is named" "$(cat "$T/A.err" "$T/B.err")" "env 'MODE' changed"

# two real Nodes: each runner ends with what its own would have made
other=$(echo "$NPM"/../other-node/node_modules/node-linux-*/bin/node)
if command -v node >/dev/null && [ -x "$other" ] && [ "$(node --version)" != "$("$other" --version)" ]; then
	rm -rf "$T/A" "$T/B"
	file make.mjs 'import { readFileSync, writeFileSync } from "node:fs"; writeFileSync("out", process.version + " " + readFileSync("in", "utf8"));'
	for i in 1 2 3 4 5 6 7 8; do
		file packages/p$i/vite-task.json '{"tasks":{"t":{"command":"node ../../make.mjs","output":["out"]},"after":{"command":"true","dependsOn":["t"]}}}'
	done
	(clone A) && (clone B)
	with PATH="$(dirname "$(command -v node)"):$PATH" runner A -r --together=nodes --concurrency-limit 1 after; a=$!
	with PATH="$(dirname "$other"):$PATH" runner B -r --together=nodes --concurrency-limit 1 after; wait $! $a
	is "two Nodes: both succeed" "$(rc_of A) $(rc_of B)" "0 0"
	is "... and each has what its own Node makes" "$(sed 's/ .*//' "$T"/A/packages/*/out | sort -u) $(sed 's/ .*//' "$T"/B/packages/*/out | sort -u)" "$(node --version) $("$other" --version)"
	has "... and the program that differs is named" "$(cat "$T/A.err" "$T/B.err")" "program 'node' changed"
else
	skip "two Nodes: both succeed" "there are no two Nodes of different versions"
fi
finish
