#!/usr/bin/env python3
"""Runs a command once, under the tracer and strace at the same time, and says what
strace saw that the tracer did not.

    truth.py [-s] TRACE-HOST PLUGIN.so COMMAND [ARGUMENT...]

-s: without the shim.

Prints one line for each kind, "read 120 missing 0", then the first missing paths;
exit 1 if there are any, 2 if the trace is incomplete or strace cannot work here.
Everything below / counts, so that nothing hides behind a root."""
import os, re, subprocess, sys, tempfile

ESCAPE = re.compile(r'\\(x[0-9a-f]{2}|[0-7]{1,3}|.)', re.S)
PLAIN = {'n': '\n', 't': '\t', 'r': '\r', 'v': '\v', 'f': '\f', 'a': '\a', '"': '"', '\\': '\\'}


def unescape(s):
    def one(m):
        t = m[1]
        if t[0] == 'x':
            return chr(int(t[1:], 16))
        if t[0] in '01234567':
            return chr(int(t, 8))
        return PLAIN.get(t, t)
    return ESCAPE.sub(one, s)


def split(text):
    """The arguments of a call, as far as strace printed them."""
    args, depth, at, quoted, i = [], 0, 0, False, 0
    while i < len(text):
        c = text[i]
        if quoted:
            if c == '\\':
                i += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c in '([{<':
            # "<" opens the text of -y about a descriptor; "<<" is a shift
            if c == '<' and text[i:i + 2] == '<<':
                i += 1
            else:
                depth += 1
        elif text[i:i + 2] == '=>':
            i += 1
        elif c in ')]}>':
            if depth == 0:
                args.append(text[at:i])
                return args, text[i + 1:]
            depth -= 1
        elif c == ',' and depth == 0:
            args.append(text[at:i])
            at = i + 1
        i += 1
    args.append(text[at:])
    return args, ''


def string(arg):
    m = re.fullmatch(r'\s*"((?:[^"\\]|\\.)*)"(\.\.\.)?\s*', arg, re.S)
    return None if not m or m[2] else unescape(m[1])


def of_fd(arg):
    m = re.fullmatch(r'\s*(?:AT_FDCWD|-?\d+)<(.*)>\s*', arg, re.S)
    return unescape(m[1]) if m else None


def tidy(path):
    parts, out = path.split('/'), []
    for p in parts:
        if p in ('', '.'):
            continue
        if p == '..':
            real = os.path.realpath('/' + '/'.join(out)).split('/')
            out = [q for q in real if q][:-1]
        else:
            out.append(p)
    return '/' + '/'.join(out)


