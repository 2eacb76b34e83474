#include "tools/words.h"

#include "tools/number_words.h"

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>
#include <unordered_set>

namespace coda::tools {
namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Typographic signs that have a plain twin; the twin takes the place of the whole sequence.
struct Sign {
    std::string_view utf8, plain;
};
constexpr std::array kSigns = {
    Sign{"\xE2\x80\x99", "'"},  Sign{"\xE2\x80\x98", "'"},     Sign{"\xE2\x80\x9C", " "},
    Sign{"\xE2\x80\x9D", " "},  Sign{"\xE2\x80\x93", "-"},     Sign{"\xE2\x80\x94", ","},
    Sign{"\xE2\x88\x92", "-"},  Sign{"\xE2\x80\xA6", ","},     Sign{"\xC3\x97", "*"},
    Sign{"\xC3\xB7", "/"},      Sign{"\xC2\xB0", " degrees "}, Sign{"\xE2\x82\xAC", "\x01"},
    Sign{"\xC2\xA3", "\x02"},   Sign{"\xE2\x88\x9A", "\x03"},  Sign{"\xC2\xB2", "^2"},
    Sign{"\xC2\xBD", " half "}, Sign{"\xC2\xA0", " "},
};

// The text in plain signs and lower case, with the byte of the original that each byte came from.
struct Plain {
    std::string text;
    std::vector<size_t> origin;  // one longer than text

    void add(std::string_view bytes, size_t from) {
        for (char c : bytes) {
            text.push_back(c);
            origin.push_back(from);
        }
    }
};

size_t utf8_length(std::string_view s) {
    const auto lead = static_cast<unsigned char>(s[0]);
    const size_t n = lead < 0x80         ? 1
                     : (lead >> 5) == 6  ? 2
                     : (lead >> 4) == 14 ? 3
                     : (lead >> 3) == 30 ? 4
                                         : 0;
    if (n == 0 || n > s.size()) return 0;
    for (size_t i = 1; i < n; ++i)
        if ((static_cast<unsigned char>(s[i]) & 0xC0) != 0x80) return 0;
    return n;
}

Plain to_plain(std::string_view raw) {
    Plain plain;
    for (size_t i = 0; i < raw.size();) {
        const std::string_view rest = raw.substr(i);
        const auto sign = std::find_if(kSigns.begin(), kSigns.end(),
                                       [&](const Sign& s) { return rest.starts_with(s.utf8); });
        if (sign != kSigns.end()) {
            plain.add(sign->plain, i);
            i += sign->utf8.size();
            continue;
        }
        const size_t n = utf8_length(rest);
        if (n == 0) {
            ++i;
            continue;
        }
        if (n == 1)
            plain.add(std::string(1, static_cast<unsigned char>(rest[0]) < 0x20 ? ' ' : lower(rest[0])), i);
        else
            plain.add(rest.substr(0, n), i);
        i += n;
    }
    plain.origin.push_back(raw.size());
    return plain;
}

// A word, number or sign as it stands, and what follows it.
struct Piece {
    std::string text;
    size_t begin, end;  // in Plain::text
    bool pause = false, stop = false, question = false;
};

bool abbreviation(std::string_view word) {
    static const std::unordered_set<std::string_view> kKnown = {"dr",   "mr", "mrs", "ms", "st",
                                                                "prof", "vs", "no",  "jr", "sr"};
    return kKnown.count(word) > 0;
}

class Splitter {
  public:
    explicit Splitter(const std::string& text) : text_(text) {}

    std::vector<Piece> split() {
        while (at_ < text_.size()) step();
        return std::move(pieces_);
    }

  private:
    char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    void push(std::string word, size_t begin) { pieces_.push_back({std::move(word), begin, at_}); }

    void step() {
        const char c = peek();
        if (digit(c) || (c == '.' && digit(peek(1)) && !glued_to_word())) return number();
        if (letter(c)) return word();
        sign();
    }

    bool glued_to_word() const { return !pieces_.empty() && pieces_.back().end == at_; }

