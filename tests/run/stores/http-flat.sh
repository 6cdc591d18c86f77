# Clones share results on nginx with WebDAV: with a token, read only, without a server, many at once.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/http.sh" || exit
nginx_starts one 'listen @PORT@; location / { dav_methods PUT DELETE; }
	location /closed/ { if ($http_authorization != "Bearer tok") { return 401; } dav_methods PUT DELETE; create_full_put_path on; }
	location /basic/ { auth_basic "team"; auth_basic_user_file '"$T"'/users; dav_methods PUT DELETE; create_full_put_path on; }' ||
	skip_all "nginx or curl is not installed"
mkdir "$T/one/data/vt"
printf 'ann:{PLAIN}secret\n' >"$T/users"
at=http://127.0.0.1:$port
keeps_promises flat url="$at/vt"
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 300000 /dev/urandom >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]},
	"mode": {"command": "echo in ${#MODE}", "input": ["in.txt"], "env": ["MODE"]}'
workspace
file package.json '{"name":"root"}'
file in.txt zero
patient "$tasks"
# b TEXT: builds here with this input
b() { file in.txt "$1"; rm -rf out; capture vt run build; }

team "\"url\": \"$at/vt\""
capture vt run build
is "the first run: succeeds" "$rc$err" 0
big=$(sha256sum <out/big)
a_clone_hits
a_variable_decides
is "no value is on the server" "$(grep -rla kanarienvogel "$T/one/data")" ""
team "\"url\": \"$at/vt\"" "\"key\": \"$(printf '%064d' 8)\""
clone D; b zero
is "another team: no hit" "$rc$err$(hits)" 00

# clients that may come in
team "\"url\": \"$at/closed\", \"token\": \"tok\""
clone E; b closed; clone F; b closed
is "the right token: a hit" "$rc$err$(hits)" 01
team "\"url\": \"$at/closed\", \"token\": \"wrong\""
clone G; b closed
is "a wrong token: the task runs" "$rc $(hits)" "0 0"
is "... one line tells it" "$(grep -c . <<<"$err")" 1
has "... with the server and the reason" "$err" "${at#http://}: GET is answered with 401 Unauthorized: \`token\`"
team "\"url\": \"$at/closed\""
clone H; b closed
has "no token: told in one line" "$rc$(hits) $err" "401 Unauthorized"
team "\"url\": \"$at/basic\", \"user\": \"ann\", \"password\": \"secret\""
clone I; b basic; clone J; b basic
is "a user with a password: a hit" "$rc$err$(hits)" 01
nginx_starts reader "listen @PORT@; location / { root $T/one/data; limit_except GET HEAD { deny all; } }" || exit 99
team "\"url\": \"http://127.0.0.1:$port/vt\""
clone K; b zero
is "a user without the right to write: a hit" "$rc$err$(hits)" 01
b reader
is "... a new result of that user is not sent" "$rc$err$(hits)" 00
b reader
is "... and hits in the near store" "$rc$err$(hits)" 01
nginx_starts full 'listen @PORT@; location / { if ($request_method = PUT) { return 507; } dav_methods PUT; }' || exit 99
team "\"url\": \"http://127.0.0.1:$port\""
clone L; b full
is "a full server: the task runs" "$rc$(hits)" 00
has "... one line tells it" "$err" "it is full: new results are not shared"

# a server that is not there, that hangs, that is killed, that comes back
team "\"url\": \"http://127.0.0.1:$(free_port)\""
b nowhere
is "a server that is not there: the task runs" "$rc $(grep -c . <<<"$err")" "0 1"
has "... the line names it" "$err" "Couldn't connect to server"
nginx_starts dying 'listen @PORT@; location / { dav_methods PUT; }' || exit 99
team "\"url\": \"http://127.0.0.1:$port\", \"timeout\": \"2s\""
clone M; b dying
kill -STOP "$served"
clone N; began=$SECONDS; b other
is "a server that hangs: costs seconds, and no result" "$rc$(hits) $((SECONDS - began < 20))" "00 1"
kill -CONT "$served"; kill -KILL "$served"; wait "$served" 2>/dev/null
b other
is "a server that was killed: costs no result" "$rc$(hits)" 01

# a STEP, a body and a blob for each
mkdir "$T/one/data/many"
many "\"url\": \"$at/many\"" 3 nginx_calls one

workspace wrong
file package.json '{"name":"root"}'
patient "$tasks"
n=0
for url in ftp://x/ http:// http://u:p@h/ 'http://h/?q' 'http://h/#f'; do
	team "\"url\": \"$url\""
	b "url $((n += 1))"
	has "$url: refused" "$err" "'url' is no address of a server: it"
done
team '"url": "http://h/", "layout": "none"'
b layout
has "an unknown layout: refused" "$err" "'layout' must be flat, bazel, turbo or s3"
finish
