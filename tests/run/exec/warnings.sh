# A warning stands in a line of its own, once, and a reader that does not read it stops no task.
. "${0%/*}/../../lib/functions.sh" || exit
[ -e "$abs_top_builddir/tests/plugins/.libs/vt-scripted.so" ] || skip_all "the scripted store is not built"
vts() { with VT_PLUGIN_PATH="$abs_top_builddir/tests/plugins/.libs" vt "$@"; }
warning="warning: plugin 'near': the line is cut"

# one task has printed half a line when the store fails that another task is looked up in
workspace
cat >half.sh <<'EOF'
cd ../..
touch started
until [ -e asked ]; do sleep 0.02; done
printf 'first half,'
touch half
# until the warning has come to stand in the middle of the line, or has had two seconds to
i=0
while [ $i -lt 40 ] && ! grep -q warning out; do
	sleep 0.05
	i=$((i + 1))
done
echo ' second half'
EOF
pnpm a b
file vite-task.json '{"plugins":{"stores":[{"use":"near","script":"at-half"}]}}'
file packages/a/vite-task.json '{"tasks":{"t":{"command":"sh ../../half.sh","input":[]}}}'
file packages/b/vite-task.json '{"tasks":{
	"t":    {"command":"sh -c :","input":[],"dependsOn":["late"]},
	"late": {"command":"sh -c \"until [ -e ../../started ]; do sleep 0.02; done\"","cache":false}}}'
vts run -r t >out 2>&1 </dev/null
is "the run succeeds" $? 0
there "the task was in the middle of a line" half
is "the warning stands in a line of its own, once" "$(grep -c ".warning:" out) $(grep -xc "$warning" out)" "0 1"

# stderr is a pipe that is full and not read
rm -rf .vt packages/a/vite-task.json
file vite-task.json '{"plugins":{"stores":[{"use":"near","script":"fail-get"}]}}'
file packages/b/vite-task.json '{"tasks":{"t":{"command":"touch ../../done","input":[]}}}'
mkfifo full
exec 9<>full
head -c 65536 /dev/zero >&9
vts run -r t >out 2>&9 </dev/null 9>&- &
vt=$!
until_true test -e done
ok "a full stderr keeps no task waiting" $?
timeout 60 cat <full >told 9>&- &
cat=$!
exec 9>&-
wait $vt
is "the run ends once stderr is read" $? 0
wait $cat
is "the warning has come through" "$(tr -d '\0' <told)" "$warning"
finish
