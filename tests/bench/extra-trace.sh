#!/bin/bash
# Measures the cost of tracing: CPU and wall time of real programs, traced / untraced, in
# turns, medians of the ratios. Not part of `make check`.
#
# "floor" is the same ratio for a tracer that only receives, reads and lets go on: the cost of
# the kernel's mechanism here, for any tracer. "low" and "high" are the quarters
# of the ratios in "cpu"; where they lie far apart the machine was busy, and the figure
# is worth little.
#
#   tests/bench/extra-trace.sh [PAIRS [WORKLOAD...]]
#
# Wants abs_top_builddir (default: build); programs from npm below VT_TEST_NPM, and
# sources to work on below BENCH_LIBS (npm install react react-dom lodash lodash-es
# rxjs zod there); without those the workloads are small and the ratios worse.
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir/build}"
NPM=${VT_TEST_NPM:-$abs_top_srcdir/npm/node_modules}
LIBS=${BENCH_LIBS:-$NPM}
HOST=$abs_top_builddir/tests/plugins/trace-host
TRACER=$abs_top_builddir/plugins/trace-linux/.libs/vt-trace-linux.so
pairs=${1:-9}
shift
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
mkdir -p "$T/app/src"
cd "$T/app" || exit 1
# inside the workspace, where an installation has them: names there are looked at more
put() { cp -al "$@" 2>/dev/null || cp -a "$@"; }
mkdir node_modules
[ -d "$NPM" ] && put "$NPM/." node_modules
for p in react react-dom scheduler lodash lodash-es rxjs tslib zod; do
	[ ! -d "$LIBS/$p" ] || [ -d node_modules/$p ] || put "$LIBS/$p" node_modules/
done

cat >index.html <<'X'
<!doctype html><html><body><div id="root"></div><script type="module" src="/src/main.ts"></script></body></html>
X
{
	for p in react react-dom/client lodash-es rxjs zod; do
		[ -d "node_modules/${p%%/*}" ] && printf "import * as %s from '%s';\nconsole.log(%s);\n" "${p//[^a-z]/_}" "$p" "${p//[^a-z]/_}"
	done
	echo "import { a } from './a'; console.log(a);"
} >src/main.ts
echo 'export const a: string = "A";' >src/a.ts
echo '{"name":"app","private":true,"type":"module"}' >package.json
echo '{"compilerOptions":{"module":"esnext","moduleResolution":"bundler","outDir":"../tsout","skipLibCheck":true,"types":[]},"include":["src"]}' >tsconfig.json
lint=src
if [ -d node_modules/rxjs/src ]; then
	cp -r node_modules/rxjs/src rxjs && rm -f rxjs/tsconfig* rxjs/internal/umd.ts && lint=rxjs
	sed -e 's|"include".*|"include":["rxjs"]}|' -e 's|"types":\[\]|"types":[],"target":"esnext","strict":true,"lib":["esnext","dom"],"baseUrl":".","paths":{"rxjs":["rxjs/index"],"rxjs/*":["rxjs/*"]}|' -i tsconfig.json
fi
# modules that do something; else many empty ones, and the tracer is most of the work
modules=empty
if [ -d node_modules/lodash ]; then
	modules=lodash
	echo "for (const f of require('fs').readdirSync('node_modules/lodash')) if (f.endsWith('.js') && !/^(fp|lodash|core)/.test(f)) require('lodash/' + f);" >many.cjs
else
mkdir -p many
for i in $(seq 640); do echo "exports.x = $i;" >many/m$i.cjs; echo "require('./many/m$i.cjs');"; done >many.cjs
fi
mkdir -p tree && (cd tree && for d in $(seq 45); do mkdir d$d; for f in $(seq 30); do echo $f >d$d/f$f; done; done
	git init -q . && git add -A && git -c user.name=x -c user.email=x@y commit -qm x) >/dev/null
cat >heavy.cc <<'X'
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
int main() { std::map<std::string, int> m; std::cout << std::regex_match("a", std::regex("a")) << m.size(); }
X

