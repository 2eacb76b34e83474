"""Writes vocoder.bin: one clause as the network says it, noise, and the samples that the hibari-tts package makes of
both. Usage: make_vocoder.py OUT (needs numpy, onnxruntime and hibari-tts 0.2.1).

Layout, little-endian: u32 frames; then, as f16, lh, theta, ln, lr, phi [601, frames]; f0 [frames] as f32; noise
[601, frames, 2] as f16; the samples [frames * 300] as f32. The package's dsp.py gets the rounded f16 values, so that
both sides start from the same numbers."""
import struct
import sys

import numpy as np
from hibari import Hibari, dsp


class GivenNoise:
    def __init__(self, noise):
        self.noise = noise

    def standard_normal(self, shape, dtype):
        assert shape == self.noise.shape and dtype == np.float32
        return self.noise.copy()


def main(out):
    tts = Hibari()
    ids = tts.ids(tts.phonemize("Yes, see?")[0])
    feed = {"ids": np.asarray([ids], np.int64), "speed": np.asarray([1.0], np.float32)}
    *parts, f0 = (o[0] for o in tts.sess.run(None, feed))
    first, last = 14, 14 + 64                       # speech and some silence, short enough to keep in the tree
    parts = [p[:, first:last].astype(np.float16) for p in parts]
    f0 = np.ascontiguousarray(f0[first:last], np.float32)
    frames = len(f0)
    noise = np.random.default_rng(7).standard_normal((601, 2 * frames)).astype(np.float16)
    samples = dsp.synth(*(p.astype(np.float32) for p in parts), f0, GivenNoise(noise.astype(np.float32)))
    with open(out, "wb") as f:
        f.write(struct.pack("<I", frames))
        for p in parts:
            f.write(p.tobytes())
        f.write(f0.tobytes() + noise.tobytes() + samples.astype(np.float32).tobytes())


if __name__ == "__main__":
    main(sys.argv[1])
