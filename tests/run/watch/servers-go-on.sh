# Under --watch persistent tasks are left running from run to run, and end with it.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/server.sh"
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
file package.json '{"name":"r"}'
servers
tasks() {                      # tasks WORDS: a server with these words
	file vite-task.json "{\"tasks\":{
		\"server\":{\"command\":\"node serve.cjs $PORT $1\",\"persistent\":true,\"ready\":{\"port\":$PORT}},
		\"e2e\":{\"command\":\"node ask.cjs $PORT\",\"dependsOn\":[\"server\"],\"input\":[\"in\"]},
		\"build\":{\"command\":\"cat in\",\"input\":[\"in\"]}}}"
}
tasks ""
echo 1 >in
watching run e2e
is "a test with a server: runs" "$(journal)" "server start,server listens,test hello,"
server=$(cat pid-server)
ok "... and the server goes on" "$(lives "$server"; echo $?)"
echo 2 >in
again
is "the test again: runs with the same server" "$(journal) $(cat pid-server)" "test hello, $server"
hasnt "... which is not told again" "$seen" "serve.cjs"
tasks "slow 10"
echo 3 >in
again
is "a server with another command: takes the place of the old one" "$(journal)" "server TERM,server start,server listens,test hello,"
kill -9 "$(cat pid-server)"
upto "exit code"
has "a server that crashes: told" "$seen" "r#server ended (exit code: 137, SIGKILL)"
echo 4 >in
again
is "... and started again for the next run that needs it" "$(journal)" "server start,server listens,test hello,"
server=$(cat pid-server)
watched INT
is "Ctrl-C: ends all" "$(journal) $rc" "server INT, 0"
ok "... also the server" "$(dead "$server"; echo $?)"

tasks ""
watching run server
is "a server that was asked for: runs" "$(journal)" "server start,server listens,"
echo 5 >in
watched TERM
is "... ends with TERM" "$(journal) $rc" "server TERM, 143"
tasks "stubborn"
watching run server
rm -f journal
begun=$(date +%s%3N)
watched TERM
took=$(($(date +%s%3N) - begun))
is "a server that ignores TERM: runs" "$(journal) $rc" "server TERM, 143"
ok "... is killed after 5 s ($took ms)" $((took < 4900 || took > 60000))
ok "... and no process of it is left" "$(dead "$(cat pid-server)"; echo $?)"

tasks ""
watching run-many server build
rm -f journal
echo 6 >in
again
is "other tasks beside a server: run again" "$(ran)" '$ cat in,'
watched INT
is "... until Ctrl-C" "$(journal) $rc" "server INT, 0"

# a server that ended by itself waits for a change of its package
tasks ""
cp serve.cjs "$T/mended"
edit serve.cjs "a mistake"
watching run e2e
has "a server that cannot start: told" "$seen" "✗ r#server ended (exit code: 1) before it was ready"
mv "$T/mended" serve.cjs
again
is "... is started when a file of its package is mended" "$(journal)" "server start,server listens,test hello,"
watched INT
journal >/dev/null
tasks "crash 300 7"
watch_start run server
upto "r#server ended (exit code: 7)"
is "a server that crashes: started once" "$(grep -c '^server start' journal)" 1
edit note "an edit"
upto "r#server ended (exit code: 7)"
watched INT
is "... and once more after an edit in its package, not for what it wrote itself" "$(grep -c '^server start' journal)" 2
finish
