"""Next-token distributions by llama.cpp on the F32 file, over 500 positions.

    python make_distributions.py SmolLM2.F32.gguf SmolLM2.Q4_1.gguf distributions.bin

Little-endian: f32 mean KL of llama.cpp's own quantised path against the F32 file over the same positions (all of the
vocabulary), f32 the same with all but the listed tokens taken as one; u32 segments; per segment u32 n, n x u16 ids;
per position 256 x (u16 id, u16 -2048 ln p), most likely first, and u16 -2048 ln of what all others have together.
F32 arithmetic and an F32 KV cache for the reference; llama.cpp's defaults for the other.
"""

import struct
import sys

import numpy as np
from llama_cpp import Llama

from make_generation import exact

TOP = 256
POSITIONS = 100  # per segment

SEGMENTS = [
    "The lighthouse keeper had not spoken to another soul in eleven days when the storm finally broke. He climbed the "
    "narrow stairs, counting each one under his breath, and set the lamp turning again. Far below, the waves struck the "
    "rocks with a sound like distant cannon. He thought of his sister in the town, of her kitchen with its yellow "
    "curtains, and of the letter that he had begun three times and never sent. Tomorrow, he told himself, the boat "
    "would come, and with it bread, oil, and news of the war that everyone said would be over by the spring.",
    "<|im_start|>system\nYou are a helpful voice assistant. Answer in one or two short sentences.<|im_end|>\n<|im_start|>user\n"
    "What should I cook tonight if I only have rice, two eggs and an onion?<|im_end|>\n<|im_start|>assistant\nYou can make "
    "fried rice. Chop the onion, fry it until it is golden, add the cooked rice, and stir in the beaten eggs.<|im_end|>\n"
    "<|im_start|>user\nHow long does that take?<|im_end|>\n<|im_start|>assistant\nAbout twenty minutes if the rice is already cooked.",
    "import json\n\n\ndef load_settings(path):\n    \"\"\"Reads the settings file and returns a dictionary.\"\"\"\n    with open(path) "
    "as file:\n        settings = json.load(file)\n    for key, value in settings.items():\n        if value is None:\n            raise "
    "ValueError(f\"{key} has no value\")\n    return settings\n\n\nif __name__ == \"__main__\":\n    print(load_settings(\"settings.json\"))\n    sys.exit(0)\n",
    "In 1905, Albert Einstein published four papers that changed physics. The first explained the photoelectric effect, "
    "the second Brownian motion, the third special relativity, and the fourth the equivalence of mass and energy, "
    "E = mc^2. At the time he was 26 years old and worked as a clerk in the patent office in Bern, Switzerland. Sixteen "
    "years later, in 1921, he received the Nobel Prize in Physics, not for relativity, but for the first of these papers.",
    "um so I was thinking about maybe going to the market on Saturday because my mother is coming over and she likes those "
    "little tomatoes you know the yellow ones and also we need bread and something for dessert what do you think should I "
    "get a cake or should I try to make one myself I have flour and sugar but no butter and the oven is not very good it "
    "always burns everything at the back so perhaps it is better to just buy something nice and be done with it before they all arrive in the afternoon",
]


def log_softmax(logits):
    logits = logits.astype(np.float64)
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def distributions(model, segments):
    out = []
    for ids in segments:
        model.reset()
        model.eval(ids)
        out.append(log_softmax(np.array(model.scores[:len(ids)])))
    return out


def top_and_rest(log_p):
    order = np.argsort(-log_p)[:TOP]
    rest = np.log(max(1e-12, -np.expm1(np.logaddexp.reduce(log_p[order]))))
    return order, rest


def mean_kl(reference, other):
    full, coarse, count = 0.0, 0.0, 0
    for p, q in zip(reference, other):
        full += (np.exp(p) * (p - q)).sum()
        count += len(p)
        for row_p, row_q in zip(p, q):
            order, rest = top_and_rest(row_p)
            rest_q = np.log(max(1e-12, -np.expm1(np.logaddexp.reduce(row_q[order]))))
            coarse += (np.exp(row_p[order]) * (row_p[order] - row_q[order])).sum() + np.exp(rest) * (rest - rest_q)
    return full / count, coarse / count


def fixed(log_p):
    return int(min(65535, round(-2048 * log_p)))


def main(f32_path, quantised_path, distributions_path):
    model = exact(f32_path)
    segments = [model.tokenize(text.encode(), add_bos=False, special=True)[:POSITIONS] for text in SEGMENTS]
    assert all(len(ids) == POSITIONS for ids in segments), [len(ids) for ids in segments]
    reference = distributions(model, segments)
    quantised = Llama(quantised_path, n_ctx=1024, n_threads=2, logits_all=True, verbose=False)
    full, coarse = mean_kl(reference, distributions(quantised, segments))
    print(f"llama.cpp, quantised path: mean KL {full:.3e}, with the rest as one {coarse:.3e}")
    out = [struct.pack("<ffI", full, coarse, len(segments))]
    for ids, log_p in zip(segments, reference):
        out.append(struct.pack(f"<I{len(ids)}H", len(ids), *ids))
        for row in log_p:
            order, rest = top_and_rest(row)
            for token in order:
                out.append(struct.pack("<HH", token, fixed(row[token])))
            out.append(struct.pack("<H", fixed(rest)))
    with open(distributions_path, "wb") as file:
        file.write(b"".join(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
