#include "models/hibari/data/dictionary.h"

#include "models/hibari/data/asset.h"

#include <algorithm>

namespace coda::models::hibari {

namespace {

constexpr uint32_t kHeteronymBit = 0x80000000u;
constexpr size_t kMaxPhonemes = 255;   // bytes of one entry
constexpr size_t kBytesPerEntry = 28;  // of JSON, on average, in the package's lexicons
constexpr std::string_view kDefault = "DEFAULT";

}  // namespace

bool Heteronym::has(std::string_view tag) const {
    return std::any_of(by_tag_.begin(), by_tag_.end(), [&](const auto& entry) { return entry.first == tag; });
}

std::optional<Text> Heteronym::reading(std::string_view tag) const {
    const std::string_view wanted = has(tag) ? tag : kDefault;
    for (const auto& [name, phonemes] : by_tag_) {
        if (name != wanted) continue;
        return phonemes ? std::optional(decode_utf8(*phonemes)) : std::nullopt;
    }
    return std::nullopt;
}

Result<Dictionary> Dictionary::parse(std::string_view text, const std::string& name) {
    Dictionary out;
    out.index_ = StringTable(text.size() / kBytesPerEntry);
    out.phonemes_.reserve(text.size() / 2);
    JsonReader json(text);
    std::string_view word, phonemes;
    json.begin_object();
    while (json.next_key(word)) {
        if (json.peek() == '{') {
            if (!out.read_heteronym(json, word)) break;
            continue;
        }
        if (!json.string(phonemes)) break;
        if (phonemes.size() > kMaxPhonemes || out.phonemes_.size() >= kHeteronymBit - kMaxPhonemes - 1) {
            return bad_table(name, "an entry is too long at " + json.place());
        }
        out.index_.insert(word, static_cast<uint32_t>(out.phonemes_.size()));
        out.phonemes_.push_back(static_cast<char>(phonemes.size()));
        out.phonemes_.append(phonemes);
    }
    if (!json.finished() || out.index_.size() == 0) return bad_table(name, "broken at " + json.place());
    out.phonemes_.shrink_to_fit();
    return out;
}

bool Dictionary::read_heteronym(JsonReader& json, std::string_view word) {
    Heteronym heteronym;
    const std::string written(word);
    std::string_view tag, phonemes;
    if (!json.begin_object()) return false;
    while (json.next_key(tag)) {
        std::string name(tag);
        if (json.peek() == 'n') {
            if (!json.null()) return false;
            heteronym.by_tag_.emplace_back(std::move(name), std::nullopt);
        } else {
            if (!json.string(phonemes)) return false;
            heteronym.by_tag_.emplace_back(std::move(name), std::string(phonemes));
        }
    }
    index_.insert(written, kHeteronymBit | static_cast<uint32_t>(heteronyms_.size()));
    heteronyms_.push_back(std::move(heteronym));
    return !json.failed();
}

std::optional<Dictionary::Entry> Dictionary::find_exactly(TextView word) const {
    const auto value = index_.find(encode_utf8(word));
    if (!value) return std::nullopt;
    if (*value & kHeteronymBit) return Entry{{}, &heteronyms_[*value & ~kHeteronymBit]};
    const size_t length = static_cast<unsigned char>(phonemes_[*value]);
    return Entry{std::string_view(phonemes_).substr(*value + 1, length), nullptr};
}

std::optional<Dictionary::Entry> Dictionary::find(TextView word) const {
    if (auto entry = find_exactly(word)) return entry;
    if (word.size() < 2) return std::nullopt;
    const Text small = lower(word), capitalized = capitalize(word);
    if (word == TextView(small)) return capitalized == small ? std::nullopt : find_exactly(capitalized);
    return word == TextView(capitalized) ? find_exactly(small) : std::nullopt;
}

}  // namespace coda::models::hibari
