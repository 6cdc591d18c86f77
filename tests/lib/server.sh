# Sourced after functions.sh by tests of persistent tasks: servers of node.
#
#   servers                         # puts serve.cjs into the workspace, and $PORT is a port that is free
#   node serve.cjs PORT [WORD...]   # answers with "hello", notes in ./journal what happens
#
# Words: slow MS · never (it does not listen) · stubborn (ignores TERM) · workers (forks two) · daemon (the server is a
# child that outlives its parent) · crash MS CODE · kill MS (by a signal) · leave MS (ends with 0) ·
# needed (MS of these three begins when the test has made the file ./needed) · file PATH (made when it listens) ·
# six (listens on ::1 alone) · linked (prints links of terminals)
requires node
free_port() { node -e 's=require("net").createServer();s.listen(0,()=>{console.log(s.address().port);s.close()})'; }
servers() {
	PORT=$(free_port)
	cat >serve.cjs <<'J'
const [port, ...words] = process.argv.slice(2), fs = require("fs"), cp = require("child_process");
const word = (name) => words.includes(name), after = (name, n = 1) => words[words.indexOf(name) + n];
const note = (text) => fs.appendFileSync(__dirname + "/journal", `${process.env.NAME || "server"} ${text}\n`);
if (word("daemon")) {
  cp.spawn(process.execPath, [__filename, port], { detached: true, stdio: "ignore" }).unref();
  process.exit(0);
}
if (word("workers")) for (let i = 0; i < 2; i++) {
  const child = cp.spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  fs.appendFileSync(__dirname + "/workers", child.pid + "\n");
}
process.on("SIGTERM", () => { note("TERM"); if (!word("stubborn")) process.exit(0); });
process.on("SIGINT", () => { note("INT"); process.exit(0); });
note("start");
fs.writeFileSync(__dirname + "/pid-" + (process.env.NAME || "server"), String(process.pid));
const later = (act, ms) => (function look() {
  if (!word("needed") || fs.existsSync(__dirname + "/needed")) setTimeout(act, ms);
  else setTimeout(look, 20);
})();
if (word("crash")) later(() => process.exit(+after("crash", 2)), +after("crash"));
if (word("kill")) later(() => process.kill(process.pid, "SIGKILL"), +after("kill"));
if (word("leave")) later(() => process.exit(0), +after("leave"));
if (word("never")) setInterval(() => {}, 1000);
else setTimeout(() => {
  require("http").createServer((q, r) => { r.statusCode = q.url === "/missing" ? 404 : 200; r.end("hello"); })
    .listen(+port, word("six") ? "::1" : undefined, () => {
      note("listens");
      if (word("file")) fs.writeFileSync(after("file"), "listens");
      if (word("linked")) console.log("\x1b(B\x1b[mlistening\x1b]8;;http://a/\x07 on\x1b]8;;\x1b\\ " + port);
      else console.log("\x1b[32mlistening\x1b[0m on " + port);
    })
    .on("error", (e) => { console.error(e.code); process.exit(1); });
}, word("slow") ? +after("slow") : 0);
J
	cat >ask.cjs <<'J'
const fs = require("fs"), [port, code] = process.argv.slice(2);
fetch("http://localhost:" + port).then((r) => r.text())
  .then((text) => { fs.appendFileSync(__dirname + "/journal", "test " + text + "\n"); process.exit(+(code || 0)); });
J
}
journal() { [ ! -e journal ] || tr '\n' ',' <journal; rm -f journal; }
# stop_servers: kills the servers when the test ends, also if vt is dead
stop_servers() { local f; for f in "$T"/*/pid-* "$T"/*/workers; do [ ! -e "$f" ] || xargs kill -9 <"$f" 2>/dev/null; done; }
cleanup stop_servers
# lives PID: a process that is no zombie
lives() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:.*Z' "/proc/$1/status"; }
dead() { ! lives "$1"; }
