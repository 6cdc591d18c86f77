# Sourced by the tests of stores that leave the machine: a team with clones of one workspace, and the servers it runs.
KEY=$(printf '%064d' 7)
# team OPTIONS [SHARING]: writes the user's configuration: options of the store `main`, and the keys that results are shared by
team() {
	mkdir -p -m 700 "$T/home/.config/vt"
	printf '{"plugins": {"options": {"main": {%s}}, "sharing": {%s}}}\n' "$1" "${2-\"key\": \"$KEY\"}" >"$T/home/.config/vt/config.json"
}
# project STORE TASKS: the configuration of the workspace, which names the store `main`
project() { file vite-task.json "{\"plugins\": {\"stores\": [\"store-local\", {\"use\": \"$1\", \"as\": \"main\"}]}, \"tasks\": {$2}}"; }
# clone NAME: a copy of the workspace without what runs left; now the cwd
clone() { rm -rf "$T/$1"; mkdir -p "$T/$1" && (cd "$W" && tar cf - --exclude=.vt --exclude=out --exclude=dist .) | tar xf - -C "$T/$1" && cd "$T/$1" || exit 99; }
# a_clone_hits: the clone B, now the cwd, gets the outputs of the task build with in.txt "zero"; $big: the checksum of out/big
a_clone_hits() {
	clone B
	capture vt run build
	is "another clone hits" "$rc$err$(hits)" 01
	has "and names the store" "$out" "cache hit (main), replaying"
	is "with the same bytes" "$(cat out/a; sha256sum <out/big)" "zero
$big"
}
# a_variable_decides: the clone C hits the result of the task mode, which depends on MODE, by the same value alone
a_variable_decides() {
	cd "$W" && file in.txt mode && with MODE=kanarienvogel capture vt run mode
	clone C; with MODE=kanarienvogel capture vt run mode
	is "a variable of the same value hits elsewhere, too" "$rc$err$(hits)" 01
	with MODE=y capture vt run mode
	has "another value does not" "$out" "env 'MODE' changed"
}
hits() { printf '%s\n' "$out" | grep -c '◉ cache hit'; }
# within SECONDS COMMAND...: runs it again and again until it succeeds, for SECONDS at most
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do [ $SECONDS -le $end ] || return 1; sleep 0.05; done
}
# free_port: prints a port of the loopback without a listener
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# ended PID: ends a server that the test started, and waits for it
ended() { kill "$1" 2>/dev/null; wait "$1" 2>/dev/null; }

# redis_starts NAME [OPTION...]: a Redis server on the socket $T/NAME.sock, with nothing on disk; $redis_pid
redis_starts() {
	local name=$1
	shift
	redis-server --port 0 --unixsocket "$T/$name.sock" --unixsocketperm 700 --save '' --appendonly no --dir "$T" --daemonize no "$@" \
		>"$T/$name.log" 2>&1 &
	redis_pid=$!
	cleanup "ended $redis_pid"
	within 20 redis-cli -s "$T/$name.sock" --no-auth-warning info server || { cat "$T/$name.log" >&2; exit 99; }
}
# redis NAME WORD...: asks that server
redis() { local name=$1; shift; redis-cli -s "$T/$name.sock" --no-auth-warning "$@"; }
# redis_calls NAME [COMMANDS]: how many commands (an extended regular expression) it was sent since `redis NAME config resetstat`
redis_calls() {
	redis "$1" info commandstats | tr -d '\r' | sed -nE "s/^cmdstat_(${2:-[^i|c].*}):calls=([0-9]+),.*/\2/p" | awk '{ n += $1 } END { print n + 0 }'
}
