# Clones share results in a cache of Bazel's kind: blobs under their SHA-256, and records that Bazel's own schema reads.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/http.sh" || exit
nginx_starts one 'listen @PORT@; location / { dav_methods PUT; create_full_put_path on; }' || skip_all "nginx or curl is not installed"
at=http://127.0.0.1:$port
keeps_promises bazel url="$at/check" layout=bazel
workspace
file package.json '{"name":"root"}'
file in.txt zero
patient '"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 300000 /dev/urandom >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]},
	"mode": {"command": "echo in ${#MODE}", "input": ["in.txt"], "env": ["MODE"]}'
# b TEXT: builds here with this input
b() { file in.txt "$1"; rm -rf out; capture vt run build; }

team "\"layout\": \"bazel\", \"url\": \"$at/team\""
capture vt run build
is "the first run: succeeds" "$rc$err" 0
big=$(sha256sum <out/big)
clone B; capture vt run build
is "another clone: hits" "$rc$err$(hits)" 01
is "... with the same bytes" "$(cat out/a; sha256sum <out/big)" "zero
$big"
file in.txt mode; with MODE=kanarienvogel capture vt run mode
clone C; file in.txt mode; with MODE=kanarienvogel capture vt run mode
is "a variable with the same value: a hit" "$rc$err$(hits)" 01
is "no value is on the server" "$(grep -rla kanarienvogel "$T/one/data")" ""
S=$T/one/data/team
is "the server has two folders" "$(ls "$S")" "ac
cas"
is "each blob: its name is its SHA-256" "$(cd "$S/cas" && for f in *; do [ "$(sha256sum <"$f")" = "$f  -" ] || echo "$f"; done)" ""
if [ -d "$SERVERS/protobufjs" ] && command -v node >/dev/null; then
	# from build/bazel/remote/execution/v2/remote_execution.proto
	cat >"$T/remote.proto" <<'P'
syntax = "proto3";
package build.bazel.remote.execution.v2;
message Digest { string hash = 1; int64 size_bytes = 2; }
message OutputFile { string path = 1; Digest digest = 2; bool is_executable = 4; bytes contents = 5; }
message ActionResult { repeated OutputFile output_files = 2; int32 exit_code = 4; bytes stdout_raw = 5; Digest stdout_digest = 6; bytes stderr_raw = 7; Digest stderr_digest = 8; }
P
	cat >"$T/records.cjs" <<'J'
const fs = require("fs"), [modules, proto, folder] = process.argv.slice(2);
const type = require(modules + "/protobufjs").loadSync(proto).lookupType("build.bazel.remote.execution.v2.ActionResult");
let good = 0;
for (const name of fs.readdirSync(folder + "/ac")) {
  const bytes = fs.readFileSync(folder + "/ac/" + name), it = type.decode(bytes);
  const [file] = it.outputFiles, there = fs.statSync(folder + "/cas/" + file.digest.hash).size;
  if (it.outputFiles.length === 1 && file.path && it.exitCode === 0 && +file.digest.sizeBytes === there && Buffer.compare(type.encode(it).finish(), bytes) === 0) good++;
  else console.log("wrong: " + name);
}
console.log(good > 3 ? "all good" : good);
// as a server of Bazel's kind may keep them: with fields that no vt wrote
if (process.argv[5]) for (const name of fs.readdirSync(folder + "/ac")) {
  const it = type.decode(fs.readFileSync(folder + "/ac/" + name));
  it.outputFiles.unshift(type.fields.outputFiles.resolvedType.create({ path: "other", digest: { hash: "0".repeat(64), sizeBytes: 7 }, isExecutable: true }));
  it.stdoutRaw = Buffer.from("text");
  it.stdoutDigest = it.outputFiles[1].digest;
  fs.writeFileSync(folder + "/ac/" + name, type.encode(it).finish());
}
J
	is "each record: an ActionResult that leads to a blob" "$(node "$T/records.cjs" "$SERVERS" "$T/remote.proto" "$S" 2>&1)" "all good"
	node "$T/records.cjs" "$SERVERS" "$T/remote.proto" "$S" more >/dev/null
	clone D; b zero
	is "a record with more fields: read" "$rc$err$(hits)" 01
else
	skip "records" "node or protobufjs is not installed"
fi
for f in "$S"/ac/*; do printf '\377\377\377\377\377\377\377\377\377\377\377\377' >"$f"; done
clone E; b zero
is "a record that is none: a miss" "$rc$err$(hits)" 00
for f in "$S"/cas/*; do printf 'something else' >"$f"; done
clone F; b zero
is "a blob with other bytes: a miss" "$rc$(hits)" 00
# STEP (a record and its blob), body, output
many "\"layout\": \"bazel\", \"url\": \"$at/many\"" 4 nginx_calls one
finish
