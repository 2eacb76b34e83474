#include "tools/number_words.h"

#include "tools/words.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace coda::tools {
namespace {

std::optional<int> small_number(std::string_view word) {
    static const std::unordered_map<std::string_view, int> kWords = {
        {"zero", 0},     {"one", 1},      {"two", 2},        {"three", 3},     {"four", 4},
        {"five", 5},     {"six", 6},      {"seven", 7},      {"eight", 8},     {"nine", 9},
        {"ten", 10},     {"eleven", 11},  {"twelve", 12},    {"thirteen", 13}, {"fourteen", 14},
        {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18}, {"nineteen", 19},
        {"twenty", 20},  {"thirty", 30},  {"forty", 40},     {"fourty", 40},   {"fifty", 50},
        {"sixty", 60},   {"seventy", 70}, {"eighty", 80},    {"ninety", 90},
    };
    const auto it = kWords.find(word);
    return it == kWords.end() ? std::nullopt : std::optional(it->second);
}

int64_t scale_of(std::string_view word) {
    if (word == "hundred") return 100;
    if (word == "thousand") return 1000;
    if (word == "million") return 1'000'000;
    if (word == "billion") return 1'000'000'000;
    if (word == "trillion") return 1'000'000'000'000;
    return 0;
}

// A decimal times a power of ten, digit by digit: ("3.5", 1000) -> "3500".
std::string scaled(std::string number, int64_t scale) {
    size_t point = number.find('.');
    number.erase(point, 1);
    for (; scale >= 10; scale /= 10) {
        ++point;
        if (point > number.size()) number.push_back('0');
    }
    if (point < number.size()) number.insert(point, ".");
    const size_t nonzero = number.find_first_not_of('0');
    if (nonzero == std::string::npos) return "0";
    return number[nonzero] == '.' ? "0" + number.substr(nonzero) : number.substr(nonzero);
}

// Reads one number from words[at...]; digits ("3 million") and words alike.
class Reader {
  public:
    Reader(const std::vector<Word>& words, size_t at) : words_(words), at_(at) {}

    // The number in digits and the first word after it; nothing when no number of words stands here.
    std::optional<std::string> read() {
        if (!article_before_scale() && !small_number(text()) && !digits_before_scale()) return std::nullopt;
        if (!whole()) return std::nullopt;
        std::string out = std::to_string(total_ + group_) + fraction();
        if (const int64_t scale = out.find('.') == std::string::npos ? 0 : scale_of(text()); scale >= 1000) {
            out = scaled(std::move(out), scale);
            ++at_;
        }
        return out;
    }
    size_t at() const { return at_; }

  private:
    std::string_view text(size_t ahead = 0) const {
        return at_ + ahead < words_.size() ? std::string_view(words_[at_ + ahead].text) : std::string_view();
    }
    bool pause_before(size_t ahead) const { return at_ + ahead > 0 && words_[at_ + ahead - 1].pause; }
    bool article_before_scale() const { return text() == "a" && scale_of(text(1)) > 0; }
    bool digits_before_scale() const {
        return is_number(text()) && text().size() <= 4 && text().find('.') == std::string_view::npos &&
               scale_of(text(1)) > 0;
    }

    // Groups below a thousand, each with its scale, falling: "two million three hundred thousand and five".
    bool whole() {
        int64_t last_scale = INT64_MAX;
        bool first = true;
        while (true) {
            size_t skip = !first && text() == "and" ? 1 : 0;
            if (!first && (pause_before(skip) || !starts_group(skip, last_scale))) return true;
            at_ += skip;
            if (!group()) return !first;
            const int64_t scale = scale_of(text()) >= 1000 ? scale_of(text()) : 1;
            if (scale >= last_scale) return true;
            if (scale > 1) {
                ++at_;
                total_ += group_ * scale;
                group_ = 0;
            }
            first = false;
            last_scale = scale;
            if (scale == 1) return true;
        }
    }

    bool starts_group(size_t ahead, int64_t last_scale) const {
        return last_scale > 1 &&
               (small_number(text(ahead)) || (is_number(text(ahead)) && scale_of(text(ahead + 1)) > 0));
    }

    // 1..999, also "fifteen hundred" and digits.
    bool group() {
        if (article_before_scale()) {
            group_ = 1;
            ++at_;
        } else if (digits_before_scale()) {
            group_ = std::stoll(std::string(text()));
            ++at_;
        } else if (!tens()) {
            return false;
        }
        if (text() != "hundred") return true;
        group_ *= 100;
        ++at_;
        const size_t skip = text() == "and" ? 1 : 0;
        if (pause_before(skip) || !small_number(text(skip))) return true;
        at_ += skip;
        const int64_t hundreds = group_;
        tens();
        group_ += hundreds;
        return true;
    }

    // 0..99 in words.
    bool tens() {
        const std::optional<int> first = small_number(text());
        if (!first) return false;
        group_ = *first;
        ++at_;
        if (*first < 20 || pause_before(0)) return true;
        if (const std::optional<int> unit = small_number(text()); unit && *unit >= 1 && *unit <= 9) {
            group_ += *unit;
            ++at_;
        }
        return true;
    }

    std::string fraction() {
        if (text() != "point" || (!digit_word(1))) return "";
        std::string out = ".";
        ++at_;
        while (digit_word(0) && out.size() < 16) {
            out += is_number(text()) ? std::string(text()) : std::to_string(*small_number(text()));
            ++at_;
        }
        return out;
    }
    bool digit_word(size_t ahead) const {
        const std::optional<int> value = small_number(text(ahead));
        return value || (is_number(text(ahead)) && text(ahead).find('.') == std::string_view::npos &&
                         text(ahead).size() < 8);
    }

    const std::vector<Word>& words_;
    size_t at_;
    int64_t total_ = 0, group_ = 0;
};

// "3.5 million", "2 thousand" with a decimal part written in digits.
bool scaled_decimal(const std::vector<Word>& words, size_t at) {
    return at + 1 < words.size() && is_number(words[at].text) && scale_of(words[at + 1].text) >= 1000 &&
           words[at].text.find('.') != std::string::npos && words[at].text.size() < 12;
}

}  // namespace

void join_numbers(std::vector<Word>& words) {
    std::vector<Word> out;
    for (size_t i = 0; i < words.size();) {
        if (scaled_decimal(words, i)) {
            out.push_back({scaled(words[i].text, scale_of(words[i + 1].text)), words[i].begin,
                           words[i + 1].end, words[i + 1].pause, words[i + 1].broken});
            i += 2;
            continue;
        }
        Reader reader(words, i);
        const std::optional<std::string> number = reader.read();
        if (!number) {
            out.push_back(std::move(words[i++]));
            continue;
        }
        const Word& last = words[reader.at() - 1];
        out.push_back({*number, words[i].begin, last.end, last.pause, last.broken});
        i = reader.at();
    }
    words = std::move(out);
}

}  // namespace coda::tools
