# Under --force a task runs that would hit, and its result is stored.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"root","scripts":{"all":"vt run build"}}'
file vite-task.json '{"tasks":{"build":{"command":["echo ran >>.log/runs","date +%N >out"],"input":["in"],"output":["out"]}}}'
mkdir .log; echo 1 >in
ran() { grep -c ran .log/runs; }
capture vt run build
capture vt run build
is "a hit" "$(ran)" 1
first=$(cat out)
capture vt run --force build
is "--force runs it" "$rc $(ran)" "0 2"
has "... and says why" "$out" "○ cache miss: --force was given, executing"
second=$(cat out)
isnt "... anew" "$second" "$first"
rm out
capture vt run build
is "a hit afterwards: restores the output of the forced run" "$(ran) $(cat out)" "2 $second"
capture vt run --force all
is "--force counts for nested runs" "$rc $(ran)" "0 3"
echo 2 >in
capture vt run --force build
has "a true miss tells its own reason" "$out" "cache miss: 'in' modified, executing"
capture vt run --force --dry-run build
has "a dry run says so" "$out" "○ cache miss: --force was given"
capture vt run --force --no-cache build
has "--force --no-cache: the task only runs" "$out" "cache disabled"
finish
