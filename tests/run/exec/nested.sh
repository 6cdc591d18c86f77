# vt run inside a command: a level of its own, with slots of its own.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
file package.json '{"name":"root","scripts":{"build":"vt run --concurrency-limit 1 -r build","all":"print before && vt run -r meet && print after","none":"vt run --filter nobody meet && print after","bad":"vt run -r bad && print never"}}'
for p in a b; do file packages/$p/package.json "{\"name\":\"$p\",\"scripts\":{\"build\":\"print $p\",\"meet\":\"barrier \$D $p 2\",\"bad\":\"fail 7\"}}"; done
lines() { printf '%s\n' "$out" | grep -E '^[a-z]+$' | tr '\n' ' '; }
capture vt run --concurrency-limit 1 -r build
is "a task that runs itself everywhere: the others only" "$(lines)" "a b "
capture vt run --concurrency-limit 1 build
is "from the root" "$(lines)" "a b "
with D="$T/d" capture vt run --log=interleaved --concurrency-limit 1 all
is "the outer limit does not count inside" "$rc $(lines)" "0 before after "
capture vt run none
is "an empty nested run is over at once" "$rc $(lines)" "0 after "
capture vt run --concurrency-limit 1 bad
is "a nested failure is a failure" "$(printf '%s\n' "$out" | grep -c never) $(((rc == 1 || rc == 7)))" "0 1"
finish
