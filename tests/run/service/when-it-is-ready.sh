# What tells that a persistent task is ready: a text, a port, an answer, a file. What is not ready in time ends the run.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/server.sh"
workspace
file package.json '{"name":"r"}'
servers
server() {                     # server WORDS READY: a server with these words, and a test
	file vite-task.json "{\"tasks\":{\"server\":{\"command\":\"node serve.cjs $PORT $1\",\"persistent\":true,\"ready\":$2},
		\"e2e\":{\"command\":\"node ask.cjs $PORT\",\"dependsOn\":[\"server\"],\"cache\":false}}}"
	capture vt run "${@:3}" e2e
}
good="0 server start,server listens,test hello,server TERM,"
server "slow 300" "{\"output\":\"listening on $PORT\"}"
is "a text that it prints, colours left out" "$rc $(journal)" "$good"
server "slow 300" "{\"output\":\"listening on $PORT\"}" --log=interleaved
is "... also where it would have had the terminal" "$rc $(journal)" "$good"
server "slow 300" "{\"port\":$PORT}"
is "a port" "$rc $(journal)" "$good"
server "slow 300" "{\"http\":\"http://localhost:$PORT/x\"}"
is "an answer" "$rc $(journal)" "$good"
server "slow 300" "{\"http\":\"http://127.0.0.1:$PORT\"}"
is "... without a path" "$rc $(journal)" "$good"
server "slow 300 file $W/listens" '{"file":"listens"}'
is "a file" "$rc $(journal)" "$good"
server "slow 300 file $W/listens" '{"file":"listens"}'
is "... not the one that was there before" "$rc $(journal)" "$good"

server "never" "{\"port\":$PORT,\"timeout\":\"700ms\"}"
is "a server that is never ready: 1, and it is ended in order" "$rc $(journal)" "1 server start,server TERM,"
has "... with the reason" "$out" "It was not ready after 700 ms: nothing listens on port $PORT"
server "" "{\"http\":\"http://localhost:$PORT/missing\",\"timeout\":\"1s\"}"
is "an answer that says there is no such page is none" "$rc $(journal)" "1 server start,server listens,server TERM,"
has "... with the reason" "$out" "It was not ready after 1 s: http://localhost:$PORT/missing does not answer"
server "" '{"output":"never printed","timeout":"900ms"}'
is "a text that never comes" "$rc $(journal)" "1 server start,server listens,server TERM,"
has "... with the reason" "$out" "It was not ready after 900 ms: it has not printed 'never printed'"
server "" '{"file":"nothing","timeout":"900ms"}'
has "a file that never comes" "$rc $out" "1 "
has "... with the reason" "$out" "it has not made the file '$W/nothing'"
journal >/dev/null

server "never crash 200 7" "{\"port\":$PORT}"
is "one that fails before it is ready: its status" "$rc $(journal)" "7 server start,"
server "never leave 200" "{\"port\":$PORT}"
is "one that ends before it is ready: 1" "$rc $(journal)" "1 server start,"
has "... with the reason" "$out" "r#server ended (exit code: 0) before it was ready"

# somebody else has the port
node serve.cjs "$PORT" >/dev/null & other=$!
cleanup "kill -9 $other 2>/dev/null"
until_true grep -qs listens journal; rm -f journal
server "" "{\"port\":$PORT}"
is "a port that is taken: nothing starts" "$rc $(journal)" "1 "
has "... and says so" "$out" "It was not started: another process listens on port $PORT already"
server "" "{\"http\":\"http://localhost:$PORT\"}"
has "the same for an answer" "$rc $out" "It was not started: another process listens at http://localhost:$PORT already"
server "" '{"output":"listening"}'
is "a server that finds its port taken fails with its own status" "$rc" 1
has "... and its own words" "$out$err" "EADDRINUSE"
finish
