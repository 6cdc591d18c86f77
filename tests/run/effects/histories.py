#!/usr/bin/env python3
"""Plays random histories with vt and without a cache, and compares them.

    histories.py chains|commands|overlaps|undisturbed VT PLAY [--seed N] [--count N] [--seconds S] [--length L] [--stop N] [-v]

A history is made from its seed alone: what runs (operations of tests/lib/play.c), and events: runs,
edits, deletions. chains.py, commands.py, overlaps.py and undisturbed.py say what each kind plays, compares and leaves out."""
import argparse, importlib, os, sys, time
from collections import Counter


def environment(home, play):
    """The variables of a run. HISTORIES_SHIM=off: the tracer must ask about each call."""
    if os.environ.get('HISTORIES_SHIM') == 'off':
        os.makedirs(home + '/.config/vt')
        with open(home + '/.config/vt/config.json', 'w') as f:
            f.write('{"plugins":{"options":{"trace-linux":{"shim":false}}}}')
    return {'PATH': os.path.dirname(play) + ':/usr/bin:/bin', 'HOME': home, 'XDG_RUNTIME_DIR': home, 'TMPDIR': home}


def shrink(kind, vt, play, history, seconds=60):
    """The smallest history found in that time that still differs."""
    end, changed = time.time() + seconds, True
    while changed and time.time() < end:
        changed = False
        for smaller in kind.smaller(history):
            if time.time() > end:
                break
            if kind.play_history(vt, play, smaller, Counter()):
                history, changed = smaller, True
                break
    return history


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    ap.add_argument('kind', choices=('chains', 'commands', 'overlaps', 'undisturbed'))
    ap.add_argument('vt')
    ap.add_argument('play')
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--count', type=int, default=100)
    ap.add_argument('--length', type=int, default=8)
    ap.add_argument('--seconds', type=float, default=0, help='stop after so long')
    ap.add_argument('--stop', type=int, default=1, help='stop after so many differences')
    ap.add_argument('--no-shrink', action='store_true')
    ap.add_argument('-v', action='store_true')
    a = ap.parse_args()
    kind = importlib.import_module(a.kind)
    vt, play, stats, bad, end = os.path.abspath(a.vt), os.path.abspath(a.play), Counter(), 0, time.time() + a.seconds
    seed = a.seed
    while seed < a.seed + a.count and not (a.seconds and time.time() > end) and bad < a.stop:
        history = kind.random_history(seed, a.length)
        difference = kind.play_history(vt, play, history, stats, a.v)
        if difference:
            bad += 1
            print(f'seed {seed}: {difference}')
            if not a.no_shrink:
                history = shrink(kind, vt, play, history)
            print(kind.show(history))
            print('  ', kind.play_history(vt, play, history, Counter(), verbose=True))
        seed += 1
        if (seed - a.seed) % 100 == 0:
            print(f'# {seed - a.seed} histories', flush=True)
    print(f'histories {seed - a.seed} from seed {a.seed}, differences {bad}:', dict(sorted(stats.items())))
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
