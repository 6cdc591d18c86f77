#!/bin/bash
# bench/run.sh SOURCE WORK: the measurements of `make bench`. QUICK=1: fewer repetitions.
# Peers: ninja when installed; turbo's native binary and vp when npm has them in
# SOURCE/npm (npm install turbo vite-plus there), or as TURBO_NATIVE= and VP= say.
set -eu
src=$1 work=$2
mkdir -p "$work/bin"
${CC:-cc} -O2 -static -o "$work/bin/launch" "$src/tests/bench/launch.c" 2>/dev/null ||
	${CC:-cc} -O2 -o "$work/bin/launch" "$src/tests/bench/launch.c"
${CC:-cc} -O2 -o "$work/bin/floor" "$src/tests/bench/floor.c"
export LAUNCH=$work/bin/launch FLOOR=$work/bin/floor PYTHONDONTWRITEBYTECODE=1
npm=$src/npm/node_modules
# turbo asks pnpm to run the scripts: the one beside it, and the workspace names its version
[ ! -x "$npm/.bin/pnpm" ] || PATH=$npm/.bin:$PATH
if command -v pnpm >/dev/null; then
	: "${BENCH_PNPM_VERSION:=$(pnpm --version)}"
	export BENCH_PNPM_VERSION
else
	TURBO_NATIVE=
fi
: "${TURBO_NATIVE=$(ls "$npm"/turbo-linux-*/bin/turbo "$npm"/@turbo/linux-*/bin/turbo 2>/dev/null | head -n 1)}"
: "${VP:=$(ls "$npm/.bin/vp" 2>/dev/null || true)}"
export TURBO_NATIVE VP
[ ! -d "$npm/vite" ] || export BENCH_NODE_MODULES=$npm
[ ! -d "$npm/vite-plus" ] || export BENCH_VP_NODE_MODULES=$npm
runners=(--runner vt)
command -v ninja >/dev/null && runners+=(--runner ninja)
[ -z "$TURBO_NATIVE" ] || runners+=(--runner turbo-native)
[ -z "$VP" ] || runners+=(--runner vp)
reps=${REPS:-7}
[ -z "${QUICK:-}" ] || reps=3
baseline=vt
command -v ninja >/dev/null && baseline=ninja
bench() { echo; echo "## $*"; python3 "$src/tests/bench/bench.py" --work "$work" "${runners[@]}" --baseline $baseline --settle --reps "$reps" "$@"; }
bench --packages 1 --files 10 --scenario hit
bench --packages 100 --files 10 --scenario hit,leaf,cold
bench --packages 100 --files 100 --scenario hit
bench --packages 1000 --files 10 --scenario hit,leaf,dry
echo; echo "## environment: 0 to 1000 variables"
python3 "$src/tests/bench/envmap.py" --work "$work" --runner vt
# the costs of single rooms; one that cannot run here is named, and the others go on
for s in "$src"/tests/bench/extra-*.sh; do
	less=()
	case ${QUICK:+quick}-$(basename "$s" .sh) in
	quick-extra-fingerprint) less=(200 10 3) ;;
	quick-extra-stores) less=(100 5 0 5) ;;
	quick-extra-miss | quick-extra-trace) less=(3) ;;
	esac
	echo; echo "## $(basename "$s" .sh)"
	abs_top_srcdir="$src" abs_top_builddir="$(dirname "$work")" bash "$s" "${less[@]+"${less[@]}"}" || echo "(not measured)"
done
