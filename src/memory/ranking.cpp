#include "memory/ranking.h"

#include "memory/wording.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <unordered_set>

namespace coda::memory {
namespace {

constexpr double kWordBar = 0.3;        // of word_score, where there are no vectors
constexpr double kSureWords = 0.75;     // of word_score: beyond doubt by the words alone
constexpr double kBehind = 3;           // points behind the best at which a fact is no answer any more
constexpr double kRecencyPoints = 0.4;  // what a fact told just now is ahead of an old one

enum class Wants { time, place, number, name, anything };

bool has(const std::vector<std::string>& words, std::initializer_list<const char*> any) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return std::any_of(any.begin(), any.end(), [&](const char* one) { return word == one; });
    });
}

Wants wanted(const std::vector<std::string>& question) {
    const auto follows = [&](const char* first, std::initializer_list<const char*> second) {
        for (size_t i = 0; i + 1 < question.size(); ++i)
            if (question[i] == first && has({question[i + 1]}, second)) return true;
        return false;
    };
    if (has(question, {"when", "until"}) || follows("what", {"time", "day", "year", "date"}) ||
        follows("which", {"day", "year", "date"}) || follows("how", {"long"}))
        return Wants::time;
    if (has(question, {"where", "address"}) || follows("which", {"city"})) return Wants::place;
    if (has(question, {"number", "code", "size"}) ||
        follows("how", {"much", "many", "old", "tall", "far", "fast", "heavy", "often", "late"}) ||
        follows("what", {"age"}))
        return Wants::number;
    if (has(question, {"who", "whom", "whose", "called", "name"})) return Wants::name;
    return Wants::anything;
}

bool has_digit(const std::string& text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return std::isdigit(static_cast<unsigned char>(c)); });
}

bool says_time(const std::vector<std::string>& words) {
    static const std::unordered_set<std::string> kTimes = {
        "january",   "february", "march",    "april",    "may",       "june",       "july",      "august",
        "september", "october",  "november", "december", "monday",    "tuesday",    "wednesday", "thursday",
        "friday",    "saturday", "sunday",   "mondays",  "tuesdays",  "wednesdays", "thursdays", "fridays",
        "saturdays", "sundays",  "day",      "days",     "week",      "weeks",      "month",     "months",
        "year",      "years",    "morning",  "evening",  "night",     "hour",       "hours",     "clock",
        "today",     "tomorrow", "until",    "since",    "christmas", "easter",     "half",      "quarter",
        "spring",    "summer",   "autumn",   "winter",   "noon",      "midnight",   "minutes",   "weekend"};
    for (size_t i = 0; i < words.size(); ++i) {
        if (kTimes.count(words[i])) return true;
        if (words[i].size() == 4 && (words[i].starts_with("19") || words[i].starts_with("20"))) return true;
        if (words[i] == "at" && i + 1 < words.size() &&
            has({words[i + 1]}, {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
                                 "ten", "eleven", "twelve"}))
            return true;
    }
    return false;
}

bool says_number(const std::string& text, const std::vector<std::string>& words) {
    return has_digit(text) ||
           has(words, {"one",      "two",     "three",     "four",     "five",     "six",      "seven",
                       "eight",    "nine",    "ten",       "eleven",   "twelve",   "thirteen", "fourteen",
                       "fifteen",  "sixteen", "seventeen", "eighteen", "nineteen", "twenty",   "thirty",
                       "forty",    "fifty",   "sixty",     "seventy",  "eighty",   "ninety",   "hundred",
                       "thousand", "half",    "pounds",    "percent",  "once",     "twice"});
}

bool says_name(const std::string& text) {
    bool start = true;
    for (size_t i = 0; i < text.size(); ++i) {
        if (start && std::isupper(static_cast<unsigned char>(text[i])) && i + 1 < text.size() &&
            std::islower(static_cast<unsigned char>(text[i + 1])))
            return true;
        start = text[i] == ' ';
    }
    return false;
}

bool lacks(Wants wants, const std::string& text) {
    const std::vector<std::string> words = words_of(text);
    switch (wants) {
        case Wants::time:
            return !says_time(words);
        case Wants::place:
            return !has(words, {"in", "at", "on", "under", "behind", "inside", "near", "above", "to", "from",
                                "between", "with", "by"});
        case Wants::number:
            return !says_number(text, words);
        case Wants::name:
            return !says_name(text);
        case Wants::anything:
            return false;
    }
    return false;
}

// What is looked at of a question and a fact.
struct Features {
    double cosine = 0, coverage = 0, other_persons = 0, lacks_answer = 0, persons_unasked = 0;

