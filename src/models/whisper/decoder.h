// One call's walk through the network: audio into the encoder, tokens out of the decoder.
// Thread safety: a Model is immutable; a Decoder belongs to one thread. Ownership: a Decoder borrows its
// Model, its State and the Cancel.
#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "models/whisper/network.h"
#include "models/whisper/repetition.h"
#include "models/whisper/vocabulary.h"
#include "runtime/backend.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace coda::models::whisper {

struct Model {
    std::string name;
    Network network;
    Vocabulary vocabulary;
    std::shared_ptr<const runtime::Executable> executable;
    // Bit masks as runtime::Sampling::allowed wants them: for the first token of a text, and for the others.
    std::vector<uint32_t> allowed_first, allowed;

    // Fails with bad_format when the vocabulary does not fit the network.
    static Result<Model> create(Network network, Vocabulary vocabulary,
                                std::shared_ptr<const runtime::Executable> executable,
                                const std::string& where);
};

// What one decoding came to.
struct Hypothesis {
    std::vector<int32_t> tokens;  // without the end
    float average_logprob = 0;    // over tokens and end, natural log
    float least_logprob = 0;      // of the least sure token or end
    float no_speech_probability = 0;
    Repetition repetition;  // at the end of the tokens
    bool ended = false;     // by the end-of-text token; not by a loop or the limit
};

class Decoder {
  public:
    Decoder(const Model& model, runtime::State& state, runtime::Priority priority, const Cancel& cancel)
        : model_(model), state_(state), priority_(priority), cancel_(cancel) {}

    // `samples` with `frames` frames of context; every call below speaks of this audio.
    Status encode(std::span<const float> samples, int frames);

    // The language that the first token after start-of-transcript makes likeliest. Multilingual models only.
    Result<Language> detect_language();

    // Greedy at temperature 0, else sampled. Stops in a loop. `language`: -1 for English-only models.
    Result<Hypothesis> decode(int32_t language, float temperature, int max_tokens);

    // Mean log-probability of these tokens under this audio.
    Result<float> likelihood(int32_t language, std::span<const int32_t> tokens);

  private:
    std::vector<int32_t> prompt(int32_t language) const;
    Status run(std::span<const int32_t> tokens, runtime::Rows rows, const runtime::Sampling& sampling);

    const Model& model_;
    runtime::State& state_;
    runtime::Priority priority_;
    const Cancel& cancel_;
};

}  // namespace coda::models::whisper
