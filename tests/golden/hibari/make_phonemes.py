"""Writes the phonemes of sentences.txt as the hibari-tts package reads them, American and British, one line each.
Usage: make_phonemes.py SENTENCES OUT_US OUT_GB (needs hibari-tts 0.2.1).

`make_phonemes.py --check TEXT ACCENT READER...` compares another reader instead: READER is a command that answers
each line on its stdin with its phonemes on stdout. It prints the lines that differ and the share that agrees."""
import subprocess
import sys

from hibari.g2p import G2P


def lines_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def read_all(lines, british):
    g2p = G2P(british=british)
    return [g2p(line) for line in lines]


def make(sentences, us, gb):
    lines = lines_of(sentences)
    for path, british in ((us, False), (gb, True)):
        with open(path, "w", encoding="utf-8") as f:
            f.write("".join(p + "\n" for p in read_all(lines, british)))


def check(text, accent, command):
    lines = lines_of(text)
    expected = read_all(lines, accent == "gb")
    answer = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    got = answer.stdout.splitlines()
    assert len(got) == len(lines), (len(got), len(lines))
    same = 0
    for line, want, have in zip(lines, expected, got):
        same += want == have
        if want != have:
            print(f"{line}\n  package {want}\n  reader  {have}")
    print(f"{same} of {len(lines)} identical ({100 * same / len(lines):.2f} %)")


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        make(*sys.argv[1:4])
