# Sourced after functions.sh and stores.sh by tests of store-http: servers on the loopback, on ports that are free.
#
#   nginx_starts NAME LINES      # WebDAV; LINES stand in its server; $port, log in $T/NAME/log
#   web_starts NAME [WORD...]    # tests/lib/web.cjs; $port, log in $T/NAME.log
#   turbo_starts NAME [VAR=...]  # turborepo-remote-cache, token "tok"; $port, log in $T/NAME.log
#   s3rver_starts NAME BUCKET    # s3rver, which checks no signature; also at BUCKET.s3.localhost; $port
#   moto_starts NAME BUCKET      # moto, with signatures and rights: rw and ro are arrays of a key and its secret; $port
#
# Each ends with the test, and fails where the machine lacks it: `nginx_starts ... || skip_all "..."`.
ls "$abs_top_builddir"/plugins/store-http/.libs/*.so >/dev/null 2>&1 || skip_all "store-http is left out of this build"
PATH=$PATH:/usr/sbin
HTTP_PLUGIN=$(ls "$abs_top_builddir"/plugins/store-http/.libs/*.so)
SERVERS=${NPM%/node_modules}/servers/node_modules
# capture: leaves out the line about results left to send, which a slow machine prints
capture() { "$@" >"$T/out" 2>"$T/err" </dev/null; rc=$?; { out=$(<"$T/out") err=$(grep -v '^sending results to ' "$T/err"); } 2>/dev/null; }
# patient TASKS: the configuration of a workspace whose store may be slow, as a server on a loaded machine is
patient() {
	file vite-task.json "{\"plugins\": {\"stores\": [\"store-local\", {\"use\": \"store-http\", \"as\": \"main\", \"timeout\": \"20s\", \"budget\": \"1m\"}]}, \"tasks\": {$1}}"
}
# keeps_promises NAME OPTION...: checks that `vt plugins check` finds nothing wrong
keeps_promises() {
	local name=$1
	shift
	capture vt plugins check "$HTTP_PLUGIN" "$@"
	is "$name: the plugin keeps its promises" "$rc $(grep WRONG <<<"$out")" "0 "
}
# answers URL: succeeds if the server answers there, or has ended
answers() { ! kill -0 "$served" 2>/dev/null || curl -sk -o /dev/null --noproxy '*' --max-time 2 "$1"; }
# serves NAME URL COMMAND...: starts a server, and waits until it answers; $served is its pid
serves() {
	local name=$1 url=$2
	shift 2
	"$@" >"$T/$name.log" 2>&1 &
	served=$!
	cleanup "ended $served"
	within 60 answers "$url" && kill -0 "$served" || { sed 's/^/# /' "$T/$name.log" >&2; return 1; }
}

# many OPTIONS EACH CALLS...: TASKS (60) tasks are kept by a workspace of its own and hit in a clone of it, with at most EACH
# requests for each task, which CALLS counts
tasks_n=${TASKS:-60}
many() {
	local i n each=$2
	team "$1"
	shift 2
	workspace many
	file package.json '{"name":"many"}'
	mkdir -p in out
	for ((i = 0; i < tasks_n; i++)); do echo $i >in/$i; printf '"t%d": {"command": "cp in/%d out/%d", "input": ["in/%d"], "output": ["out/%d"]}, ' $i $i $i $i $i; done >"$T/tasks"
	file vite-task.json "{\"plugins\": {\"stores\": [\"store-local\", {\"use\": \"store-http\", \"as\": \"main\", \"timeout\": \"20s\", \"budget\": \"2m\"}]},
		\"tasks\": {$(<"$T/tasks")\"all\": {\"command\": \"true\", \"dependsOn\": [$(seq -s, 0 $((tasks_n - 1)) | sed -E 's/[0-9]+/"t&"/g')]}}}"
	capture vt run all
	is "$tasks_n tasks are kept" "$rc$err" 0
	clone fresh; mkdir -p out
	n=$("$@")
	capture vt run all
	is "and hit in another clone" "$rc$err $(hits)" "0 $((tasks_n + 1))"
	is "with their files" "$(cat out/* | sort -n | sha256sum)" "$(seq 0 $((tasks_n - 1)) | sha256sum)"
	n=$(($("$@") - n))
	echo "# $((tasks_n + 1)) hits: $n requests"
	ok "by at most $each requests for each" $((n > each * (tasks_n + 1)))
}

nginx_conf() {
	cat <<X
pid $T/$1/pid;
daemon off;
master_process off;
error_log $T/$1/error.log;
$([ "$(id -u)" != 0 ] || echo "user root;")
events {}
http {
	access_log $T/$1/log;
	client_body_temp_path $T/$1/tmp; proxy_temp_path $T/$1/tmp; fastcgi_temp_path $T/$1/tmp; uwsgi_temp_path $T/$1/tmp; scgi_temp_path $T/$1/tmp;
	server { server_name localhost; root $T/$1/data; client_max_body_size 100m; $2 }
}
X
}
# @PORT@ in the lines is the port; "ssl" before it asks for TLS with $T/tls.pem
nginx_starts() {
	local name=$1 lines=$2
	command -v nginx >/dev/null && command -v curl >/dev/null || return 1
	mkdir -p "$T/$name/data" "$T/$name/tmp"
	port=$(free_port)
	nginx_conf "$name" "${lines//@PORT@/127.0.0.1:$port}" >"$T/$name/conf"
	case $lines in *@PORT@\ ssl*) scheme=https ;; *) scheme=http ;; esac
	serves "$name" "$scheme://localhost:$port/" nginx -c "$T/$name/conf" -p "$T/$name"
}
# nginx_calls NAME [METHOD]: requests so far
nginx_calls() { grep -cE "\"${2:-[A-Z]+} " "$T/$1/log"; }

web_starts() {
	local name=$1
	shift
	command -v node >/dev/null && command -v curl >/dev/null || return 1
	port=$(free_port)
	serves "$name" "http://127.0.0.1:$port/" node "$abs_top_srcdir/tests/lib/web.cjs" "$port" "$@"
}

turbo_starts() {
	local name=$1
	shift
	[ -d "$SERVERS/turborepo-remote-cache" ] && command -v node >/dev/null && command -v curl >/dev/null || return 1
	port=$(free_port)
	mkdir -p "$T/$name"
	serves "$name" "http://127.0.0.1:$port/v8/artifacts/status" env NODE_ENV=production HOST=127.0.0.1 PORT="$port" TURBO_TOKEN=tok STORAGE_PROVIDER=local \
		STORAGE_PATH="$T/$name" STORAGE_PATH_USE_TMP_FOLDER=false "$@" node "$SERVERS/turborepo-remote-cache/dist/cli.js"
}
# turbo_calls NAME [METHOD]: requests for artifacts so far
turbo_calls() { grep -cE "\"method\":\"${2:-[A-Z]+}\",\"url\":\"/v8/artifacts/[0-9a-f]{64}" "$T/$1.log"; }

s3rver_starts() {
	[ -d "$SERVERS/s3rver" ] && command -v node >/dev/null && command -v curl >/dev/null || return 1
	port=$(free_port)
	mkdir -p "$T/$1"
	serves "$1" "http://127.0.0.1:$port/" node "$SERVERS/s3rver/bin/s3rver.js" -d "$T/$1" -a 127.0.0.1 -p "$port" --service-endpoint localhost --configure-bucket "$2"
}

moto_starts() {
	command -v moto_server >/dev/null && python3 -c 'import boto3, moto' 2>/dev/null || return 1
	port=$(free_port)
	serves "$1" "http://127.0.0.1:$port/" moto_server -H 127.0.0.1 -p "$port" || return 1
	python3 - "http://127.0.0.1:$port" "$2" >"$T/$1.keys" 2>"$T/$1.errors" <<'E' || { sed 's/^/# /' "$T/$1.errors" >&2; return 1; }
import boto3, json, sys, urllib.request
url, bucket = sys.argv[1:]
at = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
boto3.client("s3", **at).create_bucket(Bucket=bucket)
iam = boto3.client("iam", **at)
for name, actions in (("rw", ["s3:*"]), ("ro", ["s3:GetObject", "s3:ListBucket"])):
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    print(key["AccessKeyId"], key["SecretAccessKey"])
ask = urllib.request.Request(url + "/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"})
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(ask).read()
E
	{ read -r -a rw; read -r -a ro; } <"$T/$1.keys"
}

# certificates: $T/ca.pem signs $T/tls.pem, with its key in $T/tls.key, for localhost alone
certificates() {
	command -v openssl >/dev/null || return 1
	(cd "$T" && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca &&
		openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj /CN=localhost &&
		printf 'subjectAltName=DNS:localhost' >ext && openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out tls.pem) \
		>"$T/openssl.log" 2>&1 || { cat "$T/openssl.log" >&2; exit 99; }
}
