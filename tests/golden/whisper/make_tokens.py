"""Writes what CTranslate2 decodes greedily from 30 s of context, and what faster-whisper never lets it say.

    python make_tokens.py MODEL_FOLDER AUDIO_FOLDER OUT_FOLDER

tokens.json: "suppressed" (sorted ids) and "recordings": file, kind of alteration (sounds.py), token ids, mean
log-probability over tokens and end, no-speech probability. The features are those of the signal followed by silence up
to 30 s, as in OpenAI's original.
"""
import json
import sys
from pathlib import Path

import ctranslate2
import numpy as np
import sounds
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer as Special
from faster_whisper.transcribe import get_suppressed_tokens
from tokenizers import Tokenizer

RECORDINGS = [
    ("jfk.wav", "plain"),
    ("LJ001-0004.wav", "plain"),
    ("weather_question.wav", "plain"),
    ("hello_world.wav", "quiet"),
    ("spoken/plain-04.wav", "plain"),
    ("spoken/plain-06.wav", "noisy"),
    ("spoken/plain-14.wav", "fast"),
    ("spoken/plain-22.wav", "slow"),
    ("spoken/plain-34.wav", "plain"),
    ("spoken/paused-02.wav", "plain"),
    ("spoken/paused-08.wav", "noisy"),
    ("spoken/paused-19.wav", "quiet"),
]


def main(model_folder, audio, out):
    model = ctranslate2.models.Whisper(str(model_folder), device="cpu", compute_type="float32", intra_threads=1)
    special = Special(Tokenizer.from_file(str(model_folder / "tokenizer.json")), multilingual=False)
    suppressed = list(get_suppressed_tokens(special, [-1]))
    recordings = []
    for name, kind in RECORDINGS:
        samples = np.zeros(480000, dtype=np.float32)
        sound = sounds.load(audio, name, kind)
        samples[: len(sound)] = sound
        features = FeatureExtractor()(samples, padding=0).astype(np.float32)[None]
        result = model.generate(
            ctranslate2.StorageView.from_array(np.ascontiguousarray(features)),
            [[special.sot, special.no_timestamps]],
            beam_size=1,
            suppress_blank=True,
            suppress_tokens=suppressed,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = result.sequences_ids[0]
        recordings.append(
            {
                "file": name,
                "kind": kind,
                "text": special.decode(tokens),
                "tokens": tokens,
                "average_logprob": result.scores[0] * len(tokens) / (len(tokens) + 1),
                "no_speech": result.no_speech_prob,
            }
        )
    text = json.dumps({"suppressed": suppressed, "recordings": recordings}, ensure_ascii=False)
    (out / "tokens.json").write_text(text.replace('}, {', '},\n{') + "\n")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
