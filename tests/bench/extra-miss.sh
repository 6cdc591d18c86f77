#!/bin/bash
# Measures the whole cost of a cached miss: the same command as a cached task that misses and as
# one that is not cached, in pairs; medians of the ratios, for each runner. A source
# changes before each run, so everything is traced, read and stored.
#
#   tests/bench/extra-miss.sh [PAIRS [WORKLOAD...]]
#
# VT, VP: the runners; a missing one is left out. Programs and libraries as in
# extra-trace.sh; BENCH_VP_NODE_MODULES has vite-plus.
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir/build}"
NPM=${VT_TEST_NPM:-$abs_top_srcdir/npm/node_modules}
LIBS=${BENCH_LIBS:-$NPM}
: "${VT:=$abs_top_builddir/core/vt}"
: "${VP:=}" "${BENCH_VP_NODE_MODULES:=$NPM}"
pairs=${1:-9}
shift
command -v node >/dev/null && [ -d "$NPM/vite" ] || { echo "vite and node are needed"; exit 0; }
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
cd "$T" || exit 1
${CC:-cc} -O2 -o launch "$abs_top_srcdir/tests/bench/launch.c" || exit 1

make_app() {                         # in a folder of its own for each runner
	mkdir -p "$1/node_modules" "$1/src" "$1/many" && cd "$1" || exit 1
	ln -s "$NPM"/* "$NPM/.bin" node_modules/
	for p in react react-dom lodash lodash-es rxjs zod; do [ -d "$LIBS/$p" ] && ln -sfn "$LIBS/$p" node_modules/$p; done
	[ ! -d "$BENCH_VP_NODE_MODULES/vite-plus" ] || ln -sfn "$BENCH_VP_NODE_MODULES/vite-plus" node_modules/vite-plus
	echo '<!doctype html><html><body><script type="module" src="/src/main.ts"></script></body></html>' >index.html
	{
		for p in react react-dom/client lodash-es rxjs zod; do
			[ -d "node_modules/${p%%/*}" ] && printf "import * as %s from '%s';\nconsole.log(%s);\n" "${p//[^a-z]/_}" "$p" "${p//[^a-z]/_}"
		done
		echo "import { a } from './a'; console.log(a);"
	} >src/main.ts
	for i in $(seq 600); do echo "exports.x = $i;" >many/m$i.cjs; echo "require('./many/m$i.cjs');"; done >many.cjs
	echo '{"name":"app","private":true,"type":"module","packageManager":"npm@10.0.0"}' >package.json
	echo "require('fs').readFileSync('src/a.ts')" | tee nothing.cjs >>many.cjs
	local tasks="" t
	for t in "vite|vite build" "esbuild|esbuild src/main.ts --bundle --log-level=error --outfile=eb.js" "node|node many.cjs" "nothing|node nothing.cjs"; do
		tasks+="${tasks:+,}\"c-${t%%|*}\":{\"command\":\"${t#*|}\"},\"u-${t%%|*}\":{\"command\":\"${t#*|}\",\"cache\":false}"
	done
	if [ "$2" = vp ]; then echo "export default {run:{tasks:{$tasks}}}" >vite.config.ts; echo '{}' >package-lock.json
	else echo "{\"tasks\":{$tasks}}" >vite-task.json; fi
	git init -q . 2>/dev/null
	cd "$T" || exit 1
}
count=0
once() {                             # RUNNER BINARY TASK FILE
	count=$((count + 1))
	(cd "$1" && echo "export const a: string = 'A$count';" >src/a.ts && "${clean[@]}" "$T/launch" -a "$T/report" "$2" run "$3" >"$T/out" 2>&1 </dev/null)
	read -r wall user sys _ status <"$T/report"
	[ "$status" = 0 ] || { echo "$1 run $3 fails:"; head -20 "$T/out"; exit 1; }
	! grep -q 'cache hit,' "$T/out" || { echo "$1 run $3: a hit"; exit 1; }
	! grep -q 'not cached because' "$T/out" || { grep 'not cached' "$T/out"; exit 1; }
	echo "$((user + sys)) $((wall / 1000))" >>"$T/$4"
}
runners=(vt "$VT")
[ -z "$VP" ] || runners+=(vp "$VP")
for ((r = 0; r < ${#runners[@]}; r += 2)); do make_app "${runners[r]}" "${runners[r]}"; done
# a cached task gets few variables, another one all: NODE_EXTRA_CA_CERTS alone doubles what node costs
clean=(env -i PATH="$PATH" HOME="$HOME" NO_COLOR=1 DO_NOT_TRACK=1)
printf '%-9s %-4s %9s %9s %8s %8s %9s %6s\n' workload by cpu-ms wall-ms cpu wall more-cpu pairs
for w in ${*:-vite esbuild node nothing}; do
	rm -f "$T"/[cu].v?
	for ((k = 0; k <= pairs; k++)); do
		for ((r = 0; r < ${#runners[@]}; r += 2)); do
			# in turns: other load on the machine hits both
			order=(u c); [ $((k % 2)) = 0 ] || order=(c u)
			for how in "${order[@]}"; do once "${runners[r]}" "${runners[r + 1]}" "$how-$w" "$how.${runners[r]}"; done
		done
	done
	# the first pair warms up
	for ((r = 0; r < ${#runners[@]}; r += 2)); do
		paste -d ' ' "u.${runners[r]}" "c.${runners[r]}" | tail -n +2 | awk -v w=$w -v by="${runners[r]}" '
			function median(a, n,  i, j, t) {
				for (i = 2; i <= n; i++) { t = a[i]; for (j = i - 1; j > 0 && a[j] > t; j--) a[j + 1] = a[j]; a[j + 1] = t }
				return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
			}
			{ n++; p[n] = $1; q[n] = $2; c[n] = $3 / $1; l[n] = $4 / $2; m[n] = $3 - $1 }
			END { printf "%-9s %-4s %9.1f %9.1f %8.3f %8.3f %9.1f %6d\n", w, by, median(p, n) / 1000, median(q, n) / 1000,
				median(c, n), median(l, n), median(m, n) / 1000, n }'
	done
done
