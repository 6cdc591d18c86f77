# Sandboxes around vt, and sandboxes that a task makes.
. "${0%/*}/../../lib/functions.sh" || exit
CASE=$abs_top_builddir/tests/plugins/trace-case
workspace
file package.json '{"name":"app","private":true}'
echo 1 >in
task() { printf '{"tasks":{"t":{"command":"%s"}}}\n' "$1" >vite-task.json; rm -rf .vt; }
around=()
run() { capture base_env timeout 300 "${around[@]+"${around[@]}"}" "$VT" run t; }
followed() {                         # "story": it runs, is kept, and depends on `in`
	rm -rf .vt; echo 1 >in; run
	is "$1: the task runs" "$rc $(printf '%s\n' "$out" | sed -n 2p)" "0 1"
	run; has "$1: it is kept" "$out" "cache hit"
	echo 2 >in; run; has "$1: its reads are followed" "$out" "cache miss: 'in' modified"
}

if command -v bwrap >/dev/null && bwrap --bind / / --proc /proc --dev /dev true 2>/dev/null; then
	task 'bwrap --bind / / cat in'
	followed "a task in bubblewrap"
	task 'bwrap --ro-bind / / --unshare-pid --proc /proc --dev /dev cat in'
	followed "a task in bubblewrap with processes of its own"
	task 'cat in'; around=(bwrap --bind / / --dev /dev --proc /proc)
	followed "vt in bubblewrap"
	around=(bwrap --bind / / --dev /dev --proc /proc --unshare-all)
	followed "vt in bubblewrap with all namespaces of its own"
	task 'bwrap --bind / / cat in'; around=(bwrap --bind / / --dev /dev --proc /proc)
	if bwrap --bind / / bwrap --bind / / true 2>/dev/null; then followed "bubblewrap in vt in bubblewrap"
	else skip "bubblewrap in vt in bubblewrap" "it does not nest here"; fi
	around=()
else skip "bubblewrap" "it is not installed, or may not be used here"; fi

if [ "$(id -u)" = 0 ]; then
	mkdir -p root; echo 1 >root/in-the-root; touch root/in-the-root-2
	task "$CASE chroot"; run; is "a task that changes its root: runs" "$rc" 0
	run; has "... it is kept" "$out" "cache hit"
	echo 2 >root/in-the-root; run; has "... its reads are followed" "$out" "cache miss: 'root/in-the-root' modified"
else skip "a task that changes its root" "only root may"; fi

# Yama lets only ancestors look at a process (1), or only processes with rights (2)
scope=/proc/sys/kernel/yama/ptrace_scope
double='sh -c \"(setsid sh -c '"'cat in' & wait) & wait\\\""
if [ -w $scope ] && before=$(cat $scope) && [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cleanup "echo $before >$scope"
	chmod 755 "$T"; chown -R 65534:65534 "$W" "$T/home" "$T/run"
	around=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	task "$double"
	echo 1 >$scope && followed "Yama 1, a process that left its parent"
	echo 2 >$scope && { rm -rf .vt; run; is "Yama 2: the task runs" "$rc" 0; has "Yama 2: it is not kept" "$out" "cannot be read"; }
	around=()
else skip "Yama" "$scope is not there, or not ours to change"; fi
task "$double"; followed "a process that left its parent"
finish
