"""Writes faster-whisper's log-mel features of a few recordings for src/audio/mel_test.cpp.

    python make_mel.py AUDIO_FOLDER OUT_FOLDER

Each .f32 file: int32 bands, int32 frames, int32 every, then for every `every`-th frame its bands (float32).
The features are those of the samples as they are, without padding at the end.
"""
import sys
import wave
from pathlib import Path

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor


def read(path):
    with wave.open(str(path)) as wav:
        assert wav.getframerate() == 16000 and wav.getnchannels() == 1 and wav.getsampwidth() == 2
        return np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2").astype(np.float32) / 32768


def write(path, samples, bands, every):
    mel = FeatureExtractor(feature_size=bands)(samples, padding=0).astype(np.float32)
    with open(path, "wb") as out:
        np.array([mel.shape[0], mel.shape[1], every], dtype="<i4").tofile(out)
        np.ascontiguousarray(mel[:, ::every].T).astype("<f4").tofile(out)


def main(audio, out):
    jfk = read(audio / "jfk.wav")
    write(out / "jfk-80.f32", jfk, 80, 5)
    write(out / "jfk-128.f32", jfk, 128, 10)
    for name in ("plain-05", "paused-16"):
        write(out / f"{name}-80.f32", read(audio / "spoken" / f"{name}.wav"), 80, 7)
    # Shorter than the padding, and not a multiple of the hop.
    write(out / "jfk-first-1000-80.f32", jfk[20000:21000], 80, 1)
    write(out / "silence-80.f32", np.zeros(1600, dtype=np.float32), 80, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
