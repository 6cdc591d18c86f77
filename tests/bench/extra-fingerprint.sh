#!/bin/bash
# The first full-hit run in a fresh clone: results from a store that the clone shares,
# no stat index; fingerprint-git beside fingerprint-content.
#
#   tests/bench/extra-fingerprint.sh [PACKAGES [FILES [RUNS [SIZE]]]]
#
# Wants abs_top_builddir (default: build) and python3. SIZE: bytes per file. COLD=1: the
# files are taken out of the page cache before each run; else it is warm.
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir/build}"
VT=${VT:-$abs_top_builddir/core/vt}
packages=${1:-1000} files=${2:-10} runs=${3:-7} size=${4:-4000}
T=$(mktemp -d "${TMPDIR:-/tmp}/vt-bench-XXXXXX") || exit 1
[ -n "${KEEP:-}" ] || trap 'rm -rf "$T"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null HOME=$T XDG_CONFIG_HOME=$T/config XDG_DATA_HOME=$T/data
mkdir -p "$T/origin" && cd "$T/origin" || exit 1
git init -q
echo 'packages: ["packages/*"]' >pnpm-workspace.yaml
echo '{"name":"root"}' >package.json
python3 - $packages $files $size <<'X' || exit 1
import base64, os, sys
packages, files, size = map(int, sys.argv[1:])
for p in range(packages):
    os.makedirs(f"packages/p{p}/src")
    open(f"packages/p{p}/package.json", "w").write('{"name":"p%d"}' % p)
    open(f"packages/p{p}/vite-task.json", "w").write('{"tasks": {"build": {"command": "true src", "input": ["src/**"]}}}')
    for f in range(files):
        open(f"packages/p{p}/src/f{f}.ts", "wb").write(base64.encodebytes(os.urandom(size * 3 // 4)))
X
# config FINGERPRINT: the user's, so that both clones are alike
config() { mkdir -p "$T/config/vt"; echo "{\"plugins\": {\"fingerprint\": \"$1\"}}" >"$T/config/vt/config.json"; }
echo '.vt/' >.gitignore
git add -A && git -c user.name=x -c user.email=x@y commit -qm x
git clone -q --no-local "$T/origin" "$T/clone" && cd "$T/clone" || exit 1
sleep 1.1       # what is as young as the index is hashed
git update-index --refresh >/dev/null
for fingerprint in fingerprint-content fingerprint-git; do
	config $fingerprint
	VT_CACHE_DIR=$T/cache-$fingerprint "$VT" run -r build >/dev/null 2>&1
done
# once FINGERPRINT NAME: milliseconds of a run of nothing but hits, without a stat index
once() {
	config $1
	find "$T/cache-$1" -name stat -delete
	[ -z "${COLD:-}" ] || python3 -c '
import os
for top, _, names in os.walk("packages"):
    for n in names:
        fd = os.open(os.path.join(top, n), os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)'
	local from to
	from=$(date +%s%N)
	VT_CACHE_DIR=$T/cache-$1 "$VT" run -r build >"$T/out" 2>&1
	to=$(date +%s%N)
	echo $(((to - from) / 1000)) >>"$T/$1"
	grep -q "cache hit (100%)" "$T/out" || { echo "not all hits:"; tail -5 "$T/out"; exit 1; }
}
for ((i = 0; i < runs; i++)); do once fingerprint-content; once fingerprint-git; done
# with the stat index both only stat
once_warm() { local from; config $1; from=$(date +%s%N); VT_CACHE_DIR=$T/cache-$1 "$VT" run -r build >/dev/null 2>&1; echo $((($(date +%s%N) - from) / 1000)) >>"$T/warm-$1"; }
for ((i = 0; i < runs; i++)); do once_warm fingerprint-content; once_warm fingerprint-git; done
median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
c=$(median "$T/fingerprint-content") g=$(median "$T/fingerprint-git")
wc_=$(median "$T/warm-fingerprint-content") wg=$(median "$T/warm-fingerprint-git")
awk -v c=$c -v g=$g -v wc=$wc_ -v wg=$wg -v p=$packages -v f=$files -v s=$size -v cold="${COLD:+cold}" 'BEGIN { if (!cold) cold = "warm"
	printf "%d packages x %d files of %d bytes, all hits, %s page cache, median\n", p, f, s, cold
	printf "first in a fresh clone: content %.0f ms, git %.0f ms, ratio %.2f\n", c / 1000, g / 1000, c / g
	printf "with the stat index:    content %.0f ms, git %.0f ms\n", wc / 1000, wg / 1000
	printf "what looking at files costs: content %.0f ms, git %.0f ms, ratio %.2f\n", (c - wc) / 1000, (g - wg) / 1000, (c - wc) / (g - wg) }'
