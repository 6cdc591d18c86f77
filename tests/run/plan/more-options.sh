# -C, --concurrency-limit in parts of the machine, and options behind the task.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a b
mkdir -p packages/a/src elsewhere
for p in a b; do file packages/$p/package.json "{\"name\":\"$p\",\"scripts\":{\"where\":\"pwd\",\"say\":\"echo\"}}"; done
file package.json '{"name":"root","scripts":{"in-a":"vt run -C packages/a where","there":"cd packages && vt run -C b where"}}'
for words in "-C packages/a run where" "run -C packages/a where" "run -C packages/a/src where" "--cwd=packages/a run where" "-C packages run -C a where" "run-many where -C packages/a"; do
	capture vt $words
	is "vt $words: as if called there" "$rc $(grep ^/ <<<"$out")" "0 $W/packages/a"
done
capture vt run in-a
is "-C inside a script: works" "$rc $(grep ^/ <<<"$out")" "0 $W/packages/a"
capture vt run there
is "... from where cd led" "$rc $(grep ^/ <<<"$out")" "0 $W/packages/b"
capture vt -C nowhere run where
is "-C to a missing folder: an error" "$rc $err" "1 error: Cannot enter the folder 'nowhere': No such file or directory"
capture vt run -C package.json where
is "-C to a file: an error" "$rc $err" "1 error: Cannot enter the folder 'package.json': Not a directory"
capture vt run --filter ./a -C packages where
is "-C: a filter's folder starts there" "$rc $(grep ^/ <<<"$out")" "0 $W/packages/a"

for limit in auto 50% 1% 200% 3; do
	capture vt run --concurrency-limit $limit -r where
	is "--concurrency-limit $limit" "$rc" 0
	with VP_RUN_CONCURRENCY_LIMIT=$limit capture vt run -r where
	is "VP_RUN_CONCURRENCY_LIMIT=$limit" "$rc" 0
done
for limit in x % 5%% -1% 50%x; do
	capture vt run --concurrency-limit=$limit -r where
	is "--concurrency-limit=$limit: an error" "$rc $(head -n 1 <<<"$err")" "2 error: invalid value '$limit' for '--concurrency-limit <CONCURRENCY_LIMIT>': invalid digit found in string"
done
with VP_RUN_CONCURRENCY_LIMIT=%5 capture vt run -r where
is "VP_RUN_CONCURRENCY_LIMIT of that value: an error" "$rc $err" '1 error: Invalid value for VP_RUN_CONCURRENCY_LIMIT: "%5"'
capture vt run --continue=sometimes -r where
is "--continue with another word: an error that names two" "$rc $(head -n 2 <<<"$err")" "2 error: invalid value 'sometimes' for '--continue[=<WHAT>]'
  [possible values: dependencies-successful, always]"

cd packages/a
for word in --continue --filter=b --recursive --cache; do
	capture vt run say $word
	is "$word behind the task: handed to the task, and a note tells it" "$rc $(grep -x -- "$word" <<<"$out") $err" "0 $word hint: '$word' stands behind the task and is handed to it; options of vt stand before it: vt run $word say"
done
for words in "-r" "-t name" "--continued" "-- --continue" "continue" "--filter=x --help=1"; do
	capture vt run say $words
	[ "$words" = "--filter=x --help=1" ] && has "$words: one note tells it" "$err" "hint: '--filter=x'" || is "$words: no note" "$rc $err" "0 "
done
finish
