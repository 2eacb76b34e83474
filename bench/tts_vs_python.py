#!/usr/bin/env python3
"""Coda's text-to-speech against the hibari-tts package, sentence by sentence in turn, so that both see the same
machine. Usage: tts_vs_python.py TTS_BENCH [RUNS] (needs hibari-tts 0.2.1, and scipy for its faster FFT).

Text to first audible sample: the package returns a whole sentence, so its time is the whole synthesis plus the silence
that it leaves before the first sample within 40 dB of the peak; for Coda it is the block that holds that sample plus
the samples before it in the clause. Both with one thread for the network. Prints medians and their ratio; a real-time
factor is of each program's own audio, and Coda's is shorter by the silence that it cuts."""
import json
import statistics
import subprocess
import sys
import time

import numpy as np
from hibari import Hibari, dsp

SENTENCES = ["Yes.", "It is three o'clock in the afternoon.", "I have set a timer for ten minutes.",
             "I think the meeting is at half past four, but let me check with the others before we go."]


def python_once(tts, text):
    start = time.perf_counter()
    audio = tts(text, seed=0)
    all_ms = (time.perf_counter() - start) * 1e3
    lead = int(np.argmax(np.abs(audio) >= np.abs(audio).max() * 0.01))
    return {"first_ms": all_ms, "all_ms": all_ms, "seconds": len(audio) / 24000, "lead_ms": lead / 24}


def coda_once(process, text):
    process.stdin.write(text + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def main(bench, runs=30):
    tts = Hibari(threads=1)
    process = subprocess.Popen([bench, "--lines"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(f"{runs} runs of each in turn; the package's FFT is {dsp.FFT_BACKEND}")
    for text in SENTENCES:
        python, coda = [], []
        for run in range(-2, runs):
            pair = python_once(tts, text), coda_once(process, text)
            if run >= 0:
                python.append(pair[0])
                coda.append(pair[1])
        print(text)
        heard = lambda results: [r["first_ms"] + r["lead_ms"] for r in results]
        compute = lambda results: [r["first_ms"] for r in results]
        whole = lambda results: [r["all_ms"] for r in results]
        factor = lambda results: [r["all_ms"] / 1e3 / r["seconds"] for r in results]
        for name, of, unit in (("first sample computed", compute, "ms"), ("first sample heard", heard, "ms"),
                               ("whole sentence computed", whole, "ms"), ("real-time factor", factor, "")):
            p, c = statistics.median(of(python)), statistics.median(of(coda))
            print(f"  {name}: package {p:.4g} {unit}, coda {c:.4g} {unit}, ratio {p / c:.2f}")
    process.stdin.close()
    process.wait()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
