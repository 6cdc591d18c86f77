# The JSON Schema and vt agree on every config.
. "${0%/*}/../../lib/functions.sh" || exit
requires_npm ajv
workspace
file package.json '{"name":"root","scripts":{"s":"echo s"}}'
cat >check.cjs <<'J'
const Ajv = require(process.argv[2] + "/ajv").default ?? require(process.argv[2] + "/ajv");
const schema = JSON.parse(require("fs").readFileSync(process.argv[3]));
const validate = new Ajv({ strict: false, allowUnionTypes: true }).compile(schema);
for (const line of require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean))
  console.log(validate(JSON.parse(line)) ? "valid" : "invalid");
J
cat >configs <<'J'
{}
{"cache":true}
{"cache":false}
{"cache":{"scripts":true}}
{"cache":{"scripts":true,"tasks":false}}
{"cache":null,"tasks":null,"enablePrePostScripts":null}
{"enablePrePostScripts":false}
{"tasks":{}}
{"tasks":{"a":"echo a"}}
{"tasks":{"a":["echo a","echo b"]}}
{"tasks":{"a":[]}}
{"tasks":{"a":{"command":"echo a"}}}
{"tasks":{"a":{"command":["echo a","echo b && echo c"],"cwd":".."}}}
{"tasks":{"a":{"command":"echo a","dependsOn":["b"]},"b":"echo b"}}
{"tasks":{"a":{"command":"echo a","dependsOn":[{"task":"b","from":"dependencies"}]},"b":"echo b"}}
{"tasks":{"a":{"command":"echo a","dependsOn":[{"task":"b","from":["dependencies","devDependencies"]}]}}}
{"tasks":{"a":{"command":"echo a","cache":false}}}
{"tasks":{"a":{"command":"echo a","cache":true,"env":["A","!B"],"untrackedEnv":["C_*"]}}}
{"tasks":{"a":{"command":"echo a","cache":{"env":["A"],"input":["src/**"],"output":["dist/**"]}}}}
{"tasks":{"a":{"command":"echo a","input":["src/**",{"auto":true},"!src/x",{"pattern":"y/**","base":"workspace"}]}}}
{"tasks":{"a":{"command":"echo a","input":[]}}}
{"tasks":{"a":{"command":"echo a","output":["dist/**",{"auto":false}]}}}
{"tasks":{"a":{"command":"echo a","env":null}}}
{"plugins":{"fingerprint":"fingerprint-content"}}
{"plugins":{"parts":{"auto-input":false,"output-restore":{}},"stores":[{"use":"store-local"}]}}
{"plugins":{"tracer":false,"stores":["store-local"],"options":{}}}
{"plugins":{"tracer":true}}
{"plugins":{"fingerprint":false}}
{"plugins":{"stores":{}}}
{"plugins":{"stores":[{}]}}
{"plugins":{"stores":[1]}}
{"plugins":{"parts":[]}}
{"plugins":{"parts":{"auto-input":"yes"}}}
{"plugins":{"options":[]}}
{"plugins":{"paths":["/x"]}}
{"plugins":{"store":"store-local"}}
{"tasks":{"a":{"command":"echo a","env":["A"],"cache":{"input":[]}}}}
{"tasks":{"a":{"command":"echo a","env":null,"cache":{"env":["A"]}}}}
{"tasks":{"a":{"command":"echo a","env":["A"],"cache":{"env":["A"]}}}}
{"tasks":{"a":{"command":"echo a","output":[],"cache":{"output":[]}}}}
{"unknown":1}
{"cache":1}
{"cache":{"foo":true}}
{"enablePrePostScripts":"x"}
{"tasks":[]}
{"tasks":{"a":5}}
{"tasks":{"a":null}}
{"tasks":{"s":{}}}
{"tasks":{"s":{"output":["dist"],"timeout":"1m30s","retries":2,"weight":3,"description":"x"}}}
{"tasks":{"s":{"command":null,"group":null}}}
{"tasks":{"s":{"command":"echo s","group":true}}}
{"tasks":{"s":{"timeout":"90"}}}
{"tasks":{"s":{"timeout":90}}}
{"tasks":{"s":{"timeout":""}}}
{"tasks":{"s":{"retries":-1}}}
{"tasks":{"s":{"retries":1.5}}}
{"tasks":{"s":{"retries":101}}}
{"tasks":{"s":{"weight":0}}}
{"tasks":{"s":{"description":1}}}
{"tasks":{"g":{"group":true,"dependsOn":["s"],"description":"x"}}}
{"tasks":{"g":{"group":true}}}
{"tasks":{"g":{"group":true,"env":["A"]}}}
{"tasks":{"s":{"trustedSockets":["...","tcp:1"]}}}
{"tasks":{"s":{"trustedSockets":["x"]}}}
{"tasks":{"s":{"dependsOn":["^s"]}}}
{"env":["A"],"untrackedEnv":["B*"],"taskDefaults":{"s":{"output":["..."],"cache":true},"b*":{}}}
{"taskDefaults":{"s":{"command":"ls"}}}
{"taskDefaults":{"s":{"group":true}}}
{"taskDefaults":{"s":"ls"}}
{"taskDefaults":{"s":{"cache":false,"env":["A"]}}}
{"taskDefaults":[]}
{"trustedSockets":["..."]}
{"env":"A"}
{"tasks":{"a":{"command":5}}}
{"tasks":{"a":[5]}}
{"tasks":{"a":{"command":"echo a","foo":1}}}
{"tasks":{"a":{"command":"echo a","cwd":5}}}
{"tasks":{"a":{"command":"echo a","dependsOn":"b"}}}
{"tasks":{"a":{"command":"echo a","dependsOn":[{"task":"b"}]}}}
{"tasks":{"a":{"command":"echo a","dependsOn":[{"task":"b","from":[]}]}}}
{"tasks":{"a":{"command":"echo a","dependsOn":[{"task":"b","from":"optionalDependencies"}]}}}
{"tasks":{"a":{"command":"echo a","cache":"yes"}}}
{"tasks":{"a":{"command":"echo a","cache":false,"env":["A"]}}}
{"tasks":{"a":{"command":"echo a","cache":{"foo":[]}}}}
{"tasks":{"a":{"command":"echo a","env":"A"}}}
{"tasks":{"a":{"command":"echo a","env":[1]}}}
{"tasks":{"a":{"command":"echo a","input":"src/**"}}}
{"tasks":{"a":{"command":"echo a","input":[{"pattern":"x"}]}}}
{"tasks":{"a":{"command":"echo a","input":[{"pattern":"x","base":"root"}]}}}
{"tasks":{"a":{"command":"echo a","input":[{"auto":"yes"}]}}}
{"tasks":{"a":{"command":"echo a","output":[{"auto":true}]}}}
{"tasks":{"a":{"command":"node s","persistent":true}}}
{"tasks":{"a":{"command":"node s","persistent":null,"ready":null}}}
{"tasks":{"a":{"command":"node s","persistent":true,"cache":false,"ready":{"port":3000}}}}
{"tasks":{"a":{"command":"node s","persistent":true,"ready":{"output":"listening","timeout":"500ms"}}}}
{"tasks":{"a":{"command":"node s","persistent":true,"ready":{"http":"http://localhost:3000/x"}}}}
{"tasks":{"a":{"command":"node s","persistent":true,"ready":{"file":"ready"}}}}
{"tasks":{"a":{"command":"node s","persistent":false,"input":[]}}}
{"tasks":{"a":{"command":"node s","persistent":true,"input":[]}}}
{"tasks":{"a":{"command":"node s","persistent":true,"cache":{}}}}
{"tasks":{"a":{"command":"node s","persistent":1}}}
{"tasks":{"a":{"command":"node s","ready":{"port":3000}}}}
{"tasks":{"a":{"command":"node s","persistent":true,"ready":{}}}}
{"tasks":{"a":{"command":"node s","persistent":true,"ready":{"port":0}}}}
{"tasks":{"a":{"command":"node s","persistent":true,"ready":{"port":1,"http":"http://x"}}}}
{"tasks":{"a":{"command":"node s","persistent":true,"ready":{"http":"localhost"}}}}
{"tasks":{"a":{"command":"node s","persistent":true,"ready":{"port":1,"timeout":5}}}}
J
node check.cjs "$NPM" "$abs_top_srcdir/core/man/vite-task.schema.json" <configs >schema-says 2>"$T/ajv.err" || sed 's/^/# /' "$T/ajv.err"
paste -d ' ' schema-says configs >both
while read -r says config; do
	printf '%s\n' "$config" >vite-task.json
	capture vt run --json
	# values under `plugins` are read when they are needed
	case $config in *plugins*) capture vt plugins list ;; esac
	[ "$rc" = 0 ] && vt_says=valid || vt_says=invalid
	is "$config" "$says" "$vt_says"
done <both
finish
