// From a word with its tag to phonemes: the dictionaries, the rules for plurals, -ed and -ing, letters
// spelled out, function words that depend on what follows, numbers and amounts of money. Rules of misaki
// (Apache-2.0), which wrote the phonemes that the voice was trained on. Thread safety: immutable.
#pragma once

#include "models/hibari/data/dictionary.h"
#include "models/hibari/text/stress.h"
#include "models/hibari/text/token.h"

#include <optional>
#include <string_view>

namespace coda::models::hibari {

// What is known of the words that follow; words are read from the last to the first.
struct Context {
    std::optional<bool> vowel_next;  // not set before a pause
    bool to_next = false;
};

enum class Accent { american, british };

class Lexicon {
  public:
    Lexicon(Dictionary gold, Dictionary silver, Accent accent)
        : gold_(std::move(gold)), silver_(std::move(silver)), british_(accent == Accent::british) {}

    // Nothing for a word that neither the dictionaries nor the rules know.
    std::optional<Text> read(const Token& token, const Context& context) const;

    // Digits within a word, such as "42" in "B42": years and amounts are not looked for.
    std::optional<Text> read_inner_number(TextView digits) const;

  private:
    struct Word {
        TextView text;
        std::string_view tag;
        Stress stress;
        const Context* context;  // null where what follows does not count
    };

    std::optional<Text> word(const Word& w) const;
    std::optional<Text> special_case(const Word& w) const;
    std::optional<Text> lookup(const Word& w) const;
    std::optional<Text> plain(TextView text, Stress stress = std::nullopt) const;
    std::optional<Text> spell(TextView text) const;
    bool known(TextView text) const;
    bool in_dictionaries(TextView text) const { return gold_.contains(text) || silver_.contains(text); }
    bool reads_as_small_letters(const Word& w, TextView small) const;

    std::optional<Text> plural(const Word& w) const;
    std::optional<Text> past(const Word& w) const;
    std::optional<Text> gerund(const Word& w) const;
    std::optional<Text> with_s(std::optional<Text> stem) const;
    std::optional<Text> with_ed(std::optional<Text> stem) const;
    std::optional<Text> with_ing(std::optional<Text> stem) const;

    std::optional<Text> number(TextView text, char32_t currency, bool head) const;
    std::optional<Text> with_currency(std::optional<Text> phonemes, char32_t currency) const;
    // Number words ("twenty-three, and ...") one by one; false when a word is not in the dictionary.
    void append_words(std::string_view words, Text& out) const;
    void append(std::optional<Text> phonemes, Text& out) const;
    void append_digits(TextView digits, Text& out) const;
    void append_inner_digits(TextView digits, Text& out) const;
    void append_decimal_parts(TextView number, Text& out) const;
    void append_money(TextView number, char32_t currency, Text& out) const;

    Dictionary gold_, silver_;
    bool british_;
};

}  // namespace coda::models::hibari
