#include "models/hibari/text/lexicon.h"

#include "models/hibari/text/lexicon_number.h"
#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>

namespace coda::models::hibari {

namespace {

constexpr TextView kFlapBefore = U"AIOWYiuæɑəɛɪɹʊʌ";  // vowels after which an American t is flapped
constexpr size_t kLongNoun = 7;  // a longer name in capitals may be read as the common word

bool any_of(TextView text, std::initializer_list<TextView> options) {
    return std::find(options.begin(), options.end(), text) != options.end();
}

bool ends_with(TextView text, TextView ending) {
    return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

TextView without_last(TextView text, size_t n) {
    return text.substr(0, text.size() - std::min(n, text.size()));
}

std::string_view word_class(std::string_view tag) {
    if (tag.starts_with("VB")) return "VERB";
    if (tag.starts_with("NN")) return "NOUN";
    if (tag.starts_with("ADV") || tag.starts_with("RB")) return "ADV";
    if (tag.starts_with("ADJ") || tag.starts_with("JJ")) return "ADJ";
    return tag;
}

// The words that a few symbols stand for when they are a token of their own.
TextView symbol_word(TextView text) {
    if (text == U"%") return U"percent";
    if (text == U"&") return U"and";
    if (text == U"+") return U"plus";
    if (text == U"@") return U"at";
    return {};
}

// "U.S.", "e.g": letters with points between, no part longer than two.
bool is_dotted_abbreviation(TextView text) {
    const size_t first = text.find_first_not_of(U'.'), last = text.find_last_not_of(U'.');
    if (first == TextView::npos) return false;
    if (!contains(text.substr(first, last - first + 1), U'.')) return false;
    size_t length = 0;
    for (const char32_t c : text) {
        if (c == U'.') {
            length = 0;
        } else if (!is_alpha(c) || ++length > 2) {
            return false;
        }
    }
    return true;
}

bool is_versus(TextView text) {
    const Text small = lower(text);
    return small == U"vs" || small == U"vs.";
}

// "running", "picking": the consonant was doubled, or c became ck.
bool doubles_consonant_before_ing(TextView text) {
    if (ends_with(text, U"cking")) return true;
    if (text.size() < 5 || !ends_with(text, U"ing")) return false;
    const char32_t a = text[text.size() - 4], b = text[text.size() - 5];
    return a == b && contains(U"bcdgklmnprstvxz", a);
}

Text token_word(const Token& token) {
    Text word = token.alias.value_or(token.text);
    for (char32_t& c : word) {
        if (c == U'‘' || c == U'’') c = U'\'';
    }
    word = nfkc(word);
    for (char32_t& c : word) {
        const int value = c < 0x80 ? -1 : digit_value(c);
        if (value >= 0) c = U'0' + static_cast<char32_t>(value);
    }
    return word;
}

}  // namespace

std::optional<Text> Lexicon::read(const Token& token, const Context& context) const {
    const Text text = token_word(token);
    Stress stress;
    if (text != lower(text)) stress = text == upper(text) ? 2.0f : 0.5f;
    if (auto phonemes = word({text, token.tag, stress, &context}))
        return with_currency(phonemes, token.currency);
    if (is_number(text, token.head)) return number(text, token.currency, token.head);
    return std::nullopt;
}

std::optional<Text> Lexicon::read_inner_number(TextView digits) const {
    return number(digits, 0, false);
}

std::optional<Text> Lexicon::plain(TextView text, Stress stress) const {
    return lookup({text, {}, stress, nullptr});
}

// The letters' names, the last one stressed.
std::optional<Text> Lexicon::spell(TextView text) const {
    Text phonemes;
    for (const char32_t c : text) {
        if (!is_alpha(c)) continue;
        const auto letter = gold_.find(upper(TextView(&c, 1)));
        if (!letter || letter->heteronym != nullptr) return std::nullopt;
        phonemes += decode_utf8(letter->phonemes);
    }
    phonemes = apply_stress(std::move(phonemes), 0.0f);
    const size_t last = phonemes.rfind(kSecondaryStress);
    if (last != Text::npos) phonemes[last] = kPrimaryStress;
    return phonemes;
}

std::optional<Text> Lexicon::special_case(const Word& w) const {
    const TextView text = w.text;
    const std::string_view tag = w.tag;
    if (tag == "ADD" && text == U".") return plain(U"dot", -0.5f);
    if (tag == "ADD" && text == U"/") return plain(U"slash", -0.5f);
    if (const TextView symbol = symbol_word(text); !symbol.empty()) {
        return lookup({symbol, {}, std::nullopt, w.context});
    }
    if (is_dotted_abbreviation(text)) return spell(text);
    if (any_of(text, {U"a", U"A"})) return tag == "DT" ? U"ɐ" : U"ˈA";
    if (any_of(text, {U"am", U"Am", U"AM"})) {
        if (tag.starts_with("NN")) return spell(text);
        const bool stressed = w.stress && *w.stress > 0;
        if (!w.context->vowel_next || text != U"am" || stressed) {
            return lookup({U"am", {}, std::nullopt, nullptr});
        }
        return U"ɐm";
    }
    if (any_of(text, {U"an", U"An", U"AN"})) {
        if (text == U"AN" && tag.starts_with("NN")) return spell(text);
        return U"ɐn";
    }
    if (text == U"I" && tag == "PRP") return U"ˌI";
    if (any_of(text, {U"by", U"By", U"BY"}) && word_class(tag) == "ADV") return U"bˈI";
    if (any_of(text, {U"to", U"To"}) || (text == U"TO" && (tag == "TO" || tag == "IN"))) {
        if (!w.context->vowel_next) return plain(U"to");
        return *w.context->vowel_next ? U"tʊ" : U"tə";
    }
    if (any_of(text, {U"in", U"In"}) || (text == U"IN" && tag != "NNP")) {
        return !w.context->vowel_next || tag != "IN" ? U"ˈɪn" : U"ɪn";
    }
    if (any_of(text, {U"the", U"The"}) || (text == U"THE" && tag == "DT")) {
        return w.context->vowel_next.value_or(false) ? U"ði" : U"ðə";
    }
    if (tag == "IN" && is_versus(text)) return lookup({U"versus", {}, std::nullopt, w.context});
    if (any_of(text, {U"used", U"Used", U"USED"})) {
        const auto used = gold_.find(U"used");
        if (!used || used->heteronym == nullptr) return std::nullopt;
        const bool accustomed = (tag == "VBD" || tag == "JJ") && w.context->to_next;
        return used->heteronym->reading(accustomed ? "VBD" : "DEFAULT");
    }
    return std::nullopt;
}

bool Lexicon::known(TextView text) const {
    if (in_dictionaries(text) || !symbol_word(text).empty()) return true;
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_ascii_alpha)) return false;
    if (text.size() == 1) return true;
    if (text == TextView(upper(text)) && gold_.contains(lower(text))) return true;
    const TextView rest = text.substr(1);
    return rest == TextView(upper(rest));
}

