# Several runners are faster than one: 2 take at most 0.6 of its time, 4 at most 0.35.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
workspace
file package.json '{"name":"root","workspaces":["packages/*"]}'
for ((i = 0; i < 24; i++)); do
	file packages/p$i/package.json "{\"name\":\"p$i\"}"
	file packages/p$i/vite-task.json '{"tasks":{"t":{"command":"sleep 1","input":["package.json"]}}}'
done
project store-redis ''
redis_starts main
team "\"url\": \"unix://$T/main.sock\""
# took NAME...: milliseconds of a run by these
took() {
	local began
	for n; do rm -rf "$T/$n"; (clone $n); done
	redis main flushall >/dev/null
	began=$(date +%s%N)
	runners -r --together="run$#" --concurrency-limit 2 t -- "$@"
	echo $((($(date +%s%N) - began) / 1000000))
}
# other programs on this machine take their time, too: the best of three counts
one=$(took A)
for try in 1 2 3; do
	two=$(took A B)
	[ $((two * 10 > one * 6)) = 1 ] || break
done
for try in 1 2 3; do
	four=$(took A B C D)
	[ $((four * 100 > one * 35)) = 1 ] || break
done
echo "# one runner $one ms, two $two ms, four $four ms"
is "all runners succeed" "$(rc_of A)$(rc_of B)$(rc_of C)$(rc_of D)" 0000
ok "two runners take at most 0.6 of the time of one" $((two * 10 > one * 6))
ok "four runners take at most 0.35 of it" $((four * 100 > one * 35))
finish