    // "1,200.50", "7:30" (kept whole), "4th"; a unit glued on ("10km") becomes its own word.
    void number() {
        const size_t begin = at_;
        std::string out;
        while (digit(peek())) {
            out.push_back(text_[at_++]);
            const bool thousands =
                peek() == ',' && digit(peek(1)) && digit(peek(2)) && digit(peek(3)) && !digit(peek(4));
            if (thousands) ++at_;
        }
        if (peek() == '.' && digit(peek(1))) {
            out.push_back(text_[at_++]);
            while (digit(peek())) out.push_back(text_[at_++]);
        } else if (peek() == ':' && digit(peek(1)) && digit(peek(2)) && !digit(peek(3))) {
            out.append(text_, at_, 3);
            at_ += 3;
        }
        if (out.front() == '.') out.insert(0, "0");
        for (std::string_view suffix : {"st", "nd", "rd", "th"})
            if (text_.compare(at_, 2, suffix) == 0 && !letter(peek(2))) {
                out.append(suffix);
                at_ += 2;
                break;
            }
        push(std::move(out), begin);
    }

    void word() {
        const size_t begin = at_;
        // "12x12": the sign of multiplication, not a letter.
        if (peek() == 'x' && glued_to_word() && is_number(pieces_.back().text) && (digit(peek(1)))) {
            ++at_;
            return push("*", begin);
        }
        std::string out;
        while (letter(peek()) || (peek() == '\'' && letter(peek(1))) || (digit(peek()) && !out.empty()))
            out.push_back(text_[at_++]);
        if (out == "e" && peek() == '-' && text_.compare(at_ + 1, 4, "mail") == 0) {
            ++at_;
            out += "-";
            while (letter(peek())) out.push_back(text_[at_++]);
            out.erase(1, 1);
        }
        if ((out == "a" || out == "p") && peek() == '.' && peek(1) == 'm') {
            at_ += 2;
            out += "m";
            if (peek() == '.') ++at_;
        }
        push(std::move(out), begin);
        if (peek() == '.' && abbreviation(pieces_.back().text)) ++at_;
        if (peek() == '-' && letter(peek(1))) ++at_;  // "twenty-five", "to-do": two words
    }

    void sign() {
        const size_t begin = at_;
        const char c = text_[at_++];
        switch (c) {
            case '+':
            case '*':
            case '/':
            case '=':
            case '%':
            case '^':
            case '(':
            case ')':
            case '$':
                return push(std::string(1, c), begin);
            case '\x01':
                return push("euros", begin);
            case '\x02':
                return push("pounds", begin);
            case '\x03':
                return push("square root of", begin);
            case '&':
                return push("and", begin);
            case '-':
                return minus(begin);
            case '.':
            case '!':
            case '?':
                if (!pieces_.empty()) {
                    pieces_.back().stop = true;
                    pieces_.back().question |= c == '?';
                }
                return;
            case ',':
            case ';':
            case ':':
                if (!pieces_.empty()) pieces_.back().pause = true;
                return;
            case '\'':  // feet: 5'11
                if (glued_to_word() && is_number(pieces_.back().text) && pieces_.back().end == begin)
                    push("foot", begin);
                return;
            default:
                return;
        }
    }

    // A sign of subtraction beside a number or a bracket; elsewhere a dash.
    void minus(size_t begin) {
        const bool before_number = digit(peek()) || (peek() == ' ' && digit(peek(1)));
        const bool after_number =
            !pieces_.empty() && (is_number(pieces_.back().text) || pieces_.back().text == ")");
        if (before_number || (after_number && peek() == ' ' && peek(1) == '(')) return push("-", begin);
        if (!pieces_.empty()) pieces_.back().pause = true;
    }

