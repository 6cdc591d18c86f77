# A persistent task is ended with all its processes: TERM, 5 s of grace, KILL. One that ends by itself in the middle ends the
# run; one that was asked for lives until Ctrl-C.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
. "$abs_top_srcdir/tests/lib/server.sh"
workspace
file package.json '{"name":"r"}'
servers
tools
config() {                     # config WORDS [TEST]: a server with these words, and what runs with it
	rm -f needed
	file vite-task.json "{\"tasks\":{\"server\":{\"command\":\"node serve.cjs $PORT $1\",\"persistent\":true,\"ready\":{\"port\":$PORT}},
		\"e2e\":{\"command\":\"${2-node ask.cjs $PORT}\",\"dependsOn\":[\"server\"],\"cache\":false}}}"
}
timed() { local begun; begun=$(date +%s%3N); capture vt run "$@"; took=$(($(date +%s%3N) - begun)); }

config workers
capture vt run e2e
is "a server with workers: ended" "$rc $(journal)" "0 server start,server listens,test hello,server TERM,"
ok "... with all workers" "$(for p in $(cat workers); do dead "$p" || echo "$p lives"; done | wc -l)"

config daemon
capture vt run e2e
is "a server that goes into the background: found there, and ended" "$rc $(journal)" "0 server start,server listens,test hello,server TERM,"
ok "... no process of it is left" "$(dead "$(cat pid-server)"; echo $?)"

config stubborn
timed e2e
is "a server that ignores TERM: the run succeeds" "$rc $(journal)" "0 server start,server listens,test hello,server TERM,"
ok "... the server is killed after 5 s ($took ms)" $((took < 4900))
ok "... no process of it is left" "$(dead "$(cat pid-server)"; echo $?)"

config "needed crash 100 9" "sh -c ': >needed; exec sleep 300'"
timed e2e
is "a server that crashes while it is needed: its status" "$rc $(journal)" "9 server start,server listens,"
ok "... the tasks are ended ($took ms)" $((took > 60000))
has "... they are cancelled, not failed" "$out" "1 failed, 1 cancelled"
has "... the server is named, with its status" "$out" "✗ r#server ended (exit code: 9), and tasks still need it"
config "needed kill 100" "sh -c ': >needed; exec sleep 300'"
capture vt run e2e
has "a server that a signal kills while it is needed: the status of the signal" "$rc $(journal) $out" "137 server start,server listens, "
has "... the signal is named" "$out" "✗ r#server ended (exit code: 137, SIGKILL), and tasks still need it"
config "needed leave 100" "sh -c ': >needed; exec sleep 300'"
timed e2e
is "a server that ends while it is needed: status 1" "$rc $(journal)" "1 server start,server listens,"
has "... the reason is told" "$out" "r#server ended (exit code: 0), and tasks still need it"
config "workers crash 300 9" "sleep 300"
rm -f workers
capture vt run e2e
ok "a server whose first process crashes: no worker is left" "$(for p in $(cat workers); do until_true dead "$p" || echo "$p lives"; done | wc -l)"
journal >/dev/null

# asked for
file vite-task.json "{\"tasks\":{\"server\":{\"command\":\"node serve.cjs $PORT\",\"persistent\":true}}}"
terminal_options=(--when listening '\x03')
for mode in interleaved labeled grouped; do
	terminal vt run --log=$mode server
	is "$mode: a server that was asked for lives until Ctrl-C, which it gets once" "$rc $(journal)" "0 server start,server listens,server INT,"
done
terminal_options=(--when hello '\x03')
file vite-task.json "{\"tasks\":{\"server\":{\"command\":\"node serve.cjs $PORT\",\"persistent\":true,\"ready\":{\"port\":$PORT}},
	\"e2e\":{\"command\":\"node ask.cjs $PORT && echo hello && sleep 300\",\"dependsOn\":[\"server\"],\"cache\":false}}}"
terminal vt run e2e
is "Ctrl-C during a test: reaches test and server" "$rc $(journal)" "130 server start,server listens,test hello,server INT,"
: >"$T/go"
file vite-task.json "{\"tasks\":{\"server\":{\"command\":\"node serve.cjs $PORT file $T/go\",\"persistent\":true}}}"
base_env "$abs_top_builddir/tests/lib/send-signal" "$T/go" TERM "" "$VT" run server </dev/null >/dev/null 2>&1
is "TERM for vt: ends the server" "$? $(journal)" "143 server start,server listens,server TERM,"
file vite-task.json "{\"tasks\":{\"server\":{\"command\":\"node serve.cjs $PORT leave 300\",\"persistent\":true}}}"
capture vt run server
is "a server that ends by itself and that no task needs: status 0" "$rc $(journal)" "0 server start,server listens,"
file vite-task.json "{\"tasks\":{\"server\":{\"command\":\"node serve.cjs $PORT crash 300 5\",\"persistent\":true}}}"
capture vt run server
is "a server that fails by itself: its status" "$rc" 5
has "... and its name" "$out" "✗ r#server ended (exit code: 5)"
file vite-task.json '{"tasks":{"server":{"command":"no-such-program","persistent":true}}}'
capture vt run server
has "a server that cannot be started: told" "$rc $out" "Failed to find executable no-such-program"
is "... and fails" "$rc" 127

# all servers of a workspace
workspace all
pnpm a b c
tools
tool serve 'echo it-is-up; exec sleep 300'
for p in a b c; do file packages/$p/vite-task.json '{"tasks":{"dev":{"command":"serve","persistent":true}}}'; done
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"}}'
file packages/c/package.json '{"name":"c","dependencies":{"b":"workspace:*"}}'
terminal_options=(--when it-is-up "" --when it-is-up "" --when it-is-up '\x03')
terminal vt run -r --log=labeled --concurrency-limit 1 dev
is "all servers of a workspace: one run starts them, in any order, with one slot" "$(printf '%s\n' "$out" | grep -c '^\[.#dev\] it-is-up$')" 3
finish
