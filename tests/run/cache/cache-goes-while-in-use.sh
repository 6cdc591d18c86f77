# The cache is removed or replaced while a run uses it: the tasks run and print what is
# true, and the replacement stays as it is.
. "${0%/*}/../../lib/functions.sh" || exit
warnings() { printf '%s\n' "$err" | grep -c . || true; }
hits() { printf '%s\n' "$out" | grep -o '[0-9]*/[0-9]* cache hit' || true; }
made() { echo "$(cat packages/*/dist/small | tr '\n' ' ')$(cat packages/*/dist/large | wc -c)"; }
project() {
	workspace
	pnpm a b c
	for p in a b c; do
		case $p in b) file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"}}' ;; c) file packages/c/package.json '{"name":"c","dependencies":{"b":"workspace:*"}}' ;; esac
		file packages/$p/in "$p 1"
		# makes the change of the story at this moment; its files are no input and no output of the task
		file packages/$p/build.sh ': >"$VT_DID.'$p'"; [ ! -f "$VT_DO.'$p'" ] || . "$VT_DO.'$p'"; mkdir -p dist; head -c 200000 /dev/zero >dist/large; cp in dist/small; cat in'
		file packages/$p/vite-task.json '{"tasks":{"build":{"command":"sh build.sh","input":["in"],"output":["dist/**"]}}}'
	done
}
run() { with VT_DO="$T/do" VT_DID="$T/did" capture vt run -r build; }
# while_it_runs STORY WHO WHAT LOOK WANT: WHAT is done to the cache while WHO runs
while_it_runs() {
	local who
	for who in $2; do
		project
		rm -f "$T"/do.* "$T"/did.*
		rm -rf "$T/mine"
		run
		printf '%s\n' "$3" >"$T/do.$who"
		# b is a hit whose outputs are missing: looked up while the cache exists, restored when the cache is gone
		echo "a 2" >packages/a/in; echo "c 2" >packages/c/in
		[ $who != b ] || echo "b 2" >packages/b/in
		rm -rf packages/*/dist
		rm -f "$T"/did.*
		run
		there "$1, while $who runs: the change was made" "$T/did.$who"
		is "... every output is right" "$rc:$(made)" "0:a 2 b $([ $who = b ] && echo 2 || echo 1) c 2 600000"
		[ "$(warnings)" -le 1 ]; ok "... one warning at most: $err" $?
		is "... the replacement is untouched" "$(eval "$4")" "$5"
		rm -rf .vt; rm -f "$T"/do.*
		run
		run
		is "... and afterwards everything is a hit again" "$rc:$(hits):$err" "0:3/3 cache hit:"
	done
}
while_it_runs "the cache is deleted" "a b c" '(cd ../.. && rm -rf .vt)' : ''
while_it_runs "the folders in the cache are deleted" a '(cd ../.. && rm -rf .vt/v2 .vt/store-2)' : ''
while_it_runs "a file takes its place" "a c" '(cd ../.. && rm -rf .vt && echo precious >.vt)' 'cat .vt' precious
while_it_runs "another folder takes its place" a '(cd ../.. && rm -rf .vt && mkdir .vt && echo precious >.vt/f)' 'ls -A .vt; cat .vt/f' "f
precious"
while_it_runs "a link to another folder takes its place" "a c" "(cd ../.. && rm -rf .vt && mkdir -p '$T/mine' && echo precious >'$T/mine/f' && ln -s '$T/mine' .vt)" 'ls -A .vt; cat .vt/f; readlink .vt' "f
precious
$T/mine"
while_it_runs "a link to nothing takes its place" c '(cd ../.. && rm -rf .vt && ln -s nowhere .vt)' 'readlink .vt; ls nowhere 2>&1 | grep -c "No such"' "nowhere
1"
while_it_runs "the cache is moved" a "(cd ../.. && rm -rf '$T/mine' && mv .vt '$T/mine')" 'ls -A .vt 2>/dev/null | grep -vx "CACHEDIR.TAG\|.gitignore\|v2\|store-2\|last-summary"' ''

# removes and replaces the cache at random moments
seed
project
rm -f "$T"/do.*
( while [ ! -e "$T/enough" ]; do
	rm -rf .vt; sleep 0.0$((RANDOM % 10)); : >.vt 2>/dev/null; sleep 0.0$((RANDOM % 5)); rm -f .vt; sleep 0.0$((RANDOM % 10))
	ln -s nowhere .vt 2>/dev/null; rm -f .vt; sleep 0.$((RANDOM % 3))
done ) 2>/dev/null &
wrong=
for i in $(seq 20); do
	for p in a b c; do echo "$p $((RANDOM % 2))" >packages/$p/in; done
	[ $((RANDOM % 2)) = 0 ] || rm -rf packages/*/dist
	run
	[ "$rc:$(made)" = "0:$(cat packages/*/in | tr '\n' ' ')600000" ] || wrong="$wrong
$rc $(made) $out $err"
	[ "$(warnings)" -le 1 ] || wrong="$wrong
$err"
done
: >"$T/enough"
wait
is "20 runs with the cache changing at random: every output is right" "$wrong" ""
finish
