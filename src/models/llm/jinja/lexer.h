// A chat template's source as tokens, with white space trimmed as transformers has Jinja do it: trim_blocks,
// lstrip_blocks, and the signs - and + inside the delimiters. Thread safety: pure functions.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace coda::models::llm::jinja {

// A place in the source, counted from 1.
struct Place {
    int line = 1, column = 1;
};

struct Token {
    enum class Kind {
        data,              // text outside of delimiters
        block_begin,       // {%
        block_end,         // %}
        expression_begin,  // {{
        expression_end,    // }}
        name,
        string,   // text: with its escapes resolved
        integer,  // text: its digits
        real,
        sign,  // text: the operator or bracket
        end,
    };
    Kind kind = Kind::end;
    std::string text;
    Place place;
};

// Ends with a token of kind end. Fails with bad_format, naming line and column.
Result<std::vector<Token>> tokenize(std::string_view source);

// "line 3, column 7"
std::string shown(Place place);

}  // namespace coda::models::llm::jinja
