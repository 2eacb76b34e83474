#include "models/hibari/text/tagger.h"

#include "models/hibari/data/asset.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace coda::models::hibari {

namespace {

// Of the package's table; more or fewer only cost time.
constexpr size_t kTypicalWords = 14000, kTypicalVocabulary = 22000, kTypicalFeatures = 80000;
constexpr size_t kMaxTags = 1000;

// What a word looks like: "x" small letters, "XX" capitals, "Xx" a capital first, "d" digits, else its first
// four characters with letters and digits folded.
std::string shape(TextView word) {
    if (all_alpha(word)) {
        const auto lower_count = std::count_if(word.begin(), word.end(), is_lower);
        const auto upper_count = std::count_if(word.begin(), word.end(), is_upper);
        const TextView rest = word.substr(1);
        const bool rest_is_lower = std::any_of(rest.begin(), rest.end(), is_lower) &&
                                   std::none_of(rest.begin(), rest.end(), is_upper);
        if (lower_count > 0 && upper_count == 0) return "x";
        if (upper_count > 0 && lower_count == 0) return word.size() > 1 ? "XX" : "X1";
        return is_upper(word[0]) && rest_is_lower ? "Xx" : "xX";
    }
    if (std::all_of(word.begin(), word.end(), is_digit)) return "d";
    std::string out;
    for (const char32_t c : word.substr(0, 4)) {
        if (is_digit(c)) {
            out += 'd';
        } else if (is_alpha(c)) {
            out += 'x';
        } else {
            append_utf8(out, c);
        }
    }
    return out;
}

std::string class_of(TextView word) {
    if (word[0] != U'-' && contains(word, U'-')) return "!HYPHEN";
    if (word.size() == 4 && std::all_of(word.begin(), word.end(), is_digit)) return "!YEAR";
    if (is_digit(word[0])) return "!DIGITS";
    return encode_utf8(lower(word));
}

// The last three characters.
std::string_view ending(std::string_view word) {
    size_t at = word.size();
    for (int characters = 0; at > 0 && characters < 3; ++characters) {
        --at;
        while (at > 0 && (static_cast<unsigned char>(word[at]) & 0xC0) == 0x80) --at;
    }
    return word.substr(at);
}

}  // namespace

// What the weights look at. `around` holds the classes of the word two before to the word two after.
struct Tagger::Features {
    std::string word, shape;
    bool first = false;
    std::string_view tag_before, tag_before_that;
    std::array<std::string_view, 5> around;
};

Result<Tagger> Tagger::parse(std::string_view text, const std::string& name) {
    Tagger out;
    out.tag_dictionary_ = StringTable(kTypicalWords);
    out.vocabulary_ = StringTable(kTypicalVocabulary);
    out.features_ = StringTable(kTypicalFeatures);
    out.weights_.reserve(text.size() / 12);
    JsonReader json(text);
    std::string_view key;
    if (json.begin_object()) {
        while (json.next_key(key)) {
            const bool fine = key == "tags"      ? out.read_tags(json)
                              : key == "tagdict" ? out.read_tag_dictionary(json)
                              : key == "vocab"   ? out.read_vocabulary(json)
                              : key == "weights" ? out.read_weights(json)
                                                 : json.skip();
            if (!fine) return bad_table(name, "broken at " + json.place());
        }
    }
    if (!json.finished()) return bad_table(name, "broken at " + json.place());
    const auto noun = out.tag_ids_.find("NN");
    if (!noun || out.features_.size() == 0) return bad_table(name, "tags or weights are missing");
    out.noun_ = static_cast<uint16_t>(*noun);
    out.weights_.shrink_to_fit();
    return out;
}

bool Tagger::read_tags(JsonReader& json) {
    std::string_view tag;
    if (!json.begin_array()) return false;
    while (json.next_element()) {
        if (!json.string(tag) || tags_.size() == kMaxTags) return false;
        tag_ids_.insert(tag, static_cast<uint32_t>(tags_.size()));
        tags_.emplace_back(tag);
    }
    std::vector<uint16_t> order(tags_.size());
    std::iota(order.begin(), order.end(), uint16_t{0});
    std::sort(order.begin(), order.end(), [&](uint16_t a, uint16_t b) { return tags_[a] < tags_[b]; });
    rank_.resize(tags_.size());
    for (size_t i = 0; i < order.size(); ++i) rank_[order[i]] = static_cast<uint16_t>(i);
    return !json.failed();
}

bool Tagger::read_tag_dictionary(JsonReader& json) {
    std::string_view word, tag;
    if (!json.begin_object()) return false;
    while (json.next_key(word)) {
        if (!json.string(tag)) return false;
        const auto id = tag_ids_.find(tag);
        if (!id) return false;
        tag_dictionary_.insert(word, *id);
    }
    return !json.failed();
}

