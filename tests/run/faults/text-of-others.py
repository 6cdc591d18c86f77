"""Puts control characters into all that a repository can name, and looks for them in what vt prints, into pipes
and on a terminal. Prints TAP lines. Arguments: vt, a folder of its own."""
import json, os, pty, re, shutil, subprocess, sys

VT, FOLDER = sys.argv[1], sys.argv[2]
WORK = FOLDER + "/w"
# clipboard (OSC 52), C1 CSI, carriage return, DEL, an override of the direction of text, a C1 byte that is not UTF-8 where names may have it
BAD = "\x1b]52;c;UFdORUQ\x07\u009b31m\rX\x7f\u202e"
FOUND = re.compile(rb"\x1b\]52|\x07|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xc2[\x80-\x9f]|\x7f|\r(?!\n)|(?<![\xc2-\xf4])(?<![\xe0-\xf4][\x80-\xbf])[\x80-\x9f](?![\x80-\xbf])")
number = 0


def tell(good, story, more=b""):
    global number
    number += 1
    print("%s %d - %s" % ("ok" if good else "not ok", number, story), flush=True)
    if not good:
        print("# " + repr(more))


def workspace(package, config=None):
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    os.chdir(WORK)
    with open("package.json", "w") as f:
        json.dump(package, f)
    if config is not None:
        with open("vite-task.json", "w") as f:
            json.dump(config, f)


def on_terminal(words):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(VT, (VT,) + words)
    out = b""
    try:
        while True:
            data = os.read(fd, 65536)
            if not data:
                break
            out += data
            if b"Select a task" in out:
                os.write(fd, b"\x03")
    except OSError:
        pass
    os.waitpid(pid, 0)
    os.close(fd)
    return out.replace(b"\r\n", b"\n")


def look(story, *words, mark=rb"UFdORUQ"):
    """mark: a part of the name that must be seen, so that the look is not for nothing."""
    piped = subprocess.run((VT,) + words, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    seen = False
    for where, data in (("stdout", piped.stdout), ("stderr", piped.stderr), ("terminal", on_terminal(words))):
        bad = FOUND.search(data)
        seen = seen or mark in data
        tell(not bad, "%s: nothing to obey on %s" % (story, where), data[max(0, bad.start() - 40):bad.end() + 40] if bad else b"")
    tell(seen, "... and the name is seen", piped.stdout + piped.stderr)


workspace({"name": "p" + BAD, "scripts": {"b": "true"}})
look("package name, -v", "run", "-v", "b")
look("package name, labeled", "run", "--log", "labeled", "b")
look("package name, grouped", "run", "--log", "grouped", "b")
look("package name, the last details", "run", "--last-details")
look("package name, --dry-run", "run", "--dry-run", "--log", "labeled", "b")
look("package name, JSON", "run", "--json", "--dry-run", "b", mark=b"plan")
look("package name, JSON of all tasks", "run", "--json")
workspace({"name": "p", "scripts": {"b" + BAD: "true"}})
look("task name, list", "run")
look("task name, misspelt", "run", "bX")
workspace({"name": "p", "scripts": {"b": "echo 'x" + BAD + "'"}})
look("command, --dry-run", "run", "--dry-run", "b")
look("command, list", "run")
workspace({"name": "p", "scripts": {"b": "'no-such" + BAD + "' 1"}})
look("program, --dry-run", "run", "--dry-run", "b")
look("program, run", "run", "b")
look("program, the last details", "run", "--last-details")
workspace({"name": "p"}, {"tasks": {"t": {"command": "sh -c 'cat in*'", "input": ["in*"]}}})
open("in" + BAD, "w").write("1")
subprocess.run([VT, "run", "t"], capture_output=True)
open("in" + BAD, "w").write("2")
look("file name, miss reason", "run", "--dry-run", "t")
os.rename("in" + BAD, b"in" + BAD.encode() + b"\x9b1\xff")
look("file name that is not UTF-8", "run", "--dry-run", "t", mark=rb"UFd")
subprocess.run([VT, "run", "-vv", "t"], capture_output=True)
look("file name, details", "run", "--last-details")
workspace({"name": "p"}, {"tasks": {"t": {"command": "true", "x" + BAD: 1}}})
look("unknown key", "run", "t")
workspace({"name": "p"}, {"tasks": {"t": {"command": "true", "cache": "x" + BAD}}})
look("wrong value", "run", "t", mark=b"error")
workspace({"name": "p"}, {"tasks": {"t": {"command": "true", "dependsOn": ["z" + BAD]}}})
look("dependsOn", "run", "t")
workspace({"name": "p"}, {"tasks": {"a" + BAD: {"command": "true", "dependsOn": ["b" + BAD]}, "b" + BAD: {"command": "true", "dependsOn": ["a" + BAD]}}})
look("cycle", "run", "a" + BAD)
workspace({"name": "p"}, {"tasks": {"t": {"command": "true", "cwd": "x" + BAD}}})
look("working directory", "run", "t")
workspace({"name": "p"}, {"tasks": {"t": {"command": "true", "env": ["A" + BAD]}}})
subprocess.run([VT, "run", "t"], capture_output=True)
os.environ["A" + BAD] = "1"
look("variable, miss reason", "run", "--dry-run", "t")
del os.environ["A" + BAD]
workspace({"name": "p"}, {"plugins": {"stores": ["z" + BAD]}, "tasks": {"t": {"command": "true"}}})
look("plugin name, list", "plugins", "list")
look("plugin name, run", "run", "t")
look("plugin name, info", "plugins", "info", "z" + BAD)
workspace({"name": "p", "workspaces": ["x" + BAD + "+(a"], "scripts": {"b": "true"}})
look("workspace pattern", "run", "b", mark=b"")
workspace({"name": "p", "scripts": {"b": "true"}})
subprocess.run([VT, "run", "b"], capture_output=True)
step = {"result": "done", "status": "miss", "exitCode": 1, "ms": 1, "savedMs": 0, "missing": 1, "task": "t" + BAD, "command": "c" + BAD,
        "reason": "r" + BAD + "\nr" + BAD, "notCached": "n" + BAD, "trouble": "e" + BAD, "inputs": ["i" + BAD], "outputs": ["o" + BAD]}
with open(".vt/last-summary", "w") as f:
    json.dump({"version": 1, "exitCode": 1, "steps": [step, dict(step, notCached=None)]}, f)
look("a summary made by others", "run", "--last-details")
look("a word of the command line", "run", "--x" + BAD)
look("a command that is not there", "x" + BAD)
shutil.rmtree(WORK)
WORK = FOLDER + "/w" + BAD
workspace({"name": "p"}, {"tasks": {"t": {"command": "true"}}})
look("folder, cache stat", "cache", "stat")
look("folder, error", "run", "-v", "t", mark=b"")
open("package.json", "w").write("{")
look("folder, broken file", "run", "t")
print("1..%d" % number)
