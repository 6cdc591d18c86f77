# The first time a task may change a path, the tracer looks at the earlier state.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
workspace

# before NAME: the state that was reported, each time
before() { printf '%s\n' "$seen" | n=$1 awk -F'\t' '$1 == "BEFORE" && $3 == ENVIRON["n"] { printf "%s%s", s, $4; s = " " }'; }
# The XXH3-128 of "one\n".
one=c06567c16a1de182538d12e73f626d650
same() { is "$1" "$(before "$2")" "$3"; }

order() { printf '%s\n' "$seen" | n=$1 awk -F'\t' '$3 == ENVIRON["n"] { printf "%s%s", s, $1; s = " " }'; }
fresh() { rm -rf -- *; echo one >a; }

fresh; traced sh -c 'echo x >a; echo y >>a; echo z >new'
well "opening for writing"
same "a file that was there: its content, once" a "$one"
is "a file that was absent: absent" "$(before new)" absent
is "a file that is written: BEFORE comes first" "$(order a)" "BEFORE WRITE READ"

fresh; traced python3 -c 'import os; os.open("made", os.O_RDONLY | os.O_CREAT); os.open("a", os.O_RDONLY | os.O_CREAT)'
is "a file made by opening it for reading: absent" "$(before made)" absent
is "a file that is there and opened so: only read" "$(order a)" READ

fresh; chmod +x a; traced sh -c 'echo x >a'
same "an executable file: that its owner may execute it is told" a "${one}x"

fresh; ln -s a l; traced sh -c 'echo x >l'
same "written through a link: the content of the file" a "$one"
is "... the link itself was not written" "$(before l)" ""

fresh; traced python3 -c 'import os; os.chmod("a", 0o600); os.utime("a", (1, 1))'
is "attributes alone: the content is not looked at" "$(before a)" f
has "... the write is marked" "$seen" $'WRITE\ta\ta'
fresh; traced sh -c 'chmod 600 a; echo x >a'
same "... opening it later looks at the content" a "f $one"

fresh; mkdir d; ln -s nowhere l; echo two >b; mkfifo p; traced sh -c 'mv d e; mv l k; mv a b; mv p q'
is "a renamed directory" "$(before d)" d
is "a renamed link" "$(before l)" lnowhere
is "a renamed pipe" "$(before p)" o
same "a renamed file: its content" a "$one"
like "the file that a rename replaces" "$(before b)" "c*"
is "a rename to a new name: absent" "$(before e)" absent

fresh; traced sh -c 'rm a; echo one >a'
same "removed and made again: the content before" a "$one"

fresh; mkdir d; traced sh -c 'mkdir -p d; mkdir d d2'
is "making a folder that is there: nothing is told" "$(before d)" ""
is "... its name is only asked for" "$(ops d | tr ' ' '\n' | sort -u | tr '\n' ' ')" "PROBE "
is "making a folder that is absent: absent" "$(before d2)" absent

fresh; traced perl -e 'rename "gone", "a"; rename "a", "b"'
is "a rename of a missing file: its name is only asked for" "$(ops gone)" PROBE
same "... the file that it names is as it was" a "$one"
fresh; echo two >b; traced python3 -c 'import ctypes; c = ctypes.CDLL(None); c.renameat2(-100, b"a", -100, b"b", 1)'
is "a rename that must not replace: the name is only asked for" "$(ops b)" PROBE

fresh; truncate -s 17M big; traced sh -c 'echo >>big; echo >>a'
is "a file of more than 16 MiB: its content is not looked at" "$(before big)" f
fresh; traced python3 -c 'import os; os.truncate("a", 2)'
same "a truncated file: its content" a "$one"
fresh; traced python3 -c 'open("a", "r+").write("two")'
same "opened for reading and writing: its content" a "$one"
is "... read, then before, then write" "$(order a)" "READ BEFORE WRITE"

# binding a socket makes its name
fresh; file bind.py 'import os, socket, sys
for name in sys.argv[1:]:
    s = socket.socket(socket.AF_UNIX)
    try: s.bind(name)
    except OSError: continue
    s.listen(); c = socket.socket(socket.AF_UNIX); c.connect(name); os.unlink(name)
socket.socket(socket.AF_UNIX).bind("\0abstract"); socket.socket().bind(("127.0.0.1", 0))'
mkdir d; traced python3 bind.py sock d/./sock a
well "a socket that is bound"
is "a socket that is bound: absent before" "$(before sock) $(before d/sock)" "absent absent"
like "... told before the bind, which makes it" "$(order sock)" "PROBE BEFORE WRITE*"
is "a socket where a file is: nothing is made" "$(before a)$(ops a | tr ' ' '\n' | sort -u)" PROBE
hasnt "abstract and internet addresses: no file" "$seen" abstract
finish
