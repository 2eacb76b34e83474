#include "memory/wording.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace coda::memory {
namespace {

using Words = std::vector<std::string>;
using Set = std::unordered_set<std::string>;

constexpr double kCoverageBar = 0.6;  // share of the question's content words that a fact must speak of

bool is_person_word(const std::string& word) {
    static const Set kPeople = {
        "sister",   "brother",   "mother",     "father",      "wife",         "husband",     "son",
        "daughter", "friend",    "boss",       "partner",     "dog",          "cat",         "aunt",
        "uncle",    "neighbor",  "nephew",     "grandmother", "niece",        "grandfather", "girlfriend",
        "cousin",   "boyfriend", "colleague",  "doctor",      "dentist",      "teacher",     "landlord",
        "flatmate", "roommate",  "babysitter", "manager",     "child",        "parent",      "kid",
        "baby",     "fiancee",   "fiance",     "grandson",    "granddaughter"};
    return kPeople.count(word) > 0;
}

// What a thing or person has exactly one of, so that telling it anew replaces it.
bool is_attribute(const std::string& word) {
    static const Set kAttributes = {
        "name",        "code",     "password",    "pin",         "number",      "address",  "birthday",
        "size",        "age",      "color",       "email",       "job",         "postcode", "salary",
        "combination", "zip",      "phone",       "username",    "anniversary", "weight",   "height",
        "nickname",    "favorite", "surname",     "passcode",    "wifi",        "key",      "seat",
        "rating",      "deadline", "appointment", "registration"};
    return kAttributes.count(word) > 0;
}

bool is_place_word(const std::string& word) {
    static const Set kPlaces = {"in",      "on",       "at",   "under", "behind", "beside",
                                "inside",  "near",     "next", "above", "below",  "by",
                                "between", "opposite", "with", "from",  "beneath"};
    return kPlaces.count(word) > 0;
}

std::string joined(const Words& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::set<std::string> shared(const std::set<std::string>& a, const std::set<std::string>& b) {
    std::set<std::string> out;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.begin()));
    return out;
}

}  // namespace

bool is_day_word(const std::string& word) {
    static const Set kWords = {"monday",    "tuesday", "wednesday", "thursday", "friday",
                               "saturday",  "sunday",  "january",   "february", "march",
                               "april",     "may",     "june",      "july",     "august",
                               "september", "october", "november",  "december"};
    return kWords.count(word) > 0;
}

bool is_function_word(const std::string& word) {
    static const Set kWords = {
        "a",     "an",     "the",     "is",        "are",   "was",  "were",  "am",   "be",       "been",
        "of",    "in",     "on",      "at",        "to",    "for",  "from",  "by",   "with",     "and",
        "or",    "that",   "this",    "it",        "its",   "do",   "does",  "did",  "have",     "has",
        "had",   "will",   "would",   "can",       "could", "you",  "your",  "i",    "me",       "my",
        "mine",  "we",     "us",      "our",       "what",  "when", "where", "who",  "which",    "how",
        "why",   "whose",  "again",   "tell",      "told",  "say",  "said",  "know", "remember", "recall",
        "about", "please", "still",   "there",     "he",    "she",  "they",  "so",   "called",   "named",
        "ask",   "asked",  "mention", "mentioned", "much",  "many", "s",     "m",    "re",       "ve",
        "ll",    "d",      "um",      "uh",        "not",   "no"};
    return kWords.count(word) > 0;
}

std::string stem_of(const std::string& word) {
    static const std::unordered_map<std::string, std::string> kSame = {{"lived", "live"},
                                                                       {"living", "live"},
                                                                       {"reside", "live"},
                                                                       {"parked", "park"},
                                                                       {"parking", "park"},
                                                                       {"mum", "mother"},
                                                                       {"mom", "mother"},
                                                                       {"dad", "father"},
                                                                       {"mobile", "phone"},
                                                                       {"telephone", "phone"},
                                                                       {"cell", "phone"},
                                                                       {"born", "birthday"},
                                                                       {"owed", "owe"},
                                                                       {"hidden", "hide"},
                                                                       {"hid", "hide"},
                                                                       {"favourite", "favorite"},
                                                                       {"works", "work"},
                                                                       {"working", "work"},
                                                                       {"job", "work"},
                                                                       {"keys", "key"},
                                                                       {"colour", "color"},
                                                                       {"gran", "grandmother"},
                                                                       {"grandma", "grandmother"},
                                                                       {"nan", "grandmother"},
                                                                       {"grandpa", "grandfather"},
                                                                       {"granddad", "grandfather"},
                                                                       {"children", "child"},
                                                                       {"neighbour", "neighbor"}};
    if (const auto found = kSame.find(word); found != kSame.end()) return found->second;
    std::string out = word;
    if (out.size() > 3 && out.back() == 's' && out[out.size() - 2] != 's') out.pop_back();
    if (const auto found = kSame.find(out); found != kSame.end()) return found->second;
    return out;
}

