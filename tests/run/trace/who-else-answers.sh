# A process that ran before may have read anything: a task that it answers is not kept,
# unless the process serves every user or is trusted.
. "${0%/*}/../../lib/functions.sh" || exit
command -v python3 >/dev/null || skip_all "python3 is not installed"
workspace
file package.json '{"name":"app","private":true}'
echo one >in
task() { printf '{"tasks":{"t":{"command":"%s"%s}}}\n' "$1" "${2-}" >vite-task.json; rm -rf .vt; }
kept() {                             # "story" COMMAND [FIELDS]: it runs, and hits then
	task "$2" "${3-}"; capture vt run t; is "$1: the task runs" "$rc" 0; capture vt run t; has "$1: it is kept" "$out" "cache hit"
}
refused() {                          # "story" WHY COMMAND [FIELDS]
	task "$3" "${4-}"; capture vt run t; is "$1: the task runs" "$rc" 0
	has "$1: it is not kept, and the reason is told" "$out" "it asked $2, which was there before (see trustedSockets)"
	capture vt run t; hasnt "$1: it runs again" "$out" "cache hit"
}

# server.py ADDRESS: answers each connection with the content of `in`, and with the open file
file server.py 'import array, os, socket, sys
a = sys.argv[1]
if a.startswith("unix:"):
    a = a[5:]; s = socket.socket(socket.AF_UNIX); s.bind("\0" + a[1:] if a[0] == "@" else a)
else:
    s = socket.socket(socket.AF_INET6 if a == "tcp6" else socket.AF_INET); s.bind(("::1" if a == "tcp6" else "127.0.0.1", 0))
s.listen(9)
open(sys.argv[2], "w").write(str(s.getsockname()[1]) if a[:3] == "tcp" else "there")
while True:
    c, _ = s.accept()
    f = os.open("in", os.O_RDONLY)
    if s.family == socket.AF_UNIX: c.sendmsg([os.pread(f, 100, 0)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [f]))])
    else: c.sendall(os.pread(f, 100, 0))
    os.close(f); c.close()'
file client.py 'import socket, sys
a = sys.argv[1]
if a.startswith("unix:"): s = socket.socket(socket.AF_UNIX); s.connect("\0" + a[6:] if a[5] == "@" else a[5:])
else: s = socket.create_connection((sys.argv[2], int(a[4:])))
print(s.recv(100).decode().strip())'
serve() {                            # ADDRESS: starts one; $port
	rm -f ready
	python3 -B server.py "$1" ready </dev/null >/dev/null 2>&1 &
	cleanup "kill $! 2>/dev/null"; server=$!
	until_true [ -s ready ]
	port=$(cat ready)
}

file own.py 'import os, socket
s = socket.socket(socket.AF_UNIX); s.bind("own"); s.listen()
c = socket.socket(socket.AF_UNIX); c.connect("own"); os.unlink("own")'
kept "a socket that the task makes, asks and removes" "python3 -B own.py"

serve "unix:$T/sock"
refused "a socket with a name" "process 'python3'" "python3 -B client.py unix:$T/sock"
kept "one that the task trusts" "python3 -B client.py unix:$T/sock" ",\"trustedSockets\":[\"unix:$T/sock\"]"
kept "with inputs that are given" "python3 -B client.py unix:$T/sock" ',"input":["in"]'
printf '{"trustedSockets":["unix:%s"],"tasks":{"t":"python3 -B client.py unix:%s"}}\n' "$T/sock" "$T/sock" >vite-task.json
rm -rf .vt; capture vt run t; capture vt run t; has "a server that the workspace trusts: the task is kept" "$out" "cache hit"
serve "unix:sock"
refused "a socket in the workspace" "process 'python3'" "python3 -B client.py unix:sock"
kept "trusted by a path from the root" "python3 -B client.py unix:sock" ',"trustedSockets":["unix:sock"]'
serve "unix:@vt-test-$$"
refused "a socket without a file" "process 'python3'" "python3 -B client.py unix:@vt-test-$$"
kept "trusted" "python3 -B client.py unix:@vt-test-$$" ",\"trustedSockets\":[\"unix:@vt-test-$$\"]"
serve tcp
refused "a port of this machine" "process 'python3'" "python3 -B client.py tcp:$port 127.0.0.1"
refused "by its name" "process 'python3'" "python3 -B client.py tcp:$port localhost"
kept "a port that is trusted" "python3 -B client.py tcp:$port 127.0.0.1" ",\"trustedSockets\":[\"tcp:$port\"]"
if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
	serve tcp6; refused "a port of the newer protocol" "process 'python3'" "python3 -B client.py tcp:$port ::1"
