# Colours of each stream, by the variables in their order of precedence, on a terminal and in a pipe.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file package.json '{"name":"r","scripts":{"c":"color red"}}'
e=$'\033'
coloured() { case $out in *"$e["*) echo on;; *) echo off;; esac; }
# the variables | on a terminal | in a pipe
while IFS='|' read -r words tty pipe; do
	with $words terminal vt run --log=labeled c
	is "on a terminal: ${words:-nothing said}" "$(coloured)" "$tty"
	with $words capture vt run --log=labeled c
	is "in a pipe: ${words:-nothing said}" "$(coloured)" "$pipe"
done <<'EOF'
TERM=xterm|on|off
|off|off
COLORTERM=truecolor|on|off
CI=1|on|off
TERM=dumb|off|off
TERM=xterm FORCE_COLOR=1|on|on
TERM=xterm FORCE_COLOR=3|on|on
TERM=xterm FORCE_COLOR=true|on|on
TERM=xterm FORCE_COLOR=|on|on
TERM=xterm FORCE_COLOR=0|on|off
TERM=xterm FORCE_COLOR=false|on|off
TERM=dumb FORCE_COLOR=1|on|on
NO_COLOR=1 FORCE_COLOR=1|on|on
TERM=xterm CLICOLOR_FORCE=1|on|on
TERM=xterm CLICOLOR_FORCE=0|on|off
NO_COLOR=1 CLICOLOR_FORCE=1|on|on
TERM=xterm NO_COLOR=1|off|off
TERM=xterm NO_COLOR=|off|off
TERM=xterm NO_COLOR=0|on|off
TERM=xterm NO_COLOR=1 FORCE_COLOR=0|off|off
TERM=xterm CLICOLOR=0|on|off
EOF
# each stream decides separately
file tool.sh 'printf "\033[31mout\033[0m\n"; printf "\033[31merr\033[0m\n" >&2'
file package.json '{"name":"r","scripts":{"both":"sh tool.sh"}}'
out=$(with TERM=xterm base_env "$abs_top_builddir/tests/lib/terminal" -- sh -c "'$VT' run --log=labeled both >'$T/plain'")
is "stdout in a file, stderr on a terminal" "$(coloured) $(out=$(cat "$T/plain"); coloured)" "on off"
out=$(with TERM=xterm base_env "$abs_top_builddir/tests/lib/terminal" -- sh -c "'$VT' run --log=labeled both 2>'$T/plain'")
is "stdout on a terminal, stderr in a file" "$(coloured) $(out=$(cat "$T/plain"); coloured)" "on off"
# FORCE_COLOR reaches cached tasks only
file package.json '{"name":"r","scripts":{"f":"print-env FORCE_COLOR","n":"print-env NO_COLOR","t":"print-env TERM","own":"FORCE_COLOR=0 print-env FORCE_COLOR"}}'
last() { printf '%s\n' "$out" | sed -n 2p; }
for v in 0 1 3; do
	with FORCE_COLOR=$v capture vt run --cache f
	is "a cached task gets FORCE_COLOR=1 (outside: $v)" "$(last)" 1
	with FORCE_COLOR=$v capture vt run f
	is "an uncached task gets FORCE_COLOR from outside ($v)" "$(last)" $v
done
capture vt run f
is "... or nothing" "$(last)" "(undefined)"
with NO_COLOR=1 TERM=xterm capture vt run --cache n
is "NO_COLOR does not reach a cached task" "$(last)" "(undefined)"
with NO_COLOR=1 TERM=xterm capture vt run --cache t
is "TERM does not reach a cached task" "$(last)" "(undefined)"
capture vt run --cache own
is "a command's own assignment wins" "$(last)" 0
file vite-task.json '{"tasks":{"in":{"command":"print-env FORCE_COLOR","untrackedEnv":["FORCE_COLOR"]}}}'
with FORCE_COLOR=3 capture vt run in
is "untrackedEnv: FORCE_COLOR from outside wins" "$(last)" 3
finish