workload() {
	case $1 in
	vite) [ -d "$NPM/vite" ] && set_cmd node node_modules/vite/bin/vite.js build --logLevel silent ;;
	tsc) [ -d "$NPM/typescript" ] && set_cmd node node_modules/typescript/bin/tsc -p . ;;
	esbuild) [ -d "$NPM/esbuild" ] && set_cmd node_modules/.bin/esbuild src/main.ts --bundle --log-level=error --outfile="$T/eb.js" ;;
	oxlint) [ -d "$NPM/oxlint" ] && set_cmd node node_modules/oxlint/bin/oxlint --quiet $lint ;;
	node-require) set_cmd node many.cjs ;;
	node) set_cmd node -e 0 ;;
	g++) command -v g++ >/dev/null && set_cmd g++ -c heavy.cc -o "$T/heavy.o" ;;
	spawn) set_cmd sh -c 'i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i + 1)); done' ;;
	git) set_cmd git -C tree status ;;
	find) set_cmd find tree -size +1M ;;
	*) return 1 ;;
	esac
}
set_cmd() { cmd=("$@"); }
once() { "$HOST" -t "$T/$1" -o /dev/null $2 "$TRACER" "${cmd[@]}" >/dev/null 2>&1 </dev/null; }

have=$(for p in react react-dom lodash lodash-es rxjs zod; do [ -d node_modules/$p ] && printf ' %s' $p; done)
echo "# libraries:${have:- none, so vite, esbuild and tsc have little to do: set BENCH_LIBS}"
echo "# node-require: $(if [ $modules = empty ]; then echo "640 EMPTY modules, not the figure to quote"; else echo "the modules of $modules"; fi); tsc and oxlint: $([ $lint = src ] && echo "two small files" || echo "the sources of $lint")"
echo "# load: $(cut -d ' ' -f 1-3 /proc/loadavg) on $(nproc) CPUs"
printf '%-13s %8s %8s %7s %7s %7s %7s %7s %8s %8s %8s %6s\n' workload cpu-ms wall-ms cpu low high floor wall +wall-ms stop-ms calls rounds
for w in ${*:-vite tsc esbuild oxlint node-require node g++ spawn git find}; do
	workload $w || { printf '%-13s not here\n' $w; continue; }
	once warm -n || { printf '%-13s fails: nothing to measure\n' $w; continue; }
	once warm -f; once warm ''
	rm -f "$T/plain" "$T/floor" "$T/traced"
	for _ in $(seq $pairs); do once plain -n; once floor -f; once traced ''; done
	calls=$(TRACE_HOST_DEBUG=1 "$HOST" -o /dev/null "$TRACER" "${cmd[@]}" 2>&1 >/dev/null </dev/null | sed -n 's/^traced: \([0-9]*\) calls.*/\1/p')
	paste -d ' ' "$T/plain" "$T/traced" "$T/floor" | awk -v w=$w -v calls="$calls" '
		# the part `at` of n values, in order: 0.5 is the median
		function part(a, n, at,  i, j, t) {
			for (i = 2; i <= n; i++) { t = a[i]; for (j = i - 1; j > 0 && a[j] > t; j--) a[j + 1] = a[j]; a[j + 1] = t }
			t = 1 + (n - 1) * at; i = int(t)
			return i < n ? a[i] + (t - i) * (a[i + 1] - a[i]) : a[n]
		}
		{ n++; c[n] = $4 / $1; l[n] = $5 / $2; p[n] = $1; q[n] = $2; s[n] = $6; d[n] = $5 - $2; f[n] = $7 / $1 }
		END { printf "%-13s %8.1f %8.1f %7.3f %7.3f %7.3f %7.3f %7.3f %8.1f %8.1f %8s %6d\n", w, part(p, n, .5) / 1000, part(q, n, .5) / 1000,
			part(c, n, .5), part(c, n, .25), part(c, n, .75), part(f, n, .5), part(l, n, .5), part(d, n, .5) / 1000, part(s, n, .5) / 1000, calls, n }'
done
# 16 threads walk a tree, without signals and while SIGURG rains on them
CASE=$abs_top_builddir/tests/plugins/trace-case
mkdir "$T/walk" && cd "$T/walk" || exit 1
for d in 0 1 2 3 4 5 6 7; do mkdir -p tree/d$d; for i in $(seq 60); do echo x >tree/d$d/f$i; done; done
for _ in $(seq $pairs); do
	for how in calm storm; do set_cmd "$CASE" $how; once $how ''; done
done
middle() { cut -d ' ' -f 2 "$T/$1" | sort -n | sed -n "$((pairs / 2 + 1))p"; }
echo "# signals while traced: $(($(middle storm) * 100 / $(middle calm)))% of the wall time without (Go's own target: 130%)"
echo "# load: $(cut -d ' ' -f 1-3 /proc/loadavg)"
