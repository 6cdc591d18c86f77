"""A terminal's screen, as far as vt and plain text use it: emulate.py WIDTH FILE

Prints the lines that are left at the end. Fails, with a line on stderr, if the progress line was ever part of
a line that stays, if it was wider than the terminal, or if text was written behind it."""
import re
import sys

width, data = int(sys.argv[1]), open(sys.argv[2], "rb").read().decode("utf-8", "replace")
FOOT = re.compile(r"^\[\d+/\d+\]( |$)")
lines, line, column, drawn, widest, wrong = [], "", 0, 0, 0, []
at = 0


def foot_in(text):
    return re.search(r"\[\d+/\d+\]", text)


while at < len(data):
    c = data[at]
    sequence = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])").match(data, at)
    if sequence:
        at = sequence.end()
        if sequence.group(2) == "K":
            if FOOT.match(line):
                drawn += 1
                widest = max(widest, len(line))
            line = line[:column]
        elif sequence.group(2) != "m":
            wrong.append("an unexpected sequence: %r" % sequence.group(0))
        continue
    at += 1
    if c == "\r":
        column = 0
    elif c == "\n":
        if foot_in(line):
            wrong.append("the progress line stays: %r" % line)
        lines.append(line)
        line, column = "", 0
    else:
        if FOOT.match(line) and column == 0:
            wrong.append("text over the progress line %r: %r" % (line, c))
        line = line[:column] + c + line[column + 1:]
        column += 1
if foot_in(line):
    wrong.append("the progress line is left at the end: %r" % line)
if line:
    lines.append(line)
if widest >= width:
    wrong.append("the progress line takes %d of %d columns" % (widest, width))
print("\n".join(lines))
for w in wrong:
    print(w, file=sys.stderr)
print("drawn", drawn, file=sys.stderr)
sys.exit(1 if wrong else 0)
