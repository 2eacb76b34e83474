"""Labels for the real recordings, in the form of spoken/labels.tsv: speech runs from the first to the last 10 ms whose
level is within 30 dB of the loudest 10 ms.

    python3 make_labels.py > labels.tsv
"""
import array
import math
import pathlib
import wave

FOLDER = pathlib.Path(__file__).parent
SAID = {
    "hello_world.wav": "Hello world.",
    "weather_question.wav": "What is the weather in Paris?",
    "LJ001-0002.wav": "in being comparatively modern.",
    "LJ001-0004.wav": "produced the block books, which were the immediate predecessors of the true printed book,",
    "LJ001-0008.wav": "has never been surpassed.",
    "jfk.wav": "And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.",
}
WITHIN_DB = 30


def spoken_span(path):
    with wave.open(str(path)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
        block = file.getframerate() // 100
    levels = [10 * math.log10(sum(x * x for x in samples[at:at + block]) / block + 1e-3)
              for at in range(0, len(samples) - block + 1, block)]
    loud = [index for index, level in enumerate(levels) if level >= max(levels) - WITHIN_DB]
    return loud[0] * 10, loud[-1] * 10 + 10


print("file\tkind\ttext\tsnr_db\tspeech_start_ms\tspeech_end_ms\tpause_start_ms\tpause_end_ms")
for name, text in SAID.items():
    start, end = spoken_span(FOLDER / name)
    print(f"{name}\treal\t{text}\t\t{start}\t{end}\t\t")
