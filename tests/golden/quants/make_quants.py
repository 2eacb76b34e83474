"""Random blocks of every GGUF quantization, and the floats that they stand for.

    python make_quants.py OUT_FILE       (llama-cpp-python, gguf and numpy)

Two witnesses must agree bit for bit: ggml's own to_float, which llama-cpp-python brings, and gguf-py's reference.

Per format: its name in 8 bytes, then as u32 blocks, bytes and elements of one, then the blocks, then the floats.
Besides random scales there are blocks whose scale is a subnormal half, zero, infinite, not a number, or any bits.
"""

import ctypes
import struct
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Q
from gguf.quants import dequantize

# Format: where its halves (d, m) lie in a block; MXFP4 has none.
FORMATS = {
    Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0],
    Q.Q2_K: [80, 82], Q.Q3_K: [108], Q.Q4_K: [0, 2], Q.Q5_K: [0, 2], Q.Q6_K: [208],
    Q.IQ4_NL: [0], Q.IQ4_XS: [0], Q.MXFP4: [],
}  # fmt: skip
EXTREME_HALVES = [0x0001, 0x83FF, 0x0000, 0x8000, 0x7BFF, 0x7C00, 0xFC00, 0x7E01]
EXTREME_EXPONENTS = [0, 1, 2, 127, 253, 254, 255]


class Traits(ctypes.Structure):
    """ggml.h's ggml_type_traits."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("block_elements", ctypes.c_int64),
        ("interleave", ctypes.c_int64),
        ("block_bytes", ctypes.c_size_t),
        ("quantized", ctypes.c_bool),
        ("to_float", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)),
    ]


def ggml():
    import llama_cpp.llama_cpp as binding

    folder = str(binding._base_path)
    library = ctypes.CDLL(folder + "/libggml-base.so")
    library.ggml_get_type_traits.restype = ctypes.POINTER(Traits)
    return library


def random_blocks(kind, rng):
    elements, size = GGML_QUANT_SIZES[kind]
    plain, wild = (6, 2) if elements == 256 else (10, 4)
    halves = FORMATS[kind]
    extremes = len(EXTREME_HALVES) if halves else len(EXTREME_EXPONENTS)
    blocks = rng.integers(0, 256, (plain + wild + extremes, size), dtype=np.uint8)
    for i in range(plain + extremes):
        for at in halves:
            half = np.float16(rng.normal() * 0.05)
            if i >= plain and at == halves[i % len(halves)]:
                half = np.uint16(EXTREME_HALVES[i - plain]).view(np.float16)
            blocks[i, at : at + 2] = np.frombuffer(half.tobytes(), np.uint8)
        if not halves:
            blocks[i, 0] = EXTREME_EXPONENTS[i - plain] if i >= plain else 127 + rng.integers(-8, 4)
    return blocks


def same(a, b):
    return (a.view(np.uint32) == b.view(np.uint32)) | (np.isnan(a) & np.isnan(b))


def main():
    rng = np.random.default_rng(20261127)
    library = ggml()
    with open(sys.argv[1], "wb") as out:
        for kind in FORMATS:
            elements, size = GGML_QUANT_SIZES[kind]
            blocks = random_blocks(kind, rng)
            with np.errstate(all="ignore"):
                reference = dequantize(blocks, kind).astype(np.float32).reshape(-1)
            traits = library.ggml_get_type_traits(int(kind)).contents
            assert (traits.block_elements, traits.block_bytes) == (elements, size), kind
            floats = np.zeros(reference.size, np.float32)
            traits.to_float(blocks.ctypes.data, floats.ctypes.data, floats.size)
            assert same(floats, reference).all(), kind
            print(f"{kind.name:7} {len(blocks)} blocks")
            out.write(struct.pack("<8s3I", kind.name.lower().encode(), len(blocks), size, elements))
            out.write(blocks.tobytes() + reference.tobytes())


if __name__ == "__main__":
    main()
