# The JSON Schema and vt agree on every configuration that the tests in this folder write.
. "${0%/*}/../../lib/functions.sh" || exit
requires_npm ajv
mkdir "$T/configs"
# keeper NAME: a stand-in for vt that keeps each vite-task.json which the test NAME has written
keeper() {
	cat >"$T/keeper" <<K
#!/bin/sh
top=\$PWD
until [ -d "\$top/home" ] && [ -d "\$top/run" ]; do top=\${top%/*}; done
find "\$top" -name vite-task.json | while read -r f; do cp "\$f" "$T/configs/$1-\$(cksum <"\$f" | tr ' ' _)"; done
K
	chmod +x "$T/keeper"
}
mkdir "$T/stubs" && ln -s /bin/true "$T/stubs/jq"
for test in "$abs_top_srcdir"/tests/run/plan/*.sh; do
	case ${test##*/} in plan.sh | selector.sh | schema-fixtures.sh | every-fixture-has-a-test.sh) continue ;; esac
	keeper "$(basename "$test" .sh)"
	PATH=$T/stubs:$PATH VT=$T/keeper timeout 300 bash "$test" </dev/null >/dev/null 2>&1
done
workspace
file package.json '{"name":"root"}'
cat >"$T/check.cjs" <<'J'
// FILE valid|invalid for each file; a text that is no JSON with comments is invalid, too.
const [ajv, schema, folder] = process.argv.slice(2), fs = require("fs");
const Ajv = require(ajv).default ?? require(ajv);
const validate = new Ajv({ strict: false, allowUnionTypes: true }).compile(JSON.parse(fs.readFileSync(schema)));
const plain = (text) => text.replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[^]*?\*\//g, "$1").replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, "$1");
const seen = new Set();
for (const name of fs.readdirSync(folder).sort()) {
  const text = fs.readFileSync(folder + "/" + name, "utf8");
  if (seen.has(text)) continue;
  seen.add(text);
  let valid = false;
  try { valid = validate(JSON.parse(plain(text))); } catch {}
  console.log(name, valid ? "valid" : "invalid");
}
J
node "$T/check.cjs" "$NPM/ajv" "$abs_top_srcdir/core/man/vite-task.schema.json" "$T/configs" >"$T/says" 2>"$T/ajv.err" || sed 's/^/# /' "$T/ajv.err"
valid=0 invalid=0 differ=
while read -r name says; do
	cp "$T/configs/$name" vite-task.json
	capture vt run --json
	# a config may be well formed and yet name a task or package that does not exist
	case $err in *'Failed to load task config file for package'*) vt_says=invalid ;; *) vt_says=valid ;; esac
	[ $vt_says = valid ] && valid=$((valid + 1)) || invalid=$((invalid + 1))
	[ "$says" = $vt_says ] || differ+="${name%-*}: the schema says $says, vt says $vt_says: $(tr '\n' ' ' <vite-task.json)"$'\n'
done <"$T/says"
is "the schema agrees with vt on every configuration" "$differ" ""
is "... of which more than twenty are good, and some are bad" "$((valid > 20)) $((invalid > 0))" "1 1"
printf '# %d good, %d bad\n' $valid $invalid
finish
