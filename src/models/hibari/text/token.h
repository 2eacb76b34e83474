// One token on its way from text to phonemes. Value type.
#pragma once

#include "models/hibari/text/unicode.h"

#include <optional>
#include <string_view>

namespace coda::models::hibari {

struct Token {
    Text text;
    std::string_view tag;  // a Penn Treebank tag; views the tagger's own names
    bool space_after = false;
    std::optional<Text> phonemes;  // not set: not read yet; empty: silent
    bool head = true;              // begins a word, rather than going on in one ("2" in "B2")
    std::optional<Text> alias;     // read as this text instead
    char32_t currency = 0;         // the sign before a number
    bool space_before = false;     // a space goes before the phonemes when pieces are joined
};

}  // namespace coda::models::hibari
