#include "models/whisper/whisper.h"

#include "models/whisper/decoder.h"
#include "models/whisper/windows.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <functional>
#include <mutex>
#include <utility>

#include <fmt/format.h>

namespace coda::models {
namespace {

using namespace whisper;

constexpr float kTemperatureStep = 0.2f;
// A text as unsure as this, or with a token as unsure, is worth a look with the context of 30 s
// (lab/second_look).
constexpr float kUnsureText = -0.25f;
constexpr float kUnsureToken = -1.2f;
constexpr float kLargestSample = 1e6f;
// Under the last bit of 16-bit audio there is nothing to hear.
constexpr float kInaudible = 1.0f / 32768;

// --- Is it speech? The text is what the network makes of any sound at all; three witnesses tell. ---

// A text is scored on its first tokens: loops and long texts say no more.
constexpr size_t kScoredTokens = 16;
// Beyond doubt by the network's own no-speech probability, low or high, and by how sure it is of the words.
constexpr float kSurelySpeech = 0.2f;
constexpr float kSureLogprob = -0.8f;
// How much likelier, per token in nats, speech makes its words than silence or noise make them.
constexpr float kLeastEvidence = 2.0f;

// One sample of white noise in [-0.5, 0.5) after the other, always the same.
std::vector<float> white_noise(size_t count) {
    std::vector<float> noise(count);
    uint32_t state = 1;
    for (float& sample : noise) {
        state = state * 1664525u + 1013904223u;
        sample = static_cast<float>(state >> 8) / static_cast<float>(1 << 24) - 0.5f;
    }
    return noise;
}

double milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// The most tokens that so much audio can hold; more is a loop that varies.
int token_limit(size_t samples) {
    constexpr double kPerSecond = 25, kAlways = 24;
    return static_cast<int>(kAlways + kPerSecond * static_cast<double>(samples) / kSampleRate);
}

Status check_samples(std::span<const float> samples) {
    for (size_t i = 0; i < samples.size(); ++i)
        if (!(std::abs(samples[i]) <= kLargestSample))
            return fail(ErrorCode::invalid_argument, fmt::format("sample {} is {}", i, samples[i]), "audio",
                        "give samples between -1 and 1");
    return {};
}

bool inaudible(std::span<const float> samples) {
    return std::all_of(samples.begin(), samples.end(), [](float x) { return std::abs(x) < kInaudible; });
}

std::string trimmed(const std::string& text) {
    const char* spaces = " \t\r\n";
    const size_t first = text.find_first_not_of(spaces);
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

// Text without a letter or digit of any script (punctuation alone) says nothing.
bool says_something(const std::string& text) {
    return std::any_of(text.begin(), text.end(),
                       [](unsigned char c) { return c >= 0x80 || std::isalnum(c); });
}

}  // namespace

struct Whisper::Impl {
    Model model;

    // What the network makes of no speech at all: silence and white noise, encoded on first use.
    struct Background {
        std::mutex mutex;
        std::vector<std::unique_ptr<runtime::State>> states;
    };
    mutable Background background;

    // Likelihood of the tokens without any speech behind them: the larger of the backgrounds'.
    Result<float> background_likelihood(int32_t language, std::span<const int32_t> tokens,
                                        runtime::Priority priority, const Cancel& cancel) const {
        const std::lock_guard lock(background.mutex);
        if (background.states.empty()) CODA_CHECK(encode_backgrounds(priority, cancel));
        float likeliest = -INFINITY;
        for (const auto& state : background.states) {
            CODA_TRY(const float value,
                     Decoder(model, *state, priority, cancel).likelihood(language, tokens));
            likeliest = std::max(likeliest, value);
        }
        return likeliest;
    }

    Status encode_backgrounds(runtime::Priority priority, const Cancel& cancel) const {
        const size_t second = kSampleRate;
        std::vector<std::unique_ptr<runtime::State>> states;
        for (const auto& sound : {std::vector<float>(second), white_noise(second)}) {
            CODA_TRY(auto state, model.executable->new_state());
            const int frames = context_frames(sound.size(), model.network.dimensions.audio_context);
            CODA_CHECK(Decoder(model, *state, priority, cancel).encode(sound, frames));
            states.push_back(std::move(state));
        }
        background.states = std::move(states);
        return {};
    }
};

namespace {

// Transcribes the windows of one recording, one after the other.
class Recording {
  public:
    using Background = std::function<Result<float>(int32_t language, std::span<const int32_t> tokens)>;

    Recording(const Model& model, runtime::State& state, const TranscribeOptions& options,
              const Cancel& cancel, Background background)
        : model_(model),
          options_(options),
          decoder_(model, state, options.priority, cancel),
          background_(std::move(background)) {}