else skip "the newer protocol" "this machine lacks it"; fi

# its own process, none, and processes for every user
file own.sh 'rm -f own.sock ready2; python3 -B server.py "$1" ready2 >/dev/null 2>&1 & p=$!
until [ -s ready2 ]; do sleep 0.02; done
case $1 in tcp) python3 -B client.py tcp:$(cat ready2) 127.0.0.1 >/dev/null;; *) python3 -B client.py "$1" >/dev/null;; esac; r=$?
kill $p; wait $p 2>/dev/null; exit $r'
for a in tcp "unix:$T/own.sock"; do
	rm -f "$T/own.sock"
	task "sh own.sh $a" ',"output":["ready2"]'; capture vt run t
	is "a server that the task starts itself ($a): the task runs" "$rc" 0
	hasnt "... no message says that it was there before" "$out" "which was there before"
done
file refused.py 'import socket
for a in (socket.AF_INET, ("127.0.0.1", 1)), (socket.AF_UNIX, "stale"):
    try: socket.socket(a[0]).connect(a[1]); print("answered")
    except OSError: print("refused")'
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("stale")'
kept "where nobody answers" "python3 -B refused.py"
kept "datagrams" "python3 -Bc 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect((\\\"127.0.0.1\\\", 9))'"

# pipes with a name
piped() { has "... it is not kept, and the reason is told" "$out" "it opened 'pipe', a pipe or a device, where any program may have answered"; }
mkfifo pipe
task "cat pipe"; cat in >pipe & capture vt run t; is "a pipe into which another program writes: the task reads it" "$rc $(grep -cx one <<<"$out")" "0 1"; piped
task "sh -c 'cat in >pipe'"; cat pipe >asked & capture vt run t; is "a pipe that another program reads: the task writes to it" "$rc" 0; piped
until_true [ -s asked ]; rm -f asked
kept "a look at a pipe" "test -p pipe"
rm pipe
kept "a pipe that the task makes itself" "sh -c 'rm -f pipe; mkfifo pipe; cat in >pipe & cat pipe; wait'"
rm pipe

for bad in '"unix:"' '"tcp:x"' '"/run/x"' 5; do
	printf '{"tasks":{"t":{"command":"true","trustedSockets":[%s]}}}\n' "$bad" >vite-task.json
	capture vt run t
	is "trustedSockets $bad: an error" "$rc" 1
	like "... that tells what is expected" "$err" '*expected*'
done

# real ones that stay
TOOLS=${VT_TEST_TOOLS:-$NPM}
if command -v redis-server >/dev/null && command -v redis-cli >/dev/null; then
	redis-server --port 0 --unixsocket "$T/redis" --save '' --dir "$T" >/dev/null 2>&1 </dev/null &
	cleanup "kill $! 2>/dev/null"
	until_true [ -S "$T/redis" ]
	refused "redis" "process 'redis-server'" "redis-cli -s $T/redis ping"
	kept "redis, trusted" "redis-cli -s $T/redis ping" ",\"trustedSockets\":[\"unix:$T/redis\"]"
