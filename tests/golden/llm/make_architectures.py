"""Tiny random models of every architecture, with transformers' logits.

    python make_architectures.py OUT_FOLDER [--witness]

Writes arch-*.gguf and architectures.bin. Weights are drawn, rounded to what Q8_0 or F16 holds, and given to
transformers (PyTorch, F32) and to the GGUF alike, under the names and in the order that llama.cpp's converter uses:
so the logits are the architecture's and no format's. With --witness llama-cpp-python runs an F32 copy of each file
too, and its normalised error against transformers is printed. It agrees (some 1e-12; gemma some 1e-7, whose GELU it
looks up) but for what it does otherwise: it does not heed the windows of mistral and phi3, has no dynamic scaling, and
takes a context of 12 for one of 256, so that phi3 gets its long factors.

Of pip: torch, transformers, gguf, numpy; llama-cpp-python for --witness. Made with torch 2.15.0, transformers 5.24.0.
"""

import os
import struct
import sys
import tempfile

import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as Q
from gguf import GGUFWriter
from gguf.quants import dequantize, quantize

WIDTH, FFN, HEADS, KV_HEADS, HEAD_DIM, VOCABULARY, CONTEXT, IDS = 32, 64, 4, 2, 16, 64, 64, 26
WINDOW, ORIGINAL = 7, 16

COMMON = dict(vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=FFN, num_attention_heads=HEADS,
              num_key_value_heads=KV_HEADS, head_dim=HEAD_DIM, max_position_embeddings=CONTEXT, rms_norm_eps=1e-5,
              pad_token_id=0, bos_token_id=1, eos_token_id=2)
LONG, SHORT = [1.0, 1.7, 4.0], [1.0, 1.05, 1.2]
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=ORIGINAL)
GEMMA = dict(hidden_activation="gelu_pytorch_tanh", query_pre_attn_scalar=HEAD_DIM, tie_word_embeddings=True)

# Where llama.cpp wants the heads to be as wide together as the stream.
NARROW = {key: WIDTH // HEADS for key in ("attention.key_length", "attention.value_length", "rope.dimension_count")}


def theta(base):
    return dict(rope_type="default", rope_theta=base)


# file: architecture, transformers' class, its configuration beyond COMMON, keys of the GGUF beyond the common ones,
# and the contexts to run at (transformers runs as many tokens).
MODELS = {
    "llama3-factors": ("llama", "Llama", dict(num_hidden_layers=2, rope_parameters=LLAMA3, attention_bias=True), {}, [IDS]),
    "llama-dynamic": ("llama", "Llama", dict(num_hidden_layers=2, max_position_embeddings=ORIGINAL,
                                             rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=3.0)),
                      {"rope.scaling.type": "dynamic", "rope.scaling.factor": 3.0,
                       "rope.scaling.original_context_length": ORIGINAL, "context_length": CONTEXT}, [12, IDS]),
    "mistral-window": ("llama", "Mistral", dict(num_hidden_layers=2, sliding_window=WINDOW, rope_parameters=theta(1e6)),
                       {"attention.sliding_window": WINDOW}, [IDS]),
    "mixtral": ("llama", "Mixtral", dict(num_hidden_layers=2, num_local_experts=4, num_experts_per_tok=2,
                                         rope_parameters=theta(1e6)),
                {"expert_count": 4, "expert_used_count": 2}, [IDS]),
    "qwen2": ("qwen2", "Qwen2", dict(num_hidden_layers=2, head_dim=None, rope_parameters=theta(1e6),
                                     tie_word_embeddings=True), NARROW, [IDS]),
    "qwen3": ("qwen3", "Qwen3", dict(num_hidden_layers=2, rope_parameters=theta(1e6)), {}, [IDS]),
    "qwen3moe": ("qwen3moe", "Qwen3Moe", dict(num_hidden_layers=2, num_experts=8, num_experts_per_tok=3,
                                              moe_intermediate_size=32, norm_topk_prob=True, rope_parameters=theta(1e6)),
                 {"expert_count": 8, "expert_used_count": 3, "expert_feed_forward_length": 32}, [IDS]),
    "gemma": ("gemma", "Gemma", dict(num_hidden_layers=2, hidden_activation="gelu_pytorch_tanh", tie_word_embeddings=True,
                                     rope_parameters=theta(1e4)), {}, [IDS]),
    "gemma2": ("gemma2", "Gemma2", dict(num_hidden_layers=3, sliding_window=WINDOW, attn_logit_softcapping=5.0,
                                        final_logit_softcapping=8.0, rope_parameters=theta(1e4), **GEMMA),
               {"attention.sliding_window": WINDOW, "attn_logit_softcapping": 5.0, "final_logit_softcapping": 8.0,
                "context_length": 256}, [IDS]),
    "gemma3": ("gemma3", "Gemma3", dict(num_hidden_layers=7, sliding_window=WINDOW, **GEMMA, rope_parameters={
                   "full_attention": dict(rope_type="linear", rope_theta=1e6, factor=8.0),
                   "sliding_attention": theta(1e4)}),
               {"attention.sliding_window": WINDOW, "rope.scaling.type": "linear", "rope.scaling.factor": 8.0}, [IDS]),
    "phi3-longrope": ("phi3", "Phi3", dict(num_hidden_layers=2, head_dim=None, sliding_window=20, original_max_position_embeddings=ORIGINAL,
                                           rope_parameters=dict(rope_type="longrope", rope_theta=10000.0,
                                                                partial_rotary_factor=0.75, short_factor=SHORT,
                                                                long_factor=LONG,
                                                                original_max_position_embeddings=ORIGINAL)),
                      NARROW | {"attention.sliding_window": 20, "rope.dimension_count": 6,
                       "rope.scaling.original_context_length": ORIGINAL,
                       "rope.scaling.attn_factor": float(np.sqrt(1 + np.log(CONTEXT / ORIGINAL) / np.log(ORIGINAL)))},
                      [12, IDS]),
    "smollm3": ("smollm3", "SmolLM3", dict(num_hidden_layers=5, no_rope_layer_interval=4, rope_parameters=theta(1e6),
                                           tie_word_embeddings=True), {}, [IDS]),
    "granite": ("granite", "Granite", dict(num_hidden_layers=2, embedding_multiplier=12.0, residual_multiplier=0.22,
                                           attention_multiplier=0.05, logits_scaling=0.4, tie_word_embeddings=True,
                                           rope_parameters=theta(1e4)),
                {"embedding_scale": 12.0, "residual_scale": 0.22, "attention.scale": 0.05, "logit_scale": 0.4}, [IDS]),
}

