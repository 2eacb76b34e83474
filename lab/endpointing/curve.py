#!/usr/bin/env python3
"""Chooses the figures of src/assistant/endpointing.h from witnesses.jsonl and writes curve.tsv.

  curve.py witnesses.jsonl curve.tsv

The weights are a logistic regression (L2, on standardised features) over the pauses of the odd-numbered recordings that
last at least 300 ms: did the turn end there? The curve then replays every recording frame by frame with the rule of
endpointing.cpp, for each threshold, on the odd recordings (chosen on) and the even ones (checked on), beside silence
alone and smart-turn alone. A false cut-off is a decision before the labelled end of speech; the delay is from that end
to the decision. Needs numpy.
"""
import json
import re
import sys

import numpy as np

FRAME, HANGOVER = 32, 92
SHORTEST, CEILING, UNFINISHED_CEILING = 290, 1200, 2500
PER_SECOND = 2.0
OPEN_WORDS = set(
    "a an and as at because but by er erm every for from his i i'd i'll i'm i've if into its let's my nor of or our "
    "than the their they're to uh uhm um umm unless until very we'll we're whether with you're your".split()
)


def is_open(words):
    words = words.strip()
    if words.rstrip(" \"')").endswith("...") or words.endswith("-"):
        return 1.0
    found = re.findall(r"[\w']+", words.lower())
    return float(bool(found) and found[-1] in OPEN_WORDS)


def features(pause):
    """smart-turn's log-odds, the logarithm of the sentence's end, open ending, complete command."""
    turn = min(max(pause["smart_turn"] if pause["smart_turn"] is not None else 0.875, 0.0067), 0.9933)
    end = max(pause["sentence_end"] or 0, 1e-6)
    return np.array([np.log(turn / (1 - turn)), np.log(end), is_open(pause["words"]), float(pause["command"])])


def silence(pause, time):
    return time - pause["stopped_ms"] + HANGOVER


def training_set(clips):
    rows, finished, lengths = [], [], []
    for clip in clips:
        for pause in clip["pauses"]:
            final = pause["resumed_ms"] is None or pause["stopped_ms"] - HANGOVER >= clip["speech_end_ms"] - 150
            length = np.inf if final else silence(pause, pause["resumed_ms"] - 2 * FRAME)
            if pause["words"] and length >= 300:
                rows.append(features(pause))
                finished.append(float(final))
                lengths.append(length)
    return np.array(rows), np.array(finished), np.array(lengths)


def logistic(rows, finished, columns, l2=1.0):
    """Weights and intercept for the raw features in `columns`."""
    mean, spread = rows[:, columns].mean(0), rows[:, columns].std(0) + 1e-9
    design = np.c_[(rows[:, columns] - mean) / spread, np.ones(len(rows))]
    penalty = l2 * np.eye(design.shape[1])
    penalty[-1, -1] = 0
    weights = np.zeros(design.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (p - finished) + penalty @ weights
        weights -= np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]) + penalty, gradient)
    raw = weights[:-1] / spread
    return raw, weights[-1] - float(raw @ mean)


def replay(clips, log_odds, threshold, unfinished, shortest=SHORTEST):
    """False cut-offs, missed ends, delays of the right decisions in ms."""
    cut, missed, delays = 0, 0, []
    for clip in clips:
        decided = None
        for pause in clip["pauses"]:
            if not pause["words"]:
                continue
            last = pause["resumed_ms"] - 2 * FRAME if pause["resumed_ms"] is not None else pause["stopped_ms"] + 3000
            time = pause["stopped_ms"] + 3 * FRAME
            while time <= last and decided is None:
                quiet = silence(pause, time)
                ceiling = UNFINISHED_CEILING if unfinished(pause) else CEILING
                if quiet >= shortest and (log_odds(pause, quiet) >= threshold or quiet >= ceiling):
                    decided = time
                time += FRAME
            if decided is not None:
                break
        if decided is None:
            missed += 1
        elif decided < clip["speech_end_ms"]:
            cut += 1
        else:
            delays.append(decided - clip["speech_end_ms"])
    return cut, missed, delays


def main():
    clips = [json.loads(line) for line in open(sys.argv[1])]
    number = lambda clip: int(re.search(r"(\d+)\.wav$", clip["file"])[1])
    sets = {"odd": [c for c in clips if number(c) % 2], "even": [c for c in clips if number(c) % 2 == 0]}
    rows, finished, lengths = training_set(sets["odd"])
    centre = rows.mean(0)
    print(f"odd: {int(finished.sum())} ends, {int((1 - finished).sum())} inner pauses of 300 ms and more; "
          f"centres {centre.round(3)}; mean length of a pause beyond 300 ms {lengths[finished == 0].mean() - 300:.0f} ms")

    rules = {}
    for name, columns in {"combined": [0, 1, 2, 3], "without commands": [0, 1, 2], "no language model": [0, 2, 3], "smart-turn": [0]}.items():
        weights, prior = logistic(rows, finished, columns)
        print(f"{name}: prior {prior:.3f}, weights {weights.round(3)} of features {columns}")
        for part, members in sets.items():
            x, y, _ = training_set(members)
            score = x[:, columns] @ weights
            area = np.mean([(a > b) + 0.5 * (a == b) for a in score[y == 1] for b in score[y == 0]])
            print(f"  AUC on {part}: {area:.3f}")
        rules[name] = lambda p, q, w=weights, b=prior, c=columns: float(features(p)[c] @ w) + b + PER_SECOND * q / 1000

    unfinished = lambda p: features(p)[0] < centre[0] and features(p)[1] < centre[1] and not features(p)[3]
    never = lambda p: False
    with open(sys.argv[2], "w") as out:
        out.write("rule\tthreshold\tset\tclips\tfalse_cutoffs\tmissed\tdelay_p50_ms\tdelay_p95_ms\tdelay_mean_ms\n")

        def row(name, threshold, part, result):
            cut, missed, delays = result
            p50, p95, mean = (np.percentile(delays, 50), np.percentile(delays, 95), np.mean(delays)) if delays else (0, 0, 0)
            out.write(f"{name}\t{threshold:g}\t{part}\t{len(sets[part])}\t{cut}\t{missed}\t{p50:.0f}\t{p95:.0f}\t{mean:.0f}\n")

        for part, members in sets.items():
            for ms in (192, 290, 350, 400, 450, 500, 600, 700, 800, 1000):
                row("silence alone", ms, part, replay(members, lambda p, q: 0, 0, never, shortest=ms))
            for name, rule in rules.items():
                for threshold in np.arange(0, 5.01, 0.2):
                    row(name, threshold, part, replay(members, rule, threshold, unfinished if name in ("combined", "without commands") else never))


main()
