# The remote store of the manual, built from the installed header's folder alone, against nginx.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
requires ${CC%% *}
export PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || skip_all "nginx is not installed"
example=$abs_top_srcdir/plugin-api/example/store-http.c
ok "the example is short ($(wc -l <"$example") lines)" $(($(wc -l <"$example") >= 250))
mkdir -p "$T/p" "$T/nginx/data/vt" "$T/nginx/tmp"
$CC -Wall -Wextra -Werror -O2 -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$example" -o "$T/p/vt-store-http-plain.so" 2>"$T/errors"
ok "the store compiles" $? || sed 's/^/# /' "$T/errors"
_env+=(VT_PLUGIN_PATH="$T/p")
# a port that is free now; another is tried if a process took it first
serve() {
	for _ in 1 2 3 4 5; do
		port=$((20000 + RANDOM % 20000))
		cat >"$T/nginx/conf" <<X
pid $T/nginx/pid;
error_log $T/nginx/error.log;
$([ "$(id -u)" != 0 ] || echo "user root;")
events {}
http {
	access_log $T/nginx/log;
	client_body_temp_path $T/nginx/tmp; proxy_temp_path $T/nginx/tmp; fastcgi_temp_path $T/nginx/tmp; uwsgi_temp_path $T/nginx/tmp; scgi_temp_path $T/nginx/tmp;
	server { listen 127.0.0.1:$port; root $T/nginx/data; client_max_body_size 100m; location / { dav_methods $1; } }
}
X
		nginx -c "$T/nginx/conf" -p "$T/nginx" 2>>"$T/nginx/start" && return 0
	done
	return 1
}
stop() { [ ! -s "$T/nginx/pid" ] || { nginx -c "$T/nginx/conf" -p "$T/nginx" -s quit 2>/dev/null; until_true test ! -e "$T/nginx/pid"; }; }
cleanup stop
serve "PUT DELETE" || skip_all "nginx does not start: $(tail -1 "$T/nginx/start")"
url=http://127.0.0.1:$port/vt
capture vt plugins check "$T/p/vt-store-http-plain.so" url=$url
is "the store keeps its promises" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "
workspace
file package.json '{"name":"root"}'
file in.txt one
config '"t": {"command": "mkdir -p out && cp in.txt out/x", "input": ["in.txt"], "output": ["out/**"]}' '{"use": "store-http-plain", "as": "main", "optional": true}'
user() {
	mkdir -p -m 700 "$T/home/.config/vt"
	printf '{"plugins": {"options": {"main": {"url": "%s"}}, "sharing": {"key": "%s"}}}\n' "$1" "$KEY" >"$T/home/.config/vt/config.json"
}
user $url
capture vt run t
is "the first run fills the server" "$rc$err" 0
clone B
capture vt run t
has "another clone: hits" "$rc $err $out" "cache hit (main), replaying"
is "... and its output is restored" "$(cat out/x)" one
stop
clone C
capture vt run t
is "without the server: the run goes on" "$rc $(cat out/x)" "0 one"
has "... and one line tells it" "$err" "warning: plugin 'main': the server does not answer"
settings() { printf '{"plugins": {%s"sharing": {"key": "%s"}}}\n' "$1" "$KEY" >"$T/home/.config/vt/config.json"; }
settings '"options": {"main": {"urll": "http://127.0.0.1/"}}, '
clone D
capture vt run t
has "an option that does not exist: told, although the store is optional" "$rc $err" "'store-http-plain' has no option \`urll\`"
settings ""
clone E
capture vt run t
is "no options: the optional store is left out, and nothing is told" "$rc$err" 0
finish
