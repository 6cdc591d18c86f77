# --watch knows the files that persistent tasks write while they run: they do not start tasks of the same package; a user's edit
# does, also of a file that the server has written, or writes in answer.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/server.sh"
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
file package.json '{"name":"r"}'
mkdir src
PORT=$(free_port)
# a server that writes when it is asked to, in the ways of such tools
cat >serve.cjs <<'J'
const fs = require("fs"), cp = require("child_process"), log = fs.createWriteStream("src/server.log", { flags: "a" });
const ways = {
  file: (n) => fs.writeFileSync("src/gen", "gen " + n),
  many: (n) => { for (let i = 0; i < 200; i++) fs.writeFileSync("src/part" + i, n); },
  rename: (n) => { fs.writeFileSync("src/.gen.tmp", "gen " + n); fs.renameSync("src/.gen.tmp", "src/gen"); },
  folder: (n) => {
    fs.rmSync("src/next", { recursive: true, force: true }); fs.mkdirSync("src/.next/deep", { recursive: true });
    fs.writeFileSync("src/.next/deep/page", n); fs.renameSync("src/.next", "src/next");
  },
  log: (n) => { for (let i = 0; i < 50; i++) log.write(n + "\n"); },
  child: (n) => cp.execFileSync("sh", ["-c", `echo ${n} >src/by-child; cd src && echo ${n} >>by-child && touch by-child`]),
  copy: (n) => { fs.writeFileSync("src/from", n); fs.copyFileSync("src/from", "src/copied"); fs.utimesSync("src/copied", 1, 1); fs.chmodSync("src/copied", 0o600); },
  gone: () => { fs.rmSync("src/gen", { force: true }); fs.mkdirSync("src/empty", { recursive: true }); fs.rmdirSync("src/empty"); },
  link: (n) => { try { fs.unlinkSync("src/link"); } catch {} fs.symlinkSync("gen", "src/link"); fs.writeFileSync("src/link", "gen " + n); },
};
if (process.argv[4]) fs.watch("src", (what, name) => {             // answers to changes of a file
  if (name !== process.argv[3]) return;
  const text = fs.readFileSync("src/" + name, "utf8"), upper = text.toUpperCase();
  if (text && (process.argv[4] !== "src/" + name || upper !== text)) fs.writeFileSync(process.argv[4], upper);
});
if (process.argv[3] === "always") setInterval(() => fs.writeFileSync("src/always", String(Date.now())), 10);
fs.writeFileSync("src/at-start", String(Date.now()));
require("http").createServer((q, r) => {
  const [way, n] = q.url.slice(1).split("/");
  if (ways[way]) ways[way](n);
  log.write("", () => r.end("done"));
}).listen(+process.argv[2]);
J
ask() { node -e 'fetch(process.argv[1]).then((r) => r.text()).then((t) => process.exit(t === "done" ? 0 : 1))' "http://localhost:$PORT/$1"; }
runs() { grep -c 'vt run: waiting' "$T/log"; }
tasks() {                      # tasks SERVER-WORDS TASK [MORE]
	file vite-task.json "{${3-}\"tasks\":{
		\"dev\":{\"command\":\"node serve.cjs $PORT $1\",\"persistent\":true,\"ready\":{\"port\":$PORT}},
		\"t\":{$2}}}"
}
echo one >src/in
tasks "" '"command":"cat src/in","cache":false'
watching run-many dev t
settled
is "the files that a server writes at its start start no run" "$(runs)" 1
for way in file many rename folder log child copy gone link; do
	ask "$way/1"
	ask "$way/2"
	settled
	is "a server that writes ($way) starts nothing" "$(runs)" 1
done
edit src/in two
again
settled
is "an edit does" "$(runs)" 2
ask file/3
settled
edit src/gen mine
again
settled
is "... also one of a file that the server has written" "$(runs)" 3
has "... which is told" "$(cat "$T/log")" "vt run: 'src/gen' changed"
ask many/4
echo more >>src/part7
again
settled
is "... right after it" "$(runs)" 4
edit src/part8 mine
again
rm src/part9
again
settled
is "... and one that takes it away" "$(runs)" 6
ask many/5
settled
is "... and then the server's writing starts nothing again" "$(runs)" 6
watched INT
is "... until Ctrl-C" "$rc" 0

# a server that writes all the time, also while tasks run
tasks always '"command":"cat src/in","cache":false'
watching run-many dev t
settled
for i in 1 2 3 4 5; do
	edit src/in "always $i"
	again
done
settled
is "a server that writes without end starts nothing, and hides no edit" "$(runs)" 6
watched INT
rm -f src/always

# a server that answers to changes
tasks "in src/answer" '"command":"cat src/in","cache":false'
watching run-many dev t
settled
edit src/in three
again
settled
is "a server that answers to an edit starts no other run" "$(runs) $(cat src/answer)" "2 THREE"
watched INT
tasks "in src/in" '"command":"cat src/in","cache":false'
watching run-many dev t
settled
edit src/in four
again
settled
is "one that writes the edited file itself hides no edit" "$(cat src/in)" "FOUR"
n=$(runs)
ok "... and ends ($n runs)" $((n < 2 || n > 3))
watched INT

# a task that a server answers to
tasks "made src/answer" '"command":"sh -c \"cat src/in; date +%N >src/made\"","cache":false'
watching run-many dev t
settled
edit src/in five
again
settled
is "a server that answers to what a task writes starts nothing" "$(runs)" 2
watched INT

# a cached task depends on what the server makes
rm -f src/made src/answer
tasks "" '"command":"cat src/gen","cache":true'
echo gen >src/gen
watching run-many dev t
settled
n=$(runs)
ask file/6
upto "gen 6"
settled
is "a cached task runs when a file that it reads is made anew by a server" "$(($(runs) - n))" 1
watched INT
tasks "made src/answer" '"command":"sh -c \"cat src/answer; date +%N >src/made\"","output":["src/made"],"input":["src/answer","src/in"]'
watching run-many dev t
settled
edit src/in six
again
settled
ok "a task and a server that answer to each other come to an end ($(runs) runs)" $(($(runs) > 14))
watched INT

# without a tracer all of it is in doubt
rm -f src/made src/answer
tasks "made src/answer" '"command":"sh -c \"cat src/in; date +%N >src/made\"","cache":false' '"plugins":{"tracer":false},'
watching run-many dev t
settled
n=$(runs)
edit src/in seven
again
settled
ok "no tracer: an edit starts a run, and a server that answers ends, too ($n, then $(runs) runs)" $(($(runs) <= n || $(runs) > 30))
watched INT
finish
