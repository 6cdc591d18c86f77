# The order of tasks: dependencies first, then tasks that others wait for, then the rest; slots.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm app core lib solo
tools
for p in app core lib solo; do scripts='"scripts":{"build":"print '$p'","meet":"barrier $D '$p' 2","one":"sh -c \"echo $$ start; sleep 0.1; echo end\""}'
	case $p in app) d='"dependencies":{"lib":"workspace:*"},';; lib) d='"dependencies":{"core":"workspace:*"},';; *) d=;; esac
	file packages/$p/package.json "{\"name\":\"$p\",$d$scripts}"
done
lines() { printf '%s\n' "$out" | grep -E '^[a-z]+$'; }
capture vt run --concurrency-limit 1 -r build
is "dependencies first, then the task that no other waits for" "$(lines | tr '\n' ' ')" "core lib app solo "
capture vt run --log=interleaved -r build
is "the same again" "$(lines | grep -v solo | tr '\n' ' ')" "core lib app "
has "the summary counts four tasks" "$out" "vt run: 0/4 cache hit (0%). (Run"
cd packages/app
capture vt run --log=interleaved -t build
is "-t in app: its dependencies first" "$(lines | tr '\n' ' ')" "core lib app "
has "... three tasks" "$out" "vt run: 0/3 cache hit (0%). (Run"
cd ../lib
capture vt run --log=interleaved -t build
is "-t in lib: its dependency first" "$(lines | tr '\n' ' ')" "core lib "
cd ../..
with D="$T/d1" capture vt run --log=interleaved --filter core --filter solo meet
is "independent tasks run at the same time" $rc 0
with D="$T/d2" capture vt run --log=interleaved --parallel --filter core --filter lib meet
is "--parallel: dependent tasks run at the same time" $rc 0
with D="$T/d3" ALONE=40 capture vt run --parallel --concurrency-limit 1 --filter core --filter solo meet
isnt "--parallel with a limit of 1: they do not run at the same time" $rc 0
capture vt run --parallel --concurrency-limit 1 -r one
is "... one at a time" "$(printf '%s\n' "$out" | grep -oE '^(start|end|[0-9]+ start)' | sed 's/^[0-9]* //' | tr '\n' ' ')" "start end start end start end start end "

workspace known
pnpm app core slow zero
tools
file vite-task.json '{"cache":true}'
# slow takes three times as long as the tasks before it took, however loaded the machine is
tool nap "[ -e $T/begun ] || date +%s >$T/begun
if [ \$2 = slow ]; then
	[ -e $T/long ] || echo \$(((\$(date +%s) - \$(cat $T/begun)) * 3 + \$1)) >$T/long
	set -- \$(cat $T/long) slow
fi
sleep \$1; echo \$2"
sleeper() { file packages/$1/package.json "{\"name\":\"$1\"$3,\"scripts\":{\"build\":\"nap $2 $1${4-}\"}}"; }
change() { sleeper app 0.3 ',"dependencies":{"core":"workspace:*"}' "$1"; sleeper core 0.3 '' "$1"; sleeper slow 2 '' "$1"; sleeper zero 0 '' "$1"; }
change ''
capture vt run --concurrency-limit 1 -r build
is "without known durations: the longest chain, then the order of packages" "$(lines | tr '\n' ' ')" "core app slow zero "
change ' again'
capture vt run --concurrency-limit 1 -r build
is "a task that took long the last time comes before a longer chain" "$(lines | tr '\n' ' ')" "slow core app zero "
is "... all are misses" "$(steps | grep -c 'cache miss: args changed')" 4
capture vt run --concurrency-limit 1 -r build
is "hits: in that order, if they are not ready before" "$(lines | tr '\n' ' ')" "slow core zero app "
finish
