#include "models/hibari/text/pieces.h"

#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>

namespace coda::models::hibari {

namespace {

// A chain such as a-b-c-... is read in stretches of this many pieces, so that its cost stays linear.
constexpr size_t kMostPieces = 64;

constexpr TextView kPunctuation = U";:,.!?—…\"“”";
constexpr std::array<std::string_view, 11> kPunctuationTags = {".",  ",", "-LRB-", "-RRB-", "``", "\"\"",
                                                               "''", ":", "$",     "#",     "NFP"};

bool is_apostrophe(char32_t c) {
    return c == U'\'' || c == U'‘' || c == U'’';
}
bool apostrophe_at(TextView text, size_t i) {
    return i < text.size() && is_apostrophe(text[i]);
}
bool letter_at(TextView text, size_t i) {
    return i < text.size() && is_letter(text[i]);
}
bool latin_upper_at(TextView text, size_t i) {
    return i < text.size() && is_latin_upper(text[i]);
}
bool latin_lower_at(TextView text, size_t i) {
    return i < text.size() && is_latin_lower(text[i]);
}

size_t apostrophes_end(TextView text, size_t i) {
    while (apostrophe_at(text, i)) ++i;
    return i;
}

// Digits with single points or commas before them: "12", "1,234.5", ".5".
size_t digits_and_points_end(TextView text, size_t i) {
    for (;;) {
        const bool separated = i + 1 < text.size() && contains(U",.", text[i]) && is_digit(text[i + 1]);
        if (i < text.size() && is_digit(text[i])) {
            ++i;
        } else if (separated) {
            i += 2;
        } else {
            return i;
        }
    }
}

size_t number_piece_end(TextView text, size_t at) {
    if (at == 0 && text[0] == U'-') {
        const size_t end = digits_and_points_end(text, 1);
        if (end > 1) return end;
    }
    return digits_and_points_end(text, at);
}

// The shortest run of letters (with 'x in between) that ends in a small letter before a capital: "camel" in
// camelCase.
size_t camel_end(TextView text, size_t at) {
    for (size_t letters = at;; ++letters) {
        for (size_t i = letters;; i += 2) {
            if (latin_lower_at(text, i) && latin_upper_at(text, i + 1)) return i + 1;
            if (!apostrophe_at(text, i) || !letter_at(text, i + 1)) break;
        }
        if (!letter_at(text, letters)) return at;
    }
}

size_t word_end(TextView text, size_t at) {
    size_t i = at;
    while (letter_at(text, i)) ++i;
    if (i == at) return at;
    while (apostrophe_at(text, i) && letter_at(text, i + 1)) i += 2;
    return i;
}

// The end of the piece at `at`; `at` itself where none begins.
size_t piece_end(TextView text, size_t at) {
    if (at == 0 && apostrophe_at(text, 0)) return apostrophes_end(text, 0);
    if (latin_upper_at(text, at) && latin_upper_at(text, at + 1) && latin_lower_at(text, at + 2))
        return at + 1;
    if (const size_t end = number_piece_end(text, at); end > at) return end;
    if (contains(U"-_", text[at])) return std::min(text.find_first_not_of(U"-_", at), text.size());
    const size_t quotes = apostrophes_end(text, at);
    if (quotes > at + 1) return quotes;
    if (const size_t end = camel_end(text, at); end > at) return end;
    if (const size_t end = word_end(text, at); end > at) return end;
    if (quotes > at) return quotes == text.size() ? quotes : at;
    return is_word(text[at]) ? at : at + 1;
}

bool is_punctuation_tag(std::string_view tag) {
    return std::find(kPunctuationTags.begin(), kPunctuationTags.end(), tag) != kPunctuationTags.end();
}

bool all_latin_letters(TextView text) {
    return std::all_of(text.begin(), text.end(), is_ascii_alpha);
}

Text punctuation_phonemes(const Token& token) {
    if (token.tag == "-LRB-") return U"(";
    if (token.tag == "-RRB-") return U")";
    if (token.tag == "``") return U"“";
    if (token.tag == "\"\"" || token.tag == "''") return U"”";
    Text out;
    for (const char32_t c : token.text) {
        if (contains(kPunctuation, c)) out += c;
    }
    return out;
}

// "B2B", "peer2peer"
bool is_two_between_letters(const std::vector<Text>& pieces, size_t i) {
    return i > 0 && i + 1 < pieces.size() && pieces[i] == U"2" && is_alpha(pieces[i - 1].back()) &&
           is_alpha(pieces[i + 1].front());
}

std::vector<Token> pieces_of(const Token& token) {
    if (token.phonemes) return {token};
    const std::vector<Text> texts = cut_pieces(token.text);
    std::vector<Token> out(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
        out[i].text = texts[i];
        out[i].tag = token.tag;
        if (is_two_between_letters(texts, i)) out[i].alias = U"to";
    }
    if (!out.empty()) out.back().space_after = token.space_after;
    return out;
}

bool is_currency_sign(const Text& text) {
    return text.size() == 1 && contains(U"$£€", text[0]);
}

// Phonemes of signs and punctuation; the currency for the number that follows its sign.
void settle(Token& piece, char32_t& currency, bool ends_number) {
    if (piece.phonemes) return;
    if (piece.tag == "$" && is_currency_sign(piece.text)) {
        currency = piece.text[0];
        piece.phonemes = U"";
    } else if (piece.tag == ":" && (piece.text == U"-" || piece.text == U"–")) {
        piece.phonemes = U"—";
    } else if (is_punctuation_tag(piece.tag) && !all_latin_letters(piece.text)) {
        piece.phonemes = punctuation_phonemes(piece);
    } else if (currency != 0) {
        piece.alias.reset();
        if (piece.tag != "CD") currency = 0;
        if (ends_number) piece.currency = currency;
    }
}

}  // namespace

std::vector<Text> cut_pieces(TextView token) {
    std::vector<Text> out;
    for (size_t at = 0; at < token.size();) {
        const size_t end = piece_end(token, at);
        if (end > at) out.emplace_back(token.substr(at, end - at));
        at = std::max(end, at + 1);
    }
    return out;
}

std::vector<std::vector<Token>> form_words(const std::vector<Token>& tokens) {
    std::vector<std::vector<Token>> words;
    bool open = false;  // the last word takes more pieces
    char32_t currency = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
        std::vector<Token> pieces = pieces_of(tokens[i]);
        const bool number_follows = i + 1 < tokens.size() && tokens[i + 1].tag == "CD";
        for (size_t j = 0; j < pieces.size(); ++j) {
            Token& piece = pieces[j];
            settle(piece, currency, j + 1 == pieces.size() && !number_follows);
            if (piece.alias || piece.phonemes) {
                words.push_back({std::move(piece)});
                open = false;
            } else if (open && !words.back().back().space_after && words.back().size() < kMostPieces) {
                piece.head = false;
                words.back().push_back(std::move(piece));
            } else {
                open = !piece.space_after;
                words.push_back({std::move(piece)});
            }
        }
    }
    return words;
}

Token merged(const Token* begin, const Token* end) {
    Token out;
    int most_letters = -1;
    for (const Token* piece = begin; piece != end; ++piece) {
        int weight = 0;  // capitals count twice
        for (const char32_t c : piece->text) weight += c == to_lower(c) ? 1 : 2;
        if (weight > most_letters) {
            most_letters = weight;
            out.tag = piece->tag;
        }
        out.text += piece->text;
        if (piece->space_after && piece + 1 != end) out.text += U' ';
        out.currency = std::max(out.currency, piece->currency);
    }
    out.head = begin->head;
    out.space_before = begin->space_before;
    out.space_after = (end - 1)->space_after;
    return out;
}

}  // namespace coda::models::hibari
