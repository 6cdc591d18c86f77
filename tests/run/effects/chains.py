"""Chains of commands: random tasks in a real workspace with vt, and on paper without a cache.

A history is a few tasks, each a chain of steps of `play` (tests/lib/play.c), and events: runs,
edits, deletions, fresh checkouts. After every run the workspace and what the steps printed must be
what they would be without a cache. On paper a step is a function over a dict (path -> content),
and play does the same with files; so the first run of each step checks the paper, too.

Not compared, and counted: histories that leave what vt promises (decided on paper alone):
a step that makes or prints something else when its own earlier products are there; tasks that run
at the same time and touch one path; products that are of no use any more and that nobody can tell
from needed ones. What the user took away of an undeclared product may stay away."""
import json, os, random, shutil, subprocess, tempfile

from histories import environment

MASK = (1 << 64) - 1
START = 14695981039346656037


def mix(h, data):
    for c in data:
        h = ((h ^ c) * 1099511628211) & MASK
    return h


def text(h):
    return '%016x' % h


def below(paths, folder):
    return [p for p in paths if p.startswith(folder + '/')]


class Trace:
    """One execution on paper: what it found, looked at first, and wrote."""

    def __init__(self, ws):
        self.ws, self.start = ws, dict(ws)
        self.looked, self.wrote, self.read_first = [], set(), set()
        self.acc, self.failed = START, False

    def note(self, s):
        self.acc = mix(self.acc, s.encode() + b'\0')

    def look(self, kind, p):
        if kind in 'fe' and p in self.wrote:
            return
        if (kind, p) not in self.looked:
            self.looked.append((kind, p))
        if kind == 'f':
            self.read_first.add(p)

    def read(self, p):
        self.look('f', p)
        return self.ws.get(p)

    def there(self, p):
        self.look('e', p)
        return p in self.ws

    def write(self, p, content):
        self.wrote.add(p)
        if content is None:
            self.ws.pop(p, None)
        else:
            self.ws[p] = content


def execute(ops, ws):
    t = Trace(ws)
    for op in ops:
        kind, a = op[0], op[1]
        if kind == 'read':
            c = t.read(a)
            t.note('-' if c is None else c)
        elif kind == 'probe':
            t.note('there' if t.there(a) else '-')
        elif kind == 'list':
            t.look('l', a)
            for n in sorted({p[len(a) + 1:].split('/')[0] for p in below(t.ws, a)}):
                t.note(n)
            t.note('/')
        elif kind == 'failif':
            c = t.read(a)
            if c == '1':
                t.failed = True
                break
            t.note('-' if c is None else c)
        elif kind == 'memo':
            pass                         # its own cache: nobody else looks there
        elif kind == 'write':
            t.write(a, text(mix(t.acc, op[2].encode())))
        elif kind == 'once':
            if not t.there(a):
                t.write(a, text(mix(0, op[2].encode())))
        elif kind == 'ifelse':
            t.write(op[2] if t.there(a) else op[3], text(mix(t.acc, op[4].encode())))
        elif kind == 'remove':
            t.look('e', a)
            t.write(a, None)
        elif kind == 'rimraf':
            t.look('t', a)
            for p in below(list(t.ws), a):
                t.write(p, None)
        elif kind == 'rename':
            if t.there(a):
                t.read(a)
                t.write(op[2], t.ws[a])
                t.write(a, None)
        elif kind == 'copy':
            c = t.read(a)
            if c is not None:
                t.write(op[2], c)
        elif kind in ('fix', 'same'):
            c = t.read(a)
            if c is not None:
                t.write(a, c if kind == 'same' or c.endswith(op[2]) else c + op[2])
        elif kind == 'incr':
            was, now = t.read(a) or '', ''
            for src, out in zip(op[3::2], op[4::2]):
                c = t.read(src)
                if c is None:
                    continue
                v = text(mix(mix(0, op[2].encode()), c.encode()))
                line = f'{src}={v}\n'
                if line not in was or not t.there(out):
                    t.write(out, v)
                now += line
            if now and now != was:
                t.write(a, now)
    t.output = text(t.acc)
    return t


