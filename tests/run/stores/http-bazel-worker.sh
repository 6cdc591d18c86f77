# Clones share results on the cache of Bazel's own RemoteWorker, which never replaces a record.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/http.sh" || exit
jar=/usr/share/bazel/A-server.jar source=/usr/src/bazel-bootstrap/src/tools/remote/src/main
[ -f $jar ] && [ -d $source ] && command -v javac >/dev/null && command -v curl >/dev/null ||
	skip_all "bazel-bootstrap, bazel-bootstrap-source, javac or curl is not installed"
# runs in a network of its own, for the server listens at all addresses
if [ -z "${OWN_NETWORK-}" ]; then
	for how in -n -rn; do
		unshare $how ip link set lo up 2>/dev/null || continue
		rm -rf "$T"
		OWN_NETWORK=1 exec unshare $how bash "$0"
	done
	skip_all "no network of one's own can be had here"
fi
ip link set lo up
mkdir -p "$T/rw/classes" "$T/rw/work" "$T/rw/cas"
find $source -name '*.java' >"$T/rw/sources"
javac -proc:none -nowarn -d "$T/rw/classes" -cp "$jar:$(ls /usr/share/java/*.jar | tr '\n' ':')" "@$T/rw/sources" >"$T/rw/javac.log" 2>&1 ||
	{ tail -n 5 "$T/rw/javac.log" >&2; exit 99; }
serves worker http://127.0.0.1:18981/ java -Xmx256m -cp "$T/rw/classes:$jar" com.google.devtools.build.remote.worker.RemoteWorker \
	--work_path="$T/rw/work" --cas_path="$T/rw/cas" --listen_port=18980 --http_listen_port=18981 || exit 99
workspace
file package.json '{"name":"root"}'
file in.txt zero
patient '"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 3000000 /dev/urandom >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]}'
b() { file in.txt "$1"; rm -rf out; capture vt run build; }
team '"layout": "bazel", "url": "http://127.0.0.1:18981"'
b zero
is "the first run: succeeds" "$rc$err" 0
big=$(sha256sum <out/big)
clone B; b zero
is "another clone: hits" "$rc$err$(hits)" 01
is "... with the same bytes" "$(cat out/a; sha256sum <out/big)" "zero
$big"
b one
clone C; b one
is "a second result of the step: found by its name set" "$rc$err$(hits)" 01
clone D; b zero
is "... and the first one is still there" "$rc$err$(hits)" 01
finish
