# Clones share results in a bucket: signed requests, rights, credentials that end, puts that never replace.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/http.sh" || exit
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 300000 /dev/urandom >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]},
	"mode": {"command": "echo in ${#MODE}", "input": ["in.txt"], "env": ["MODE"]}'
workspace
file package.json '{"name":"root"}'
file in.txt zero
patient "$tasks"
# b TEXT: builds here with this input
b() { file in.txt "$1"; rm -rf out; capture vt run build; }
# shared NAME OPTIONS: a result of one clone is a hit in another
shared() {
	team "\"layout\": \"s3\", $2"
	clone "$1.1"; b "$1"
	is "$1: the first run succeeds" "$rc$err$(hits)" 00
	local big; big=$(sha256sum <out/big)
	clone "$1.2"; b "$1"
	is "$1: another clone hits, with the same bytes" "$rc$err$(hits) $(sha256sum <out/big)" "01 $big"
}

# a server that is fast: the kit has patience of its own
if web_starts promises; then
	keeps_promises s3 url="http://127.0.0.1:$port/bucket" layout=s3 key-id=AKID secret-key=SECRET
else
	skip "promises" "node or curl is not installed"
fi
if moto_starts moto team-cache; then
	at=http://127.0.0.1:$port
	url="\"url\": \"$at/team-cache/vt\""
	keys="\"key-id\": \"${rw[0]}\", \"secret-key\": \"${rw[1]}\""
	shared moto "$url, $keys"
	has "the line names the store" "$out" "cache hit (main), replaying"
	file in.txt mode; with MODE=kanarienvogel capture vt run mode
	clone A; file in.txt mode; with MODE=kanarienvogel capture vt run mode
	is "a variable with the same value: a hit" "$rc$err$(hits)" 01
	with MODE=y capture vt run mode
	has "a variable with another value: a miss" "$out" "env 'MODE' changed"
	puts() { grep -c '"PUT [^"]*/vt/[13]/' "$T/moto.log"; }
	# the same result again, from a clone that does not know of it: no put replaces an object that never changes
	sed -i "s/\"main\": {/\"main\": {\"mode\": \"write\", /" "$T/home/.config/vt/config.json"
	clone B; file in.txt mode; with MODE=kanarienvogel capture vt run mode
	is "an object that is there: not replaced" "$rc$err $(grep -c '"PUT [^"]*/vt/3/[^"]*" 412' "$T/moto.log")" "0 1"
	team "\"layout\": \"s3\", $url, \"auto\": true"
	clone C; with AWS_ACCESS_KEY_ID="${rw[0]}" AWS_SECRET_ACCESS_KEY="${rw[1]}" AWS_REGION=us-east-1 b moto
	is "credentials auto: the key is that of the environment" "$rc$err$(hits)" 01

	team "\"layout\": \"s3\", $url, \"key-id\": \"${ro[0]}\", \"secret-key\": \"${ro[1]}\""
	clone D; b moto
	is "a user without the right to write: a hit" "$rc$err$(hits)" 01
	b reader
	is "... a new result of that user is not sent" "$rc$err$(hits)" 00
	b reader
	is "... and hits in the near store" "$rc$err$(hits)" 01
	team "\"layout\": \"s3\", $url, \"key-id\": \"${rw[0]}\", \"secret-key\": \"wrong\""
	clone E; b moto
	is "a wrong secret: the task runs" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
	has "... and the reason is told" "$err" SignatureDoesNotMatch
	team "\"layout\": \"s3\", $url, \"key-id\": \"AKIAUNKNOWN\", \"secret-key\": \"wrong\""
	clone F; b moto
	has "an unknown key: told" "$rc$(hits) $err" InvalidAccessKeyId
	team "\"layout\": \"s3\", $url"
	clone G; b moto
	has "a missing key: told" "$rc$(hits) $err" "403 Forbidden"
	team "\"layout\": \"s3\", $url, \"key-id\": \"x\""
	b half
	has "half of a key: refused" "$err" "\`key-id\` and \`secret-key\` belong together"
	many "\"layout\": \"s3\", \"url\": \"$at/team-cache/many\", $keys" 3 grep -cE '"(GET|HEAD|PUT) [^"]*/many/' "$T/moto.log"
	workspace more; file package.json '{"name":"root"}'; patient "$tasks"
