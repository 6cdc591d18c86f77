# Sourced after functions.sh and stores.sh by tests of what holds for every store: each kind that this machine can run.
#
#   each_kind STORY     # calls STORY KIND for each; a kind whose server is missing is skipped visibly
#
# Within: $use is the component, $where its options for `team`. Each server but moto keeps its objects when it is killed.
#
#   kind_dies           # SIGKILL; does nothing for a folder
#   kind_comes_back     # on the same place, with what it had
PATH=$PATH:/usr/sbin
KINDS=${KINDS:-folder redis flat bazel turbo s3 moto}
SERVERS=${NPM%/node_modules}/servers/node_modules
served= use=
kind_dies() { [ -z "$served" ] || { kill -KILL "$served"; wait "$served"; } 2>/dev/null; served=; }
cleanup kind_dies
has_component() { [ -e "$abs_top_builddir/plugins-1/vt-$1.so" ]; }
# kind_lacks KIND: prints what this machine lacks for it; empty: nothing
kind_lacks() {
	case $1 in
	folder) use=store-folder ;;
	redis) use=store-redis; command -v redis-server >/dev/null && command -v redis-cli >/dev/null || echo "redis-server is not installed" ;;
	flat | bazel) use=store-http; command -v nginx >/dev/null && command -v curl >/dev/null || echo "nginx or curl is not installed" ;;
	turbo) use=store-http; [ -d "$SERVERS/turborepo-remote-cache" ] || echo "npm package turborepo-remote-cache is not installed" ;;
	s3) use=store-http; [ -d "$SERVERS/s3rver" ] || echo "npm package s3rver is not installed" ;;
	moto) use=store-http; command -v moto_server >/dev/null && command -v curl >/dev/null && moto_server --help >/dev/null 2>&1 || echo "moto_server or curl is not installed" ;;
	esac
	has_component "$use" || echo "$use is left out of this build"
}
_conf() {
	printf '%s\n' "pid $D/pid; daemon off; master_process off; error_log $D/error.log;" "$([ "$(id -u)" != 0 ] || echo "user root;")" "events {} http { access_log off;
		client_body_temp_path $D/tmp; proxy_temp_path $D/tmp; fastcgi_temp_path $D/tmp; uwsgi_temp_path $D/tmp; scgi_temp_path $D/tmp;
		server { listen 127.0.0.1:$port; root $D/data; client_max_body_size 100m; location / { dav_methods PUT DELETE; create_full_put_path on; } } }" >"$D/conf"
}
# _serve COMMAND...: starts the server, with its output in the log
_serve() { "$@" >>"$D/log" 2>&1 & served=$!; }
_answers() {
	kill -0 "$served" || return 0
	case $kind in
	redis) redis-cli -s "$D/socket" ping ;;
	*) curl -s -o /dev/null --noproxy '*' --max-time 2 "http://127.0.0.1:$port/" ;;
	esac
}
kind_comes_back() {
	case $kind in
	folder) return ;;
	redis) _serve "$@" redis-server --port "$port" --bind 127.0.0.1 --unixsocket "$D/socket" --unixsocketperm 700 --save '' --appendonly yes --appendfsync no --dir "$D" --daemonize no ;;
	flat | bazel) _serve "$@" nginx -c "$D/conf" -p "$D" ;;
	turbo) _serve "$@" env NODE_ENV=production HOST=127.0.0.1 PORT="$port" TURBO_TOKEN=tok STORAGE_PROVIDER=local STORAGE_PATH="$D/data" STORAGE_PATH_USE_TMP_FOLDER=false \
		node "$SERVERS/turborepo-remote-cache/dist/cli.js" ;;
	moto) _serve "$@" moto_server -H 127.0.0.1 -p "$port" ;;
	s3) _serve "$@" node "$SERVERS/s3rver/bin/s3rver.js" -d "$D/data" -a 127.0.0.1 -p "$port" --configure-bucket vt ;;
	esac
	within 60 _answers && kill -0 "$served" || { sed 's/^/# /' "$D/log" >&2; exit 99; }
	[ "$kind" != moto ] || curl -sf -o /dev/null --noproxy '*' -X PUT "http://127.0.0.1:$port/team-cache" || exit 99
}
# kind_starts KIND [WORD...]: starts a new server with nothing in it; WORDs stand before its command
kind_starts() {
	kind=$1
	shift
	kind_dies
	D=$T/server; rm -rf "$D"; mkdir -p "$D/data" "$D/tmp"
	port=$(free_port)
	case $kind in
	folder) use=store-folder where="\"dir\": \"$D/data\"" ;;
	redis) use=store-redis where="\"url\": \"unix://$D/socket\"" ;;
	flat | bazel) use=store-http where="\"url\": \"http://127.0.0.1:$port\", \"layout\": \"$kind\""; _conf ;;
	turbo) use=store-http where="\"url\": \"http://127.0.0.1:$port\", \"layout\": \"turbo\", \"token\": \"tok\", \"team\": \"crew\"" ;;
	moto) use=store-http where="\"url\": \"http://127.0.0.1:$port/team-cache\", \"layout\": \"s3\", \"key-id\": \"a\", \"secret-key\": \"b\"" ;;
	s3) use=store-http where="\"url\": \"http://127.0.0.1:$port/vt\", \"layout\": \"s3\", \"key-id\": \"S3RVER\", \"secret-key\": \"S3RVER\"" ;;
	esac
	# a server beside other tests may take its time
	where="$where, \"timeout\": \"60s\", \"budget\": \"600s\""
	kind_comes_back "$@"
}
each_kind() {
	local story=$1 lacks
	for kind in $KINDS; do
		lacks=$(kind_lacks "$kind")
		if [ -n "$lacks" ]; then skip "$kind" "${lacks%%$'\n'*}"; continue; fi
		kind_starts "$kind"
		"$story" "$kind"
	done
	kind_dies
}
