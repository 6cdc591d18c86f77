# Sourced by every command-level test (bash). Each test: one story, its own
# folder, a private home, a clean environment, TAP on stdout.
#
#   . "${0%/*}/../../lib/functions.sh" || exit
#   workspace                       # an empty folder, now the cwd: $W
#   file packages/a/package.json '{"name":"a"}'
#   vt run build                    # the vt under test, clean environment
#   with FOO=1 vt run build         # ... with variables
#   capture vt run build            # $out (stdout), $err (stderr), $rc
#   is "says hello" "$out" "hello"  # exact; like: a bash pattern; has: a fixed part
#   finish                          # the last line
set -u
# make gives both; by hand: this tree, and its build/ if there is one
: "${abs_top_srcdir:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
[ -n "${abs_top_builddir-}" ] || { [ -x "$abs_top_srcdir/build/core/vt" ] && abs_top_builddir=$abs_top_srcdir/build; }
: "${abs_top_builddir:=$abs_top_srcdir}" "${CC:=cc}"
VT=${VT:-$abs_top_builddir/core/vt}
export LC_ALL=C
T=$(mktemp -d "${TMPDIR:-/tmp}/vt-test-XXXXXX") || exit 99
_from=$PWD; cd -P "$T" && T=$PWD && cd "$_from" || exit 99
mkdir -m 700 "$T/home" "$T/run"
_n=0
_cleanups=()
_leave() { local c; for c in "${_cleanups[@]+"${_cleanups[@]}"}"; do eval "$c"; done; rm -rf "$T" 2>/dev/null || { chmod -R u+rwx "$T" 2>/dev/null; rm -rf "$T"; }; }
trap _leave EXIT
cleanup() { _cleanups+=("$1"); }            # a command for the end

