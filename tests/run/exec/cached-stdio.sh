# Cached tasks and their streams: never the terminal, captured as printed, replayed as the mode asks.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a
tools
# four has no line end, so it is written after the other stream is read: else three might follow it on its line
tool both "echo one; echo two >&2; echo three; '$abs_top_builddir/tests/lib/drained' || echo never read; printf four >&2"
file packages/a/package.json '{"name":"a","scripts":{"tty":"check-tty","read":"read-stdin","both":"both","color":"color hello-world","plain":"color hello-again","env":"print-env FORCE_COLOR","half":"printf foo && echo bar"}}'
cd packages/a
terminal vt run --cache tty
is "interleaved, a miss: no terminal" "$out" '~/packages/a$ check-tty
stdin:not-tty
stdout:not-tty
stderr:not-tty'
terminal vt run --cache tty
is "interleaved, a hit: the same" "$(printf '%s\n' "$out" | undated)" '~/packages/a$ check-tty ◉ cache hit, replaying
stdin:not-tty
stdout:not-tty
stderr:not-tty

---
vt run: cache hit, <dur> saved.'
out=$(echo from-stdin | vt run --cache read)
is "stdin is empty" "$out" '~/packages/a$ read-stdin'
capture vt run --cache both
is "stdout and stderr stay apart" "$(printf '%s\n' "$out" | sed 1d | tr '\n' ' ')/$err" "one three /two
four"
capture vt run --cache both
is "... also when replayed" "$(printf '%s\n' "$out" | sed 1d | head -2 | tr '\n' ' ')/$err" "one three /two
four"
capture vt run --cache --log=labeled both
is "replayed labeled" "$(printf '%s\n' "$out" | head -3)/$err" "[a#both] ~/packages/a\$ both ◉ cache hit, replaying
[a#both] one
[a#both] three/[a#both] two
[a#both] four"
capture vt run --cache --log=grouped both
is "replayed grouped: all of it on stdout" "$(printf '%s\n' "$out" | head -2)/$(printf '%s\n' "$out" | sed -n '3,6p' | sort | tr '\n' ' ')/$err" "[a#both] ~/packages/a\$ both ◉ cache hit, replaying
── [a#both] ──/four one three two /"
with FORCE_COLOR=0 capture vt run --cache env
is "a cached task always has FORCE_COLOR=1" "$(printf '%s\n' "$out" | tail -1)" 1
e=$'\033'
with FORCE_COLOR=1 capture vt run --cache color
has "on a terminal the output has colours" "$out" "$e[31mhello-world"
with FORCE_COLOR=0 capture vt run --cache color
is "replayed into a pipe it has none" "$(printf '%s\n' "$out" | head -2)" '~/packages/a$ color hello-world ◉ cache hit, replaying
hello-world'
with FORCE_COLOR=1 capture vt run --cache color
has "replayed on a terminal it has them again" "$out" "$e[31mhello-world"
with FORCE_COLOR=0 capture vt run --cache plain
is "run into a pipe it has none" "$out" '~/packages/a$ color hello-again
hello-again'
with FORCE_COLOR=1 capture vt run --cache plain
is "... but the cache has them" "$(printf '%s\n' "$out" | head -2)" "$e[34m~/packages/a\$ color hello-again$e[0m $e[32m◉$e[0m $e[90mcache hit, replaying$e[0m
$e[31mhello-again$e[0m"
finish
