"""One command: random operations over files, folders, links and modes, replayed against a fresh run.

The command runs under vt, a few edits are made, it runs again, and so on; a twin of the workspace
gets the same edits and runs the command itself. After every run exit status, terminal and the tree
(contents and modes of files, targets of links, empty folders) must be the same. Not compared, and
counted: commands that do something else, or print it, where their own earlier products are there
(seen in a third workspace, which has the edits but never ran), and products that the user took
away: undeclared ones, and those that are of no use any more."""
import json, os, random, shutil, subprocess, tempfile

from histories import environment

FILES = ['in/a', 'in/b', 'in/d/c', 'out/x', 'out/y', 'out/d/z', 'tmp']
PATHS = FILES + ['in', 'in/d', 'out', 'out/d', 'lnk', 'in/l']


def random_op(rng, n):
    p = lambda: rng.choice(PATHS)
    salt = f'k{n}'
    return ':'.join(rng.choice([
        lambda: ('read', p()), lambda: ('read', rng.choice(FILES)), lambda: ('probe', p()), lambda: ('list', rng.choice(['in', 'out', 'in/d', '.'])),
        lambda: ('write', rng.choice(FILES), salt), lambda: ('write', rng.choice(FILES[3:]), salt), lambda: ('once', rng.choice(FILES), salt),
        lambda: ('remove', p()), lambda: ('rimraf', rng.choice(['out', 'out/d', 'tmp', 'lnk'])), lambda: ('rename', p(), p()),
        lambda: ('copy', p(), rng.choice(FILES)), lambda: ('fix', p(), '+'), lambda: ('same', p()),
        lambda: ('link', rng.choice(['a', 'in/a', 'in', '../in/a', 'd', 'out/x', 'nowhere']), rng.choice(['lnk', 'in/l', 'out/x', 'out/l'])),
        lambda: ('mode', p(), '755'), lambda: ('mode', rng.choice(FILES), rng.choice(['600', '640', '700'])),
        lambda: ('mkdir', rng.choice(['out', 'out/d', 'in', 'in/a', 'tmp'])), lambda: ('touch', p()),
        lambda: ('swap', p(), 'tmp'), lambda: ('read', 'lnk'), lambda: ('write', 'lnk', salt),
    ])())


def random_edit(rng):
    p = rng.choice(['in/a', 'in/b', 'in/d/c', 'in/a', 'in/b', 'out/x', 'out/d/z', 'lnk', 'in/l'])
    x = rng.random()
    if x < .55:
        return ('set', p, rng.choice('01'))
    if x < .7:
        return ('del', p)
    if x < .8:
        return ('link', rng.choice(['a', 'in/a', 'in/b', '../in/b', 'in']), rng.choice(['lnk', 'in/l']))
    if x < .87:
        return ('mode', p)
    if x < .94:
        return ('rmdir', rng.choice(['out', 'in/d', 'out/d']))
    return ('mkdir', rng.choice(['out', 'out/d', 'in/d', 'empty']))


def edit(dir, e):
    p = os.path.join(dir, e[-1] if e[0] == 'link' else e[1])
    try:
        if e[0] == 'set':
            os.makedirs(os.path.dirname(p), exist_ok=True)
            if os.path.islink(p):
                os.unlink(p)
            with open(p, 'w') as f:
                f.write(e[2])
        elif e[0] == 'del':
            os.unlink(p)
        elif e[0] == 'link':
            if os.path.lexists(p):
                os.unlink(p)
            os.symlink(e[1], p)
        elif e[0] == 'mode':
            if not os.path.islink(p):
                os.chmod(p, 0o755)
        elif e[0] == 'rmdir':
            shutil.rmtree(p, ignore_errors=True)
        else:
            os.makedirs(p, exist_ok=True)
    except OSError:
        pass


def tree(dir):
    ret = {}
    for d, folders, names in os.walk(dir):
        if d == dir:
            folders[:] = [f for f in folders if f != '.vt']
        for n in names + folders:
            p = os.path.join(d, n)
            rel = os.path.relpath(p, dir)
            if rel in ('package.json', 'vite-task.json'):
                continue
            if os.path.islink(p):
                ret[rel] = '-> ' + os.readlink(p)
            elif os.path.isdir(p):
                if not os.listdir(p):
                    ret[rel] = 'empty folder'
            else:
                with open(p) as f:
                    ret[rel] = f.read() + f' {os.stat(p).st_mode & 0o7777:o}'
    return ret


def folders(dir):
    return {os.path.relpath(d, dir) for d, _, _ in os.walk(dir)}


