"""Loads a Chrome trace as its format describes it: trace.py FILE

Fails on what a viewer would not show. Prints `TRACK NAME` for each slice in order of its begin."""
import json
import sys

trace = json.load(open(sys.argv[1]))
events = trace["traceEvents"] if isinstance(trace, dict) else trace
tracks, slices = {}, []
for e in events:
    assert e["ph"] in ("X", "M"), "an unknown phase: %r" % e
    assert isinstance(e["pid"], int) and isinstance(e["tid"], int) and isinstance(e["name"], str) and e["name"], e
    if e["ph"] == "M":
        assert e["name"] in ("process_name", "thread_name", "process_sort_index"), e
        if e["name"] == "process_name":
            tracks[e["pid"]] = e["args"]["name"]
    else:
        assert isinstance(e["ts"], (int, float)) and e["ts"] >= 0, e
        assert isinstance(e["dur"], (int, float)) and e["dur"] >= 0, e
        assert isinstance(e["cat"], str) and isinstance(e["args"], dict), e
        slices.append(e)
lanes = {}
for e in sorted(slices, key=lambda e: (e["ts"], -e["dur"])):
    # slices of a lane are one after the other: a viewer would show others nested, or wrong
    end = lanes.get((e["pid"], e["tid"]), 0)
    assert e["ts"] >= end, "two slices overlap: %r" % e
    lanes[(e["pid"], e["tid"])] = e["ts"] + e["dur"]
    assert e["pid"] in tracks, "a track without a name: %r" % e
    print(tracks[e["pid"]], e["name"])