class Step:
    def __init__(self, name, ops, output, cached=True, nested=False):
        self.name, self.ops, self.output, self.cached, self.nested = name, tuple(ops), output, cached, nested
        self.key = (name, self.ops)

    def command(self):
        return f'play -C ../.. {self.name} ' + ' '.join(':'.join(o) for o in self.ops)

    def __repr__(self):
        return f"{self.command()}{'' if self.cached else ' UNCACHED'}{' NESTED' if self.nested else ''}"


class Task:
    def __init__(self, steps, deps=(), output=None):
        self.steps, self.deps, self.output = steps, tuple(deps), output

    def __repr__(self):
        return ' && '.join(map(repr, self.steps)) + f'  [output={self.output} dependsOn={list(self.deps)}]'


def match(globs, path):
    return any(path == g or path.startswith(g + '/') for g in globs or ())


def closure(tasks, wanted):
    seen = set()

    def visit(n):
        for d in tasks[n].deps:
            visit(d)
        seen.add(n)
    for n in wanted:
        visit(n)
    return sorted(seen)


class Outside(Exception):
    """The history leaves what is promised."""


class Paper:
    """The workspace without a cache; who left and made each path, to know what may be compared.
    `failed`: a step of the last run did; what depends on its task did not run."""

    def __init__(self, tasks):
        self.tasks, self.ws, self.left, self.stale = tasks, {}, {}, {}

    def hidden(self, p, keys):
        e = self.left.get(p)
        return e and e[1] == self.ws.get(p) and e[1] is not None and e[0] in keys and e[2] in keys

    def run(self, wanted):
        order, outputs, touched = closure(self.tasks, wanted), {}, {}
        if any(p not in self.ws for p in self.stale):
            raise Outside('stale product taken away')
        self.stale = {p: c for p, c in self.stale.items() if self.ws.get(p) == c}
        self.failed, out = False, set()
        for n in order:
            if out & set(closure(self.tasks, [n])):
                continue
            reads, writes, steps = set(), set(), self.tasks[n].steps
            for i, step in enumerate(steps):
                keys = [(n, s.key) for s in steps[i:] if s.cached]
                hidden = {p for p in self.ws if self.hidden(p, keys)} if step.cached else set()
                before = dict(self.ws)
                t = execute(step.ops, self.ws)
                if hidden:
                    self.confluent(n, step, t, hidden)
                for kind, p in t.looked:
                    reads |= {p} if kind in 'fe' else {p} | set(below(t.start, p))
                writes |= t.wrote        # the same bytes, too: for a moment the file is empty
                reads |= t.wrote
                if t.failed:
                    self.failed = True
                    out.add(n)
                    touched[n] = reads, writes
                    if any(n not in closure(self.tasks, [m]) and m not in closure(self.tasks, [n]) for m in order):
                        raise Outside('failed beside others')
                    break
                outputs[step.name] = t.output
                for p in t.wrote if step.cached else ():
                    s0, s1 = before.get(p), t.ws.get(p)
                    if s0 == s1:
                        continue
                    maker = (n, step.key)
                    if s0 is not None and s1 is not None and p in t.read_first:
                        e = self.left.get(p)
                        maker = e[2] if e and e[1] == s0 else None
                    self.left[p] = ((n, step.key), s1, maker)
            touched[n] = reads, writes
        for a in order:
            for b in order:
                if a < b and a in touched and b in touched and a not in closure(self.tasks, [b]) and b not in closure(self.tasks, [a]):
                    (ra, wa), (rb, wb) = touched[a], touched[b]
                    for ws, rs in ((wa, rb), (wb, ra)):
                        if any(p == q or p.startswith(q + '/') for p in ws for q in rs):
                            raise Outside('race')
        return outputs

    def confluent(self, n, step, t, hidden):
        m = {p: c for p, c in t.start.items() if p not in hidden}
        u = execute(step.ops, m)
        if u.output != t.output or u.failed != t.failed:
            raise Outside('prints something else')
        for p in set(t.ws) | set(m):
            a, b = t.ws.get(p), m.get(p)
            if a != b:
                if not (p in hidden and b is None and a == t.start[p]):
                    raise Outside('makes something else')
                if self.left[p][2] == (n, step.key) and match(self.tasks[n].output, p):
                    raise Outside('left over under output')
                self.stale[p] = a


