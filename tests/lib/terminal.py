"""Runs a command on a terminal of its own and passes on what it writes.

terminal.py [--when TEXT SEND]... [--after SECONDS SEND]... [--size ROWSxCOLS] -- command...

--when: once TEXT has been written, SEND is typed (python escapes: \\x03); in order.
With TERMINAL_TOOK=FILE the milliseconds from what was typed last to the end go there.
Exits with the command's code, 128 + n for a signal."""
import fcntl, os, pty, select, struct, sys, termios, time

args = sys.argv[1:]
steps, size = [], (50, 500)
while args and args[0] != "--":
    if args[0] == "--when":
        steps.append(("when", args[1].encode(), args[2].encode().decode("unicode_escape").encode("latin1")))
        args = args[3:]
    elif args[0] == "--after":
        steps.append(("after", float(args[1]), args[2].encode().decode("unicode_escape").encode("latin1")))
        args = args[3:]
    elif args[0] == "--size":
        size = tuple(int(n) for n in args[1].split("x"))
        args = args[2:]
    else:
        sys.exit("terminal.py: what is " + args[0])
args = args[1:]

pid, fd = pty.fork()
if pid == 0:
    # here, so that the program never sees another size
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[0], size[1], 0, 0))
    os.execvp(args[0], args)
seen, end, mark = b"", time.time() + 60, time.time()
while time.time() < end:
    if steps:
        kind, what, send = steps[0]
        if kind == "when" and what in seen or kind == "after" and time.time() - mark >= what:
            os.write(fd, send)
            mark = time.time()
            if kind == "when":
                seen = seen[seen.index(what) + len(what):]
            steps.pop(0)
            continue
    ready, _, _ = select.select([fd], [], [], 0.05)
    if not ready:
        continue
    try:
        data = os.read(fd, 65536)
    except OSError:
        data = b""
    if not data:
        break
    seen += data
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
else:
    os.kill(pid, 9)
# The terminal's settings as they were left, for tests that ask.
if os.environ.get("TERMINAL_SETTINGS"):
    with open(os.environ["TERMINAL_SETTINGS"], "w") as f:
        f.write("echo" if termios.tcgetattr(fd)[3] & termios.ECHO else "noecho")
_, status = os.waitpid(pid, 0)
if os.environ.get("TERMINAL_TOOK"):
    with open(os.environ["TERMINAL_TOOK"], "w") as f:
        f.write("%d\n" % ((time.time() - mark) * 1000))
code = os.waitstatus_to_exitcode(status)
sys.exit(128 - code if code < 0 else code)
