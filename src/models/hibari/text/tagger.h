// The averaged-perceptron part-of-speech tagger (Collins 2002) of the package, with its Penn Treebank tags: a
// word with one dominant tag is answered from a dictionary, every other one by the weights of fifteen
// features of the word and its neighbours. Thread safety: immutable after parse.
#pragma once

#include "base/result.h"
#include "models/hibari/data/json_reader.h"
#include "models/hibari/data/string_table.h"
#include "models/hibari/text/unicode.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models::hibari {

class Tagger {
  public:
    // `json` is the text of tagger.json; `name` stands for the file in errors.
    static Result<Tagger> parse(std::string_view json, const std::string& name);

    // One tag per word; the views live as long as the tagger. No word may be empty.
    std::vector<std::string_view> operator()(const std::vector<Text>& words) const;

  private:
    struct Weight {
        uint16_t tag;
        int16_t tenths;  // the table's weights have one decimal
    };
    struct Features;

    bool read_tags(JsonReader& json);
    bool read_tag_dictionary(JsonReader& json);
    bool read_vocabulary(JsonReader& json);
    bool read_weights(JsonReader& json);
    bool read_weights_of_feature(JsonReader& json, std::string_view feature);
    std::string context_word(TextView word) const;
    uint16_t predict(const Features& features) const;
    void add(std::string_view feature, std::span<double> scores, bool& any) const;

    std::vector<std::string> tags_;
    std::vector<uint16_t> rank_;  // place of a tag in alphabetical order, which decides between equal scores
    StringTable tag_ids_, tag_dictionary_, vocabulary_, features_;
    std::vector<Weight> weights_;  // per feature: one entry with the count, then its weights
    uint16_t noun_ = 0;
};

}  // namespace coda::models::hibari
