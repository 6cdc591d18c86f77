# forge: puts into a far store what an attacker who can write there could put.
#
#     forge.py names FOLDER KEY FACT...    each STEP names these facts, and has no hints
#     forge.py swap FOLDER OTHER           each object gets the bytes that another one of its kind has in OTHER
#
# FOLDER is one of far-folder: SPACE-NAME. KEY is the team's, 64 hexadecimal digits: STEPs are sealed by it; "-": they are
# not. A FACT is KIND:NAME:DETAIL, with the number of core/fact/fact.h. See core/far/format.h.
import hashlib
import os
import sys

from sealed import STEP, STEP_DOMAIN, number, seal, sized


def step(name, facts, key):
    names = number(len(facts))
    for kind, what, detail in sorted(facts):
        names += number(kind) + sized(what) + sized(detail) + sized(b"")
    body = STEP + number(0) + number(1) + hashlib.sha256(names).digest() + sized(names)
    return body + (bytes([1]) + sized(seal(key, STEP_DOMAIN, name, hashlib.sha256(body).digest())) if key else bytes([0]) + sized(b""))


def forge_names(folder, key, words):
    facts = []
    for word in words:
        kind, what, detail = word.split(":")
        facts.append((int(kind), what.encode(), detail.encode()))
    key = None if key == "-" else bytes.fromhex(key)
    for file in os.listdir(folder):
        if file.startswith("7-"):
            with open(os.path.join(folder, file), "wb") as f:
                f.write(step(bytes.fromhex(file[2:]), facts, key))


def forge_swap(folder, other):
    for space in ("3-", "7-"):
        theirs = sorted(f for f in os.listdir(other) if f.startswith(space))
        for i, file in enumerate(sorted(f for f in os.listdir(folder) if f.startswith(space))):
            with open(os.path.join(other, theirs[i % len(theirs)]), "rb") as f:
                data = f.read()
            with open(os.path.join(folder, file), "wb") as f:
                f.write(data)


if sys.argv[1] == "names":
    forge_names(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
    forge_swap(sys.argv[2], sys.argv[3])
