#include "tests/support/wer.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace coda::test {
namespace {

using Words = std::vector<std::string>;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool all_digits(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), is_digit);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
}

std::string plain_ascii(std::string_view text) {
    std::string out(text);
    for (const auto& [from, to] : std::map<std::string, std::string>{{"\u2019", "'"},
                                                                     {"\u2018", "'"},
                                                                     {"\u201c", " "},
                                                                     {"\u201d", " "},
                                                                     {"\u2013", " "},
                                                                     {"\u2014", " "},
                                                                     {"\u2026", " "},
                                                                     {"\u00b0", " degrees "},
                                                                     {"%", " percent "},
                                                                     {"&", " and "},
                                                                     {"+", " plus "},
                                                                     {"=", " equals "},
                                                                     {"\u00d7", " times "}})
        replace_all(out, from, to);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

// "$5" -> "5 dollars", so that the unit stands where it is spoken.
std::string spoken_money(std::string text) {
    for (size_t at = 0; (at = text.find('$', at)) != std::string::npos;) {
        size_t end = at + 1;
        while (end < text.size() &&
               (is_digit(text[end]) ||
                ((text[end] == ',' || text[end] == '.') && end + 1 < text.size() && is_digit(text[end + 1]))))
            ++end;
        const std::string amount = text.substr(at + 1, end - at - 1);
        text.replace(at, end - at, amount + (amount == "1" ? " dollar" : " dollars"));
    }
    return text;
}

// Splits at everything that is no letter, digit or apostrophe. Inside numbers a comma is dropped, a point
// between digits is kept, a colon is dropped; the dots of "p.m." are dropped.
Words split(const std::string& text) {
    Words words;
    std::string word;
    const auto flush = [&] {
        while (!word.empty() && word.front() == '\'') word.erase(word.begin());
        while (!word.empty() && word.back() == '\'') word.pop_back();
        if (!word.empty()) words.push_back(word);
        word.clear();
    };
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : ' ';
        const bool between_digits = !word.empty() && is_digit(word.back()) && is_digit(next);
        const bool letter =
            std::isalnum(static_cast<unsigned char>(c)) || c == '\'' || static_cast<unsigned char>(c) >= 0x80;
        if (letter || (c == '.' && between_digits)) {
            word += c;
        } else if ((c == ',' || c == ':') && between_digits) {
            continue;
        } else if (c == '.' && (word == "p" || word == "a") && next == 'm') {
            continue;
        } else {
            flush();
        }
    }
    flush();
    return words;
}

void append_expanded(const std::string& word, Words& out) {
    static const std::map<std::string, Words> whole = {
        {"can't", {"can", "not"}},    {"cannot", {"can", "not"}}, {"won't", {"will", "not"}},
        {"shan't", {"shall", "not"}}, {"let's", {"let", "us"}},   {"gonna", {"going", "to"}},
        {"wanna", {"want", "to"}},    {"ok", {"okay"}},           {"mr", {"mister"}},
        {"mrs", {"missus"}},          {"dr", {"doctor"}},         {"o'clock", {"oclock"}},
    };
    static const std::map<std::string, std::string> endings = {
        {"n't", "not"}, {"'re", "are"}, {"'ve", "have"}, {"'ll", "will"}, {"'d", "would"}, {"'m", "am"}};
    static const Words is_after = {"it",    "what", "that", "there", "here", "who",
                                   "where", "how",  "he",   "she",   "when", "why"};
    if (const auto found = whole.find(word); found != whole.end()) {
        out.insert(out.end(), found->second.begin(), found->second.end());
        return;
    }
    for (const auto& [ending, full] : endings) {
        if (word.size() <= ending.size() || !word.ends_with(ending)) continue;
        out.push_back(word.substr(0, word.size() - ending.size()));
        out.push_back(full);
        return;
    }
    std::string stem = word;
    if (word.ends_with("'s")) {
        stem.resize(stem.size() - 2);
        out.push_back(stem);
        if (std::find(is_after.begin(), is_after.end(), stem) != is_after.end())
            out.push_back("is");
        else
            out.back() += "s";
        return;
    }
    std::erase(stem, '\'');
    if (!stem.empty()) out.push_back(stem);
}

struct NumberWord {
    int64_t value;
    bool ordinal;
};

std::optional<NumberWord> number_word(const std::string& word) {
    static const std::map<std::string, int64_t> cardinals = {
        {"zero", 0},     {"one", 1},      {"two", 2},        {"three", 3},     {"four", 4},
        {"five", 5},     {"six", 6},      {"seven", 7},      {"eight", 8},     {"nine", 9},
        {"ten", 10},     {"eleven", 11},  {"twelve", 12},    {"thirteen", 13}, {"fourteen", 14},
        {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18}, {"nineteen", 19},
        {"twenty", 20},  {"thirty", 30},  {"forty", 40},     {"fifty", 50},    {"sixty", 60},
        {"seventy", 70}, {"eighty", 80},  {"ninety", 90}};
    static const std::map<std::string, int64_t> ordinals = {
        {"first", 1},      {"second", 2},       {"third", 3},       {"fourth", 4},      {"fifth", 5},
        {"sixth", 6},      {"seventh", 7},      {"eighth", 8},      {"ninth", 9},       {"tenth", 10},
        {"eleventh", 11},  {"twelfth", 12},     {"thirteenth", 13}, {"fourteenth", 14}, {"fifteenth", 15},
        {"sixteenth", 16}, {"seventeenth", 17}, {"eighteenth", 18}, {"nineteenth", 19}, {"twentieth", 20},
        {"thirtieth", 30}, {"fortieth", 40},    {"fiftieth", 50}};
    if (const auto found = cardinals.find(word); found != cardinals.end())
        return NumberWord{found->second, false};
    if (const auto found = ordinals.find(word); found != ordinals.end())
        return NumberWord{found->second, true};
    return std::nullopt;
}