_env=()
# does what env -i NAME=VALUE... timeout SECONDS does, as one program (tests/lib/limit.c)
LIMIT=$abs_top_builddir/tests/lib/limit
[ -x "$LIMIT" ] || { echo "$LIMIT is missing: make check TESTS= builds it" >&2; exit 99; }
# _limited SECONDS|0 [NAME=VALUE]... command...: in the clean environment
_limited() {
	local seconds=$1 vars=(PATH="$PATH" HOME="$T/home" XDG_CONFIG_HOME="$T/home/.config" XDG_DATA_HOME="$T/home/.local/share"
		XDG_RUNTIME_DIR="$T/run" TMPDIR="${TMPDIR:-/tmp}"
		${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"} ${UBSAN_OPTIONS+"UBSAN_OPTIONS=$UBSAN_OPTIONS"}
		${LSAN_OPTIONS+"LSAN_OPTIONS=$LSAN_OPTIONS"} ${TSAN_OPTIONS+"TSAN_OPTIONS=$TSAN_OPTIONS"}
		"${_env[@]+"${_env[@]}"}")
	shift
	"$LIMIT" "$seconds" "${vars[@]}" "$@"
}
base_env() { _limited 0 "$@"; }
vt() { _limited "${VT_TIMEOUT:-300}" "$VT" "$@"; }
with() {                                     # with A=1 B=2 command...
	local _saved=("${_env[@]+"${_env[@]}"}") _r
	while [[ $1 == *=* ]]; do _env+=("$1"); shift; done
	"$@"; _r=$?
	_env=("${_saved[@]+"${_saved[@]}"}")
	return $_r
}
# bash leaves NUL bytes out of $(...), with a warning
capture() { "$@" >"$T/out" 2>"$T/err" </dev/null; rc=$?; { out=$(<"$T/out") err=$(<"$T/err"); } 2>/dev/null; }
workspace() { W=$T/${1:-w}; rm -rf "$W"; mkdir -p "$W"; cd "$W" || exit 99; }
file() {
	[[ $1 != */* || -d ${1%/*} ]] || mkdir -p "${1%/*}"
	printf '%s\n' "$2" >"$1"
}
# pnpm NAME...: a pnpm workspace whose members are packages/NAME, each with a package.json of that name
pnpm() { file pnpm-workspace.yaml 'packages: ["packages/*"]'; local p; for p; do file "packages/$p/package.json" "{\"name\":\"$p\"}"; done; }

ok() {                                       # ok "story" status
	_n=$((_n + 1))
	if [ "$2" -eq 0 ]; then printf 'ok %d - %s\n' $_n "$1"; else
		printf 'not ok %d - %s\n' $_n "$1"
		# a sanitizer ended vt: its report tells more than any comparison
		[[ ! -f $T/err ]] || sed -n '/Sanitizer: /,/^SUMMARY/s/^/# /p' "$T/err" | head -n 100
	fi
	return "$2"
}
_show() { printf '%s\n' "$2" | sed "s/^/# $1: /"; }
is() { if [[ $2 == "$3" ]]; then ok "$1" 0; else ok "$1" 1; _show got "$2"; _show want "$3"; return 1; fi; }
isnt() { if [[ $2 != "$3" ]]; then ok "$1" 0; else ok "$1" 1; _show "got, unwanted" "$2"; return 1; fi; }
like() { if [[ $2 == $3 ]]; then ok "$1" 0; else ok "$1" 1; _show got "$2"; _show "want pattern" "$3"; return 1; fi; }
has() { if [[ $2 == *"$3"* ]]; then ok "$1" 0; else ok "$1" 1; _show got "$2"; _show "want part" "$3"; return 1; fi; }
hasnt() { if [[ $2 != *"$3"* ]]; then ok "$1" 0; else ok "$1" 1; _show got "$2"; _show "unwanted part" "$3"; return 1; fi; }
there() { if [ -e "$2" ] || [ -L "$2" ]; then ok "$1" 0; else ok "$1" 1; fi; }
gone() { if [ -e "$2" ] || [ -L "$2" ]; then ok "$1" 1; else ok "$1" 0; fi; }
# the steps of the last capture, one line each: the command lines with their status
_step='^(\[[^]]*\] )?(~/[^$]*)?\$ '
steps() { local line; while IFS= read -r line; do [[ ! $line =~ $_step ]] || printf '%s\n' "$line"; done <<<"$out"; }
# until_true COMMAND...: runs it again and again until it succeeds, for a minute at most
until_true() { local i; for ((i = 0; i < 1200; i++)); do "$@" && return 0; sleep 0.05; done; return 1; }
# seed: RANDOM starts with SEED, which is made and printed if it was not given
seed() { : "${SEED:=$((RANDOM % 10000))}"; RANDOM=$SEED; export SEED; printf '# SEED=%s\n' "$SEED"; }
skip() { _n=$((_n + 1)); printf 'ok %d - %s # SKIP %s\n' $_n "$1" "$2"; }
skip_all() { printf '1..0 # SKIP %s\n' "$1"; exit 0; }
# own_mounts: restarts the test with mounts of its own, which go with the test.
own_mounts() {
	local how
	[ -z "${OWN_MOUNTS-}" ] || return 0
	for how in -m -rm; do
		unshare $how sh -c 'mkdir "$1/m" && mount -t tmpfs none "$1/m"' sh "$T" 2>/dev/null || continue
		rm -rf "$T"
		OWN_MOUNTS=1 exec unshare $how bash "$0"
	done
	skip_all "nothing can be mounted here"
}
# as_somebody: makes vt run as a user whom the rights of files bind, and who owns all of $T
as_somebody() {
	[ "$(id -u)" = 0 ] || return 0
	command -v setpriv >/dev/null || skip_all "setpriv is not installed"
	chown -hR 65534:65534 "$T"
	vt() { _limited "${VT_TIMEOUT:-300}" setpriv --reuid=65534 --regid=65534 --clear-groups "$VT" "$@"; }
}
requires() { local p; for p; do command -v "$p" >/dev/null || skip_all "$p is not installed"; done; }
# a failed check was told with "not ok"; a script that dies before this line is an error
finish() { printf "1..%d\n" $_n; exit 0; }

# Packages from npm for tests (bootstrap installs them): vite, typescript, ...
NPM=${VT_TEST_NPM:-$abs_top_srcdir/npm/node_modules}
# own_modules: ./node_modules, a folder with a link to each package. A tool that keeps its own
# files there (Vite: .vite) writes into the workspace, and never into what all tests share.
own_modules() { mkdir -p node_modules && ln -sfn "$NPM"/* "$NPM/.bin" node_modules/; }
requires_npm() { requires node; local p; for p; do [ -d "$NPM/$p" ] || skip_all "npm package $p is not installed (./bootstrap check installs it)"; done; }