LAYER_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.qkv_proj": "attn_qkv", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up",
    "input_layernorm": "attn_norm", "mlp.gate": "ffn_gate_inp", "mlp.experts.down_proj": "ffn_down_exps",
}
PERMUTED = {"llama", "smollm3", "granite"}


def gguf_name(architecture, name):
    name = name.removeprefix("model.")
    if name == "embed_tokens.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    if name == "lm_head.weight":
        return "output.weight"
    _, layer, rest = name.split(".", 2)
    stem, dot, kind = rest.rpartition(".")
    if rest.startswith("mlp.experts."):  # parameters, not modules
        stem, kind = rest, "weight"
    after_norms = {"post_attention_layernorm": "ffn_norm"}
    if architecture in ("gemma2", "gemma3"):
        after_norms = {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
                       "post_feedforward_layernorm": "post_ffw_norm"}
    return f"blk.{layer}.{(LAYER_NAMES | after_norms)[stem]}.{kind}"


def permuted(values, heads):
    return values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


def draw(model, rng):
    """New values for all parameters, which Q8_0 (matrices) or F32 (vectors) hold exactly."""
    for name, parameter in model.named_parameters():
        shape = tuple(parameter.shape)
        if len(shape) == 1:
            mean = 1.0 if "norm" in name and "Gemma" not in type(model).__name__ else 0.0
            spread = 0.5 if name.endswith("bias") else 0.2
            values = rng.normal(mean, spread, shape).astype(np.float32)
        else:
            values = rng.normal(0, 1.5 / np.sqrt(shape[-1]), shape).astype(np.float32)
            if ".gate.weight" not in name:  # a router stays F32
                values = dequantize(quantize(values, Q.Q8_0), Q.Q8_0).reshape(shape)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(values))


