"""One measurement of a peer, as script/bench-peers asks for it: a JSON object on stdin, one on stdout. Runs in the folder
that the script installed the peers into. What each figure covers stands at its function."""

import json
import statistics
import sys
import time


def milliseconds(function):
    started = time.perf_counter()
    result = function()
    return (time.perf_counter() - started) * 1e3, result


class LlamaCpp:
    """llama.cpp through its C interface: no Python between the tokens but the call itself."""

    def __init__(self, model, threads, context):
        import llama_cpp

        self.c = c = llama_cpp
        self.quiet = c.llama_log_callback(lambda level, text, data: None)
        c.llama_log_set(self.quiet, None)
        c.llama_backend_init()
        self.model = c.llama_model_load_from_file(model.encode(), c.llama_model_default_params())
        if not self.model:
            raise RuntimeError(f"{model}: llama.cpp does not load it")
        options = c.llama_context_default_params()
        options.n_ctx = context
        options.n_batch = options.n_ubatch = 512
        options.n_threads = options.n_threads_batch = threads
        self.context = c.llama_init_from_model(self.model, options)
        self.vocabulary = c.llama_vocab_n_tokens(c.llama_model_get_vocab(self.model))

    def clear(self):
        self.c.llama_memory_clear(self.c.llama_get_memory(self.context), True)

    def feed(self, tokens):
        """Evaluates tokens and waits for the logits of the last; the next is whoever calls' choice."""
        array = (self.c.llama_token * len(tokens))(*tokens)
        if self.c.llama_decode(self.context, self.c.llama_batch_get_one(array, len(tokens))) != 0:
            raise RuntimeError("llama_decode failed")
        self.c.llama_synchronize(self.context)

    def token(self, i):
        return (i * 7919 + 17) % 40000 % self.vocabulary


def llm(ask):
    """Tokens per second of a prompt, and of single tokens after it, without sampling."""
    count, generate = ask["prompt"], ask["generate"]
    peer = LlamaCpp(ask["model"], ask["threads"], count + generate + 8)
    prefill, decode = [], []
    for round_number in range(ask["rounds"] + 1):  # the first warms up
        peer.clear()
        prompt_ms, _ = milliseconds(lambda: peer.feed([peer.token(i) for i in range(count)]))
        tokens = range(generate if round_number else 4)
        tokens_ms, _ = milliseconds(lambda: [peer.feed([peer.token(i)]) for i in tokens])
        if round_number:
            prefill.append(count * 1000 / prompt_ms)
            decode.append(generate * 1000 / tokens_ms)
    return {"prefill": statistics.median(prefill), "decode": statistics.median(decode)}


def load(ask):
    """Opening the file to the logits that the first token is taken from, of a short prompt; the file is in the page
    cache, the program is already running."""
    import llama_cpp  # noqa: F401  (outside the time)

    def first_token():
        peer = LlamaCpp(ask["model"], ask["threads"], 512)
        peer.feed([peer.token(i) for i in range(ask["prompt"])])

    return {"ms": milliseconds(first_token)[0]}


def stt(ask):
    """From samples at 16 kHz to text, model loaded."""
    from faster_whisper import WhisperModel, decode_audio

    model = WhisperModel(ask["model"], device="cpu", compute_type="int8", cpu_threads=ask["threads"])
    samples = decode_audio(ask["file"])

    def heard():
        segments, _ = model.transcribe(samples, language="en", beam_size=1, without_timestamps=True,
                                       condition_on_previous_text=False)
        return "".join(segment.text for segment in segments).strip()

    times = [milliseconds(heard) for _ in range(ask["rounds"] + 1)][1:]
    return {"ms": statistics.median(ms for ms, _ in times), "text": times[-1][1]}


def tts(ask):
    """Text to the first audible sample (within 40 dB of the peak): the package gives a sentence when it is whole, and
    leaves silence before the first sound."""
    import numpy as np
    from hibari import Hibari

    voice = Hibari(threads=1)
    times = []
    for _ in range(ask["rounds"] + 1):
        ms, audio = milliseconds(lambda: voice(ask["text"], seed=0))
        lead = int(np.argmax(np.abs(audio) >= np.abs(audio).max() * 0.01))
        times.append((ms, ms + lead / 24))
    return {"computed_ms": statistics.median(ms for ms, _ in times[1:]),
            "heard_ms": statistics.median(ms for _, ms in times[1:])}


def multiply(ask):
    """GFLOP/s of a 1,024 square product in F32 by numpy's BLAS, the best of ten."""
    import numpy as np

    a = np.random.default_rng(0).standard_normal((1024, 1024), np.float32)
    best = min(milliseconds(lambda: a @ a)[0] for _ in range(10))
    return {"gflops": 2 * 1024**3 / best / 1e6}


def describe(ask):
    """Bytes that a decode step reads, and the elements of the matrices that every token of a prompt multiplies."""
    from gguf import GGUFReader

    tensors = GGUFReader(ask["model"]).tensors
    names = {tensor.name for tensor in tensors}
    matrices = [t for t in tensors if len(t.shape) == 2]
    read = [t for t in matrices if t.name != "token_embd.weight" or "output.weight" not in names]
    return {"bytes": int(sum(t.n_bytes for t in read)),
            "elements": int(sum(t.n_elements for t in matrices if t.name.startswith("blk.")))}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps({"llm": llm, "load": load, "stt": stt, "tts": tts, "multiply": multiply,
                      "describe": describe}[asked["task"]](asked)))
