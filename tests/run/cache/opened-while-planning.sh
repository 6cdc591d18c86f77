# A large cache is opened while the plan is made: each command prints the same as without it.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
for p in {1..40}; do names+=(p$p); done
pnpm "${names[@]}"
for p in "${names[@]}"; do
	mkdir packages/$p/src
	for f in {1..50}; do echo "$p $f" >packages/$p/src/$f; done
	file packages/$p/vite-task.json '{"tasks":{"build":{"command":"cat src/1","input":["src/*"]},"plain":{"command":"cat src/2","cache":false}}}'
done
touch -d '1 minute ago' packages/*/src/*
capture vt run -r build
has "the first run" "$out" "0/40 cache hit"
capture vt run -r build
has "the second" "$out" "40/40 cache hit"
index=.vt/v2/stat
is "the cache is large enough to be opened early" "$(($(stat -c %s $index) >= 128 << 10))" 1

said() { sed 's/, [0-9.]*m*s saved/, saved/' <<<"$rc|$out|$err"; }
# story NAME WORDS...: compares the output of the command with the index and without
story() {
	local name=$1 with
	shift
	capture "$@"
	with=$(said)
	cp $index "$T/index"
	rm $index
	capture "$@"
	is "$name" "$with" "$(said)"
	cp "$T/index" $index
}
story "hits" vt run --log=labeled --concurrency-limit 1 -r build
story "tasks that are not cached" vt run --concurrency-limit 1 -r plain
story "a dry run" vt run --dry-run -r build
story "a task that is nowhere" vt run -r nowhere
story "words that make no sense" vt run -r --filter '{nowhere' build
file vite-task.json '{"plugins": {"stores": [{"use": "store-nowhere"}]}}'
story "a plugin that is nowhere" vt run p1#build
has "... is told" "$err" "store-nowhere"
story "... and not missed where nothing is cached" vt run p1#plain
story "... and not missed when the plan fails" vt run p1#nowhere
file vite-task.json '{"plugins": {"stores": 7}}'
story "settings that are wrong" vt run p1#build
isnt "... are told" "$err" ""
rm vite-task.json
chmod 777 .vt
story "a cache that others may write to" vt run p1#build
has "... is not used" "$err" "others may write to"
is "... as is told once" "$(grep -c . <<<"$err")" 1
chmod 700 .vt
with VT_CACHE_DIR=relative capture vt run p1#build
has "a relative path of the cache: an error" "$err" "VT_CACHE_DIR must be an absolute path"
echo new >packages/p7/src/9
capture vt run -r build
has "a changed file: seen" "$out" "'packages/p7/src/9' modified"
has "... in one of forty" "$out" "39/40 cache hit"
finish
