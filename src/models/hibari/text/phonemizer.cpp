#include "models/hibari/text/phonemizer.h"

#include "models/hibari/text/pieces.h"
#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace coda::models::hibari {

namespace {

bool is_silent(TextView text) {
    return std::all_of(text.begin(), text.end(), [](char32_t c) { return contains(kSilentInWords, c); });
}

// What the words before must know of a word that begins with these phonemes.
Context context_before(const Context& after, TextView phonemes, const Token& token) {
    Context out{after.vowel_next, false};
    for (const char32_t c : phonemes) {
        if (contains(kPausePunctuation, c)) {
            out.vowel_next.reset();
            break;
        }
        const bool vowel = contains(kVowels, c);
        if (vowel || contains(kConsonants, c)) {
            out.vowel_next = vowel;
            break;
        }
    }
    const bool capitals = token.text == U"TO" && (token.tag == "TO" || token.tag == "IN");
    out.to_next = token.text == U"to" || token.text == U"To" || capitals;
    return out;
}

// Letters next to digits or signs, or a slash: the pieces are said apart.
bool pieces_are_apart(TextView text) {
    if (contains(text, U' ') || contains(text, U'/')) return true;
    std::array<bool, 3> kinds{};
    for (const char32_t c : text) {
        if (!contains(kSilentInWords, c)) kinds[is_alpha(c) ? 0 : is_ascii_digit(c) ? 1 : 2] = true;
    }
    return std::count(kinds.begin(), kinds.end(), true) > 1;
}

// Of pieces said as one word, the lighter half loses its main stress.
void settle_stress(std::vector<Token>& pieces) {
    std::vector<std::tuple<bool, int, size_t>> stressed;
    for (size_t i = 0; i < pieces.size(); ++i) {
        if (!pieces[i].phonemes || pieces[i].phonemes->empty()) continue;
        const Text& phonemes = *pieces[i].phonemes;
        stressed.emplace_back(contains(phonemes, kPrimaryStress), stress_weight(phonemes), i);
    }
    const auto weaken = [&](size_t i) {
        pieces[i].phonemes = apply_stress(std::move(*pieces[i].phonemes), -0.5f);
    };
    if (stressed.size() == 2 && pieces[std::get<2>(stressed[0])].text.size() == 1) {
        return weaken(std::get<2>(stressed[1]));
    }
    const auto primaries = static_cast<size_t>(
        std::count_if(stressed.begin(), stressed.end(), [](const auto& s) { return std::get<0>(s); }));
    if (stressed.size() < 2 || primaries <= (stressed.size() + 1) / 2) return;
    std::sort(stressed.begin(), stressed.end());
    for (size_t k = 0; k < stressed.size() / 2; ++k) weaken(std::get<2>(stressed[k]));
}

void settle_pieces(std::vector<Token>& pieces) {
    const bool apart = pieces_are_apart(merged(pieces.data(), pieces.data() + pieces.size()).text);
    for (size_t i = 0; i < pieces.size(); ++i) {
        Token& piece = pieces[i];
        if (piece.phonemes) {
            piece.space_before = i > 0 && apart;
        } else if (i + 1 == pieces.size() && piece.text.size() == 1 &&
                   contains(kPausePunctuation, piece.text[0])) {
            piece.phonemes = piece.text;
        } else if (is_silent(piece.text)) {
            piece.phonemes = U"";
        }
    }
    if (!apart) settle_stress(pieces);
}

Text joined_phonemes(const std::vector<Token>& pieces) {
    Text out;
    for (const Token& piece : pieces) {
        if (!piece.phonemes || piece.phonemes->empty()) continue;
        if (piece.space_before && !out.empty() && !is_space(out.back())) out += U' ';
        out += *piece.phonemes;
    }
    return out;
}

// What is said for signs inside an unknown word.
TextView sign_phonemes(char32_t c) {
    switch (c) {
        case U'/':
            return U"slˈæʃ";
        case U'=':
            return U"ˈikwᵊlz";
        case U'+':
            return U"plˈʌs";
        case U'&':
            return U"ænd";
        case U'@':
            return U"æt";
        case U'%':
            return U"pəɹsˈɛnt";
        case U'#':
            return U"hˈæʃ";
        case U'*':
            return U"ˈæstəɹˌɪsk";
        case U'~':
            return U"tˈɪldə";
        case U'^':
            return U"kˈɛɹət";
        case U'<':
            return U"lˈɛs ðən";
        case U'>':
            return U"ɡɹˈATəɹ ðən";
        case U'—':
            return U"—";
        default:
            return {};
    }
}

bool letter_at(TextView text, size_t i) {
    return i < text.size() && is_letter(text[i]);
}

// Letters, with single apostrophes between them.
size_t letters_end(TextView text, size_t i) {
    while (letter_at(text, i)) ++i;
    while (i + 1 < text.size() && contains(U"'’", text[i]) && letter_at(text, i + 1)) {
        for (++i; letter_at(text, i); ++i) {
        }
    }
    return i;
}

size_t grouped_digits_end(TextView text, size_t i) {
    i = digits_end(text, i);
    while (i + 1 < text.size() && contains(U",.", text[i]) && digit_at(text, i + 1))
        i = digits_end(text, i + 1);
    return i;
}

// [text](target)
struct Link {
    size_t begin, end;
    TextView text, target;
};

std::optional<Link> next_link(TextView text, size_t from) {
    for (size_t open = text.find(U'[', from); open != TextView::npos; open = text.find(U'[', open + 1)) {
        const size_t close = text.find(U']', open + 1);
        if (close == TextView::npos) return std::nullopt;
        if (close == open + 1 || at_or_nul(text, close + 1) != U'(') continue;
        const size_t end = text.find(U')', close + 2);
        if (end == TextView::npos) return std::nullopt;
        return Link{open, end + 1, text.substr(open + 1, close - open - 1),
                    text.substr(close + 2, end - close - 2)};
    }
    return std::nullopt;
}

std::optional<Text> given_phonemes(TextView target) {
    if (target.size() < 2 || target.front() != U'/' || target.back() != U'/') return std::nullopt;
    target.remove_prefix(1);
    while (!target.empty() && target.back() == U'/') target.remove_suffix(1);
    return Text(target);
}

}  // namespace