# ---------------------------------------------------------------- histories
SRC = ['src/a', 'src/b', 'src/c']
OUT = ['dist/x', 'dist/y', 'gen/g']
FOLDERS = ['dist', 'gen', 'src']
MEMO = 'node_modules/.cache/tool/memory'


def random_ops(rng, salt):
    ops = []
    any_path = SRC * 2 + OUT * 2 + ['dist/n', 'src/g']
    if rng.random() < .15:
        ops.append(('rimraf', rng.choice(['dist', 'dist', 'gen'])))
    for _ in range(rng.randint(1, 3)):
        ops.append(rng.choice([
            lambda: ('read', rng.choice(any_path)), lambda: ('read', rng.choice(SRC)),
            lambda: ('probe', rng.choice(any_path)), lambda: ('list', rng.choice(FOLDERS)),
            lambda: ('write', rng.choice(OUT + ['src/g']), salt), lambda: ('write', rng.choice(OUT), salt),
            lambda: ('write', rng.choice(OUT), 's'),
            lambda: ('once', rng.choice(OUT + ['.info', 'src/g']), salt),
            lambda: ('ifelse', rng.choice(any_path), rng.choice(OUT), rng.choice(OUT), salt),
            lambda: ('remove', rng.choice(any_path)), lambda: ('rimraf', rng.choice(FOLDERS[:2])),
            lambda: ('rename', *rng.sample(OUT, 2)),
            lambda: ('copy', rng.choice(any_path), rng.choice(OUT)),
            lambda: ('fix', rng.choice(any_path), rng.choice(['+', salt])), lambda: ('fix', rng.choice(OUT), '+'),
            lambda: ('same', rng.choice(any_path)), lambda: ('memo', MEMO),
            lambda: ('failif', rng.choice(SRC)) if rng.random() < .5 else ('memo', MEMO),
            lambda: ('incr', rng.choice(['.info', 'dist/.info']), salt,
                     *[w for pair in zip(rng.sample(SRC, 2), rng.sample(OUT, 2)) for w in pair]),
        ])())
    return ops


def random_history(seed, length):
    rng = random.Random(seed)
    tasks, n, dense = [], 0, rng.choice([.5, .8, 1])
    for _ in range(rng.choice([1, 1, 2, 2, 3, 4])):
        output = rng.choice([None, None, ('dist',), ('dist',), ('dist', 'gen', '.info'), ('dist/x',), ('gen', 'src')])
        steps = []
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            n += 1
            steps.append(Step(f's{n}', random_ops(rng, f'k{n}'), output, rng.random() > .1, rng.random() < .2))
        tasks.append(Task(steps, [d for d in range(len(tasks)) if rng.random() < dense], output))
    events = [('set', p, rng.choice('01')) for p in SRC if rng.random() < .8]
    if rng.random() < .2:
        events.append(('set', rng.choice(OUT + ['dist/n']), 'u'))
    for _ in range(length):
        x = rng.random()
        if x < .5:
            events.append(('run', tuple(sorted(rng.sample(range(len(tasks)), rng.randint(1, len(tasks)))))))
        elif x < .72:
            events.append(('set', rng.choice(SRC), rng.choice('01')))
        elif x < .78:
            events.append(('del', rng.choice(SRC)))
        elif x < .85:
            events.append(('set', rng.choice(OUT + ['dist/n', 'src/g', '.info']), rng.choice('uv')))
        elif x < .91:
            events.append(('del', rng.choice(OUT + ['.info', 'dist/.info', 'src/g'])))
        elif x < .96:
            events.append(('rmdir', rng.choice(FOLDERS[:2])))
        else:
            events.append((rng.choice(['checkout', 'checkout', 'clone', 'forget', 'memo']),))
    events.append(('run', tuple(range(len(tasks)))))
    return tasks, events


