# A limit of open files makes steps wait; none fails, and no task sees a limit that vt raised.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
N=60
{
	printf '{"tasks":{'
	for ((i = 0; i < N; i++)); do printf '"cached%d":{"command":"sh -c \\"read x </dev/null; sleep 0.2; echo c%d\\"","cache":true},"plain%d":{"command":"sh -c \\"sleep 0.2; echo p%d\\"","cache":false},' $i $i $i $i; done
	printf '"cached":{"command":"true","cache":false,"dependsOn":["cached0"'
	for ((i = 1; i < N; i++)); do printf ',"cached%d"' $i; done
	printf ']},"plain":{"command":"true","cache":false,"dependsOn":["plain0"'
	for ((i = 1; i < N; i++)); do printf ',"plain%d"' $i; done
	printf ']},"limit":{"command":["sh -c \\"ulimit -Sn; ulimit -Hn\\""],"cache":false}}}\n'
} >"$T/tasks.json"
file vite-task.json "$(<"$T/tasks.json")"
file package.json '{"name":"many"}'
limited() { local n=$1; shift; ( ulimit -n "$n"; "$@" ); }
for n in 48 100 256; do
	capture limited $n vt run --parallel --log=interleaved plain
	is "$n open files: all plain steps run" "$rc $(printf '%s\n' "$out" | grep -cE '^p[0-9]+$')" "0 $N"
	is "... without a warning" "$err" ""
	capture limited $n vt run --parallel --log=interleaved cached
	is "$n open files: all cached steps run" "$rc $(printf '%s\n' "$out" | grep -cE '^c[0-9]+$')" "0 $N"
	is "... without a warning" "$err" ""
	capture limited $n vt run --parallel --log=grouped plain
	is "$n open files: all grouped steps run" "$rc $(printf '%s\n' "$out" | grep -cE '^p[0-9]+$')" "0 $N"
	capture vt cache clean
done
hard=$(ulimit -Hn)
if [ "$hard" != unlimited ] && [ "$hard" -lt 512 ]; then
	skip "a task gets the soft limit back" "the hard limit of open files is $hard"
else
	capture eval 'ulimit -Sn 300 && vt run limit'
	is "a task gets the soft limit that vt was started with" "$(printf '%s\n' "$out" | grep -E '^([0-9]+|unlimited)$' | tr '\n' ' ')" "300 $hard "
fi
finish