void Phonemizer::append_tokens(TextView text, std::vector<Token>& out) const {
    std::vector<Piece> pieces = rules_->tokenizer(text);
    std::vector<Text> words;
    words.reserve(pieces.size());
    for (Piece& piece : pieces) words.push_back(std::move(piece.text));
    const std::vector<std::string_view> tags = rules_->tagger(words);
    for (size_t i = 0; i < words.size(); ++i) {
        Token token;
        token.text = std::move(words[i]);
        token.tag = tags[i];
        token.space_after = pieces[i].space_after;
        out.push_back(std::move(token));
    }
}

std::vector<Token> Phonemizer::tokens(TextView line) const {
    std::vector<Token> out;
    size_t at = 0;
    while (const auto link = next_link(line, at)) {
        append_tokens(line.substr(at, link->begin - at), out);
        Token token;
        token.text = link->text;
        token.tag = "NN";
        token.space_after = space_at(line, link->end);
        token.phonemes = given_phonemes(link->target);
        out.push_back(std::move(token));
        at = link->end;
    }
    append_tokens(line.substr(at), out);
    return out;
}

Result<Text> Phonemizer::spell_unknown(TextView text) const {
    Text out;
    const auto append = [&](TextView phonemes) {
        if (phonemes.empty()) return;
        if (!out.empty()) out += U' ';
        out += phonemes;
    };
    for (size_t at = 0; at < text.size();) {
        const char32_t c = text[at];
        size_t end = at + 1;
        if (is_letter(c)) {
            end = letters_end(text, at);
            if (is_alpha(c)) {
                CODA_TRY(const std::optional<Text> phonemes, spell_(text.substr(at, end - at)));
                append(phonemes.value_or(U""));
            }
        } else if (is_ascii_digit(c)) {
            end = grouped_digits_end(text, at);
            append(lexicon_.read_inner_number(text.substr(at, end - at)).value_or(U""));
        } else if (!is_word(c) && !is_space(c)) {
            while (end < text.size() && !is_word(text[end]) && !is_space(text[end])) ++end;
            Text signs;
            for (const char32_t sign : text.substr(at, end - at)) signs += sign_phonemes(sign);
            append(signs);
        }
        at = end;
    }
    return out;
}

Status Phonemizer::read_single(Token& token, Context& context) const {
    if (!token.phonemes) token.phonemes = lexicon_.read(token, context);
    if (!token.phonemes) {
        CODA_TRY(token.phonemes, spell_unknown(token.text));
    }
    context = context_before(context, *token.phonemes, token);
    return {};
}

// Looks for the longest ends of the word that the lexicon knows, from the right; where nothing is known at
// all, the whole word goes to the speller.
Status Phonemizer::read_pieces(Word& word, Context& context) const {
    size_t left = 0, right = word.size();
    while (left < right) {
        const Token together = merged(word.data() + left, word.data() + right);
        if (auto phonemes = lexicon_.read(together, context)) {
            context = context_before(context, *phonemes, together);
            word[left].phonemes = std::move(phonemes);
            for (size_t i = left + 1; i < right; ++i) word[i].phonemes = U"";
            right = left;
            left = 0;
        } else if (left + 1 < right) {
            ++left;
        } else if (is_silent(word[--right].text)) {
            word[right].phonemes = U"";
            left = 0;
        } else {
            CODA_TRY(word[0].phonemes, spell_unknown(merged(word.data(), word.data() + word.size()).text));
            for (size_t i = 1; i < word.size(); ++i) word[i].phonemes = U"";
            return {};
        }
    }
    settle_pieces(word);
    return {};
}

Status Phonemizer::read(Word& word, Context& context) const {
    return word.size() == 1 ? read_single(word[0], context) : read_pieces(word, context);
}

Result<Text> Phonemizer::operator()(TextView line) const {
    std::vector<Word> words = form_words(tokens(rules_->normaliser(line)));
    Context context;
    for (size_t i = words.size(); i-- > 0;) CODA_CHECK(read(words[i], context));

    Text out;
    for (const Word& word : words) {
        out += joined_phonemes(word);
        if (word.back().space_after) out += U' ';
    }
    for (char32_t& c : out) {
        if (c == U'ɾ') c = U'T';
        if (c == U'ʔ') c = U't';
    }
    return Text(strip(out));
}

}  // namespace coda::models::hibari
