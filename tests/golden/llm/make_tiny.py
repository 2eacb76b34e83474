"""Tiny random models of the llama architecture, one per element type and variant, with llama.cpp's logits.

    python make_tiny.py OUT_FOLDER

Writes tiny-*.gguf and tiny.json: per file the token ids and the logits after some of them. The logits come from an F32
copy of the file, with an F32 KV cache, so that they are the model's and not those of rounded activations.
"""

import json
import os
import sys
import tempfile

import numpy as np
from gguf import GGMLQuantizationType as Q
from gguf import GGUFReader, GGUFWriter
from gguf.quants import quantize
from llama_cpp import GGML_TYPE_F32, Llama

import make_f32_gguf

WIDTH, FFN, LAYERS, HEADS, HEAD_DIM, CONTEXT = 32, 64, 2, 4, 16, 64
POSITIONS = [0, 1, 9, 30]
MARKERS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]

# name: element type of the matrices, key heads, and what else is special about it
VARIANTS = {
    "tiny-f32-linear-rope": (Q.F32, 2, {"scaling": ("linear", 2.0)}),
    "tiny-f16-untied-rope-factors": (Q.F16, 4, {"untied": True, "factors": True}),
    "tiny-bf16-one-key-head": (Q.BF16, 1, {}),
    "tiny-q8_0-biases": (Q.Q8_0, 2, {"biases": True}),
    "tiny-q4_0": (Q.Q4_0, 2, {"base": 500000.0}),
    "tiny-q4_1-yarn": (Q.Q4_1, 2, {"scaling": ("yarn", 4.0)}),
}


def byte_tokens():
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in own]
    return [chr(byte) for byte in own] + [chr(0x100 + i) for i in range(len(rest))]


def write(path, kind, kv_heads, special, rng):
    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HEAD_DIM)
    writer.add_rope_freq_base(special.get("base", 10000.0))
    if "scaling" in special:
        name, factor = special["scaling"]
        writer.add_string("llama.rope.scaling.type", name)
        writer.add_rope_scaling_factor(factor)
        writer.add_rope_scaling_orig_ctx_len(16)
    tokens = byte_tokens() + ["he", "ll"] + MARKERS
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - len(MARKERS)) + [3] * len(MARKERS))
    writer.add_token_merges(["h e", "l l"])
    writer.add_eos_token_id(len(tokens) - 2)
    writer.add_bos_token_id(len(tokens) - 1)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}")

    def matrix(name, rows, columns):
        values = rng.normal(0, 1.5 / np.sqrt(columns), (rows, columns)).astype(np.float32)
        writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)

    def vector(name, size, mean, spread):
        writer.add_tensor(name, rng.normal(mean, spread, size).astype(np.float32))

    matrix("token_embd.weight", len(tokens), WIDTH)
    if special.get("untied"):
        matrix("output.weight", len(tokens), WIDTH)
    if special.get("factors"):
        writer.add_tensor("rope_freqs.weight", np.linspace(1, 8, HEAD_DIM // 2).astype(np.float32))
    vector("output_norm.weight", WIDTH, 1, 0.2)
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        vector(name + "attn_norm.weight", WIDTH, 1, 0.2)
        vector(name + "ffn_norm.weight", WIDTH, 1, 0.2)
        matrix(name + "attn_q.weight", HEADS * HEAD_DIM, WIDTH)
        matrix(name + "attn_k.weight", kv_heads * HEAD_DIM, WIDTH)
        matrix(name + "attn_v.weight", kv_heads * HEAD_DIM, WIDTH)
        matrix(name + "attn_output.weight", WIDTH, HEADS * HEAD_DIM)
        matrix(name + "ffn_gate.weight", FFN, WIDTH)
        matrix(name + "ffn_up.weight", FFN, WIDTH)
        matrix(name + "ffn_down.weight", WIDTH, FFN)
        if special.get("biases"):
            vector(name + "attn_q.bias", HEADS * HEAD_DIM, 0, 0.5)
            vector(name + "attn_k.bias", kv_heads * HEAD_DIM, 0, 0.5)
            vector(name + "attn_v.bias", kv_heads * HEAD_DIM, 0, 0.5)
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
    rng = np.random.default_rng(3)
    golden = []
    for name, (kind, kv_heads, special) in VARIANTS.items():
        path = os.path.join(folder, name + ".gguf")
        vocabulary = write(path, kind, kv_heads, special, rng)
        ids = [int(i) for i in rng.integers(0, vocabulary, POSITIONS[-1] + 1)]
        rows = [[float(f"{x:.7g}") for x in row] for row in logits(path, ids)]
        golden.append({"file": name + ".gguf", "ids": ids, "positions": POSITIONS, "logits": rows})
    with open(os.path.join(folder, "tiny.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in golden) + "\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
