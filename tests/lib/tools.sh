# Sourced after functions.sh by tests of running: small programs for tasks to run.
#
#   tools                           # puts them into ./node_modules/.bin of the workspace
#   terminal [--env..] vt run x     # the command on a terminal of its own: $out, $rc (tests/lib/terminal.c)
tool() { mkdir -p node_modules/.bin; printf '#!/bin/sh\n%s\n' "$2" >"node_modules/.bin/$1"; chmod +x "node_modules/.bin/$1"; }
tools() {
	tool print 'echo "$@"'
	tool print-file 'for f; do cat "$f" 2>/dev/null || echo "$f: not found" >&2; done'
	tool print-env 'eval "v=\${$1-(undefined)}"; echo "$v"'
	tool check-tty 'for n in 0 1 2; do case $n in 0) s=stdin;; 1) s=stdout;; 2) s=stderr;; esac; if [ -t $n ]; then echo $s:tty; else echo $s:not-tty; fi; done'
	tool read-stdin 'read -r line && echo "$line"; true'
	tool fail 'exit "${1:-1}"'
	# barrier DIR NAME N [exit CODE | hang | daemonize]: waits until N take part, ALONE times 50 ms at most
	tool barrier 'd=$1; mkdir -p "$d"; : >"$d/$2"; i=0; there() { shift "$1"; [ $# -gt 0 ]; }
until there "$3" "$d"/*; do i=$((i+1)); [ $i -gt "${ALONE:-1200}" ] && { echo alone; exit 99; }; sleep 0.05; done
case ${4-} in exit) exit "$5";; hang) exec sleep 300;; daemonize) exec sleep 300 >/dev/null 2>&1 </dev/null;; esac; exit 0'
	# catch SIGNAL CODE: says ready, then what it got
	tool catch 'trap "echo $1 received; exit $2" "$1"; echo ready >>"${READY:-/dev/null}"; echo ready; i=0; while [ $i -lt 3000 ]; do sleep 0.1; i=$((i+1)); done'
	tool stubborn 'trap "" INT TERM HUP; echo ready >>"${READY:-/dev/null}"; echo ready; i=0; while [ $i -lt 3000 ]; do sleep 0.1; i=$((i+1)); done'
	tool color 'printf "\033[31m%s\033[0m\n" "$1"'
}
for _tool in terminal send-signal drained; do [ -x "$abs_top_builddir/tests/lib/$_tool" ] || { echo "tests/lib/$_tool is missing: make check builds it" >&2; exit 99; }; done
# rogue_plugin FILE NAME [SWITCHES]: a store that keeps no promise that a switch of tests/plugins/rogue.c breaks
rogue_plugin() {
	$CC -shared -fPIC -pthread -w -I"$abs_top_srcdir/plugin-api" -DNAME="\"$2\"" "${@:3}" "$abs_top_srcdir/tests/plugins/rogue.c" -o "$1" || exit 99
}
# Runs vt on a terminal; $out is all that the terminal got (without \r), $rc the exit code.
terminal() { base_env "$abs_top_builddir/tests/lib/terminal" "${terminal_options[@]+"${terminal_options[@]}"}" -- "$VT" "${@:2}" >"$T/out" 2>"$T/err"; rc=$?; out=$(tr -d '\r\0' <"$T/out"); }
# Waits until the process is gone (or a zombie), a minute at most.
wait_gone() { until_true _is_gone "$1"; }
_is_gone() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:.*Z' "/proc/$1/status"; }
# once_below MS COMMAND...: runs it until $took (which it sets, in ms) is below MS, three times
# at most. MS is a wait of vt (5 s of grace, 10 s for a pipe) less a little: a command that
# takes this wait takes it every time, a busy machine does not.
once_below() { local i most=$1; shift; for i in 1 2 3; do "$@"; [ "$took" -ge "$most" ] || return 0; done; return 1; }
# The output with durations replaced.
undated() { sed -E 's/[0-9.]+(ms|ns|s) saved/<dur> saved/g'; }
