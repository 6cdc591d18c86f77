#!/usr/bin/env python3
"""A terminal for the selector: terminal.py [--size ROWSxCOLUMNS] KEYS PROGRAM ARG...

KEYS are words: down, up, enter, esc, backspace, ctrl-c, term (the signal), type:TEXT. Before each one the
screen must have been quiet for a moment. Prints the screen as it was before the last key,
a line "===", everything that was printed after it without control sequences, and "exit N".
"""
import os, pty, re, select, signal, struct, sys, termios, fcntl, time

KEYS = {"down": b"\x1b[B", "up": b"\x1b[A", "enter": b"\r", "esc": b"\x1b", "backspace": b"\x7f", "ctrl-c": b"\x03", "page": b"\x1b[6~"}
args = sys.argv[1:]
rows, columns = 40, 100
if args[0] == "--size":
    rows, columns = map(int, args[1].split("x"))
    args = args[2:]
keys, command = args[0].split(), args[1:]

pid, fd = pty.fork()
if pid == 0:
    # here, so that the program never sees another size
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(command[0], command)


class Screen:
    """What the sequences of the selector do to lines of text."""
    def __init__(self):
        self.lines, self.y, self.x = [""], 0, 0

    def put(self, text):
        for part in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+|\x1b", text):
            if part == "\r":
                self.x = 0
            elif part == "\n":
                self.y += 1
                while len(self.lines) <= self.y:
                    self.lines.append("")
            elif part.startswith("\x1b["):
                n = int(part[2:-1]) if part[2:-1].isdigit() else 1
                if part[-1] == "A":
                    self.y = max(0, self.y - n)
                elif part[-1] == "G":
                    self.x = n - 1
                elif part[-1] == "J":
                    self.lines[self.y] = self.lines[self.y][:self.x]
                    del self.lines[self.y + 1:]
            elif part != "\x1b":
                line = self.lines[self.y].ljust(self.x)
                self.lines[self.y] = line[:self.x] + part + line[self.x + len(part):]
                self.x += len(part)

    def text(self):
        return "\n".join(l.rstrip() for l in self.lines).rstrip("\n")


def quiet(screen, moment=0.25, most=20):
    end, got, seen = time.time() + most, b"", False
    while time.time() < end:
        r, _, _ = select.select([fd], [], [], moment if seen else most)
        if not r:
            break
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            break
        seen = True
        got += data
    text = got.decode("utf-8", "replace")
    screen.put(text)
    return text


def ended():
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


screen = Screen()
quiet(screen)
before = screen.text()
for key in keys:
    before = screen.text()
    if key == "term":
        os.kill(pid, signal.SIGTERM)
    else:
        os.write(fd, key[5:].encode() if key.startswith("type:") else KEYS[key])
    quiet(screen)
local = bool(termios.tcgetattr(fd)[3] & termios.ECHO)
end = time.time() + 20
while not ended() and time.time() < end:
    quiet(screen, 0.1, 1)
if not ended():
    os.kill(pid, signal.SIGKILL)
_, status = os.waitpid(pid, 0)
print(before)
print("===")
print(screen.text())
print("exit %d%s" % (os.waitstatus_to_exitcode(status), "" if local else ", terminal left raw"))
