"""Reads a CI log as its system documents it: folds.py github|gitlab|azure FILE

Prints the log as an outline: `+ TITLE` for a fold that begins, `-` for its end, two spaces and the text for a
line within a fold, the text for any other line. Fails on what the documentation does not allow."""
import re
import sys

system, log = sys.argv[1], open(sys.argv[2], newline="").read()
open_fold, seen = None, set()


def fail(why):
    print(why, file=sys.stderr)
    sys.exit(1)


def begin(name, title):
    global open_fold
    if open_fold is not None:
        fail("a fold begins within a fold: " + title)
    if not title:
        fail("a fold without a title")
    open_fold = name
    print("+ " + title)


def end(name):
    global open_fold
    if open_fold != name:
        fail("the end of %r, but %r is open" % (name, open_fold))
    open_fold = None
    print("-")


for line in log.split("\n"):
    if system == "github":         # ::group::{title} and ::endgroup::, each at the start of a line
        if line.startswith("::group::"):
            begin("", line[len("::group::"):])
            continue
        if line == "::endgroup::":
            end("")
            continue
    elif system == "azure":        # ##[group]title and ##[endgroup]
        if line.startswith("##[group]"):
            begin("", line[len("##[group]"):])
            continue
        if line == "##[endgroup]":
            end("")
            continue
    else:                          # \e[0Ksection_start:SECONDS:NAME[options]\r\e[0KHEADER, \e[0Ksection_end:SECONDS:NAME\r\e[0K
        m = re.fullmatch("\x1b\\[0Ksection_start:(\\d{10}):([A-Za-z0-9_.-]+)(\\[collapsed=(?:true|false)\\])?\r\x1b\\[0K(.*)", line)
        if m:
            if m.group(2) in seen:
                fail("the section %s occurs twice" % m.group(2))
            seen.add(m.group(2))
            begin(m.group(2), m.group(4))
            continue
        m = re.fullmatch("\x1b\\[0Ksection_end:(\\d{10}):([A-Za-z0-9_.-]+)\r\x1b\\[0K", line)
        if m:
            end(m.group(2))
            continue
    if re.search("::group::|::endgroup::|##\\[(end)?group\\]|section_(start|end):", line):
        fail("a marker that its system does not read: %r" % line)
    print(("  " if open_fold is not None else "") + line)
if open_fold is not None:
    fail("a fold is still open at the end")
