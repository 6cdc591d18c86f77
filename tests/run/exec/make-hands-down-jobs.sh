# Below make -jN a task that calls make again gets make's job server: descriptors and all.
. "${0%/*}/../../lib/functions.sh" || exit
requires make
workspace
file package.json '{"name":"r","scripts":{"in":"make -f inner","twice":"vt run in","two":"vt run in && make -f inner"}}'
printf 'all: a b\na:\n\t@test -e "$T/b.runs" || : >$T/a.runs; for i in $$(seq $${PATIENCE:-200}); do [ -e $T/b.runs ] && break; sleep 0.05; done; [ -e $T/b.runs ] && echo A || echo alone\nb:\n\t@: >$T/b.runs; echo B\n' | sed "s|\$T|$T|g" >inner
printf 'in twice two:\n\t+@%s run $@\nplain:\n\t@%s run in\n' "$VT" "$VT" >outer
outer() { rm -f "$T"/?.runs; capture base_env PATIENCE="${PATIENCE:-200}" make -j2 -f outer "$1"; }
outer in
is "make in a task has its jobs: nothing is said" "$rc $err" "0 "
is "... and runs two at once" "$(grep -cx '[AB]' <<<"$out")" 2
outer twice
is "make in a nested run has its jobs" "$rc $err $(grep -cx '[AB]' <<<"$out")" "0  2"
outer two
is "each step of a task gets the jobs" "$rc $err $(grep -cx '[AB]' <<<"$out")" "0  4"
# a recipe without + gets MAKEFLAGS alone: make itself says so, and vt hands nothing else down
PATIENCE=1 outer plain
is "a recipe without +: the task runs, one job after the other" "$rc $(grep -x '[aAB].*' <<<"$out" | tr '\n' ' ')" "0 alone B "
file vite-task.json '{"tasks":{"open":{"command":"ls -l /proc/self/fd","cache":false}}}'
printf 'open:\n\t+@%s run open\n' "$VT" >outer
outer open
is "the two pipes alone are handed down" "$(grep -cE ' ([3-9]|[0-9]{2,}) -> pipe:' <<<"$out")" 2
capture base_env MAKEFLAGS=' -j --jobserver-auth=3,4' "$VT" run open
is "descriptors that MAKEFLAGS only claims: not handed down" "$rc $(grep -cE ' ([3-9]|[0-9]{2,}) -> pipe:' <<<"$out")" "0 0"
finish
