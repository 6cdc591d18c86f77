# --watch takes up new packages and changed configurations; a wrong one is told, and waited for.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
pnpm a b
task() { file packages/$1/vite-task.json "{\"tasks\":{\"build\":{\"command\":\"${2:-cat in}\",\"input\":[\"in\"]}}}"; [ -e packages/$1/in ] || echo "$1" >packages/$1/in; }
task a; task b
watching run -r build
mkdir -p packages/c
echo c >packages/c/in
file packages/c/vite-task.json '{"tasks":{"build":{"command":"cat in","input":["in"]}}}'
file packages/c/package.json '{"name":"c"}'
again
is "a new package: run" "$(ran)" '~/packages/c$ cat in,'
echo new >packages/c/in
again
is "... and watched" "$(ran)" '~/packages/c$ cat in,'
task a "cat in in"
again
is "another command: run" "$(ran)" '~/packages/a$ cat in in,'
echo '{ "tasks": { "build": ' >packages/b/vite-task.json
upto "error:"
has "a configuration that is wrong: told" "$seen" "packages/b/vite-task.json"
task b "cat in in in"
again
is "... and taken up when it is mended" "$(ran)" '~/packages/b$ cat in in in,'
mv packages "$T/packages"
upto "error:"
has "all packages moved away: told" "$seen" 'Task "build" not found'
place packages packages
echo moved >packages/c/in
again
has "... and taken up when they are back" "$(ran)" '~/packages/c$ cat in,'
file vite-task.json '{"plugins":{"parts":{"auto-input":false}}}'
echo newer >packages/a/in
again
has "another setting of plugins: taken up" "$seen" '~/packages/a$ cat in in'
settled
file vite-task.json '{"plugins":{"tracer":"no-such-plugin"}}'
upto "error:"
has "... also a wrong one" "$seen" "no-such-plugin"
rm vite-task.json
echo newest >packages/a/in
again
has "... until it is gone" "$seen" '~/packages/a$ cat in in'
settled                        # two changes may be two runs
mv packages/c "$T/"
echo last >packages/b/in
upto "last"
is "a package that is removed: not run" "$(ran)" '~/packages/b$ cat in in in,'
settled
watched INT
is "Ctrl-C: the status of the last run" "$rc" 0

# a configuration that is wrong from the beginning
echo '{' >packages/b/vite-task.json
watch_start run -r build
upto "error:"
task b "cat in"
again
has "a configuration that is wrong from the beginning: taken up when it is mended" "$seen" '~/packages/b$ cat in'
watched INT

# git
command -v git >/dev/null || { skip "another branch" "git is not installed"; finish; }
git init -q . && git config user.email a@b && git config user.name n && printf '.vt\n' >.gitignore
git add . && git commit -qm one && git checkout -qb other
for p in a b; do echo "$p on the other branch" >packages/$p/in; done
task a "cat in"; echo "a on the other branch" >packages/a/in
mkdir -p packages/d; file packages/d/package.json '{"name":"d"}'; task d
git add . && git commit -qm two && git checkout -q -
watching run -r build
git checkout -q other
again
has "another branch: its files are read" "$seen" "b on the other branch"
has "... its commands are run" "$seen" "a on the other branch"
has "... its packages are known" "$seen" '~/packages/d$ cat in'
git checkout -q -
again
hasnt "... and back: the first ones" "$seen" '~/packages/d$ cat in'
has "... which hit" "$seen" "cache hit, replaying"
watched INT
is "wrong options: an error" "$(capture vt run --watch --dry-run build; echo $rc "$err")" "2 error: the argument '--watch' cannot be used with '--dry-run': it tells of what ran

Usage: vt run [OPTIONS] [TASK_SPECIFIER] [ADDITIONAL_ARGS]...

For more information, try '--help'."
finish
