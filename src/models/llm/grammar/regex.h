// Regular expressions as grammars: the part of JSON Schema's `pattern` that needs no look-around and no
// references. Thread safety: pure functions.
#pragma once

#include "models/llm/grammar/grammar.h"

#include <functional>
#include <string_view>

namespace coda::models::llm::grammar {

// How a range of code points is written in the text (as itself, or escaped inside a JSON string).
using WriteCharacters = std::function<Builder::Rule(Builder&, char32_t first, char32_t last)>;

// What `pattern` matches whole: where it has no ^ at its start or no $ at its end, any text may stand there.
// Literals, classes, \d \w \s and their opposites, groups, |, * + ? {m,n}. Fails with unsupported or
// bad_format, naming the byte.
Result<Builder::Rule> regex_rule(Builder& builder, std::string_view pattern, const WriteCharacters& write);

// As themselves, in UTF-8.
Builder::Rule plain_characters(Builder& builder, char32_t first, char32_t last);

}  // namespace coda::models::llm::grammar
