#!/usr/bin/env python3
"""When is a second look with 30 s of context worth its time? Replays the rule of src/models/whisper/whisper.cpp over
heard.jsonl for several thresholds.

  thresholds.py heard.jsonl

A text of the short context is doubted when its average log-probability or that of its least likely token lies below a
threshold, or when it repeats itself; then the 30 s are asked, and of both the text is kept whose least likely token is the
likelier, never one that repeats itself. Prints the
word errors and the number of second looks, on the odd lines (chosen on) and on the even ones (checked on).
"""
import json
import re
import sys

AVERAGES = (-9, -0.3, -0.25, -0.2, -0.15)
LEASTS = (-9, -2.0, -1.5, -1.2, -1.0)


def repeats(text):
    """As src/models/whisper/repetition.h, over words: the end is three copies of anything, or two of four words or more."""
    words = re.findall(r"[a-z0-9']+", text.lower())
    for period in range(1, len(words) // 2 + 1):
        copies = 1
        while words[-period * (copies + 1):len(words) - period * copies] == words[-period:]:
            copies += 1
        if copies >= 3 or (copies == 2 and period >= 4):
            return True
    return False


def replay(rows, average, least):
    errors = looks = 0
    for row in rows:
        kept = row["short"]
        loops = repeats(kept["text"]) or not kept["ended"]
        if loops or kept["average"] < average or kept["least"] < least:
            looks += 1
            if loops or row["whole"]["least"] > kept["least"]:
                kept = row["whole"]
        errors += kept["errors"]
    return errors, looks


def main(path):
    rows = [json.loads(line) for line in open(path)]
    for name, part in (("odd", rows[1::2]), ("even", rows[0::2]), ("all", rows)):
        words = sum(row["words"] for row in part)
        short, whole = (sum(row[kind]["errors"] for row in part) for kind in ("short", "whole"))
        theirs = [row["faster_whisper_errors"] for row in part if "faster_whisper_errors" in row]
        print(f"{name}: {len(part)} utterances, {words} words; errors: short context {short}, 30 s {whole}"
              + (f", faster-whisper {sum(theirs)}" if theirs else ""))
        print("  average below      " + "".join(f"{f'least < {least:g}':>16}" for least in LEASTS))
        for average in AVERAGES:
            cells = (replay(part, average, least) for least in LEASTS)
            print(f"  {average:<19g}" + "".join(f"{f'{errors} ({looks} looks)':>16}" for errors, looks in cells))


main(sys.argv[1])
