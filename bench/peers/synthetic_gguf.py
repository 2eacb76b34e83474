"""A GGUF of Llama 3.2 1B's shape with random weights, for timing only: 16 layers of 2,048, 32 heads on 8, a hidden layer
of 8,192 and a vocabulary of 128,256 that both programs load. Weights are random bits with scales that keep sums near one.

    python synthetic_gguf.py q4_k_m|q8_0 OUT_FILE      (gguf and numpy)

q4_k_m mixes as llama.cpp does: Q6_K for the tied embedding and for the value and down matrices of half the layers.
"""

import os
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Q, GGUFWriter

LAYERS, WIDTH, FFN, HEADS, KV_HEADS, HEAD_DIM = 16, 2048, 8192, 32, 8, 64
VOCABULARY, SPECIAL, CONTEXT = 128256, 256, 131072
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'"
    " + message['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
# Where the scales of a block lie, and the product of d and the largest other scale for the spread of the codes.
HALVES = {Q.Q8_0: {0: 1 / 73}, Q.Q4_K: {0: 1 / 145, 2: 1 / 145 / 2}, Q.Q6_K: {208: 1 / 1350}}


def byte_characters():
    """GPT-2's printable stand-ins for bytes."""
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in own]
    table = {byte: chr(byte) for byte in own} | {byte: chr(0x100 + i) for i, byte in enumerate(rest)}
    return [table[byte] for byte in range(256)]


def vocabulary():
    """Bytes, then pairs of them, then pairs of a pair and a byte: a merge for each."""
    single = byte_characters()
    tokens, merges = list(single), []
    letters = [c for c in single if c.isalpha() and c.isascii()] + ["\u0120"]
    first = letters + [c for c in single if c not in letters]
    pairs = [(a, b) for a in first for b in first]
    triples = ((a + b, c) for a in letters for b in letters for c in letters)
    wanted = VOCABULARY - SPECIAL
    for left, right in pairs:
        if len(tokens) == wanted:
            break
        merges.append(f"{left} {right}")
        tokens.append(left + right)
    for left, right in triples:
        if len(tokens) == wanted:
            break
        merges.append(f"{left} {right}")
        tokens.append(left + right)
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    names += [f"<|reserved_special_token_{i}|>" for i in range(wanted + SPECIAL - len(tokens) - len(names))]
    return tokens + names, [1] * len(tokens) + [3] * len(names), merges


def random_matrix(kind, rows, columns, rng):
    elements, size = GGML_QUANT_SIZES[kind]
    blocks = np.frombuffer(rng.bytes(rows * columns // elements * size), np.uint8).reshape(-1, size).copy()
    for at, scale in HALVES[kind].items():
        half = np.float16(scale / np.sqrt(columns))
        blocks[:, at : at + 2] = np.frombuffer(half.tobytes(), np.uint8)
    return blocks.reshape(rows, columns // elements * size)


def uses_more_bits(layer):
    """llama.cpp's rule for Q4_K_M."""
    return layer < LAYERS // 8 or layer >= 7 * LAYERS // 8 or (layer - LAYERS // 8) % 3 == 2


def write(mix, path):
    rng = np.random.default_rng(1)
    writer = GGUFWriter(path, "llama")
    writer.add_name("synthetic Llama 3.2 1B")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HEAD_DIM)
    writer.add_rope_freq_base(500000.0)
    writer.add_vocab_size(VOCABULARY)
    tokens, types, merges = vocabulary()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|begin_of_text|>"))
    writer.add_eos_token_id(tokens.index("<|eot_id|>"))
    writer.add_chat_template(TEMPLATE)

    def matrix(name, kind, rows, columns):
        writer.add_tensor(name, random_matrix(kind, rows, columns, rng), raw_dtype=kind)

    plain = Q.Q8_0 if mix == "q8_0" else Q.Q4_K
    more = Q.Q8_0 if mix == "q8_0" else Q.Q6_K
    matrix("token_embd.weight", more, VOCABULARY, WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("rope_freqs.weight", np.ones(HEAD_DIM // 2, np.float32))
    for layer in range(LAYERS):
        better = more if uses_more_bits(layer) else plain
        name = f"blk.{layer}."
        writer.add_tensor(name + "attn_norm.weight", np.ones(WIDTH, np.float32))
        writer.add_tensor(name + "ffn_norm.weight", np.ones(WIDTH, np.float32))
        matrix(name + "attn_q.weight", plain, HEADS * HEAD_DIM, WIDTH)
        matrix(name + "attn_k.weight", plain, KV_HEADS * HEAD_DIM, WIDTH)
        matrix(name + "attn_v.weight", better, KV_HEADS * HEAD_DIM, WIDTH)
        matrix(name + "attn_output.weight", plain, WIDTH, HEADS * HEAD_DIM)
        matrix(name + "ffn_gate.weight", plain, FFN, WIDTH)
        matrix(name + "ffn_up.weight", plain, FFN, WIDTH)
        matrix(name + "ffn_down.weight", better, WIDTH, FFN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2] + ".part")
    os.replace(sys.argv[2] + ".part", sys.argv[2])