    const std::string& text_;
    size_t at_ = 0;
    std::vector<Piece> pieces_;
};

// What "'s" stands for after these words is "is"; after any other it is the genitive.
bool takes_is(std::string_view stem) {
    static const std::unordered_set<std::string_view> kStems = {
        "what", "who", "where", "when", "how",   "why",        "that",     "it",
        "he",   "she", "there", "here", "which", "everything", "something"};
    return kStems.count(stem) > 0;
}

const std::unordered_map<std::string_view, std::string_view>& spellings() {
    static const std::unordered_map<std::string_view, std::string_view> kSpellings = {
        {"can't", "can not"},
        {"cannot", "can not"},
        {"won't", "will not"},
        {"shan't", "shall not"},
        {"i'm", "i am"},
        {"let's", "let us"},
        {"gonna", "going to"},
        {"wanna", "want to"},
        {"gotta", "have to"},
        {"gimme", "give me"},
        {"lemme", "let me"},
        {"whats", "what is"},
        {"wheres", "where is"},
        {"whens", "when is"},
        {"hows", "how is"},
        {"whos", "who is"},
        {"dont", "do not"},
        {"didnt", "did not"},
        {"im", "i am"},
        {"ain't", "is not"},
        {"y'all", "you all"},
        {"o'clock", "o'clock"},
        {"ma'am", "madam"},
        {"dunno", "do not know"},
        {"okay", "ok"},
        {"yeah", "yes"},
        {"yep", "yes"},
        {"nope", "no"},
        {"kinda", "kind of"},
        {"mum", "mom"},
        {"mum's", "mom's"},
        {"litre", "liter"},
        {"litres", "liters"},
        {"metre", "meter"},
        {"metres", "meters"},
        {"favourite", "favorite"},
        {"theatre", "theater"},
        {"colour", "color"},
        {"grey", "gray"},
        {"programme", "program"},
        {"percent", "%"},
        {"'em", "them"},
        {"thx", "thanks"},
        {"tonite", "tonight"},
        {"kilometre", "kilometer"},
        {"kilometres", "kilometers"},
        {"centimetre", "centimeter"},
        {"centimetres", "centimeters"},
        {"millimetres", "millimeters"},
        {"tyre", "tire"},
        {"tv's", "tv's"},
        {"television", "tv"},
        {"tele", "tv"},
        {"telly", "tv"},
        {"cellphone", "phone"},
        {"goodnight", "good night"},
        {"goodbye", "goodbye"},
        {"bye-bye", "bye"},
    };
    return kSpellings;
}

std::string write_out(const std::string& word) {
    if (const auto it = spellings().find(word); it != spellings().end()) return std::string(it->second);
    const auto ends = [&](std::string_view tail) {
        return word.size() > tail.size() && std::string_view(word).ends_with(tail);
    };
    const auto stem = [&](size_t tail) { return word.substr(0, word.size() - tail); };
    if (ends("n't")) return stem(3) + " not";
    if (ends("'re")) return stem(3) + " are";
    if (ends("'ve")) return stem(3) + " have";
    if (ends("'ll")) return stem(3) + " will";
    if (ends("'d")) return stem(2) + " would";
    if (ends("'s") && takes_is(stem(2))) return stem(2) + " is";
    return word;
}

void push_words(std::vector<Word>& words, const std::string& text, size_t begin, size_t end) {
    for (size_t at = 0; at < text.size();) {
        const size_t blank = std::min(text.find(' ', at), text.size());
        if (blank > at) words.push_back({text.substr(at, blank - at), begin, end, false, false});
        at = blank + 1;
    }
}

struct Hesitation {
    std::vector<std::string_view> words;
    bool needs_pause;  // only where a comma, or the start, sets it apart
};

const std::vector<Hesitation>& hesitations() {
    static const std::vector<Hesitation> kAll = {
        {{"let", "me", "think"}, false},
        {{"let", "me", "see"}, true},
        {{"let", "us", "see"}, true},
        {{"what", "was", "it"}, true},
        {{"you", "know"}, true},
        {{"i", "mean"}, true},
        {{"if", "it", "is", "possible"}, false},
        {{"if", "possible"}, false},
        {{"if", "you", "can"}, false},
        {{"if", "you", "do", "not", "mind"}, false},
        {{"if", "you", "would"}, false},
        {{"um"}, false},
        {{"umm"}, false},
        {{"uh"}, false},
        {{"uhm"}, false},
        {{"er"}, false},
        {{"erm"}, false},
        {{"hm"}, false},
        {{"hmm"}, false},
        {{"mm"}, false},
        {{"ah"}, false},
        {{"eh"}, false},
        {{"please"}, false},
        {{"kindly"}, false},
        {{"just"}, false},
        {{"actually"}, true},
        {{"well"}, true},
        {{"like"}, true},
        {{"basically"}, false},
        {{"quickly"}, true},
        {{"real", "quick"}, false},
    };
    return kAll;
}

size_t hesitation_at(const std::vector<Word>& words, size_t at) {
    const bool set_apart_before = at == 0 || words[at - 1].pause;
    for (const Hesitation& hesitation : hesitations()) {
        const size_t n = hesitation.words.size();
        if (at + n > words.size()) continue;
        const bool same = std::equal(hesitation.words.begin(), hesitation.words.end(),
                                     words.begin() + static_cast<long>(at),
                                     [](std::string_view a, const Word& b) { return a == b.text; });
        if (!same) continue;
        const bool set_apart_after = at + n == words.size() || words[at + n - 1].pause;
        if (!hesitation.needs_pause || (set_apart_before && (set_apart_after || at == 0) && n < words.size()))
            return n;
    }
    return 0;
}

void drop_hesitations(std::vector<Word>& words, std::vector<bool>& dropped) {
    std::vector<Word> kept;
    for (size_t i = 0; i < words.size();) {
        const size_t n = hesitation_at(words, i);
        if (n == 0) {
            kept.push_back(words[i++]);
            continue;
        }
        for (size_t k = words[i].begin; k < words[i + n - 1].end && k < dropped.size(); ++k)
            dropped[k] = true;
        if (!kept.empty()) {
            kept.back().pause = false;
            kept.back().broken = true;
        }
        i += n;
    }
    if (!kept.empty()) words = std::move(kept);
}

// "How many, um, how many feet": what is said again after a break is said once.
void drop_restarts(std::vector<Word>& words, std::vector<bool>& dropped) {
    for (size_t n = 4; n > 0; --n)
        for (size_t i = 0; i + 2 * n <= words.size(); ++i) {
            const bool after_break = words[i + n - 1].broken || words[i + n - 1].pause;
            const auto first = words.begin() + static_cast<long>(i), again = first + static_cast<long>(n);
            const auto same = [](const Word& a, const Word& b) {
                return a.text == b.text && !is_number(a.text);
            };
            if (!after_break || !std::equal(first, again, again, same)) continue;
            for (size_t k = first->begin; k < again->begin && k < dropped.size(); ++k) dropped[k] = true;
            words.erase(first, again);
        }
}

std::vector<Sentence> sentences_of(const std::vector<Piece>& pieces, const std::vector<size_t>& origin) {
    std::vector<Sentence> sentences;
    Sentence open;
    for (const Piece& piece : pieces) {
        push_words(open.words, write_out(piece.text), origin[piece.begin], origin[piece.end]);
        if (open.words.empty()) continue;
        open.words.back().pause |= piece.pause;
        if (!piece.stop) continue;
        open.question = piece.question;
        sentences.push_back(std::move(open));
        open = {};
    }
    if (!open.words.empty()) sentences.push_back(std::move(open));
    return sentences;
}

}  // namespace