def write(path, architecture, model, keys, exact):
    writer = GGUFWriter(path, architecture)
    config = model.config
    defaults = {
        "block_count": config.num_hidden_layers, "context_length": CONTEXT, "embedding_length": WIDTH,
        "feed_forward_length": FFN, "attention.head_count": HEADS, "attention.head_count_kv": KV_HEADS,
        "attention.key_length": HEAD_DIM, "attention.value_length": HEAD_DIM,
        "attention.layer_norm_rms_epsilon": 1e-5, "rope.dimension_count": HEAD_DIM,
        "rope.freq_base": float(config.rope_parameters.get("full_attention", config.rope_parameters)["rope_theta"]),
    }
    for key, value in (defaults | keys).items():
        add = {int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}[type(value)]
        add(f"{architecture}.{key}", value)
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(10, 11)]
    tokens += [chr(ord("!") + i) for i in range(VOCABULARY - len(tokens))]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * VOCABULARY)
    writer.add_token_types([2, 3, 3, 6] + [1] * (VOCABULARY - 4))

    def add(name, values):
        values = np.ascontiguousarray(values, dtype=np.float32)
        whole_blocks = values.ndim > 1 and values.shape[-1] % 32 == 0 and "ffn_gate_inp" not in name
        if exact or not whole_blocks:
            return writer.add_tensor(name, values)
        quantized = quantize(values, Q.Q8_0)
        assert np.array_equal(dequantize(quantized, Q.Q8_0).reshape(values.shape), values), name
        writer.add_tensor(name, quantized, raw_dtype=Q.Q8_0)

    for name, parameter in model.named_parameters():
        values = parameter.detach().numpy()
        if name.endswith("mlp.experts.gate_up_proj"):
            half = values.shape[1] // 2
            layer = name.split(".")[2]
            add(f"blk.{layer}.ffn_gate_exps.weight", values[:, :half])
            add(f"blk.{layer}.ffn_up_exps.weight", values[:, half:])
            continue
        if architecture in PERMUTED and ".q_proj." in name:
            values = permuted(values, HEADS)
        if architecture in PERMUTED and ".k_proj." in name:
            values = permuted(values, KV_HEADS)
        if architecture.startswith("gemma") and name.endswith("norm.weight"):
            values = values + 1
        add(gguf_name(architecture, name), values)
    rope = config.rope_parameters
    if rope.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(rope))
    if rope.get("rope_type") == "longrope":
        writer.add_tensor("rope_factors_long.weight", np.array(LONG, np.float32))
        writer.add_tensor("rope_factors_short.weight", np.array(SHORT, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def llama3_factors(rope):
    """What llama.cpp's converter makes of Llama 3.1's four numbers."""
    frequencies = rope["rope_theta"] ** (-np.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    turns = rope["original_max_position_embeddings"] * frequencies / (2 * np.pi)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    kept = np.clip((turns - low) / (high - low), 0, 1)
    return (1 / (kept + (1 - kept) / rope["factor"])).astype(np.float32)


def make_model(kind, settings):
    config_kind = "Gemma3Text" if kind == "Gemma3" else kind
    settings = {key: value for key, value in (COMMON | settings).items() if value is not None}
    config = getattr(transformers, config_kind + "Config")(**settings)
    config._attn_implementation = "eager"
    return getattr(transformers, kind + "ForCausalLM")(config).eval()


def witness(path, ids):
    from llama_cpp import GGML_TYPE_F32, Llama
    model = Llama(path, n_ctx=CONTEXT if len(ids) > ORIGINAL else ORIGINAL, n_threads=1, logits_all=True, verbose=False,
                  flash_attn=False, type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32)
    model.eval(ids)
    return np.array(model.scores[:len(ids)])


def main(folder, *options):
    rng = np.random.default_rng(11)
    entries = []
    for name, (architecture, kind, settings, keys, contexts) in MODELS.items():
        model = make_model(kind, settings)
        draw(model, rng)
        path = os.path.join(folder, f"arch-{name}.gguf")
        write(path, architecture, model, keys, exact=False)
        for context in contexts:
            ids = [int(i) for i in rng.integers(0, VOCABULARY, context)]
            with torch.no_grad():
                logits = model(torch.tensor([ids])).logits[0].numpy().astype(np.float32)
            entries.append((f"arch-{name}.gguf", ids, logits))
            print(f"{name:16} {os.path.getsize(path):7} bytes, {context} tokens, rms {np.sqrt((logits**2).mean()):.2f}",
                  end="")
            if "--witness" in options and "dynamic" not in name:  # which ends llama.cpp
                with tempfile.TemporaryDirectory() as scratch:
                    exact = os.path.join(scratch, "exact.gguf")
                    write(exact, architecture, model, keys, exact=True)
                    try:
                        error = ((witness(exact, ids) - logits) ** 2).sum(1) / (logits**2).sum(1)
                        print(f", llama.cpp: first {error[:WINDOW].max():.1e}, all {error.max():.1e}", end="")
                    except ValueError as refused:
                        print(f", llama.cpp: {refused}", end="")
            print(flush=True)
    with open(os.path.join(folder, "architectures.bin"), "wb") as file:
        file.write(struct.pack("<I", len(entries)))
        for name, ids, logits in entries:
            file.write(struct.pack("<I", len(name)) + name.encode() + struct.pack("<II", len(ids), logits.shape[1]))
            file.write(np.array(ids, "<u2").tobytes() + logits.astype("<f4").tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
