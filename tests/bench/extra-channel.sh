#!/bin/bash
# Measures the cost of the channel, in microseconds. Goals: 30 from C, 60 from Node, 300 for a
# channel that is not used. Wants abs_top_builddir (default: build).
set -eu
b=${abs_top_builddir:-$(cd "$(dirname "$0")/../../build" && pwd)}
make -s -C "$b" tests/bench/channel
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
export XDG_RUNTIME_DIR="$run"
"$b/tests/bench/channel"
addon=$b/plugin-api/client/vt-node.node
if [ -f "$addon" ] && command -v node >/dev/null; then
	mkfifo "$run/end" "$run/name"
	"$b/tests/bench/channel" serve <"$run/end" >"$run/name" &
	exec 9>"$run/end"
	read -r name <"$run/name"
	VP_RUN_IPC_NAME=$name node -e 'const c = require(process.argv[1]).load(), n = [];
for (let i = 0; i < 11000; i++) { const t = process.hrtime.bigint(); c.getEnv("VARIABLE_7"); n.push(Number(process.hrtime.bigint() - t)); }
const m = n.slice(1000).sort((a, b) => a - b)[5000];
console.log(`getEnv from Node, median of 10000: ${(m / 1000).toFixed(1)} us`);' "$addon"
	exec 9>&-
	wait
fi