class World:
    def __init__(self, vt, play):
        self.home = tempfile.mkdtemp(prefix='vt-replay-')
        self.vt, self.play = vt, play
        self.env = environment(self.home, play)

    def run(self, words, dir):
        r = subprocess.run(words, cwd=dir, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        said = r.stdout.decode(errors='replace')
        return r.returncode, [l for l in said.split('\n') if l.startswith('s ') or l.startswith('play:')], said

    def dir(self, name):
        d = os.path.join(self.home, name)
        os.makedirs(d)
        for p in FILES[:3]:
            edit(d, ('set', p, '0'))
        return d


def play_history(vt, play, history, stats, verbose=False):
    """None, or what is different."""
    ops, output, events = history
    w = World(vt, play)
    try:
        real, twin = w.dir('real'), w.dir('twin')
        command = 'play s ' + ' '.join(ops)
        task = {'command': command}
        if output:
            task['output'] = output
        for name, text in (('package.json', '{"name":"w"}'), ('vite-task.json', json.dumps({'tasks': {'t': task}}))):
            with open(os.path.join(real, name), 'w') as f:
                f.write(text)
            with open(os.path.join(twin, name), 'w') as f:
                f.write(text)
        never, done = 0, []
        taken, products, away = set(), set(), set()
        for e in events:
            if e[0] != 'run':
                done.append(e)
                before = set(tree(twin))
                edit(real, e)
                edit(twin, e)
                taken = (taken | before) - set(tree(twin))
                away |= before - set(tree(twin))
                continue
            pre, pre_folders = tree(twin), folders(twin)
            rc, out, said = w.run([vt, 'run', 't'], real)
            rc2, out2, _ = w.run([play, 's'] + ops, twin)
            never += 1
            fresh = w.dir(f'fresh{never}')
            for x in done:
                edit(fresh, x)
            rc3, out3, _ = w.run([play, 's'] + ops, fresh)
            stats['runs'] += 1
            stats['hits'] += 'cache hit, replaying' in said
            if verbose:
                print('   ', e, said)
            a, b, c = tree(real), tree(twin), tree(fresh)
            if rc2 or (rc2, out2) != (rc3, out3) or any(b.get(p) != c[p] for p in c) or any(p not in c and b[p] != pre.get(p) for p in b):
                stats['cut: not the same where its products are'] += 1
                return None
            gone = {p for p in b if p not in a}
            if gone and gone <= taken:
                stats['taken away and missing'] += 1
                return None
            more = {p for p in a if p not in b}
            if more and more <= products & away:
                # stale products of an earlier run: vt cannot tell them from needed ones
                stats['cut: stale product taken away'] += 1
                return None
            made = {p for p in b if b[p] != pre.get(p)}
            made |= folders(twin) - pre_folders
            over = products & {e[2] if e[0] == 'link' else e[1] for e in done}
            products |= made
            if (out != out2 or a != b) and over:
                # files that the user put at paths of products count as products: the hidden folder begins without them
                hidden = w.dir(f'hidden{never}')
                for x in done + [('del', p) for p in over]:
                    edit(hidden, x)
                for p in over:           # nor is a folder that holds nothing else
                    d = os.path.join(hidden, p)
                    if not os.path.isdir(d) or os.path.islink(d):
                        d = os.path.dirname(d)
                    while d != hidden and os.path.isdir(d) and not os.listdir(d):
                        os.rmdir(d)
                        d = os.path.dirname(d)
                said = w.run([play, 's'] + ops, hidden)[1]
                there = tree(hidden)
                if said == out and all(a.get(p) == there.get(p) for p in set(a) | set(b) if a.get(p) != b.get(p)):
                    stats['cut: not the same where what the user put there was'] += 1
                    return None
            if rc != rc2 or out != out2:
                return f'exit and terminal: vt {rc} {out}, plain {rc2} {out2}'
            if a != b:
                return '; '.join(f'{p}: vt {a.get(p)!r}, plain {b.get(p)!r}' for p in sorted(set(a) | set(b)) if a.get(p) != b.get(p))
            taken -= set(b)
        stats['whole'] += 1
        return None
    finally:
        shutil.rmtree(w.home, ignore_errors=True)


def random_history(seed, length):
    rng = random.Random(seed)
    ops = [random_op(rng, i) for i in range(rng.randint(1, 5))]
    output = rng.choice([None, None, ['out/**'], ['out', 'lnk'], ['out/**', 'tmp', 'in/l', 'lnk']])
    events = []
    for _ in range(rng.randint(2, max(2, length - 3))):
        events += [random_edit(rng) for _ in range(rng.choice([0, 1, 1, 2]))] + [('run',)]
    return ops, output, events


def smaller(history):
    ops, output, events = history
    for i in range(len(ops) - 1 and len(ops)):
        yield ops[:i] + ops[i + 1:], output, events
    for i in range(len(events)):
        fewer = events[:i] + events[i + 1:]
        if ('run',) in fewer:
            yield ops, output, fewer


def show(history):
    ops, output, events = history
    return '  play s ' + ' '.join(ops) + f'  output {output}\n   ' + ', '.join(' '.join(e) for e in events)
