# Colours: the environment decides, for each stream separately.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file package.json '{"name":"r","scripts":{"c":"color red","links":"printf \"\\\\033]8;;http://x\\\\033\\\\\\\\text\\\\033]8;;\\\\033\\\\\\\\\\n\""}}'
e=$'\033'
capture vt run --log=labeled c
is "a file gets no colours" "$out" '[r#c] $ color red ⊘ cache disabled
[r#c] red'
with FORCE_COLOR=1 capture vt run --log=labeled c
is "FORCE_COLOR=1: all of them" "$out" "$e[90m[r#c]$e[0m $e[34m\$ color red$e[0m $e[30m⊘$e[0m $e[90mcache disabled$e[0m
$e[90m[r#c]$e[0m $e[31mred$e[0m"
with FORCE_COLOR=0 TERM=xterm terminal vt run --log=labeled c
has "FORCE_COLOR=0 on a terminal: all of them" "$out" "$e[31mred"
with NO_COLOR= TERM=xterm terminal vt run --log=labeled c
hasnt "NO_COLOR, even empty: none" "$out" "$e"
with TERM=dumb terminal vt run --log=labeled c
hasnt "TERM=dumb: none" "$out" "$e"
capture vt run --log=labeled links
is "links of the terminal: removed" "$(printf '%s\n' "$out" | tail -1)" "[r#links] text"
capture vt run c
has "an inherited stream is the task's own" "$out" "$e[31mred"
finish
