# The team section of the README, followed literally by two people with a clone each.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
# block NAME: the README's example of that file, without its comment
block() { sed -n "/^## Share results/,/^## The cache/p" "$abs_top_srcdir/README.md" | sed -n "\\|^// $1|,/^\`\`\`/p" | grep -v '^//\|^```'; }
workspace
file package.json '{"name":"root","scripts":{"build":"mkdir -p dist && cp in.txt dist/out.txt && date +%N >>dist/out.txt"}}'
file in.txt text
names=$(block vite-task.json) config=$(block '~/.config')
has "the workspace's example names the store" "$names" '"as": "main"'
has "the person's example says where the store is" "$config" redis://cache.example:6379
mkdir -p -m 700 "$T/home/.config/vt"
key=$(vt cache key new)
is "vt cache key new: makes a key" "$(grep -cE '^[0-9a-f]{64}$' <<<"$key")" 1
# person: takes the README's files, with a server that exists and the key
person() {
	printf '%s\n' "${config//redis:\/\/cache.example:6379/$url}" | sed "s/3cd0\.\.\./$key/" >"$T/home/.config/vt/config.json"
	printf '%s\n' "$names" >vite-task.json
	capture vt run build
}
if command -v redis-server >/dev/null && [ -e "$abs_top_builddir/plugins-1/vt-store-redis.so" ]; then
	redis_starts team
	url=unix://$T/team.sock
	person
	is "the first person: builds" "$rc$err $(hits)" "0 0"
	made=$(cat dist/out.txt)
	clone second; rm -rf dist
	person
	is "the second person: hits" "$rc$err $(hits)" "0 1"
	has "... with the line in the README" "$out" "◉ cache hit (main), replaying"
	is "... and has what the first one made" "$(cat dist/out.txt)" "$made"
else
	skip "the Redis server of the example" "redis-server or store-redis is missing"
fi
finish
