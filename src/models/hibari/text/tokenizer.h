// Words as spaCy's English rules cut them: special cases (contractions, "Mr.", "10am"), then prefixes and
// suffixes are peeled off each chunk between spaces, then infixes (hyphens, slashes) cut what is left; at
// last neighbours that spell a special case are joined again ("Sept" "." -> "Sept."). Thread safety:
// immutable after parse.
#pragma once

#include "base/result.h"
#include "models/hibari/text/unicode.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace coda::models::hibari {

struct Piece {
    Text text;
    bool space_after = false;
};

class Tokenizer {
  public:
    // `json` is the text of tokenizer_exceptions.json; `name` stands for the file in errors.
    static Result<Tokenizer> parse(std::string_view json, const std::string& name);

    std::vector<Piece> operator()(TextView text) const;

  private:
    struct Hash {
        using is_transparent = void;
        size_t operator()(TextView text) const { return std::hash<TextView>{}(text); }
    };
    using Special = std::unordered_map<Text, std::vector<Text>, Hash, std::equal_to<>>;

    const std::vector<Text>* special(TextView text) const;
    std::vector<Text> split(TextView chunk) const;
    void split_core(TextView core, std::vector<Text>& out) const;
    std::vector<Text> rejoin(std::vector<Text> pieces) const;

    Special special_;
    size_t longest_special_ = 0;
};

}  // namespace coda::models::hibari