    Status add(std::span<const float> window) {
        if (inaudible(window)) return {};
        const int limit = model_.network.dimensions.audio_context;
        const int frames = options_.full_context ? limit : context_frames(window.size(), limit);
        CODA_CHECK(encode(window, frames));
        CODA_CHECK(choose_language());

        const auto start = std::chrono::steady_clock::now();
        const double encoded_before = transcript_.encode_ms;
        CODA_TRY(Hypothesis heard, decode(0, window.size()));
        CODA_TRY(bool speech, is_speech(heard));
        if (speech) keep_first_sentence(heard);
        if (speech && frames < limit && is_doubtful(heard)) {
            CODA_CHECK(encode(window, limit));
            CODA_TRY(Hypothesis again, decode(0, window.size()));
            // A wrong word shows in the least likely token; a repetition looks likelier than it is.
            if (repeats(heard) || again.least_logprob > heard.least_logprob) heard = std::move(again);
        }
        if (speech) {
            CODA_CHECK(decode_warmer(heard, window.size()));
            CODA_TRY(speech, is_speech(heard));
        }
        transcript_.decode_ms += milliseconds_since(start) - (transcript_.encode_ms - encoded_before);
        keep(heard, speech);
        return {};
    }

    Transcript finish() {
        transcript_.text = trimmed(transcript_.text);
        transcript_.language =
            language_.code.empty() && options_.language != "auto" ? options_.language : language_.code;
        if (transcript_.tokens > 0)
            transcript_.average_logprob = static_cast<float>(logprob_sum_ / transcript_.tokens);
        return std::move(transcript_);
    }

  private:
    Status encode(std::span<const float> window, int frames) {
        const auto start = std::chrono::steady_clock::now();
        CODA_CHECK(decoder_.encode(window, frames));
        transcript_.encode_ms += milliseconds_since(start);
        transcript_.encoder_frames = frames;
        return {};
    }

    // Once per recording, on its first audible window.
    Status choose_language() {
        if (!language_.code.empty()) return {};
        if (!model_.vocabulary.multilingual()) {
            language_ = {"en", -1};
        } else if (options_.language == "auto") {
            CODA_TRY(language_, decoder_.detect_language());
        } else {
            language_ = {options_.language, model_.vocabulary.language_token(options_.language).value_or(-1)};
        }
        return {};
    }

    Result<Hypothesis> decode(float temperature, size_t samples) {
        return decoder_.decode(language_.token, temperature, token_limit(samples));
    }

    std::string text_of(std::span<const int32_t> tokens) const { return model_.vocabulary.text(tokens); }

    // A sentence in a loop was said once; nothing need be heard again. Loops inside a sentence are of no use.
    void keep_first_sentence(Hypothesis& heard) const {
        if (!is_loop(heard.repetition)) return;
        const auto tokens = without_loop(heard);
        const std::string text = text_of(tokens);
        if (text.empty() || std::string_view(".?!").find(text.back()) == std::string_view::npos) return;
        heard.tokens.resize(tokens.size());
        heard.repetition = {};
        heard.ended = true;
    }

    static bool repeats(const Hypothesis& heard) { return !heard.ended || is_suspicious(heard.repetition); }

    // With fewer frames than 30 s have the decoder may repeat itself or lose its way.
    bool is_doubtful(const Hypothesis& heard) const {
        return repeats(heard) || fails(heard) || heard.average_logprob < kUnsureText ||
               heard.least_logprob < kUnsureToken;
    }

    // OpenAI's rule for another try at a higher temperature.
    bool fails(const Hypothesis& heard) const {
        return heard.average_logprob < options_.logprob_threshold || is_loop(heard.repetition) ||
               compression_ratio(trimmed(text_of(heard.tokens))) > options_.compression_ratio_threshold;
    }

    // Replaces `heard` by the first try that does not fail; when all do, by the likeliest that is not a loop.
    Status decode_warmer(Hypothesis& heard, size_t samples) {
        if (!fails(heard)) return {};
        std::vector<Hypothesis> tries = {heard};
        for (int step = 1; step <= 5; ++step) {
            CODA_TRY(heard, decode(kTemperatureStep * static_cast<float>(step), samples));
            if (!fails(heard)) return {};
            tries.push_back(heard);
        }
        heard = *std::max_element(tries.begin(), tries.end(), [](const Hypothesis& a, const Hypothesis& b) {
            return std::pair(!is_loop(a.repetition), a.average_logprob) <
                   std::pair(!is_loop(b.repetition), b.average_logprob);
        });
        return {};
    }

