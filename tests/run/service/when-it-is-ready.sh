# A text, a port, an answer or a file tells that a persistent task is ready. A task that is not ready in time ends the run.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/server.sh"
workspace
file package.json '{"name":"r"}'
servers
server() {                     # [asked=COMMAND] server WORDS READY: a server with these words, and a test
	file vite-task.json "{\"tasks\":{\"server\":{\"command\":\"node serve.cjs $PORT $1\",\"persistent\":true,\"ready\":$2},
		\"e2e\":{\"command\":\"${asked-node ask.cjs $PORT}\",\"dependsOn\":[\"server\"],\"cache\":false}}}"
	capture vt run "${@:3}" e2e
}
good="0 server start,server listens,test hello,server TERM,"
server "slow 300" "{\"output\":\"listening on $PORT\"}"
is "ready by a text in its output, colours left out" "$rc $(journal)" "$good"
server "slow 300" "{\"output\":\"listening on $PORT\"}" --log=interleaved
is "... also where it would have had the terminal" "$rc $(journal)" "$good"
server "slow 300 linked" "{\"output\":\"listening on $PORT\"}"
is "... and links, and other sequences of terminals" "$rc $(journal)" "$good"
server "slow 300" "{\"port\":$PORT}"
is "ready by a port" "$rc $(journal)" "$good"
server "slow 300" "{\"http\":\"http://localhost:$PORT/x\"}"
is "ready by an answer" "$rc $(journal)" "$good"
server "slow 300" "{\"http\":\"http://127.0.0.1:$PORT\"}"
is "... without a path" "$rc $(journal)" "$good"
if grep -qs '^0*1 ' /proc/net/if_inet6; then
	asked="node -p 1" server "slow 300 six" "{\"http\":\"http://localhost:$PORT/\"}"
	is "... by IPv6 alone, also where 'localhost' is a name of IPv4" "$rc $(journal)" "0 server start,server listens,server TERM,"
else
	skip "an answer by IPv6 alone" "the machine has no IPv6"
fi
server "slow 300 file $W/listens" '{"file":"listens"}'
is "ready by a file" "$rc $(journal)" "$good"
server "slow 300 file $W/listens" '{"file":"listens"}'
is "... not by the file that was there before" "$rc $(journal)" "$good"

server "never" "{\"port\":$PORT,\"timeout\":\"4500ms\"}"
is "never ready: status 1, and the server is ended in order" "$rc $(journal)" "1 server start,server TERM,"
has "... the reason is told" "$out" "It was not ready after 4500 ms: nothing listens on port $PORT"
server "" "{\"http\":\"http://localhost:$PORT/missing\",\"timeout\":\"4s\"}"
is "an answer with 404: not ready" "$rc $(journal)" "1 server start,server listens,server TERM,"
has "... the reason is told" "$out" "It was not ready after 4 s: http://localhost:$PORT/missing does not answer"
server "" '{"output":"never printed","timeout":"4s"}'
is "a text that never comes: not ready" "$rc $(journal)" "1 server start,server listens,server TERM,"
has "... the reason is told" "$out" "It was not ready after 4 s: it has not printed 'never printed'"
server "" '{"file":"nothing","timeout":"900ms"}'
has "a file that never comes: not ready" "$rc $out" "1 "
has "... the reason is told" "$out" "it has not made the file '$W/nothing'"
journal >/dev/null

server "never crash 200 7" "{\"port\":$PORT}"
is "a server that fails before it is ready: its status" "$rc $(journal)" "7 server start,"
server "never leave 200" "{\"port\":$PORT}"
is "a server that ends before it is ready: status 1" "$rc $(journal)" "1 server start,"
has "... the reason is told" "$out" "r#server ended (exit code: 0) before it was ready"

# another process has the port
node serve.cjs "$PORT" >/dev/null & other=$!
cleanup "kill -9 $other 2>/dev/null"
until_true grep -qs listens journal; rm -f journal
server "" "{\"port\":$PORT}"
is "a port that is taken: the server is not started" "$rc $(journal)" "1 "
has "... the reason is told" "$out" "It was not started: another process listens on port $PORT already"
server "" "{\"http\":\"http://localhost:$PORT\"}"
has "an answer at a port that is taken: the same" "$rc $out" "It was not started: another process listens at http://localhost:$PORT already"
server "" '{"output":"listening"}'
is "a server that finds its port taken: its own status" "$rc" 1
has "... and its own words" "$out$err" "EADDRINUSE"
finish