else
	skip "moto" "moto_server, boto3 or curl is not installed"
fi

if s3rver_starts rver vtbucket; then
	keys='"key-id": "S3RVER", "secret-key": "S3RVER"'
	shared s3rver "\"url\": \"http://127.0.0.1:$port/vtbucket\", $keys"
	# the bucket in the host's name: the signature has the host as it is called
	shared virtual-host "\"url\": \"http://vtbucket.s3.localhost:$port/deep/er\", $keys"
	is "the bucket in the name of the host: a hit" "$(find "$T/rver/vtbucket/deep/er" -type f | grep -c .)" "$(find "$T/rver/vtbucket/deep/er" -type f | grep -c '/er/[137]/')"
else
	skip "s3rver" "s3rver, node or curl is not installed"
fi

# one that calls every clock wrong, its own too, is asked no more
if web_starts skewed refuse GET 403 '<Error><Code>RequestTimeTooSkewed</Code></Error>'; then
	team "\"layout\": \"s3\", \"url\": \"http://127.0.0.1:$port/bucket\", \"key-id\": \"AKID\", \"secret-key\": \"SECRET\""
	clone skewed; b skewed
	is "a server that calls every clock wrong: one line, and the task runs" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
	has "... which names the reason" "$err" "403 Forbidden: RequestTimeTooSkewed"
	ok "... and the server is not asked again" $(($(grep -c '^[A-Z]* /bucket' "$T/skewed.log") > 2))
else
	skip "a server that calls every clock wrong" "node or curl is not installed"
fi

# each signature is the one that Amazon's own library makes of the same request
if [ -d "$SERVERS/@smithy/signature-v4" ] && web_starts web heads; then
	cat >"$T/verify.cjs" <<'J'
const fs = require("fs"), crypto = require("crypto");
const [file, modules, accessKeyId, secretAccessKey, sessionToken, region] = process.argv.slice(2);
const { SignatureV4 } = require(modules + "/@smithy/signature-v4");
class Sha256 {
  constructor(secret) { this.hash = secret ? crypto.createHmac("sha256", secret) : crypto.createHash("sha256"); }
  update(data) { this.hash.update(data); }
  async digest() { return new Uint8Array(this.hash.digest()); }
}
const signer = new SignatureV4({ service: "s3", region, sha256: Sha256, uriEscapePath: false, applyChecksum: true,
  credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } });
(async () => {
  let good = 0, bad = 0;
  for (const line of fs.readFileSync(file, "utf8").split("\n").filter((l) => l[0] === "{")) {
    const { method, path, headers } = JSON.parse(line);
    if (path === "/") continue;
    const date = headers["x-amz-date"] || "", at = new Date(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z"));
    const signed = await signer.sign({ method, protocol: "http:", hostname: headers.host, path, query: {},
      headers: { host: headers.host, "x-amz-content-sha256": headers["x-amz-content-sha256"] } }, { signingDate: at });
    const same = signed.headers.authorization === headers.authorization;
    same ? good++ : bad++;
    if (!same) console.error(signed.headers.authorization + "\n" + headers.authorization);
  }
  console.log(good > 3 && bad === 0 ? "all good" : good + " good, " + bad + " bad");
})();
J
	for session in "" TOKEN/+=; do
		: >"$T/web.log"
		team "\"layout\": \"s3\", \"url\": \"http://vt-bucket.localhost:$port/some%20where${session:+/else}\", \"key-id\": \"AKID\", \"secret-key\": \"SECRET\",
			\"region\": \"eu-west-1\"${session:+, \"session-token\": \"$session\"}"
		clone I; b "session $session"; clone J; b "session $session"
		is "signed requests: a hit${session:+, with the token of a session}" "$rc$err$(hits)" 01
		is "... each signature is that of Amazon's library" "$(node "$T/verify.cjs" "$T/web.log" "$SERVERS" AKID SECRET "$session" eu-west-1 2>&1)" "all good"
	done
else
	skip "signatures" "node, curl or @smithy/signature-v4 is not installed"
fi
finish
