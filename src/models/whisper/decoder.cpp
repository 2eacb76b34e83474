#include "models/whisper/decoder.h"

#include "models/whisper/windows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace coda::models::whisper {
namespace {

using namespace runtime;

// How many draws apart two temperatures' random numbers are.
constexpr float kSeedPerTemperature = 1000;

bool is_set(std::span<const uint32_t> mask, size_t bit) {
    return (mask[bit / 32] >> (bit % 32)) & 1;
}
void clear(std::vector<uint32_t>& mask, int32_t bit) {
    mask[static_cast<size_t>(bit) / 32] &= ~(uint32_t{1} << (bit % 32));
}

// log of the sum of exp of the allowed logits (all, without a mask).
double log_sum_exp(std::span<const float> logits, std::span<const uint32_t> allowed) {
    float largest = -INFINITY;
    for (size_t i = 0; i < logits.size(); ++i)
        if (allowed.empty() || is_set(allowed, i)) largest = std::max(largest, logits[i]);
    double sum = 0;
    for (size_t i = 0; i < logits.size(); ++i)
        if (allowed.empty() || is_set(allowed, i)) sum += std::exp(logits[i] - largest);
    return largest + std::log(sum);
}

}  // namespace

Result<Model> Model::create(Network network, Vocabulary vocabulary,
                            std::shared_ptr<const Executable> executable, const std::string& where) {
    const int size = network.dimensions.vocabulary;
    const SpecialTokens& special = vocabulary.special();
    if (vocabulary.size() > size || special.no_timestamps >= size)
        return fail(ErrorCode::bad_format,
                    fmt::format("the vocabulary has {} tokens, the network {}", vocabulary.size(), size),
                    where, "take vocabulary and weights from the same model");
    Model model;
    model.name =
        fmt::format("whisper-{}{}", size_name(network.dimensions), vocabulary.multilingual() ? "" : ".en");
    model.allowed.assign((static_cast<size_t>(size) + 31) / 32, 0);
    for (int32_t id = 0; id <= special.end_of_text; ++id)
        model.allowed[static_cast<size_t>(id) / 32] |= uint32_t{1} << (id % 32);
    for (const int32_t id : vocabulary.suppressed()) clear(model.allowed, id);
    model.allowed_first = model.allowed;
    for (const int32_t id : vocabulary.suppressed_at_start()) clear(model.allowed_first, id);
    if (std::all_of(model.allowed_first.begin(), model.allowed_first.end(),
                    [](uint32_t word) { return word == 0; }))
        return fail(ErrorCode::bad_format, "the vocabulary has no tokens of text", where,
                    "copy the model again");
    model.network = std::move(network);
    model.vocabulary = std::move(vocabulary);
    model.executable = std::move(executable);
    return model;
}

Status Decoder::encode(std::span<const float> samples, int frames) {
    const std::vector<float> features =
        encoder_features(samples, frames, model_.network.dimensions.mel_bands);
    StepInput input;
    input.features = features;
    return model_.executable->run(*model_.network.encode, input, state_, cancel_, priority_);
}

Status Decoder::run(std::span<const int32_t> tokens, Rows rows, const Sampling& sampling) {
    StepInput input;
    input.tokens = tokens;
    input.rows = rows;
    input.sampling = sampling;
    return model_.executable->run(*model_.network.decode, input, state_, cancel_, priority_);
}

std::vector<int32_t> Decoder::prompt(int32_t language) const {
    const SpecialTokens& special = model_.vocabulary.special();
    if (language < 0) return {special.start_of_transcript, special.no_timestamps};
    return {special.start_of_transcript, language, special.transcribe, special.no_timestamps};
}

Result<Language> Decoder::detect_language() {
    const int32_t start = model_.vocabulary.special().start_of_transcript;
    state_.truncate(0);
    CODA_CHECK(run({&start, 1}, {}, {}));
    const std::span<const float> logits = state_.output("logits").row(0);
    const std::vector<Language>& languages = model_.vocabulary.languages();
    if (languages.empty())
        return fail(ErrorCode::unsupported, "the model has no languages to choose from", model_.name,
                    "name one");
    return *std::max_element(languages.begin(), languages.end(), [&](const Language& a, const Language& b) {
        return logits[static_cast<size_t>(a.token)] < logits[static_cast<size_t>(b.token)];
    });
}

Result<Hypothesis> Decoder::decode(int32_t language, float temperature, int max_tokens) {
    const SpecialTokens& special = model_.vocabulary.special();
    const std::vector<int32_t> start = prompt(language);
    const int32_t rows[] = {0, static_cast<int32_t>(start.size()) - 1};
    Sampling sampling;
    sampling.temperature = temperature;
    sampling.seed = static_cast<uint64_t>(std::lround(temperature * kSeedPerTemperature));
    sampling.allowed = model_.allowed_first;

    Hypothesis hypothesis;
    state_.truncate(0);
    CODA_CHECK(run(start, {Rows::Kind::listed, rows}, sampling));
    const std::span<const float> first = state_.output("logits").row(0);
    hypothesis.no_speech_probability =
        static_cast<float>(std::exp(first[static_cast<size_t>(special.no_speech)] - log_sum_exp(first, {})));

    sampling.allowed = model_.allowed;
    double sum = 0;
    const int room = model_.network.dimensions.text_context - static_cast<int>(start.size());
    while (true) {
        const Sampled sampled = state_.sampled();
        sum += sampled.logprob;
        hypothesis.least_logprob = std::min(hypothesis.least_logprob, sampled.logprob);
        hypothesis.ended = sampled.token == special.end_of_text;
        if (hypothesis.ended) break;
        hypothesis.tokens.push_back(sampled.token);
        hypothesis.repetition = trailing_repetition(hypothesis.tokens);
        if (is_loop(hypothesis.repetition)) break;
        if (static_cast<int>(hypothesis.tokens.size()) >= std::min(max_tokens, room)) break;
        CODA_CHECK(run({&hypothesis.tokens.back(), 1}, {}, sampling));
    }
    hypothesis.average_logprob =
        static_cast<float>(sum / static_cast<double>(hypothesis.tokens.size() + hypothesis.ended));
    return hypothesis;
}

Result<float> Decoder::likelihood(int32_t language, std::span<const int32_t> tokens) {
    CODA_ASSERT(!tokens.empty());
    std::vector<int32_t> all = prompt(language);
    std::vector<int32_t> rows(tokens.size());
    std::iota(rows.begin(), rows.end(), static_cast<int32_t>(all.size()) - 1);
    all.insert(all.end(), tokens.begin(), tokens.end() - 1);
    state_.truncate(0);
    CODA_CHECK(run(all, {Rows::Kind::listed, rows}, {}));
    const OutputView logits = state_.output("logits");
    double sum = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
        const std::span<const float> row = logits.row(static_cast<int>(i));
        sum += row[static_cast<size_t>(tokens[i])] -
               log_sum_exp(row, i == 0 ? model_.allowed_first : model_.allowed);
    }
    return static_cast<float>(sum / static_cast<double>(tokens.size()));
}

}  // namespace coda::models::whisper
