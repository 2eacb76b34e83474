// A pronunciation dictionary: word -> phonemes, or, for heteronyms, phonemes by part of speech. A
// small-letter entry also answers to its Capitalized form and the other way round, unless that form has an
// entry of its own. Thread safety: immutable after parse.
#pragma once

#include "base/result.h"
#include "models/hibari/data/json_reader.h"
#include "models/hibari/data/string_table.h"
#include "models/hibari/text/unicode.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coda::models::hibari {

// The readings of a word like "record". A reading that is not set says: spell the letters.
class Heteronym {
  public:
    bool has(std::string_view tag) const;
    // The reading for `tag`, else the one named DEFAULT.
    std::optional<Text> reading(std::string_view tag) const;

  private:
    friend class Dictionary;
    std::vector<std::pair<std::string, std::optional<std::string>>> by_tag_;
};

class Dictionary {
  public:
    struct Entry {
        std::string_view phonemes;  // UTF-8; meaningless for a heteronym
        const Heteronym* heteronym = nullptr;
    };

    // `json` is a lexicon's text; `name` stands for the file in errors.
    static Result<Dictionary> parse(std::string_view json, const std::string& name);

    std::optional<Entry> find(TextView word) const;
    bool contains(TextView word) const { return find(word).has_value(); }
    size_t size() const { return index_.size(); }

  private:
    bool read_heteronym(JsonReader& json, std::string_view word);
    std::optional<Entry> find_exactly(TextView word) const;

    StringTable index_;     // word -> offset into phonemes_, or kHeteronym and an index
    std::string phonemes_;  // per entry: one byte of length, then UTF-8
    std::vector<Heteronym> heteronyms_;
};

}  // namespace coda::models::hibari
