# The next run removes the endpoint of a killed run, also when another process has its process number by now; the endpoint of a
# run that goes on stays.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"waits":{"command":"sh -c \"echo >ready; sleep 300\""},"show":{"command":"cat in"}}}'
file in one
endpoints() { find "$T/run/vt" -name 's????????-*' 2>/dev/null | sort; }
start() {
	rm -f ready
	_limited 300 "$VT" run waits >/dev/null 2>&1 &
	job=$!
	until_true [ -e ready ] || exit 99
	made=$(comm -13 <(printf '%s\n' "${known-}") <(endpoints))
	pid=$((16#$(basename "$made" | cut -c 2-9)))
}
start
going=$made going_pid=$pid going_job=$job known=$made
start
kill -KILL $pid
wait $job 2>/dev/null
there "a killed run: its endpoint stays behind" "$made"
# gives the endpoint the number of a process that began later
sleep 300 &
other=$!
cleanup "kill $other $going_pid 2>/dev/null"
reused=${made%/*}/s$(printf %08x $other)${made##*/s????????}
mv "$made" "$reused"
touch -h -d '1 hour ago' "$reused"
rm -rf .vt
vt run show >/dev/null
is "the next run: endpoints without a listener are removed" "$(endpoints)" "$going"
touch -h -d '1 hour ago' "$going"
rm -rf .vt
vt run show >/dev/null
is "... an endpoint with a listener stays, whatever its age" "$(endpoints)" "$going"
kill -TERM $going_pid
wait $going_job 2>/dev/null
is "a run that ends: its own endpoint is removed" "$(endpoints)" ""
finish
