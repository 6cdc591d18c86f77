"""Tasks that change their own files in random ways, with pauses in which the tracer looks at them: no other program
disturbs them, so no run may be said to have been changed by somebody else.

Several tasks run at once, each in its own folder. A task may do whatever makes the tracer doubt whose a change is: it
writes by a descriptor that it opened long before, by other names, by links and from another process."""
import json, os, random, shutil, subprocess, sys, tempfile

from histories import environment

TASKS = 12
FILES = ['a', 'b', 'sub/a', 'sub/b']
PYTHON = f'{sys.executable} -I -S -c'


def random_op(rng):
    f, g = rng.sample(FILES, 2)
    pause = rng.choice([0, 0, .06, .12, .2, .3])
    return rng.choice([
        f'echo {rng.random()} >{f}', f'echo {rng.random()} >{f}', f'echo more >>{f}', f'truncate -s {rng.randint(0, 9)} {f}',
        f'mv {f} {g}', f'cp -p {f} {g}', f'ln -f {f} {g}', f'ln -sfn $PWD/{f} {g}', f'rm -f {f}', f'touch {f}', f'touch -d 2001-01-01 {f}',
        f'chmod 60{rng.choice("04")} {f}', 'mv sub other; mkdir sub', 'rm -rf sub; mv other sub', 'ln -sfn sub way; echo 1 >way/a',
        f'echo 1 >.new; mv .new {f}', f'exec 3>{f}', f'exec 3>>{f}', 'echo 3 >&3', 'exec 3>&-', 'exec 3>/dev/null',
        f'{{ sleep {pause}; echo late; }} >{f} &', f'(setsid sh -c "sleep {pause}; echo later" >{f} &)', 'wait',
        f'sh -c "sleep {pause}; echo 1 >/dev/stdout" >{f}', f'sh -c "sleep {pause}; echo 1 >/proc/self/fd/1" >{f}',
        f'{PYTHON} "import os, time; f = os.open(\'{f}\', os.O_RDONLY | os.O_CREAT); time.sleep({pause}); os.utime(f, (9, {rng.randint(1, 9)}))"',
        f'{PYTHON} "import mmap, os, time; f = os.open(\'{f}\', os.O_RDWR | os.O_CREAT); os.ftruncate(f, 9); m = mmap.mmap(f, 9); os.close(f)\n'
        f'for i in range(3): time.sleep({pause}); m[0:1] = bytes([65 + i])"',
    ]) + (f'; sleep {pause}' if pause else '')


def random_history(seed, length):
    rng = random.Random(seed)
    return [[random_op(rng) for _ in range(rng.randint(2, max(3, length)))] for _ in range(TASKS)]


def play_history(vt, play, history, stats, verbose=False):
    home = tempfile.mkdtemp(prefix='vt-undisturbed-')
    env = environment(home, play)
    w = home + '/w'
    try:
        os.makedirs(w)
        tasks = {'all': {'command': 'true', 'cache': False, 'dependsOn': []}}
        for i, ops in enumerate(history):
            with open(f'{w}/t{i}.sh', 'w') as f:
                f.write(f'rm -rf d{i}; mkdir -p d{i}/sub; cd d{i}\n' + '\n'.join(ops) + '\nwait; exec 3>&-; sleep 0.2; exit 0\n')
            tasks[f't{i}'] = {'command': f'sh t{i}.sh'}
            tasks['all']['dependsOn'].append(f't{i}')
        with open(w + '/package.json', 'w') as f:
            f.write('{"name":"w"}')
        with open(w + '/vite-task.json', 'w') as f:
            json.dump({'tasks': tasks, 'cache': True}, f)
        for _ in 'ab':
            said = subprocess.run([vt, 'run', '-v', '--continue', '--concurrency-limit', str(TASKS), 'all'], cwd=w, env=env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120).stdout.decode(errors='replace')
            stats['runs'] += len(history)
            stats['hits'] += said.count('cache hit, replaying')
            if verbose:
                print(said)
            for line in said.split('\n'):
                if 'was changed by somebody else' in line:
                    return line.strip()
        stats['whole'] += 1
    finally:
        shutil.rmtree(home, ignore_errors=True)


def smaller(history):
    for k, ops in enumerate(history):
        if len(history) > 1:
            yield history[:k] + history[k + 1:]
        for i in range(len(ops)):
            yield history[:k] + [ops[:i] + ops[i + 1:]] + history[k + 1:]


def show(history):
    return '\n'.join(f'   {k}: ' + '\n      '.join(ops) for k, ops in enumerate(history))
