"""Two tasks at once: random writes, reads and removals of the same paths, in a random order that both keep.

First both run together, under vt and in a twin of the workspace by hand, operation by operation in the
same order. Then events: one of the tasks runs, by itself; a source or a product is edited.
After each event the workspace is that of the twin, where each run really runs, and a task prints what it
prints there."""
import json, os, random, shutil, subprocess, tempfile

from commands import tree
from histories import environment

PATHS = ['dist/a', 'dist/b', 'dist/c', 'out/x']


def random_ops(rng):
    """What a task reads it does not write: it does the same whether its own earlier products are there or not."""
    read = rng.choice(PATHS)
    own = [p for p in PATHS if p != read]
    return [('read', read) if x < .25 else ('write' if x < .85 else 'remove', rng.choice(own))
            for x in (rng.random() for _ in range(rng.randint(1, 4)))]


def random_history(seed, length):
    rng = random.Random(seed)
    ops = [random_ops(rng) for _ in 'ab']
    order = [0] * len(ops[0]) + [1] * len(ops[1])
    rng.shuffle(order)
    outputs = [rng.choice([None, ['dist/**'], ['dist/**', 'out/**'], ['out/**'], ['dist/a']]) for _ in 'ab']
    events = []
    for _ in range(length):
        x = rng.random()
        events.append(('run', rng.choice('ab')) if x < .65 else
                      ('edit', rng.choice(['src', 'other']), rng.choice('01')) if x < .85 else ('edit', rng.choice(PATHS), 'user'))
    return ops, order, outputs, events


def script(ops, which, order, turns):
    """Operation k waits for its turn and gives the next one, in a folder for temporary files: what is there is no input."""
    lines, own = ['mkdir -p dist out'], [k for k, w in enumerate(order) if w == which]
    source = ('src', 'other')[which]
    for k, (kind, path) in zip(own, ops):
        lines.append(f'until [ -e {turns}/{k} ]; do sleep 0.005; done')
        lines.append({'write': f'{{ cat {source}; echo {"ab"[which]}{k}; }} >{path}', 'read': f'cat {path} 2>/dev/null || echo none', 'remove': f'rm -f {path}'}[kind])
        lines.append(f': >{turns}/{k + 1}')
    return '\n'.join(lines) + '\n'


def world(dir, history, turns):
    ops, order, outputs, _ = history
    os.makedirs(dir)
    os.makedirs(turns)
    open(f'{turns}/0', 'w').close()
    for name, content in ('src', '0'), ('other', '0'), ('package.json', '{"name":"w"}'):
        with open(f'{dir}/{name}', 'w') as f:
            f.write(content + '\n')
    for which in 0, 1:
        with open(f'{dir}/{"ab"[which]}.sh', 'w') as f:
            f.write(script(ops[which], which, order, turns))


def files(dir):
    return {p: s for p, s in tree(dir).items() if not p.endswith('.sh')}


def play_history(vt, play, history, stats, verbose=False):
    ops, order, outputs, events = history
    home = tempfile.mkdtemp(prefix='vt-overlaps-')
    env = environment(home, play)
    mine, twin = home + '/w', home + '/twin'
    run = lambda words, dir: subprocess.run(words, cwd=dir, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout.decode()
    try:
        world(mine, history, home + '/turns')
        world(twin, history, home + '/twin-turns')
        config = {n: dict({'command': f'sh {n}.sh'}, **({'output': o} if o else {})) for n, o in zip('ab', outputs)}
        config['all'] = {'command': 'true', 'cache': False, 'dependsOn': ['a', 'b']}
        with open(mine + '/vte.json', 'w') as f:
            json.dump({'tasks': config}, f)
        os.rename(mine + '/vte.json', mine + '/vite-task.json')
        both = [subprocess.Popen(['sh', f'{n}.sh'], cwd=twin, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for n in 'ab']
        run([vt, 'run', '--concurrency-limit', '2', 'all'], mine)
        for p in both:
            p.wait(timeout=60)
        if files(mine) != files(twin):
            return f'after both: {files(mine)} instead of {files(twin)}'
        for k, e in enumerate(events):
            if e[0] == 'edit':
                for dir in mine, twin:
                    with open(f'{dir}/{e[1]}', 'w') as f:
                        f.write(e[2] + '\n')
                continue
            said = run([vt, 'run', e[1]], mine)
            lines = [l for l in said.split('\n')[1:] if l]
            want = [l for l in run(['sh', e[1] + '.sh'], twin).split('\n') if l]
            stats['runs'] += 1
            stats['hits'] += 'cache hit, replaying' in said
            if verbose:
                print('   ', k, e, 'hit' if 'cache hit, replaying' in said else 'ran', lines)
            if lines[:len(want)] != want or files(mine) != files(twin):
                return f'event {k} {e}: {lines}, {files(mine)} instead of {want}, {files(twin)}'
        stats['whole'] += 1
    finally:
        shutil.rmtree(home, ignore_errors=True)


def smaller(history):
    ops, order, outputs, events = history
    for k in range(len(events)):
        yield ops, order, outputs, events[:k] + events[k + 1:]
    for k, which in enumerate(order):
        at = order[:k].count(which)
        if len(ops[which]) > 1:
            fewer = list(ops)
            fewer[which] = ops[which][:at] + ops[which][at + 1:]
            yield fewer, order[:k] + order[k + 1:], outputs, events


def show(history):
    ops, order, outputs, events = history
    return '\n'.join(f'   {n}: {o}  [output={out}]' for n, o, out in zip('ab', ops, outputs)) + f'\n   order {order}\n   events {events}'
