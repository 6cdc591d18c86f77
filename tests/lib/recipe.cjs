// recipe: the YAML examples of a page, as the service would take them.
//
//   node recipe.cjs PAGE NUMBER EVENT [NAME=SECRET...]
//
// Parses the example of that number (0 is the first) with a real YAML parser, checks what the service demands of it, and
// prints a shell script: the variables and commands of its one job for EVENT, main or request. Commands that fetch packages
// are left out.
const { readFileSync } = require("fs"), { parseDocument } = require("yaml");
const [page, number, event, ...pairs] = process.argv.slice(2);
const secrets = Object.fromEntries(pairs.map((p) => [p.slice(0, p.indexOf("=")), p.slice(p.indexOf("=") + 1)]));
const github = event === "main" ? { event_name: "push", ref: "refs/heads/main", job: "build", sha: "0" } : { event_name: "pull_request", ref: "refs/pull/1/merge", job: "build", sha: "0" };
const fail = (text) => { console.error(text); process.exit(1); };
const examples = [...readFileSync(page, "utf8").matchAll(/^```yaml\n(.*?)^```$/gms)].map((m) => m[1]);
if (!examples[number]) fail(`there is no example ${number}`);
const doc = parseDocument(examples[number], { strict: true, uniqueKeys: true });
if (doc.errors.length || doc.warnings.length) fail([...doc.errors, ...doc.warnings].join("\n"));
const recipe = doc.toJS();
// The expressions of the service that the examples use are those of JavaScript, too. A request gets no secret.
const value = (text) => new Function("github", "secrets", "runner", `return (${text})`)(github, event === "main" ? secrets : {}, { os: "Linux" });
const expand = (text) => String(text).replace(/\$\{\{(.*?)\}\}/gs, (_, e) => value(e) ?? "");
const quote = (text) => `'${text.replace(/'/g, "'\\''")}'`;
const exports_of = (env) => Object.entries(env ?? {}).map(([k, v]) => `export ${k}=${quote(expand(v))}\n`).join("");
const only = (map, known, what) => { for (const k in map) if (!known.includes(k)) fail(`${what} has '${k}'`); };
const fetches = /^npm ci/;

function actions(w) {
  only(w, ["name", "on", "permissions", "jobs"], "the workflow");
  const job = w.jobs.build;
  only(job, ["runs-on", "env", "steps"], "the job");
  if (!job["runs-on"] || !Array.isArray(job.steps)) fail("the job has no machine or no steps");
  let out = exports_of(job.env);
  for (const s of job.steps) {
    only(s, ["name", "uses", "with", "run", "env", "if"], "a step");
    if (!s.uses === !s.run) fail("a step either uses or runs something");
    if (s.uses && !/^[\w-]+\/[\w-]+@v\d+$/.test(s.uses)) fail(`'${s.uses}' is no action`);
    if (s.run && !fetches.test(s.run) && (!("if" in s) || value(s.if))) out += `(\n${exports_of(s.env)}${s.run}\n) || exit\n`;
  }
  return out;
}

function gitlab(w) {
  only(w, ["build"], "the file");
  const job = w.build;
  only(job, ["image", "variables", "cache", "before_script", "script"], "the job");
  for (const c of [job.cache ?? []].flat()) only(c, ["key", "paths", "fallback_keys"], "a cache");
  const own = event === "main" ? { ...secrets, CI_COMMIT_REF_PROTECTED: "true" } : { CI_COMMIT_REF_PROTECTED: "false" };
  let out = exports_of({ ...own, ...job.variables });
  for (const line of [...(job.before_script ?? []), ...job.script]) {
    if (typeof line !== "string") fail(`a line of the script is no text: ${JSON.stringify(line)}`);
    if (!fetches.test(line)) out += `${line}\n`;
  }
  return out;
}

console.log("set -e\n" + (recipe.jobs ? actions(recipe) : gitlab(recipe)));
