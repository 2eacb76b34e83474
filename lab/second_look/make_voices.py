#!/usr/bin/env python3
"""Sentences that no rule here has seen, in voices that none has heard: the sentences without figures of
tests/data/blind (those that are no commands, and the requests that no tool answers), spoken by four voices of flite.

  make_voices.py FOLDER      writes FOLDER/NNN.wav (16 kHz) and FOLDER/list.tsv for coda_second_look; needs flite and sox
"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VOICES = ("slt", "rms", "awb", "kal16")
KINDS = ("plain", "fast", "noisy", "slow", "quiet")  # of tests/support/sounds.h


def sentences():
    blind = ROOT / "tests/data/blind"
    rows = [line.split("\t") for line in (blind / "utterances.tsv").read_text().splitlines()[1:]]
    texts = [row[3] for row in rows if row[0] == "none"]
    texts += [line.split("\t")[1] for line in (blind / "no_tool.tsv").read_text().splitlines()[1:]]
    return [text for text in texts if not any(letter.isdigit() for letter in text)]


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["file\tkind\tsaid\theard"]
    for i, text in enumerate(sentences()):
        spoken, wav = folder / "spoken.wav", folder / f"{i:03}.wav"
        subprocess.run(["flite", "-voice", VOICES[i % len(VOICES)], "-t", text, "-o", str(spoken)], check=True)
        subprocess.run(["sox", str(spoken), "-r", "16000", "-c", "1", "-b", "16", str(wav)], check=True)
        spoken.unlink()
        name = os.path.relpath(wav, ROOT / "tests/data/audio")
        lines.append(f"{name}\t{KINDS[i % len(KINDS)]}\t{text}\t{text}")
    (folder / "list.tsv").write_text("\n".join(lines) + "\n")


main(pathlib.Path(sys.argv[1]).resolve())
