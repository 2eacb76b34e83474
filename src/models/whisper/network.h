// Whisper's encoder and decoder (Radford et al. 2022) written down as a runtime::Program, from the names and
// layouts of CTranslate2 and of whisper.cpp. Step "encode": log-mel rows in, the decoder's cross-attention
// keys and values out, stored in caches. Step "decode": tokens in, logits out, one token sampled. Thread
// safety: plain values; what record() returns is immutable.
#pragma once

#include "base/result.h"
#include "runtime/program.h"
#include "runtime/weights.h"

#include <memory>
#include <string>

namespace coda::models::whisper {

struct Dimensions {
    int mel_bands = 0;
    int audio_context = 0;  // the most encoder frames, 20 ms each
    int audio_width = 0, audio_heads = 0, audio_layers = 0;
    int text_context = 0;  // the most tokens, prompt included
    int text_width = 0, text_heads = 0, text_layers = 0;
    int vocabulary = 0;
};

// "tiny", "large-v3", ...; by width, bands and layers.
std::string size_name(const Dimensions& dimensions);

struct Network {
    Dimensions dimensions;
    std::shared_ptr<const runtime::Program> program;
    const runtime::Step* encode = nullptr;  // StepInput::features: 2 x encoder frames rows of mel_bands
    const runtime::Step* decode = nullptr;  // output "logits": the rows asked for
};

// Fails with bad_format or unsupported, naming file, field and mend, when the file is no Whisper or holds
// another architecture, a size out of range, a missing tensor, a wrong shape.
Result<Dimensions> read_dimensions(const runtime::Weights& weights);
Result<Network> record(std::shared_ptr<const runtime::Weights> weights);

}  // namespace coda::models::whisper