int64_t scale_word(const std::string& word) {
    if (word == "hundred") return 100;
    if (word == "thousand") return 1000;
    if (word == "million") return 1000000;
    if (word == "billion") return 1000000000;
    return 0;
}

std::string ordinal_digits(int64_t value) {
    const int64_t tens = value % 100, ones = value % 10;
    const char* ending = tens / 10 == 1 ? "th"
                         : ones == 1    ? "st"
                         : ones == 2    ? "nd"
                         : ones == 3    ? "rd"
                                        : "th";
    return std::to_string(value) + ending;
}

// Reads one spelled-out number at words[at] ("two hundred and forty", "twenty third"); moves `at` past it.
std::optional<std::string> read_number(const Words& words, size_t& at) {
    int64_t total = 0, part = 0,
            room = INT64_MAX;  // room: what may still be added to `part` ("twenty" + below 10)
    bool any = false;
    size_t i = at;
    if (words[i] == "a" && i + 1 < words.size() && scale_word(words[i + 1])) {
        part = 1;
        ++i;
    }
    for (; i < words.size(); ++i) {
        if (const int64_t scale = scale_word(words[i]); scale && (any || part)) {
            if (scale == 100)
                part = std::max<int64_t>(part, 1) * 100;
            else
                total += std::exchange(part, 0) * scale;
            room = scale;
            any = true;
            continue;
        }
        size_t next = i;
        if (any && words[i] == "and" && room >= 100 && room != INT64_MAX && i + 1 < words.size()) ++next;
        const auto word = number_word(words[next]);
        if (!word || word->value >= room || (any && word->value == 0)) break;
        part += word->value;
        any = true;
        i = next;
        if (word->ordinal) {
            at = i + 1;
            return ordinal_digits(total + part);
        }
        room = word->value >= 20 ? 10 : 1;
    }
    if (!any) return std::nullopt;
    at = i;
    return std::to_string(total + part);
}

Words with_digits(const Words& words) {
    Words out;
    for (size_t i = 0; i < words.size();) {
        const auto number = read_number(words, i);
        out.push_back(number ? *number : words[i++]);
    }
    return out;
}

// "3 point 5" -> "3.5"; then numbers side by side become one ("10 30" -> "1030", "19 61" -> "1961").
Words joined_numbers(const Words& words) {
    Words out;
    for (size_t i = 0; i < words.size(); ++i) {
        const bool number = all_digits(words[i]);
        if (words[i] == "point" && !out.empty() && all_digits(out.back()) && i + 1 < words.size() &&
            all_digits(words[i + 1])) {
            out.back() += "." + words[++i];
        } else if (number && !out.empty() && all_digits(out.back())) {
            out.back() += words[i];
        } else {
            out.push_back(words[i]);
        }
    }
    return out;
}

}  // namespace

WordErrors& WordErrors::operator+=(const WordErrors& other) {
    substitutions += other.substitutions;
    deletions += other.deletions;
    insertions += other.insertions;
    reference_words += other.reference_words;
    return *this;
}

std::vector<std::string> normalised_words(std::string_view text) {
    Words expanded;
    for (const std::string& word : split(spoken_money(plain_ascii(text)))) append_expanded(word, expanded);
    return joined_numbers(with_digits(expanded));
}

WordErrors word_errors(std::string_view reference, std::string_view hypothesis) {
    const Words ref = normalised_words(reference), hyp = normalised_words(hypothesis);
    struct Cell {
        int cost = 0;
        WordErrors errors;
    };
    std::vector<Cell> row(hyp.size() + 1);
    for (size_t j = 0; j <= hyp.size(); ++j) {
        row[j].cost = static_cast<int>(j);
        row[j].errors.insertions = static_cast<int>(j);
    }
    for (size_t i = 1; i <= ref.size(); ++i) {
        Cell diagonal = row[0];
        row[0].cost = static_cast<int>(i);
        row[0].errors.deletions = static_cast<int>(i);
        for (size_t j = 1; j <= hyp.size(); ++j) {
            const Cell above = row[j];
            const bool same = ref[i - 1] == hyp[j - 1];
            Cell best = diagonal;
            best.cost += !same;
            best.errors.substitutions += !same;
            if (above.cost + 1 < best.cost) {
                best = above;
                ++best.cost;
                ++best.errors.deletions;
            }
            if (row[j - 1].cost + 1 < best.cost) {
                best = row[j - 1];
                ++best.cost;
                ++best.errors.insertions;
            }
            diagonal = above;
            row[j] = best;
        }
    }
    WordErrors errors = row.back().errors;
    errors.reference_words = static_cast<int>(ref.size());
    return errors;
}

double word_error_rate(std::string_view reference, std::string_view hypothesis) {
    return word_errors(reference, hypothesis).rate();
}

}  // namespace coda::test