# ---------------------------------------------------------------- vt itself
class Real:
    def __init__(self, vt, play, tasks):
        self.vt, self.tasks = vt, tasks
        self.home = tempfile.mkdtemp(prefix='vt-twin-')
        self.dir = self.home + '/w'
        self.env = environment(self.home, play)
        self.make('package.json', json.dumps({'name': 'w', 'private': True, 'workspaces': ['packages/*']}))
        self.make('package-lock.json', '{}')
        self.make('vite-task.json', '{"cache": true}')
        for i, t in enumerate(tasks):
            mine, command = {}, []
            output = {}
            if t.output is not None:
                output['output'] = [{'pattern': g + ('/**' if g in FOLDERS else ''), 'base': 'workspace'} for g in t.output]
            for s in t.steps:
                if s.cached and not s.nested:
                    command.append(s.command())
                    continue
                mine[s.name] = {'command': s.command(), **(output if s.cached else {'cache': False})}
                command.append(f'vt run {s.name}')
            mine['t'] = {'command': ' && '.join(command), 'dependsOn': [f'p{d}#t' for d in t.deps], **output}
            self.make(f'packages/p{i}/package.json', json.dumps({'name': f'p{i}'}))
            self.make(f'packages/p{i}/vite-task.json', json.dumps({'tasks': mine}))

    def make(self, path, content):
        path = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(content)

    def files(self):
        ret = {}
        for top in ('src', 'dist', 'gen'):
            for d, _, names in os.walk(os.path.join(self.dir, top)):
                for n in names:
                    p = os.path.join(d, n)
                    with open(p) as f:
                        ret[os.path.relpath(p, self.dir)] = f.read()
        p = os.path.join(self.dir, '.info')
        if os.path.exists(p):
            with open(p) as f:
                ret['.info'] = f.read()
        return ret

    def event(self, ev):
        if ev[0] == 'set':
            self.make(ev[1], ev[2])
        elif ev[0] == 'del':
            p = os.path.join(self.dir, ev[1])
            if os.path.exists(p):
                os.unlink(p)
        elif ev[0] == 'rmdir':
            shutil.rmtree(os.path.join(self.dir, ev[1]), ignore_errors=True)
        elif ev[0] == 'memo':
            self.make(MEMO, 'edited')
        elif ev[0] == 'forget':
            shutil.rmtree(os.path.join(self.dir, 'node_modules'), ignore_errors=True)
        else:
            if ev[0] == 'clone':         # results are there, the ledger is not
                for d, _, names in os.walk(os.path.join(self.dir, '.vt')):
                    if 'ledger' in names:
                        os.unlink(os.path.join(d, 'ledger'))
            for p in self.files():
                if p not in SRC:
                    os.unlink(os.path.join(self.dir, p))
            for d in FOLDERS[:2]:
                shutil.rmtree(os.path.join(self.dir, d), ignore_errors=True)

    def run(self, wanted):
        words = [self.vt, 'run', '--log=interleaved'] + [w for n in wanted for w in ('-F', f'p{n}')] + ['t']
        r = subprocess.run(words, cwd=self.dir, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=120)
        self.said = r.stdout.decode(errors='replace')
        out = {}
        for line in self.said.split('\n'):
            w = line.split()
            if len(w) == 2 and w[0][0] == 's' and w[0][1:].isdigit() and len(w[1]) == 16:
                out[w[0]] = w[1]
        return r.returncode, out

    def hits(self):
        return self.said.count('cache hit, replaying')

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)


def apply_event(ws, ev):
    if ev[0] == 'set':
        ws[ev[1]] = ev[2]
    elif ev[0] == 'del':
        ws.pop(ev[1], None)
    elif ev[0] not in ('memo', 'forget'):
        for p in list(ws):
            if p.startswith(ev[1] + '/') if ev[0] == 'rmdir' else p not in SRC:
                del ws[p]