Words words_of(std::string_view text) {
    Words out;
    std::string open;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || byte >= 0x80)
            open.push_back(static_cast<char>(std::tolower(byte)));
        else if (!open.empty())
            out.push_back(std::exchange(open, {}));
    }
    if (!open.empty()) out.push_back(open);
    return out;
}

std::set<std::string> content_of(const Words& words) {
    std::set<std::string> out;
    for (const std::string& word : words)
        if (!is_function_word(word)) out.insert(stem_of(word));
    return out;
}

Statement statement_of(const Words& words) {
    static const Set kVerbs = {"is", "are", "was", "were", "am", "m", "will", "lives", "costs", "weighs"};
    static const Set kOwnVerbs = {"live", "weigh"};  // of "I" and "we": the verb is part of what it is about
    const auto verb = std::find_if(words.begin(), words.end(),
                                   [](const std::string& word) { return kVerbs.count(word) > 0; });
    if (verb != words.end() && verb != words.begin()) return {{words.begin(), verb}, {verb + 1, words.end()}};
    if (words.size() > 2 && (words[0] == "i" || words[0] == "we") && kOwnVerbs.count(words[1]))
        return {{words.begin(), words.begin() + 2}, {words.begin() + 2, words.end()}};
    return {};
}

std::string key_of(const Words& words) {
    const Statement said = statement_of(words);
    if (said.subject.empty() || said.predicate.empty()) return {};
    const std::string& first = said.predicate.front();
    const bool own = said.subject.front() == "i" || said.subject.front() == "we";
    // "I live in Bath" and "I live at 7 Elm Road" are both true.
    if (own && said.subject.size() > 1) return joined(said.subject) + (first == "at" ? " at" : "");
    const bool names = first == "called" || first == "named";
    const bool attribute = std::any_of(said.subject.begin(), said.subject.end(),
                                       [](const std::string& word) { return is_attribute(stem_of(word)); });
    const std::string subject = joined(said.subject);
    if (names) return subject + " called";
    if (attribute) return subject;
    // "Where is it" has one answer at a time, and so has "when"; "how is it" has many.
    if (first == "from" && !own) return subject + " from";
    if (is_place_word(first) && !own)
        return subject + (said.predicate.size() > 1 && is_day_word(said.predicate[1]) ? " when" : " where");
    return {};
}

std::set<std::string> people_of(const Words& words) {
    std::set<std::string> out;
    for (const std::string& word : words)
        if (std::string stem = stem_of(word); is_person_word(stem)) out.insert(std::move(stem));
    return out;
}

// "where do I live" asks with its verb alone.
double word_score(const std::string& question, const std::string& fact) {
    const Words asking = words_of(question), words = words_of(fact);
    const std::set<std::string> asked = content_of(asking), content = content_of(words);
    if (asked.empty()) return 0;
    const double coverage =
        static_cast<double>(shared(asked, content).size()) / static_cast<double>(asked.size());
    if (coverage < kCoverageBar) return 0;
    // Among facts that cover the question, the one whose subject speaks of nothing else is meant: "my name"
    // is not "my sister's name".
    const Words about = statement_of(words).subject;
    const std::set<std::string> subject = content_of(about);
    if (subject.empty()) return coverage * 0.9;
    const double in_subject = static_cast<double>(shared(asked, subject).size());
    const double closeness = in_subject / static_cast<double>(subject.size());
    if (in_subject > 0 && closeness < 0.5) return 0;
    const double other = people_of(asking) != people_of(about) ? 0.2 : 1;
    return coverage * (0.5 + 0.5 * closeness) * other;
}

}  // namespace coda::memory
