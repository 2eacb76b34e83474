"""What Coda's arithmetic and llama.cpp's cost on the packaged model in every quantization.

    python check.py CODA_LOGITS SmolLM2-135M-Instruct.Q4_1.gguf TEXT_FILE WORK_FOLDER
                                                      (llama-cpp-python, gguf and numpy)

The packaged model is written out as F32 and quantized anew by llama.cpp (MXFP4, which it keeps for mixtures of experts,
by ggml, matrix by matrix). The reference is llama.cpp on the quantized file written out as F32, with F32 keys and
values. Printed per format: the mean KL divergence from it over the text's first tokens of Coda on the quantized file
and of llama.cpp on the quantized file (both with their usual activations; llama.cpp with F32 keys and values, Coda
with its F16), and the largest KL of one token. A width of 576 is no multiple of 256: there llama.cpp falls back to
formats of 32, so that K-quants and IQ4_XS hold in the down matrices only.
"""

import ctypes
import os
import pathlib
import subprocess
import sys

import llama_cpp as c
import numpy as np
from gguf import GGMLQuantizationType as Q, GGUFReader, GGUFWriter
from gguf.quants import dequantize

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"
sys.path[:0] = [str(GOLDEN / "llm"), str(GOLDEN / "quants")]
import make_f32_gguf  # noqa: E402
import make_models  # noqa: E402

TOKENS = 192
FILE_TYPES = {
    "F16": c.LLAMA_FTYPE_MOSTLY_F16, "BF16": c.LLAMA_FTYPE_MOSTLY_BF16, "Q8_0": c.LLAMA_FTYPE_MOSTLY_Q8_0,
    "Q4_0": c.LLAMA_FTYPE_MOSTLY_Q4_0, "Q4_1": c.LLAMA_FTYPE_MOSTLY_Q4_1, "Q5_0": c.LLAMA_FTYPE_MOSTLY_Q5_0,
    "Q5_1": c.LLAMA_FTYPE_MOSTLY_Q5_1, "Q2_K": c.LLAMA_FTYPE_MOSTLY_Q2_K, "Q3_K": c.LLAMA_FTYPE_MOSTLY_Q3_K_M,
    "Q4_K": c.LLAMA_FTYPE_MOSTLY_Q4_K_M, "Q5_K": c.LLAMA_FTYPE_MOSTLY_Q5_K_M, "Q6_K": c.LLAMA_FTYPE_MOSTLY_Q6_K,
    "IQ4_NL": c.LLAMA_FTYPE_MOSTLY_IQ4_NL, "IQ4_XS": c.LLAMA_FTYPE_MOSTLY_IQ4_XS, "MXFP4": None,
}  # fmt: skip


def quantize_with_ggml(source, target, kind):
    reader = GGUFReader(source)
    writer = GGUFWriter(target, reader.fields["general.architecture"].contents())
    make_f32_gguf.copy_metadata(reader, writer)
    for tensor in reader.tensors:
        shape = [int(n) for n in reversed(tensor.shape)]
        values = np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(shape))
        if len(shape) == 2:
            writer.add_tensor(tensor.name, make_models.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(tensor.name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantize(source, target, name):
    if FILE_TYPES[name] is None:
        return quantize_with_ggml(source, target, Q[name])
    options = c.llama_model_quantize_default_params()
    options.ftype = FILE_TYPES[name]
    options.nthread = os.cpu_count()
    if c.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(options)) != 0:
        raise RuntimeError(f"llama.cpp does not make {name}")


def llama_logits(model, tokens):
    llama = c.Llama(model, n_ctx=len(tokens) + 8, logits_all=True, verbose=False, flash_attn=False,
                    type_k=c.GGML_TYPE_F32, type_v=c.GGML_TYPE_F32)
    llama.eval(tokens)
    logits = np.array(llama.scores[: len(tokens)], np.float32)
    llama.close()
    return logits


def coda_logits(binary, model, tokens, folder):
    given, taken = folder / "tokens", folder / "logits"
    np.array(tokens, np.int32).tofile(given)
    subprocess.run([binary, model, given, taken], check=True)
    return np.fromfile(taken, np.float32).reshape(len(tokens), -1)


def divergence(reference, other):
    """KL per token, natural logarithms, in double."""
    def log_softmax(logits):
        shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    p, q = log_softmax(reference), log_softmax(other)
    return (np.exp(p) * (p - q)).sum(axis=1)


def main(binary, packaged, text, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    original = str(folder / "original-f32.gguf")
    if not os.path.exists(original):
        make_f32_gguf.main(packaged, original)
    tokens = c.Llama(packaged, vocab_only=True, verbose=False).tokenize(pathlib.Path(text).read_bytes(), add_bos=False)[:TOKENS]
    print(f"{'format':7} {'MB':>5} {'KL Coda':>9} {'largest':>9} {'KL llama.cpp':>12} {'largest':>9}")
    worse = []
    for name in FILE_TYPES:
        quantized, written_out = str(folder / f"{name}.gguf"), str(folder / "written-out.gguf")
        quantize(original, quantized, name)
        make_f32_gguf.main(quantized, written_out)
        reference = llama_logits(written_out, tokens)
        ours = divergence(reference, coda_logits(binary, quantized, tokens, folder))
        theirs = divergence(reference, llama_logits(quantized, tokens))
        print(f"{name:7} {os.path.getsize(quantized) / 1e6:5.0f} {ours.mean():9.2e} {ours.max():9.2e} "
              f"{theirs.mean():12.2e} {theirs.max():9.2e}", flush=True)
        if ours.mean() > 5e-4 or ours.mean() > max(theirs.mean(), 1e-6):
            worse.append(name)
        os.remove(quantized)
    if worse:
        sys.exit(f"above 5e-4, or above llama.cpp: {', '.join(worse)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