bool Tagger::read_vocabulary(JsonReader& json) {
    std::string_view word;
    if (!json.begin_array()) return false;
    while (json.next_element()) {
        if (!json.string(word)) return false;
        vocabulary_.insert(word, 1);
    }
    return !json.failed();
}

bool Tagger::read_weights(JsonReader& json) {
    std::string_view feature;
    if (!json.begin_object()) return false;
    while (json.next_key(feature)) {
        if (!read_weights_of_feature(json, feature)) return false;
    }
    return !json.failed();
}

bool Tagger::read_weights_of_feature(JsonReader& json, std::string_view feature) {
    features_.insert(feature, static_cast<uint32_t>(weights_.size()));
    const size_t header = weights_.size();
    weights_.push_back({0, 0});
    if (!json.begin_object()) return false;
    std::string_view tag;
    double weight = 0;
    while (json.next_key(tag)) {
        const auto id = tag_ids_.find(tag);
        if (!id || !json.number(weight)) return false;
        const double tenths = std::round(weight * 10);
        if (std::abs(tenths) > INT16_MAX || std::abs(tenths / 10 - weight) > 1e-9) return false;
        weights_.push_back({static_cast<uint16_t>(*id), static_cast<int16_t>(tenths)});
    }
    const size_t count = weights_.size() - header - 1;
    if (count > kMaxTags) return false;
    weights_[header].tag = static_cast<uint16_t>(count);
    return !json.failed();
}

void Tagger::add(std::string_view feature, std::span<double> scores, bool& any) const {
    const auto at = features_.find(feature);
    if (!at) return;
    const size_t count = weights_[*at].tag;
    for (size_t i = 1; i <= count; ++i) {
        const Weight& weight = weights_[*at + i];
        // Summed as doubles in the order of the features, like the reference: sums of tenths may tie.
        scores[weight.tag] += weight.tenths / 10.0;
        any = true;
    }
}

uint16_t Tagger::predict(const Features& f) const {
    std::vector<double> scores(tags_.size(), 0.0);
    bool any = false;
    std::string name;
    const auto feature = [&](std::string_view kind, std::string_view a, std::string_view b = {},
                             std::string_view c = {}) {
        name.assign(kind).append(a).append(b).append(c);
        add(name, scores, any);
    };
    size_t first_bytes = 1;
    while (first_bytes < f.word.size() && (static_cast<unsigned char>(f.word[first_bytes]) & 0xC0) == 0x80)
        ++first_bytes;

    feature("b", "");
    feature("s3=", ending(f.word));
    feature("p1=", std::string_view(f.word).substr(0, first_bytes));
    feature("w=", f.around[2]);
    feature("sh=", f.shape);
    feature(f.first ? "i0" : "i+", "");
    feature("t-1=", f.tag_before);
    feature("t-2=", f.tag_before_that);
    feature("t-12=", f.tag_before, ",", f.tag_before_that);
    feature("w-1=", f.around[1]);
    feature("s3-1=", ending(f.around[1]));
    feature("w-2=", f.around[0]);
    feature("w+1=", f.around[3]);
    feature("s3+1=", ending(f.around[3]));
    feature("w+2=", f.around[4]);
    if (!any) return noun_;

    uint16_t best = 0;
    for (uint16_t tag = 1; tag < tags_.size(); ++tag) {
        if (scores[tag] > scores[best] || (scores[tag] == scores[best] && rank_[tag] > rank_[best]))
            best = tag;
    }
    return best;
}

std::string Tagger::context_word(TextView word) const {
    std::string name = class_of(word);
    if (vocabulary_.size() == 0 || vocabulary_.contains(name)) return name;
    return "<" + shape(word) + ">";
}

std::vector<std::string_view> Tagger::operator()(const std::vector<Text>& words) const {
    std::vector<std::string> context = {"-START2-", "-START-"};
    context.reserve(words.size() + 4);
    for (const Text& word : words) context.push_back(context_word(word));
    context.emplace_back("-END-");
    context.emplace_back("-END2-");

    std::vector<std::string_view> out;
    out.reserve(words.size());
    std::string_view before = "-START-", before_that = "-START2-";
    for (size_t i = 0; i < words.size(); ++i) {
        Features features{encode_utf8(words[i]), {}, i == 0, before, before_that, {}};
        std::string_view tag;
        if (const auto known = tag_dictionary_.find(features.word)) {
            tag = tags_[*known];
        } else {
            features.shape = shape(words[i]);
            for (size_t k = 0; k < 5; ++k) features.around[k] = context[i + k];
            tag = tags_[predict(features)];
        }
        out.push_back(tag);
        before_that = before;
        before = tag;
    }
    return out;
}

}  // namespace coda::models::hibari