class Truth:
    """What strace saw: (kind, path) -> the line that says so."""

    def __init__(self):
        self.seen, self.cwd = {}, {}

    def add(self, kinds, path, line):
        self.seen.setdefault((kinds, path), line)

    def path(self, pid, arg, fd=None):
        name = string(arg)
        if name is None:
            return None
        if name.startswith('/'):
            return name
        base = of_fd(fd) if fd is not None else self.cwd.get(pid, ['/'])[0]
        if base is None or not base.startswith('/') or base.endswith(' (deleted)'):
            return None
        if not name:
            return base
        return base + '/' + name

    def call(self, pid, name, a, result, line):
        # strace says where the process stood; the order of chdir and clone in its lines may differ from theirs
        for arg in a[:1] if name.endswith('at') or name in ('statx', 'openat2', 'faccessat2', 'fchmodat2') else []:
            if arg.strip().startswith('AT_FDCWD<'):
                self.cwd.setdefault(pid, [''])[0] = of_fd(arg)
        ok = result.startswith(('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'))
        at = {'openat': 0, 'openat2': 0, 'newfstatat': 0, 'statx': 0, 'faccessat': 0, 'faccessat2': 0, 'readlinkat': 0,
              'execveat': 0, 'mkdirat': 0, 'mknodat': 0, 'unlinkat': 0, 'fchmodat': 0, 'fchownat': 0, 'utimensat': 0,
              'name_to_handle_at': 0, 'futimesat': 0, 'fchmodat2': 0}
        if name in ('open', 'openat', 'openat2', 'creat'):
            p = self.path(pid, a[1], a[0]) if name != 'open' and name != 'creat' else self.path(pid, a[0])
            # the tracer's own library is no file of the task
            if p is None or p.endswith('/memfd:') or os.path.basename(p) in ('vt-shim.so', 'vt-shim-log'):
                return
            flags = 'O_WRONLY|O_CREAT|O_TRUNC' if name == 'creat' else a[1] if name == 'open' else a[2]
            flags = set(re.findall(r'O_\w+|__O_\w+', flags))
            if 'O_TMPFILE' in flags or '__O_TMPFILE' in flags:
                return self.add('PL', p, line)
            if 'O_PATH' in flags:
                return self.add('P', p, line)
            writes = flags & {'O_WRONLY', 'O_RDWR'} or 'O_TRUNC' in flags
            if 'O_EXCL' in flags and 'O_CREAT' in flags:
                self.add('P', p, line)
                if ok:
                    self.add('W', p, line)
                return
            if writes:
                self.add('W', p, line)
            if 'O_TRUNC' in flags:
                return
            # what is written into a file that is not cut off lies among its old content
            self.add('L' if 'O_DIRECTORY' in flags else 'RP' if 'O_CREAT' in flags else 'R', p, line)
        elif name in ('execve', 'execveat'):
            p = self.path(pid, a[1], a[0]) if name == 'execveat' else self.path(pid, a[0])
            if p:
                self.add('X', p, line)
        elif name in ('stat', 'lstat', 'access', 'readlink', 'statfs', 'getxattr', 'lgetxattr', 'listxattr', 'llistxattr'):
            p = self.path(pid, a[0])
            if p:
                self.add('P', p, line)
        elif name in ('newfstatat', 'statx', 'faccessat', 'faccessat2', 'readlinkat', 'name_to_handle_at'):
            flags = ' '.join(a[2:])
            # the shim asks so before it opens a file
            if name == 'statx' and 'AT_STATX_DONT_SYNC' in a[2] and a[3].strip() == 'STATX_TYPE':
                return
            if 'AT_EMPTY_PATH' in flags and of_fd(a[0]) is not None and 'AT_FDCWD' not in a[0]:
                if string(a[1]) == '' or string(a[1]) is None:
                    return
            p = self.path(pid, a[1], a[0])
            if p and not (string(a[1]) == '' and name != 'readlinkat' and 'AT_EMPTY_PATH' not in flags):
                self.add('P', p, line)
        elif name == 'inotify_add_watch':
            p = self.path(pid, a[1])
            if p:
                self.add('P', p, line)
        elif name in ('mkdir', 'mkdirat') and 'EEXIST' in result:
            p = self.path(pid, a[0]) if name == 'mkdir' else self.path(pid, a[1], a[0])
            if p:
                self.add('P', p, line)
        elif name in ('mkdir', 'rmdir', 'unlink', 'truncate', 'chmod', 'chown', 'lchown', 'utime', 'utimes', 'mknod'):
            p = self.path(pid, a[0])
            if p and string(a[0]) and (ok or name not in ('mknod',)):
                self.add('W', p, line)
            if p and string(a[0]) and name == 'truncate':
                self.add('R', p, line)
        elif name in ('mkdirat', 'unlinkat', 'fchmodat', 'fchmodat2', 'fchownat', 'utimensat', 'futimesat', 'mknodat'):
            p = self.path(pid, a[1], a[0])
            if p and string(a[1]) and (ok or name != 'mknodat'):
                self.add('W', p, line)
        elif name in ('symlink', 'symlinkat'):
            p = self.path(pid, a[1]) if name == 'symlink' else self.path(pid, a[2], a[1])
            if p:
                self.add('W' if ok else 'P', p, line)
        elif name in ('link', 'linkat'):
            two = (self.path(pid, a[0]), self.path(pid, a[1])) if name == 'link' else \
                (self.path(pid, a[1], a[0]), self.path(pid, a[3], a[2]))
            if two[0] and not two[0].startswith('/proc/'):
                self.add('R', two[0], line)
            if two[1]:
                self.add('W' if ok else 'P', two[1], line)
        elif name in ('rename', 'renameat', 'renameat2'):
            two = (self.path(pid, a[0]), self.path(pid, a[1])) if name == 'rename' else \
                (self.path(pid, a[1], a[0]), self.path(pid, a[3], a[2]))
            if name == 'renameat2' and 'NOREPLACE' in a[4] and two[1]:
                self.add('P', two[1], line)
            # a missing file is not renamed; its folder may be missing, too
            for p in two:
                if p:
                    self.add('M' if ok or not ('ENOENT' in result or 'EEXIST' in result) else 'PM', p, line)
        elif name == 'chdir':
            p = self.path(pid, a[0])
            if p:
                self.add('P', p, line)
            if p and ok:
                self.cwd.setdefault(pid, [''])[0] = tidy(p)
        elif name == 'fchdir' and ok and of_fd(a[0]):
            self.cwd.setdefault(pid, [''])[0] = of_fd(a[0])

    def start(self, parent, child, flags):
        here = self.cwd.get(parent, ['/'])
        self.cwd[child] = here if 'CLONE_FS' in flags else list(here)