else skip "redis" "it is not installed"; fi
file x.js 'var x = 1'
file eslint.config.mjs 'export default [{ rules: {} }];'
# ends daemons of this test that no client can ask to stop any more
end_daemons() {
	local p
	for p in /proc/[0-9]*; do
		case $(cat "$p/comm" 2>/dev/null) in prettierd* | eslint_d*) ;; *) continue ;; esac
		case $(readlink "$p/cwd") in "$T"/*) kill "${p##*/}" ;; esac
	done
}
cleanup end_daemons
stays() {                            # NAME TASK START...: the tool's own daemon, which gives itself a name
	local name=$1 task=$2; shift 2
	[ -e "$TOOLS/.bin/$name" ] || { skip "$name" "it is not below VT_TEST_TOOLS"; return; }
	[ -e node_modules ] || ln -s "$TOOLS" node_modules
	"$TOOLS/.bin/$name" "$@" >/dev/null 2>&1 </dev/null || { skip "$name" "it does not start here"; return; }
	task "$task"; capture vt run t; is "$name: the task runs" "$rc" 0
	like "$name: it is not kept, and the reason is told" "$out" "*incomplete (@(it asked process '*', which was there before|background process * is still running)*"
	"$TOOLS/.bin/$name" stop >/dev/null 2>&1 </dev/null
	task "$task"; capture vt run t
	hasnt "$name, started by the task: the daemon stays, and nothing is kept" "$(capture vt run t; echo "$out")" "cache hit"
	"$TOOLS/.bin/$name" stop >/dev/null 2>&1 </dev/null
}
stays eslint_d "eslint_d x.js" start
stays prettierd "sh -c 'prettierd x.js <x.js'" start
if command -v watchman >/dev/null && watchman --no-local version >/dev/null 2>&1; then
	cleanup "watchman shutdown-server >/dev/null 2>&1"
	refused "watchman" "process 'watchman'" "watchman version"
	if [ -e "$TOOLS/.bin/jest" ]; then
		[ -e node_modules ] || ln -s "$TOOLS" node_modules
		mkdir -p jest; file jest/s.test.cjs "test('s', () => { expect(1 + 1).toBe(2); });"
		file jest/jest.config.cjs "module.exports = { testMatch: ['**/*.test.cjs'], moduleFileExtensions: ['cjs', 'js', 'json'] };"
		refused "jest, which asks watchman" "process 'watchman'" "jest -c jest/jest.config.cjs"
	else skip "jest, which asks watchman" "it is not below VT_TEST_TOOLS"; fi
else skip "watchman" "it is not installed"; fi
PG=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
if [ "$PG" ] && command -v psql >/dev/null && command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
	pg() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$T/pg" PATH="$PG:$PATH" "$@"; }
	chmod 755 "$T"; mkdir "$T/pg"; chown 65534 "$T/pg"
	if pg initdb -A trust -U tester --no-sync -D "$T/pg/data" >/dev/null 2>&1 &&
		pg pg_ctl -w -D "$T/pg/data" -l "$T/pg/log" -o "-c listen_addresses= -c unix_socket_directories=$T/pg" start >/dev/null 2>&1 </dev/null; then
		cleanup "pg pg_ctl -m immediate -D $T/pg/data stop >/dev/null 2>&1"
		query="psql -X -h $T/pg -U tester -Atc 'select 6*7' postgres"
		refused "an integration test against postgres" "process 'postgres'" "$query"
		kept "the same, trusted" "$query" ",\"trustedSockets\":[\"unix:$T/pg/.s.PGSQL.5432\"]"
	else skip "postgres" "it does not start here"; fi
else skip "postgres" "it is not installed, or only root can start it as somebody else"; fi

# daemons that a run of the task starts itself, for the next run
daemon() {                           # NAME FILE BROKEN STOP COMMAND: no run hits, and the last sees the error in FILE
	local name=$1 file=$2 broken=$3 stop=$4 i
	shift 4
	cleanup "$stop >/dev/null 2>&1 </dev/null"
	task "$1"
	for i in 1 2 3; do capture vt run t; is "$name, run $i: the task runs" "$rc" 0; hasnt "... it is not kept" "$out" "cache hit"; done
	like "$name: the reason is told" "$out" "*incomplete (@(it asked process '*', which was there before|background process * is still running)*"
	echo "$broken" >"$file"; capture vt run t; isnt "$name: a later error is found" "$rc" 0
	$stop >/dev/null 2>&1 </dev/null
}
if command -v dmypy >/dev/null; then
	echo 'x: int = 1' >x.py
	daemon dmypy x.py 'x: int = "1"' "dmypy stop" "dmypy run -- x.py"
else skip "dmypy" "it is not installed"; fi
if command -v gradle >/dev/null; then
	mkdir -p src/main/java; echo "apply plugin: 'java'" >build.gradle; echo 'public class A { }' >src/main/java/A.java
	# the first one unpacks its own parts, and shows whether this gradle runs with this java
	if base_env timeout 120 gradle --offline -q classes >/dev/null 2>&1 </dev/null; then
		base_env gradle --stop >/dev/null 2>&1 </dev/null
		daemon gradle src/main/java/A.java 'public class A { error }' "base_env gradle --stop" "gradle --offline -q classes"
	else skip "gradle" "it does not run here"; fi
else skip "gradle" "it is not installed"; fi
finish
