"""A tiny random model of the llama architecture for every quantization, with llama.cpp's logits.

    python make_models.py OUT_FOLDER       (llama-cpp-python, gguf and numpy)

Writes quant-*.gguf and models.json: per file the token ids and the logits after some of them. ggml quantizes the
matrices; the logits come from an F32 copy of the file with an F32 KV cache, so that they are the format's and not those
of rounded activations. One file mixes its gate and up matrices.
"""

import ctypes
import json
import os
import pathlib
import sys
import tempfile

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Q, GGUFWriter
from llama_cpp import GGML_TYPE_F32, Llama

from make_quants import ggml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "llm"))
import make_f32_gguf  # noqa: E402
from make_tiny import MARKERS, byte_tokens  # noqa: E402

LAYERS, HEADS, KV_HEADS, HEAD_DIM, FFN, CONTEXT = 1, 2, 1, 16, 32, 64
POSITIONS = [0, 30]
# name: the matrices' type, and that of `up` where it is another.
MODELS = {
    "q5_0": (Q.Q5_0,), "q5_1": (Q.Q5_1,), "iq4_nl": (Q.IQ4_NL,), "mxfp4": (Q.MXFP4,),
    "q2_k": (Q.Q2_K,), "q3_k": (Q.Q3_K,), "q4_k": (Q.Q4_K,), "q5_k": (Q.Q5_K,), "q6_k": (Q.Q6_K,),
    "iq4_xs": (Q.IQ4_XS, Q.Q4_K),
}  # fmt: skip


def quantize(values, kind):
    library = ggml()
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64,
                                            ctypes.c_int64, ctypes.c_void_p]
    elements, size = GGML_QUANT_SIZES[kind]
    rows, columns = values.shape
    out = np.zeros((rows, columns // elements * size), np.uint8)
    library.ggml_quantize_chunk(int(kind), values.ctypes.data, out.ctypes.data, 0, rows, columns, None)
    return out


def write(path, kind, up, rng):
    width = GGML_QUANT_SIZES[kind][0]
    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HEAD_DIM)
    writer.add_rope_freq_base(10000.0)
    tokens = byte_tokens() + ["he"] + MARKERS
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - len(MARKERS)) + [3] * len(MARKERS))
    writer.add_token_merges(["h e"])
    writer.add_eos_token_id(len(tokens) - 2)
    writer.add_bos_token_id(len(tokens) - 1)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}")

    def matrix(name, rows, columns, wanted=kind):
        values = rng.normal(0, 1.5 / np.sqrt(columns), (rows, columns)).astype(np.float32)
        fits = wanted if columns % GGML_QUANT_SIZES[wanted][0] == 0 else Q.Q8_0
        writer.add_tensor(name, quantize(values, fits), raw_dtype=fits)

    def vector(name):
        writer.add_tensor(name, rng.normal(1, 0.2, width).astype(np.float32))

    matrix("token_embd.weight", len(tokens), width)
    vector("output_norm.weight")
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        vector(name + "attn_norm.weight")
        vector(name + "ffn_norm.weight")
        matrix(name + "attn_q.weight", HEADS * HEAD_DIM, width)
        matrix(name + "attn_k.weight", KV_HEADS * HEAD_DIM, width)
        matrix(name + "attn_v.weight", KV_HEADS * HEAD_DIM, width)
        matrix(name + "attn_output.weight", width, HEADS * HEAD_DIM)
        matrix(name + "ffn_gate.weight", FFN, width)
        matrix(name + "ffn_up.weight", FFN, width, up)
        matrix(name + "ffn_down.weight", width, FFN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return len(tokens)


def logits(path, ids):
    with tempfile.TemporaryDirectory() as folder:
        f32 = os.path.join(folder, "f32.gguf")
        make_f32_gguf.main(path, f32)
        model = Llama(f32, n_ctx=CONTEXT, n_threads=1, logits_all=True, verbose=False, flash_attn=False,
                      type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32)
        model.eval(ids)
        return np.array(model.scores[POSITIONS])


def main(folder):
    rng = np.random.default_rng(4)
    golden = []
    for name, kinds in MODELS.items():
        path = os.path.join(folder, f"quant-{name}.gguf")
        vocabulary = write(path, kinds[0], kinds[-1], rng)
        ids = [int(i) for i in rng.integers(0, vocabulary, POSITIONS[-1] + 1)]
        rows = [[float(f"{x:.7g}") for x in row] for row in logits(path, ids)]
        golden.append({"file": f"quant-{name}.gguf", "ids": ids, "positions": POSITIONS, "logits": rows})
    with open(os.path.join(folder, "models.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in golden) + "\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