def parse(file, first):
    """The command's own lines: of `first`, a process, and those below it."""
    truth, ours, waiting = Truth(), None, {}
    with open(file, encoding='latin-1') as f:
        for line in f:
            m = re.match(r'(\d+)\s+(.*)', line, re.S)
            if not m:
                continue
            pid, rest = int(m[1]), m[2].rstrip('\n')
            if rest.startswith(('---', '+++')):
                continue
            r = re.match(r'<\.\.\. (\w+) resumed>(.*)', rest, re.S)
            if r:
                before = waiting.pop(pid, None)
                if before is None:
                    continue
                rest = before + r[2]
            elif rest.endswith('<unfinished ...>'):
                waiting[pid] = rest[:-len('<unfinished ...>')]
                # a child may run before its parent's line is whole
                continue
            c = re.match(r'(\w+)\((.*)', rest, re.S)
            if not c:
                continue
            args, tail = split(c[2])
            result = tail.split('=', 1)[1].strip() if '=' in tail else '?'
            yield pid, c[1], args, result, line.rstrip('\n')
    for pid, rest in waiting.items():
        c = re.match(r'(\w+)\((.*)', rest, re.S)
        if c:
            yield pid, c[1], split(c[2])[0], '?', rest


def truth_of(file, cwd):
    lines = list(parse(file, None))
    # children first: their lines may stand before the one that made them
    parent, flags = {}, {}
    for pid, name, args, result, line in lines:
        if name in ('clone', 'clone3', 'fork', 'vfork') and result.split(' ')[0].isdigit():
            child = int(result.split(' ')[0])
            parent[child], flags[child] = pid, ' '.join(args)
    host = lines[0][0]
    top = [c for c, p in parent.items() if p == host and 'CLONE_THREAD' not in flags[c]]
    command = top[0]        # the first process the host forked; its thread is none
    truth, known = Truth(), {command}
    truth.cwd[command] = [cwd]
    forked = set()

    def mine(pid):
        chain = []
        while pid not in known:
            if pid not in parent or pid == host:
                return False
            chain.append(pid)
            pid = parent[pid]
        for child in reversed(chain):
            truth.start(parent[child], child, flags[child])
            known.add(child)
        return True

    armed = False
    for pid, name, args, result, line in lines:
        if not mine(pid):
            continue
        if name == 'execve' and pid == command:
            armed = True
        if armed:
            truth.call(pid, name, args, result, line)
    return truth


def traced(file):
    have, complete = set(), 'incomplete: nothing was written'
    letters = {'READ': 'R', 'WRITE': 'W', 'PROBE': 'P', 'LIST': 'L', 'RENAME': 'M', 'EXEC': 'X'}
    with open(file, encoding='latin-1', newline='\n') as f:
        for line in f:
            part = line.rstrip('\n').split('\t')
            if part[0] in letters:
                for path in part[2:]:
                    have.add((letters[part[0]], unescape(path)))
            else:
                complete = ' '.join(part)
    return have, complete


def main():
    options = [a for a in sys.argv[1:2] if a == '-s']
    host, plugin, *command = sys.argv[1 + len(options):]
    with tempfile.TemporaryDirectory() as tmp:
        log, notes = tmp + '/strace', tmp + '/notes'
        out = os.environ.get('TRUTH_OUT', os.devnull)
        run = subprocess.run(['strace', '-f', '-y', '-s', '8192', '-qq', '-o', log, '-e',
                              'trace=%file,%process,fchdir,openat2,faccessat2,statx,name_to_handle_at', '-e', 'signal=none',
                              host] + options + ['-r', '/', '-o', notes, plugin] + command,
                             stdin=subprocess.DEVNULL, stdout=open(out, 'wb'), stderr=subprocess.PIPE)
        if not os.path.exists(notes) or run.returncode in (125, 127):
            print('the command did not run: %d %s' % (run.returncode, run.stderr.decode('latin-1')[-500:]))
            return 2
        have, complete = traced(notes)
        truth = truth_of(log, os.getcwd())
        if os.environ.get('TRUTH_KEEP'):
            os.system('cp %s %s %s' % (log, notes, os.environ['TRUTH_KEEP']))
    print('status %d' % run.returncode)
    print(complete)
    names = {'R': 'read', 'W': 'write', 'P': 'probe', 'L': 'list', 'M': 'rename', 'X': 'exec', 'RP': 'create', 'PL': 'tmpfile', 'PM': 'norename'}
    count, missing = {}, {}
    for (kinds, path), line in truth.seen.items():
        path = tidy(path)
        count[kinds] = count.get(kinds, 0) + 1
        if path.startswith('/proc/') or path.startswith('/dev/fd'):
            continue
        if not any((k, path) in have for k in kinds):
            missing.setdefault(kinds, []).append((path, line))
    for kinds in sorted(count):
        print('%s %d missing %d' % (names[kinds], count[kinds], len(missing.get(kinds, []))))
    for kinds in missing:
        for path, line in missing[kinds][:10]:
            print('  %s %s  <- %s' % (names[kinds], path, line[:160]))
    if sum(count.values()) < 5:
        print('strace saw next to nothing')
        return 2
    return 2 if complete != 'complete' else 1 if missing else 0


sys.exit(main())
