# Runners in network namespaces of their own, and one whose clock is wrong: separate like machines.
. "${0%/*}/../../lib/functions.sh" || exit
if [ -z "${OWN_NET-}" ]; then
	rm -rf "$T"
	if unshare -n true 2>/dev/null && unshare -n ip link set lo up 2>/dev/null; then OWN_NET=1 exec unshare -n bash "$0"; fi
	skip_all "no network namespace can be made here"
fi
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
requires ip nsenter
ip link set lo up
ip addr add 10.77.0.1/32 dev lo
real=$VT
# machine NAME NUMBER: a namespace with a link to here; vt in it is $T/vt-NAME
machine() {
	unshare -n sleep 600 & local pid=$!
	cleanup "kill $pid 2>/dev/null"
	within 20 eval '[ "$(readlink /proc/'$pid'/ns/net)" != "$(readlink /proc/$$/ns/net)" ]'
	ip link add "v$1" type veth peer name eth0 netns $pid && ip addr add "10.77.$2.1/24" dev "v$1" && ip link set "v$1" up &&
		nsenter -t $pid -n sh -c "ip link set lo up; ip addr add 10.77.$2.2/24 dev eth0; ip link set eth0 up; ip route add default via 10.77.$2.1" ||
		skip_all "no link between network namespaces can be made here"
	printf '#!/bin/sh\nexec %s nsenter -t %s -n "%s" "$@"\n' "${3-}" $pid "$real" >"$T/vt-$1"
	chmod 755 "$T/vt-$1"
}
on() { local VT=$T/vt-$1; runner "$@"; }            # on NAME WORDS...: runner, on that machine
machine A 1
machine B 2
port=$(free_port)
redis_starts main --port "$port" --bind 0.0.0.0 --protected-mode no
team "\"url\": \"redis://10.77.0.1:$port\""
workspace
file package.json '{"name":"root","workspaces":["packages/*"]}'
for i in 1 2 3 4 5 6 7 8; do
	file packages/p$i/package.json "{\"name\":\"p$i\"}"
	file packages/p$i/in "in $i"
	file packages/p$i/vite-task.json "{\"tasks\":{\"build\":{\"command\":\"sh -c 'echo p$i >>$T/ran; sleep 0.4; mkdir -p dist; cat in >dist/out'\",\"input\":[\"in\"],\"output\":[\"dist/**\"]}}}"
done
project store-redis ''
: >"$T/ran"
(clone A) && (clone B)
on A -r --together=machines --concurrency-limit 2 build; a=$!
on B -r --together=machines --concurrency-limit 2 build; b=$!
wait $a $b
is "two machines: do the work of one run" "$(rc_of A)$(rc_of B) $(sort "$T/ran" | xargs)" "00 p1 p2 p3 p4 p5 p6 p7 p8"
is "... without a warning" "$(cat "$T/A.err" "$T/B.err")" ""
# the link of one is cut
: >"$T/ran"; rm -rf "$T/A" "$T/B"; redis main flushall >/dev/null
(clone A) && (clone B)
on A -r --together=cut --together-index 0 --concurrency-limit 1 build; a=$!
on B -r --together=cut --together-index 1 --concurrency-limit 1 build; b=$!
within 30 eval '[ "$(wc -l <"$T/ran")" -ge 3 ]'
ip link set vB down
wait $a $b
is "a machine that is cut off: goes on alone, and the other takes its tasks over" "$(rc_of A)$(rc_of B) $(sort -u "$T/ran" | xargs)" "00 p1 p2 p3 p4 p5 p6 p7 p8"
is "... one line tells it, once" "$(grep -c 'this runner works alone' "$T/B.err")" 1
is "... and the other has all results" "$(cat "$T"/A/packages/*/dist/out | wc -l)" 8
ip link set vB up
# clocks
if command -v faketime >/dev/null; then
	: >"$T/ran"; rm -rf "$T/A" "$T/B"; redis main flushall >/dev/null
	(clone A) && (clone B)
	printf '#!/bin/sh\nexec faketime -f +3h "%s" "$@"\n' "$real" >"$T/vt-B"
	VT=$real runner A -r --together=clocks --concurrency-limit 2 build; a=$!
	on B -r --together=clocks --concurrency-limit 2 build; b=$!
	wait $a $b
	is "clocks hours apart: the work is shared" "$(rc_of A)$(rc_of B) $(sort "$T/ran" | xargs)" "00 p1 p2 p3 p4 p5 p6 p7 p8"
else
	skip "clocks that differ by hours part nothing" "faketime is not installed"
fi
finish
