"""Writes what faster-whisper hears in the test recordings and in altered copies of them.

    python make_transcripts.py MODEL_FOLDER AUDIO_FOLDER OUT_FOLDER

transcripts.tsv: file, kind of alteration (sounds.py), said, heard. long.tsv: name, recipe, said,
heard, of recordings over 30 s, there with its own timestamps.
"""
import json
import sys
from pathlib import Path

import sounds
from faster_whisper import WhisperModel


def main(model_folder, audio, out):
    model = WhisperModel(str(model_folder), device="cpu", compute_type="float32", cpu_threads=1)

    def heard(samples, **options):
        segments, _ = model.transcribe(
            samples, language="en", condition_on_previous_text=False, beam_size=1, **options
        )
        return " ".join("".join(segment.text for segment in segments).split())

    said = dict(sounds.recordings(audio))
    with open(out / "transcripts.tsv", "w") as tsv:
        tsv.write("file\tkind\tsaid\theard\n")
        for index, (name, text) in enumerate(said.items()):
            for kind in ("plain", sounds.KINDS[1 + index % 4]):
                words = heard(sounds.load(audio, name, kind), without_timestamps=True)
                tsv.write(f"{name}\t{kind}\t{text}\t{words}\n")
                tsv.flush()
    with open(out / "long.tsv", "w") as tsv:
        tsv.write("name\trecipe\tsaid\theard\n")
        for name, (gap, parts) in sounds.LONG.items():
            text = " ".join(said[part] for part in parts)
            recipe = json.dumps({"gap": gap, "files": parts})
            tsv.write(f"{name}\t{recipe}\t{text}\t{heard(sounds.load_long(audio, name))}\n")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
