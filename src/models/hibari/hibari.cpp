#include "models/hibari/hibari.h"

#include "models/hibari/sound/edges.h"
#include "models/hibari/sound/network.h"
#include "models/hibari/sound/vocoder.h"
#include "models/hibari/speakable.h"
#include "models/hibari/text/front_end.h"
#include "models/hibari/text/sentences.h"
#include "models/hibari/voices.h"

#include <cmath>
#include <future>
#include <map>
#include <mutex>
#include <utility>

namespace coda::models {

using namespace hibari;

namespace {

constexpr int kThreads = 1;                // one core is enough, and the others have work of their own
constexpr size_t kMostPhonemes = 400;      // what the network was trained to take at once
constexpr size_t kLongestSentence = 1500;  // characters read at once, for the first sound to come soon
constexpr size_t kClauseTail = Hibari::kSampleRate * 120 / 1000;
constexpr size_t kSentenceTail = Hibari::kSampleRate * 250 / 1000;

constexpr TextView kSentenceMarks = U".!?…";
constexpr TextView kAfterMarks = U" \"“”‘’')(";  // what may stand after the last mark

char32_t last_mark(TextView text) {
    const size_t last = text.find_last_not_of(kAfterMarks);
    return last == TextView::npos ? 0 : text[last];
}

// The mark at the end of a sentence, where the reading of its last words took it in ("on 5 May.").
Text with_end_mark(Text phonemes, TextView sentence) {
    const char32_t mark = last_mark(sentence), spoken = last_mark(phonemes);
    if (spoken != 0 && contains(kSentenceMarks, mark) && !contains(U".!?…,;:—", spoken)) phonemes += mark;
    return phonemes;
}

// The pause that the last mark asks for. A stretch without a mark at its end was cut in mid-sentence.
size_t tail_after(TextView phonemes) {
    const char32_t mark = last_mark(phonemes);
    return mark != 0 && contains(kSentenceMarks, mark) ? kSentenceTail : kClauseTail;
}

Status cancelled() {
    return fail(ErrorCode::cancelled, "speaking was cancelled");
}

}  // namespace

struct Hibari::Impl {
    Voices voices;
    std::unique_ptr<FrontEnd> front_end;
    PhonemeIds ids;
    RealFft fft;
    mutable std::mutex loading;
    mutable std::map<std::string, std::unique_ptr<const Network>> networks;

    Result<const Network*> network(const VoiceInfo& voice) const;
    Status speak(TextView phonemes, const Network& network, float speed, uint64_t seed, const Cancel& cancel,
                 const Emit& emit, bool& stopped) const;
};

// The network of a voice, loaded at its first use.
Result<const Network*> Hibari::Impl::network(const VoiceInfo& voice) const {
    const std::lock_guard lock(loading);
    auto& network = networks[voice.name];
    if (!network) {
        if (!voice.installed) {
            return fail(ErrorCode::not_found, "the voice \"" + voice.name + "\" is not installed",
                        voice.network.string(), "put its file there, or choose another voice");
        }
        CODA_TRY(network, Network::open(voice.network, kThreads));
    }
    return network.get();
}

// One stretch of phonemes that the network takes at once.
Status Hibari::Impl::speak(TextView phonemes, const Network& network, float speed, uint64_t seed,
                           const Cancel& cancel, const Emit& emit, bool& stopped) const {
    const std::vector<int64_t> phoneme_ids = ids(phonemes);
    if (phoneme_ids.empty()) return {};
    CODA_TRY(const Network::Spectrum spectrum, network.run(phoneme_ids, speed, cancel));
    SeededNoise noise(seed);
    Vocoder vocoder(fft, spectrum.parts, noise);
    EdgeTrimmer edges(tail_after(phonemes), emit);
    for (auto samples = vocoder.next(); !samples.empty(); samples = vocoder.next()) {
        if (cancel.cancelled()) return cancelled();
        stopped = !edges.push(samples);
        if (stopped) return {};
    }
    stopped = !edges.finish();
    return {};
}

Hibari::Hibari(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Hibari::~Hibari() = default;

Result<std::shared_ptr<Hibari>> Hibari::open(const std::filesystem::path& assets) {
    auto impl = std::make_unique<Impl>();
    CODA_TRY(impl->voices, Voices::open(assets));
    CODA_TRY(const VoiceInfo* const voice, impl->voices.find({}));
    auto network = std::async(std::launch::async, [&] { return Network::open(voice->network, kThreads); });
    auto front_end = FrontEnd::open(assets, voice->accent);
    auto opened = network.get();
    if (!front_end) return tl::unexpected<Error>(std::move(front_end.error()));
    if (!opened) return tl::unexpected<Error>(std::move(opened.error()));
    impl->front_end = std::move(*front_end);
    impl->networks[voice->name] = std::move(*opened);
    CODA_TRY(impl->ids, PhonemeIds::open(assets / "vocab.json"));
    return std::shared_ptr<Hibari>(new Hibari(std::move(impl)));
}

Status Hibari::synthesize(std::string_view text, const SpeakOptions& options, const Cancel& cancel,
                          const Emit& emit) const {
    if (!(options.speed >= 0.5f && options.speed <= 2.0f)) {
        return fail(ErrorCode::invalid_argument, "the speed must lie between 0.5 and 2", {},
                    "1 is the voice's own");
    }
    CODA_TRY(const VoiceInfo* const voice, impl_->voices.find(options.voice));
    CODA_TRY(const Network* const network, impl_->network(*voice));
    uint64_t seed = static_cast<uint64_t>(options.seed) << 32;
    bool stopped = false;
    for (const Text& sentence : impl_->front_end->sentences(decode_utf8(speakable(text)))) {
        for (const Text& stretch : split_at_pauses(sentence, kLongestSentence)) {
            if (cancel.cancelled()) return cancelled();
            CODA_TRY(const Text read, impl_->front_end->phonemes(stretch, voice->accent));
            for (const Text& part : split_at_pauses(with_end_mark(read, stretch), kMostPhonemes)) {
                CODA_CHECK(impl_->speak(part, *network, options.speed, seed++, cancel, emit, stopped));
                if (stopped) return {};
            }
        }
    }
    return {};
}

Result<std::string> Hibari::phonemes(std::string_view text, const std::string& voice) const {
    CODA_TRY(const VoiceInfo* const info, impl_->voices.find(voice));
    Text out;
    for (const Text& sentence : impl_->front_end->sentences(decode_utf8(text))) {
        CODA_TRY(const Text phonemes, impl_->front_end->phonemes(sentence, info->accent));
        if (!out.empty() && !phonemes.empty()) out += U' ';
        out += phonemes;
    }
    return encode_utf8(out);
}

std::vector<std::string> Hibari::voices() const {
    std::vector<std::string> out;
    for (const VoiceInfo& voice : impl_->voices.all()) {
        if (voice.installed) out.push_back(voice.name);
    }
    return out;
}

}  // namespace coda::models
