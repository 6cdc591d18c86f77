# store-http on the wire: TLS and HTTP/2, redirections, proxies, servers that ask for patience or send too much.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/http.sh" || exit
workspace
file package.json '{"name":"root"}'
file in.txt zero
patient '"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 300000 /dev/urandom >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]}'
# b TEXT: builds here with this input
b() { file in.txt "$1"; rm -rf out; capture vt run build; }
# there_and_back NAME: a result of one clone is a hit in another
there_and_back() {
	clone "$1.1"; b "$1"
	is "$1: the first run fills the server" "$rc$err$(hits)" 00
	clone "$1.2"; b "$1"
	is "$1: another clone hits" "$rc$err$(hits)" 01
}

# ---- TLS
if certificates && nginx_starts tls "listen @PORT@ ssl http2; ssl_certificate $T/tls.pem; ssl_certificate_key $T/tls.key;
	location / { dav_methods PUT; create_full_put_path on; }"; then
	team "\"url\": \"https://localhost:$port\", \"ca\": \"$T/ca.pem\""
	there_and_back tls
	is "tls: requests are streams of HTTP/2" "$(grep '"[A-Z]* /[137]-' "$T/tls/log" | grep -vc 'HTTP/2.0"')" 0
	team "\"url\": \"https://localhost:$port\""
	clone A; b unknown
	is "tls, an unknown certificate: refused" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
	has "... with the reason" "$err" "certificate"
	has "... and the server is not asked again" "$err" "it is not used any more in this run"
	team "\"url\": \"https://127.0.0.1:$port\", \"ca\": \"$T/ca.pem\""
	clone B; b unknown
	is "tls, a certificate of another name: refused" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
	team "\"url\": \"https://localhost:$port\", \"ca\": \"$T/none.pem\""
	clone C; b unknown
	is "tls, a missing file of certificates: refused" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
else
	skip "tls" "nginx, curl or openssl is not installed"
fi

# ---- redirections: credentials stay with the server that they were meant for
web_starts target || skip_all "node or curl is not installed"
target=http://127.0.0.1:$port
team "\"url\": \"$target\""
clone D; b away
web_starts away away "$target" 307 || exit 99
team "\"url\": \"http://127.0.0.1:$port\", \"token\": \"secret-token\""
clone E; : >"$T/target.log"; b away
is "a redirection: followed" "$rc$err$(hits)" 01
is "... the token goes to the first server" "$(grep -c 'auth=Bearer secret-token' "$T/away.log")" "$(grep -c 'GET /[137]-' "$T/away.log")"
is "... and to no other" "$(grep -c '^GET /[137]-.*auth=none' "$T/target.log") $(grep -c secret-token "$T/target.log")" "$(grep -c 'GET /[137]-' "$T/away.log") 0"
web_starts loop || exit 99
ended "$served"
web_starts loop away "http://127.0.0.1:$port" 302 || exit 99
team "\"url\": \"http://127.0.0.1:$port\""
clone F; b loop
is "a redirection without end: given up" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
web_starts moved refuse PUT 301 moved || exit 99
team "\"url\": \"http://127.0.0.1:$port\", \"token\": \"secret-token\""
clone G; b moved
has "a PUT: not sent elsewhere" "$rc$(hits) $err" "PUT is answered with 301 (it sends the request elsewhere)"

# ---- proxies
web_starts kept || exit 99
kept=$port
web_starts proxy proxy || exit 99
team "\"url\": \"http://127.0.0.1:$kept\""
clone H; with http_proxy="http://127.0.0.1:$port" b proxy
is "a proxy in the environment: used" "$rc$err $(($(grep -c "PUT http://127.0.0.1:$kept/" "$T/proxy.log") >= 4))" "0 1"
before=$(grep -c . "$T/proxy.log")
clone I; with http_proxy="http://127.0.0.1:$port" no_proxy=127.0.0.1 b proxy
is "... but not for servers in no_proxy" "$rc$err$(hits) $(grep -c . "$T/proxy.log")" "01 $before"

# ---- servers that ask for patience
web_starts busy busy 429 1 || exit 99
team "\"url\": \"http://127.0.0.1:$port\""
clone J; b busy
is "429: a request is sent again later" "$rc$err$(hits)" 00
clone K; b busy
is "429: no result is lost" "$rc$err$(hits)" 01
node -e '
	const last = {};
	let early;
	for (const line of require("fs").readFileSync(process.argv[1], "utf8").split("\n").filter((l) => / \/[137]-/.test(l))) {
		const [method, url] = line.split(" "), at = +/at=(\d+)/.exec(line)[1], name = method + url;
		if (last[name] && !last[name].again) last[name].again = at - last[name].at;
		last[name] ??= { at };
	}
	early = Object.values(last).filter((l) => l.again && l.again < 990).length;
	process.exit(early ? 1 : 0);' "$T/busy.log"
ok "429: not before the time that the server asked for" $?
web_starts never never 503 || exit 99
team "\"url\": \"http://127.0.0.1:$port\""
clone L; b never
is "503 for half a minute: not waited for" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
has "503: told" "$err" "503 Service Unavailable"
ok "503: after three calls the server is left alone" $(($(grep -c " /[137]-" "$T/never.log") > 8))

# ---- answers are bounded, whole and of vt
web_starts endless endless || exit 99
team "\"url\": \"http://127.0.0.1:$port\""
clone M; b endless
is "an answer without end: broken off" "$rc$(hits)" 00
has "... and told" "$err" "more came than was put there"
web_starts page page || exit 99
team "\"url\": \"http://127.0.0.1:$port\""
clone N; b page
is "a page of HTML: no result" "$rc$(hits)" 00
web_starts short short || exit 99
team "\"url\": \"http://127.0.0.1:$port\""
clone O; b short; clone P; b short
is "half of an object: no result" "$rc$(hits)" 00
has "... and told" "$err" "127.0.0.1:$port: "
# ---- a look-up of few objects uses more than one lane, and no connection waits for the answer on another one
web_starts gather gather 9 || exit 99
tasks_n=40
many "\"url\": \"http://127.0.0.1:$port\"" 3 grep -c "^GET /[137]-" "$T/gather.log"
finish
