# The recipes for a GitHub matrix and GitLab's `parallel:`, parsed by a YAML parser, and run as so many jobs.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
requires_npm yaml
PAGE=$abs_top_srcdir/core/package/ci-together.md
# jobs NUMBER: writes $T/job-0.sh, ... : the script of each job of that example, and says how many there are
jobs() {
	NODE_PATH=$NPM node - "$PAGE" "$1" "$T" <<'J'
const { readFileSync, writeFileSync } = require("fs"), { parseDocument } = require("yaml");
const [page, number, to] = process.argv.slice(2);
const text = [...readFileSync(page, "utf8").matchAll(/^```yaml\n(.*?)^```$/gms)].map((m) => m[1])[number];
const doc = parseDocument(text, { strict: true, uniqueKeys: true });
if (doc.errors.length || doc.warnings.length) throw new Error([...doc.errors, ...doc.warnings].join("\n"));
const top = doc.toJS(), github = !!top.jobs, job = github ? top.jobs.build : Object.values(top)[0];
const n = github ? job.strategy.matrix.index.length : job.parallel;
const fill = (s, i) => String(s).replace(/\$\{\{ *([\w.]+) *\}\}/g, (_, e) => e === "matrix.index" ? job.strategy.matrix.index[i] : e.startsWith("secrets.") ? process.env[e.slice(8)] : "?");
for (let i = 0; i < n; i++) {
  let out = "set -e\n";
  if (github) {
    out += "export GITHUB_ACTIONS=true GITHUB_RUN_ID=77 GITHUB_RUN_ATTEMPT=1 GITHUB_REPOSITORY=o/r GITHUB_JOB=build\n";
    for (const s of job.steps) if (s.run && s.run !== "npm ci") out += `(\n${Object.entries(s.env ?? {}).map(([k, v]) => `export ${k}='${fill(v, i)}'\n`).join("")}${fill(s.run, i)}\n)\n`;
  } else {
    out += `export GITLAB_CI=true CI_PIPELINE_ID=78 CI_JOB_NAME='build ${i + 1}/${n}' CI_NODE_INDEX=${i + 1} CI_NODE_TOTAL=${n} VT_REDIS='${process.env.VT_REDIS}' VT_TEAM_KEY='${process.env.VT_TEAM_KEY}'\n`;
    for (const line of [...(job.before_script ?? []), ...job.script]) if (line !== "npm ci") out += line + "\n";
  }
  writeFileSync(`${to}/job-${i}.sh`, out);
}
console.log(n);
J
}
redis_starts main
export VT_REDIS=unix://$T/main.sock VT_TEAM_KEY=$KEY
mkdir "$T/bin"; printf '#!/bin/sh\nexec "%s" "$@"\n' "$VT" >"$T/bin/vt"; chmod 755 "$T/bin/vt"
workspace
file package.json '{"name":"root","workspaces":["packages/*"]}'
for i in 1 2 3 4 5 6; do
	file packages/p$i/package.json "{\"name\":\"p$i\"}"
	file packages/p$i/vite-task.json "{\"tasks\":{\"build\":{\"command\":\"sh -c 'echo build$i >>$T/ran; sleep 0.2; mkdir -p dist; echo p$i >dist/out'\",\"input\":[\"package.json\"],\"output\":[\"dist/**\"]},\"test\":{\"command\":\"sh -c 'echo test$i >>$T/ran; sleep 0.1'\",\"input\":[\"package.json\"]}}}"
done
sed -n '/^```jsonc/,/^```$/{/^{/p}' "$PAGE" >vite-task.json
all=$(for i in 1 2 3 4 5 6; do echo build$i test$i; done | xargs -n 1 | sort | xargs)
for number in 0 1 2; do
	n=$(jobs $number) || { ok "example $number is YAML" 1; continue; }
	is "example $number is YAML, of four jobs" "$n" 4
	: >"$T/ran"; rm -rf "$T/home/.config"; redis main flushall >/dev/null
	pids=()
	for ((i = 0; i < n; i++)); do
		(clone j$i)
		mkdir -p "$T/home$i"
		(cd "$T/j$i" && with HOME="$T/home$i" XDG_CONFIG_HOME="$T/home$i/.config" PATH="$T/bin:$PATH" _limited 120 sh "$T/job-$i.sh" >"$T/j$i.out" 2>&1; echo $? >"$T/j$i.rc") & pids+=($!)
	done
	wait "${pids[@]}"
	is "... all of them succeed" "$(cat "$T"/j?.rc | xargs)" "0 0 0 0" || sed 's/^/# /' "$T"/j?.out
	[ $number = 2 ] && { is "... each test runs once" "$(sort "$T/ran" | xargs)" "$(tr ' ' '\n' <<<"$all" | grep test | xargs)"; continue; }
	is "... each task runs once" "$(sort "$T/ran" | xargs)" "$all"
	is "... the first job has all results" "$(cat "$T"/j0/packages/*/dist/out | wc -l)" 6
done
finish
