# A persistent task is started for the tasks that need it, when they must run, and ended in order when no task needs it any
# more; the run's status is that of the tasks.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/server.sh"
workspace
file package.json '{"name":"r"}'
servers
tasks() { file vite-task.json "{\"tasks\":{$1}}"; }
ready="\"ready\":{\"port\":$PORT}"
tasks "\"server\":{\"command\":\"node serve.cjs $PORT slow 200\",\"persistent\":true,$ready},
	\"e2e\":{\"command\":\"node ask.cjs $PORT\",\"dependsOn\":[\"server\"],\"cache\":false},
	\"fails\":{\"command\":\"node ask.cjs $PORT 3\",\"dependsOn\":[\"server\"],\"cache\":false},
	\"kept\":{\"command\":\"node ask.cjs $PORT\",\"dependsOn\":[\"server\"],\"input\":[\"in\"]},
	\"traced\":{\"command\":\"node ask.cjs $PORT\",\"dependsOn\":[\"server\"]},
	\"trusted\":{\"command\":\"node ask.cjs $PORT && node -e 0\",\"dependsOn\":[\"server\"],\"trustedSockets\":[\"tcp:$PORT\"],\"input\":[{\"auto\":true},\"!journal\"]}"
echo 1 >in

capture vt run e2e
is "a server: starts before the test, and ends after it" "$(journal)" "server start,server listens,test hello,server TERM,"
is "... and is a success" "$rc $err" "0 "
hasnt "... without a failed task" "$out" "failed"
ok "... and its process is gone" "$(dead "$(cat pid-server)"; echo $?)"

capture vt run fails
is "a test that fails: its status, and the server is ended in order" "$rc $(journal)" "3 server start,server listens,test hello,server TERM,"
has "... one task failed" "$out" "1 failed"

capture vt run kept
is "a test with declared inputs: runs with its server" "$rc $(journal)" "0 server start,server listens,test hello,server TERM,"
capture vt run kept
is "a hit: does not start the server" "$rc $(journal)" "0 "
has "... and is told as one" "$out" "cache hit, replaying"
echo 2 >in
capture vt run kept
is "a miss: starts the server" "$rc $(journal)" "0 server start,server listens,test hello,server TERM,"

capture vt run traced
has "a traced test that asked a server: not kept" "$out" "it asked process 'node', which was there before (see trustedSockets)"
journal >/dev/null
capture vt run trusted
journal >/dev/null
capture vt run trusted
is "a test that trusts the socket: kept" "$rc $(journal)" "0 "
has "... and the next run hits" "$out" "cache hit"

# commands before a server in its task run when the server is needed
tasks "\"server\":{\"command\":\"sh -c 'echo prepared >>journal' && node serve.cjs $PORT\",\"persistent\":true,$ready},
	\"e2e\":{\"command\":\"node ask.cjs $PORT\",\"dependsOn\":[\"server\"],\"cache\":false},
	\"other\":{\"command\":\"node ask.cjs $PORT\",\"dependsOn\":[\"server\",\"e2e\"],\"cache\":false},
	\"inner\":{\"command\":\"vt run other\"}"
capture vt run --concurrency-limit 1 e2e
is "one slot: enough for a prepared server and its test" "$rc $(journal)" "0 prepared,server start,server listens,test hello,server TERM,"
capture vt run --concurrency-limit 1 other
is "two tests: have one server" "$rc $(journal)" "0 prepared,server start,server listens,test hello,test hello,server TERM,"
capture vt run --concurrency-limit 1 inner
is "two tests inside a command: have one server" "$rc $(journal)" "0 prepared,server start,server listens,test hello,test hello,server TERM,"

# a script of package.json
file package.json "{\"name\":\"r\",\"scripts\":{\"dev\":\"node serve.cjs $PORT\",\"e2e\":\"node ask.cjs $PORT\"}}"
tasks "\"dev\":{\"persistent\":true,$ready},\"e2e\":{\"dependsOn\":[\"dev\"]}"
capture vt run e2e
is "a script of package.json: may be persistent" "$rc $(journal)" "0 server start,server listens,test hello,server TERM,"

# a server that needs another
file package.json '{"name":"r"}'
DB=$(free_port)
tasks "\"db\":{\"command\":\"NAME=db node serve.cjs $DB slow 100\",\"persistent\":true,\"ready\":{\"http\":\"http://localhost:$DB/\"}},
	\"migrate\":{\"command\":\"node ask.cjs $DB\",\"dependsOn\":[\"db\"],\"cache\":false},
	\"server\":{\"command\":\"node serve.cjs $PORT\",\"dependsOn\":[\"migrate\"],\"persistent\":true,$ready},
	\"e2e\":{\"command\":\"node ask.cjs $PORT\",\"dependsOn\":[\"server\"],\"cache\":false}"
capture vt run e2e
is "a server that needs another: the needed one ends last" "$rc $(journal)" \
	"0 db start,db listens,test hello,server start,server listens,test hello,server TERM,db TERM,"
finish
