# The cache of vt of the format before stays unchanged, and is removed 30 days after its last write.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"root"}'
file in.txt one
file vite-task.json '{"tasks": {"t": {"command": "cat in.txt", "input": ["in.txt"]}}}'
capture vt run t
is "the run" "$rc$err" 0
mkdir -p .vt/v1 .vt/store-1/files/ab
chmod -R go-rwx .vt
echo old >.vt/store-1/log; echo old >.vt/v1/history; echo old >.vt/store-1/files/ab/abcdef
again() { file in.txt "$1"; capture vt run t; is "$2: the run" "$rc$err" 0; }
find .vt/v1 .vt/store-1 -exec touch -d '29 days ago' {} +
again two "29 days old"
there "the older store stays" .vt/store-1/files/ab/abcdef
find .vt/v1 .vt/store-1 -exec touch -d '31 days ago' {} +
touch -d '3 days ago' .vt/v1/history
again three "one file was written 3 days ago"
there "the older store stays" .vt/store-1/files/ab/abcdef
touch -d '31 days ago' .vt/v1/history .vt/v1
again four "31 days old"
gone "the older store goes" .vt/store-1
gone "the older folder of the core goes" .vt/v1
there "the present store stays" .vt/store-2/log
again four "and hits"
has "..." "$out" "cache hit"
mkdir -p .vt/store-1 .vt/v1
capture vt cache clean
is "vt cache clean removes all of it" "$rc$err $(ls -A .vt 2>/dev/null)" "0 "
finish