def play_history(vt, play, history, stats, verbose=False):
    """None, or what is different."""
    tasks, events = history
    real, paper, taken, cloned = Real(vt, play, tasks), Paper(tasks), set(), False
    try:
        for ev in events:
            if ev[0] != 'run':
                before = set(paper.ws)
                real.event(ev)
                apply_event(paper.ws, ev)
                taken = (taken | before) - set(paper.ws)
                if ev[0] == 'clone':
                    paper.left.clear()
                    cloned = True
                    taken = set(OUT + ['.info', 'dist/.info', 'dist/n', 'src/g'])
                if any(p in before and p not in paper.ws for p in paper.stale):
                    stats['cut: stale product taken away'] += 1
                    return None
                continue
            lines = set(paper.left)
            try:
                want = paper.run(ev[1])
            except Outside as e:
                stats['cut: ' + str(e)] += 1
                return None
            rc, got = real.run(ev[1])
            if verbose:
                print('   ', ev)
                for line in real.said.split('\n'):
                    if line.strip():
                        print('        ', line)
            stats['runs'] += 1
            stats['steps'] += len(want)
            stats['hits'] += real.hits()
            stats['failed runs'] += paper.failed
            if rc != (3 if paper.failed else 0):
                return 'exit', f'{rc}: {real.said[-500:]}'
            files = real.files()
            away = {p for p in paper.ws if p not in files}
            # a product outside `output` of a task that has one may be missing if the ledger has no line of it
            free = {p for p in away if cloned and p not in lines and p in paper.left and tasks[paper.left[p][0][0]].output is not None}
            if away and away <= taken | free and not any(p not in paper.left or match(tasks[paper.left[p][0][0]].output, p) for p in away):
                stats['taken away and missing'] += 1
                for p in away:
                    del paper.ws[p]
            taken -= set(paper.ws)
            if files != paper.ws:
                d = sorted(p for p in set(files) | set(paper.ws) if files.get(p) != paper.ws.get(p))
                return 'workspace', '; '.join(f'{p}: vt {files.get(p)!r}, plain {paper.ws.get(p)!r}' for p in d)
            if got != want:
                return 'terminal', f'steps {sorted(k for k in set(want) | set(got) if got.get(k) != want.get(k))}'
        stats['whole'] += 1
        return None
    finally:
        real.close()


def candidates(tasks, events):
    for i in range(len(events) - 1, -1, -1):
        yield tasks, events[:i] + events[i + 1:]
    for i in range(len(tasks)):
        drop = lambda t, i=i: tuple(x - (x > i) for x in t if x != i)
        yield ([Task(t.steps, drop(t.deps), t.output) for j, t in enumerate(tasks) if j != i],
               [(e[0], drop(e[1])) if e[0] == 'run' else e for e in events])
    for i, t in enumerate(tasks):
        put = lambda new, i=i: tasks[:i] + [new] + tasks[i + 1:]
        for d in t.deps:
            yield put(Task(t.steps, [x for x in t.deps if x != d], t.output)), events
        for j, s in enumerate(t.steps):
            if len(t.steps) > 1:
                yield put(Task(t.steps[:j] + t.steps[j + 1:], t.deps, t.output)), events
            for k in range(len(s.ops)):
                ops = s.ops[:k] + s.ops[k + 1:]
                if ops:
                    yield put(Task(t.steps[:j] + [Step(s.name, ops, s.output, s.cached, s.nested)] + t.steps[j + 1:], t.deps, t.output)), events


def smaller(history):
    for tasks, events in candidates(*history):
        events = [e for e in events if e[0] != 'run' or e[1]]
        if tasks:
            yield tasks, events


def show(history):
    tasks, events = history
    return '\n'.join([f'  task {i}: {t}' for i, t in enumerate(tasks)] + ['  ' + ', '.join(' '.join(map(str, e)) for e in events)])