std::optional<Text> Lexicon::lookup(const Word& w) const {
    Text text(w.text);
    bool name = false;
    if (text == upper(text) && !gold_.contains(text)) {
        text = lower(text);
        name = w.tag == "NNP";
    }
    auto entry = gold_.find(text);
    if (!entry && !name) entry = silver_.find(text);
    std::optional<Text> phonemes;
    if (entry && entry->heteronym != nullptr) {
        const Heteronym& heteronym = *entry->heteronym;
        std::string_view tag = w.tag;
        if (w.context != nullptr && !w.context->vowel_next && heteronym.has("None")) {
            tag = "None";
        } else if (!heteronym.has(tag)) {
            tag = word_class(tag);
        }
        phonemes = heteronym.reading(tag);
    } else if (entry) {
        phonemes = decode_utf8(entry->phonemes);
    }
    if (!phonemes || (name && !contains(*phonemes, kPrimaryStress))) return spell(text);
    return apply_stress(std::move(*phonemes), w.stress);
}

// Endings ---------------------------------------------------------------------------------------------

std::optional<Text> Lexicon::with_s(std::optional<Text> stem) const {
    if (!stem || stem->empty()) return std::nullopt;
    const char32_t last = stem->back();
    if (contains(U"ptkfθ", last)) return *stem + U"s";
    if (contains(U"szʃʒʧʤ", last)) return *stem + (british_ ? U"ɪz" : U"ᵻz");
    return *stem + U"z";
}

std::optional<Text> Lexicon::with_ed(std::optional<Text> stem) const {
    if (!stem || stem->empty()) return std::nullopt;
    const char32_t last = stem->back();
    if (contains(U"pkfθʃsʧ", last)) return *stem + U"t";
    if (last == U'd') return *stem + (british_ ? U"ɪd" : U"ᵻd");
    if (last != U't') return *stem + U"d";
    if (british_ || stem->size() < 2) return *stem + U"ɪd";
    if (contains(kFlapBefore, (*stem)[stem->size() - 2])) return Text(without_last(*stem, 1)) + U"ɾᵻd";
    return *stem + U"ᵻd";
}

