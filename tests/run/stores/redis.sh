# Clones share results on a Redis server: over a socket, TCP and TLS, with users, limits and faults.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
command -v redis-server >/dev/null && command -v redis-cli >/dev/null || skip_all "redis-server is not installed"
ls "$abs_top_builddir"/plugins/store-redis/.libs/*.so >/dev/null 2>&1 || skip_all "store-redis is left out of this build"
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 300000 /dev/urandom >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]},
	"mode": {"command": "echo in ${#MODE}", "input": ["in.txt"], "env": ["MODE"]}'
workspace
file package.json '{"name":"root"}'
file in.txt zero
project store-redis "$tasks"
redis_starts one --requirepass secret
team "\"url\": \"unix://$T/one.sock\", \"password\": \"secret\""

capture vt run build
is "the first run: succeeds" "$rc$err" 0
big=$(sha256sum <out/big)
ok "... and fills the server" "$(redis one -a secret dbsize | grep -q '^[1-9]'; echo $?)"
is "each object: has an end of life" "$(redis one -a secret --scan | while read -r k; do redis one -a secret pttl "$k"; done | grep -c -- '^-')" 0
a_clone_hits
a_variable_decides
is "no value is on the server" "$(redis one -a secret --scan | while read -r k; do redis one -a secret get "$k" | grep -a kanarienvogel; done)" ""

# a server that wants a password
team "\"url\": \"unix://$T/one.sock\", \"password\": \"wrong\""
cd "$W" && file in.txt one && capture vt run build
is "a wrong password: the task runs" "$rc $(hits)" "0 0"
is "... one line tells it" "$(grep -c . <<<"$err")" 1
has "... with the server and the reason" "$err" "redis at $T/one.sock: WRONGPASS"
team "\"url\": \"unix://$T/nowhere.sock\""
file in.txt two; capture vt run build
is "a server that is not there: the task runs" "$rc $(grep -c . <<<"$err")" "0 1"
has "... the line names it" "$err" "redis at $T/nowhere.sock: No such file or directory"

# a user that may only read
redis one -a secret acl setuser reader on '>r' '~vt:*' +@read +select >/dev/null
team "\"url\": \"unix://$T/one.sock\", \"user\": \"reader\", \"password\": \"r\""
clone D; file in.txt zero; capture vt run build
is "a user without the right to write: a hit" "$rc$(hits)" 01
file in.txt three; capture vt run build
is "... a new result of that user is not sent" "$rc$(hits)" 00
hasnt "... without a warning" "$err" NOPERM
capture vt run build
is "... and hits in the near store" "$rc$err$(hits)" 01

# two teams on one server, apart by their keys
team "\"url\": \"unix://$T/one.sock\", \"password\": \"secret\"" "\"key\": \"$(printf '%064d' 8)\""
clone E; file in.txt zero; capture vt run build
is "another team: no hit" "$rc$err$(hits)" 00
team "\"url\": \"unix://$T/one.sock\", \"password\": \"secret\", \"prefix\": \"else\""
clone F; file in.txt zero; capture vt run build
is "another prefix: no hit" "$rc$err$(hits)" 00
is "... its objects have that prefix" "$(redis one -a secret --scan --pattern 'else:*' | head -n 1 | cut -c 1-5)" else:

# a server that is full, that ends in the middle, that comes back
redis_starts full --maxmemory 2mb --maxmemory-policy noeviction
team "\"url\": \"unix://$T/full.sock\""
clone G; project store-redis '"build": {"command": "mkdir -p out; head -c 4000000 /dev/urandom >out/big", "input": ["in.txt"], "output": ["out/**"]}'
for i in 1 2 3; do file in.txt "g$i"; capture vt run build; done
is "a full server: the task runs" "$rc" 0
file in.txt g2; rm -rf out; capture vt run build
is "... its result is in the near store" "$rc$(hits)" 01
port=$(free_port)
redis_starts tcp --port "$port" --bind 127.0.0.1
team "\"url\": \"redis://127.0.0.1:$port/0\""
clone H; file in.txt tcp; capture vt run build
is "TCP: the first run fills the server" "$rc$err$(hits)" 00
kill -STOP "$redis_pid"
clone I; file in.txt other; began=$SECONDS
capture vt run build
is "a server that hangs: costs seconds, and no result" "$rc $((SECONDS - began < 20))" "0 1"
kill -CONT "$redis_pid"; kill -KILL "$redis_pid"; wait "$redis_pid" 2>/dev/null
capture vt run build
is "a server that was killed: costs no result" "$rc$(hits)" 01

if command -v openssl >/dev/null; then
	(cd "$T" && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca &&
		openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj /CN=localhost &&
		printf 'subjectAltName=DNS:localhost' >ext && openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out tls.pem) \
		>"$T/openssl.log" 2>&1 || { cat "$T/openssl.log" >&2; exit 99; }
	port=$(free_port)
	redis_starts tls --tls-port "$port" --bind 127.0.0.1 --tls-cert-file "$T/tls.pem" --tls-key-file "$T/tls.key" --tls-ca-cert-file "$T/ca.pem" --tls-auth-clients no
	team "\"url\": \"rediss://localhost:$port\", \"ca\": \"$T/ca.pem\""
	clone K; file in.txt tls; project store-redis "$tasks"; capture vt run build
	is "TLS: the first run fills the server" "$rc$err$(hits)" 00
	clone L; file in.txt tls; project store-redis "$tasks"; capture vt run build
	is "TLS: another clone hits" "$rc$err$(hits)" 01
	team "\"url\": \"rediss://localhost:$port\""
	clone M; file in.txt tls; project store-redis "$tasks"; capture vt run build
	is "TLS, an unknown certificate: refused" "$rc$(hits)" 00
	has "... with the reason" "$err" "TLS: the server's certificate"
	team "\"url\": \"rediss://127.0.0.1:$port\", \"ca\": \"$T/ca.pem\""
	capture vt run --no-cache build; file in.txt tls2; capture vt run build
	has "TLS, a certificate of another name: refused" "$err" "TLS: the server's certificate: IP address mismatch"
else
	skip "over TLS" "openssl is not installed"
fi

# a thousand tasks in a fresh clone: in batches
redis_starts many
team "\"url\": \"unix://$T/many.sock\""
workspace many
file package.json '{"name":"many"}'
mkdir -p in out
for ((i = 0; i < 1000; i++)); do echo $i >in/$i; printf '"t%d": {"command": "cp in/%d out/%d", "input": ["in/%d"], "output": ["out/%d"]}, ' $i $i $i $i $i; done >"$T/tasks"
project store-redis "$(<"$T/tasks")\"all\": {\"command\": \"true\", \"dependsOn\": [$(printf '"t%d",' {0..998})\"t999\"]}"
capture vt run all
is "a thousand tasks: kept" "$rc$err" 0
redis many config resetstat >/dev/null
W=$T/many
clone P; mkdir -p out; capture vt run all
is "... all hit in another clone" "$rc$err $(hits)" "0 1001"
is "... with their files" "$(cat out/* | sort -n | sha256sum)" "$(seq 0 999 | sha256sum)"
n=$(redis_calls many '[a-z]+')
echo "# 1000 hits: $n commands"
ok "... by fifty commands at most" $((n > 50))

clone N; project store-redis "$tasks"
n=0
for url in http://x redis:// redis://h:port redis://u@h redis://h/x unix://rel rediss://h:123456 'redis://%zz:x@h'; do
	team "\"url\": \"$url\""
	file in.txt "url $((n += 1))"; capture vt run build
	has "$url: refused" "$err" "'url' is no address of a Redis server: it"
done
finish
