"""Greedy continuations by llama.cpp on the F32 file, in F32 arithmetic with an F32 KV cache.

    python make_generation.py SmolLM2.F32.gguf generation.json

Per prompt the messages, the prompt's ids (ChatML) and up to 64 greedy ids (fewer where the turn ends; the end marker
is the last).
"""

import json
import sys

import numpy as np
from llama_cpp import GGML_TYPE_F32, Llama

SYSTEM = {"role": "system", "content": "You are a helpful voice assistant. Answer in one or two short sentences."}


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


PROMPTS = [
    [user("What is the capital of France?")],
    [SYSTEM, user("What is the capital of Germany?")],
    [user("Write a short poem about the sea.")],
    [SYSTEM, user("How do I boil an egg?")],
    [user("Explain photosynthesis to a child.")],
    [SYSTEM, user("Hello!"), assistant("Hello! How can I help you today?"), user("Tell me a fun fact about cats.")],
    [user("List three colours of the rainbow.")],
    [user("def fibonacci(n):\n    # complete this Python function")],
    [SYSTEM, user("I feel a bit tired today."), assistant("I'm sorry to hear that. Did you sleep well?"), user("Not really.")],
    [user("Translate to French: Good morning, my friend. 😀")],
]

def chatml(messages):
    text = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
    return text + "<|im_start|>assistant\n"


def exact(path):
    return Llama(path, n_ctx=1024, n_batch=256, n_threads=2, logits_all=True, verbose=False, flash_attn=False,
                 type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32)


def greedy(model, prompt):
    ids = list(prompt)
    out = []
    model.reset()
    model.eval(ids)
    while len(out) < 64:
        token = int(np.argmax(model.scores[model.n_tokens - 1]))
        out.append(token)
        if token in (model.token_eos(), 0):
            break
        model.eval([token])
    return out


def main(f32_path, generation_path):
    model = exact(f32_path)
    runs = []
    for messages in PROMPTS:
        prompt = model.tokenize(chatml(messages).encode(), add_bos=False, special=True)
        runs.append({"messages": messages, "prompt": prompt, "greedy": greedy(model, prompt)})
    with open(generation_path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(run, separators=(",", ":")) for run in runs) + "\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