std::optional<Text> Lexicon::with_ing(std::optional<Text> stem) const {
    if (!stem || stem->empty()) return std::nullopt;
    const char32_t last = stem->back();
    if (british_) {
        if (last == U'ə' || last == U'ː') return std::nullopt;
    } else if (last == U't' && stem->size() > 1 && contains(kFlapBefore, (*stem)[stem->size() - 2])) {
        return Text(without_last(*stem, 1)) + U"ɾɪŋ";
    }
    return *stem + U"ɪŋ";
}

std::optional<Text> Lexicon::plural(const Word& w) const {
    const TextView text = w.text;
    if (text.size() < 3 || !ends_with(text, U"s")) return std::nullopt;
    Text stem;
    if (!ends_with(text, U"ss") && known(without_last(text, 1))) {
        stem = without_last(text, 1);
    } else if ((ends_with(text, U"'s") ||
                (text.size() > 4 && ends_with(text, U"es") && !ends_with(text, U"ies"))) &&
               known(without_last(text, 2))) {
        stem = without_last(text, 2);
    } else if (text.size() > 4 && ends_with(text, U"ies") && known(Text(without_last(text, 3)) + U"y")) {
        stem = Text(without_last(text, 3)) + U"y";
    } else {
        return std::nullopt;
    }
    return with_s(lookup({stem, w.tag, w.stress, w.context}));
}

std::optional<Text> Lexicon::past(const Word& w) const {
    const TextView text = w.text;
    if (text.size() < 4 || !ends_with(text, U"d")) return std::nullopt;
    TextView stem;
    if (!ends_with(text, U"dd") && known(without_last(text, 1))) {
        stem = without_last(text, 1);
    } else if (text.size() > 4 && ends_with(text, U"ed") && !ends_with(text, U"eed") &&
               known(without_last(text, 2))) {
        stem = without_last(text, 2);
    } else {
        return std::nullopt;
    }
    return with_ed(lookup({stem, w.tag, w.stress, w.context}));
}

std::optional<Text> Lexicon::gerund(const Word& w) const {
    const TextView text = w.text;
    if (text.size() < 5 || !ends_with(text, U"ing")) return std::nullopt;
    Text stem;
    if (text.size() > 5 && known(without_last(text, 3))) {
        stem = without_last(text, 3);
    } else if (known(Text(without_last(text, 3)) + U"e")) {
        stem = Text(without_last(text, 3)) + U"e";
    } else if (text.size() > 5 && doubles_consonant_before_ing(text) && known(without_last(text, 4))) {
        stem = without_last(text, 4);
    } else {
        return std::nullopt;
    }
    return with_ing(lookup({stem, w.tag, w.stress, w.context}));
}

// Capitals that are only emphasis or the start of a sentence: the word exists in small letters.
bool Lexicon::reads_as_small_letters(const Word& w, TextView small) const {
    const TextView text = w.text;
    if (text.size() < 2 || text == small) return false;
    Text letters(text);
    std::erase(letters, U'\'');
    if (!all_alpha(letters) || (w.tag == "NNP" && text.size() <= kLongNoun) || in_dictionaries(text))
        return false;
    const TextView rest = text.substr(1);
    if (text != TextView(upper(text)) && rest != TextView(lower(rest))) return false;
    if (in_dictionaries(small)) return true;
    const Word as_small{small, w.tag, w.stress, w.context};
    const auto says_something = [](const std::optional<Text>& phonemes) {
        return phonemes && !phonemes->empty();
    };
    return says_something(plural(as_small)) || says_something(past(as_small)) ||
           says_something(gerund(as_small));
}

std::optional<Text> Lexicon::word(const Word& original) const {
    if (auto phonemes = special_case(original)) return phonemes;
    const Text small = lower(original.text);
    Word w = original;
    if (reads_as_small_letters(w, small)) w.text = small;
    if (known(w.text)) return lookup(w);
    if (ends_with(w.text, U"s'")) {
        const Text possessive = Text(without_last(w.text, 2)) + U"'s";
        if (known(possessive)) return lookup({possessive, w.tag, w.stress, w.context});
    }
    if (ends_with(w.text, U"'") && known(without_last(w.text, 1))) {
        return lookup({without_last(w.text, 1), w.tag, w.stress, w.context});
    }
    if (auto phonemes = plural(w)) return phonemes;
    if (auto phonemes = past(w)) return phonemes;
    if (!w.stress) w.stress = 0.5f;
    return gerund(w);
}

}  // namespace coda::models::hibari
