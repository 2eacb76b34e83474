"""The test recordings as 16 kHz float samples, and what is done to them. src/models/whisper/whisper_test.cpp does the
same to the same files, so that only texts need to be committed."""
import csv
import wave

import numpy as np

KINDS = ["plain", "quiet", "noisy", "fast", "slow"]


def read(path):
    with wave.open(str(path)) as wav:
        assert wav.getnchannels() == 1 and wav.getsampwidth() == 2
        samples = np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2").astype(np.float64) / 32768
        return samples, wav.getframerate()


def at_speed(samples, factor):
    """Every `factor`-th sample by linear interpolation, until the last one."""
    at = np.arange(int((len(samples) - 1) / factor)) * factor
    low = at.astype(np.int64)
    return samples[low] + (at - low) * (samples[low + 1] - samples[low])


def white_noise(count):
    """Uniform in [-0.5, 0.5), by a linear congruential generator."""
    state, out = 1, np.empty(count)
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = (state >> 8) / 2**24 - 0.5
    return out


def rms(samples):
    return np.sqrt(np.mean(samples**2))


def altered(samples, kind):
    if kind == "quiet":
        return samples * 0.02
    if kind == "noisy":  # 15 dB under the recording as a whole
        noise = white_noise(len(samples))
        return samples + noise * (rms(samples) / rms(noise) * 10 ** (-15 / 20))
    if kind == "fast":
        return at_speed(samples, 1.15)
    if kind == "slow":
        return at_speed(samples, 0.88)
    assert kind == "plain"
    return samples


def recordings(audio):
    """(file, text) of every recording, in a fixed order."""
    said = {
        "jfk.wav": "And so my fellow Americans, ask not what your country can do for you, ask what you can do for "
        "your country.",
        "weather_question.wav": "What is the weather in Paris?",
        "hello_world.wav": "Hello world.",
    }
    for name in ("LJ001-0002", "LJ001-0004", "LJ001-0008"):
        said[f"{name}.wav"] = (audio / f"{name}.txt").read_text().strip()
    with open(audio / "spoken" / "labels.tsv", newline="") as labels:
        for row in csv.DictReader(labels, delimiter="\t"):
            said[f"spoken/{row['file']}"] = row["text"]
    return list(said.items())


def load(audio, name, kind):
    """The recording at 16 kHz: those at another rate are brought there by linear interpolation after a short mean,
    which keeps speech whole and is the same everywhere."""
    samples, rate = read(audio / name)
    if rate != 16000:
        samples = at_speed((samples[:-1] + samples[1:]) / 2, rate / 16000)
    return altered(samples, kind).astype(np.float32)


# Over 30 s, of recordings one after the other, `gap` seconds of silence between them.
LONG = {
    "long-read": (0.2, ["jfk.wav", "LJ001-0004.wav", "jfk.wav", "LJ001-0002.wav", "LJ001-0008.wav", "jfk.wav",
                        "LJ001-0004.wav", "LJ001-0002.wav", "jfk.wav"]),
    "long-questions": (0.0, [f"spoken/plain-{i:02}.wav" for i in range(1, 16)]),
    "long-pauses": (0.5, [f"spoken/paused-{i:02}.wav" for i in range(1, 13)]),
    "long-empty-middle": (25.0, ["jfk.wav", "spoken/plain-05.wav", "jfk.wav"]),
}


def load_long(audio, name):
    gap, parts = LONG[name]
    silence = np.zeros(int(gap * 16000), dtype=np.float32)
    return np.concatenate([piece for part in parts for piece in (load(audio, part, "plain"), silence)])
