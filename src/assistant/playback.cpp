#include "assistant/playback.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace coda::assistant {
namespace {

constexpr size_t kOpeningSamples = Playback::kSampleRate * 3 / 10;
// How fast a clause is taken to be spoken while its synthesis is still running.
constexpr size_t kSamplesPerCharacter = Playback::kSampleRate / 15;

// The words of `text` that end within its first `fraction`.
std::string words_within(const std::string& text, double fraction) {
    const auto limit = static_cast<size_t>(std::floor(fraction * static_cast<double>(text.size())));
    if (limit >= text.size()) return text;
    // A word is whole when what follows its last character is a space.
    const size_t end = text.find_last_of(' ', limit);
    return end == std::string::npos ? std::string() : text.substr(0, end);
}

}  // namespace

void Playback::begin() {
    clauses_.clear();
    waiting_.clear();
    opening_.clear();
    written_ = 0;
    played_before_ = sink_.played();
}

size_t Playback::add_clause(const std::string& text) {
    clauses_.push_back({text, 0, 0, false});
    return clauses_.size() - 1;
}

Status Playback::append(size_t clause, std::span<const float> samples) {
    CODA_ASSERT(clause < clauses_.size());
    Clause& target = clauses_[clause];
    if (target.samples == 0) target.begin = written_ + waiting_.size();
    target.samples += samples.size();
    if (target.begin == 0 && opening_.size() < kOpeningSamples)
        opening_.insert(opening_.end(), samples.begin(), samples.end());
    waiting_.insert(waiting_.end(), samples.begin(), samples.end());
    return pump();
}

void Playback::finish_clause(size_t clause) {
    CODA_ASSERT(clause < clauses_.size());
    clauses_[clause].finished = true;
}

Status Playback::pump() {
    std::array<float, 1024> block;
    while (!waiting_.empty()) {
        const size_t count = std::min(block.size(), waiting_.size());
        std::copy_n(waiting_.begin(), count, block.begin());
        CODA_TRY(const size_t taken, sink_.write(std::span(block).first(count)));
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
        written_ += taken;
        if (taken < count) break;
    }
    return {};
}

void Playback::stop() {
    waiting_.clear();
    sink_.clear();
    written_ = played();
}

Microseconds Playback::time_of(size_t position) const {
    const double samples = static_cast<double>(position) - static_cast<double>(played());
    return clock_.now() + Microseconds(static_cast<int64_t>(std::ceil(samples * 1e6 / kSampleRate)));
}

std::optional<size_t> Playback::first_audible() const {
    const bool whole = !clauses_.empty() && clauses_[0].finished;
    if (opening_.empty() || (!whole && opening_.size() < kOpeningSamples)) return std::nullopt;
    float peak = 0;
    for (const float sample : opening_) peak = std::max(peak, std::abs(sample));
    if (peak == 0) return std::nullopt;
    const float audible = peak * static_cast<float>(std::pow(10, -kAudibleDb / 20));
    const auto first =
        std::ranges::find_if(opening_, [&](float sample) { return std::abs(sample) >= audible; });
    return static_cast<size_t>(first - opening_.begin());
}

std::string Playback::heard_text() const {
    std::string heard;
    for (const Clause& clause : clauses_) {
        const size_t heard_samples =
            played() > clause.begin && clause.samples > 0 ? played() - clause.begin : 0;
        size_t length = clause.samples;
        if (!clause.finished) length = std::max(length, clause.text.size() * kSamplesPerCharacter);
        if (heard_samples == 0) break;
        const double fraction = static_cast<double>(heard_samples) / static_cast<double>(length);
        const std::string words = words_within(clause.text, fraction);
        if (!words.empty()) heard += (heard.empty() ? "" : " ") + words;
        if (heard_samples < length) break;
    }
    return heard;
}

}  // namespace coda::assistant