    double points() const {
        return 13.75 * cosine + 0.91 * coverage - 1.70 * other_persons - 1.26 * lacks_answer -
               0.24 * persons_unasked;
    }
    // The probability that the best fact, `lead` points before the next, is an answer at all.
    double confidence(double lead) const {
        const double x = -1.63 - 0.25 * cosine + 0.18 * coverage - 1.63 * other_persons -
                         1.04 * lacks_answer + 0.52 * lead + 0.25 * points();
        return 1 / (1 + std::exp(-x));
    }
};

struct Question {
    std::vector<std::set<std::string>> content;  // of each variant
    std::set<std::string> persons;
    Wants wants = Wants::anything;
};

Features features(const Question& question, const Candidate& candidate, const Kin& kin) {
    Features out;
    out.cosine = static_cast<double>(candidate.cosine);
    const std::set<std::string> content = content_of(words_of(candidate.fact.text));
    for (const std::set<std::string>& asked : question.content) {
        const auto both = std::count_if(asked.begin(), asked.end(),
                                        [&](const std::string& word) { return content.count(word) > 0; });
        if (!asked.empty())
            out.coverage =
                std::max(out.coverage, static_cast<double>(both) / static_cast<double>(asked.size()));
    }
    const std::set<std::string> persons = kin.persons(candidate.fact.text);
    const bool same = std::any_of(persons.begin(), persons.end(), [&](const std::string& person) {
        return question.persons.count(person) > 0;
    });
    out.other_persons = !question.persons.empty() && !same ? 1 : 0;
    out.persons_unasked = question.persons.empty() && !persons.empty() ? 1 : 0;
    out.lacks_answer = lacks(question.wants, candidate.fact.text) ? 1 : 0;
    return out;
}

struct Ranked {
    Candidate candidate;
    Features features;
    double points = 0, words = 0;
};

double recency(const Fact& fact, std::chrono::system_clock::time_point now, double decay_days) {
    const double days = std::chrono::duration<double, std::ratio<86400>>(now - fact.time).count();
    return std::exp2(-std::max(days, 0.0) / std::max(decay_days, 0.01));
}

// By words alone, where nothing has a vector.
std::vector<Recalled> rank_by_words(std::span<const std::string> asked, std::vector<Candidate> candidates,
                                    size_t limit) {
    std::vector<Recalled> out;
    for (Candidate& candidate : candidates) {
        double score = 0;
        for (const std::string& question : asked)
            score = std::max(score, word_score(question, candidate.fact.text));
        if (score >= kWordBar) out.push_back({std::move(candidate.fact), score});
    }
    std::stable_sort(out.begin(), out.end(), [](const Recalled& a, const Recalled& b) {
        return a.score != b.score ? a.score > b.score : a.fact.time > b.fact.time;
    });
    if (out.size() > limit) out.resize(limit);
    return out;
}

}  // namespace

std::vector<Recalled> rank(std::span<const std::string> asked, std::vector<Candidate> candidates,
                           const Kin& kin, const Weighing& weighing,
                           std::chrono::system_clock::time_point now, size_t limit) {
    if (asked.empty() || candidates.empty() || limit == 0) return {};
    const bool vectors = std::any_of(candidates.begin(), candidates.end(),
                                     [](const Candidate& candidate) { return candidate.cosine > -1; });
    if (!vectors) return rank_by_words(asked, std::move(candidates), limit);

    Question question;
    for (const std::string& variant : asked) question.content.push_back(content_of(words_of(variant)));
    question.persons = kin.persons(asked.front());
    question.wants = wanted(words_of(asked.front()));
    std::vector<Ranked> ranked;
    for (Candidate& candidate : candidates) {
        Ranked one{std::move(candidate), {}, 0, 0};
        one.features = features(question, one.candidate, kin);
        for (const std::string& variant : asked)
            one.words = std::max(one.words, word_score(variant, one.candidate.fact.text));
        one.points = one.features.points() + (one.words >= kSureWords ? 2 * one.words : 0) +
                     kRecencyPoints * recency(one.candidate.fact, now, weighing.decay_days);
        ranked.push_back(std::move(one));
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
        return a.points != b.points ? a.points > b.points : a.candidate.fact.time > b.candidate.fact.time;
    });
    const Ranked& best = ranked.front();
    const double lead = ranked.size() > 1 ? std::max(0.0, best.points - ranked[1].points) : kBehind;
    const double sure = std::max(best.features.confidence(lead), best.words >= kSureWords ? best.words : 0);
    if (sure < weighing.bar) return {};
    std::vector<Recalled> out;
    for (const Ranked& one : ranked) {
        const double behind = best.points - one.points;
        if (behind > kBehind || out.size() == limit) break;
        out.push_back({one.candidate.fact, sure * std::exp(-behind)});
    }
    return out;
}

}  // namespace coda::memory
