# A product that another program changes while the task still runs: the run is not kept. What the task itself does to its
# products is told apart, with and without the shim.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
python=$(python3 -c 'import sys; print(sys.executable)')

# task NAME [FIELDS] <<<SCRIPT: a task that goes on after its script until the file go/NAME exists, and then runs last/NAME
tasks=() fields=''
task() {
	tasks+=("$1")
	fields+="${fields:+,}\"$1\":{\"command\":\"sh tasks/$1.sh\"${2:+,$2}}"
	{ echo "d=$1; mkdir -p \$d"; cat; } >"tasks/$1.sh"
}
begin() { tasks=() fields=''; workspace "$1"; mkdir tasks; file package.json '{"name":"w"}'; }
write_settings() {
	local all
	all=$(printf ',"%s"' "${tasks[@]}")
	file vite-task.json "{$([ $shim = with ] || echo '"plugins":{"options":{"trace-linux":{"shim":false}}},')\"cache\":true,\"tasks\":{$fields,\"all\":{\"command\":\"true\",\"cache\":false,\"dependsOn\":[${all:1}]}}}"
}
all_ready() { local t; for t in "${tasks[@]}"; do [ -e "$T/sign/$t.ready" ] || return 1; done; }

# run_all [PAUSE OUTSIDER]: runs all tasks at once; PAUSE seconds after all are ready OUTSIDER runs, and they go on
run_all() {
	rm -rf "$T/sign" "${tasks[@]}"; mkdir "$T/sign"
	vt run -v --concurrency-limit 100 all >"$T/said" 2>&1 &
	if ! until_true all_ready; then touch "$T/sign/go"; wait; return 1; fi
	[ $# = 0 ] || { sleep "$1"; "$2"; }
	touch "$T/sign/go"
	wait
}
# why TASK: why its run was not kept
why() { sed -n "/\[.*\] w#$1: .*sh tasks\/$1\.sh/,/^  \[/{s/.*Not cached: //p}" "$T/said" | head -n 1; }

# The end of each script: it says that it is ready, and goes on until it is told to end.
hold() { echo ": >$T/sign/$1.ready; until [ -e $T/sign/go ]; do sleep 0.05; done"; }

for shim in with without; do

	# a stamp exists some time after a write, which the task cannot see: each round waits twice as long as the one before
	begin foreign
	for kind in overwritten truncated appended replaced touched; do
		task $kind <<<"echo 1 >\$d/a; echo 1 >\$d/b; $(hold $kind)"
	done
	task declared '"output":["declared/**"]' <<<"echo 1 >\$d/a; echo 1 >\$d/b; $(hold declared)"
	task renamed <<<"echo 1 >\$d/x; mv \$d/x \$d/b; $(hold renamed)"
	task linked_folder <<<"mkdir \$d/real; ln -s real \$d/link; echo 1 >\$d/link/b; $(hold linked_folder)"
	task log_beside <<<"exec 3>\$d/log; echo 1 >\$d/b; $(hold log_beside); echo 2 >&3"
	task long_shell <<<"for i in 1 2 3; do echo \$i >\$d/b; sleep 0.02; done; $(hold long_shell)"
	task python <<<"$python -I -S -c 'import mmap, os; f = os.open(\"python/b\", os.O_RDWR | os.O_CREAT | os.O_TRUNC); os.ftruncate(f, 2); m = mmap.mmap(f, 2); os.close(f); m[0:2] = b\"1\\n\"; m.close()'; $(hold python)"
	task own_times <<<"echo 1 >\$d/a; echo 1 >\$d/b; cp -p \$d/a \$d/c; touch \$d/c; $(hold own_times)"
	write_settings
	outsider() {
		local t
		truncate -s 0 truncated/b
		echo 2 >>appended/b
		echo 1 >replaced/.b; mv replaced/.b replaced/b
		touch touched/b
		for t in overwritten declared renamed log_beside long_shell python own_times; do echo 2 >$t/b; done
		echo 2 >linked_folder/real/b
	}
	told() { local t n=0; for t in "${tasks[@]}"; do [[ $(why $t) == *"was changed by somebody else while the task ran"* ]] || n=1; done; return $n; }
	for pause in 0.2 0.4 0.8 1.6 3.2 6.4 12.8; do
		run_all $pause outsider
		told && break
	done
	for t in "${tasks[@]}"; do
		name=$t/b; [ $t != linked_folder ] || name=$t/real/b
		is "$shim the shim: a product that somebody changed meanwhile: $t" "$(why $t)" "'$name' was changed by somebody else while the task ran"
	done
	echo 3 >declared/b
	touch "$T/sign/go"
	capture vt run -v declared
	has "... is not kept" "$out" "the last run was not kept: 'declared/b' was changed by somebody else while the task ran"

	# what the task does itself, for long enough that it is looked at
	begin own
	task again <<<"echo 1 >\$d/b; sleep 0.6; echo 2 >\$d/b; sleep 0.4; echo 3 >>\$d/b; $(hold again)"
	task held <<<"exec 3>\$d/b; echo 1 >&3; sleep 0.8; echo 2 >&3; sleep 0.4; echo 3 >&3; $(hold held)"
	task inherited <<<"{ sleep 0.8; echo 2; sleep 0.3; } >\$d/b & sleep 0.1; echo 1 >\$d/a; wait; $(hold inherited)"
	task daemon <<<"(setsid sh -c 'sleep 0.8; echo 2' >\$d/b & ); sleep 1.2; $(hold daemon)"
	task times <<<"echo 1 >\$d/b; sleep 0.6; touch -d 2001-01-01 \$d/b; sleep 0.4; chmod 600 \$d/b; $(hold times)"
	task moved <<<"echo 1 >\$d/x; sleep 0.5; mv \$d/x \$d/b; sleep 0.5; echo 2 >\$d/y; mv \$d/y \$d/b; $(hold moved)"
	task folder <<<"mkdir \$d/x; echo 1 >\$d/x/b; sleep 0.6; mv \$d/x \$d/old; mkdir \$d/y; echo 2 >\$d/y/b; mv \$d/y \$d/x; $(hold folder)"
	task other_name <<<"echo 1 >\$d/b; sleep 0.6; ln \$d/b \$d/c; echo 2 >\$d/c; rm \$d/c; $(hold other_name)"
	task through_link <<<"mkdir \$d/r; echo 1 >\$d/r/b; sleep 0.6; ln -s r \$d/l; echo 2 >\$d/l/b; rm \$d/l; $(hold through_link)"
	task link_replaced <<<"echo 0 >\$d/a; echo 1 >\$d/b; ln -s b \$d/l; sleep 0.6; echo 2 >\$d/l; ln -f \$d/a \$d/l; $(hold link_replaced)"
	task way_replaced <<<"mkdir \$d/r; echo 1 >\$d/r/b; ln -s r \$d/l; sleep 0.6; echo 2 >\$d/l/b; rm \$d/l; mkdir \$d/l; $(hold way_replaced)"
	task from_outside <<<"ln -sfn $W/from_outside $T/lead; echo 1 >\$d/b; sleep 0.6; echo 2 >$T/lead/b; $(hold from_outside)"
	task removed <<<"echo 1 >\$d/b; sleep 0.6; rm \$d/b; sleep 0.3; echo 2 >\$d/b; $(hold removed)"
	task dev_stdout <<<"exec 3>\$d/b; echo 1 >&3; sleep 0.4; sh -c 'echo 2 >/dev/stdout' >\$d/b; sleep 0.4; sh -c 'sleep 0.2; echo 3 >/proc/self/fd/1' >\$d/b; $(hold dev_stdout)"
	task by_descriptor <<<"$python -I -S -c 'import os, time
open(\"by_descriptor/b\", \"w\").write(\"1\")
f = os.open(\"by_descriptor/b\", os.O_RDONLY); time.sleep(0.6); os.utime(f, (1000, 1000)); time.sleep(0.3); os.fchmod(f, 0o600)'; $(hold by_descriptor)"
	task mapped <<<"$python -I -S -c 'import mmap, os, time
f = os.open(\"mapped/b\", os.O_RDWR | os.O_CREAT); os.ftruncate(f, 4096); m = mmap.mmap(f, 4096); os.close(f)
for i in range(6):
	time.sleep(0.15); m[0:1] = bytes([65 + i]); m.flush()'; $(hold mapped)"
	task passed <<<"$python -I -S -c 'import os, socket, time
a, b = socket.socketpair()
if os.fork() == 0:
	a.close(); data, fds, _, _ = socket.recv_fds(b, 1, 1); time.sleep(0.8); os.write(fds[0], b\"2\"); os._exit(0)
f = os.open(\"passed/b\", os.O_WRONLY | os.O_CREAT | os.O_TRUNC); socket.send_fds(a, [b\"x\"], [f]); os.close(f); os.wait()'; $(hold passed)"
	task descriptor_moved <<<"$python -I -S -c 'import ctypes, os, time
f = os.open(\"descriptor_moved\", os.O_TMPFILE | os.O_RDWR); os.write(f, b\"1\")
assert ctypes.CDLL(None).linkat(-100, b\"/proc/self/fd/%d\" % f, -100, b\"descriptor_moved/b\", 0x400) == 0
time.sleep(0.8); os.write(f, b\"2\")'; $(hold descriptor_moved)"
	task tool_cache <<<"mkdir -p \$d/node_modules/.cache; echo 1 >\$d/node_modules/.cache/b; echo 1 >\$d/c; $(hold tool_cache)"
	task no_product <<<"cat source; echo 1 >\$d/b; $(hold no_product)"
	if command -v node >/dev/null; then
		task node <<<"node -e 'const fs = require(\"fs\"); const f = fs.openSync(\"node/b\", \"w\"); fs.writeSync(f, \"1\");
setTimeout(() => { fs.writeSync(f, \"2\"); fs.closeSync(f); fs.writeFileSync(\"node/c\", \"1\"); }, 1000);
setTimeout(() => fs.writeFileSync(\"node/c\", \"2\"), 1500)'; $(hold node)"
	else
		skip "$shim the shim: a run that nobody else disturbed is kept: node" "node is not installed"
	fi
	write_settings
	echo 1 >source
	# somebody writes what does not count: a tool's cache
	beside() { echo 2 >tool_cache/node_modules/.cache/b; chmod 600 no_product/b; ln no_product/b "$T/sign/link"; rm "$T/sign/link"; }
	run_all 0.5 beside
	for t in "${tasks[@]}"; do
		is "$shim the shim: a run that nobody else disturbed is kept: $t" "$(grep -q "sh tasks/$t\.sh" "$T/said" && echo ran) $(why $t)" "ran "
	done
	touch "$T/sign/go"
	capture vt run all
	is "... and hits" "$(grep -c 'cache hit, replaying' <<<"$out")" ${#tasks[@]}
done
finish
