# While outputs are restored, another process of the workspace's owner swaps them and their folder against links that
# lead out. Nothing outside changes, in content, mode or name; also not for root in that user's workspace.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
SEED=${SEED:-$RANDOM}; RANDOM=$SEED; echo "# SEED=$SEED"
workspace
file package.json '{"name":"r"}'
file in 1
file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","input":["in","t.sh"],"output":["dist/**"]}}}'
# t.sh fails while the links are swapped in: a task that ran then would itself write through them
file t.sh '[ ! -e swapping ] || exit 1; mkdir -p dist/sub dist/empty; for i in 0 1 2 3 4 5 6 7; do echo out$i >dist/sub/f$i; chmod 664 dist/sub/f$i; done; chmod 755 dist/sub dist/empty'
outside=$T/outside; mkdir -m 711 "$outside"; mkdir -m 700 "$outside/sub"
for i in 0 1 2 3 4 5 6 7; do echo secret$i >"$outside/f$i"; echo secret$i >"$outside/sub/f$i"; done; chmod 600 "$outside"/f* "$outside"/sub/f*
vt run t >/dev/null; vt run t >/dev/null
mkdir swap
state() { (cd "$outside" && find . -printf '%P %y %m %s %n\n' | sort; cat f* sub/f*); }
before=$(state)
cat >"$T/swap.py" <<'P'
import ctypes, os, random, sys
libc = ctypes.CDLL(None, use_errno=True)
random.seed(int(sys.argv[2]))
if sys.argv[3] == "somebody":
    os.setgid(65534); os.setuid(65534)
def exchange(dir_a, a, dir_b, b):
    return libc.syscall(316 if os.uname().machine == "x86_64" else 276, dir_a, a.encode(), dir_b, b.encode(), 2)
os.chdir(sys.argv[1])
outside = sys.argv[4]
dist, swap = (os.open(d, os.O_RDONLY | os.O_DIRECTORY) for d in ("dist", "swap"))
def links_anew():
    """A restore puts files in the place of links: makes the links again."""
    for name, target in [("f%d" % i, outside + "/f%d" % i) for i in range(8)] + [("sub", outside), ("empty", outside + "/sub")]:
        try:
            if os.path.islink("swap/" + name):
                continue
            if os.path.isdir("swap/" + name):
                if os.path.islink("dist/" + name):
                    exchange(dist, name, swap, name)
                    continue
                os.rename("swap/" + name, "swap/old%d" % random.getrandbits(40))
            os.symlink(target, "swap/new")
            os.rename("swap/new", "swap/" + name)
        except OSError:
            pass
def spoil():
    """Removes or closes some outputs, themselves and through no link."""
    try:
        fd = os.open("dist/sub", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    for i in range(8):
        try:
            if random.random() < .02:
                os.unlink("f%d" % i, dir_fd=fd)
            else:
                f = os.open("f%d" % i, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=fd)
                os.fchmod(f, 0o600)
                os.close(f)
        except OSError:
            pass
    os.close(fd)
open("swapping", "w").close()
while os.path.exists("swapping"):
    links_anew()
    spoil()
    try:
        sub = os.open("sub", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=dist)
    except OSError:
        sub = -1
    for _ in range(random.randint(1, 12) if sub >= 0 else 0):
        name = "f%d" % random.randrange(8)
        for _ in range(2 * random.randint(1, 60)):
            exchange(sub, name, swap, name)
    if sub >= 0:
        os.close(sub)
    name = random.choice(["sub", "empty"])
    for _ in range(2 * random.randint(1, 60) if random.random() < .05 else 0):
        exchange(dist, name, swap, name)
P
# story WHO ROUNDS
story() {
	local bad= hits=0 n pid
	rm -f swapping
	python3 "$T/swap.py" "$W" "$SEED" "${1##* }" "$outside" & pid=$!
	until [ -e swapping ] || ! kill -0 $pid 2>/dev/null; do :; done
	for n in $(seq 1 "$2"); do
		VT_TIMEOUT=30 capture vt run t
		case $rc in 0|1) ;; *) bad="$bad $n: $rc" ;; esac
		case $out in *"cache hit"*) hits=$((hits + 1)) ;; esac
		[ "$(state)" = "$before" ] || { bad="$bad $n: $(diff <(printf '%s' "$before") <(state))"; break; }
	done
	rm -f swapping; wait $pid
	is "$1: no file outside was touched in $2 runs" "$bad" ""
	is "$1: some of them put something back" "$((hits > 0))" 1
	echo "# $1: $hits hits in $2 runs"
}
story "the same user" 40
if [ "$(id -u)" = 0 ]; then
	chown -hR 65534:65534 dist swap .; chown -hR 0:0 .vt; chmod 711 "$T"
	story "another user" 40
else
	skip "root in the workspace of another user" "only root can be root there"
fi
finish