    // The tokens with a loop cut down to its first copy.
    static std::span<const int32_t> without_loop(const Hypothesis& heard) {
        const std::span<const int32_t> tokens = heard.tokens;
        if (!is_loop(heard.repetition)) return tokens;
        return tokens.first(tokens.size() - heard.repetition.period * (heard.repetition.copies - 1));
    }

    Result<bool> is_speech(const Hypothesis& heard) {
        if (!says_something(text_of(heard.tokens))) return false;
        if (heard.no_speech_probability < kSurelySpeech && heard.average_logprob > kSureLogprob) return true;
        if (heard.no_speech_probability > options_.no_speech_threshold &&
            (heard.average_logprob < options_.logprob_threshold || is_loop(heard.repetition)))
            return false;
        auto tokens = without_loop(heard);
        tokens = tokens.first(std::min(tokens.size(), kScoredTokens));
        CODA_TRY(const float here, decoder_.likelihood(language_.token, tokens));
        CODA_TRY(const float elsewhere, background_(language_.token, tokens));
        return here - elsewhere > kLeastEvidence;
    }

    void keep(const Hypothesis& heard, bool speech) {
        if (transcript_.tokens == 0) transcript_.no_speech_probability = heard.no_speech_probability;
        if (!speech) return;
        const auto tokens = without_loop(heard);
        transcript_.text += text_of(tokens);
        transcript_.tokens += static_cast<int>(tokens.size());
        logprob_sum_ += static_cast<double>(heard.average_logprob) * static_cast<double>(tokens.size());
        transcript_.no_speech_probability =
            std::min(transcript_.no_speech_probability, heard.no_speech_probability);
    }

    const Model& model_;
    const TranscribeOptions& options_;
    Decoder decoder_;
    Background background_;
    Language language_;
    Transcript transcript_;
    double logprob_sum_ = 0;
};

Result<Vocabulary> read_vocabulary(const std::filesystem::path& folder, const runtime::Weights& weights,
                                   int64_t size) {
    if (weights.format() == runtime::WeightsFormat::whisper_ggml)
        return Vocabulary::from_text_tokens(weights.strings("vocabulary"), size,
                                            weights.path() + ": vocabulary");
    return Vocabulary::from_folder(folder);
}

Status check_language(const Model& model, const std::string& language) {
    const bool known = language == "auto" || (model.vocabulary.multilingual()
                                                  ? model.vocabulary.language_token(language).has_value()
                                                  : language == "en");
    if (known) return {};
    return fail(ErrorCode::invalid_argument, fmt::format("does not know the language '{}'", language),
                model.name,
                model.vocabulary.multilingual() ? "use a code such as en, de or zh, or auto"
                                                : "it is for English only; choose a multilingual model");
}

}  // namespace

Whisper::Whisper(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Whisper::~Whisper() = default;

Result<std::shared_ptr<Whisper>> Whisper::open(const std::filesystem::path& path, runtime::Backend& backend) {
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(path, ignored);
    CODA_TRY(auto weights, runtime::Weights::open(folder ? path / "model.bin" : path));
    CODA_TRY(Network network, record(weights));
    CODA_TRY(Vocabulary vocabulary,
             read_vocabulary(folder ? path : path.parent_path(), *weights, network.dimensions.vocabulary));
    // bf16: a third off the encoder; the tests of words and of noise hold.
    CODA_TRY(auto executable, backend.compile(network.program, {runtime::CompileOptions::Activations::bf16}));
    auto impl = std::make_unique<Impl>();
    CODA_TRY(impl->model, Model::create(std::move(network), std::move(vocabulary), std::move(executable),
                                        weights->path()));
    return std::shared_ptr<Whisper>(new Whisper(std::move(impl)));
}

Result<Transcript> Whisper::transcribe(std::span<const float> samples_16k, const TranscribeOptions& options,
                                       const Cancel& cancel) const {
    const Model& model = impl_->model;
    CODA_CHECK(check_samples(samples_16k));
    CODA_CHECK(check_language(model, options.language));
    CODA_TRY(auto state, model.executable->new_state());
    Recording recording(model, *state, options, cancel,
                        [&](int32_t language, std::span<const int32_t> tokens) {
                            return impl_->background_likelihood(language, tokens, options.priority, cancel);
                        });
    for (const Window& window : split_windows(samples_16k)) {
        if (cancel.cancelled()) return fail(ErrorCode::cancelled, "transcription was cancelled");
        CODA_CHECK(recording.add(samples_16k.subspan(window.first, window.count)));
    }
    return recording.finish();
}

bool Whisper::multilingual() const {
    return impl_->model.vocabulary.multilingual();
}
const std::string& Whisper::name() const {
    return impl_->model.name;
}

}  // namespace coda::models