bool is_number(std::string_view word) {
    if (word.empty() || !digit(word.front()) || !digit(word.back())) return false;
    return std::all_of(word.begin(), word.end(), [](char c) { return digit(c) || c == '.'; }) &&
           std::count(word.begin(), word.end(), '.') <= 1;
}

Sentence Utterance::joined() const {
    Sentence all;
    for (const Sentence& sentence : sentences) {
        all.words.insert(all.words.end(), sentence.words.begin(), sentence.words.end());
        if (!all.words.empty()) all.words.back().pause = true;
        all.question |= sentence.question;
    }
    return all;
}

std::string Utterance::said(const std::vector<Word>& words, size_t first, size_t last) const {
    if (first >= last || last > words.size()) return {};
    std::string out;
    for (size_t i = words[first].begin; i < words[last - 1].end && i < raw.size(); ++i) {
        const bool blank = raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t';
        const bool stray = dropped[i] || (raw[i] == ',' && i > 0 && dropped[i - 1]);
        if (stray || (blank && (out.empty() || out.back() == ' '))) continue;
        out.push_back(blank ? ' ' : raw[i]);
    }
    while (!out.empty() && (out.back() == ' ' || out.back() == ',')) out.pop_back();
    return out;
}

Utterance read_words(std::string_view text) {
    Utterance utterance;
    utterance.raw = std::string(text.substr(0, kMaxUtterance));
    utterance.dropped.assign(utterance.raw.size(), false);
    const Plain plain = to_plain(utterance.raw);
    utterance.sentences = sentences_of(Splitter(plain.text).split(), plain.origin);
    for (Sentence& sentence : utterance.sentences) {
        drop_hesitations(sentence.words, utterance.dropped);
        drop_restarts(sentence.words, utterance.dropped);
        join_numbers(sentence.words);
    }
    return utterance;
}

std::vector<std::string> phrase_words(std::string_view phrase) {
    const Plain plain = to_plain(phrase);
    std::vector<Word> words;
    for (const Sentence& sentence : sentences_of(Splitter(plain.text).split(), plain.origin))
        words.insert(words.end(), sentence.words.begin(), sentence.words.end());
    join_numbers(words);
    std::vector<std::string> out;
    for (Word& word : words) out.push_back(std::move(word.text));
    return out;
}

}  // namespace coda::tools
