# Small files that make planning long: each is planned, or refused in a sentence, long before 10 seconds. (Quadratic
# planning takes a minute and more for each.)
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
VT_TIMEOUT=10
config() { python3 -c "import json; json.dump($1, open('$2', 'w'))"; }
fresh() { workspace "$1"; file package.json '{"name":"r","scripts":{"b":"true"}}'; }

fresh prefixes
config "{'tasks': {'t': {'command': ''.join('A%d=%d ' % (i % 1000, i) for i in range(200000)) + 'true'}}}" vite-task.json
capture vt run --dry-run t
is "200 000 variables before a command: planned in time" "$rc $(tail -n 1 <<<"$out")" "0 vt run: 0/1 cache hit (0%), nothing was run."
config "{'tasks': {'t': {'command': 'A=1 ' * 200000 + 'B=2 vt run u'}, 'u': {'command': 'sh -c \"echo \$A\$B\"', 'env': ['A', 'B']}}}" vite-task.json
capture vt run t
is "200 000 variables before a nested run: planned in time, and the last one counts" "$rc $(tail -n 1 <<<"$out")" "0 12"

fresh patterns
mkdir p; (cd p && mkdir $(seq 1 1000))
config "{'name': 'r', 'workspaces': ['p/*x%d' % i for i in range(60000)], 'scripts': {'b': 'true'}}" package.json
capture vt run --dry-run b
is "60 000 patterns over 1000 folders: refused in time" "$rc $(tail -n 1 <<<"$err")" "1 * The workspace has 60000 patterns of packages for too many folders; write fewer and wider ones"
for i in $(seq 1 1000); do echo '{}' >p/$i/package.json; done
config "{'name': 'r', 'workspaces': ['p/*'] + ['!p/*x%d' % i for i in range(60000)], 'scripts': {'b': 'true'}}" package.json
capture vt run --dry-run b
is "60 000 exclusions: refused in time" "$rc $(tail -n 1 <<<"$err")" "1 * The workspace has 60001 patterns of packages for too many folders; write fewer and wider ones"
config "{'name': 'r', 'workspaces': ['p/%d' % i for i in range(1, 1001)] * 60, 'scripts': {'b': 'true'}}" package.json
capture vt run --dry-run b
is "60 000 folders written out: planned in time" $rc 0
config "{'name': 'r', 'workspaces': ['p/' + '!(a)' * 100000], 'scripts': {'b': 'true'}}" package.json
capture vt run --dry-run b
is "100 000 negations in one pattern: refused in time" "$rc $(tail -n 1 <<<"$err")" "1 * A pattern of the workspace's packages has more than 64 \`!(...)\`; write several patterns"

fresh nested
config "{'tasks': {**{'n%d' % i: {'command': 'vt run n%d && vt run n%d' % (i + 1, i + 1)} for i in range(30)}, 'n30': {'command': 'true'}}}" vite-task.json
capture vt run --dry-run n0
is "2^30 nested runs: refused in time" "$rc $(tail -n 1 <<<"$err")" "1 * The plan has more than 65536 tasks in nested runs; is a \`vt run\` inside a command too wide?"
config "{'tasks': {'n': {'command': 'vt run m' + ' && ls *' * 200000}, 'm': {'command': 'true'}}}" vite-task.json
capture vt run --dry-run n
is "200 000 pieces for one shell: planned in time" "$rc $(tail -n 1 <<<"$out")" "0 vt run: 0/2 cache hit (0%), nothing was run."
finish
