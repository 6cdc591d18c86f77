# A server answers with the credentials that it was sent, as proxies, debugging servers and old Redis servers do: no word of vt has them.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
requires python3
workspace
file package.json '{"name":"root"}'
file in.txt x
cat >"$T/echo.py" <<'E'
"""echo.py http|redis PORT-FILE [STATUS]: a server that tells all that it was told."""
import http.server, re, socketserver, sys

class Http(http.server.BaseHTTPRequestHandler):
    def any(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = ("no: " + self.headers.get("x-amz-security-token", "") + " " + self.headers.get("Authorization", "") + " ").encode()
        self.send_response(int(sys.argv[3]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
    do_GET = do_HEAD = do_PUT = do_POST = any
    def log_message(self, *words):
        pass

class Redis(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = self.rfile.readline()
            if not head:
                return
            words = []
            for _ in range(int(head[1:])):
                n = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(n + 2)[:-2].decode(errors="replace"))
            self.wfile.write(("-ERR unknown command `%s`, with args beginning with: %s\r\n" % (words[0], " ".join("`%s`," % w for w in words[1:]))).encode())

class Threads(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True

server = Threads(("127.0.0.1", 0), Http if sys.argv[1] == "http" else Redis)
open(sys.argv[2] + ".new", "w").write(str(server.server_address[1]))
import os
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
E
# echoes KIND [STATUS]: starts one; $port
echoes() {
	rm -f "$T/port"
	python3 -B "$T/echo.py" "$1" "$T/port" "${2-}" & server=$!
	cleanup "ended $server"
	within 20 [ -s "$T/port" ] || exit 99
	port=$(<"$T/port")
}
SECRET=kanarienvogel42
basic=$(printf 'ann:%s' "$SECRET" | base64)
# all_words: all texts of vt about the store, everywhere
all_words() {
	rm -rf .vt
	vt run -v --events "$T/events" --summary-file "$T/summary" --profile "$T/profile" build
	vt doctor; vt doctor --json; vt plugins list; vt why build; vt cache push; vt cache pull build; vt cache stat --json
}
# quiet_about STORY PATTERN: no word has it, though one tells of the answer
quiet_about() {
	all_words >"$T/words" 2>&1
	is "$1: no word has the secret" "$(cat "$T/words" "$T/events" "$T/summary" "$T/profile" | grep -cE -- "${SECRET:0:6}|${basic:0:16}|${2-$SECRET}")" 0
	isnt "... the answer is told" "$(grep -c '\*\*\*' "$T/words")" 0
}
project store-http '"build": {"command": "cat in.txt", "input": ["in.txt"]}'
if [ -e "$abs_top_builddir/plugins-1/vt-store-http.so" ]; then
	for status in 401 500; do
		echoes http $status
		at="\"url\": \"http://127.0.0.1:$port/\""
		for layout in flat turbo bazel; do
			team "$at, \"layout\": \"$layout\", \"token\": \"$SECRET\""; quiet_about "$layout, $status, a token"
		done
		team "$at, \"user\": \"ann\", \"password\": \"$SECRET\""; quiet_about "flat, $status, a password"
		team "$at, \"layout\": \"s3\", \"key-id\": \"AKIA\", \"secret-key\": \"0123456789\", \"session-token\": \"$SECRET\""
		quiet_about "s3, $status, a session's token"
		team "$at, \"layout\": \"s3\", \"auto\": true"
		with AWS_ACCESS_KEY_ID=AKIA AWS_SECRET_ACCESS_KEY=0123456789 AWS_SESSION_TOKEN=$SECRET quiet_about "s3, $status, a token of the environment"
		ended $server
	done
else
	skip "servers of HTTP" "store-http is left out of this build"
fi
project store-redis '"build": {"command": "cat in.txt", "input": ["in.txt"]}'
if [ -e "$abs_top_builddir/plugins-1/vt-store-redis.so" ]; then
	echoes redis
	team "\"url\": \"redis://127.0.0.1:$port\", \"user\": \"ann\", \"password\": \"$SECRET\""; quiet_about "redis, a password"
	team "\"url\": \"redis://ann:$SECRET@127.0.0.1:$port\""; quiet_about "redis, a password in the URL"
else
	skip "servers of Redis" "store-redis is left out of this build"
fi
finish
