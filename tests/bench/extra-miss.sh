#!/bin/bash
# Measures the whole cost of a cached miss: the same command as a cached task that misses and as
# one that is not cached, in pairs, for each runner. A source changes before each run,
# so everything is traced, read and stored.
#
#   tests/bench/extra-miss.sh [PAIRS [WORKLOAD...]]
#
# Each figure is the median over the pairs; in brackets the quarters below and above: where
# they lie far apart the machine was busy. Each round runs every contestant both ways,
# and the next round turns the order round. "cpu" and "wall" are ratios cached / uncached,
# "+cpu-ms" and "+wall-ms" the differences; all processes count, those that others
# reap, too. "floor" is the same command under a tracer that receives, reads and lets
# go on, without a runner: it looks up, notes, reads and stores nothing. No tracer that
# the kernel notifies of each call costs less.
#
# VT, VP: the runners; a missing one is left out. Programs and libraries as in
# extra-trace.sh; BENCH_VP_NODE_MODULES has vite-plus.
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir/build}"
NPM=${VT_TEST_NPM:-$abs_top_srcdir/npm/node_modules}
LIBS=${BENCH_LIBS:-$NPM}
: "${VT:=$abs_top_builddir/core/vt}"
: "${VP:=}" "${BENCH_VP_NODE_MODULES:=$NPM}"
HOST=$abs_top_builddir/tests/plugins/trace-host
TRACER=$abs_top_builddir/plugins/trace-linux/.libs/vt-trace-linux.so
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
# the command of a workload, in words
declare -A words=([vite]="vite build" [esbuild]="esbuild src/main.ts --bundle --log-level=error --outfile=eb.js"
	[node]="node many.cjs" [nothing]="node nothing.cjs")
count=0
once() {                             # CONTESTANT u|c WORKLOAD: one run, uncached or cached
	local how=$2 cmd trace
	count=$((count + 1))
	case $1 in
	floor)
		[ $how = c ] && trace=-f || trace=-n
		cmd=("$HOST" -t "$T/none" -o /dev/null $trace "$TRACER" ${words[$3]}) ;;
	*) cmd=("${binary[$1]}" run $how-$3) ;;
	esac
	(cd "$1" && echo "export const a: string = 'A$count';" >src/a.ts && "${clean[@]}" "$T/launch" -a "$T/report" "${cmd[@]}" >"$T/out" 2>&1 </dev/null)
	read -r wall user sys _ status <"$T/report"
	[ "$status" = 0 ] || { echo "$1 run $how-$3 fails:"; head -20 "$T/out"; exit 1; }
	! grep -q 'cache hit,' "$T/out" || { echo "$1 run $how-$3: a hit"; exit 1; }
	! grep -q 'not cached because' "$T/out" || { grep 'not cached' "$T/out"; exit 1; }
	echo "$((user + sys)) $((wall / 1000))" >>"$T/$how.$1"
}
# how many filters a program has under the floor's tracer
filters() { "$HOST" -t "$T/none" -o /dev/null $1 "$TRACER" grep Seccomp_filters /proc/self/status; }
contestants=(vt)
declare -A binary=([vt]=$VT [vp]=$VP)
[ -z "$VP" ] || contestants+=(vp)
if [ -x "$HOST" ]; then
	contestants+=(floor)
	[ "$(filters -n)" != "$(filters -f)" ] || { echo "the floor traces both of its runs, or none"; exit 1; }
fi
for by in "${contestants[@]}"; do make_app $by $by; done
# a cached task gets few variables, another one all: NODE_EXTRA_CA_CERTS alone doubles what node costs
clean=(env -i PATH="node_modules/.bin:$PATH" HOME="$HOME" NO_COLOR=1 DO_NOT_TRACK=1)
echo "# load: $(cut -d ' ' -f 1-3 /proc/loadavg) on $(nproc) CPUs; $pairs pairs"
printf '%-8s %-5s %8s %8s  %-19s %-19s %-20s %-20s\n' workload by cpu-ms wall-ms cpu wall +cpu-ms +wall-ms
for w in ${*:-vite esbuild node nothing}; do
	rm -f "$T"/[cu].*
	# the first round warms up
	for ((k = 0; k <= pairs; k++)); do
		for ((r = 0; r < ${#contestants[@]}; r++)); do
			by=${contestants[r]} order=(u c)
			[ $((k % 2)) = 0 ] || { by=${contestants[${#contestants[@]} - 1 - r]}; order=(c u); }
			for how in "${order[@]}"; do once $by $how $w; done
		done
	done
	for by in "${contestants[@]}"; do
		paste -d ' ' "$T/u.$by" "$T/c.$by" | tail -n +2 | awk -v w=$w -v by=$by '
			# the part `at` of n values, in order: 0.5 is the median
			function part(a, at,  i, j, t) {
				for (i = 2; i <= n; i++) { t = a[i]; for (j = i - 1; j > 0 && a[j] > t; j--) a[j + 1] = a[j]; a[j + 1] = t }
				t = 1 + (n - 1) * at; i = int(t)
				return i < n ? a[i] + (t - i) * (a[i + 1] - a[i]) : a[n]
			}
			function spread(a, format) { return sprintf(format " [" format " " format "]", part(a, .5), part(a, .25), part(a, .75)) }
			{ n++; p[n] = $1 / 1000; q[n] = $2 / 1000; c[n] = $3 / $1; l[n] = $4 / $2; m[n] = ($3 - $1) / 1000; d[n] = ($4 - $2) / 1000 }
			END { printf "%-8s %-5s %8.1f %8.1f  %-19s %-19s %-20s %-20s\n", w, by, part(p, .5), part(q, .5),
				spread(c, "%.3f"), spread(l, "%.3f"), spread(m, "%.1f"), spread(d, "%.1f") }'
	done
done
