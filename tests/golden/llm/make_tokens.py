"""Token ids of the 1,000 strings by llama.cpp, with the packaged vocabulary under each pre-tokenizer.

    python make_tokens.py SmolLM2-135M-Instruct.Q4_1.gguf tokens.bin

tokens.bin, little-endian: u32 strings; per string u32 bytes, the bytes; u32 pre-tokenizers; per pre-tokenizer
u32 length, its name, and per string u32 count, u16 ids.
"""

import struct
import sys

from llama_cpp import Llama

from golden_strings import strings

PRE = ["smollm", "llama-bpe", "qwen2", "gpt-2"]


def main(gguf, out_path):
    texts = strings()
    out = [struct.pack("<I", len(texts))]
    for text in texts:
        out.append(struct.pack("<I", len(text)) + text)
    out.append(struct.pack("<I", len(PRE)))
    for pre in PRE:
        model = Llama(gguf, vocab_only=True, verbose=False, kv_overrides={"tokenizer.ggml.pre": pre})
        out.append(struct.pack("<I", len(pre)) + pre.encode())
        for text in texts:
            ids = model.tokenize(text, add_bos=False, special=False) if text else []
            out.append(struct.pack(f"<I{len(ids)}H", len(ids), *ids))
    with open(out_path, "wb") as file:
        file.write(b"".join(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
