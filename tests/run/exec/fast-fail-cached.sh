# One task fails while another hangs: the exact output, for each kind of the other task.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
tool hang 'barrier d b 2 hang'
file vite-task.json '{"tasks":{}}'
for p in a b; do ln -s ../.. packages/$p/root; done
file packages/a/package.json '{"name":"a","scripts":{"x":"barrier root/d a 2 exit 1","d":"barrier root/d a 2 exit 1"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"barrier root/d b 2 hang","d":"barrier root/d b 2 daemonize"}}'
for how in "--no-cache x hang" "--cache x hang" "--cache d daemonize" "--no-cache d daemonize"; do
	set -- $how
	status=' ⊘ cache disabled'
	[ $1 = --cache ] && status=
	for i in 1 2; do
		rm -rf d
		start=$SECONDS
		capture vt run --log=interleaved $1 -r $2
		is "$how, run $i: exit code" $rc 1
		ok "$how, run $i: it does not wait" $((SECONDS - start > 150))
		is "$how, run $i: both command lines, two blank lines, the summary" "$(printf '%s\n' "$out" | sed '1,2s/^~.*packages\/\([ab]\)\$ barrier root\/d . 2/\1/' | sed '1,2{s/ exit 1//;s/ hang//;s/ daemonize//}' | sed '1{N;s/^b\(.*\)\na\(.*\)/a\2\nb\1/}')" "a$status
b$status


---
vt run: 0/2 cache hit (0%), 1 failed, 1 cancelled. (Run \`vt run --last-details\` for full details)
✗ a#$2 failed first (exit code: 1)"
	done
done
# a task that fails alone: vt exits with the task's code, at any --log
for log in interleaved labeled grouped; do
	file packages/a/package.json '{"name":"a","scripts":{"alone":"fail 42"}}'
	file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"alone":"print never"}}'
	capture vt run --log=$log -r alone
	is "$log: no other task was running: its own code" "$rc $(printf '%s\n' "$out" | grep -c .)" "42 1"
done
# arguments that look like options of vt belong to the task
file packages/a/package.json '{"name":"a","scripts":{"say":"echo"}}'
for arg in --help --version -v -a --cache -r; do
	capture vt run a#say $arg
	is "$arg behind the task is the task's" "$rc:$out" "0:~/packages/a\$ echo $arg ⊘ cache disabled
$arg"
done
finish
