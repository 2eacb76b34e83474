#!/usr/bin/env python3
"""Writes silero.json and smart_turn.json: what the two networks say of the test recordings in Python's onnxruntime,
with smart-turn's features computed by pipecat-ai's own code.

  make_models_golden.py AUDIO_FOLDER SILERO.onnx SMART_TURN.onnx PIPECAT_FOLDER OUTPUT_FOLDER

PIPECAT_FOLDER holds the unpacked pipecat-ai 1.14.0 wheel; needs numpy and onnxruntime 1.32.
"""
import importlib.util
import json
import pathlib
import sys
import wave

import numpy as np
import onnxruntime

FRAME, CONTEXT = 512, 64


def read_wav(path):
    with wave.open(str(path)) as w:
        assert w.getframerate() == 16000 and w.getsampwidth() == 2 and w.getnchannels() == 1, path
        return np.frombuffer(w.readframes(w.getnframes()), "<i2").astype(np.float32) / 32768


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def silero(net, samples):
    state = np.zeros((2, 1, 128), np.float32)
    context = np.zeros(CONTEXT, np.float32)
    probabilities = []
    for start in range(0, len(samples) - FRAME + 1, FRAME):
        frame = samples[start : start + FRAME]
        out, state = net.run(
            None, {"input": np.concatenate([context, frame])[None], "state": state, "sr": np.array(16000, np.int64)}
        )
        context = frame[-CONTEXT:]
        probabilities.append(round(float(out[0, 0]), 6))
    return probabilities


def smart_turn(net, features, samples):
    window = samples[-128000:]
    window = features(np.pad(window, (128000 - len(window), 0)))
    # The network quantises its activations by their range, so that a change of 1e-5 in the features, less than two
    # right implementations of a log-mel differ by, can move the probability. `low` and `high` are what it does then.
    noise = np.random.default_rng(0)
    values = [
        float(net.run(None, {"input_features": (window + k * noise.normal(size=window.shape) * 1e-5).astype("f")[None]})[0][0, 0])
        for k in [0] + [1] * 24
    ]
    return {"probability": round(values[0], 6), "low": round(min(values), 6), "high": round(max(values), 6)}


def main():
    audio, silero_path, turn_path, pipecat, out = map(pathlib.Path, sys.argv[1:])
    spec = importlib.util.spec_from_file_location(
        "features", pipecat / "pipecat/audio/turn/smart_turn/_whisper_features.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    net = session(silero_path)
    names = ["jfk.wav", "spoken/plain-04.wav", "spoken/plain-34.wav", "spoken/paused-01.wav"]
    rows = [{"file": name, "probabilities": silero(net, read_wav(audio / name))} for name in names]
    (out / "silero.json").write_text(json.dumps(rows, indent=1) + "\n")

    net = session(turn_path)
    rows = []
    for name in names + ["spoken/plain-11.wav", "spoken/paused-08.wav"]:
        samples = read_wav(audio / name)
        for end in (4000, 16000, 24000, 36800, len(samples)):
            if end <= len(samples):
                value = smart_turn(net, module.compute_whisper_log_mel_features, samples[:end])
                rows.append({"file": name, "samples": end} | value)
    (out / "smart_turn.json").write_text(json.dumps(rows, indent=1) + "\n")


main()
