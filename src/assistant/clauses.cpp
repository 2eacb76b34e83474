#include "assistant/clauses.h"

#include <algorithm>
#include <array>

namespace coda::assistant {
namespace {

bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool upper(char c) {
    return c >= 'A' && c <= 'Z';
}
char lower(char c) {
    return upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string trimmed(std::string_view text) {
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return std::string(text);
}

// The word that ends at `end`, without opening brackets or quotes.
std::string_view last_word(std::string_view text, size_t end) {
    size_t begin = end;
    while (begin > 0 && !blank(text[begin - 1])) --begin;
    while (begin < end &&
           (text[begin] == '(' || text[begin] == '"' || text[begin] == '\'' || text[begin] == '*'))
        ++begin;
    return text.substr(begin, end - begin);
}

// A full stop after these does not end a sentence.
bool abbreviation(std::string_view word) {
    static constexpr std::array<std::string_view, 38> kKnown = {
        "dr",  "mr",     "mrs",  "ms",  "prof", "st",  "jr",  "sr",  "vs",   "etc", "e.g", "i.e", "eg",
        "ie",  "approx", "dept", "est", "fig",  "gen", "gov", "hon", "inc",  "ltd", "mt",  "no",  "rev",
        "sen", "vol",    "ca",   "cf",  "al",   "a.m", "p.m", "u.s", "capt", "col", "sgt", "ave"};
    std::string plain;
    for (char c : word) plain.push_back(lower(c));
    return std::find(kKnown.begin(), kKnown.end(), plain) != kKnown.end();
}

int count_words(std::string_view text) {
    int words = 0;
    bool inside = false;
    for (char c : text) {
        if (!blank(c) && !inside) ++words;
        inside = !blank(c);
    }
    return words;
}

bool conjunction(std::string_view word) {
    static constexpr std::array<std::string_view, 9> kWords = {"and",      "but",   "because", "which", "so",
                                                               "although", "while", "where",   "when"};
    return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

std::vector<std::string> ClauseSplitter::feed(std::string_view text) {
    std::vector<std::string> out;
    for (char c : text) take(c, out);
    return out;
}

std::vector<std::string> ClauseSplitter::finish() {
    std::vector<std::string> out;
    cut(open_.size(), out);
    first_ = true;
    in_code_ = false;
    return out;
}

void ClauseSplitter::take(char c, std::vector<std::string>& out) {
    const size_t end = in_code_ ? 0 : boundary(c);
    if (end > 0) cut(end, out);
    open_.push_back(c);
    if (open_.ends_with("```")) in_code_ = !in_code_;
    if (open_.size() < kMaxClause) return;
    size_t at = open_.find_last_of(" \n\t");
    if (at == std::string::npos || at < kMaxClause / 4) {
        at = open_.size();
        while (at > 1 && (static_cast<unsigned char>(open_[at - 1]) & 0xC0) == 0x80)
            --at;  // never within a character
        if (static_cast<unsigned char>(open_[at - 1]) >= 0xC0) --at;
    }
    cut(std::max<size_t>(at, 1), out);
}

void ClauseSplitter::cut(size_t end, std::vector<std::string>& out) {
    std::string clause = trimmed(std::string_view(open_).substr(0, end));
    open_.erase(0, end);
    consumed_ += end;
    if (clause.empty()) return;
    out.push_back(std::move(clause));
    first_ = false;
}

size_t ClauseSplitter::boundary(char next) const {
    if (!blank(next) || open_.empty()) return 0;
    if (next == '\n' && !blank(open_.back())) return trimmed(open_).empty() ? 0 : open_.size();
    if (blank(open_.back())) return 0;
    size_t end = open_.size();
    while (end > 0 && (open_[end - 1] == '"' || open_[end - 1] == ')' || open_[end - 1] == ']' ||
                       open_[end - 1] == '*' || open_[end - 1] == '\''))
        --end;
    if (end > 0 && ends_sentence(end)) return open_.size();
    return first_ ? first_clause_end(next) : 0;
}

// Whether open_[end - 1] is a mark that ends a sentence, given that a blank follows.
bool ClauseSplitter::ends_sentence(size_t end) const {
    const char mark = open_[end - 1];
    if (mark == '!' || mark == '?') return true;
    if (mark != '.') return false;
    const std::string_view word = last_word(open_, end - 1);
    if (word.empty())
        return count_words(open_) > 0 && !trimmed(std::string_view(open_).substr(0, end - 1)).empty();
    if (word.ends_with("..")) return false;  // an ellipsis goes on
    if (abbreviation(word)) return false;
    const bool initial = word.size() == 1 && upper(word[0]) && word[0] != 'I';
    if (initial) return false;
    // "1. Preheat the oven": the number of a list item at the start of a clause.
    const bool list_number =
        std::all_of(word.begin(), word.end(), digit) && trimmed(open_).size() == word.size() + 1;
    return !list_number;
}

size_t ClauseSplitter::first_clause_end(char) const {
    const char mark = open_.back();
    const int words = count_words(open_);
    if ((mark == ',' || mark == ';' || mark == ':') && words >= kFirstWords && open_.size() >= 18)
        return open_.size();
    // Before a conjunction, once there is enough to say.
    const std::string_view word = last_word(open_, open_.size());
    if (words < 9 || !conjunction(word)) return 0;
    return open_.size() - word.size();
}

}  // namespace coda::assistant
